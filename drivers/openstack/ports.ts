import { createHash } from 'node:crypto';
import type { CallContext, Item } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Neutron, Thing } from './neutron';

/** A port, as far as it is of use here. */
export interface Port extends Thing {
  network_id: string;
  status: string;
  admin_state_up: boolean;
  mac_address: string;
  /** Who has it: a server's id with `compute:ZONE` as owner, something of Neutron's with `network:…`; "" for nobody. */
  device_id: string;
  device_owner: string;
  fixed_ips: readonly { subnet_id: string; ip_address: string }[];
  allowed_address_pairs?: readonly { ip_address: string; mac_address?: string }[];
  /** Of a port that is the parent of a trunk. */
  trunk_details?: { trunk_id: string } | null;
}

/** Owner of the ports that reserve an address: no server's, and nobody plugs into them. */
export const RESERVED = 'cimi:address';
export const isReserved = ({ device_owner: owner }: Port): boolean => owner === RESERVED;
/** A server's interface. */
export const isPlugged = ({ device_owner: owner, device_id: device }: Port): boolean => owner.startsWith('compute:') && device !== '';
/** Nobody's: neither a server nor something else has it. */
export const isFree = ({ device_id: device }: Port): boolean => device === '';
/** What is shown as NetworkPort: all but Neutron's own and reserved addresses. */
export const isShown = (port: Port): boolean => !port.device_owner.startsWith('network:') && !isReserved(port);

/** Tags of a port that is a server's interface made by us, beside those of the port itself. */
export const NIC = { id: 'cimi:nic-id=', token: 'cimi:nic-token=', owned: 'cimi:nic-owned' } as const;
const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);
/** Tag that an interface is looked up by. */
export const nicLookup = (tag: string): string => `cimi-nic-${short(tag)}`;
/** Tag of the ports that were made for interfaces of this server, and go when it goes. */
export const nicOf = (server: string): string => `cimi-nic-of-${server}`;
export const isNicTag = (tag: string): boolean => Object.values(NIC).some((own) => tag.startsWith(own)) || tag.startsWith('cimi-nic-');

/** A port that has to be there. @throws ProviderError (notFound) */
export async function portOf(neutron: Neutron, id: string, context: CallContext): Promise<Port> {
  const port = await neutron.one<Port>('ports', id, context);
  if (!port) throw new ProviderError('notFound', `There is no port ${id}`, { maybeDone: false });
  return port;
}

export const networkRef = (port: Pick<Port, 'network_id'>): Item['values'] => ({
  network: { item: { type: 'Network', key: port.network_id } },
});

/** Deletes the ports that were made for a server's interfaces: Nova leaves alone what it did not make. */
export async function dropPortsOf(neutron: Neutron, server: string, context: CallContext): Promise<void> {
  const ports = await neutron.whole<Port>('ports', context, { tags: nicOf(server) });
  for (const port of ports) if (port.tags?.includes(nicOf(server)) === true) await neutron.delete('ports', port.id, context);
}
