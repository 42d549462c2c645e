import { ProviderError } from '../../src/clouds/errors';
import type { Network } from './places';
import type { Size } from './sizes';
import { CARDS, isA, type Typed, TYPES } from './types';

type Device = Typed<'VirtualDevice'>;
type Change = Typed<'VirtualDeviceConfigSpec'>;
export type Disk = Typed<'VirtualDisk'>;
export type Card = Typed<'VirtualEthernetCard'>;

/** Unit 7 of a SCSI bus is the controller itself. */
const OWN_UNIT = 7;
const UNITS = 16;
const KB_PER_MIB = 1024;
/** Key of a SCSI bus to be made, and of the first one that a machine has; the others follow it. */
const NEW_BUS = -100;
const FIRST_BUS = 1000;

/** Devices as the property collector gave them for `config.hardware.device`. */
export function devicesOf(value: unknown): readonly Device[] {
  return Array.isArray(value) ? value.filter((each): each is Device => typeof each === 'object' && each !== null) : [];
}

export const isDisk = (device: Device): device is Disk => isA(device, 'VirtualDisk');
export const isCard = (device: Device): device is Card => CARDS.includes(device.$type ?? '');
const isLsi = ({ $type = '' }: Device): boolean => /LsiLogic/.test($type);
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
    return [grownDisk(disk, mib)];
  });
  const more = size.disks.slice(disks.length);
  if (more.length === 0) return grown;
  return [...grown, ...added(have, more)];
}

function added(have: readonly Device[], disks: readonly number[]): Change[] {
  const controller = have.find(isScsi);
  const key = controller?.key ?? NEW_BUS;
  const free = freeUnits(have, key);
  if (disks.length > free.length) throw new ProviderError('invalid', `there is room for ${free.length} more disks`, { maybeDone: false });
  const changes = disks.map((mib, index): Change => newDisk(mib, { controllerKey: key, unitNumber: free[index] ?? 0 }, index));
  return [...(controller ? [] : [newBus(have)]), ...changes];
}

/** Slot that a disk is plugged into. */
export interface Slot {
  controllerKey: number;
  unitNumber: number;
}

function freeUnits(have: readonly Device[], controllerKey: number): number[] {
  const used = new Set(have.filter((device) => device.controllerKey === controllerKey).map(({ unitNumber }) => unitNumber));
  return Array.from({ length: UNITS }, (_, unit) => unit).filter((unit) => unit !== OWN_UNIT && !used.has(unit));
}

/** The first free place for a disk on the SCSI buses that are there; undefined where there is none. */
export function freeSlot(have: readonly Device[]): Slot | undefined {
  const slots = have
    .filter(isScsi)
    .flatMap(({ key = 0 }) => freeUnits(have, key).map((unitNumber) => ({ controllerKey: key, unitNumber })));
  return slots[0];
}

/** Gives a machine another SCSI bus. @throws ProviderError `quota` where it has all four */
export function newBus(have: readonly Device[]): Change {
  const used = new Set(have.filter(isScsi).map(({ key = FIRST_BUS }) => key - FIRST_BUS));
  const busNumber = [0, 1, 2, 3].find((number) => !used.has(number));
  if (busNumber === undefined) throw new ProviderError('quota', 'the machine has no free slot for another disk', { maybeDone: false });
  const device = { $type: 'ParaVirtualSCSIController', key: NEW_BUS, busNumber, sharedBus: 'noSharing' };
  return { operation: 'add', device: device as Device };
}

/** A new thin disk of so many MiB; `index` tells the new disks of one request apart. */
export function newDisk(mib: number, slot: Slot, index = 0): Change {
  const backing = { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: '', diskMode: 'persistent', thinProvisioned: true };
  const device = { $type: 'VirtualDisk', key: -200 - index, backing, ...slot, ...capacity(mib) };
  return { operation: 'add', fileOperation: 'create', device };
}

/** A disk made larger. The disk of a copy is no volume, whatever its source's is. */
export function grownDisk(disk: Disk, mib: number): Change {
  const device: Disk = { ...disk, backing: fileOf(disk), vDiskId: undefined, ...capacity(mib) };
  return { operation: 'edit', device };
}

/** Takes a disk away, and its files. */
export function destroyedDisk(disk: Disk): Change {
  return { operation: 'remove', fileOperation: 'destroy', device: { ...disk, backing: fileOf(disk) } };
}

/** Returns the reason why no snapshot of a machine's memory can be taken; undefined where one can. */
export function refusesMemory(devices: readonly Device[]): string | undefined {
  if (devices.some(({ $type = '' }) => /^VirtualPCIPassthrough|^VirtualSriovEthernetCard$/.test($type)))
    return 'a device of the host is passed through to it';
  const independent = devices.filter(isDisk).some((disk) => /^independent/.test(modeOf(disk)));
  return independent ? 'it has an independent disk' : undefined;
}

/** Every kind of backing has it at the same place, but one kind alone is declared here. */
function modeOf({ backing }: Disk): string {
  return backing && 'diskMode' in backing && typeof backing.diskMode === 'string' ? backing.diskMode : '';
}

/** Backings of other kinds than files are not declared here; changes do without them. */
export function fileOf({ backing }: Disk): Typed<'VirtualDiskFlatVer2BackingInfo'> | undefined {
  return isA(backing, 'VirtualDiskFlatVer2BackingInfo') ? backing : undefined;
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
    if (!card) return newCard(network, -300 - index, { $type: cardLike(have) });
    // What is not said stays: the MAC address that the copy was given, not its source's.
    const device = { ...card, ...ownAddress(card), backing: backingOf(network), macAddress: undefined, externalId: undefined };
    return { operation: 'edit', device };
  });
  return [...kept, ...cards.slice(networks.length).map((device): Change => ({ operation: 'remove', device }))];
}

/** Model of a further card: that of those which a copy has; of none, what goes with its controller. Cards of the host are had by hand. */
function cardLike(have: readonly Device[]): string {
  const own = have.filter(isCard).find(({ $type = '' }) => /^Virtual(?:E1000e?|Vmxnet[23]?|PCNet32)$/.test($type))?.$type;
  return own ?? (have.some(isLsi) ? 'VirtualE1000e' : 'VirtualVmxnet3');
}

/** An address that somebody gave the source's card by hand would be the copy's, too: it gets one of vCenter's. */
const ownAddress = ({ addressType }: Card): Partial<Card> => (addressType?.toLowerCase() === 'manual' ? { addressType: 'generated' } : {});

/** The same for a copy whose cards stay where they are. */
export function addressChanges(have: readonly Device[]): Change[] {
  return have
    .filter(isCard)
    .filter((card) => Object.keys(ownAddress(card)).length > 0)
    .map((card): Change => {
      const device = { ...declaredCard(card), ...ownAddress(card), macAddress: undefined, externalId: undefined };
      return { operation: 'edit', device };
    });
}

/** A card is sent back as it was read; a backing that is not declared here is left out, and stays. */
export const declaredCard = (card: Card): Card =>
  Object.hasOwn(TYPES, card.backing?.$type ?? 'VirtualDeviceBackingInfo') ? card : { ...card, backing: undefined };

/** A card to be added, by a key of its own below zero; connected and with a MAC address of vCenter's unless told otherwise. */
export function newCard(network: Network, key: number, more: Partial<Card> = {}): Change {
  const connectable = { startConnected: true, allowGuestControl: true, connected: true };
  const device = { $type: 'VirtualVmxnet3', key, backing: backingOf(network), connectable, addressType: 'generated', ...more };
  return { operation: 'add', device };
}

/** Builds the backing of a card that is plugged into a network. */
export function backingOf(network: Network): Typed<'VirtualDeviceBackingInfo'> {
  const backing = network.port
    ? { $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo', port: network.port }
    : { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: network.name, network: network.ref };
  return backing;
}

/** Cores in a socket that go with a number of CPUs: as they are where that works out, else one. */
export function coresFor(cpu: number, cores: number | undefined): number | undefined {
  return cores === undefined || cores <= 1 || cpu % cores === 0 ? undefined : 1;
}
