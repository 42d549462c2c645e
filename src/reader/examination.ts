import type { Cloud } from '../clouds/cloud';
import type { Item, ReadableGroup } from '../clouds/driver';
import { encodeId } from '../clouds/identity';
import { ProviderError } from '../clouds/errors';
import { giveWay, overdue } from '../model/turns';
import type { ResourceHandler } from '../operations/resource-handler';
import { pagesOf } from '../store/pages';
import { UNFINISHED, type ResourceRow } from '../store/store';
import { adopt, oldestFirst } from './cloud-item';
import { tagsOf, type TaggedAs } from './cloud-rows';
import type { ReaderContext } from './context';
import { isSettled, Retirement } from './retirement';

/** Comparison of what the store says with what the clouds say, for operators: nothing is changed but what is asked to be mended. */

/** Kinds of what does not fit together. */
export type Disagreement =
  /** Thing that says by its tag that it is ours, without a row (a restored backup): it can get one. */
  | 'lost row'
  /** Row of a thing that the provider has proven to be gone: it can be taken away. */
  | 'gone'
  /** Row that was taken away although the thing is there: it can be brought back. */
  | 'returned'
  /** A second thing has the tag of one that has its row. */
  | 'duplicate'
  /** Thing with the tag of a resource that was deleted. */
  | 'leftover'
  /** A row that is being made, and no Job that makes it. */
  | 'unfinished'
  /** A row of a cloud that the configuration has no more. */
  | 'no cloud'
  /** A Job that has been due for long, and no worker has taken it. */
  | 'waiting Job'
  /** Part that could not be compared, since the provider did not answer. */
  | 'unknown';

export interface Discrepancy {
  kind: Disagreement;
  /** Path of the resource or Job; the cloud's key where it is about all of a type there. */
  what: string;
  /** The provider's key, where there is a thing. */
  key?: string;
  cloud?: string;
  tenant?: string;
  /** The matter, and what helps, in words. */
  words: string;
  /** Words for what mending would do; absent where only a person can. */
  plan?: string;
  /** Does so. @returns false where it is not so any more */
  mend?: () => Promise<boolean>;
}

export type ExaminationContext = Pick<ReaderContext, 'catalogue' | 'clouds' | 'store' | 'tagKey' | 'log'> & {
  handlers: readonly ResourceHandler[];
};

/** Time that a due Job may wait for a worker, in ms. */
const PATIENCE_MS = 600_000;

/** One type in one cloud: what is there, and what is known of it. */
interface Compared {
  context: ExaminationContext;
  retirement: Retirement;
  handler: ResourceHandler;
  cloud: Cloud;
  group: ReadableGroup;
  rows: ReadonlyMap<string, ResourceRow>;
  byPath: ReadonlyMap<string, ResourceRow>;
  holds: ReadonlyMap<string, unknown>;
  tags: ReadonlyMap<Item, TaggedAs>;
}

/**
 * Compares the store with the clouds: every provider is asked anew, by lists, and for what these do not show one by one.
 * @param only keys of the clouds that are looked at; all if absent
 */
export async function* examine(context: ExaminationContext, only?: readonly string[]): AsyncGenerator<Discrepancy> {
  const retirement = new Retirement(context);
  const clouds = context.clouds.all().filter(({ key }) => only?.includes(key) ?? true);
  for (const cloud of clouds)
    for (const handler of context.handlers)
      if (handler.group && cloud.has(handler.group) && context.catalogue.pathOf(handler.type) !== undefined)
        yield* compare(context, retirement, handler, cloud, handler.group);
  if (only) return;
  yield* withoutCloud(context);
  yield* waitingJobs(context);
}

async function* compare(
  context: ExaminationContext,
  retirement: Retirement,
  handler: ResourceHandler,
  cloud: Cloud,
  group: ReadableGroup,
): AsyncGenerator<Discrepancy> {
  // The provider is asked first: what is made meanwhile has a row that is newer than what was seen.
  const items = await cloud.list(group, { maxAgeMs: 0 }).catch((error: unknown) => notAnswered(error));
  if (items instanceof ProviderError) {
    yield { kind: 'unknown', what: `${cloud.key} ${group}`, cloud: cloud.key, words: `it could not be listed: ${items.message}` };
    return;
  }
  const all: ResourceRow[] = [];
  for await (const page of pagesOf(context.store, { type: handler.type, cloud: cloud.key })) all.push(...page);
  const compared: Compared = {
    ...{ context, retirement, handler, cloud, group },
    rows: new Map(all.flatMap((row) => (row.providerKey === null ? [] : [[row.providerKey, row] as const]))),
    byPath: new Map(all.map((row) => [row.path, row])),
    holds: await context.store.holds(),
    tags: tagsOf(context, handler, cloud, items.value),
  };
  yield* unrowed(compared, items.value);
  yield* unlisted(compared, new Set(items.value.map(({ key }) => key)));
}

function notAnswered(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  throw error;
}

/** Things whose tag says that they are ours, and that have no row of their own. */
async function* unrowed(compared: Compared, items: readonly Item[]): AsyncGenerator<Discrepancy> {
  const { context, cloud, group, rows, byPath, holds, tags } = compared;
  const ours = items.filter((item) => !item.gone && !rows.has(item.key) && tags.has(item));
  if (ours.length === 0) return;
  // Looked at again, now that the rows are known: what was deleted since it was listed lost its row with it.
  const keys = ours.map(({ key }) => key);
  const found = await cloud.getMany(group, keys, { maxAgeMs: 0 }).catch((error: unknown) => notAnswered(error));
  const taken = new Set<string>();
  for (const item of oldestFirst(ours)) {
    if (overdue()) await giveWay();
    const tag = tags.get(item);
    // What a Job works on is not settled yet.
    if (!tag || holds.has(tag.path)) continue;
    const unknown = found instanceof ProviderError ? found : found.value.unknown.get(item.key);
    if (unknown) {
      const of = { what: tag.path, key: item.key, cloud: cloud.key, tenant: tag.tenant };
      yield { ...of, kind: 'unknown', words: `the list has it, and it could not be read: ${unknown.message}` };
      continue;
    }
    const now = found instanceof ProviderError ? undefined : found.value.get(item.key);
    if (!now || now.gone) continue;
    const row = byPath.get(tag.path) ?? (await context.store.resource(tag.path));
    if (row && row.providerKey === item.key) continue;
    if (taken.has(tag.path) || (row && row.providerKey !== null)) yield duplicate(compared, item, tag);
    else if (!row && (await context.store.retired([tag.path])).has(tag.path)) yield await deleted(compared, item, tag);
    else if (!row) yield lostRow(compared, item, tag);
    taken.add(tag.path);
  }
}

const whereIs = ({ cloud, handler, context }: Compared, item: Item): string =>
  `${context.catalogue.pathOf(handler.type) ?? ''}/${encodeId(cloud.key, item.key)}`;

function duplicate(compared: Compared, item: Item, { path, tenant }: TaggedAs): Discrepancy {
  const { cloud } = compared;
  const words = `a second one with its tag is shown as ${whereIs(compared, item)}: delete that one if nobody needs it`;
  return { kind: 'duplicate', what: path, key: item.key, cloud: cloud.key, tenant, words };
}

function lostRow(compared: Compared, item: Item, { path, tenant }: TaggedAs): Discrepancy {
  const { context, cloud, handler } = compared;
  return {
    ...{ kind: 'lost row', what: path, key: item.key, cloud: cloud.key, tenant },
    words: 'it says by its tag that it is ours, and the store knows nothing of it; what the store alone had of it is lost',
    plan: 'give it a row under its own id',
    mend: async () => (await adopt(context, tenant, path, cloud, item, handler)).providerKey === item.key,
  };
}

/** Tells of a thing whose resource is there no more: because somebody deleted it, or because a reading found it gone. */
async function deleted(compared: Compared, item: Item, { path, tenant }: TaggedAs): Promise<Discrepancy> {
  const { retirement, cloud, handler } = compared;
  const former = await retirement.formerOf(item, cloud, handler.type);
  if (former)
    return {
      ...{ kind: 'returned', what: former.path, key: item.key, cloud: cloud.key, tenant: former.tenant },
      words: 'the provider had told that it is gone, and it is there',
      plan: 'bring its row back',
      mend: async () => (await retirement.bringBack(former, item)) !== undefined,
    };
  const words = `it was deleted, and something with its tag is there, shown as ${whereIs(compared, item)}: delete that if it is nobody's clone`;
  return { kind: 'leftover', what: path, key: item.key, cloud: cloud.key, tenant, words };
}

/** Rows that the list shows nothing of. */
async function* unlisted(compared: Compared, listed: ReadonlySet<string>): AsyncGenerator<Discrepancy> {
  const { context, byPath, holds, cloud, group } = compared;
  const missing: { row: ResourceRow; key: string }[] = [];
  for (const row of byPath.values()) {
    if (overdue()) await giveWay();
    if (holds.has(row.path)) continue;
    if (row.providerKey !== null && !listed.has(row.providerKey)) missing.push({ row, key: row.providerKey });
    if (row.providerKey === null && row.state === 'CREATING' && (await isUnchanged(context, row))) {
      const words = 'it is being made, and no Job does so: look for it at the provider, then delete it';
      yield { kind: 'unfinished', what: row.path, cloud: cloud.key, tenant: row.tenant, words };
    }
  }
  if (missing.length === 0) return;
  const keys = missing.map(({ key }) => key);
  const found = await cloud.getMany(group, keys, { maxAgeMs: 0 }).catch((error: unknown) => notAnswered(error));
  for (const { row, key } of missing) {
    const of = { what: row.path, key, cloud: cloud.key, tenant: row.tenant };
    const unknown = found instanceof ProviderError ? found : found.value.unknown.get(key);
    if (unknown) yield { ...of, kind: 'unknown', words: `the list does not have it, and it could not be read: ${unknown.message}` };
    else if (!(found instanceof ProviderError) && !found.value.has(key)) {
      const gone = await goneRow(compared, row);
      if (gone) yield { ...of, ...gone };
    }
  }
}

/** Tells whether a row is as it was read, and no Job at work on it: one may have ended, with the row, while all were read. */
async function isUnchanged({ store }: ExaminationContext, row: ResourceRow): Promise<boolean> {
  const now = await store.heldResource(row.path);
  return now?.row.version === row.version && now.held === undefined;
}

/** Tells of a row whose thing is gone, if it is old enough for that to be settled. */
async function goneRow(
  { context, retirement, cloud }: Compared,
  row: ResourceRow,
): Promise<Pick<Discrepancy, 'kind' | 'words' | 'plan' | 'mend'> | undefined> {
  if (!isSettled(row, cloud, await context.store.now()) || !(await isUnchanged(context, row))) return undefined;
  return {
    kind: 'gone',
    words: 'the provider says that it is not there any more',
    plan: 'take its row away, as the next reading of it does',
    mend: () => retirement.retire(row, cloud),
  };
}

/** Rows of clouds that the configuration has no more: they are shown nowhere. */
async function* withoutCloud({ store, clouds, handlers }: ExaminationContext): AsyncGenerator<Discrepancy> {
  const known = new Set<string | null>([null, ...clouds.all().map(({ key }) => key)]);
  for (const { type } of handlers.filter(({ group }) => group !== undefined))
    for await (const page of pagesOf(store, { type }))
      for (const { path, cloud, tenant } of page)
        if (cloud !== null && !known.has(cloud))
          yield {
            kind: 'no cloud',
            what: path,
            cloud,
            tenant,
            words: `it is in ${cloud}, which the configuration has no more: put the cloud back under this key`,
          };
}

async function* waitingJobs({ store }: ExaminationContext): AsyncGenerator<Discrepancy> {
  const now = await store.now();
  for (const job of await store.jobs({ states: UNFINISHED })) {
    if (job.leaseOwner !== null && (job.leaseUntil ?? 0) > now) continue;
    const late = now - job.due;
    if (late < PATIENCE_MS) continue;
    const words = `it has been due for ${Math.round(late / 60_000)} minutes, and no worker takes it: see whether one runs`;
    yield { kind: 'waiting Job', what: `jobs/${job.id}`, tenant: job.tenant, words };
  }
}
