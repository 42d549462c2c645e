import { StepFailure } from '../jobs/workflow';
import { OvfError } from '../ovf/error';
import type { PackageFile } from '../ovf/package';
import type { ResourcePath, StoreReads } from '../store/store';
import { packageAt, type PackagedFile } from './package-record';
import type { Captured, PackagedImage } from './package-images';
import type { FileContents, PackageSource } from './package-source';

/** Image by which a disk is read. */
type CapturedImage = Pick<PackagedFile, 'key' | 'path'> & Pick<PackagedImage, 'capacity'>;

/**
 * Opens a package of the gateway's own: its disks are copied from cloud to cloud, and nothing is fetched.
 * @param captured images that stand for those of the package; those that are only planned say how large they would be
 * @throws StepFailure where it has gone meanwhile
 */
export async function ownPackage(
  store: Pick<StoreReads, 'resource'>,
  { tenant, path, captured }: { tenant: string; path: ResourcePath; captured?: Captured | undefined },
): Promise<PackageSource> {
  const record = await packageAt(store, tenant, path);
  if (record?.descriptor === undefined || record.going) throw new StepFailure('source: the package is not there any more');
  const { descriptor, files, origins = {} } = record;
  const fresh = new Map<string, CapturedImage>();
  const { captures = [], planned = false } = captured ?? {};
  for (const { label, path: image, capacity } of captures) {
    const key = planned ? '' : ((await store.resource(image))?.providerKey ?? undefined);
    if (key === undefined) throw new StepFailure(`${image} is not at its provider any more`);
    fresh.set(label, { key, path: image, ...(capacity === undefined ? {} : { capacity }) });
  }
  const contents = ({ id, location }: PackageFile): FileContents => {
    const file = files.find(({ name }) => name === location.name);
    if (!file) throw new OvfError(`the file '${id}'`, 'is not in the package');
    const { cloud, of, running } = file;
    const image: CapturedImage | undefined = captures.length === 0 ? { key: file.key, path: file.path } : fresh.get(of ?? '');
    if (!image)
      throw new StepFailure(`${of ?? file.path} is not of the Machine any more whose package this is: export it again`, 'conflict');
    const { key, path: read } = planned ? file : image;
    return {
      from: { cloud, key, path: read },
      of,
      running: running === true && captures.length === 0,
      capacity: image.capacity,
    };
  };
  return { descriptor: Buffer.from(descriptor), files: () => Promise.resolve({ warnings: [], contents, origins }) };
}
