import type { Cloud } from '../clouds/cloud';
import type { Catalogue } from '../model/catalogue';
import type { ActionDeclaration } from '../model/define';
import type { Ref, Value, Values } from '../model/values';
import { publicKeyOf, withKey } from './public-key';
import {
  Refusal,
  type CreateRequest,
  type ResourceHandler,
  type Found,
  type ChangePlan,
  type PlanContext,
  type UpdateRequest,
} from './resource-handler';
import { machineSize, resizeOf } from './machine-size';
import { planParts } from './machine-storage';
import { importedOf } from './create-credential';
import { CREATES } from './create-input';
import { pathToBe, planCreateAtProvider, type CreatePlan } from './create-plan';
import { asRef, inlineOf } from './template-merge';
import { changesOf } from './changes';
import { chooseCloud, placedIn } from './placement';
import { actWorkflow, deleteWorkflow, updateWorkflow, type ActInput, type DeleteInput } from './provider-change';
import { planProviderUpdate } from './provider-update';
import { refuseForeign } from './supported';
import { shown } from '../model/shown';

const TYPE = 'Machine';
const GROUP = 'machines';
/** States a provider's own create ends in when nothing else is said (5.14.2.1). */
const STANDARD_INITIAL = 'STOPPED';
/** Driver method that leads to a state. */
const REACHED_BY: Readonly<Record<string, string>> = { STOPPED: 'stop', STARTED: 'start', PAUSED: 'pause', SUSPENDED: 'suspend' };

/** Machine (DSP0263 5.14.1): its life at a provider. */
export const machineHandler: ResourceHandler = {
  type: TYPE,
  group: GROUP,
  createNeeds: [GROUP, 'create'],
  create: planCreate,
  update: planUpdate,
  remove: planRemove,
  act: {
    start: planAct('start'),
    stop: planAct('stop'),
    restart: planAct('restart'),
    pause: planAct('pause'),
    suspend: planAct('suspend'),
    restore: planRestore,
  },
  offered,
  linkQuery: {
    capture: (found) => `from=capture&machine=${found.path.split('/')[1] ?? ''}`,
    snapshot: (found) => `from=snapshot&machine=${found.path.split('/')[1] ?? ''}`,
  },
};

async function planCreate(context: PlanContext, request: CreateRequest): Promise<ChangePlan> {
  const { template, values } = request;
  const imageRef = asRef(template.machineImage);
  if (imageRef?.href === undefined)
    throw new Refusal(400, 'a reference to a MachineImage is needed', { at: 'machineTemplate.machineImage' });
  const configRef = asRef(template.machineConfig);
  const resolvedConfig =
    configRef?.href === undefined ? undefined : context.resolve(configRef.href, 'MachineConfiguration', 'machineTemplate.machineConfig');
  // Both are looked for at once; what is wrong with the image is told first.
  resolvedConfig?.catch(() => undefined);
  const namedImage = await context.resolve(imageRef.href, 'MachineImage', 'machineTemplate.machineImage');
  if (inlineOf(imageRef, namedImage.values))
    throw new Refusal(400, 'images by value are not supported, refer to one', { at: 'machineTemplate.machineImage', kind: 'unsupported' });
  if (!namedImage.portable) mustBeAvailable(namedImage);
  if (!configRef)
    throw new Refusal(400, 'a MachineConfiguration is needed, by reference or by value', { at: 'machineTemplate.machineConfig' });
  const namedConfig = await resolvedConfig;
  const cloud = chooseCloud(context, [namedImage, ...(namedConfig ? [namedConfig] : [])], values);
  if (!cloud.offers(GROUP, 'create')) throw new Refusal(400, `cloud '${cloud.key}' does not create machines`);
  const image = await placedIn(namedImage, cloud);
  const config = namedConfig && (await placedIn(namedConfig, cloud));
  refuseForeign(context.catalogue, cloud, 'MachineTemplate', template, 'machineTemplate');
  const said = { ...template, ...values };
  const size = await machineSize(context, cloud, { config, overrides: inlineOf(configRef, config?.values), image: image.item, said });
  const initialState = initialStateOf(cloud, template.initialState);
  const credential = await credentialOf(context, cloud, request);
  const to = pathToBe(context, request.collection);
  const planned = await planParts(context, cloud, to.path, template, size);
  const shows: Values = {};
  for (const figure of ['cpu', 'memory', 'cpuArch'] as const) if (size.values[figure] !== undefined) shows[figure] = size.values[figure];
  const plan: CreatePlan = {
    workflow: CREATES.machine,
    type: TYPE,
    group: GROUP,
    cloud,
    collection: request.collection,
    naming: values,
    template,
    shows,
    request: {
      config: size.key,
      image: image.key ?? '',
      ...(planned.networks.length > 0 ? { networks: planned.networks } : {}),
      ...(planned.networkPorts.some((port) => port !== null) ? { networkPorts: planned.networkPorts } : {}),
      ...(planned.addresses.some((own) => own.length > 0) ? { addresses: planned.addresses } : {}),
      ...userDataOf(cloud, template.userData),
    },
    ...initialState,
    parts: planned.parts,
    ...toldOf(meantBy(namedImage, image), meantBy(namedConfig, config), size.message),
    credential,
    // A Machine has no attribute for it (Annex A, D134).
    ...(namedConfig ? { internal: { configuredBy: namedConfig.path } } : {}),
    with: planned,
  };
  return planCreateAtProvider(context, plan, to);
}

/** @throws Refusal 409 for an image that nothing can be made of now */
function mustBeAvailable({ path, values }: Found): void {
  if (values.state === 'AVAILABLE') return;
  throw new Refusal(409, `${path} is ${String(values.state)}, not AVAILABLE`, { at: 'machineTemplate.machineImage', kind: 'conflict' });
}

/** Says what a portable name stood for when the create was planned, so that the same can be made again. */
function meantBy(named: Found | undefined, found: Found | undefined): string | undefined {
  if (!named?.portable || found?.key === undefined) return undefined;
  return `${named.path} is ${found.path} (${shown(String(found.values.name))})`;
}

function toldOf(...parts: readonly (string | undefined)[]): Pick<CreatePlan, 'told'> {
  const told = parts.filter((part) => part !== undefined);
  return told.length === 0 ? {} : { told: told.join('; ') };
}

function initialStateOf(cloud: Cloud, wanted: Value | undefined): Pick<CreatePlan, 'goal' | 'calls'> {
  const announced = cloud.capabilities.types[TYPE]?.capabilities ?? {};
  const providerState = String(announced.DefaultInitialState ?? STANDARD_INITIAL);
  const state = typeof wanted === 'string' ? wanted : providerState;
  const possible = Array.isArray(announced.InitialStates) ? (announced.InitialStates as readonly string[]) : [providerState];
  if (!possible.includes(state))
    throw new Refusal(400, `cloud '${cloud.key}' offers ${possible.join(', ')}, not ${shown(state)}`, {
      at: 'machineTemplate.initialState',
    });
  const method = REACHED_BY[state];
  if (state === providerState || method === undefined) return { goal: [providerState] };
  return { goal: [providerState], calls: [{ method, args: method === 'stop' ? [{}] : [], goal: [state] }] };
}

function userDataOf(cloud: Cloud, userData: Value | undefined): { userData?: string } {
  if (typeof userData !== 'string' || userData === '') return {};
  if (cloud.capabilities.types[TYPE]?.capabilities?.UserData === undefined)
    throw new Refusal(400, `is not supported by cloud '${cloud.key}'`, { at: 'machineTemplate.userData' });
  const text = userData.replace(/\s+/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new Refusal(400, 'not Base64 (5.14.3)', { at: 'machineTemplate.userData' });
  }
  return { userData: text };
}

async function credentialOf(
  context: PlanContext,
  cloud: Cloud,
  request: CreateRequest,
): Promise<{ publicKey: string; tag: string | undefined; path: string | null } | undefined> {
  const ref: Ref | undefined = asRef(request.template.credential);
  if (!ref) return undefined;
  const at = 'machineTemplate.credential';
  const found = ref.href === undefined ? undefined : await context.resolve(ref.href, 'Credential', at);
  const overrides = inlineOf(ref, found?.values);
  const publicKey = publicKeyOf({ ...found?.values, ...(overrides && withKey(overrides, (name) => `${at}.${name}`)) });
  if (publicKey === undefined || !cloud.offers('credentials', 'import')) {
    throw new Refusal(400, `cloud '${cloud.key}' takes public keys only, and this credential has none`, { at, kind: 'unsupported' });
  }
  const reusable = found && !overrides;
  return { publicKey, tag: reusable ? context.tag(found.path.split('/')[1] ?? '') : undefined, path: reusable ? found.path : null };
}

async function planUpdate(context: PlanContext, found: Found, request: UpdateRequest): Promise<ChangePlan> {
  const resizable = found.cloud?.offers(GROUP, 'resize') === true;
  changesOf(context.catalogue, found, request, () => (resizable ? 'sets' : undefined));
  const resize = await resizeOf(context, found, request);
  const more = resize?.key === undefined ? {} : { resize: resize.key };
  const told = resize?.message === undefined ? {} : { told: resize.message };
  return planProviderUpdate(context, found, request, updateWorkflow, { ...more, ...told });
}

async function planRemove(context: PlanContext, found: Found): Promise<ChangePlan> {
  const base = { target: found.path, affected: [found.path], statusMessage: 'Waiting to be deleted' };
  if (!found.held && found.key === undefined) return { ...base, remove: [found.path], statusMessage: 'Deleted' };
  const imported = importedFor(context, found);
  const input: DeleteInput = {
    cloud: found.cloud?.key ?? null,
    group: GROUP,
    path: found.path,
    ...(found.key === undefined ? {} : { key: found.key }),
    ...(found.held ? { after: found.held.job } : {}),
    ...(imported === undefined ? {} : { credentials: [imported] }),
  };
  return {
    ...base,
    ...(found.held ? { stops: [found.held.job] } : { holds: [{ path: found.path, shows: 'DELETING' }] }),
    work: { workflow: deleteWorkflow.name, version: deleteWorkflow.version, input: input as unknown as Values },
  };
}

/** The copy of a key that was imported for this machine alone; where that was forgotten with a row, it is known by the machine's tag. */
function importedFor(context: PlanContext, { path, row, cloud }: Found): string | undefined {
  if (!cloud) return undefined;
  const id = path.split('/')[1] ?? '';
  const forgotten = row === undefined || row.internal.foundAgain === true || row.internal.discovered === true;
  const byTag = forgotten && !id.includes('.') ? cloud.importedUnder(context.tag(id)) : undefined;
  return (row && importedOf(row.internal)[cloud.key]) ?? byTag;
}

/** An action that is one driver method of the same name. */
function planAct(name: string) {
  return async (context: PlanContext, found: Found, parameters: Values): Promise<ChangePlan> => {
    const action = declared(context.catalogue, name);
    const force = typeof parameters.force === 'boolean' ? parameters.force : undefined;
    const cloud = found.cloud;
    if (!cloud) throw new Refusal(409, `${found.path} has no cloud`);
    if (force !== undefined && cloud.capabilities.types[TYPE]?.capabilities?.MachineStopForce !== true) {
      throw new Refusal(400, `is not supported by cloud '${cloud.key}'`, { at: 'force', kind: 'unsupported' });
    }
    const state = String(found.values.state);
    const again = action.via?.at(-1) === state;
    const forcedAgain = again && force === true && found.held !== undefined;
    const method = methodOf(name, state);
    refuseState(action, name, found, method);
    if (found.key === undefined && !found.held) throw notAtProvider(found);
    if (!cloud.offers(GROUP, method)) throw new Refusal(400, `cloud '${cloud.key}' does not offer ${method}`, { kind: 'unsupported' });
    const shows = method === 'start' ? 'STARTING' : (action.via?.[0] ?? null);
    const input: ActInput = {
      cloud: cloud.key,
      group: GROUP,
      path: found.path,
      ...(found.key === undefined ? {} : { key: found.key }),
      ...(found.held ? { after: found.held.job } : {}),
      calls: callsOf(method, force, shows, String(action.to)),
    };
    // What is reissued without force waits for the Job under way, and asks for no more than is still to be done.
    if (again && force !== true) return planAgain(found, input);
    return planOf(found, input, shows, forcedAgain ? found.held?.job : undefined);
  };
}

/** A forced restart is powering off, then on: what it is defined as, and what clouds without a forced reboot can do. */
function callsOf(method: string, force: boolean | undefined, shows: string | null, goal: string): ActInput['calls'] {
  if (method !== 'restart' || force !== true) {
    const takesForce = method === 'stop' || method === 'restart';
    return [{ method, args: takesForce ? [force === undefined ? {} : { force }] : [], shows, goal: [goal] }];
  }
  return [
    { method: 'stop', args: [{ force }], shows, goal: ['STOPPED'] },
    { method: 'start', args: [], shows: 'STARTING', goal: [goal] },
  ];
}

async function planRestore(context: PlanContext, found: Found, parameters: Values): Promise<ChangePlan> {
  const image = parameters.image;
  const href = typeof image === 'string' ? image : asRef(image)?.href;
  if (href === undefined) throw new Refusal(400, 'a reference to a MachineImage is needed (5.14.1.2)', { at: 'image' });
  refuseState(declared(context.catalogue, 'restore'), 'restore', found);
  if (found.key === undefined) throw notAtProvider(found);
  const named = await context.resolve(href, 'MachineImage', 'image');
  const cloud = chooseCloud(context, [found, named], {});
  const from = await placedIn(named, cloud);
  const announced = cloud.capabilities.types[TYPE]?.capabilities ?? {};
  if (from.values.type === 'IMAGE' && announced.RestoreFromImage !== true) {
    throw new Refusal(400, `cloud '${cloud.key}' restores from SNAPSHOT images only`, { kind: 'unsupported' });
  }
  const recorded = from.row?.internal.machineState;
  const target = from.values.type === 'IMAGE' ? 'STOPPED' : typeof recorded === 'string' ? recorded : String(found.values.state);
  const now = String(found.values.state);
  const token = context.newId();
  const calls: ActInput['calls'][number][] = [
    {
      method: 'restore',
      token,
      args: [{ token, tag: context.tag(from.path.split('/')[1] ?? ''), image: from.key ?? '' }],
      shows: 'RESTORING',
      goal: ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'],
    },
  ];
  const method = REACHED_BY[target];
  if (target !== now && method !== undefined && cloud.offers(GROUP, method)) {
    calls.push({ method, args: method === 'stop' ? [{}] : [], shows: 'RESTORING', goal: [target] });
  }
  const input: ActInput = {
    cloud: cloud.key,
    group: GROUP,
    path: found.path,
    ...(found.key === undefined ? {} : { key: found.key }),
    calls,
  };
  // An IMAGE is no snapshot that could be the latest (5.14.1).
  const keep = from.values.type === 'IMAGE' ? {} : { keep: { latestSnapshot: { href: from.path } } };
  return planOf(found, { ...input, ...keep }, 'RESTORING', undefined);
}

/** The same action once more, while its first has not come to its end (5.14.1.2). */
function planAgain(found: Found, input: ActInput): ChangePlan {
  const { holds, ...plan } = planOf(
    found,
    { ...input, calls: input.calls.map((call) => ({ ...call, again: true })) },
    found.held?.shows ?? null,
    undefined,
  );
  return found.held || !holds ? plan : { ...plan, holds };
}

function planOf(found: Found, input: ActInput, shows: string | null, stops: string | undefined): ChangePlan {
  return {
    target: found.path,
    affected: [found.path],
    ...(stops === undefined ? { holds: [{ path: found.path, shows }] } : { stops: [stops] }),
    work: { workflow: actWorkflow.name, version: actWorkflow.version, input: input as unknown as Values },
    statusMessage: 'Waiting for its turn',
  };
}

/** Driver method of an action in a state: a stopped machine restarts by being started (DSP0263 5.14.1.2). */
const methodOf = (name: string, state: string): string => (name === 'restart' && state === 'STOPPED' ? 'start' : name);

function declared(catalogue: Catalogue, name: string): ActionDeclaration {
  const action = catalogue.resource(TYPE).actions?.[name];
  if (!action) throw new Refusal(404, `${TYPE} has no operation ${name}`);
  return action;
}

/** @param method what the driver is asked for: its refusal counts, as it does in what is offered */
function refuseState(action: ActionDeclaration, name: string, found: Found, method = name): void {
  const state = String(found.values.state);
  if (action.from && !action.from.includes(state)) {
    const message = `${name} is possible from ${action.from.join(', ')}; the machine is ${state}`;
    throw new Refusal(409, message, { kind: 'conflict', ...(found.held ? { job: found.held.job, retryAfterS: 2 } : {}) });
  }
  const reason = found.item?.refuses?.[method];
  if (reason !== undefined) throw new Refusal(409, reason);
}

function notAtProvider(found: Found): Refusal {
  return new Refusal(409, `${found.path} does not exist at its provider: it can be deleted only`, { kind: 'conflict' });
}

/** Tells whether a cloud makes images of its machines, and gives their contents. */
const exportable = (cloud: Cloud | null): boolean =>
  cloud?.offers('machineImages', 'capture') === true && cloud.offers('machineImages', 'download');

function offered(found: Found, catalogue: Catalogue): string[] {
  const { cloud } = found;
  const state = String(found.values.state);
  const can = (method: string) => cloud?.offers(GROUP, method) === true && found.item?.refuses?.[method] === undefined;
  const failed = found.key === undefined && !found.held;
  if (failed) return cloud?.mode === 'observe' || state === 'DELETING' ? [] : ['delete'];
  if (found.held)
    return [...(can('delete') && state !== 'DELETING' ? ['delete'] : []), ...(state === 'STOPPING' && can('stop') ? ['stop'] : [])];
  const takesEdit = found.item?.refuses?.edit === undefined;
  const names = [...(takesEdit && (can('rename') || can('resize')) ? ['edit'] : []), ...(can('delete') ? ['delete'] : [])];
  for (const [name, action] of Object.entries(catalogue.resource(TYPE).actions ?? {})) {
    if (action.from && !action.from.includes(state)) continue;
    if (action.kind === 'link') {
      if (cloud?.offers('machineImages', 'capture')) names.push(name);
    } else if (name === 'export' ? exportable(cloud) : can(methodOf(name, state))) names.push(name);
  }
  return names;
}
