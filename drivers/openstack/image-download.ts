import type { CallContext, DownloadedImage } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Disk, Extent } from '../../src/disks/disk';
import { DiskError } from '../../src/disks/error';
import { openOnce } from '../../src/disks/open';
import { qcow2Disk } from '../../src/disks/qcow2';
import { rawExtents, wholeSectors } from '../../src/disks/raw';
import type { Wire } from './client';
import { text } from './documents';
import type { Image } from './glance';
import { bytesAt, bytesFrom, lengthOf, stillTheSame, versionOf } from './image-bytes';

/** Largest disk that an image may hold, in bytes: no cloud has larger ones. */
const MOST_BYTES = 2 ** 46;
/** Tables of a qcow2 that are read to tell how much it holds, at most: 64 GiB of data, as qemu-img makes them. */
const TABLES = 128;

/** Parts that the disk of an image is made of. */
interface Opened {
  wire: Wire;
  image: Image;
  /** Length of its file in bytes. */
  size: number;
  context: CallContext;
}

/** Formats of Glance that are read. */
const FORMATS: Readonly<Record<string, (opened: Opened) => Promise<Disk>>> = {
  raw: (opened) => Promise.resolve(rawDiskOf(opened)),
  qcow2: qcow2DiskOf,
  vmdk: vmdkDiskOf,
};

/** Returns in words why an image's contents cannot be read; undefined where, as far as its record tells, they can. */
export function whyNotDownloaded(image: Image): string | undefined {
  const { status, disk_format: format, container_format: container, block_device_mapping: mapping, vmware_disktype: kind } = image;
  const { cinder_encryption_key_id: key } = image;
  if (status !== 'active') return `The image is ${status}: only an active one has contents`;
  if (typeof mapping === 'string')
    return 'The image names volume snapshots in place of contents: they are read by a copy, where one of them boots';
  if (typeof key === 'string') return 'The image is of an encrypted volume: nobody could read its contents';
  if (typeof format !== 'string' || !Object.hasOwn(FORMATS, format))
    return `The image is of the format ${text(format) ?? 'unknown'}; raw, qcow2 and stream-optimized VMDK can be read: have it converted first`;
  if (typeof container === 'string' && container !== 'bare')
    return `The image lies in a container (${container}): only bare ones can be read`;
  if (format === 'vmdk' && typeof kind === 'string' && kind !== 'streamOptimized')
    return `The image is a VMDK of the kind ${kind}; stream-optimized ones can be read: have it converted first`;
  return lengthOf(image) === undefined ? 'Glance does not tell how large the image is' : undefined;
}

/**
 * Opens an image for reading: raw and VMDK as one stream that goes on where it broke, qcow2 by its tables. Who reads it from the
 * beginning to the end is told if it is not what Glance has, or has become another meanwhile.
 * @throws ProviderError (conflict) where the image cannot be read
 */
export async function download(wire: Wire, id: string, context: CallContext): Promise<DownloadedImage> {
  const image = await wire.one('image', id, context);
  const why = whyNotDownloaded(image);
  const size = lengthOf(image);
  const open = FORMATS[text(image.disk_format) ?? ''];
  if (why !== undefined || size === undefined || !open) throw new ProviderError('conflict', why ?? '', { maybeDone: false });
  try {
    return { disk: await open({ wire, image, size, context }), version: versionOf(image) };
  } catch (error) {
    throw ofFormat(error, id);
  }
}

function rawDiskOf({ wire, image, size, context }: Opened): Disk {
  const extents = (from: number): AsyncIterable<Extent> => rawExtents(bytesFrom(wire, image, { size, from }, context), from);
  return { size: wholeSectors(size), allocated: size, rereadable: true, extents };
}

/** A qcow2 is read at the places that its tables tell, each read by itself: the image is looked at again at the end of them all. */
async function qcow2DiskOf({ wire, image, size, context }: Opened): Promise<Disk> {
  const read = (from: number, length: number) => bytesAt(wire, image, { from, length, size }, context);
  const disk = await qcow2Disk({ size, read }, { tables: TABLES });
  async function* extents(from: number): AsyncGenerator<Extent> {
    yield* translated(disk.extents(from), image.id);
    await stillTheSame(wire, image, context);
  }
  return { ...disk, extents };
}

/** A VMDK's grains come in their order: whoever reads from the middle on reads what is before it, too. */
async function vmdkDiskOf({ wire, image, size, context }: Opened): Promise<Disk> {
  const file = () => bytesFrom(wire, image, { size, from: 0 }, context);
  const open = (bytes: AsyncIterable<Uint8Array>) => openOnce(bytes, { format: 'vmdk', limit: MOST_BYTES });
  async function* all(): AsyncGenerator<Extent> {
    yield* (await open(file())).extents(0);
  }
  async function* extents(from: number): AsyncGenerator<Extent> {
    for await (const extent of translated(all(), image.id)) yield* after(extent, from);
  }
  const beginning = file();
  const { size: capacity = 0 } = await open(beginning);
  await beginning.return(undefined);
  return { size: capacity, rereadable: true, extents };
}

/** The part of an extent from an offset on, if any. */
function* after(extent: Extent, from: number): Generator<Extent> {
  const skip = Math.max(0, from - extent.offset);
  const offset = extent.offset + skip;
  if ('data' in extent && skip < extent.data.length) yield { offset, data: extent.data.subarray(skip) };
  if ('zeros' in extent && skip < extent.zeros) yield { offset, zeros: extent.zeros - skip };
}

async function* translated(extents: AsyncIterable<Extent>, id: string): AsyncGenerator<Extent> {
  try {
    yield* extents;
  } catch (error) {
    throw ofFormat(error, id);
  }
}

/** An image whose file is not what its format asks for stays so; one that came cut may come whole. */
function ofFormat(error: unknown, id: string): unknown {
  if (!(error instanceof DiskError)) return error;
  const kind = error.reason === 'cut' ? 'unavailable' : 'conflict';
  return new ProviderError(kind, `The image ${id} cannot be read: ${error.message}`, { maybeDone: false, cause: error });
}
