import { createHash } from 'node:crypto';
import type { UploadImage } from '../clouds/driver';
import type { Disk, Extent } from '../disks/disk';
import { DiskError } from '../disks/error';
import type { CountedDisk } from '../disks/extents';
import { openOnce } from '../disks/open';
import { wholeSectors } from '../disks/raw';
import { rawBytes } from '../disks/raw-stream';
import type { Version } from '../fetch/section';

/** Form in which bytes from elsewhere hold a disk, where they are no image that a cloud takes as it is: a file of an OVF package. */
export interface PackedDisk {
  /** Format that was told; within gzip or not. */
  format: 'raw' | 'vmdk';
  /** Virtual size that was told, bytes; contents of a larger disk are refused. */
  capacity: number;
  /** Digest of all the bytes; of a Job of before there were parts. */
  digest?: PackedDigest;
  /** Files in which the bytes lie, in their order; absent: the one that the image's URI names. */
  parts?: readonly PackedPart[];
  /** Version of the archive that parts are sections of. */
  of?: Version;
}

/** File in which packed bytes, or some of them, lie. */
export interface PackedPart {
  /** Name by which the package knows it. */
  name: string;
  /** URI of its own; absent: the image's. */
  uri?: string;
  /** Offset of its first byte in what the URI names, which is an archive then. */
  from?: number;
  /** Bytes of it, where they were told. */
  size?: number;
  digest?: PackedDigest;
}

/** Digest, in hexadecimal. */
interface PackedDigest {
  algorithm: 'sha1' | 'sha256' | 'sha512';
  hex: string;
}

type Source = Pick<UploadImage['source'], 'size' | 'open' | 'disk'>;

/**
 * Opens packed bytes as what a cloud takes: a disk, or raw bytes where their number is not known before.
 * @param tell hears of contents that are not what they were said to be, whatever becomes of the error on its way
 * @throws DiskError where the beginning of the bytes is refused
 */
export async function unpacked(bytes: AsyncIterable<Uint8Array>, packed: PackedDisk, tell: (error: DiskError) => void): Promise<Source> {
  const right = packed.digest ? compared(bytes, packed.digest) : bytes;
  const disk = await openOnce(right, { format: packed.format, limit: wholeSectors(packed.capacity) });
  const { size, allocated, rereadable } = disk;
  const extents = (from: number): AsyncIterable<Extent> => telling(disk.extents(from), tell);
  if (size !== undefined) {
    const whole: Disk = { size, allocated, rereadable, extents };
    return { size, disk: whole, open: () => rawBytes(whole) };
  }
  const counted: CountedDisk = {
    get size() {
      return disk.size;
    },
    ...{ allocated, rereadable, extents },
  };
  return { open: () => rawBytes(counted) };
}

/** The bytes; throws at their end where they are not those that were told of. */
async function* compared(bytes: AsyncIterable<Uint8Array>, { algorithm, hex }: NonNullable<PackedDisk['digest']>) {
  const hash = createHash(algorithm);
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found !== hex.toLowerCase()) throw new DiskError('malformed', `The file's ${algorithm} is ${found}, where the manifest says ${hex}`);
}

async function* telling(pieces: AsyncIterable<Extent>, tell: (error: DiskError) => void): AsyncGenerator<Extent> {
  try {
    yield* pieces;
  } catch (error) {
    if (error instanceof DiskError) tell(error);
    throw error;
  }
}
