import { isFinished, UNFINISHED, type JobProgress, type JobRow, type UnitOfWork } from '../store/store';
import { loggedJob } from './engine-context';
import { errorOf, RETURN_CODES, type Failure } from './failure';
import { hook, HookFault, jobFacts, readMemory, writeWith, type JobRun } from './job-run';
import { unexpectedFailure } from './retry-policy';
import { tellEnd } from './spans';
import { StepFailure, type EndContext, type LastWords } from './workflow';

/**
 * Writes the end of a Job whose last step is done, with the workflow's last words.
 * @param row the Job with the results of all steps
 * @param besides what else the same write records
 * @returns the Job as it ended
 * @throws HookFault where the workflow's last words fail
 */
export async function succeed(
  run: JobRun,
  row: JobRow,
  unit: UnitOfWork,
  besides: JobProgress,
  notes: readonly string[] = [],
): Promise<JobRow> {
  const context = { job: jobFacts(row), input: row.input, results: row.results ?? {}, memory: null, unit };
  const words = (await hook(async () => run.workflow.succeeded?.(context))) ?? {};
  const last = await unit.advanceJob(row.id, row.epoch, successOf(run, words, besides, notes));
  await run.engine.onEnding?.(unit, last, row);
  return last;
}

/** Makes what the end of a Job records that has succeeded. */
export function successOf(run: JobRun, words: LastWords, besides: JobProgress, notes: readonly string[] = []): JobProgress {
  return { ...besides, state: 'SUCCESS', returnCode: 0, progress: 100, ...lastProgress(run, words, 'done', notes) };
}

/** True where nothing but the Job itself is written when it succeeds: neither its workflow nor the process has last words. */
export function isUnspoken({ workflow, engine }: JobRun): boolean {
  return workflow.succeeded === undefined && engine.onEnding === undefined;
}

/** The parts of a Job's last statusMessage, where it did not succeed. */
export interface Ending {
  /** Messages of the steps that could not be undone. */
  left: readonly string[];
  /** Notes to be added. */
  notes: readonly string[];
  /** True once a step that changes something had begun. */
  begun: boolean;
}

/**
 * The last transaction of a Job that failed or was stopped, with the workflow's last words. Should these fail, the
 * Job ends all the same, without them.
 * @param failure why; null when it was stopped.
 */
export async function endUnsuccessfully(run: JobRun, row: JobRow, failure: Failure | null, ending: Ending): Promise<undefined> {
  await run.engine.boundary(row, row.step ?? '', 'ending');
  const end = (speak: boolean) =>
    writeWith(run, row, async (unit) => {
      const words: LastWords = speak ? await hook(() => lastWords(run, row, unit, failure, ending.left)) : {};
      const last = await unit.advanceJob(row.id, row.epoch, {
        state: failure ? 'FAILED' : 'STOPPED',
        returnCode: failure?.returnCode ?? RETURN_CODES.stopped,
        ...lastProgress(run, words, defaultMessage(row, failure, ending), ending.notes),
        failure,
      });
      await run.engine.onEnding?.(unit, last, row);
      return last;
    });
  let last: JobRow;
  try {
    last = await end(true);
  } catch (error) {
    if (!(error instanceof HookFault)) throw error;
    unexpectedFailure(run, row, '(last words)', error.cause);
    last = await end(false);
  }
  return ended(run, last, row.step ?? '');
}

function lastProgress(run: JobRun, { message, affected, note, plan }: LastWords, otherwise: string, notes: readonly string[]): JobProgress {
  return {
    statusMessage: [message ?? otherwise, ...notes, ...(note === undefined ? [] : [note])].join('; '),
    ...(affected && { affected }),
    ...(plan && { plan }),
    expires: run.lease.now() + run.engine.retentionMs,
  };
}

async function lastWords(
  { workflow }: JobRun,
  row: JobRow,
  unit: UnitOfWork,
  failure: Failure | null,
  left: readonly string[],
): Promise<LastWords> {
  const context: EndContext = {
    job: jobFacts(row),
    input: row.input,
    results: row.results ?? {},
    memory: readMemory(row.memory).own,
    unit,
  };
  if (!failure && workflow.stopped) return workflow.stopped({ ...context, left });
  const error = failure ? errorOf(failure) : new StepFailure('the job was stopped', 'stopped');
  return (await workflow.failed?.({ ...context, error, left })) ?? {};
}

/** Nothing is called undone unless it was. */
function defaultMessage({ undoing }: JobRow, failure: Failure | null, { left, begun }: Ending): string {
  if (left.length > 0) return `${failure?.message ?? 'stopped'}; could not be undone: ${left.join('; ')}`;
  if (failure) return failure.left ? `${failure.message}; nothing was undone` : failure.message;
  if (undoing) return 'stopped; what had been done was undone';
  if (!begun) return 'stopped before anything was done';
  return 'stopped: the gateway goes on with it no more; nothing was undone: what the provider was asked for has happened or may still happen';
}

/** Lets go of a Job whose end is recorded, and tells the process and the parent. `step`: the last one in progress. */
export async function ended(run: JobRun, row: JobRow, step: string): Promise<undefined> {
  run.lease.end();
  run.engine.ended(row);
  tellEnd(run, row);
  const { workflow, target, state, returnCode } = row;
  run.engine.log.info({ ...loggedJob(row), workflow, target, state, returnCode }, row.statusMessage);
  if (row.parent !== null) await notifyParent(run, row.id, row.parent);
  await run.engine.boundary(row, step, 'ended');
  return undefined;
}

/** Makes the parent due at once when its last child has ended. Never rejects: the parent is due again soon anyway. */
async function notifyParent({ engine }: JobRun, id: string, parentId: string): Promise<void> {
  const { store, queue, log } = engine;
  try {
    const others = await store.jobs({ parent: parentId, states: UNFINISHED, limit: 1 });
    if (others.length > 0) return;
    const parent = await store.job(parentId);
    if (!parent || isFinished(parent)) return;
    await store.transaction((unit) => unit.updateJob(parent.id, { dueInMs: 0 }, UNFINISHED));
    await queue.notify(parent.id);
  } catch (error) {
    log.warn({ job: id, parent: parentId, err: error }, 'notifying the parent job failed; the sweep will pick it up');
  }
}
