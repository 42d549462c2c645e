import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud, Clouds } from '../../src/clouds/cloud';
import type { Driver, Item } from '../../src/clouds/driver';
import { guardCloud } from '../../src/clouds/guard';
import type { MeterOffer, SeriesQuery } from '../../src/clouds/monitoring';
import { standardCatalogue } from '../../src/model/catalogue';
import type { Value, Values } from '../../src/model/values';
import { Collector } from '../../src/monitoring/collector';
import { Schedule } from '../../src/monitoring/schedule';
import { collectorOf } from '../../src/operations/collecting';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import type { NewResourceRow, Store } from '../../src/store/store';
import { keptLog } from '../jobs/harness';
import { resourceRow, tenant } from '../store/fixture';

/** Midnight of a Monday that was the first of a month. */
export const T0 = Date.UTC(2026, 5, 1);
export const MINUTE = 60_000;

/** A cloud that measures every minute what a test says, two minutes late, for a day. */
export class MeasuringCloud {
  offers: MeterOffer[] = ['cpu', 'memory'].map((aspect) => ({ type: 'Machine', aspect, resolution: 60, delay: 120, kept: 86_400 }));
  /** Questions of each call. */
  readonly calls: (readonly SeriesQuery[])[] = [];
  /** Value of a moment; undefined where there is none. */
  valueAt: (query: SeriesQuery, at: number) => number | undefined = (_query, at) => (at / MINUTE) % 100;
  /** Thrown by each call. */
  failure: Error | undefined;
  /** Awaited by each call. */
  gate: () => Promise<void> = () => Promise.resolve();
  readonly machines = new Map<string, Item>();
  readonly cloud: Cloud;

  constructor(
    key: string,
    private readonly now: () => number,
  ) {
    this.cloud = guardCloud(
      { key, name: key, driver: 'measuring', tenants: [tenant], discoveredTenant: tenant, mode: 'manage' },
      this.driver(),
      { deadlineMs: 60_000, concurrency: 4, retries: 0, cacheMs: 0, configCacheMs: 0, firstDelayMs: 1 },
      { log: { warn: () => undefined, error: () => undefined } },
    );
  }

  machine(key: string, cpu = 1): void {
    this.machines.set(key, { key, values: { name: key, state: 'STARTED', cpu } });
  }

  private driver(): Driver {
    const machines = this.machines;
    return {
      capabilities: { settleMs: 0, types: {} },
      machines: {
        async *list() {
          yield [...machines.values()];
        },
        getMany: (keys: readonly string[]) => Promise.resolve(keys.flatMap((key) => machines.get(key) ?? [])),
      },
      meters: { offers: () => this.offers, sample: (queries) => this.sample(queries) },
      check: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
  }

  private async sample(queries: readonly SeriesQuery[]) {
    this.calls.push(queries);
    await this.gate();
    if (this.failure) throw this.failure;
    return queries.map((query) => {
      const step = query.interval * 1000;
      const points: [number, number][] = [];
      const last = Math.min(query.upTo, this.now() - 120_000);
      for (let at = (Math.floor(query.after / step) + 1) * step; at <= last; at += step) {
        const value = this.valueAt(query, at);
        if (value !== undefined) points.push([at, value]);
      }
      return { points };
    });
  }
}

export interface Scene {
  store: Store;
  east: MeasuringCloud;
  west: MeasuringCloud;
  log: ReturnType<typeof keptLog>;
  /** ms since the epoch by the store's clock, which stands. */
  now(): number;
  /** Moves it on, and lets a process have its turn of all that is due then. */
  pass(ms: number): Promise<void>;
  /** A process of its own over the store. */
  process(): { collector: Collector; schedule: Schedule };
  /** Lets all that is due be done by one process. */
  work(schedule?: Schedule): Promise<void>;
  row(path: string, more?: Partial<NewResourceRow>): Promise<void>;
  meter(path: string, values?: Values, internal?: { [key: string]: Value }, owner?: string | null): Promise<void>;
  /** Samples as minutes since T0 and values. */
  samples(path: string): Promise<[number, number][]>;
  end(): Promise<void>;
}

export async function scene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-monitoring-'));
  let clock = T0;
  const now = (): number => clock;
  const store = await openSqliteStore({ file: join(folder, 'data.db'), cipher: createCipher(randomBytes(32)), clock: now });
  const [east, west] = [new MeasuringCloud('east', now), new MeasuringCloud('west', now)];
  const all = [east.cloud, west.cloud];
  const clouds: Clouds = { all: () => all, byKey: (key) => all.find((cloud) => cloud.key === key), forTenant: () => all };
  const log = keptLog();
  let count = 0;
  const process: Scene['process'] = () => {
    const collector = new Collector({ store, clouds, catalogue: standardCatalogue(), log, windowSeconds: 0 });
    const schedule = new Schedule({ store, log, owner: `p${++count}`, leaseMs: 30_000, lookMs: 3_600_000 });
    for (const work of collector.works()) schedule.add(work);
    return { collector, schedule };
  };
  const own = process().schedule;
  const work = async (schedule = own): Promise<void> => {
    for (let n = 0; n < 4; n++) {
      await schedule.look();
      await schedule.idle();
    }
  };
  const scene: Scene = {
    ...{ store, east, west, log, now, process, work },
    async pass(ms) {
      clock += ms;
      await work();
    },
    row: (path, more = {}) => store.transaction(async (unit) => void (await unit.insertResource(resourceRow(path, more)))),
    meter: (path, values = {}, internal = {}, owner = 'machines/a') =>
      store.transaction(async (unit) => {
        await unit.insertResource({
          ...resourceRow(path, { type: 'Meter', cloud: null, owner }),
          created: new Date(clock).toISOString(),
          values: { aspect: 'http://schemas.dmtf.org/cimi/1/aspect/cpu', timeScope: 'Point', ...values },
          internal: { cloud: 'east', type: 'Machine', key: 'a', interval: 60, ...internal },
        });
        await unit.putOnAgenda(
          path,
          collectorOf(typeof internal.cloud === 'string' ? internal.cloud : internal.cloud === null ? null : 'east'),
        );
      }),
    samples: async (path) => (await store.samples({ meter: path })).map(({ t, value }) => [(t * 1000 - T0) / MINUTE, value]),
    async end() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
  return scene;
}
