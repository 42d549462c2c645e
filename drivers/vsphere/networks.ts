import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateNetwork, Networks } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { everything, finished, objects, type Seen } from './collector';
import { isKey } from './images';
import { text } from './machine-item';
import { escapeName, holdsTexts, inventoryName, readSnapshotDescription, snapshotDescription, unescapeName } from './naming';
import { NETWORK_PATHS, networkFixed, networkItem, networkRef } from './network-item';
import { isUplink, refsOf } from './places';
import type { Ref, Typed } from './types';

/** Ports that a new port group begins with, as vCenter's own client has it; it grows by itself. */
const PORTS = 8;
const MAX_VLAN = 4094;

/** Port groups, standard and distributed, as Networks; the distributed ones can be made, renamed and deleted. */
export class VsphereNetworks implements Networks {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of everything(this.wire, NETWORK_PATHS, context)) yield this.#items(page);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const refs = [...new Set(keys)].filter(isKey).map(networkRef);
    return refs.length === 0 ? [] : this.#items(await objects(this.wire, refs, NETWORK_PATHS, context));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const { DistributedVirtualPortgroup } = NETWORK_PATHS;
    const found: Item[] = [];
    for await (const page of everything(this.wire, { DistributedVirtualPortgroup }, context)) {
      found.push(...this.#items(page).filter(({ tag }) => tag === marks.tag));
    }
    return found;
  }

  #items(seen: readonly Seen[]): Item[] {
    return seen.filter((each) => !isUplink(each)).map((each) => networkItem(each, this.wire.options.publicNetworks));
  }

  holds(naming: Naming): Naming {
    return holdsTexts(naming);
  }

  /** The name is the fence, as a machine's is: vCenter refuses a second one beside the switch. */
  async create(request: CreateNetwork, context: CallContext): Promise<Created> {
    const spec = [portGroupSpec(request)];
    const on = await this.#switch(request.extensions?.switch, context);
    try {
      const made = await this.#done(await this.wire.call('AddDVPortgroup_Task', on, { spec }, context), context);
      const [ref] = refsOf([made].flat());
      if (ref) return { key: ref.value };
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'DuplicateName') throw error;
      const [first] = (await this.find(request, context)).filter(({ token }) => token === request.token);
      if (!first) throw error;
      return { key: first.key };
    }
    // vCenter need not tell what the task made.
    const [made] = await this.find(request, context);
    if (!made) throw new ProviderError('unavailable', 'AddDVPortgroup_Task ended and the port group does not show', { maybeDone: true });
    return { key: made.key };
  }

  /** The switch that is named, in the request or else in the options; else the only one. */
  async #switch(asked: unknown, context: CallContext): Promise<Ref> {
    const wanted = typeof asked === 'string' ? asked : this.wire.options.switch;
    const all: Seen[] = [];
    for await (const page of everything(this.wire, { DistributedVirtualSwitch: ['name', 'summary.hostMember'] }, context))
      all.push(...page);
    const nameOf = (seen: Seen) => unescapeName(text(seen, 'name') ?? seen.ref.value);
    const fitting = all.filter((seen) => wanted === undefined || nameOf(seen) === wanted || seen.ref.value === wanted);
    const [one, ...others] = fitting;
    if (all.length === 0)
      throw unsupported('a network is made on a distributed switch, and this vCenter shows none: make a port group at the hosts');
    if (!one || others.length > 0) {
      const what = wanted === undefined ? 'the request does not say which switch' : `which switch is '${wanted}'`;
      const names = (one ? fitting : all).map((seen) => `'${nameOf(seen)}' (${seen.ref.value})`).sort();
      throw invalid(`${what}: candidates are ${names.join(', ')}`);
    }
    if (refsOf(one.properties.get('summary.hostMember')).length === 0)
      throw invalid(`the switch '${nameOf(one)}' has no host: no machine could have a network there`);
    return one.ref;
  }

  /** A network of ours keeps its suffix; another one keeps its name where none is given, since it must have one. */
  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const seen = await this.#changeable(key, ['config.configVersion'], context);
    if (!seen) throw new ProviderError('notFound', `vCenter has no network ${key}`, { maybeDone: false });
    const { name, description = '' } = holdsTexts(naming);
    const { tag, token = '' } = readSnapshotDescription(text(seen, 'config.description'));
    const own = name === undefined ? undefined : escapeName(name);
    const spec = {
      configVersion: text(seen, 'config.configVersion'),
      name: tag === undefined ? own : inventoryName(name, tag),
      description: tag === undefined ? description : snapshotDescription(description, { tag, token }),
    };
    await this.#done(await this.wire.call('ReconfigureDVPortgroup_Task', seen.ref, { spec }, context), context);
  }

  /** vCenter refuses one that a machine or a host is plugged into. */
  async delete(key: string, context: CallContext): Promise<void> {
    try {
      const seen = await this.#changeable(key, [], context);
      if (seen) await this.#done(await this.wire.call('Destroy_Task', seen.ref, {}, context), context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'ManagedObjectNotFound') throw error;
    }
  }

  /** @throws ProviderError `unsupported` for what is not vCenter's to change */
  async #changeable(key: string, paths: readonly string[], context: CallContext): Promise<Seen | undefined> {
    const { DistributedVirtualPortgroup, ...others } = NETWORK_PATHS;
    const wanted = { ...others, DistributedVirtualPortgroup: [...DistributedVirtualPortgroup, ...paths] };
    const [seen] = isKey(key) ? await objects(this.wire, [networkRef(key)], wanted, context) : [];
    const fixed = seen && networkFixed(seen);
    if (fixed !== undefined) throw unsupported(fixed);
    return seen && isUplink(seen) ? undefined : seen;
  }

  #done(task: Ref, context: CallContext): Promise<unknown> {
    return finished(this.wire, task, context);
  }
}

/** What a create asks for. @throws ProviderError for what a port group cannot be */
function portGroupSpec(request: CreateNetwork): Typed<'DVPortgroupConfigSpec'> {
  const { networkType, mtu, classOfService, forwardingGroup, extensions = {} } = request;
  if (networkType !== 'PRIVATE')
    throw unsupported(`networkType ${networkType}: a network is made PRIVATE; which ones are PUBLIC the option publicNetworks says`);
  if (mtu !== undefined) throw unsupported('mtu: a network has that of its switch');
  if (classOfService !== undefined) throw unsupported('classOfService: this cloud has no classes of service for networks');
  if (forwardingGroup !== undefined) throw unsupported('forwardingGroup: this cloud has no routers');
  const { vlan } = extensions;
  if (vlan !== undefined && (typeof vlan !== 'number' || !Number.isInteger(vlan) || vlan < 0 || vlan > MAX_VLAN))
    throw invalid(`vlan: a VLAN ID is a whole number from 0 to ${MAX_VLAN}`);
  const held = holdsTexts(request);
  const vlanId = { $type: 'VmwareDistributedVirtualSwitchVlanIdSpec', inherited: false, vlanId: vlan };
  const tagged: Typed<'VMwareDVSPortSetting'> = { $type: 'VMwareDVSPortSetting', vlan: vlanId };
  return {
    name: inventoryName(held.name, request.tag),
    description: snapshotDescription(held.description, request),
    type: 'earlyBinding',
    numPorts: PORTS,
    autoExpand: true,
    ...(vlan === undefined ? {} : { defaultPortConfig: tagged }),
  };
}

const unsupported = (words: string): ProviderError => new ProviderError('unsupported', words, { maybeDone: false });
const invalid = (words: string): ProviderError => new ProviderError('invalid', words, { maybeDone: false });
