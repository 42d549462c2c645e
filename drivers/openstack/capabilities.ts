import type { Capabilities } from '../../src/clouds/driver';
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

/** Placement and the like, beside the standard's attributes of a create. */
const COMPUTE_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'availabilityZone', types: ['Machine'], kind: 'string' },
  { name: 'securityGroups', types: ['Machine'], kind: 'strings' },
  { name: 'serverGroup', types: ['Machine'], kind: 'string' },
  { name: 'schedulerHints', types: ['Machine'], kind: 'strings' },
  { name: 'bootFromVolume', types: ['Machine'], kind: 'boolean' },
  { name: 'volumeType', types: ['Machine'], kind: 'string' },
  SIZES_EXTENSION,
];

/** Returns the capabilities of this cloud. */
export function capabilities(settleMs: number, atMost: number): Capabilities {
  return {
    settleMs,
    sizes: { atMost },
    portsAtCreate: true,
    extensions: [...COMPUTE_EXTENSIONS, ...STORAGE_EXTENSIONS, ...NETWORK_EXTENSIONS],
    types: { ...COMPUTE_TYPES, ...STORAGE_TYPES, ...NETWORK_TYPES },
  };
}
