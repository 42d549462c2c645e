import type { Item } from './driver';

/** Orders items of one owner by their places; those without one come last, as they were listed. */
export function inPlace(items: readonly Item[]): Item[] {
  const last = Number.MAX_SAFE_INTEGER;
  return items.toSorted((one, other) => (one.place ?? last) - (other.place ?? last));
}
