import { BlockList, isIP } from 'node:net';
import type { Cloud } from '../clouds/cloud';
import { shown } from '../model/shown';
import type { Value, Values } from '../model/values';
import { Refusal, type Found, type PlanContext } from './resource-handler';
import { asRef } from './template-merge';

/** Attributes that an Address by value in a network interface may have: of which network it is, the interface says. */
const SAID = ['ip', 'protocol', 'network'];

/** Address that an interface is to have, with the network that it is of. */
export interface ChosenAddress {
  ip: string;
  network: Pick<Found, 'path' | 'values'>;
  /** Place in the request, for words. */
  at: string;
}

/**
 * Reads an Address by value in a network interface: an address of the interface's network that the interface has from its beginning.
 * @param network path of the interface's network
 * @throws Refusal 400 for what is no address, and for what the network decides
 */
export function addressByValue(given: Values, network: string, at: string): string {
  const { ip, protocol } = given;
  if (typeof ip !== 'string' || isIP(ip) === 0)
    throw new Refusal(400, 'a reference to an Address is needed, or one by value with its ip', { at: `${at}.ip` });
  if (protocol !== undefined && protocol !== `IPv${isIP(ip)}`)
    throw new Refusal(400, `${ip} is no address of ${shown(String(protocol))}`, { at: `${at}.protocol` });
  const other = asRef(given.network)?.href;
  if (other !== undefined && other !== network)
    throw new Refusal(400, `${other} is not the interface's network ${network}`, { at: `${at}.network` });
  const more = Object.keys(given).find((name) => given[name] != null && !SAID.includes(name));
  if (more !== undefined)
    throw new Refusal(400, "is decided by the interface's network", { at: `${at}.${shown(more)}`, kind: 'unsupported' });
  return ip;
}

/**
 * Sees to it that a cloud gives interfaces addresses that are asked for, and how many.
 * @throws Refusal 400 where it does not
 */
export function mustGiveAddresses(cloud: Cloud, count: number, at: string): void {
  const most = cloud.capabilities.addressesAtCreate ?? 0;
  if (count <= most) return;
  const words =
    most === 0
      ? `cloud '${cloud.key}' gives interfaces no addresses that are chosen here: its networks or the settings within the guest decide`
      : `cloud '${cloud.key}' gives an interface at most ${most} addresses that are chosen here, not ${count}`;
  throw new Refusal(400, words, { at, kind: 'unsupported' });
}

/**
 * Refuses addresses that interfaces cannot have, as far as their cloud tells: outside of the block of their network, in use, or asked for
 * twice. What it does not tell its provider says when the machine is made.
 * @throws Refusal 400, 409 with the address and its network
 */
export async function refuseUnfitAddresses(
  context: Pick<PlanContext, 'list'>,
  cloud: Cloud,
  chosen: readonly ChosenAddress[],
): Promise<void> {
  if (chosen.length === 0) return;
  const known = cloud.has('addresses') ? await context.list('Address', cloud) : [];
  for (const [index, { ip, network, at }] of chosen.entries()) {
    const { path } = network;
    const { cidr } = network.values;
    if (isOutside(ip, cidr)) throw new Refusal(400, `${ip} is not in ${path}, whose addresses are ${String(cidr)}`, { at });
    if (chosen.slice(0, index).some((before) => before.network.path === path && isSameAddress(before.ip, ip)))
      throw new Refusal(400, `${ip} of ${path} is asked for twice`, { at });
    const taken = known.find(({ values }) => asRef(values.network)?.href === path && isSameAddress(String(values.ip), ip));
    const user = taken && (asRef(taken.values.resource)?.href ?? taken.path);
    if (user !== undefined) throw new Refusal(409, `${ip} of ${path} is in use: ${user} has it`, { at, kind: 'conflict' });
  }
}

/** Tells whether an address is none of a block; of a block of the other version, or a text that is none, nothing is known. */
export function isOutside(ip: string, cidr: Value | undefined): boolean {
  const [first = '', bits = '', ...more] = typeof cidr === 'string' ? cidr.split('/') : [];
  const family = isIP(first);
  const most = family === 6 ? 128 : 32;
  if (more.length > 0 || family === 0 || family !== isIP(ip) || !/^\d{1,3}$/.test(bits) || Number(bits) > most) return false;
  const block = new BlockList();
  block.addSubnet(first, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
  return !block.check(ip, family === 6 ? 'ipv6' : 'ipv4');
}

/** Tells whether two texts are one address, however it is written. */
export function isSameAddress(one: string, other: string): boolean {
  if (one === other) return true;
  if (isIP(one) !== 6 || isIP(other) !== 6) return false;
  const list = new BlockList();
  list.addAddress(one, 'ipv6');
  return list.check(other, 'ipv6');
}
