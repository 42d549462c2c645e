import type { Created, Ongoing } from '../clouds/driver';
import { createOnce, type CreateResult } from '../jobs/idempotent-create';
import { tokenOf } from '../jobs/job-run';
import { cloudOf, LeftUnderWay, type EndContext, type LastWords, type StepContext, type Workflow } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { UnitOfWork } from '../store/store';
import { carryOut, carryOutAll, makeAt, pollAt } from './carry-out';
import { CREATE_VERSION, type CreateInput } from './create-input';
import { madeKey, marks, type CreateRow, type CreateStep } from './create-row';
import { withKeys } from './create-keys';
import { lookLater, type Unseen } from './look-again';
import { forgetParts } from './machine-storage';
import { knowMeters } from './meter-templates';
import { keptOf, markSettled } from './provider-change';
import { reachState } from './reach-state';
import { forgetCopy } from './readable-copy';
import { roundedUp, withFigures } from './rounded';
import { lateCreate, madeHere, undoCreate } from './undo-create';

type Context = StepContext<CreateInput>;

/**
 * The workflow that makes one thing at a provider: once, however many answers are lost; one is kept where several came
 * to be; it is waited for, given its parts, and brought into its initial state. What fails is taken back, newest first.
 */
export function createAtProvider(row: CreateRow): Workflow<CreateInput> {
  const { before = [], parts = [] } = row;
  return {
    name: row.workflow,
    version: CREATE_VERSION,
    steps: [...before, create(row), duplicates, ready(row), ...parts, ...(row.initialState ? [initialState, settled] : [])],
    async succeeded(context) {
      await begun(context);
      return { message: withFigures(row.messages.done, context.input.told, context.results.ready) };
    },
    failed,
  };
}

function create(row: CreateRow): CreateStep {
  return {
    name: 'create',
    message: row.messages.create,
    async run(context) {
      const { input } = context;
      const busy = row.busy?.();
      if (busy) return busy;
      const cloud = cloudOf(context.clouds, input.cloud);
      const outcome = await createOnce(context, {
        settleMs: cloud.capabilities.settleMs,
        find: () => row.find?.(context) ?? cloud.find(input.group, marks(context)),
        atMostMs: cloud.waitAtMostMs,
        create: () => row.make?.(context) ?? make(row, context),
        poll: (handle) => pollAt(context, input.group, handle),
      });
      if (!('done' in outcome)) return outcome;
      const { key } = outcome.done;
      return {
        ...outcome,
        async apply(unit) {
          await unit.updateResource(input.path, undefined, { providerKey: key });
          await knowMeters(unit, input.path, key);
        },
      };
    },
    undo: (context) => undoCreate(context, context.input.group, marks(context), context.results.create as CreateResult | undefined),
    late: (context, outcome) => lateCreate(context, context.input.group, marks(context), outcome),
  };
}

async function make({ before = [] }: CreateRow, context: Context): Promise<Created | Ongoing> {
  const { input, results } = context;
  const request = (await withKeys(context, input.request)) as Values;
  for (const { name } of before) if (typeof results[name] === 'string') request[name] = results[name];
  return makeAt(context, input.group, input.method ?? 'create', { ...request, token: marks(context).token });
}

/**
 * Step that, after attempts whose end is unknown, looks once more for what they may have made late. A duplicate goes only if the
 * provider's own timestamp puts its creation inside this Job: people clone machines with their tags.
 */
const duplicates: CreateStep = {
  name: 'duplicates',
  message: 'Making sure that there is only one',
  async run(context) {
    const { input } = context;
    const kept = context.results.create as CreateResult;
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

function ready(row: CreateRow): CreateStep {
  return {
    name: 'ready',
    message: row.messages.ready,
    async run(context) {
      const { goal, group, request } = context.input;
      const outcome = goal ? await reachState(context, group, madeKey(context), { goal }) : { done: null };
      return 'done' in outcome ? { ...outcome, done: await roundedUp(context, group, madeKey(context), request) } : outcome;
    },
  };
}

const inStateAlready: CreateStep['idle'] = ({ input }) => !input.calls?.length;

const initialState: CreateStep = {
  name: 'initialState',
  message: 'Bringing it into its initial state',
  idle: inStateAlready,
  async run(context) {
    const [next] = context.input.calls ?? [];
    return next ? carryOut(context, context.input.group, next.method, [madeKey(context), ...next.args]) : { done: null };
  },
};

const settled: CreateStep = {
  name: 'settled',
  message: 'Waiting for the initial state',
  idle: inStateAlready,
  async run(context) {
    const [next] = context.input.calls ?? [];
    return next ? reachState(context, context.input.group, madeKey(context), { goal: next.goal }) : { done: null };
  },
};

/** The row goes on with what the provider does not hold; what comes to be with the resource does. */
async function begun(context: Pick<EndContext<CreateInput>, 'unit' | 'input'>): Promise<void> {
  const { unit, input } = context;
  const row = await unit.resource(input.path);
  if (row) {
    const kept = { ...keptOf(row.internal), ...(await inherited(unit, input)) };
    const internal = { ...row.internal, kept, madeAt: await unit.now() };
    await unit.updateResource(row.path, undefined, { state: null, internal });
  }
  await associate(unit, input);
  await markSettled(context, input.calls?.at(-1)?.goal ?? input.goal);
}

async function inherited(unit: UnitOfWork, { inherit = [] }: CreateInput): Promise<{ [attribute: string]: Value }> {
  const values: { [attribute: string]: Value } = {};
  for (const { attribute, from, of } of inherit) {
    const other = await unit.resource(from);
    const value = other && keptOf(other.internal)[of];
    if (value !== undefined) values[attribute] = value;
  }
  return values;
}

async function associate(unit: UnitOfWork, { keep = [], insert = [] }: CreateInput): Promise<void> {
  for (const { path, values } of keep) {
    const other = await unit.resource(path);
    if (other)
      await unit.updateResource(path, undefined, { internal: { ...other.internal, kept: { ...keptOf(other.internal), ...values } } });
  }
  for (const row of insert) if (row.owner === null || (await unit.resource(row.owner))) await unit.insertResource(row);
}

/**
 * The last words of a create that did not come to its end. What the provider still goes on with stays as it would have
 * been; a later read shows what became of it.
 */
const failed: NonNullable<Workflow<CreateInput>['failed']> = async (context) => {
  const { unit, input, error, left } = context;
  await forgetParts(unit, input);
  const copy = await forgetCopy(unit, input);
  const later = left.length > 0 ? await lookLater(unit, context.job, unseenOf(context), { why: 'not undone' }) : undefined;
  const notes = [
    ...(later ? [`what was made without being recorded is looked for again at ${later.at} (jobs/${later.id})`] : []),
    ...(copy === undefined ? [] : [`${copy}, which it was read by, is still there`]),
  ];
  const words = notes.length > 0 ? { note: notes.join('; ') } : {};
  const row = await unit.resource(input.path);
  if (!row) return words;
  const underWay = error instanceof LeftUnderWay;
  // What has no state could not say that it never came to be.
  if (row.values.state === undefined && row.providerKey === null && !underWay) await unit.deleteResource(input.path);
  else {
    const internal = { ...row.internal, failed: error.message, left: [...left] };
    if (underWay) return staysUnderWay(context, internal);
    const values = row.values.state === undefined ? row.values : { ...row.values, state: 'ERROR' };
    await unit.updateResource(input.path, undefined, { state: 'ERROR', values, internal });
  }
  return words;
};

/** The row stays as it would have been, with what it will know its thing by. */
async function staysUnderWay(context: EndContext<CreateInput>, internal: Values): Promise<LastWords> {
  const { unit, input, memory, job } = context;
  const { ongoing } = (memory ?? {}) as { ongoing?: Value };
  const unseen = { ...unseenOf(context), principal: job.principal, ...(ongoing === undefined ? {} : { handle: ongoing }) };
  const kept = { ...keptOf(internal), ...(await inherited(unit, input)) };
  await unit.updateResource(input.path, undefined, { internal: { ...internal, kept, underWay: unseen as unknown as Value } });
  await associate(unit, input);
  return {};
}

function unseenOf({ input, job }: Pick<EndContext<CreateInput>, 'input' | 'job'>): Unseen {
  const marks = { token: tokenOf(job.id, 'create'), tag: String(input.request.tag) };
  return { cloud: input.cloud, group: input.group, path: input.path, marks, of: job.id, from: job.created };
}
