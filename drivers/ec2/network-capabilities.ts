import type { DriverExtension, TypeCapabilities } from '../../src/clouds/driver';
import type { Value, Values } from '../../src/model/values';

/** EC2 knows no qualities of service: every port has the one there is. */
export const CLASS_OF_SERVICE = 'BEST_EFFORT';
/** Addresses of an interface that the largest types of EC2 take; smaller ones take fewer, and EC2 tells. */
export const MOST_ADDRESSES = 50;

const switched = { DefaultInitialState: 'STARTED' };

/** Capabilities of networks on this cloud. */
export const NETWORKS: Readonly<Record<string, TypeCapabilities>> = {
  MachineNetworkInterface: { attributes: ['networkPort', 'macAddress'], constraints: { state: { values: ['ACTIVE'] } } },
  Network: {
    capabilities: switched,
    attributes: ['forwardingGroup'],
  },
  NetworkPort: {
    capabilities: switched,
    constraints: { classOfService: { values: [CLASS_OF_SERVICE] } },
  },
  Address: { attributes: ['hostname'] },
  // A VPC has subnets of both kinds; which it has is settled when they are made.
  ForwardingGroup: { capabilities: { MixedNetwork: true } },
};

/** Blocks of addresses and places of networks, beyond the standard. */
export const NETWORK_EXTENSIONS: readonly DriverExtension[] = [
  { name: 'cidr', types: ['Network', 'ForwardingGroup'], kind: 'string' },
  { name: 'availabilityZone', types: ['Network'], kind: 'string' },
  { name: 'securityGroups', types: ['NetworkPort'], kind: 'strings' },
];

export interface NetworkExtensions {
  cidr: string | undefined;
  availabilityZone: string | undefined;
  securityGroups: string[] | undefined;
}

const text = (value: Value | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Extension attributes of a create of networks and ports. */
export function networkExtensions(given: Values = {}): NetworkExtensions {
  const groups = Array.isArray(given.securityGroups) ? given.securityGroups.filter((group) => typeof group === 'string') : [];
  return {
    cidr: text(given.cidr),
    availabilityZone: text(given.availabilityZone),
    securityGroups: groups.length > 0 ? groups : undefined,
  };
}
