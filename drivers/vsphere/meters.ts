import type { CallContext, MeterOffer, Meters, Series, SeriesQuery } from '../../src/clouds/driver';
import type { Wire } from './client';
import { told } from './collector';
import { isKey, vm } from './keys';
import { Performance, type Question } from './performance';
import { meansOf, REAL_TIME, sourceOf } from './series';
import { isA } from './types';

/** A counter by group.name.rollup (ids differ between vCenters), and how its number becomes the aspect's. */
interface Counted {
  counter: string;
  value(number: number): number;
}

const KIB = 1024;
const kib = (number: number): number => number * KIB;
/** Hundredths of a percent; a processor that runs faster than its nominal speed is told with more than all of it. */
const percent = (number: number): number => Math.min(100, number / 100);

const COUNTERS: Readonly<Record<string, Counted>> = {
  cpu: { counter: 'cpu.usage.average', value: percent },
  memory: { counter: 'mem.consumed.average', value: kib },
  inputBandwidth: { counter: 'net.received.average', value: kib },
  outputBandwidth: { counter: 'net.transmitted.average', value: kib },
};
/** Time after which a host's statistics are at vCenter, in s. */
const DELAY = 60;
const YEAR = 31_536_000;
const machine = (aspect: string, rest: Pick<MeterOffer, 'resolution' | 'delay' | 'kept'>): MeterOffer => ({
  type: 'Machine',
  aspect,
  ...rest,
});
/** Offer of a counter of level 1, which vCenter's history has, and of level 2, which it has not unless it is told to. */
const KEPT = { resolution: REAL_TIME.period, delay: DELAY, kept: YEAR };
const FLEETING = { resolution: REAL_TIME.period, delay: DELAY, kept: REAL_TIME.kept };
/** Offer of what the datastores hold: vCenter knows what it is now, and nothing of before. */
const NOW = { resolution: 300, delay: 0, kept: 900 };

const OFFERS: readonly MeterOffer[] = [
  machine('cpu', KEPT),
  machine('memory', KEPT),
  machine('disk', NOW),
  machine('inputBandwidth', FLEETING),
  machine('outputBandwidth', FLEETING),
];

interface Placed {
  place: number;
  query: SeriesQuery;
}

/** Measured values of machines: vCenter's statistics, and what its datastores hold. */
export class VsphereMeters implements Meters {
  readonly #performance: Performance;
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#performance = new Performance(wire);
  }

  offers(): readonly MeterOffer[] {
    return OFFERS;
  }

  async sample(queries: readonly SeriesQuery[], context: CallContext): Promise<readonly Series[]> {
    const answers = new Map<number, Series>();
    const placed = queries.map((query, place): Placed => ({ query, place }));
    const known = placed.filter(({ place, query }) => {
      const missing = missingOf(query);
      if (missing !== undefined) answers.set(place, { points: [], missing });
      return missing === undefined;
    });
    const counted = known.filter(({ query }) => COUNTERS[query.aspect] !== undefined);
    if (counted.length > 0) await this.#count(counted, answers, context);
    const stored = known.filter(({ query }) => query.aspect === 'disk');
    if (stored.length > 0) await this.#weigh(stored, answers, context);
    return queries.map((_, place) => answers.get(place) ?? { points: [] });
  }

  async #count(placed: readonly Placed[], answers: Map<number, Series>, context: CallContext): Promise<void> {
    const { counters, sources } = await this.#performance.known(context);
    const questions = placed.flatMap(({ place, query }): (Question & Placed)[] => {
      const name = COUNTERS[query.aspect]?.counter ?? '';
      const counter = counters.get(name);
      const source = counter && sourceOf(sources, { ...query, level: counter.level }, Date.now());
      if (counter && source && query.after >= query.upTo) return [];
      if (counter && source)
        return [{ place, query, entity: query.key, counter: counter.id, source, after: query.after, upTo: query.upTo }];
      const missing = counter ? `vCenter keeps no ${name} every ${query.interval} s` : `this vCenter has no counter ${name}`;
      answers.set(place, { points: [], missing });
      return [];
    });
    const told = await this.#performance.ask(questions, context);
    for (const { place, query, entity, counter, source } of questions) {
      const { points = [], missing } = told(entity, counter, source);
      const value = COUNTERS[query.aspect]?.value ?? kib;
      const means = meansOf(points, query).map(([at, number]) => [at, value(number)] as const);
      answers.set(place, missing === undefined ? { points: means } : { points: [], missing });
    }
  }

  /** Reads what the datastores hold now: a point of the last whole interval of each window. */
  async #weigh(placed: readonly Placed[], answers: Map<number, Series>, context: CallContext): Promise<void> {
    const keys = [...new Set(placed.map(({ query }) => query.key))];
    const { seen, gone } = await told(this.#wire, keys.map(vm), { VirtualMachine: ['summary.storage'] }, context);
    const held = new Map(seen.map(({ ref, properties }) => [ref.value, properties.get('summary.storage')]));
    for (const { place, query } of placed) {
      const summary = held.get(query.key);
      const bytes = isA(summary, 'VirtualMachineStorageSummary') ? summary.committed : undefined;
      const at = Math.floor(Math.min(query.upTo, Date.now()) / (query.interval * 1000)) * query.interval * 1000;
      const missing = gone.get(query.key)?.message;
      if (missing !== undefined) answers.set(place, { points: [], missing });
      else answers.set(place, { points: bytes === undefined || at <= query.after ? [] : [[at, bytes]] });
    }
  }
}

function missingOf({ type, aspect, key, interval }: SeriesQuery): string | undefined {
  const offer = OFFERS.find((each) => each.type === type && each.aspect === aspect);
  if (!offer) return `vCenter measures no ${aspect} of a ${type}`;
  if (!(interval > 0 && interval % offer.resolution === 0))
    return `points are ${offer.resolution} s apart, or a multiple of it, not ${interval} s`;
  return isKey(key) ? undefined : 'vCenter has no machine of such a key';
}
