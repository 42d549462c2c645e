import type { Fetcher } from '../fetch/fetcher';
import type { Values } from '../model/values';
import { pagesOf } from '../store/pages';
import {
  heldBy,
  Refusal,
  type CreateRequest,
  type ResourceHandler,
  type Found,
  type ChangePlan,
  type PlanContext,
} from './resource-handler';
import { CREATES } from './create-input';
import { pathToBe, planCreateAtProvider, type CreatePlan } from './create-plan';
import { planCopy } from './image-copy';
import { isElsewhere, planUpload } from './image-upload';
import { changesOf } from './changes';
import { chooseCloud } from './placement';
import { asRef } from './template-merge';
import { keptOf, deleteWorkflow, updateWorkflow, type DeleteInput } from './provider-change';
import { providerOffered } from './provider-handler';
import { planProviderUpdate } from './provider-update';
import { keptSnapshot } from './snapshot';

const TYPE = 'MachineImage';
const GROUP = 'machineImages';
const MACHINE = 'Machine';

/** MachineImage (DSP0263 5.14.7): made from machines or fetched from elsewhere, deleted, renamed. */
export const imageHandler = (fetcher: Fetcher): ResourceHandler => ({
  type: TYPE,
  group: GROUP,
  shared: 'public',
  createNeeds: [GROUP, 'capture'],
  create: (context, request) => planCreate(fetcher, context, request),
  update: async (context, found, request) => {
    changesOf(context.catalogue, found, request, () => undefined);
    return planProviderUpdate(context, found, request, updateWorkflow, {});
  },
  remove: planRemove,
  offered: (found, catalogue) => providerOffered(found, catalogue, { type: TYPE, group: GROUP }),
});

/** Plans a create by what its reference names (5.14.7.1): a Machine is captured, an image of another cloud copied, what is elsewhere fetched. */
async function planCreate(fetcher: Fetcher, context: PlanContext, request: CreateRequest): Promise<ChangePlan> {
  const location =
    request.values.imageLocation ?? (context.parameters.machine === undefined ? undefined : `machines/${context.parameters.machine}`);
  if (typeof location !== 'string' || location === '')
    throw new Refusal(400, 'a reference to a Machine is needed, or the URI of an image (5.14.7.1)', { at: 'imageLocation' });
  if (!isElsewhere(location)) {
    const copy = await planCopy(context, request, { type: TYPE, group: GROUP, location, shows: () => ({ type: 'IMAGE' }) });
    return copy ?? planCapture(context, request, location);
  }
  return planUpload(fetcher, context, request, { type: TYPE, group: GROUP, location, shows: { type: 'IMAGE' }, request: {} });
}

/**
 * Plans an image of a machine (5.14.7.1), or a snapshot where it was not asked for by `capture`, or the machine is not STOPPED.
 * @param options.temporary true where it is made to be read and goes again soon: it is not among the machine's snapshots then
 */
export async function planCapture(
  context: PlanContext,
  request: CreateRequest,
  location: string,
  { temporary = false } = {},
): Promise<ChangePlan> {
  const machine = await context.resolve(location, MACHINE, 'imageLocation');
  if (machine.key === undefined) throw new Refusal(409, `${machine.path} does not exist at its provider`);
  const cloud = chooseCloud(context, [machine], request.values);
  if (!cloud.offers(GROUP, 'capture')) throw new Refusal(400, `cloud '${cloud.key}' does not capture machines`, { kind: 'unsupported' });
  const state = String(machine.values.state);
  // Consumers do not choose the type: it is read-only, and ignored whatever it says (5.4, D010, D018).
  const type = context.parameters.from === 'capture' && state === 'STOPPED' ? 'IMAGE' : 'SNAPSHOT';
  if (machine.held) throw heldBy(machine);
  if (!['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'].includes(state))
    throw new Refusal(409, `a machine can be captured in a stable state; it is ${state}`);
  const to = pathToBe(context, request.collection);
  const plan: CreatePlan = {
    workflow: CREATES.capture,
    type: TYPE,
    group: GROUP,
    method: 'capture',
    cloud,
    collection: request.collection,
    naming: request.values,
    shows: { type },
    request: { machine: machine.key, type, ...(temporary && cloud.offers(GROUP, 'readable') ? { contents: true } : {}) },
    goal: ['AVAILABLE'],
    holds: [{ path: machine.path, shows: null }],
    // A SNAPSHOT restores to the state that the machine was in (D082).
    internal: { machine: machine.path, machineState: state },
    // The association needs an owner with a row.
    remembered: [machine],
    statusMessage: 'Waiting to be captured',
  };
  if (type === 'IMAGE' || temporary) return planCreateAtProvider(context, plan, to);
  const { inherit, insert, keep } = keptSnapshot(machine.path, to.path, machine.tenant);
  return planCreateAtProvider(context, { ...plan, inherit, insert: () => insert, keep: () => keep }, to);
}

async function planRemove(context: PlanContext, found: Found): Promise<ChangePlan> {
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
    work: { workflow: deleteWorkflow.name, version: deleteWorkflow.version, input: input as unknown as Values },
  };
}

/** References kept by other resources that pointed here point to this image's own relatedImage afterwards (Table 27). */
function relinkAround(found: Found) {
  return async (context: PlanContext): Promise<NonNullable<DeleteInput['relink']>> => {
    const to = found.values.relatedImage;
    const relinked: NonNullable<DeleteInput['relink']>[number][] = [];
    for (const [type, attribute] of [
      [TYPE, 'relatedImage'],
      [MACHINE, 'latestSnapshot'],
    ] as const) {
      for await (const rows of pagesOf(context.store, { type, tenants: [found.tenant] }))
        for (const { path, internal } of rows)
          if (asRef(keptOf(internal)[attribute])?.href === found.path) relinked.push({ path, attribute, to: to ?? null });
    }
    return relinked;
  };
}
