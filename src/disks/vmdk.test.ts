import * as fc from 'fast-check';
import { deflateSync } from 'node:zlib';
import { all, chunks, contents, diskOf, diskWith, lengths, noise, padded, read } from '../../test/disks/layout';
import { DiskError } from './error';
import { rawBytes } from './raw-stream';
import { descriptorText } from './vmdk-descriptor';
import { headerBytes, markerBytes, type StreamHeader } from './vmdk-header';
import { vmdkDisk } from './vmdk-reader';
import { vmdkBytes } from './vmdk-writer';

const written = async (bytes: Buffer) => Buffer.concat(await all(vmdkBytes(diskOf(bytes))));
const readBack = async (file: Uint8Array, ...split: number[]) => read(await vmdkDisk(chunks(file, ...split)));

test('any disk comes back as it was, however its bytes come', async () => {
  await fc.assert(
    fc.asyncProperty(contents, lengths, async (bytes, split) => {
      expect((await readBack(await written(bytes), ...split)).equals(padded(bytes))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('the same contents give the same bytes, in whichever extents they come', async () => {
  const bytes = noise(300_000, 2);
  const odd = [100, 65_536, 70_000, 200_000].map((at, index, all) => ({ offset: at, data: bytes.subarray(at, all[index + 1] ?? 300_000) }));
  const other = Buffer.concat(await all(vmdkBytes(diskWith(300_032, [{ offset: 0, data: bytes.subarray(0, 100) }, ...odd]))));
  expect(other.equals(await written(bytes))).toBe(true);
});

test('four terabytes of zeros with a few bytes are a small file', async () => {
  const size = 2 ** 42;
  const data = noise(512, 9);
  const file = Buffer.concat(
    await all(
      vmdkBytes(
        diskWith(size, [
          { offset: 2 ** 41, data },
          { offset: size - 512, data },
        ]),
      ),
    ),
  );
  expect(file.length).toBeLessThan(2 ** 20);
  const disk = await vmdkDisk(chunks(file));
  expect(disk.size).toBe(size);
  expect((await all(disk.extents(0))).map((each) => each.offset)).toEqual([2 ** 41, size - 65_536]);
});

test('a disk of no bytes is refused', async () => {
  await expect(all(vmdkBytes(diskWith(0, [])))).rejects.toThrow(DiskError);
});

test('who stops reading ends the bytes, and nothing is read far ahead of him', async () => {
  const file = await written(noise(8 * 2 ** 20, 4));
  let given = 0;
  let ended = false;
  async function* source() {
    try {
      for (; given < file.length; given += 10_000) yield await Promise.resolve(file.subarray(given, given + 10_000));
    } finally {
      ended = true;
    }
  }
  for await (const _ of rawBytes(await vmdkDisk(source()))) break;
  expect(ended).toBe(true);
  expect(given).toBeLessThan(2 ** 20);
});

/** A file put together by hand: 1 MiB in grains of 64 KiB. */
const HEADER: StreamHeader = { capacity: 2048, grain: 128, descriptor: { at: 1, sectors: 20 }, directory: undefined, overhead: 128 };
const END = markerBytes(0, 0);
const grainOf = (sector: number, data: Buffer, packed = deflateSync(data)) => {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(sector));
  head.writeUInt32LE(packed.length, 8);
  return padded(Buffer.concat([head, packed]));
};
const GRAIN = grainOf(128, noise(65_536, 1));
function file(parts: readonly Buffer[], { header = HEADER, text = descriptorText(2048), change = (_: Buffer) => {} } = {}): Buffer {
  const beginning = Buffer.alloc(128 * 512);
  headerBytes(header).copy(beginning);
  beginning.write(text, 512, 'utf8');
  change(beginning);
  return Buffer.concat([beginning, ...parts]);
}

test('a file with the least that is needed is read', async () => {
  const disk = await readBack(file([GRAIN, END]));
  expect(disk.subarray(65_536, 131_072).equals(noise(65_536, 1))).toBe(true);
});

/** Directory at sector 21, its table at 22, as qemu-img places them. */
const FIRST = { ...HEADER, directory: 21 };
const listing = (directory: number, ...entries: number[]) => ({
  header: FIRST,
  change: (beginning: Buffer) => {
    beginning.writeUInt32LE(directory, 21 * 512);
    entries.forEach((entry, index) => beginning.writeUInt32LE(entry, 22 * 512 + 4 * index));
  },
});

test('a directory that comes first needs no end marker: its grains are counted', async () => {
  expect((await readBack(file([GRAIN], listing(22, 0, 128)))).length).toBe(2 ** 20);
  await expect(readBack(file([GRAIN], listing(22, 0, 128, 257)))).rejects.toMatchObject({ reason: 'cut' });
  expect((await vmdkDisk(chunks(file([GRAIN], listing(22, 0, 128))))).allocated).toBe(65_536);
});

const patched = (at: number, value: number) => ({ change: (beginning: Buffer) => void beginning.writeUInt32LE(value, at) });
const line = (words: string) => ({ text: descriptorText(2048).replace(/^RW.*$/m, words) });

test.each<[string, Buffer, DiskError['reason']]>([
  ['other bytes', noise(100_000, 3), 'malformed'],
  ['nothing', Buffer.alloc(0), 'cut'],
  ['a header alone', file([]).subarray(0, 512), 'cut'],
  ['no end marker', file([GRAIN]), 'cut'],
  ['an end within a grain', file([GRAIN.subarray(0, 40_000)]), 'cut'],
  ['an end within the head of a grain', file([GRAIN.subarray(0, 5)]), 'cut'],
  ['bytes after the end', file([GRAIN, END, GRAIN]), 'malformed'],
  ['a grain that comes twice', file([GRAIN, GRAIN, END]), 'malformed'],
  ['grains that descend', file([GRAIN, grainOf(0, noise(65_536, 1)), END]), 'malformed'],
  ['a grain beyond the capacity', file([grainOf(2048, noise(65_536, 1)), END]), 'malformed'],
  ['a grain between grains', file([grainOf(100, noise(65_536, 1)), END]), 'malformed'],
  ['a grain that inflates to more', file([grainOf(0, Buffer.alloc(2 ** 24)), END]), 'malformed'],
  ['a grain that inflates to less', file([grainOf(0, noise(60_000, 1)), END]), 'malformed'],
  ['a damaged grain', file([grainOf(0, Buffer.alloc(0), Buffer.alloc(500, 7)), END]), 'malformed'],
  ['a grain that says gigabytes', file([Buffer.from('0000000000000000ffffffff'.padEnd(1024, '0'), 'hex'), END]), 'malformed'],
  ['an unknown marker', file([markerBytes(9, 0), END]), 'malformed'],
  ['a table that says gigabytes', file([markerBytes(1, 2 ** 40), END]), 'malformed'],
  ['markers without end', file([...Array.from({ length: 200 }, () => markerBytes(2, 0)), END]), 'malformed'],
  ['a footer of another size', file([markerBytes(3, 1), headerBytes({ ...HEADER, capacity: 4096 }), END]), 'malformed'],
  ['another version', file([END], patched(4, 9)), 'unsupported'],
  ['grains that are not compressed', file([END], patched(8, 1)), 'unsupported'],
  ['a header that went through a text mode', file([END], patched(73, 0x0a0a0a0a)), 'malformed'],
  ['a capacity of nothing', file([END], patched(12, 0)), 'malformed'],
  ['a capacity of petabytes', file([END], patched(16, 0xffff)), 'malformed'],
  ['more tables than memory', file([END], { header: { ...HEADER, grain: 8, capacity: 2 ** 37 } }), 'malformed'],
  ['grains of 3 sectors', file([END], patched(20, 3)), 'malformed'],
  ['grains of gigabytes', file([END], patched(20, 2 ** 22)), 'malformed'],
  ['tables of other lengths', file([END], patched(44, 4096)), 'malformed'],
  ['an overhead of gigabytes', file([END], patched(64, 2 ** 24)), 'malformed'],
  ['no descriptor', file([END], patched(36, 0)), 'malformed'],
  ['a descriptor outside', file([END], patched(28, 120)), 'malformed'],
  ['a directory outside', file([END], { header: { ...HEADER, directory: 128 } }), 'malformed'],
  ['a table outside', file([GRAIN], listing(126, 0, 128)), 'malformed'],
  ['a table upon the directory', file([GRAIN], listing(21, 0, 128)), 'malformed'],
  ['a grain within the header', file([GRAIN], listing(22, 0, 5)), 'malformed'],
  ['a descriptor of another kind', file([END], { text: descriptorText(2048).replace('streamOptimized', 'monolithicFlat') }), 'unsupported'],
  ['a path', file([END], line('RW 2048 SPARSE "/etc/shadow"')), 'unsupported'],
  ['a path upwards', file([END], line('RW 2048 SPARSE "..\\\\x"')), 'unsupported'],
  ['a device', file([END], line('RW 2048 FLAT "disk" 0')), 'unsupported'],
  ['two extents', file([END], line('RW 1024 SPARSE "a"\nRW 1024 SPARSE "b"')), 'unsupported'],
  ['another size than the header', file([END], line('RW 4096 SPARSE "a"')), 'unsupported'],
  ['a parent', file([END], { text: descriptorText(2048).replace('parentCID=ffffffff', 'parentCID=12345678') }), 'unsupported'],
  ['a parent by name', file([END], { text: `${descriptorText(2048)}parentFileNameHint="base.vmdk"\n` }), 'unsupported'],
])('%s: refused', async (_, bytes, reason) => {
  await expect(readBack(bytes)).rejects.toMatchObject({ name: 'DiskError', reason });
});

test('whatever is changed in a file, it is read or refused in words', async () => {
  const whole = await written(Buffer.concat([noise(70_000, 1), Buffer.alloc(200_000), Buffer.alloc(9_000, 'a')]));
  const changes = fc.array(
    fc.record({ at: fc.oneof(fc.nat({ max: 600 }), fc.nat({ max: whole.length - 1 })), value: fc.nat({ max: 255 }) }),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(changes, fc.oneof(fc.constant(whole.length), fc.nat({ max: whole.length })), async (values, length) => {
      const bytes = Buffer.from(whole.subarray(0, length));
      for (const { at, value } of values) if (at < length) bytes[at] = value;
      const disk = await vmdkDisk(chunks(bytes)).catch((error: unknown) => error);
      if (disk instanceof Error) return expect(disk).toBeInstanceOf(DiskError);
      const outcome = await all((disk as Awaited<ReturnType<typeof vmdkDisk>>).extents(0)).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DiskError);
    }),
    { numRuns: 300 },
  );
});
