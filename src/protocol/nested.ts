import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { decodeId, encodeId, readTag } from '../clouds/identity';
import type { Location } from '../model/catalogue';
import type { Family, Found } from '../operations/family';
import { asRef } from '../operations/merge';
import type { ResourceRow, StoreReads } from '../store/store';
import type { Protocol } from './context';
import type { Finder, FindOptions } from './finder';
import { settledAt } from './retirement';
import type { Lister } from './lister';
import type { PathOfItem } from './visible';

/** A collection that lives in another resource. */
export interface OwnedList {
  /** Path of the collection. */
  collection: string;
  owner: Found;
}

/** What the parts of several owners in one cloud have in common. */
interface Common {
  at: number;
  byOwner: ReadonlyMap<string | undefined, readonly Item[]>;
  rows: ReadonlyMap<string | null, readonly ResourceRow[]>;
  /** Rows that readings took away. */
  former: ReadonlyMap<string | null, readonly ResourceRow[]>;
  holds: Awaited<ReturnType<StoreReads['holds']>>;
  pathOfItem: PathOfItem;
}

/** Owners looked after before others have their turn. */
const SLICE = 200;

/** Items of collections that live in another resource: parts at a provider, and memberships that are derived. */
export class Nested {
  constructor(
    private readonly protocol: Protocol,
    private readonly finder: Finder,
    private readonly lister: Lister,
  ) {}

  /** Whether the type is one of these. */
  covers(location: Location, family: Family): boolean {
    return location.owner !== undefined && (family.group !== undefined || family.derived !== undefined);
  }

  /** One part of an owner that the tenant can see. */
  async find(location: Location, family: Family, tenant: string, options: FindOptions): Promise<Found | undefined> {
    const owner = location.owner && (await this.finder.find(location.owner.path, tenant));
    if (!owner || location.id === undefined) return undefined;
    if (family.derived) return (await this.list(location, family, tenant)).find((found) => found.path === location.path);
    const { cloud } = owner;
    const group = family.group;
    const row = (await this.protocol.store.resource(location.path)) ?? (await this.again(location.path, owner, family, options));
    const key = row ? row.providerKey : this.keyOf(location.id, cloud);
    const held = (await this.protocol.store.holds([location.path])).get(location.path);
    if (row && key === null) return this.finder.assemble(await this.finder.keyless(row, cloud, held ? undefined : group, held));
    if (!cloud || !group || !cloud.has(group) || !key) return undefined;
    let seen = await cloud.get(group, key, options);
    if (row && seen.at < settledAt(row)) seen = await cloud.get(group, key, { maxAgeMs: 0 });
    const item = seen.value && isPartOf(owner, seen.value, row) ? seen.value : undefined;
    if (!row && (!item || (await this.isKnown(family, cloud, owner, item)))) return undefined;
    // It is another owner's now: not here, and not gone.
    if (seen.value && !item && !held) return undefined;
    if (row && !seen.value && !held && (await this.finder.retirement.retire(row, cloud))) return undefined;
    return this.finder.assemble({ path: location.path, type: family.type, tenant: owner.tenant, cloud, row, item, held, at: seen.at });
  }

  /** All parts of an owner. */
  async list(location: Location, family: Family, tenant: string): Promise<Found[]> {
    const owner = location.owner && (await this.finder.find(location.owner.path, tenant));
    if (!owner) return [];
    const [founds = []] = await this.lists(family, [{ collection: location.collectionPath ?? '', owner }], tenant);
    return founds;
  }

  /** The parts of several owners, each owner's in its place; what they have in common is read once. @throws ProviderError */
  async lists(family: Family, asked: readonly OwnedList[], tenant: string): Promise<Found[][]> {
    const common = new Map<Cloud | null, Promise<Common>>();
    const members = new Map<string | undefined, Promise<readonly Found[]>>();
    const lists: Found[][] = [];
    for (const [index, one] of asked.entries()) {
      if (index % SLICE === SLICE - 1) await nextTurn();
      const { cloud } = one.owner;
      if (family.derived) {
        const others = members.get(cloud?.key) ?? this.othersOf(family, tenant, cloud?.key);
        members.set(cloud?.key, others);
        lists.push(membersOf(family, one, await others));
      } else {
        const known = common.get(cloud) ?? this.commonOf(family, cloud, asked);
        common.set(cloud, known);
        lists.push(await this.parts(family, one, await known));
      }
    }
    return lists;
  }

  private keyOf(id: string, cloud: Cloud | null): string | undefined {
    const decoded = decodeId(id);
    return decoded && decoded.cloudKey === cloud?.key ? decoded.providerKey : undefined;
  }

  /** Whether a part of this owner goes by another id than its key's. */
  private async isKnown({ type }: Family, cloud: Cloud, owner: Found, item: Item): Promise<boolean> {
    const rows = await this.protocol.store.resources({ type, cloud: cloud.key, providerKeys: [item.key] });
    const former = rows.length > 0 ? undefined : await this.finder.retirement.formerOf(item, cloud, type);
    return [...rows, ...(former ? [former] : [])].some((row) => row.owner === owner.path);
  }

  /** The row of a part that a reading had found gone and the provider shows again. */
  private async again(path: string, owner: Found, { group }: Family, options: FindOptions): Promise<ResourceRow | undefined> {
    const [former] = await this.protocol.store.takenAway({ paths: [path] });
    const { cloud } = owner;
    if (!former?.providerKey || !group || !cloud?.has(group)) return undefined;
    const { value } = await cloud.get(group, former.providerKey, options);
    return value && isPartOf(owner, value, former) ? this.broughtBack(former, value, cloud) : undefined;
  }

  private async broughtBack(former: ResourceRow, item: Item, cloud: Cloud): Promise<ResourceRow | undefined> {
    return this.finder.retirement.isItself(former, item, cloud) ? this.finder.retirement.bringBack(former, item) : undefined;
  }

  /** What the parts of all these owners in one cloud are put together from. */
  private async commonOf(family: Family, cloud: Cloud | null, asked: readonly OwnedList[]): Promise<Common> {
    const { group, type } = family;
    const { store } = this.protocol;
    const owners = asked.flatMap(({ owner }) => (owner.cloud === cloud ? [owner] : []));
    const seen =
      cloud && group && cloud.has(group) && owners.some(({ key }) => key !== undefined)
        ? await cloud.list(group)
        : { value: [], at: Date.now() };
    const byOwner = grouped(seen.value, ({ owner }) => owner);
    const items = owners.flatMap(({ key }) => (key === undefined ? [] : (byOwner.get(key) ?? [])));
    const [rows, holds, pathOfItem] = await Promise.all([
      store.resources({ type, owners: owners.map(({ path }) => path) }),
      store.holds(),
      this.finder.pathsOf(cloud, items),
    ]);
    const known = new Set(rows.map(({ providerKey }) => providerKey));
    const without = items.filter(({ key }) => !known.has(key));
    const former = cloud ? await this.finder.retirement.formersOf(without, cloud, type) : [];
    return {
      at: seen.at,
      byOwner,
      rows: grouped(rows, ({ owner }) => owner),
      former: grouped(former, ({ owner }) => owner),
      holds,
      pathOfItem,
    };
  }

  private async parts({ group, type }: Family, { collection, owner }: OwnedList, common: Common): Promise<Found[]> {
    const { cloud } = owner;
    const { holds, pathOfItem } = common;
    const rows = common.rows.get(owner.path) ?? [];
    const byKey = new Map(rows.map((row) => [row.providerKey, row]));
    const listed = new Set<string>();
    const founds: Found[] = [];
    const show = (path: string, row: ResourceRow | undefined, item: Item | undefined, at: number): void => {
      founds.push(this.finder.assembleWith({ path, type, tenant: owner.tenant, cloud, row, item, held: holds.get(path), at }, pathOfItem));
    };
    for (const item of owner.key === undefined ? [] : (common.byOwner.get(owner.key) ?? [])) {
      const row =
        byKey.get(item.key) ?? this.unrecorded(rows, collection, item, owner) ?? (await this.backInList(owner, common, group, item));
      if (row && (listed.has(row.path) || settledAt(row) > common.at)) continue;
      if (row) listed.add(row.path);
      show(row?.path ?? `${collection}/${encodeId(cloud?.key ?? '', item.key)}`, row, item, common.at);
    }
    const missing = rows.filter((row) => !listed.has(row.path));
    for (const { row, item, at } of await this.unlisted(owner, group, missing, holds)) show(row.path, row, item, at);
    return founds;
  }

  /** Rows that the provider did not list, those of what is gone or another owner's left out. */
  private async unlisted(
    owner: Found,
    group: Family['group'],
    missing: readonly ResourceRow[],
    holds: Common['holds'],
  ): Promise<{ row: ResourceRow; item: Item | undefined; at: number }[]> {
    const { cloud } = owner;
    const keys = missing.flatMap((row) => row.providerKey ?? []);
    const fresh = cloud && group && keys.length > 0 ? await cloud.getMany(group, keys, { maxAgeMs: 0 }) : undefined;
    const at = fresh?.at ?? Date.now();
    const there: { row: ResourceRow; item: Item | undefined; at: number }[] = [];
    for (const row of missing) {
      const key = row.providerKey ?? '';
      const item = fresh?.value.get(key);
      const free = row.providerKey !== null && fresh !== undefined && !holds.has(row.path);
      if (free && item && !isPartOf(owner, item, row)) continue;
      if (free && cloud && !item && !fresh.value.unknown.has(key) && (await this.finder.retirement.retire(row, cloud))) continue;
      there.push({ row, item, at });
    }
    return there;
  }

  /** The list may be older than what took the row away: it is read again before anything comes back. */
  private async backInList(owner: Found, common: Common, group: Family['group'], item: Item): Promise<ResourceRow | undefined> {
    const { cloud } = owner;
    const former = common.former.get(owner.path)?.find((row) => row.providerKey === item.key);
    if (!former || !cloud || !group) return undefined;
    const { value } = await cloud.get(group, item.key, { maxAgeMs: 0 });
    return value && this.broughtBack(former, value, cloud);
  }

  /** The row whose create made the item and has not recorded its key yet. */
  private unrecorded(rows: readonly ResourceRow[], collection: string, item: Item, owner: Found): ResourceRow | undefined {
    const tag = item.tag === undefined ? undefined : readTag(this.protocol.tagKey, item.tag, [owner.tenant]);
    return tag && rows.find((row) => row.path === `${collection}/${tag.id}` && row.providerKey === null);
  }

  /** What memberships are told by: the resources of the other type. */
  private async othersOf({ derived }: Family, tenant: string, cloudKey: string | undefined): Promise<readonly Found[]> {
    const other = derived && this.protocol.familyOf(derived.from);
    return other ? (await this.lister.list(other, { tenant, cloudKey })).founds : [];
  }
}

/** What does not say whose it is may still be this owner's, where the row says so. */
function isPartOf(owner: Found, item: Item, row: ResourceRow | undefined): boolean {
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

/** Memberships: one for each resource of the other type that refers to the owner. */
function membersOf({ derived: rule, type }: Family, { collection, owner }: OwnedList, others: readonly Found[]): Found[] {
  if (!rule) return [];
  return others
    .filter((found) => (rule.through === null ? found.item?.owner === owner.key : asRef(found.values[rule.through])?.href === owner.path))
    .map((found) => ({
      path: `${collection}/${found.path.split('/').at(-1) ?? ''}`,
      type,
      tenant: found.tenant,
      cloud: found.cloud,
      row: undefined,
      item: fixedItem(owner, found),
      key: undefined,
      values: { [rule.as]: { href: found.path } },
      held: found.held,
      at: found.at,
      derived: true,
    }));
}

/** A membership is the provider's between two resources that it set up both, and where it does not release the one from the other. */
function fixedItem(owner: Found, other: Found): Item | undefined {
  if (!other.item) return undefined;
  const { edit, release } = other.item.refuses ?? {};
  const reason = edit === undefined ? undefined : owner.item?.refuses?.edit;
  if (reason !== undefined) return { key: other.item.key, values: {}, refuses: { edit: reason, delete: reason } };
  return release === undefined ? undefined : { key: other.item.key, values: {}, refuses: { delete: release } };
}
