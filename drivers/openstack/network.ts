import type { Capabilities, Groups } from '../../src/clouds/driver';
import { OpenstackAddresses } from './addresses';
import type { Wire } from './client';
import { OpenstackForwardingGroups } from './forwarding-groups';
import { OpenstackInterfaces } from './interfaces';
import { BEST_EFFORT, OpenstackNetworkPorts } from './network-ports';
import { OpenstackNetworks } from './networks';
import { Neutron } from './neutron';

const switched = { DefaultInitialState: 'STARTED' };

/** Capabilities of Neutron's things. */
export const NETWORK_TYPES: Capabilities['types'] = {
  MachineNetworkInterface: {
    attributes: ['networkPort', 'macAddress', 'created'],
    constraints: { state: { values: ['ACTIVE', 'DISABLED'] } },
  },
  Network: {
    capabilities: switched,
    attributes: ['mtu', 'forwardingGroup', 'cidr', 'created'],
  },
  NetworkPort: {
    capabilities: switched,
    attributes: ['created'],
    constraints: { classOfService: { values: [BEST_EFFORT] } },
  },
  Address: { attributes: ['defaultGateway', 'dns', 'mask', 'created'] },
  // Private networks and the external one that is their gateway are joined by the same router.
  ForwardingGroup: { capabilities: { MixedNetwork: true }, attributes: ['gatewayNetwork', 'created'] },
};

/** Extension attributes: where a network's addresses come from, a port's security groups, a router's gateway. */
export const NETWORK_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'cidr', types: ['Network'], kind: 'string' },
  { name: 'subnetPool', types: ['Network'], kind: 'string' },
  { name: 'securityGroups', types: ['NetworkPort'], kind: 'strings' },
  { name: 'gatewayNetwork', types: ['ForwardingGroup'], kind: 'string' },
];

/** Groups of the contract that Neutron fills, with Nova's part in it. */
export function networkGroups(wire: Wire): Pick<Groups, 'networks' | 'networkPorts' | 'interfaces' | 'addresses' | 'forwardingGroups'> {
  const neutron = new Neutron(wire);
  return {
    networks: new OpenstackNetworks(neutron),
    networkPorts: new OpenstackNetworkPorts(neutron),
    interfaces: new OpenstackInterfaces(neutron),
    addresses: new OpenstackAddresses(neutron),
    forwardingGroups: new OpenstackForwardingGroups(neutron),
  };
}
