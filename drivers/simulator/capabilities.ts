import type { Capabilities } from '../../src/clouds/driver';
import { factExtensions, HARDWARE_EXTENSION, IMAGE_FACTS } from '../../src/clouds/image-facts';
import { SIZES_EXTENSION } from '../../src/clouds/sizes';
import { gibToKb } from '../../src/model/units';
import { MTU, QUALITIES } from './nets';
import type { SimulatorOptions } from './options';
import { VOLUME_TYPES, MAX_GIB } from './volume-types';

/** Addresses that a nic is given at most. */
const MOST_ADDRESSES = 4;

const switched = { DefaultInitialState: 'STARTED' };
const sized = { ranges: [{ low: 1, high: gibToKb(MAX_GIB) }] };
const mtu = { ranges: [MTU] };
const classOfService = { values: QUALITIES };

/** Returns the capabilities of this cloud. */
export function capabilitiesOf(options: SimulatorOptions): Capabilities {
  return {
    settleMs: options.settleMs ?? options.visibilityDelayMs,
    sizes: { atMost: options.sizes.atMost },
    addressesAtCreate: MOST_ADDRESSES,
    extensions: [
      SIZES_EXTENSION,
      ...factExtensions(...IMAGE_FACTS),
      HARDWARE_EXTENSION,
      { name: 'cidr', types: ['Network'], kind: 'string' },
    ],
    types: {
      Machine: {
        capabilities: {
          DefaultInitialState: 'STARTED',
          MachineStopForce: true,
          MachineStopForceDefault: false,
          RestoreFromImage: true,
          UserData: 'metadata',
        },
        attributes: ['cpu', 'cpuArch', 'latestSnapshot'],
      },
      MachineConfiguration: { attributes: ['cpu', 'disks', 'cpuArch'] },
      MachineImage: { attributes: ['relatedImage'] },
      Disk: { attributes: ['initialLocation'], constraints: { capacity: sized } },
      MachineVolume: { attributes: ['initialLocation'] },
      MachineNetworkInterface: { attributes: ['networkPort', 'macAddress', 'mtu'], constraints: { mtu } },
      Volume: {
        capabilities: { SharedVolumeSupport: false },
        attributes: [],
        constraints: { type: { values: VOLUME_TYPES }, capacity: sized },
      },
      VolumeConfiguration: { attributes: ['format'], constraints: { type: { values: VOLUME_TYPES } } },
      Network: {
        capabilities: switched,
        attributes: ['mtu', 'classOfService', 'forwardingGroup'],
        constraints: { mtu, classOfService },
      },
      NetworkConfiguration: { attributes: ['networkType', 'mtu', 'classOfService'] },
      NetworkPort: {
        capabilities: switched,
        constraints: { classOfService },
      },
      Address: { attributes: ['hostname', 'defaultGateway', 'dns', 'mask'] },
      ForwardingGroup: { capabilities: { MixedNetwork: options.mixedNetworks } },
    },
  };
}
