import type { Value, Values } from '../model/values';

/** Path of a resource relative to the base URI: `machines/abc`, `machines/abc/snapshots/def`. The store's name for it. */
export type ResourcePath = string;

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
  /** What the gateway must remember beside the attributes (keys of imported credentials, lineage, …). Never served. */
  internal: Values;
}

export type NewResourceRow = Omit<ResourceRow, 'version' | 'created' | 'updated'> & { created?: string };
export type ResourceChange = Partial<Pick<ResourceRow, 'providerKey' | 'state' | 'values' | 'secrets' | 'internal' | 'cloud'>> & {
  /** True where a consumer changed attributes: sets `updated` (5.10.1). */
  explicit?: boolean;
};

export interface ResourceQuery {
  type: string;
  tenants?: readonly string[];
  cloud?: string | null;
  owner?: ResourcePath | null;
  /** Of any of these owners. */
  owners?: readonly ResourcePath[];
  providerKeys?: readonly string[];
  /** Keyset paging in (created, path) order. */
  after?: { created: string; path: string };
  limit?: number;
}

/** Of what was taken away: these paths, or these keys of a type in a cloud. */
export interface RetiredQuery {
  paths?: readonly ResourcePath[];
  type?: string;
  cloud?: string;
  providerKeys?: readonly string[];
}

export type JobState = 'QUEUED' | 'RUNNING' | 'FAILED' | 'SUCCESS' | 'STOPPING' | 'STOPPED';
export const FINISHED: readonly JobState[] = ['FAILED', 'SUCCESS', 'STOPPED'];

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
  /** What to do; encrypted at rest; null once the Job has ended. */
  input: Value | null;
  /** Results of finished steps by step name; encrypted at rest; null once the Job has ended. */
  results: { [step: string]: Value } | null;
  /** What the step in progress wants remembered between its attempts; encrypted at rest. */
  memory: Value | null;
  /** Name of the step in progress (or being undone); null before the first. */
  step: string | null;
  /** True while steps are undone, newest first. */
  undoing: boolean;
  /** Attempts of the step in progress that were begun, including one that never told its end. */
  attempts: number;
  /** When the first attempt of the step in progress began, ms since the epoch by the database's clock. */
  stepSince: number | null;
  /** Not before this time, ms since the epoch by the database's clock. */
  due: number;
  leaseOwner: string | null;
  leaseUntil: number | null;
  /** Raised by every lease; every write of a worker names it. */
  epoch: number;
  /** The store may be older than what was done (a restored backup): each step may have been attempted before. */
  doubtful: boolean;
  /** Why it is being undone: the words and return code to end with. */
  failure: {
    message: string;
    returnCode: number;
    kind: string;
    requestId?: string;
    /** The provider goes on with it: nothing is undone. */
    left?: boolean;
  } | null;
  /** Unique per tenant while the row lives. */
  idempotencyKey: string | null;
  /** Hash of the request that brought the key. */
  requestHash: string | null;
  /** What was answered first, for replays: status and the resource's path, if any. */
  answer: { status: number; location?: ResourcePath } | null;
  /** When it may be removed, ms since the epoch; null while unfinished. */
  expires: number | null;
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
      | 'progress'
      | 'parent'
      | 'input'
      | 'due'
      | 'idempotencyKey'
      | 'requestHash'
      | 'answer'
      | 'expires'
      | 'holds'
    >
  >;

/** What a worker may write to the Job it leases. */
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
    | 'expires'
    | 'holds'
  >
> & {
  /** From now by the database's clock, ms. */
  dueInMs?: number;
  /** Sets stepSince to the database's now. */
  stepBegins?: boolean;
  /** Gives the lease back with this very write (owner and expiry cleared), so that a stop asked for later cannot be overwritten. */
  release?: boolean;
};

export interface JobQuery {
  tenants?: readonly string[];
  states?: readonly JobState[];
  parent?: string;
  after?: { created: string; path: string };
  limit?: number;
}

/** An entry of the history of a resource, written with the change itself. */
export interface EventRecord {
  tenant: string;
  resource: ResourcePath;
  resourceType: string;
  /** Event type URI (5.17.13). */
  type: string;
  content: Values;
  outcome: string;
  severity?: string;
}

/** Another unfinished Job holds the resource: 409 with that Job. */
export class HeldError extends Error {
  constructor(
    readonly path: ResourcePath,
    readonly job: string,
  ) {
    super(`${path} is being changed by job ${job}`);
    this.name = 'HeldError';
  }
}

/** The Idempotency-Key is already on a Job of the tenant. */
export class DuplicateKeyError extends Error {
  constructor(readonly job: string) {
    super(`the Idempotency-Key is already on job ${job}`);
    this.name = 'DuplicateKeyError';
  }
}

/** The row is not at the version (or the Job not at the epoch) that the write expected. */
export class StaleError extends Error {
  constructor(what: string) {
    super(`${what} was changed meanwhile`);
    this.name = 'StaleError';
  }
}

/** Reads; outside a transaction each sees the latest committed state. */
export interface StoreReads {
  resource(path: ResourcePath): Promise<ResourceRow | undefined>;
  /** The row with the hold on it, both as of one moment. */
  heldResource(path: ResourcePath): Promise<{ row: ResourceRow; held: { job: string; shows: string | null } | undefined } | undefined>;
  resources(query: ResourceQuery): Promise<ResourceRow[]>;
  countResources(query: Omit<ResourceQuery, 'after' | 'limit'>): Promise<number>;
  /** Paths of stored resources whose values (at any depth) refer to one of these paths. */
  referring(paths: readonly ResourcePath[]): Promise<ResourcePath[]>;
  /** Those of these paths whose resource lived in a cloud and is not there any more: no clone's tag claims such an id. */
  retired(paths: readonly ResourcePath[]): Promise<Set<ResourcePath>>;
  /** Rows that were taken away because a reading found their thing gone, as they were then. */
  takenAway(query: RetiredQuery): Promise<ResourceRow[]>;
  job(id: string): Promise<JobRow | undefined>;
  jobs(query: JobQuery): Promise<JobRow[]>;
  jobByKey(tenant: string, idempotencyKey: string): Promise<JobRow | undefined>;
  /** Holds of unfinished Jobs on these resources (all resources when absent). */
  holds(paths?: readonly ResourcePath[]): Promise<Map<ResourcePath, { job: string; shows: string | null }>>;
  /** Unleased or expired Jobs that are due, oldest first. */
  dueJobs(limit: number): Promise<{ id: string }[]>;
  /** ms since the epoch by the database's clock. */
  now(): Promise<number>;
}

/** Everything done in one transaction; commits when the callback resolves, rolls back when it throws. */
export interface UnitOfWork extends StoreReads {
  insertResource(row: NewResourceRow): Promise<ResourceRow>;
  /** @throws StaleError unless the row is at `version` (any version when undefined). Raises the version. */
  updateResource(path: ResourcePath, version: number | undefined, change: ResourceChange): Promise<ResourceRow>;
  /** Removes the row and, with it, every row it owns at any depth; a row of a cloud is remembered as retired. Absent is success. */
  deleteResource(path: ResourcePath): Promise<void>;
  /** As deleteResource, with these others and what they own; what is taken away is kept for `bringBack`. */
  takeAway(path: ResourcePath, others: readonly ResourcePath[]): Promise<void>;
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
  recordEvent(event: EventRecord): Promise<void>;
}

export interface Store extends StoreReads {
  transaction<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T>;
  /**
   * Leases one Job for a worker if it is unfinished, due and not leased: raises the epoch, counts an attempt and
   * makes a QUEUED Job RUNNING. `leaseUntil - leaseMs` of the answer is the database's now.
   * @returns undefined when another worker was faster or nothing is due.
   */
  leaseJob(id: string, owner: string, leaseMs: number): Promise<JobRow | undefined>;
  /** Extends a lease. @returns false when it was lost. */
  renewLease(id: string, epoch: number, leaseMs: number): Promise<boolean>;
  /** Gives the Job back, due again after `dueInMs`. Lost leases are ignored. */
  releaseJob(id: string, epoch: number, dueInMs: number): Promise<void>;
  /** Removes expired Jobs (at most `limit`) and the oldest refused ones above `refusedPerTenant`. @returns how many. */
  removeExpiredJobs(limit: number, refusedPerTenant: number): Promise<number>;
  /** Brings due times and leases that lie further ahead than `ms` down to that: their clock was set back since. @returns how many. */
  capWaits(ms: number): Promise<number>;
  /** Counts one more mark of an instance. @returns how many it has now. */
  mark(instance: string): Promise<number>;
  /** How far each instance has come, and how long ago that was, ms. */
  marks(): Promise<{ instance: string; count: number; ageMs: number }[]>;
  /** Makes every unfinished Job doubtful. @returns how many. */
  doubtJobs(): Promise<number>;
  events(query: { tenant: string; resource?: ResourcePath; limit: number }): Promise<(EventRecord & { id: string; timestamp: string })[]>;
  access: AccessStore;
  close(): Promise<void>;
}

export type Role = 'reader' | 'operator' | 'admin';

export interface PrincipalRow {
  name: string;
  tenant: string;
  role: Role;
  /** argon2id hash, or null for a principal that only has tokens. */
  passwordHash: string | null;
  created: string;
}

export interface TokenRow {
  /** Public part, shown in listings. */
  id: string;
  principal: string;
  /** Hex SHA-256 of the token. */
  hash: string;
  created: string;
  expires: string | null;
}

export interface AccessStore {
  principal(name: string): Promise<PrincipalRow | undefined>;
  principals(): Promise<PrincipalRow[]>;
  /** Inserts or replaces. */
  putPrincipal(row: Omit<PrincipalRow, 'created'>): Promise<void>;
  /** Removes the principal and its tokens. @returns false when there was none. */
  removePrincipal(name: string): Promise<boolean>;
  tokenByHash(hash: string): Promise<TokenRow | undefined>;
  tokens(principal: string): Promise<TokenRow[]>;
  addToken(row: Omit<TokenRow, 'created'>): Promise<void>;
  removeToken(id: string): Promise<boolean>;
}
