import type { Clouds } from '../clouds/cloud';
import type { JobRow, Retention, Store, UnitOfWork } from '../store/store';
import { traceIdOf, type Tracer } from '../tracing/tracer';
import type { JobQueue } from './queue';
import type { WorkflowRegistry } from './workflow';

/** Structured log, as pino has it. Never given secrets. */
export interface JobLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Moment at which a crash test is asked about a Job: leased; before a step's run; after its provider calls and before their
 * recording (`ran`); after the recording (`recorded`; also of a wait); before and after an undo step's run; before and after the
 * last transaction.
 */
export type Moment = 'leased' | 'before' | 'ran' | 'recorded' | 'undoing' | 'undone' | 'ending' | 'ended';

/** Names a Job in a line of the log: whose it is, the request that asked for it, and the trace of that. */
export function loggedJob({ id, tenant, principal, requestId, trace }: JobRow): object {
  return { job: id, tenant, principal, ...(requestId !== null && { requestId }), ...(trace && { trace: traceIdOf(trace) }) };
}

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
  workflows: WorkflowRegistry;
  log: JobLog;
  /** Name of this process on its leases; unique among processes. */
  owner: string;
  /** Length of a lease, ms. Default 30,000. */
  leaseMs?: number;
  /** Pause between two sweeps for due Jobs, ms. Default 3,000. */
  sweepMs?: number;
  /** Jobs that this process works at once, at most. Default 16. */
  concurrency?: number;
  /** Time for which an ended Job can be read, ms. Default one day. */
  retentionMs?: number;
  /** Refused Jobs kept per tenant. Default 1,000. */
  refusedPerTenant?: number;
  /** Retention of events and of ids of what is gone. Default: 90 days and 100,000 per tenant; a year, ids ten. */
  retention?: Retention;
  /** Attribute names whose values, found in a Job's input, never appear in its messages. */
  secretNames?: ReadonlySet<string>;
  /**
   * Writes, in the last transaction of a Job, what else is to be told of its end.
   * @param ended the Job as it ended @param was the same before, with its input
   */
  onEnding?: (unit: UnitOfWork, ended: JobRow, was: JobRow) => Promise<void>;
  /** Called with each Job that this process has taken over from another, whose lease had run out. */
  onTakenOver?: (job: JobRow) => void;
  /** Called with each Job that this process has ended. */
  onEnded?: (job: JobRow) => void;
  /** Tells whether the store is a restored backup. Default: it is taken as the newest. */
  restoreDetector?: { begin(): Promise<void>; raise(): Promise<void> };
  /** No other process works Jobs of this store: at the start nobody has a lease. Default false. */
  alone?: boolean;
  /** Makes spans of what is done on a Job; absent: tracing is off. */
  tracer?: Tracer | undefined;
  /** Hook for crash tests. */
  onBoundary?: (point: BoundaryPoint) => Promise<void>;
  /** Source of randomness for tests of backoff: 0 <= x < 1. Default Math.random. */
  random?: () => number;
}

/** The engine's options with their defaults, and what its parts share besides. */
export interface EngineContext
  extends
    Required<Omit<EngineOptions, 'onBoundary' | 'onEnded' | 'onEnding' | 'onTakenOver' | 'tracer'>>,
    Pick<EngineOptions, 'onEnding' | 'tracer'> {
  boundary(job: JobRow, step: string, moment: Moment): Promise<void>;
  /** Tells those who wait for or count Jobs in this process that this one has ended. */
  ended(job: JobRow): void;
  /** True once the engine shuts down. */
  closing(): boolean;
}
