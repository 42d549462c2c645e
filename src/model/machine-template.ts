import { array, collectionType, integer, ref, resource, string, uri } from './define';
import { imageStates, life } from './states';
import { cpuArchitectures, interfaceStates } from './machine';
import { monitoringTemplates } from './monitored';

export const imageTypes = ['IMAGE', 'SNAPSHOT', 'PARTIAL_SNAPSHOT'] as const;

/** MachineTemplate (5.14.3). */
export const machineTemplate = resource('MachineTemplate', {
  clause: '5.14.3',
  table: 25,
  primary: true,
  attributes: {
    initialState: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    machineConfig: ref('MachineConfiguration', {
      provider: 'optional mutable',
      consumer: 'optional read-write',
      inline: ['MachineConfiguration'],
    }),
    machineImage: ref('MachineImage', { provider: 'optional mutable', consumer: 'optional read-write', inline: ['MachineImage'] }),
    credential: ref('Credential', {
      provider: 'optional mutable',
      consumer: 'optional read-write',
      inline: ['CredentialTemplate', 'Credential'],
    }),
    volumes: array(
      'volume',
      {
        kind: 'struct',
        fields: {
          initialLocation: string({ provider: 'optional mutable', consumer: 'optional read-write', xml: 'attribute' }),
          volume: ref('Volume', { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
        },
        flattened: 'volume',
      },
      { provider: 'optional mutable', consumer: 'optional read-write' },
    ),
    volumeTemplates: array(
      'volumeTemplate',
      {
        kind: 'struct',
        fields: {
          initialLocation: string({ provider: 'optional mutable', consumer: 'optional read-write', xml: 'attribute' }),
          volumeTemplate: ref('VolumeTemplate', {
            provider: 'mandatory mutable',
            consumer: 'mandatory read-write',
            inline: ['VolumeTemplate'],
          }),
        },
        flattened: 'volumeTemplate',
      },
      { provider: 'optional mutable', consumer: 'optional read-write' },
    ),
    networkInterfaces: array(
      'networkInterface',
      {
        kind: 'struct',
        fields: {
          addresses: array(
            'address',
            { kind: 'ref', to: 'Address', inline: ['Address'] },
            { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true, onUpdate: true },
          ),
          network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
          networkPort: ref('NetworkPort', { provider: 'optional mutable', consumer: 'optional read-write' }),
          state: string({ provider: 'optional mutable', consumer: 'optional read-write', values: interfaceStates, valuesOpen: true }),
          mtu: integer({ provider: 'optional mutable', consumer: 'optional read-write' }),
        },
      },
      { provider: 'optional mutable', consumer: 'optional read-write' },
    ),
    userData: string({ provider: 'optional mutable', consumer: 'optional read-write', confidential: true, maxLength: 65_536 }),
    ...monitoringTemplates,
  },
  operations: ['edit', 'delete'],
  create: { collection: 'MachineTemplateCollection' },
});

/** MachineConfiguration (5.14.5). */
export const machineConfiguration = resource('MachineConfiguration', {
  clause: '5.14.5',
  table: 26,
  primary: true,
  attributes: {
    cpu: integer({ provider: 'optional mutable', consumer: 'optional read-write' }),
    memory: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'kibibyte' }),
    disks: array(
      'disk',
      {
        kind: 'struct',
        fields: {
          capacity: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'kilobyte' }),
          format: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
          initialLocation: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
        },
      },
      { provider: 'optional mutable', consumer: 'optional read-write' },
    ),
    cpuArch: string({ provider: 'optional mutable', consumer: 'optional read-write', values: cpuArchitectures, valuesOpen: true }),
    cpuSpeed: integer({ provider: 'optional mutable', consumer: 'optional read-write', unit: 'megahertz' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'MachineConfigurationCollection' },
});

/** MachineImage (5.14.7). */
export const machineImage = resource('MachineImage', {
  clause: '5.14.7',
  table: 27,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: imageStates }),
    type: string({ provider: 'mandatory immutable', consumer: 'mandatory read-only', values: imageTypes }),
    imageLocation: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true, maxLength: 8_192 }),
    relatedImage: ref('MachineImage', { provider: 'optional mutable', consumer: 'optional read-only' }),
  },
  operations: ['edit', 'delete'],
  states: life(imageStates, ['CREATING', 'DELETING'], 'AVAILABLE'),
  create: { collection: 'MachineImageCollection' },
});

export const machineTemplateCollection = collectionType('MachineTemplateCollection', {
  clause: '5.14.4',
  item: 'MachineTemplate',
  json: 'machineTemplates',
  xml: 'MachineTemplate',
  entryPoint: 'machineTemplates',
  add: true,
});

export const machineConfigurationCollection = collectionType('MachineConfigurationCollection', {
  clause: '5.14.6',
  item: 'MachineConfiguration',
  json: 'machineConfigurations',
  xml: 'MachineConfiguration',
  entryPoint: 'machineConfigs',
  add: true,
});

export const machineImageCollection = collectionType('MachineImageCollection', {
  clause: '5.14.8',
  item: 'MachineImage',
  json: 'machineImages',
  xml: 'MachineImage',
  entryPoint: 'machineImages',
  add: true,
});

export const machineTemplateResources = [machineTemplate, machineConfiguration, machineImage] as const;
export const machineTemplateCollections = [machineTemplateCollection, machineConfigurationCollection, machineImageCollection] as const;
