import type { WriteGroups } from '../clouds/cloud';
import type { Item, ListedGroup, Marks } from '../clouds/driver';
import { splitTwins, type OnceResult } from '../jobs/once';
import { cloudOf, type StepContext, type StepOutcome } from '../jobs/workflow';
import type { ResourcePath, ResourceRow } from '../store/store';
import { deleteSeen } from './provider-change';

type Context = StepContext<{ cloud: string; path: ResourcePath }>;

/**
 * Of what carries this Job's marks, what its attempts made by the provider's own clock: people copy machines with
 * their tags.
 */
export async function madeHere(
  context: Context,
  group: ListedGroup,
  marks: Marks,
): Promise<{ ours: readonly string[]; ageless: readonly string[] }> {
  const found = await cloudOf(context.clouds, context.input.cloud).find(group, marks);
  const now = new Date(await context.store.now()).toISOString();
  const created = (item: Item) => ({ key: item.key, created: item.created ?? null });
  const { ours } = splitTwins(found.map(created), context.job.created, now);
  return { ours, ageless: found.flatMap((item) => (item.created === undefined ? item.key : [])) };
}

/**
 * Undoes a create that happens once: what it recorded goes, and whatever attempts without an end made besides. Where
 * nothing was recorded, what the provider gives no age of goes, too.
 */
export async function undoCreate(
  context: Context,
  group: keyof WriteGroups & ListedGroup,
  marks: Marks,
  made: OnceResult | undefined,
): Promise<StepOutcome> {
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
  return {
    done: null,
    apply: async (unit) => {
      if (await unit.resource(context.input.path)) await unit.updateResource(context.input.path, undefined, { providerKey: null });
    },
  };
}

/** Whether something of a resource may still be at its provider, or come to be there, although its create ended badly. */
export function isThere({ providerKey, internal }: Pick<ResourceRow, 'providerKey' | 'internal'>): boolean {
  return providerKey !== null || internal.underWay === true || (Array.isArray(internal.left) && internal.left.length > 0);
}
