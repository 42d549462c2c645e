/** Judgement of samples by the thresholds of a Meter: pure, so that every process comes to the same one. */

/** Thresholds of a Meter. */
export interface Limits {
  above?: number | undefined;
  below?: number | undefined;
  /** Time for which samples must be beyond it, in s. */
  forSeconds: number;
  /** Distance of two samples, in s: three of them without a sample, and a run of samples beyond has ended. */
  interval: number;
}

/** Side on which samples are beyond a threshold. */
export type Side = 'above' | 'below';

/** Memory of a judgement between two of them; plain JSON. */
export type Judged = {
  /** Time of the last sample that was judged, in s since the epoch. */
  t: number;
  /** Side that was told. */
  told?: Side | undefined;
  /** Side and time of the first sample of a run beyond a threshold that was not told yet. */
  run?: { side: Side; since: number } | undefined;
};

/** A threshold that was crossed, or is kept again. */
export interface Crossing {
  side: Side;
  /** Time of the sample that decided, in s since the epoch, and its value. */
  t: number;
  value: number;
  /** True where the samples are back on the right side. */
  back: boolean;
}

/** Intervals without a sample after which a run has ended. */
const GAP = 3;

/**
 * Judges samples (s since the epoch and value, oldest first) that came after those judged before. What is as old or older is passed
 * over. A gap tells nothing: what was told stays so, a run that was not told yet begins anew.
 */
export function judge(
  limits: Limits,
  before: Judged,
  samples: readonly (readonly [t: number, value: number])[],
): { after: Judged; crossings: Crossing[] } {
  const crossings: Crossing[] = [];
  let { t: last, told, run } = before;
  for (const [t, value] of samples) {
    if (t <= last) continue;
    if (t - last > GAP * limits.interval) run = undefined;
    last = t;
    const side = sideOf(limits, value);
    if (told !== undefined && side !== told) {
      crossings.push({ side: told, t, value, back: true });
      told = undefined;
    }
    if (side === undefined || side === told) run = undefined;
    else {
      if (run?.side !== side) run = { side, since: t };
      if (t - run.since < limits.forSeconds) continue;
      crossings.push({ side, t, value, back: false });
      told = side;
      run = undefined;
    }
  }
  return { after: { t: last, ...(told && { told }), ...(run && { run }) }, crossings };
}

function sideOf({ above, below }: Limits, value: number): Side | undefined {
  if (above !== undefined && value > above) return 'above';
  return below !== undefined && value < below ? 'below' : undefined;
}
