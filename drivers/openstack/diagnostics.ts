import type { CallContext, MeterOffer, Meters, Series, SeriesQuery } from '../../src/clouds/driver';
import { isGone, ProviderError } from '../../src/clouds/errors';
import { pathOf, type Wire } from './client';
import { amount, type Doc, doc, docs } from './documents';
import { isConflict } from './errors';
import { diagnosticsOffers } from './meter-aspects';
import { UUID } from './reads';

/** Microversion from which on diagnostics are the same for all hypervisors. */
const UNIFIED = '2.48';
/** Servers that are asked at the same time. */
const AT_ONCE = 8;
/** Number of intervals after which an earlier reading says nothing any more. */
const STALE = 3;
const MIB = 1_048_576;

/** Figures that Nova's hypervisor tells of a server now. */
interface Reading {
  /** ms since the epoch. */
  at: number;
  vcpus?: number | undefined;
  /** Percent, where the hypervisor itself tells it. */
  utilisation?: number | undefined;
  /** ns of all vCPUs since the server began. */
  cpu?: number | undefined;
  /** Bytes. */
  memory?: number | undefined;
  received?: number | undefined;
  sent?: number | undefined;
}

/**
 * Meters of machines by Nova's diagnostics: a call for each server, at most clouds for administrators alone, and nothing of before.
 * Counters become rates by the reading before, which this process remembers: the first one after a start gives none.
 */
export class DiagnosticsMeters implements Meters {
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly wire: Wire,
    private readonly seconds: number,
    private readonly now: () => number = Date.now,
  ) {}

  offers(): readonly MeterOffer[] {
    return diagnosticsOffers(this.seconds);
  }

  async sample(queries: readonly SeriesQuery[], context: CallContext): Promise<readonly Series[]> {
    if (!(await this.wire.speaks('compute', UNIFIED, context)))
      return queries.map(() => nothing(`Nova speaks no ${UNIFIED}, from which on its diagnostics are the same for all hypervisors`));
    const wanted = [...new Set(queries.filter(isOffered).map(({ key, interval }) => `${key}/${interval}`))];
    const told = new Map<string, Told>();
    for (let n = 0; n < wanted.length; n += AT_ONCE) {
      const asked = wanted.slice(n, n + AT_ONCE);
      const read = await Promise.all(asked.map((name) => this.#read(name, context)));
      asked.forEach((name, m) => told.set(name, read[m] ?? ''));
    }
    this.#tidy();
    return queries.map((query) => seriesOf(query, told.get(`${query.key}/${query.interval}`)));
  }

  /** Reads one server now, beside what was read of it the last time at this interval. */
  async #read(name: string, context: CallContext): Promise<Told> {
    const [key = '', interval = ''] = name.split('/');
    try {
      const path = `${pathOf('server', key)}/diagnostics`;
      const answer = await this.wire.get('compute', path, 'state', context, { of: { kind: 'server', id: key } });
      const before = this.readings.get(name);
      const now = readingOf(answer, this.now());
      this.readings.delete(name);
      this.readings.set(name, now);
      const fresh = before !== undefined && now.at - before.at <= STALE * Number(interval) * 1000;
      return { now, before: fresh ? before : undefined };
    } catch (error) {
      if (isGone(error, { type: 'server', key })) return error.message;
      if (isConflict(error) || (error instanceof ProviderError && LASTING.includes(error.kind))) return error.message;
      throw error;
    }
  }

  /** Drops readings of servers that nobody asks for any more. */
  #tidy(): void {
    for (const [name, { at }] of this.readings) {
      if (this.now() - at <= STALE * Number(name.split('/')[1]) * 1000) break;
      this.readings.delete(name);
    }
  }
}

type Told = { now: Reading; before: Reading | undefined } | string;

/** Nova's policy, a hypervisor without diagnostics. A server that is off, or being worked on, is a conflict. */
const LASTING: readonly string[] = ['forbidden', 'unsupported'];

const nothing = (missing: string): Series => ({ points: [], missing });
const isOffered = ({ type, aspect, key }: SeriesQuery): boolean => type === 'Machine' && Object.hasOwn(VALUES, aspect) && UUID.test(key);

function seriesOf(query: SeriesQuery, told: Told | undefined): Series {
  if (told === undefined || told === '') return nothing(`Diagnostics have no ${query.aspect} of ${query.type} ${query.key}`);
  if (typeof told === 'string') return nothing(told);
  const interval = query.interval * 1000;
  const at = Math.floor(told.now.at / interval) * interval;
  const value = VALUES[query.aspect]?.(told.now, told.before);
  return { points: value === undefined || at <= query.after || at > query.upTo ? [] : [[at, value]] };
}

/** Values by aspect; undefined where the hypervisor does not tell it, or not yet. */
const VALUES: Readonly<Record<string, (now: Reading, before: Reading | undefined) => number | undefined>> = {
  cpu: (now, before) => {
    if (now.utilisation !== undefined) return Math.min(100, now.utilisation);
    const spent = rate(now, before, 'cpu');
    return spent === undefined || !now.vcpus ? undefined : Math.min(100, (spent / 1e9 / now.vcpus) * 100);
  },
  memory: ({ memory }) => memory,
  inputBandwidth: (now, before) => rate(now, before, 'received'),
  outputBandwidth: (now, before) => rate(now, before, 'sent'),
};

/** Growth of a counter by the second; a counter that began anew grows by nothing that can be told. */
function rate(now: Reading, before: Reading | undefined, counter: 'cpu' | 'received' | 'sent'): number | undefined {
  const [to, from] = [now[counter], before?.[counter]];
  if (to === undefined || from === undefined || before === undefined || to < from || now.at <= before.at) return undefined;
  return ((to - from) * 1000) / (now.at - before.at);
}

function readingOf(answer: Doc, at: number): Reading {
  const [cpus, nics] = [docs(answer.cpu_details), docs(answer.nic_details)];
  const memory = amount(doc(answer.memory_details).used);
  const utilisation = total(cpus, 'utilisation');
  return {
    at,
    vcpus: amount(answer.num_cpus) ?? (cpus.length > 0 ? cpus.length : undefined),
    utilisation: utilisation === undefined ? undefined : utilisation / cpus.length,
    cpu: total(cpus, 'time'),
    memory: memory === undefined ? undefined : memory * MIB,
    received: total(nics, 'rx_octets'),
    sent: total(nics, 'tx_octets'),
  };
}

/** Sum over all parts; undefined where there is none, or one of them is not told. */
function total(parts: readonly Doc[], member: string): number | undefined {
  const told = parts.map((part) => amount(part[member]));
  return told.length === 0 ? undefined : told.reduce((sum, each) => (sum === undefined || each === undefined ? undefined : sum + each));
}
