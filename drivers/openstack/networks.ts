import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateNetwork, Networks, NetworkChange } from '../../src/clouds/infrastructure';
import { isConflict, passing } from './errors';
import { type Neutron, once } from './neutron';
import { holdsNet, marksOf, namesOf } from './neutron-names';
import type { Network, Port, Subnet } from './neutron-things';
import { NETWORK, switchState } from './network-states';
import { answers, shown, UUID } from './reads';
import { dropInterfaces, join, joins, routersOf } from './routers';
import { machineState } from './states';
import { giveSubnet, subnetsByNetwork } from './subnets';

/** Data from which networks are shown, read once for a whole listing. */
interface Around {
  routers: ReturnType<typeof routersOf>;
  subnets: () => Promise<ReadonlyMap<string, readonly Subnet[]>>;
}

const FOREIGN = 'The network belongs to another project of the cloud';

/** Neutron networks, each with its subnets, as Networks; external ones are PUBLIC. */
export class OpenstackNetworks implements Networks {
  readonly changes = { networkType: 'sets', mtu: 'sets' } as const;
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const around = this.#around(context);
    for await (const page of this.neutron.pages('network', context)) yield shown(await this.#items(page, around, context));
  }

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => this.neutron.byIds('network', ids, context);
    return answers('network', keys, read, (networks) => this.#items(networks, this.#around(context), context));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.neutron.marked('network', marks, context);
    const unfinished = new Set(found.flatMap((each) => (each.unfinished ? each.thing.id : [])));
    const items = await this.#items(
      found.map(({ thing }) => thing),
      this.#around(context),
      context,
    );
    return shown(items).map((item) => (unfinished.has(item.key) ? { ...item, unfinished: true } : item));
  }

  /** Administrators see every project's networks: what is neither the own project's nor open to it is not for it. */
  async #items(networks: readonly Network[], around: Around, context: CallContext): Promise<(Item | Gone)[]> {
    const isOwn = await this.neutron.isOwn(context);
    const isOpen = (network: Network) => isOwn(network) || network.shared || network['router:external'];
    const closed = networks.filter((network) => !isOpen(network));
    const gone = closed.map(({ id }) => Gone.shown({ type: 'network', key: id }, `The network ${id} is another project's`));
    const seen = networks.filter(isOpen);
    if (seen.length === 0) return gone;
    const [routers, subnets] = await Promise.all([around.routers(seen), around.subnets()]);
    return [
      ...gone,
      ...seen.map((network) => networkItem(network, routers.get(network.id), subnets.get(network.id) ?? [], isOwn(network))),
    ];
  }

  #around(context: CallContext): Around {
    return { routers: routersOf(this.neutron, context), subnets: once(() => subnetsByNetwork(this.neutron, context)) };
  }

  holds(naming: Naming): Naming {
    return this.neutron.holds(naming, holdsNet);
  }

  async create(request: CreateNetwork, context: CallContext): Promise<Created> {
    const { networkType, mtu, forwardingGroup, classOfService, extensions = {} } = request;
    if (classOfService !== undefined) throw unclassed();
    const body = { ...(networkType === 'PUBLIC' ? { 'router:external': true } : {}), ...(mtu === undefined ? {} : { mtu }) };
    const { id } = await this.neutron.make('network', request, body, context, async (network) => {
      await giveSubnet(this.neutron, network, extensions, context);
      if (forwardingGroup !== undefined) await join(this.neutron, forwardingGroup, network.id, context);
    });
    return { key: id };
  }

  start(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('network', key, { admin_state_up: true }, context);
  }

  stop(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('network', key, { admin_state_up: false }, context);
  }

  async update(key: string, { networkType, mtu }: NetworkChange, context: CallContext): Promise<void> {
    const change = {
      ...(networkType === undefined ? {} : { 'router:external': networkType === 'PUBLIC' }),
      ...(typeof mtu === 'number' ? { mtu } : {}),
    };
    await this.neutron.change('network', key, change, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return this.neutron.rename('network', key, naming, context);
  }

  /** A network goes with its subnets and its membership of a router, but not with what somebody plugged into it. */
  async delete(key: string, context: CallContext): Promise<void> {
    if (!UUID.test(key)) return;
    const ports = await this.neutron.whole('port', context, { network_id: key });
    const user = ports.find(({ device_owner: owner }) => owner?.startsWith('network:') !== true);
    if (user) throw await this.#used(key, user, context);
    if (ports.some(joins)) await dropInterfaces(this.neutron, { network_id: key }, context);
    try {
      await this.neutron.delete('network', key, context);
    } catch (error) {
      // Nobody's port was in it a moment ago: Neutron is still clearing up.
      throw isConflict(error) ? passing(error) : error;
    }
  }

  /** A port of a server that is on its way out goes with it: that passes. */
  async #used(key: string, { id, device_owner: owner = '', device_id: device = '' }: Port, context: CallContext): Promise<ProviderError> {
    const refusal = new ProviderError('conflict', `The network ${key} has the port ${id}`, { maybeDone: false });
    if (!owner.startsWith('compute:') || !UUID.test(device)) return refusal;
    const server = await this.neutron.wire.oneIfThere('server', device, context);
    const leaving = !server || ['DELETING', 'absent'].includes(machineState(server).state);
    return leaving ? passing(refusal, `its server ${device} is being deleted`) : refusal;
  }
}

const unclassed = (): ProviderError =>
  new ProviderError('unsupported', 'classOfService: this cloud has no classes of service for networks', { maybeDone: false });

function networkItem(network: Network, router: string | undefined, subnets: readonly Subnet[], own: boolean): Item {
  const { state, unmapped } = switchState(NETWORK, network);
  const cidr = subnets.find(({ ip_version: version }) => version === 4)?.cidr ?? subnets[0]?.cidr;
  return {
    key: network.id,
    values: {
      ...namesOf(network),
      state,
      networkType: network['router:external'] ? 'PUBLIC' : 'PRIVATE',
      ...(network.mtu ? { mtu: network.mtu } : {}),
      ...(router === undefined ? {} : { forwardingGroup: { item: { type: 'ForwardingGroup', key: router } } }),
      ...(cidr === undefined ? {} : { cidr }),
    },
    ...marksOf(network),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(own ? {} : { public: true, refuses: { edit: FOREIGN, delete: FOREIGN, start: FOREIGN, stop: FOREIGN } }),
  };
}
