import { ByteReader } from './byte-reader';
import type { Disk } from './disk';
import { DiskError } from './error';
import type { CountedDisk } from './extents';
import { formatOf, HEAD_BYTES, type Format } from './image-format';
import { gunzipped } from './gzip';
import { qcow2Disk } from './qcow2';
import { bytesFrom, rawDiskAt, rawDiskOnce, readAll, type RandomAccess } from './raw';
import { vmdkDisk } from './vmdk-reader';

/** Knowledge about a disk beforehand, that its bytes have to agree with. */
export interface Told {
  /** Format as somebody says; bytes of another are refused. Absent: the bytes tell. */
  readonly format?: 'raw' | 'vmdk' | 'qcow2' | undefined;
  /** Length in bytes of the raw disk, unpacked, where it is known. */
  readonly size?: number | undefined;
  /** Largest disk in bytes that is taken. */
  readonly limit: number;
}

/** Formats by the name that is told, as their bytes are. An ISO image is a raw disk, too. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  raw: ['raw', 'iso'],
  vmdk: ['vmdk-stream', 'vmdk-sparse', 'vmdk-descriptor'],
  qcow2: ['qcow2'],
};

/** File overhead that a packed stream-optimized VMDK may have beside its disk, as a part of it. */
const OVERHEAD = 1.1;

/**
 * Opens a disk of bytes that come once: raw or stream-optimized VMDK, either in gzip or not. Who opens it and does not read it
 * ends the bytes himself.
 * @throws DiskError where the bytes are of another format, or not of that which was told; while reading, where they are not right
 */
export async function openOnce(bytes: AsyncIterable<Uint8Array>, told: Told): Promise<CountedDisk> {
  return open(bytes, told, false);
}

async function open(bytes: AsyncIterable<Uint8Array>, told: Told, packed: boolean): Promise<CountedDisk> {
  const reader = new ByteReader(bytes);
  try {
    const found = formatOf(await begun(reader));
    if (found.format === 'gzip' && !packed) {
      return await open(gunzipped(reader.rest(), Math.ceil(told.limit * OVERHEAD) + 2 ** 20), told, true);
    }
    const format = agreed(found, told);
    if (format === 'vmdk-stream') return within(await vmdkDisk(reader.rest()), told);
    if (format !== 'raw') throw unread(found, format === 'qcow2' ? ': it has to be at a place where parts of it can be read' : '');
    if (told.size === undefined) return rawDiskOnce(reader.rest(), { limit: told.limit });
    return within(rawDiskOnce(reader.rest(), { size: told.size }), told);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/**
 * Opens a disk of bytes that can be read anywhere: raw, qcow2, or (once, from the beginning) stream-optimized VMDK.
 * @throws as `openOnce`
 */
export async function openAt(source: RandomAccess, told: Told): Promise<Disk> {
  const head = await readAll(source, 0, Math.min(HEAD_BYTES, source.size));
  if (head.length === 0) throw new DiskError('cut', 'There are no bytes');
  const found = formatOf(head);
  const format = agreed(found, told);
  if (format === 'qcow2') return within(await qcow2Disk(source), told);
  if (format === 'vmdk-stream') return within(await vmdkDisk(bytesFrom(source)), told);
  if (format !== 'raw') throw unread(found);
  const end = source.size < 1024 ? head : await readAll(source, source.size - 512, 512);
  if (formatOf(end).format === 'vhd')
    throw new DiskError('unsupported', 'The bytes end as those of a VHD of fixed size: convert it to raw');
  if (told.size !== undefined && told.size !== source.size) {
    throw new DiskError('malformed', `The bytes are ${source.size}, not ${told.size} as was said`);
  }
  return within(rawDiskAt(source), told);
}

async function begun(reader: ByteReader): Promise<Buffer> {
  const head = await reader.peek(HEAD_BYTES);
  if (head.length === 0) throw new DiskError('cut', 'There are no bytes');
  return head;
}

/** Format of what was found, where it is what was told. */
function agreed(found: Format, told: Told): string {
  if (told.format !== undefined && !TOLD[told.format]?.includes(found.format)) {
    throw new DiskError('malformed', `The bytes are ${found.words}, not ${told.format} as was said`);
  }
  return found.format === 'iso' ? 'raw' : found.format;
}

const unread = ({ words }: Format, why = ': convert it, to raw, qcow2 or a stream-optimized VMDK') =>
  new DiskError('unsupported', `The bytes are ${words}, which is not read${why}`);

function within<D extends { readonly size: number }>(disk: D, { limit }: Told): D {
  if (disk.size > limit) throw new DiskError('malformed', `The disk has ${disk.size} bytes, at most ${limit} are taken`);
  return disk;
}
