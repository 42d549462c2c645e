import { StepFailure } from '../jobs/workflow';
import { OvfError } from '../ovf/error';
import type { PackageFile } from '../ovf/package';
import type { ResourcePath, StoreReads } from '../store/store';
import { packageAt } from './package-record';
import type { FileContents, PackageSource } from './package-source';

/**
 * Opens a package of the gateway's own: its disks are copied from cloud to cloud, and nothing is fetched.
 * @throws StepFailure where it has gone meanwhile
 */
export async function ownPackage(store: Pick<StoreReads, 'resource'>, tenant: string, path: ResourcePath): Promise<PackageSource> {
  const record = await packageAt(store, tenant, path);
  if (record?.descriptor === undefined || record.going) throw new StepFailure('source: the package is not there any more');
  const { descriptor, files, origins = {} } = record;
  const contents = ({ id, location }: PackageFile): FileContents => {
    const file = files.find(({ name }) => name === location.name);
    if (!file) throw new OvfError(`the file '${id}'`, 'is not in the package');
    const { cloud, key, path: image, of, cpuArch } = file;
    return { from: { cloud, key, path: image }, of, cpuArch };
  };
  return { descriptor: Buffer.from(descriptor), files: () => Promise.resolve({ warnings: [], contents, origins }) };
}
