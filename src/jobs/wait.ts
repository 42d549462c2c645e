import type { JobRow } from '../store/store';
import type { Hand } from './context';
import { answered, giveBack } from './settle';
import { withUnanswered, writeMemory, type StepMemory } from './step-memory';
import { advance } from './write';
import type { Step, StepOutcome } from './workflow';

type Wait = Extract<StepOutcome, { wait: number }>;

/**
 * Records a step's wait and gives the slot up. An attempt that ended with an answer is not counted; one whose work can't be
 * followed any more is.
 */
export async function waitTurn(hand: Hand, row: JobRow, step: Step, memory: StepMemory, outcome: Wait): Promise<undefined> {
  const { trouble, ...over } = memory;
  const known = outcome.inTrouble && trouble ? { ...over, trouble } : over;
  const kept = outcome.unanswered ? withUnanswered(known, hand.lease.now()) : known;
  await giveBack(hand, row, Math.max(0, outcome.wait), (release) =>
    advance(hand, {
      step: step.name,
      attempts: outcome.unanswered ? row.attempts : answered(row),
      memory: writeMemory({ ...kept, own: outcome.remember ?? memory.own }),
      statusMessage: outcome.message ?? (row.undoing ? `undoing: ${step.words}` : step.words),
      ...(outcome.holds && { holds: outcome.holds }),
      ...(outcome.progress === undefined || row.undoing ? {} : { progress: shareOf(hand, step, outcome.progress, row.progress) }),
      ...release,
    }),
  );
  await hand.kit.boundary(row, step.name, 'recorded');
  return undefined;
}

/** Progress of the Job while a step is so far, in percent; it never goes back. */
function shareOf({ workflow }: Hand, step: Step, percent: number, before: number): number {
  const index = workflow.steps.findIndex(({ name }) => name === step.name);
  const share = (100 * (index + Math.min(100, Math.max(0, percent)) / 100)) / workflow.steps.length;
  return Math.max(before, Math.min(99, Math.floor(share)));
}
