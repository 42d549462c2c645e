import type { JobRow, Store } from '../store/store';
import { JobWaiters } from './job-waiters';

/** A wait for a Job that another process has in hand: by looking, the longer the gentler. */
const MINUTES_10 = 600_000;
let looks: number;
let row: Partial<JobRow> | undefined;
let waiters: JobWaiters;
const store = {
  job: () => {
    looks += 1;
    return Promise.resolve(row);
  },
} as unknown as Store;
const wait = (signal?: AbortSignal, id = 'j') => waiters.waitFor(id, { ms: MINUTES_10, here: () => false, signal });

beforeEach(() => {
  jest.useFakeTimers();
  [looks, row, waiters] = [0, { id: 'j', state: 'RUNNING' }, new JobWaiters(store)];
});
afterEach(() => jest.useRealTimers());

test('costs about one look at the store a second in the long run, and sees the end', async () => {
  const waiting = wait();
  await jest.advanceTimersByTimeAsync(MINUTES_10 / 2);
  expect(looks).toBeLessThan(400);
  row = { id: 'j', state: 'SUCCESS' };
  await jest.advanceTimersByTimeAsync(1_000);
  expect(await waiting).toMatchObject({ state: 'SUCCESS' });
});

test('many that wait look no more often together', async () => {
  const controllers = Array.from({ length: 1_000 }, () => new AbortController());
  const waiting = controllers.map(({ signal }, index) => wait(signal, `j${index}`));
  await jest.advanceTimersByTimeAsync(60_000);
  const before = looks;
  await jest.advanceTimersByTimeAsync(60_000);
  expect(looks - before).toBeLessThan(60 * 300);
  for (const controller of controllers) controller.abort();
  await Promise.all(waiting);
});

test('ends early when nobody waits any more, and leaves nothing behind', async () => {
  const controller = new AbortController();
  const waiting = wait(controller.signal);
  await jest.advanceTimersByTimeAsync(1_000);
  controller.abort();
  expect(await waiting).toMatchObject({ state: 'RUNNING' });
  expect(jest.getTimerCount()).toBe(0);
  expect(await wait(AbortSignal.abort())).toMatchObject({ state: 'RUNNING' });
});

test('a Job that is removed meanwhile is not known any more', async () => {
  const waiting = wait();
  await jest.advanceTimersByTimeAsync(100);
  row = undefined;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(await waiting).toBeUndefined();
  await expect(wait()).rejects.toThrow('there is no job j');
});
