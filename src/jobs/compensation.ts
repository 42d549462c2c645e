import type { JobProgress, JobRow } from '../store/store';
import type { Failure } from './failure';
import { endUnsuccessfully } from './job-end';
import {
  advance,
  carriedOver,
  hook,
  indexOf,
  messageOf,
  readMemory,
  withLeft,
  writeWith,
  writeMemory,
  type Direction,
  type JobRun,
  type StepMemory,
  type Turn,
} from './job-run';
import type { Done, Step } from './workflow';

/**
 * Turns a Job round: from here on its steps are undone, newest first, beginning with the one at `from`. Where none of them
 * can be undone the Job ends at once.
 * @param failure why; null when it was stopped
 * @param besides what else the same write records
 */
export async function beginCompensation(
  run: JobRun,
  row: JobRow,
  from: number,
  failure: Failure | null,
  besides: JobProgress = {},
): Promise<Turn> {
  const progress = compensationProgress(run, row, from, failure);
  if (progress) return { row: await advance(run, { ...besides, ...progress }), begun: true };
  const begun = run.workflow.steps.slice(0, from + 1).some((step) => !step.readOnly);
  const { notes = [] } = readMemory(row.memory);
  return endUnsuccessfully(run, { ...row, results: besides.results ?? row.results }, failure, { left: [], notes, begun });
}

/** Makes what turning round records; undefined when no step up to `from` can be undone. Parameters as of `beginCompensation`. */
export function compensationProgress(run: JobRun, row: JobRow, from: number, failure: Failure | null): JobProgress | undefined {
  const first = lastToUndo(run, from);
  if (!first) return undefined;
  const memory = readMemory(row.memory);
  const { own, unanswered } = memory;
  const kept = first === run.workflow.steps[indexOf(run, row)] ? { own, ...(unanswered && { unanswered }) } : {};
  return { undoing: true, failure, ...entering(first), memory: writeMemory({ ...carriedOver(memory), ...kept }) };
}

/** The way back of a Job that failed or was stopped; what can't be undone is kept in words and left behind. */
export const compensation: Direction = {
  before: 'undoing',
  after: 'undone',
  callOf: (step) => step.undo?.bind(step),
  skip: (run, row, index) => goBack(run, row, index - 1, readMemory(row.memory)),
  finish: (run, { row, index, memory }, outcome) => goBack(run, row, index - 1, memory, outcome),
  fail: (run, { row, index, memory }, { message }) => goBack(run, row, index - 1, withLeft(memory, message)),
};

/** Goes on to the next step to undo, or ends the Job. `memory`: of the step just undone. */
async function goBack(run: JobRun, row: JobRow, from: number, memory: StepMemory, { apply, note }: Partial<Done> = {}): Promise<Turn> {
  const step = lastToUndo(run, from);
  const { left = [] } = memory;
  const over = carriedOver(memory, note);
  const ending = { left, notes: over.notes ?? [], begun: true };
  if (!step && !apply) return endUnsuccessfully(run, row, row.failure, ending);
  const entered = { ...(step && entering(step)), memory: writeMemory({ ...over, left }) };
  const recorded = await (apply
    ? writeWith(run, row, async (unit) => {
        await hook(() => apply(unit));
        return unit.advanceJob(row.id, row.epoch, entered);
      })
    : advance(run, entered));
  return step ? { row: recorded, begun: true } : endUnsuccessfully(run, recorded, recorded.failure, ending);
}

function lastToUndo({ workflow }: JobRun, from: number): Step | undefined {
  return workflow.steps.slice(0, from + 1).findLast((step) => step.undo);
}

function entering(step: Step): JobProgress {
  return { step: step.name, attempts: 1, stepBegins: true, statusMessage: messageOf({ undoing: true }, step) };
}
