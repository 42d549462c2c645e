import type { Capabilities } from '../../src/clouds/driver';

/** What is true of networks and of what machines have of them. */
export const NETWORK_TYPES: Capabilities['types'] = {
  MachineNetworkInterface: { attributes: ['macAddress'], constraints: { state: { values: ['ACTIVE', 'DISABLED'] } } },
  Network: {
    capabilities: {
      DefaultInitialState: 'STARTED',
      InitialStates: ['STARTED'],
      NetworkConfigByValue: true,
      NetworkTemplateByValue: true,
    },
    attributes: [],
  },
  Address: { attributes: ['mask'] },
};

/** What a create of a network can say beyond the standard: the distributed switch it is made on, and its VLAN ID. */
export const NETWORK_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'switch', types: ['Network'], kind: 'string' },
  { name: 'vlan', types: ['Network'], kind: 'integer' },
];
