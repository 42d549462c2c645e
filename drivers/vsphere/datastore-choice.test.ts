import type { Seen } from './collector';
import { bestOf, isUsable, isUsableBy } from './datastore-choice';

const host = (value: string) => ({ type: 'HostSystem', value });
const HOSTS = [host('host-1'), host('host-2')];
const mount = (value: string, more: object = {}) => ({
  $type: 'DatastoreHostMount',
  key: host(value),
  mountInfo: { $type: 'HostMountInfo', accessMode: 'readWrite', mounted: true, accessible: true, ...more },
});
function datastore(value: string, freeSpace: number, mounts?: unknown[], more: Record<string, unknown> = {}): Seen {
  const told = { 'summary.freeSpace': freeSpace, 'summary.accessible': true, ...(mounts ? { host: mounts } : {}), ...more };
  return { ref: { type: 'Datastore', value }, properties: new Map(Object.entries(told)), missing: new Map() };
}
const best = (...all: Seen[]) => bestOf(all, HOSTS)?.ref.value;

test('one that all hosts share goes before a host’s own disk, however much room that has', () => {
  const local = datastore('local', 900, [mount('host-1')]);
  const shared = datastore('shared', 10, [mount('host-1'), mount('host-2')]);
  expect(best(local, shared)).toBe('shared');
  expect(best(local)).toBe('local');
  expect(best(datastore('a', 1, [mount('host-1'), mount('host-2')]), shared)).toBe('shared');
});

test('of a cluster of one host, what several hosts reach goes first', () => {
  const more = { 'summary.multipleHostAccess': true };
  expect(bestOf([datastore('local', 900), datastore('shared', 1, undefined, more)], [])?.ref.value).toBe('shared');
});

test.each([
  ['read-only mounts', { accessMode: 'readOnly' }],
  ['what is not mounted', { mounted: false }],
  ['what a host does not reach', { accessible: false }],
] as const)('%s do not count', (_name, info) => {
  expect(isUsableBy(datastore('one', 1, [mount('host-1', info)]), HOSTS)).toBe(false);
  expect(isUsable(datastore('one', 1, [mount('host-1', info)]))).toBe(false);
  expect(isUsableBy(datastore('one', 1, [mount('host-1', info), mount('host-2')]), HOSTS)).toBe(true);
});

test('one in maintenance, or not accessible, takes nothing; what is not told is taken to be well', () => {
  expect(isUsable(datastore('one', 1, undefined, { 'summary.maintenanceMode': 'enteringMaintenance' }))).toBe(false);
  expect(isUsable(datastore('one', 1, undefined, { 'summary.accessible': false }))).toBe(false);
  expect(isUsableBy(datastore('one', 1), HOSTS)).toBe(true);
  expect(isUsableBy(datastore('one', 1, [mount('host-9')]), HOSTS)).toBe(false);
});
