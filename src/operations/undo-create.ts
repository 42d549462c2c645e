import { isOngoing, type WorkHandle, type Item, type ListedGroup, type Marks } from '../clouds/driver';
import { HandleForgotten, ProviderError } from '../clouds/errors';
import { splitDuplicates, type CreateResult } from '../jobs/idempotent-create';
import { pauseOf } from '../jobs/poll';
import { cloudOf, type StepContext, type StepOutcome, type Wait } from '../jobs/workflow';
import type { ResourcePath, ResourceRow, UnitOfWork } from '../store/store';
import { polled, type MadeGroup } from './carry-out';
import { LATER_MS, lookLater, type Unseen } from './look-again';
import { deleteSeen } from './provider-change';

type Context = StepContext<{ cloud: string; path: ResourcePath }>;

/**
 * Selects, from what carries this Job's marks, what its attempts made by the provider's own clock: people copy machines with their
 * tags.
 */
export async function madeHere(
  context: Context,
  group: ListedGroup,
  marks: Marks,
): Promise<{ ours: readonly string[]; ageless: readonly string[] }> {
  const found = await cloudOf(context.clouds, context.input.cloud).find(group, marks);
  const now = new Date(await context.store.now()).toISOString();
  const created = (item: Item) => ({ key: item.key, created: item.created ?? null });
  const { ours } = splitDuplicates(found.map(created), context.job.created, now);
  return { ours, ageless: found.flatMap((item) => (item.created === undefined ? item.key : [])) };
}

/**
 * Undoes a create that happens once: what it recorded goes, and whatever attempts without an end made besides; work that is
 * under way is waited for first. Where nothing was recorded, what the provider gives no age of goes, too. After calls that
 * never answered it is looked once more later, by a Job of its own.
 */
export async function undoCreate(given: Context, group: MadeGroup, marks: Marks, recorded: CreateResult | undefined): Promise<StepOutcome> {
  const followed = await followUndone(given, group);
  if (followed && 'wait' in followed) return followed;
  const context: Context = followed ? { ...given, memory: null } : given;
  const made =
    recorded ?? (followed?.key === undefined ? undefined : { key: followed.key, found: true, attempts: context.attempt, twins: [] });
  const { settleMs } = cloudOf(context.clouds, context.input.cloud).capabilities;
  const certain = made !== undefined && !made.found && made.attempts === 1;
  const { ours, ageless } = certain ? { ours: [], ageless: [] } : await madeHere(context, group, marks);
  const keys = new Set(made === undefined ? [...ours, ...ageless] : [made.key, ...ours]);
  for (const key of keys) {
    const outcome = await deleteSeen(context, group, key, context.job.created);
    if (!('done' in outcome)) return outcome;
  }
  // An answer that was lost may show late: look once more after the settle time before calling it clean.
  if (!certain && context.elapsedMs < settleMs) return { wait: settleMs - context.elapsedMs };
  const forget = async (unit: UnitOfWork): Promise<void> => {
    if (await unit.resource(context.input.path)) await unit.updateResource(context.input.path, undefined, { providerKey: null });
  };
  const unanswered = (context.unanswered?.count ?? 0) > 0 || (made?.unanswered ?? 0) > 0;
  if (certain || !unanswered) return { done: null, apply: forget };
  const unseen = unseenBy(context, group, marks);
  return {
    done: null,
    note: await mayStillCome(context, unseen),
    apply: async (unit) => {
      await forget(unit);
      await lookLater(unit, context.job, unseen, { why: 'late answers' });
    },
  };
}

/** Describes what the Job's attempts may have made, to be looked for later. */
function unseenBy({ input, job }: Context, group: MadeGroup, marks: Marks): Unseen {
  return { cloud: input.cloud, group, path: input.path, marks, of: job.id, from: job.created };
}

/** Names what may have been made, so that it can be found by hand, too. */
async function mayStillCome({ store }: Context, { path, cloud, marks }: Unseen): Promise<string> {
  const name = (await store.resource(path))?.values.name;
  const named = typeof name === 'string' ? ` named '${name}'` : '';
  return (
    `what was asked for without an answer may still come to be in cloud '${cloud}'${named} (tag ${marks.tag}, token ${marks.token}); ` +
    `it is looked for once more in ${LATER_MS / 60_000} minutes and removed`
  );
}

/**
 * Follows work that the create to be undone had begun to its end: it shows nowhere before.
 * @returns undefined where there is none; else the wait, or the key of what was made
 */
async function followUndone(context: Context, group: MadeGroup): Promise<Wait | { key: string | undefined } | undefined> {
  // The create's own memory; what an undo remembers of its deletes says which have ended.
  const { ongoing, ended } = (context.memory ?? {}) as { ongoing?: WorkHandle; ended?: unknown };
  if (!ongoing || ended !== undefined) return undefined;
  const cloud = cloudOf(context.clouds, context.input.cloud);
  try {
    const outcome = await polled(cloud, group, ongoing);
    if (!isOngoing(outcome)) return { key: outcome?.key };
    return { wait: pauseOf(context, { atMostMs: cloud.waitAtMostMs }, outcome.message), message: 'undoing: waiting for what was begun' };
  } catch (error) {
    // It failed, or is forgotten: what there is of it shows by its marks.
    if (error instanceof HandleForgotten || (error instanceof ProviderError && !error.passing)) return { key: undefined };
    throw error;
  }
}

/**
 * Follows up a create of a worker that lost its lease over it: what it made beside the worker that has the Job now goes
 * once that one has ended.
 */
export async function lateCreate(
  context: Context,
  group: MadeGroup,
  marks: Marks,
  outcome: StepOutcome | undefined,
): Promise<((unit: UnitOfWork) => Promise<void>) | undefined> {
  const unseen = unseenBy(context, group, marks);
  if (outcome && 'wait' in outcome) {
    const { ongoing: handle } = (outcome.remember ?? {}) as { ongoing?: WorkHandle };
    // A wait without work under way was a look.
    if (!handle) return undefined;
    return async (unit) => void (await lookLater(unit, context.job, unseen, { why: `late ${JSON.stringify(handle)}`, handle, inMs: 0 }));
  }
  const key = outcome && 'done' in outcome ? (outcome.done as CreateResult).key : undefined;
  if (key !== undefined && (await context.store.resource(context.input.path))?.providerKey === key) return undefined;
  if (key === undefined) return async (unit) => void (await lookLater(unit, context.job, unseen, { why: 'lost lease' }));
  return async (unit) => void (await lookLater(unit, context.job, unseen, { why: `late ${key}`, keys: [key], inMs: 0 }));
}

/** Tells whether something of a resource may still be at its provider, or come to be there, although its create ended badly. */
export function isThere({ providerKey, internal }: Pick<ResourceRow, 'providerKey' | 'internal'>): boolean {
  return providerKey !== null || internal.underWay !== undefined || (Array.isArray(internal.left) && internal.left.length > 0);
}

/** The same, where work of unknown end may still come to something that is looked for later. */
export function mayStillBe(row: Pick<ResourceRow, 'providerKey' | 'internal'>): boolean {
  return isThere(row) || row.internal.lookedFor !== undefined;
}
