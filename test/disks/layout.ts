import * as fc from 'fast-check';
import type { Disk, Extent } from '../../src/disks/disk';
import { lengthOf, type CountedDisk } from '../../src/disks/extents';
import { rawDiskAt, type RandomAccess } from '../../src/disks/raw';
import { rawBytes } from '../../src/disks/raw-stream';

/** Contents of disks: what is generated for them, and what is read of them. */

/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed | 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Runs of noise, of one byte and of zeros, of lengths about those of sectors, grains and pieces. */
export const contents: fc.Arbitrary<Buffer> = fc
  .array(
    fc.record({
      length: fc.oneof(
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 60_000, max: 200_000 }),
        fc.constantFrom(65_536, 2 ** 20 + 512),
      ),
      kind: fc.constantFrom('zeros', 'zeros', 'noise', 'one'),
      seed: fc.nat(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((runs) =>
    Buffer.concat(
      runs.map(({ length, kind, seed }) =>
        kind === 'noise' ? noise(length, seed) : Buffer.alloc(length, kind === 'one' ? 1 + (seed % 255) : 0),
      ),
    ),
  );

/** Lengths of the chunks that bytes come in. */
export const lengths = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 8 });

/** Bytes in chunks of these lengths, and the rest in one. */
export async function* chunks(bytes: Uint8Array, ...lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const length of [...lengths, bytes.length]) {
    yield await Promise.resolve(bytes.subarray(at, at + length));
    at += length;
  }
}

export const randomAccess = (bytes: Buffer): RandomAccess => ({
  size: bytes.length,
  read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
});

export const diskOf = (bytes: Buffer): Disk => rawDiskAt(randomAccess(bytes));

/** Filled up to whole sectors. */
export const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);

export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

/** Everything that is read of a disk; checks the rules of extents on the way (src/disks/disk.ts). */
export async function read(disk: CountedDisk, from = 0): Promise<Buffer> {
  let at = from;
  const checking: CountedDisk = {
    get size() {
      return disk.size;
    },
    rereadable: disk.rereadable,
    async *extents(offset) {
      for await (const extent of disk.extents(offset)) {
        expect(extent.offset).toBeGreaterThanOrEqual(at);
        if ('data' in extent) expect(extent.data.length).toBeLessThanOrEqual(2 ** 20);
        at = extent.offset + lengthOf(extent);
        yield extent;
      }
    },
  };
  const bytes = Buffer.concat(await all(rawBytes(checking, from)));
  expect(bytes.length).toBe((disk.size ?? 0) - from);
  return bytes;
}

/** Disk with these extents and nothing else. */
export const diskWith = (size: number, extents: readonly Extent[]): Disk => ({
  size,
  rereadable: true,
  async *extents() {
    for (const extent of extents) yield await Promise.resolve(extent);
  },
});
