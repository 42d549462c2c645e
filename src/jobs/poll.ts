import type { Value } from '../model/values';
import { LeftUnderWay, type StepContext, type Wait } from './workflow';

export interface PollOptions<T> {
  /** True when the goal is reached. Throws (a StepFailure, say) where it never will be. */
  goal(seen: T): boolean;
  /** First pause between two probes, ms; pauses grow with the time that the step has taken. Default 250. */
  intervalMs?: number;
  /** Longest pause, ms. Default 15,000. */
  longestMs?: number;
  /** An operator's limit on the waiting, ms since the step began; absent: until the provider ends it. */
  atMostMs?: number | undefined;
  /** The step's result. Default null. */
  result?(seen: T): Value;
  /** statusMessage while it waits. */
  message?(seen: T): string;
  /** Remembered between two probes. */
  remember?(seen: T): Value | undefined;
}

export type PollOutcome = { done: Value } | Wait;

/** Pauses are this share of the time the step has taken: a poll costs little, and its end is seen late by little. */
const GROWTH = 0.2;
const INTERVAL_MS = 250;
const LONGEST_MS = 15_000;

/**
 * The pause before the provider is asked again, in ms.
 * @throws LeftUnderWay when the step has taken longer than an operator lets it; `shown`: what the provider shows
 */
export function pauseOf(
  { elapsedMs }: Pick<StepContext, 'elapsedMs'>,
  { intervalMs = INTERVAL_MS, longestMs = LONGEST_MS, atMostMs }: Pick<PollOptions<unknown>, 'intervalMs' | 'longestMs' | 'atMostMs'>,
  shown: string | undefined,
): number {
  const left = atMostMs === undefined ? Number.POSITIVE_INFINITY : atMostMs - elapsedMs;
  if (left <= 0) {
    throw new LeftUnderWay(
      `not waited for any longer after ${Math.round(elapsedMs / 1000)} s, the limit of this cloud (waitAtMostMs)${shown === undefined ? '' : `: ${shown}`}; it may still finish`,
    );
  }
  return Math.ceil(Math.min(longestMs, Math.max(intervalMs, elapsedMs * GROWTH), left));
}

/**
 * Probes once: the step is done when the goal is reached, else it waits for a due time and keeps no worker.
 * @throws LeftUnderWay when the step has taken longer than an operator lets it; whatever `probe` throws.
 */
export async function poll<T>(
  context: Pick<StepContext, 'elapsedMs'>,
  probe: () => Promise<T>,
  { goal, result, message: messageOf, remember, ...pace }: PollOptions<T>,
): Promise<PollOutcome> {
  const seen = await probe();
  if (goal(seen)) return { done: result?.(seen) ?? null };
  const message = messageOf?.(seen);
  const memory = remember?.(seen);
  const wait = pauseOf(context, pace, message);
  return { wait, ...(message !== undefined && { message }), ...(memory === undefined ? {} : { remember: memory }) };
}
