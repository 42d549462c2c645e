import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { MeterOffer, SeriesQuery } from '../../src/clouds/driver';

/** Pure part of the meters: which metric stands for which aspect, and how many of them go into one question to CloudWatch. */

/** A metric of CloudWatch by the aspect that it stands for. */
export interface Metric {
  namespace: string;
  name: string;
  dimension: string;
  statistic: 'Average' | 'Sum';
  /** Shape of the keys that have it. */
  keys: RegExp;
}

const INSTANCE = { namespace: 'AWS/EC2', dimension: 'InstanceId', keys: /^i-[0-9a-f]+$/ };
const VOLUME = { namespace: 'AWS/EBS', dimension: 'VolumeId', keys: /^vol-[0-9a-f]+$/ };

/**
 * Metrics by type and aspect. Sums are of bytes, and become bytes per second; the average of a volume's bytes would be that of
 * one operation. What goes into a volume is what is written to it.
 */
const METRICS: Readonly<Record<string, Readonly<Record<string, Metric>>>> = {
  Machine: {
    cpu: { ...INSTANCE, name: 'CPUUtilization', statistic: 'Average' },
    inputBandwidth: { ...INSTANCE, name: 'NetworkIn', statistic: 'Sum' },
    outputBandwidth: { ...INSTANCE, name: 'NetworkOut', statistic: 'Sum' },
  },
  Volume: {
    inputBandwidth: { ...VOLUME, name: 'VolumeWriteBytes', statistic: 'Sum' },
    outputBandwidth: { ...VOLUME, name: 'VolumeReadBytes', statistic: 'Sum' },
  },
};

/** Distance of the points of an instance without detailed monitoring, and of a volume, in s. */
export const BASIC = 300;
/** Distance of the points of an instance with detailed monitoring, in s. */
export const DETAILED = 60;
const DAY = 86_400;
/** Age up to which CloudWatch keeps points of a period, in s: by the first line whose period is not smaller. */
const KEPT: readonly (readonly [belowPeriod: number, age: number])[] = [
  [BASIC, 15 * DAY],
  [3600, 63 * DAY],
  [Infinity, 455 * DAY],
];
/** Age at which a point has come to its value, in s: CloudWatch stamps it with its beginning, and goes on to count for minutes. */
const DELAYS: Readonly<Record<number, number>> = { [BASIC]: 600, [DETAILED]: 180 };

/** Age up to which points of a period can be asked for, in s. */
export const keptFor = (period: number): number => KEPT.find(([below]) => period < below)?.[1] ?? 0;

/** The metric of an aspect; undefined where CloudWatch measures no such thing by itself. */
export function metricOf(type: string, aspect: string): Metric | undefined {
  const aspects = Object.hasOwn(METRICS, type) ? METRICS[type] : undefined;
  return aspects && Object.hasOwn(aspects, aspect) ? aspects[aspect] : undefined;
}

/**
 * Pairs of type and aspect that are measured.
 * @param detailed machines have a point a minute
 * @param askEvery distance of two questions while nobody waits for the points, in s
 */
export function offersOf(detailed: boolean, askEvery: number): MeterOffer[] {
  return Object.entries(METRICS).flatMap(([type, aspects]) =>
    Object.keys(aspects).map((aspect) => {
      const resolution = detailed && type === 'Machine' ? DETAILED : BASIC;
      const delay = DELAYS[resolution] ?? 0;
      return { type, aspect, resolution, delay, kept: keptFor(resolution), ...(askEvery > resolution ? { askEvery } : {}) };
    }),
  );
}

/** Question to CloudWatch for one or more queries: points of one metric of one thing. Times in s since the epoch. */
export interface Question {
  metric: Metric;
  key: string;
  period: number;
  /** First and last point, both multiples of the period. */
  first: number;
  last: number;
}

/**
 * The question that answers a query: periods that have ended, and that CloudWatch still keeps.
 * @param nowMs ms since the epoch
 * @returns undefined where no point can be there
 */
export function questionOf(query: SeriesQuery, metric: Metric, period: number, nowMs: number): Question | undefined {
  const now = Math.floor(nowMs / 1000);
  const oldest = now - keptFor(period);
  const first = (Math.floor(Math.max(query.after / 1000, oldest) / period) + 1) * period;
  const last = Math.floor(Math.min(query.upTo / 1000, now - period) / period) * period;
  return first > last ? undefined : { metric, key: query.key, period, first, last };
}

/** Name of a series: questions of one name are asked once, since CloudWatch charges for each metric asked for. */
export const nameOf = ({ metric, key, period }: Pick<Question, 'metric' | 'key' | 'period'>): string => `${metric.name} ${key} ${period}`;

/** One question for all those that are about one series. */
export function joined(questions: readonly Question[]): Question[] {
  const all = new Map<string, Question>();
  for (const question of questions) {
    const name = nameOf(question);
    const known = all.get(name) ?? question;
    all.set(name, { ...known, first: Math.min(known.first, question.first), last: Math.max(known.last, question.last) });
  }
  return [...all.values()];
}

/** Metrics in one call, and points in one answer, that CloudWatch allows. */
const MAX_METRICS = 500;
const MAX_POINTS = 100_800;

/** Questions that go in one call, and the time that it asks for: a multiple of all their periods on. In s since the epoch. */
export interface Batch {
  questions: Question[];
  start: number;
  /** The end, itself left out. */
  end: number;
}

/**
 * Puts questions into as few calls as the limits allow: what is asked about the same time goes together, so that a thing which
 * has much to make up for does not make the others' answers long.
 * @param nowMs ms since the epoch
 */
export function batchesOf(questions: readonly Question[], nowMs: number): Batch[] {
  const batches: Batch[] = [];
  const oldestFirst = [...questions].sort((a, b) => a.first - b.first);
  let open: Filling | undefined;
  for (const question of oldestFirst) {
    const more = filled(open, question);
    if (open && !fits(more, nowMs)) {
      batches.push(open);
      open = undefined;
    }
    open = open ? more : filled(undefined, question);
    open.questions.push(question);
  }
  return open ? [...batches, open] : batches;
}

interface Filling extends Batch {
  /** Time that all periods divide, in s. */
  step: number;
  /** Smallest period among them, in s. */
  finest: number;
  /** Points of all of them in each second. */
  density: number;
}

/** Limits of a batch with one question more; the questions themselves are those that it had. */
function filled(batch: Filling | undefined, { period, first, last }: Question): Filling {
  const step = lcm(batch?.step ?? period, period);
  const begin = Math.min(batch?.start ?? first, first);
  return {
    questions: batch?.questions ?? [],
    step,
    start: Math.floor(begin / step) * step,
    end: Math.max(batch?.end ?? 0, last + period),
    finest: Math.min(batch?.finest ?? period, period),
    density: (batch?.density ?? 0) + 1 / period,
  };
}

function fits({ questions, start, end, finest, density }: Filling, nowMs: number): boolean {
  if (questions.length >= MAX_METRICS) return false;
  if (start < nowMs / 1000 - keptFor(finest)) return false;
  return (end - start) * density <= MAX_POINTS;
}

/** Least common multiple. */
export function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** The query of CloudWatch's API under an id of its own. */
export const metricQuery = ({ metric, key, period }: Question, Id: string): MetricDataQuery => ({
  Id,
  MetricStat: {
    Metric: { Namespace: metric.namespace, MetricName: metric.name, Dimensions: [{ Name: metric.dimension, Value: key }] },
    Period: period,
    Stat: metric.statistic,
  },
});
