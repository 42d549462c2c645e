/** Arithmetic of measured points: times in ms since the epoch, oldest first. Pure. */

export type Point = readonly [at: number, value: number];

/** Window of a question: points after one time, up to another. */
export interface Window {
  after: number;
  upTo: number;
}

/** Returns the points that were asked for. */
export const within = (points: readonly Point[], { after, upTo }: Window): Point[] => points.filter(([at]) => at > after && at <= upTo);

/** Returns the mean of what lies in each interval; an interval without anything is left out. */
export function means(points: readonly Point[], interval: number): Point[] {
  return [...buckets(points, interval)].map(([at, inside]) => [at, inside.reduce((sum, [, value]) => sum + value, 0) / inside.length]);
}

/**
 * Returns rates per second of a counter: the difference of the last values of two neighbouring intervals, by their own distance. A gap
 * and a counter that began anew (a restart) are left out.
 */
export function rates(points: readonly Point[], interval: number): Point[] {
  const lasts = [...buckets(points, interval)].flatMap(([bucket, inside]) => {
    const last = inside.at(-1);
    return last ? [{ bucket, last }] : [];
  });
  return lasts.flatMap(({ bucket, last }, n): Point[] => {
    const before = lasts[n - 1];
    if (before?.bucket !== bucket - interval) return [];
    const difference = last[1] - before.last[1];
    return difference < 0 ? [] : [[bucket, (difference * 1000) / (last[0] - before.last[0])]];
  });
}

/**
 * Returns the sum of several series, such as a machine's interfaces. Before a series begins and after it ends it counts as nothing; where
 * it has a gap the sum has one.
 */
export function sums(series: readonly (readonly Point[])[]): Point[] {
  const told = series.filter((points) => points.length > 0).map((points) => new Map(points));
  const ends = told.map((points) => ({ points, first: Math.min(...points.keys()), last: Math.max(...points.keys()) }));
  const times = [...new Set(told.flatMap((points) => [...points.keys()]))].sort((a, b) => a - b);
  return times.flatMap((at): Point[] => {
    if (ends.some(({ points, first, last }) => at > first && at < last && !points.has(at))) return [];
    return [[at, told.reduce((sum, points) => sum + (points.get(at) ?? 0), 0)]];
  });
}

/** The points by the beginning of their interval. */
function buckets(points: readonly Point[], interval: number): Map<number, Point[]> {
  const found = new Map<number, Point[]>();
  for (const point of points) {
    const begin = Math.floor(point[0] / interval) * interval;
    const inside = found.get(begin);
    if (inside) inside.push(point);
    else found.set(begin, [point]);
  }
  return found;
}
