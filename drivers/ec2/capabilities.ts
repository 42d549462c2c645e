import type { Capabilities } from '../../src/clouds/driver';
import { MAX_PROPERTIES } from './naming';

/** What is true of this cloud. */
export function capabilities(settleMs: number): Capabilities {
  return {
    settleMs,
    types: {
      CloudEntryPoint: { capabilities: { MaxPropertyItems: MAX_PROPERTIES } },
      Machine: {
        capabilities: {
          DefaultInitialState: 'STARTED',
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
    },
  };
}
