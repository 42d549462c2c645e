import { batches } from './client';

/** Calls at the same time: AWS limits how often an account may ask, and others ask too. */
const AT_ONCE = 4;

/** Runs over the list in order, a few at a time; answers in its order. */
export async function atOnce<T, R>(list: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const some of batches(list, AT_ONCE)) results.push(...(await Promise.all(some.map(run))));
  return results;
}
