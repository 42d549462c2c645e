import type { Answers, Cloud, Seen, SeenList } from '../clouds/cloud';
import type { Item, ReadableGroup } from '../clouds/driver';
import { encodeId } from '../clouds/identity';
import { giveWay, overdue } from '../model/turns';
import type { ResourceHandler } from '../operations/resource-handler';
import type { ResourceRow } from '../store/store';
import { oldestFirst } from './cloud-item';
import { inChunks, rowsOf, tagsOf, type TaggedAs } from './cloud-rows';
import { holdsOf, type Holds } from './list-holds';
import type { Parts, PathOfItem } from './merge';
import type { ReadableFound, Reading } from './reading';
import { isBehind, isBeingMade } from './retirement';
import { mayBeReadable } from './row-item';

/** One cloud's part of a list while it is put together. */
interface CloudList {
  handler: ResourceHandler;
  cloud: Cloud;
  group: ReadableGroup;
  rows: Map<string, ResourceRow>;
  byPath: Map<string, ResourceRow>;
  holds: Holds;
  /** Rows that readings took away, by the key that the thing had. */
  former: Map<string, ResourceRow>;
  pathOfItem: PathOfItem;
  /** Identities that items without a row say by their tag. */
  tags: ReadonlyMap<Item, TaggedAs>;
  at: number;
  /** Moments of items that were read by themselves after that, by key. */
  later: SeenList['later'];
}

/** An item that says by its tag, or by the key that was remembered of it, which resource it is. */
interface Tagged extends TaggedAs {
  item: Item;
}

type Entry = Pick<Parts, 'path' | 'tenant' | 'row' | 'item'>;

/** Lists what a cloud has of a type, each provider item and each row exactly once. @throws ProviderError */
export async function listCloud(
  reading: Reading,
  handler: ResourceHandler,
  group: ReadableGroup,
  cloud: Cloud,
): Promise<readonly ReadableFound[]> {
  // The provider is asked first: a row that a create records meanwhile is then newer than what was seen.
  const seen = await cloud.list(group);
  const { store } = reading.context;
  const asked = { type: handler.type, cloud, seen };
  const current = await reading.snapshots.current(reading, asked);
  if (current) return current;
  const mark = store.recent?.mark();
  const held = holdsOf(store, seen.value.length);
  const [listed, pathOfItem] = await Promise.all([
    rowsOf(reading, handler, cloud, seen.value, held.come),
    reading.pathsOf(cloud, handler.type, seen.value),
  ]);
  const keys = new Set(listed.map(({ row }) => row.providerKey));
  const without = seen.value.filter(({ key }) => !keys.has(key));
  const tags = tagsOf(reading.context, handler, cloud, without);
  const known = new Set(listed.map(({ row }) => row.path));
  const named = [...tags.values()].map(({ path }) => path).filter((path) => !known.has(path));
  const read = listed.concat(await inChunks(store, handler, cloud, named, 'paths'));
  const former = await reading.retirement.formersOf(without, cloud, handler.type);
  const rowless = (): string[] => [
    ...[...former, ...tags.values()].map(({ path }) => path),
    ...without.map((item) => underKey(reading, { handler, cloud }, item).path),
  ];
  const unknown = without.map(({ key }) => key);
  const { holds, rows } = await held.among(read, rowless, () => inChunks(store, handler, cloud, unknown, 'providerKeys'));
  const list: CloudList = {
    handler,
    cloud,
    group,
    // A row that was found by a tag may have got its key meanwhile: then it is that item's, of whichever tenant.
    rows: new Map(rows.flatMap((row) => (row.providerKey === null ? [] : [[row.providerKey, row] as const]))),
    byPath: new Map(rows.map((row) => [row.path, row])),
    holds,
    former: new Map(former.map((row) => [row.providerKey ?? '', row])),
    pathOfItem,
    tags,
    at: seen.at,
    later: seen.later,
  };
  const { shown, listed: paths, rowless: tagged, copies } = await fromItems(reading, list, seen.value);
  const ofTags = (await fromRowless(reading, list, tagged)).concat(await fromCopies(reading, list, copies));
  const ofRows = await fromUnlisted(reading, list, paths);
  const isPlain = tags.size === 0 && former.length === 0 && tagged.length === 0 && !ofRows.missing;
  const all = shown.concat(ofTags, ofRows.shown);
  if (isPlain && mark !== undefined) reading.snapshots.add(reading, asked, mark, all);
  return all;
}

/** Shows what the provider lists, each under the path of its row, its tag or its key. */
async function fromItems(
  reading: Reading,
  list: CloudList,
  items: readonly Item[],
): Promise<{ shown: ReadableFound[]; listed: Set<string>; rowless: Tagged[]; copies: Item[] }> {
  const shown: ReadableFound[] = [];
  const rowless: Tagged[] = [];
  const listed = new Set<string>();
  const tagged: Tagged[] = [];
  const copies: Item[] = [];
  for (const item of items) {
    if (overdue()) await giveWay(reading.tenant);
    const row = list.rows.get(item.key);
    if (row) {
      // Read again past the cache when a Job ended after the provider was asked.
      if (isBehind(reading.context, row, list.later?.get(item.key) ?? list.at)) continue;
      listed.add(row.path);
      show(reading, list, shown, { path: row.path, tenant: row.tenant, row, item });
      continue;
    }
    const former = list.former.get(item.key);
    if (former && reading.retirement.isItself(former, item, list.cloud)) {
      rowless.push({ item, path: former.path, tenant: former.tenant });
      continue;
    }
    const tag = list.tags.get(item);
    const own = tag && list.byPath.get(tag.path);
    if (tag && own?.providerKey == null) tagged.push({ item, ...tag });
    else if (own && isBeingMade(own, list.holds.has(own.path))) continue;
    else if (own && (list.holds.has(own.path) || isBehind(reading.context, own, list.at))) copies.push(item);
    else show(reading, list, shown, underKey(reading, list, item));
  }
  for (const { item, path, tenant } of tagged.sort((a, b) => (oldestFirst([a.item, b.item])[0] === a.item ? -1 : 1))) {
    const row = list.byPath.get(path);
    if (!listed.has(path)) {
      listed.add(path);
      if (row) show(reading, list, shown, { path, tenant: row.tenant, row, item });
      else rowless.push({ item, path, tenant });
    } else if (!row || !isBeingMade(row, list.holds.has(path))) copies.push(item);
  }
  return { shown, listed, rowless, copies };
}

/**
 * Shows copies that carry the tag of what has another item: made twice by a provider that forgets tokens, of which the Job takes back
 * one, in whatever process. So they are read again.
 */
async function fromCopies(reading: Reading, list: CloudList, copies: readonly Item[]): Promise<ReadableFound[]> {
  if (copies.length === 0) return [];
  const fresh = await list.cloud.getMany(
    list.group,
    copies.map(({ key }) => key),
    { maxAgeMs: 0 },
  );
  const anew = await readAnew(reading, list, fresh);
  const shown: ReadableFound[] = [];
  for (const copy of copies) {
    const now = fresh.value.get(copy.key) ?? (fresh.value.unknown.has(copy.key) ? copy : undefined);
    if (now && !now.gone) show(reading, anew, shown, underKey(reading, list, now));
  }
  return shown;
}

/**
 * Shows what is known to be ours and has no row: lost with the database, deleted since the provider was asked (the row goes
 * last), or back after it had been told to be gone. A deleted resource must not come back from the cache, so these are
 * read again.
 */
async function fromRowless(reading: Reading, list: CloudList, tagged: readonly Tagged[]): Promise<ReadableFound[]> {
  if (tagged.length === 0) return [];
  const keys = tagged.map(({ item }) => item.key);
  const fresh = await list.cloud.getMany(list.group, keys, { maxAgeMs: 0 });
  const anew = await readAnew(reading, list, fresh);
  // The id of a deleted resource stays its own: a clone with its tag is known by its key.
  const retired = await reading.context.store.retired(tagged.map(({ path }) => path));
  const shown: ReadableFound[] = [];
  for (const { item, path, tenant } of tagged) {
    const now = fresh.value.get(item.key) ?? (fresh.value.unknown.has(item.key) ? item : undefined);
    if (!now || now.gone) continue;
    const row = retired.has(path) ? await broughtBack(reading, list, now) : undefined;
    const own = row ? { path: row.path, tenant: row.tenant, row, item: now } : { path, tenant, row: undefined, item: now };
    show(reading, anew, shown, row || !retired.has(path) ? own : underKey(reading, list, now));
  }
  return shown;
}

/** The list for items that were read after it: it knows the paths of what they refer to, which the older items may not have referred to. */
async function readAnew(reading: Reading, list: CloudList, { value, at }: Seen<Answers>): Promise<CloudList> {
  return { ...list, at, pathOfItem: await reading.pathsOf(list.cloud, list.handler.type, [...value.values()]) };
}

async function broughtBack({ retirement }: Reading, { handler, cloud }: CloudList, item: Item): Promise<ResourceRow | undefined> {
  const former = await retirement.formerOf(item, cloud, handler.type);
  return former && retirement.bringBack(former, item);
}

function underKey({ context }: Reading, { handler, cloud }: Pick<CloudList, 'handler' | 'cloud'>, item: Item): Entry {
  const path = `${context.catalogue.pathOf(handler.type) ?? ''}/${encodeId(cloud.key, item.key)}`;
  return { path, tenant: cloud.discoveredTenant, row: undefined, item };
}

function show(reading: Reading, list: CloudList, shown: ReadableFound[], { path, tenant, row, item }: Entry): void {
  const { handler, cloud, holds, at, pathOfItem } = list;
  // Written out: a copy by spreading takes longer than all else that a known item needs.
  const found = reading.show({ path, type: handler.type, tenant, cloud, row, item, held: holds.get(path), at }, pathOfItem);
  if (found) shown.push(found);
}

/** Shows rows that the provider did not list: not made yet, or (missing) too new to be seen, changed since, failed, or gone. */
async function fromUnlisted(
  reading: Reading,
  list: CloudList,
  listed: ReadonlySet<string>,
): Promise<{ shown: ReadableFound[]; missing: boolean }> {
  const shown: ReadableFound[] = [];
  const missing: ResourceRow[] = [];
  for (const row of list.byPath.values()) {
    if (overdue()) await giveWay(reading.tenant);
    if (listed.has(row.path)) continue;
    if (row.providerKey === null) show(reading, list, shown, { path: row.path, tenant: row.tenant, row, item: undefined });
    else if (mayBeReadable(reading, row)) missing.push(row);
  }
  if (missing.length === 0) return { shown, missing: false };
  const keys = missing.flatMap((row) => row.providerKey ?? []);
  const fresh = await list.cloud.getMany(list.group, keys, { maxAgeMs: 0 });
  const isGone = ({ path, providerKey }: ResourceRow): boolean => {
    const key = providerKey ?? '';
    return !fresh.value.has(key) && !fresh.value.unknown.has(key) && !list.holds.has(path);
  };
  const staying = await reading.retirement.retireAll(missing.filter(isGone), list.cloud, list.group);
  const anew = await readAnew(reading, list, fresh);
  for (const row of missing.filter((each) => !isGone(each)).concat(staying)) {
    const item = fresh.value.get(row.providerKey ?? '');
    show(reading, anew, shown, { path: row.path, tenant: row.tenant, row, item });
  }
  return { shown, missing: true };
}
