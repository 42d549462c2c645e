import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import type { Location } from '../model/catalogue';
import { EVENT } from '../operations/event-log';
import { JOB } from '../operations/job';
import { Refusal, type EnrichContext, type ResourceHandler } from '../operations/resource-handler';
import type { EventRow } from '../store/event-record';
import type { JobRow, ResourcePath, ResourceRow } from '../store/store';
import { cloudItems } from './cloud-item';
import { listCloud } from './cloud-list';
import type { ReaderContext } from './context';
import { eventRows, showEvents } from './events';
import { linked } from './item-references';
import { memberships, nestedMemberships } from './memberships';
import { merge, type Parts, type PathOfItem } from './merge';
import { MergeCache } from './merge-cache';
import { listOwnRows, ownRows, showRows } from './own-rows';
import { nestedParts, parts as partsOfOwners } from './parts';
import { portableAll, portableOne } from './portable';
import { ListSnapshots } from './list-snapshots';
import { permitRead, type Asker, type Readable } from './policy';
import {
  tooMany,
  type Listing,
  type ListScope,
  type OwnedList,
  type ReadableFound,
  type Reading,
  type ReadOptions,
  type ReadStrategy,
  type ResourceReader,
} from './reading';
import { Retirement } from './retirement';
import { sightOf, type Sight } from './sight';
import { SAMPLE, sampleItems } from './samples';

/** Makes readers, one for each request: of a tenant, with a role. */
export type ReaderFor = (asker: Asker) => ResourceReader;

/** Prepares reading for all tenants; what was put together of providers' items is kept for all of them. */
export function createReader(context: ReaderContext): ReaderFor {
  const cache = new MergeCache();
  const retirement = new Retirement(context);
  const snapshots = new ListSnapshots();
  return (asker) => new TenantReader(context, asker, { retirement, snapshots, cache });
}

class TenantReader implements Reading {
  readonly lookups: EnrichContext;
  readonly tenant: string;
  private readonly name: string;
  readonly seesAudit: boolean;
  readonly sight: Sight | undefined;
  readonly retirement: Retirement;
  readonly snapshots: ListSnapshots;
  private readonly cache: MergeCache;

  constructor(
    readonly context: ReaderContext,
    asker: Asker,
    { retirement, snapshots, cache }: { retirement: Retirement; snapshots: ListSnapshots; cache: MergeCache },
  ) {
    this.retirement = retirement;
    this.snapshots = snapshots;
    this.cache = cache;
    this.tenant = asker.tenant;
    this.name = asker.name;
    this.seesAudit = context.policy.mayReadAudit(asker);
    this.sight = sightOf(context, asker);
    this.lookups = this.makeLookups();
  }

  async one(path: ResourcePath, options: ReadOptions = {}): Promise<ReadableFound | undefined> {
    const location = this.context.catalogue.locate(path);
    const handler = location && this.context.handlerOf(location.type);
    if (!location || location.kind !== 'item' || !handler || location.id === undefined) return undefined;
    const named = location.owner ? undefined : await portableOne(this, handler, location.id, options);
    if (named) return named;
    const owner = location.owner && (await this.one(location.owner.path));
    if (location.owner && !owner) return undefined;
    const at = { path, id: location.id, collection: location.collectionPath ?? '', handler, owner };
    return strategyOf(location, handler).one(this, at, options);
  }

  async list(type: string, scope: ListScope = {}): Promise<Listing> {
    const { policy, maxItems } = this.context;
    const handler = this.context.handlerOf(type);
    if (!handler) return { founds: [], unavailable: [] };
    const { group } = handler;
    if (!group) return { founds: await listOwnRows(this, handler, scope), unavailable: [] };
    const clouds = policy.cloudsOf(this.tenant, type).filter((cloud) => cloud.has(group) && (scope.cloudKey ?? cloud.key) === cloud.key);
    const own = handler.stored ? await listOwnRows(this, handler, scope) : [];
    const unavailable: { cloud: string; message: string; error: ProviderError }[] = [];
    const lists = await Promise.all(
      clouds.map((cloud) =>
        listCloud(this, handler, group, cloud).catch((error: unknown): readonly ReadableFound[] => {
          if (!(error instanceof ProviderError)) throw error;
          unavailable.push({ cloud: cloud.key, message: error.message, error });
          return [];
        }),
      ),
    );
    const inClouds = own.concat(...lists);
    const named = scope.cloudKey === undefined ? await portableAll(this, handler, { founds: inClouds, unavailable }) : [];
    const founds = named.length === 0 ? inClouds : inClouds.concat(named);
    if (founds.length > maxItems) throw tooMany(founds.length, maxItems);
    return { founds, unavailable };
  }

  async nested(type: string, asked: readonly OwnedList[]): Promise<readonly (readonly ReadableFound[])[]> {
    const handler = this.context.handlerOf(type);
    if (!handler) return asked.map(() => []);
    return handler.derived ? nestedMemberships(this, handler, handler.derived, asked) : nestedParts(this, handler, asked);
  }

  isInOwner(location: Location): boolean {
    const handler = this.context.handlerOf(location.type);
    return handler !== undefined && [memberships, partsOfOwners].includes(strategyOf(location, handler));
  }

  rows(type: string, rows: readonly ResourceRow[]): Promise<readonly ReadableFound[]> {
    const handler = this.context.handlerOf(type);
    return handler ? showRows(this, handler, rows) : Promise.resolve([]);
  }

  events(log: ReadableFound, rows: readonly EventRow[]): readonly ReadableFound[] {
    return showEvents(this, log, rows);
  }

  async job(id: string): Promise<Readable<JobRow> | undefined> {
    const row = this.showJob(await this.context.store.job(id));
    return row && this.sight?.hides ? (await this.sight.jobs([row]))[0] : row;
  }

  async jobByKey(key: string): Promise<Readable<JobRow> | undefined> {
    const row = this.showJob(await this.context.store.jobByKey(this.tenant, key));
    if (!row || !this.sight?.hides || row.principal === this.name || (await this.sight.jobs([row])).length > 0) return row;
    throw new Refusal(422, 'this key came with another request before', { at: 'Idempotency-Key' });
  }

  private showJob(row: JobRow | undefined): Readable<JobRow> | undefined {
    const { policy } = this.context;
    return row && permitRead(policy, this.tenant, row, { type: JOB, tenant: row.tenant, cloud: null, discovered: false });
  }

  private makeLookups(): EnrichContext {
    const { catalogue, store } = this.context;
    const lists = new Map<string, Promise<readonly ReadableFound[]>>();
    return {
      tenant: this.tenant,
      seesAudit: this.seesAudit,
      catalogue,
      store,
      find: (path) =>
        this.one(path).catch((error: unknown) => {
          if (error instanceof ProviderError) return undefined;
          throw error;
        }),
      list: (type) => {
        const list = lists.get(type) ?? this.list(type).then(({ founds }) => founds);
        lists.set(type, list);
        return list;
      },
      narrowed: this.sight?.hides ? this.sight : undefined,
    };
  }

  show(parts: Parts, pathOfItem: PathOfItem, owner?: ReadableFound): ReadableFound | undefined {
    const { catalogue, policy } = this.context;
    const { type, tenant, cloud, row, item } = parts;
    const discovered = row ? row.internal.discovered === true : tenant === cloud?.discoveredTenant;
    const subject = { type, tenant, cloud, discovered, public: item?.public === true, owner };
    const permitted = permitRead(policy, this.tenant, parts, subject);
    return (
      permitted &&
      this.cache.get(permitted, pathOfItem, () => merge(catalogue, permitted, pathOfItem, (nested) => isIn(this.context, cloud, nested)))
    );
  }

  async showOne(parts: Parts, owner?: ReadableFound): Promise<ReadableFound | undefined> {
    return this.show(parts, await this.pathsOf(parts.cloud, parts.type, parts.item ? [parts.item] : []), owner);
  }

  async pathsOf(cloud: Cloud | null, type: string, items: readonly Item[]): Promise<PathOfItem> {
    return cloud ? linked(this.context, { cloud, type, items, tenant: this.tenant }) : () => undefined;
  }
}

function strategyOf(location: Location, handler: ResourceHandler): ReadStrategy {
  if (handler.type === EVENT) return eventRows;
  if (location.type === SAMPLE) return sampleItems;
  if (location.owner && handler.derived) return memberships;
  if (location.owner && handler.group) return partsOfOwners;
  return handler.group ? cloudItems : ownRows;
}

/** Tells whether there are resources of the type in the cloud, or here where it is none's. */
function isIn(context: ReaderContext, cloud: Cloud | null, type: string): boolean {
  const handler = context.handlerOf(type);
  if (handler?.derived && !handler.stored) return isIn(context, cloud, handler.derived.from);
  return handler !== undefined && (!cloud || !handler.group || handler.stored === true || cloud.has(handler.group));
}
