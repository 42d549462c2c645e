import type { Value, Values } from '../model/values';
import type { AccessStore } from './access-store';
import type { AuditStore, Retention } from './audit-store';
import type { KeyStore } from './keys';
import type { EventReads, EventRecord, EventRow, EventWrites } from './event-record';
import type { ListPlace, ListQuery, PlaceQuery, ResourcePath, ResourceQuery, TellsChanges } from './listing';
import type { AgendaReads, AgendaWrites, SampleReads, SampleWrites, TaskStore, TaskWrites } from './monitoring';
import type { Counts, JobLoad } from './quantities';
import type { TenantQuota } from '../model/tenant-quotas';

export { lesserRole, ROLES } from './access-store';
export type { AccessDemand, AccessStore, PrincipalRow, Role, SessionRow, TokenRow } from './access-store';
export type { Retention } from './audit-store';
export { DuplicateKeyError, HeldError, StaleError } from './conflicts';
export type { ResourcePath, ResourceQuery } from './listing';
export type { Counts, JobLoad, StoredQuotas } from './quantities';

/**
 * A resource as the gateway itself knows it. For what lives at a provider the row holds only what the cloud
 * cannot hold plus the values last seen; for what the gateway owns it holds everything.
 */
export interface ResourceRow {
  path: ResourcePath;
  type: string;
  tenant: string;
  /** Key of its cloud, or null for what has none. */
  cloud: string | null;
  /** The provider's key once it is known; unique for (cloud, type). */
  providerKey: string | null;
  /** Path of the owning resource for items of nested collections. */
  owner: ResourcePath | null;
  /** Own state (CREATING, ERROR, …) or last seen state of the provider. */
  state: string | null;
  /** RFC 3339, UTC, ms. */
  created: string;
  updated: string | null;
  /** Raised by every change; starts at 1. */
  version: number;
  /** Attributes by JSON name, references relative; without write-only ones. */
  values: Values;
  /** Write-only attributes and userData at any depth, by path into values; encrypted at rest. */
  secrets: Values | null;
  /** Values that the gateway must remember beside the attributes (keys of imported credentials, lineage, …). Never served. */
  internal: Values;
  /** Path of its EventLog, where it has one. */
  eventLog?: ResourcePath | undefined;
  /** Number of the last event that went with a former log of it. */
  eventsAfter?: number | undefined;
}

export type NewResourceRow = Omit<ResourceRow, 'version' | 'created' | 'updated'> & { created?: string };
export type ResourceChange = Partial<
  Pick<ResourceRow, 'providerKey' | 'state' | 'values' | 'secrets' | 'internal' | 'cloud' | 'eventsAfter'>
> & {
  /** Path of its EventLog; null: it has none any more. */
  eventLog?: ResourcePath | null;
  /** True where a consumer changed attributes: sets `updated` (5.10.1). */
  explicit?: boolean;
};

/** A row with the hold that an unfinished Job has on it. */
export interface HeldResource {
  row: ResourceRow;
  held: { job: string; shows: string | null } | undefined;
}

/** Owner and place of a row: tenant and cloud. */
export type Standing = Pick<ResourceRow, 'tenant' | 'cloud'> & {
  /** True where it belongs to something that the gateway did not make. */
  discovered: boolean;
};

/** Query for deleted rows that are kept: these paths, or these keys of a type in a cloud. */
export interface RetiredQuery {
  paths?: readonly ResourcePath[];
  type?: string;
  cloud?: string;
  providerKeys?: readonly string[];
}

export type JobState = 'QUEUED' | 'RUNNING' | 'FAILED' | 'SUCCESS' | 'STOPPING' | 'STOPPED';
export const FINISHED: readonly JobState[] = ['FAILED', 'SUCCESS', 'STOPPED'];
/** States in which a Job has not ended. */
export const UNFINISHED: readonly JobState[] = ['QUEUED', 'RUNNING', 'STOPPING'];

/** True once nothing more will happen to the Job. */
export function isFinished({ state }: { readonly state: JobState }): boolean {
  return FINISHED.includes(state);
}

export interface JobRow {
  id: string;
  tenant: string;
  /** Principal that asked. */
  principal: string;
  /** Workflow name and version; null where the change was finished in the accepting transaction. */
  workflow: string | null;
  workflowVersion: number;
  /** Common attributes that a consumer may edit (D130). */
  naming: { name?: string; description?: string; properties?: { [key: string]: string } };
  state: JobState;
  /** Full action URI. */
  action: string;
  target: ResourcePath;
  affected: readonly ResourcePath[];
  returnCode: number;
  progress: number;
  statusMessage: string;
  created: string;
  /** timeOfStatusChange. */
  changed: string;
  parent: string | null;
  /** Input of the workflow; encrypted at rest; null once the Job has ended. */
  input: Value | null;
  /** Results of finished steps by step name; encrypted at rest; null once the Job has ended. */
  results: { [step: string]: Value } | null;
  /** Memory of the step in progress between its attempts; encrypted at rest. */
  memory: Value | null;
  /** Name of the step in progress (or being undone); null before the first. */
  step: string | null;
  /** True while steps are undone, newest first. */
  undoing: boolean;
  /** Attempts of the step in progress that were begun, including one that never told its end. */
  attempts: number;
  /** Time at which the first attempt of the step in progress began, in ms since the epoch by the database's clock. */
  stepSince: number | null;
  /** Time before which it is not run, in ms since the epoch by the database's clock. */
  due: number;
  leaseOwner: string | null;
  leaseUntil: number | null;
  /** Raised by every lease; every write of a worker names it. */
  epoch: number;
  /** The store may be older than what was done (a restored backup): each step may have been attempted before. */
  doubtful: boolean;
  /** Reason why it failed, or is being undone: the words and return code to end with. */
  failure: {
    message: string;
    returnCode: number;
    kind: string;
    requestId?: string;
    /** Place in the request that is at fault (model/place.ts). */
    at?: string;
    /** The provider goes on with it: nothing is undone. */
    left?: boolean;
  } | null;
  /** Parts of what would be done, where it only plans. */
  plan: readonly Values[] | null;
  /** Unique per tenant while the row lives. */
  idempotencyKey: string | null;
  /** Hash of the request that brought the key. */
  requestHash: string | null;
  /** First answer, for replays: status and the resource's path, if any. */
  answer: { status: number; location?: ResourcePath } | null;
  /** Time from which it may be removed, in ms since the epoch; null while unfinished. */
  expires: number | null;
  /** Id of the request that asked for it, as the log has it; null where nobody's request did. */
  requestId: string | null;
  /** Process whose lease had run out when it was leased last; null where it was given back. */
  takenFrom: string | null;
  /** Place in the trace of the request or Job that made it (W3C Trace Context); null where there is none. */
  trace: string | null;
  /** Resources that it holds while unfinished, with the state each shows meanwhile (null: its own). */
  holds: readonly Hold[];
}

export interface Hold {
  path: ResourcePath;
  shows: string | null;
}

export type NewJob = Pick<JobRow, 'id' | 'tenant' | 'principal' | 'action' | 'target' | 'affected' | 'statusMessage'> &
  Partial<
    Pick<
      JobRow,
      | 'workflow'
      | 'workflowVersion'
      | 'naming'
      | 'state'
      | 'returnCode'
      | 'failure'
      | 'progress'
      | 'parent'
      | 'input'
      | 'due'
      | 'idempotencyKey'
      | 'requestHash'
      | 'answer'
      | 'expires'
      | 'requestId'
      | 'trace'
      | 'holds'
    >
  >;

/** Changes that a worker may write to the Job it leases. */
export type JobProgress = Partial<
  Pick<
    JobRow,
    | 'state'
    | 'affected'
    | 'returnCode'
    | 'progress'
    | 'statusMessage'
    | 'input'
    | 'results'
    | 'memory'
    | 'step'
    | 'undoing'
    | 'attempts'
    | 'failure'
    | 'plan'
    | 'expires'
    | 'holds'
  >
> & {
  /** Delay until it is due, from now by the database's clock, in ms. */
  dueInMs?: number;
  /** Sets stepSince to the database's now. */
  stepBegins?: boolean;
  /** Gives the lease back with this very write (owner and expiry cleared), so that a stop asked for later cannot be overwritten. */
  release?: boolean;
};

export interface JobQuery extends ListQuery {
  tenants?: readonly string[];
  states?: readonly JobState[];
  parent?: string;
  ids?: readonly string[];
}

/** Reads; outside a transaction each sees the latest committed state. */
export interface StoreReads extends SampleReads, AgendaReads, EventReads {
  resource(path: ResourcePath): Promise<ResourceRow | undefined>;
  /** The row with the hold on it, both as of one moment. */
  heldResource(path: ResourcePath): Promise<HeldResource | undefined>;
  resources(query: ResourceQuery): Promise<ResourceRow[]>;
  /** The same rows with the holds on them, all as of one moment. */
  heldResources(query: ResourceQuery): Promise<HeldResource[]>;
  countResources(query: Omit<ResourceQuery, 'limit'>): Promise<number>;
  /** Returns the position of a row of the list; undefined beyond its ends. */
  resourcePlace(query: Omit<ResourceQuery, 'limit'> & PlaceQuery): Promise<ListPlace | undefined>;
  counts(tenant: string): Promise<Counts>;
  /** Paths of stored resources whose values (at any depth) refer to one of these paths. */
  referring(paths: readonly ResourcePath[]): Promise<ResourcePath[]>;
  /** Returns those of these paths whose resource lived in a cloud and is not there any more: no clone's tag claims such an id. */
  retired(paths: readonly ResourcePath[]): Promise<Set<ResourcePath>>;
  /** Returns the clouds in which those of these paths were that were deleted, as far as that is known. */
  retiredClouds(paths: readonly ResourcePath[]): Promise<Map<ResourcePath, string>>;
  /** Returns those of these paths that there are rows of, with tenant and cloud. */
  standings(paths: readonly ResourcePath[]): Promise<Map<ResourcePath, Standing>>;
  /** Returns those of these ids that there are Jobs of, with their tenants and whether they have ended. */
  jobStandings(ids: readonly string[]): Promise<Map<string, { tenant: string; ended: boolean }>>;
  /** Rows that were taken away because a reading found their thing gone, as they were then. */
  takenAway(query: RetiredQuery): Promise<ResourceRow[]>;
  job(id: string): Promise<JobRow | undefined>;
  jobs(query: JobQuery): Promise<JobRow[]>;
  countJobs(query: Omit<JobQuery, 'limit'>): Promise<number>;
  jobPlace(query: Omit<JobQuery, 'limit'> & PlaceQuery): Promise<ListPlace | undefined>;
  /** Ids of the Jobs nested in each of these, oldest first. */
  nestedJobs(parents: readonly string[]): Promise<Map<string, string[]>>;
  jobByKey(tenant: string, idempotencyKey: string): Promise<JobRow | undefined>;
  /** Holds of unfinished Jobs on these resources (all resources when absent), so many at most. */
  holds(paths?: readonly ResourcePath[], most?: number): Promise<Map<ResourcePath, { job: string; shows: string | null }>>;
  /** Unleased or expired Jobs that are due, oldest first. */
  dueJobs(limit: number): Promise<{ id: string }[]>;
  /**
   * State and model events about resources of a type, whosever they are, that were recorded since a time (ms since the epoch by the
   * database's clock), oldest first.
   */
  recentEvents(query: { resourceType: string; since: number }): Promise<EventRow[]>;
  /** ms since the epoch by the database's clock. */
  now(): Promise<number>;
}

/** Changes in one transaction; commits when the callback resolves, rolls back when it throws. */
export interface UnitOfWork extends StoreReads, SampleWrites, AgendaWrites, TaskWrites, EventWrites {
  /** Blocks, until this transaction ends, every other that asks the same for this tenant. */
  oneAtATime(tenant: string): Promise<void>;
  insertResource(row: NewResourceRow): Promise<ResourceRow>;
  /** @throws StaleError unless the row is at `version` (any version when undefined). Raises the version. */
  updateResource(path: ResourcePath, version: number | undefined, change: ResourceChange): Promise<ResourceRow>;
  /** Keeps a resource from being deleted until this transaction ends. @throws StaleError where it is not there any more */
  keep(path: ResourcePath): Promise<void>;
  /** Removes the row and, with it, every row it owns at any depth; a row of a cloud is remembered as retired. Absent is success. */
  deleteResource(path: ResourcePath): Promise<void>;
  /**
   * Deletes as deleteResource does, with these others and what they own; keeps what it deletes for `bringBack`.
   * @param version the one that the row has to have; any, if absent
   * @returns whether there was such a row: of several that take it away at once, one does
   */
  takeAway(path: ResourcePath, others: readonly ResourcePath[], version?: number): Promise<boolean>;
  /**
   * Brings back the row that a reading took away, with what went with it, under its own path.
   * @param providerKey the key under which the provider shows the thing now
   * @returns undefined where there is none, or another row has the thing meanwhile
   */
  bringBack(path: ResourcePath, providerKey: string): Promise<ResourceRow | undefined>;
  /** @throws HeldError, DuplicateKeyError. */
  insertJob(job: NewJob): Promise<JobRow>;
  /** Changes a Job that is not leased (stop requests, naming). @throws StaleError when it has ended and `states` excludes that. */
  updateJob(
    id: string,
    change: Partial<Pick<JobRow, 'naming' | 'state' | 'statusMessage' | 'answer'>> & { dueInMs?: number },
    states?: readonly JobState[],
  ): Promise<JobRow>;
  /** @throws StaleError when the epoch is no longer this one. Ending states release the holds and erase input, results and memory. */
  advanceJob(id: string, epoch: number, progress: JobProgress): Promise<JobRow>;
  deleteJob(id: string): Promise<void>;
  /** Sets a quota of a tenant at runtime, or takes it away (null): then that of the configuration counts again. */
  putQuota(tenant: string, quota: TenantQuota, most: number | null): Promise<void>;
}

/**
 * All that an accepted change writes, known before its transaction: it needs no look at what was just written, and no round trip for
 * each row. Where anything at all speaks against it nothing is written, and a transaction step by step finds out what.
 */
export interface AcceptedChange {
  /** Rows whose version is claimed: it must still be this one, and is raised. */
  claims: readonly ResourceRow[];
  resources: readonly NewResourceRow[];
  /** Events in their order; none is an entry of the audit. */
  events: readonly EventRecord[];
  /** Job without a parent. */
  job: NewJob;
  /** Time for which a Job that has ended is kept, ms. */
  keepMs: number;
  /** Entry of the audit, in the Job's tenant; it is recorded last. */
  entry: EventRecord;
  /** Tells whether the tenant has room for it, by counts beforehand and the bytes that its resources take. */
  fits(counts: Counts, bytes: number): boolean;
}

/** Writes in one go; undefined: something speaks against it, and nothing was written. */
export type AcceptAtOnce = (accepted: AcceptedChange) => Promise<JobRow | undefined>;

/**
 * Does the work of a transaction that writes a worker's progress with whatever else changes: beforehand, on what is committed, so that it
 * is written in one go, with that of others of the same moment, each under its own epoch.
 * @param job as its worker has seen it last
 * @param work may be called for nothing; it resolves with what `advanceJob` gives it
 * @param ready told of the Job as it will be, before it is written
 * @returns undefined where something speaks against it, or it cannot be known beforehand: nothing was written, and a transaction finds out
 */
export type AdvanceAtOnce = (
  job: JobRow,
  work: (unit: UnitOfWork) => Promise<JobRow>,
  ready?: (planned: JobRow) => void,
) => Promise<JobRow | undefined>;

export interface Store extends StoreReads, TaskStore, AuditStore, TellsChanges {
  transaction<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T>;
  /** Writes an accepted change in one go. @returns undefined where something speaks against it: then nothing was written */
  acceptAtOnce: AcceptAtOnce;
  /**
   * Leases one Job for a worker if it is unfinished, due and not leased: raises the epoch, counts an attempt and
   * makes a QUEUED Job RUNNING. `leaseUntil - leaseMs` of the answer is the database's now.
   * @returns undefined when another worker was faster or nothing is due.
   */
  leaseJob(id: string, owner: string, leaseMs: number): Promise<JobRow | undefined>;
  /**
   * Writes progress as `advanceJob` of a transaction does, in one of its own, or in one with others of the same turn of the event
   * loop: each has its own epoch, and what is refused is refused alone. @throws StaleError as that does
   */
  advanceJob(id: string, epoch: number, progress: JobProgress): Promise<JobRow>;
  /** Writes a worker's progress with whatever else changes, in one go. */
  advanceAtOnce: AdvanceAtOnce;
  /** Counts the Jobs that have not ended, of all tenants, by workflow. */
  jobLoad(): Promise<JobLoad[]>;
  /** Extends a lease. @returns false when it was lost. */
  renewLease(id: string, epoch: number, leaseMs: number): Promise<boolean>;
  /** Gives the Job back, due again after `dueInMs`. Lost leases are ignored. */
  releaseJob(id: string, epoch: number, dueInMs: number): Promise<void>;
  /** Removes expired Jobs (at most `limit`) and the oldest refused ones above `refusedPerTenant`. @returns how many. */
  removeExpiredJobs(limit: number, refusedPerTenant: number): Promise<number>;
  /** See retention.ts; at most `limit` in one go. @returns how many. */
  removeEvents(keep: Retention['events'], limit: number): Promise<number>;
  forgetRetired(keep: Retention['retired'], limit: number): Promise<number>;
  /** Puts together what counts consist of, where that has become many rows. */
  mergeCounts(): Promise<void>;
  /** Returns the names of all tenants of which anything is stored, in order. */
  tenants(): Promise<string[]>;
  /** Brings due times and leases that lie further ahead than `ms` down to that: their clock was set back since. @returns how many. */
  capWaits(ms: number): Promise<number>;
  /** Counts one more mark of an instance. @returns how many it has now. */
  mark(instance: string): Promise<number>;
  /** Returns how far each instance has come, and the age of that, in ms. */
  marks(): Promise<{ instance: string; count: number; ageMs: number }[]>;
  /** Makes every unfinished Job doubtful. @returns how many. */
  doubtJobs(): Promise<number>;
  /** Newest first, by their numbers. */
  events(query: { tenant: string; resource?: ResourcePath; limit: number }): Promise<EventRow[]>;
  access: AccessStore;
  keys: KeyStore;
  close(): Promise<void>;
}
