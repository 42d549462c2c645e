import type { Disk, Extent } from './disk';
import { DiskError } from './error';
import { lengthOf, type CountedDisk } from './extents';
import { inOrder } from './in-order';
import { isZero, MIB } from './zeros';

/** Raw disks: the bytes of a file are those of the disk. */

/** Smallest unit of a disk in bytes: what is no multiple of it is filled up with zeros. */
const SECTOR = 512;
/** Length of the pieces that are looked at for zeros, in bytes; none reaches over a multiple of it. */
const PIECE = 65_536;

/** Size of the disk that so many bytes make: filled up to whole sectors, never cut. */
export function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR) * SECTOR;
}

/** Bytes that can be read anywhere. */
export interface RandomAccess {
  /** Length in bytes. */
  readonly size: number;
  /** Reads all of these bytes, which are there; at most 1 MiB at once, several calls at the same time. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes from an offset to the end, one after the other, read ahead by 1 MiB. @throws DiskError where a read gives fewer than it should */
export async function* bytesFrom(source: RandomAccess, from = 0): AsyncGenerator<Uint8Array> {
  function* reads() {
    for (let at = from; at < source.size; at += MIB) yield () => readAll(source, at, Math.min(MIB, source.size - at));
  }
  yield* inOrder(reads(), 2);
}

/** Reads at one place. @throws DiskError where the source gives fewer bytes, or others, than it should */
export async function readAll(source: RandomAccess, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) throw new DiskError('cut', `Of ${length} bytes at ${offset} there came ${bytes.length}`);
  return bytes;
}

/**
 * Extents of raw bytes that come one after the other, with runs of zeros found; never silent for more than 1 MiB.
 * @param from offset of the first byte
 * @throws whatever the bytes throw
 */
export async function* rawExtents(bytes: AsyncIterable<Uint8Array>, from = 0): AsyncGenerator<Extent> {
  let offset = from;
  let zeros = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length;) {
      const length = runOfData(chunk, at, offset);
      if (length === 0) {
        const found = pieceAt(chunk, at, offset).length;
        zeros += found;
        at += found;
        offset += found;
        if (zeros < MIB) continue;
      }
      if (zeros > 0) yield { offset: offset - zeros, zeros };
      zeros = 0;
      if (length > 0) yield { offset, data: chunk.subarray(at, at + length) };
      at += length;
      offset += length;
    }
  }
  if (zeros > 0) yield { offset: offset - zeros, zeros };
}

const pieceAt = (chunk: Uint8Array, at: number, offset: number) => chunk.subarray(at, at + PIECE - (offset % PIECE));

/** Length of the run of pieces with data at a place, at most 1 MiB. */
function runOfData(chunk: Uint8Array, at: number, offset: number): number {
  let length = 0;
  while (at + length < chunk.length) {
    const piece = pieceAt(chunk, at + length, offset + length);
    if (length + piece.length > MIB || isZero(piece)) break;
    length += piece.length;
  }
  return length;
}

/** Disk of raw bytes that can be read again from any offset. @param source.size in bytes; filled up to whole sectors */
export function rawDisk(source: { readonly size: number; open(from: number): AsyncIterable<Uint8Array> }): Disk {
  return {
    size: wholeSectors(source.size),
    rereadable: true,
    extents: (from) => counted(rawExtents(from < source.size ? source.open(from) : empty(), from), source.size, from),
  };
}

/** Disk of raw bytes that are read at places. */
export function rawDiskAt(source: RandomAccess): Disk {
  return rawDisk({ size: source.size, open: (from) => bytesFrom(source, from) });
}

/** Disk of raw bytes that come once. @param known their exact number; more and fewer are refused while they are read */
export function rawDiskOnce(bytes: AsyncIterable<Uint8Array>, known: { readonly size: number }): Disk;
/** The same where their number is not known beforehand: `size` is told once all were read. @param known most that are taken */
export function rawDiskOnce(bytes: AsyncIterable<Uint8Array>, known: { readonly limit: number }): CountedDisk;
export function rawDiskOnce(bytes: AsyncIterable<Uint8Array>, known: { readonly size?: number; readonly limit?: number }): CountedDisk {
  let size = known.size === undefined ? undefined : wholeSectors(known.size);
  async function* extents(): AsyncGenerator<Extent> {
    const end = yield* counted(rawExtents(bytes), known.size, 0, known.limit);
    size = wholeSectors(end);
  }
  return {
    get size() {
      return size;
    },
    rereadable: false,
    extents: once(extents),
  };
}

/** The reading of a disk that can be read once, from its beginning. */
export function once(extents: () => AsyncIterable<Extent>): Disk['extents'] {
  let begun = false;
  return (from) => {
    if (begun || from !== 0) throw new RangeError('These bytes come once, from the beginning');
    begun = true;
    return extents();
  };
}

/** Extents whose last byte has to be where it was said. @returns number of bytes */
async function* counted(
  extents: AsyncIterable<Extent>,
  size: number | undefined,
  from: number,
  limit = Infinity,
): AsyncGenerator<Extent, number> {
  let at = from;
  for await (const extent of extents) {
    at = extent.offset + lengthOf(extent);
    if (at > (size ?? limit)) throw new DiskError('malformed', `The bytes are more than the ${size ?? limit} that they should be`);
    yield extent;
  }
  if (size !== undefined && at < size && from < size) throw new DiskError('cut', `The bytes end after ${at} of ${size}`);
  return at;
}

async function* empty(): AsyncGenerator<Uint8Array> {
  // Behind the last byte there is nothing but what fills the sector up.
}
