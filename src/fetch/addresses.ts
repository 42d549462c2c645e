import { BlockList, isIPv4 } from 'node:net';
import { ipv6GroupsOf, ipv4Text } from '../net/addresses';

/**
 * Addresses that may be connected to on behalf of a request: those of the public internet, and what the configuration allows by
 * subnet. Addresses that stand for another one (mapped, translated, tunnelled) are judged as that one.
 */

/** IPv4 that is not the public internet (IANA special-purpose registry), and metadata services at public addresses. */
const REFUSED_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Public IPv6: global unicast, without what the registry reserves in it (Teredo and others in 2001::/23, documentation). */
const PUBLIC_V6: readonly (readonly [string, number])[] = [['2000::', 3]];
const REFUSED_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

/** Forms of IPv6 that carry an IPv4 address: the groups they begin with, and the group where it stands. */
const CARRIERS: readonly { prefix: readonly number[]; at: number }[] = [
  // IPv4-compatible (deprecated), IPv4-mapped, IPv4-translated, NAT64 (well-known prefix), 6to4.
  { prefix: [0, 0, 0, 0, 0, 0], at: 6 },
  { prefix: [0, 0, 0, 0, 0, 0xffff], at: 6 },
  { prefix: [0, 0, 0, 0, 0xffff, 0], at: 6 },
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
  { prefix: [0x2002], at: 1 },
];

function listOf(v4: readonly (readonly [string, number])[], v6: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of v4) list.addSubnet(net, bits, 'ipv4');
  for (const [net, bits] of v6) list.addSubnet(net, bits, 'ipv6');
  return list;
}

/** The IPv4 address that an IPv6 address stands for, if it does. */
function carried(groups: readonly number[]): string | undefined {
  const carrier = CARRIERS.find(({ prefix }) => prefix.every((group, index) => groups[index] === group));
  if (!carrier) return undefined;
  const [high = 0, low = 0] = groups.slice(carrier.at, carrier.at + 2);
  return ipv4Text(high, low);
}

/** Tells whether an address may be connected to; false for what is no address. */
export type AddressCheck = (address: string) => boolean;

/**
 * @param allowed subnets (CIDR) that may be connected to although they are not the public internet.
 * @throws Error for what is no subnet.
 */
export function createAddressCheck(allowed: readonly string[]): AddressCheck {
  const refused = listOf(REFUSED_V4, REFUSED_V6);
  const global = listOf([], PUBLIC_V6);
  const given = new BlockList();
  for (const subnet of allowed) {
    const [net = '', bits = ''] = subnet.split('/');
    given.addSubnet(net, Number(bits), isIPv4(net) ? 'ipv4' : 'ipv6');
  }
  const v4 = (address: string) => given.check(address, 'ipv4') || !refused.check(address, 'ipv4');
  return (address) => {
    if (isIPv4(address)) return v4(address);
    const groups = ipv6GroupsOf(address);
    if (!groups) return false;
    if (given.check(address, 'ipv6')) return true;
    const inner = carried(groups);
    if (inner !== undefined) return v4(inner);
    return global.check(address, 'ipv6') && !refused.check(address, 'ipv6');
  };
}
