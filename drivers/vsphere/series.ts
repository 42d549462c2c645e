/** Points of vSphere's statistics, without vCenter: which of its intervals answers a question, and what its answer means. */

/** An interval at which vCenter keeps points. */
export interface Source {
  /** Distance of its points, in s. */
  period: number;
  /** Age up to which it has them, in s. */
  kept: number;
  /** Highest level of the counters that it has. */
  level: number;
}

/** Statistics of the hosts themselves, as they come: every counter, for an hour. */
export const REAL_TIME: Source = { period: 20, kept: 3_600, level: 4 };

export type Point = readonly [at: number, value: number];

/**
 * Chooses where a question is answered from: the finest interval that goes back far enough, or that goes back farthest.
 * @param now ms since the epoch
 * @returns undefined where no interval that the question's is a multiple of has the counter
 */
export function sourceOf(
  sources: readonly Source[],
  { interval, after, level }: { interval: number; after: number; level: number },
  now: number,
): Source | undefined {
  const usable = sources.filter((source) => interval % source.period === 0 && level <= source.level);
  const reaches = ({ kept }: Source): boolean => now - after <= kept * 1000;
  const finest = usable.filter(reaches).sort((a, b) => a.period - b.period);
  return finest[0] ?? usable.sort((a, b) => b.kept - a.kept)[0];
}

/**
 * Points from an answer in CSV, oldest first: vCenter promises no order, and -1 says that there is none. Times are brought to the
 * multiples of the period that they stand for.
 * @param info interval, time, interval, time, …; a series may be shorter than it
 */
export function pointsOf(info: string, values: string, period: number): Point[] {
  const times = info.split(',').filter((_, index) => index % 2 === 1);
  const numbers = values.split(',');
  const points = new Map<number, number>();
  for (const [index, time] of times.entries()) {
    const at = Math.round(Date.parse(time) / (period * 1000)) * period * 1000;
    const value = numbers[index] === undefined || numbers[index] === '' ? Number.NaN : Number(numbers[index]);
    if (Number.isFinite(at) && Number.isFinite(value) && value >= 0) points.set(at, value);
  }
  return [...points].sort(([a], [b]) => a - b);
}

/** Mean of the points of each whole interval within a window; the last one is whole when its end has been told. */
export function meansOf(points: readonly Point[], window: { interval: number; after: number; upTo: number }): Point[] {
  const distance = window.interval * 1000;
  const sums = new Map<number, { sum: number; count: number }>();
  for (const [at, value] of points) {
    const end = Math.ceil(at / distance) * distance;
    const { sum, count } = sums.get(end) ?? { sum: 0, count: 0 };
    sums.set(end, { sum: sum + value, count: count + 1 });
  }
  const newest = points.at(-1)?.[0] ?? 0;
  return [...sums]
    .filter(([end]) => end > window.after && end <= Math.min(window.upTo, newest))
    .map(([end, { sum, count }]) => [end, sum / count]);
}
