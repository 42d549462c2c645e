import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';
import { blockOf, nextFree, textOf } from './net-blocks';
import type { Neutron } from './neutron';
import type { Subnet, Thing } from './neutron-things';

export type { Subnet } from './neutron-things';

/** Subnets that this project sees, by network; one call. */
export async function subnetsByNetwork(neutron: Neutron, context: CallContext): Promise<ReadonlyMap<string, readonly Subnet[]>> {
  const found = new Map<string, Subnet[]>();
  for (const subnet of await neutron.whole('subnet', context)) {
    found.set(subnet.network_id, [...(found.get(subnet.network_id) ?? []), subnet]);
  }
  return found;
}

export const subnetsOf = (neutron: Neutron, network: string, context: CallContext): Promise<Subnet[]> =>
  neutron.whole('subnet', context, { network_id: network });

/** Bits of the network part of blocks that the gateway chooses itself. */
const BITS = 24;

/**
 * Sees to it that a network has a subnet, without which nothing can be plugged in: of the block asked for, else of the
 * pool asked for or configured, else of the next free block of the configured range. What has one keeps it.
 */
export async function giveSubnet(
  neutron: Neutron,
  network: Thing,
  asked: { cidr?: Value; subnetPool?: Value },
  context: CallContext,
): Promise<void> {
  if ((await subnetsOf(neutron, network.id, context)).length > 0) return;
  const subnet = { network_id: network.id, name: network.name ?? '', ...(await placeOf(neutron, asked, context)) };
  await neutron.wire.send('network', { method: 'POST', path: '/subnets', body: { subnet }, member: 'subnet' }, context);
}

async function placeOf(neutron: Neutron, asked: { cidr?: Value; subnetPool?: Value }, context: CallContext): Promise<object> {
  const { networkRange, subnetPool } = neutron.wire.options;
  if (typeof asked.cidr === 'string') return { cidr: asked.cidr, ip_version: asked.cidr.includes(':') ? 6 : 4 };
  const pool = typeof asked.subnetPool === 'string' ? asked.subnetPool : subnetPool;
  if (pool !== undefined) return { subnetpool_id: await poolId(neutron, pool, context), ip_version: 4 };
  const range = blockOf(networkRange);
  const taken = (await neutron.whole('subnet', context)).flatMap(({ cidr }) => blockOf(cidr) ?? []);
  const free = range && nextFree(range, BITS, taken);
  if (!free) throw new ProviderError('quota', `No block of /${BITS} is free in ${networkRange}`, { maybeDone: false });
  return { cidr: textOf(free), ip_version: 4 };
}

/** A pool by name or id. */
async function poolId(neutron: Neutron, pool: string, context: CallContext): Promise<string> {
  const pools = await neutron.whole('subnetpool', context);
  const found = pools.find(({ id, name }) => id === pool || name === pool);
  if (found) return found.id;
  const known = pools.map(({ name }) => name).join(', ');
  throw new ProviderError('invalid', `subnetPool: there is no subnet pool ${pool}${known === '' ? '' : `; there are: ${known}`}`, {
    maybeDone: false,
  });
}
