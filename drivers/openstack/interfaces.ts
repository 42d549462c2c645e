import type { CallContext, Created, WorkHandle, Item, Marks, Ongoing, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateInterface, InterfaceChange, Interfaces } from '../../src/clouds/infrastructure';
import { enc, pathOf } from './client';
import { lastAction } from './instance-actions';
import type { Neutron } from './neutron';
import { hasTag, MAKING_NIC } from './neutron-names';
import { isNicTag, isPlugged, isUnplugged, networkRef, NIC, nicLookup, nicMark, nicOf, type Port } from './ports';
import { answers } from './reads';

const refused = (message: string): ProviderError => new ProviderError('unsupported', message, { maybeDone: false });

/** Ports that servers have as MachineNetworkInterfaces. */
export class OpenstackInterfaces implements Interfaces {
  readonly changes = { state: 'sets' } as const;
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    for await (const page of this.neutron.pages('port', context, own)) yield page.filter(isPlugged).map(nicItem);
  }

  /** A port that nobody has any more is the proof that the interface is gone. */
  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => this.neutron.byIds('port', ids, context);
    const items = (ports: readonly Port[]) =>
      ports.flatMap((port) => {
        if (isPlugged(port)) return nicItem(port);
        if (!isUnplugged(port)) return [];
        return Gone.shown({ type: 'interface', key: port.id }, `Neutron shows the port ${port.id} as no server's`);
      });
    return answers('port', keys, read, (ports) => Promise.resolve(items(ports)));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    return (await this.#marked(marks, context)).map((port) => ({ ...nicItem(port), ...(this.#isWhole(port) ? {} : { unfinished: true }) }));
  }

  async #marked({ tag }: Marks, context: CallContext): Promise<Port[]> {
    const [tagged, begun] = await Promise.all([
      this.neutron.tagged('port', nicLookup(tag), context),
      this.neutron.whole('port', context, { description: MAKING_NIC + tag }),
    ]);
    const found = new Map([...tagged, ...begun].map((port) => [port.id, port]));
    return [...found.values()].filter((port) => hasTag(port, NIC.id + tag) || nicMark(port) === tag);
  }

  /** Plugged in, with its marks in their place: without tags that is the description. */
  #isWhole(port: Port): boolean {
    return isPlugged(port) && (this.neutron.tagless || nicMark(port) === undefined);
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
    if (known && this.#isWhole(known)) return { key: known.id };
    const port =
      known ?? (request.networkPort === undefined ? await this.#post(request, up, context) : await this.#given(request, context));
    const own = request.networkPort === undefined ? [NIC.owned, nicOf(machine)] : [];
    const marks = [nicLookup(request.tag), NIC.id + request.tag, NIC.token + request.token, ...own];
    const tagged = await this.neutron.setTags('port', port.id, [...port.tags.filter((tag) => !isNicTag(tag)), ...marks], context);
    if (port.admin_state_up !== up) await this.neutron.change('port', port.id, { admin_state_up: up }, context);
    if (port.device_id !== machine) await this.#plug(port.id, machine, context);
    if (own.length > 0 && tagged) await this.neutron.change('port', port.id, { description: '' }, context);
    return { key: port.id };
  }

  async #plug(port: string, machine: string, context: CallContext): Promise<void> {
    const path = `${pathOf('server', machine)}/os-interface`;
    const body = { interfaceAttachment: { port_id: port } };
    const of = { kind: 'server', id: machine } as const;
    await this.neutron.wire.send('compute', { method: 'POST', path, body, member: 'interfaceAttachment', of }, context);
  }

  #post({ network, macAddress, tag }: CreateInterface, up: boolean, context: CallContext): Promise<Port> {
    const mac = macAddress === undefined ? {} : { mac_address: macAddress };
    return this.neutron.post('port', { network_id: network, admin_state_up: up, description: MAKING_NIC + tag, ...mac }, context);
  }

  async #given({ machine, networkPort = '', network, macAddress }: CreateInterface, context: CallContext): Promise<Port> {
    const port = await this.neutron.wire.one('port', networkPort, context);
    if (port.network_id !== network) {
      const message = `The port ${networkPort} is in the network ${port.network_id}, not in ${network}`;
      throw new ProviderError('invalid', message, { maybeDone: false });
    }
    if (macAddress !== undefined && isOtherMac(macAddress, port)) throw refused('macAddress: a port keeps the address it was made with');
    // An earlier attempt may have plugged it in.
    const mine = context.repeated !== undefined && port.device_id === machine;
    if (port.device_id !== '' && !mine)
      throw new ProviderError('conflict', `The port ${networkPort} is used by ${port.device_id ?? 'something'}`, { maybeDone: false });
    return port;
  }

  /** Neutron lets a port be switched on and off; its network and its MAC address stay. */
  async update(key: string, to: InterfaceChange, context: CallContext): Promise<void> {
    const port = await this.neutron.wire.one('port', key, context);
    if (to.network !== undefined && to.network !== port.network_id)
      throw refused('network: an interface stays in its network; add another one and delete this');
    if (to.networkPort !== undefined && to.networkPort !== key)
      throw refused('networkPort: an interface stays what its port is; add another one and delete this');
    if (typeof to.macAddress === 'string' && isOtherMac(to.macAddress, port))
      throw refused('macAddress: a port keeps the address it was made with');
    if (typeof to.mtu === 'number') throw refused('mtu: an interface has that of its network');
    if (to.state !== undefined) await this.neutron.change('port', key, { admin_state_up: switchOf(to.state) }, context);
  }

  /** Unplugs the port; one that was made for the interface goes, any other stays. */
  delete(key: string, context: CallContext): Promise<Outcome> {
    return unplugging(this.neutron, { work: 'unplug', port: key, server: '' }, context);
  }
}

/** A port that Nova unplugs; `server`: the one that was asked to, "" where none was yet. */
export interface UnplugWork extends WorkHandle {
  work: 'unplug';
  port: string;
  server: string;
}

/**
 * Looks how far the unplugging of a port is, and begins it if that was not done. A port that nobody has any more is deleted, or
 * loses its marks.
 */
export async function unplugging(neutron: Neutron, work: UnplugWork, context: CallContext): Promise<Outcome> {
  const { port: key } = work;
  const port = await neutron.wire.oneIfThere('port', key, context);
  if (!port) return;
  if (isPlugged(port)) return unplug(neutron, work, port.device_id ?? '', context);
  if (!isUnplugged(port)) return { ongoing: work, message: 'Neutron does not tell who has the port' };
  if (hasTag(port, NIC.owned) || nicMark(port) !== undefined) return neutron.delete('port', key, context);
  const others = port.tags.filter((tag) => !isNicTag(tag));
  if (others.length < port.tags.length) await neutron.setTags('port', key, others, context);
}

async function unplug({ wire }: Neutron, work: UnplugWork, server: string, context: CallContext): Promise<Outcome> {
  const { port } = work;
  const going = (asked: string): Ongoing => ({ ongoing: { ...work, server: asked }, message: 'Nova unplugs the port' });
  const gone = { type: 'server', key: server };
  try {
    if (work.server === server) {
      const failure = (await lastAction(wire, server, 'detach_interface', context))?.message;
      if (failure === undefined) return going(server);
      throw new ProviderError('unavailable', `Nova did not unplug the port: ${failure}`, { maybeDone: false, lasting: true });
    }
    const path = `${pathOf('server', server)}/os-interface/${enc(port)}`;
    await wire.send('compute', { method: 'DELETE', path, of: { kind: 'server', id: server } }, context);
  } catch (error) {
    // A server that goes takes its ports out by itself; Neutron shows it a moment later.
    if (!(error instanceof Gone) || error.thing.key !== gone.key) throw error;
  }
  return going(server);
}

const isOtherMac = (mac: string, port: Port): boolean => port.mac_address?.toLowerCase() !== mac.toLowerCase();

/** Ports are on or off; there is no standing by. */
function switchOf(state: string): boolean {
  if (state === 'ACTIVE' || state === 'DISABLED') return state === 'ACTIVE';
  throw refused(`${state}: an interface of this cloud is ACTIVE or DISABLED`);
}

function nicItem(port: Port): Item {
  const valueOf = (prefix: string) => port.tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const [tag, token] = [valueOf(NIC.id) ?? nicMark(port), valueOf(NIC.token)];
  return {
    key: port.id,
    values: {
      ...networkRef(port),
      networkPort: { item: { type: 'NetworkPort', key: port.id } },
      state: port.admin_state_up ? 'ACTIVE' : 'DISABLED',
      ...(port.mac_address === undefined ? {} : { macAddress: port.mac_address }),
    },
    ...(port.device_id ? { owner: port.device_id } : {}),
    ...(tag === undefined ? {} : { tag }),
    ...(token === undefined ? {} : { token }),
    ...(port.created_at === undefined ? {} : { created: port.created_at }),
  };
}
