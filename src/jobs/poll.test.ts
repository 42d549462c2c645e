import { poll } from './poll';
import { LeftUnderWay } from './workflow';

const options = { goal: (state: string) => state === 'STARTED', intervalMs: 100, longestMs: 1_000, atMostMs: 60_000 };

test('done when the goal is reached, with its result', async () => {
  const result = (state: string) => ({ state });
  expect(await poll({ elapsedMs: 0 }, async () => 'STARTED', { ...options, result })).toEqual({ done: { state: 'STARTED' } });
});

test('waits longer the longer it takes, up to the longest pause and never past the timeout', async () => {
  const pause = async (elapsedMs: number) => poll({ elapsedMs }, async () => 'STARTING', options);
  expect(await pause(0)).toEqual({ wait: 100 });
  expect(await pause(2_000)).toEqual({ wait: 400 });
  expect(await pause(30_000)).toEqual({ wait: 1_000 });
  expect(await pause(59_990)).toEqual({ wait: 10 });
});

test('without a limit it waits for as long as the provider goes on', async () => {
  const { atMostMs: _none, ...unlimited } = options;
  expect(await poll({ elapsedMs: 7 * 24 * 3_600_000 }, async () => 'STARTING', unlimited)).toEqual({ wait: 1_000 });
});

test('at the limit of an operator the work is left under way, after one more look', async () => {
  const message = (state: string) => `the provider shows ${state}`;
  const late = poll({ elapsedMs: 60_000 }, async () => 'STARTING', { ...options, message });
  await expect(late).rejects.toBeInstanceOf(LeftUnderWay);
  await expect(late).rejects.toThrow(/60 s.*the provider shows STARTING.*it may still finish/);
  expect(await poll({ elapsedMs: 70_000 }, async () => 'STARTED', options)).toEqual({ done: null });
});
