import type { Value } from '../model/values';
import type { JobProgress, JobRow, UnitOfWork } from '../store/store';
import { contextOf, jobFacts, type Hand } from './context';
import { isSpoken, type Failure } from './failure';
import { finishBadly } from './finish';
import { landLate } from './late';
import { LeaseLost } from './lease';
import { childrenOf, makeChildren, waitForChildren } from './nested';
import { announceEnd, answered, giveBack, type Turn } from './settle';
import { carriedOver, readMemory, writeMemory, type StepMemory } from './step-memory';
import { hasBegun, isFinished } from './stop';
import { after, bug, judge } from './trouble';
import { beginUndo, undoProgress, undoTurn } from './undo';
import { waitTurn } from './wait';
import type { Step, StepContext, StepOutcome } from './workflow';
import { advance, hook, HookFault, write } from './write';

/**
 * Works a leased Job for as long as its steps finish one after the other; ends when the Job has ended, waits, or the
 * process shuts down.
 * @throws LeaseLost, or the store's error when something done could not be recorded (the attempt then stays counted).
 */
export async function runSlot(hand: Hand): Promise<void> {
  const { row } = hand.lease;
  await hand.kit.boundary(row, row.step ?? '', 'leased');
  let turn: Turn = { row, begun: row.step !== null || row.attempts > 1 };
  while (turn) turn = await nextTurn(hand, turn);
}

function nextTurn(hand: Hand, { row, begun }: NonNullable<Turn>): Promise<Turn> {
  if (hand.lease.lost) throw new LeaseLost(row.id);
  if (hand.kit.closing()) return giveBack(hand, row, 0, (release) => advance(hand, { attempts: answered(row), ...release }));
  if (row.undoing) return undoTurn(hand, row);
  if (row.state === 'STOPPING' && !goesOn(hand, row, begun)) return stopTurn(hand, row, begun);
  return stepTurn(hand, row);
}

/** What endures goes on to its end in spite of a stop once it has begun to change something. */
function goesOn(hand: Hand, row: JobRow, begun: boolean): boolean {
  const { workflow } = hand;
  if (!workflow.endures) return false;
  const before = workflow.steps[indexOf(hand, row) - 1]?.name ?? null;
  return hasBegun(workflow, begun ? row : { step: before, attempts: 0 });
}

/** A stop was asked for: children first, then everything from the step in progress backwards. */
async function stopTurn(hand: Hand, row: JobRow, begun: boolean): Promise<Turn> {
  if ((await childrenOf(hand, row, readMemory(row.memory), true)) === 'waiting') return waitForChildren(hand, row);
  return beginUndo(hand, row, indexOf(hand, row) - (begun ? 0 : 1), null);
}

function indexOf({ workflow }: Hand, row: JobRow): number {
  return row.step === null ? 0 : workflow.steps.findIndex((step) => step.name === row.step);
}

/** Runs the step in progress once. */
async function stepTurn(hand: Hand, row: JobRow): Promise<Turn> {
  const index = indexOf(hand, row);
  const step = hand.workflow.steps[index];
  if (!step) {
    const failure = bug(hand, row, row.step ?? '', new Error('the workflow has no such step'));
    return finishBadly(hand, row, failure, { left: [], notes: [], begun: true });
  }
  const memory = readMemory(row.memory);
  const nested = await childrenOf(hand, row, memory, false);
  if (nested === 'waiting') return waitForChildren(hand, row);
  await hand.kit.boundary(row, step.name, 'before');
  await hand.lease.assure();
  const context = contextOf(hand, row, step, memory, nested);
  let outcome: StepOutcome | undefined;
  try {
    try {
      outcome = await step.run(context);
    } catch (error) {
      return await failed(hand, row, step, after(hand, memory, error), nested, error);
    }
    return await record(hand, row, step, memory, outcome);
  } catch (error) {
    if (error instanceof LeaseLost) await landLate(hand, row, step, context, outcome);
    throw error;
  }
}

/** A step's run threw: another attempt later, the end with nothing undone, or everything is undone. */
async function failed(
  hand: Hand,
  row: JobRow,
  step: Step,
  memory: StepMemory,
  nested: StepContext['nested'],
  error: unknown,
): Promise<Turn> {
  const failure = await judge(hand, row, step, memory, error);
  if (!failure) return undefined;
  // What a nested Job left under way may come to its end any time: undoing around it would undo half.
  const left = failure.left ?? (isSpoken(error) && nested?.some((child) => child.left));
  const now = { ...row, memory: writeMemory(memory) };
  if (!left) return beginUndo(hand, now, indexOf(hand, row), failure);
  return finishBadly(hand, now, { ...failure, left }, { left: [], notes: memory.notes ?? [], begun: true });
}

/** Records what a step's run came to. */
async function record(hand: Hand, row: JobRow, step: Step, memory: StepMemory, outcome: StepOutcome): Promise<Turn> {
  await hand.kit.boundary(row, step.name, 'ran');
  try {
    if ('wait' in outcome) return await waitTurn(hand, row, step, memory, outcome);
    if ('nested' in outcome) return await makeChildren(hand, row, step, memory, outcome.nested);
    return await recordDone(hand, row, step, outcome);
  } catch (error) {
    if (!(error instanceof HookFault)) throw error;
    const failure: Failure | undefined = await judge(hand, row, step, memory, error);
    const besides = 'done' in outcome ? { results: resultsWith(row, step, outcome.done) } : {};
    return failure && beginUndo(hand, row, indexOf(hand, row), failure, besides);
  }
}

type Done = Extract<StepOutcome, { done: Value }>;

/** Records a finished step in one transaction with its store changes and, after the last, with the Job's end. */
async function recordDone(hand: Hand, row: JobRow, step: Step, outcome: Done): Promise<Turn> {
  const index = indexOf(hand, row);
  const next = hand.workflow.steps[index + 1];
  const memory = carriedOver(readMemory(row.memory), outcome.note);
  const results = resultsWith(row, step, outcome.done);
  const besides: JobProgress = {
    ...(outcome.affected && { affected: [...new Set([...row.affected, ...outcome.affected])] }),
    ...(outcome.holds && { holds: outcome.holds }),
  };
  if (!next) await hand.kit.boundary(row, step.name, 'ending');
  const recorded = await write(hand, async (unit) => {
    const { apply } = outcome;
    if (apply) await hook(() => apply(unit));
    if (next)
      return unit.advanceJob(row.id, row.epoch, { ...besides, results, ...entering(hand, next, index + 1), memory: writeMemory(memory) });
    const undo = await stoppedAtLast(hand, row, unit, index);
    if (undo) return unit.advanceJob(row.id, row.epoch, { ...besides, results, ...undo });
    return succeed(hand, { ...row, results }, unit, besides, memory.notes);
  });
  if (!isFinished(recorded)) {
    await hand.kit.boundary(recorded, step.name, 'recorded');
    return { row: recorded, begun: false };
  }
  hand.lease.end();
  await announceEnd(hand, recorded);
  await hand.kit.boundary(recorded, step.name, 'ended');
  return undefined;
}

function entering(hand: Hand, next: Step, done: number): JobProgress {
  const progress = Math.min(99, Math.floor((100 * done) / hand.workflow.steps.length));
  return { step: next.name, attempts: 1, stepBegins: true, progress, statusMessage: next.words };
}

/** A stop that came while the last step ran is honoured where something can be undone; else the Job is done. */
async function stoppedAtLast(hand: Hand, row: JobRow, unit: UnitOfWork, index: number): Promise<JobProgress | undefined> {
  const undo = undoProgress(hand, row, index, null);
  return undo && (await unit.job(row.id))?.state === 'STOPPING' ? undo : undefined;
}

async function succeed(hand: Hand, row: JobRow, unit: UnitOfWork, besides: JobProgress, notes: readonly string[] = []): Promise<JobRow> {
  const context = { job: jobFacts(row), input: row.input, results: row.results ?? {}, memory: null, unit };
  const words = (await hook(async () => hand.workflow.succeeded?.(context))) ?? {};
  return unit.advanceJob(row.id, row.epoch, {
    ...besides,
    state: 'SUCCESS',
    returnCode: 0,
    progress: 100,
    statusMessage: [words.message ?? 'done', ...notes, ...(words.note === undefined ? [] : [words.note])].join('; '),
    ...(words.affected && { affected: words.affected }),
    expires: hand.lease.now() + hand.kit.retentionMs,
  });
}

function resultsWith(row: JobRow, step: Step, done: Value): { [step: string]: Value } {
  return { ...row.results, [step.name]: done };
}
