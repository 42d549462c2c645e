import { action } from './actions';
import { collectionType, ref, resource, string } from './define';
import { life, networkPortStates } from './states';
import { initialStates } from './network';
import { meterCollectionOf, monitored, monitoringTemplates } from './monitored';

export const portTypes = ['ACCESS', 'TRUNK'] as const;

/** NetworkPort (5.16.7). */
export const networkPort = resource('NetworkPort', {
  clause: '5.16.7',
  table: 40,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: networkPortStates }),
    network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    portType: string({
      provider: 'mandatory mutable',
      consumer: 'mandatory read-write',
      values: portTypes,
      valuesOpen: true,
      initial: 'ACCESS',
    }),
    classOfService: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    ...monitored('NetworkPort'),
  },
  operations: ['edit', 'delete'],
  actions: {
    start: action('start', '5.16.7.2', 'Starts the NetworkPort.', { from: ['STOPPED'], to: 'STARTED' }),
    stop: action('stop', '5.16.7.2', 'Stops the NetworkPort.', { from: ['STARTED'], to: 'STOPPED' }),
  },
  states: life(networkPortStates, ['CREATING', 'DELETING'], 'STOPPED'),
  capabilities: {
    NetworkPortConfigByValue: {
      type: 'boolean',
      description: 'A NetworkPortConfiguration may be given by value when a NetworkPort is created.',
      implies: 'NetworkPortTemplateByValue',
    },
    NetworkPortTemplateByValue: {
      type: 'boolean',
      description: 'A NetworkPortTemplate may be given by value when a NetworkPort is created.',
    },
    DefaultInitialState: { type: 'string', description: 'State of a new NetworkPort when the request names none.', values: initialStates },
    InitialStates: { type: 'string[]', description: 'States that initialState may ask for.', values: initialStates },
  },
  create: { collection: 'NetworkPortCollection', template: 'NetworkPortTemplate' },
});

/** NetworkPortTemplate (5.16.9). */
export const networkPortTemplate = resource('NetworkPortTemplate', {
  clause: '5.16.9',
  table: 41,
  primary: true,
  attributes: {
    initialState: string({ provider: 'optional mutable', consumer: 'optional read-write', values: initialStates }),
    network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
    networkPortConfig: ref('NetworkPortConfiguration', {
      provider: 'mandatory mutable',
      consumer: 'mandatory read-write',
      inline: ['NetworkPortConfiguration'],
    }),
    ...monitoringTemplates,
  },
  operations: ['edit', 'delete'],
  create: { collection: 'NetworkPortTemplateCollection' },
});

/** NetworkPortConfiguration (5.16.11). */
export const networkPortConfiguration = resource('NetworkPortConfiguration', {
  clause: '5.16.11',
  table: 42,
  primary: true,
  attributes: {
    portType: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', values: portTypes, valuesOpen: true }),
    classOfService: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'NetworkPortConfigurationCollection' },
});

export const networkPortMeterCollection = meterCollectionOf('NetworkPort', '5.16.7.1.1');

export const networkPortCollection = collectionType('NetworkPortCollection', {
  clause: '5.16.8',
  item: 'NetworkPort',
  json: 'networkPorts',
  xml: 'NetworkPort',
  entryPoint: 'networkPorts',
  add: true,
  addRequires: 'NetworkPortTemplate',
});

export const networkPortTemplateCollection = collectionType('NetworkPortTemplateCollection', {
  clause: '5.16.10',
  item: 'NetworkPortTemplate',
  json: 'networkPortTemplates',
  xml: 'NetworkPortTemplate',
  entryPoint: 'networkPortTemplates',
  add: true,
});

export const networkPortConfigurationCollection = collectionType('NetworkPortConfigurationCollection', {
  clause: '5.16.12',
  item: 'NetworkPortConfiguration',
  json: 'networkPortConfigurations',
  xml: 'NetworkPortConfiguration',
  entryPoint: 'networkPortConfigs',
  add: true,
});

export const networkPortResources = [networkPort, networkPortTemplate, networkPortConfiguration] as const;
export const networkPortCollections = [
  networkPortMeterCollection,
  networkPortCollection,
  networkPortTemplateCollection,
  networkPortConfigurationCollection,
] as const;
