import { createHash } from 'node:crypto';
import type { Clouds } from '../clouds/cloud';
import { ProviderError } from '../clouds/errors';
import type { Disk } from '../disks/disk';
import { vmdkBytes } from '../disks/vmdk-writer';
import { writeManifest, type Digest } from '../ovf/manifest';
import { StaleError, type ResourcePath, type Store } from '../store/store';
import { changeRecord, DESCRIPTOR, type PackagedFile, type PackageRecord } from './package-record';

interface Parts {
  store: Pick<Store, 'transaction'>;
  clouds: Clouds;
  /** Time for which a cloud may give nothing, in ms. */
  idleMs: number;
}

/**
 * Opens a disk of a package: VMDK that is made while it is read from its cloud. Read to its end, its digest is kept in the record.
 * @throws ProviderError; so does the reading
 */
export async function packagedBytes(
  { store, clouds, idleMs }: Parts,
  { path, file, algorithm }: { path: ResourcePath; file: PackagedFile; algorithm: Digest['algorithm'] },
  signal: AbortSignal,
): Promise<AsyncGenerator<Uint8Array>> {
  const cloud = clouds.byKey(file.cloud);
  if (!cloud) throw new ProviderError('unavailable', `the cloud '${file.cloud}' is no longer configured`);
  const { disk } = await cloud.download(file.group, file.key, { signal, idleMs });
  const keep = (read: NonNullable<PackagedFile['read']>) =>
    unlessStale(() =>
      store.transaction((unit) =>
        changeRecord(unit, path, ({ files, ...rest }) => ({
          ...rest,
          files: files.map((one) => (one.name === file.name ? { ...one, read } : one)),
        })),
      ),
    );
  return hashed(vmdkBytes(lengthened(disk, file.capacity)), algorithm, { known: file.read, keep });
}

/** The manifest of a package whose disks have all been read. */
export function manifestOf({ algorithm, files }: PackageRecord, descriptor: string): string {
  const digests: [string, Digest][] = [[DESCRIPTOR, { algorithm, hex: createHash(algorithm).update(descriptor).digest('hex') }]];
  for (const { name, read } of files) if (read) digests.push([name, { algorithm, hex: read.hex }]);
  return writeManifest(digests);
}

/** Two disks may come to their ends at the same time. */
async function unlessStale(work: () => Promise<unknown>, tries = 5): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StaleError) || tries === 1) throw error;
    await unlessStale(work, tries - 1);
  }
}

/** Passes bytes on, and tells their digest at the end. @throws ProviderError where they are not those that were read before */
async function* hashed(
  bytes: AsyncIterable<Uint8Array>,
  algorithm: Digest['algorithm'],
  { known, keep }: { known: PackagedFile['read']; keep(read: { size: number; hex: string }): Promise<unknown> },
): AsyncGenerator<Uint8Array> {
  const hash = createHash(algorithm);
  let size = 0;
  let last: Uint8Array | undefined;
  // The last piece waits for the digest: what is other than before is never whole.
  for await (const part of bytes) {
    if (last) yield last;
    hash.update(part);
    size += part.length;
    last = part;
  }
  const hex = hash.digest('hex');
  if (known && known.hex !== hex)
    throw new ProviderError('invalid', `the ${algorithm} of a package's disk is ${hex}, where it was ${known.hex} before`);
  if (!known) await keep({ size, hex });
  if (last) yield last;
}

/** A disk as long as the descriptor says: what lies after its contents is zeros. */
function lengthened(disk: Disk, capacity: number): Disk {
  const { allocated, rereadable } = disk;
  return { size: Math.max(capacity, disk.size), allocated, rereadable, extents: (from) => disk.extents(from) };
}
