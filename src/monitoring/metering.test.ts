import type { Series } from '../store/monitoring';
import { askedEvery, dueAt, meteringOf, windowOf, type Metering, type Window } from './metering';

const T0 = Date.UTC(2026, 2, 1);
const minutes = (n: number): number => n * 60_000;
const meter = (more: Partial<Metering> = {}): Metering => ({
  ...{ path: 'meters/m', tenant: 'acme', cloud: 'east', target: 'machines/a', type: 'Machine', key: 'k', aspect: 'cpu', interval: 300 },
  ...{ duration: undefined, since: T0, restarted: false, watched: false },
  ...{ until: Number.POSITIVE_INFINITY, expires: Number.POSITIVE_INFINITY },
  ...more,
});
const between = (after: number, upTo: number, known = upTo): Window => ({ after, upTo, reached: known });
const reached = (at: number): Series => ({ meter: 'meters/m', reached: at, memory: null });
/** Values every 5 minutes, told after 10, kept for a day. */
const timing = { delay: 600, kept: 86_400, every: 300 };

describe('values of one resource', () => {
  test('a new Meter is asked for at once, from the last values that the cloud may have', () => {
    expect(windowOf(meter(), undefined, timing, false, T0)).toEqual(between(T0 - minutes(20), T0));
  });

  test('it is asked for again as soon as the next value can be relied on, with what may have changed since', () => {
    const standing = reached(T0 + minutes(1));
    expect(dueAt(meter(), standing, timing, false, T0 + minutes(1))).toBe(T0 + minutes(5));
    expect(windowOf(meter(), standing, timing, false, T0 + minutes(5) - 1)).toBeUndefined();
    expect(windowOf(meter(), standing, timing, false, T0 + minutes(5))).toEqual(between(T0 - minutes(14), T0 + minutes(5)));
  });

  test('all of one distance are due at one moment, whenever they were made', () => {
    const dues = [1, 2, 3.7, 4.9].map((n) => dueAt(meter(), reached(T0 + minutes(n)), timing, false, T0 + minutes(n)));
    expect(new Set(dues)).toEqual(new Set([T0 + minutes(5)]));
  });

  test('after an outage all is asked for that the cloud has kept, a thousand values at a time', () => {
    const now = T0 + minutes(5 * 5_000);
    const long = { ...timing, kept: 5_000 * 300 };
    expect(windowOf(meter(), reached(T0), long, false, now)).toEqual(between(T0, T0 + minutes(5_000)));
    expect(windowOf(meter(), reached(T0), timing, false, now)).toEqual(between(now - 86_400_000, now));
  });

  test('nothing is asked for after its end, and nothing from before it was started once more', () => {
    const since = T0 + minutes(30);
    const started = meter({ since, restarted: true, until: since + minutes(7) });
    const now = since + minutes(20);
    expect(windowOf(started, reached(T0), timing, false, now)).toEqual(between(since, since + minutes(7) - 1, now));
  });

  test('what was measured before its end and is told later is asked for until the cloud can be relied on to have told it', () => {
    const ended = meter({ until: T0 + minutes(7) });
    const last = T0 + minutes(7) - 1;
    expect(windowOf(ended, reached(T0 + minutes(6)), timing, false, T0 + minutes(10))).toEqual(
      between(T0 - minutes(9), last, T0 + minutes(10)),
    );
    expect(windowOf(ended, reached(T0 + minutes(20)), timing, false, T0 + minutes(25))).toEqual(
      between(T0 + minutes(5), last, T0 + minutes(25)),
    );
    expect(dueAt(ended, reached(T0 + minutes(25)), timing, false, T0 + minutes(25))).toBe(Number.POSITIVE_INFINITY);
    expect(windowOf(ended, reached(T0 + minutes(25)), timing, false, T0 + minutes(90))).toBeUndefined();
  });
});

describe('values that are made of many', () => {
  test('each value is taken once, when the cloud can be relied on to tell it', () => {
    expect(windowOf(meter(), undefined, timing, true, T0 + minutes(14))).toBeUndefined();
    expect(windowOf(meter(), undefined, timing, true, T0 + minutes(16))).toEqual(between(T0, T0 + minutes(5)));
    expect(windowOf(meter(), reached(T0 + minutes(5)), timing, true, T0 + minutes(27))).toEqual(between(T0 + minutes(5), T0 + minutes(15)));
  });

  test('one that has ended is asked for up to its end, and never again', () => {
    const ended = meter({ until: T0 + minutes(7) });
    expect(windowOf(ended, undefined, timing, true, T0 + minutes(60))).toEqual(between(T0, T0 + minutes(5)));
    expect(dueAt(ended, reached(T0 + minutes(5)), timing, true, T0 + minutes(60))).toBe(Number.POSITIVE_INFINITY);
    // The mean of the interval that ends with the Meter is the last.
    const hourly = meter({ duration: 'PT1H', until: T0 + minutes(60) });
    expect(windowOf(hourly, reached(T0 + minutes(55)), timing, true, T0 + minutes(80))).toEqual(
      between(T0 + minutes(55), T0 + minutes(60)),
    );
  });

  test('those of an interval are asked for at its end, and each hour of a long one', () => {
    const hourly = meter({ duration: 'PT1H' });
    expect(dueAt(hourly, reached(T0), { ...timing, every: askedEvery(hourly, 0, 0) }, true, T0)).toBe(T0 + minutes(70));
    const daily = meter({ duration: 'P1D' });
    const evening = reached(T0 + minutes(23 * 60 + 30));
    expect(dueAt(daily, evening, { ...timing, every: askedEvery(daily, 0, 7_200) }, true, T0 + minutes(23 * 60 + 30))).toBe(
      T0 + minutes(24 * 60 + 10),
    );
  });
});

test('the distance of questions is the longest that somebody wants, a multiple of that of the values', () => {
  expect(askedEvery(meter(), 0, 0)).toBe(300);
  expect(askedEvery(meter(), 900, 0)).toBe(900);
  expect(askedEvery(meter(), 0, 1_000)).toBe(1_200);
  // Thresholds wait for no cheaper question, but for what the operator wants.
  expect(askedEvery(meter({ watched: true }), 3_600, 0)).toBe(300);
  expect(askedEvery(meter({ watched: true }), 3_600, 900)).toBe(900);
});

test('a row is read as it was written; what ends it is the earlier of two ends', () => {
  const row = {
    ...{ path: 'meters/m', type: 'Meter', tenant: 'acme', cloud: null, providerKey: null, owner: 'machines/a', state: null, secrets: null },
    ...{ created: '2026-03-01T00:00:00.000Z', updated: null, version: 1 },
    values: {
      ...{ aspect: 'http://schemas.dmtf.org/cimi/1/aspect/cpu', timeScope: 'Interval', intervalDuration: 'P1D' },
      ...{ stopTime: '2026-03-02T01:00:00+01:00', expiresTime: '2026-03-03T00:00:00Z' },
    },
    internal: { cloud: 'east', type: 'Machine', key: 'k', interval: 300 },
  };
  const ends = { until: T0 + minutes(24 * 60), expires: T0 + minutes(48 * 60) };
  expect(meteringOf(row)).toEqual(meter({ duration: 'P1D', ...ends }));
  expect(meteringOf({ ...row, internal: { ...row.internal, since: T0 + 1 } })).toMatchObject({ since: T0 + 1, restarted: true });
});
