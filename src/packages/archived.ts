import { paddingOf, tarHeader, tarred, TAR_END } from '../ovf/tar-writer';
import { DESCRIPTOR, MANIFEST, type PackagedFile, type PackageRecord } from './package-record';
import { manifestOf } from './packaged-bytes';

/** The package as one archive (OVA, DSP0243 5.3): nothing of it is stored, and its disks are made while it is read. */

interface Entry {
  name: string;
  size: number;
  /** Contents, or the disk that they are made of. */
  of: Buffer | PackagedFile;
}

/** Entries in the order that the standard has: descriptor, manifest, disks. */
function entriesOf(record: PackageRecord, descriptor: string): Entry[] {
  const texts = [
    [DESCRIPTOR, Buffer.from(descriptor)],
    [MANIFEST, Buffer.from(manifestOf(record, descriptor))],
  ] as const;
  return [
    ...texts.map(([name, of]) => ({ name, size: of.length, of })),
    ...record.files.map((of) => ({ name: of.name, size: of.read?.size ?? 0, of })),
  ];
}

/** Names of the disks whose lengths nobody knows yet: an archive tells each before its bytes. */
export const unreadOf = ({ files }: PackageRecord): PackagedFile[] => files.filter(({ read }) => !read);

/** Length of the archive in bytes. @param record of which every disk has been read */
export const archiveSize = (record: PackageRecord, descriptor: string): number =>
  entriesOf(record, descriptor).reduce((sum, { size }) => sum + tarred(size), TAR_END.length);

/** Bytes of the archive. @param open opens a disk, which throws where its bytes are not those that were read before */
export async function* archiveBytes(
  record: PackageRecord,
  descriptor: string,
  open: (file: PackagedFile) => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  for (const { name, size, of } of entriesOf(record, descriptor)) {
    yield tarHeader(name, size);
    if (Buffer.isBuffer(of)) yield of;
    else yield* await open(of);
    const padding = paddingOf(size);
    if (padding > 0) yield Buffer.alloc(padding);
  }
  yield TAR_END;
}
