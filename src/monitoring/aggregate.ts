import type { Series } from '../clouds/monitoring';
import type { Point } from './intervals';

/** Values of one member of a group. */
export interface MemberSeries {
  /** Points of the cloud; none where it was not asked or has none. */
  points: Series['points'];
  /** Weight in a mean: the vCPUs of a Machine. */
  weight: number;
}

/**
 * Values of a group at the times at which any of its members has one (5.17.7): the mean by weight of a share of something (cpu),
 * the sum of amounts. A member without a value of that time is left out, and `covered` says of how many it is.
 */
export function aggregate(aspect: string, members: readonly MemberSeries[]): Point[] {
  const times = new Map<number, { sum: number; weight: number; n: number }>();
  const isShare = aspect === 'cpu';
  for (const { points, weight: own } of members) {
    const weight = isShare ? own : 1;
    for (const [at, value] of points) {
      const known = times.get(at) ?? { sum: 0, weight: 0, n: 0 };
      times.set(at, { sum: known.sum + value * weight, weight: known.weight + weight, n: known.n + 1 });
    }
  }
  return [...times]
    .sort(([one], [other]) => one - other)
    .map(([at, { sum, weight, n }]) => ({ at, value: isShare ? sum / weight : sum, covered: [n, members.length] }));
}
