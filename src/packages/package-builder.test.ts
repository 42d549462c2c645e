import type { Content } from '../ovf/package';
import { readDescriptor } from '../ovf/reader';
import { writeDescriptor } from '../ovf/writer';
import { PackageBuilder } from './package-builder';

const machine = (builder: PackageBuilder, id: string): Content => {
  builder.describes('system');
  return builder.machine({
    path: `machines/${id}`,
    naming: { name: id },
    cpus: 1,
    memory: 2 ** 29,
    disks: [],
    networks: [],
    notExported: [],
  });
};
const within = (builder: PackageBuilder, above: number, ...members: readonly Content[]): Content => {
  builder.describes('collection', above);
  return builder.collection(`systems/${above}`, {}, members, []);
};

test('what has the most levels, and the most machines, that are written is read again', () => {
  const builder = new PackageBuilder();
  let content = within(builder, 7, ...Array.from({ length: 64 }, (_, n) => machine(builder, `m${n}`)));
  for (let above = 6; above >= 0; above -= 1) content = within(builder, above, content);
  const text = writeDescriptor(builder.whole(content));
  let read = readDescriptor(Buffer.from(text), { maxDiskBytes: 2 ** 41 }).content;
  for (let level = 1; level < 8; level += 1) read = (read as Content & { kind: 'collection' }).members[0] as Content;
  expect((read as Content & { kind: 'collection' }).members).toHaveLength(64);
});

test('what readers would refuse is not written', () => {
  const full = new PackageBuilder();
  for (let n = 0; n < 64; n += 1) machine(full, `m${n}`);
  expect(() => machine(full, 'one more')).toThrow('it has more than 64 Machines, which no package holds');
  expect(() => within(full, 8)).toThrow('Systems are nested more than 8 levels deep, which no package holds');
  const wide = new PackageBuilder();
  for (let n = 0; n < 64; n += 1) within(wide, 1);
  expect(() => within(wide, 1)).toThrow('it has more than 64 Systems');
  const filled = new PackageBuilder();
  for (let n = 0; n < 129; n += 1) filled.disk({ cloud: 'a', group: 'volumeImages', path: `volumeImages/${n}` }, 512);
  expect(() => filled.whole(within(filled, 0))).toThrow('it has 129 disks: a package holds at most 128');
  const wired = new PackageBuilder();
  for (let n = 0; n < 257; n += 1) wired.network(`networks/${n}`, { name: `n${n}` });
  expect(() => wired.whole(within(wired, 0))).toThrow('it has 257 Networks: a package holds at most 256');
});
