import { CIMI } from '../../src/model/define';
import { list, type Content } from '../conformance/kit/body';
import { KEY_BYTES } from '../protocol/scene';

/** Creates of one resource of each type, in an order in which each finds what it needs. */

/** A create: of a type, with what those made before it are called by. */
export interface Create {
  type: string;
  /** Name of the resource, and of its URI in the recorded texts. */
  name: string;
  /** Word by which later ones refer to it; absent: its type. */
  as?: string;
  /** Envelope of the body where it is no plain representation. */
  envelope?: string;
  /** Type whose resource has the collection, with the collection's segment; absent: the entry point has it. */
  within?: readonly [owner: string, segment: string];
  body: (uri: (type: string) => string) => Content;
}

const image = { href: 'machineImages/sim.img-debian-12' };
const config = { cpu: 1, memory: 524_288 };
const aspect = `${CIMI}/aspect/cpu`;
const networkConfig = { networkType: 'PRIVATE' };
const networkPortConfig = { portType: 'ACCESS', classOfService: 'GOLD' };
const componentDescriptors = list('componentDescriptor', [
  { name: 'node', type: `${CIMI}/Machine`, machineTemplate: { machineConfig: config, machineImage: image }, quantity: 1 },
]);
const joined = (type: string, attribute: string): Create => ({
  type: `System${type}`,
  name: `system-${type.toLowerCase()}`,
  within: ['System', `${attribute}${type === 'Address' ? 'es' : 's'}`],
  body: (uri) => ({ [attribute]: { href: uri(type) } }),
});

export const CREATES: readonly Create[] = [
  { type: 'MachineConfiguration', name: 'small', body: () => config },
  { type: 'MachineTemplate', name: 'web', body: () => ({ machineConfig: config, machineImage: image }) },
  { type: 'CredentialTemplate', name: 'people', body: () => ({ userName: 'ann' }) },
  {
    type: 'Credential',
    name: 'ann',
    envelope: 'CredentialCreate',
    body: () => ({ credentialTemplate: { userName: 'ann', key: KEY_BYTES } }),
  },
  { type: 'NetworkConfiguration', name: 'private', body: () => networkConfig },
  { type: 'NetworkPortConfiguration', name: 'access', body: () => networkPortConfig },
  { type: 'VolumeConfiguration', name: 'block', body: () => ({ type: 'http://cimi-gateway.org/volume-type/block', capacity: 2_000_000 }) },
  { type: 'MeterConfiguration', name: 'cpu', body: () => ({ associatedTo: list('associatedTo', [{ href: `${CIMI}/Machine` }]), aspect }) },
  { type: 'NetworkTemplate', name: 'private', body: () => ({ networkConfig }) },
  { type: 'Network', name: 'front', envelope: 'NetworkCreate', body: () => ({ networkTemplate: { networkConfig } }) },
  { type: 'NetworkPortTemplate', name: 'access', body: (uri) => ({ network: { href: uri('Network') }, networkPortConfig }) },
  {
    type: 'NetworkPort',
    name: 'port-1',
    envelope: 'NetworkPortCreate',
    body: (uri) => ({ networkPortTemplate: { network: { href: uri('Network') }, networkPortConfig } }),
  },
  {
    type: 'ForwardingGroup',
    name: 'routed',
    envelope: 'ForwardingGroupCreate',
    body: () => ({ forwardingGroupTemplate: { name: 'routed' } }),
  },
  { type: 'ForwardingGroupTemplate', name: 'router', body: () => ({}) },
  {
    type: 'ForwardingGroupNetwork',
    name: 'routed-front',
    within: ['ForwardingGroup', 'networks'],
    body: (uri) => ({ network: { href: uri('Network') } }),
  },
  { type: 'AddressTemplate', name: 'ipv4', body: () => ({ protocol: 'IPv4' }) },
  {
    type: 'Address',
    name: 'public-1',
    envelope: 'AddressCreate',
    body: () => ({ addressTemplate: { allocation: 'static', protocol: 'IPv4' } }),
  },
  { type: 'VolumeTemplate', name: 'disk', body: () => ({ volumeConfig: { capacity: 2_000_000 } }) },
  { type: 'Volume', name: 'data', envelope: 'VolumeCreate', body: () => ({ volumeTemplate: { volumeConfig: { capacity: 2_000_000 } } }) },
  { type: 'VolumeImage', name: 'data-copy', body: (uri) => ({ imageLocation: uri('Volume') }) },
  {
    type: 'Machine',
    name: 'web-1',
    envelope: 'MachineCreate',
    body: () => ({ machineTemplate: { machineConfig: config, machineImage: image } }),
  },
  { type: 'Disk', name: 'web-1-disk', within: ['Machine', 'disks'], body: () => ({ capacity: 3_000_000 }) },
  { type: 'MachineVolume', name: 'web-1-data', within: ['Machine', 'volumes'], body: (uri) => ({ volume: { href: uri('Volume') } }) },
  {
    type: 'MachineNetworkInterface',
    name: 'web-1-front',
    within: ['Machine', 'networkInterfaces'],
    body: (uri) => ({ network: { href: uri('Network') } }),
  },
  {
    type: 'MachineNetworkInterfaceAddress',
    name: 'web-1-address',
    within: ['MachineNetworkInterface', 'addresses'],
    body: (uri) => ({ address: { href: uri('Address') } }),
  },
  { type: 'MachineImage', name: 'web-1-image', body: (uri) => ({ imageLocation: uri('Machine') }) },
  { type: 'MeterTemplate', name: 'load', body: () => ({ meterConfig: { aspect } }) },
  {
    type: 'Meter',
    name: 'web-1-load',
    envelope: 'MeterCreate',
    within: ['Machine', 'meters'],
    body: () => ({ meterTemplate: { meterConfig: { aspect } } }),
  },
  {
    type: 'EventLog',
    name: 'web-1-log',
    envelope: 'EventLogCreate',
    body: (uri) => ({ eventLogTemplate: { targetResource: { href: uri('Machine') }, persistence: 'daily' } }),
  },
  { type: 'EventLogTemplate', name: 'daily', body: () => ({ persistence: 'daily' }) },
  { type: 'SystemTemplate', name: 'pair', body: () => ({ componentDescriptors }) },
  { type: 'System', as: 'inner', name: 'pair-1', envelope: 'SystemCreate', body: () => ({ systemTemplate: { componentDescriptors } }) },
  { type: 'System', name: 'shop', envelope: 'SystemCreate', body: () => ({ systemTemplate: { componentDescriptors } }) },
  { type: 'SystemSystem', name: 'system-system', within: ['System', 'systems'], body: (uri) => ({ system: { href: uri('inner') } }) },
  joined('Machine', 'machine'),
  joined('Credential', 'credential'),
  joined('Volume', 'volume'),
  joined('Network', 'network'),
  joined('NetworkPort', 'networkPort'),
  joined('Address', 'address'),
  joined('ForwardingGroup', 'forwardingGroup'),
];
