import { array, dateTime, map, string, uri } from './define';
import type { Attribute, Attributes } from './define';

/** Attributes that (nearly) every resource has (5.10.1). */
const primary = {
  id: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
  name: string({ provider: 'mandatory mutable', consumer: 'optional read-write' }),
  description: string({ provider: 'mandatory mutable', consumer: 'optional read-write' }),
  created: dateTime({ provider: 'optional immutable', consumer: 'optional read-only' }),
  updated: dateTime({ provider: 'optional mutable', consumer: 'optional read-only' }),
  properties: map({ provider: 'mandatory mutable', consumer: 'optional read-write' }),
} satisfies Attributes;

/** On secondary resources the provider need not support what the consumer may write. */
const secondary = {
  ...primary,
  name: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
  description: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
  properties: map({ provider: 'optional mutable', consumer: 'optional read-write' }),
} satisfies Attributes;

/** Common attributes in their published order, for primary (items of entry point collections) or secondary resources. */
export const commonAttributes = (isPrimary: boolean): Attributes => (isPrimary ? primary : secondary);

/** An attribute of our own (5.2), merged by the catalogue into the types named. */
export interface ExtensionAttribute {
  name: string;
  attribute: Attribute;
  types: readonly string[];
}

/** The gateway's own attributes of resources, in the namespace EXTENSION. */
export const extensionAttributes: readonly ExtensionAttribute[] = [
  {
    // Key of the configured cloud in which the resource lives; a create may choose it.
    name: 'cloud',
    attribute: string({ provider: 'optional immutable', consumer: 'optional read-only', onCreate: true, extension: true }),
    types: [
      'Machine',
      'MachineConfiguration',
      'MachineImage',
      'Volume',
      'VolumeConfiguration',
      'VolumeImage',
      'Network',
      'NetworkConfiguration',
      'NetworkPort',
      'NetworkPortConfiguration',
      'Address',
      'ForwardingGroup',
    ],
  },
  {
    // Private half of a generated key pair: in the body that answers the create, and nowhere else.
    name: 'privateKey',
    attribute: string({ provider: 'optional immutable', consumer: 'optional read-only', extension: true }),
    types: ['Credential'],
  },
];

/** The gateway's own attributes of every collection: the clouds that did not answer. */
export const collectionExtensions: Attributes = {
  unavailableClouds: array(
    'unavailableCloud',
    { kind: 'string' },
    { provider: 'optional mutable', consumer: 'optional read-only', extension: true },
  ),
};
