import type { Cloud } from '../clouds/cloud';
import type { Item, ReadableGroup } from '../clouds/driver';
import { decodeId, makeTag, readTag } from '../clouds/identity';
import type { ResourceHandler } from '../operations/resource-handler';
import type { ResourceRow } from '../store/store';
import type { ItemAt, ReadableFound, Reading, ReadOptions, ReadStrategy } from './reading';
import { base, mayBeReadable, showRow } from './row-item';
import { isBeingMade, OWN_ID } from './retirement';
import { steadyTime } from '../model/steady-time';

/** An item of a provider's group. */
interface CloudItemAt extends ItemAt {
  group: ReadableGroup;
}

/**
 * Resources that are a provider's items: found by row, else by the decoded id, else (database lost) by one provider query
 * for the tag.
 */
export const cloudItems: ReadStrategy = {
  async one(reading, itemAt, options) {
    const known = await reading.context.store.heldResource(itemAt.path);
    if (known) return showRow(reading, known, itemAt, options);
    const { group } = itemAt.handler;
    if (!group) return undefined;
    const at = { ...itemAt, group };
    return (await discovered(reading, at, options)) ?? (await again(reading, at, options)) ?? lost(reading, at);
  },
};

/** Finds what was not made by the gateway: its id is its key. */
async function discovered(reading: Reading, at: CloudItemAt, options: ReadOptions): Promise<ReadableFound | undefined> {
  const { context, tenant } = reading;
  const { path, handler, group } = at;
  const decoded = decodeId(at.id);
  const cloud = decoded && context.clouds.byKey(decoded.cloudKey);
  if (!decoded || !cloud?.has(group)) return undefined;
  const { type } = handler;
  const subject = { type, tenant: cloud.discoveredTenant, cloud, discovered: true };
  if (context.policy.mayRead(subject, tenant) === 'no') return undefined;
  // Asked for together: where the database is far, these are one wait.
  const [known, formers, holds] = await Promise.all([
    context.store.resources({ type, cloud: cloud.key, providerKeys: [decoded.providerKey] }),
    reading.retirement.formersOf([{ key: decoded.providerKey }], cloud, type),
    context.store.holds([path]),
  ]);
  if (known.length > 0) {
    // A change that was accepted a moment ago gave it a row.
    const held = await context.store.heldResource(path);
    return held && showRow(reading, held, at, options);
  }
  const { value: item, at: seenAt } = await cloud.get(group, decoded.providerKey, options);
  if (context.policy.mayRead({ ...subject, public: item?.public === true }, tenant) !== 'yes') return undefined;
  if (!item || (await reading.retirement.formerOf(item, cloud, type, formers))) return undefined;
  if (await isOwnByTag(reading, item, cloud, handler)) return undefined;
  const held = holds.get(path);
  return reading.showOne({ path, type, tenant: cloud.discoveredTenant, cloud, row: undefined, item, held, at: seenAt });
}

/** Finds what a reading had found gone and the provider shows again: it is back under its own id, with all that was kept of it. */
async function again(reading: Reading, at: CloudItemAt, options: ReadOptions): Promise<ReadableFound | undefined> {
  const { context, retirement } = reading;
  const [former] = await context.store.takenAway({ paths: [at.path] });
  const cloud = former && context.clouds.byKey(former.cloud ?? '');
  const item = former && cloud && mayBeReadable(reading, former) ? await turnedUp(reading, former, cloud, at.group, options) : undefined;
  if (!former || !item || !(await retirement.bringBack(former, item))) return undefined;
  const known = await context.store.heldResource(at.path);
  return known && showRow(reading, known, at, options);
}

async function turnedUp(
  { context, retirement }: Reading,
  former: ResourceRow,
  cloud: Cloud,
  group: ReadableGroup,
  options: ReadOptions,
): Promise<Item | undefined> {
  if (former.providerKey === null) return undefined;
  const { value } = await cloud.get(group, former.providerKey, options);
  if (value) return retirement.isItself(former, value, cloud) ? value : undefined;
  const id = former.path.split('/').at(-1) ?? '';
  if (!OWN_ID.test(id) || !cloud.offers(group, 'find')) return undefined;
  const items = await cloud.find(group, { tag: makeTag(context.tagKey, id, former.tenant), token: '' });
  return oldestFirst(items).find((item) => retirement.isItself(former, item, cloud));
}

/** Tells whether an item's tag makes it a resource of the gateway's: one whose create has not recorded a key, or one lost with the database. */
async function isOwnByTag({ context }: Reading, item: Item, cloud: Cloud, { type }: ResourceHandler): Promise<boolean> {
  const tag = item.tag === undefined ? undefined : readTag(context.tagKey, item.tag, cloud.tenants);
  const segment = context.catalogue.pathOf(type);
  if (!tag || segment === undefined) return false;
  const path = `${segment}/${tag.id}`;
  const known = await context.store.heldResource(path);
  if (known) {
    const { providerKey } = known.row;
    return providerKey === null || providerKey === item.key || isBeingMade(known.row, known.held !== undefined);
  }
  return !(await isRetired(context, path));
}

/** The database was lost: one provider query by tag per cloud brings the row back. */
async function lost(reading: Reading, { path, id, handler, group }: CloudItemAt): Promise<ReadableFound | undefined> {
  const { context, tenant } = reading;
  if (!OWN_ID.test(id) || (await isRetired(context, path))) return undefined;
  for (const cloud of context.policy.cloudsOf(tenant)) {
    if (!cloud.offers(group, 'find')) continue;
    const tag = makeTag(context.tagKey, id, tenant);
    const [item] = oldestFirst(await cloud.find(group, { tag, token: '' }));
    if (!item) continue;
    const row = await adopt(context, tenant, path, cloud, item, handler);
    return reading.showOne({ ...base(row, cloud), item, held: undefined, at: steadyTime() });
  }
  return undefined;
}

/** An id whose resource was deleted is never given again: what still carries its tag is somebody's clone. */
async function isRetired({ store }: Reading['context'], path: string): Promise<boolean> {
  return (await store.retired([path])).has(path);
}

/** Gives an item of a lost row its row back under the same id. @returns the row that there is then */
export function adopt(
  { store }: Pick<Reading['context'], 'store'>,
  tenant: string,
  path: string,
  cloud: Cloud,
  item: Item,
  { type }: ResourceHandler,
): Promise<ResourceRow> {
  return store.transaction(
    async (unit) =>
      (await unit.resource(path)) ??
      (await unit.insertResource({
        path,
        type,
        tenant,
        cloud: cloud.key,
        providerKey: item.key,
        owner: null,
        state: null,
        values: item.values,
        secrets: null,
        internal: { foundAgain: true, ...(item.created === undefined ? { undated: true } : {}) },
        ...(item.created === undefined ? {} : { created: item.created }),
      })),
  );
}

/** Sorts the items by age: of those with one tag the oldest is the one that was meant. */
export function oldestFirst(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => (a.created ?? '').localeCompare(b.created ?? '') || a.key.localeCompare(b.key));
}
