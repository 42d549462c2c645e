import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateInterface, InterfaceChange, Interfaces } from '../../src/clouds/infrastructure';
import { enc } from './client';
import { hasTag, MAKING_NIC, type Neutron } from './neutron';
import { isNicTag, isPlugged, networkRef, NIC, nicLookup, nicOf, type Port, portOf } from './ports';

const refused = (words: string): ProviderError => new ProviderError('unsupported', words, { maybeDone: false });

/** Ports that servers have as MachineNetworkInterfaces. */
export class OpenstackInterfaces implements Interfaces {
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    for await (const page of this.neutron.pages<Port>('ports', context, own)) yield page.filter(isPlugged).map(nicItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return (await this.neutron.byIds<Port>('ports', keys, context)).filter(isPlugged).map(nicItem);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    return (await this.#marked(marks, context)).map((port) => ({ ...nicItem(port), ...(isWhole(port) ? {} : { unfinished: true }) }));
  }

  async #marked({ tag }: Marks, context: CallContext): Promise<Port[]> {
    const [tagged, begun] = await Promise.all([
      this.neutron.whole<Port>('ports', context, { tags: nicLookup(tag) }),
      this.neutron.whole<Port>('ports', context, { description: MAKING_NIC + tag }),
    ]);
    const found = new Map([...tagged, ...begun].map((port) => [port.id, port]));
    return [...found.values()].filter((port) => hasTag(port, NIC.id + tag) || port.description === MAKING_NIC + tag);
  }

  /**
   * The port comes first, with the marks, and is plugged in then: Nova's own way of making one takes no marks. Until it
   * is plugged in it is found as unfinished.
   */
  async create(request: CreateInterface, context: CallContext): Promise<Created> {
    const { machine, mtu, state = 'ACTIVE' } = request;
    if (mtu !== undefined) throw refused('mtu: an interface has that of its network');
    const up = switchOf(state);
    const [known] = await this.#marked(request, context);
    if (known && isWhole(known)) return { key: known.id };
    const port =
      known ?? (request.networkPort === undefined ? await this.#post(request, up, context) : await this.#given(request, context));
    const own = request.networkPort === undefined ? [NIC.owned, nicOf(machine)] : [];
    const marks = [nicLookup(request.tag), NIC.id + request.tag, NIC.token + request.token, ...own];
    await this.neutron.setTags('ports', port.id, [...(port.tags ?? []).filter((tag) => !isNicTag(tag)), ...marks], context);
    if (port.admin_state_up !== up) await this.neutron.change('ports', port.id, { admin_state_up: up }, context);
    if (port.device_id === '') {
      const interfaceAttachment = { port_id: port.id };
      await this.neutron.wire.post('compute', `/servers/${enc(machine)}/os-interface`, { interfaceAttachment }, context);
    }
    if (own.length > 0) await this.neutron.change('ports', port.id, { description: '' }, context);
    return { key: port.id };
  }

  async #post({ network, macAddress, tag }: CreateInterface, up: boolean, context: CallContext): Promise<Port> {
    const mac = macAddress === undefined ? {} : { mac_address: macAddress };
    const port = { network_id: network, admin_state_up: up, description: MAKING_NIC + tag, ...mac };
    return (await this.neutron.wire.post<{ port: Port }>('network', '/ports', { port }, context)).port;
  }

  async #given({ networkPort = '', network, macAddress }: CreateInterface, context: CallContext): Promise<Port> {
    const port = await portOf(this.neutron, networkPort, context);
    if (port.network_id !== network) {
      const words = `The port ${networkPort} is in the network ${port.network_id}, not in ${network}`;
      throw new ProviderError('invalid', words, { maybeDone: false });
    }
    if (macAddress !== undefined && macAddress.toLowerCase() !== port.mac_address.toLowerCase())
      throw refused('macAddress: a port keeps the address it was made with');
    if (port.device_id !== '')
      throw new ProviderError('conflict', `The port ${networkPort} is used by ${port.device_id}`, { maybeDone: false });
    return port;
  }

  /** Neutron lets a port be switched on and off; its network and its MAC address stay. */
  async update(key: string, to: InterfaceChange, context: CallContext): Promise<void> {
    const port = await portOf(this.neutron, key, context);
    if (to.network !== undefined && to.network !== port.network_id)
      throw refused('network: an interface stays in its network; add another one and delete this');
    if (to.networkPort !== undefined && to.networkPort !== key)
      throw refused('networkPort: an interface stays what its port is; add another one and delete this');
    if (to.macAddress !== undefined && to.macAddress.toLowerCase() !== port.mac_address.toLowerCase())
      throw refused('macAddress: a port keeps the address it was made with');
    if (to.mtu !== undefined) throw refused('mtu: an interface has that of its network');
    if (to.state !== undefined) await this.neutron.change('ports', key, { admin_state_up: switchOf(to.state) }, context);
  }

  /** Unplugs the port; one that was made for the interface goes, any other stays. */
  async delete(key: string, context: CallContext): Promise<void> {
    const port = await this.neutron.one<Port>('ports', key, context);
    if (!port) return;
    if (isPlugged(port)) {
      await this.neutron.wire.delete('compute', `/servers/${enc(port.device_id)}/os-interface/${enc(key)}`, context);
    }
    if (hasTag(port, NIC.owned) || port.description?.startsWith(MAKING_NIC) === true) await this.neutron.delete('ports', key, context);
    else if (port.tags?.some(isNicTag) === true) {
      await this.neutron.setTags(
        'ports',
        key,
        port.tags.filter((tag) => !isNicTag(tag)),
        context,
      );
    }
  }
}

const isWhole = (port: Port): boolean => isPlugged(port) && port.description?.startsWith(MAKING_NIC) !== true;

/** Ports are on or off; there is no standing by. */
function switchOf(state: string): boolean {
  if (state === 'ACTIVE' || state === 'DISABLED') return state === 'ACTIVE';
  throw refused(`${state}: an interface of this cloud is ACTIVE or DISABLED`);
}

function nicItem(port: Port): Item {
  const valueOf = (prefix: string) => port.tags?.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const begun = port.description?.startsWith(MAKING_NIC) === true ? port.description.slice(MAKING_NIC.length) : undefined;
  const [tag, token] = [valueOf(NIC.id) ?? begun, valueOf(NIC.token)];
  return {
    key: port.id,
    values: {
      ...networkRef(port),
      networkPort: { item: { type: 'NetworkPort', key: port.id } },
      state: port.admin_state_up ? 'ACTIVE' : 'DISABLED',
      macAddress: port.mac_address,
    },
    ...(port.device_id === '' ? {} : { owner: port.device_id }),
    ...(tag === undefined ? {} : { tag }),
    ...(token === undefined ? {} : { token }),
    ...(port.created_at === undefined ? {} : { created: port.created_at }),
  };
}
