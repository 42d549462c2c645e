import type { Cloud } from '../clouds/cloud';
import { encodeId, readTag } from '../clouds/identity';
import type { Catalogue } from '../model/catalogue';
import type { ResourcePath, ResourceRow, StoreReads } from '../store/store';

/** Keys or paths of which rows are read at once. */
const AT_ONCE = 1000;

/** A thing at a provider, as far as it says who it is. */
export interface Thing {
  key: string;
  /** Identity tag found on it. */
  tag?: string | undefined;
}

/** Resource that a thing at a provider is, and whose. */
export interface Standing {
  path: ResourcePath;
  tenant: string;
  /** Name that the gateway keeps for it. */
  name?: string | undefined;
  /** True where the gateway made it, or is about to. */
  made: boolean;
}

/** Everything that tells whose a thing is. */
export interface StandingContext {
  catalogue: Catalogue;
  /** Key of the MAC on identity tags. */
  tagKey: Uint8Array;
}

/** Path of what is known by its key alone. */
export function pathOfKey(catalogue: Catalogue, cloud: Cloud, type: string, key: string): ResourcePath {
  return `${catalogue.pathOf(type) ?? ''}/${encodeId(cloud.key, key)}`;
}

/**
 * Looks up which resources things are: by the row that has the key, else by the tag of a create that has not recorded its key yet,
 * else by the key itself; a clone that carries another's tag is known by its key.
 */
export async function standingsOf(
  { catalogue, tagKey }: StandingContext,
  store: StoreReads,
  cloud: Cloud,
  type: string,
  things: readonly Thing[],
): Promise<Map<string, Standing>> {
  const standings = new Map<string, Standing>();
  const keys = things.map(({ key }) => key);
  for (const row of await rowsBy(store, cloud, type, 'providerKeys', keys))
    if (row.providerKey !== null) standings.set(row.providerKey, standingOf(row));
  const tagged = new Map<string, { path: ResourcePath; tenant: string }>();
  for (const { key, tag } of things) {
    const told = tag === undefined || standings.has(key) ? undefined : readTag(tagKey, tag, cloud.tenants);
    if (told) tagged.set(key, { path: `${catalogue.pathOf(type) ?? ''}/${told.id}`, tenant: told.tenant });
  }
  const paths = [...tagged.values()].map(({ path }) => path);
  const rows = new Map((await rowsBy(store, cloud, type, 'paths', paths)).map((row) => [row.path, row]));
  const retired = await store.retired(paths);
  for (const key of keys) {
    if (standings.has(key)) continue;
    const told = tagged.get(key);
    const row = told && rows.get(told.path);
    if (row?.providerKey === null) standings.set(key, { ...standingOf(row), made: true });
    else if (told && !row && !retired.has(told.path)) standings.set(key, { ...told, made: true });
    else standings.set(key, { path: pathOfKey(catalogue, cloud, type, key), tenant: cloud.discoveredTenant, made: false });
  }
  return standings;
}

function standingOf({ path, tenant, values: { name }, internal }: ResourceRow): Standing {
  return { path, tenant, made: internal.discovered !== true, ...(typeof name === 'string' && { name }) };
}

async function rowsBy(
  store: StoreReads,
  cloud: Cloud,
  type: string,
  by: 'paths' | 'providerKeys',
  names: readonly string[],
): Promise<ResourceRow[]> {
  const rows: ResourceRow[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE)
    rows.push(...(await store.resources({ type, cloud: cloud.key, [by]: names.slice(at, at + AT_ONCE) })));
  return rows;
}
