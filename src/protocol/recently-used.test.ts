import { IDLE_MS, RecentlyUsed } from './recently-used';
import { passing, stopClock } from '../../test/harness/wait';

const of = (bytes: number) => ({ bytes });
const keysOf = (things: RecentlyUsed<{ bytes: number }>, keys: string) => [...keys].filter((key) => things.peek(key)).join('');

test('the longest unused give way, and one that takes more than half is not kept, nor the one before it', () => {
  const things = new RecentlyUsed(10);
  for (const key of 'abc') things.set(key, of(3));
  expect(things.get('a')).toEqual(of(3));
  things.set('d', of(4));
  expect(keysOf(things, 'abcd')).toBe('acd');
  things.set('c', of(6));
  expect(keysOf(things, 'abcd')).toBe('ad');
  things.set('e', of(3));
  expect(keysOf(things, 'abcde')).toBe('ade');
});

test('what nobody has asked for in a while goes with the next one that is kept', async () => {
  stopClock();
  const things = new RecentlyUsed(10);
  for (const key of 'abc') things.set(key, of(1));
  await passing(IDLE_MS / 2);
  things.get('a');
  things.peek('b');
  await passing(IDLE_MS / 2 + 1);
  things.set('d', of(1));
  expect(keysOf(things, 'abcd')).toBe('ad');
  jest.useRealTimers();
});
