import type { Severity } from '../model/event';
import type { Values } from '../model/values';
import type { ListPlace, ListQuery, PlaceQuery, ResourcePath } from './listing';

/** An entry of the history of a resource, written with the change itself (5.17.13); made by src/operations/events.ts. */
export interface EventRecord {
  tenant: string;
  /** Resource that it tells of; it may be gone. */
  resource: ResourcePath;
  /** Name of the resource's type. */
  resourceType: string;
  /** Event type URI (Table 57). */
  type: string;
  /** Content without the reference and the type of the resource, which are laid in when it is told. */
  content: Values;
  /** One of Table 56, or of the event type's own. */
  outcome: string;
  severity?: Severity;
  contact?: string;
  /** Id of the Job that it comes of. */
  job?: string;
  /** Time of the occurrence, in ms since the epoch; absent: now. */
  at?: number;
  /** Cloud, and the provider's own name for the event: told again to the same tenant, it is not recorded again. */
  told?: { cloud: string; id: string };
}

/** Common attributes that a consumer may give an event. */
export interface EventNaming {
  name?: string | undefined;
  description?: string | undefined;
  properties?: { [key: string]: string } | undefined;
}

/** An event as it was recorded. */
export interface EventRow extends Omit<EventRecord, 'at'> {
  /** Ascending number. */
  id: string;
  /** Time of the occurrence, RFC 3339, UTC, ms. */
  timestamp: string;
  /** Time of the recording (`created`, 5.17.13), the same form. */
  recorded: string;
  /** Common attributes that a consumer may edit (D070), and when that was. */
  naming: EventNaming;
  updated: string | null;
}

/** Events that somebody looks at: a tenant's, or those of one resource of it. */
export interface EventView {
  tenant: string;
  resource?: ResourcePath | undefined;
  /** Number after which they begin. */
  after?: number | undefined;
  /** Moment from which on they occurred, RFC 3339, UTC, ms. */
  since?: string | undefined;
  /** True: without the entries of the audit. */
  withoutAudit?: boolean | undefined;
}

/** Counts the events of a view of all (isAll) by severity, '' where there is none, without looking at any. */
export function countsOfView(
  view: EventView,
  { events, entries }: { events: ReadonlyMap<string, number>; entries: ReadonlyMap<string, number> },
): Map<string, number> {
  const counts = new Map(events);
  if (!view.withoutAudit) for (const [severity, n] of entries) counts.set(severity, (counts.get(severity) ?? 0) + n);
  return counts;
}

/** Tells whether all events of the tenant are looked at, but for entries of the audit. */
export function isAll({ resource, after, since }: EventView): boolean {
  return resource === undefined && after === undefined && since === undefined;
}

/** A list of events. Places have the time of the occurrence and the number. */
export interface EventQuery extends ListQuery {
  view: EventView;
  ids?: readonly string[] | undefined;
}

/** Reads of events. */
export interface EventReads {
  /** Lists events by the time of their occurrence; those of one moment in the order of their numbers. */
  eventList(query: EventQuery): Promise<EventRow[]>;
  countEvents(query: Omit<EventQuery, 'limit'>): Promise<number>;
  eventPlace(query: Omit<EventQuery, 'limit'> & PlaceQuery): Promise<ListPlace | undefined>;
  /** Counts events by their severity; those without one are not counted. */
  eventSummary(view: EventView): Promise<ReadonlyMap<Severity, number>>;
  /** Returns the newest event about a resource, by its occurrence, that comes of a Job. */
  eventOfJob(about: { tenant: string; resource: ResourcePath; job: string }): Promise<EventRow | undefined>;
  /** Returns the number of a tenant's newest event; 0 where there is none. */
  lastEvent(tenant: string): Promise<number>;
}

/** Writes of events, in a transaction. */
export interface EventWrites {
  /** @returns false where the provider's event had been recorded before. */
  recordEvent(event: EventRecord): Promise<boolean>;
  /** Records entries of the audit of one tenant, one after the other in one of its chains. */
  recordEntries(tenant: string, entries: readonly EventRecord[]): Promise<void>;
  /** @throws StaleError where the tenant has no such event. */
  nameEvent(tenant: string, id: string, naming: EventNaming): Promise<void>;
  /** Deletes a tenant's event. Absent is success. */
  deleteEvent(tenant: string, id: string): Promise<void>;
}
