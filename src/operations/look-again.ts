import { isOngoing, type WorkHandle, type Marks } from '../clouds/driver';
import { HandleForgotten, ProviderError } from '../clouds/errors';
import { childId } from '../jobs/job-run';
import { splitDuplicates } from '../jobs/idempotent-create';
import { pauseOf } from '../jobs/poll';
import { cloudOf, type Step, type StepContext, type Workflow } from '../jobs/workflow';
import { ACTION } from '../model/define';
import type { Value, Values } from '../model/values';
import { isFinished, type ResourcePath, type ResourceRow, type UnitOfWork } from '../store/store';
import { carryOutAll, polled, type MadeGroup } from './carry-out';

/** Description of what a Job may have made without knowing it, and how it is told from what others made. */
export type Unseen = {
  cloud: string;
  group: MadeGroup;
  path: ResourcePath;
  marks: Marks;
  /** The Job. */
  of: string;
  /** Time at which it was accepted, RFC 3339: nothing older is its own. */
  from: string;
};

interface LookAgainInput extends Unseen {
  /** Latest time of creation, by the provider's clock, of what is its own, RFC 3339. */
  to: string;
  /** Work that an attempt began. */
  handle?: WorkHandle;
  /** Keys that its attempts were given. */
  keys?: readonly string[];
}

/** Delay after its end at which a Job's leftovers are looked for once more, in ms. */
export const LATER_MS = 300_000;
const DAY_MS = 86_400_000;
/** Interval at which it is looked whether the Job has ended, in ms. */
const LOOK_EVERY_MS = 1_000;

type Context = StepContext<LookAgainInput>;

const ended: Step<LookAgainInput> = {
  name: 'ended',
  message: 'Waiting for the job to end whose late effects are looked for',
  readOnly: true,
  async run({ input, store }) {
    const left = Date.parse(input.to) - (await store.now());
    if (left > 0) return { wait: left };
    const job = await store.job(input.of);
    return job && !isFinished(job) ? { wait: LOOK_EVERY_MS } : { done: null };
  },
};

/** Work under way is followed to its end, in whatever it ends: a thing that is half there shows nowhere yet. */
const followed: Step<LookAgainInput> = {
  name: 'followed',
  message: 'Waiting for what an attempt began',
  readOnly: true,
  async run(context) {
    const { input } = context;
    if (!input.handle) return { done: null };
    try {
      const outcome = await polled(cloudOf(context.clouds, input.cloud), input.group, input.handle);
      if (isOngoing(outcome)) return { wait: pauseOf(context, {}, outcome.message) };
      return { done: outcome?.key ?? null };
    } catch (error) {
      // It failed, or is forgotten: what there is of it shows by its marks.
      if (error instanceof HandleForgotten || (error instanceof ProviderError && !error.passing)) return { done: null };
      throw error;
    }
  },
};

const look: Step<LookAgainInput> = {
  name: 'look',
  message: 'Looking for what was made late',
  readOnly: true,
  async run(context) {
    const { input, results } = context;
    const row = await context.store.resource(input.path);
    if (row?.internal.underWay !== undefined) return { done: { late: [], others: [] } };
    const cloud = cloudOf(context.clouds, input.cloud);
    const found = await cloud.find(input.group, input.marks);
    const created = found.map((item) => ({ key: item.key, created: item.created ?? null }));
    const { ours, foreign } = splitDuplicates(created, input.from, input.to);
    const given = [...(input.keys ?? []), ...(typeof results.followed === 'string' ? [results.followed] : [])];
    const { value: there } = await cloud.getMany(input.group, given, { maxAgeMs: 0 });
    for (const error of there.unknown.values()) throw error;
    // What was told to an attempt may not show yet, or have been removed by the other worker already.
    const left = cloud.capabilities.settleMs - context.elapsedMs;
    if (left > 0 && given.some((key) => !there.has(key))) return { wait: left };
    const late = [...new Set([...ours, ...given.filter((key) => there.has(key))])].filter((key) => key !== row?.providerKey);
    return { done: { late, others: foreign.filter((key) => !late.includes(key) && key !== row?.providerKey) } };
  },
};

const remove: Step<LookAgainInput> = {
  name: 'remove',
  message: 'Removing what was made late',
  run: (context) =>
    carryOutAll(
      context,
      lateOf(context.results).late.map((key) => ({ group: context.input.group, method: 'delete', args: [key] })),
    ),
};

function lateOf(results: Context['results']): { late: readonly string[]; others: readonly string[] } {
  return results.look as { late: readonly string[]; others: readonly string[] };
}

/**
 * Looks once more for what a Job made without ever being told so: calls that never answered, or came beside another
 * worker's. Removes what carries the Job's marks, was created within its attempts by the provider's clock (or was told to
 * an attempt) and is not what its resource became; what else carries the marks is only told of.
 */
export const lookAgain: Workflow<LookAgainInput> = {
  name: 'provider.lookAgain',
  version: 1,
  patienceMs: DAY_MS,
  unstoppable: true,
  steps: [ended, followed, look, remove],
  async succeeded({ unit, input, results }) {
    const { late, others } = lateOf(results);
    const left = others.length === 0 ? '' : `; left alone, for it was not made within its attempts: ${others.join(', ')}`;
    const affected = (await unit.resource(input.path)) ? {} : { affected: [] };
    if (late.length === 0) return { message: `Nothing more has come of jobs/${input.of}${left}`, ...affected };
    await note(unit, input.of, `what it made late was removed: ${late.join(', ')}`);
    return { message: `Removed what jobs/${input.of} made late: ${late.join(', ')}${left}`, ...affected };
  },
};

/** Adds to the last words of a Job that has ended, if there is still a record of it. */
export async function note(unit: UnitOfWork, id: string, message: string): Promise<void> {
  const job = await unit.job(id);
  if (job) await unit.updateJob(id, { statusMessage: `${job.statusMessage}; ${message}` });
}

/**
 * Starts a Job, which holds nothing, to look for something later. Once for each `why` of a Job.
 * @param known what an attempt was told of it
 * @returns the Job, and when it looks, RFC 3339
 */
export async function lookLater(
  unit: UnitOfWork,
  { tenant, principal }: StepContext['job'],
  unseen: Unseen,
  { why, inMs = LATER_MS, ...known }: Pick<LookAgainInput, 'handle' | 'keys'> & { why: string; inMs?: number },
): Promise<{ id: string; at: string }> {
  const due = (await unit.now()) + inMs;
  const at = new Date(due).toISOString();
  const id = childId(unseen.of, `look again ${why}`, false, 0);
  const input: LookAgainInput = { ...unseen, ...known, to: at };
  if (await unit.job(id)) return { id, at };
  const row = await unit.resource(unseen.path);
  if (row?.providerKey === null) await unit.updateResource(row.path, undefined, { internal: { ...row.internal, lookedFor: at } });
  await unit.insertJob({
    id,
    tenant,
    principal,
    action: `${ACTION}delete`,
    target: unseen.path,
    affected: [unseen.path],
    workflow: lookAgain.name,
    workflowVersion: lookAgain.version,
    input: input as unknown as Values as Value,
    due,
    statusMessage: `Looks at ${at} for what jobs/${unseen.of} may have made late`,
  });
  return { id, at };
}

/** A row goes whose create was left under way and has not shown up: whatever comes of it is removed later. */
export async function lookForUnderWay(unit: UnitOfWork, { tenant, providerKey, internal }: ResourceRow): Promise<void> {
  if (providerKey !== null || typeof internal.underWay !== 'object' || internal.underWay === null) return;
  const { principal, handle, ...unseen } = internal.underWay as unknown as Unseen & { principal: string; handle?: WorkHandle };
  const job = { id: unseen.of, tenant, principal, created: unseen.from };
  await lookLater(unit, job, unseen, { why: 'deleted while under way', ...(handle ? { handle } : {}) });
}
