import { action } from './actions';
import { collection, collectionType, ref, resource, string } from './define';
import type { Collection, Resource } from './define';
import { life, systemStates } from './states';
import { exportInput, forceInput, importInput } from './action-inputs';
import { meterCollectionOf, monitored } from './monitored';

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
    ...monitored('System'),
  },
  operations: ['edit', 'delete'],
  actions: {
    start: action('start', '5.13.1.2', 'Starts the Machines of the System.', {
      from: ['STOPPED', 'PAUSED', 'SUSPENDED', 'MIXED', 'ERROR'],
    }),
    stop: action('stop', '5.13.1.2', 'Stops the Machines of the System.', {
      from: ['STARTED', 'PAUSED', 'SUSPENDED', 'STOPPING', 'MIXED'],
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

/** A component type of Systems: the resource that refers to the component, and the collection of them in a System. */
function component(type: string, attribute: string, clause: string, table: number): [Resource, Collection] {
  const name = `System${type}`;
  const reference = type.charAt(0).toLowerCase() + type.slice(1);
  const entry = resource(name, {
    clause,
    table,
    primary: false,
    attributes: { [reference]: ref(type, { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }) },
    operations: ['edit', 'delete'],
    create: { collection: `${name}Collection` },
  });
  const entries = collectionType(`${name}Collection`, {
    clause,
    item: name,
    json: `system${attribute.charAt(0).toUpperCase()}${attribute.slice(1)}`,
    xml: name,
    owner: 'System',
    ownerAttribute: attribute,
    add: true,
  });
  return [entry, entries];
}

/** Components of a System (5.13.1.1), in the order of the tables. */
const components = [
  component('System', 'systems', '5.13.1.1.1', 10),
  component('Machine', 'machines', '5.13.1.1.2', 11),
  component('Credential', 'credentials', '5.13.1.1.3', 12),
  component('Volume', 'volumes', '5.13.1.1.4', 13),
  component('Network', 'networks', '5.13.1.1.5', 14),
  component('NetworkPort', 'networkPorts', '5.13.1.1.6', 15),
  component('Address', 'addresses', '5.13.1.1.7', 16),
  component('ForwardingGroup', 'forwardingGroups', '5.13.1.1.8', 17),
];

export const systemMeterCollection = meterCollectionOf('System', '5.13.1.1.9');

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

export const systemResources: readonly Resource[] = [system, ...components.map(([entry]) => entry)];
export const systemCollections: readonly Collection[] = [
  ...components.map(([, entries]) => entries),
  systemMeterCollection,
  systemCollection,
];
