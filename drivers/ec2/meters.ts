import type { MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { CallContext, MeterOffer, Meters, Series, SeriesQuery } from '../../src/clouds/driver';
import { atOnce } from './at-once';
import type { Wire } from './client';
import type { CloudWatch } from './cloudwatch';
import { instancesById } from './instance-reads';
import {
  BASIC,
  type Batch,
  batchesOf,
  DETAILED,
  joined,
  lcm,
  type Metric,
  metricOf,
  metricQuery,
  nameOf,
  offersOf,
  type Question,
  questionOf,
} from './metrics';

/** Points of one series by their time (s since the epoch), or why there are none. */
interface Told {
  values: Map<number, number>;
  missing?: string;
  /** A page could not be read: whatever the others say, something is not there. */
  broken?: boolean;
}

/** A query that can be asked, with the period that its answer is asked for in, in s. */
interface Askable {
  metric: Metric;
  period: number;
}

/** Values measured by CloudWatch. */
export class Ec2Meters implements Meters {
  private readonly all: readonly MeterOffer[];

  constructor(
    private readonly wire: Wire,
    private readonly cloudWatch: CloudWatch,
  ) {
    const { detailedMonitoring, meterAskMs } = wire.options;
    this.all = offersOf(detailedMonitoring, meterAskMs / 1000);
  }

  offers(): readonly MeterOffer[] {
    return this.all;
  }

  async sample(queries: readonly SeriesQuery[], context: CallContext): Promise<readonly Series[]> {
    const now = Date.now();
    const basic = await basicOf(this.wire, queries, context);
    const asked = queries.map((query) => askable(query, basic.has(query.key)));
    const questions = queries.map((query, n) => {
      const ask = asked[n];
      return typeof ask === 'object' ? questionOf(query, ask.metric, ask.period, now) : undefined;
    });
    const wanted = joined(questions.flatMap((question) => question ?? []));
    const told = new Map<string, Told>();
    await atOnce(batchesOf(wanted, now), (batch) => ask(this.cloudWatch, batch, told, context));
    return queries.map((query, n): Series => {
      const ask = asked[n];
      const question = questions[n];
      if (typeof ask === 'string') return { points: [], missing: ask };
      return question ? seriesOf(query, question, told.get(nameOf(question))) : { points: [] };
    });
  }
}

/** The machines without detailed monitoring among those that are asked about more finely than they are measured. */
async function basicOf(wire: Wire, queries: readonly SeriesQuery[], context: CallContext): Promise<ReadonlySet<string>> {
  const fine = queries.filter(
    ({ type, aspect, interval, key }) => type === 'Machine' && interval % BASIC !== 0 && metricOf(type, aspect)?.keys.test(key),
  );
  const keys = [...new Set(fine.map(({ key }) => key))];
  if (keys.length === 0) return new Set();
  const { found } = await instancesById(wire, keys, context);
  const detailed = new Set(found.filter(({ Monitoring }) => Monitoring?.State === 'enabled').map(({ InstanceId }) => InstanceId));
  return new Set(keys.filter((key) => !detailed.has(key)));
}

/** Asks one question, and adds what was told to the others' answers. */
async function ask(cloudWatch: CloudWatch, { questions, start, end }: Batch, told: Map<string, Told>, context: CallContext): Promise<void> {
  const names = new Map(questions.map((question, n) => [`q${n}`, nameOf(question)]));
  const input = {
    MetricDataQueries: questions.map((question, n) => metricQuery(question, `q${n}`)),
    StartTime: new Date(start * 1000),
    EndTime: new Date(end * 1000),
    ScanBy: 'TimestampAscending' as const,
  };
  for await (const page of cloudWatch.results(input, context)) {
    for (const result of page) {
      const name = names.get(result.Id ?? '');
      if (name === undefined) continue;
      told.set(name, withPage(told.get(name) ?? { values: new Map() }, result));
    }
  }
}

/** Metric and period that a query is asked with, or in words why it cannot be. */
function askable({ type, aspect, key, interval }: SeriesQuery, basic: boolean): Askable | string {
  const metric = metricOf(type, aspect);
  if (!metric) return `CloudWatch does not measure the aspect ${aspect} of a ${type} by itself`;
  if (!metric.keys.test(key)) return `${key} is not the id of anything that CloudWatch measures the aspect ${aspect} of`;
  if (interval % DETAILED !== 0) return `CloudWatch has points each ${DETAILED} s at most, and not each ${interval} s`;
  // Points of basic monitoring are five minutes long, whatever is asked for: a sum is not of one minute.
  return { metric, period: basic ? lcm(interval, BASIC) : interval };
}

/** Series with one page more. The state that the last page tells counts. */
function withPage(told: Told, { StatusCode, Timestamps = [], Values = [], Messages = [] }: MetricDataResult): Told {
  const { values } = told;
  if (told.broken) return told;
  const words = Messages.map(({ Code, Value }) => Value ?? Code ?? '').filter((text) => text !== '');
  const why = words.length > 0 ? `: ${words.join('; ')}` : '';
  if (StatusCode === 'Forbidden') return { values, missing: `CloudWatch does not let these credentials read this metric${why}` };
  // What is in the middle of a series may be missing: it is asked for again, from its beginning.
  if (StatusCode === 'InternalError') return { values, missing: `CloudWatch could not read this metric now${why}` };
  if (Timestamps.length !== Values.length)
    return { values, broken: true, missing: 'CloudWatch answered times and values that do not go together' };
  for (const [n, time] of Timestamps.entries()) {
    const value = Values[n];
    const at = time.getTime() / 1000;
    if (value !== undefined && Number.isFinite(value) && Number.isFinite(at)) values.set(at, value);
  }
  return { values };
}

function seriesOf({ interval }: SeriesQuery, { metric, period, first, last }: Question, told: Told | undefined): Series {
  if (told === undefined) return { points: [], missing: 'CloudWatch answered without a word on this metric' };
  if (told.missing !== undefined) return { points: [], missing: told.missing };
  const times = [...told.values.keys()].filter((at) => at >= first && at <= last && at % interval === 0).sort((a, b) => a - b);
  const per = metric.statistic === 'Sum' ? period : 1;
  return { points: times.map((at) => [at * 1000, (told.values.get(at) ?? 0) / per]) };
}
