import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { enc } from './client';
import { type Neutron, once, type Thing } from './neutron';
import { subnetsOf } from './subnets';

/** A router, as far as it is of use here. */
export interface Router extends Thing {
  status: string;
  external_gateway_info?: { network_id: string } | null;
}

/** A router's interface in a network: a port of Neutron's own. */
export interface RouterPort extends Thing {
  device_id: string;
  device_owner: string;
  network_id: string;
  fixed_ips: readonly { subnet_id: string; ip_address: string }[];
}

/** `device_owner` of ports that join a network to a router: centralized, distributed, highly available. */
const OWNERS: readonly string[] = [
  'network:router_interface',
  'network:router_interface_distributed',
  'network:ha_router_replicated_interface',
];
export const joins = (port: { device_owner: string }): boolean => OWNERS.includes(port.device_owner);

/** A network, as far as routers care. */
export interface Joinable extends Thing {
  'router:external'?: boolean;
}

/**
 * Which router a network is joined to. An external network that several routers have as their gateway is told of none.
 * What is needed is read once, when first asked for.
 */
export function routersOf(neutron: Neutron, context: CallContext): (networks: readonly Joinable[]) => Promise<ReadonlyMap<string, string>> {
  const ports = once(() => neutron.whole<RouterPort>('ports', context, { device_owner: OWNERS }));
  const routers = once(async () => neutron.whole<Router>('routers', context, await neutron.own(context)));
  return async (networks) => {
    const outside = networks.filter((network) => network['router:external'] === true);
    const [joined, own] = await Promise.all([ports(), outside.length === 0 ? [] : routers()]);
    const found = new Map(joined.map(({ network_id: network, device_id: router }) => [network, router]));
    for (const { id } of outside) {
      const gates = own.filter((router) => router.external_gateway_info?.network_id === id);
      const [only] = gates;
      if (only && gates.length === 1) found.set(id, only.id);
    }
    return found;
  };
}

/**
 * Joins a network to a router: an external one as its gateway, any other by an interface in each subnet. What is joined
 * already is success; a network that is joined to another router is refused, Neutron would let both compete for its gateway.
 */
export async function join(neutron: Neutron, routerId: string, networkId: string, context: CallContext): Promise<void> {
  const [network, router] = await Promise.all([
    neutron.one<Joinable>('networks', networkId, context),
    neutron.one<Router>('routers', routerId, context),
  ]);
  if (!network) throw new ProviderError('notFound', `There is no network ${networkId}`, { maybeDone: false });
  if (!router) throw new ProviderError('notFound', `There is no router ${routerId}`, { maybeDone: false });
  if (network['router:external'] === true) return setGateway(neutron, router, networkId, context);
  const ports = (await neutron.whole<RouterPort>('ports', context, { network_id: networkId })).filter(joins);
  const other = ports.find(({ device_id: id }) => id !== routerId);
  if (other)
    throw new ProviderError('conflict', `The network ${networkId} is joined to the router ${other.device_id}`, { maybeDone: false });
  const joined = new Set(ports.flatMap(({ fixed_ips: ips }) => ips.map(({ subnet_id: id }) => id)));
  const subnets = await subnetsOf(neutron, networkId, context);
  if (subnets.length === 0)
    throw new ProviderError('invalid', `The network ${networkId} has no subnet to be joined by`, { maybeDone: false });
  for (const { id } of subnets) {
    if (!joined.has(id)) await neutron.wire.put('network', `/routers/${enc(routerId)}/add_router_interface`, { subnet_id: id }, context);
  }
}

async function setGateway(neutron: Neutron, router: Router, network: string, context: CallContext): Promise<void> {
  const current = router.external_gateway_info?.network_id;
  if (current === network) return;
  if (current !== undefined)
    throw new ProviderError('conflict', `The router ${router.id} has the network ${current} as its gateway`, { maybeDone: false });
  await neutron.change('routers', router.id, { external_gateway_info: { network_id: network } }, context);
}

/** Takes a network out of a router; what is not in it is success. */
export async function part(neutron: Neutron, routerId: string, networkId: string, context: CallContext): Promise<void> {
  const router = await neutron.one<Router>('routers', routerId, context);
  if (router?.external_gateway_info?.network_id === networkId)
    return neutron.change('routers', routerId, { external_gateway_info: null }, context);
  await dropInterfaces(neutron, { device_id: routerId, network_id: networkId }, context);
}

/** Takes away the router interfaces that this filter finds. */
export async function dropInterfaces(
  neutron: Neutron,
  filter: { device_id?: string; network_id?: string },
  context: CallContext,
): Promise<void> {
  const ports = (await neutron.whole<RouterPort>('ports', context, filter)).filter(joins);
  for (const { id, device_id: router } of ports) {
    try {
      await neutron.wire.put('network', `/routers/${enc(router)}/remove_router_interface`, { port_id: id }, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'notFound') throw error;
    }
  }
}
