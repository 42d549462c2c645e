import { Ration } from './ration';

test('each has a share of its own in each window', () => {
  const ration = new Ration(2, 1_000);
  const taken = (whose: string, now: number) => ration.take(whose, now);
  expect([taken('a', 10_000), taken('a', 10_001), taken('a', 10_999), taken('b', 10_999)]).toEqual([true, true, false, true]);
  expect([taken('a', 11_000), taken('a', 11_001), taken('a', 11_002)]).toEqual([true, true, false]);
});
