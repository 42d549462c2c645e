import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';

/**
 * The only clock of the tests. Nothing here says how quick something is: a machine may be as busy as it likes, and how
 * fast the gateway is is measured in bench/.
 */

/** Longest wait for what must come, ms: a guard against a test that hangs, below jest's `testTimeout`. */
export const PATIENCE_MS = 240_000;

/** Pauses between looks, the longer the wait has been: what is soon there is seen soon, and a busy provider is left alone. */
async function* looks(): AsyncGenerator<{ last: boolean }> {
  for (const began = performance.now(); ;) {
    const waited = performance.now() - began;
    yield { last: waited > PATIENCE_MS };
    await sleep(Math.min(250, Math.max(5, waited / 10)));
  }
}

/**
 * Waits until a look finds something.
 * @param words what was waited for, told where it never came
 * @throws Error after PATIENCE_MS
 */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>, words?: () => unknown): Promise<T> {
  for await (const { last } of looks()) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (last) break;
  }
  throw new Error(`it did not come about: ${JSON.stringify(await words?.()) ?? look.toString()}`);
}

/** Waits until something holds. @throws Error after PATIENCE_MS */
export async function waitUntil(holds: () => boolean | Promise<boolean>, words?: () => unknown): Promise<void> {
  await eventually(async () => ((await holds()) ? true : undefined), words ?? (() => holds.toString()));
}

/**
 * Lets at least so many ms go by: an age that the gateway or a counterpart measures itself (a cache, an expiry), or work
 * that takes its time. What must have happened afterwards is waited for by `eventually`.
 */
export async function elapse(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {});
}

/** Asserts that something holds and goes on to hold for so many ms, in which the wrong thing would have shown. */
export async function stays(ms: number, assertion: () => void | Promise<void>): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(5)) await assertion();
  await assertion();
}

/** Waits until an assertion holds. @throws what it throws still after PATIENCE_MS */
export async function comesTrue(assertion: () => void | Promise<void>): Promise<void> {
  for await (const { last } of looks()) {
    try {
      return await assertion();
    } catch (error) {
      if (last) throw error;
    }
  }
}

/** Asserts that work takes so many ms or more, as what was told to wait must; timers may be a ms early. */
export async function takesAtLeast(ms: number, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  expect(performance.now() - began).toBeGreaterThanOrEqual(ms - 1);
}

/** Asserts that a date was told just now, give or take the clocks of two machines and a test that had to wait. */
export function expectRecent(date: unknown): void {
  expect(Math.abs(Date.parse(String(date)) - Date.now())).toBeLessThan(600_000);
}

/**
 * Stops the clock that timers and dates of this process go by, until `jest.useRealTimers()`: only `passing` moves it on.
 * Promises, streams and sockets go on as ever.
 */
export function stopClock(): void {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] });
}

/** Lets so many ms pass at once, on a clock that was stopped, with all timers that come due. */
export async function passing(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

/** Lets go on whatever needs no clock to do so: promises and what they lead to. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Does work that needs time in proportion to its input, and breaks it off where it goes on and on: linear work is over
 * within a second on any machine, what is not linear would go on for minutes.
 * @throws Error from the work, or that it was broken off
 */
export function bounded<T>(work: () => T): T {
  return runInNewContext('work()', { work }, { timeout: PATIENCE_MS }) as T;
}

/** Keeps this process from doing anything else, as a machine without processors to spare does. @param ms how long */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
