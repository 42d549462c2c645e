import type { Cloud } from '../clouds/cloud';
import type { Item, ListedGroup } from '../clouds/driver';
import { decodeId, encodeId, readTag } from '../clouds/identity';
import type { Location } from '../model/catalogue';
import type { Family, Found } from '../operations/family';
import { asRef } from '../operations/merge';
import type { ResourceRow } from '../store/store';
import type { Protocol } from './context';
import { settledAt, type Finder, type FindOptions } from './finder';
import type { Listing, Lister } from './lister';

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
    if (family.derived) return (await this.derived(location, family, owner, tenant)).find((found) => found.path === location.path);
    const { cloud } = owner;
    const group = family.group;
    const row = await this.protocol.store.resource(location.path);
    const key = row ? row.providerKey : this.keyOf(location.id, cloud);
    const held = (await this.protocol.store.holds([location.path])).get(location.path);
    if (row && key === null)
      return this.finder.assemble({ path: row.path, type: row.type, tenant, cloud, row, item: undefined, held, at: Date.now() });
    if (!cloud || !group || !cloud.has(group) || !key) return undefined;
    let seen = await cloud.get(group, key, options);
    if (row && seen.at < settledAt(row)) seen = await cloud.get(group, key, { maxAgeMs: 0 });
    const item = seen.value?.owner === owner.key ? seen.value : undefined;
    if (!row && (!item || (await this.hasRow(family, cloud, key)))) return undefined;
    if (row && !item && !held && (await this.finder.retire(row, cloud))) return undefined;
    return this.finder.assemble({ path: location.path, type: family.type, tenant: owner.tenant, cloud, row, item, held, at: seen.at });
  }

  /** All parts of an owner. */
  async list(location: Location, family: Family, tenant: string, maxAgeMs?: number): Promise<Listing> {
    const owner = location.owner && (await this.finder.find(location.owner.path, tenant));
    if (!owner) return { founds: [], unavailable: [] };
    const founds = family.derived
      ? await this.derived(location, family, owner, tenant)
      : await this.parts(location, family, owner, maxAgeMs);
    return { founds, unavailable: [] };
  }

  private keyOf(id: string, cloud: Cloud | null): string | undefined {
    const decoded = decodeId(id);
    return decoded && decoded.cloudKey === cloud?.key ? decoded.providerKey : undefined;
  }

  private async hasRow(family: Family, cloud: Cloud, key: string): Promise<boolean> {
    return (await this.protocol.store.resources({ type: family.type, cloud: cloud.key, providerKeys: [key] })).length > 0;
  }

  private async parts(location: Location, family: Family, owner: Found, maxAgeMs?: number): Promise<Found[]> {
    const { cloud } = owner;
    const { group, type } = family;
    const collection = location.collectionPath ?? '';
    const { store } = this.protocol;
    const items =
      cloud && group && cloud.has(group) && owner.key !== undefined
        ? await this.itemsOf(cloud, group, owner.key, maxAgeMs)
        : { items: [], at: Date.now() };
    const [rows, holds, pathOfItem] = await Promise.all([
      store.resources({ type, owner: owner.path }),
      store.holds(),
      this.finder.pathsOf(cloud, items.items),
    ]);
    const byKey = new Map(rows.map((row) => [row.providerKey, row]));
    const listed = new Set<string>();
    const founds: Found[] = [];
    const show = (path: string, row: ResourceRow | undefined, item: Item | undefined, at: number): void => {
      founds.push(this.finder.assembleWith({ path, type, tenant: owner.tenant, cloud, row, item, held: holds.get(path), at }, pathOfItem));
    };
    for (const item of items.items) {
      const row = byKey.get(item.key) ?? this.unrecorded(rows, collection, item, owner);
      if (row && (listed.has(row.path) || settledAt(row) > items.at)) continue;
      if (row) listed.add(row.path);
      show(row?.path ?? `${collection}/${encodeId(cloud?.key ?? '', item.key)}`, row, item, items.at);
    }
    const missing = rows.filter((row) => !listed.has(row.path));
    const keys = missing.flatMap((row) => row.providerKey ?? []);
    const fresh = cloud && group && keys.length > 0 ? await cloud.getMany(group, keys, { maxAgeMs: 0 }) : undefined;
    for (const row of missing) {
      const item = fresh?.value.get(row.providerKey ?? '');
      if (row.providerKey !== null && !item && cloud && !holds.has(row.path) && (await this.finder.retire(row, cloud))) continue;
      show(row.path, row, item, fresh?.at ?? Date.now());
    }
    return founds;
  }

  private async itemsOf(
    cloud: Cloud,
    group: ListedGroup,
    owner: string,
    maxAgeMs: number | undefined,
  ): Promise<{ items: Item[]; at: number }> {
    const seen = await cloud.list(group, maxAgeMs === undefined ? {} : { maxAgeMs });
    return { items: seen.value.filter((item) => item.owner === owner), at: seen.at };
  }

  /** The row whose create made the item and has not recorded its key yet. */
  private unrecorded(rows: readonly ResourceRow[], collection: string, item: Item, owner: Found): ResourceRow | undefined {
    const tag = item.tag === undefined ? undefined : readTag(this.protocol.tagKey, item.tag, [owner.tenant]);
    return tag && rows.find((row) => row.path === `${collection}/${tag.id}` && row.providerKey === null);
  }

  /** Memberships: one for each resource of the other type that refers to the owner. */
  private async derived(location: Location, family: Family, owner: Found, tenant: string): Promise<Found[]> {
    const rule = family.derived;
    const other = rule && this.protocol.familyOf(rule.from);
    if (!rule || !other) return [];
    const { founds } = await this.lister.list(other, { tenant, cloudKey: owner.cloud?.key });
    return founds
      .filter((found) => (rule.through === null ? found.item?.owner === owner.key : asRef(found.values[rule.through])?.href === owner.path))
      .map((found) => ({
        path: `${location.collectionPath ?? ''}/${found.path.split('/').at(-1) ?? ''}`,
        type: family.type,
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
}

/** Between two resources that the provider set up both, a membership is the provider's too. */
function fixedItem(owner: Found, other: Found): Item | undefined {
  const reason = owner.item?.refuses?.edit;
  if (reason === undefined || other.item?.refuses?.edit === undefined) return undefined;
  return { key: other.item.key, values: {}, refuses: { edit: reason, delete: reason } };
}
