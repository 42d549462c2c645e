import type { Cloud } from '../clouds/cloud';
import type { Item, ListedGroup } from '../clouds/driver';
import { GROUPS } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import type { ProviderEvent } from '../clouds/monitoring';
import type { Value } from '../model/values';
import type { JobLog } from '../jobs/engine-context';
import type { EventRecord } from '../store/event-record';
import type { StoreReads } from '../store/store';
import { availabilityAfter } from './availability';
import { differences, readKnown, writeKnown, type Known, type Sight } from './looks';
import { changesToTell, overlaid, type Change, type Overlaid, type PathOf } from './news';
import { providerRecords } from './provider-news';
import { availabilityRecords, cloudSubject, recordOf, recordsOf } from './records';
import { pathOfKey, standingsOf, type Standing, type StandingContext } from './standing';
import { readMemory, type WatchMemory } from './watch-memory';

/** Everything that a watcher needs. */
export interface WatchContext extends StandingContext {
  store: StoreReads;
  log: Pick<JobLog, 'warn'>;
}

/** Outcome of a round. */
export interface Round {
  memory: Value;
  /** Events to record whatever happens. */
  records: readonly EventRecord[];
  /** Events of differences: not of a resource of which something was recorded after `began`. */
  seen: readonly EventRecord[];
  /** Time before the cloud was asked, in ms since the epoch by the database's clock. */
  began: number;
  /** Time of occurrence up to which the looks before this one have seen everything, in ms since the epoch. */
  lookedUpTo: number;
}

/** News that the provider tells by itself, where to go on, and the ids of all that it told this time. */
interface Happened {
  events: readonly ProviderEvent[];
  cursor: Value | undefined;
  told: string[];
}

type Keyed = ProviderEvent & { key: string };

/** Time, in ms, that a transaction may take from the moment its events are stamped with until others see them. */
const UNSEEN_MS = 2_000;

/** Knowledge of a type while it is looked at. */
interface Looking {
  group: ListedGroup;
  type: string;
  told: { at: number; known: Known } | undefined;
  events: readonly Keyed[];
  began: number;
  pathOf: PathOf;
}

/**
 * The watcher of a cloud: lists every watched type once a round, reads what the provider tells by itself, and tells how it differs
 * from what was told before. It tells states in which nothing is going on, each with the one that was told before it, whoever told
 * it; never what a Job is at, which its end tells; and nothing of what its first look shows.
 */
export class Watcher {
  private readonly groups: readonly ListedGroup[];
  private warned: string | undefined;

  constructor(
    private readonly context: WatchContext,
    private readonly cloud: Cloud,
  ) {
    this.groups = watchedGroups(context, cloud);
  }

  /** Time, in ms, for which neither the cloud nor the store shows for certain what was done. */
  private get unsettledMs(): number {
    return this.cloud.capabilities.settleMs + UNSEEN_MS;
  }

  /** Looks once. @param signal ends the round between two types */
  async round(before: Value | null, signal: AbortSignal): Promise<Round> {
    const memory = readMemory(before);
    const began = await this.context.store.now();
    const errors: ProviderError[] = [];
    const happened = await this.happened(memory);
    const known = { ...memory?.known };
    const records = happened.events.filter(({ key, type }) => key === undefined || type === undefined).map((event) => this.ofCloud(event));
    const seen: EventRecord[] = [];
    let answered = 0;
    for (const group of this.groups) {
      signal.throwIfAborted();
      const looking = this.looking(group, memory, happened.events, began);
      const look = await this.look(looking);
      records.push(...look.records);
      seen.push(...look.changes.flatMap((change) => recordsOf(change, this.cloud)));
      if (look.known) known[looking.type] = { at: look.error ? (looking.told?.at ?? began) : began, things: writeKnown(look.known) };
      if (look.error) errors.push(look.error);
      else answered += 1;
    }
    records.push(...(await this.unwatched(happened.events)));
    // A service that is away goes before one that refuses.
    const error = errors.find(({ passing, kind }) => passing || kind === 'auth') ?? errors[0];
    const { after, told } = availabilityAfter(memory?.availability, { answers: answered > 0, error });
    if (told) records.push(...availabilityRecords(this.cloud, told, error));
    const lookedUpTo = Math.min(began, ...Object.values(memory?.known ?? {}).map(({ at }) => at)) - this.unsettledMs;
    return { memory: { known, availability: after, cursor: happened.cursor, told: happened.told }, records, seen, began, lookedUpTo };
  }

  /**
   * Reads what the provider tells by itself, without what its last answer had already: that stays told, whoever deletes it. A cloud
   * that does not tell it now is asked again from the same place.
   */
  private async happened(memory: WatchMemory | undefined): Promise<Happened> {
    const before = { events: [], cursor: memory?.cursor, told: memory?.told ?? [] };
    if (!this.cloud.has('events')) return before;
    try {
      const { events, cursor } = await this.cloud.eventsSince(memory?.cursor);
      this.warned = undefined;
      const known = new Set(before.told);
      return { events: events.filter(({ id }) => !known.has(id)), cursor, told: events.map(({ id }) => id) };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const { kind, message } = error;
      if (this.warned !== kind)
        this.context.log.warn({ cloud: this.cloud.key, kind, error: message }, 'the events of a cloud cannot be read');
      this.warned = kind;
      return before;
    }
  }

  private looking(group: ListedGroup, memory: WatchMemory | undefined, happened: readonly ProviderEvent[], began: number): Looking {
    const type = GROUPS[group];
    const told = memory?.known[type];
    return {
      group,
      type,
      told: told && { at: told.at, known: readKnown(told.things) },
      events: keyedOf(happened, type),
      began,
      pathOf: (key, { path }) => path ?? pathOfKey(this.context.catalogue, this.cloud, type, key),
    };
  }

  private async look(
    looking: Looking,
  ): Promise<{ known: Known | undefined; records: readonly EventRecord[]; changes: readonly Change[]; error?: ProviderError }> {
    const { told, group } = looking;
    const now = await this.overlay(looking);
    const records = told ? await this.provided(looking, now) : [];
    try {
      const items = new Map((await this.cloud.list(group, { maxAgeMs: 0 })).value.map((item) => [item.key, item]));
      const seen = new Map([...items].map(([key, item]) => [key, this.sightOf(looking.type, item)]));
      if (told) return { records, ...(await this.compared(looking, now, items, seen)) };
      const known = await this.firstLook(looking, items, seen);
      return { known, records: await this.provided(looking, { ...now, known }), changes: [] };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return { known: told && now.known, records, changes: [], error };
    }
  }

  /** Lays over what was told here what others have told since. */
  private async overlay({ told, type, began, pathOf }: Looking): Promise<Overlaid> {
    if (!told) return { known: new Map(), fresh: new Set(), changed: new Map() };
    const since = told.at - this.unsettledMs;
    const recorded = await this.context.store.recentEvents({ resourceType: type, since });
    return overlaid(told.known, occurredSince(recorded, since), pathOf, began - this.unsettledMs);
  }

  /** Makes the records of what the provider tells of a type, and brings what is known up to date with it. */
  private async provided({ type, events, pathOf, told }: Looking, now: Overlaid): Promise<EventRecord[]> {
    if (events.length === 0) return [];
    const strangers = events.filter(({ key }) => !now.known.has(key));
    const standings = await this.standings(type, strangers);
    const paths = events.map(({ key }) => standings.get(key)?.path ?? pathOf(key, now.known.get(key) ?? {}));
    const holds = await this.context.store.holds(paths);
    const held = (path: string): boolean => holds.has(path);
    return providerRecords({ type, cloud: this.cloud, events, overlaid: now, pathOf, standings, held, first: !told });
  }

  private async compared(
    { group, type, pathOf }: Looking,
    now: Overlaid,
    items: ReadonlyMap<string, Item>,
    seen: ReadonlyMap<string, Sight>,
  ): Promise<{ known: Known; changes: readonly Change[] }> {
    const { appeared, turned, missing } = differences(now.known, seen);
    const gone = await this.proven(group, missing);
    const standings = await this.standings(
      type,
      appeared.flatMap((key) => items.get(key) ?? []),
    );
    const touched = [...turned.map(({ key }) => key), ...gone].map((key) => pathOf(key, now.known.get(key) ?? {}));
    const paths = [...touched, ...[...standings.values()].map(({ path }) => path)];
    const holds = paths.length === 0 ? new Map<string, unknown>() : await this.context.store.holds(paths);
    const waits = (path: string): boolean => holds.has(path) || now.fresh.has(path);
    const { known, changed: told } = now;
    return changesToTell({ type, cloud: this.cloud, known, seen, items, standings, appeared, turned, gone, pathOf, waits, told });
  }

  /** Everything that is there is known from now on, and nothing of it is news. */
  private async firstLook(
    { type, pathOf }: Looking,
    items: ReadonlyMap<string, Item>,
    seen: ReadonlyMap<string, Sight>,
  ): Promise<Map<string, { state?: string | undefined; name?: string | undefined }>> {
    const standings = await this.standings(type, [...items.values()]);
    return new Map(
      [...seen].map(([key, { state, name, passing }]) => {
        const standing = standings.get(key);
        const own = standing && standing.path !== pathOf(key, {});
        const known = { state: passing ? undefined : state, name: name ?? standing?.name };
        return [key, own ? { ...known, path: standing.path, tenant: standing.tenant } : known];
      }),
    );
  }

  /** Keys whose things the provider has proven gone; a list without them proves nothing. */
  private async proven(group: ListedGroup, keys: readonly string[]): Promise<string[]> {
    if (keys.length === 0) return [];
    const { value } = await this.cloud.getMany(group, keys, { maxAgeMs: 0 });
    return keys.filter((key) => !value.unknown.has(key) && (value.get(key)?.gone !== undefined || !value.has(key)));
  }

  /** Records of what the provider tells of resources that are not watched. */
  private async unwatched(happened: readonly ProviderEvent[]): Promise<EventRecord[]> {
    const watched = new Set(this.groups.map((group) => GROUPS[group]));
    const types = new Set(happened.flatMap(({ type, key }) => (type === undefined || key === undefined || watched.has(type) ? [] : type)));
    const records: EventRecord[] = [];
    for (const type of types) {
      const events = keyedOf(happened, type);
      const standings = this.context.catalogue.pathOf(type) === undefined ? undefined : await this.standings(type, events);
      for (const event of events) {
        const standing = standings?.get(event.key);
        records.push(standing ? recordOf(event, { ...standing, type }, this.cloud) : this.ofCloud(event));
      }
    }
    return records;
  }

  /** Makes the record of what is told of the account as a whole: it is for the tenant to which belongs what is found in it. */
  private ofCloud(event: ProviderEvent): EventRecord {
    return recordOf(event, cloudSubject(this.cloud, this.cloud.discoveredTenant), this.cloud);
  }

  private standings(type: string, items: readonly { key: string; tag?: string | undefined }[]): Promise<Map<string, Standing>> {
    return standingsOf(this.context, this.context.store, this.cloud, type, items);
  }

  private sightOf(type: string, { values: { state, name } }: Item): Sight {
    const { states } = this.context.catalogue.resource(type);
    const text = typeof state === 'string' ? state : undefined;
    return {
      state: text,
      name: typeof name === 'string' ? name : undefined,
      passing: text !== undefined && states?.transitional.includes(text) === true,
    };
  }
}

/** Leaves out what was recorded lately but happened before: what a provider tells of the past changes nothing of what is known. */
export function occurredSince<E extends { timestamp: string }>(recorded: readonly E[], since: number): E[] {
  return recorded.filter(({ timestamp }) => Date.parse(timestamp) >= since);
}

function keyedOf(events: readonly ProviderEvent[], type: string): Keyed[] {
  return events.flatMap((event) => (event.type === type && event.key !== undefined ? [{ ...event, key: event.key }] : []));
}

/** Groups of a cloud whose resources have an event log to tell their news in. */
export function watchedGroups({ catalogue }: Pick<WatchContext, 'catalogue'>, cloud: Cloud): ListedGroup[] {
  const groups = Object.keys(GROUPS).filter((group): group is ListedGroup => group in GROUPS);
  return groups.filter((group) => cloud.has(group) && catalogue.attributesOf(GROUPS[group]).eventLog !== undefined);
}
