/** Longest name for which a nearest one is looked for, characters: the search takes time by the square of it. */
const LONGEST = 64;
/** Most edits between a name and the one that was meant. */
const MOST_EDITS = 3;

/**
 * Finds the known name that was most likely meant by an unknown one: at most three edits and a third of its length away (one for the shortest), letter
 * case and separators aside.
 * @returns undefined when none is near
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST) return undefined;
  const asked = plain(name);
  let best: string | undefined;
  let limit = Math.min(MOST_EDITS, Math.max(1, Math.floor(name.length / 3))) + 1;
  for (const candidate of known) {
    const distance = editDistance(asked, plain(candidate), limit);
    if (distance < limit) [best, limit] = [candidate, distance];
  }
  return best;
}

const plain = (text: string): string => text.toLowerCase().replace(/[-_]/g, '');

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one text to the other; `limit` when as many or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      current.push(best);
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length] ?? limit;
}
