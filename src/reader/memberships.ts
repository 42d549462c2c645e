import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Item } from '../clouds/driver';
import { decodeId } from '../clouds/identity';
import { asRef } from '../operations/template-merge';
import type { Found, ResourceHandler } from '../operations/resource-handler';
import type { StoreReads } from '../store/store';
import { showRowAlone } from './own-rows';
import { permitRead } from './policy';
import type { OwnedList, ReadableFound, Reading, ReadStrategy } from './reading';

type Rule = NonNullable<ResourceHandler['derived']>;

/** Owners looked after before others have their turn. */
const SLICE = 200;

/** Items of nested collections that follow from other resources, beside those that are stored where there are any. */
export const memberships: ReadStrategy = {
  async one(reading, { path, collection, handler, owner }) {
    if (!owner || !handler.derived) return undefined;
    const [founds = []] = await nestedMemberships(reading, handler, handler.derived, [{ collection, owner }]);
    return founds.find((found) => found.path === path);
  },
};

/**
 * Lists the memberships in several owners, each owner's in its place; the resources that they follow from are listed once
 * for each cloud. @throws ProviderError where one of these clouds cannot be read
 */
export async function nestedMemberships(
  reading: Reading,
  handler: ResourceHandler,
  rule: Rule,
  asked: readonly OwnedList[],
): Promise<ReadableFound[][]> {
  const { store } = reading.context;
  const owners = asked.map(({ owner }) => owner);
  const [stored, holders] = await Promise.all([storedOf(reading, handler, owners), rule.holders?.(store, owners)]);
  const clouds = await cloudsOf(
    store,
    [...(holders?.values() ?? [])].flatMap((held) => [...held]),
  );
  const others = new Map<string, Promise<readonly ReadableFound[]>>();
  const lists: ReadableFound[][] = [];
  for (const [index, one] of asked.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    const own = stored.get(one.owner.path) ?? [];
    const held = holders?.get(one.owner.path);
    if (holders && !held) {
      lists.push(own);
      continue;
    }
    const { cloud: itself } = one.owner;
    const found: ReadableFound[] = [];
    for (const cloud of itself ? [itself.key] : new Set([...(held ?? [])].flatMap((path) => clouds.get(path) ?? []))) {
      const known = others.get(cloud) ?? othersOf(reading, rule, cloud);
      others.set(cloud, known);
      found.push(...membersOf(reading, handler, rule, one, await known, held));
    }
    const there = new Set(own.map(({ path }) => path));
    lists.push([...own, ...found.filter(({ path }) => !there.has(path))]);
  }
  return lists;
}

/** Reads rows of the owners' collections; none where memberships of the type are never stored. */
async function storedOf(
  reading: Reading,
  { type, stored }: ResourceHandler,
  owners: readonly ReadableFound[],
): Promise<Map<string, ReadableFound[]>> {
  const byOwner = new Map<string, ReadableFound[]>();
  if (!stored) return byOwner;
  const { store } = reading.context;
  const all = await store.resources({ type, owners: owners.map(({ path }) => path) });
  const rows = reading.sight?.hides ? await reading.sight.rows(all) : all;
  const holds = await store.holds(rows.map(({ path }) => path));
  const byPath = new Map(owners.map((owner) => [owner.path, owner]));
  for (const row of rows) {
    const found = showRowAlone(reading, row, holds.get(row.path), byPath.get(row.owner ?? ''));
    if (found) byOwner.set(row.owner ?? '', [...(byOwner.get(row.owner ?? '') ?? []), found]);
  }
  return byOwner;
}

/** Looks up keys of the clouds that these are in, by path: of their rows, else as their ids say. */
async function cloudsOf(store: StoreReads, paths: readonly string[]): Promise<Map<string, string>> {
  const rows = await store.standings(paths);
  return new Map(
    paths.flatMap((path) => {
      const cloud = rows.get(path)?.cloud ?? decodeId(path.split('/').at(-1) ?? '')?.cloudKey;
      return cloud === undefined ? [] : [[path, cloud] as const];
    }),
  );
}

/** Reads what memberships are told by: the resources of the other type in a cloud. */
async function othersOf(reading: Reading, { from }: Rule, cloudKey: string): Promise<readonly ReadableFound[]> {
  const { founds, unavailable } = await reading.list(from, { cloudKey });
  // What cannot be read now is not missing.
  for (const { error } of unavailable) throw error;
  return founds;
}

/** Memberships: one for each resource of the other type that refers to the owner, or to what the owner holds. */
function membersOf(
  { context, tenant }: Reading,
  { type }: ResourceHandler,
  { through, as, only }: Rule,
  { collection, owner }: OwnedList,
  others: readonly ReadableFound[],
  held: ReadonlySet<string> | undefined,
): ReadableFound[] {
  const refersHere = (found: Found): boolean => {
    if (through === null) return found.item?.owner === owner.key;
    const href = asRef(found.values[through])?.href ?? '';
    return held ? held.has(href) : href === owner.path;
  };
  return others
    .filter((found) => refersHere(found) && (only?.(found) ?? true))
    .flatMap((found) => {
      const member = membership(type, collection, owner, found, as);
      const { cloud, tenant: whose } = member;
      return permitRead(context.policy, tenant, member, { type, tenant: whose, cloud, discovered: false, owner }) ?? [];
    });
}

function membership(type: string, collection: string, owner: Found, found: Found, as: string): Found {
  return {
    path: `${collection}/${found.path.split('/').at(-1) ?? ''}`,
    type,
    tenant: found.tenant,
    cloud: found.cloud,
    row: undefined,
    item: fixedItem(owner, found),
    key: undefined,
    values: { [as]: { href: found.path } },
    held: found.held,
    at: found.at,
    derived: true,
  };
}

/** A membership is the provider's between two resources that it set up both, and where it does not release the one from the other. */
function fixedItem(owner: Found, other: Found): Item | undefined {
  if (!other.item) return undefined;
  const { edit, release } = other.item.refuses ?? {};
  const reason = edit === undefined ? undefined : owner.item?.refuses?.edit;
  if (reason !== undefined) return { key: other.item.key, values: {}, refuses: { edit: reason, delete: reason } };
  return release === undefined ? undefined : { key: other.item.key, values: {}, refuses: { delete: release } };
}
