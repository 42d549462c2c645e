import { array, collection, collectionType, ref, resource } from './define';

/** ForwardingGroup (5.16.17). */
export const forwardingGroup = resource('ForwardingGroup', {
  clause: '5.16.17',
  table: 45,
  primary: true,
  attributes: {
    networks: collection('ForwardingGroupNetworkCollection', { provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
  },
  operations: ['edit', 'delete'],
  capabilities: {
    MixedNetwork: { type: 'boolean', description: 'A ForwardingGroup may join private and public Networks.' },
  },
  create: { collection: 'ForwardingGroupCollection', template: 'ForwardingGroupTemplate' },
});

/** ForwardingGroupNetwork (5.16.17.1.1). */
export const forwardingGroupNetwork = resource('ForwardingGroupNetwork', {
  clause: '5.16.17.1.1',
  table: 46,
  primary: false,
  attributes: {
    network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'ForwardingGroupNetworkCollection' },
});

/** ForwardingGroupTemplate (5.16.19). */
export const forwardingGroupTemplate = resource('ForwardingGroupTemplate', {
  clause: '5.16.19',
  table: 47,
  primary: true,
  attributes: {
    networks: array('network', { kind: 'ref', to: 'Network' }, { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'ForwardingGroupTemplateCollection' },
});

export const forwardingGroupNetworkCollection = collectionType('ForwardingGroupNetworkCollection', {
  clause: '5.16.17.1.1',
  item: 'ForwardingGroupNetwork',
  json: 'forwardingGroupNetworks',
  xml: 'ForwardingGroupNetwork',
  owner: 'ForwardingGroup',
  ownerAttribute: 'networks',
  add: true,
});

export const forwardingGroupCollection = collectionType('ForwardingGroupCollection', {
  clause: '5.16.18',
  item: 'ForwardingGroup',
  json: 'forwardingGroups',
  xml: 'ForwardingGroup',
  entryPoint: 'forwardingGroups',
  add: true,
  addRequires: 'ForwardingGroupTemplate',
});

export const forwardingGroupTemplateCollection = collectionType('ForwardingGroupTemplateCollection', {
  clause: '5.16.20',
  item: 'ForwardingGroupTemplate',
  json: 'forwardingGroupTemplates',
  xml: 'ForwardingGroupTemplate',
  entryPoint: 'forwardingGroupTemplates',
  add: true,
});

export const forwardingGroupResources = [forwardingGroup, forwardingGroupNetwork, forwardingGroupTemplate] as const;
export const forwardingGroupCollections = [
  forwardingGroupNetworkCollection,
  forwardingGroupCollection,
  forwardingGroupTemplateCollection,
] as const;
