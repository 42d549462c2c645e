import type { Clouds } from '../clouds/cloud';
import type { JobRow, Store } from '../store/store';
import type { JobQueue } from './queue';
import type { WorkflowTable } from './table';

/** Structured log, as pino has it. Never given secrets. */
export interface JobLog {
  debug(fields: object, words: string): void;
  info(fields: object, words: string): void;
  warn(fields: object, words: string): void;
  error(fields: object, words: string): void;
}

/**
 * Where a Job stands when a crash test is asked: leased; before a step's run; after its provider calls and before
 * their recording (`ran`); after the recording (`recorded`; also of a wait); before and after an undo step's run;
 * before and after the last transaction.
 */
export type Moment = 'leased' | 'before' | 'ran' | 'recorded' | 'undoing' | 'undone' | 'ending' | 'ended';

export interface BoundaryPoint {
  job: string;
  workflow: string;
  /** Name of the step, or empty where there is none. */
  step: string;
  moment: Moment;
}

export interface EngineOptions {
  store: Store;
  queue: JobQueue;
  clouds: Clouds;
  workflows: WorkflowTable;
  log: JobLog;
  /** Name of this process on its leases; unique among processes. */
  owner: string;
  /** Length of a lease, ms. Default 30,000. */
  leaseMs?: number;
  /** How often due Jobs are looked for, ms. Default 3,000. */
  sweepMs?: number;
  /** Jobs in hand at once. Default 16. */
  concurrency?: number;
  /** How long an ended Job can be read, ms. Default one day. */
  retentionMs?: number;
  /** Refused Jobs kept per tenant. Default 1,000. */
  refusedPerTenant?: number;
  /** Attribute names whose values, found in a Job's input, never appear in its words. */
  secretNames?: ReadonlySet<string>;
  /** Told of each Job that this process has ended. */
  onEnded?: (job: JobRow) => void;
  /** Tells whether the store is a restored backup. Default: it is taken as the newest. */
  newest?: { begin(): Promise<void>; raise(): Promise<void> };
  /** No other process works Jobs of this store: at the start nobody has a lease. Default false. */
  alone?: boolean;
  /** For crash tests. */
  onBoundary?: (point: BoundaryPoint) => Promise<void>;
  /** For tests of backoff: 0 <= x < 1. Default Math.random. */
  random?: () => number;
}

/** What the parts of the engine share. */
export interface Kit extends Required<Omit<EngineOptions, 'onBoundary' | 'onEnded'>> {
  boundary(job: JobRow, step: string, moment: Moment): Promise<void>;
  /** Tells who waits or counts in this process that the Job has ended. */
  ended(job: JobRow): void;
  /** True once the engine shuts down. */
  closing(): boolean;
}
