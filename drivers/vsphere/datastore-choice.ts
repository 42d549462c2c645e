import type { Seen } from './collector';
import { refOf, text } from './machine-item';
import { isA, type Ref, type Typed } from './types';

/** Properties of datastores by which one is chosen for something new. */

export const DATASTORE_PATHS: readonly string[] = [
  ...['name', 'parent', 'host'],
  ...['summary.accessible', 'summary.freeSpace', 'summary.maintenanceMode', 'summary.multipleHostAccess'],
];

const STORAGE_DRS = 'podStorageDrsEntry.storageDrsConfig.podConfig.enabled';
/** Properties of datastore clusters (storage pods) that are read. */
export const POD_PATHS: readonly string[] = ['name', 'parent', STORAGE_DRS];

/** Tells whether a datastore cluster's storage DRS chooses among its members. */
export const isPodInCharge = ({ ref, properties }: Seen): boolean => ref.type === 'StoragePod' && properties.get(STORAGE_DRS) === true;

/** Tells whether a datastore takes something new: accessible, not in or on its way into maintenance, and written to by some host. */
export function isUsable(datastore: Seen): boolean {
  const isOpen = datastore.properties.get('summary.accessible') !== false;
  const mode = text(datastore, 'summary.maintenanceMode');
  return isOpen && ['normal', undefined].includes(mode) && mountsOf(datastore)?.some(isWritable) !== false;
}

/** The same for one of these hosts. Where vCenter tells no mounts, each host is taken to have it. */
export function isUsableBy(datastore: Seen, hosts: readonly Ref[]): boolean {
  return isUsable(datastore) && (hosts.length === 0 || writersOf(datastore, hosts) > 0);
}

/** The datastore that the most of these hosts write to; of those, one that several hosts reach, with the most free space. */
export function bestOf(usable: readonly Seen[], hosts: readonly Ref[]): Seen | undefined {
  const rank = (seen: Seen): readonly number[] => [writersOf(seen, hosts), isShared(seen) ? 1 : 0, freeOf(seen)];
  return [...usable].sort((a, b) => compare(rank(b), rank(a)) || (a.ref.value < b.ref.value ? -1 : 1))[0];
}

export const isShared = ({ properties }: Seen): boolean => properties.get('summary.multipleHostAccess') === true;

/** Free bytes of a datastore. */
export const freeOf = ({ properties }: Seen): number => {
  const free = properties.get('summary.freeSpace');
  return typeof free === 'number' ? free : 0;
};

function writersOf(datastore: Seen, hosts: readonly Ref[]): number {
  const mounts = mountsOf(datastore);
  if (!mounts) return hosts.length;
  const writers = new Set(mounts.filter(isWritable).map(({ key }) => refOf(key)?.value));
  return hosts.filter(({ value }) => writers.has(value)).length;
}

type Mount = Typed<'DatastoreHostMount'>;

function mountsOf({ properties }: Seen): Mount[] | undefined {
  const told = properties.get('host');
  return Array.isArray(told) ? told.filter((each): each is Mount => isA(each, 'DatastoreHostMount')) : undefined;
}

function isWritable({ mountInfo }: Mount): boolean {
  return mountInfo?.accessMode !== 'readOnly' && mountInfo?.mounted !== false && mountInfo?.accessible !== false;
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((each, index) => each - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
