import type { Value } from '../model/values';
import type { JobProgress, JobRow, UnitOfWork } from '../store/store';
import { contextOf, jobFacts, type Hand } from './context';
import { finishBadly } from './finish';
import { LeaseLost } from './lease';
import { childrenOf, makeChildren, waitForChildren } from './nested';
import { announceEnd, answered, giveBack, type Turn } from './settle';
import { readMemory } from './step-memory';
import { isFinished } from './stop';
import { bug, judge } from './trouble';
import { beginUndo, undoProgress, undoTurn } from './undo';
import { waitTurn } from './wait';
import type { Step, StepOutcome } from './workflow';
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
  if (row.state === 'STOPPING') return stopTurn(hand, row, begun);
  return stepTurn(hand, row);
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
  if (!step) return finishBadly(hand, row, bug(hand, row, row.step ?? '', new Error('the workflow has no such step')), []);
  const memory = readMemory(row.memory);
  const nested = await childrenOf(hand, row, memory, false);
  if (nested === 'waiting') return waitForChildren(hand, row);
  await hand.kit.boundary(row, step.name, 'before');
  await hand.lease.assure();
  let outcome: StepOutcome;
  try {
    outcome = await step.run(contextOf(hand, row, step, memory, nested));
  } catch (error) {
    const failure = await judge(hand, row, step, memory, error);
    if (failure?.left) return finishBadly(hand, row, failure, []);
    return failure && beginUndo(hand, row, index, failure);
  }
  await hand.kit.boundary(row, step.name, 'ran');
  try {
    if ('wait' in outcome) return await waitTurn(hand, row, step, memory, outcome);
    if ('nested' in outcome) return await makeChildren(hand, row, step, memory, outcome.nested);
    return await recordDone(hand, row, index, step, outcome);
  } catch (error) {
    if (!(error instanceof HookFault)) throw error;
    const failure = await judge(hand, row, step, memory, error);
    const besides = 'done' in outcome ? { results: resultsWith(row, step, outcome.done) } : {};
    return failure && beginUndo(hand, row, index, failure, besides);
  }
}

type Done = Extract<StepOutcome, { done: Value }>;

/** Records a finished step in one transaction with its store changes and, after the last, with the Job's end. */
async function recordDone(hand: Hand, row: JobRow, index: number, step: Step, outcome: Done): Promise<Turn> {
  const next = hand.workflow.steps[index + 1];
  const results = resultsWith(row, step, outcome.done);
  const besides: JobProgress = {
    ...(outcome.affected && { affected: [...new Set([...row.affected, ...outcome.affected])] }),
    ...(outcome.holds && { holds: outcome.holds }),
  };
  if (!next) await hand.kit.boundary(row, step.name, 'ending');
  const recorded = await write(hand, async (unit) => {
    const { apply } = outcome;
    if (apply) await hook(() => apply(unit));
    if (next) return unit.advanceJob(row.id, row.epoch, { ...besides, results, ...entering(hand, next, index + 1) });
    const undo = await stoppedAtLast(hand, row, unit, index);
    if (undo) return unit.advanceJob(row.id, row.epoch, { ...besides, results, ...undo });
    return succeed(hand, { ...row, results }, unit, besides);
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
  return { step: next.name, attempts: 1, stepBegins: true, memory: null, progress, statusMessage: next.words };
}

/** A stop that came while the last step ran is honoured where something can be undone; else the Job is done. */
async function stoppedAtLast(hand: Hand, row: JobRow, unit: UnitOfWork, index: number): Promise<JobProgress | undefined> {
  const undo = undoProgress(hand, row, index, null);
  return undo && (await unit.job(row.id))?.state === 'STOPPING' ? undo : undefined;
}

async function succeed(hand: Hand, row: JobRow, unit: UnitOfWork, besides: JobProgress): Promise<JobRow> {
  const context = { job: jobFacts(row), input: row.input, results: row.results ?? {}, unit };
  const words = (await hook(async () => hand.workflow.succeeded?.(context))) ?? {};
  return unit.advanceJob(row.id, row.epoch, {
    ...besides,
    state: 'SUCCESS',
    returnCode: 0,
    progress: 100,
    statusMessage: words.message ?? 'done',
    ...(words.affected && { affected: words.affected }),
    expires: hand.lease.now() + hand.kit.retentionMs,
  });
}

function resultsWith(row: JobRow, step: Step, done: Value): { [step: string]: Value } {
  return { ...row.results, [step.name]: done };
}
