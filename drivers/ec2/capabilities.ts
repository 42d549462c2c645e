import type { Capabilities } from '../../src/clouds/driver';
import { MAX_PROPERTIES } from './naming';
import { MOST_ADDRESSES, NETWORK_EXTENSIONS, NETWORKS } from './network-capabilities';
import { GUEST_NEEDS, IMAGE_EXTENSIONS, MACHINE_EXTENSIONS, STORAGE_EXTENSIONS } from './placement';
import { STORAGE } from './storage-capabilities';

/** Returns the capabilities of this cloud. */
export function capabilities(settleMs: number, atMost: number, maxProperties = MAX_PROPERTIES): Capabilities {
  return {
    settleMs,
    sizes: { atMost },
    portsAtCreate: true,
    addressesAtCreate: MOST_ADDRESSES,
    extensions: [...MACHINE_EXTENSIONS, ...IMAGE_EXTENSIONS, ...STORAGE_EXTENSIONS, ...NETWORK_EXTENSIONS],
    guestNeeds: GUEST_NEEDS,
    types: {
      CloudEntryPoint: { capabilities: { MaxPropertyItems: maxProperties } },
      Machine: {
        capabilities: {
          DefaultInitialState: 'STARTED',
          // Only instances that are launched for hibernation can be suspended.
          InitialStates: ['STARTED', 'STOPPED'],
          MachineStopForce: true,
          MachineStopForceDefault: false,
          RestoreFromImage: true,
          UserData: 'metadata',
        },
        attributes: ['cpu', 'cpuArch', 'cpuSpeed', 'created'],
      },
      MachineConfiguration: { attributes: ['cpu', 'disks', 'cpuArch', 'cpuSpeed'] },
      MachineImage: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
      ...STORAGE,
      ...NETWORKS,
    },
  };
}
