import type { Item } from '../../src/clouds/driver';
import { blockOf, maskOf } from './net-blocks';
import { marksOf, namesOf } from './neutron-names';
import type { FloatingIp, Port, Subnet, Thing } from './neutron-things';
import { isFree, isPlugged, isReserved } from './ports';

export type { FloatingIp } from './neutron-things';

/** Tag of a reserved address that tells the port it is bound to. */
export const BOUND = 'cimi:bound=';
export const bindingOf = (port: Port): string | undefined => port.tags.find((tag) => tag.startsWith(BOUND))?.slice(BOUND.length);

/** Kind of an address at Neutron. */
type AddressKind = 'floating' | 'reserved' | 'dynamic';
const PREFIX = { floating: 'fip-', reserved: 'ip-' } as const;

/** Keys of addresses: of a floating IP, of a port that reserves one, of a port with the address that it has. */
export const SHAPE = /^(fip-|ip-)[0-9a-f-]{36}$|^[0-9a-f-]{36}@[0-9a-f.:]+$/i;
/** Key of a static address. */
export const addressKey = (kind: 'floating' | 'reserved', id: string): string => PREFIX[kind] + id;
const dynamicKey = (port: string, ip: string): string => `${port}@${ip}`;

/** Splits a key: its id is a floating IP's, or that of the port which reserves the address or has it. */
export function partsOf(key: string): { kind: AddressKind; id: string } {
  if (key.includes('@')) return { kind: 'dynamic', id: key.split('@')[0] ?? '' };
  if (key.startsWith(PREFIX.floating)) return { kind: 'floating', id: key.slice(PREFIX.floating.length) };
  return { kind: 'reserved', id: key.slice(PREFIX.reserved.length) };
}

/** Data from which addresses are shown: ports by id, subnets by id. */
export interface Around {
  ports: ReadonlyMap<string, Port>;
  subnets: ReadonlyMap<string, Subnet>;
}

/** The addresses that these ports have or reserve, and these floating IPs. */
export function addressItems(ports: readonly Port[], floating: readonly FloatingIp[], around: Around): Item[] {
  return [
    ...ports.flatMap((port) => (isReserved(port) ? reservedItem(port, around) : isPlugged(port) ? dynamicItems(port, around) : [])),
    ...floating.flatMap((each) => floatingItem(each, around)),
  ];
}

const protocolOf = (ip: string): string => (ip.includes(':') ? 'IPv6' : 'IPv4');
const network = (key: string | undefined): Item['values'] => (key ? { network: { item: { type: 'Network', key } } } : {});
const machine = (port: Port | undefined): Item['values'] =>
  port?.device_id && isPlugged(port) ? { resource: { item: { type: 'Machine', key: port.device_id } } } : {};

/** Returns what the subnet tells of an address. */
function place(subnet: Subnet | undefined): Item['values'] {
  const block = subnet && blockOf(subnet.cidr);
  const dns = subnet?.dns_nameservers ?? [];
  return {
    ...(subnet?.gateway_ip ? { defaultGateway: subnet.gateway_ip } : {}),
    ...(dns.length === 0 ? {} : { dns: [...dns] }),
    ...(block ? { mask: maskOf(block.bits) } : {}),
  };
}

function dynamicItems(port: Port, { subnets }: Around): Item[] {
  const words = 'A dynamic address comes and goes with its interface';
  return (port.fixed_ips ?? []).map(({ ip_address: ip, subnet_id: subnet = '' }) => ({
    key: dynamicKey(port.id, ip),
    owner: port.id,
    values: {
      ip,
      allocation: 'dynamic',
      protocol: protocolOf(ip),
      ...network(port.network_id),
      ...machine(port),
      ...place(subnets.get(subnet)),
    },
    refuses: { edit: words, delete: words, release: words },
    ...(port.created_at === undefined ? {} : { created: port.created_at }),
  }));
}

function reservedItem(port: Port, { ports, subnets }: Around): Item[] {
  const [place0] = port.fixed_ips ?? [];
  if (!place0) return [];
  const bound = bindingOf(port);
  const holder = bound === undefined ? undefined : ports.get(bound);
  const { ip_address: ip, subnet_id: subnet = '' } = place0;
  return [staticItem(addressKey('reserved', port.id), port, ip, holder, { ...network(port.network_id), ...place(subnets.get(subnet)) })];
}

function floatingItem(floating: FloatingIp, { ports }: Around): Item[] {
  const { id, floating_ip_address: ip, floating_network_id: outside, port_id: bound } = floating;
  if (ip === undefined) return [];
  const holder = bound ? ports.get(bound) : undefined;
  const item = staticItem(addressKey('floating', id), floating, ip, holder, network(outside));
  // A port that outlived its machine is nobody's interface.
  if (bound === undefined || (holder && isFree(holder))) return [item];
  return [{ ...item, owner: bound, refuses: { delete: `The address is bound to ${bound}; release it first` } }];
}

function staticItem(key: string, thing: Thing, ip: string, holder: Port | undefined, more: Item['values']): Item {
  const used = holder && isPlugged(holder) ? holder : undefined;
  return {
    key,
    values: { ...namesOf(thing), ip, allocation: 'static', protocol: protocolOf(ip), ...more, ...machine(used) },
    ...marksOf(thing),
    ...(used ? { owner: used.id, refuses: { delete: `The address is bound to ${used.id}; release it first` } } : {}),
  };
}
