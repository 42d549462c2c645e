import { means, rates, sums, within } from './series';

const S = 1000;

it('takes the points after one time and up to another', () => {
  const points = [0, 300, 600, 900].map((at) => [at * S, at] as const);
  expect(within(points, { after: 0, upTo: 600 * S })).toEqual([
    [300 * S, 300],
    [600 * S, 600],
  ]);
});

describe('means', () => {
  it('are of what lies in each interval, and leave empty ones out', () => {
    const points = [
      [0, 2],
      [60 * S, 4],
      [600 * S, 7],
    ] as const;
    expect(means(points, 300 * S)).toEqual([
      [0, 3],
      [600 * S, 7],
    ]);
  });
});

describe('rates', () => {
  it('are differences of neighbouring intervals by the second', () => {
    const points = [
      [0, 1000],
      [300 * S, 4000],
      [600 * S, 4300],
    ] as const;
    expect(rates(points, 300 * S)).toEqual([
      [300 * S, 10],
      [600 * S, 1],
    ]);
  });
  it('go by the distance of the values themselves, where points are finer than the interval', () => {
    const points = [
      [60 * S, 1000],
      [240 * S, 2000],
      [360 * S, 3200],
    ] as const;
    // From 240 to 360: 1,200 in 120 s.
    expect(rates(points, 300 * S)).toEqual([[300 * S, 10]]);
  });
  it('have a gap where a value is missing, and where the counter began anew', () => {
    const points = [
      [0, 1000],
      [600 * S, 9000],
      [900 * S, 10],
      [1200 * S, 610],
    ] as const;
    expect(rates(points, 300 * S)).toEqual([[1200 * S, 2]]);
  });
  it('are none of a single value', () => {
    expect(rates([[0, 5]], 300 * S)).toEqual([]);
    expect(rates([], 300 * S)).toEqual([]);
  });
});

describe('sums', () => {
  it('add what begins later and ends earlier as far as it goes', () => {
    const always = [0, 1, 2, 3].map((n) => [n, 10] as const);
    const short = [
      [1, 5],
      [2, 5],
    ] as const;
    expect(sums([always, short, []])).toEqual([
      [0, 10],
      [1, 15],
      [2, 15],
      [3, 10],
    ]);
  });
  it('have a gap where one of them has', () => {
    const always = [0, 1, 2].map((n) => [n, 10] as const);
    const broken = [
      [0, 5],
      [2, 5],
    ] as const;
    expect(sums([always, broken])).toEqual([
      [0, 15],
      [2, 15],
    ]);
  });
});
