import type { Cloud, Clouds } from '../clouds/cloud';
import type { MeterOffer } from '../clouds/monitoring';
import type { JobLog } from '../jobs/engine-context';
import { withTimeout } from '../jobs/with-timeout';
import { giveWay } from '../model/turns';
import { aspectOf, isGroup } from '../model/aspects';
import type { Catalogue } from '../model/catalogue';
import { collectorOf, isCollector } from '../operations/collecting';
import { modelEvent, subjectOf } from '../operations/events';
import type { AgendaEntry, Series } from '../store/monitoring';
import type { ResourceRow, Store, UnitOfWork } from '../store/store';
import { ask, batchOf, pointsOf, type Asking } from './asking';
import { membersOf, type Member } from './members';
import { askedEvery, dueAt, meteringOf, windowOf, type Metering, type Timing } from './metering';
import type { RecurringWork, Turn } from './schedule';

const METER = 'Meter';
/** Longest pause between two looks at the agenda, and at a Meter that cannot be asked for; ms. */
const EVERY_MS = 60_000;
/** Shortest pause between two turns, ms: Meters that become due within it are asked for together. */
const PAUSE_MS = 1_000;
/** Meters that are asked for at once, and rows of them that are read at once. */
const AT_ONCE = 5_000;
const ROWS = 500;
/** Points of the answers that are in memory at once. */
const POINTS = 100_000;
/** Time for which the values of a group wait for a cloud that does not answer, ms; then its members are left out. */
const PATIENCE_MS = 900_000;
/** Time for which a reader waits for a cloud's newest values, ms. */
const READER_MS = 5_000;
/** Pause after a cloud did not answer, ms; doubled up to the longest. */
const AGAIN_MS = 5_000;

export interface CollectorOptions {
  store: Store;
  clouds: Clouds;
  catalogue: Catalogue;
  log: JobLog;
  /** Least distance of two questions for one Meter, in s. */
  windowSeconds: number;
}

/** Turn under way. */
interface Looking {
  cloud: string | null;
  signal: AbortSignal;
  now: Turn['now'];
  /** Writes under the lease. */
  write(work: (unit: UnitOfWork) => Promise<void>): Promise<void>;
  /** True once a cloud has answered. */
  answered?: boolean;
  /** Time, in ms since the epoch, at which what a cloud did not answer is asked again. */
  again?: number;
}

/** Reads the values of all Meters: for each cloud those of one turn in one question, as few calls as the provider allows. */
export class Collector {
  /** Failures one after the other, by cloud. */
  private readonly failures = new Map<string | null, number>();

  constructor(private readonly options: CollectorOptions) {}

  /** Recurring work of reading Meters: one for each cloud, and one for what spans clouds. */
  works(): RecurringWork[] {
    return [null, ...this.options.clouds.all().map(({ key }) => key)].map((cloud) => ({
      name: collectorOf(cloud),
      everyMs: EVERY_MS,
      run: (_memory, signal, save, now) => this.turn(cloud, signal, save, now),
    }));
  }

  /**
   * Brings the samples of a Meter of one resource up to date, where a value is due that was not asked for yet. What the cloud says
   * to that is for the log: who reads gets what is there.
   */
  async fill(row: ResourceRow): Promise<void> {
    await withTimeout(this.filled(row), READER_MS).catch(() => undefined);
  }

  private async filled(row: ResourceRow): Promise<void> {
    const { store, log } = this.options;
    const meter = meteringOf(row);
    try {
      const now = await store.now();
      if (meter.target === null || isGroup(meter.type) || meter.duration !== undefined) return;
      const [asking] = await this.askings([meter], now, { soon: true });
      if (!asking) return;
      const answers = (await ask([asking])).get(asking) ?? [];
      const failed = answers.find((answer) => answer instanceof Error);
      if (failed) throw failed;
      await store.transaction((unit) => unit.putSamples([batchOf(asking, answers)]));
    } catch (error) {
      log.warn({ meter: row.path, err: error }, 'the newest samples could not be read');
    }
  }

  private async turn(cloud: string | null, signal: AbortSignal, save: Turn['save'], now: Turn['now']): Promise<number> {
    const { store } = this.options;
    const works = await this.worksOf(cloud);
    const turn: Looking = { cloud, signal, now, write: (work) => save({ at: now() }, work) };
    for (const work of works) {
      for (;;) {
        if (signal.aborted) return 0;
        const entries = await store.agenda({ work, upTo: now(), limit: AT_ONCE });
        if (entries.length === 0) break;
        await this.look(work, entries, turn);
      }
    }
    if (turn.answered === true && turn.again === undefined) this.failures.delete(cloud);
    const next = await Promise.all(works.map((work) => store.nextOnAgenda(work)));
    return Math.max(PAUSE_MS, next.reduce<number>((least, due) => Math.min(least, due ?? least), now() + EVERY_MS) - now());
  }

  /** Work that has the Meters of a cloud on its agenda; those of a cloud that is not configured any more are with those of many. */
  private async worksOf(cloud: string | null): Promise<string[]> {
    const { store, clouds } = this.options;
    if (cloud !== null) return [collectorOf(cloud)];
    const own = new Set(clouds.all().map(({ key }) => collectorOf(key)));
    return (await store.agendas()).filter((work) => isCollector(work) && !own.has(work));
  }

  /** Asks for the Meters that are due, in one question to each cloud, and dates each anew with what is written of it. */
  private async look(work: string, entries: readonly AgendaEntry[], turn: Looking): Promise<void> {
    const rows = await this.rowsOf(entries);
    const expired = rows.filter((row) => meteringOf(row).expires <= turn.now());
    if (expired.length > 0) await turn.write((unit) => removeAll(unit, expired));
    const meters = rows.flatMap((row) => (expired.includes(row) ? [] : [meteringOf(row)]));
    const askings = await this.askings(meters, turn.now());
    const asked = new Set(askings.map(({ meter }) => meter));
    const idle = meters.filter((meter) => !asked.has(meter));
    if (idle.length > 0) {
      const dates = await this.datesOfIdle(idle, turn.now());
      await turn.write((unit) => unit.dateOnAgenda(work, dated(entries, dates)));
    }
    for (const some of chunks(askings)) {
      if (turn.signal.aborted) return;
      const answers = await ask(some);
      this.tell(turn.cloud, [...answers.values()].flat());
      const usable = some.filter((asking) => isUsable(asking, answers.get(asking) ?? [], turn.now()));
      const dates = this.datesOfAsked(some, new Set(usable), turn);
      const batches = usable.map((asking) => batchOf(asking, answers.get(asking) ?? []));
      await turn.write(async (unit) => {
        await unit.putSamples(batches);
        await unit.dateOnAgenda(work, dated(entries, dates));
      });
      await giveWay();
    }
  }

  /** Dates of Meters that were not asked for: what should have been and could not be is looked at again in time. */
  private async datesOfIdle(meters: readonly Metering[], now: number): Promise<Map<string, number>> {
    const standings = await this.options.store.series(meters.map(({ path }) => path));
    return new Map(
      meters.map((meter) => {
        const due = this.dueOf(meter, standings.get(meter.path), now);
        return [meter.path, Math.min(meter.expires, due > now ? due : now + EVERY_MS)];
      }),
    );
  }

  /** Dates of Meters that were asked for: not at once, however much is left to be asked for; after a failure once the cloud had a pause. */
  private datesOfAsked(askings: readonly Asking[], usable: ReadonlySet<Asking>, turn: Looking): Map<string, number> {
    const now = turn.now();
    turn.answered ||= usable.size > 0;
    if (usable.size < askings.length) turn.again ??= now + this.pauseAfter(turn.cloud);
    const again = turn.again ?? now;
    return new Map(
      askings.map((asking) => {
        const { meter, window } = asking;
        const after = { meter: meter.path, reached: window.reached, memory: null };
        const due = usable.has(asking) ? this.dueOf(meter, after, now) : again;
        return [meter.path, Math.min(meter.expires, Math.max(now + PAUSE_MS, due))];
      }),
    );
  }

  private async rowsOf(entries: readonly AgendaEntry[]): Promise<ResourceRow[]> {
    const rows: ResourceRow[] = [];
    for (let from = 0; from < entries.length; from += ROWS) {
      const paths = entries.slice(from, from + ROWS).map(({ path }) => path);
      rows.push(...(await this.options.store.resources({ type: METER, paths })));
      await giveWay();
    }
    return rows;
  }

  /** Finds what is to be asked for now. `soon`: as soon as a value may be there, whatever a question costs. */
  private async askings(meters: readonly Metering[], now: number, { soon = false } = {}): Promise<Asking[]> {
    const standings = await this.options.store.series(meters.map(({ path }) => path));
    const due = meters.flatMap((meter) => {
      const timing = this.timingOf(meter, soon);
      const standing = standings.get(meter.path);
      const window = timing && windowOf(meter, standing, timing, this.isSettled(meter), now);
      return window ? [{ meter, standing, window }] : [];
    });
    const keys = await this.keysOf(due.map(({ meter }) => meter));
    const all: Asking[] = [];
    for (const { meter, standing, window } of due) {
      const grouped = isGroup(meter.type);
      const type = grouped ? (aspectOf(meter.aspect)?.members ?? '') : meter.type;
      const members = grouped ? await this.members(meter, type) : this.itself(meter, keys);
      if (members) all.push({ meter, standing, window, type, members, grouped });
    }
    return all;
  }

  /** A group's members; undefined where a cloud cannot say what it has: that is another turn's. */
  private async members(meter: Metering, type: string): Promise<Member[] | undefined> {
    try {
      return await membersOf(this.options, meter, type, meter.aspect === 'cpu');
    } catch (error) {
      this.options.log.warn({ meter: meter.path, err: error }, 'the members of a group could not be read');
      return undefined;
    }
  }

  private itself({ cloud: key, target, key: first }: Metering, keys: ReadonlyMap<string, string>): Member[] | undefined {
    const cloud = key === null ? undefined : this.options.clouds.byKey(key);
    const own = (target === null ? undefined : keys.get(target)) ?? first;
    return cloud && own !== null ? [{ at: { cloud, key: own }, weight: 1 }] : undefined;
  }

  /** Keys that targets have at their provider now, by path. */
  private async keysOf(meters: readonly Metering[]): Promise<Map<string, string>> {
    const paths = new Map<string, string[]>();
    for (const { type, target } of meters) if (target !== null) paths.set(type, [...(paths.get(type) ?? []), target]);
    const keys = new Map<string, string>();
    for (const [type, own] of paths)
      for (const { path, providerKey } of await this.options.store.resources({ type, paths: own }))
        if (providerKey !== null) keys.set(path, providerKey);
    return keys;
  }

  private isSettled(meter: Metering): boolean {
    return meter.duration !== undefined || isGroup(meter.type);
  }

  /** Timing of a Meter's values; of a group as those of the cloud that has them last. Undefined where nobody measures them. */
  private timingOf(meter: Metering, soon: boolean): Timing | undefined {
    const { clouds, windowSeconds } = this.options;
    const type = isGroup(meter.type) ? aspectOf(meter.aspect)?.members : meter.type;
    const only = meter.cloud === null ? undefined : clouds.byKey(meter.cloud);
    const among: readonly (Cloud | undefined)[] = meter.cloud === null ? clouds.forTenant(meter.tenant) : [only];
    const offers = among.flatMap(
      (cloud) => cloud?.meterOffers().filter((offer) => offer.type === type && offer.aspect === meter.aspect) ?? [],
    );
    if (offers.length === 0) return undefined;
    const most = (of: (offer: MeterOffer) => number): number => Math.max(...offers.map(of));
    const seldom = soon ? ([0, 0] as const) : ([most(({ askEvery = 0 }) => askEvery), windowSeconds] as const);
    return { delay: most(({ delay }) => delay), kept: most(({ kept }) => kept), every: askedEvery(meter, ...seldom) };
  }

  /** Time at which a Meter is to be asked for next, in ms since the epoch; one that nobody measures any more always should have been. */
  private dueOf(meter: Metering, standing: Series | undefined, now: number): number {
    const timing = this.timingOf(meter, false);
    return timing ? dueAt(meter, standing, timing, this.isSettled(meter), now) : now;
  }

  private pauseAfter(cloud: string | null): number {
    const failures = (this.failures.get(cloud) ?? 0) + 1;
    this.failures.set(cloud, failures);
    return Math.min(EVERY_MS, AGAIN_MS * 2 ** (failures - 1));
  }

  /** Tells of a cloud that does not answer, once until it does again. */
  private tell(cloud: string | null, answers: readonly unknown[]): void {
    const error = answers.find((answer) => answer instanceof Error);
    if (error && !this.failures.has(cloud))
      this.options.log.warn({ ...(cloud === null ? {} : { cloud }), err: error }, 'Meters could not be read; it is tried again');
  }
}

/** Tells whether something is to be written: of a group also without the clouds that have not answered for a while. */
function isUsable({ standing, grouped, window }: Asking, answers: readonly unknown[], now: number): boolean {
  if (!answers.some((answer) => answer instanceof Error)) return true;
  return grouped && answers.some((answer) => !(answer instanceof Error)) && now - (standing?.reached ?? window.after) > PATIENCE_MS;
}

/** Deletes Meters that have expired, and were not changed since that was seen. */
async function removeAll(unit: UnitOfWork, meters: readonly ResourceRow[]): Promise<void> {
  for (const meter of meters) {
    const { path, version, values } = meter;
    if ((await unit.resource(path))?.version !== version) continue;
    await unit.deleteResource(path);
    await unit.recordEvent(modelEvent(subjectOf(meter), 'delete', { detail: `its expiresTime has come (${String(values.expiresTime)})` }));
  }
}

/** Entries of these Meters with their new dates; what is never due again has none. */
function dated(entries: readonly AgendaEntry[], dates: ReadonlyMap<string, number>) {
  return entries.flatMap((entry) => {
    const due = dates.get(entry.path);
    return due === undefined ? [] : [{ ...entry, due: Number.isFinite(due) ? due : undefined }];
  });
}

/** Parts of the questions whose answers may be in memory together. */
function* chunks(askings: readonly Asking[]): Generator<Asking[]> {
  let some: Asking[] = [];
  let points = 0;
  for (const asking of askings) {
    if (some.length > 0 && points + pointsOf(asking) > POINTS) {
      yield some;
      [some, points] = [[], 0];
    }
    some.push(asking);
    points += pointsOf(asking);
  }
  if (some.length > 0) yield some;
}
