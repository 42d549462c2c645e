import type { Cloud, Clouds } from '../clouds/cloud';
import { decodeId } from '../clouds/identity';
import type { ProviderEvent } from '../clouds/monitoring';
import type { JobLog } from '../jobs/engine-context';
import { withTimeout } from '../jobs/with-timeout';
import { EVENT_TYPES } from '../model/event-types';
import type { Condition } from '../store/listing';
import type { ResourcePath, Store } from '../store/store';
import { untold } from './history';
import { readKnown } from './looks';
import { recordOf } from './records';
import { standingsOf, type Standing, type StandingContext } from './standing';
import { readMemory, watchName } from './watch-memory';

/** Time for which what a resource's provider told of it is good enough, in ms. */
const GOOD_FOR_MS = 60_000;
/** Time for which a reader waits for it, in ms. */
const READER_MS = 2_000;
/** Time for which a cloud that failed is left alone, and one that kept a reader waiting keeps no other, in ms. */
const PAUSE_MS = 60_000;
/** Questions to one cloud that are under way at once; a reader beyond them gets what is there. */
const AT_ONCE = 4;
/** Resources, and entries of their histories, that are remembered. */
const REMEMBERED = 20_000;
/** Events of a resource that its history is held against: the newest. */
const COMPARED = 1_000;
const TOLD: Condition = { kind: 'among', field: 'type', equal: true, values: [EVENT_TYPES.state, EVENT_TYPES.model, EVENT_TYPES.alarm] };

export interface LookedAtOptions extends StandingContext {
  store: Store;
  clouds: Clouds;
  log: Pick<JobLog, 'warn'>;
}

/** The resource that is looked at, and where its cloud has it. */
interface Place {
  cloud: Cloud;
  type: string;
  key: string;
  path: ResourcePath;
  standing: Standing;
}

/**
 * Events that a cloud tells of one resource only, when asked for that one (Nova's instance actions): they are asked for when somebody
 * reads the events of that resource, and recorded as all others are.
 */
export class LookedAt {
  /** Resources by the time of the question, the longest ago first. */
  private readonly asked = new Map<ResourcePath, number>();
  /** Entries of histories that were told, by whomever: deleted by a reader, they are not told again. */
  private readonly known = new Map<string, true>();
  private readonly standings = new Map<string, Standings>();

  /** @param now ms, of a clock that is never set */
  constructor(
    private readonly options: LookedAtOptions,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Asks the cloud of a resource for what it tells of it, where that was not asked a moment ago, and records the news. Never rejects,
   * and keeps no reader waiting for a slow cloud: what comes later is there for the next.
   * @param tenant whose events are read: for another's resource nothing is asked
   */
  async freshen(path: ResourcePath, tenant: string): Promise<void> {
    const last = this.asked.get(path);
    if (last !== undefined && this.now() - last < GOOD_FOR_MS) return;
    if (!this.options.clouds.forTenant(tenant).some(tellsOfOne)) return;
    remember(this.asked, path, this.now());
    try {
      const place = await this.placeOf(path, tenant);
      if (place) await this.inTime(place);
    } catch (error) {
      this.options.log.warn({ resource: path, err: error }, 'what its cloud tells of a resource could not be recorded');
    }
  }

  /** Asks, and waits for it as long as a reader may be kept waiting. */
  private async inTime(place: Place): Promise<void> {
    const standing = this.standings.get(place.cloud.key) ?? { underWay: 0, pausedUntil: 0, slowUntil: 0, failing: false };
    this.standings.set(place.cloud.key, standing);
    if (standing.pausedUntil > this.now()) return;
    if (standing.underWay >= AT_ONCE) return void this.asked.delete(place.path);
    standing.underWay += 1;
    const done = this.ask(place, standing).finally(() => (standing.underWay -= 1));
    if (standing.slowUntil > this.now()) return;
    let late = true;
    await withTimeout(
      done.finally(() => (late = false)),
      READER_MS,
    ).catch(() => undefined);
    if (late) standing.slowUntil = this.now() + PAUSE_MS;
  }

  /** Asks and records. Never rejects: what goes wrong is for the log, once until it goes well again. */
  private async ask(place: Place, standing: Standings): Promise<void> {
    const { cloud, type, key, path } = place;
    try {
      const history = await cloud.eventsOf(type, key);
      standing.failing = false;
      await this.record(place, history);
    } catch (error) {
      standing.pausedUntil = this.now() + PAUSE_MS;
      if (!standing.failing)
        this.options.log.warn({ cloud: cloud.key, resource: path, err: error }, 'what a cloud tells of one resource cannot be read');
      standing.failing = true;
    }
  }

  private async record({ cloud, type, key, path, standing }: Place, history: readonly ProviderEvent[]): Promise<void> {
    const { store } = this.options;
    const entries = new Map(history.map((event) => [`${cloud.key} ${event.id}`, event]));
    if ([...entries.keys()].every((entry) => this.known.has(entry))) return;
    const watched = readMemory((await store.taskMemories([watchName(cloud.key)])).get(watchName(cloud.key)) ?? null)?.known[type];
    const seen = watched && readKnown(watched.things).get(key);
    const look = seen?.state === undefined || !watched ? undefined : { at: watched.at, state: seen.state };
    const subject = { tenant: standing.tenant, path, type, name: standing.name ?? seen?.name };
    await store.transaction(async (unit) => {
      // What a Job is at is told at its end; then the next reader is told what was besides.
      if ((await unit.holds([path])).size > 0) return;
      const recorded = await unit.eventList({
        view: { tenant: standing.tenant, resource: path },
        where: TOLD,
        descending: true,
        limit: COMPARED,
      });
      for (const { event, previous } of untold(history, { recorded, look, made: standing.made }))
        if (!this.known.has(`${cloud.key} ${event.id}`)) await unit.recordEvent(recordOf(event, subject, cloud, previous));
      for (const entry of entries.keys()) remember(this.known, entry, true);
    });
  }

  /** Finds where a resource is; undefined of what is not the tenant's, or in no cloud that tells of one resource. */
  private async placeOf(path: ResourcePath, tenant: string): Promise<Place | undefined> {
    const { store, clouds, catalogue } = this.options;
    const location = catalogue.locate(path);
    if (location?.kind !== 'item' || location.owner || location.id === undefined) return undefined;
    const { type } = location;
    const row = await store.resource(path);
    const at = row ? { cloudKey: row.cloud ?? '', providerKey: row.providerKey } : decodeId(location.id);
    const cloud = at && clouds.byKey(at.cloudKey);
    if (!cloud || at.providerKey === null || !tellsOfOne(cloud)) return undefined;
    const key = at.providerKey;
    const standing = (await standingsOf(this.options, store, cloud, type, [{ key }])).get(key);
    return standing?.path === path && standing.tenant === tenant ? { cloud, type, key, path, standing } : undefined;
  }
}

/** Standing of the questions to one cloud. Times as the clock has them. */
interface Standings {
  underWay: number;
  /** Nothing is asked before. */
  pausedUntil: number;
  /** No reader waits before. */
  slowUntil: number;
  failing: boolean;
}

const tellsOfOne = (cloud: Cloud): boolean => cloud.offers('events', 'of');

/** Keeps an entry as the newest of a bounded number. */
function remember<V>(all: Map<string, V>, key: string, value: V): void {
  all.delete(key);
  all.set(key, value);
  const [oldest] = all.keys();
  if (all.size > REMEMBERED && oldest !== undefined) all.delete(oldest);
}
