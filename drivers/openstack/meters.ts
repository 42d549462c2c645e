import type { CallContext, MeterOffer, Meters, Series, SeriesQuery } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Flavors } from './configs';
import { text } from './documents';
import { Gnocchi, GROWTH, type Track } from './gnocchi';
import { type Aspect, ASPECTS, gnocchiOffers } from './meter-aspects';
import { placesOf } from './meter-places';
import { UUID } from './reads';
import { means, type Point, rates, sums, within } from './series';

/** Most resources of one call, and most points that one call may bring. */
const MOST_RESOURCES = 1000;
const MOST_POINTS = 100_000;
/** Kinds of refusals that say that there is no such series for this login; others pass, and the call is to be made again. */
const LASTING: readonly string[] = ['forbidden', 'unsupported'];

/** Meters of machines, volumes and ports by Gnocchi. */
export class GnocchiMeters implements Meters {
  private readonly gnocchi: Gnocchi;

  constructor(
    private readonly wire: Wire,
    private readonly flavors: Flavors,
    private readonly seconds: number,
    /** True: the service is asked whatever the catalogue says. */
    private readonly named: boolean,
  ) {
    this.gnocchi = new Gnocchi(wire, seconds);
  }

  /** Offers are made until a login has told that the catalogue has no Gnocchi: nobody knows before. */
  offers(): readonly MeterOffer[] {
    return this.named || this.wire.has('metric') !== false ? gnocchiOffers(this.seconds) : [];
  }

  async sample(queries: readonly SeriesQuery[], context: CallContext): Promise<readonly Series[]> {
    const answers = new Map<SeriesQuery, Series>();
    for (const batch of batches(queries)) {
      const read = await this.#attempt(batch, context);
      batch.queries.forEach((query, n) => answers.set(query, read[n] ?? nothing('Gnocchi did not tell of it')));
    }
    return queries.map((query) => answers.get(query) ?? nothing(`No ${query.aspect} of a ${query.type} is measured on OpenStack`));
  }

  async #attempt(batch: Batch, context: CallContext): Promise<Series[]> {
    try {
      return await this.#read(batch, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || !LASTING.includes(error.kind)) throw error;
      return batch.queries.map(() => nothing(error.message));
    }
  }

  async #read({ queries, aspect, interval, from, to }: Batch, context: CallContext): Promise<Series[]> {
    const keys = [...new Set(queries.map(({ key }) => key).filter((key) => UUID.test(key)))];
    const { type = '', aspect: name = '' } = queries[0] ?? {};
    const { attribute, places } = await placesOf(this.wire, this.flavors, { type, aspect: name, keys }, context);
    const among = [...new Set([...places.values()].flatMap((place) => (typeof place === 'string' ? [] : place.values)))];
    const search = { type: aspect.resource, metric: aspect.metric, attribute, among, interval, from, to };
    const tracks = among.length === 0 ? [] : await this.gnocchi.read(search, context);
    const at = byAttribute(tracks, attribute);
    return queries.map((query) => {
      const place = places.get(query.key) ?? `There is no ${type} ${query.key}`;
      if (typeof place === 'string') return nothing(place);
      const own = place.values.flatMap((value) => at.get(value) ?? []);
      const named = own.filter(({ resource }) => place.name === undefined || resource.name === place.name);
      // An interval counts when it is over and what was measured last in it has been taken in.
      const upTo = Math.min(query.upTo, Date.now() - this.seconds * 1000 - interval);
      return seriesOf({ ...query, upTo }, aspect, place.share, named);
    });
  }
}

function byAttribute(tracks: readonly Track[], attribute: string): ReadonlyMap<string, Track[]> {
  const found = new Map<string, Track[]>();
  for (const track of tracks) {
    const value = text(track.resource[attribute]) ?? '';
    found.set(value, [...(found.get(value) ?? []), track]);
  }
  return found;
}

const nothing = (missing: string): Series => ({ points: [], missing });

/** The series of one question, of what was read for many. */
function seriesOf(query: SeriesQuery, aspect: Aspect, share: number, tracks: readonly Track[]): Series {
  const interval = query.interval * 1000;
  const missing = tracks.find((track) => track.missing !== undefined)?.missing;
  if (missing !== undefined) return nothing(missing);
  if (tracks.length === 0) return nothing(`Gnocchi has no ${aspect.metric} of ${query.type} ${query.key}`);
  const factor = aspect.factor / share;
  const ceiling = query.aspect === 'cpu' ? 100 : Infinity;
  // Measures are not taken on the second: a busy machine would now and then have used more than there is.
  const points = sums(tracks.map((track) => valuesOf(track, aspect, interval))).map(([at, value]): Point => [
    at,
    Math.min(ceiling, value * factor),
  ]);
  return { points: within(points, query) };
}

/** The values of a metric; of a counter by the second. */
function valuesOf({ points, way }: Track, { counter }: Aspect, interval: number): Point[] {
  if (!counter) return means(points, interval);
  if (way?.method !== GROWTH) return rates(points, interval);
  // Growth between measures that are taken as often as points are kept, as Ceilometer does by default.
  const grown = points.filter(([, value]) => value >= 0);
  return means(
    grown.map(([at, value]): Point => [at, value / way.grain]),
    interval,
  );
}

/** Questions that one call answers: the same aspect, distance and (about) the same time. */
interface Batch {
  queries: SeriesQuery[];
  aspect: Aspect;
  /** ms */
  interval: number;
  from: number;
  to: number;
}

/** Puts questions together: so that one for a month makes no call for a month of a thousand others. */
export function batches(queries: readonly SeriesQuery[]): Batch[] {
  const groups = new Map<string, Batch[]>();
  for (const query of queries) {
    const aspect = aspectOf(query);
    if (!aspect) continue;
    const interval = query.interval * 1000;
    const from = Math.floor(query.after / interval) * interval;
    const to = Math.floor(query.upTo / interval) * interval + interval;
    const steps = Math.max(2, Math.ceil((to - from) / interval));
    const size = Math.ceil(Math.log2(steps) / 2);
    const name = [query.type, query.aspect, interval, size].join('/');
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    const most = Math.max(1, Math.min(MOST_RESOURCES, Math.floor(MOST_POINTS / steps)));
    const last = group.at(-1);
    if (last && last.queries.length < most) {
      last.queries.push(query);
      last.from = Math.min(last.from, from);
      last.to = Math.max(last.to, to);
    } else group.push({ queries: [query], aspect, interval, from, to });
  }
  return [...groups.values()].flat();
}

function aspectOf({ type, aspect }: SeriesQuery): Aspect | undefined {
  const aspects = Object.hasOwn(ASPECTS, type) ? ASPECTS[type] : undefined;
  return aspects && Object.hasOwn(aspects, aspect) ? aspects[aspect] : undefined;
}
