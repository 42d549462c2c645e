import { isIP } from 'node:net';
import { EXTENSION } from '../model/define';
import { quoted } from './error';
import { readItems } from './items';
import type { Item } from './items';
import { MOST_DISKS_EACH } from './limits';
import type {
  Controller,
  Device,
  DiskDescription,
  DiskDrive,
  Hardware,
  NetworkDescription,
  NetworkInterface,
  PackageFile,
  RemovableDrive,
} from './package';
import { bytesOfUnit } from './units';
import { attribute, atMost, wholeNumber } from './values';
import { childOf, refuse, VMWARE } from './xml';
import type { Element } from './xml';

/** Context in which a hardware section is read. */
export interface HardwareContext {
  readonly files: readonly PackageFile[];
  readonly disks: readonly DiskDescription[];
  readonly networks: readonly NetworkDescription[];
  readonly configuration: string | undefined;
  /** Ids of devices that start first. */
  readonly bootOrder: readonly string[];
  readonly warnings: string[];
}

const MEBIBYTE = 1n << 20n;

/** Values of CIM_ResourceAllocationSettingData.ResourceType that mean something here. */
const CPU = 3;
const MEMORY = 4;
const CONTROLLERS: ReadonlySet<number> = new Set([5, 6, 20]);
const ETHERNET = 10;
const DRIVES: ReadonlySet<number> = new Set([14, 15, 16]);
/** Disk drive, and the logical disk of OVF 2. */
const DISKS: ReadonlySet<number> = new Set([17, 31]);

/** Reads a VirtualHardwareSection. @throws OvfError */
export function readHardware(section: Element, context: HardwareContext): Hardware {
  const items = readItems(section, context.configuration);
  const of = (types: ReadonlySet<number>): Item[] => items.filter(({ resourceType }) => types.has(resourceType));
  const controllers = of(CONTROLLERS).map((item): Controller => ({
    ...device(item),
    address: item.get('Address') ?? item.get('BusNumber'),
  }));
  const disks = of(DISKS).flatMap((item) => diskDrive(item, controllers, context));
  atMost(section, disks.length, MOST_DISKS_EACH, 'disks');
  const known = new Set([...CONTROLLERS, ...DRIVES, ...DISKS, CPU, MEMORY, ETHERNET]);
  return {
    families: words(childOf(section, 'System')?.children.find(({ name }) => name === 'VirtualSystemType')?.text, /[\s,]+/),
    transports: words(attribute(section, 'transport'), /[\s,]+/),
    firmware: settingOf(section, 'firmware'),
    ...(settingOf(section, 'bootOptions.efiSecureBootEnabled') === 'true' ? { secureBoot: true } : {}),
    ...architectureOf(section),
    ...processors(items),
    memory: memoryOf(items, context),
    controllers,
    disks: bootOrdered(disks, controllers, context.bootOrder),
    interfaces: of(new Set([ETHERNET])).map((item) => networkInterface(item, context)),
    drives: of(DRIVES).map((item) => removableDrive(item, controllers, context)),
    others: items.filter(({ resourceType }) => !known.has(resourceType)).map(device),
  };
}

/** Setting as VMware's products write it. */
function settingOf(section: Element, key: string): string | undefined {
  const config = section.children.find(({ name, uri, vmware }) => name === 'Config' && uri === VMWARE && vmware.get('key') === key);
  return config?.vmware.get('value')?.trim().toLowerCase() || undefined;
}

/** Elements of the gateway's own. */
/** Elements of ours within another one. */
export const ours = ({ children }: Element, name: string): Element[] =>
  children.filter((each) => each.name === name && each.uri === EXTENSION);

function architectureOf(section: Element): Pick<Hardware, 'cpuArch'> {
  const cpuArch = ours(section, 'cpuArch')[0]?.text.trim();
  return cpuArch === undefined || cpuArch === '' ? {} : { cpuArch };
}

const words = (text: string | undefined, separator: RegExp): string[] => (text ?? '').split(separator).filter((word) => word !== '');

function device(item: Item): Device {
  const { id, resourceType, required } = item;
  const name = item.get('ElementName') ?? item.get('Caption');
  return { id, name, resourceType, models: words(item.get('ResourceSubType'), /[\s,]+/), required };
}

/** Quantity of an item. @throws OvfError for what is no whole number */
function quantityOf({ element, get }: Item): number | undefined {
  const text = get('VirtualQuantity');
  return text === undefined ? undefined : wholeNumber(element, text, 'VirtualQuantity');
}

function processors(items: readonly Item[]): Pick<Hardware, 'cpus' | 'coresPerSocket'> {
  let cpus: number | undefined;
  let coresPerSocket: number | undefined;
  for (const item of items.filter(({ resourceType }) => resourceType === CPU)) {
    const quantity = quantityOf(item);
    if (quantity === 0) refuse(item.element, 'gives the machine no processors');
    if (quantity !== undefined) cpus = (cpus ?? 0) + quantity;
    const cores = item.element.children.find(({ name, uri }) => name === 'CoresPerSocket' && uri === VMWARE)?.text.trim();
    if (cores !== undefined && cores !== '') coresPerSocket = wholeNumber(item.element, cores, 'CoresPerSocket');
  }
  return { cpus, coresPerSocket };
}

function memoryOf(items: readonly Item[], { warnings }: HardwareContext): number | undefined {
  let memory: number | undefined;
  for (const item of items.filter(({ resourceType }) => resourceType === MEMORY)) {
    const quantity = quantityOf(item);
    if (quantity === undefined) continue;
    const units = item.get('AllocationUnits');
    const unit = units === undefined ? MEBIBYTE : bytesOfUnit(units);
    if (unit === undefined) refuse(item.element, `has its memory in ${quoted(units ?? '')}, which is no unit of bytes`);
    // The products that leave it out mean this.
    if (units === undefined) warnings.push(`the memory of item ${quoted(item.id)} has no unit: taken for MiB`);
    const bytes = BigInt(quantity) * unit;
    if (bytes === 0n || bytes > BigInt(Number.MAX_SAFE_INTEGER))
      refuse(item.element, `has ${quantity} times ${quoted(units ?? 'MiB')} of memory`);
    memory = (memory ?? 0) + Number(bytes);
  }
  return memory;
}

function diskDrive(item: Item, controllers: readonly Controller[], { disks, warnings }: HardwareContext): DiskDrive[] {
  const resource = hostResource(item);
  if (resource === undefined && item.get('HostResource') === undefined) {
    warnings.push(`the disk drive ${quoted(item.id)} names no disk: left out`);
    return [];
  }
  if (resource?.kind !== 'disk')
    refuse(item.element, `has ${quoted(item.get('HostResource') ?? '')} for HostResource; ovf:/disk/ID is expected`);
  if (!disks.some(({ id }) => id === resource.id)) refuse(item.element, `names the disk ${quoted(resource.id)}, which no DiskSection has`);
  return [{ ...onController(item, controllers), disk: resource.id }];
}

function removableDrive(item: Item, controllers: readonly Controller[], { files, warnings }: HardwareContext): RemovableDrive {
  const resource = hostResource(item);
  const file = resource?.kind === 'file' ? resource.id : undefined;
  if (file !== undefined && !files.some(({ id }) => id === file))
    refuse(item.element, `names the file ${quoted(file)}, which is not in References`);
  if (file === undefined && item.get('HostResource') !== undefined)
    warnings.push(`what lies in the drive ${quoted(item.id)} is no file of the package: left out`);
  return { ...onController(item, controllers), file };
}

/** `ovf:/disk/ID` and `ovf:/file/ID`, as they are spelt. */
function hostResource(item: Item): { kind: string; id: string } | undefined {
  const [, kind, id] = /^(?:ovf:)?\/{1,2}(disk|file)\/(.+)$/.exec(item.get('HostResource') ?? '') ?? [];
  return kind === undefined || id === undefined ? undefined : { kind, id };
}

function onController(item: Item, controllers: readonly Controller[]): Device & Pick<DiskDrive, 'controller' | 'address'> {
  const parent = item.get('Parent');
  const address = item.get('AddressOnParent');
  return {
    ...device(item),
    controller: controllers.find(({ id }) => id === parent)?.id,
    address: address !== undefined && /^\d{1,5}$/.test(address) ? Number(address) : undefined,
  };
}

function networkInterface(item: Item, { networks }: HardwareContext): NetworkInterface {
  const network = item.get('Connection');
  if (network !== undefined && !networks.some(({ name }) => name === network))
    refuse(item.element, `is on the network ${quoted(network)}, which no NetworkSection has`);
  const addresses = ours(item.element, 'address').map(({ text }) => text.trim());
  for (const address of addresses) if (isIP(address) === 0) refuse(item.element, `has ${quoted(address)} for its address, which is none`);
  return {
    ...{ ...device(item), network, mac: item.get('Address'), connected: item.get('AutomaticAllocation')?.toLowerCase() !== 'false' },
    ...(addresses.length === 0 ? {} : { addresses }),
  };
}

function bootOrdered(disks: readonly DiskDrive[], controllers: readonly Controller[], bootOrder: readonly string[]): DiskDrive[] {
  const ranks = (disk: DiskDrive): number[] => {
    const first = bootOrder.indexOf(disk.id);
    const controller = controllers.findIndex(({ id }) => id === disk.controller);
    return [first, controller, disk.address ?? -1].map((rank) => (rank < 0 ? Number.MAX_SAFE_INTEGER : rank));
  };
  return [...disks].sort((one, other) => {
    const [left, right] = [ranks(one), ranks(other)];
    const differing = left.findIndex((rank, index) => rank !== right[index]);
    return differing < 0 ? 0 : (left[differing] as number) - (right[differing] as number);
  });
}
