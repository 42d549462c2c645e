import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateNetwork, Networks } from '../../src/clouds/infrastructure';
import { holdsNet, marksOf, namesOf, type Neutron, once, type Thing } from './neutron';
import { NETWORK, switchState } from './network-states';
import { dropInterfaces, join, joins, type RouterPort, routersOf } from './routers';
import { giveSubnet, type Subnet, subnetsByNetwork } from './subnets';

/** A network, as far as it is of use here. */
export interface Network extends Thing {
  status: string;
  admin_state_up: boolean;
  mtu?: number;
  shared?: boolean;
  'router:external'?: boolean;
}

/** What networks are told with, read once for a whole listing. */
interface Around {
  routers: ReturnType<typeof routersOf>;
  subnets: () => Promise<ReadonlyMap<string, readonly Subnet[]>>;
}

const FOREIGN = 'The network belongs to another project of the cloud';

/** Neutron networks, each with its subnets, as Networks; external ones are PUBLIC. */
export class OpenstackNetworks implements Networks {
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const around = this.#around(context);
    for await (const page of this.neutron.pages<Network>('networks', context)) yield await this.#items(page, around, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return this.#items(await this.neutron.byIds<Network>('networks', keys, context), this.#around(context), context);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.neutron.marked<Network>('networks', marks, context);
    const unfinished = new Set(found.flatMap((each) => (each.unfinished ? each.thing.id : [])));
    const items = await this.#items(
      found.map(({ thing }) => thing),
      this.#around(context),
      context,
    );
    return items.map((item) => (unfinished.has(item.key) ? { ...item, unfinished: true } : item));
  }

  /** Administrators see every project's networks: what is neither the own project's nor open to it is left out. */
  async #items(networks: readonly Network[], around: Around, context: CallContext): Promise<Item[]> {
    const isOwn = await this.neutron.isOwn(context);
    const seen = networks.filter((network) => isOwn(network) || network.shared === true || network['router:external'] === true);
    if (seen.length === 0) return [];
    const [routers, subnets] = await Promise.all([around.routers(seen), around.subnets()]);
    return seen.map((network) => networkItem(network, routers.get(network.id), subnets.get(network.id) ?? [], isOwn(network)));
  }

  #around(context: CallContext): Around {
    return { routers: routersOf(this.neutron, context), subnets: once(() => subnetsByNetwork(this.neutron, context)) };
  }

  holds(naming: Naming): Naming {
    return holdsNet(naming);
  }

  async create(request: CreateNetwork, context: CallContext): Promise<Created> {
    const { networkType, mtu, forwardingGroup, classOfService, extensions = {} } = request;
    if (classOfService !== undefined) throw unclassed();
    const body = { ...(networkType === 'PUBLIC' ? { 'router:external': true } : {}), ...(mtu === undefined ? {} : { mtu }) };
    const { id } = await this.neutron.make<Network>('networks', request, body, context, async (network) => {
      await giveSubnet(this.neutron, network, extensions, context);
      if (forwardingGroup !== undefined) await join(this.neutron, forwardingGroup, network.id, context);
    });
    return { key: id };
  }

  start(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('networks', key, { admin_state_up: true }, context);
  }

  stop(key: string, context: CallContext): Promise<void> {
    return this.neutron.change('networks', key, { admin_state_up: false }, context);
  }

  async update(key: string, to: { networkType?: string; mtu?: number; classOfService?: string }, context: CallContext): Promise<void> {
    if (to.classOfService !== undefined) throw unclassed();
    const change = {
      ...(to.networkType === undefined ? {} : { 'router:external': to.networkType === 'PUBLIC' }),
      ...(to.mtu === undefined ? {} : { mtu: to.mtu }),
    };
    await this.neutron.change('networks', key, change, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return this.neutron.rename('networks', key, naming, context);
  }

  /** A network goes with its subnets and its membership of a router, but not with what somebody plugged into it. */
  async delete(key: string, context: CallContext): Promise<void> {
    const ports = await this.neutron.whole<RouterPort>('ports', context, { network_id: key });
    const user = ports.find(({ device_owner: owner }) => !owner.startsWith('network:'));
    if (user) throw new ProviderError('conflict', `The network ${key} has the port ${user.id}`, { maybeDone: false });
    if (ports.some(joins)) await dropInterfaces(this.neutron, { network_id: key }, context);
    await this.neutron.delete('networks', key, context);
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
      networkType: network['router:external'] === true ? 'PUBLIC' : 'PRIVATE',
      ...(network.mtu ? { mtu: network.mtu } : {}),
      ...(router === undefined ? {} : { forwardingGroup: { item: { type: 'ForwardingGroup', key: router } } }),
      ...(cidr === undefined ? {} : { cidr }),
    },
    ...marksOf(network),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(own ? {} : { public: true, refuses: { edit: FOREIGN, delete: FOREIGN, start: FOREIGN, stop: FOREIGN } }),
  };
}
