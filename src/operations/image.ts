import type { Fetcher } from '../fetch/fetcher';
import type { Value, Values } from '../model/values';
import { heldBy, Refusal, type CreateRequest, type Family, type Found, type Plan, type PlanContext } from './family';
import { CREATES } from './create-input';
import { pathToBe, planCreateAtProvider, type CreatePlan } from './create-plan';
import { isElsewhere, planUpload } from './image-upload';
import { chooseCloud } from './placement';
import { keptOf, remove, update, type DeleteInput } from './provider-change';
import { planRename } from './rename';
import { keptSnapshot } from './snapshot';

const TYPE = 'MachineImage';
const GROUP = 'machineImages';
const MACHINE = 'Machine';

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
  if (machine.key === undefined) throw new Refusal(409, `${machine.path} does not exist at its provider`);
  const cloud = chooseCloud(context, [machine], request.values);
  if (!cloud.offers(GROUP, 'capture')) throw new Refusal(400, `cloud '${cloud.key}' does not capture machines`, { kind: 'unsupported' });
  const state = String(machine.values.state);
  const type = typeOf(request.values.type, context.parameters.from, state);
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
    request: { machine: machine.key, type },
    goal: ['AVAILABLE'],
    holds: [{ path: machine.path, shows: null }],
    // A SNAPSHOT restores to the state that the machine was in (D082).
    internal: { machine: machine.path, machineState: state },
    // The association needs an owner with a row.
    remembered: [machine],
    statusMessage: 'Waiting to be captured',
  };
  if (type === 'IMAGE') return planCreateAtProvider(context, plan, to);
  const { inherit, insert, keep } = keptSnapshot(machine.path, to.path, machine.tenant);
  return planCreateAtProvider(context, { ...plan, inherit, insert: () => insert, keep: () => keep }, to);
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
