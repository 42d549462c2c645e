import type { Answers, Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import type { ResourceHandler } from '../operations/resource-handler';
import type { ResourceRow } from '../store/store';
import type { ReaderContext } from './context';
import type { Policy, Subject } from './policy';
import { derivedPath, itemRefsOf, type PathOfItem } from './merge';

/** References of a provider's items, for one tenant. */
interface Asked {
  cloud: Cloud;
  /** Type of the items. */
  type: string;
  items: readonly Item[];
  tenant: string;
}

/** Another of the provider's things, whose path may be shown only if it is there for the tenant. */
interface Doubtful {
  key: string;
  subject: Subject;
}

/**
 * Paths of what a provider's items refer to: of their rows where there are any, else derived from their keys. None for
 * what the tenant cannot read, and none for things of the same type that the provider says are gone (the image that
 * another came from). What cannot be read now is not missing. One query of the store per type, and at most one of the
 * provider.
 */
export async function linked(context: ReaderContext, asked: Asked): Promise<PathOfItem> {
  const { cloud, type, items, tenant } = asked;
  const paths = new Map<string, string>();
  const listed = new Set(items.map(({ key }) => key));
  for (const [to, keys] of referredKeys(items)) {
    const handler = context.handlerOf(to);
    if (!handler) continue;
    const rows = await context.store.resources({ type: to, cloud: cloud.key, providerKeys: [...keys] });
    const byKey = new Map(rows.map((row) => [row.providerKey, row]));
    const doubtful: Doubtful[] = [];
    for (const key of keys) {
      const row = byKey.get(key);
      const path = row?.path ?? derivedPath(context.catalogue, cloud, to, key);
      const subject = subjectOfKey(to, row, cloud);
      const verdict = context.policy.mayRead(subject, tenant);
      if (path === undefined || verdict === 'no') continue;
      paths.set(`${to} ${key}`, path);
      if (verdict === 'if-public' || (to === type && !listed.has(key))) doubtful.push({ key, subject });
    }
    for (const key of await notThere(context.policy, asked, handler, doubtful)) paths.delete(`${to} ${key}`);
  }
  return (_cloud, to, key) => paths.get(`${to} ${key}`);
}

function referredKeys(items: readonly Item[]): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  for (const item of items) {
    for (const { item: referred } of itemRefsOf(item)) {
      const known = keys.get(referred.type) ?? new Set<string>();
      keys.set(referred.type, known.add(referred.key));
    }
  }
  return keys;
}

/** States what decides who may read a provider's thing, which may have a row. */
function subjectOfKey(type: string, row: ResourceRow | undefined, cloud: Cloud): Subject {
  return { type, tenant: row?.tenant ?? cloud.discoveredTenant, cloud, discovered: !row || row.internal.discovered === true };
}

/** Keys of those that are proven not to be there for the tenant. */
async function notThere(
  policy: Policy,
  { cloud, tenant }: Asked,
  { group }: ResourceHandler,
  doubtful: readonly Doubtful[],
): Promise<string[]> {
  if (!group || doubtful.length === 0) return [];
  const known = await ifAnswered(
    cloud.getMany(
      group,
      doubtful.map(({ key }) => key),
    ),
  );
  if (!known) return [];
  return doubtful.flatMap(({ key, subject }) => {
    const item = known.get(key);
    if (known.unknown.has(key)) return [];
    const isReadable = policy.mayRead({ ...subject, public: item?.public === true }, tenant) === 'yes';
    return !item || item.gone || !isReadable ? [key] : [];
  });
}

async function ifAnswered(reading: Promise<{ value: Answers }>): Promise<Answers | undefined> {
  try {
    return (await reading).value;
  } catch (error) {
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
}
