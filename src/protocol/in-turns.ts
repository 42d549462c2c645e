import { giveWay } from '../model/turns';

/** Sorting of long lists in memory, cut so that others have their turn (protection.md 2). */

/** Steps of a sort between two turns of others. */
const SORTED = 2_000;

/** Sorts as Array.sort does (equal items keep their order): runs by themselves, then two and two put together. */
export async function sortInTurns<T>(items: readonly T[], compare: (a: T, b: T) => number, whose: string): Promise<T[]> {
  let runs: T[][] = [];
  for (let from = 0; from < items.length; from += SORTED) {
    if (from > 0) await giveWay(whose);
    runs.push(items.slice(from, from + SORTED).sort(compare));
  }
  while (runs.length > 1) {
    const next: T[][] = [];
    for (let at = 0; at < runs.length; at += 2) next.push(await merged(runs[at] ?? [], runs[at + 1] ?? [], compare, whose));
    runs = next;
  }
  return runs[0] ?? [];
}

async function merged<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number, whose: string): Promise<T[]> {
  const all: T[] = [];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    if (all.length > 0 && all.length % SORTED === 0) await giveWay(whose);
    const takesRight = l >= left.length || (r < right.length && compare(left[l] as T, right[r] as T) > 0);
    all.push((takesRight ? right[r++] : left[l++]) as T);
  }
  return all;
}
