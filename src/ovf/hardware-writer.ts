import { EXTENSION } from '../model/define';
import { element, optional, together } from './elements';
import type { Markup } from './elements';
import type { Device, DiskDrive, Hardware, NetworkInterface, RemovableDrive, VirtualSystem } from './package';

const MEBIBYTE = 2 ** 20;

/** Settings of an item by their names in CIM_ResourceAllocationSettingData. */
type Settings = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes the hardware section of a machine. */
export function hardwareSection({ id, name, hardware }: VirtualSystem): Markup {
  const { families, transports, firmware, secureBoot, cpuArch } = hardware;
  const system = element(
    'System',
    {},
    element('vssd:ElementName', {}, 'Virtual Hardware Family'),
    element('vssd:InstanceID', {}, '0'),
    element('vssd:VirtualSystemIdentifier', {}, name ?? id),
    element('vssd:VirtualSystemType', {}, families.join(' ')),
  );
  return element(
    'VirtualHardwareSection',
    { 'ovf:transport': transports.length > 0 ? transports.join(' ') : undefined },
    element('Info', {}, 'Virtual hardware of the machine'),
    families.length > 0 ? system : undefined,
    together(items(hardware)),
    firmware === undefined ? undefined : setting('firmware', firmware),
    secureBoot === true ? setting('bootOptions.efiSecureBootEnabled', 'true') : undefined,
    cpuArch === undefined ? undefined : ours('cpuArch', cpuArch),
  );
}

const setting = (key: string, value: string): Markup =>
  element('vmw:Config', { 'ovf:required': false, 'vmw:key': key, 'vmw:value': value });

/** Element of the gateway's own, which others may leave out. */
/** Writes an element of ours, which readers may leave out. */
export const ours = (name: string, text: string, more: Readonly<Record<string, string>> = {}): Markup =>
  element(`cimi:${name}`, { 'xmlns:cimi': EXTENSION, 'ovf:required': false, ...more }, text);

function items(hardware: Hardware): Markup[] {
  const { cpus, coresPerSocket, memory, controllers, disks, interfaces, drives, others } = hardware;
  const free = freeIds([...controllers, ...disks, ...interfaces, ...drives, ...others]);
  const mebibytes = memory !== undefined && memory % MEBIBYTE === 0;
  const cores = coresPerSocket === undefined ? undefined : element('vmw:CoresPerSocket', { 'ovf:required': false }, String(coresPerSocket));
  const processors =
    cpus === undefined
      ? []
      : [
          item(
            {
              AllocationUnits: 'hertz * 10^6',
              ElementName: `${cpus} virtual CPUs`,
              InstanceID: free(),
              ResourceType: 3,
              VirtualQuantity: cpus,
            },
            true,
            cores,
          ),
        ];
  const quantity = memory === undefined ? 0 : mebibytes ? memory / MEBIBYTE : memory;
  const units = mebibytes ? 'byte * 2^20' : 'byte';
  const name = mebibytes ? `${quantity} MiB of memory` : `${quantity} bytes of memory`;
  const memories =
    memory === undefined
      ? []
      : [item({ AllocationUnits: units, ElementName: name, InstanceID: free(), ResourceType: 4, VirtualQuantity: quantity })];
  return [
    ...processors,
    ...memories,
    ...controllers.map((each) => device(each, { Address: each.address })),
    ...disks.map((each) => device(each, { ...onController(each), HostResource: `ovf:/disk/${each.disk}` })),
    ...drives.map((each) =>
      device(each, { ...onController(each), HostResource: each.file === undefined ? undefined : `ovf:/file/${each.file}` }),
    ),
    ...interfaces.map((each) => device(each, plug(each), together((each.addresses ?? []).map((address) => ours('address', address))))),
    ...others.map((each) => device(each, {})),
  ];
}

/** Gives out numbers that no device has for its id. */
function freeIds(devices: readonly Device[]): () => string {
  const taken = new Set(devices.map(({ id }) => id));
  let next = 0;
  return () => {
    do next++;
    while (taken.has(String(next)));
    return String(next);
  };
}

const onController = ({ controller, address }: DiskDrive | RemovableDrive): Settings => ({ Parent: controller, AddressOnParent: address });

const plug = ({ network, mac, connected }: NetworkInterface): Settings => ({
  Address: mac,
  AutomaticAllocation: connected,
  Connection: network,
});

function device({ id, name, resourceType, models, required }: Device, more: Settings, extension?: Markup): Markup {
  const model = models.length > 0 ? models.join(' ') : undefined;
  const own = { ElementName: name ?? `Device ${id}`, InstanceID: id, ResourceSubType: model, ResourceType: resourceType };
  return item({ ...own, ...more }, required, extension);
}

/** The schema wants settings in the order of their names. */
function item(settings: Settings, required = true, extension?: Markup): Markup {
  const names = Object.keys(settings).sort((one, other) => (one < other ? -1 : 1));
  const written = names.flatMap((name) => optional(`rasd:${name}`, settings[name]?.toString()) ?? []);
  return element('Item', { 'ovf:required': required ? undefined : false }, together(written), extension);
}
