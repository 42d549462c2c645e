import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { decodeId, encodeId, readTag } from '../clouds/identity';
import { giveWay } from '../model/turns';
import type { ResourceHandler } from '../operations/resource-handler';
import type { ResourceRow } from '../store/store';
import { holdsOf, type Holds } from './list-holds';
import type { Parts, PathOfItem } from './merge';
import type { ItemAt, OwnedList, ReadableFound, Reading, ReadOptions, ReadStrategy } from './reading';
import { isBehind } from './retirement';
import { withoutKey } from './row-item';
import { steadyTime } from '../model/steady-time';

/** Knowledge that the parts of several owners in one cloud have in common. */
interface Common {
  at: number;
  byOwner: ReadonlyMap<string | undefined, readonly Item[]>;
  rows: ReadonlyMap<string | null, readonly ResourceRow[]>;
  /** Rows that readings took away. */
  former: ReadonlyMap<string | null, readonly ResourceRow[]>;
  holds: Holds;
  pathOfItem: PathOfItem;
}

/** Owners looked after before others have their turn. */
const SLICE = 200;

/** Resources that are parts of another one at its provider (the Disks of a Machine). */
export const parts: ReadStrategy = {
  async one(reading, at, options) {
    const { path, id, handler, owner } = at;
    if (!owner) return undefined;
    const { context, retirement } = reading;
    const { cloud } = owner;
    const { group, type } = handler;
    // Before the look for a row: what a Job held that ends in between has one then.
    const holds = await context.store.holds([path]);
    const known = await context.store.heldResource(path);
    const row = known?.row ?? (await again(reading, at, owner, options));
    const held = known ? known.held : holds.get(path);
    const key = row ? row.providerKey : keyOf(id, cloud);
    if (row && key === null) return reading.showOne(await withoutKey(reading, row, cloud, held ? undefined : group, held), owner);
    if (!cloud || !group || !cloud.has(group) || !key) return undefined;
    let seen = await cloud.get(group, key, options);
    if (row && isBehind(reading.context, row, seen.at)) seen = await cloud.get(group, key, { maxAgeMs: 0 });
    const item = seen.value && isPartOf(owner, seen.value, row) ? seen.value : undefined;
    if (!row && (!item || (await isKnown(reading, at, cloud, owner, item)))) return undefined;
    // It is another owner's now: not here, and not gone.
    if (seen.value && !item && !held) return undefined;
    if (row && !seen.value && !held && (await retirement.retire(row, cloud))) return undefined;
    return reading.showOne({ path, type, tenant: owner.tenant, cloud, row, item, held, at: seen.at }, owner);
  },
};

/** Lists the parts of several owners, each owner's in its place; what they have in common is read once. @throws ProviderError */
export async function nestedParts(reading: Reading, handler: ResourceHandler, asked: readonly OwnedList[]): Promise<ReadableFound[][]> {
  const common = new Map<Cloud | null, Promise<Common>>();
  const lists: ReadableFound[][] = [];
  for (const [index, one] of asked.entries()) {
    if (index % SLICE === SLICE - 1) await giveWay();
    const { cloud } = one.owner;
    const known = common.get(cloud) ?? commonOf(reading, handler, cloud, asked);
    common.set(cloud, known);
    lists.push(await partsOf(reading, handler, one, await known));
  }
  return lists;
}

function keyOf(id: string, cloud: Cloud | null): string | undefined {
  const decoded = decodeId(id);
  return decoded && decoded.cloudKey === cloud?.key ? decoded.providerKey : undefined;
}

/** Tells whether a part of this owner goes by another id than its key's. */
async function isKnown(
  { context, retirement }: Reading,
  { path, handler: { type } }: ItemAt,
  cloud: Cloud,
  owner: ReadableFound,
  item: Item,
): Promise<boolean> {
  const all = await context.store.resources({ type, cloud: cloud.key, providerKeys: [item.key] });
  // A change that was accepted a moment ago gave it a row.
  const rows = all.filter((row) => row.path !== path);
  const former = all.length > 0 ? undefined : await retirement.formerOf(item, cloud, type);
  return [...rows, ...(former ? [former] : [])].some((row) => row.owner === owner.path);
}

/** Brings back the row of a part that a reading had found gone and the provider shows again. */
async function again(
  reading: Reading,
  { path, handler: { group } }: ItemAt,
  owner: ReadableFound,
  options: ReadOptions,
): Promise<ResourceRow | undefined> {
  const [former] = await reading.context.store.takenAway({ paths: [path] });
  const { cloud } = owner;
  if (!former?.providerKey || !group || !cloud?.has(group)) return undefined;
  const { value } = await cloud.get(group, former.providerKey, options);
  return value && isPartOf(owner, value, former) ? broughtBack(reading, former, value, cloud) : undefined;
}

async function broughtBack({ retirement }: Reading, former: ResourceRow, item: Item, cloud: Cloud): Promise<ResourceRow | undefined> {
  return retirement.isItself(former, item, cloud) ? retirement.bringBack(former, item) : undefined;
}

/** Reads what the parts of all these owners in one cloud are put together from. */
async function commonOf(
  reading: Reading,
  { group, type }: ResourceHandler,
  cloud: Cloud | null,
  asked: readonly OwnedList[],
): Promise<Common> {
  const { store } = reading.context;
  const owners = asked.flatMap(({ owner }) => (owner.cloud === cloud ? [owner] : []));
  const seen =
    cloud && group && cloud.has(group) && owners.some(({ key }) => key !== undefined)
      ? await cloud.list(group)
      : { value: [], at: steadyTime() };
  const byOwner = grouped(seen.value, ({ owner }) => owner);
  const items = owners.flatMap(({ key }) => (key === undefined ? [] : (byOwner.get(key) ?? [])));
  const held = holdsOf(store, items.length);
  const [read, pathOfItem] = await Promise.all([
    held.come.then(() => store.heldResources({ type, owners: owners.map(({ path }) => path) })),
    reading.pathsOf(cloud, type, items),
  ]);
  const known = new Set(read.map(({ row }) => row.providerKey));
  const without = items.filter(({ key }) => !known.has(key));
  const former = cloud ? await reading.retirement.formersOf(without, cloud, type) : [];
  const rowless = (): string[] => [
    ...former.map(({ path }) => path),
    ...asked.flatMap((list) => (byOwner.get(list.owner.key) ?? []).flatMap((item) => (known.has(item.key) ? [] : [underKey(list, item)]))),
  ];
  const again = async () => (cloud ? store.heldResources({ type, cloud: cloud.key, providerKeys: without.map(({ key }) => key) }) : []);
  const { holds, rows } = await held.among(read, rowless, again);
  return {
    at: seen.at,
    byOwner,
    rows: grouped(rows, ({ owner }) => owner),
    former: grouped(former, ({ owner }) => owner),
    holds,
    pathOfItem,
  };
}

const underKey = ({ collection, owner }: OwnedList, { key }: Item): string => `${collection}/${encodeId(owner.cloud?.key ?? '', key)}`;

async function partsOf(reading: Reading, { group, type }: ResourceHandler, list: OwnedList, common: Common): Promise<ReadableFound[]> {
  const { collection, owner } = list;
  const { cloud } = owner;
  const { holds } = common;
  const rows = common.rows.get(owner.path) ?? [];
  const byKey = new Map(rows.map((row) => [row.providerKey, row]));
  const listed = new Set<string>();
  const founds: ReadableFound[] = [];
  const show = (path: string, { row, item, at }: Pick<Parts, 'row' | 'item' | 'at'>, pathOfItem: PathOfItem): void => {
    const whole = { path, type, tenant: owner.tenant, cloud, row, item, held: holds.get(path), at };
    const found = reading.show(whole, pathOfItem, owner);
    if (found) founds.push(found);
  };
  for (const item of owner.key === undefined ? [] : (common.byOwner.get(owner.key) ?? [])) {
    const row =
      byKey.get(item.key) ?? unrecorded(reading, rows, collection, item, owner) ?? (await backInList(reading, owner, common, group, item));
    if (row && (listed.has(row.path) || isBehind(reading.context, row, common.at))) continue;
    if (row) listed.add(row.path);
    show(row?.path ?? underKey(list, item), { row, item, at: common.at }, common.pathOfItem);
  }
  const missing = rows.filter((row) => !listed.has(row.path));
  const readAnew = await unlisted(reading, owner, group, missing, holds);
  const pathOfItem = await reading.pathsOf(
    cloud,
    type,
    readAnew.flatMap(({ item }) => item ?? []),
  );
  for (const each of readAnew) show(each.row.path, each, pathOfItem);
  return founds;
}

/** Selects rows that the provider did not list; those of what is gone or another owner's are left out. */
async function unlisted(
  { retirement }: Reading,
  owner: ReadableFound,
  group: ResourceHandler['group'],
  missing: readonly ResourceRow[],
  holds: Common['holds'],
): Promise<{ row: ResourceRow; item: Item | undefined; at: number }[]> {
  const { cloud } = owner;
  const keys = missing.flatMap((row) => row.providerKey ?? []);
  const fresh = cloud && group && keys.length > 0 ? await cloud.getMany(group, keys, { maxAgeMs: 0 }) : undefined;
  const at = fresh?.at ?? steadyTime();
  const there: { row: ResourceRow; item: Item | undefined; at: number }[] = [];
  for (const row of missing) {
    const key = row.providerKey ?? '';
    const item = fresh?.value.get(key);
    const free = row.providerKey !== null && fresh !== undefined && !holds.has(row.path);
    if (free && item && !isPartOf(owner, item, row)) continue;
    if (free && cloud && !item && !fresh.value.unknown.has(key) && (await retirement.retire(row, cloud))) continue;
    there.push({ row, item, at });
  }
  return there;
}

/** The list may be older than what took the row away: it is read again before anything comes back. */
async function backInList(
  reading: Reading,
  owner: ReadableFound,
  common: Common,
  group: ResourceHandler['group'],
  item: Item,
): Promise<ResourceRow | undefined> {
  const { cloud } = owner;
  const former = common.former.get(owner.path)?.find((row) => row.providerKey === item.key);
  if (!former || !cloud || !group) return undefined;
  const { value } = await cloud.get(group, item.key, { maxAgeMs: 0 });
  return value && broughtBack(reading, former, value, cloud);
}

/** Finds the row whose create made the item and has not recorded its key yet. */
function unrecorded(
  { context }: Reading,
  rows: readonly ResourceRow[],
  collection: string,
  item: Item,
  owner: ReadableFound,
): ResourceRow | undefined {
  const tag = item.tag === undefined ? undefined : readTag(context.tagKey, item.tag, [owner.tenant]);
  return tag && rows.find((row) => row.path === `${collection}/${tag.id}` && row.providerKey === null);
}

/** Tells whether an item is part of the owner; one that does not say whose it is may still be, where the row says so. */
function isPartOf(owner: ReadableFound, item: Item, row: ResourceRow | undefined): boolean {
  return item.owner === owner.key || (item.owner === undefined && row?.owner === owner.path);
}

function grouped<T, K>(all: readonly T[], key: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}
