import type { Cloud } from '../clouds/cloud';
import type { SeriesQuery, Series as CloudSeries } from '../clouds/monitoring';
import type { Value } from '../model/values';
import type { SampleBatch, Series } from '../store/monitoring';
import { aggregate } from './aggregate';
import { sampleOf, takeIn, type Open, type Point } from './intervals';
import type { Member } from './members';
import type { Metering, Window } from './metering';

/** Questions for one Meter, and what becomes of the answers. */
export interface Asking {
  meter: Metering;
  standing: Series | undefined;
  window: Window;
  /** Type of what is asked for: the Meter's own, of a group that of its members. */
  type: string;
  members: readonly Member[];
  /** True where the values are those of members put together. */
  grouped: boolean;
}

/** Answers of clouds by question; an Error where a cloud gave none. */
export type Answers = ReadonlyMap<Asking, readonly (CloudSeries | Error | undefined)[]>;

/** Points that the answers to a question may have. */
export function pointsOf({ meter, window, members }: Asking): number {
  return Math.ceil((window.upTo - window.after) / (meter.interval * 1000)) * Math.max(1, members.length);
}

/** Asks each cloud once for all that is asked of it. A cloud that fails has an Error in the place of each answer. */
export async function ask(askings: readonly Asking[]): Promise<Answers> {
  const queries = new Map<Cloud, { query: SeriesQuery; tell: (answer: CloudSeries | Error | undefined) => void }[]>();
  const answers = new Map<Asking, (CloudSeries | Error | undefined)[]>();
  for (const asking of askings) {
    const told: (CloudSeries | Error | undefined)[] = asking.members.map(() => undefined);
    answers.set(asking, told);
    asking.members.forEach(({ at }, place) => {
      if (!at) return;
      const { aspect, interval } = asking.meter;
      const { after, upTo } = asking.window;
      const query = { type: asking.type, key: at.key, aspect, interval, after, upTo };
      queries.set(at.cloud, [...(queries.get(at.cloud) ?? []), { query, tell: (answer) => (told[place] = answer) }]);
    });
  }
  await Promise.all([...queries].map(([cloud, own]) => askCloud(cloud, own)));
  return answers;
}

async function askCloud(
  cloud: Cloud,
  own: readonly { query: SeriesQuery; tell: (answer: CloudSeries | Error | undefined) => void }[],
): Promise<void> {
  try {
    const series = await cloud.sample(own.map(({ query }) => query));
    own.forEach(({ tell }, place) => tell(series[place]));
  } catch (error) {
    const told = error instanceof Error ? error : new Error(String(error));
    for (const { tell } of own) tell(told);
  }
}

/** Turns the answers for one Meter into what is written of it. */
export function batchOf(asking: Asking, answers: readonly (CloudSeries | Error | undefined)[]): SampleBatch {
  const { meter, standing, window } = asking;
  const points = pointsIn(asking, answers);
  const common = { meter: meter.path, reached: window.reached, builtOn: standing?.reached };
  if (meter.duration === undefined) {
    const missing = asking.grouped ? undefined : missingOf(answers[0]);
    return { ...common, samples: points.map(sampleOf), ageing: true, memory: missing === undefined ? null : { missing } };
  }
  const { samples, open } = takeIn(meter.duration, openOf(standing), points, window.upTo);
  return { ...common, samples, ageing: false, memory: open ? { open: { ...open } as Value } : null };
}

/** Points within the window, each of a time of its own, oldest first, whatever order the cloud tells them in. */
function pointsIn({ meter, members, window, grouped }: Asking, answers: readonly (CloudSeries | Error | undefined)[]): Point[] {
  const wanted = (answer: CloudSeries | Error | undefined) =>
    answer === undefined || answer instanceof Error
      ? []
      : answer.points.filter(([at, value]) => at > window.after && at <= window.upTo && Number.isFinite(value));
  if (grouped) {
    const series = members.map(({ weight }, place) => ({ points: wanted(answers[place]), weight }));
    return aggregate(meter.aspect, series);
  }
  const byTime = new Map(wanted(answers[0]).map(([at, value]) => [at, value] as const));
  return [...byTime].sort(([one], [other]) => one - other).map(([at, value]) => ({ at, value }));
}

function missingOf(answer: CloudSeries | Error | undefined): string | undefined {
  return answer === undefined || answer instanceof Error ? undefined : answer.missing;
}

function openOf(standing: Series | undefined): Open | undefined {
  const memory = standing?.memory as { open?: Open } | null | undefined;
  return memory?.open;
}
