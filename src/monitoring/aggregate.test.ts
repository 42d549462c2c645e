import { aggregate } from './aggregate';

const members = [
  {
    weight: 1,
    points: [
      [60_000, 100],
      [120_000, 50],
    ] as const,
  },
  { weight: 3, points: [[60_000, 20]] as const },
  { weight: 4, points: [] },
];

describe('R5.17.7: the value of a group is that of what is below it', () => {
  test('a share is the mean by weight of those that have a value', () => {
    expect(aggregate('cpu', members)).toEqual([
      { at: 60_000, value: 40, covered: [2, 3] },
      { at: 120_000, value: 50, covered: [1, 3] },
    ]);
  });

  test('amounts are added up, and what is not known is not taken for nothing', () => {
    expect(aggregate('memory', members)).toEqual([
      { at: 60_000, value: 120, covered: [2, 3] },
      { at: 120_000, value: 50, covered: [1, 3] },
    ]);
  });

  test('without any value there is none', () => {
    expect(aggregate('memory', [{ weight: 1, points: [] }])).toEqual([]);
    expect(aggregate('cpu', [])).toEqual([]);
  });
});
