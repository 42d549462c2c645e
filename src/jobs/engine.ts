import type { JobRow } from '../store/store';
import { Completion } from './completion';
import type { EngineOptions, Kit } from './kit';
import { Lease, LeaseLost } from './lease';
import { runSlot } from './slot';
import { mayStop, requestStop } from './stop';
import { Sweep } from './sweep';

/** Works Jobs. Every process that answers requests has one; only those that `start` it work any. */
export interface Engine {
  /** Starts taking Jobs from the queue and looking for due ones. */
  start(): Promise<void>;
  /** Leases the Job, if it is due and free, and works it as far as it goes. Never rejects. */
  work(jobId: string): Promise<void>;
  /** Tells the queue of Jobs just accepted. Never rejects. */
  tell(jobIds: readonly string[]): Promise<void>;
  /**
   * Waits at most `ms` for a Job to end; resolves with its latest row, or undefined where the store can't tell it. Rejects
   * when there is no such Job.
   */
  waitFor(jobId: string, ms: number): Promise<JobRow | undefined>;
  /** See requestStop in stop.ts. */
  requestStop(jobId: string): Promise<JobRow | undefined>;
  /** See mayStop in stop.ts. */
  mayStop(job: JobRow): boolean;
  /** Looks for due Jobs once and removes expired ones. */
  sweep(): Promise<void>;
  /** Jobs in hand in this process. */
  inHand(): number;
  /** Takes no more, lets steps in flight be recorded for at most `graceMs`, and hands the rest back. Default 10,000. */
  close(graceMs?: number): Promise<void>;
}

/** A Job of which this process doesn't know the workflow is left to others for this long. */
const FOREIGN_MS = 30_000;
/** A message may come a moment early where clocks differ; such a Job is brought again. */
const EARLY_MS = 2_000;
/** Where the clock was set back while no process ran, what waits for a time rests no longer than this at the start. */
const LONGEST_REST_MS = 60_000;

/**
 * Makes the engine. How attempts are counted: leaseJob counts one for the step in progress, an answer (done, wait,
 * an error that says nothing was done) takes it back, and recording a step sets the next one to 1, as begun. What
 * stays counted are attempts that never told their end: a crash, a lost lease, an error that may have taken effect.
 * So a step's `attempt` is 1 plus those, also after clean waits in between.
 */
export function createEngine(options: EngineOptions): Engine {
  const { store, queue, log } = options;
  const completion = new Completion(store);
  const leases = new Map<string, Lease>();
  let closing = false;
  let worked = false;
  const kit = kitOf(options, completion, () => closing);

  async function work(jobId: string): Promise<void> {
    if (closing) return;
    let lease: Lease | undefined;
    try {
      const row = await store.leaseJob(jobId, kit.owner, kit.leaseMs);
      if (!row) return await bringAgainIfEarly(kit, jobId);
      worked = true;
      lease = new Lease(row, store, kit.leaseMs, log);
      leases.set(jobId, lease);
      if (closing) lease.abort('the process is shutting down');
      await workLeased(kit, lease);
    } catch (error) {
      await abandon(kit, jobId, lease, error);
    } finally {
      lease?.end();
      if (lease && leases.get(jobId) === lease) leases.delete(jobId);
    }
  }

  /** What was done is proven beside the store; where that fails, the next start looks before it does anything. */
  async function prove(): Promise<void> {
    if (!worked) return;
    worked = false;
    try {
      await kit.newest.raise();
    } catch (error) {
      worked = true;
      throw error;
    }
  }

  const sweep = new Sweep(kit, work, prove);
  return {
    work,
    waitFor: (jobId, ms) => completion.waitFor(jobId, ms, () => leases.has(jobId)),
    requestStop: (jobId) => requestStop(store, queue, jobId, kit.workflows),
    mayStop: (job) => mayStop(job, kit.workflows),
    sweep: () => sweep.once(),
    inHand: () => leases.size,
    async tell(jobIds) {
      await Promise.all(jobIds.map((id) => queue.tell(id).catch((error: unknown) => log.warn({ job: id, err: error }, 'untold'))));
    },
    async start() {
      if (kit.alone) await store.capWaits(LONGEST_REST_MS);
      await kit.newest.begin();
      await queue.start(work, kit.concurrency);
      sweep.start();
    },
    async close(graceMs = 10_000) {
      closing = true;
      for (const lease of leases.values()) lease.abort('the process is shutting down');
      await Promise.all([sweep.close(graceMs), queue.close(graceMs)]);
      await prove().catch((error: unknown) => log.warn({ err: error }, 'what was done is not proven'));
    },
  };
}

function kitOf(options: EngineOptions, completion: Completion, closing: () => boolean): Kit {
  return {
    leaseMs: 30_000,
    sweepMs: 3_000,
    concurrency: 16,
    retentionMs: 86_400_000,
    refusedPerTenant: 1_000,
    secretNames: new Set(),
    random: Math.random,
    alone: false,
    newest: { begin: () => Promise.resolve(), raise: () => Promise.resolve() },
    ...options,
    closing,
    ended: (row) => {
      completion.ended(row);
      options.onEnded?.(row);
    },
    boundary: async (row, step, moment) => {
      await options.onBoundary?.({ job: row.id, workflow: row.workflow ?? '', step, moment });
    },
  };
}

async function workLeased(kit: Kit, lease: Lease): Promise<void> {
  const { row } = lease;
  const workflow = row.workflow === null ? undefined : kit.workflows.get(row.workflow, row.workflowVersion);
  if (workflow) return runSlot({ kit, lease, workflow });
  kit.log.error({ job: row.id, workflow: row.workflow, version: row.workflowVersion }, 'no workflow of this name and version here');
  const progress = { attempts: row.attempts - 1, dueInMs: FOREIGN_MS, release: true };
  await kit.store.transaction((unit) => unit.advanceJob(row.id, row.epoch, progress));
}

/** The attempt stays counted: what it did may not have been recorded. */
async function abandon({ log, store }: Kit, jobId: string, lease: Lease | undefined, error: unknown): Promise<void> {
  if (error instanceof LeaseLost) return log.warn({ job: jobId }, 'another worker has the job');
  log.error({ job: jobId, err: error }, 'work on the job was broken off; it is taken up again');
  if (!lease) return;
  await store
    .releaseJob(jobId, lease.row.epoch, 1_000)
    .catch((again: unknown) => log.warn({ job: jobId, err: again }, 'left to its lease'));
}

async function bringAgainIfEarly({ store, queue }: Kit, jobId: string): Promise<void> {
  const row = await store.job(jobId);
  if (!row || row.leaseOwner !== null) return;
  const early = row.due - (await store.now());
  if (early > 0 && early <= EARLY_MS) await queue.tell(jobId, early + 5);
}
