import type { Capabilities, DriverExtension, GuestNeed } from '../../src/clouds/driver';
import { factExtensions, HARDWARE_EXTENSION } from '../../src/clouds/image-facts';
import { SIZES_EXTENSION } from '../../src/clouds/sizes';
import { NETWORK_EXTENSIONS, NETWORK_TYPES } from './network-capabilities';
import { STORAGE, STORAGE_EXTENSIONS } from './storage-capabilities';

const MAX_PROPERTIES = 100;

const placement = (name: string, types: readonly string[] = ['Machine']): DriverExtension => ({ name, types, kind: 'string' });
/** Types of what is made at a place: an image, too, where it comes from elsewhere. */
const PLACED: readonly string[] = ['Machine', 'MachineImage'];

/** Extension attributes of a create. Places are given by name, or by key where a name is not unique. */
const EXTENSIONS: readonly DriverExtension[] = [
  placement('datacenter', PLACED),
  placement('cluster', PLACED),
  placement('resourcePool', PLACED),
  placement('folder', PLACED),
  ...STORAGE_EXTENSIONS,
  placement('network', PLACED),
  placement('guestId', PLACED),
  ...factExtensions('cpuArch', 'bootMode', 'secureBoot', 'guestOs'),
  HARDWARE_EXTENSION,
  placement('customization'),
  { name: 'linkedClone', types: ['Machine'], kind: 'boolean' },
  // Every size can be had here: it is taken so that one create suits every cloud.
  SIZES_EXTENSION,
];

const GUEST_NEEDS: readonly GuestNeed[] = [
  { guestOs: 'linux', words: 'its cloud-init finds nothing here if its datasource_list leaves out VMware' },
  { hardware: 'native', guestOs: 'linux', words: 'it starts with the drivers for PVSCSI and VMXNET3 in its initramfs alone' },
  {
    hardware: 'native',
    guestOs: 'windows',
    words: 'it starts with the drivers for PVSCSI and VMXNET3 of VMware Tools alone: install them before',
  },
  { hardware: 'native', guestOs: 'unknown', words: 'it starts with drivers for PVSCSI and VMXNET3 alone' },
];

/** Returns the capabilities of this cloud. */
export function capabilities(settleMs: number): Capabilities {
  return {
    resizesIn: ['STOPPED', 'STARTED'],
    settleMs,
    guestNeeds: GUEST_NEEDS,
    extensions: [...EXTENSIONS, ...NETWORK_EXTENSIONS],
    types: {
      ...STORAGE,
      CloudEntryPoint: { capabilities: { MaxPropertyItems: MAX_PROPERTIES } },
      Machine: {
        capabilities: {
          DefaultInitialState: 'STARTED',
          MachineStopForce: true,
          MachineStopForceDefault: false,
          UserData: 'metadata',
        },
        attributes: ['cpu', 'created', 'latestSnapshot'],
      },
      MachineConfiguration: { attributes: ['cpu', 'disks'] },
      MachineImage: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
      ...NETWORK_TYPES,
    },
  };
}
