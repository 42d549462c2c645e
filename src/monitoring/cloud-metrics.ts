import type { Cloud, Clouds } from '../clouds/cloud';
import { isRecording } from '../operations/meter';
import { pagesOf } from '../store/pages';
import type { ResourcePath, ResourceRow, Store } from '../store/store';
import { EXPOSITION, exposition, type Named, type Reading, type Seen } from './exposition';
import { meterFacts, type MeterFacts } from './meter-facts';
import { namesIn, readMemory, watchName, type WatchMemory } from './watch-memory';

/** Intervals that a sample may be late before its series is left out, beside the cloud's delay. */
const LATE = 3;
/** Targets whose rows are read at once. */
const AT_ONCE = 500;

/** Everything that the metrics of clouds are made from. */
export interface CloudMetricsContext {
  clouds: Clouds;
  store: Store;
}

/**
 * Tells what the Meters of a tenant measure, in Prometheus' text format: from the store alone, so that no scrape asks a cloud
 * anything. Meters of intervals are left out: a mean of yesterday is no gauge of now.
 */
export async function cloudMetrics({ clouds, store }: CloudMetricsContext, tenant: string): Promise<{ contentType: string; text: string }> {
  const own = clouds.forTenant(tenant);
  const now = await store.now();
  const watched = await memoriesOf(store, own);
  const meters: (MeterFacts & { meter: ResourcePath })[] = [];
  for await (const page of pagesOf(store, { type: 'Meter', tenants: [tenant] })) {
    const recording = page.filter(({ values }) => values.timeScope === 'Point' && isRecording(values, now));
    meters.push(...recording.map((row) => ({ ...meterFacts(row, clouds), meter: row.path })));
  }
  const newest = await store.newestSamples(meters.map(({ meter }) => meter));
  const readings = meters.flatMap((facts): Reading[] => {
    const sample = newest.get(facts.meter);
    if (!sample) return [];
    const { target: resource, interval, delay } = facts;
    return [{ ...facts, resource, value: sample.value, age: now / 1000 - sample.t, staleAfter: LATE * interval + delay }];
  });
  const seen = [...watched].map(([cloud, { availability }]): Seen => ({ cloud, up: !availability.away }));
  return { contentType: EXPOSITION, text: exposition(readings, await named(store, meters, watched), seen) };
}

async function memoriesOf(store: Store, clouds: readonly Cloud[]): Promise<Map<string, WatchMemory>> {
  const memories = await store.taskMemories(clouds.map(({ key }) => watchName(key)));
  return new Map(
    clouds.flatMap(({ key }) => {
      const memory = readMemory(memories.get(watchName(key)) ?? null);
      return memory ? [[key, memory] as const] : [];
    }),
  );
}

/** Names of what is measured: as the watcher of its cloud last saw it, else as the gateway keeps it, else its path. */
async function named(store: Store, meters: readonly MeterFacts[], watched: ReadonlyMap<string, WatchMemory>): Promise<Named[]> {
  const targets = new Map(meters.map(({ target, cloud, type }) => [target, { cloud, type }]));
  const rows = await rowsOf(store, targets);
  const seen = new Map<string, ReadonlyMap<string, string>>();
  return [...targets].map(([resource, { cloud, type }]) => {
    const row = rows.get(resource);
    const place = `${cloud} ${type}`;
    const names = seen.get(place) ?? namesIn(watched.get(cloud), type);
    seen.set(place, names);
    const kept = row?.values.name;
    const name = names.get(row?.providerKey ?? '') ?? (typeof kept === 'string' ? kept : resource);
    return { cloud, resource, type, name };
  });
}

async function rowsOf(store: Store, targets: ReadonlyMap<ResourcePath, { type: string }>): Promise<Map<ResourcePath, ResourceRow>> {
  const rows = new Map<ResourcePath, ResourceRow>();
  const byType = new Map<string, ResourcePath[]>();
  for (const [path, { type }] of targets) {
    const paths = byType.get(type) ?? [];
    byType.set(type, paths);
    paths.push(path);
  }
  for (const [type, paths] of byType) {
    for (let at = 0; at < paths.length; at += AT_ONCE)
      for (const row of await store.resources({ type, paths: paths.slice(at, at + AT_ONCE) })) rows.set(row.path, row);
  }
  return rows;
}
