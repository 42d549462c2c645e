import { ProviderError } from '../../src/clouds/errors';
import type { Network } from './places';
import type { Size } from './sizes';
import { CARDS, isA, type Typed } from './types';

type Device = Typed<'VirtualDevice'>;
type Change = Typed<'VirtualDeviceConfigSpec'>;
type Disk = Typed<'VirtualDisk'>;

/** Unit 7 of a SCSI bus is the controller itself. */
const OWN_UNIT = 7;
const UNITS = 16;
const KB_PER_MIB = 1024;

/** Devices as the property collector gave them for `config.hardware.device`. */
export function devicesOf(value: unknown): readonly Device[] {
  return Array.isArray(value) ? (value as readonly Device[]) : [];
}

export const isDisk = (device: Device): device is Disk => isA(device, 'VirtualDisk');
const isCard = (device: Device): device is Typed<'VirtualEthernetCard'> => CARDS.includes(device.$type ?? '');
/** The network cards among devices. */
export const cardsOf = (devices: readonly Device[]): readonly Device[] => devices.filter(isCard);
const isScsi = (device: Device): boolean => /SCSI|LsiLogic|BusLogic/.test(device.$type ?? '');

/**
 * Changes that give a copy the disks of a size: the first grow to what is asked (never shrink), further ones are new.
 * @param have devices of what is copied; none for a machine made from nothing
 * @param linked a linked clone's disks keep their size
 */
export function diskChanges(have: readonly Device[], size: Size, linked: boolean): Change[] {
  const disks = have.filter(isDisk);
  const grown = size.disks.flatMap((mib, index) => {
    const disk = disks[index];
    if (!disk || (disk.capacityInKB ?? 0) >= mib * KB_PER_MIB) return [];
    if (linked) throw new ProviderError('invalid', 'disks of a linked clone cannot be larger than its source', { maybeDone: false });
    // Backings of other kinds than files are not declared here; an edit of the capacity does without.
    const backing = isA(disk.backing, 'VirtualDiskFlatVer2BackingInfo') ? disk.backing : undefined;
    return [{ operation: 'edit', device: { ...disk, backing, ...capacity(mib) } }];
  });
  const more = size.disks.slice(disks.length);
  if (more.length === 0) return grown;
  return [...grown, ...added(have, more)];
}

function added(have: readonly Device[], disks: readonly number[]): Change[] {
  const controller = have.find(isScsi);
  const key = controller?.key ?? -100;
  const used = new Set(have.filter((device) => device.controllerKey === key).map(({ unitNumber }) => unitNumber));
  const free = Array.from({ length: UNITS }, (_, unit) => unit).filter((unit) => unit !== OWN_UNIT && !used.has(unit));
  if (disks.length > free.length) throw new ProviderError('invalid', `there is room for ${free.length} more disks`, { maybeDone: false });
  const bus: Change[] = controller
    ? []
    : [{ operation: 'add', device: { $type: 'ParaVirtualSCSIController', key, busNumber: 0, sharedBus: 'noSharing' } as Device }];
  const changes = disks.map((mib, index): Change => {
    const backing = { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: '', diskMode: 'persistent', thinProvisioned: true };
    const device = {
      $type: 'VirtualDisk',
      key: -200 - index,
      backing,
      controllerKey: key,
      unitNumber: free[index],
      ...capacity(mib),
    };
    return { operation: 'add', fileOperation: 'create', device };
  });
  return [...bus, ...changes];
}

/** Said twice, as the API has it. */
const capacity = (mib: number) => ({ capacityInKB: mib * KB_PER_MIB, capacityInBytes: mib * KB_PER_MIB * 1024 });

/**
 * The networks of a copy that names none: its source's own, as far as they are there; for others, `instead`.
 * @returns undefined where the cards can stay as they are
 */
export function networksThere(
  have: readonly Device[],
  there: ReadonlyMap<string, Network>,
  instead: () => Network,
): readonly Network[] | undefined {
  const own = have.filter(isCard).map((card) => [...there.values()].find((network) => isPlugged(card, network)));
  return own.every((network) => network) ? undefined : own.map((network) => network ?? instead());
}

function isPlugged({ backing }: Device, { ref, port }: Network): boolean {
  if (isA(backing, 'VirtualEthernetCardNetworkBackingInfo')) return backing.network === undefined || backing.network.value === ref.value;
  if (isA(backing, 'VirtualEthernetCardDistributedVirtualPortBackingInfo')) return backing.port?.portgroupKey === port?.portgroupKey;
  // Of another kind (an NSX segment): vCenter says whether it goes there.
  return true;
}

/** Changes that plug a copy's cards into these networks, in order: cards too few are added, cards too many taken out. */
export function cardChanges(have: readonly Device[], networks: readonly Network[]): Change[] {
  const cards = have.filter(isCard);
  const kept = networks.map((network, index): Change => {
    const card = cards[index];
    const backing = backingOf(network);
    if (card) return { operation: 'edit', device: { ...card, backing } };
    const connectable = { startConnected: true, allowGuestControl: true, connected: true };
    return {
      operation: 'add',
      device: { $type: 'VirtualVmxnet3', key: -300 - index, backing, connectable, addressType: 'generated' } as Device,
    };
  });
  return [...kept, ...cards.slice(networks.length).map((device): Change => ({ operation: 'remove', device }))];
}

function backingOf(network: Network): Typed<'VirtualDeviceBackingInfo'> {
  const backing = network.port
    ? { $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo', port: network.port }
    : { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: network.name, network: network.ref };
  return backing;
}

/** Cores in a socket that go with a number of CPUs: as they are where that works out, else one. */
export function coresFor(cpu: number, cores: number | undefined): number | undefined {
  return cores === undefined || cores <= 1 || cpu % cores === 0 ? undefined : 1;
}
