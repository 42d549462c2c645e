import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { EVENT_TYPES } from '../model/event-types';
import type { EventRow } from '../store/event-record';
import type { ResourcePath } from '../store/store';
import type { Known, Sight, Told, Turned } from './looks';
import type { Standing } from './standing';

/** News of a look: which differences are told, whose they are, and what was told before, by whomever. */

/** Path of a thing that is known. */
export type PathOf = (key: string, told: Told) => ResourcePath;

/** An event as far as it says what was told of a resource. */
export type Recorded = Pick<EventRow, 'resource' | 'type' | 'content' | 'recorded' | 'job'>;

/** A change of a resource that nobody has told yet. */
export interface Change {
  path: ResourcePath;
  tenant: string;
  type: string;
  name: string | undefined;
  /** Turned into another state, or there, or gone. */
  what: { state: string; previous: string; reason: string | undefined } | 'create' | 'delete';
}

/** Knowledge of a type's things, with what others have told since. */
export interface Overlaid {
  known: Map<string, Told>;
  /** Paths of which a Job or a proof told something a moment ago: what the provider shows may be older. */
  fresh: ReadonlySet<ResourcePath>;
  /** Changes of the model that were told, by path. */
  changed: Map<ResourcePath, string>;
}

/**
 * Lays over what a watcher told what others have told since: the end of a Job, a reading, the provider.
 * @param recorded oldest first
 * @param settled time up to which what was recorded shows at the provider, in ms since the epoch
 */
export function overlaid(told: Known, recorded: readonly Recorded[], pathOf: PathOf, settled: number): Overlaid {
  const known = new Map(told);
  const states = new Map<ResourcePath, string>();
  const changed = new Map<ResourcePath, string>();
  const fresh = new Set<ResourcePath>();
  for (const { resource, type, content, recorded: at, job } of recorded) {
    if (type === EVENT_TYPES.state && typeof content.state === 'string') states.set(resource, content.state);
    else if (type === EVENT_TYPES.model && typeof content.change === 'string') changed.set(resource, content.change);
    else continue;
    // What a look or the provider told shows already; what a Job did, and what was proven gone, may not yet.
    if (Date.parse(at) > settled && (job !== undefined || content.change === 'delete')) fresh.add(resource);
  }
  if (states.size > 0) {
    for (const [key, facts] of told) {
      const state = states.get(pathOf(key, facts));
      if (state !== undefined && facts.state !== undefined) known.set(key, { ...facts, state });
    }
  }
  return { known, fresh, changed };
}

/** Everything that a look found, and what decides whether it is told. */
export interface Found {
  type: string;
  cloud: Pick<Cloud, 'discoveredTenant'>;
  known: Known;
  seen: ReadonlyMap<string, Sight>;
  items: ReadonlyMap<string, Pick<Item, 'reason'>>;
  /** Resources of what appeared. */
  standings: ReadonlyMap<string, Standing>;
  appeared: readonly string[];
  turned: readonly Turned[];
  gone: readonly string[];
  pathOf: PathOf;
  /** True of a path that a Job holds, or of which something was told a moment ago: it is looked at again in the next round. */
  waits: (path: ResourcePath) => boolean;
  /** Changes of the model that others have told, by path. */
  told: ReadonlyMap<ResourcePath, string>;
}

/** Decides what of a look is told, and what is known after it. */
export function changesToTell(found: Found): { known: Map<string, Told>; changes: Change[] } {
  const { type, cloud, seen, waits, told, pathOf } = found;
  const known = new Map<string, Told>();
  for (const [key, facts] of found.known) {
    const { name = facts.name, state, passing = true } = seen.get(key) ?? {};
    known.set(key, { ...facts, name, state: facts.state ?? (passing ? undefined : state) });
  }
  const changes: Change[] = [];
  for (const { key, state, previous } of found.turned) {
    const facts = known.get(key) ?? {};
    const path = pathOf(key, facts);
    if (waits(path)) continue;
    known.set(key, { ...facts, state });
    const what = { state, previous, reason: found.items.get(key)?.reason };
    changes.push({ path, tenant: facts.tenant ?? cloud.discoveredTenant, type, name: facts.name, what });
  }
  for (const key of found.gone) {
    const facts = known.get(key) ?? {};
    const path = pathOf(key, facts);
    if (waits(path)) continue;
    known.delete(key);
    if (told.get(path) === 'delete') continue;
    changes.push({ path, tenant: facts.tenant ?? cloud.discoveredTenant, type, name: facts.name, what: 'delete' });
  }
  for (const key of found.appeared) {
    const standing = found.standings.get(key);
    if (!standing || waits(standing.path)) continue;
    const { path, tenant, made } = standing;
    const { state, name = standing.name } = seen.get(key) ?? {};
    const derived = path === pathOf(key, {});
    known.set(key, { state, name, ...(derived && tenant === cloud.discoveredTenant ? {} : { path, tenant }) });
    if (!made && told.get(path) !== 'create') changes.push({ path, tenant, type, name, what: 'create' });
  }
  return { known, changes };
}
