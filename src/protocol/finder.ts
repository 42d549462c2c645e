import type { Cloud } from '../clouds/cloud';
import type { Item, ListedGroup } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { decodeId, makeTag, readTag } from '../clouds/identity';
import type { Location } from '../model/catalogue';
import { isEverybodys, type Family, type Found, type Surroundings } from '../operations/family';
import { StaleError, type ResourcePath, type ResourceRow, type StoreReads } from '../store/store';
import { Assembled } from './assembled';
import type { Protocol } from './context';
import { OWN_ID, Retirement, settledAt } from './retirement';
import { assemble, derivedPath, referredKeys, type Parts, type PathOfItem } from './visible';

type HeldRow = NonNullable<Awaited<ReturnType<StoreReads['heldResource']>>>;

/** What finds parts of other resources. */
export interface NestedFinder {
  covers(location: Location, family: Family): boolean;
  find(location: Location, family: Family, tenant: string, options: FindOptions): Promise<Found | undefined>;
}

export interface FindOptions {
  /** How old a provider's answer may be, in ms; default: the cloud's cache age. */
  maxAgeMs?: number;
}

/**
 * Finds one resource for a tenant: by row, else by the decoded id, else (database lost) by one provider query for the
 * tag. What belongs to another tenant is not found.
 */
export class Finder {
  /** Set once by who makes both: parts are found through their owners, owners through this. */
  nested: NestedFinder | undefined;
  /** Likewise: what computed attributes are worked out from. */
  surroundings: ((tenant: string) => Surroundings) | undefined;

  readonly retirement: Retirement;
  private readonly assembled = new Assembled();

  constructor(private readonly protocol: Protocol) {
    this.retirement = new Retirement(protocol);
  }

  /** @throws ProviderError when the provider cannot be asked. @returns undefined for what is not there for this tenant. */
  async find(path: ResourcePath, tenant: string, options: FindOptions = {}): Promise<Found | undefined> {
    const location = this.protocol.catalogue.locate(path);
    const family = location && this.protocol.familyOf(location.type);
    if (!location || location.kind !== 'item' || !family || location.id === undefined) return undefined;
    if (this.nested?.covers(location, family)) return this.nested.find(location, family, tenant, options);
    const known = await this.protocol.store.heldResource(path);
    if (known) return this.ofRow(known, family, tenant, options);
    if (!family.group || location.owner) return undefined;
    const found = (await this.discovered(path, location.id, family, tenant, options)) ?? (await this.again(path, family, tenant, options));
    return found ?? this.lost(path, location.id, family, tenant);
  }

  private async ofRow(known: HeldRow, family: Family, tenant: string, options: FindOptions): Promise<Found | undefined> {
    const { row } = known;
    if (!this.mayUse(row, tenant, family)) return undefined;
    const found = await this.enriched(await this.fromRow(known, family, options), family, tenant);
    return row.tenant === tenant || isEverybodys(family, found?.item) ? found : undefined;
  }

  private async enriched(found: Found | undefined, family: Family, tenant: string): Promise<Found | undefined> {
    if (!found || !family.enrich || !this.surroundings) return found;
    return (await family.enrich([found], this.surroundings(tenant)))[0];
  }

  /** Whether the row belongs to the tenant; a cloud the tenant may no longer use hides it too. */
  private mayUse(row: ResourceRow, tenant: string, family: Family): boolean {
    const cloud = row.cloud === null ? undefined : this.protocol.clouds.byKey(row.cloud);
    if (row.tenant === tenant) return cloud === undefined || cloud.tenants.includes(tenant);
    // Rows of shared types that only overlay something discovered do not hide it from the account's other tenants.
    return family.shared !== undefined && row.internal.discovered === true && cloud !== undefined && cloud.tenants.includes(tenant);
  }

  private async fromRow({ row, held }: HeldRow, family: Family, options: FindOptions): Promise<Found | undefined> {
    const cloud = row.cloud === null ? null : (this.protocol.clouds.byKey(row.cloud) ?? null);
    if (row.cloud !== null && !cloud) throw new ProviderError('unavailable', `the cloud '${row.cloud}' is not configured any more`);
    if (!cloud || !family.group) return this.assemble({ ...base(row, cloud), item: undefined, held, at: Date.now() });
    if (row.providerKey === null) return this.assemble(await this.keyless(row, cloud, family.group, held));
    let seen = await cloud.get(family.group, row.providerKey, options);
    if (seen.at < settledAt(row) || (!seen.value && options.maxAgeMs !== 0))
      seen = await cloud.get(family.group, row.providerKey, { maxAgeMs: 0 });
    if (!seen.value && !held && (await this.retirement.retire(row, cloud))) return undefined;
    return this.assemble({ ...base(row, cloud), item: seen.value, held, at: seen.at });
  }

  /** What a create made but has not recorded yet: the provider's values may already be shown. */
  private async unrecorded(row: ResourceRow, cloud: Cloud, group: ListedGroup): Promise<Item | undefined> {
    const known = await cloud.list(group).catch(ignoreProvider);
    const id = row.path.split('/').at(-1);
    return known?.value.find((item) => item.tag !== undefined && readTag(this.protocol.tagKey, item.tag, [row.tenant])?.id === id);
  }

  /**
   * What there is of a row without a key: its create has not recorded one yet, never will, or was left under way at an
   * operator's limit. Of the last, once its thing shows by its tag, the row has it for good.
   */
  async keyless(row: ResourceRow, cloud: Cloud | null, group: ListedGroup | undefined, held: Parts['held']): Promise<Parts> {
    const underWay = row.internal.underWay !== undefined;
    const item = cloud && group && (held || underWay) ? await this.unrecorded(row, cloud, group) : undefined;
    const parts = { item, held, at: Date.now() };
    if (held || !item) return { ...base(row, cloud), ...parts };
    const { underWay: _known, failed: _words, ...internal } = row.internal;
    try {
      const change = { providerKey: item.key, state: null, internal };
      const known = await this.protocol.store.transaction((unit) => unit.updateResource(row.path, row.version, change));
      return { ...base(known, cloud), ...parts };
    } catch (error) {
      // Another reader was faster, or it has been changed since.
      if (!(error instanceof StaleError)) throw error;
      return { ...base(row, cloud), ...parts };
    }
  }

  /** What was not made by the gateway: its id is its key. */
  private async discovered(path: string, id: string, family: Family, tenant: string, options: FindOptions): Promise<Found | undefined> {
    const decoded = decodeId(id);
    const cloud = decoded && this.protocol.clouds.byKey(decoded.cloudKey);
    const group = family.group;
    if (!decoded || !cloud || !group || !cloud.tenants.includes(tenant) || !cloud.has(group)) return undefined;
    if (cloud.discoveredTenant !== tenant && !family.shared) return undefined;
    const known = await this.protocol.store.resources({ type: family.type, cloud: cloud.key, providerKeys: [decoded.providerKey] });
    if (known.length > 0) {
      // A change that was accepted a moment ago gave it a row.
      const held = await this.protocol.store.heldResource(path);
      return held && this.ofRow(held, family, tenant, options);
    }
    const seen = await cloud.get(group, decoded.providerKey, options);
    if (cloud.discoveredTenant !== tenant && !isEverybodys(family, seen.value)) return undefined;
    if (!seen.value || (await this.retirement.formerOf(seen.value, cloud, family.type))) return undefined;
    if (await this.ownerByTag(seen.value, cloud, family)) return undefined;
    const held = (await this.protocol.store.holds([path])).get(path);
    return this.assemble({
      path,
      type: family.type,
      tenant: cloud.discoveredTenant,
      cloud,
      row: undefined,
      item: seen.value,
      held,
      at: seen.at,
    });
  }

  /** What a reading had found gone and the provider shows again: it is back under its own id, with all that was kept of it. */
  private async again(path: string, family: Family, tenant: string, options: FindOptions): Promise<Found | undefined> {
    const [former] = await this.protocol.store.takenAway({ paths: [path] });
    const cloud = former && this.protocol.clouds.byKey(former.cloud ?? '');
    const item = former && cloud && this.mayUse(former, tenant, family) ? await this.turnedUp(former, cloud, family, options) : undefined;
    if (!former || !item || !(await this.retirement.bringBack(former, item))) return undefined;
    const known = await this.protocol.store.heldResource(path);
    return known && this.ofRow(known, family, tenant, options);
  }

  private async turnedUp(former: ResourceRow, cloud: Cloud, { group }: Family, options: FindOptions): Promise<Item | undefined> {
    if (!group || former.providerKey === null) return undefined;
    const { value } = await cloud.get(group, former.providerKey, options);
    if (value) return this.retirement.isItself(former, value, cloud) ? value : undefined;
    const id = former.path.split('/').at(-1) ?? '';
    if (!OWN_ID.test(id) || !cloud.offers(group, 'find')) return undefined;
    const items = await cloud.find(group, { tag: makeTag(this.protocol.tagKey, id, former.tenant), token: '' });
    return oldestFirst(items).find((item) => this.retirement.isItself(former, item, cloud));
  }

  /** Path of the resource that an item's tag makes it: one whose create has not recorded a key, or one lost with the database. */
  async ownerByTag(
    item: Item,
    cloud: Cloud,
    family: Family,
  ): Promise<{ path: string; tenant: string; row: ResourceRow | undefined } | undefined> {
    const tag = item.tag === undefined ? undefined : readTag(this.protocol.tagKey, item.tag, cloud.tenants);
    const segment = this.protocol.catalogue.pathOf(family.type);
    if (!tag || segment === undefined) return undefined;
    const path = `${segment}/${tag.id}`;
    const row = await this.protocol.store.resource(path);
    if (row && row.providerKey !== null && row.providerKey !== item.key) return undefined;
    if (!row && (await this.isRetired(path))) return undefined;
    return { path, tenant: tag.tenant, row };
  }

  /** The database was lost: one provider query by tag per cloud brings the row back. */
  private async lost(path: string, id: string, family: Family, tenant: string): Promise<Found | undefined> {
    const group = family.group;
    if (!OWN_ID.test(id) || !group || (await this.isRetired(path))) return undefined;
    for (const cloud of this.protocol.clouds.forTenant(tenant)) {
      if (!cloud.offers(group, 'find')) continue;
      const tag = makeTag(this.protocol.tagKey, id, tenant);
      const [item] = oldestFirst(await cloud.find(group, { tag, token: '' }));
      if (item) return this.adopt({ path, tenant, cloud, item, family });
    }
    return undefined;
  }

  /** An id whose resource was deleted is never given again: what still carries its tag is somebody's clone. */
  private async isRetired(path: string): Promise<boolean> {
    return (await this.protocol.store.retired([path])).has(path);
  }

  /** Gives an item of a lost row its row back under the same id. */
  async adopt({
    path,
    tenant,
    cloud,
    item,
    family,
  }: {
    path: string;
    tenant: string;
    cloud: Cloud;
    item: Item;
    family: Family;
  }): Promise<Found> {
    const row = await this.protocol.store.transaction(
      async (unit) =>
        (await unit.resource(path)) ??
        (await unit.insertResource({
          path,
          type: family.type,
          tenant,
          cloud: cloud.key,
          providerKey: item.key,
          owner: null,
          state: null,
          values: item.values,
          secrets: null,
          internal: { foundAgain: true, ...(item.created === undefined ? { undated: true } : {}) },
          ...(item.created === undefined ? {} : { created: item.created }),
        })),
    );
    return this.assemble({ ...base(row, cloud), item, held: undefined, at: Date.now() });
  }

  /** The resource put together, its references included. */
  async assemble(parts: Parts): Promise<Found> {
    return this.assembleWith(parts, await this.pathsOf(parts.cloud, parts.item ? [parts.item] : []));
  }

  assembleWith(parts: Parts, pathOfItem: PathOfItem): Found {
    return this.assembled.get(parts, pathOfItem, () =>
      assemble(this.protocol.catalogue, parts, pathOfItem, (type) => this.isIn(parts.cloud, type)),
    );
  }

  /** Whether there are resources of the type in the cloud, or here where it is none's. */
  private isIn(cloud: Cloud | null, type: string): boolean {
    const family = this.protocol.familyOf(type);
    if (family?.derived) return this.isIn(cloud, family.derived.from);
    return family !== undefined && (!cloud || !family.group || family.stored === true || cloud.has(family.group));
  }

  /** Paths of what items refer to: of their rows where there are any, else derived. One query per referred type. */
  async pathsOf(cloud: Cloud | null, items: readonly Item[]): Promise<PathOfItem> {
    const known = new Map<string, string>();
    for (const [type, keys] of cloud ? referredKeys(items) : []) {
      const rows = await this.protocol.store.resources({ type, cloud: cloud?.key ?? null, providerKeys: [...keys] });
      for (const row of rows) known.set(`${type} ${row.providerKey ?? ''}`, row.path);
    }
    return (of, type, key) =>
      known.get(`${type} ${key}`) ?? (this.protocol.familyOf(type) ? derivedPath(this.protocol.catalogue, of, type, key) : undefined);
  }
}

/** Of items with one tag the oldest is the one that was meant. */
export function oldestFirst(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => (a.created ?? '').localeCompare(b.created ?? '') || a.key.localeCompare(b.key));
}

function base(row: ResourceRow, cloud: Cloud | null): Pick<Parts, 'path' | 'type' | 'tenant' | 'cloud' | 'row'> {
  return { path: row.path, type: row.type, tenant: row.tenant, cloud, row };
}

function ignoreProvider(error: unknown): undefined {
  if (error instanceof ProviderError) return undefined;
  throw error;
}
