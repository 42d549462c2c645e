import type { Item, Marks } from '../../src/clouds/driver';
import type { Seen } from './collector';
import { type Card, declaredCard, devicesOf, isCard } from './hardware';
import { isImage, text } from './machine-item';
import { MANAGED_PATH, managedWords } from './managed';
import { OPAQUE_IDS, opaqueOf } from './opaque';
import { connectionWords } from './states';
import { isA, type Typed } from './types';

/** Properties of machines that are read for their network cards. */
export const CARD_PATHS: readonly string[] = [
  'config.template',
  'summary.config.template',
  'config.hardware.device',
  'config.extraConfig',
  'network',
  'runtime.powerState',
  'runtime.connectionState',
  MANAGED_PATH,
];

/** A card in its machine. */
export interface Plugged {
  /** Key of the interface: machine and device, which vCenter counts in each machine. */
  key: string;
  card: Card;
  machine: string;
  /** Key of its network, where vCenter tells one. */
  network: string | undefined;
}

/** A reference as items have it. */
export const itemRef = (type: string, key: string) => ({ item: { type, key } });

/** Machine and device of an interface's key; undefined for a key of another shape. */
export function partsOf(key: string): { machine: string; device: number } | undefined {
  const [, machine, device] = /^([A-Za-z0-9_-]{1,80}):(\d{1,9})$/.exec(key) ?? [];
  return machine === undefined ? undefined : { machine, device: Number(device) };
}

/** The cards of a machine; a template is no machine. */
export function cardsOf(seen: Seen): Plugged[] {
  if (isImage(seen)) return [];
  const machine = seen.ref.value;
  return devicesOf(seen.properties.get('config.hardware.device'))
    .filter(isCard)
    .map(declaredCard)
    .filter(({ key }) => key !== undefined)
    .map((card) => ({ key: `${machine}:${card.key ?? ''}`, card, machine, network: networkOf(card, seen) }));
}

/** A port group's key is the value of its reference, also of one that this user is not shown. */
function networkOf({ backing }: Card, seen: Seen): string | undefined {
  if (isA(backing, 'VirtualEthernetCardDistributedVirtualPortBackingInfo')) return backing.port?.portgroupKey;
  if (isA(backing, 'VirtualEthernetCardNetworkBackingInfo')) return backing.network?.value;
  if (!isA(backing, 'VirtualEthernetCardOpaqueNetworkBackingInfo')) return undefined;
  // Of NSX's own switch, by NSX's id; where the machine has one such network, it is that.
  const ids = seen.properties.get(OPAQUE_IDS);
  const known =
    ids instanceof Map && backing.opaqueNetworkId !== undefined ? (ids as Map<string, string>).get(backing.opaqueNetworkId) : undefined;
  const opaque = opaqueOf(seen);
  return known ?? (opaque.length === 1 ? opaque[0]?.value : undefined);
}

/** Tells whether a card is connected: now, while its machine is on; else when the machine is started. */
export function isConnected(seen: Seen, { connectable }: Card): boolean {
  return (text(seen, 'runtime.powerState') === 'poweredOn' ? connectable?.connected : connectable?.startConnected) !== false;
}

const MARK = 'cimi';

/**
 * Identity and token of an interface that the gateway made, in the place that vSphere keeps for an outside manager's id.
 * The machine is named, too: a copy of it has a copy of this, which is then nobody's.
 */
export function externalIdOf(machine: string, { tag, token }: Marks): string {
  return [MARK, machine, token, tag].join(' ');
}

/** Takes it apart again. */
export function marksOf({ card, machine }: Plugged): Partial<Marks> {
  const [mark, of, token, tag] = card.externalId?.split(' ') ?? [];
  return mark === MARK && of === machine && token !== undefined && tag !== undefined ? { token, tag } : {};
}

/** A card as a MachineNetworkInterface. */
export function interfaceItem(seen: Seen, plugged: Plugged): Item {
  const { key, card, machine, network } = plugged;
  const broken = connectionWords(text(seen, 'runtime.connectionState'));
  const refusal = managedWords(seen) ?? (broken === undefined ? undefined : `Not possible: ${broken}`);
  return {
    key,
    values: {
      ...(network === undefined ? {} : { network: itemRef('Network', network) }),
      state: isConnected(seen, card) ? 'ACTIVE' : 'DISABLED',
      ...(card.macAddress === undefined ? {} : { macAddress: card.macAddress }),
    },
    owner: machine,
    ...marksOf(plugged),
    ...(refusal === undefined ? {} : { refuses: { edit: refusal, delete: refusal } }),
  };
}

/** Returns what VMware Tools tell of a guest's network cards. */
export function nicsOf(seen: Seen): readonly Typed<'GuestNicInfo'>[] {
  const nics = seen.properties.get('guest.net');
  // Of a guest that does not run, vCenter may still know what was said last.
  if (!Array.isArray(nics) || text(seen, 'runtime.powerState') !== 'poweredOn') return [];
  return nics.filter((nic): nic is Typed<'GuestNicInfo'> => typeof nic === 'object' && nic !== null);
}
