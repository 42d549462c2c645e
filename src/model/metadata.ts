import { EXTENSION, any, array, boolean, collectionType, integer, resource, string, uri } from './define';

/** ResourceMetadata (5.11). */
export const resourceMetadata = resource('ResourceMetadata', {
  clause: '5.11',
  table: 6,
  primary: true,
  common: false,
  attributes: {
    id: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    typeURI: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    name: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    attributes: array(
      'attribute',
      {
        kind: 'struct',
        fields: {
          name: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
          namespace: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true, xml: 'attribute' }),
          type: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
          required: boolean({ provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true, xml: 'attribute' }),
          values: array('value', { kind: 'any' }, { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
          ranges: array(
            'range',
            {
              kind: 'struct',
              fields: {
                low: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
                high: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
              },
            },
            { provider: 'mandatory mutable', consumer: 'mandatory read-write' },
          ),
          value: boolean({
            provider: 'mandatory mutable',
            consumer: 'mandatory read-write',
            omissible: true,
            xmlName: 'value',
            xmlSharedWith: 'values',
          }),
          // "Type-specific data that describes any constraints" (Table 6); the standard writes out only some of it (D170).
          maxLength: integer({ provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION, unit: 'byte' }),
          maxKeyLength: integer({ provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION, unit: 'byte' }),
          maxItems: integer({ provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION }),
          pattern: string({ provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION }),
        },
      },
      { provider: 'optional mutable', consumer: 'optional read-write' },
    ),
    capabilities: array(
      'capability',
      {
        kind: 'struct',
        fields: {
          name: string({ provider: 'mandatory mutable', consumer: 'optional read-write', xml: 'attribute' }),
          uri: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
          description: string({ provider: 'mandatory mutable', consumer: 'optional read-write', xml: 'attribute' }),
          value: any({ provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true, xml: 'content' }),
        },
      },
      { provider: 'optional mutable', consumer: 'optional read-write' },
    ),
    actions: array(
      'action',
      {
        kind: 'struct',
        fields: {
          name: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
          uri: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
          description: string({ provider: 'mandatory mutable', consumer: 'optional read-write', xml: 'attribute' }),
          method: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
          inputMessage: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
          outputMessage: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', xml: 'attribute' }),
        },
      },
      { provider: 'optional mutable', consumer: 'optional read-write' },
    ),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'ResourceMetadataCollection' },
});

export const resourceMetadataCollection = collectionType('ResourceMetadataCollection', {
  clause: '5.11.3',
  item: 'ResourceMetadata',
  json: 'resourceMetadatas',
  xml: 'ResourceMetadata',
  entryPoint: 'resourceMetadata',
  add: true,
});

export const metadataResources = [resourceMetadata] as const;
export const metadataCollections = [resourceMetadataCollection] as const;
