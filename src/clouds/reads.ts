import type { Answers, Freshness, Seen, SeenList } from './cloud';
import type { CallRunner, GuardHooks } from './call';
import type { Item, ListedGroup, ReadGroup } from './driver';
import { Gone, ProviderError } from './errors';
import { steadyTime } from '../model/steady-time';

/** Settings of the reads of one group. */
export interface ReadSettings {
  cloud: string;
  group: ListedGroup;
  type: string;
  /** Age up to which an answer is good enough where the caller does not say, in ms. */
  cacheMs: number;
  /** True where an item that vanished may still be read by key (configurations outlive their retirement). */
  outlives: boolean;
}

/** A read on its way. `at` is set when the driver is called, which may be later than the asking. */
interface Flight {
  readonly generation: number;
  at: number | undefined;
}

interface Listing extends Flight {
  answer: Promise<SeenList>;
}

interface Batch extends Flight {
  readonly keys: Set<string>;
  answer: Promise<Seen<ReadonlyMap<string, Known>>>;
}

/** Knowledge of one key: its item, the proof that there is none, or the reason why neither is known. */
type Known = Item | ProviderError;

class ItemsByKey extends Map<string, Item> implements Answers {
  readonly unknown = new Map<string, ProviderError>();
}

/** Stands for the list among the keys, of which none is empty. */
const LIST = '';
/** Keys that travel in one call of the driver, so that one deadline suffices. */
const MAX_BATCH = 1000;
/** Items of a kept list that are read by themselves rather than all of it. */
const MOST_TOUCHED = 100;
/** Answers by key that are remembered; the oldest give way. */
const MAX_KEPT = 20_000;

/**
 * The reads of one group: equal reads in flight are joined, keys asked for together travel together, answers are kept
 * for a short age that the caller sees. A write opens a new generation: nothing of an earlier one is joined or kept.
 */
export class GroupReads {
  private generation = 0;
  private all: SeenList | undefined;
  private readonly byKey = new Map<string, Seen<Item | undefined>>();
  /** Items as single reads showed them after the kept list was read. */
  private readonly newer = new Map<string, Seen<Item | undefined>>();
  /** Keys of the kept list that were written to since: each is read anew before the list is given out. */
  private readonly touched = new Set<string>();
  private readonly retired = new Map<string, Seen<Item>>();
  private listing: Listing | undefined;
  private readonly flying = new Map<string, Batch>();
  private waiting: Batch | undefined;
  private readonly warned = new Set<string>();
  private readonly name: string;

  constructor(
    private readonly settings: ReadSettings,
    private readonly driver: ReadGroup,
    private readonly caller: CallRunner,
    private readonly hooks: GuardHooks,
  ) {
    this.name = `${settings.cloud} ${settings.group}`;
  }

  /** Forgets every answer; reads on their way are neither joined nor kept. */
  invalidate(): void {
    this.changed();
    this.generation += 1;
    this.all = undefined;
    this.newer.clear();
    this.touched.clear();
    this.byKey.clear();
    this.startAfresh();
  }

  /** Forgets what is known of one item, which a write changes and nothing else of the group; reads on their way are neither joined nor kept. */
  touch(key: string): void {
    this.changed(key);
    this.changed(LIST);
    this.generation += 1;
    if (this.all?.value.some((item) => item.key === key)) this.touched.add(key);
    else this.all = undefined;
    this.newer.delete(key);
    this.byKey.delete(key);
    this.startAfresh();
  }

  private startAfresh(): void {
    this.flying.clear();
    this.listing = undefined;
    this.waiting = undefined;
  }

  /** Every item of the group. @throws ProviderError */
  async list(freshness?: Freshness): Promise<SeenList> {
    this.noteRead(LIST, this.all, freshness);
    const { all } = this;
    if (all && this.fresh(all.at, freshness) && (await this.readTouched()) && this.all) return this.upToDate(this.all);
    if (this.listing && this.joinable(this.listing, freshness)) return this.listing.answer;
    const flight: Flight = { generation: this.generation, at: undefined };
    const listing: Listing = Object.assign(flight, { answer: this.fetchAll(flight) });
    this.listing = listing;
    try {
      return await listing.answer;
    } finally {
      if (this.listing === listing) this.listing = undefined;
    }
  }

  /**
   * Reads what was touched of the kept list. @returns whether the list is whole then: not where much of it was touched, and not where
   * something is not told or was written to meanwhile
   */
  private async readTouched(): Promise<boolean> {
    if (this.touched.size === 0) return true;
    if (this.touched.size > MOST_TOUCHED) return false;
    await this.getMany([...this.touched]).catch((error: unknown) => {
      // A cloud that does not answer is not asked for all of it right after; whatever else it is, the list itself says.
      if (error instanceof ProviderError && error.passing) throw error;
    });
    return this.touched.size === 0;
  }

  /** The kept list as later single reads corrected it: what was seen as gone does not come back from the cache. */
  private upToDate(list: SeenList): SeenList {
    if (this.newer.size === 0) return list;
    const later = new Map(list.later);
    const value = list.value.flatMap((item) => {
      const seen = this.newer.get(item.key);
      if (!seen) return item;
      later.set(item.key, seen.at);
      return listable(seen.value) ?? [];
    });
    this.newer.clear();
    return (this.all = { value, at: list.at, later });
  }

  /** Items by key; what is proven gone is missing. `at` is that of the oldest part. @throws ProviderError where nothing could be asked */
  async getMany(keys: readonly string[], freshness?: Freshness): Promise<Seen<Answers>> {
    const found = new ItemsByKey();
    let oldest = steadyTime();
    const flights = new Map<Batch, string[]>();
    for (const key of new Set(keys)) {
      const known = this.known(key, freshness);
      this.noteRead(key, known, freshness);
      if (known) {
        oldest = Math.min(oldest, known.at);
        if (known.value) found.set(key, known.value);
        continue;
      }
      const batch = this.batchFor(key, freshness);
      const own = flights.get(batch);
      if (own) own.push(key);
      else flights.set(batch, [key]);
    }
    const answers = await Promise.all([...flights].map(async ([batch, own]) => ({ own, seen: await batch.answer })));
    for (const { own, seen } of answers) {
      oldest = Math.min(oldest, seen.at);
      for (const key of own) {
        const known = seen.value.get(key);
        if (known && !(known instanceof ProviderError)) found.set(key, known);
        else if (known && !(known instanceof Gone)) found.unknown.set(key, known);
        else this.outlived(key, found);
      }
    }
    return { value: found, at: oldest };
  }

  /** Configurations outlive their retirement: what was read of one once is its answer from then on. */
  private outlived(key: string, found: Map<string, Item>): void {
    const item = this.settings.outlives ? this.retired.get(key)?.value : undefined;
    if (item) found.set(key, item);
  }

  /** Notes that a kept answer is read, for as long as it is good enough; of what is not kept nothing made is kept either. */
  private noteRead(key: string, kept: Seen<unknown> | undefined, freshness: Freshness | undefined): void {
    const { ledger } = this.hooks;
    if (!ledger) return;
    if (!kept || freshness?.maxAgeMs !== undefined || !this.fresh(kept.at, freshness)) return ledger.readUntold();
    ledger.read(this.topic());
    ledger.read(this.topic(key));
    ledger.readUntil(kept.at + this.settings.cacheMs);
  }

  /** Tells that another answer is given from now on: of one key, or of any. */
  private changed(key?: string): void {
    this.hooks.ledger?.changed(this.topic(key));
  }

  private topic(key?: string): string {
    return key === undefined ? this.name : `${this.name} ${key}`;
  }

  private fresh(at: number, freshness: Freshness | undefined): boolean {
    const maxAge = freshness?.maxAgeMs ?? this.settings.cacheMs;
    return maxAge > 0 && steadyTime() - at <= maxAge;
  }

  private joinable(flight: Flight, freshness: Freshness | undefined): boolean {
    return flight.generation === this.generation && (flight.at === undefined || this.fresh(flight.at, freshness));
  }

  private known(key: string, freshness: Freshness | undefined): Seen<Item | undefined> | undefined {
    const single = this.byKey.get(key);
    return single && this.fresh(single.at, freshness) ? single : undefined;
  }

  private async fetchAll(flight: Flight): Promise<SeenList> {
    const name = { group: this.settings.group, method: 'list' };
    const items = await this.caller.pages(
      name,
      (context) => this.driver.list(context),
      () => (flight.at = steadyTime()),
    );
    const seen: SeenList = { value: items, at: flight.at ?? steadyTime(), later: new Map() };
    this.report(items);
    // One that began earlier may end later: it takes nothing back.
    if (flight.generation === this.generation && seen.at >= (this.all?.at ?? 0)) {
      this.changed();
      this.all = seen;
      this.newer.clear();
      this.touched.clear();
      for (const [key, kept] of this.byKey) {
        if (corrects(kept, seen)) this.newer.set(key, kept);
        else this.byKey.delete(key);
      }
      for (const item of items) this.keep(item.key, { value: item, at: seen.at });
    }
    return seen;
  }

  private batchFor(key: string, freshness: Freshness | undefined): Batch {
    const flying = this.flying.get(key);
    if (flying && this.joinable(flying, freshness)) return flying;
    let batch = this.waiting;
    if (!batch || batch.keys.size >= MAX_BATCH) {
      const flight = { generation: this.generation, at: undefined, keys: new Set<string>() };
      const asked = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.fetch(flight));
      batch = this.waiting = Object.assign(flight, { answer: asked });
    }
    batch.keys.add(key);
    this.flying.set(key, batch);
    return batch;
  }

  private async fetch(batch: Omit<Batch, 'answer'>): Promise<Seen<ReadonlyMap<string, Known>>> {
    if (this.waiting === batch) this.waiting = undefined;
    const keys = [...batch.keys];
    try {
      const found = await this.ask(keys, (at) => (batch.at = at));
      const at = batch.at ?? steadyTime();
      const items = [...found.values()].flatMap((known) => (known instanceof ProviderError ? [] : known));
      this.report(items);
      if (batch.generation === this.generation) {
        const ended = steadyTime();
        for (const [key, known] of found) {
          if (known instanceof ProviderError && !(known instanceof Gone)) continue;
          // What is gone does not come back: not even from a list that was asked for after this, and answered before.
          const kept = known instanceof Gone ? { value: undefined, at: ended } : { value: known, at };
          this.keep(key, kept);
          this.changed(key);
          // Of what was touched the list shows what was before.
          const late = this.touched.delete(key);
          if (!this.all || !(late || corrects(kept, this.all))) continue;
          this.newer.set(key, kept);
          this.changed(LIST);
        }
      }
      return { value: found, at };
    } finally {
      for (const key of keys) if (this.flying.get(key) === batch) this.flying.delete(key);
    }
  }

  /** Every key with what is known of it. @throws ProviderError where none could be asked */
  private async ask(keys: readonly string[], begun: (at: number) => void): Promise<Map<string, Known>> {
    const name = { group: this.settings.group, method: 'getMany' };
    try {
      const answers = await this.caller.call(name, (context) => {
        begun(steadyTime());
        return this.driver.getMany(keys, context);
      });
      const known = new Map(answers.map((answer) => [answer.key, answer]));
      return new Map(keys.map((key) => [key, known.get(key) ?? this.untold(key)]));
    } catch (error) {
      if (!(error instanceof ProviderError) || (error.kind !== 'invalid' && !(error instanceof Gone))) throw error;
      // One key that the provider refuses to read must not spoil the others; of itself nothing is known but what was proven.
      const [only] = keys;
      if (only !== undefined && keys.length === 1)
        return new Map([[only, error instanceof Gone && error.key !== only ? this.untold(only) : error]]);
      const half = Math.ceil(keys.length / 2);
      const parts = await Promise.all([this.ask(keys.slice(0, half), begun), this.ask(keys.slice(half), begun)]);
      return new Map(parts.flatMap((part) => [...part]));
    }
  }

  /** The provider answered, but said nothing of this key. */
  private untold(key: string): ProviderError {
    const { cloud, type } = this.settings;
    return new ProviderError('unavailable', `The answer of the cloud ${cloud} does not mention the ${type} ${key}`, { maybeDone: false });
  }

  private keep(key: string, seen: Seen<Item | undefined>): void {
    const { value, at } = seen;
    if (this.settings.outlives && value) this.retired.set(key, { value, at });
    const before = this.byKey.get(key);
    if (before && before.at > at) return;
    this.byKey.delete(key);
    this.byKey.set(key, seen);
    if (this.byKey.size <= Math.max(MAX_KEPT, 2 * (this.all?.value.length ?? 0))) return;
    for (const oldest of this.byKey.keys()) {
      this.byKey.delete(oldest);
      this.changed(oldest);
      break;
    }
  }

  /** A state without an entry in the driver's table is logged once and counted each time it is read. */
  private report(items: readonly Item[]): void {
    const { cloud, type } = this.settings;
    for (const { unmappedState: state, key } of items) {
      if (state === undefined) continue;
      this.hooks.metrics?.onUnmappedState?.({ cloud, type, state });
      if (this.warned.has(state)) continue;
      this.warned.add(state);
      this.hooks.log.warn('a provider state is not in the driver’s table and is shown as ERROR', { cloud, type, state, key });
    }
  }
}

/** Tells whether what a read by key showed is later than what a list shows of that key. */
function corrects(single: Seen<Item | undefined>, list: Seen<unknown>): boolean {
  return single.value ? single.at > list.at : single.at >= list.at;
}

/** Lists never show what the provider gave up. */
function listable(item: Item | undefined): Item | undefined {
  return item?.gone ? undefined : item;
}
