import { action, link } from './actions';
import { collection, collectionType, EXTENSION, integer, NO_CLAUSE, ref, resource, string } from './define';
import { life, machineInitialStates, machineStable, machineStates } from './states';
import { exportInput, forceInput } from './action-inputs';
import { meterCollectionOf, monitored } from './monitored';

export const cpuArchitectures = [
  '68000',
  'Alpha',
  'ARM',
  'Itanium',
  'MIPS',
  'PA_RISC',
  'POWER',
  'PowerPC',
  'x86',
  'x86_64',
  'z/Architecture',
  'SPARC',
] as const;
export const interfaceStates = ['ACTIVE', 'PASSIVE', 'DISABLED'] as const;

/** The image is a bare URI in JSON, `<image href="…"/>` in XML (D083). */
const restoreInput = { image: ref('MachineImage', { provider: 'mandatory mutable', consumer: 'mandatory write-only', bare: true }) };

/** Machine (5.14.1). */
export const machine = resource('Machine', {
  clause: '5.14.1',
  table: 19,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: machineStates }),
    cpu: integer({ provider: 'optional mutable', consumer: 'optional read-write' }),
    memory: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'kibibyte' }),
    disks: collection('DiskCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    cpuArch: string({ provider: 'optional immutable', consumer: 'optional read-only', values: cpuArchitectures, valuesOpen: true }),
    cpuSpeed: integer({ provider: 'optional mutable', consumer: 'optional read-write', unit: 'megahertz' }),
    volumes: collection('MachineVolumeCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networkInterfaces: collection('MachineNetworkInterfaceCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    latestSnapshot: ref('MachineImage', { provider: 'optional mutable', consumer: 'optional read-only' }),
    snapshots: collection('MachineSnapshotCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    ...monitored('Machine'),
  },
  operations: ['edit', 'delete'],
  actions: {
    start: action('start', '5.14.1.2', 'Starts the Machine.', {
      from: ['STOPPED', 'PAUSED', 'SUSPENDED', 'ERROR'],
      via: ['STARTING'],
      to: 'STARTED',
    }),
    stop: action('stop', '5.14.1.2', 'Stops the Machine.', {
      from: ['STARTED', 'PAUSED', 'SUSPENDED', 'STOPPING'],
      via: ['STOPPING'],
      to: 'STOPPED',
      input: forceInput,
    }),
    restart: action('restart', '5.14.1.2', 'Stops the Machine, if it is running, and starts it.', {
      from: ['STARTED', 'STOPPED'],
      via: ['STOPPING', 'STARTING'],
      to: 'STARTED',
      input: forceInput,
    }),
    pause: action('pause', '5.14.1.2', 'Pauses the Machine; its memory stays where it is.', {
      from: ['STARTED'],
      via: ['PAUSING'],
      to: 'PAUSED',
    }),
    suspend: action('suspend', '5.14.1.2', 'Suspends the Machine; its memory is written to disk.', {
      from: ['STARTED'],
      via: ['SUSPENDING'],
      to: 'SUSPENDED',
    }),
    capture: link('capture', '5.14.1.2', 'Makes a MachineImage of the Machine.', 'MachineImageCollection', machineStable),
    snapshot: link('snapshot', '5.14.1.2', 'Makes a snapshot of the Machine.', 'MachineImageCollection', machineStable),
    restore: action('restore', '5.14.1.2', 'Brings the Machine back to an image.', {
      from: machineStable,
      via: ['RESTORING'],
      input: restoreInput,
    }),
    export: {
      ...action('export', NO_CLAUSE, 'Writes the Machine to a package, as a System is.', { from: ['STOPPED'], input: exportInput }),
      uri: `${EXTENSION}/action/export`,
    },
  },
  states: life(machineStates, ['CREATING', 'STARTING', 'STOPPING', 'PAUSING', 'SUSPENDING', 'RESTORING', 'DELETING'], 'STOPPED'),
  capabilities: {
    DefaultInitialState: {
      type: 'string',
      description: 'State of a new Machine when the request names none.',
      values: machineInitialStates,
    },
    InitialStates: { type: 'string[]', description: 'States that initialState may ask for.', values: machineInitialStates },
    MachineConfigByValue: {
      type: 'boolean',
      description: 'A MachineConfiguration may be given by value.',
      implies: 'MachineTemplateByValue',
    },
    MachineCredentialByValue: {
      type: 'boolean',
      description: 'A Credential may be given by value when a Machine is created.',
      implies: 'MachineTemplateByValue',
    },
    MachineImageByValue: {
      type: 'boolean',
      description: 'A MachineImage may be given by value when a Machine is created.',
      implies: 'MachineTemplateByValue',
    },
    MachineVolumeTemplatesByValue: {
      type: 'boolean',
      description: 'VolumeTemplates may be given by value when a Machine is created.',
      implies: 'MachineTemplateByValue',
    },
    MachineTemplateByValue: { type: 'boolean', description: 'A MachineTemplate may be given by value when a Machine is created.' },
    MachineStopForce: { type: 'boolean', description: 'stop and restart take force.' },
    MachineStopForceDefault: { type: 'boolean', description: 'Machines are stopped with force unless the request says otherwise.' },
    RestoreFromImage: { type: 'boolean', description: 'Machines can be restored from images that are not snapshots.' },
    UserData: { type: 'string', description: 'How userData reaches the Machine.', values: ['metadata', 'disk', 'imgmod'] },
    MachineAvailabilityLevel: { type: 'boolean', description: 'Machines have an availability level, announced as an extension attribute.' },
  },
  create: { collection: 'MachineCollection', template: 'MachineTemplate' },
});

/** Disk (5.14.1.1.1). */
export const disk = resource('Disk', {
  clause: '5.14.1.1.1',
  table: 20,
  primary: false,
  attributes: {
    capacity: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'kilobyte' }),
    initialLocation: string({ provider: 'optional immutable', consumer: 'optional read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'DiskCollection' },
});

/** MachineVolume (5.14.1.1.2). */
export const machineVolume = resource('MachineVolume', {
  clause: '5.14.1.1.2',
  table: 21,
  primary: false,
  attributes: {
    initialLocation: string({ provider: 'optional immutable', consumer: 'optional read-only', onCreate: true }),
    volume: ref('Volume', { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'MachineVolumeCollection' },
});

/** MachineNetworkInterface (5.14.1.1.3). */
export const machineNetworkInterface = resource('MachineNetworkInterface', {
  clause: '5.14.1.1.3',
  table: 22,
  primary: false,
  attributes: {
    addresses: collection('MachineNetworkInterfaceAddressCollection', { provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
    network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    networkPort: ref('NetworkPort', { provider: 'optional mutable', consumer: 'optional read-write' }),
    state: string({
      provider: 'mandatory mutable',
      consumer: 'mandatory read-write',
      values: interfaceStates,
      valuesOpen: true,
      initial: 'ACTIVE',
    }),
    macAddress: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    mtu: integer({ provider: 'optional mutable', consumer: 'optional read-write' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'MachineNetworkInterfaceCollection' },
});

/** MachineNetworkInterfaceAddress (5.14.1.1.4). */
export const machineNetworkInterfaceAddress = resource('MachineNetworkInterfaceAddress', {
  clause: '5.14.1.1.4',
  table: 23,
  primary: false,
  attributes: {
    address: ref('Address', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'MachineNetworkInterfaceAddressCollection' },
});

/** MachineSnapshot (5.14.1.1.5). */
export const machineSnapshot = resource('MachineSnapshot', {
  clause: '5.14.1.1.5',
  table: 24,
  primary: false,
  attributes: {
    snapshot: ref('MachineImage', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
});

export const diskCollection = collectionType('DiskCollection', {
  clause: '5.14.1.1.1',
  item: 'Disk',
  json: 'disks',
  xml: 'Disk',
  owner: 'Machine',
  ownerAttribute: 'disks',
  add: true,
});

export const machineVolumeCollection = collectionType('MachineVolumeCollection', {
  clause: '5.14.1.1.2',
  item: 'MachineVolume',
  json: 'machineVolumes',
  xml: 'MachineVolume',
  owner: 'Machine',
  ownerAttribute: 'volumes',
  add: true,
});

export const machineNetworkInterfaceCollection = collectionType('MachineNetworkInterfaceCollection', {
  clause: '5.14.1.1.3',
  item: 'MachineNetworkInterface',
  json: 'machineNetworkInterfaces',
  xml: 'MachineNetworkInterface',
  owner: 'Machine',
  ownerAttribute: 'networkInterfaces',
  add: true,
});

export const machineNetworkInterfaceAddressCollection = collectionType('MachineNetworkInterfaceAddressCollection', {
  clause: '5.14.1.1.4',
  item: 'MachineNetworkInterfaceAddress',
  json: 'machineNetworkInterfaceAddresses',
  xml: 'MachineNetworkInterfaceAddress',
  owner: 'MachineNetworkInterface',
  ownerAttribute: 'addresses',
  add: true,
});

export const machineSnapshotCollection = collectionType('MachineSnapshotCollection', {
  clause: '5.14.1.1.5',
  item: 'MachineSnapshot',
  json: 'machineSnapshots',
  xml: 'MachineSnapshot',
  owner: 'Machine',
  ownerAttribute: 'snapshots',
  add: false,
});

export const machineMeterCollection = meterCollectionOf('Machine', '5.14.1.1.6');

export const machineCollection = collectionType('MachineCollection', {
  clause: '5.14.2',
  item: 'Machine',
  json: 'machines',
  xml: 'Machine',
  entryPoint: 'machines',
  add: true,
  addRequires: 'MachineTemplate',
});

export const machineResources = [
  machine,
  disk,
  machineVolume,
  machineNetworkInterface,
  machineNetworkInterfaceAddress,
  machineSnapshot,
] as const;
export const machineCollections = [
  diskCollection,
  machineVolumeCollection,
  machineNetworkInterfaceCollection,
  machineNetworkInterfaceAddressCollection,
  machineSnapshotCollection,
  machineMeterCollection,
  machineCollection,
] as const;
