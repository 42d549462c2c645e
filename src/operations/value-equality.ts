import type { Value, Values } from '../model/values';

/** Tells whether a value is empty, which is the same as absent (DSP0263 5.5.14). */
export function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Tells whether two values say the same, whatever the order of their members; a reference says where it leads. */
export function isSame(one: Value | undefined, other: Value | undefined): boolean {
  return text(one) === text(other);
}

function text(value: Value | undefined): string {
  return JSON.stringify(canonical(value)) ?? '';
}

function canonical(value: Value | undefined): Value | undefined {
  if (isEmpty(value)) return undefined;
  if (Array.isArray(value)) return value.map((entry: Value) => canonical(entry) ?? null);
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value as Values).map(([name, member]) => [name, canonical(member)] as const);
  const given = entries.filter(([, member]) => member !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
