import { z } from 'zod';
import type { ProviderError } from '../clouds/errors';

/** Going away and coming back of a cloud, as its watcher finds it. */

/** Finding of one round. */
export type Availability = { answers: true } | { answers: false; error: ProviderError | undefined };

/** Memory between rounds: rounds in a row without an answer, and whether it was told that the cloud is away. */
export const availabilityMemory = z.object({ silent: z.number(), away: z.boolean() });

/** Rounds without an answer after which a cloud is away: the guard has tried each call several times by then. */
export const SILENT_ROUNDS = 2;

/** Judges a round. A cloud that asks for patience, or has nothing to list, is there. */
export function availabilityAfter(
  before: z.output<typeof availabilityMemory> = { silent: 0, away: false },
  found: Availability,
): { after: z.output<typeof availabilityMemory>; told: 'away' | 'back' | undefined } {
  if (found.answers) return { after: { silent: 0, away: false }, told: before.away ? 'back' : undefined };
  const { error } = found;
  if (!error || error.kind === 'throttled' || error.kind === 'unsupported') return { after: before, told: undefined };
  const silent = before.silent + 1;
  const away = before.away || silent >= SILENT_ROUNDS;
  return { after: { silent: Math.min(silent, SILENT_ROUNDS), away }, told: away && !before.away ? 'away' : undefined };
}
