import { action } from './actions';
import { collection, collectionType, ref, resource, string } from './define';
import { life, systemStates } from './states';
import { exportInput, forceInput, importInput } from './action-inputs';

/** System (5.13.1). */
export const system = resource('System', {
  clause: '5.13.1',
  table: 9,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: systemStates }),
    systems: collection('SystemSystemCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    machines: collection('SystemMachineCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    credentials: collection('SystemCredentialCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    volumes: collection('SystemVolumeCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networks: collection('SystemNetworkCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networkPorts: collection('SystemNetworkPortCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    addresses: collection('SystemAddressCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    forwardingGroups: collection('SystemForwardingGroupCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    meters: collection('SystemMeterCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    eventLog: ref('EventLog', { provider: 'optional mutable', consumer: 'optional read-only' }),
  },
  operations: ['edit', 'delete'],
  actions: {
    start: action('start', '5.13.1.2', 'Starts the Machines of the System.', {
      from: ['STOPPED', 'PAUSED', 'SUSPENDED', 'MIXED', 'ERROR'],
    }),
    stop: action('stop', '5.13.1.2', 'Stops the Machines of the System.', {
      from: ['STARTED', 'PAUSED', 'SUSPENDED', 'MIXED'],
      fromForced: ['STOPPING'],
      input: forceInput,
    }),
    restart: action('restart', '5.13.1.2', 'Restarts the Machines of the System.', {
      from: ['STARTED', 'STOPPED', 'MIXED'],
      input: forceInput,
    }),
    pause: action('pause', '5.13.1.2', 'Pauses the Machines of the System.', { from: ['STARTED', 'MIXED'] }),
    suspend: action('suspend', '5.13.1.2', 'Suspends the Machines of the System.', { from: ['STARTED', 'MIXED'] }),
    export: action('export', '5.13.1.2', 'Writes the System to a package.', { input: exportInput }),
  },
  states: life(systemStates, ['CREATING', 'STARTING', 'STOPPING', 'PAUSING', 'SUSPENDING', 'DELETING']),
  capabilities: {
    SystemComponentTemplateByValue: { type: 'boolean', description: 'Component descriptors may hold templates by value.' },
  },
  create: { collection: 'SystemCollection', template: 'SystemTemplate' },
});

/** SystemSystem (5.13.1.1.1). */
export const systemSystem = resource('SystemSystem', {
  clause: '5.13.1.1.1',
  table: 10,
  primary: false,
  attributes: {
    system: ref('System', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemSystemCollection' },
});

/** SystemMachine (5.13.1.1.2). */
export const systemMachine = resource('SystemMachine', {
  clause: '5.13.1.1.2',
  table: 11,
  primary: false,
  attributes: {
    machine: ref('Machine', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemMachineCollection' },
});

/** SystemCredential (5.13.1.1.3). */
export const systemCredential = resource('SystemCredential', {
  clause: '5.13.1.1.3',
  table: 12,
  primary: false,
  attributes: {
    credential: ref('Credential', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemCredentialCollection' },
});

/** SystemVolume (5.13.1.1.4). */
export const systemVolume = resource('SystemVolume', {
  clause: '5.13.1.1.4',
  table: 13,
  primary: false,
  attributes: {
    volume: ref('Volume', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemVolumeCollection' },
});

/** SystemNetwork (5.13.1.1.5). */
export const systemNetwork = resource('SystemNetwork', {
  clause: '5.13.1.1.5',
  table: 14,
  primary: false,
  attributes: {
    network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemNetworkCollection' },
});

/** SystemNetworkPort (5.13.1.1.6). */
export const systemNetworkPort = resource('SystemNetworkPort', {
  clause: '5.13.1.1.6',
  table: 15,
  primary: false,
  attributes: {
    networkPort: ref('NetworkPort', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemNetworkPortCollection' },
});

/** SystemAddress (5.13.1.1.7). */
export const systemAddress = resource('SystemAddress', {
  clause: '5.13.1.1.7',
  table: 16,
  primary: false,
  attributes: {
    address: ref('Address', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemAddressCollection' },
});

/** SystemForwardingGroup (5.13.1.1.8). */
export const systemForwardingGroup = resource('SystemForwardingGroup', {
  clause: '5.13.1.1.8',
  table: 17,
  primary: false,
  attributes: {
    forwardingGroup: ref('ForwardingGroup', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'SystemForwardingGroupCollection' },
});

export const systemSystemCollection = collectionType('SystemSystemCollection', {
  clause: '5.13.1.1.1',
  item: 'SystemSystem',
  json: 'systemSystems',
  xml: 'SystemSystem',
  owner: 'System',
  ownerAttribute: 'systems',
  add: true,
});

export const systemMachineCollection = collectionType('SystemMachineCollection', {
  clause: '5.13.1.1.2',
  item: 'SystemMachine',
  json: 'systemMachines',
  xml: 'SystemMachine',
  owner: 'System',
  ownerAttribute: 'machines',
  add: true,
});

export const systemCredentialCollection = collectionType('SystemCredentialCollection', {
  clause: '5.13.1.1.3',
  item: 'SystemCredential',
  json: 'systemCredentials',
  xml: 'SystemCredential',
  owner: 'System',
  ownerAttribute: 'credentials',
  add: true,
});

export const systemVolumeCollection = collectionType('SystemVolumeCollection', {
  clause: '5.13.1.1.4',
  item: 'SystemVolume',
  json: 'systemVolumes',
  xml: 'SystemVolume',
  owner: 'System',
  ownerAttribute: 'volumes',
  add: true,
});

export const systemNetworkCollection = collectionType('SystemNetworkCollection', {
  clause: '5.13.1.1.5',
  item: 'SystemNetwork',
  json: 'systemNetworks',
  xml: 'SystemNetwork',
  owner: 'System',
  ownerAttribute: 'networks',
  add: true,
});

export const systemNetworkPortCollection = collectionType('SystemNetworkPortCollection', {
  clause: '5.13.1.1.6',
  item: 'SystemNetworkPort',
  json: 'systemNetworkPorts',
  xml: 'SystemNetworkPort',
  owner: 'System',
  ownerAttribute: 'networkPorts',
  add: true,
});

export const systemAddressCollection = collectionType('SystemAddressCollection', {
  clause: '5.13.1.1.7',
  item: 'SystemAddress',
  json: 'systemAddresses',
  xml: 'SystemAddress',
  owner: 'System',
  ownerAttribute: 'addresses',
  add: true,
});

export const systemForwardingGroupCollection = collectionType('SystemForwardingGroupCollection', {
  clause: '5.13.1.1.8',
  item: 'SystemForwardingGroup',
  json: 'systemForwardingGroups',
  xml: 'SystemForwardingGroup',
  owner: 'System',
  ownerAttribute: 'forwardingGroups',
  add: true,
});

export const systemMeterCollection = collectionType('SystemMeterCollection', {
  clause: '5.13.1.1.9',
  item: 'Meter',
  json: 'meters',
  xml: 'Meter',
  owner: 'System',
  ownerAttribute: 'meters',
  add: true,
  addRequires: 'MeterTemplate',
});

export const systemCollection = collectionType('SystemCollection', {
  clause: '5.13.2',
  item: 'System',
  json: 'systems',
  xml: 'System',
  entryPoint: 'systems',
  add: true,
  addRequires: 'SystemTemplate',
  actions: {
    import: action('import', '5.13.2.1', 'Makes a System from a package.', { input: importInput }),
  },
});

export const systemResources = [
  system,
  systemSystem,
  systemMachine,
  systemCredential,
  systemVolume,
  systemNetwork,
  systemNetworkPort,
  systemAddress,
  systemForwardingGroup,
] as const;
export const systemCollections = [
  systemSystemCollection,
  systemMachineCollection,
  systemCredentialCollection,
  systemVolumeCollection,
  systemNetworkCollection,
  systemNetworkPortCollection,
  systemAddressCollection,
  systemForwardingGroupCollection,
  systemMeterCollection,
  systemCollection,
] as const;
