import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { readTag } from '../clouds/identity';
import { giveWay } from '../model/turns';
import type { ResourceHandler } from '../operations/resource-handler';
import { heldPagesOf } from '../store/pages';
import type { HeldResource, StoreReads } from '../store/store';
import type { ReaderContext } from './context';
import type { Reading } from './reading';

/** Rows and holds that one tenant's list of a cloud needs of the store. */

/** Keys of which rows are read at once. */
const KEYS = 1000;

/** The resource that an item says it is by its tag. */
export interface TaggedAs {
  path: string;
  tenant: string;
}

/**
 * Rows of what the provider lists, whosever they are, and all that this tenant may have there, with their holds: never all of the cloud's.
 * @param holds resolves once there may be a last look for rows of what has none
 */
export async function rowsOf(
  { context: { store, policy }, tenant }: Reading,
  handler: ResourceHandler,
  cloud: Cloud,
  items: readonly Item[],
  holds: Promise<void>,
): Promise<HeldResource[]> {
  if (handler.shared) await holds;
  const own = { type: handler.type, cloud: cloud.key, ...(handler.shared ? {} : { tenants: policy.rowsOf(tenant) }) };
  const rows: HeldResource[] = [];
  for await (const page of heldPagesOf(store, own)) rows.push(...page);
  if (handler.shared) return rows;
  await holds;
  const known = new Set(rows.map(({ row }) => row.providerKey));
  const others = items.map(({ key }) => key).filter((key) => !known.has(key));
  return rows.concat(await inChunks(store, handler, cloud, others, 'providerKeys'));
}

/** Rows with their holds by what they are called, some hundred at a time. */
export async function inChunks(
  store: StoreReads,
  { type }: ResourceHandler,
  { key: cloud }: Cloud,
  names: readonly string[],
  by: 'paths' | 'providerKeys',
): Promise<HeldResource[]> {
  const rows: HeldResource[] = [];
  for (let at = 0; at < names.length; at += KEYS) {
    if (at > 0) await giveWay();
    rows.push(...(await store.heldResources({ type, cloud, [by]: names.slice(at, at + KEYS) })));
  }
  return rows;
}

export function tagsOf(
  { tagKey, catalogue }: Pick<ReaderContext, 'tagKey' | 'catalogue'>,
  { type }: ResourceHandler,
  { tenants }: Cloud,
  items: readonly Item[],
): Map<Item, TaggedAs> {
  const segment = catalogue.pathOf(type) ?? '';
  const tags = new Map<Item, TaggedAs>();
  for (const item of items) {
    const tag = item.tag === undefined ? undefined : readTag(tagKey, item.tag, tenants);
    if (tag) tags.set(item, { path: `${segment}/${tag.id}`, tenant: tag.tenant });
  }
  return tags;
}
