import { isIPv4, isIPv6 } from 'node:net';

/** The eight groups of an IPv6 address without a zone; undefined for what is none. */
export function ipv6GroupsOf(address: string): number[] | undefined {
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [a = 0, b = 0, c = 0, d = 0] = (dotted ?? []).slice(1).map(Number);
  const text = dotted ? address.slice(0, dotted.index) + `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}` : address;
  const [head = '', tail] = text.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const before = parse(head);
  const after = parse(tail ?? '');
  return tail === undefined ? before : [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** Writes two groups of an IPv6 address as IPv4. */
export function ipv4Text(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Address of a client as a number: however it is written, it is one place. */
export interface ClientPlace {
  /** The address in one spelling, without zone and port; `unknown` for what is none. */
  address: string;
  /** Place of one person: an IPv4 address, an IPv6 /64. */
  place: string;
  /** Network of one organisation: an IPv4 /24, an IPv6 /48. */
  network: string;
}

/** Reads an address as sockets and proxies write it: also IPv4-mapped, with a zone, in brackets, with a port. */
export function clientPlaceOf(text: string): ClientPlace {
  const [, bracketed, v4] = /^(?:\[([^\]]*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(text) ?? [];
  const [bare = ''] = (bracketed ?? v4 ?? text).split('%');
  if (isIPv4(bare)) return ofIPv4(bare);
  const groups = ipv6GroupsOf(bare);
  if (!groups) return { address: 'unknown', place: 'unknown', network: 'unknown' };
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return ofIPv4(ipv4Text(high, low));
  const upTo = (count: number): string => `${groups.slice(0, count).map(hex).join(':')}::/${count * 16}`;
  return { address: groups.map(hex).join(':'), place: upTo(4), network: upTo(3) };
}

const hex = (group: number): string => group.toString(16);

function ofIPv4(address: string): ClientPlace {
  return { address, place: address, network: address.replace(/\d+$/, '0/24') };
}

/**
 * Tells whether a host name or address can only be reached from this machine.
 * @param host as in a listen setting or a URL: `localhost`, `127.0.0.1`, `::1`, `[::1]`
 */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  const address = bare.startsWith('::ffff:') ? bare.slice('::ffff:'.length) : bare;
  return address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}
