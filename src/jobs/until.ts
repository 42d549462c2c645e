import type { Value } from '../model/values';
import { StepFailure, type StepContext, type StepOutcome } from './workflow';

export interface Until<T> {
  /** Whether the goal is reached. Throws (a StepFailure, say) where it never will be. */
  goal(seen: T): boolean;
  /** First pause between two probes, ms; pauses grow with the time that the step has taken. */
  intervalMs: number;
  /** Longest pause, ms. Default ten times the first. */
  longestMs?: number;
  /** When to give up, ms since the step began. */
  timeoutMs: number;
  /** The step's result. Default null. */
  result?(seen: T): Value;
  /** statusMessage while it waits. */
  words?(seen: T): string;
}

export type UntilOutcome = { done: Value } | Extract<StepOutcome, { wait: number }>;

/** Pauses are this share of the time the step has taken: a poll costs little, and its end is seen late by little. */
const GROWTH = 0.2;

/**
 * Probes once: the step is done when the goal is reached, else it waits for a due time outside the slot.
 * @throws StepFailure of kind `timeout` when the step has taken longer than `timeoutMs`; whatever `probe` throws.
 */
export async function until<T>(
  context: Pick<StepContext, 'elapsedMs'>,
  probe: () => Promise<T>,
  { goal, intervalMs, longestMs = 10 * intervalMs, timeoutMs, result, words }: Until<T>,
): Promise<UntilOutcome> {
  const seen = await probe();
  if (goal(seen)) return { done: result?.(seen) ?? null };
  const message = words?.(seen);
  const left = timeoutMs - context.elapsedMs;
  if (left <= 0)
    throw new StepFailure(`given up after ${Math.round(context.elapsedMs / 1000)} s${message ? `: ${message}` : ''}`, 'timeout');
  const pause = Math.min(longestMs, Math.max(intervalMs, context.elapsedMs * GROWTH), left);
  return { wait: Math.ceil(pause), ...(message !== undefined && { message }) };
}
