import { endOfInterval, takeIn, type Open, type Point } from './intervals';

const at = (text: string): number => Date.parse(text);
const point = (text: string, value: number, covered?: readonly [number, number]): Point => ({
  ...{ at: at(text), value },
  ...(covered ? { covered } : {}),
});

test.each([
  ['PT1H', '2026-03-01T00:00:00.001Z', '2026-03-01T01:00:00Z'],
  ['PT1H', '2026-03-01T01:00:00Z', '2026-03-01T01:00:00Z'],
  ['P1D', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z'],
  ['P1D', '2026-03-01T00:00:01Z', '2026-03-02T00:00:00Z'],
  ['P7D', '2026-03-02T00:00:00Z', '2026-03-02T00:00:00Z'],
  ['P7D', '2026-03-02T00:01:00Z', '2026-03-09T00:00:00Z'],
  ['P1M', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z'],
  ['P1M', '2028-02-29T12:00:00Z', '2028-03-01T00:00:00Z'],
  ['P1M', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
  ['P1Y', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ['P1Y', '2026-01-01T00:00:01Z', '2027-01-01T00:00:00Z'],
])('(5.17.3) the %s that a value of %s is of ends at %s', (duration, moment, end) => {
  expect(endOfInterval(duration, at(moment))).toBe(at(end));
});

test('a duration that no Meter has ends nowhere', () => expect(endOfInterval('PT7M', 0)).toBeUndefined());

describe('N4: one Sample per interval, stamped with its end', () => {
  const HOURLY = 'PT1H';
  const all = [
    point('2026-03-01T00:20:00Z', 1),
    point('2026-03-01T00:40:00Z', 2),
    point('2026-03-01T01:00:00Z', 6),
    point('2026-03-01T01:20:00Z', 10),
    point('2026-03-01T03:20:00Z', 7),
  ];

  test('it is the mean of what was measured; an interval without a value has none', () => {
    const { samples, open } = takeIn(HOURLY, undefined, all, at('2026-03-01T03:20:00Z'));
    expect(samples).toEqual([
      { t: at('2026-03-01T01:00:00Z') / 1000, value: 3, covered: null },
      { t: at('2026-03-01T02:00:00Z') / 1000, value: 10, covered: null },
    ]);
    expect(open).toEqual({ end: at('2026-03-01T04:00:00Z'), sum: 7, n: 1 });
  });

  test('it is the same however the values come', () => {
    const whole = takeIn(HOURLY, undefined, all, at('2026-03-01T04:00:00Z'));
    let open: Open | undefined;
    const samples = all.flatMap((each) => {
      const taken = takeIn(HOURLY, open, [each], each.at);
      open = taken.open;
      return taken.samples;
    });
    expect([...samples, ...takeIn(HOURLY, open, [], at('2026-03-01T04:00:00Z')).samples]).toEqual(whole.samples);
    expect(whole.open).toBeUndefined();
  });

  test('it ends with the last value that it can have, not with the first of the next', () => {
    const taken = takeIn(HOURLY, { end: at('2026-03-01T01:00:00Z'), sum: 3, n: 2 }, [], at('2026-03-01T01:00:00Z'));
    expect(taken).toEqual({ samples: [{ t: at('2026-03-01T01:00:00Z') / 1000, value: 1.5, covered: null }], open: undefined });
  });

  test('of a group it covers what the least of its values does', () => {
    const some = [
      point('2026-03-01T00:20:00Z', 1, [4, 4]),
      point('2026-03-01T00:40:00Z', 3, [3, 4]),
      point('2026-03-01T01:00:00Z', 2, [2, 2]),
    ];
    const [sample] = takeIn(HOURLY, undefined, some, at('2026-03-01T01:00:00Z')).samples;
    expect(sample).toMatchObject({ value: 2, covered: '3/4' });
  });
});
