import { randomUUID } from 'node:crypto';
import { ProviderError, type ErrorKind } from '../clouds/errors';
import type { JobRow } from '../store/store';
import { loggedJob } from './engine-context';
import { failureOf, internalFailure, isPassing, isSpoken, isStoreAway, statusMessageOf, withoutSecrets, type Failure } from './failure';
import {
  attemptsAfterAnswer,
  HookFault,
  messageOf,
  release,
  withUnanswered,
  writeMemory,
  type Attempt,
  type JobRun,
  type StepMemory,
} from './job-run';
import { LeaseLost } from './lease';
import { tellRetry } from './spans';
import { patienceOf } from './workflow';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Computes the pause before the next attempt, in ms: doubling with jitter, never less than the provider asks.
 * @param failures attempts in a row that failed before this one
 * @param retryAfterMs the provider's own wish, ms
 * @param random gives a number from 0 up to, but not including, 1
 */
export function backoffMs(failures: number, retryAfterMs: number | undefined, random: () => number): number {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
  const jittered = Math.round(ceiling * (0.5 + random() / 2));
  return Math.max(jittered, retryAfterMs === undefined ? 0 : retryAfterMs + Math.round(random() * 250));
}

/** The step's memory after an attempt that threw: one that may have taken effect all the same is counted. */
export function memoryAfterError(run: JobRun, memory: StepMemory, thrown: unknown): StepMemory {
  return thrown instanceof ProviderError && thrown.maybeDone ? withUnanswered(memory, run.lease.now()) : memory;
}

/**
 * Decides what an error of a step's run or undo means, and releases the Job where another attempt is to be made later.
 * @param attempt with the step's memory after it, see memoryAfterError
 * @param thrown a HookFault is final: what a transaction refused was done already, trying again would do it twice
 * @returns the failure where there is to be no other attempt; undefined where the Job was released for one
 * @throws LeaseLost where another worker has the Job by now
 */
export async function retryOrFail(run: JobRun, attempt: Attempt, thrown: unknown): Promise<Failure | undefined> {
  const { engine, lease } = run;
  const { row, step } = attempt;
  const final = thrown instanceof HookFault;
  const error = final ? thrown.cause : thrown;
  if (lease.lost || error instanceof LeaseLost) throw new LeaseLost(`job ${row.id}`);
  const doing = messageOf(row, step);
  if (isPassing(error) && !final) return retryPassing(run, attempt, error, doing);
  if (isSpoken(error)) return failureOf(error, doing, withoutSecrets(statusMessageOf(error), row.input, engine.secretNames));
  if (isStoreAway(error) && !final) return retryWithStore(run, attempt, error, doing);
  if (engine.closing() && lease.signal.aborted && !final) {
    return release(run, row, 0, { step: step.name });
  }
  return unexpectedFailure(run, row, step.name, error);
}

const REASONS: Readonly<Partial<Record<ErrorKind, string>>> = {
  throttled: 'the cloud asks to be called less often',
  unavailable: 'the cloud is not available',
  timeout: 'the cloud did not answer in time',
};

/** Another attempt after a passing error of the provider, unless the patience with such errors in a row is over. */
async function retryPassing(
  run: JobRun,
  { row, step, memory }: Attempt,
  error: ProviderError,
  doing: string,
): Promise<Failure | undefined> {
  const { engine, lease } = run;
  const message = withoutSecrets(statusMessageOf(error), row.input, engine.secretNames);
  const now = lease.now();
  const trouble = memory.trouble ?? { since: now, count: 0 };
  const delay = backoffMs(trouble.count, error.retryAfterMs, engine.random);
  if (now + delay - trouble.since > patienceOf(run.workflow))
    return failureOf(error, `${doing}: given up after ${Math.round((now - trouble.since) / 1000)} s`, message);
  tellRetry(run, step.name, error.kind, delay);
  const reason = REASONS[error.kind] ?? 'the cloud refused for now';
  return release(run, row, delay, {
    step: step.name,
    attempts: error.maybeDone ? row.attempts : attemptsAfterAnswer(row),
    memory: writeMemory({ ...memory, trouble: { since: trouble.since, count: trouble.count + 1 } }),
    statusMessage: `${doing}: ${reason}: ${message}; ${again(now + delay)}`,
  });
}

/** Another attempt once the gateway's own store can be used again. It stays counted: what it had sent by then is not known. */
function retryWithStore(run: JobRun, { row, step }: Attempt, error: unknown, doing: string): Promise<undefined> {
  const { engine, lease } = run;
  const delay = backoffMs(row.attempts, undefined, engine.random);
  tellRetry(run, step.name, 'store', delay);
  const statusMessage = `${doing}: the store of the gateway could not be used; ${again(lease.now() + delay)}`;
  engine.log.warn({ ...loggedJob(row), step: step.name, err: error }, 'a step could not use the store; it will be tried again');
  return release(run, row, delay, { step: step.name, statusMessage });
}

function again(at: number): string {
  return `tried again at ${new Date(at).toISOString()}`;
}

/** Logs an error that nobody foresaw under a reference, which is all that the Job tells of it. */
export function unexpectedFailure({ engine, workflow }: JobRun, row: JobRow, step: string, error: unknown): Failure {
  const reference = randomUUID().slice(0, 8);
  engine.log.error({ ...loggedJob(row), workflow: workflow.name, step, reference, err: error }, 'a step of a job failed unexpectedly');
  return internalFailure(reference);
}
