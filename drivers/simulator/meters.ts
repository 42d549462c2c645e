import type { CallContext, MeterOffer, Meters, Series, SeriesQuery } from '../../src/clouds/driver';
import { SimulatorFault } from './errors';
import { QUANTITIES, valuesOf, type Measured } from './measures';
import type { Settings } from './options';
import { sent } from './pages';
import { Requests } from './requests';

/** Questions in one request. */
export const QUESTIONS = 500;

/** Kinds of things and their quantities, as type and aspect (5.17.7, Table 53). */
const KINDS: Readonly<Record<string, Measured>> = { Machine: 'instance', Volume: 'volume', Network: 'net', NetworkPort: 'port' };
const ASPECTS: Readonly<Record<string, string>> = {
  cpu: 'cpu',
  memory: 'memory',
  disk: 'disk',
  traffic: 'bandwidth',
  received: 'inputBandwidth',
  sent: 'outputBandwidth',
  written: 'inputBandwidth',
  read: 'outputBandwidth',
};

interface Question {
  kind: Measured;
  id: string;
  quantity: string;
  /** Distance of points, in s. */
  every: number;
  after: number;
  upTo: number;
}

interface Answer {
  points: (readonly [number, number])[];
  missing?: string;
}

/** The simulated provider's API for what it measures, in its own words. @throws SimulatorFault */
export class MeterClient extends Requests {
  measured(questions: readonly Question[], context: CallContext): Promise<Answer[]> {
    return this.wire.request('meters.sample', context, (settings) => {
      if (settings.meterOutage) throw new SimulatorFault('OutOfOrder', 'The measuring service is out of order');
      const now = Date.now();
      return questions.map((question) => this.answer(question, settings, now));
    });
  }

  /** Settings by which it measures now; the account is beside us, so this is no request. */
  offered(): Settings {
    return this.wire.settings();
  }

  private answer({ kind, id, quantity, every, after, upTo }: Question, settings: Settings, now: number): Answer {
    const thing = this.account.find(kind, id, now);
    if (!thing) return { points: [], missing: `There is no ${kind} ${id}` };
    if (!(every > 0 && every % settings.meterResolution === 0))
      return { points: [], missing: `Points are ${settings.meterResolution} s apart, or a multiple of it, not ${every} s` };
    const distance = every * 1000;
    const last = Math.min(upTo, now - settings.meterDelay * 1000);
    const first = Math.max(after, now - settings.meterKept * 1000);
    const gaps = settings.meterGaps.filter((gap) => (gap.id ?? id) === id && (gap.quantity ?? quantity) === quantity);
    const valueAt = valuesOf(this.account, thing, quantity);
    const points: (readonly [number, number])[] = [];
    for (let at = (Math.floor(first / distance) + 1) * distance; at <= last; at += distance) {
      const value = gaps.some(({ from, to }) => at >= from && at < to) ? undefined : valueAt(at);
      if (value !== undefined) points.push([at, value]);
    }
    return { points };
  }
}

/** The quantity that a type's aspect is, of those that are measured of its kind of thing. */
export function quantityOf(type: string, aspect: string): { kind: Measured; quantity: string } | undefined {
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const quantity = kind && QUANTITIES[kind].find((name) => ASPECTS[name] === aspect);
  return kind && quantity !== undefined ? { kind, quantity } : undefined;
}

function offersOf({ meterResolution, meterDelay, meterKept }: Settings): MeterOffer[] {
  const common = { resolution: meterResolution, delay: meterDelay, kept: meterKept };
  return Object.entries(KINDS).flatMap(([type, kind]) =>
    QUANTITIES[kind].map((quantity) => ({ type, aspect: ASPECTS[quantity] ?? quantity, ...common })),
  );
}

/** Measured values of the provider's things. */
export function meters(client: MeterClient): Meters {
  return {
    offers: () => offersOf(client.offered()),
    async sample(queries, context) {
      const series: Series[] = queries.map(({ type, aspect }) => ({ points: [], missing: `no ${aspect} of a ${type} is measured here` }));
      const asked = queries.flatMap((query, place) => {
        const question = questionOf(query);
        return question ? [{ place, question }] : [];
      });
      for (let at = 0; at < asked.length; at += QUESTIONS) {
        const some = asked.slice(at, at + QUESTIONS);
        const answers = await sent(
          client.measured(
            some.map(({ question }) => question),
            context,
          ),
        );
        answers.forEach((answer, index) => (series[some[index]?.place ?? -1] = answer));
      }
      return series;
    },
  };
}

function questionOf({ type, key, aspect, interval, after, upTo }: SeriesQuery): Question | undefined {
  const found = quantityOf(type, aspect);
  return found && { ...found, id: key, every: interval, after, upTo };
}
