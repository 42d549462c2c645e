import { gapless, type CountedDisk } from './extents';
import { MIB, ZEROS } from './zeros';

/**
 * Writes a disk out as a raw image: all of its bytes, zeros too. Pieces are at most 1 MiB long and are only to be read: those of zeros
 * are one and the same.
 * @param from offset of the first byte, a multiple of 512
 * @throws whatever reading the disk throws; RangeError where its extents lie on one another or beyond its size
 */
export async function* rawBytes(disk: CountedDisk, from = 0): AsyncGenerator<Uint8Array> {
  for await (const extent of gapless(disk, from)) {
    if ('data' in extent) yield extent.data;
    else for (let left = extent.zeros; left > 0; left -= MIB) yield ZEROS.subarray(0, Math.min(left, MIB));
  }
}
