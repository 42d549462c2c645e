import * as fc from 'fast-check';
import { all, chunks, contents, diskOf, lengths, noise, padded, randomAccess, read } from '../../test/disks/layout';
import { blocksOf } from './extents';
import { bytesFrom, rawDiskAt, rawDiskOnce, rawExtents } from './raw';
import { rawBytes } from './raw-stream';

test('raw bytes come back as they were, however they come, filled up to a sector', async () => {
  await fc.assert(
    fc.asyncProperty(contents, lengths, async (bytes, split) => {
      const disk = rawDiskOnce(chunks(bytes, ...split), { size: bytes.length });
      expect(disk.size).toBe(padded(bytes).length);
      expect((await read(disk)).equals(padded(bytes))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('raw bytes at places come back from any sector on', async () => {
  await fc.assert(
    fc.asyncProperty(contents, fc.double({ min: 0, max: 1, noNaN: true }), async (bytes, part) => {
      const disk = diskOf(bytes);
      const from = Math.floor((part * disk.size) / 512) * 512;
      expect((await read(disk, from)).equals(padded(bytes).subarray(from))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('zeros are found, and told in pieces that show that something moves', async () => {
  const bytes = Buffer.concat([Buffer.alloc(3 * 2 ** 20), noise(2 ** 21, 5), Buffer.alloc(65_536)]);
  const extents = await all(rawExtents(chunks(bytes, 1_500_000, 1_500_000)));
  const told = extents.map((extent) => ('data' in extent ? `data ${extent.data.length}` : `zeros ${extent.zeros}`));
  expect(told.filter((each) => each.startsWith('zeros')).length).toBeGreaterThanOrEqual(3);
  expect(extents.flatMap((each) => ('data' in each ? each.data.length : [])).reduce((a, b) => a + b)).toBe(2 ** 21);
});

test('the size of bytes that nobody counted is told at the end', async () => {
  const disk = rawDiskOnce(chunks(noise(1_000, 1), 300), { limit: 4_096 });
  expect(disk.size).toBeUndefined();
  const bytes = await read(disk);
  expect(disk.size).toBe(1_024);
  expect(bytes.subarray(0, 1_000).equals(noise(1_000, 1))).toBe(true);
});

test.each([
  ['fewer', { size: 1_001 }, { reason: 'cut' }],
  ['more', { size: 999 }, { reason: 'malformed' }],
  ['more than the limit', { limit: 999 }, { reason: 'malformed' }],
])('%s bytes than they should be are refused', async (_, known, error) => {
  await expect(all(rawDiskOnce(chunks(noise(1_000, 1)), known as { size: number }).extents(0))).rejects.toMatchObject(error);
});

test('a source that gives fewer bytes at a place than it has is refused', async () => {
  const source = { ...randomAccess(noise(5_000, 1)), size: 6_000 };
  await expect(all(bytesFrom(source))).rejects.toMatchObject({ name: 'DiskError', reason: 'cut' });
});

test('a stream is read once, from its beginning', async () => {
  const disk = rawDiskOnce(chunks(noise(1_000, 1)), { size: 1_000 });
  expect(() => disk.extents(512)).toThrow(RangeError);
  await all(disk.extents(0));
  expect(() => disk.extents(0)).toThrow(RangeError);
});

test('who stops reading ends the source', async () => {
  let ended = false;
  async function* source() {
    try {
      for (;;) yield await Promise.resolve(noise(1_000, 1));
    } finally {
      ended = true;
    }
  }
  for await (const _ of rawBytes(rawDiskOnce(source(), { limit: 1e9 }))) break;
  expect(ended).toBe(true);
});

test('nothing is read ahead of the reader by more than two pieces', async () => {
  let reads = 0;
  const source = { size: 64 * 2 ** 20, read: (_: number, length: number) => (reads++, Promise.resolve(Buffer.alloc(length, 1))) };
  for await (const _ of rawDiskAt(source).extents(0)) break;
  expect(reads).toBeLessThanOrEqual(2);
});

test('blocks are those in which something is', async () => {
  await fc.assert(
    fc.asyncProperty(contents, fc.constantFrom(512, 65_536, 2 ** 19), async (bytes, length) => {
      const whole = Buffer.alloc(Math.ceil(padded(bytes).length / length) * length);
      let before = -1;
      for await (const { index, data } of blocksOf(diskOf(bytes), length)) {
        expect(index).toBeGreaterThan(before);
        expect(data.length).toBe(length);
        expect(data.some((byte) => byte !== 0)).toBe(true);
        whole.set(data, index * length);
        before = index;
      }
      expect(whole.subarray(0, bytes.length).equals(bytes)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

/** Runs of zeros and of other bytes. */
const runs = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 150_000 }), byte: fc.constantFrom(0, 0, 7) }), { maxLength: 6 })
  .map((each) => Buffer.concat(each.map(({ length, byte }) => Buffer.alloc(length, byte))));

test('extents of raw bytes are the same bytes however they come, one after the other, and zeros are told as such', async () => {
  const check = fc.asyncProperty(runs, lengths, fc.integer({ min: 0, max: 9 }), async (bytes, cuts, sectors) => {
    const from = sectors * 512;
    const read = Buffer.alloc(bytes.length, 1);
    let end = from;
    let before = '';
    for (const extent of await all(rawExtents(chunks(bytes, ...cuts), from))) {
      expect(extent.offset).toBe(end);
      const length = 'data' in extent ? extent.data.length : extent.zeros;
      read.fill('data' in extent ? extent.data : 0, end - from, end - from + length);
      expect('zeros' in extent && before === 'zeros').toBe(false);
      if ('data' in extent) expect(extent.data.some((byte) => byte !== 0)).toBe(true);
      before = 'data' in extent ? 'data' : 'zeros';
      end += length;
    }
    expect(end - from).toBe(bytes.length);
    expect(read.equals(bytes)).toBe(true);
  });
  await fc.assert(check, { numRuns: 60 });
});

test('of nothing there are none', async () => {
  expect(await all(rawExtents(chunks(Buffer.alloc(0))))).toEqual([]);
});
