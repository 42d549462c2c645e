import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { LIST } from './ask';
import { enc, type Wire } from './client';
import { type Doc, doc, docs, number, text, texts } from './documents';
import type { Point } from './series';

/** Search for measured values. */
export interface MetricSearch {
  /** Gnocchi's resource type: instance, instance_network_interface, instance_disk. */
  type: string;
  metric: string;
  /** Attribute that chooses resources, and its values. */
  attribute: string;
  among: readonly string[];
  /** Distance of the points wanted, in ms. */
  interval: number;
  /** Beginning, and end (exclusive), in ms since the epoch. */
  from: number;
  to: number;
}

/** Values of one resource. */
export interface Track {
  resource: Doc;
  points: readonly Point[];
  /** Way in which its archive policy let it be read. */
  way?: Way;
  /** Reason why there are no points, in words. */
  missing?: string;
}

/** Way to read a metric: the method of aggregation, and the distance of its points in s. */
export interface Way {
  method: string;
  grain: number;
}

/** Resource with the way to read its metric, or the reason why there is none. */
interface Routed {
  resource: Doc;
  way: Way | string;
}

/** Points and methods that a metric's archive policy keeps. */
interface Policy {
  name: string;
  methods: readonly string[];
  /** Distances of points, in s. */
  grains: readonly number[];
}

/** Method that tells but the growth between neighbouring measures. */
export const GROWTH = 'rate:mean';
/** Methods, the best first. */
const METHODS = ['mean', 'last', 'median', 'max', 'min', 'first', GROWTH];
/** Reads of one metric each that run at the same time. */
const AT_ONCE = 8;
/** Resources in a page of a search. */
const PAGE = 1000;
/** Time for which resources of mixed policies are remembered, in ms: an interface that is added counts after that. */
const REMEMBERED_MS = 600_000;
/** Number of things remembered from which on all is read again: what is gone is among them. */
const MOST_REMEMBERED = 20_000;
/** Gnocchi's words for metrics whose policies do not keep what was asked for. */
const LACKS = /^\d+ (?:Metrics can't being aggregated|Metrics with unknown aggregation)$/;
/** Gnocchi's words where nothing of the kind was ever measured. */
const NOTHING = /^\d+ (?:Metrics not found|Resource type does not exist)$/;

/** Gnocchi, the service of measured values (catalogue type `metric`). */
export class Gnocchi {
  /** Ways of metrics that do not all keep the points wanted, by what is wanted and the value that chooses them. */
  private readonly mixed = new Map<string, Map<string, { until: number; routed: Routed[] }>>();
  /** Policies by metric: a metric keeps its policy for life. */
  private readonly policies = new Map<string, Policy>();

  /** @param seconds distance of points that most policies keep, in s */
  constructor(
    private readonly wire: Wire,
    private readonly seconds: number,
  ) {}

  /**
   * Reads values of many resources: one call, where all their archive policies keep means of the usual distance. Where some do not, policies
   * are read, and remembered; there is one call for each way of reading then.
   */
  async read(search: MetricSearch, context: CallContext): Promise<Track[]> {
    const wanted = [search.type, search.metric, search.interval].join('/');
    if (!this.mixed.has(wanted)) {
      try {
        const grain = search.interval % (this.seconds * 1000) === 0 ? this.seconds : search.interval / 1000;
        const way = { method: 'mean', grain };
        return await this.#aggregates(search, search.attribute, search.among, way, context);
      } catch (error) {
        if (!isCode(error, LACKS)) throw error;
        this.mixed.set(wanted, new Map());
      }
    }
    return this.#byWays(search, await this.#routed(search, this.mixed.get(wanted) ?? new Map(), context), context);
  }

  async #byWays(search: MetricSearch, routed: readonly Routed[], context: CallContext): Promise<Track[]> {
    const groups = new Map<string, { way: Way; ids: string[] }>();
    const missing: Track[] = [];
    for (const { resource, way } of routed) {
      if (typeof way === 'string') missing.push({ resource, points: [], missing: way });
      else {
        const name = `${way.method}/${way.grain}`;
        const group = groups.get(name) ?? { way, ids: [] };
        groups.set(name, { way, ids: [...group.ids, text(resource.id) ?? ''] });
      }
    }
    const tracks: Track[] = [];
    for (const { way, ids } of groups.values()) tracks.push(...(await this.#aggregates(search, 'id', ids, way, context)));
    return [...tracks, ...missing];
  }

  /** One call for the values of all resources that an attribute chooses; none where nothing of the kind is measured. */
  async #aggregates(
    { type, metric, from, to }: MetricSearch,
    attribute: string,
    among: readonly string[],
    way: Way,
    context: CallContext,
  ): Promise<Track[]> {
    const query = { details: true, granularity: way.grain, start: new Date(from).toISOString(), stop: new Date(to).toISOString() };
    const body = { operations: ['metric', metric, way.method], resource_type: type, search: { in: { [attribute]: among } } };
    let answer: Doc;
    try {
      answer = await this.wire.send(
        'metric',
        { method: 'POST', path: '/aggregates', query, body, answers: [200], member: 'measures', reads: true },
        context,
      );
    } catch (error) {
      if (isCode(error, NOTHING)) return [];
      throw error;
    }
    const measures = doc(answer.measures);
    return docs(answer.references).flatMap((resource) => {
      const id = text(resource.id);
      return id === undefined ? [] : [{ resource, way, points: pointsOf(doc(doc(measures[id])[metric])[way.method], way.grain) }];
    });
  }

  /** The resources chosen, each with its way; what is not remembered is read. */
  async #routed(search: MetricSearch, known: Map<string, { until: number; routed: Routed[] }>, context: CallContext): Promise<Routed[]> {
    const now = Date.now();
    if (known.size > MOST_REMEMBERED) known.clear();
    const fresh = search.among.filter((value) => (known.get(value)?.until ?? 0) <= now);
    const found = fresh.length === 0 ? [] : await this.#resources(search, fresh, context);
    const routed = (await inTurns(found, (resource) => this.#route(search, resource, context))).flatMap((each) => each ?? []);
    for (const value of fresh) {
      const own = routed.filter(({ resource }) => resource[search.attribute] === value);
      // What nobody measures yet is looked for again the next time.
      if (own.length > 0) known.set(value, { until: now + REMEMBERED_MS, routed: own });
      else known.delete(value);
    }
    return search.among.flatMap((value) => known.get(value)?.routed ?? []);
  }

  /**
   * The way to read the metric of a resource: of the distances that divide the one wanted the longest, of the methods the best. None where
   * it has no such metric.
   */
  async #route({ metric, interval }: MetricSearch, resource: Doc, context: CallContext): Promise<Routed | undefined> {
    const id = text(doc(resource.metrics)[metric]);
    if (id === undefined) return undefined;
    if (this.policies.size > MOST_REMEMBERED) this.policies.clear();
    const policy = this.policies.get(id) ?? (await this.#policy(id, context));
    this.policies.set(id, policy);
    const grain = Math.max(...policy.grains.filter((each) => interval % (each * 1000) === 0));
    const method = METHODS.find((each) => policy.methods.includes(each));
    if (!Number.isFinite(grain)) {
      const kept = policy.grains.map((each) => `${each} s`).join(', ') || 'none';
      return { resource, way: `The archive policy ${policy.name} of its ${metric} keeps points of ${kept}, none of ${interval / 1000} s` };
    }
    if (method === undefined)
      return { resource, way: `The archive policy ${policy.name} of its ${metric} keeps none of ${METHODS.join(', ')}` };
    return { resource, way: { method, grain } };
  }

  async #policy(metric: string, context: CallContext): Promise<Policy> {
    const answer = await this.wire.get('metric', `/metric/${enc(metric)}`, 'archive_policy', context);
    const policy = doc(answer.archive_policy);
    return {
      name: text(policy.name) ?? '',
      methods: texts(policy.aggregation_methods),
      grains: docs(policy.definition).flatMap(({ granularity }) => secondsOf(granularity) ?? []),
    };
  }

  async #resources({ type, attribute }: MetricSearch, among: readonly string[], context: CallContext): Promise<Doc[]> {
    const found: Doc[] = [];
    const body = { in: { [attribute]: among } };
    for (let marker: string | undefined; ;) {
      const query = { limit: PAGE, sort: 'id:asc', marker };
      const ask = { method: 'POST', path: `/search/resource/${type}`, query, body, answers: [200], member: LIST, reads: true } as const;
      const page = docs((await this.wire.send('metric', ask, context))[LIST]);
      found.push(...page);
      const last = text(page.at(-1)?.id);
      // A service may give shorter pages than it was asked for: the end is a page with nothing new.
      if (last === undefined || last === marker) return found;
      marker = last;
    }
  }
}

/** Reads a few at the same time. */
async function inTurns<A, B>(given: readonly A[], read: (each: A) => Promise<B>): Promise<B[]> {
  const done: B[] = [];
  for (let n = 0; n < given.length; n += AT_ONCE) done.push(...(await Promise.all(given.slice(n, n + AT_ONCE).map(read))));
  return done;
}

const isCode = (error: unknown, codes: RegExp): boolean => error instanceof ProviderError && codes.test(error.code ?? '');

/** Triples of time, distance and value; those of another distance are none of these. */
function pointsOf(told: unknown, grain: number): Point[] {
  if (!Array.isArray(told)) return [];
  const points = (told as unknown[]).flatMap((each): Point[] => {
    const [at, distance, value] = Array.isArray(each) ? (each as unknown[]) : [];
    const [time, amount] = [Date.parse(text(at) ?? ''), number(value)];
    return Number.isNaN(time) || amount === undefined || number(distance) !== grain ? [] : [[time, amount]];
  });
  return points.sort(([a], [b]) => a - b);
}

/** Seconds of a distance, told as `0:05:00`, `1 day, 0:00:00` or a number. */
export function secondsOf(told: unknown): number | undefined {
  const plain = number(told);
  if (plain !== undefined) return plain;
  const [, days = '0', hours = '', minutes = '', seconds = ''] =
    /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text(told) ?? '') ?? [];
  return hours === '' ? undefined : Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
