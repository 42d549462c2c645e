import type { Cloud } from '../clouds/cloud';
import type { ItemRef } from '../clouds/driver';
import type { Value, Values } from '../model/values';
import { Refusal, type CreateRequest, type ResourceHandler, type Found, type ChangePlan, type PlanContext } from './resource-handler';
import { asRef } from './template-merge';
import { chooseCloud, keyAt } from './placement';
import { actWorkflow, type ActInput } from './provider-change';
import { planCreateAtProvider, type CreatePlan } from './create-plan';
import { providerHandler } from './provider-handler';

const MACHINE = 'Machine';
/** States in which parts can be added to a machine and taken away. */
const STEADY = ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'];

/** Disk (DSP0263 5.14.1.1.1): lives and dies with its machine. */
export const diskHandler: ResourceHandler = providerHandler({
  type: 'Disk',
  addable: isSteady,
  group: 'disks',
  createNeeds: ['disks', 'create'],
  async create(context, request) {
    const capacity = request.values.capacity;
    if (typeof capacity !== 'number' || capacity < 1) throw new Refusal(400, 'a capacity in kilobytes is needed', { at: 'capacity' });
    return planPart(context, request, (machine) => ({
      type: 'Disk',
      group: 'disks',
      shows: { capacity, ...hint(request.values) },
      request: { machine: machine.key ?? '', capacity, ...hint(request.values) },
    }));
  },
  change(_context, found, changed) {
    if (changed.capacity !== undefined && Number(changed.capacity) < Number(found.values.capacity))
      throw new Refusal(400, 'a disk can grow, not shrink', { at: 'capacity' });
    return changed;
  },
});

/** MachineVolume (5.14.1.1.2): adding one attaches the volume, deleting it detaches it. */
export const machineVolumeHandler: ResourceHandler = providerHandler({
  type: 'MachineVolume',
  addable: isSteady,
  group: 'attachments',
  createNeeds: ['attachments', 'create'],
  async create(context, request) {
    const href = asRef(request.values.volume)?.href;
    if (href === undefined) throw new Refusal(400, 'a reference to the Volume to attach is needed', { at: 'volume' });
    const volume = await context.resolve(href, 'Volume', 'volume');
    await refuseUnattachable(context, volume, 'volume');
    return planPart(
      context,
      request,
      (machine) => ({
        type: 'MachineVolume',
        group: 'attachments',
        shows: { volume: { href: volume.path }, ...hint(request.values) },
        request: { machine: machine.key ?? '', volume: keyAt(volume, 'volume'), ...hint(request.values) },
        holds: [{ path: volume.path, shows: null }],
      }),
      [volume],
    );
  },
});

/**
 * A volume that cannot be attached now.
 * @throws Refusal 409 with its state, or with the machine that has it where the cloud doesn't share volumes.
 */
export async function refuseUnattachable(context: PlanContext, volume: Found, at: string): Promise<void> {
  const { cloud, key, path } = volume;
  if (volume.values.state !== 'AVAILABLE')
    throw new Refusal(409, `${path} is ${String(volume.values.state)}, not AVAILABLE`, { at, kind: 'conflict' });
  if (!cloud || key === undefined) throw new Refusal(409, `${path} does not exist at its provider`, { at, kind: 'conflict' });
  if (!cloud.has('attachments') || cloud.capabilities.types.Volume?.capabilities?.SharedVolumeSupport === true) return;
  const { value: attachments } = await cloud.list('attachments', { maxAgeMs: 0 });
  const holder = attachments.find(({ values }) => (values.volume as unknown as ItemRef | undefined)?.item.key === key)?.owner;
  if (holder === undefined) return;
  const machine = (await context.list(MACHINE, cloud)).find((found) => found.key === holder);
  throw new Refusal(409, `${path} is attached to ${machine?.path ?? 'another machine'}`, { at, kind: 'conflict' });
}

/** MachineNetworkInterface (5.14.1.1.3). */
export const interfaceHandler: ResourceHandler = providerHandler({
  type: 'MachineNetworkInterface',
  addable: isSteady,
  group: 'interfaces',
  createNeeds: ['interfaces', 'create'],
  async create(context, { values, collection }) {
    const asked = await interfaceRequest(context, values, '');
    return planPart(
      context,
      { values, collection },
      (machine) => ({
        type: 'MachineNetworkInterface',
        group: 'interfaces',
        shows: asked.shows,
        request: { machine: machine.key ?? '', ...asked.request },
      }),
      [asked.network],
    );
  },
  async change(context, found, changed) {
    const to: Values = {};
    if (changed.network !== undefined) {
      const network = await context.resolve(String(asRef(changed.network)?.href), 'Network', 'network');
      if (network.cloud !== found.cloud) throw new Refusal(400, `${network.path} is in another cloud`, { at: 'network' });
      to.network = keyAt(network, 'network');
    }
    if (changed.networkPort === null) to.networkPort = null;
    else if (changed.networkPort !== undefined) {
      const port = await context.resolve(String(asRef(changed.networkPort)?.href), 'NetworkPort', 'networkPort');
      refuseOtherNetwork(port, asRef(changed.network ?? found.values.network)?.href, 'networkPort');
      to.networkPort = keyAt(port, 'networkPort');
    }
    for (const name of ['state', 'macAddress', 'mtu'] as const) if (changed[name] !== undefined) to[name] = changed[name];
    return to;
  },
});

/** MachineNetworkInterfaceAddress (5.14.1.1.4): what the address itself says of who has it. */
export const interfaceAddressHandler: ResourceHandler = {
  type: 'MachineNetworkInterfaceAddress',
  derived: { from: 'Address', through: null, as: 'address' },
  createNeeds: ['addresses', 'bind'],
  create: planBind,
  remove: planRelease,
  offered: (found) => (found.cloud?.offers('addresses', 'release') && !found.held && !found.item?.refuses?.delete ? ['delete'] : []),
};

function hint(values: Values): Values {
  return typeof values.initialLocation === 'string' ? { initialLocation: values.initialLocation } : {};
}

/** Builds the request for an interface, with the provider's keys; `at` begins the words of a refusal. */
export async function interfaceRequest(
  context: PlanContext,
  values: Values,
  at: string,
): Promise<{ network: Found; shows: Values; request: Values }> {
  const network = await context.resolve(String(asRef(values.network)?.href ?? ''), 'Network', `${at}network`);
  const portRef = asRef(values.networkPort)?.href;
  const port = portRef === undefined ? undefined : await context.resolve(portRef, 'NetworkPort', `${at}networkPort`);
  if (port) refuseOtherNetwork(port, network.path, `${at}networkPort`);
  const plain: Values = {};
  for (const name of ['state', 'macAddress', 'mtu'] as const) if (values[name] !== undefined) plain[name] = values[name];
  return {
    network,
    shows: { state: 'ACTIVE', ...plain, network: { href: network.path }, ...(port ? { networkPort: { href: port.path } } : {}) },
    request: { ...plain, network: keyAt(network, `${at}network`), ...(port ? { networkPort: keyAt(port, `${at}networkPort`) } : {}) },
  };
}

/** The network of an interface's port is the interface's own (5.14.1.1.3). */
function refuseOtherNetwork(port: Found, network: string | undefined, at: string): void {
  const own = asRef(port.values.network)?.href;
  if (own !== network)
    throw new Refusal(400, `${port.path} is a port of ${own ?? 'no network'}, not of the interface's network ${network ?? ''}`, { at });
}

type Part = Pick<CreatePlan, 'type' | 'group' | 'shows' | 'request' | 'holds'>;

/** A part is made while its machine is steady, and the machine is held meanwhile. */
async function planPart(
  context: PlanContext,
  { values, collection }: Pick<CreateRequest, 'values' | 'collection'>,
  part: (machine: Found) => Part,
  others: readonly Found[] = [],
): Promise<ChangePlan> {
  const machine = await context.resolve(ownerPath(collection), MACHINE, 'the machine', { ofTarget: true });
  const { type, group, shows, request, holds } = part(machine);
  const cloud = chooseCloud(context, [machine, ...others], values);
  refuseUnsteady(cloud, machine, group);
  return planCreateAtProvider(context, {
    type,
    group,
    cloud,
    collection,
    naming: values,
    shows,
    request,
    owner: machine.path,
    holds: [{ path: machine.path, shows: null }, ...(holds ?? [])],
    remembered: [machine],
  });
}

/** Parts of a machine can be changed in a stable state. */
function isSteady(machine: Found): boolean {
  return STEADY.includes(String(machine.values.state));
}

function refuseUnsteady(cloud: Cloud, machine: Found, group: CreatePlan['group']): void {
  if (machine.key === undefined) throw new Refusal(409, `${machine.path} does not exist at its provider`, { kind: 'conflict' });
  if (!cloud.offers(group, 'create'))
    throw new Refusal(400, `cloud '${cloud.key}' does not offer ${group}.create`, { kind: 'unsupported' });
  if (!isSteady(machine)) {
    const message = `parts of a machine can be changed in a stable state; it is ${String(machine.values.state)}`;
    throw new Refusal(409, message, { kind: 'conflict' });
  }
}

/** Path of the owner of a nested collection, below whichever entry point. */
function ownerPath(collection: string): string {
  return collection
    .replace(/^clouds\/[^/]+\//, '')
    .split('/')
    .slice(0, -1)
    .join('/');
}

async function planBind(context: PlanContext, { values, collection }: CreateRequest): Promise<ChangePlan> {
  const href = asRef(values.address)?.href;
  if (href === undefined) throw new Refusal(400, 'a reference to the Address is needed', { at: 'address' });
  const address = await context.resolve(href, 'Address', 'address');
  const owner = await context.resolve(ownerPath(collection), 'MachineNetworkInterface', 'the interface', { ofTarget: true });
  const cloud = chooseCloud(context, [owner, address], values);
  const user = asRef(address.values.resource)?.href;
  if (user !== undefined) throw new Refusal(409, `${address.path} is used by ${user}: take it from there first`, { kind: 'conflict' });
  if (!cloud.offers('addresses', 'bind'))
    throw new Refusal(400, `cloud '${cloud.key}' does not offer addresses.bind: it assigns no addresses to interfaces`, {
      kind: 'unsupported',
    });
  const path = `${collection}/${address.path.split('/')[1] ?? ''}`;
  return addressCall(
    address,
    { method: 'bind', args: [{ interface: keyAt(owner, 'the interface') }] },
    { target: collection, affected: [collection, path, address.path], location: path },
  );
}

async function planRelease(context: PlanContext, found: Found): Promise<ChangePlan> {
  const address = await context.resolve(String(asRef(found.values.address)?.href), 'Address', 'address', { ofTarget: true });
  return addressCall(address, { method: 'release', args: [] }, { target: found.path, affected: [address.path] });
}

function addressCall(
  address: Found,
  call: { method: string; args: readonly Value[] },
  plan: Pick<ChangePlan, 'target' | 'affected' | 'location'>,
): ChangePlan {
  const input: ActInput = {
    cloud: address.cloud?.key ?? '',
    group: 'addresses',
    path: address.path,
    ...(address.key === undefined ? {} : { key: address.key }),
    calls: [{ ...call, shows: null, goal: [] }],
  };
  return {
    ...plan,
    holds: [{ path: address.path, shows: null }],
    work: { workflow: actWorkflow.name, version: actWorkflow.version, input: input as unknown as Values },
    statusMessage: 'Waiting for its turn',
  };
}
