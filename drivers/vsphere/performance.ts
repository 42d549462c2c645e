import type { CallContext } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { unlessAborted } from '../../src/clouds/unless-aborted';
import type { Wire } from './client';
import { present, told } from './collector';
import { vm } from './keys';
import { type Point, pointsOf, REAL_TIME, type Source } from './series';
import { isA, type Typed } from './types';

/** Metrics in one query that every vCenter takes, unless its administrator set another number. */
const USUAL_LIMIT = 64;
/** Metrics in one query where there is no limit: a larger answer would be a burden for both sides. */
const MOST = 1_000;
const LIMIT_OPTION = 'config.vpxd.stats.maxQueryMetrics';
const READ_MS = 30_000;

/** A question for one counter of one machine. */
export interface Question {
  entity: string;
  counter: number;
  source: Source;
  /** Window in ms since the epoch. */
  after: number;
  upTo: number;
}

/** Numbers of a counter as vCenter told them, or the reason why it told none. */
export interface Numbers {
  points?: readonly Point[];
  missing?: string;
}
export type Told = (entity: string, counter: number, source: Source) => Numbers;

/** Knowledge that a session has of vCenter's statistics. */
interface Known {
  /** Counters by group.name.rollup. */
  counters: ReadonlyMap<string, { id: number; level: number }>;
  sources: readonly Source[];
  /** Metrics that one query may ask for. */
  limit: number;
}

/** Counters and window of one machine, as a query asks for them. */
interface Spec {
  entity: string;
  counters: readonly number[];
  after: number;
  upTo: number;
}

const nameOf = (entity: string, counter: number, { period }: Source): string => `${entity} ${counter} ${period}`;

/** Statistics of one vCenter: asked for by counters of machines, in queries of as many metrics as it takes. */
export class Performance {
  #session = '';
  #known: Promise<Known> | undefined;

  constructor(private readonly wire: Wire) {}

  /** Counters, intervals and limit, read once in a session: 560 counters or so. */
  async known(context: CallContext): Promise<Known> {
    const { key } = await this.wire.whoAmI(context);
    if (key !== this.#session || !this.#known) {
      const reading = this.#read({ signal: AbortSignal.timeout(READ_MS) });
      [this.#session, this.#known] = [key, reading];
      reading.catch(() => {
        if (this.#known === reading) this.#known = undefined;
      });
    }
    return unlessAborted(this.#known, context.signal, 'vCenter');
  }

  /** Asks all of them; answers a way to what was told of each. */
  async ask(questions: readonly Question[], context: CallContext): Promise<Told> {
    const numbers = new Map<string, Numbers>();
    for (const source of new Set(questions.map((question) => question.source))) {
      const own = questions.filter((question) => question.source === source);
      let left = specsOf(own);
      while (left.length > 0) {
        const { limit } = await this.known(context);
        const count = fitting(left, limit);
        await this.#query(left.slice(0, count), source, numbers, context);
        left = left.slice(count);
      }
    }
    return (entity, counter, source) => numbers.get(nameOf(entity, counter, source)) ?? {};
  }

  async #query(specs: readonly Spec[], source: Source, numbers: Map<string, Numbers>, context: CallContext): Promise<void> {
    if (specs.length === 0) return;
    const { perfManager } = await this.wire.service(context);
    if (!perfManager) throw noStatistics();
    const querySpec = specs.map((spec) => written(spec, source));
    try {
      const answer = (await this.wire.call('QueryPerf', perfManager, { querySpec }, context)) ?? [];
      for (const { entity, sampleInfoCSV = '', value = [] } of answer)
        for (const series of value) {
          const points = pointsOf(sampleInfoCSV, series.value ?? '', source.period);
          numbers.set(nameOf(entity?.value ?? '', series.id?.counterId ?? 0, source), { points });
        }
    } catch (error) {
      await this.#afresh(specs, { source, numbers, error }, context);
    }
  }

  /** Asks in parts what was refused as a whole, until it is known what is refused. @throws the error, where that is no help */
  async #afresh(
    specs: readonly Spec[],
    { source, numbers, error }: { source: Source; numbers: Map<string, Numbers>; error: unknown },
    context: CallContext,
  ): Promise<void> {
    if (!(error instanceof ProviderError)) throw error;
    const refuse = (spec: Spec, missing: string): void =>
      spec.counters.forEach((counter) => void numbers.set(nameOf(spec.entity, counter, source), { missing }));
    if (error instanceof Gone) {
      const { gone } = await told(
        this.wire,
        specs.map(({ entity }) => vm(entity)),
        { VirtualMachine: ['runtime.powerState'] },
        context,
      );
      const proofs = new Map(gone.size > 0 ? gone : [[error.key, error]]);
      for (const spec of specs) if (proofs.has(spec.entity)) refuse(spec, proofs.get(spec.entity)?.message ?? '');
      const rest = specs.filter(({ entity }) => !proofs.has(entity));
      if (rest.length === specs.length) throw error;
      return this.#query(rest, source, numbers, context);
    }
    if (!['invalid', 'forbidden', 'unsupported'].includes(error.kind)) throw error;
    const [first] = specs;
    if (error.code === 'RestrictedByAdministrator') await this.#lower(specs, context);
    if (specs.length === 1 && first) return refuse(first, error.message);
    const half = Math.ceil(specs.length / 2);
    await this.#query(specs.slice(0, half), source, numbers, context);
    await this.#query(specs.slice(half), source, numbers, context);
  }

  /** Remembers that so many metrics are too many. */
  async #lower(specs: readonly Spec[], context: CallContext): Promise<void> {
    const known = await this.known(context);
    const asked = specs.reduce((sum, { counters }) => sum + counters.length, 0);
    this.#known = Promise.resolve({ ...known, limit: Math.max(1, Math.min(known.limit, Math.floor(asked / 2))) });
  }

  async #read(context: CallContext): Promise<Known> {
    const { perfManager } = await this.wire.service(context);
    if (!perfManager) throw noStatistics();
    const { properties } = await present(this.wire, perfManager, ['perfCounter', 'historicalInterval'], context);
    const counters = listOf(properties.get('perfCounter')).filter((each) => isA(each, 'PerfCounterInfo'));
    const intervals = listOf(properties.get('historicalInterval')).filter((each) => isA(each, 'PerfInterval'));
    return {
      counters: new Map(counters.map((each) => [counterName(each), { id: each.key ?? 0, level: each.level ?? 1 }])),
      sources: [REAL_TIME, ...intervals.flatMap(sourceOf)],
      limit: await this.#limit(context),
    };
  }

  /** Setting of vCenter, which most accounts may not read. */
  async #limit(context: CallContext): Promise<number> {
    const { setting } = await this.wire.service(context);
    try {
      const options = setting && (await this.wire.call('QueryOptions', setting, { name: LIMIT_OPTION }, context));
      const value = Number(options?.find(({ key }) => key === LIMIT_OPTION)?.value ?? USUAL_LIMIT);
      if (!Number.isSafeInteger(value) || value === 0) return USUAL_LIMIT;
      return value < 0 ? MOST : Math.min(value, MOST);
    } catch (error) {
      if (error instanceof ProviderError && ['invalid', 'forbidden', 'unsupported'].includes(error.kind)) return USUAL_LIMIT;
      throw error;
    }
  }
}

/** One spec for each machine: all its counters, over all its windows. */
function specsOf(questions: readonly Question[]): Spec[] {
  const specs = new Map<string, Spec>();
  for (const { entity, counter, after, upTo } of questions) {
    const before = specs.get(entity) ?? { entity, counters: [], after, upTo };
    const counters = [...new Set([...before.counters, counter])];
    specs.set(entity, { entity, counters, after: Math.min(before.after, after), upTo: Math.max(before.upTo, upTo) });
  }
  return [...specs.values()];
}

/** Number of specs that fit into one query; one at least. */
function fitting(specs: readonly Spec[], limit: number): number {
  let [count, metrics] = [0, 0];
  for (const { counters } of specs) {
    metrics += counters.length;
    if (metrics > limit && count > 0) break;
    count += 1;
  }
  return count;
}

/** A query always has a beginning, no earlier than there are points: without one vCenter tells all that it has. */
function written({ entity, counters, after, upTo }: Spec, { period, kept }: Source): Typed<'PerfQuerySpec'> {
  const distance = period * 1000;
  const end = Math.floor(upTo / distance) * distance;
  const begin = Math.max(Math.floor(after / distance) * distance, end - kept * 1000);
  return {
    entity: vm(entity),
    startTime: new Date(begin).toISOString(),
    endTime: new Date(end).toISOString(),
    metricId: counters.map((counterId) => ({ counterId, instance: '' })),
    intervalId: period,
    format: 'csv',
  };
}

function sourceOf({ samplingPeriod, length, level, enabled }: Typed<'PerfInterval'>): Source[] {
  if (enabled !== true || !samplingPeriod || !length) return [];
  return [{ period: samplingPeriod, kept: length, level: level ?? 1 }];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const counterName = ({ groupInfo, nameInfo, rollupType }: Typed<'PerfCounterInfo'>): string =>
  `${groupInfo?.key ?? ''}.${nameInfo?.key ?? ''}.${rollupType ?? ''}`;
const noStatistics = (): ProviderError => new ProviderError('unsupported', 'this vCenter tells no statistics', { maybeDone: false });
