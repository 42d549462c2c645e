import { passing, stopClock } from '../../test/harness/wait';
import type { Store } from '../store/store';
import { FeedWatch } from './feed-watch';

/** Store of which only the feed is asked: it has as many events as the test says, and counts what it is asked. */
function feed() {
  const state = { events: 0, asked: 0, away: false };
  const answer = async <T>(found: () => T): Promise<T> => {
    state.asked += 1;
    await Promise.resolve();
    if (state.away) throw new Error('away');
    return found();
  };
  const store = {
    feedEnd: () => answer(() => `0-${state.events}`),
    readNews: (_query: object, after: string) =>
      answer(() => ({ events: Array.from({ length: state.events - Number(after.slice(2)) }), place: after })),
  } as unknown as Store;
  return { state, watch: new FeedWatch(store) };
}

beforeEach(stopClock);
afterEach(() => jest.useRealTimers());

test('the number is another where something has happened since, and only then', async () => {
  const { state, watch } = feed();
  const first = await watch.count('a');
  await passing(1000);
  expect(await watch.count('a')).toBe(first);
  state.events += 2;
  await passing(1000);
  const second = await watch.count('a');
  expect(second).not.toBe(first);
  await passing(1000);
  expect(await watch.count('a')).toBe(second);
});

test('however many ask at a time, the store is asked once', async () => {
  const { state, watch } = feed();
  await watch.count('a');
  await passing(1000);
  const { asked } = state;
  await Promise.all(Array.from({ length: 50 }, () => watch.count('a')));
  expect(state.asked).toBe(asked + 1);
  await watch.count('b');
  expect(state.asked).toBe(asked + 2);
});

test('a store that was away is asked again, and nothing of the time between is passed over', async () => {
  const { state, watch } = feed();
  const first = await watch.count('a');
  await passing(1000);
  state.away = true;
  await expect(watch.count('a')).rejects.toThrow('away');
  state.events += 1;
  state.away = false;
  await passing(1000);
  expect(await watch.count('a')).not.toBe(first);
});
