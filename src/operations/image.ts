import type { CaptureMachine } from '../clouds/driver';
import { createOnce, type OnceResult } from '../jobs/once';
import { cloudOf, type StepContext, type Workflow } from '../jobs/workflow';
import type { Fetcher } from '../fetch/fetcher';
import type { Value, Values } from '../model/values';
import type { ResourcePath } from '../store/store';
import { heldBy, Refusal, type CreateRequest, type Family, type Found, type Plan, type PlanContext } from './family';
import { makeAt, pollAt } from './carry-out';
import { rowOfDiscovered } from './discovered';
import { isElsewhere, planUpload } from './image-upload';
import { namingOf, restOf } from './naming';
import { keptOf, reachState, remove, settle, update, type DeleteInput } from './provider-change';
import { undoCreate } from './undo-create';
import { planRename } from './rename';

const TYPE = 'MachineImage';
const GROUP = 'machineImages';
const MACHINE = 'Machine';

interface CaptureInput {
  cloud: string;
  path: ResourcePath;
  /** The machine captured. */
  machine: ResourcePath;
  /** State the machine was in: a SNAPSHOT restores to it (D082). */
  machineState: string;
  request: Omit<CaptureMachine, 'token'>;
}

type Context = StepContext<CaptureInput>;

function marks(context: Context): { token: string; tag: string } {
  return { token: context.token('capture'), tag: context.input.request.tag };
}

export const captureMachine: Workflow<CaptureInput> = {
  name: 'machineImage.capture',
  version: 1,
  steps: [
    {
      name: 'capture',
      words: 'Capturing the machine at the provider',
      async run(context) {
        const cloud = cloudOf(context.clouds, context.input.cloud);
        const outcome = await createOnce(context, {
          settleMs: cloud.capabilities.settleMs,
          find: () => cloud.find(GROUP, marks(context)),
          atMostMs: cloud.waitAtMostMs,
          create: () => makeAt(context, GROUP, 'capture', { ...context.input.request, token: marks(context).token } as unknown as Values),
          poll: (handle) => pollAt(context, GROUP, handle),
        });
        if (!('done' in outcome)) return outcome;
        const { key } = outcome.done as { key: string };
        return {
          ...outcome,
          apply: async (unit) => {
            await unit.updateResource(context.input.path, undefined, { providerKey: key });
          },
        };
      },
      undo: (context) => undoCreate(context, GROUP, marks(context), context.results.capture as OnceResult | undefined),
    },
    {
      name: 'available',
      words: 'Waiting for the image to become available',
      run: (context) => reachState(context, GROUP, (context.results.capture as { key: string }).key, { goal: ['AVAILABLE'] }),
    },
  ],
  async succeeded(context) {
    const { unit, input } = context;
    const image = await unit.resource(input.path);
    const machine = await unit.resource(input.machine);
    const previous = machine ? keptOf(machine.internal).latestSnapshot : undefined;
    const snapshot = input.request.type === 'SNAPSHOT';
    if (image) {
      const kept = { ...keptOf(image.internal), ...(snapshot && previous !== undefined ? { relatedImage: previous } : {}) };
      await unit.updateResource(image.path, undefined, { state: null, internal: { ...image.internal, kept: kept as Value } });
    }
    if (snapshot && machine) {
      const kept = { ...keptOf(machine.internal), latestSnapshot: { href: input.path } };
      await unit.updateResource(machine.path, undefined, { internal: { ...machine.internal, kept: kept as Value } });
      await unit.insertResource({
        path: `${machine.path}/snapshots/${input.path.split('/')[1] ?? ''}`,
        type: 'MachineSnapshot',
        tenant: machine.tenant,
        cloud: null,
        providerKey: null,
        owner: machine.path,
        state: null,
        values: { snapshot: { href: input.path } },
        secrets: null,
        internal: {},
      });
    }
    await settle(context);
    return { message: 'Captured' };
  },
  async failed({ unit, input, error, left }) {
    const row = await unit.resource(input.path);
    if (row) {
      await unit.updateResource(input.path, undefined, {
        state: 'ERROR',
        values: { ...row.values, state: 'ERROR' },
        internal: { ...row.internal, failed: error.message, left: [...left] },
      });
    }
    return {};
  },
};

/** MachineImage (DSP0263 5.14.7): made from machines or fetched from elsewhere, deleted, renamed. */
export const imageFamily = (fetcher: Fetcher): Family => ({
  type: TYPE,
  group: GROUP,
  shared: 'public',
  createNeeds: [GROUP, 'capture'],
  create: (context, request) => planCreate(fetcher, context, request),
  update: (context, found, request) => planRename(context, found, request, update, {}),
  remove: planRemove,
  offered(found) {
    const { cloud } = found;
    const can = (method: string) => cloud?.offers(GROUP, method) === true && found.item?.refuses?.[method] === undefined;
    if (found.key === undefined && !found.held) return cloud?.mode === 'observe' ? [] : ['delete'];
    if (found.held) return can('delete') && found.values.state !== 'DELETING' && found.values.state === 'CREATING' ? ['delete'] : [];
    return [...(can('rename') ? ['edit'] : []), ...(can('delete') ? ['delete'] : [])];
  },
});

/** What is referred to decides (5.14.7.1): a Machine is captured, what is elsewhere is fetched. */
async function planCreate(fetcher: Fetcher, context: PlanContext, request: CreateRequest): Promise<Plan> {
  const location =
    request.values.imageLocation ?? (context.parameters.machine === undefined ? undefined : `machines/${context.parameters.machine}`);
  if (typeof location !== 'string' || location === '')
    throw new Refusal(400, 'imageLocation: a reference to a Machine is needed, or the URI of an image (5.14.7.1)');
  if (!isElsewhere(location)) return planCapture(context, request, location);
  const { type = 'IMAGE' } = request.values;
  if (type !== 'IMAGE') throw new Refusal(409, `type ${String(type)} cannot be made of what is fetched; it would be IMAGE`);
  return planUpload(fetcher, context, request, { type: TYPE, group: GROUP, location, shows: { type }, request: {} });
}

async function planCapture(context: PlanContext, request: CreateRequest, location: string): Promise<Plan> {
  const machine = await context.resolve(location, MACHINE, 'imageLocation');
  const cloud = machine.cloud;
  if (!cloud || machine.key === undefined) throw new Refusal(409, `${machine.path} does not exist at its provider`);
  if (!cloud.offers(GROUP, 'capture')) throw new Refusal(400, `cloud '${cloud.key}' does not capture machines`, { kind: 'unsupported' });
  const state = String(machine.values.state);
  const type = typeOf(request.values.type, context.parameters.from, state);
  if (machine.held) throw heldBy(machine);
  if (!['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'].includes(state))
    throw new Refusal(409, `a machine can be captured in a stable state; it is ${state}`);
  const id = context.newId();
  const path = `machineImages/${id}`;
  const wanted = namingOf(request.values);
  const held = cloud.holds(GROUP, wanted);
  const input: CaptureInput = {
    cloud: cloud.key,
    path,
    machine: machine.path,
    machineState: state,
    request: { ...held, tag: context.tag(id), machine: machine.key, type },
  };
  return {
    target: request.collection,
    affected: [request.collection, path, machine.path],
    insert: [
      // The association needs an owner with a row.
      ...(machine.row ? [] : [rowOfDiscovered(machine)]),
      {
        path,
        type: TYPE,
        tenant: context.principal.tenant,
        cloud: cloud.key,
        providerKey: null,
        owner: null,
        state: 'CREATING',
        values: { ...wanted, state: 'CREATING', type },
        secrets: null,
        internal: { kept: restOf(wanted, held) as Value, machine: machine.path, machineState: state },
      },
    ],
    holds: [
      { path, shows: 'CREATING' },
      { path: machine.path, shows: null },
    ],
    work: { workflow: captureMachine.name, version: captureMachine.version, input: input as unknown as Values },
    statusMessage: 'Waiting to be captured',
    location: path,
  };
}

/** IMAGE by the capture link of a stopped machine, SNAPSHOT otherwise; an explicit type must not contradict (D010, D018). */
function typeOf(asked: Value | undefined, from: string | undefined, state: string): 'IMAGE' | 'SNAPSHOT' {
  const type = from === 'capture' && state === 'STOPPED' ? 'IMAGE' : 'SNAPSHOT';
  if (asked === 'IMAGE' && state === 'STOPPED') return 'IMAGE';
  if (asked !== undefined && asked !== type) {
    throw new Refusal(409, `type ${String(asked)} cannot be made of a machine that is ${state}; it would be ${type}`);
  }
  return type;
}

async function planRemove(context: PlanContext, found: Found): Promise<Plan> {
  const base = { target: found.path, affected: [found.path], statusMessage: 'Waiting to be deleted' };
  const relink = relinkAround(found);
  if (!found.held && found.key === undefined) return { ...base, remove: [found.path], statusMessage: 'Deleted' };
  if (found.cloud && !found.cloud.offers(GROUP, 'delete'))
    throw new Refusal(400, `cloud '${found.cloud.key}' does not delete images`, { kind: 'unsupported' });
  const input: DeleteInput = {
    cloud: found.cloud?.key ?? null,
    group: GROUP,
    path: found.path,
    ...(found.key === undefined ? {} : { key: found.key }),
    ...(found.held ? { after: found.held.job } : {}),
    relink: await relink(context),
  };
  return {
    ...base,
    ...(found.held ? { stops: [found.held.job] } : { holds: [{ path: found.path, shows: 'DELETING' }] }),
    work: { workflow: remove.name, version: remove.version, input: input as unknown as Values },
  };
}

/** References kept by other resources that pointed here point to this image's own relatedImage afterwards (Table 27). */
function relinkAround(found: Found) {
  return async (context: PlanContext): Promise<NonNullable<DeleteInput['relink']>> => {
    const to = found.values.relatedImage;
    const rows = [
      ...(await context.store.resources({ type: TYPE, tenants: [found.tenant] })).map((row) => ({ row, attribute: 'relatedImage' })),
      ...(await context.store.resources({ type: MACHINE, tenants: [found.tenant] })).map((row) => ({ row, attribute: 'latestSnapshot' })),
    ];
    return rows
      .filter(({ row, attribute }) => (keptOf(row.internal)[attribute] as { href?: string } | undefined)?.href === found.path)
      .map(({ row, attribute }) => ({ path: row.path, attribute, to: to ?? null }));
  };
}
