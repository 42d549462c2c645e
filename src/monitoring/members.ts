import type { Cloud, Clouds } from '../clouds/cloud';
import { GROUPS, type Item, type ListedGroup } from '../clouds/driver';
import { decodeId } from '../clouds/identity';
import type { Catalogue } from '../model/catalogue';
import type { StoreReads } from '../store/store';
import { allMembersOf } from '../systems/members';
import type { Metering } from './metering';

/** A resource whose values are asked for. */
export interface Member {
  /** Undefined where its cloud is not configured any more, or it is not at its provider: it is counted, and has no values. */
  at: { cloud: Cloud; key: string } | undefined;
  /** vCPUs of a Machine; 1 where these are not known. */
  weight: number;
}

export interface MemberContext {
  store: StoreReads;
  clouds: Clouds;
  catalogue: Catalogue;
}

/** Members of one provider whose owners are looked up at once. */
const AT_ONCE = 1_000;

/**
 * Finds what a group (System, CloudEntryPoint) consists of, of one type: a System's own and those of its sub-Systems; all that the
 * Meter's tenant has in the clouds that it may use.
 * @param weighed true where a mean is made of the values
 * @throws ProviderError where a cloud cannot say what it has
 */
export async function membersOf(context: MemberContext, meter: Metering, type: string, weighed: boolean): Promise<Member[]> {
  if (meter.target === null) return allOf(context, meter, type);
  const { store, clouds, catalogue } = context;
  const paths = (await allMembersOf(store, catalogue, meter.target)).flatMap(({ kind, path }) => (kind.type === type ? [path] : []));
  const own = [...new Set(paths)];
  const rows = new Map((await store.resources({ type, tenants: [meter.tenant], paths: own })).map((row) => [row.path, row]));
  const members = own.map((path): Member => {
    const row = rows.get(path);
    const derived = decodeId(path.split('/').at(-1) ?? '');
    const cloud = clouds.forTenant(meter.tenant).find(({ key }) => key === (row ? row.cloud : derived?.cloudKey));
    const key = row ? row.providerKey : (derived?.providerKey ?? null);
    return { at: cloud && key !== null ? { cloud, key } : undefined, weight: 1 };
  });
  return weighed ? withWeights(members, type) : members;
}

async function allOf({ store, clouds }: MemberContext, { tenant, cloud: only }: Metering, type: string): Promise<Member[]> {
  const group = groupOf(type);
  if (!group) return [];
  const among = clouds.forTenant(tenant).filter((cloud) => (only === null || cloud.key === only) && cloud.has(group));
  const all = await Promise.all(
    among.map(async (cloud) => {
      const { value: items } = await cloud.list(group);
      const others = await ownersOf(store, cloud, type, items);
      return items
        .filter(({ key }) => (others.get(key) ?? cloud.discoveredTenant) === tenant)
        .map((item): Member => ({ at: { cloud, key: item.key }, weight: weightOf(item) }));
    }),
  );
  return all.flat();
}

/** Tenants of what the store knows of a cloud's items, by key. */
async function ownersOf(store: StoreReads, cloud: Cloud, type: string, items: readonly Item[]): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const providerKeys = items.slice(from, from + AT_ONCE).map(({ key }) => key);
    for (const { providerKey, tenant } of await store.resources({ type, cloud: cloud.key, providerKeys }))
      if (providerKey !== null) owners.set(providerKey, tenant);
  }
  return owners;
}

async function withWeights(members: readonly Member[], type: string): Promise<Member[]> {
  const group = groupOf(type);
  const keys = new Map<Cloud, string[]>();
  for (const { at } of members) if (at) keys.set(at.cloud, [...(keys.get(at.cloud) ?? []), at.key]);
  const known = new Map<Cloud, ReadonlyMap<string, Item>>();
  for (const [cloud, own] of keys) if (group) known.set(cloud, (await cloud.getMany(group, own)).value);
  return members.map(({ at }) => ({ at, weight: at ? weightOf(known.get(at.cloud)?.get(at.key)) : 1 }));
}

function weightOf(item: Item | undefined): number {
  const cpu = item?.values.cpu;
  return typeof cpu === 'number' && cpu > 0 ? cpu : 1;
}

function groupOf(type: string): ListedGroup | undefined {
  return (Object.keys(GROUPS) as ListedGroup[]).find((group) => GROUPS[group] === type);
}
