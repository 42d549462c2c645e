import { meansOf, pointsOf, REAL_TIME, sourceOf } from './series';

const NOON = Date.UTC(2026, 10, 30, 12);
const at = (seconds: number): number => NOON + seconds * 1000;
const iso = (seconds: number): string => new Date(at(seconds)).toISOString();
const DAY = { period: 300, kept: 86_400, level: 1 };
const WEEK = { period: 1_800, kept: 604_800, level: 1 };
const SOURCES = [REAL_TIME, DAY, WEEK];

// VMware's documentation of historical intervals: 20 s for an hour on the hosts, 5 min for a day, 30 min for a week, by level.
test.each([
  ['the last hour comes from the hosts, at any distance', 20, 3_000, 1, REAL_TIME],
  ['at five minutes too', 300, 3_000, 1, REAL_TIME],
  ['what is older comes from history', 300, 80_000, 1, DAY],
  ['and what is still older from the interval that goes back so far', 1_800, 500_000, 1, WEEK],
  ['or, where none goes back so far, from the one that goes back farthest', 1_800, 9_000_000, 1, WEEK],
  ['at five minutes no other than that of a day fits', 300, 9_000_000, 1, DAY],
  ['finer than history there is only the last hour', 20, 9_000_000, 1, REAL_TIME],
  ['so it is with a counter that history does not keep', 300, 80_000, 2, REAL_TIME],
  ['and nothing fits where no interval divides it', 30, 10, 1, undefined],
])('%s', (_what, interval, age, level, source) => {
  expect(sourceOf(SOURCES, { interval, after: NOON - age * 1000, level }, NOON)).toBe(source);
});

test('points run in any order, are brought to their period, and -1, blanks and what has no time are none', () => {
  const info = `20,${iso(41)},20,${iso(20)},20,${iso(0)},20,${iso(60)},20,never,20,${iso(80)}`;
  expect(pointsOf(info, '3,2,-1,,9', 20)).toEqual([
    [at(20), 2],
    [at(40), 3],
  ]);
  expect(pointsOf('', '', 20)).toEqual([]);
  expect(pointsOf(info, '', 20)).toEqual([]);
});

test('an interval is the mean of its points, when its end has been told', () => {
  const points = [20, 40, 60, 80, 100, 120, 140].map((second) => [at(second), second] as const);
  const window = { interval: 60, after: at(0), upTo: at(600) };
  expect(meansOf(points, window)).toEqual([
    [at(60), 40],
    [at(120), 100],
  ]);
  expect(meansOf(points, { ...window, interval: 20, after: at(100) })).toEqual([
    [at(120), 120],
    [at(140), 140],
  ]);
  // What is missing inside is left out of the mean, and an interval without any point stays a gap.
  expect(meansOf([...points.slice(0, 1), ...points.slice(5)], window)).toEqual([
    [at(60), 20],
    [at(120), 120],
  ]);
  expect(meansOf([], window)).toEqual([]);
});
