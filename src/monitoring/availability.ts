import { z } from 'zod';
import type { ErrorKind, ProviderError } from '../clouds/errors';

/** Going away of a cloud, or of a part of it, and coming back, as its watcher finds it. */

/** Finding of one round: whether something answered, and why something else did not. */
export interface Answered {
  answers: boolean;
  error?: ProviderError | undefined;
}

/** Memory between rounds: rounds in a row that found it away, or answering in part, and which of both was told. */
export const availabilityMemory = z.object({
  silent: z.number(),
  away: z.boolean(),
  partial: z.number().default(0),
  degraded: z.boolean().default(false),
});

/** News of a round. */
export type AvailabilityNews = 'away' | 'degraded' | 'back';

/** Rounds that find the same after which it is told: the guard has tried each call several times by then. */
export const SILENT_ROUNDS = 2;

/** Kinds of errors by which a part of a cloud does not answer; others, a refusal of one service, are answers. */
const NO_ANSWER: readonly ErrorKind[] = ['unavailable', 'timeout', 'auth'];

const WELL = { silent: 0, away: false, partial: 0, degraded: false };

/** Judges a round. A cloud that asks for patience, or has nothing to list, is there. */
export function availabilityAfter(
  before: z.output<typeof availabilityMemory> = WELL,
  { answers, error }: Answered,
): { after: z.output<typeof availabilityMemory>; told: AvailabilityNews | undefined } {
  if (answers) {
    if (!error || !NO_ANSWER.includes(error.kind)) return { after: WELL, told: before.away || before.degraded ? 'back' : undefined };
    // Who was told that it is away is told at once that it is there in part.
    const partial = before.away ? SILENT_ROUNDS : Math.min(before.partial + 1, SILENT_ROUNDS);
    const degraded = before.degraded || partial >= SILENT_ROUNDS;
    return { after: { ...WELL, partial, degraded }, told: degraded && !before.degraded ? 'degraded' : undefined };
  }
  if (!error || error.kind === 'throttled' || error.kind === 'unsupported') return { after: before, told: undefined };
  const silent = Math.min(before.silent + 1, SILENT_ROUNDS);
  const away = before.away || silent >= SILENT_ROUNDS;
  const after = { ...before, silent, away, ...(away && { degraded: false, partial: 0 }) };
  return { after, told: away && !before.away ? 'away' : undefined };
}
