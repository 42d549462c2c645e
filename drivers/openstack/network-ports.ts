import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateNetworkPort, NetworkPorts } from '../../src/clouds/infrastructure';
import type { Value } from '../../src/model/values';
import { enc } from './client';
import { holdsNet, marksOf, namesOf, type Neutron } from './neutron';
import { PORT, switchState } from './network-states';
import { isShown, networkRef, type Port, portOf } from './ports';

/** Neutron promises nothing of a port; the attribute is mandatory. */
export const BEST_EFFORT = 'BEST_EFFORT';

/** Neutron ports as NetworkPorts: those that servers have, and free ones. */
export class OpenstackNetworkPorts implements NetworkPorts {
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    for await (const page of this.neutron.pages<Port>('ports', context, own)) yield page.filter(isShown).map(portItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return (await this.neutron.byIds<Port>('ports', keys, context)).filter(isShown).map(portItem);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.neutron.marked<Port>('ports', marks, context);
    return found
      .filter(({ thing }) => isShown(thing))
      .map(({ thing, unfinished }) => ({ ...portItem(thing), ...(unfinished ? { unfinished } : {}) }));
  }

  holds(naming: Naming): Naming {
    return holdsNet(naming);
  }

  async create(request: CreateNetworkPort, context: CallContext): Promise<Created> {
    const { network, portType, classOfService, extensions = {} } = request;
    checkClass(classOfService);
    checkType(portType);
    const groups = await securityGroupIds(this.neutron, extensions.securityGroups, context);
    const body = { network_id: network, ...(groups ? { security_groups: groups } : {}) };
    const { id } = await this.neutron.make<Port>('ports', request, body, context, async (port) => {
      if (portType === 'TRUNK') await this.#trunk(port.id, context);
    });
    return { key: id };
  }

  /** Makes it the parent of a trunk; one that is, is left alone. */
  async #trunk(key: string, context: CallContext): Promise<void> {
    const { trunk_details: trunk } = await portOf(this.neutron, key, context);
    if (trunk) return;
    try {
      await this.neutron.wire.post('network', '/trunks', { trunk: { port_id: key } }, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'notFound') throw error;
      throw new ProviderError('unsupported', 'TRUNK: the Neutron of this cloud has no trunks', { maybeDone: false });
    }
  }

  start(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('ports', key, { admin_state_up: true }, context);
  }

  stop(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('ports', key, { admin_state_up: false }, context);
  }

  async update(key: string, to: { portType?: string; classOfService?: string }, context: CallContext): Promise<void> {
    checkClass(to.classOfService);
    if (to.portType === undefined) return;
    checkType(to.portType);
    if (to.portType === 'TRUNK') return this.#trunk(key, context);
    await this.#untrunk(await portOf(this.neutron, key, context), context);
  }

  async #untrunk({ trunk_details: trunk }: Port, context: CallContext): Promise<void> {
    if (trunk) await this.neutron.wire.delete('network', `/trunks/${enc(trunk.trunk_id)}`, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return this.neutron.rename('ports', key, naming, context);
  }

  /** Neutron would delete a port under the server that has it. */
  async delete(key: string, context: CallContext): Promise<void> {
    const port = await this.neutron.one<Port>('ports', key, context);
    if (!port) return;
    if (port.device_id !== '') throw new ProviderError('conflict', inUse(port), { maybeDone: false });
    await this.#untrunk(port, context);
    await this.neutron.delete('ports', key, context);
  }
}

const inUse = ({ id, device_id: device, device_owner: owner }: Port): string => `The port ${id} is used by ${device} (${owner})`;

function checkClass(classOfService: string | undefined): void {
  if (classOfService !== undefined && classOfService !== BEST_EFFORT)
    throw new ProviderError('unsupported', `classOfService: ports of this cloud are ${BEST_EFFORT}`, { maybeDone: false });
}

function checkType(portType: string): void {
  if (portType !== 'ACCESS' && portType !== 'TRUNK')
    throw new ProviderError('invalid', `${portType}: a port is ACCESS or TRUNK`, { maybeDone: false });
}

/** Security groups by name or id, as ids. @throws ProviderError (invalid) naming those to be had */
async function securityGroupIds(neutron: Neutron, given: Value | undefined, context: CallContext): Promise<string[] | undefined> {
  if (!Array.isArray(given)) return undefined;
  const path = '/security-groups';
  const own = await neutron.own(context);
  const groups = await neutron.wire.all<{ id: string; name: string }>('network', path, 'security_groups', context, own);
  return given.map((wanted) => {
    const group = groups.find(({ id, name }) => id === wanted || name === wanted);
    if (group) return group.id;
    const known = groups.map(({ name }) => name).join(', ');
    throw new ProviderError('invalid', `There is no security group ${String(wanted)}; there are: ${known}`, { maybeDone: false });
  });
}

function portItem(port: Port): Item {
  const { state, unmapped } = switchState(PORT, port);
  return {
    key: port.id,
    values: {
      ...namesOf(port),
      state,
      ...networkRef(port),
      portType: port.trunk_details ? 'TRUNK' : 'ACCESS',
      classOfService: BEST_EFFORT,
    },
    ...marksOf(port),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(port.device_id === '' ? {} : { refuses: { delete: inUse(port) } }),
  };
}
