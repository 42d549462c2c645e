import type { Capabilities } from '../../src/clouds/driver';

/** Capabilities of networks and of what machines have of them. */
export const NETWORK_TYPES: Capabilities['types'] = {
  MachineNetworkInterface: { attributes: ['macAddress'], constraints: { state: { values: ['ACTIVE', 'DISABLED'] } } },
  Network: {
    capabilities: { DefaultInitialState: 'STARTED' },
    attributes: [],
  },
  Address: { attributes: ['mask'] },
};

/** Extension attributes of a create of a network: the distributed switch it is made on, and its VLAN ID. */
export const NETWORK_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'switch', types: ['Network'], kind: 'string' },
  { name: 'vlan', types: ['Network'], kind: 'integer' },
];
