import fc from 'fast-check';
import { standardCatalogue } from '../model/catalogue';
import type { CollectionItem, Document, Format } from './codec';
import { createWriter } from './writer';

const catalogue = standardCatalogue();
const writers = { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') };
const options = { base: 'http://cimi.example.com/cimi/' };
const CIMI = 'http://schemas.dmtf.org/cimi/1';

function write(format: Format, type: string, values: Parameters<(typeof writers)['json']['document']>[0]['values']): string {
  return new TextDecoder().decode(writers[format].document({ type, values }, options));
}
const HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n';

test('resourceURI comes first in JSON and is not there in XML (4.1.4)', () => {
  expect(write('json', 'Machine', { cpu: 0, id: 'machines/1' })).toBe(
    `{"resourceURI":"${CIMI}/Machine","id":"http://cimi.example.com/cimi/machines/1","cpu":0}`,
  );
  expect(write('xml', 'Machine', { cpu: 0, id: 'machines/1' })).toBe(
    `${HEADER}<Machine xmlns="${CIMI}"><id>http://cimi.example.com/cimi/machines/1</id><cpu>0</cpu></Machine>`,
  );
});

test('empty strings, maps and arrays are left out, false and 0 are not (5.5.14)', () => {
  const values = { name: '', properties: {}, disks: [], cpu: 0, unheardOf: 1 };
  expect(write('json', 'MachineConfiguration', values)).toBe(`{"resourceURI":"${CIMI}/MachineConfiguration","cpu":0}`);
  expect(write('xml', 'MachineConfiguration', values)).toBe(
    `${HEADER}<MachineConfiguration xmlns="${CIMI}"><cpu>0</cpu></MachineConfiguration>`,
  );
  expect(write('json', 'VolumeImage', { bootable: false })).toContain('"bootable":false');
});

test.each<Format>(['json', 'xml'])('%s: an item that was written before stands in a later list as it was written then', async (format) => {
  const [one, other] = [1, 2].map((cpu) => ({ type: 'Machine', values: { id: `machines/${cpu}`, cpu } })) as unknown as [
    Document,
    Document,
  ];
  const list = async (...items: CollectionItem[]): Promise<[string, string]> => {
    const { body, digest } = await writers[format].collection({ type: 'MachineCollection', items }, options);
    return [Buffer.concat(body).toString(), digest];
  };
  const kept = writers[format].item(one, options);
  for (const [before, now] of [
    [await list(one, other), await list(kept, other)],
    [await list(other, one), await list(other, kept)],
    [await list(one, one), await list(kept, kept)],
  ])
    expect(now).toEqual(before);
});

test.each<Format>(['json', 'xml'])('%s: two collections have one digest exactly if they are the same bytes', async (format) => {
  const item = fc.record({ name: fc.constantFrom('', 'a', 'b', 'a,b', '],"count":1'), cpu: fc.constantFrom(undefined, 1) });
  const collection = fc.record({
    id: fc.constantFrom('a', 'b'),
    count: fc.constantFrom(undefined, 1),
    items: fc.array(item, { maxLength: 3 }),
  });
  const written = async ({ id, count, items }: { id: string; count: number | undefined; items: readonly object[] }) => {
    const documents = items.map((values) => ({ type: 'Machine', values: { ...values } }));
    const { body, digest } = await writers[format].collection({ type: 'MachineCollection', id, count, items: documents }, options);
    return { text: Buffer.concat(body).toString(), digest };
  };
  await fc.assert(
    fc.asyncProperty(collection, collection, async (one, other) => {
      const [a, b] = [await written(one), await written(other)];
      expect(a.digest === b.digest).toBe(a.text === b.text);
    }),
    { numRuns: 500 },
  );
});

test('the Job that was never stored has an empty id (D152)', () => {
  expect(write('json', 'Job', { id: '', state: 'FAILED' })).toBe(`{"resourceURI":"${CIMI}/Job","id":"","state":"FAILED"}`);
  expect(write('xml', 'Job', { id: '', state: 'FAILED' })).toBe(`${HEADER}<Job xmlns="${CIMI}"><id/><state>FAILED</state></Job>`);
});

test.each<Format>(['json', 'xml'])('%s: write-only attributes are written nowhere, inline and expanded included (5.4)', (format) => {
  const secret = { userName: 'u', password: 'MARKER' };
  expect(write(format, 'Credential', secret)).not.toContain('MARKER');
  expect(write(format, 'MachineTemplate', { credential: { href: 'credentials/1', ...secret } })).not.toContain('MARKER');
  const machineTemplate = { credential: secret };
  const componentDescriptors = [{ type: `${CIMI}/Machine`, machineTemplate }];
  const written = write(format, 'SystemTemplate', { componentDescriptors });
  expect(written).not.toContain('MARKER');
  expect(written).toContain('userName');
  expect(write(format, 'SystemCredential', { credential: { href: 'credentials/1', ...secret } })).not.toContain('MARKER');
});

test('an expanded reference and an expanded collection (4.1.6.4)', () => {
  const disk = { id: 'machines/1/disks/1', capacity: 1, operations: [{ rel: 'edit', href: 'machines/1/disks/1' }] };
  const disks = { href: 'machines/1/disks', id: 'machines/1/disks', count: 1, disks: [disk] };
  const parsed = JSON.parse(write('json', 'Machine', { disks })) as Record<string, unknown>;
  const id = 'http://cimi.example.com/cimi/machines/1/disks';
  expect(parsed['disks']).toEqual({
    href: id,
    id,
    count: 1,
    disks: [{ resourceURI: `${CIMI}/Disk`, id: `${id}/1`, capacity: 1, operations: [{ rel: 'edit', href: `${id}/1` }] }],
  });
  expect(write('xml', 'Machine', { disks })).toContain(
    `<disks href="${id}"><id>${id}</id><count>1</count><Disk><id>${id}/1</id><capacity>1</capacity><operation rel="edit" href="${id}/1"/></Disk></disks>`,
  );
});

test('XML carries every text unchanged, and U+FFFD for what it cannot', () => {
  expect(write('xml', 'Machine', { name: 'a\r\n\t<&>"]]>\u{1F600}' })).toContain('<name>a&#13;\n\t&lt;&amp;&gt;"]]&gt;\u{1F600}</name>');
  expect(write('xml', 'Machine', { name: '\u0000\uD800\uFFFE' })).toContain('<name>\uFFFD\uFFFD\uFFFD</name>');
  expect(write('xml', 'Machine', { properties: { 'a\r\n\t"<': 'x' } })).toContain('key="a&#13;&#10;&#9;&quot;&lt;"');
});

test.each<Format>(['json', 'xml'])('%s: a long collection is written in slices that let other work run', async (format) => {
  const items = Array.from({ length: 1001 }, (_, index) => ({ type: 'Machine', values: { id: `machines/${index}`, name: `n${index}` } }));
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const { body: slices } = await writers[format].collection({ type: 'MachineCollection', id: 'machines', count: 1001, items }, options);
  clearImmediate(timer);
  expect(slices.length).toBeGreaterThan(1);
  expect(turns).toBeGreaterThanOrEqual(3);
  const text = Buffer.concat(slices).toString();
  if (format === 'json') expect((JSON.parse(text) as { machines: unknown[] }).machines).toHaveLength(1001);
  else expect(text.match(/<Machine>/g)).toHaveLength(1001);
});

test('a bare extension attribute stands in its own namespace after the standard', () => {
  expect(write('xml', 'Machine', { cloud: 'a', cpu: 1 })).toContain(
    '<cpu>1</cpu><cloud xmlns="http://cimi-gateway.org/extension/1">a</cloud></Machine>',
  );
  expect(write('json', 'Machine', { cloud: 'a', cpu: 1 })).toContain('"cpu":1,"cloud":"a"}');
});

const base = options.base;
const operation = { rel: 'edit', href: 'machines/1' };
const both = (type: string, values: Parameters<typeof write>[2]): { json: Record<string, unknown>; xml: string } => ({
  json: JSON.parse(write('json', type, values)) as Record<string, unknown>,
  xml: write('xml', type, values),
});
async function collection(
  format: Format,
  document: Parameters<(typeof writers)['json']['collection']>[0],
  maxBytes?: number,
): Promise<string> {
  const bound = maxBytes === undefined ? {} : { maxBytes };
  return Buffer.concat((await writers[format].collection(document, { ...options, ...bound })).body).toString();
}

test('each writer says what it writes', () => {
  expect([writers.json.format, writers.json.mediaType]).toEqual(['json', 'application/json']);
  expect([writers.xml.format, writers.xml.mediaType]).toEqual(['xml', 'application/xml']);
});

test.each<Format>(['json', 'xml'])('%s: a type that the catalogue does not declare is a mistake of the caller', async (format) => {
  const words = 'no writer for Nothing: the catalogue does not declare it';
  expect(() => write(format, 'Nothing', {})).toThrow(words);
  await expect(collection(format, { type: 'Nothing', items: [] })).rejects.toThrow(words);
  await expect(collection(format, { type: 'MachineCollection', items: [{ type: 'Nothing', values: {} }] })).rejects.toThrow(words);
});

test('a collection without items, id and count holds its operations alone (5.5.12)', async () => {
  const typeURI = `${CIMI}/MachineCollection`;
  expect(await collection('json', { type: 'MachineCollection', items: [] })).toBe(`{"resourceURI":"${typeURI}"}`);
  expect(await collection('xml', { type: 'MachineCollection', items: [] })).toBe(
    `${HEADER}<Collection resourceURI="${typeURI}" xmlns="${CIMI}"></Collection>`,
  );
  const document = { type: 'MachineCollection', id: 'machines', count: 0, items: [], operations: [{ rel: 'add', href: 'machines' }] };
  expect(await collection('json', document)).toBe(
    `{"resourceURI":"${typeURI}","id":"${base}machines","count":0,"operations":[{"rel":"add","href":"${base}machines"}]}`,
  );
  expect(await collection('xml', document)).toBe(
    `${HEADER}<Collection resourceURI="${typeURI}" xmlns="${CIMI}"><id>${base}machines</id><count>0</count><operation rel="add" href="${base}machines"/></Collection>`,
  );
});

test.each<Format>(['json', 'xml'])('%s: pages as they are read make the same bytes as all items at once', async (format) => {
  const items = ['1', '2', '3'].map((id) => ({ type: 'Machine', values: { id: `machines/${id}` }, operations: [operation] }));
  async function* pages(): AsyncGenerator<typeof items> {
    yield items.slice(0, 2);
    yield await Promise.resolve(items.slice(2));
    yield [];
  }
  const whole = await collection(format, { type: 'MachineCollection', count: 3, items });
  expect(await collection(format, { type: 'MachineCollection', count: 3, items: pages() })).toBe(whole);
});

test.each<Format>(['json', 'xml'])('%s: a collection may be as long as its bound, and no byte longer', async (format) => {
  const document = { type: 'MachineCollection', id: 'machines', items: [{ type: 'Machine', values: { name: 'é' } }] };
  const bytes = Buffer.byteLength(await collection(format, document));
  expect(Buffer.byteLength(await collection(format, document, bytes))).toBe(bytes);
  await expect(collection(format, document, bytes - 1)).rejects.toMatchObject({
    name: 'TooManyBytes',
    maxBytes: bytes - 1,
    message: `the collection is longer than ${bytes - 1} bytes`,
  });
});

test('a slice ends after 16 KiB', async () => {
  const slices = async (count: number, length: number): Promise<number> => {
    const items = Array.from({ length: count }, () => ({ type: 'Machine', values: { name: 'x'.repeat(length) } }));
    return (await writers.json.collection({ type: 'MachineCollection', items }, options)).body.length;
  };
  expect(await slices(2, 10 * 1024)).toBe(1 + 1);
  expect(await slices(2, 7 * 1024)).toBe(1);
  // As long as a slice may be, counted without the brackets that end the collection.
  const short = await collection('json', { type: 'MachineCollection', items: [{ type: 'Machine', values: { name: 'x' } }] });
  const exact = 16 * 1024 - (short.length - ']}'.length) + 1;
  expect([await slices(1, exact - 1), await slices(1, exact)]).toEqual([1, 2]);
});

test.each<Format>(['json', 'xml'])(
  '%s: a list takes slices of what it was before where they are the same, and none else',
  async (format) => {
    const item = fc.record({ number: fc.nat(40), length: fc.constantFrom(1, 2_000, 5_000) });
    const list = fc.record({ id: fc.constantFrom('a', 'b'), items: fc.array(item, { maxLength: 30 }) });
    const write = ({ id, items }: { id: string; items: readonly { number: number; length: number }[] }, former?: readonly Uint8Array[]) => {
      const documents = items.map(({ number, length }) => ({
        type: 'Machine',
        values: { id: `machines/${number}`, name: 'x'.repeat(length) },
      }));
      return writers[format].collection({ type: 'MachineCollection', id, count: items.length, items: documents }, { ...options, former });
    };
    await fc.assert(
      fc.asyncProperty(list, list, fc.nat(30), async (one, other, from) => {
        const before = await write(one);
        for (const now of [other, one, { ...one, items: [...one.items.slice(0, from), ...other.items] }]) {
          const [anew, after] = [await write(now), await write(now, before.body)];
          expect(Buffer.concat(after.body).equals(Buffer.concat(anew.body))).toBe(true);
          expect(after.digest).toBe(anew.digest);
          if (now === one) expect(after.body.every((slice, index) => slice === before.body[index])).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  },
);

test('a reference may be given as its href alone, or with what stands inline', () => {
  expect(both('Machine', { disks: { href: '' } }).xml).toBe(`${HEADER}<Machine xmlns="${CIMI}"/>`);
  const { json, xml } = both('MachineTemplate', { machineImage: 'machineImages/1', machineConfig: { href: 'machineConfigs/1', cpu: 2 } });
  expect(json).toMatchObject({
    machineImage: { href: `${base}machineImages/1` },
    machineConfig: { href: `${base}machineConfigs/1`, cpu: 2 },
  });
  expect(xml).toContain(`<machineImage href="${base}machineImages/1"/>`);
  expect(xml).toContain(`<machineConfig href="${base}machineConfigs/1"><cpu>2</cpu></machineConfig>`);
});

test('a reference that may lead anywhere says what stands inline (4.1.6.4)', () => {
  const machine = { href: 'machines/1', resourceURI: `${CIMI}/Machine`, name: 'm', operations: [operation] };
  const list = { href: 'machines', resourceURI: `${CIMI}/MachineCollection`, count: 1, machines: [{ id: 'machines/1', name: 'm' }, 'odd'] };
  expect(both('Meter', { targetResource: machine })).toEqual({
    json: {
      resourceURI: `${CIMI}/Meter`,
      targetResource: {
        href: `${base}machines/1`,
        resourceURI: `${CIMI}/Machine`,
        name: 'm',
        operations: [{ rel: 'edit', href: `${base}machines/1` }],
      },
    },
    xml: `${HEADER}<Meter xmlns="${CIMI}"><targetResource href="${base}machines/1" resourceURI="${CIMI}/Machine"><name>m</name><operation rel="edit" href="${base}machines/1"/></targetResource></Meter>`,
  });
  expect(both('Meter', { targetResource: list })).toEqual({
    json: {
      resourceURI: `${CIMI}/Meter`,
      targetResource: {
        href: `${base}machines`,
        resourceURI: `${CIMI}/MachineCollection`,
        count: 1,
        machines: [{ resourceURI: `${CIMI}/Machine`, id: `${base}machines/1`, name: 'm' }],
      },
    },
    xml: `${HEADER}<Meter xmlns="${CIMI}"><targetResource href="${base}machines" resourceURI="${CIMI}/MachineCollection"><count>1</count><Machine><id>${base}machines/1</id><name>m</name></Machine></targetResource></Meter>`,
  });
  for (const unknown of [
    { href: 'machines/1', name: 'm' },
    { href: 'machines/1', resourceURI: 'urn:x', name: 'm' },
  ]) {
    expect(both('Meter', { targetResource: unknown }).json['targetResource']).toEqual({ href: `${base}machines/1` });
    expect(both('Meter', { targetResource: unknown }).xml).toContain(`<targetResource href="${base}machines/1"/>`);
  }
});

test('values of any type: members are elements, href an attribute, items repeat their element (5.5.13)', () => {
  const content = { a: 'x<', href: 'machines/1', b: [1, true, null], 'no element': 1, c: { d: null, e: 2.5 }, f: [], xml: 1 };
  const { json, xml } = both('Event', { content });
  expect(json['content']).toEqual({ ...content, href: `${base}machines/1`, c: { d: null, e: 2.5 } });
  expect(xml).toContain(`<content href="${base}machines/1"><a>x&lt;</a><b>1</b><b>true</b><c><e>2.5</e></c></content>`);
  expect(both('Event', { content: 'text' }).xml).toContain('<content>text</content>');
  expect(both('Event', { content: { href: 1 } }).xml).toContain('<content><href>1</href></content>');
  expect(both('Event', { content: Infinity }).json['content']).toBeNull();
  expect(both('Event', { content: { a: undefined } }).json['content']).toEqual({});
});

test('values that are not of their declared type are left out, or written as text', () => {
  const { json, xml } = both('Machine', { cpu: 'many', disks: 'machines/1/disks', properties: 'odd', name: 7 } as never);
  expect(json).toEqual({ resourceURI: `${CIMI}/Machine`, name: '7' });
  expect(xml).not.toMatch(/disks|property/);
});

test('null is nothing: in maps, lists and attributes', () => {
  const values = { name: null, properties: { a: null, b: '' }, disks: null };
  expect(both('Machine', values)).toEqual({
    json: { resourceURI: `${CIMI}/Machine`, properties: { b: '' } },
    xml: `${HEADER}<Machine xmlns="${CIMI}"><property key="b"/></Machine>`,
  });
});

test('operations of different targets have each its own', () => {
  const operations = [operation, { rel: 'delete', href: 'machines/1' }, { rel: 'urn:x?a&b', href: 'http://far.example/a' }];
  const text = (format: Format): string =>
    new TextDecoder().decode(writers[format].document({ type: 'Machine', values: {}, operations }, options));
  expect((JSON.parse(text('json')) as Record<string, unknown>)['operations']).toEqual([
    { rel: 'edit', href: `${base}machines/1` },
    { rel: 'delete', href: `${base}machines/1` },
    { rel: 'urn:x?a&b', href: 'http://far.example/a' },
  ]);
  expect(text('xml')).toContain(
    `<operation rel="edit" href="${base}machines/1"/><operation rel="delete" href="${base}machines/1"/><operation rel="urn:x?a&amp;b" href="http://far.example/a"/>`,
  );
  expect(write('json', 'Machine', {})).toBe(`{"resourceURI":"${CIMI}/Machine"}`);
});

test.each<Format>(['json', 'xml'])('%s: extension attributes of a collection follow it', async (format) => {
  const document = { type: 'MachineCollection', items: [{ type: 'Machine', values: {} }], extensions: { unavailableClouds: ['west'] } };
  expect(await collection(format, document)).toContain(
    format === 'json'
      ? `"machines":[{"resourceURI":"${CIMI}/Machine"}],"unavailableClouds":["west"]}`
      : `<Machine/><unavailableCloud xmlns="http://cimi-gateway.org/extension/1">west</unavailableCloud></Collection>`,
  );
});
