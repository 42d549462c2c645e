import type { Catalogue } from '../model/catalogue';
import type { DigestAlgorithm } from '../ovf/manifest';
import type { NewResourceRow, ResourcePath, ResourceRow, StoreReads, UnitOfWork } from '../store/store';
import type { PackagedImage } from './package-images';
import type { SourcedFile } from './package-builder';

/** Type of the rows of packages: none of the standard's, and none that the protocol serves. */
export const PACKAGE = 'Package';
/** Folder of the packages below the public URL. */
export const FOLDER = 'packages';
/** Names of files that every package has. */
export const [DESCRIPTOR, MANIFEST] = ['package.ovf', 'package.mf'];
/** Name of the archive of all of them. */
export const ARCHIVE = 'package.ova';

/** File of a package, once the package is whole. */
export interface PackagedFile extends SourcedFile {
  key: string;
  /** Bytes of the disk in the file: what the descriptor says. */
  capacity: number;
  /** Bytes and digest of the file as it is served; known once it was read to its end. */
  read?: { size: number; hex: string };
}

/** Record that the gateway keeps of a package: how it is made, not its bytes. */
export interface PackageRecord {
  /** Path of what was exported. */
  of: ResourcePath;
  /** Paths of what its contents are of, by their ids in the descriptor; absent in packages of before. */
  origins?: Readonly<Record<string, ResourcePath>>;
  algorithm: DigestAlgorithm;
  /** Absent until the package is whole. */
  descriptor?: string;
  files: readonly PackagedFile[];
  /** Images that were made for it, and go with it. */
  temporary: readonly Pick<PackagedImage, 'path' | 'type'>[];
  /** Time at which it goes, ms since the epoch by the database's clock; absent until it is whole. */
  expires?: number;
  /** Time for which it is kept after it was last imported, ms. */
  keepMs?: number;
  /** True once a Job takes it away. */
  going?: true;
}

/** Path of a package's row; also that of its folder below the public URL. */
export const packagePath = (id: string): ResourcePath => `${FOLDER}/${id}`;

/** Row of a package that is being written. */
export function packageRow(path: ResourcePath, tenant: string, record: PackageRecord): NewResourceRow {
  return {
    ...{ path, type: PACKAGE, tenant, cloud: null, providerKey: null, owner: null, state: null, values: {}, secrets: null },
    internal: { record } as unknown as NewResourceRow['internal'],
  };
}

/** Paths of all that a package is of, by what its reader must be able to do to them: who may not export that may not have it. */
export function contentsOf(
  catalogue: Catalogue,
  { of, origins = {} }: Pick<PackageRecord, 'of' | 'origins'>,
): { export: ResourcePath[]; read: ResourcePath[] } {
  const paths = [...new Set([of, ...Object.values(origins)])];
  const isExported = (path: ResourcePath): boolean => {
    const type = catalogue.locate(path)?.type;
    return type !== undefined && catalogue.action(type, 'export') !== undefined;
  };
  return { export: paths.filter(isExported), read: paths.filter((path) => !isExported(path)) };
}

/** A package of a tenant by its path; undefined where there is none, or it is another's. */
export async function packageAt(
  store: Pick<StoreReads, 'resource'>,
  tenant: string,
  path: ResourcePath,
): Promise<PackageRecord | undefined> {
  const row = await store.resource(path);
  return row?.type === PACKAGE && row.tenant === tenant ? recordOf(row) : undefined;
}

export function recordOf({ internal }: Pick<ResourceRow, 'internal'>): PackageRecord {
  return internal.record as unknown as PackageRecord;
}

/** Changes what is kept of a package, as part of a transaction; nothing where it is not there any more. */
export async function changeRecord(unit: UnitOfWork, path: ResourcePath, change: (record: PackageRecord) => PackageRecord): Promise<void> {
  const row = await unit.resource(path);
  if (row?.type !== PACKAGE) return;
  const internal = { ...row.internal, record: change(recordOf(row)) } as unknown as ResourceRow['internal'];
  await unit.updateResource(path, row.version, { internal });
}
