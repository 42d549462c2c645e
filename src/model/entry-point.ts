import { collection, resource, uri } from './define';

/** CloudEntryPoint (5.12). */
export const cloudEntryPoint = resource('CloudEntryPoint', {
  clause: '5.12',
  table: 8,
  primary: true,
  singleton: 'cloudEntryPoint',
  attributes: {
    baseURI: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    resourceMetadata: collection('ResourceMetadataCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    systems: collection('SystemCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    systemTemplates: collection('SystemTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    machines: collection('MachineCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    machineTemplates: collection('MachineTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    machineConfigs: collection('MachineConfigurationCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    machineImages: collection('MachineImageCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    credentials: collection('CredentialCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    credentialTemplates: collection('CredentialTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    volumes: collection('VolumeCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    volumeTemplates: collection('VolumeTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    volumeConfigs: collection('VolumeConfigurationCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    volumeImages: collection('VolumeImageCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networks: collection('NetworkCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networkTemplates: collection('NetworkTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networkConfigs: collection('NetworkConfigurationCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networkPorts: collection('NetworkPortCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networkPortTemplates: collection('NetworkPortTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    networkPortConfigs: collection('NetworkPortConfigurationCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    addresses: collection('AddressCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    addressTemplates: collection('AddressTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    forwardingGroups: collection('ForwardingGroupCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    forwardingGroupTemplates: collection('ForwardingGroupTemplateCollection', {
      provider: 'optional mutable',
      consumer: 'optional read-only',
    }),
    jobs: collection('JobCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    meters: collection('MeterCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    meterTemplates: collection('MeterTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    meterConfigs: collection('MeterConfigurationCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    eventLogs: collection('EventLogCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    eventLogTemplates: collection('EventLogTemplateCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
  },
  operations: ['edit'],
  capabilities: {
    ExpandParameter: {
      type: 'boolean',
      description: 'References can be expanded with $expand; paths lead further (networkInterfaces/addresses/address).',
    },
    FilterParameter: { type: 'boolean', description: 'Collections can be filtered with $filter.' },
    FirstParameter: { type: 'boolean', description: 'Collections can be cut with $first and $last.' },
    SelectParameter: { type: 'boolean', description: 'Attributes can be chosen with $select.' },
    FormatParameter: { type: 'boolean', description: 'The representation can be chosen with $format.' },
    OrderByParameter: { type: 'boolean', description: 'Collections can be sorted with $orderby.' },
    QueryPathNotation: {
      type: 'boolean',
      description: '$select takes paths, so that attributes of a collection and of its items can be told apart.',
    },
    MaxPropertyItems: { type: 'integer', description: 'The largest number of properties entries that is kept.' },
  },
});

export const entryPointResources = [cloudEntryPoint] as const;
export const entryPointCollections = [] as const;
