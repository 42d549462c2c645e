import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Value } from '../model/values';
import { isFinished, StaleError, type JobProgress, type JobRow, type UnitOfWork } from '../store/store';
import type { EngineContext, Moment } from './engine-context';
import { isSpoken, isStoreAway, type Failure } from './failure';
import { LeaseLost, type Lease } from './lease';
import {
  firstPlace,
  patienceOf,
  type Done,
  type Step,
  type StepContext,
  type StepOutcome,
  type StepProgress,
  type Workflow,
} from './workflow';

/** A Job that a worker has leased, with everything that running its steps needs. */
export interface JobRun {
  engine: EngineContext;
  lease: Lease;
  workflow: Workflow;
  /** Tells whoever handed the Job out that only its last write is to come, which cannot lead to more work on it here. */
  letGo?: () => void;
  /** Progress that a step has reported since the Job was leased. */
  reported?: number;
}

/**
 * The Job's row before the next turn of the step runner, and whether its step in progress has begun; undefined once the
 * worker has released the Job.
 */
export type Turn = { row: JobRow; begun: boolean } | undefined;

/** One attempt of a step: the Job as last read, the step and its place in the workflow, and what it remembers. */
export interface Attempt {
  row: JobRow;
  step: Step;
  index: number;
  memory: StepMemory;
}

/** A way through the steps of a workflow: forward, by their `run`, or back, by their `undo` (compensation). */
export interface Direction {
  /** Moments around the call, for crash tests. */
  before: Moment;
  after: Moment;
  /** The step's function for this direction; undefined where it has none. */
  callOf(step: Step): ((context: StepContext) => Promise<StepOutcome>) | undefined;
  /** Goes on from a place in the workflow where there is nothing to call. */
  skip(run: JobRun, row: JobRow, index: number): Promise<Turn>;
  /** Records that the step is done, and what comes next. @throws HookFault where the workflow's part fails */
  finish(run: JobRun, attempt: Attempt, outcome: Done): Promise<Turn>;
  /** Goes on after a failure that is not tried again. `outcome`: of a call that finished but could not be recorded. */
  fail(run: JobRun, attempt: Attempt, failure: Failure, outcome: Done | undefined): Promise<Turn>;
}

/**
 * The token of a Job's step: the same on every attempt, in every process; 45 characters of [a-z0-9-], so that it
 * fits wherever a provider takes an idempotency token.
 */
export function tokenOf(jobId: string, step: string): string {
  return `cimi-${digest([jobId, step])}`;
}

/** Id of a nested Job: follows from its parent, the step that makes it (or its undoing) and its place there. */
export function childId(parent: string, step: string, undoing: boolean, index: number): string {
  const hex = digest([parent, step, undoing ? 'undo' : 'run', String(index)]);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

/** The facts of a Job that its workflow may know. */
export function jobFacts(row: JobRow): StepContext['job'] {
  return { id: row.id, tenant: row.tenant, principal: row.principal, created: row.created };
}

/** Place of the step in progress in the workflow; where it begins before any has begun, -1 where the workflow has none of its name. */
export function indexOf({ workflow }: JobRun, row: JobRow): number {
  return row.step === null ? firstPlace(workflow, row) : workflow.steps.findIndex((step) => step.name === row.step);
}

/** The Job's statusMessage while a step runs or is undone. */
export function messageOf({ undoing }: Pick<JobRow, 'undoing'>, step: Step): string {
  return undoing ? `undoing: ${step.message}` : step.message;
}

/** Makes what an attempt's `run` or `undo` is given. `nested`: how the step's nested Jobs ended, where it has any. */
export function contextOf(run: JobRun, attempt: Attempt, nested: StepContext['nested']): StepContext {
  const { engine, lease } = run;
  const { row, step, memory } = attempt;
  return {
    job: jobFacts(row),
    input: row.input,
    results: row.results ?? {},
    memory: memory.own,
    attempt: Math.max(1, row.attempts) + (row.doubtful ? 1 : 0),
    ...unansweredOf(run, row, memory),
    elapsedMs: row.stepSince === null ? 0 : Math.max(0, lease.now() - row.stepSince),
    ...(nested && { nested }),
    clouds: engine.clouds,
    store: engine.store,
    signal: lease.signal,
    report: (progress) => report(run, attempt, progress),
    token: (name = step.name) => tokenOf(row.id, name),
  };
}

/** Progress that the Job has shown; it never goes back. */
export const shownProgress = (run: JobRun, row: JobRow): number => Math.max(row.progress, run.reported ?? 0);

async function report(run: JobRun, attempt: Attempt, { progress, message, remember, apply }: StepProgress): Promise<void> {
  const { row } = attempt;
  const { trouble: _past, ...calm } = attempt.memory;
  const memory: StepMemory | undefined = remember === undefined ? undefined : { ...calm, own: remember };
  run.reported = Math.min(99, Math.max(shownProgress(run, row), progress));
  await writeWith(run, row, async (unit) => {
    if (apply) await hook(() => apply(unit));
    const stopping = (await unit.job(row.id))?.state === 'STOPPING';
    return unit.advanceJob(row.id, row.epoch, {
      progress: run.reported ?? 0,
      ...(stopping ? {} : { statusMessage: message }),
      ...(memory && { memory: writeMemory(memory) }),
    });
  });
  if (memory) attempt.memory = memory;
}

function unansweredOf(run: JobRun, row: JobRow, memory: StepMemory): Pick<StepContext, 'unanswered'> {
  const spent = isPatienceSpent(run.workflow, run.lease.now(), row, memory);
  if (!memory.unanswered && !spent) return {};
  return { unanswered: { count: memory.unanswered?.count ?? row.attempts - 1, spent } };
}

/**
 * The step in progress as the engine keeps it in a Job's `memory` column: the step's own memory and, beside it,
 * what the engine itself must not forget between two attempts.
 */
export interface StepMemory {
  /** Remembered for the step, as it asked; null at first. */
  own: Value;
  /** Passing errors in a row: since when (ms since the epoch by the database's clock) and how many. */
  trouble?: { since: number; count: number };
  /** Attempts with unknown outcome, over all waits of the step: since when, and how many. */
  unanswered?: { since: number; count: number };
  /** Ids of the nested Jobs this step made. */
  children?: readonly string[];
  /** Messages of the steps that could not be undone so far. */
  left?: readonly string[];
  /** Notes that the Job's last statusMessage ends with. */
  notes?: readonly string[];
}

type Stored = { readonly [key: string]: Value | undefined };

/** Reads the column; null is an empty memory. */
export function readMemory(stored: Value | null): StepMemory {
  if (!isRecord(stored)) return { own: null };
  const memory: StepMemory = { own: stored['own'] ?? null };
  for (const name of ['trouble', 'unanswered'] as const) {
    const counted = stored[name];
    if (isRecord(counted)) memory[name] = { since: Number(counted['since']), count: Number(counted['count']) };
  }
  for (const name of ['children', 'left', 'notes'] as const) {
    const texts = stored[name];
    if (Array.isArray(texts)) memory[name] = texts.map(String);
  }
  return memory;
}

/** Makes the column's value; null when there is nothing to remember. */
export function writeMemory(memory: StepMemory): Value {
  const { own, trouble, unanswered, children, left, notes } = memory;
  const kept = {
    ...(trouble && { trouble }),
    ...(unanswered && { unanswered }),
    ...(children && { children }),
    ...(left?.length ? { left } : {}),
    ...(notes?.length ? { notes } : {}),
  };
  return own === null && Object.keys(kept).length === 0 ? null : { own, ...kept };
}

/** The memory with one more attempt of unknown outcome. `now`: ms since the epoch by the database's clock. */
export function withUnanswered(memory: StepMemory, now: number): StepMemory {
  const { since = now, count = 0 } = memory.unanswered ?? {};
  return { ...memory, unanswered: { since, count: count + 1 } };
}

/** The memory with one more step that could not be undone. `message`: the failure's. */
export function withLeft(memory: StepMemory, message: string): StepMemory {
  return { ...memory, left: [...(memory.left ?? []), message] };
}

/** The part of the memory that the next step is given: the notes, with one more of the step that ends. */
export function carriedOver({ notes }: StepMemory, note?: string): StepMemory {
  return { own: null, notes: [...(notes ?? []), ...(note === undefined ? [] : [note])] };
}

/** Attempts with unknown outcome, crashes included, after which a call is not sent once more, however quick they were. */
const MOST_ATTEMPTS = 100;

/** True once the patience with attempts of unknown outcome is over. `now`: ms since the epoch by the database's clock. */
export function isPatienceSpent(workflow: Workflow, now: number, { attempts }: JobRow, { unanswered }: StepMemory): boolean {
  return attempts > MOST_ATTEMPTS || (unanswered !== undefined && now - unanswered.since > patienceOf(workflow));
}

function isRecord(value: Value | undefined): value is Stored {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An error that came from the workflow's part of a transaction, not from the engine's or the store. */
export class HookFault extends Error {
  constructor(override readonly cause: unknown) {
    super('a workflow failed inside a transaction');
    this.name = 'HookFault';
  }
}

const PAUSES_MS: readonly number[] = [50, 250, 1_000];

/**
 * One transaction of the worker. Tried again after store errors while the lease holds, since the work it records
 * has been done already; `work` must therefore bear to be called again.
 * @throws LeaseLost when another worker has the Job; HookFault when the workflow's part fails; else the store's error.
 */
export function write<T>(run: JobRun, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
  return persist(run, () => run.engine.store.transaction(work));
}

/**
 * One transaction of the worker that ends in a write to its Job: written together with those of other Jobs at the same moment, where what
 * else it writes can be known beforehand. Where it ends the Job, another may be handed out in its place. @throws as `write`
 */
export function writeWith(run: JobRun, row: JobRow, work: (unit: UnitOfWork) => Promise<JobRow>): Promise<JobRow> {
  const { store } = run.engine;
  const ready = (planned: JobRow): void => {
    if (isFinished(planned)) run.letGo?.();
  };
  return persist(run, async () => (await store.advanceAtOnce(row, work, ready)) ?? store.transaction(work));
}

async function persist<T>(run: JobRun, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    if (run.lease.lost) throw new LeaseLost(`job ${run.lease.row.id}`);
    try {
      return await work();
    } catch (error) {
      if (isStale(error) && !(await stillHeld(run))) throw lost(run);
      const pause = PAUSES_MS[attempt];
      if (pause === undefined || isHopeless(error)) throw error instanceof HookFault && isStoreAway(error.cause) ? error.cause : error;
      await sleep(pause);
    }
  }
}

/** The workflow's part of a transaction: its errors are told from the store's. @throws HookFault */
export async function hook<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new HookFault(error);
  }
}

/** One write to the Job and to nothing else, together with those of other Jobs at the same moment. @throws as `write` */
export function advance(run: JobRun, progress: JobProgress): Promise<JobRow> {
  const { id, epoch } = run.lease.row;
  return persist(run, () => run.engine.store.advanceJob(id, epoch, progress));
}

/** The last write of this worker to the Job: another may be handed out in its place. @throws as `write` */
export function advanceLast(run: JobRun, progress: JobProgress): Promise<JobRow> {
  run.letGo?.();
  return advance(run, progress);
}

function isStale(error: unknown): boolean {
  return error instanceof StaleError || (error instanceof HookFault && error.cause instanceof StaleError);
}

function isHopeless(error: unknown): boolean {
  if (!(error instanceof HookFault)) return false;
  const { cause } = error;
  return isSpoken(cause) || cause instanceof TypeError || cause instanceof ReferenceError || cause instanceof RangeError;
}

async function stillHeld({ engine, lease }: JobRun): Promise<boolean> {
  return engine.store.renewLease(lease.row.id, lease.row.epoch, engine.leaseMs);
}

function lost(run: JobRun): LeaseLost {
  run.lease.lose();
  return new LeaseLost(`job ${run.lease.row.id}`);
}

/** A Job must be due when it is leased, so a message comes a little later than the due time. */
const SLACK_MS = 5;

/**
 * Releases the Job: it is due again after `dueInMs`, and the queue is asked to bring it then.
 * @param before the Job as this worker last saw it
 * @param record what else is recorded of the Job with the release; or writes that, with whatever else changes in the store
 */
export async function release(
  run: JobRun,
  before: JobRow,
  dueInMs: number,
  record: JobProgress | ((released: JobProgress) => Promise<JobRow>),
): Promise<undefined> {
  const released = { dueInMs, release: true };
  const row = await (typeof record === 'function' ? record(released) : advanceLast(run, { ...record, ...released }));
  run.lease.end();
  const stopCame = row.state === 'STOPPING' && before.state !== 'STOPPING' && !row.undoing;
  await notifyQueue(run, row, dueInMs, stopCame && dueInMs > 0);
  return undefined;
}

/** A stop that came while the step ran made the Job due at once; the wait just written must not put that off. */
async function notifyQueue({ engine }: JobRun, row: JobRow, dueInMs: number, stopNow: boolean): Promise<void> {
  try {
    if (stopNow) await engine.store.transaction((unit) => unit.updateJob(row.id, { dueInMs: 0 }, ['STOPPING']));
    await engine.queue.notify(row.id, stopNow || dueInMs <= 0 ? 0 : Math.ceil(dueInMs) + SLACK_MS);
  } catch (error) {
    engine.log.warn({ job: row.id, err: error }, NOT_NOTIFIED);
  }
}

/** Log message where the queue can't be told of a Job. */
export const NOT_NOTIFIED = 'queue notification failed; the sweep will pick the job up';

/** The count of attempts to record once this one has ended with an answer: only those with unknown outcome stay counted. */
export function attemptsAfterAnswer(row: JobRow): number {
  return Math.max(0, row.attempts - 1);
}
