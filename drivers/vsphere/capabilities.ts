import type { Capabilities, DriverExtension } from '../../src/clouds/driver';
import { SIZES_EXTENSION } from '../../src/clouds/sizes';
import { NETWORK_EXTENSIONS, NETWORK_TYPES } from './network-capabilities';
import { STORAGE, STORAGE_EXTENSIONS } from './storage-capabilities';

const MAX_PROPERTIES = 100;

const placement = (name: string): DriverExtension => ({ name, types: ['Machine'], kind: 'string' });

/** What a create can say beyond the standard. Places are told by name, or by key where a name is not unique. */
const EXTENSIONS: readonly DriverExtension[] = [
  placement('datacenter'),
  placement('cluster'),
  placement('resourcePool'),
  placement('folder'),
  ...STORAGE_EXTENSIONS,
  placement('network'),
  placement('guestId'),
  placement('customization'),
  { name: 'linkedClone', types: ['Machine'], kind: 'boolean' },
  // Every size can be had here: it is taken so that one create suits every cloud.
  SIZES_EXTENSION,
];

/** What is true of this cloud. */
export function capabilities(settleMs: number): Capabilities {
  return {
    resizesIn: ['STOPPED', 'STARTED'],
    settleMs,
    extensions: [...EXTENSIONS, ...NETWORK_EXTENSIONS],
    types: {
      ...STORAGE,
      CloudEntryPoint: { capabilities: { MaxPropertyItems: MAX_PROPERTIES } },
      Machine: {
        capabilities: {
          DefaultInitialState: 'STARTED',
          InitialStates: ['STARTED', 'STOPPED', 'SUSPENDED'],
          MachineConfigByValue: true,
          MachineCredentialByValue: true,
          MachineTemplateByValue: true,
          MachineVolumeTemplatesByValue: true,
          MachineStopForce: true,
          MachineStopForceDefault: false,
          UserData: 'metadata',
        },
        attributes: ['cpu', 'created', 'latestSnapshot'],
      },
      MachineTemplate: {
        attributes: [
          ...['initialState', 'machineConfig', 'machineImage', 'credential', 'userData'],
          ...['volumes', 'volumeTemplates', 'networkInterfaces'],
        ],
      },
      MachineConfiguration: { attributes: ['cpu', 'disks'] },
      MachineImage: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
      ...NETWORK_TYPES,
    },
  };
}
