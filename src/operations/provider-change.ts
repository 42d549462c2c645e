import type { WriteGroups } from '../clouds/cloud';
import type { ListedGroup, Naming } from '../clouds/driver';
import { poll } from '../jobs/poll';
import { cloudOf, StepFailure, type EndContext, type Step, type StepContext, type StepOutcome, type Workflow } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { Hold, ResourcePath } from '../store/store';
import { isReissued, isUnderWay } from './reissue';
import { removeWithAssociations } from './associations';
import { carryOut, carryOutAll } from './carry-out';
import { dropOwned, type Owned } from './drop-owned';
import { watchLate } from './late-call';
import { reachState, stateOf } from './reach-state';
import { roundedUp, withFigures } from './rounded';

/**
 * Workflows that change what already lives at a provider, the same for every type: act (start, stop, …), update
 * (rename, resize) and delete. Which group and method: in the Job's input.
 */

export interface ActInput {
  cloud: string;
  group: keyof WriteGroups & ListedGroup;
  path: ResourcePath;
  /** Provider key; absent where an unfinished create is waited for. */
  key?: string;
  /** Unfinished Job that must end first. */
  after?: string;
  /**
   * Driver methods in order, with the state each leads to, the state shown meanwhile, and the token it carries, if any;
   * `again`: not sent where the provider is at it, or is done with it.
   */
  calls: readonly {
    method: string;
    args: readonly Value[];
    shows: string | null;
    goal: readonly string[];
    token?: string;
    again?: boolean;
  }[];
  /** Attributes that the gateway keeps for the resource from the end on (a reference the provider does not know). */
  keep?: Values;
}

export interface UpdateInput {
  cloud: string;
  group: keyof WriteGroups & ListedGroup;
  path: ResourcePath;
  key: string;
  /** Provider key of the configuration to change to, and how it was chosen, for the Job's statusMessage. */
  resize?: string;
  told?: string;
  /** Attributes for the driver's `update`, in its terms. */
  update?: Values;
  /** The naming as the provider is to hold it, and what stays with the gateway. */
  naming?: { held: Naming; rest: Naming };
}

export interface DeleteInput {
  cloud: string | null;
  group: keyof WriteGroups & ListedGroup;
  path: ResourcePath;
  key?: string;
  after?: string;
  /** Resources that are deleted with it and go first, with their rows (the ports of a network). */
  owned?: Owned;
  /** Provider copies of credentials that were imported for this resource alone. */
  credentials?: readonly string[];
  /** Kept references to the deleted resource, and what they become. */
  relink?: readonly { path: ResourcePath; attribute: string; to: Value }[];
}

/** Waits for a Job that was asked to stop (or is about to end), then takes over its hold. */
export function precede(hold: (input: { path: ResourcePath }) => Hold): Step<{ path: ResourcePath; after?: string }> {
  return {
    name: 'precede',
    message: 'Waiting for the operation in progress to end',
    readOnly: true,
    async run({ input, store }) {
      if (!input.after) return { done: null };
      const first = await store.job(input.after);
      if (first && first.expires === null) return { wait: 100 };
      const holder = (await store.holds([input.path])).get(input.path);
      // Reissued more than once: one after the other.
      if (holder && holder.job !== input.after && isReissued(input)) return { wait: 100 };
      if (holder && holder.job !== input.after) throw new StepFailure(`${input.path} is being changed by another job`, 'conflict');
      return { done: null, holds: [hold(input)] };
    },
  };
}

/** The provider key: from the input, or as an earlier create recorded it meanwhile; null when there is none. */
function locate<I extends { path: ResourcePath; key?: string }>(): Step<I> {
  return {
    name: 'locate',
    message: 'Finding the resource at the provider',
    readOnly: true,
    async run({ input, store }) {
      if (input.key !== undefined) return { done: input.key };
      return { done: (await store.resource(input.path))?.providerKey ?? null };
    },
  };
}

const actSteps: Step<ActInput>[] = [
  precede((input) => ({ path: input.path, shows: (input as ActInput).calls[0]?.shows ?? null })) as Step<ActInput>,
  locate<ActInput>(),
  ...[0, 1].flatMap((index) => [call(index), reached(index)]),
];

/** The n-th call of an act; an act of one call passes over the second. */
function call(index: number): Step<ActInput> {
  return {
    name: `call${index}`,
    message: 'Carrying out the operation at the provider',
    async run(context) {
      const { input, results } = context;
      const key = results.locate;
      if (typeof key !== 'string') throw new StepFailure('the resource does not exist at the provider', 'notFound');
      const wanted = input.calls[index];
      if (!wanted || (wanted.again && (await isUnderWay(context, key, wanted)))) return { done: null };
      return carryOut(context, input.group, wanted.method, [key, ...wanted.args]);
    },
    late(context, outcome) {
      const { input, results } = context;
      const wanted = input.calls[index];
      const asked = wanted && wanted.goal.length > 0 && typeof results.locate === 'string' && !(outcome && 'nested' in outcome);
      return Promise.resolve(asked ? watchLate(context, String(results.locate), wanted) : undefined);
    },
  };
}

function reached(index: number): Step<ActInput> {
  return {
    name: `reached${index}`,
    message: 'Waiting for the provider to show the new state',
    async run(context) {
      const { input, results } = context;
      const wanted = input.calls[index];
      if (!wanted || wanted.goal.length === 0) return { done: null };
      const outcome = await reachState(context, input.group, String(results.locate), {
        goal: wanted.goal,
        goneIsFailure: true,
        ...(wanted.token === undefined ? {} : { token: wanted.token }),
      });
      const next = input.calls[index + 1];
      return 'done' in outcome && next ? { ...outcome, holds: [{ path: input.path, shows: next.shows }] } : outcome;
    },
  };
}

/**
 * Deletes what a provider may not show yet: to delete what is not there is success, so a delete that comes before its
 * thing is visible would leave it behind.
 * @param made when it was made, RFC 3339.
 */
export async function deleteSeen(
  context: StepContext<{ cloud: string }>,
  group: keyof WriteGroups & ListedGroup,
  key: string,
  made: string,
): Promise<StepOutcome> {
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const { value } = await cloud.get(group, key, { maxAgeMs: 0 });
  const left = Date.parse(made) + cloud.capabilities.settleMs - (await context.store.now());
  if (!value && left > 0) return { wait: Math.min(left, 1_000), message: 'the provider does not show it yet' };
  return carryOut(context, group, 'delete', [key]);
}

/**
 * Records when a change ended, so that readers answer from nothing older than it.
 * @param became states of which it brought the resource into one: what shows another later was changed by somebody else
 */
export async function markSettled(
  { unit, input }: Pick<EndContext<{ path: ResourcePath }>, 'unit' | 'input'>,
  became?: readonly string[],
): Promise<void> {
  const row = await unit.resource(input.path);
  if (!row) return;
  const { shows: _shows, ...internal } = row.internal;
  const state = became && became.length > 0 ? { became: [...became] } : {};
  await unit.updateResource(input.path, undefined, { internal: { ...internal, ...state, settledAt: await unit.now() } });
}

/** Describes the end of an act in words. */
function endOf({ calls }: ActInput): string {
  const last = calls.at(-1);
  return last?.goal.length === 1 ? `The state is ${last.goal[0] ?? ''}` : 'Done';
}

export const actWorkflow: Workflow<ActInput> = {
  name: 'provider.act',
  version: 1,
  steps: actSteps,
  async succeeded(context) {
    const { unit, input } = context;
    const row = input.keep ? await unit.resource(input.path) : undefined;
    if (row)
      await unit.updateResource(input.path, undefined, { internal: { ...row.internal, kept: { ...keptOf(row.internal), ...input.keep } } });
    await markSettled(context, input.calls.at(-1)?.goal);
    return { message: endOf(input) };
  },
  async failed(context) {
    await markSettled(context);
    return {};
  },
};

export const updateWorkflow: Workflow<UpdateInput> = {
  name: 'provider.update',
  version: 1,
  steps: [
    {
      name: 'resize',
      message: 'Changing the size at the provider',
      async run(context) {
        const { resize, group, key } = context.input;
        return resize === undefined ? { done: null } : carryOut(context, group, 'resize', [key, { config: resize }]);
      },
    },
    {
      name: 'update',
      message: 'Changing attributes at the provider',
      async run(context) {
        const { update: to, group, key } = context.input;
        return to ? carryOut(context, group, 'update', [key, to as Value]) : { done: null };
      },
    },
    {
      name: 'figures',
      message: 'Comparing what the provider gives with what was asked for',
      readOnly: true,
      async run(context) {
        const { update: to = {}, group, key } = context.input;
        return { done: await roundedUp(context, group, key, to) };
      },
    },
    {
      name: 'rename',
      message: 'Writing name, description and properties',
      async run(context) {
        const { input } = context;
        if (!input.naming) return { done: null };
        const { held, rest } = input.naming;
        const cloud = cloudOf(context.clouds, input.cloud);
        const renamed = cloud.offers(input.group, 'rename')
          ? await carryOut(context, input.group, 'rename', [input.key, held as Value])
          : { done: null };
        if (!('done' in renamed)) return renamed;
        return {
          done: null,
          apply: async (unit) => {
            const row = await unit.resource(input.path);
            if (!row) return;
            await unit.updateResource(input.path, undefined, {
              internal: { ...row.internal, kept: { ...keptOf(row.internal), ...naming(rest) } },
            });
          },
        };
      },
    },
  ],
  async succeeded(context) {
    const row = await context.unit.resource(context.input.path);
    if (row) {
      await context.unit.updateResource(context.input.path, undefined, {
        explicit: true,
        internal: { ...row.internal, settledAt: await context.unit.now() },
      });
    }
    return { message: withFigures('Updated', context.input.told, context.results.figures) };
  },
};

/** Returns the attributes that the gateway keeps for a provider-backed resource because the provider cannot. */
export function keptOf(internal: { kept?: Value }): { [name: string]: Value | undefined } {
  return typeof internal.kept === 'object' && internal.kept !== null ? (internal.kept as { [name: string]: Value | undefined }) : {};
}

/** All three members, so that what is no longer kept is taken out when merged over the former ones. */
function naming(rest: Naming): { [name: string]: Value | undefined } {
  return { name: rest.name, description: rest.description, properties: rest.properties };
}

export const deleteWorkflow: Workflow<DeleteInput> = {
  name: 'provider.delete',
  version: 1,
  unstoppable: true,
  steps: [
    precede((input) => ({ path: input.path, shows: 'DELETING' })) as Step<DeleteInput>,
    locate<DeleteInput>(),
    {
      name: 'delete',
      message: 'Deleting at the provider',
      async run(context) {
        const key = context.results.locate;
        const at = inCloud(context);
        if (typeof key !== 'string' || !at) return { done: null };
        const waiting = await dropOwned(at, context.input.owned);
        if (waiting) return waiting;
        const row = await context.store.resource(context.input.path);
        return deleteSeen(at, context.input.group, key, row?.created ?? context.job.created);
      },
    },
    {
      name: 'gone',
      message: 'Waiting until the provider shows it as gone',
      async run(context) {
        const key = context.results.locate;
        const at = inCloud(context);
        if (typeof key !== 'string' || !at) return { done: null };
        const { waitAtMostMs } = cloudOf(context.clouds, at.input.cloud);
        return poll(context, () => stateOf(at, context.input.group, key), {
          goal: (state) => state === undefined,
          message: (state) => `the provider still shows ${state ?? ''}`,
          atMostMs: waitAtMostMs,
        });
      },
    },
    {
      name: 'credentials',
      message: 'Removing key pairs that were imported for it',
      async run(context) {
        const at = inCloud(context);
        if (!at) return { done: null };
        const keys = context.input.credentials ?? [];
        return carryOutAll(
          at,
          keys.map((key) => ({ group: 'credentials' as const, method: 'delete', args: [key] })),
        );
      },
    },
  ],
  async succeeded({ unit, input }) {
    for (const { path, attribute, to } of input.relink ?? []) {
      const row = await unit.resource(path);
      if (row)
        await unit.updateResource(path, undefined, {
          internal: { ...row.internal, kept: { ...keptOf(row.internal), [attribute]: to ?? undefined } },
        });
    }
    for (const { path } of input.owned?.items ?? []) await removeWithAssociations(unit, path);
    await removeWithAssociations(unit, input.path);
    return { message: 'Deleted', affected: [] };
  },
  async failed(context) {
    await markSettled(context);
    return {};
  },
};

/** The context of a resource that has a cloud; undefined where it has none, so that nothing is left to do at a provider. */
function inCloud(context: StepContext<DeleteInput>): StepContext<{ cloud: string }> | undefined {
  return context.input.cloud === null ? undefined : (context as unknown as StepContext<{ cloud: string }>);
}
