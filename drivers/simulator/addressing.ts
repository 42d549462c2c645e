import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Account } from './account';
import { SimulatorFault } from './errors';
import { inUse } from './requests';
import type { Address, Net } from './things';

/** Hosts of a net begin here; below are its gateway and its resolver. */
const FIRST = 10;
const LAST = 65_000;
/** Bits of the network part of addresses, where nobody said a block. */
const BITS = { 4: 16, 6: 64 } as const;
/** Bits that a block may have that is asked for. */
const ASKED_BITS = { low: 8, high: 28 };

type Placed = Pick<Address, 'ip' | 'family' | 'mask' | 'gateway' | 'resolvers'>;

const numberOf = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const textOf = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** First address and bits of a net: private ones in 10/8 and fd00::/8, public ones in 198.18/15 and 2001:db8::/32, or as asked for. */
function rangeOf({ reach, block, cidr }: Net, family: 4 | 6): [first: string, bits: number] {
  if (family === 6) return [`${reach === 'public' ? '2001:db8' : 'fd00:0'}:${block.toString(16)}::`, BITS[6]];
  const [first = '', bits = ''] = cidr?.split('/') ?? [];
  if (first !== '') return [first, Number(bits)];
  return [reach === 'public' ? `198.${18 + (block % 2)}.0.0` : `10.${block % 256}.0.0`, BITS[4]];
}

/** Block of the addresses of a net, in CIDR notation. */
export const blockOf = (net: Net, family: 4 | 6): string => rangeOf(net, family).join('/');

/** A block that a net is asked to have. @throws SimulatorFault BadParameter for none of IPv4, or one of another size */
export function checkBlock(cidr: string): string {
  const [first = '', bits = '', ...more] = cidr.split('/');
  const size = /^\d{1,2}$/.test(bits) ? Number(bits) : 0;
  const fits = more.length === 0 && isIPv4(first) && size >= ASKED_BITS.low && size <= ASKED_BITS.high;
  if (fits && numberOf(first) % 2 ** (32 - size) === 0) return cidr;
  throw new SimulatorFault('BadParameter', `${cidr} is no block of IPv4 addresses with ${ASKED_BITS.low} to ${ASKED_BITS.high} bits`);
}

/** The n-th address of a net. */
function numbered(net: Net, n: number, family: 4 | 6): string {
  const [first] = rangeOf(net, family);
  return family === 6 ? `${first}${n.toString(16)}` : textOf(numberOf(first) + n);
}

/** A free address of a net and what is set on whoever gets it. @throws SimulatorFault QuotaExceeded where none is free */
export function addressOf(account: Account, net: Net, family: 4 | 6): Placed {
  const counter = `ip.${net.id}.${family}`;
  // The last one of a block of IPv4 is for all of its hosts.
  const last = family === 6 ? LAST : Math.min(LAST, 2 ** (32 - rangeOf(net, 4)[1]) - 2);
  let n = Number(account.note(counter) ?? FIRST - 1);
  for (let tried = 0; tried <= last - FIRST; tried += 1) {
    n = n >= last ? FIRST : n + 1;
    const ip = numbered(net, n, family);
    if (isTaken(account, net.id, ip)) continue;
    account.setNote(counter, String(n));
    return { ip, family, ...surroundings(net, family) };
  }
  throw new SimulatorFault('QuotaExceeded', `The net ${net.id} has no free address`);
}

/** The address of a net that was asked for. @throws SimulatorFault BadParameter for one that is none of it, InUse for one that is taken */
export function chosenAddress(account: Account, net: Net, ip: string): Placed {
  const family = isIP(ip);
  if (family !== 4 && family !== 6) throw new SimulatorFault('BadParameter', `${ip} is no IP address`);
  const block = new BlockList();
  block.addSubnet(...rangeOf(net, family), `ipv${family}`);
  if (!block.check(ip, `ipv${family}`))
    throw new SimulatorFault('BadParameter', `${ip} is no address of the net ${net.id}, which has ${blockOf(net, family)}`);
  const same = new BlockList();
  same.addAddress(ip, `ipv${family}`);
  // One of IPv6 is written in several ways.
  const taken = account.related('address', 'net', net.id).some((each) => each.family === family && same.check(each.ip, `ipv${family}`));
  if (taken) throw inUse(`${ip} is in use in ${net.id}`);
  return { ip, family, ...surroundings(net, family) };
}

export function isTaken(account: Account, net: string, ip: string): boolean {
  return account.related('address', 'ip', ip).some((address) => address.net === net);
}

export function surroundings(net: Net, family: 4 | 6): Pick<Address, 'mask' | 'gateway' | 'resolvers'> {
  return {
    mask: family === 6 ? 'ffff:ffff:ffff:ffff::' : textOf(2 ** 32 - 2 ** (32 - rangeOf(net, 4)[1])),
    gateway: numbered(net, 1, family),
    resolvers: [numbered(net, 2, family)],
  };
}
