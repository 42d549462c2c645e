import type { Cloud } from '../clouds/cloud';
import type { Item, ReadableGroup } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { readTag } from '../clouds/identity';
import { StaleError, type HeldResource, type ResourceRow } from '../store/store';
import type { Parts } from './merge';
import { subjectOf } from './policy';
import type { ItemAt, ReadableFound, Reading, ReadOptions } from './reading';
import { isBehind } from './retirement';
import { steadyTime } from '../model/steady-time';

/** One row with what its provider knows of it now. */

/** Shows the resource of a row. @throws ProviderError @returns undefined where it is gone, or not for this tenant */
export async function showRow(
  reading: Reading,
  known: HeldResource,
  at: Pick<ItemAt, 'handler' | 'owner'>,
  options: ReadOptions,
): Promise<ReadableFound | undefined> {
  const { handler, owner } = at;
  if (!mayBeReadable(reading, known.row, owner) || !(await isOfSeen(reading, known.row))) return undefined;
  const found = await withItem(reading, known, at, options);
  if (!found || !handler.enrich) return found;
  return (await handler.enrich([found], reading.lookups))[0];
}

/** Tells whether what a row stands for may be the tenant's to read, before its provider is asked. */
export function mayBeReadable({ context, tenant }: Reading, row: ResourceRow, owner?: ReadableFound): boolean {
  const standing = { tenant: row.tenant, cloud: row.cloud, discovered: row.internal.discovered === true };
  return context.policy.mayRead({ ...subjectOf(context.clouds, row.type, standing), owner }, tenant) !== 'no';
}

/** Tells whether what a row of no cloud is of (a log, a Meter) may be seen. */
async function isOfSeen({ sight }: Reading, row: ResourceRow): Promise<boolean> {
  if (!sight?.hides || row.cloud !== null) return true;
  return (await sight.rows([row])).length > 0;
}

async function withItem(
  reading: Reading,
  { row, held }: HeldResource,
  { handler, owner }: Pick<ItemAt, 'handler' | 'owner'>,
  options: ReadOptions,
): Promise<ReadableFound | undefined> {
  const cloud = row.cloud === null ? null : (reading.context.clouds.byKey(row.cloud) ?? null);
  if (row.cloud !== null && !cloud) throw new ProviderError('unavailable', `the cloud '${row.cloud}' is not configured any more`);
  const { group } = handler;
  if (!cloud || !group) return reading.showOne({ ...base(row, cloud), item: undefined, held, at: steadyTime() }, owner);
  if (row.providerKey === null) return reading.showOne(await withoutKey(reading, row, cloud, group, held), owner);
  let seen = await cloud.get(group, row.providerKey, options);
  if (isBehind(reading.context, row, seen.at) || (!seen.value && options.maxAgeMs !== 0))
    seen = await cloud.get(group, row.providerKey, { maxAgeMs: 0 });
  if (!seen.value && !held && (await reading.retirement.retire(row, cloud))) return undefined;
  return reading.showOne({ ...base(row, cloud), item: seen.value, held, at: seen.at }, owner);
}

/**
 * Tells what there is of a row without a key: its create has not recorded one yet, never will, or was left under way at an
 * operator's limit. Of the last, once its thing shows by its tag, the row has it for good.
 */
export async function withoutKey(
  { context }: Reading,
  row: ResourceRow,
  cloud: Cloud | null,
  group: ReadableGroup | undefined,
  held: Parts['held'],
): Promise<Parts> {
  const underWay = row.internal.underWay !== undefined;
  const item = cloud && group && (held || underWay) ? await unrecorded(context.tagKey, row, cloud, group) : undefined;
  const parts = { item, held, at: steadyTime() };
  if (held || !item) return { ...base(row, cloud), ...parts };
  const { underWay: _known, failed: _words, ...internal } = row.internal;
  try {
    const change = { providerKey: item.key, state: null, internal };
    const known = await context.store.transaction((unit) => unit.updateResource(row.path, row.version, change));
    return { ...base(known, cloud), ...parts };
  } catch (error) {
    // Another reader was faster, or it has been changed since.
    if (!(error instanceof StaleError)) throw error;
    return { ...base(row, cloud), ...parts };
  }
}

/** Finds what a create made but has not recorded yet: the provider's values may already be shown. */
async function unrecorded(tagKey: Uint8Array, row: ResourceRow, cloud: Cloud, group: ReadableGroup): Promise<Item | undefined> {
  const known = await cloud.list(group).catch(ignoreProvider);
  const id = row.path.split('/').at(-1);
  return known?.value.find((item) => item.tag !== undefined && readTag(tagKey, item.tag, [row.tenant])?.id === id);
}

function ignoreProvider(error: unknown): undefined {
  if (error instanceof ProviderError) return undefined;
  throw error;
}

/** Says of a row what it says of its resource alone. */
export function base(row: ResourceRow, cloud: Cloud | null): Pick<Parts, 'path' | 'type' | 'tenant' | 'cloud' | 'row'> {
  return { path: row.path, type: row.type, tenant: row.tenant, cloud, row };
}
