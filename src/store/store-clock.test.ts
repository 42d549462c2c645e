import { passing, settled, stopClock } from '../../test/harness/wait';
import { steadyTime } from '../model/steady-time';
import { startStoreClock } from './store-clock';

beforeEach(stopClock);
afterEach(() => void jest.useRealTimers());

const MINUTE = 60_000;

test.each([-7_000, 7_000])('a time of the store is told by the clock here, which is %i ms apart', async (apart) => {
  const clock = await startStoreClock({ now: () => Promise.resolve(steadyTime() + apart) });
  const begun = steadyTime();
  expect(clock.here(begun + apart)).toBe(begun);
  await passing(MINUTE);
  expect(clock.here(begun + MINUTE + apart)).toBe(begun + MINUTE);
  clock.stop();
});

test('never too early: what the store did while it was asked counts as done when it answered', async () => {
  const clock = await startStoreClock({
    now: async () => {
      const told = steadyTime();
      await passing(300);
      return told;
    },
  });
  expect(clock.here(steadyTime())).toBe(steadyTime() + 300);
  clock.stop();
});

test('the store’s clock is looked at again, and a store that is away changes nothing', async () => {
  let answer: () => Promise<number> = () => Promise.resolve(steadyTime());
  const clock = await startStoreClock({ now: () => answer() });
  answer = () => Promise.reject(new Error('away'));
  await passing(MINUTE);
  expect(clock.here(steadyTime())).toBe(steadyTime());
  answer = () => Promise.resolve(steadyTime() + 5_000);
  await passing(MINUTE);
  await settled();
  expect(clock.here(steadyTime() + 5_000)).toBe(steadyTime());
  clock.stop();
});

test('a machine’s clock that is set changes nothing', async () => {
  const clock = await startStoreClock({ now: () => Promise.resolve(steadyTime()) });
  const begun = steadyTime();
  jest.setSystemTime(Date.now() - MINUTE);
  expect(steadyTime()).toBe(begun);
  expect(clock.here(begun)).toBe(begun);
  clock.stop();
});
