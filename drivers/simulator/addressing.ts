import type { Account } from './account';
import { SimulatorFault } from './errors';
import type { Address, Net } from './things';

/** Hosts of a net begin here; below are its gateway and its resolver. */
const FIRST = 10;
const LAST = 65_000;

/** The n-th address of a net: private ones in 10/8 and fd00::/8, public ones in 198.18/15 and 2001:db8::/32. */
function numbered({ reach, block }: Net, n: number, family: 4 | 6): string {
  if (family === 6) return `${reach === 'public' ? '2001:db8' : 'fd00:0'}:${block.toString(16)}::${n.toString(16)}`;
  const network = reach === 'public' ? `198.${18 + (block % 2)}` : `10.${block % 256}`;
  return `${network}.${Math.floor(n / 256)}.${n % 256}`;
}

/** A free address of a net and what is set on whoever gets it. @throws SimulatorFault QuotaExceeded where none is free */
export function addressOf(account: Account, net: Net, family: 4 | 6): Pick<Address, 'ip' | 'family' | 'mask' | 'gateway' | 'resolvers'> {
  const counter = `ip.${net.id}.${family}`;
  let n = Number(account.note(counter) ?? FIRST - 1);
  for (let tried = 0; tried <= LAST - FIRST; tried += 1) {
    n = n >= LAST ? FIRST : n + 1;
    const ip = numbered(net, n, family);
    if (isTaken(account, net.id, ip)) continue;
    account.setNote(counter, String(n));
    return { ip, family, ...surroundings(net, family) };
  }
  throw new SimulatorFault('QuotaExceeded', `The net ${net.id} has no free address`);
}

export function isTaken(account: Account, net: string, ip: string): boolean {
  return account.related('address', 'ip', ip).some((address) => address.net === net);
}

export function surroundings(net: Net, family: 4 | 6): Pick<Address, 'mask' | 'gateway' | 'resolvers'> {
  return {
    mask: family === 6 ? 'ffff:ffff:ffff:ffff::' : '255.255.0.0',
    gateway: numbered(net, 1, family),
    resolvers: [numbered(net, 2, family)],
  };
}
