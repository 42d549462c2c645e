import type { Value } from '../model/values';

/**
 * What the engine keeps in a Job's `memory` column for the step in progress: the step's own memory and, beside it,
 * what the engine itself must not forget between two attempts.
 */
export interface StepMemory {
  /** What the step asked to be remembered; null at first. */
  own: Value;
  /** Passing errors in a row: since when (ms since the epoch by the database's clock) and how many. */
  trouble?: { since: number; count: number };
  /** Attempts that never answered, over all waits of the step: since when, and how many. */
  unanswered?: { since: number; count: number };
  /** Ids of the nested Jobs this step made. */
  children?: readonly string[];
  /** What could not be undone so far, in words. */
  left?: readonly string[];
  /** What is added to the last words. */
  notes?: readonly string[];
}

type Stored = { readonly [key: string]: Value | undefined };

/** Reads the column; null is an empty memory. */
export function readMemory(stored: Value | null): StepMemory {
  if (!isRecord(stored)) return { own: null };
  const memory: StepMemory = { own: stored['own'] ?? null };
  for (const name of ['trouble', 'unanswered'] as const) {
    const counted = stored[name];
    if (isRecord(counted)) memory[name] = { since: Number(counted['since']), count: Number(counted['count']) };
  }
  for (const name of ['children', 'left', 'notes'] as const) {
    const texts = stored[name];
    if (Array.isArray(texts)) memory[name] = texts.map(String);
  }
  return memory;
}

/** Makes the column's value; null when there is nothing to remember. */
export function writeMemory(memory: StepMemory): Value {
  const { own, trouble, unanswered, children, left, notes } = memory;
  const kept = {
    ...(trouble && { trouble }),
    ...(unanswered && { unanswered }),
    ...(children && { children }),
    ...(left?.length ? { left } : {}),
    ...(notes?.length ? { notes } : {}),
  };
  return own === null && Object.keys(kept).length === 0 ? null : { own, ...kept };
}

/** The memory with one more attempt that never answered. `now`: ms since the epoch by the database's clock. */
export function withUnanswered(memory: StepMemory, now: number): StepMemory {
  const { since = now, count = 0 } = memory.unanswered ?? {};
  return { ...memory, unanswered: { since, count: count + 1 } };
}

/** What goes on from one step to the next. */
export function carriedOver({ notes }: StepMemory, note?: string): StepMemory {
  return { own: null, notes: [...(notes ?? []), ...(note === undefined ? [] : [note])] };
}

function isRecord(value: Value | undefined): value is Stored {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
