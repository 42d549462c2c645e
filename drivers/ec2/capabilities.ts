import type { Capabilities } from '../../src/clouds/driver';
import { MAX_PROPERTIES } from './naming';
import { NETWORK_EXTENSIONS, NETWORKS } from './network-capabilities';
import { MACHINE_EXTENSIONS, STORAGE_EXTENSIONS } from './placement';
import { STORAGE } from './storage-capabilities';

/** What is true of this cloud. */
export function capabilities(settleMs: number, atMost: number, maxProperties = MAX_PROPERTIES): Capabilities {
  return {
    settleMs,
    sizes: { atMost },
    portsAtCreate: true,
    extensions: [...MACHINE_EXTENSIONS, ...STORAGE_EXTENSIONS, ...NETWORK_EXTENSIONS],
    types: {
      CloudEntryPoint: { capabilities: { MaxPropertyItems: maxProperties } },
      Machine: {
        capabilities: {
          DefaultInitialState: 'STARTED',
          InitialStates: ['STARTED', 'STOPPED'],
          MachineConfigByValue: true,
          MachineCredentialByValue: true,
          MachineTemplateByValue: true,
          MachineVolumeTemplatesByValue: true,
          MachineStopForce: true,
          MachineStopForceDefault: false,
          RestoreFromImage: true,
          UserData: 'metadata',
        },
        attributes: ['cpu', 'cpuArch', 'cpuSpeed', 'created'],
      },
      MachineConfiguration: { attributes: ['cpu', 'disks', 'cpuArch', 'cpuSpeed'] },
      MachineImage: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
      MachineTemplate: {
        attributes: [
          'initialState',
          'machineConfig',
          'machineImage',
          'credential',
          'userData',
          'volumes',
          'volumeTemplates',
          'networkInterfaces',
        ],
      },
      ...STORAGE,
      ...NETWORKS,
    },
  };
}
