import type { Disk, Extent } from './disk';
import { isZero } from './zeros';

/** Disk whose size is perhaps told only when all of it was read: undefined until then. */
export interface CountedDisk extends Omit<Disk, 'size'> {
  readonly size: number | undefined;
}

/** Length of an extent in bytes. */
export function lengthOf(extent: Extent): number {
  return 'data' in extent ? extent.data.length : extent.zeros;
}

/**
 * All of a disk from an offset on, without gaps: what lies between extents, and behind them, is given as zeros.
 * @throws whatever reading the disk throws; RangeError where its extents lie on one another or beyond its size
 */
export async function* gapless(disk: CountedDisk, from = 0): AsyncGenerator<Extent> {
  let at = from;
  for await (const extent of disk.extents(from)) {
    const length = lengthOf(extent);
    const end = extent.offset + length;
    if (extent.offset < at || end > (disk.size ?? end))
      throw new RangeError('The extents of the disk lie on one another or beyond its size');
    if (extent.offset > at) yield { offset: at, zeros: extent.offset - at };
    if (length > 0) yield extent;
    at = end;
  }
  if (disk.size !== undefined && disk.size > at) yield { offset: at, zeros: disk.size - at };
}

/** Block of a disk; its offset is `index` times its length. */
export interface Block {
  readonly index: number;
  readonly data: Uint8Array;
}

/**
 * Blocks of a disk in which something is not zero, ascending. All have the same length: the last is filled up with zeros.
 * @param length in bytes
 * @param from offset to begin at, a multiple of `length`
 * @throws as `gapless`
 */
export async function* blocksOf(disk: CountedDisk, length: number, from = 0): AsyncGenerator<Block> {
  let held: { index: number; data: Buffer } | undefined;
  for await (const extent of gapless(disk, from)) {
    if (!('data' in extent)) continue;
    for (let at = 0; at < extent.data.length;) {
      const offset = extent.offset + at;
      const index = Math.floor(offset / length);
      if (held && held.index !== index) {
        if (!isZero(held.data)) yield held;
        held = undefined;
      }
      const within = offset - index * length;
      const part = extent.data.subarray(at, at + length - within);
      at += part.length;
      if (part.length < length) {
        held ??= { index, data: Buffer.alloc(length) };
        held.data.set(part, within);
      } else if (!isZero(part)) yield { index, data: part };
    }
  }
  if (held && !isZero(held.data)) yield held;
}
