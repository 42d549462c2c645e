import type { Location } from '../model/catalogue';
import { ACTION } from '../model/define';
import { wordOf } from '../model/event-types';
import { eased } from '../model/turns';
import type { Operation, Values } from '../model/values';
import { CLOUD, ENTRY_POINT, METADATA } from '../operations/gateway-resources';
import { EVENT, EVENT_LOG, keepTenantLog, tenantLog, viewOf } from '../operations/event-log';
import { JOB, jobOffers, jobPath, jobValues } from '../operations/job';
import type { Query } from '../query/query';
import type { FeedPlace } from '../store/audit-store';
import type { EventRow } from '../store/event-record';
import type { JobRow, ResourceRow } from '../store/store';
import { cloudView } from './cloud-view';
import { entryPointView, metadataView, metadataViews } from './computed';
import type { Protocol, Scope } from './context';
import type { Encodings } from './encodings';
import { mustChange, permitRead, refusedByRule } from '../reader/policy';
import type { ReaderFor } from '../reader/reader';
import type { Listing, ListScope, OwnedList, ReadableFound, ReadOptions } from '../reader/reading';
import { References } from '../reader/references';
import { SAMPLE } from '../reader/samples';
import { eventFeed, eventList, jobList, resourceList, sampleList, type StoredList } from '../reader/stored-tables';
import { steadyTime } from '../model/steady-time';
import { notFound, type Routed } from './router';
import { digest, type View } from './view';
import { Windows } from './windows';

/** Time for which what goes by the machine's clock is kept at most, ms. */
const CLOCK_MS = 60_000;

export interface ViewList {
  views: View[];
  unavailable: Listing['unavailable'];
}

/** Events that are new in a log, each with its place. */
export interface News {
  told: readonly { view: View; place: FeedPlace }[];
  /** Place after all that was looked at. */
  place: FeedPlace;
}

/** Reads anything there is, wherever it comes from. */
export class Views {
  readonly windows: Windows;
  private readonly known = new WeakMap<ReadableFound, View>();
  private readonly unchangeable = new WeakMap<View, View>();
  private readonly owners = new WeakMap<Routed, Promise<ReadableFound | undefined>>();
  private readonly references: References;
  /** Tenants whose log of everything is there. */
  private readonly logged = new Set<string>();

  constructor(
    private readonly protocol: Protocol,
    /** Makes a reader of a tenant's resources, as somebody of it sees them. */
    readonly readerOf: ReaderFor,
    /** Encoded answers by their views, which are of this side alone; all sides have one bound of bytes. */
    readonly encodings: Encodings,
  ) {
    this.windows = new Windows(protocol.listCacheMs);
    this.references = new References(protocol);
  }

  /** The one resource that the path names. @throws Refusal 404, ProviderError. */
  async one(routed: Routed, options: ReadOptions = {}): Promise<View> {
    const { location, principal } = routed;
    const view = await this.byPath(routed, location.path, options);
    if (!view || view.type !== location.type) throw notFound(routed.request.path);
    const inOtherCloud = routed.cloudKey !== undefined && view.found?.cloud && view.found.cloud.key !== routed.cloudKey;
    if (inOtherCloud) throw notFound(routed.request.path);
    return view.job ? this.jobFor(view, view.job, principal) : this.forCaller(view, principal);
  }

  /** The same without operations, for who may not change anything. */
  private readOnly(view: View): View {
    const known = this.unchangeable.get(view) ?? { ...view, operations: [] };
    this.unchangeable.set(view, known);
    return known;
  }

  private async byPath(scope: Scope & Pick<Routed, 'location'>, path: string, options: ReadOptions): Promise<View | undefined> {
    const { location, principal } = scope;
    if (location.type === ENTRY_POINT) return this.computed(scope, [entryPointView(scope)])[0];
    if (location.type === METADATA) return this.computed(scope, [metadataView(scope, location.id ?? '')])[0];
    if (location.type === CLOUD) return this.clouds(scope).find(({ path: its }) => its === path);
    if (location.type === JOB) return this.job(location.id ?? '', principal);
    const found = await this.readerOf(principal).one(path, options);
    const [view] = found ? await this.leading([this.of(found)], principal.tenant) : [];
    return view;
  }

  /** Shows what is computed: it belongs to who asks, as far as the cloud whose entry point was used is for it. */
  private computed({ protocol, principal: { tenant }, cloudKey }: Scope, views: readonly (View | undefined)[]): View[] {
    const cloud = cloudKey === undefined ? null : protocol.clouds.byKey(cloudKey);
    return views.flatMap(
      (view) => (view && permitRead(protocol.policy, tenant, view, { type: view.type, tenant, cloud, discovered: false })) ?? [],
    );
  }

  /** Shows the clouds that who asks may use; only the one whose entry point was used, where it was. */
  private clouds({ protocol, principal: { tenant }, cloudKey }: Scope): View[] {
    return protocol.clouds.all().flatMap((cloud) => {
      if ((cloudKey ?? cloud.key) !== cloud.key) return [];
      const view = cloudView(protocol, cloud);
      return permitRead(protocol.policy, tenant, view, { type: CLOUD, tenant, cloud, discovered: false }) ?? [];
    });
  }

  async job(id: string, principal: Scope['principal']): Promise<View | undefined> {
    const row = await this.readerOf(principal).job(id);
    return row && this.ofJob(row);
  }

  async ofJob(row: JobRow): Promise<View> {
    const nested = await this.protocol.store.nestedJobs([row.id]);
    const [view = this.alone(row)] = await this.ofJobs([row], nested);
    return view;
  }

  /** The Job without its nested ones and its parent, as far as it is known without the store. */
  alone(row: JobRow): View {
    return this.jobView(row, [], row.parent !== null);
  }

  /** Jobs of one tenant. @param nested ids of their children */
  private async ofJobs(rows: readonly JobRow[], nested: ReadonlyMap<string, readonly string[]>): Promise<readonly View[]> {
    const parents = await this.protocol.store.jobStandings(rows.flatMap(({ parent }) => parent ?? []));
    const views = rows.map((row) => this.jobView(row, nested.get(row.id) ?? [], parents.get(row.parent ?? '')?.ended === false));
    return this.leading(views, rows[0]?.tenant ?? '');
  }

  private jobView(row: JobRow, nested: readonly string[], isRead: boolean): View {
    const path = jobPath(row.id);
    const values = jobValues(row, nested);
    return {
      type: JOB,
      path,
      values,
      operations: this.operations(JOB, path, jobOffers(row, this.protocol.jobs.mayStop(row), isRead)),
      core: () => digest(values),
      created: row.created,
      job: row,
    };
  }

  /**
   * These without references that lead nowhere, or to what the tenant cannot read. What is the provider's alone has been
   * looked through where its references were made.
   */
  private async leading(views: readonly View[], tenant: string): Promise<readonly View[]> {
    // What rights hide may stand in what is the provider's alone, too: its log is in no cloud.
    const all = this.protocol.policy.rights?.hides === true;
    const kept = views.filter(({ found }) => !found?.derived && (all || !found?.item || found.row?.internal.kept !== undefined));
    if (kept.length === 0) return views;
    const cleaned = await this.references.cleaned(kept, tenant);
    const changed = new Map<View, View>();
    for (const [index, view] of kept.entries()) {
      const { values, left } = cleaned[index] ?? { values: view.values, left: [] };
      if (left.length > 0) changed.set(view, { ...view, values, core: () => `${view.core()}${digest({}, left.join(' '))}` });
    }
    return views.map((view) => changed.get(view) ?? view);
  }

  /** Returns the view of what was found, as a caller who may change things sees it; the same view for the same finding. */
  private of(found: ReadableFound): View {
    const changesAt = this.protocol.handlerOf(found.type)?.changesAt?.(found, Date.now());
    // What changes by itself is made anew each time, and counts up to then; the machine's clock may be set meanwhile.
    if (changesAt !== undefined) {
      this.protocol.ledger?.readUntil(steadyTime() + Math.min(changesAt - Date.now() - 1, CLOCK_MS));
      return this.made(found);
    }
    const known = this.known.get(found);
    if (known) return known;
    const view = this.made(found);
    this.known.set(found, view);
    return view;
  }

  private made(found: ReadableFound): View {
    const handler = this.protocol.handlerOf(found.type);
    const values: Values = { id: found.path, ...found.values };
    const operations = handler
      ? this.operations(found.type, found.path, handler.offered(found, this.protocol.catalogue), (name) =>
          handler.linkQuery?.[name]?.(found),
        )
      : [];
    const version = String(found.row?.version ?? 0);
    const core = () => (found.cloud || !found.row ? digest(values, version) : `${version}${found.held ? 'h' : ''}`);
    return { type: found.type, path: found.path, values, operations, core, created: String(found.values.created ?? ''), found };
  }

  /** Short names as operations: bare words for edit and delete, full URIs for all else (4.2). */
  private operations(type: string, path: string, names: readonly string[], linkQuery?: (name: string) => string | undefined): Operation[] {
    const { actions } = this.protocol.catalogue.resource(type);
    return names.map((name) => {
      const action = actions?.[name];
      if (action?.kind === 'link' && action.performedOn !== undefined) {
        const segment = this.protocol.catalogue.collection(action.performedOn).entryPoint ?? '';
        return { rel: action.uri, href: `${segment}?${linkQuery?.(name) ?? ''}` };
      }
      return { rel: action?.uri ?? (name === 'edit' || name === 'delete' ? name : ACTION + name), href: path };
    });
  }

  /** Owner of the nested collection that the path names, read once; undefined for others. @throws Refusal 404 */
  owner(routed: Routed): Promise<ReadableFound | undefined> {
    const known = this.owners.get(routed) ?? this.readOwner(routed);
    this.owners.set(routed, known);
    return known;
  }

  private async readOwner({ location, principal, request }: Routed): Promise<ReadableFound | undefined> {
    if (location.kind !== 'collection' || !location.owner) return undefined;
    const owner = await this.readerOf(principal).one(location.owner.path);
    if (!owner) throw notFound(request.path);
    return owner;
  }

  /**
   * The collection that the path names, where all of it is rows: it is read in windows.
   * @throws Refusal 404
   */
  async stored(routed: Routed): Promise<StoredList<View> | undefined> {
    const { protocol, references } = this;
    const { location, principal } = routed;
    const { tenant } = principal;
    const cleaned = async (all: readonly { type: string; values: Values }[]) =>
      (await references.cleaned(all, tenant)).map(({ values }) => values);
    const { sight: own } = this.readerOf(principal);
    const sight = own?.hides ? own : undefined;
    if (location.type === JOB) {
      const viewsOf = async (rows: readonly JobRow[], nested: ReadonlyMap<string, readonly string[]>) =>
        Promise.all((await this.ofJobs(rows, nested)).map((view, index) => this.jobFor(view, rows[index], principal)));
      return jobList({ context: protocol, tenant, cleaned, viewsOf, sight });
    }
    if (location.type === SAMPLE) {
      const meter = await this.owner(routed);
      if (!meter) throw notFound(routed.request.path);
      return sampleList({ context: protocol, tenant, meter, viewsOf: (founds) => this.shown(founds, principal) });
    }
    const handler = protocol.handlerOf(location.type);
    const reader = this.readerOf(principal);
    if (location.type === EVENT) return this.events(routed);
    if (location.type === EVENT_LOG) await this.keepLog(tenant);
    if (!handler || handler.group || reader.isInOwner(location)) return undefined;
    await this.owner(routed);
    const founds = (rows: readonly ResourceRow[]) => reader.rows(handler.type, rows);
    const viewsOf = async (rows: readonly ResourceRow[]) => this.shown(await founds(rows), principal);
    return resourceList({ context: protocol, tenant, cleaned, handler, owner: location.owner?.path, founds, viewsOf, sight });
  }

  /** The events of a log. @throws Refusal 404 */
  private async events(routed: Routed): Promise<StoredList<View> | undefined> {
    const { protocol, principal } = routed;
    const log = await this.owner(routed);
    if (!log?.row) return undefined;
    const reader = this.readerOf(principal);
    const viewsOf = (rows: readonly EventRow[]) => this.shown(reader.events(log, rows), principal);
    const view = viewOf(log.row, await protocol.store.now(), reader.seesAudit);
    const sight = reader.sight?.hides ? reader.sight : undefined;
    return eventList({ context: protocol, tenant: principal.tenant, log: { path: log.path, view }, viewsOf, sight });
  }

  /**
   * Makes what reads on in the log whose events the path names, as this caller sees it; each reading finds undefined once the log is gone.
   * @throws Refusal 404, QueryError
   */
  async feed(routed: Routed, filter: Query['filter']): Promise<(after: FeedPlace, limit: number) => Promise<News | undefined>> {
    const { protocol, principal } = routed;
    const { store } = protocol;
    const log = await this.owner(routed);
    if (!log?.row) throw notFound(routed.request.path);
    const reader = this.readerOf(principal);
    const read = eventFeed(protocol, log.path, filter);
    return async (after, limit) => {
      const row = await store.resource(log.path);
      if (!row) return undefined;
      const { events: all, place } = await read(viewOf(row, await store.now(), reader.seesAudit), after, limit);
      const seen = reader.sight?.hides ? new Set((await reader.sight.events(all)).map(({ id }) => id)) : undefined;
      const events = seen ? all.filter(({ id }) => seen.has(id)) : all;
      const places = new Map(events.map((event) => [`${log.path}/events/${event.id}`, event.place]));
      const views = await this.shown(reader.events(log, events), principal);
      return { told: views.map((view) => ({ view, place: places.get(view.path) ?? place })), place };
    };
  }

  /** Makes the tenant's own log where nobody has looked for it yet. */
  private async keepLog(tenant: string): Promise<void> {
    if (this.logged.has(tenant)) return;
    await keepTenantLog(this.protocol.store, tenantLog(this.protocol.catalogue, tenant));
    this.logged.add(tenant);
  }

  /**
   * Every item of the collection that the path names, in no particular order; where a filter is given, at least those
   * that match. @throws Refusal 404, 503.
   */
  async all(routed: Routed, filter?: Pick<ListScope, 'matches' | 'where'>): Promise<ViewList> {
    const { location, principal, cloudKey } = routed;
    if (location.type === METADATA)
      return { views: this.readable(this.computed(routed, metadataViews(routed)), principal), unavailable: [] };
    if (location.type === CLOUD) return { views: this.clouds(routed), unavailable: [] };
    const stored = await this.stored(routed);
    if (stored) return { views: await allOf(stored), unavailable: [] };
    const owner = await this.owner(routed);
    const handler = this.protocol.handlerOf(location.type);
    if (!handler) throw notFound(routed.request.path);
    const reader = this.readerOf(principal);
    if (owner && reader.isInOwner(location)) {
      const [founds = []] = await reader.nested(location.type, [{ collection: location.path, owner }]);
      return { views: await this.shown(founds, principal), unavailable: [] };
    }
    const listing = await reader.list(location.type, {
      cloudKey,
      owner: location.owner?.path,
      ...filter,
    });
    return { views: await this.shown(listing.founds, principal), unavailable: listing.unavailable };
  }

  /**
   * The collections of one type in several owners that were found, each in its owner's place; undefined where they are
   * not of the kind that is read together. @throws ProviderError
   */
  async ofOwners(location: Location, owned: readonly OwnedList[], { principal }: Pick<Scope, 'principal'>): Promise<View[][] | undefined> {
    const reader = this.readerOf(principal);
    if (!reader.isInOwner(location)) return undefined;
    const lists = await reader.nested(location.type, owned);
    const shown = await this.shown(lists.flat(), principal);
    return lists.map(({ length }) => shown.splice(0, length));
  }

  /** Makes the view of what was found, as this caller sees it. */
  private async shown(founds: readonly ReadableFound[], principal: Scope['principal']): Promise<View[]> {
    const views = await eased(founds, principal.tenant, (found) => this.of(found));
    return this.readable(await this.leading(views, principal.tenant), principal);
  }

  private readable(views: readonly View[], principal: Scope['principal']): View[] {
    return views.map((view) => this.forCaller(view, principal));
  }

  /** Shared things of another tenant show no operations either. */
  private forCaller(view: View, principal: Scope['principal']): View {
    const { policy } = this.protocol;
    const subject = view.found ?? (view.job && { path: view.path, tenant: view.job.tenant, cloud: null });
    if (!subject) return policy.mayAsk(principal) ? view : this.readOnly(view);
    if (policy.rights)
      return this.withThose(view, (action, { href }) => {
        const led = href.startsWith(view.path) ? undefined : { ...subject, path: href.split('?', 1)[0] ?? '' };
        return policy.mayChange(principal, subject, action) === 'yes' && (!led || policy.decide?.(led, 'add').allowed === true);
      });
    return policy.mayChange(principal, subject, 'edit') === 'yes' ? view : this.readOnly(view);
  }

  /** The same with those operations only that it may ask for, by their short names. */
  private withThose(view: View, may: (action: string, operation: Operation) => boolean): View {
    const operations = view.operations.filter((operation) => may(wordOf(operation.rel), operation));
    if (isSame(operations, view.operations)) return view;
    const known = this.unchangeable.get(view);
    const made = known && isSame(operations, known.operations) ? known : { ...view, operations };
    this.unchangeable.set(view, made);
    return made;
  }

  /** A Job as its reader may ask for changes of it. */
  private async jobFor(view: View, job: JobRow | undefined, principal: Scope['principal']): Promise<View> {
    const { sight } = this.readerOf(principal);
    const shown = this.forCaller(view, principal);
    if (!sight || !job || shown.operations.length === 0) return shown;
    const may = new Set<string>();
    for (const action of shown.operations.map(({ rel }) => wordOf(rel))) if (await sight.mayChange(job, action)) may.add(action);
    return this.withThose(shown, (action) => may.has(action));
  }

  /** @throws Refusal 403 where the caller may not change the Job */
  async mustChangeJob(job: JobRow, action: string, principal: Scope['principal']): Promise<void> {
    const path = jobPath(job.id);
    const { policy } = this.protocol;
    mustChange(policy, principal, { path, tenant: job.tenant, cloud: null }, action);
    const { sight } = this.readerOf(principal);
    if (!sight || (await sight.mayChange(job, action))) return;
    const decision = policy.decide?.({ path, cloud: null }, action);
    throw refusedByRule(
      decision?.allowed ? { allowed: false } : decision,
      principal,
      `${action} ${path}, which is about what it may not change`,
    );
  }
}

async function allOf(list: StoredList<View>): Promise<View[]> {
  const views: View[] = [];
  for await (const page of (await list.part({ orderBy: [] })).pages()) views.push(...page);
  return views;
}

function isSame(some: readonly Operation[], others: readonly Operation[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
