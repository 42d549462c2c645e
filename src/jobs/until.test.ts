import { until } from './until';
import { StepFailure } from './workflow';

const options = { goal: (state: string) => state === 'STARTED', intervalMs: 100, timeoutMs: 60_000 };

test('done when the goal is reached, with its result', async () => {
  const result = (state: string) => ({ state });
  expect(await until({ elapsedMs: 0 }, async () => 'STARTED', { ...options, result })).toEqual({ done: { state: 'STARTED' } });
});

test('waits longer the longer it takes, up to the longest pause and never past the timeout', async () => {
  const pause = async (elapsedMs: number) => until({ elapsedMs }, async () => 'STARTING', options);
  expect(await pause(0)).toEqual({ wait: 100 });
  expect(await pause(2_000)).toEqual({ wait: 400 });
  expect(await pause(30_000)).toEqual({ wait: 1_000 });
  expect(await pause(59_990)).toEqual({ wait: 10 });
});

test('gives up after the timeout, but looks once more before', async () => {
  const words = (state: string) => `it is ${state}`;
  const late = until({ elapsedMs: 60_000 }, async () => 'STARTING', { ...options, words });
  await expect(late).rejects.toThrow(new StepFailure('given up after 60 s: it is STARTING', 'timeout'));
  expect(await until({ elapsedMs: 70_000 }, async () => 'STARTED', options)).toEqual({ done: null });
});
