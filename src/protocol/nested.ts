import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { decodeId, encodeId, readTag } from '../clouds/identity';
import type { Location } from '../model/catalogue';
import type { Family, Found } from '../operations/family';
import { asRef } from '../operations/merge';
import type { ResourceRow, StoreReads } from '../store/store';
import type { Protocol } from './context';
import { settledAt, type Finder, type FindOptions } from './finder';
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
    const row = await this.protocol.store.resource(location.path);
    const key = row ? row.providerKey : this.keyOf(location.id, cloud);
    const held = (await this.protocol.store.holds([location.path])).get(location.path);
    if (row && key === null) return this.finder.assemble(await this.finder.keyless(row, cloud, held ? undefined : group, held));
    if (!cloud || !group || !cloud.has(group) || !key) return undefined;
    let seen = await cloud.get(group, key, options);
    if (row && seen.at < settledAt(row)) seen = await cloud.get(group, key, { maxAgeMs: 0 });
    // What does not say whose it is may still be this owner's, where the row says so.
    const item = seen.value?.owner === owner.key || (row && seen.value && seen.value.owner === undefined) ? seen.value : undefined;
    if (!row && (!item || (await this.hasRow(family, cloud, key)))) return undefined;
    if (row && !item && !held && (await this.finder.retire(row, cloud))) return undefined;
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

  private async hasRow(family: Family, cloud: Cloud, key: string): Promise<boolean> {
    return (await this.protocol.store.resources({ type: family.type, cloud: cloud.key, providerKeys: [key] })).length > 0;
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
    const [rows, holds, pathOfItem] = await Promise.all([
      store.resources({ type, owners: owners.map(({ path }) => path) }),
      store.holds(),
      this.finder.pathsOf(
        cloud,
        owners.flatMap(({ key }) => (key === undefined ? [] : (byOwner.get(key) ?? []))),
      ),
    ]);
    return { at: seen.at, byOwner, rows: grouped(rows, ({ owner }) => owner), holds, pathOfItem };
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
      const row = byKey.get(item.key) ?? this.unrecorded(rows, collection, item, owner);
      if (row && (listed.has(row.path) || settledAt(row) > common.at)) continue;
      if (row) listed.add(row.path);
      show(row?.path ?? `${collection}/${encodeId(cloud?.key ?? '', item.key)}`, row, item, common.at);
    }
    const missing = rows.filter((row) => !listed.has(row.path));
    const keys = missing.flatMap((row) => row.providerKey ?? []);
    const fresh = cloud && group && keys.length > 0 ? await cloud.getMany(group, keys, { maxAgeMs: 0 }) : undefined;
    for (const row of missing) {
      const item = fresh?.value.get(row.providerKey ?? '');
      const gone = row.providerKey !== null && !item && fresh?.value.unknown.has(row.providerKey) === false && !holds.has(row.path);
      if (gone && cloud && (await this.finder.retire(row, cloud))) continue;
      show(row.path, row, item, fresh?.at ?? Date.now());
    }
    return founds;
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
