import type { Attributes } from '../model/define';
import type { Values } from '../model/values';
import { EVENT } from '../operations/event-log';
import { JOB, jobPath, JOBS, jobValues } from '../operations/job';
import type { ResourceHandler, Found } from '../operations/resource-handler';
import { compileFilter } from '../query/filter';
import type { Filter } from '../query/grammar';
import { compileSorter, orderingKeys } from '../query/order';
import type { Query } from '../query/query';
import type { FeedPlace, PlacedEvent } from '../store/audit-store';
import type { Condition } from '../store/listing';
import { countsOfView, isAll, type EventRow, type EventView } from '../store/event-record';
import type { Counts, JobRow, ResourceRow } from '../store/store';
import type { ReaderContext } from './context';
import { eventValues } from './events';
import { pushFilter, type Pushed, type StoredFields } from './filter-pushdown';
import type { ReadableFound } from './reading';
import { SAMPLE, sampleTable } from './samples';
import type { Sight } from './sight';
import { both, partOf, SIZES, type ListPlan, type Part, type Sizes, type StoredTable } from './stored-list';

/** Lists of rows as tables: how the attributes of Jobs and of stored resources stand in them. */

/** A list of rows, to be read in windows. */
export interface StoredList<V> {
  /** @throws Refusal 503, QueryError. */
  part(query: Pick<Query, 'filter' | 'orderBy' | 'first' | 'last' | 'own'>): Promise<Part<V>>;
}

/** Fields of the events of a log, whose path is `log`. */
const eventFields = (log: string): StoredFields => ({
  time: 'timestamp',
  columns: {
    id: { field: 'id', prefix: `${log}/events/` },
    created: { field: 'recorded' },
    updated: { field: 'updated' },
    timestamp: { field: 'timestamp' },
    type: { field: 'type' },
    outcome: { field: 'outcome' },
    severity: { field: 'severity', indexed: true },
    contact: { field: 'contact' },
    about: { field: 'resource', indexed: true, relative: true },
    job: { field: 'job', prefix: `${JOBS}/`, indexed: true },
  },
  inDocument: (name) => ['name', 'description', 'properties'].includes(name),
});

const JOB_FIELDS: StoredFields = {
  columns: {
    id: { field: 'id', prefix: `${JOBS}/`, indexed: true },
    created: { field: 'created' },
    updated: { field: 'changed' },
    state: { field: 'state', indexed: true },
    targetResource: { field: 'target', indexed: true },
    action: { field: 'action' },
    returnCode: { field: 'returnCode' },
    progress: { field: 'progress' },
    statusMessage: { field: 'statusMessage' },
    timeOfStatusChange: { field: 'changed' },
    parentJob: { field: 'parent', prefix: `${JOBS}/`, indexed: true, mayBeGone: true },
  },
  inDocument: (name) => ['name', 'description', 'properties'].includes(name),
};

interface ListOptions {
  context: ReaderContext;
  tenant: string;
  /** The values that filters are about: without references that lead nowhere. */
  cleaned(all: readonly { type: string; values: Values }[]): Promise<readonly Values[]>;
  /** Sight of who asks, where something is hidden from it. */
  sight?: Sight | undefined;
  sizes?: Sizes;
}

export interface JobListOptions<V> extends ListOptions {
  viewsOf(rows: readonly JobRow[], nested: ReadonlyMap<string, readonly string[]>): Promise<readonly V[]>;
}

/** A tenant's Jobs (5.17.2). */
export function jobList<V>({ context, tenant, cleaned, viewsOf, sight, sizes }: JobListOptions<V>): StoredList<V> {
  const { store, catalogue, policy } = context;
  const own = { tenants: policy.rowsOf(tenant) };
  const table: StoredTable<JobRow, V> = {
    async counted(key) {
      if (key && !(key.kind === 'text' && key.field === 'state')) return undefined;
      const all = await countsOf(context, tenant);
      return sum(all.flatMap(({ jobs }) => (key ? (jobs.get(key.value) ?? 0) : [...jobs.values()])));
    },
    count: (query) => store.countJobs({ ...own, ...query }),
    place: (query) => store.jobPlace({ ...own, ...query }),
    rows: ({ paths, ...query }) =>
      store.jobs({ ...own, ...query, ...(paths ? { ids: paths.map((path) => path.slice(JOBS.length + 1)) } : {}) }),
    placeOf: ({ id, created }) => ({ created, path: jobPath(id) }),
    values(rows, filtered) {
      const values = rows.map((row) => jobValues(row, []));
      return filtered ? cleaned(values.map((each) => ({ type: JOB, values: each }))) : Promise.resolve(values);
    },
    views: async (rows) => viewsOf(rows, await store.nestedJobs(rows.map(({ id }) => id))),
    seen: sight && ((rows) => sight.jobs(rows)),
  };
  return { part: (query) => partOf(table, { ...planOf(query, catalogue.attributesOf(JOB), context, JOB_FIELDS), whose: tenant, sizes }) };
}

export interface EventListOptions<V> extends Pick<ListOptions, 'context' | 'tenant' | 'sight' | 'sizes'> {
  /** Log whose events they are. */
  log: { path: string; view: EventView };
  viewsOf(rows: readonly EventRow[]): Promise<readonly V[]>;
}

/** Events of a log (5.17.9.1.1), in the order in which they occurred. */
export function eventList<V>({ context, tenant, log, viewsOf, sight, sizes }: EventListOptions<V>): StoredList<V> {
  const { store, catalogue } = context;
  const { view } = log;
  const table: StoredTable<EventRow, V> = {
    async counted(key) {
      if (!isAll(view) || (key && !(key.kind === 'text' && key.field === 'severity'))) return undefined;
      const counts = countsOfView(view, await store.counts(view.tenant));
      return key ? (counts.get(key.value) ?? 0) : sum([...counts.values()]);
    },
    count: (query) => store.countEvents({ view, ...query }),
    place: (query) => store.eventPlace({ view, ...query }),
    rows: ({ paths, ...query }) => store.eventList({ view, ...query, ...(paths ? { ids: paths } : {}) }),
    placeOf: ({ id, timestamp }) => ({ created: timestamp, path: id }),
    values: (rows) => Promise.resolve(rows.map((row) => valuesOf(context, log.path, row))),
    views: viewsOf,
    seen: sight && ((rows) => sight.events(rows)),
  };
  const fields = eventFields(log.path);
  return {
    async part(query) {
      const plan = planOf(query, catalogue.attributesOf(EVENT), context, fields);
      const resource = view.resource ?? oneIn(plan.pushed, 'resource');
      if (resource !== undefined) await context.freshen?.events(resource, view.tenant);
      return partOf(table, { ...plan, whose: tenant, sizes });
    },
  };
}

/** The one value that a column has in all that matches; undefined where there may be several. */
function oneIn({ key, rest }: Pushed, field: string): string | undefined {
  const terms = [key, ...(rest?.kind === 'and' ? rest.terms : [rest])];
  for (const term of terms)
    if (term?.kind === 'among' && term.field === field && term.equal && term.values.length === 1) return term.values[0];
  return undefined;
}

/** A part of what is new in a log, in the order in which it became known. */
export interface LogNews {
  events: readonly PlacedEvent[];
  /** Place after all that was looked at. */
  place: FeedPlace;
}

/**
 * Makes what reads on in a log: the events after a place of which the filter is true.
 * @param log its path
 * @throws QueryError
 */
export function eventFeed(
  context: ReaderContext,
  log: string,
  filter: Filter | undefined,
): (view: EventView, after: FeedPlace, limit: number) => Promise<LogNews> {
  const { store, catalogue } = context;
  const { pushed, matches } = planOf({ ...(filter && { filter }), orderBy: [] }, catalogue.attributesOf(EVENT), context, eventFields(log));
  const where = both(pushed.key, pushed.rest);
  return async (view, after, limit) => {
    const { events, place } = await store.readNews({ view, where }, after, limit);
    return { events: matches ? events.filter((row) => matches(valuesOf(context, log, row))) : events, place };
  };
}

/** Values of an event that filters and orders are about. */
const valuesOf = ({ catalogue }: ReaderContext, log: string, row: EventRow): Values => ({
  id: `${log}/events/${row.id}`,
  ...eventValues(catalogue, row),
});

/** Attributes that are not, or not alone, what a row's document says: the state is also its Job's, a key's text follows from its bytes, the rest is known of the row. */
const NOT_OF_DOCUMENT = ['id', 'created', 'updated', 'state', 'cloud', 'publicKey'];

function resourceFields(attributes: Attributes): StoredFields {
  return {
    columns: {
      id: { field: 'path', indexed: true },
      name: { field: 'name', indexed: true },
      created: { field: 'created' },
      updated: { field: 'updated' },
    },
    inDocument(name) {
      const attribute = attributes[name];
      return attribute !== undefined && attribute.kind !== 'collection' && !attribute.confidential && !NOT_OF_DOCUMENT.includes(name);
    },
  };
}

export interface ResourceListOptions<V> extends ListOptions {
  handler: ResourceHandler;
  /** Path of the owner, for items of a nested collection. */
  owner: string | undefined;
  founds(rows: readonly ResourceRow[]): Promise<readonly Found[]>;
  viewsOf(rows: readonly ResourceRow[]): Promise<readonly V[]>;
}

/** A tenant's resources of a type that lives in no cloud. */
export function resourceList<V>({
  context,
  handler,
  tenant,
  owner,
  cleaned,
  founds,
  viewsOf,
  sight,
  sizes,
}: ResourceListOptions<V>): StoredList<V> {
  const { store, catalogue, policy } = context;
  const own = { type: handler.type, tenants: policy.rowsOf(tenant), ...(owner === undefined ? {} : { owner }) };
  const attributes = catalogue.attributesOf(handler.type);
  const table: StoredTable<ResourceRow, V> = {
    async counted(key) {
      if (key || owner !== undefined || handler.hasOwners) return undefined;
      return sum((await countsOf(context, tenant)).map(({ resources }) => resources.get(handler.type) ?? 0));
    },
    count: (query) => store.countResources({ ...own, ...query }),
    place: (query) => store.resourcePlace({ ...own, ...query }),
    rows: (query) => store.resources({ ...own, ...query }),
    placeOf: ({ path, created }) => ({ path, created }),
    async values(rows, filtered) {
      const values = (await founds(rows)).map(({ path, values: own }): Values => ({ id: path, ...own }));
      return filtered ? cleaned(values.map((each) => ({ type: handler.type, values: each }))) : values;
    },
    views: viewsOf,
    seen: sight && ((rows) => sight.rows(rows)),
  };
  return { part: (query) => partOf(table, { ...planOf(query, attributes, context, resourceFields(attributes)), whose: tenant, sizes }) };
}

/** Samples are small: a few hundred stand in the place of a document. */
const SAMPLE_SIZES: Sizes = { ...SIZES, page: 1_000 };
const SAMPLE_FIELDS: StoredFields = { columns: { timestamp: { field: 'timestamp' } }, inDocument: () => false, time: 'timestamp' };

export interface SampleListOptions<V> extends Pick<ListOptions, 'context' | 'tenant' | 'sizes'> {
  /** Meter whose samples they are. */
  meter: ReadableFound;
  viewsOf(founds: readonly ReadableFound[]): Promise<readonly V[]>;
}

/** The samples of a Meter, in the order of time. */
export function sampleList<V>({ context, tenant, meter, viewsOf, sizes = SAMPLE_SIZES }: SampleListOptions<V>): StoredList<V> {
  const attributes = context.catalogue.attributesOf(SAMPLE);
  return {
    async part(query) {
      const plan = planOf(query, attributes, context, SAMPLE_FIELDS);
      const table = sampleTable({ context, tenant }, { owner: meter, step: query.own?.step }, viewsOf);
      if (meter.row) await context.freshen?.samples(meter.row);
      return partOf(table, { ...plan, whose: tenant, sizes });
    },
  };
}

/** Tells what the database can decide of a filter over stored resources, those that live in no cloud. */
export function narrowedBy(filter: Filter, attributes: Attributes, base: string): Condition | undefined {
  const { key, rest } = pushFilter(filter, { ...resourceFields(attributes), base, attributes });
  return both(key, rest);
}

/** Counts of those whose rows a tenant may read. */
function countsOf({ store, policy }: ReaderContext, tenant: string): Promise<Counts[]> {
  return Promise.all(policy.rowsOf(tenant).map((one) => store.counts(one)));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Plans what a request asks of a stored list. @throws QueryError. */
function planOf(
  query: Parameters<StoredList<unknown>['part']>[0],
  attributes: Attributes,
  { base, maxItems }: ReaderContext,
  fields: StoredFields,
): Omit<ListPlan, 'whose'> {
  const matches = query.filter && compileFilter(query.filter, attributes, { base });
  const pushed = pushFilter(query.filter, { ...fields, base, attributes });
  const order = orderingKeys(query.orderBy, attributes);
  const [by] = order;
  const byTime = order.length === 1 && by?.attribute === (fields.time ?? 'created');
  return {
    pushed,
    matches: pushed.exact ? undefined : matches,
    sorter: order.length === 0 || byTime ? undefined : compileSorter(order, attributes),
    descending: byTime && by.descending,
    first: query.first,
    last: query.last,
    maxItems,
  };
}
