import type { Capabilities } from '../../src/clouds/driver';
import { SIZES_EXTENSION } from '../../src/clouds/sizes';
import { gibToKb } from '../../src/model/units';
import { MTU, QUALITIES } from './nets';
import type { SimulatorOptions } from './options';
import { GRADES, MAX_GIB } from './grades';

const switched = { DefaultInitialState: 'STARTED', InitialStates: ['STARTED', 'STOPPED'] };
const sized = { ranges: [{ low: 1, high: gibToKb(MAX_GIB) }] };
const mtu = { ranges: [MTU] };
const classOfService = { values: QUALITIES };

/** What is true of this cloud. */
export function capabilitiesOf(options: SimulatorOptions): Capabilities {
  return {
    settleMs: options.settleMs ?? options.visibilityDelayMs,
    sizes: { atMost: options.sizes.atMost },
    extensions: [SIZES_EXTENSION],
    types: {
      Machine: {
        capabilities: {
          DefaultInitialState: 'STARTED',
          InitialStates: ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'],
          MachineConfigByValue: true,
          MachineCredentialByValue: true,
          MachineTemplateByValue: true,
          MachineVolumeTemplatesByValue: true,
          MachineStopForce: true,
          MachineStopForceDefault: false,
          RestoreFromImage: true,
          UserData: 'metadata',
        },
        attributes: ['cpu', 'cpuArch', 'latestSnapshot'],
      },
      MachineConfiguration: { attributes: ['cpu', 'disks', 'cpuArch'] },
      MachineImage: { attributes: ['relatedImage'] },
      MachineTemplate: {
        attributes: [
          ...['initialState', 'machineConfig', 'machineImage', 'credential', 'userData'],
          ...['volumes', 'volumeTemplates', 'networkInterfaces'],
        ],
      },
      Disk: { attributes: ['initialLocation'], constraints: { capacity: sized } },
      MachineVolume: { attributes: ['initialLocation'] },
      MachineNetworkInterface: { attributes: ['networkPort', 'macAddress', 'mtu'], constraints: { mtu } },
      Volume: {
        capabilities: { SharedVolumeSupport: false, VolumeConfigByValue: true, VolumeSnapshot: true, VolumeTemplateByValue: true },
        attributes: [],
        constraints: { type: { values: GRADES }, capacity: sized },
      },
      VolumeConfiguration: { attributes: ['format'], constraints: { type: { values: GRADES } } },
      Network: {
        capabilities: { ...switched, NetworkConfigByValue: true, NetworkTemplateByValue: true },
        attributes: ['mtu', 'classOfService', 'forwardingGroup'],
        constraints: { mtu, classOfService },
      },
      NetworkConfiguration: { attributes: ['networkType', 'mtu', 'classOfService'] },
      NetworkPort: {
        capabilities: { ...switched, NetworkPortConfigByValue: true, NetworkPortTemplateByValue: true },
        constraints: { classOfService },
      },
      Address: { attributes: ['hostname', 'defaultGateway', 'dns', 'mask'] },
      ForwardingGroup: { capabilities: { MixedNetwork: options.mixedNetworks } },
    },
  };
}
