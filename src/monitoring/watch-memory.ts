import { z } from 'zod';
import type { Value } from '../model/values';
import { availabilityMemory } from './availability';
import { readKnown } from './looks';

/** Memory of a watcher between its rounds, as the store keeps it. */

const things = z.array(z.array(z.string().nullable()));
const memorySchema = z.object({
  /** Things of each type, and the time of the look (ms, the database's) that they were told by. */
  known: z.record(z.string(), z.object({ at: z.number(), things })),
  availability: availabilityMemory,
  cursor: z.json().optional(),
  /** Ids of the provider's events in its last answer: what is pending is told again by some. */
  told: z.array(z.string()).default([]),
});

/** Memory of a watcher. */
export type WatchMemory = z.output<typeof memorySchema>;

/** Returns the name of the recurring work that watches a cloud. */
export function watchName(cloud: string): string {
  return `watch ${cloud}`;
}

/** Reads a watcher's memory; undefined where there is none that this version understands: the next look is a first one. */
export function readMemory(memory: Value | null): WatchMemory | undefined {
  const { success, data } = memorySchema.safeParse(memory);
  return success ? data : undefined;
}

/** Returns the names of a type's things, as they were seen last, by the provider's key. */
export function namesIn(memory: WatchMemory | undefined, type: string): Map<string, string> {
  const known = readKnown(memory?.known[type]?.things ?? []);
  return new Map([...known].flatMap(([key, { name }]) => (name === undefined ? [] : [[key, name] as const])));
}

/** Time for which a memory that differs by its time alone need not be written again, in ms. */
const GOOD_FOR_MS = 600_000;

/** Tells whether a memory as it was before is as good as one after a round in which nothing was different. */
export function isAsGood(before: Value | null, after: Value): boolean {
  const [old, now] = [readMemory(before), readMemory(after)];
  if (!old || !now) return false;
  const types = Object.keys(now.known);
  if (types.some((type) => (now.known[type]?.at ?? 0) - (old.known[type]?.at ?? 0) > GOOD_FOR_MS)) return false;
  return timeless(old) === timeless(now);
}

function timeless({ known, ...others }: WatchMemory): string {
  return JSON.stringify([others, Object.entries(known).map(([type, { things: all }]) => [type, all])]);
}
