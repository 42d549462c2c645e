import type { AccessChange, AccessStore } from './access-store';
import type { EventRecord, EventRow, EventView } from './event-record';
import type { Condition } from './listing';

/** Times for which things that nobody deletes are kept. */
export interface Retention {
  events: { keepMs: number; perTenant: number };
  audit: { keepMs: number; perTenant: number };
  retired: { remainsMs: number; idMs: number };
}

/** End of a chain: its last entry; a chain without entries has link 0. */
export interface AuditHead {
  tenant: string;
  lane: number;
  link: number;
  mac: string;
}

/** Something in the audit that is not as it was written. */
export interface AuditFault {
  tenant: string;
  lane: number;
  /** Number of the entry in its chain, where it is one. */
  link?: number;
  message: string;
}

export interface AuditReport {
  /** Entries that were looked at. */
  entries: number;
  /** Ends of the chains as they were found: a later check can be told to find them again. */
  heads: AuditHead[];
  faults: AuditFault[];
}

/** Place in the feed: after this event. Text without blanks, to be handed out and taken back. */
export type FeedPlace = string;

/** An event with its place in the feed. */
export interface PlacedEvent extends EventRow {
  place: FeedPlace;
}

/** Part of a tenant's feed: what somebody looks at, as far as the condition is true of it. */
export interface NewsQuery {
  view: EventView;
  where?: Condition | undefined;
}

/** Events that are news to a reader of the feed. */
export interface News {
  events: PlacedEvent[];
  /** Place after all that was looked at: more may follow at once where it is another than the reading began at. */
  place: FeedPlace;
}

/** Part of the store that is about the audit and the feed of events; entries are recorded like any event, by their type (isEvidence). */
export interface AuditStore {
  /** Entries, newest first. @param tenant '' for those of strangers */
  auditEntries(tenant: string, limit: number): Promise<EventRow[]>;
  /** Checks all of it, entry by entry. @param remembered ends that an earlier check found @throws NoKeyError */
  checkAudit(remembered?: readonly AuditHead[]): Promise<AuditReport>;
  /** Removes the oldest entries, leaving what is left provable; at most `limit` of each tenant in one go. @returns how many. */
  removeEntries(keep: Retention['audit'], limit: number): Promise<number>;
  /** Returns the place in a tenant's feed of events after which is what is yet to come. */
  feedEnd(tenant: string): Promise<FeedPlace>;
  /** Reads events after a place, oldest first; looks at so many of the feed in one go. @throws Error where the place is none */
  readNews(query: NewsQuery, after: FeedPlace, limit: number): Promise<News>;
  /** Tells whether anything here was made with a key: a gateway has run on it. */
  hasKey(): Promise<boolean>;
  /** Principals and tokens, where each change is recorded with an entry. */
  accessTold(entryOf: (change: AccessChange) => EventRecord): AccessStore;
}
