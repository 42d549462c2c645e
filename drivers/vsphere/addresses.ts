import { isIP, isIPv6 } from 'node:net';
import type { CallContext, Item, Pages } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import type { Addresses } from '../../src/clouds/infrastructure';
import { CARD_PATHS, cardsOf, itemRef, nicsOf, partsOf, type Plugged } from './card-item';
import type { Wire } from './client';
import { answers, everything, type Seen, told } from './collector';
import { vm } from './keys';
import { withOpaque } from './opaque';
import type { Typed } from './types';
import { goneFrom } from './vm-storage';

const WANTED = { VirtualMachine: [...CARD_PATHS, 'guest.net'] };
const GUEST = 'The guest has this address of its network or its own settings: it is changed there';
const REFUSES = { edit: GUEST, delete: GUEST, release: GUEST };

/** Dynamic Addresses of machines' interfaces, as VMware Tools tell them. vCenter gives none itself. */
export class VsphereAddresses implements Addresses {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of everything(this.wire, WANTED, context)) yield await this.#items(page, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const machines = new Set(keys.flatMap((key) => machineOf(key) ?? []));
    const known =
      machines.size === 0 ? { seen: [], gone: new Map<string, Gone>() } : await told(this.wire, [...machines].map(vm), WANTED, context);
    const items = await this.#items(known.seen, context);
    return answers(keys, items, (key) => {
      const thing = { type: 'address', key };
      const machine = machineOf(key);
      return machine === undefined ? Gone.impossible(thing) : goneFrom(known, machine, thing);
    });
  }

  async #items(page: readonly Seen[], context: CallContext): Promise<Item[]> {
    return (await withOpaque(this.wire, page, context)).flatMap(addressItems);
  }
}

const machineOf = (key: string): string | undefined => partsOf(key.split('/')[0] ?? '')?.machine;

/** Cards that the guest made itself (bridges, tunnels) are none of the machine's, and their addresses neither. */
function addressItems(seen: Seen): Item[] {
  const cards = cardsOf(seen);
  const items = nicsOf(seen).flatMap((nic) => {
    const plugged =
      cards.find(({ card }) => card.key === nic.deviceConfigId) ??
      cards.find(({ card }) => card.macAddress !== undefined && card.macAddress.toLowerCase() === nic.macAddress?.toLowerCase());
    return plugged === undefined ? [] : addressesOf(nic).map((address) => addressItem(plugged, address));
  });
  // A guest can name an address twice, at two interfaces that it bound together.
  return [...new Map(items.map((item) => [item.key, item])).values()];
}

type Address = Typed<'NetIpConfigInfoIpAddress'>;

function addressesOf({ ipConfig, ipAddress }: Typed<'GuestNicInfo'>): Address[] {
  const told = ipConfig?.ipAddress ?? (ipAddress ?? []).map((each): Address => ({ ipAddress: each }));
  return told.filter(({ ipAddress: ip = '' }) => isIP(ip) > 0 && !isLinkLocal(ip));
}

/** Every interface makes itself one, known on its own link alone: no address that a consumer could use. */
const isLinkLocal = (ip: string): boolean => /^fe[89ab][0-9a-f]:/i.test(ip) || ip.startsWith('169.254.');

function addressItem({ key, machine, network }: Plugged, { ipAddress: ip = '', prefixLength }: Address): Item {
  return {
    key: `${key}/${ip}`,
    values: {
      ip,
      allocation: 'dynamic',
      protocol: isIPv6(ip) ? 'IPv6' : 'IPv4',
      ...(prefixLength === undefined || isIPv6(ip) ? {} : { mask: maskOf(prefixLength) }),
      ...(network === undefined ? {} : { network: itemRef('Network', network) }),
      resource: itemRef('Machine', machine),
    },
    owner: key,
    refuses: REFUSES,
  };
}

/** IPv4 mask of a prefix's length: 24 is 255.255.255.0. */
export function maskOf(prefixLength: number): string {
  return [0, 8, 16, 24].map((before) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefixLength - before)))).join('.');
}
