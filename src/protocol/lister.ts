import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cloud } from '../clouds/cloud';
import type { Item, ListedGroup } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { encodeId, readTag } from '../clouds/identity';
import type { Values } from '../model/values';
import type { Family, Found, Surroundings } from '../operations/family';
import { isEverybodys, Refusal } from '../operations/family';
import type { ResourceRow } from '../store/store';
import type { Protocol } from './context';
import { oldestFirst, type Finder } from './finder';
import { settledAt } from './retirement';
import type { PathOfItem } from './visible';

/** Items put together before others have their turn. */
const SLICE = 500;
/** Rows read at once. */
const PAGE = 1000;

export interface Listing {
  founds: Found[];
  /** Clouds that did not answer, with why in words. */
  unavailable: { cloud: string; words: string; kind: string; error: ProviderError }[];
}

export interface ListScope {
  tenant: string;
  /** Only this cloud's; undefined: every cloud the tenant may use. */
  cloudKey?: string | undefined;
  /** Items of a nested collection. */
  owner?: string | undefined;
  maxAgeMs?: number;
  /** Only what these values (with id) pass is wanted: of rows no more than a page of others is held in memory at once. */
  matches?: ((values: Values) => boolean) | undefined;
}

/** One cloud's part of a list while it is put together. */
interface Merge {
  family: Family;
  cloud: Cloud;
  group: ListedGroup;
  tenant: string;
  rows: Map<string, ResourceRow>;
  byPath: Map<string, ResourceRow>;
  holds: Map<string, { job: string; shows: string | null }>;
  /** Rows that readings took away, by the key that the thing had. */
  former: Map<string, ResourceRow>;
  pathOfItem: PathOfItem;
  at: number;
}

/** An item that says by its tag, or by the key that was remembered of it, which resource it is. */
interface Tagged {
  item: Item;
  path: string;
  tenant: string;
}

/** Lists each provider item and each row exactly once. */
export class Lister {
  constructor(
    private readonly protocol: Protocol,
    private readonly finder: Finder,
  ) {}

  /** Every resource of a type that the tenant can see. @throws Refusal 503 above the configured number of items. */
  async list(family: Family, scope: ListScope): Promise<Listing> {
    const { protocol } = this;
    const { group } = family;
    if (!group) return { founds: await this.ownRows(family, scope), unavailable: [] };
    const clouds = protocol.clouds
      .forTenant(scope.tenant)
      .filter((cloud) => cloud.has(group) && (scope.cloudKey ?? cloud.key) === cloud.key);
    const own = family.stored ? await this.ownRows(family, scope) : [];
    const unavailable: Listing['unavailable'] = [];
    const parts = await Promise.all(
      clouds.map((cloud) =>
        this.ofCloud(family, cloud, scope).catch((error: unknown): Found[] => {
          if (!(error instanceof ProviderError)) throw error;
          unavailable.push({ cloud: cloud.key, words: error.message, kind: error.kind, error });
          return [];
        }),
      ),
    );
    const founds = own.concat(...parts);
    if (founds.length > protocol.maxItems) throw tooLong(founds.length, protocol.maxItems);
    return { founds, unavailable };
  }

  /** Rows of what lives in no cloud, those that match, page by page. */
  private async ownRows(family: Family, scope: ListScope): Promise<Found[]> {
    const { store, maxItems } = this.protocol;
    const query = {
      type: family.type,
      tenants: [scope.tenant],
      ...(scope.owner === undefined ? {} : { owner: scope.owner }),
      ...(family.group ? { cloud: null } : {}),
      limit: PAGE,
    };
    const founds: Found[] = [];
    for (let rows = await store.resources(query); rows.length > 0;) {
      founds.push(...(await this.ofRows(family, scope, rows)));
      if (founds.length > maxItems) throw tooLong(founds.length, maxItems);
      const last = rows.at(-1);
      if (rows.length < PAGE || !last) break;
      rows = await store.resources({ ...query, after: { created: last.created, path: last.path } });
    }
    return founds;
  }

  private async ofRows(family: Family, { tenant, matches }: ListScope, rows: readonly ResourceRow[]): Promise<Found[]> {
    const holds = await this.protocol.store.holds(rows.map(({ path }) => path));
    const founds = rows.map((row) =>
      this.finder.assembleWith(
        {
          path: row.path,
          type: row.type,
          tenant: row.tenant,
          cloud: null,
          row,
          item: undefined,
          held: holds.get(row.path),
          at: Date.now(),
        },
        () => undefined,
      ),
    );
    const enriched = family.enrich ? await family.enrich(founds, this.surroundings(tenant)) : founds;
    return matches ? enriched.filter(({ path, values }) => matches({ id: path, ...values })) : [...enriched];
  }

  /** What computed attributes of a tenant's resources are worked out from. */
  surroundings(tenant: string): Surroundings {
    const { catalogue, store, familyOf } = this.protocol;
    return {
      tenant,
      catalogue,
      store,
      find: (path) =>
        this.finder.find(path, tenant).catch((error: unknown) => {
          if (error instanceof ProviderError) return undefined;
          throw error;
        }),
      list: async (type) => {
        const family = familyOf(type);
        return family ? (await this.list(family, { tenant })).founds : [];
      },
    };
  }

  private async ofCloud(family: Family, cloud: Cloud, scope: ListScope): Promise<Found[]> {
    const group = family.group;
    if (!group) return [];
    // The provider is asked first: a row that a create records meanwhile is then newer than what was seen.
    const seen = await cloud.list(group, scope.maxAgeMs === undefined ? {} : { maxAgeMs: scope.maxAgeMs });
    const { store } = this.protocol;
    const [rows, holds, pathOfItem] = await Promise.all([
      store.resources({ type: family.type, cloud: cloud.key }),
      store.holds(),
      this.finder.pathsOf(cloud, seen.value),
    ]);
    const byKey = new Map(rows.flatMap((row) => (row.providerKey === null ? [] : [[row.providerKey, row] as const])));
    const without = seen.value.filter(({ key }) => !byKey.has(key));
    const former = await this.finder.retirement.formersOf(without, cloud, family.type);
    const merge: Merge = {
      family,
      cloud,
      group,
      tenant: scope.tenant,
      rows: byKey,
      byPath: new Map(rows.map((row) => [row.path, row])),
      holds,
      former: new Map(former.map((row) => [row.providerKey ?? '', row])),
      pathOfItem,
      at: seen.at,
    };
    const { shown, listed, rowless } = await this.fromItems(merge, seen.value);
    return shown.concat(await this.rowless(merge, rowless), await this.unlisted(merge, listed));
  }

  /** What the provider lists, each under the path of its row, its tag or its key. */
  private async fromItems(merge: Merge, items: readonly Item[]): Promise<{ shown: Found[]; listed: Set<string>; rowless: Tagged[] }> {
    const shown: Found[] = [];
    const rowless: Tagged[] = [];
    const listed = new Set<string>();
    const tagged: Tagged[] = [];
    for (const [index, item] of items.entries()) {
      if (index % SLICE === SLICE - 1) await nextTurn();
      const row = merge.rows.get(item.key);
      if (row) {
        listed.add(row.path);
        // Read again past the cache when a Job ended after the provider was asked.
        if (settledAt(row) > merge.at) listed.delete(row.path);
        else this.show(merge, shown, { path: row.path, tenant: row.tenant, row, item });
        continue;
      }
      const former = merge.former.get(item.key);
      if (former && this.finder.retirement.isItself(former, item, merge.cloud)) {
        rowless.push({ item, path: former.path, tenant: former.tenant });
        continue;
      }
      const tag = item.tag === undefined ? undefined : readTag(this.protocol.tagKey, item.tag, merge.cloud.tenants);
      const path = tag && `${this.protocol.catalogue.pathOf(merge.family.type) ?? ''}/${tag.id}`;
      if (tag && path !== undefined && merge.byPath.get(path)?.providerKey == null) tagged.push({ item, path, tenant: tag.tenant });
      else this.show(merge, shown, this.underKey(merge, item));
    }
    for (const { item, path, tenant } of tagged.sort((a, b) => (oldestFirst([a.item, b.item])[0] === a.item ? -1 : 1))) {
      if (listed.has(path)) this.show(merge, shown, this.underKey(merge, item));
      else {
        const row = merge.byPath.get(path);
        listed.add(path);
        if (row) this.show(merge, shown, { path, tenant: row.tenant, row, item });
        else rowless.push({ item, path, tenant });
      }
    }
    return { shown, listed, rowless };
  }

  /**
   * What is known to be ours and has no row: lost with the database, deleted since the provider was asked (the row goes
   * last), or back after it had been told to be gone. A deleted resource must not come back from the cache, so these are
   * read again.
   */
  private async rowless(merge: Merge, tagged: readonly Tagged[]): Promise<Found[]> {
    if (tagged.length === 0) return [];
    const keys = tagged.map(({ item }) => item.key);
    const fresh = await merge.cloud.getMany(merge.group, keys, { maxAgeMs: 0 });
    // The id of a deleted resource stays its own: a clone with its tag is known by its key.
    const retired = await this.protocol.store.retired(tagged.map(({ path }) => path));
    const shown: Found[] = [];
    for (const { item, path, tenant } of tagged) {
      const now = fresh.value.get(item.key) ?? (fresh.value.unknown.has(item.key) ? item : undefined);
      if (!now || now.gone) continue;
      const row = retired.has(path) ? await this.broughtBack(merge, now) : undefined;
      const own = row ? { path: row.path, tenant: row.tenant, row, item: now } : { path, tenant, row: undefined, item: now };
      this.show({ ...merge, at: fresh.at }, shown, row || !retired.has(path) ? own : this.underKey(merge, now));
    }
    return shown;
  }

  private async broughtBack({ family, cloud }: Merge, item: Item): Promise<ResourceRow | undefined> {
    const { retirement } = this.finder;
    const former = await retirement.formerOf(item, cloud, family.type);
    return former && retirement.bringBack(former, item);
  }

  private underKey({ family, cloud }: Merge, item: Item) {
    const path = `${this.protocol.catalogue.pathOf(family.type) ?? ''}/${encodeId(cloud.key, item.key)}`;
    return { path, tenant: cloud.discoveredTenant, row: undefined, item };
  }

  private show(
    merge: Merge,
    shown: Found[],
    part: { path: string; tenant: string; row: ResourceRow | undefined; item: Item | undefined },
  ): void {
    const { family, cloud, tenant, holds, at, pathOfItem } = merge;
    const everybodys =
      isEverybodys(family, part.item) &&
      (part.row === undefined ? part.tenant === cloud.discoveredTenant : part.row.internal.discovered === true);
    if (part.tenant !== tenant && !everybodys) return;
    shown.push(this.finder.assembleWith({ ...part, type: family.type, cloud, held: holds.get(part.path), at }, pathOfItem));
  }

  /** Rows that the provider did not list: not made yet, too new to be seen, changed since, failed, or gone. */
  private async unlisted(merge: Merge, listed: ReadonlySet<string>): Promise<Found[]> {
    const shown: Found[] = [];
    const missing: ResourceRow[] = [];
    for (const row of merge.byPath.values()) {
      if (listed.has(row.path)) continue;
      if (row.providerKey === null) this.show(merge, shown, { path: row.path, tenant: row.tenant, row, item: undefined });
      else if (row.tenant === merge.tenant || merge.family.shared) missing.push(row);
    }
    if (missing.length === 0) return shown;
    const keys = missing.flatMap((row) => row.providerKey ?? []);
    const fresh = await merge.cloud.getMany(merge.group, keys, { maxAgeMs: 0 });
    for (const row of missing) {
      const key = row.providerKey ?? '';
      const item = fresh.value.get(key);
      const gone = !item && !fresh.value.unknown.has(key) && !merge.holds.has(row.path);
      if (gone && (await this.finder.retirement.retire(row, merge.cloud))) continue;
      this.show({ ...merge, at: fresh.at }, shown, { path: row.path, tenant: row.tenant, row, item });
    }
    return shown;
  }
}

function tooLong(count: number, limit: number): Refusal {
  return new Refusal(
    503,
    `the collection has at least ${count} items, more than the ${limit} that this gateway lists at once: narrow it down by the entry point of one cloud`,
  );
}
