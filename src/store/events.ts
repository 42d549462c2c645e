import { sql, type CompiledQuery, type Selectable, type SelectQueryBuilder } from 'kysely';
import { severities, type Severity } from '../model/event';
import { isEvidence } from '../model/event-types';
import { recordEntries, type NewEntry } from './audit';
import { readCounts } from './counts';
import { countsOfView, isAll, type EventNaming, type EventQuery, type EventRecord, type EventRow, type EventView } from './event-record';
import type { ListPlace, PlaceQuery } from './listing';
import { narrowed, type Listed } from './narrow';
import { placesOf, prepared, statement } from './prepared';
import type { EventsTable, Tables } from './schema';
import { decodeColumn, encodeColumn, type Session } from './session';
import { StaleError, type Store } from './store';

/** Rows of events, which are written once, with the change that they tell of. */

/** Records an event. @returns false where the provider's event had been recorded before. */
export async function recordEvent(session: Session, event: EventRecord): Promise<boolean> {
  const made = columnsOf(event);
  if (isEvidence(event.type)) {
    await recordEntries(session, event.tenant, [made]);
    return true;
  }
  const { numAffectedRows: inserted = 0n } = await session.db.executeQuery(insertingEvent(session, made));
  return inserted > 0n;
}

/** Makes the statement that inserts what is no entry of the audit; nothing where the provider's event is there. */
export function insertingEvent(session: Session, { row, at }: NewEvent): CompiledQuery<unknown> {
  const timed = at !== undefined;
  return statement(session, `event ${timed}`, { ...row, timestamp: at }, (place, { stamp }) =>
    session.db
      .insertInto('events')
      .values({ ...placesOf(place, COLUMNS), timestamp: timed ? place<string>('timestamp') : stamp, recorded: stamp })
      .onConflict((conflict) => conflict.doNothing()),
  );
}

/** Records entries of the audit of one tenant in one of its chains. @throws Error where one is none */
export async function recordEntryEvents(session: Session, tenant: string, entries: readonly EventRecord[]): Promise<void> {
  if (entries.some((entry) => entry.tenant !== tenant || !isEvidence(entry.type))) throw new Error(`not all are entries of '${tenant}'`);
  await recordEntries(session, tenant, entries.map(columnsOf));
}

/** Columns that columnsOf fills. */
const COLUMNS = [
  ...(['tenant', 'resource', 'resource_type', 'type', 'content', 'outcome', 'severity'] as const),
  ...(['contact', 'job', 'cloud', 'provider_event'] as const),
] as const;

/** Columns of an event, and the time of the occurrence, RFC 3339; absent: now. */
export interface NewEvent {
  row: NewEntry;
  at: string | undefined;
}

export function columnsOf(event: EventRecord): NewEvent {
  const row = {
    tenant: event.tenant,
    resource: event.resource,
    resource_type: event.resourceType,
    type: event.type,
    content: encodeColumn(event.content),
    outcome: event.outcome,
    severity: event.severity ?? null,
    contact: event.contact ?? null,
    job: event.job ?? null,
    cloud: event.told?.cloud ?? null,
    provider_event: event.told?.id ?? null,
  };
  return { row, at: event.at === undefined ? undefined : new Date(event.at).toISOString() };
}

/** Reads a tenant's events, or those of one resource of it; newest first. */
export async function readEvents({ db }: Session, { tenant, resource, limit }: Parameters<Store['events']>[0]): Promise<EventRow[]> {
  let select = db.selectFrom('events').selectAll().where('tenant', '=', tenant).orderBy('seq', 'desc').limit(limit);
  if (resource !== undefined) select = select.where('resource', '=', resource);
  return (await select.execute()).map(eventFromRow);
}

/** Columns of lists of events. */
export const EVENTS: Listed = {
  moment: 'timestamp',
  key: 'seq',
  prefix: null,
  document: 'naming',
  fields: {
    // As text: a filter may compare it with what is no number.
    id: sql`cast(seq as text)`,
    timestamp: sql.ref('timestamp'),
    recorded: sql.ref('recorded'),
    updated: sql.ref('updated'),
    type: sql.ref('type'),
    outcome: sql.ref('outcome'),
    severity: sql.ref('severity'),
    contact: sql.ref('contact'),
    resource: sql.ref('resource'),
    job: sql.ref('job'),
  },
};

export async function listEvents(session: Session, query: EventQuery): Promise<EventRow[]> {
  const { where, order } = narrowed(session.dialect, EVENTS, query);
  let select = matching(session.db.selectFrom('events'), query).where(where).selectAll();
  for (const by of order) select = select.orderBy(by);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return (await select.execute()).map(eventFromRow);
}

export async function countEvents(session: Session, query: EventQuery): Promise<number> {
  const { where } = narrowed(session.dialect, EVENTS, query);
  const counted = matching(session.db.selectFrom('events'), query).where(where);
  return (await counted.select(({ fn }) => fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n;
}

export async function eventPlace(session: Session, query: EventQuery & PlaceQuery): Promise<ListPlace | undefined> {
  const { where, order } = narrowed(session.dialect, EVENTS, query, query.fromEnd);
  let select = matching(session.db.selectFrom('events'), query).where(where).select(['timestamp', 'seq']);
  for (const by of order) select = select.orderBy(by);
  const row = await select.offset(query.offset).limit(1).executeTakeFirst();
  return row && { created: row.timestamp, path: String(row.seq) };
}

/** Counts the events of a view by severity, in one query; all that a tenant has are counted as they come and go. */
export async function summarize(session: Session, view: EventView): Promise<Map<Severity, number>> {
  if (isAll(view)) {
    const counts = countsOfView(view, await readCounts(session, view.tenant));
    return new Map(severities.flatMap((severity) => (counts.get(severity) ? [[severity, counts.get(severity) ?? 0] as const] : [])));
  }
  const seen = matching(session.db.selectFrom('events'), { view });
  // Of one resource without that condition, which would lead SQLite to an index of all that the tenant has.
  const graded = view.resource === undefined ? seen.where('severity', 'in', severities) : seen;
  const rows = await graded
    .groupBy('severity')
    .select(['severity', ({ fn }) => fn.countAll<number>().as('n')])
    .execute();
  return new Map(rows.flatMap(({ severity, n }) => (severity === null ? [] : [[severity, n] as const])));
}

/** Reads the events that come of Jobs, oldest first. */
export async function readEventsOfJobs(session: Session, jobs: readonly string[]): Promise<EventRow[]> {
  const { rows } = await prepared<Selectable<EventsTable>>(session, 'events of jobs', { jobs: session.dialect.list(jobs) }, (at, dialect) =>
    session.db
      .selectFrom('events')
      .selectAll()
      .where(dialect.isListed('job', at('jobs')))
      .orderBy('timestamp')
      .orderBy('seq'),
  );
  return rows.map(eventFromRow);
}

export async function lastEvent({ db }: Session, tenant: string): Promise<number> {
  const row = await db.selectFrom('events').select('seq').where('tenant', '=', tenant).orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return row?.seq ?? 0;
}

/** Chooses what somebody looks at. */
export function matching<O>(select: SelectQueryBuilder<Tables, 'events', O>, { view, ids }: EventQuery) {
  let chosen = select.where('tenant', '=', view.tenant);
  if (view.resource !== undefined) chosen = chosen.where('resource', '=', view.resource);
  if (view.after !== undefined) chosen = chosen.where('seq', '>', view.after);
  if (view.since !== undefined) chosen = chosen.where('timestamp', '>=', view.since);
  if (view.withoutAudit) chosen = chosen.where('lane', 'is', null);
  if (ids) chosen = chosen.where('seq', 'in', ids.map(Number));
  return chosen;
}

/** Writes what a consumer calls an event. @throws StaleError where the tenant has none of that number. */
export async function nameEvent({ db, dialect }: Session, tenant: string, id: string, naming: EventNaming): Promise<void> {
  const update = db.updateTable('events').set({ naming: encodeColumn(naming), updated: dialect.stamp });
  const { numUpdatedRows } = await update.where('tenant', '=', tenant).where('seq', '=', Number(id)).executeTakeFirst();
  if (numUpdatedRows === 0n) throw new StaleError(`event ${id}`);
}

export async function deleteEvent({ db }: Session, tenant: string, id: string): Promise<void> {
  await db.deleteFrom('events').where('tenant', '=', tenant).where('seq', '=', Number(id)).where('lane', 'is', null).execute();
}

/** Reads a tenant's entries of the audit, newest first. */
export async function readEntries({ db }: Session, tenant: string, limit: number): Promise<EventRow[]> {
  const select = db.selectFrom('events').selectAll().where('tenant', '=', tenant).where('lane', 'is not', null);
  return (await select.orderBy('seq', 'desc').limit(limit).execute()).map(eventFromRow);
}

/** Puts an event together from its row. */
export function eventFromRow(row: Selectable<EventsTable>): EventRow {
  return {
    id: String(row.seq),
    timestamp: row.timestamp,
    recorded: row.recorded,
    tenant: row.tenant,
    resource: row.resource,
    resourceType: row.resource_type,
    type: row.type,
    content: decodeColumn(row.content),
    outcome: row.outcome,
    naming: row.naming === null ? {} : decodeColumn(row.naming),
    updated: row.updated,
    ...(row.severity === null ? {} : { severity: row.severity }),
    ...(row.contact === null ? {} : { contact: row.contact }),
    ...(row.job === null ? {} : { job: row.job }),
    ...(row.cloud === null || row.provider_event === null ? {} : { told: { cloud: row.cloud, id: row.provider_event } }),
  };
}
