import type { CallContext, CreateMachine } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Values } from '../../src/model/values';
import type { Wire } from './client';
import { present, type Seen } from './collector';
import { checkCards, type Customization, customizationOf } from './customization';
import { addressChanges, cardChanges, coresFor, devicesOf, diskChanges, isCard, networksThere } from './hardware';
import { BLANK } from './image-item';
import { isKey, isSnapshotKey, snapshotRef, vm } from './keys';
import { isTemplate, refOf } from './machine-item';
import { EXTRA, extraList, holds, inventoryName, propertiesText, uuidOf } from './naming';
import type { VsphereOptions } from './options';
import { hostFor, onPod, type Placement } from './placement';
import { Inventory, type Network, type Place, type Wishes } from './places';
import { type Size, sizeOf } from './sizes';
import type { Ref, Typed } from './types';

/** Source that a machine is copied from. */
interface Source {
  /** The machine or template itself. */
  machine: Ref;
  snapshot: Ref | undefined;
  parent: Ref | undefined;
  devices: unknown;
  cores: number | undefined;
}

/** Begins a create: resolves it, lets storage DRS and (where there is no DRS) this driver choose, and calls. @returns its task */
export async function beginCreate(wire: Wire, request: CreateMachine, context: CallContext): Promise<Ref> {
  const plan = await planCreate(wire, request, context);
  const { place } = plan;
  const datastore = await onPod(wire, plan, context);
  if (plan.kind === 'clone') {
    const spec = { ...plan.spec, location: { ...plan.spec.location, datastore: datastore.ref } };
    return wire.begin('CloneVM_Task', plan.source, { folder: place.folder, name: plan.name, spec }, context);
  }
  const config = { ...plan.config, files: { vmPathName: `[${datastore.name}]` } };
  const host = await hostFor(wire, place, datastore.ref, context);
  return wire.begin('CreateVM_Task', place.folder, { config, pool: place.pool, ...(host ? { host } : {}) }, context);
}

/**
 * Resolves a create against the inventory: two or three reads (one more for a guest customization), no write.
 * @throws Gone or `invalid` for what is not there, and naming the candidates where nothing decides
 */
export async function planCreate(wire: Wire, request: CreateMachine, context: CallContext): Promise<Placement> {
  const size = sizeOf(request.config);
  if (!size) throw invalid(`there is no machine configuration '${request.config}'`);
  const { extensions = {} } = request;
  const source = request.image === BLANK ? undefined : await sourceOf(wire, request.image, context);
  const customization = await customizationOf(wire, request, source !== undefined, context);
  const inventory = await Inventory.read(wire, context);
  const place = inventory.place({ ...wishesOf(extensions, wire.options), networks: request.networks }, source?.parent);
  const named = typeof extensions.network === 'string' ? extensions.network : undefined;
  const preset = () => defaultNetwork(place, named ?? wire.options.network);
  const asked = networksOf(request.networks, place) ?? (named === undefined ? undefined : [preset()]);
  const config = { ...configOf(request, size), ...(source ? { numCoresPerSocket: coresFor(size.cpu, source.cores) } : {}) };
  return source
    ? clone(request, source, place, config, {
        size,
        networks: asked ?? networksThere(devicesOf(source.devices), place.networks, preset),
        linked: extensions.linkedClone === true,
        customization,
      })
    : blank(request, place, config, { size, networks: asked ?? [preset()] }, wire.options);
}

interface CloneWishes {
  size: Size;
  /** Networks, one for each card; undefined: the source's cards as they are. */
  networks: readonly Network[] | undefined;
  linked: boolean;
  customization: Customization | undefined;
}

function clone(
  request: CreateMachine,
  source: Source,
  place: Place,
  config: Typed<'VirtualMachineConfigSpec'>,
  { size, networks, linked, customization }: CloneWishes,
): Placement {
  if (linked && !source.snapshot) throw invalid('a linked clone is made of a snapshot: name one as the image, or give the template one');
  const devices = devicesOf(source.devices);
  const deviceChange = [...diskChanges(devices, size, linked), ...(networks ? cardChanges(devices, networks) : addressChanges(devices))];
  if (customization) checkCards(customization, networks?.length ?? devices.filter(isCard).length);
  const location = {
    pool: place.pool,
    ...(linked ? { diskMoveType: 'createNewChildDiskBacking' } : {}),
  };
  const spec = {
    location,
    template: false,
    config: { ...config, ...(deviceChange.length === 0 ? {} : { deviceChange }) },
    ...(customization ? { customization: customization.spec } : {}),
    // It is started by a task of its own: in this one, the reason would be lost where it does not start.
    powerOn: false,
    ...(source.snapshot ? { snapshot: source.snapshot } : {}),
  };
  return { kind: 'clone', place, source: source.machine, name: inventoryName(holds(request).name, request.tag), linked, spec };
}

function blank(
  request: CreateMachine,
  place: Place,
  config: Typed<'VirtualMachineConfigSpec'>,
  { size, networks }: { size: Size; networks: readonly Network[] },
  options: VsphereOptions,
): Placement {
  const guestId = request.extensions?.guestId;
  const whole = {
    ...config,
    name: inventoryName(holds(request).name, request.tag),
    guestId: typeof guestId === 'string' ? guestId : options.guestId,
    deviceChange: [...diskChanges([], size, false), ...cardChanges([], networks)],
  };
  return { kind: 'blank', place, config: whole };
}

/** Builds the configuration of a new machine. A copy's own marks and user data are overwritten, with nothing where nothing is given. */
function configOf(request: CreateMachine, size: Size): Typed<'VirtualMachineConfigSpec'> {
  const held = holds(request);
  return {
    instanceUuid: uuidOf(request.tag),
    annotation: held.description ?? '',
    numCPUs: size.cpu,
    memoryMB: size.memory,
    extraConfig: extraList({
      [EXTRA.id]: request.tag,
      [EXTRA.token]: request.token,
      [EXTRA.start]: 'after its create',
      [EXTRA.properties]: propertiesText(held.properties),
      ...guestInfo(request),
    }),
  };
}

/** Builds the entries for cloud-init's VMware data source: user data as given, and the public key in the metadata. */
function guestInfo({ userData, credential, tag }: CreateMachine): Record<string, string> {
  const metadata = credential === undefined ? '' : JSON.stringify({ 'instance-id': uuidOf(tag), 'public-keys-data': credential });
  return {
    [EXTRA.userData]: userData ?? '',
    [EXTRA.userDataEncoding]: userData === undefined ? '' : 'base64',
    [EXTRA.metadata]: Buffer.from(metadata, 'utf8').toString('base64'),
    [EXTRA.metadataEncoding]: metadata === '' ? '' : 'base64',
  };
}

async function sourceOf(wire: Wire, image: string, context: CallContext): Promise<Source> {
  if (!isKey(image)) throw invalid(`there is no machine image '${image}'`);
  const hardware = ['config.hardware.device', 'config.hardware.numCoresPerSocket'];
  const template = ['parent', 'config.template', 'summary.config.template', 'snapshot.currentSnapshot'];
  if (!isSnapshotKey(image)) {
    const seen = await present(wire, vm(image), [...template, ...hardware], context);
    if (!isTemplate(seen)) throw invalid(`${image} is a machine, no image: capture it`);
    return source(seen, seen, refOf(seen.properties.get('snapshot.currentSnapshot')));
  }
  const taken = await present(wire, snapshotRef(image), ['vm', ...hardware], context);
  const machine = refOf(taken.properties.get('vm'));
  if (!machine) throw new ProviderError('unavailable', `vCenter does not tell whose snapshot ${image} is`, { maybeDone: false });
  return source(await present(wire, machine, template, context), taken, snapshotRef(image));
}

function source(machine: Seen, hardware: Seen, snapshot: Ref | undefined): Source {
  const cores = hardware.properties.get('config.hardware.numCoresPerSocket');
  return {
    machine: machine.ref,
    snapshot,
    parent: refOf(machine.properties.get('parent')),
    devices: hardware.properties.get('config.hardware.device'),
    cores: typeof cores === 'number' ? cores : undefined,
  };
}

/** Merges the placement of the request over the configured one; a configured place inside another than the requested one is dropped. */
export function wishesOf(extensions: Values, { datacenter, cluster, resourcePool, folder, datastore }: VsphereOptions): Wishes {
  const said = (name: keyof Wishes) => (typeof extensions[name] === 'string' ? { [name]: extensions[name] } : {});
  const asked: Wishes = { ...said('datacenter'), ...said('cluster'), ...said('resourcePool'), ...said('folder'), ...said('datastore') };
  if (asked.datacenter !== undefined && asked.datacenter !== datacenter) return asked;
  if (asked.cluster !== undefined && asked.cluster !== cluster) return { datacenter, folder, ...asked };
  if (asked.resourcePool !== undefined && asked.resourcePool !== resourcePool) return { datacenter, folder, datastore, ...asked };
  return { datacenter, cluster, resourcePool, folder, datastore, ...asked };
}

function networksOf(keys: readonly string[] | undefined, place: Place): Network[] | undefined {
  if (keys === undefined || keys.length === 0) return undefined;
  return keys.map((key) => {
    const network = place.networks.get(key);
    if (network) return network;
    const names = [...place.networks.values()].map(({ name }) => `'${name}'`).join(', ');
    throw invalid(`the network ${key} is not one of those that the machine could have there: ${names || 'none'}`);
  });
}

/** The named one, else the only one. */
export function defaultNetwork(place: Place, wanted: string | undefined): Network {
  const all = [...place.networks.values()];
  const named = wanted === undefined ? all : all.filter(({ name, ref }) => name === wanted || ref.value === wanted);
  const [one, ...others] = named;
  if (one && others.length === 0) return one;
  const names = (one ? named : all).map(({ name, ref }) => `'${name}' (${ref.value})`).sort();
  const what = wanted === undefined ? 'the request does not say which network' : `which network is '${wanted}'`;
  throw invalid(`${what}: candidates are ${names.join(', ') || 'none'}`);
}

function invalid(message: string): ProviderError {
  return new ProviderError('invalid', message, { maybeDone: false });
}
