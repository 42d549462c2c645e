import { action } from './actions';
import { collection, collectionType, integer, ref, resource, string } from './define';
import { life, networkStates } from './states';
import { meterCollectionOf, monitored, monitoringTemplates } from './monitored';

export const networkTypes = ['PUBLIC', 'PRIVATE'] as const;
/** Values that initialState of the templates may have. */
export const initialStates = ['STARTED', 'STOPPED'] as const;

/** Network (5.16.1). */
export const network = resource('Network', {
  clause: '5.16.1',
  table: 37,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: networkStates }),
    networkType: string({
      provider: 'mandatory mutable',
      consumer: 'optional read-write',
      values: networkTypes,
      valuesOpen: true,
      initial: 'PRIVATE',
    }),
    mtu: integer({ provider: 'optional mutable', consumer: 'optional read-write' }),
    classOfService: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    networkPorts: collection('NetworkNetworkPortCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    forwardingGroup: ref('ForwardingGroup', { provider: 'optional mutable', consumer: 'optional read-only' }),
    ...monitored('Network'),
  },
  operations: ['edit', 'delete'],
  actions: {
    start: action('start', '5.16.1.2', 'Starts the Network.', { from: ['STOPPED'], via: ['STARTING'], to: 'STARTED' }),
    stop: action('stop', '5.16.1.2', 'Stops the Network.', { from: ['STARTED'], via: ['STOPPING'], to: 'STOPPED' }),
  },
  states: life(networkStates, ['CREATING', 'STARTING', 'STOPPING', 'DELETING'], 'STOPPED'),
  capabilities: {
    NetworkConfigByValue: {
      type: 'boolean',
      description: 'A NetworkConfiguration may be given by value when a Network is created.',
      implies: 'NetworkTemplateByValue',
    },
    NetworkTemplateByValue: { type: 'boolean', description: 'A NetworkTemplate may be given by value when a Network is created.' },
    DefaultInitialState: { type: 'string', description: 'State of a new Network when the request names none.', values: initialStates },
    InitialStates: { type: 'string[]', description: 'States that initialState may ask for.', values: initialStates },
  },
  create: { collection: 'NetworkCollection', template: 'NetworkTemplate' },
});

/** NetworkNetworkPort (5.16.1.1.1). */
export const networkNetworkPort = resource('NetworkNetworkPort', {
  clause: '5.16.1.1.1',
  primary: false,
  attributes: {
    networkPort: ref('NetworkPort', { provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
  },
  operations: ['edit', 'delete'],
});

/** NetworkTemplate (5.16.3). */
export const networkTemplate = resource('NetworkTemplate', {
  clause: '5.16.3',
  table: 38,
  primary: true,
  attributes: {
    initialState: string({ provider: 'optional mutable', consumer: 'optional read-write', values: initialStates }),
    networkConfig: ref('NetworkConfiguration', {
      provider: 'optional mutable',
      consumer: 'optional read-write',
      inline: ['NetworkConfiguration'],
    }),
    forwardingGroup: ref('ForwardingGroup', { provider: 'optional mutable', consumer: 'optional read-write' }),
    ...monitoringTemplates,
  },
  operations: ['edit', 'delete'],
  create: { collection: 'NetworkTemplateCollection' },
});

/** NetworkConfiguration (5.16.5). */
export const networkConfiguration = resource('NetworkConfiguration', {
  clause: '5.16.5',
  table: 39,
  primary: true,
  attributes: {
    networkType: string({ provider: 'optional mutable', consumer: 'optional read-write', values: networkTypes, valuesOpen: true }),
    mtu: integer({ provider: 'optional mutable', consumer: 'optional read-write' }),
    classOfService: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'NetworkConfigurationCollection' },
});

export const networkNetworkPortCollection = collectionType('NetworkNetworkPortCollection', {
  clause: '5.16.1.1.1',
  item: 'NetworkNetworkPort',
  json: 'networkNetworkPorts',
  xml: 'NetworkNetworkPort',
  owner: 'Network',
  ownerAttribute: 'networkPorts',
  add: false,
});

export const networkMeterCollection = meterCollectionOf('Network', '5.16.1.1.2');

export const networkCollection = collectionType('NetworkCollection', {
  clause: '5.16.2',
  item: 'Network',
  json: 'networks',
  xml: 'Network',
  entryPoint: 'networks',
  add: true,
  addRequires: 'NetworkTemplate',
});

export const networkTemplateCollection = collectionType('NetworkTemplateCollection', {
  clause: '5.16.4',
  item: 'NetworkTemplate',
  json: 'networkTemplates',
  xml: 'NetworkTemplate',
  entryPoint: 'networkTemplates',
  add: true,
});

export const networkConfigurationCollection = collectionType('NetworkConfigurationCollection', {
  clause: '5.16.6',
  item: 'NetworkConfiguration',
  json: 'networkConfigurations',
  xml: 'NetworkConfiguration',
  entryPoint: 'networkConfigs',
  add: true,
});

export const networkResources = [network, networkNetworkPort, networkTemplate, networkConfiguration] as const;
export const networkCollections = [
  networkNetworkPortCollection,
  networkMeterCollection,
  networkCollection,
  networkTemplateCollection,
  networkConfigurationCollection,
] as const;
