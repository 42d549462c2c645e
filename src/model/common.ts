import { array, dateTime, EXTENSION, integer, map, ref, string, uri } from './define';
import type { Attribute, Attributes } from './define';

/** Longest description, bytes. */
export const DESCRIPTION = 16_384;

/** Longest line of an OpenSSH public key, bytes: RSA of 16,384 bits, and a comment. */
const PUBLIC_KEY = 4096;

/** Attributes that (nearly) every resource has (5.10.1). */
const primary = {
  id: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
  name: string({ provider: 'mandatory mutable', consumer: 'optional read-write', plain: true }),
  description: string({ provider: 'mandatory mutable', consumer: 'optional read-write', maxLength: DESCRIPTION }),
  created: dateTime({ provider: 'optional immutable', consumer: 'optional read-only' }),
  updated: dateTime({ provider: 'optional mutable', consumer: 'optional read-only' }),
  properties: map({ provider: 'mandatory mutable', consumer: 'optional read-write' }),
} satisfies Attributes;

/** Constraints of attributes of secondary resources, which the provider need not support even if the consumer may write them. */
const secondary = {
  ...primary,
  name: string({ provider: 'optional mutable', consumer: 'optional read-write', plain: true }),
  description: string({ provider: 'optional mutable', consumer: 'optional read-write', maxLength: DESCRIPTION }),
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

const planned = { provider: 'optional immutable', consumer: 'optional read-only' } as const;
/** Constraints of the thresholds of a Meter: given when it is made, in its template or later. */
const threshold = { provider: 'optional mutable', consumer: 'optional read-write', onCreate: true, namespace: EXTENSION } as const;
const meters = ['Meter', 'MeterTemplate'];

/** Constraints of what a package (OVF) says of a machine. */
const ofPackage = { provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION, ofTemplate: true } as const;
const machines = ['MachineTemplate', 'Machine'];

/** The gateway's own attributes of resources, in the namespace EXTENSION. */
export const extensionAttributes: readonly ExtensionAttribute[] = [
  {
    // Key of the configured cloud in which the resource lives; a create may choose it.
    name: 'cloud',
    attribute: string({ provider: 'optional immutable', consumer: 'optional read-only', onCreate: true, namespace: EXTENSION }),
    types: [
      // Of a System: that of its components which say none.
      'System',
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
      'MeterConfiguration',
    ],
  },
  {
    // The same for what is made from a template; it may stand beside the template as well.
    name: 'cloud',
    attribute: string({ provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION }),
    types: [
      'SystemTemplate',
      'MachineTemplate',
      'VolumeTemplate',
      'NetworkTemplate',
      'NetworkPortTemplate',
      'AddressTemplate',
      'ForwardingGroupTemplate',
    ],
  },
  {
    // The public key as an OpenSSH line: what `key` has as bytes.
    name: 'publicKey',
    attribute: string({ provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION, maxLength: PUBLIC_KEY }),
    types: ['Credential', 'CredentialTemplate'],
  },
  {
    // Private half of a generated key pair: in the body that answers the create, and nowhere else.
    name: 'privateKey',
    attribute: string({ provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION }),
    types: ['Credential'],
  },
  {
    // Type of the key pair that is made where none is given.
    name: 'keyType',
    attribute: string({ provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION, values: ['ed25519', 'rsa'] }),
    types: ['CredentialTemplate'],
  },
  {
    // Share of the members that an aggregate is made of, where it is one: 3/4.
    name: 'covered',
    attribute: string({ provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION }),
    types: ['Sample'],
  },
  {
    // Place in a refused request that is at fault: an attribute (place.ts), a query parameter or a header.
    name: 'errorAt',
    attribute: string({ provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION }),
    types: ['Job'],
  },
  {
    // What a Job that only plans has found: each part, what it becomes, and its bytes.
    name: 'plan',
    attribute: array(
      'planned',
      {
        kind: 'struct',
        fields: { part: string(planned), becomes: string(planned), bytes: integer({ ...planned, unit: 'byte' }), detail: string(planned) },
      },
      { provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION },
    ),
    types: ['Job'],
  },
  {
    // SHA-256 of an image's contents as a raw image, zeros included, in hexadecimal digits: of one that was copied from another cloud.
    name: 'contentSha256',
    attribute: string({ provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION }),
    types: ['MachineImage', 'VolumeImage'],
  },
  {
    // Resource that an Event tells of, where filters can reach it; it may be gone.
    name: 'about',
    attribute: ref('*', { provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION }),
    types: ['Event'],
  },
  {
    // Job that an Event comes of; it may be gone.
    name: 'job',
    attribute: ref('Job', { provider: 'optional immutable', consumer: 'optional read-only', namespace: EXTENSION }),
    types: ['Event'],
  },
  // Of a machine that was imported: the id of its VirtualSystem, the MAC addresses that its package asks for, and the properties of
  // its products, KEY=VALUE, without those that may be passwords.
  { name: 'ovfId', attribute: string(ofPackage), types: machines },
  { name: 'ovfMacs', attribute: array('ovfMac', { kind: 'string' }, ofPackage), types: machines },
  { name: 'ovfProperties', attribute: array('ovfProperty', { kind: 'string' }, ofPackage), types: machines },
  {
    // Resource that it was moved or copied from: of the caller's, in another cloud or of an earlier time.
    name: 'movedFrom',
    attribute: ref('*', ofPackage),
    types: ['System', 'SystemTemplate', ...machines, 'MachineImage', 'Volume', 'VolumeTemplate', 'VolumeImage'],
  },
  // Thresholds in the unit of a Meter, and the time, in s, for which samples have to be beyond one to be an alarm.
  { name: 'above', attribute: string(threshold), types: meters },
  { name: 'below', attribute: string(threshold), types: meters },
  { name: 'forSeconds', attribute: integer({ ...threshold, unit: 'second', minimum: 0 }), types: meters },
];

/** The gateway's own attributes of every collection: the clouds that did not answer. */
export const collectionExtensions: Attributes = {
  unavailableClouds: array(
    'unavailableCloud',
    { kind: 'string' },
    { provider: 'optional mutable', consumer: 'optional read-only', namespace: EXTENSION },
  ),
};
