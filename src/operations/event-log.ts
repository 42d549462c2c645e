import { createHash } from 'node:crypto';
import type { Catalogue } from '../model/catalogue';
import { partedFromCloud } from '../model/cloud-path';
import { isEvidence } from '../model/event-types';
import { severities } from '../model/event';
import { placeIn } from '../model/place';
import { shown } from '../model/shown';
import { giveWay } from '../model/turns';
import type { Value, Values } from '../model/values';
import type { EventView } from '../store/event-record';
import type { ListPlace } from '../store/listing';
import {
  StaleError,
  type NewResourceRow,
  type ResourcePath,
  type ResourceRow,
  type Store,
  type StoreReads,
  type UnitOfWork,
} from '../store/store';
import { rowOfDiscovered } from './discovered-row';
import { ENTRY_POINT } from './gateway-resources';
import { namingOf } from './naming';
import {
  Refusal,
  type ChangePlan,
  type CreateRequest,
  type EnrichContext,
  type Found,
  type NarrowedSight,
  type PlanContext,
  type ResourceHandler,
  type UpdateRequest,
} from './resource-handler';
import { planStoredRemove, planStoredUpdate, storedOffered } from './stored';
import { asRef, mergeTemplate } from './template-merge';
import { isEmpty } from './value-equality';

/**
 * EventLogs (5.17.9) and their Events (5.17.13). A log is a view of the events table: by tenant, by target, by what its persistence
 * leaves of it. So what had happened to a resource before its log was made is in it. The Provider keeps one log of everything that is
 * the tenant's, for the Cloud Entry Point.
 */

export const EVENT_LOG = 'EventLog';
export const EVENT = 'Event';
const TEMPLATE = 'EventLogTemplate';
const DAY_MS = 86_400_000;
/** Events that are looked at at once. */
const PAGE = 500;
/** Lengths of the words for persistence (D067), in days; never shorter than the calendar's. */
const DAYS: Readonly<Record<string, number>> = { daily: 1, weekly: 7, monthly: 31, yearly: 366 };
/** Persistence of a log for which nobody asked for one: nothing is hidden, the operator's retention alone ends it. */
const UNASKED = 'monthly';

/** Names of the types whose resources can have a log of their own. */
export function loggedTypes(catalogue: Catalogue): string[] {
  const isLog = (type: string) =>
    Object.values(catalogue.resource(type).attributes).some((one) => one.kind === 'ref' && one.to === EVENT_LOG);
  return catalogue.resources.flatMap(({ name }) => (isLog(name) ? [name] : []));
}

/**
 * Tells which events a log shows to somebody.
 * @param row of the log
 * @param now ms since the epoch
 * @param seesAudit false: the entries of the audit are not there for who looks
 */
export function viewOf({ tenant, owner, values, internal }: ResourceRow, now: number, seesAudit: boolean): EventView {
  const days = internal.bounded === true ? DAYS[String(values.persistence)] : undefined;
  return {
    tenant,
    ...(owner === null ? {} : { resource: owner }),
    ...(typeof internal.after === 'number' ? { after: internal.after } : {}),
    ...(days === undefined ? {} : { since: new Date(now - days * DAY_MS).toISOString() }),
    ...(seesAudit ? {} : { withoutAudit: true }),
  };
}

/** EventLog: one for each target (N8), which it goes with (Linked). */
export const eventLogHandler: ResourceHandler = {
  type: EVENT_LOG,
  stored: true,
  hasOwners: true,
  about: { capabilities: { Linked: true } },
  enrich: summarized,
  create: planCreate,
  update: planUpdate,
  remove: planRemove,
  offered: (found, catalogue) => storedOffered(found, catalogue).filter((name) => name !== 'delete' || found.row?.owner !== null),
};

async function summarized<F extends Found>(founds: readonly F[], { store, seesAudit, narrowed }: EnrichContext): Promise<readonly F[]> {
  const now = await store.now();
  return Promise.all(
    founds.map(async (found) => {
      if (!found.row) return found;
      const view = viewOf(found.row, now, seesAudit);
      const counts = narrowed ? await countedFor(narrowed, store, view) : await store.eventSummary(view);
      const summary = Object.fromEntries([...severities].reverse().map((severity) => [severity, counts.get(severity) ?? 0]));
      return { ...found, values: { ...found.values, summary } };
    }),
  );
}

/** Counts the events that somebody may see, by severity: no database can tell which these are. */
async function countedFor(sight: NarrowedSight, store: StoreReads, view: EventView): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let after: ListPlace | undefined; ;) {
    const page = await store.eventList({ view, after, limit: PAGE });
    for (const { severity } of await sight.events(page)) if (severity !== undefined) counts.set(severity, (counts.get(severity) ?? 0) + 1);
    const last = page.at(-1);
    if (page.length < PAGE || !last) return counts;
    after = { created: last.timestamp, path: last.id };
    await giveWay();
  }
}

async function planCreate(context: PlanContext, { values, template, collection }: CreateRequest): Promise<ChangePlan> {
  const at = placeIn(context.catalogue.templateAttribute(EVENT_LOG) ?? '', 'targetResource');
  const target = await targetOf(context, template.targetResource, at);
  if (target.row?.eventLog !== undefined) throw logged(target.path, target.row.eventLog);
  const row = logRow(context, target.path, { naming: values, template }, target.row?.eventsAfter);
  return {
    target: collection,
    affected: [collection, row.path, target.path],
    insert: [...(target.row ? [] : [rowOfDiscovered(target)]), row],
    also: (unit) => link(unit, target.path, row.path),
    statusMessage: 'Created',
    location: row.path,
  };
}

/** The resource that a log is asked for. @throws Refusal 400, 403, 409 */
async function targetOf(context: PlanContext, given: Value | undefined, at: string): Promise<Found> {
  const { catalogue, principal } = context;
  const types = loggedTypes(catalogue);
  const href = asRef(given)?.href;
  if (href === undefined) throw new Refusal(400, `is missing: a log is of a resource of type ${types.join(', ')}`, { at });
  const { path } = partedFromCloud(href);
  const type = catalogue.locate(path)?.type;
  if (type === ENTRY_POINT) throw logged(path, tenantLog(catalogue, principal.tenant).path);
  if (type === undefined || !types.includes(type))
    throw new Refusal(400, `${shown(href)} is nothing that has a log: these are of type ${types.join(', ')}`, { at });
  const found = await context.resolve(path, type, at);
  context.mustOwn(found);
  return found;
}

function logged(target: ResourcePath, log: ResourcePath): Refusal {
  return new Refusal(409, `${target} has a log, ${log}: a resource has one at most`, { kind: 'conflict' });
}

interface Asked {
  naming: Values;
  template: Values;
}

/** @param after number of the last event that went with a former log */
function logRow(context: PlanContext, target: ResourcePath, { naming, template }: Asked, after?: number): NewResourceRow {
  const { persistence } = template;
  return {
    path: `${context.catalogue.pathOf(EVENT_LOG) ?? ''}/${context.newId()}`,
    type: EVENT_LOG,
    tenant: context.principal.tenant,
    cloud: null,
    providerKey: null,
    // It goes with what it is of (R5.17.9-01).
    owner: target,
    state: null,
    values: { ...naming, targetResource: { href: target }, persistence: isEmpty(persistence) ? UNASKED : persistence },
    secrets: null,
    internal: { ...(isEmpty(persistence) ? {} : { bounded: true }), ...(after === undefined ? {} : { after }) },
  };
}

/** Gives a target its log, where it is still there and has none. @throws Refusal 409, StaleError */
async function link(unit: UnitOfWork, path: ResourcePath, log: ResourcePath): Promise<void> {
  const target = await unit.resource(path);
  if (!target) throw new StaleError(path);
  if (target.eventLog !== undefined) throw logged(path, target.eventLog);
  // By its version: of two that come at once, the second sees the first.
  await unit.updateResource(path, target.version, { eventLog: log });
}

async function planUpdate(context: PlanContext, found: Found, request: UpdateRequest): Promise<ChangePlan> {
  const plan = await planStoredUpdate(context, found, request);
  const asked = request.set.persistence !== undefined && request.set.persistence !== found.values.persistence;
  if (!asked) return plan;
  const internal = { ...found.row?.internal, bounded: true };
  return { ...plan, change: (plan.change ?? []).map((each) => ({ ...each, change: { ...each.change, internal } })) };
}

/** Plans the end of a log with what is in it: a later log of the same target begins after that. */
async function planRemove(context: PlanContext, found: Found): Promise<ChangePlan> {
  const owner = found.row?.owner ?? null;
  if (owner === null) throw new Refusal(405, `${found.path} is kept by the Provider`, { kind: 'unsupported' });
  return {
    ...(await planStoredRemove(context, found)),
    affected: [found.path, owner],
    also: async (unit) => {
      const target = await unit.resource(owner);
      if (target) await unit.updateResource(owner, undefined, { eventLog: null, eventsAfter: await unit.lastEvent(found.tenant) });
    },
  };
}

/**
 * Handler whose creates also make the log that `eventLogTemplate` asks for: it comes with the resource and goes with it. Whatever
 * target the template names, what is made is the target (D064).
 */
export function loggable(handler: ResourceHandler): ResourceHandler {
  const { create } = handler;
  if (!create) return handler;
  return {
    ...handler,
    async create(context, request) {
      const { eventLogTemplate: given, ...template } = request.template;
      const plan = await create(context, { ...request, template });
      if (isEmpty(given)) return plan;
      const at = placeIn(context.catalogue.templateAttribute(handler.type) ?? '', 'eventLogTemplate');
      const row = logRow(context, plan.location ?? '', await askedBy(context, given, at));
      const insert = (plan.insert ?? []).map((one) => (one.path === plan.location ? { ...one, eventLog: row.path } : one));
      return { ...plan, insert: [...insert, row], affected: [...plan.affected, row.path] };
    },
  };
}

/** Reads what a template by reference, by value, or both asks for; a log is called as it is. */
async function askedBy(context: PlanContext, given: Value | undefined, at: string): Promise<Asked> {
  const ref = asRef(given);
  if (!ref) throw new Refusal(400, `a ${TEMPLATE} is needed, by reference or by value`, { at });
  const referred = ref.href === undefined ? {} : (await context.resolve(ref.href, TEMPLATE, at)).values;
  const naming = namingOf({ ...referred, ...Object.fromEntries(Object.entries(ref).filter(([, value]) => !isEmpty(value))) });
  return { naming: { ...naming }, template: mergeTemplate(referred, ref) };
}

/** The Provider's log of everything that is a tenant's; the same in every process. */
export function tenantLog(catalogue: Catalogue, tenant: string): NewResourceRow {
  const id = createHash('sha256').update(`events of ${tenant}`).digest('hex').slice(0, 26);
  return {
    path: `${catalogue.pathOf(EVENT_LOG) ?? ''}/${id}`,
    type: EVENT_LOG,
    tenant,
    cloud: null,
    providerKey: null,
    owner: null,
    state: null,
    values: {
      name: 'everything',
      description: 'What has happened to everything that is yours',
      targetResource: { href: catalogue.pathOf(ENTRY_POINT) ?? '' },
      persistence: UNASKED,
    },
    secrets: null,
    internal: {},
  };
}

/** Makes a tenant's log of everything where it is not there yet. */
export async function keepTenantLog(store: Store, row: NewResourceRow): Promise<void> {
  if (await store.resource(row.path)) return;
  await store
    .transaction((unit) => unit.insertResource(row))
    .catch((error: unknown) => {
      // Another was faster.
      if (!(error instanceof StaleError)) throw error;
    });
}

/** Event: told by the gateway, called and deleted by who reads it; what is evidence stays as it is. */
export const eventHandler: ResourceHandler = {
  type: EVENT,
  stored: true,
  update: (_context, found, request) => Promise.resolve(planNaming(found, request)),
  remove: (_context, found) =>
    Promise.resolve({
      target: found.path,
      affected: [found.path],
      also: (unit) => unit.deleteEvent(found.tenant, idOf(found)),
      statusMessage: 'Deleted',
    }),
  offered: ({ values }) => (isEvidence(String(values.type)) ? [] : ['edit', 'delete']),
};

const idOf = ({ path }: Found): string => path.split('/').at(-1) ?? '';

function planNaming(found: Found, { set, erase }: UpdateRequest): ChangePlan {
  const next: Values = { ...found.values, ...set };
  for (const name of erase) delete next[name];
  return {
    target: found.path,
    affected: [found.path],
    also: (unit) => unit.nameEvent(found.tenant, idOf(found), namingOf(next)),
    statusMessage: 'Updated',
  };
}
