import type { Sample } from '../store/monitoring';

/** Means over the intervals of a Meter whose timeScope is Interval (5.17.3), made of points as these come. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** 5 January 1970, the first Monday. */
const MONDAY = 4 * DAY;

/**
 * End of the interval to which a point belongs: intervals are the hours, days, weeks (from Monday), months and years of UTC, and
 * each has its end and not its beginning.
 * @param duration PT1H, P1D, P7D, P1M, P1Y
 * @param at ms since the epoch
 * @returns ms since the epoch; undefined for any other duration
 */
export function endOfInterval(duration: string, at: number): number | undefined {
  switch (duration) {
    case 'PT1H':
      return Math.ceil(at / HOUR) * HOUR;
    case 'P1D':
      return Math.ceil(at / DAY) * DAY;
    case 'P7D':
      return Math.ceil((at - MONDAY) / WEEK) * WEEK + MONDAY;
    case 'P1M':
      return Date.UTC(yearOf(at), monthOf(at) + 1);
    case 'P1Y':
      return Date.UTC(yearOf(at) + 1, 0);
    default:
      return undefined;
  }
}

const yearOf = (at: number): number => new Date(at - 1).getUTCFullYear();
const monthOf = (at: number): number => new Date(at - 1).getUTCMonth();

/** A value of one moment; `covered` where it is of many resources. */
export interface Point {
  /** ms since the epoch. */
  at: number;
  value: number;
  /** Number of members that have a value, of all. */
  covered?: readonly [number, number];
}

/** Points of the interval that has not ended. */
export interface Open {
  /** ms since the epoch. */
  end: number;
  sum: number;
  n: number;
  /** Least of what the points cover. */
  covered?: readonly [number, number];
}

/**
 * Takes points in, oldest first, and tells the means of the intervals that have ended. An interval without a point has no mean.
 * @param upTo time up to which all points are known, in ms since the epoch
 */
export function takeIn(
  duration: string,
  open: Open | undefined,
  points: readonly Point[],
  upTo: number,
): { samples: Sample[]; open: Open | undefined } {
  const samples: Sample[] = [];
  let current = open;
  for (const point of points) {
    const end = endOfInterval(duration, point.at);
    if (end === undefined || (current && end < current.end)) continue;
    if (current && current.end < end) samples.push(meanOf(current));
    current = added(current?.end === end ? current : { end, sum: 0, n: 0 }, point);
  }
  if (current && current.end <= upTo) {
    samples.push(meanOf(current));
    current = undefined;
  }
  return { samples, open: current };
}

function added({ end, sum, n, covered }: Open, point: Point): Open {
  const least = leastOf(covered, point.covered);
  return { end, sum: sum + point.value, n: n + 1, ...(least ? { covered: least } : {}) };
}

function leastOf(one: Open['covered'], other: Open['covered']): Open['covered'] {
  if (!one || !other) return one ?? other;
  return other[0] / other[1] < one[0] / one[1] ? other : one;
}

const meanOf = ({ end, sum, n, covered }: Open): Sample => sampleOf({ at: end, value: sum / n, ...(covered ? { covered } : {}) });

/** A point as it is stored. */
export function sampleOf({ at, value, covered }: Point): Sample {
  return { t: Math.round(at / 1000), value, covered: covered ? covered.join('/') : null };
}
