import { steadyTime } from '../model/steady-time';

/**
 * Wraps a read so that equal questions in flight are joined and answers are kept for some time; failures are not kept.
 * @param ageMs how long an answer is good enough, in ms
 */
export function keptFor<Q extends object, A>(ageMs: number, read: (question: Q) => Promise<A>): (question: Q) => Promise<A> {
  const kept = new Map<string, { at: number; answer: Promise<A> }>();
  return (question) => {
    const key = JSON.stringify(question);
    const known = kept.get(key);
    if (known && steadyTime() - known.at <= ageMs) return known.answer;
    const entry = { at: steadyTime(), answer: read(question) };
    kept.set(key, entry);
    entry.answer.catch(() => {
      if (kept.get(key) === entry) kept.delete(key);
    });
    return entry.answer;
  };
}
