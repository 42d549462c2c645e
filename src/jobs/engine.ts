import type { JobRow, UnitOfWork } from '../store/store';
import { loggedJob, type EngineContext, type EngineOptions } from './engine-context';
import { NOT_NOTIFIED } from './job-run';
import { JobWaiters } from './job-waiters';
import { Lease, LeaseLost } from './lease';
import { runSpan } from './spans';
import { runJob } from './step-runner';
import { spanned } from '../tracing/tracer';
import { mayStop, requestStop } from './stop';
import { Sweep } from './sweep';
import { withTimeout } from './with-timeout';

/** Works Jobs. Every process that answers requests has one; only those that `start` it work any. */
export interface Engine {
  /** Starts taking Jobs from the queue and looking for due ones. */
  start(): Promise<void>;
  /** Leases the Job, if it is due and free, and works it as far as it goes. Never rejects. */
  work(jobId: string): Promise<void>;
  /** Notifies the queue of Jobs just accepted. Never rejects. */
  notify(jobIds: readonly string[]): Promise<void>;
  /**
   * Waits at most `ms` for a Job to end, not longer than until the signal aborts; resolves with its latest row, or undefined
   * where the store can't tell it, or it was removed meanwhile. Rejects when there is no such Job.
   */
  waitFor(jobId: string, ms: number, signal?: AbortSignal): Promise<JobRow | undefined>;
  /** The Job as a worker of this process leased it just now; undefined at once where none here has been handed it. */
  leasedHere(jobId: string): Promise<JobRow | undefined>;
  /** See requestStop in stop.ts. */
  requestStop(jobId: string, also?: (unit: UnitOfWork) => Promise<void>): Promise<JobRow | undefined>;
  /** See mayStop in stop.ts. */
  mayStop(job: JobRow): boolean;
  /** Looks for due Jobs once and removes expired ones. */
  sweep(): Promise<void>;
  /** Count of the Jobs that this process works now. */
  running(): number;
  /** Takes no more, lets steps in flight be recorded for at most `graceMs`, and hands the rest back. Default 10,000. */
  close(graceMs?: number): Promise<void>;
}

/** A Job of which this process doesn't know the workflow is left to others for this long. */
const FOREIGN_MS = 30_000;
/** A message may come a moment early where clocks differ; such a Job is brought again. */
const EARLY_MS = 2_000;
const DAY_MS = 86_400_000;
/** Longest rest at the start of what waits for a time, in ms: the clock may have been set back while no process ran. */
const LONGEST_REST_MS = 60_000;
/** A Job that was handed out is leased well within this time, or `leasedHere` does not wait for it. */
const LEASED_HERE_MS = 200;

/**
 * Makes the engine. Attempts are counted like this: leaseJob counts one for the step in progress, an answer (done, wait,
 * an error that says nothing was done) takes it back, and recording a step sets the next one to 1, as begun. What
 * stays counted are attempts of unknown outcome: a crash, a lost lease, an error that may have taken effect.
 * So a step's `attempt` is 1 plus those, also after clean waits in between.
 */
export function createEngine(options: EngineOptions): Engine {
  const { store, queue, log } = options;
  const waiters = new JobWaiters(store);
  const leases = new Map<string, Lease>();
  const leaseListeners = new Map<string, Set<(row: JobRow | undefined) => void>>();
  let closing = false;
  let worked = false;
  const context = contextFor(options, waiters, () => closing);

  function notifyLeased(jobId: string, row: JobRow | undefined): void {
    for (const tell of leaseListeners.get(jobId) ?? []) tell(row);
    leaseListeners.delete(jobId);
  }

  async function work(jobId: string, letGo = (): void => undefined): Promise<void> {
    if (closing) return notifyLeased(jobId, undefined);
    let lease: Lease | undefined;
    try {
      const row = await store.leaseJob(jobId, context.owner, context.leaseMs);
      notifyLeased(jobId, row);
      if (!row) return await bringAgainIfEarly(context, jobId);
      worked = true;
      if (row.takenFrom !== null) takenOver(options, row);
      lease = new Lease(row, store, context.leaseMs, log);
      leases.set(jobId, lease);
      if (closing) lease.abort('the process is shutting down');
      const leased = lease;
      await spanned(
        context.tracer,
        () => runSpan(row),
        () => workLeased(context, leased, letGo),
      );
    } catch (error) {
      await abandon(context, jobId, lease, error);
    } finally {
      notifyLeased(jobId, undefined);
      lease?.end();
      if (lease && leases.get(jobId) === lease) leases.delete(jobId);
    }
  }

  /** Raises the mark beside the store; where that fails, the next start takes the store for a restored backup. */
  async function raiseMark(): Promise<void> {
    if (!worked) return;
    worked = false;
    try {
      await context.restoreDetector.raise();
    } catch (error) {
      worked = true;
      throw error;
    }
  }

  const sweep = new Sweep(context, work, raiseMark);
  return {
    work,
    waitFor: (jobId, ms, signal) => waiters.waitFor(jobId, { ms, here: () => leases.has(jobId), signal }),
    leasedHere(jobId) {
      const lease = leases.get(jobId);
      if (lease) return Promise.resolve(lease.row);
      if (!queue.hasHandedOut(jobId)) return Promise.resolve(undefined);
      const leased = new Promise<JobRow | undefined>((resolve) =>
        leaseListeners.set(jobId, (leaseListeners.get(jobId) ?? new Set()).add(resolve)),
      );
      return withTimeout(leased, LEASED_HERE_MS).catch(() => undefined);
    },
    requestStop: (jobId, also) => requestStop(store, queue, jobId, context.workflows, also),
    mayStop: (job) => mayStop(job, context.workflows),
    sweep: () => sweep.once(),
    running: () => leases.size,
    async notify(jobIds) {
      await Promise.all(jobIds.map((id) => queue.notify(id).catch((error: unknown) => log.warn({ job: id, err: error }, NOT_NOTIFIED))));
    },
    async start() {
      if (context.alone) await store.capWaits(LONGEST_REST_MS);
      await context.restoreDetector.begin();
      await queue.start(work, context.concurrency);
      sweep.start();
    },
    async close(graceMs = 10_000) {
      closing = true;
      for (const lease of leases.values()) lease.abort('the process is shutting down');
      await Promise.all([sweep.close(graceMs), queue.close(graceMs)]);
      await raiseMark().catch((error: unknown) =>
        log.warn({ err: error }, 'the mark beside the store could not be raised; the next start takes the store for a restored backup'),
      );
    },
  };
}

function contextFor(options: EngineOptions, waiters: JobWaiters, closing: () => boolean): EngineContext {
  return {
    leaseMs: 30_000,
    sweepMs: 3_000,
    concurrency: 16,
    retentionMs: 86_400_000,
    refusedPerTenant: 1_000,
    retention: {
      events: { keepMs: 90 * DAY_MS, perTenant: 100_000 },
      audit: { keepMs: 365 * DAY_MS, perTenant: 1_000_000 },
      retired: { remainsMs: 365 * DAY_MS, idMs: 3_650 * DAY_MS },
    },
    secretNames: new Set(),
    random: Math.random,
    alone: false,
    restoreDetector: { begin: () => Promise.resolve(), raise: () => Promise.resolve() },
    ...options,
    closing,
    ended: (row) => {
      waiters.ended(row);
      options.onEnded?.(row);
    },
    boundary: async (row, step, moment) => {
      await options.onBoundary?.({ job: row.id, workflow: row.workflow ?? '', step, moment });
    },
  };
}

function takenOver({ log, owner, onTakenOver }: EngineOptions, row: JobRow): void {
  log.warn({ ...loggedJob(row), from: row.takenFrom, owner }, 'a lease ran out: this process takes the job over');
  onTakenOver?.(row);
}

async function workLeased(context: EngineContext, lease: Lease, letGo: () => void): Promise<void> {
  const { row } = lease;
  const workflow = row.workflow === null ? undefined : context.workflows.get(row.workflow, row.workflowVersion);
  if (workflow) return runJob({ engine: context, lease, workflow, letGo });
  context.log.error(
    { ...loggedJob(row), workflow: row.workflow, version: row.workflowVersion },
    'this process has no workflow of this name and version; the job is left to others',
  );
  const progress = { attempts: row.attempts - 1, dueInMs: FOREIGN_MS, release: true };
  await context.store.advanceJob(row.id, row.epoch, progress);
}

/** The attempt stays counted: what it did may not have been recorded. */
async function abandon({ log, store }: EngineContext, jobId: string, lease: Lease | undefined, error: unknown): Promise<void> {
  if (error instanceof LeaseLost)
    return log.warn(lease ? loggedJob(lease.row) : { job: jobId }, 'the lease was lost: another worker has the job');
  log.error({ ...(lease ? loggedJob(lease.row) : { job: jobId }), err: error }, 'work on the job failed; it will be taken up again');
  if (!lease) return;
  await store
    .releaseJob(jobId, lease.row.epoch, 1_000)
    .catch((again: unknown) => log.warn({ job: jobId, err: again }, 'the job could not be released; its lease will expire'));
}

async function bringAgainIfEarly({ store, queue }: EngineContext, jobId: string): Promise<void> {
  const row = await store.job(jobId);
  if (!row || row.leaseOwner !== null) return;
  const early = row.due - (await store.now());
  if (early > 0 && early <= EARLY_MS) await queue.notify(jobId, early + 5);
}
