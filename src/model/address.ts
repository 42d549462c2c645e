import { array, collectionType, ref, resource, string } from './define';

export const allocations = ['dynamic', 'static'] as const;
export const protocols = ['IPv4', 'IPv6'] as const;

/** Address (5.16.13). */
export const address = resource('Address', {
  clause: '5.16.13',
  table: 43,
  primary: true,
  attributes: {
    ip: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    hostname: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    allocation: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: allocations, onUpdate: true }),
    defaultGateway: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    dns: array('dns', { kind: 'string' }, { provider: 'optional mutable', consumer: 'optional read-write' }),
    protocol: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', values: protocols, valuesOpen: true }),
    mask: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
    resource: ref('*', { provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'AddressCollection', template: 'AddressTemplate' },
});

/** AddressTemplate (5.16.15). */
export const addressTemplate = resource('AddressTemplate', {
  clause: '5.16.15',
  table: 44,
  primary: true,
  attributes: {
    ip: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    hostname: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    allocation: string({
      provider: 'mandatory mutable',
      consumer: 'mandatory read-only',
      values: allocations,
      onCreate: true,
      onUpdate: true,
    }),
    defaultGateway: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    dns: array('dns', { kind: 'string' }, { provider: 'optional mutable', consumer: 'optional read-write' }),
    protocol: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', values: protocols, valuesOpen: true }),
    mask: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    network: ref('Network', { provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'AddressTemplateCollection' },
});

export const addressCollection = collectionType('AddressCollection', {
  clause: '5.16.14',
  item: 'Address',
  json: 'addresses',
  xml: 'Address',
  entryPoint: 'addresses',
  add: true,
  addRequires: 'AddressTemplate',
});

export const addressTemplateCollection = collectionType('AddressTemplateCollection', {
  clause: '5.16.16',
  item: 'AddressTemplate',
  json: 'addressTemplates',
  xml: 'AddressTemplate',
  entryPoint: 'addressTemplates',
  add: true,
});

export const addressResources = [address, addressTemplate] as const;
export const addressCollections = [addressCollection, addressTemplateCollection] as const;
