/** Rule that tells whether a thing that was measured again and again stays as it is: pure. */

/** Growth that is none. What grew is more than every one of these. */
export interface Allowance {
  /** Growth in all, in the measure's unit: what comes and goes by itself. */
  most: number;
  /** Growth in an hour, in the measure's unit. */
  perHour?: number;
  /** Part of what there was: what follows the pace of the load, which a busy machine changes. */
  part?: number;
}

export interface Measured {
  /** Name of what was measured: `live of gateway-1`. */
  name: string;
  unit: string;
  allowance: Allowance;
  /** Moment of each measurement, ms. */
  at: readonly number[];
  values: readonly number[];
}

export interface Verdict {
  name: string;
  unit: string;
  /** Median of the first third after the warm-up, and of the last. */
  first: number;
  last: number;
  /** Time between these, ms. */
  ms: number;
  flat: boolean;
}

/** Part of the measurements that is the warm-up: code is compiled, caches and pools fill. */
const WARM_UP = 0.25;
/** Measurements after it that a verdict takes: three for each median. */
const LEAST = 9;
const HOUR_MS = 3_600_000;

/**
 * Compares the medians of the first and the last third of what was measured after the warm-up: single peaks count for nothing, what stays
 * counts.
 * @throws Error where too little was measured to tell
 */
export function judge({ name, unit, allowance, at, values }: Measured): Verdict {
  const begin = Math.floor(values.length * WARM_UP);
  const third = Math.floor((values.length - begin) / 3);
  if (third * 3 < LEAST) throw new Error(`${name} was measured ${values.length} times: too few to tell whether it is flat`);
  const [first, last] = [median(values.slice(begin, begin + third)), median(values.slice(-third))];
  const ms = median(at.slice(-third)) - median(at.slice(begin, begin + third));
  const { most, perHour = 0, part = 0 } = allowance;
  return { name, unit, first, last, ms, flat: last - first <= Math.max(most, (perHour * ms) / HOUR_MS, part * first) };
}

/** Says in words what grew. */
export function wordsOf({ name, unit, first, last, ms }: Verdict): string {
  const perHour = ((last - first) * HOUR_MS) / Math.max(ms, 1);
  return `${name} grew from ${round(first)} to ${round(last)} ${unit} in ${round(ms / 60_000)} minutes: ${round(perHour)} ${unit} an hour`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
