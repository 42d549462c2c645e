import * as fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OvfError } from '../../src/ovf/error';
import type { Package } from '../../src/ovf/package';
import { readDescriptor } from '../../src/ovf/reader';
import { writeDescriptor } from '../../src/ovf/writer';
import { govmomiAvailable } from '../backends/govmomi';
import { describeWith } from '../backends/need';
import type { Availability } from '../backends/need';
import { faultsAgainst } from '../codec/mended-schema';
import { packages } from './arbitraries';
import { besides, corpus, tryReading } from './corpus';

/** DSP8023 1.1.0; it is not part of this project. */
const SCHEMA = join(__dirname, '../../../shared/spec/xsd/ovf/dsp8023_1.1.0.xsd');
const schemaThere: Availability = existsSync(SCHEMA) ? true : { missing: SCHEMA };

const read = (text: string): Package => readDescriptor(Buffer.from(text), { maxDiskBytes: 2 ** 50 });
/** Value without members that are undefined, which say nothing. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const schemaFaults = (documents: Readonly<Record<string, string>>): Record<string, string[]> =>
  faultsAgainst(readFileSync(SCHEMA, 'utf8'), documents, SCHEMA);

test('a package that is written and read is the same', () => {
  fc.assert(
    fc.property(packages, (described) => expect(plain(read(writeDescriptor(described)))).toEqual(plain(described))),
    { numRuns: 300 },
  );
});

describeWith('DSP8023', schemaThere, () => {
  test('what is written is valid by its version 1.1.0', () => {
    const documents = fc.sample(packages, 100).map((described, n) => [String(n), writeDescriptor(described)]);
    expect(schemaFaults(Object.fromEntries(documents))).toEqual({});
  });

  test('what is wrong would be seen', () => {
    const [described] = fc.sample(packages, 1);
    const wrong = writeDescriptor(described as Package).replace('<References', '<Unreferenced/><References');
    expect(Object.keys(schemaFaults({ wrong }))).toEqual(['wrong']);
  });
});

test('the value of a password is not written', () => {
  const [described] = fc.sample(packages, 1);
  const property = { key: 'p', name: 'p', type: 'string', value: 'S3cret', userConfigurable: true, password: true };
  const content = { ...(described as Package).content, products: [{ class: '', instance: '', properties: [property] }] };
  const text = writeDescriptor({ ...(described as Package), content });
  expect(text).not.toContain('S3cret');
  expect(read(text).content.products[0]?.properties).toMatchObject([{ key: 'p', password: true, value: '' }]);
});

describeWith('govmomi', govmomiAvailable(), () => {
  test('each descriptor of the corpus that is read can be written, valid, and says the same then', async () => {
    const described = (await corpus()).flatMap(({ path, bytes }) => {
      const result = tryReading(besides(bytes));
      return result instanceof OvfError ? [] : [[path, result] as const];
    });
    expect(described.length).toBeGreaterThan(800);
    const documents = described.map(([path, result]) => [path, writeDescriptor(result)] as const);
    if (schemaThere === true) expect(schemaFaults(Object.fromEntries(documents))).toEqual({});
    for (const [index, [path, before]] of described.entries()) {
      const again = read(documents[index]?.[1] ?? '');
      expect([path, machinesOf(again.content)]).toEqual([path, machinesOf(before.content)]);
      expect(plain([again.files, again.disks, again.networks])).toEqual(plain([before.files, before.disks, before.networks]));
    }
  });
});

/** Parts that a machine is made of, in the order of its descriptor. */
function machinesOf(content: Package['content']): unknown[] {
  if (content.kind === 'collection') return [content.id, ...content.members.map(machinesOf)];
  const { cpus, memory, disks, interfaces, controllers } = content.hardware;
  return [
    ...[content.id, content.name, cpus, memory],
    disks.map(({ disk }) => disk).sort(),
    interfaces.map(({ network, mac, models }) => ({ network, mac, models })),
    controllers.map(({ id, resourceType }) => ({ id, resourceType })),
  ];
}
