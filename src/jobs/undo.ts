import type { JobProgress, JobRow } from '../store/store';
import { contextOf, type Hand } from './context';
import type { Failure } from './failure';
import { finishBadly } from './finish';
import { childrenOf, makeChildren, waitForChildren } from './nested';
import type { Turn } from './settle';
import { carriedOver, readMemory, writeMemory, type StepMemory } from './step-memory';
import { after, judge } from './trouble';
import { waitTurn } from './wait';
import type { Step, StepOutcome } from './workflow';
import { advance, hook, HookFault, write } from './write';

/**
 * Turns a Job round: from here on its steps are undone, newest first, beginning with the one at `from`.
 * @param failure why; null when it was stopped.
 * @param besides what else the same write records.
 */
export async function beginUndo(hand: Hand, row: JobRow, from: number, failure: Failure | null, besides: JobProgress = {}): Promise<Turn> {
  const progress = undoProgress(hand, row, from, failure);
  if (progress) return { row: await advance(hand, { ...besides, ...progress }), begun: true };
  const begun = hand.workflow.steps.slice(0, from + 1).some((step) => !step.looks);
  const { notes = [] } = readMemory(row.memory);
  return finishBadly(hand, { ...row, results: besides.results ?? row.results }, failure, { left: [], notes, begun });
}

/** What turning round records, or undefined when no step up to `from` can be undone. */
export function undoProgress(hand: Hand, row: JobRow, from: number, failure: Failure | null): JobProgress | undefined {
  const first = undoable(hand, from);
  if (!first) return undefined;
  const memory = readMemory(row.memory);
  const { own, unanswered } = memory;
  const kept = first.name === row.step ? { own, ...(unanswered && { unanswered }) } : {};
  return { undoing: true, failure, ...beginning(first), memory: writeMemory({ ...carriedOver(memory), ...kept }) };
}

/** Undoes one step, or goes on with it. */
export async function undoTurn(hand: Hand, row: JobRow): Promise<Turn> {
  const index = hand.workflow.steps.findIndex((step) => step.name === row.step);
  const step = hand.workflow.steps[index];
  const memory = readMemory(row.memory);
  if (!step?.undo) return next(hand, row, index - 1, memory);
  const nested = await childrenOf(hand, row, memory, false);
  if (nested === 'waiting') return waitForChildren(hand, row);
  await hand.kit.boundary(row, step.name, 'undoing');
  await hand.lease.assure();
  let outcome: StepOutcome;
  try {
    outcome = await step.undo(contextOf(hand, row, step, memory, nested));
  } catch (error) {
    const failure = await judge(hand, row, step, after(hand, memory, error), error);
    return failure && next(hand, row, index - 1, leaving(memory, failure));
  }
  await hand.kit.boundary(row, step.name, 'undone');
  try {
    if ('wait' in outcome) return await waitTurn(hand, row, step, memory, outcome);
    if ('nested' in outcome) return await makeChildren(hand, row, step, memory, outcome.nested);
    return await next(hand, row, index - 1, memory, outcome);
  } catch (error) {
    if (!(error instanceof HookFault)) throw error;
    const failure = await judge(hand, row, step, memory, error);
    return failure && next(hand, row, index - 1, leaving(memory, failure));
  }
}

function leaving(memory: StepMemory, { message }: Failure): StepMemory {
  return { ...memory, left: [...(memory.left ?? []), message] };
}

/** Goes on to the step before, or ends. `memory`: of the step just undone. */
async function next(hand: Hand, row: JobRow, from: number, memory: StepMemory, outcome?: StepOutcome): Promise<Turn> {
  const { apply, note } = outcome && 'done' in outcome ? outcome : {};
  const step = undoable(hand, from);
  const { left = [] } = memory;
  const over = carriedOver(memory, note);
  const told = { left, notes: over.notes ?? [], begun: true };
  if (!step && !apply) return finishBadly(hand, row, row.failure, told);
  const recorded = await write(hand, async (unit) => {
    if (apply) await hook(() => apply(unit));
    return unit.advanceJob(row.id, row.epoch, { ...(step && beginning(step)), memory: writeMemory({ ...over, left }) });
  });
  return step ? { row: recorded, begun: true } : finishBadly(hand, recorded, recorded.failure, told);
}

function undoable(hand: Hand, from: number): Step | undefined {
  return hand.workflow.steps.slice(0, from + 1).findLast((step) => step.undo);
}

function beginning(step: Step): JobProgress {
  return { step: step.name, attempts: 1, stepBegins: true, statusMessage: `undoing: ${step.words}` };
}
