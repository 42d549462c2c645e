import type { WriteGroups } from '../clouds/cloud';
import type { ListedGroup, Naming } from '../clouds/driver';
import { createOnce, type OnceResult } from '../jobs/once';
import { cloudOf, StepFailure, type Step, type StepContext, type Workflow } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { NewResourceRow, ResourcePath, StoreReads } from '../store/store';
import type { Cloud } from '../clouds/cloud';
import { rowOfDiscovered } from './discovered';
import { extensionsFor } from './extensions';
import type { Found, Plan, PlanContext } from './family';
import { namingOf, restOf } from './naming';
import { carryOut, carryOutAll, makeAt, pollAt } from './carry-out';
import { keptOf, reachState, settle } from './provider-change';
import { madeHere, undoCreate } from './undo-create';

/** The making of one thing at a provider, the same for every type; what and how is in the Job's input. */
export interface ProviderCreateInput {
  cloud: string;
  group: keyof WriteGroups & ListedGroup;
  /** Driver method: `create` where absent. */
  method?: string;
  path: ResourcePath;
  /** Everything that the method takes but the token, resolved before the first attempt. */
  request: Values;
  keys?: KeysToCome;
  /** States of which one ends the waiting; absent for what has no state. */
  goal?: readonly string[];
  /** Calls afterwards (the initial state), each with what it leads to. */
  calls?: readonly { method: string; args: readonly Value[]; goal: readonly string[] }[];
  /** Rows that come to be with it (associations), and attributes that the gateway keeps of others from then on. */
  insert?: readonly NewResourceRow[];
  keep?: readonly { path: ResourcePath; values: Values }[];
}

type Context = StepContext<ProviderCreateInput>;

/** Marks of what the Job makes. */
export function marks({ input, token }: Pick<Context, 'input' | 'token'>): { token: string; tag: string } {
  return { token: token('create'), tag: String(input.request.tag) };
}

function made(context: Context): OnceResult {
  return context.results.create as OnceResult;
}

/** Texts in a Job's input that stand for provider keys, each with the path of the resource whose key it is. */
export type KeysToCome = { readonly [placeholder: string]: ResourcePath };

/**
 * A request as the driver takes it: `{ keyOf: path }`, and every text that the input's `keys` lists, stands for the
 * provider key of a resource that is made by the same Job or an earlier one, known only now. Recorded keys never change,
 * so every attempt sends the same. What a consumer wrote freely (properties) is never read so.
 * @throws StepFailure where the other resource has not come to be.
 */
export async function withKeys(context: { store: StoreReads; input: { keys?: KeysToCome } }, value: Value): Promise<Value> {
  const toCome = typeof value === 'string' ? context.input.keys?.[value] : undefined;
  if (toCome !== undefined) return withKeys(context, { keyOf: toCome });
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map((entry) => withKeys(context, entry as Value)));
  const record = value as Values;
  if (typeof record.keyOf === 'string') {
    const key = (await context.store.resource(record.keyOf))?.providerKey;
    if (typeof key !== 'string') throw new StepFailure(`${record.keyOf} does not exist at the provider`, 'notFound');
    return key;
  }
  const entries = await Promise.all(
    Object.entries(record).map(
      async ([name, entry]) => [name, entry === undefined || name === 'properties' ? entry : await withKeys(context, entry)] as const,
    ),
  );
  return Object.fromEntries(entries);
}

const create: Step<ProviderCreateInput> = {
  name: 'create',
  words: 'Creating at the provider',
  async run(context) {
    const { input } = context;
    const cloud = cloudOf(context.clouds, input.cloud);
    const request = (await withKeys(context, input.request)) as Values;
    const outcome = await createOnce(context, {
      settleMs: cloud.capabilities.settleMs,
      find: () => cloud.find(input.group, marks(context)),
      atMostMs: cloud.waitAtMostMs,
      create: () => makeAt(context, input.group, input.method ?? 'create', { ...request, token: marks(context).token }),
      poll: (handle) => pollAt(context, input.group, handle),
    });
    if (!('done' in outcome)) return outcome;
    const { key } = outcome.done;
    return { ...outcome, apply: async (unit) => void (await unit.updateResource(input.path, undefined, { providerKey: key })) };
  },
  undo: (context) => undoCreate(context, context.input.group, marks(context), context.results.create as OnceResult | undefined),
};

/** After attempts whose end is unknown, one more look for what they may have made late (Writes that may have happened). */
const twins: Step<ProviderCreateInput> = {
  name: 'twins',
  words: 'Making sure that there is only one',
  async run(context) {
    const { input } = context;
    const kept = made(context);
    if (!kept.found && kept.attempts === 1) return { done: null };
    const cloud = cloudOf(context.clouds, input.cloud);
    if (context.elapsedMs < cloud.capabilities.settleMs) return { wait: cloud.capabilities.settleMs - context.elapsedMs };
    const { ours } = await madeHere(context, input.group, marks(context));
    return carryOutAll(
      context,
      ours.filter((key) => key !== kept.key).map((key) => ({ group: input.group, method: 'delete', args: [key] })),
    );
  },
};

const reached: Step<ProviderCreateInput> = {
  name: 'reached',
  words: 'Waiting for the provider to have it ready',
  run: async (context) =>
    context.input.goal ? reachState(context, context.input.group, made(context).key, { goal: context.input.goal }) : { done: null },
};

const call: Step<ProviderCreateInput> = {
  name: 'call',
  words: 'Bringing it into its initial state',
  async run(context) {
    const [next] = context.input.calls ?? [];
    return next ? carryOut(context, context.input.group, next.method, [made(context).key, ...next.args]) : { done: null };
  },
};

const called: Step<ProviderCreateInput> = {
  name: 'called',
  words: 'Waiting for the initial state',
  async run(context) {
    const [next] = context.input.calls ?? [];
    return next ? reachState(context, context.input.group, made(context).key, { goal: next.goal, goneIsFailure: true }) : { done: null };
  },
};

/** Steps after a create that is called `create`: one is kept, and it is ready. */
export const afterCreate: readonly Step<ProviderCreateInput>[] = [twins, reached];

export const providerCreate: Workflow<ProviderCreateInput> = {
  name: 'provider.create',
  version: 1,
  steps: [create, ...afterCreate, call, called],
  async succeeded(context) {
    const { unit, input } = context;
    const row = await unit.resource(input.path);
    if (row) await unit.updateResource(row.path, undefined, { state: null });
    for (const { path, values } of input.keep ?? []) {
      const other = await unit.resource(path);
      if (other)
        await unit.updateResource(path, undefined, { internal: { ...other.internal, kept: { ...keptOf(other.internal), ...values } } });
    }
    for (const row of input.insert ?? []) await unit.insertResource(row);
    await settle(context);
    return { message: 'Created' };
  },
  async failed({ unit, input, error, left }) {
    const row = await unit.resource(input.path);
    // What has no state could not say that it never came to be.
    if (row?.values.state === undefined && row?.providerKey === null) await unit.deleteResource(input.path);
    else if (row) {
      const values = row.values.state === undefined ? row.values : { ...row.values, state: 'ERROR' };
      await unit.updateResource(input.path, undefined, {
        state: 'ERROR',
        values,
        internal: { ...row.internal, failed: error.message, left: [...left] },
      });
    }
    return {};
  },
};

export interface CreatePlan {
  type: string;
  group: keyof WriteGroups & ListedGroup;
  cloud: Cloud;
  /** Path of the collection posted to. */
  collection: ResourcePath;
  /** Instance attributes of the request, for the naming and what the cloud's driver brings. */
  naming: Values;
  /** The merged template, for the same. */
  template?: Values;
  /** What the new resource shows until the provider shows more. */
  shows: Values;
  request: Values;
  goal?: readonly string[];
  calls?: ProviderCreateInput['calls'];
  insert?: (path: ResourcePath) => readonly NewResourceRow[];
  keep?: (path: ResourcePath) => ProviderCreateInput['keep'];
  /** Further resources held meanwhile, with what they show. */
  holds?: Plan['holds'];
  internal?: Values;
  owner?: ResourcePath;
  /** What was found at the provider and gets a row now, because something is remembered of it from here on. */
  remembered?: readonly Found[];
}

/** The plan of a create at a provider: the row that is there at once, and the Job that makes it true. */
export function planProviderCreate(context: PlanContext, plan: CreatePlan): Plan {
  const { type, group, cloud, collection, shows } = plan;
  const id = context.newId();
  const bare = collection.startsWith('clouds/') ? collection.split('/').slice(2).join('/') : collection;
  const path = `${bare}/${id}`;
  const wanted: Naming = namingOf(plan.naming);
  const held = cloud.holds(group, wanted);
  const extensions = extensionsFor(context.catalogue, cloud, type, { values: plan.naming, template: plan.template });
  const insert = plan.insert?.(path);
  const keep = plan.keep?.(path);
  const input: ProviderCreateInput = {
    cloud: cloud.key,
    group,
    path,
    request: {
      ...(held as Values),
      ...plan.request,
      ...(Object.keys(extensions).length > 0 ? { extensions: extensions as Value } : {}),
      tag: context.tag(id),
    },
    ...(plan.goal ? { goal: plan.goal } : {}),
    ...(plan.calls ? { calls: plan.calls } : {}),
    ...(insert ? { insert } : {}),
    ...(keep ? { keep } : {}),
  };
  const stateful = context.catalogue.attributesOf(type).state !== undefined;
  return {
    target: collection,
    affected: [collection, path, ...(plan.holds ?? []).map((hold) => hold.path)],
    insert: [
      {
        path,
        type,
        tenant: context.principal.tenant,
        cloud: cloud.key,
        providerKey: null,
        owner: plan.owner ?? null,
        state: stateful ? 'CREATING' : null,
        values: { ...(wanted as Values), ...shows, ...extensions, ...(stateful ? { state: 'CREATING' } : {}) },
        secrets: null,
        internal: { ...plan.internal, kept: restOf(wanted, held) as Value },
      },
      ...(plan.remembered ?? []).filter((found) => !found.row).map(rowOfDiscovered),
    ],
    holds: [{ path, shows: stateful ? 'CREATING' : null }, ...(plan.holds ?? [])],
    work: { workflow: providerCreate.name, version: providerCreate.version, input: input as unknown as Values },
    statusMessage: 'Waiting to be created',
    location: path,
    ...(stateful ? { becomes: plan.calls?.at(-1)?.goal[0] ?? plan.goal?.[0] ?? 'CREATING' } : {}),
  };
}
