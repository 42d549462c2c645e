import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateNetworkPort, NetworkPorts, NetworkPortChange } from '../../src/clouds/infrastructure';
import type { Value } from '../../src/model/values';
import { isNoRoute } from './errors';
import type { Neutron } from './neutron';
import { holdsNet, marksOf, namesOf } from './neutron-names';
import { PORT, switchState } from './network-states';
import { isShown, networkRef, type Port } from './ports';
import { answers, UUID } from './reads';

/** Neutron promises nothing of a port; the attribute is mandatory. */
export const BEST_EFFORT = 'BEST_EFFORT';

/** Neutron ports as NetworkPorts: those that servers have, and free ones. */
export class OpenstackNetworkPorts implements NetworkPorts {
  readonly changes = { portType: 'sets' } as const;
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    for await (const page of this.neutron.pages('port', context, own)) yield page.filter(isShown).map(portItem);
  }

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => this.neutron.byIds('port', ids, context);
    const told = (port: Port) =>
      isShown(port) ? portItem(port) : Gone.shown({ type: 'port', key: port.id }, `The port ${port.id} is ${port.device_owner ?? ''}'s`);
    return answers('port', keys, read, (ports) => Promise.resolve(ports.map(told)));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.neutron.marked('port', marks, context);
    return found
      .filter(({ thing }) => isShown(thing))
      .map(({ thing, unfinished }) => ({ ...portItem(thing), ...(unfinished ? { unfinished } : {}) }));
  }

  holds(naming: Naming): Naming {
    return this.neutron.holds(naming, holdsNet);
  }

  async create(request: CreateNetworkPort, context: CallContext): Promise<Created> {
    const { network, portType, classOfService, extensions = {} } = request;
    checkClass(classOfService);
    checkType(portType);
    const groups = await securityGroupIds(this.neutron, extensions.securityGroups, context);
    const body = { network_id: network, ...(groups ? { security_groups: groups } : {}) };
    const { id } = await this.neutron.make('port', request, body, context, async (port) => {
      if (portType === 'TRUNK') await this.#trunk(port.id, context);
    });
    return { key: id };
  }

  /** Makes it the parent of a trunk; one that is, is left alone. */
  async #trunk(key: string, context: CallContext): Promise<void> {
    const { trunk } = await this.neutron.wire.one('port', key, context);
    if (trunk !== undefined) return;
    try {
      await this.neutron.wire.send(
        'network',
        { method: 'POST', path: '/trunks', body: { trunk: { port_id: key } }, member: 'trunk' },
        context,
      );
    } catch (error) {
      if (!isNoRoute(error)) throw error;
      throw new ProviderError('unsupported', 'portType: the Neutron of this cloud has no TRUNK ports', { maybeDone: false });
    }
  }

  start(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('port', key, { admin_state_up: true }, context);
  }

  stop(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('port', key, { admin_state_up: false }, context);
  }

  async update(key: string, to: NetworkPortChange, context: CallContext): Promise<void> {
    if (to.portType === undefined) return;
    checkType(to.portType);
    if (to.portType === 'TRUNK') return this.#trunk(key, context);
    await this.#untrunk(await this.neutron.wire.one('port', key, context), context);
  }

  async #untrunk({ trunk }: Port, context: CallContext): Promise<void> {
    if (trunk !== undefined) await this.neutron.wire.remove('trunk', trunk, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return this.neutron.rename('port', key, naming, context);
  }

  /** Neutron would delete a port under the server that has it. */
  async delete(key: string, context: CallContext): Promise<void> {
    const port = UUID.test(key) ? await this.neutron.wire.oneIfThere('port', key, context) : undefined;
    if (!port) return;
    if (port.device_id !== '') throw new ProviderError('conflict', inUse(port), { maybeDone: false });
    await this.#untrunk(port, context);
    await this.neutron.delete('port', key, context);
  }
}

const inUse = ({ id, device_id: device = 'something', device_owner: owner = 'nobody that Neutron tells' }: Port): string =>
  `The port ${id} is used by ${device} (${owner})`;

function checkClass(classOfService: string | undefined): void {
  if (classOfService !== undefined && classOfService !== BEST_EFFORT)
    throw new ProviderError('unsupported', `classOfService: must be ${BEST_EFFORT} on this cloud`, { maybeDone: false });
}

function checkType(portType: string): void {
  if (portType !== 'ACCESS' && portType !== 'TRUNK')
    throw new ProviderError('invalid', `portType: must be ACCESS or TRUNK, not ${portType}`, { maybeDone: false });
}

/** Security groups by name or id, as ids. @throws ProviderError (invalid) naming those to be had */
async function securityGroupIds(neutron: Neutron, given: Value | undefined, context: CallContext): Promise<string[] | undefined> {
  if (!Array.isArray(given)) return undefined;
  const groups = await neutron.wire.all('securitygroup', context, await neutron.own(context));
  return given.map((wanted) => {
    const group = groups.find(({ id, name }) => id === wanted || name === wanted);
    if (group) return group.id;
    const known = groups.map(({ name }) => name).join(', ');
    throw new ProviderError('invalid', `securityGroups: there is no security group ${String(wanted)}; there are: ${known}`, {
      maybeDone: false,
    });
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
      portType: port.trunk !== undefined ? 'TRUNK' : 'ACCESS',
      classOfService: BEST_EFFORT,
    },
    ...marksOf(port),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(port.device_id === '' ? {} : { refuses: { delete: inUse(port) } }),
  };
}
