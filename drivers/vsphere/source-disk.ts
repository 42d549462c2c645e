import type { UploadSource } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { beginningOf } from '../../src/disks/beginning';
import type { Disk, Extent } from '../../src/disks/disk';
import { DiskError } from '../../src/disks/error';
import { formatOf, HEAD_BYTES } from '../../src/disks/image-format';
import { openOnce } from '../../src/disks/open';
import { MAX_DISK } from './options';

const MIB = 2 ** 20;

/** A disk to be sent once, of bytes from elsewhere. */
export interface OpenedDisk {
  disk: Disk;
  /** Error that reading the disk broke off with; undefined while it goes well. */
  failure(): ProviderError | undefined;
  /** Ends the source where nobody has read it. */
  close(): Promise<void>;
}

/**
 * Opens a source as a disk whose size is known, as VMDK wants to have it in its first bytes: raw of a length told beforehand, or
 * stream-optimized VMDK.
 * @throws ProviderError
 */
export async function openedDisk(source: UploadSource): Promise<OpenedDisk> {
  if (source.disk) return told(checked(source.disk), () => Promise.resolve());
  try {
    const { head, all, close } = await beginningOf(source.open(), HEAD_BYTES);
    try {
      // The length of what is packed is not that of the disk.
      const size = formatOf(head).format === 'gzip' ? undefined : source.size;
      const disk = await openOnce(all, { size, limit: MAX_DISK * MIB });
      if (disk.size === undefined)
        throw invalid('vSphere has to know the size of a disk beforehand, and where it comes from nobody tells it (no Content-Length)');
      return told(checked({ ...disk, size: disk.size }), close);
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    throw ofSource(error);
  }
}

/** The disk in whole MiB, as vSphere has them: what is missing is zeros. */
export function grownToMib(disk: Disk): Disk {
  const { allocated, rereadable } = disk;
  return { size: Math.ceil(disk.size / MIB) * MIB, allocated, rereadable, extents: (from) => disk.extents(from) };
}

/** @throws ProviderError */
function checked(disk: Disk): Disk {
  if (disk.size > 0 && disk.size <= MAX_DISK * MIB) return disk;
  throw invalid(`The disk has ${disk.size} bytes; vSphere takes 1 byte to 62 TB`);
}

function told(disk: Disk, end: () => Promise<void>): OpenedDisk {
  let failure: ProviderError | undefined;
  let begun = false;
  // A reading that has begun ends the bytes itself; one that stands still would be waited for here.
  const close = () => (begun ? Promise.resolve() : end());
  async function* extents(from: number): AsyncGenerator<Extent> {
    begun = true;
    try {
      yield* disk.extents(from);
    } catch (error) {
      failure = ofSource(error);
      throw failure;
    }
  }
  return { disk: { size: disk.size, allocated: disk.allocated, rereadable: false, extents }, failure: () => failure, close };
}

const invalid = (message: string): ProviderError => new ProviderError('invalid', message, { maybeDone: false });

function ofSource(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof DiskError) return invalid(error.message);
  return new ProviderError('unavailable', error instanceof Error ? error.message : String(error), { maybeDone: false });
}
