import { randomUUID } from 'node:crypto';
import type { JobRow } from '../store/store';
import type { Hand } from './context';
import {
  backoffMs,
  failureOf,
  internalFailure,
  isPassing,
  isSpoken,
  isStoreAway,
  retryWords,
  withoutSecrets,
  wordsOf,
  type Failure,
} from './failure';
import { ProviderError } from '../clouds/errors';
import { LeaseLost } from './lease';
import { patienceOf } from './patience';
import { answered, giveBack } from './settle';
import { withUnanswered, writeMemory, type StepMemory } from './step-memory';
import { advance, HookFault } from './write';
import type { Step } from './workflow';

/** The step's memory after an attempt that threw: one that may have taken effect all the same is counted. */
export function after(hand: Hand, memory: StepMemory, thrown: unknown): StepMemory {
  return thrown instanceof ProviderError && thrown.maybeDone ? withUnanswered(memory, hand.lease.now()) : memory;
}

/**
 * Decides what an error of a step's run or undo means: another attempt later (undefined: the slot was given up), or
 * the end of trying, with what to remember of it.
 * @param memory the step's, after the attempt
 */
export async function judge(hand: Hand, row: JobRow, step: Step, memory: StepMemory, thrown: unknown): Promise<Failure | undefined> {
  const { kit, lease } = hand;
  const final = thrown instanceof HookFault;
  const error = final ? thrown.cause : thrown;
  if (lease.lost || error instanceof LeaseLost) throw new LeaseLost(row.id);
  const doing = row.undoing ? `undoing: ${step.words}` : step.words;
  // What a transaction refused was done already: trying again would do it twice.
  if (isPassing(error) && !final) return passing(hand, row, step, memory, error, doing);
  if (isSpoken(error)) return failureOf(error, doing, withoutSecrets(wordsOf(error), row.input, kit.secretNames));
  if (isStoreAway(error) && !final) {
    const delay = backoffMs(row.attempts, undefined, kit.random);
    const words = `${doing}: the store of the gateway could not be used; tried again at ${new Date(lease.now() + delay).toISOString()}`;
    kit.log.warn({ job: row.id, step: step.name, err: error }, 'a step could not use the store; it is tried again');
    // What the step had sent by then is not known, so the attempt stays counted.
    await giveBack(hand, row, delay, (release) => advance(hand, { step: step.name, statusMessage: words, ...release }));
    return undefined;
  }
  if (kit.closing() && lease.signal.aborted && !final) {
    await giveBack(hand, row, 0, (release) => advance(hand, { step: step.name, ...release }));
    return undefined;
  }
  return bug(hand, row, step.name, error);
}

async function passing(
  hand: Hand,
  row: JobRow,
  step: Step,
  memory: StepMemory,
  error: ProviderError,
  doing: string,
): Promise<Failure | undefined> {
  const { kit, lease } = hand;
  const words = withoutSecrets(wordsOf(error), row.input, kit.secretNames);
  const now = lease.now();
  const trouble = memory.trouble ?? { since: now, count: 0 };
  const delay = backoffMs(trouble.count, error.retryAfterMs, kit.random);
  if (now + delay - trouble.since > patienceOf(hand.workflow))
    return failureOf(error, `${doing}: given up after ${seconds(now - trouble.since)}`, words);
  await giveBack(hand, row, delay, (release) =>
    advance(hand, {
      step: step.name,
      attempts: error.maybeDone ? row.attempts : answered(row),
      memory: writeMemory({ ...memory, trouble: { since: trouble.since, count: trouble.count + 1 } }),
      statusMessage: retryWords(doing, error, words, now + delay),
      ...release,
    }),
  );
  return undefined;
}

/** Logs an error that nobody foresaw under a reference, which is all that the Job tells of it. */
export function bug({ kit, workflow }: Hand, row: JobRow, step: string, error: unknown): Failure {
  const reference = randomUUID().slice(0, 8);
  kit.log.error({ job: row.id, workflow: workflow.name, step, reference, err: error }, 'a step of a job failed unexpectedly');
  return internalFailure(reference);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
