import type { Value } from '../model/values';
import { isFinished, type JobProgress, type JobRow, type UnitOfWork } from '../store/store';
import { beginCompensation, compensation, compensationProgress } from './compensation';
import { loggedJob } from './engine-context';
import { ended, endUnsuccessfully, isUnspoken, succeed, successOf } from './job-end';
import {
  advance,
  advanceLast,
  attemptsAfterAnswer,
  carriedOver,
  contextOf,
  hook,
  HookFault,
  indexOf,
  messageOf,
  readMemory,
  release,
  shownProgress,
  withUnanswered,
  writeWith,
  writeMemory,
  type Attempt,
  type Direction,
  type JobRun,
  type StepMemory,
  type Turn,
} from './job-run';
import { LeaseLost } from './lease';
import { childrenOf, makeChildren, waitForChildren } from './nested-jobs';
import { memoryAfterError, retryOrFail, unexpectedFailure } from './retry-policy';
import { spanned } from '../tracing/tracer';
import { stepSpan, tellOutcome } from './spans';
import { hasBegun } from './stop';
import { nextPlace, type Done, type Step, type StepContext, type StepOutcome, type Wait } from './workflow';

/**
 * Runs the steps of a leased Job for as long as they finish one after the other; ends when the Job has ended, waits, or
 * the process shuts down.
 * @throws LeaseLost, or the store's error when something done could not be recorded (the attempt then stays counted).
 */
export async function runJob(run: JobRun): Promise<void> {
  const { row } = run.lease;
  await run.engine.boundary(row, row.step ?? '', 'leased');
  let turn: Turn = { row, begun: row.step !== null || row.attempts > 1 };
  while (turn) turn = await nextTurn(run, turn);
}

function nextTurn(run: JobRun, { row, begun }: NonNullable<Turn>): Promise<Turn> {
  if (run.lease.lost) throw new LeaseLost(`job ${row.id}`);
  if (run.engine.closing()) {
    return release(run, row, 0, { attempts: attemptsAfterAnswer(row) });
  }
  if (row.undoing) return runStep(run, row, compensation);
  if (row.state === 'STOPPING' && !isPastStopping(run, row, begun)) return stop(run, row, begun);
  return runStep(run, row, forward);
}

/** An unstoppable workflow goes on to its end in spite of a stop once it has begun to change something. */
function isPastStopping(run: JobRun, row: JobRow, begun: boolean): boolean {
  const { workflow } = run;
  if (!workflow.unstoppable) return false;
  const before = workflow.steps[indexOf(run, row) - 1]?.name ?? null;
  return hasBegun(workflow, begun ? row : { ...row, step: before, attempts: 0 });
}

/** A stop was asked for: nested Jobs first, then everything from the step in progress backwards. */
async function stop(run: JobRun, row: JobRow, begun: boolean): Promise<Turn> {
  if ((await childrenOf(run, row, readMemory(row.memory), true)) === 'waiting') return waitForChildren(run, row);
  return beginCompensation(run, row, indexOf(run, row) - (begun ? 0 : 1), null);
}

/** Makes one attempt of the step in progress, in either direction, and records what came of it. */
async function runStep(run: JobRun, row: JobRow, direction: Direction): Promise<Turn> {
  const index = indexOf(run, row);
  const step = run.workflow.steps[index];
  const call = step && direction.callOf(step);
  if (!call) return direction.skip(run, row, index);
  const attempt: Attempt = { row, step, index, memory: readMemory(row.memory) };
  const nested = await childrenOf(run, row, attempt.memory, false);
  if (nested === 'waiting') return waitForChildren(run, row);
  await run.engine.boundary(row, step.name, direction.before);
  await run.lease.assure();
  const context = contextOf(run, attempt, nested);
  let outcome: StepOutcome | undefined;
  try {
    try {
      outcome = await spanned(
        run.engine.tracer,
        () => stepSpan(attempt),
        async (span) => {
          const came = await call(context);
          tellOutcome(span, came);
          return came;
        },
      );
    } catch (error) {
      return await fail(run, direction, { ...attempt, memory: memoryAfterError(run, attempt.memory, error) }, error, { nested });
    }
    return await record(run, direction, attempt, outcome, nested);
  } catch (error) {
    if (error instanceof LeaseLost && direction === forward) await followUpLateCall(run, attempt, context, outcome);
    throw error;
  }
}

/** Records the outcome of an attempt. Where the workflow's part of the transaction fails, the step has failed. */
async function record(
  run: JobRun,
  direction: Direction,
  attempt: Attempt,
  outcome: StepOutcome,
  nested: StepContext['nested'],
): Promise<Turn> {
  await run.engine.boundary(attempt.row, attempt.step.name, direction.after);
  try {
    if ('wait' in outcome) return await recordWait(run, attempt, outcome);
    if ('nested' in outcome) return await makeChildren(run, attempt, outcome);
    return await direction.finish(run, attempt, outcome);
  } catch (error) {
    if (!(error instanceof HookFault)) throw error;
    return fail(run, direction, attempt, error, { nested, ...('done' in outcome && { outcome }) });
  }
}

/** Releases the Job for another attempt, or goes on with the failure as the direction has it. */
async function fail(
  run: JobRun,
  direction: Direction,
  attempt: Attempt,
  error: unknown,
  { nested, outcome }: { nested?: StepContext['nested']; outcome?: Done },
): Promise<Turn> {
  const failure = await retryOrFail(run, attempt, error);
  if (!failure) return undefined;
  // What a nested Job left under way may come to its end any time: undoing around it would undo half.
  const left = failure.left ?? nested?.some((child) => child.left);
  return direction.fail(run, attempt, left ? { ...failure, left } : failure, outcome);
}

/**
 * Records a step's wait and releases the Job. An attempt that ended with an answer is not counted; one whose work can't be
 * followed any more is.
 */
async function recordWait(run: JobRun, { row, step, index, memory }: Attempt, outcome: Wait): Promise<undefined> {
  const { trouble, ...over } = memory;
  const known = outcome.retrying && trouble ? { ...over, trouble } : over;
  const kept = outcome.unanswered ? withUnanswered(known, run.lease.now()) : known;
  await release(run, row, Math.max(0, outcome.wait), {
    step: step.name,
    attempts: outcome.unanswered ? row.attempts : attemptsAfterAnswer(row),
    memory: writeMemory({ ...kept, own: outcome.remember ?? memory.own }),
    statusMessage: outcome.message ?? messageOf(row, step),
    ...(outcome.holds && { holds: outcome.holds }),
    ...(outcome.progress === undefined || row.undoing
      ? {}
      : { progress: progressWithin(run, index, outcome.progress, shownProgress(run, row)) }),
  });
  await run.engine.boundary(row, step.name, 'recorded');
  return undefined;
}

/** Progress of the Job while a step is so far, in percent; it never goes back. */
function progressWithin({ workflow }: JobRun, index: number, percent: number, before: number): number {
  const share = (100 * (index + Math.min(100, Math.max(0, percent)) / 100)) / workflow.steps.length;
  return Math.max(before, Math.min(99, Math.floor(share)));
}

/**
 * Follows up a call whose worker found, when it came back, that another has the Job: the step knows what the call may do
 * beside the other's. Never rejects: this worker has nothing to lose any more.
 */
async function followUpLateCall(run: JobRun, { row, step }: Attempt, context: StepContext, outcome?: StepOutcome): Promise<void> {
  const { store, log } = run.engine;
  log.warn(
    { ...loggedJob(row), step: step.name },
    'the lease was lost while a call was on its way: it may have landed beside another worker',
  );
  try {
    const apply = await step.late?.(context, outcome);
    if (apply) await store.transaction(apply);
  } catch (error) {
    log.error({ ...loggedJob(row), step: step.name, err: error }, 'what a call did after the lease was lost could not be followed up');
  }
}

/** The way of a Job that nothing has failed: one step after the other, the last of which ends it. */
const forward: Direction = {
  before: 'before',
  after: 'ran',
  callOf: (step) => step.run.bind(step),
  skip(run, row) {
    const failure = unexpectedFailure(run, row, row.step ?? '', new Error('the workflow has no such step'));
    return endUnsuccessfully(run, row, failure, { left: [], notes: [], begun: true });
  },
  finish: recordDone,
  fail(run, attempt, failure, outcome) {
    const { index, memory } = attempt;
    const row = { ...attempt.row, memory: writeMemory(memory) };
    if (failure.left) return endUnsuccessfully(run, row, failure, { left: [], notes: memory.notes ?? [], begun: true });
    return beginCompensation(run, row, index, failure, outcome && { results: resultsWith(attempt, outcome) });
  },
};

/** Records a finished step in one transaction with its store changes and, after the last, with the Job's end. */
async function recordDone(run: JobRun, attempt: Attempt, outcome: Done): Promise<Turn> {
  const { row, step, index } = attempt;
  const memory = carriedOver(attempt.memory, outcome.note);
  const results = resultsWith(attempt, outcome);
  const place = nextPlace(run.workflow, index + 1, { input: row.input, results });
  const next = run.workflow.steps[place];
  const besides: JobProgress = {
    ...(outcome.affected && { affected: [...new Set([...row.affected, ...outcome.affected])] }),
    ...(outcome.holds && { holds: outcome.holds }),
  };
  if (!next) await run.engine.boundary(row, step.name, 'ending');
  const recorded = await recordedDone(run, { row: { ...row, results }, place, next, memory, besides: { ...besides, results } }, outcome);
  if (!isFinished(recorded)) {
    await run.engine.boundary(recorded, step.name, 'recorded');
    return { row: recorded, begun: false };
  }
  return ended(run, recorded, step.name);
}

interface DoneRecord {
  /** The Job with the results of all steps so far. */
  row: JobRow;
  /** Place in the workflow after what is done, and the step there; undefined at its end. */
  place: number;
  next: Step | undefined;
  memory: StepMemory;
  besides: JobProgress;
}

/** Writes what is done: by itself where nothing else is to be written with it, else in a transaction with that. */
function recordedDone(run: JobRun, { row, place, next, memory, besides }: DoneRecord, { apply }: Done): Promise<JobRow> {
  const entered = next && { ...besides, ...entering(run, row, next, place), memory: writeMemory(memory) };
  if (!apply && entered) return advance(run, entered);
  const undo = next ? undefined : compensationProgress(run, row, place - 1, null);
  const { results: _erased, ...atTheEnd } = besides;
  if (!apply && !undo && isUnspoken(run)) return advanceLast(run, successOf(run, {}, atTheEnd, memory.notes));
  return writeWith(run, row, async (unit) => {
    if (apply) await hook(() => apply(unit));
    if (entered) return unit.advanceJob(row.id, row.epoch, entered);
    if (undo && (await isStopping(unit, row))) return unit.advanceJob(row.id, row.epoch, { ...besides, ...undo });
    return succeed(run, row, unit, atTheEnd, memory.notes);
  });
}

function entering(run: JobRun, row: JobRow, next: Step, done: number): JobProgress {
  const progress = Math.max(shownProgress(run, row), Math.min(99, Math.floor((100 * done) / run.workflow.steps.length)));
  return { step: next.name, attempts: 1, stepBegins: true, progress, statusMessage: next.message };
}

/** A stop that came while the last step ran is honoured where something can be undone; else the Job is done. */
async function isStopping(unit: UnitOfWork, { id }: JobRow): Promise<boolean> {
  return (await unit.job(id))?.state === 'STOPPING';
}

function resultsWith({ row, step }: Attempt, { done }: Done): { [step: string]: Value } {
  return { ...row.results, [step.name]: done };
}
