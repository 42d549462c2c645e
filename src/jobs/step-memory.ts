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
  /** Ids of the nested Jobs this step made. */
  children?: readonly string[];
  /** What could not be undone so far, in words. */
  left?: readonly string[];
}

type Stored = { readonly [key: string]: Value | undefined };

/** Reads the column; null is an empty memory. */
export function readMemory(stored: Value | null): StepMemory {
  if (!isRecord(stored)) return { own: null };
  const trouble = stored['trouble'];
  const memory: StepMemory = { own: stored['own'] ?? null };
  if (isRecord(trouble)) memory.trouble = { since: Number(trouble['since']), count: Number(trouble['count']) };
  if (Array.isArray(stored['children'])) memory.children = stored['children'].map(String);
  if (Array.isArray(stored['left'])) memory.left = stored['left'].map(String);
  return memory;
}

/** Makes the column's value; null when there is nothing to remember. */
export function writeMemory(memory: StepMemory): Value {
  const { own, trouble, children, left } = memory;
  if (own === null && !trouble && !children && !left?.length) return null;
  return { own, ...(trouble && { trouble }), ...(children && { children }), ...(left?.length ? { left } : {}) };
}

function isRecord(value: Value | undefined): value is Stored {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
