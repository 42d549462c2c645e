import type { CallContext } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { pathOf } from './client';
import { isConflict } from './errors';
import { type Neutron, once } from './neutron';
import type { Network, Port, Router } from './neutron-things';
import { subnetsOf } from './subnets';

/** `device_owner` of ports that join a network to a router: centralized, distributed, highly available. */
const OWNERS: readonly string[] = [
  'network:router_interface',
  'network:router_interface_distributed',
  'network:ha_router_replicated_interface',
];
export const joins = (port: Port): boolean => OWNERS.includes(port.device_owner ?? '');

/**
 * Returns a lookup of the router that a network is joined to; none for an external network that several routers have as their
 * gateway. Reads what it needs at the first call.
 */
export function routersOf(neutron: Neutron, context: CallContext): (networks: readonly Network[]) => Promise<ReadonlyMap<string, string>> {
  const ports = once(() => neutron.whole('port', context, { device_owner: OWNERS }));
  const routers = once(async () => neutron.whole('router', context, await neutron.own(context)));
  return async (networks) => {
    const outside = networks.filter((network) => network['router:external']);
    const [joined, own] = await Promise.all([ports(), outside.length === 0 ? [] : routers()]);
    const found = new Map(joined.flatMap(({ network_id: network, device_id: router }) => (router ? [[network, router] as const] : [])));
    for (const { id } of outside) {
      const gates = own.filter((router) => router.gateway === id);
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
    neutron.wire.one('network', networkId, context),
    neutron.wire.one('router', routerId, context),
  ]);
  if (network['router:external']) return setGateway(neutron, router, networkId, context);
  const ports = (await neutron.whole('port', context, { network_id: networkId })).filter(joins);
  const other = ports.find(({ device_id: id }) => id !== routerId);
  if (other)
    throw new ProviderError('conflict', `The network ${networkId} is joined to the router ${other.device_id ?? 'of another project'}`, {
      maybeDone: false,
    });
  const joined = new Set(ports.flatMap(({ fixed_ips: ips = [] }) => ips.map(({ subnet_id: id }) => id)));
  const subnets = await subnetsOf(neutron, networkId, context);
  if (subnets.length === 0)
    throw new ProviderError('invalid', `The network ${networkId} has no subnet to be joined by`, { maybeDone: false });
  for (const { id } of subnets) {
    if (!joined.has(id)) await plug(neutron, routerId, 'add_router_interface', { subnet_id: id }, context);
  }
}

async function setGateway(neutron: Neutron, router: Router, network: string, context: CallContext): Promise<void> {
  const current = router.gateway;
  if (current === network) return;
  if (current !== undefined)
    throw new ProviderError('conflict', `The router ${router.id} has the network ${current} as its gateway`, { maybeDone: false });
  await neutron.change('router', router.id, { external_gateway_info: { network_id: network } }, context);
}

/** Takes a network out of a router; what is not in it is success. */
export async function part(neutron: Neutron, routerId: string, networkId: string, context: CallContext): Promise<void> {
  const router = await neutron.wire.oneIfThere('router', routerId, context);
  if (router?.gateway === networkId) return neutron.change('router', routerId, { external_gateway_info: null }, context);
  await dropInterfaces(neutron, { device_id: routerId, network_id: networkId }, context);
}

/** Takes away the router interfaces that this filter finds. */
export async function dropInterfaces(
  neutron: Neutron,
  filter: { device_id?: string; network_id?: string },
  context: CallContext,
): Promise<void> {
  const ports = (await neutron.whole('port', context, filter)).filter(joins);
  for (const { id, device_id: router = '' } of ports) {
    try {
      await plug(neutron, router, 'remove_router_interface', { port_id: id }, context);
    } catch (error) {
      if (error instanceof Gone) continue;
      // Neutron has many words for an interface that went meanwhile; the port tells. Where it does not, the first error counts.
      const isThere = isConflict(error) || (await neutron.wire.oneIfThere('port', id, context).catch(() => error));
      if (isThere) throw error;
    }
  }
}

async function plug(neutron: Neutron, router: string, way: string, what: object, context: CallContext): Promise<void> {
  const ask = { method: 'PUT', path: `${pathOf('router', router)}/${way}`, body: what, member: 'subnet_id' } as const;
  await neutron.wire.send('network', { ...ask, of: { kind: 'router', id: router } }, context);
}
