import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { IncomingMessage } from 'node:http';
import type { Call, Rule } from './fault-proxy';
import type { Answer } from './onward';

/** The part of the fault proxy that is CloudWatch: JSON in place of EC2's XML, and the limits that moto does not have. */

/** Limits of CloudWatch as its API's reference has them. */
export interface CloudWatchManners {
  /** Metrics in one call of GetMetricData; 500 at AWS. */
  maxMetrics: number;
  /** Points in one answer of it, which is cut into pages: 100,800 at AWS. */
  maxPoints: number;
}

/** CloudWatch as it is. */
export const CLOUDWATCH: CloudWatchManners = { maxMetrics: 500, maxPoints: 100_800 };

/** Points of one metric in an answer. Times in s since the epoch. */
export interface MetricResult {
  Id: string;
  Timestamps: number[];
  Values: number[];
  StatusCode: string;
  Messages?: { Code: string; Value: string }[];
}

interface Question {
  MetricDataQueries: { Id: string; MetricStat?: { Period: number; Metric: { MetricName: string; Dimensions: { Value: string }[] } } }[];
  StartTime: number;
  EndTime: number;
  NextToken?: string;
}

/** The operation of a call to CloudWatch; undefined of a call to another service. */
export function metricsCall({ headers }: IncomingMessage): string | undefined {
  const target = headers['x-amz-target'];
  return typeof target === 'string' ? /^GraniteServiceVersion20100801\.(\w+)$/.exec(target)?.[1] : undefined;
}

/** Reads what a call of GetMetricData asks. */
export const questionIn = (call: Call): Question => JSON.parse(call.body) as Question;

/** A rule's change of the results in an answer of GetMetricData. */
export const changed =
  (change: (results: MetricResult[], call: Call) => MetricResult[]) =>
  (body: string, call: Call): string => {
    const answer = JSON.parse(body) as { MetricDataResults: MetricResult[] };
    return JSON.stringify({ ...answer, MetricDataResults: change(answer.MetricDataResults, call) });
  };

/** Answers a call to CloudWatch: as the rule says, as AWS would refuse it, else as the counterpart does. */
export async function metricsAnswer(
  call: Call,
  rule: Rule,
  manners: CloudWatchManners | undefined,
  onward: (body: string) => Promise<Answer>,
): Promise<Answer> {
  if (rule.fail) return refusal(rule.fail.code, rule.fail.message ?? 'as the test ordered', rule.fail.status);
  if (rule.answer) return typeof rule.answer === 'function' ? rule.answer(call) : rule.answer;
  const refused = manners && call.action === 'GetMetricData' ? refusedQuestion(questionIn(call), manners) : undefined;
  if (refused !== undefined) return refusal('ValidationError', refused);
  const answer = inJson(await onward(call.body));
  if (answer.status !== 200) return answer;
  const body = manners && call.action === 'GetMetricData' ? paged(answer.body, questionIn(call), manners.maxPoints) : answer.body;
  return { ...answer, body: rule.rewrite ? rule.rewrite(body, call) : body };
}

const refusal = (code: string, message: string, status = 400): Answer => ({
  status,
  type: 'application/x-amz-json-1.0',
  body: JSON.stringify({ __type: `com.amazonaws.cloudwatch#${code}`, message }),
});

/** Moto refuses a login in XML, whatever was asked. */
function inJson(answer: Answer): Answer {
  const code = /<Code>(\w+)<\/Code>/.exec(answer.body)?.[1];
  if (answer.status < 400 || code === undefined) return { ...answer, type: 'application/x-amz-json-1.0' };
  return refusal(code, /<Message>([^<]*)</.exec(answer.body)?.[1] ?? code, answer.status);
}

const DAY = 86_400;

function refusedQuestion({ MetricDataQueries: queries, StartTime }: Question, { maxMetrics }: CloudWatchManners): string | undefined {
  if (queries.length > maxMetrics) return `The collection MetricDataQueries must not have a size greater than ${maxMetrics}.`;
  const age = Date.now() / 1000 - StartTime;
  // A minute more than AWS says: the request has been on its way.
  const step = age > 63 * DAY + 60 ? 3600 : age > 15 * DAY + 60 ? 300 : 60;
  const wrong = queries.find(({ MetricStat }) => MetricStat && MetricStat.Period % step !== 0);
  return wrong && `The parameter Period of ${wrong.Id} must be a multiple of ${step} for this StartTime.`;
}

/** Cuts an answer into pages of so many points; a metric that goes on in the next page is PartialData. */
function paged(body: string, { NextToken }: Question, size: number): string {
  const answer = JSON.parse(body) as { MetricDataResults: MetricResult[] };
  let skip = Number(NextToken?.replace('points-', '') ?? 0);
  const begin = skip;
  let room = size;
  const results = answer.MetricDataResults.map((result) => {
    const from = Math.min(skip, result.Timestamps.length);
    const upTo = Math.min(from + room, result.Timestamps.length);
    skip -= from;
    room -= upTo - from;
    const StatusCode = upTo < result.Timestamps.length ? 'PartialData' : result.StatusCode;
    return { ...result, Timestamps: result.Timestamps.slice(from, upTo), Values: result.Values.slice(from, upTo), StatusCode };
  });
  const more = results.some(({ StatusCode }) => StatusCode === 'PartialData');
  return JSON.stringify({ MetricDataResults: results, ...(more ? { NextToken: `points-${begin + size}` } : {}) });
}

/** Points of one metric of one instance or volume, as AWS's own measuring would leave them. */
export interface Measured {
  metric: 'CPUUtilization' | 'NetworkIn' | 'NetworkOut' | 'VolumeReadBytes' | 'VolumeWriteBytes';
  key: string;
  /** Time in ms since the epoch, and value in CloudWatch's own unit. */
  points: readonly (readonly [number, number])[];
}

/** Most points that PutMetricData takes in one call. */
const MAX_PUT = 1000;

/** Leaves points with moto, which measures nothing by itself; AWS would not take points for these namespaces. */
export async function measure(url: string, login: { region: string; credentials: Credentials }, all: readonly Measured[]): Promise<void> {
  const client = new CloudWatchClient({ ...login, endpoint: url });
  for (const kind of ['i-', 'vol-']) {
    const [Namespace, Name] = kind === 'i-' ? ['AWS/EC2', 'InstanceId'] : ['AWS/EBS', 'VolumeId'];
    const data = all
      .filter(({ key }) => key.startsWith(kind))
      .flatMap(({ metric: MetricName, key: Value, points }) =>
        points.map(([at, value]) => ({ MetricName, Dimensions: [{ Name, Value }], Timestamp: new Date(at), Value: value })),
      );
    for (let i = 0; i < data.length; i += MAX_PUT)
      await client.send(new PutMetricDataCommand({ Namespace, MetricData: data.slice(i, i + MAX_PUT) }));
  }
  client.destroy();
}

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}
