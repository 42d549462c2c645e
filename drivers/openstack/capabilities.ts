import type { Capabilities, GuestNeed } from '../../src/clouds/driver';
import { factExtensions, HARDWARE_EXTENSION } from '../../src/clouds/image-facts';
import { SIZES_EXTENSION } from '../../src/clouds/sizes';
import { MAX_PROPERTIES } from './naming';
import { NETWORK_EXTENSIONS, NETWORK_TYPES } from './network';
import { STORAGE_EXTENSIONS, STORAGE_TYPES } from './storage';

/** Capabilities of servers and images. */
const COMPUTE_TYPES: Capabilities['types'] = {
  CloudEntryPoint: { capabilities: { MaxPropertyItems: MAX_PROPERTIES } },
  Machine: {
    capabilities: {
      DefaultInitialState: 'STARTED',
      MachineStopForce: false,
      RestoreFromImage: true,
      UserData: 'metadata',
    },
    attributes: ['cpu', 'created', 'availabilityZone', 'securityGroups'],
  },
  MachineConfiguration: { attributes: ['cpu', 'disks'] },
  MachineImage: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
};

/** Placement and the like, and what images are for, beside the standard's attributes of a create. */
const COMPUTE_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'availabilityZone', types: ['Machine'], kind: 'string' },
  { name: 'securityGroups', types: ['Machine'], kind: 'strings' },
  { name: 'serverGroup', types: ['Machine'], kind: 'string' },
  { name: 'schedulerHints', types: ['Machine'], kind: 'strings' },
  { name: 'bootFromVolume', types: ['Machine'], kind: 'boolean' },
  { name: 'volumeType', types: ['Machine'], kind: 'string' },
  SIZES_EXTENSION,
  ...factExtensions('cpuArch', 'bootMode', 'secureBoot', 'guestOs'),
  HARDWARE_EXTENSION,
];

const GUEST_NEEDS: readonly GuestNeed[] = [
  { guestOs: 'linux', words: 'its cloud-init finds nothing here if its datasource_list leaves out OpenStack and ConfigDrive' },
  { hardware: 'native', guestOs: 'linux', words: 'it starts with the drivers for virtio in its initramfs alone' },
  { hardware: 'native', guestOs: 'windows', words: 'it starts with drivers for virtio alone: install them before' },
  { hardware: 'native', guestOs: 'unknown', words: 'it starts with drivers for virtio alone' },
];

/** Returns the capabilities of this cloud. */
export function capabilities(settleMs: number, atMost: number): Capabilities {
  return {
    settleMs,
    sizes: { atMost },
    portsAtCreate: true,
    // Nova attaches them in the order asked for as a rule, and lists them in any.
    interfaceOrder: 'bestEffort',
    // Nova takes one with a network.
    addressesAtCreate: 1,
    extensions: [...COMPUTE_EXTENSIONS, ...STORAGE_EXTENSIONS, ...NETWORK_EXTENSIONS],
    guestNeeds: GUEST_NEEDS,
    types: { ...COMPUTE_TYPES, ...STORAGE_TYPES, ...NETWORK_TYPES },
  };
}
