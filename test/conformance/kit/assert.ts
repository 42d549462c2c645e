import strict from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Assertions that are counted for the check that makes them: a check that never came to assert anything has proved nothing,
 * and is reported so instead of as passed.
 */

interface Counter {
  count: number;
}

const counters = new AsyncLocalStorage<Counter | undefined>();

/** Counts one assertion of the check that is running; the kit's own verdicts (`c.done`, `c.fails`) do so. */
export function asserted(): void {
  const counter = counters.getStore();
  if (counter) counter.count += 1;
}

/** Runs a check. @returns how many assertions it has made, when it ends. */
export async function counting(run: () => Promise<void>): Promise<number> {
  const counter = { count: 0 };
  await counters.run(counter, run);
  return counter.count;
}

/** Runs what is no part of the check that happens to ask for it first: what all checks share. */
export const uncounted = <T>(run: () => Promise<T>): Promise<T> => counters.run(undefined, run);

type Assertion = (...values: unknown[]) => unknown;

/** `node:assert/strict`, counted. */
export const assert: typeof strict = new Proxy(strict, {
  get(target, name) {
    const member = Reflect.get(target, name) as unknown;
    if (typeof member !== 'function' || name === 'AssertionError') return member;
    return (...values: unknown[]): unknown => {
      asserted();
      return (member as Assertion)(...values);
    };
  },
});
