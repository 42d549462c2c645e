/** Samples of a Meter as a chart takes them: pure. */

export interface Sample {
  /** Time, in s since the epoch. */
  readonly at: number;
  readonly value: number;
}

/** Spans that a chart shows: all of it, and the step of its means, in s. */
export const SPANS = {
  hour: { seconds: 3_600, step: 60 },
  day: { seconds: 86_400, step: 600 },
  week: { seconds: 7 * 86_400, step: 3_600 },
  month: { seconds: 31 * 86_400, step: 14_400 },
} as const;
export type Span = keyof typeof SPANS;

/** Longest step that the gateway takes, in s. */
const LONGEST_STEP = 31_622_400;

/** Step of the means of a span, in s: never finer than what is measured. @param interval of the Meter's samples, in s */
export function stepOf(span: Span, interval: unknown): number {
  return Math.min(LONGEST_STEP, Math.max(SPANS[span].step, typeof interval === 'number' ? interval : 0));
}

/** Reads samples as the gateway lists them, newest first: those of the span before the newest, oldest first. */
export function samplesOf(items: readonly Readonly<Record<string, unknown>>[], span: Span): readonly Sample[] {
  const all = items.map(({ timestamp, value }) => ({ at: Date.parse(String(timestamp)) / 1000, value: Number(value) }));
  const newest = Math.max(...all.map(({ at }) => at));
  return all.filter(({ at, value }) => at > newest - SPANS[span].seconds && !Number.isNaN(value)).toReversed();
}

/** Makes the lines of a chart: between samples that are further apart than a step and a half is a gap, and stays one. */
export function linesOf(samples: readonly Sample[], step: number): [number[], (number | null)[]] {
  const times: number[] = [];
  const values: (number | null)[] = [];
  for (const [index, { at, value }] of samples.entries()) {
    const former = samples[index - 1];
    if (former && at - former.at > step * 1.5) {
      times.push(former.at + step);
      values.push(null);
    }
    times.push(at);
    values.push(value);
  }
  return [times, values];
}
