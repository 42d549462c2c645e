import { createHash } from 'node:crypto';
import type { CallContext, Item } from '../../src/clouds/driver';
import type { Neutron } from './neutron';
import { MAKING_NIC } from './neutron-names';
import type { Port } from './neutron-things';

export type { Port } from './neutron-things';

/** Owner of the ports that reserve an address: no server's, and nobody plugs into them. */
export const RESERVED = 'cimi:address';
export const isReserved = ({ device_owner: owner }: Port): boolean => owner === RESERVED;
/** A server's interface. */
export const isPlugged = ({ device_owner: owner = '', device_id: device = '' }: Port): boolean =>
  owner.startsWith('compute:') && device !== '';
/** Neutron's own word that no server has it: nobody does, or something else. What it does not tell says nothing. */
export const isUnplugged = ({ device_owner: owner = '', device_id: device }: Port): boolean =>
  device === '' || (owner !== '' && !owner.startsWith('compute:'));
/** Tells whether, as far as Neutron tells, neither a server nor anything else has the port. */
export const isFree = ({ device_id: device }: Port): boolean => device === '';
/** Tells whether it is shown as NetworkPort: all are but Neutron's own and reserved addresses. */
export const isShown = (port: Port): boolean => port.device_owner?.startsWith('network:') !== true && !isReserved(port);

/** Tags of a port that is a server's interface made by us, beside those of the port itself. */
export const NIC = { id: 'cimi:nic-id=', token: 'cimi:nic-token=', owned: 'cimi:nic-owned' } as const;
const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);
/** Tag that an interface is looked up by. */
export const nicLookup = (tag: string): string => `cimi-nic-${short(tag)}`;
/** Tag of the ports that were made for interfaces of this server, and go when it goes. */
export const nicOf = (server: string): string => `cimi-nic-of-${server}`;
export const isNicTag = (tag: string): boolean => Object.values(NIC).some((own) => tag.startsWith(own)) || tag.startsWith('cimi-nic-');
/** Tag of an interface in the description of its port: while it is being made, and for good where there are no tags. */
export const nicMark = ({ description }: Port): string | undefined =>
  description?.startsWith(MAKING_NIC) === true ? description.slice(MAKING_NIC.length) : undefined;

export const networkRef = (port: Pick<Port, 'network_id'>): Item['values'] =>
  port.network_id === '' ? {} : { network: { item: { type: 'Network', key: port.network_id } } };

/** Ids of the ports that were made for a server's interfaces: Nova leaves alone what it did not make. */
export async function madeFor(neutron: Neutron, server: string, context: CallContext): Promise<string[]> {
  const ports = await neutron.tagged('port', nicOf(server), context);
  const isOf = (port: Port) =>
    port.tags.includes(nicOf(server)) || (neutron.tagless && port.device_id === server && nicMark(port) !== undefined);
  return ports.filter(isOf).map(({ id }) => id);
}
