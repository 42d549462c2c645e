import { batchesOf, joined, lcm, metricOf, offersOf, type Question, questionOf } from './metrics';

const HOUR = 3600;
const DAY = 86_400;
/** A moment that is no multiple of a period, in s since the epoch. */
const NOW = Date.parse('2026-11-30T12:03:20Z') / 1000;
const T = Date.parse('2026-11-30T12:00:00Z') / 1000;

const cpu = metricOf('Machine', 'cpu') ?? { namespace: '', name: '', dimension: '', statistic: 'Average', keys: /./ };
const question = (key: string, first: number, last: number, period = 300): Question => ({ metric: cpu, key, period, first, last });
const query = (after: number, upTo: number) => ({
  type: 'Machine',
  key: 'i-1',
  aspect: 'cpu',
  interval: 300,
  after: after * 1000,
  upTo: upTo * 1000,
});
const asked = (after: number, upTo: number, period = 300) => {
  const found = questionOf(query(after, upTo), cpu, period, NOW * 1000);
  return found && [found.first, found.last];
};

describe('offers', () => {
  test('machines and volumes each five minutes, for 63 days', () => {
    const offers = offersOf(false, 0);
    expect(offers.map(({ type, aspect }) => `${type} ${aspect}`)).toEqual([
      'Machine cpu',
      'Machine inputBandwidth',
      'Machine outputBandwidth',
      'Volume inputBandwidth',
      'Volume outputBandwidth',
    ]);
    for (const offer of offers) expect(offer).toMatchObject({ resolution: 300, delay: 600, kept: 63 * DAY });
    expect(offers.every((offer) => !('askEvery' in offer))).toBe(true);
  });

  test('with detailed monitoring machines each minute, for the 15 days that CloudWatch keeps such points', () => {
    const offers = offersOf(true, HOUR);
    expect(offers[0]).toEqual({ type: 'Machine', aspect: 'cpu', resolution: 60, delay: 180, kept: 15 * DAY, askEvery: HOUR });
    expect(offers[3]).toMatchObject({ type: 'Volume', resolution: 300 });
  });

  test('what is written to a volume is its input', () => {
    expect(metricOf('Volume', 'inputBandwidth')).toMatchObject({ name: 'VolumeWriteBytes', statistic: 'Sum' });
    expect(metricOf('Volume', 'outputBandwidth')).toMatchObject({ name: 'VolumeReadBytes', statistic: 'Sum' });
    expect(metricOf('Machine', 'memory')).toBeUndefined();
    expect(metricOf('toString', 'length')).toBeUndefined();
  });
});

describe('the question of a query', () => {
  test('begins behind `after` and ends with `upTo`', () => {
    expect(asked(T - 1200, T - 600)).toEqual([T - 900, T - 600]);
    expect(asked(T - 1201, T - 599)).toEqual([T - 1200, T - 600]);
  });

  test('leaves out the period that has not ended: its sum would be too small', () => {
    expect(asked(T - 900, NOW)).toEqual([T - 600, T - 300]);
    expect(asked(T - 300, NOW)).toBeUndefined();
  });

  test('goes no further back than CloudWatch keeps points of this period', () => {
    expect(asked(0, T, 60)?.[0]).toBeGreaterThan(NOW - 15 * DAY);
    expect(asked(0, T)?.[0]).toBeGreaterThan(NOW - 63 * DAY);
    expect(asked(0, T, HOUR)?.[0]).toBeGreaterThan(NOW - 455 * DAY);
  });

  test('is one for several queries about one series', () => {
    expect(joined([question('i-1', T - 900, T - 600), question('i-2', T, T), question('i-1', T - 1200, T - 900)])).toEqual([
      question('i-1', T - 1200, T - 600),
      question('i-2', T, T),
    ]);
  });
});

describe('calls', () => {
  const many = (count: number, first = T - 900) => Array.from({ length: count }, (_, n) => question(`i-${n}`, first, T - 300));

  test('take 500 metrics each: 1,000 Meters are two', () => {
    const batches = batchesOf(many(1000), NOW * 1000);
    expect(batches.map(({ questions }) => questions.length)).toEqual([500, 500]);
    expect(batchesOf(many(1001), NOW * 1000)).toHaveLength(3);
    expect(batchesOf([], NOW * 1000)).toEqual([]);
  });

  test('ask from the first point to the end of the last period', () => {
    expect(batchesOf(many(2), NOW * 1000)).toMatchObject([{ start: T - 900, end: T }]);
  });

  test('stay below 100,800 points: what has weeks to make up for goes apart', () => {
    const batches = batchesOf([...many(499), question('i-far', T - 60 * DAY, T - 300)], NOW * 1000);
    const points = batches.map(({ questions, start, end }) => (questions.length * (end - start)) / 300);
    expect(Math.max(...points)).toBeLessThanOrEqual(100_800);
    expect(batches).toHaveLength(2);
    expect(batches.flatMap(({ questions }) => questions)).toHaveLength(500);
  });

  test('begin where all their periods begin', () => {
    const [batch] = batchesOf(
      [question('i-1', T - 900, T - 300), question('i-2', T - 1800, T - 900, 900), question('i-3', T - HOUR, T, HOUR)],
      NOW * 1000,
    );
    expect(batch?.questions).toHaveLength(3);
    for (const period of [300, 900, HOUR]) expect((batch?.start ?? 1) % period).toBe(0);
  });

  test('ask nothing of a period that is older than its points are kept: AWS would refuse it', () => {
    const old = question('i-1', T - 40 * DAY, T - 39 * DAY);
    const batches = batchesOf([old, question('i-2', T - 120, T - 60, 60)], NOW * 1000);
    expect(batches.map(({ questions }) => questions[0]?.period)).toEqual([300, 60]);
  });
});

test('lcm', () => {
  expect([lcm(60, 300), lcm(120, 300), lcm(300, 300), lcm(420, 300)]).toEqual([300, 600, 300, 2100]);
});
