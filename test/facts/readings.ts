import type { Comparable } from './comparable';

/** Places where the catalogue differs from the published facts on purpose: by path, what we read instead, with the decision. */
export const READINGS: Readonly<Record<string, (published: Comparable) => Comparable[]>> = {
  // D007: restore needs a state that the list lacks; the gateway adds no other, so its lists of states are closed.
  'Machine.state': (published) => [{ ...published, values: published.values?.replace('DELETING', 'RESTORING,DELETING'), open: false }],
  'System.state': closed,
  'MachineImage.state': closed,
  'Volume.state': closed,
  'VolumeImage.state': closed,
  'Network.state': closed,
  'NetworkPort.state': closed,
  'Job.state': closed,
  // D020: either type may be given by value.
  'MachineTemplate.credential': (published) => [{ ...published, inline: 'CredentialTemplate,Credential' }],
  // Decision 0040, as DSP8009 has it: an Address by value is what an interface has from its beginning.
  'MachineTemplate.networkInterfaces.addresses': (published) => [{ ...published, inline: 'Address' }],
  // D041: by value where VolumeImageByValue is announced.
  'VolumeTemplate.volumeImage': (published) => [{ ...published, inline: 'VolumeImage' }],
  // D067: the four example words are the list.
  'EventLog.persistence': persistence,
  'EventLogTemplate.persistence': persistence,
  // D036: one attribute per type of component, and the literal name.
  'SystemTemplate.componentDescriptors.componentTemplate': componentTemplates,
  // D047: serialized as values, ranges or value.
  'ResourceMetadata.attributes.valueConstraints': valueConstraints,
};

/** D070: 5.17.13.1 gives an Event operations that its pseudo-schemas lack. */
export const OPERATIONS: Readonly<Record<string, readonly string[]>> = { Event: ['edit', 'delete'] };

/** CredentialTemplate has no table of attributes: it holds those of the Credential to be made. */
export const SAME_ATTRIBUTES: Readonly<Record<string, string>> = { CredentialTemplate: 'Credential' };

/** 5.14.9: what the provider adds to a Credential stands where the pseudo-schema has xs:any, after the operations. */
const credentialOrder = ['operations', 'userName', 'password', 'key'];
/** D045: ResourceMetadata in the order of its table, as the examples and the published schema have it. */
export const XML_ORDER: Readonly<Record<string, readonly string[] | undefined>> = {
  Credential: credentialOrder,
  CredentialTemplate: credentialOrder,
  ResourceMetadata: undefined,
};

/** Attributes that consumers may not write by their table and that are nevertheless read from requests. */
export const ACCEPTED = {
  onCreate: [
    // D012: an association without its reference would associate nothing.
    'SystemSystem.system',
    'SystemMachine.machine',
    'SystemCredential.credential',
    'SystemVolume.volume',
    'SystemNetwork.network',
    'SystemNetworkPort.networkPort',
    'SystemAddress.address',
    'SystemForwardingGroup.forwardingGroup',
    'MachineNetworkInterfaceAddress.address',
    'MachineSnapshot.snapshot',
    'VolumeVolumeImage.volumeImage',
    // D099
    'MachineVolume.initialLocation',
    'Disk.initialLocation',
    // D018
    // D013
    'AddressTemplate.allocation',
    // D021
    'MachineTemplate.networkInterfaces.addresses',
  ],
  // D013, D014, D021
  onUpdate: ['AddressTemplate.allocation', 'Address.allocation', 'MachineTemplate.networkInterfaces.addresses'],
};

function closed(published: Comparable): Comparable[] {
  return [{ ...published, open: false }];
}

function persistence(published: Comparable): Comparable[] {
  return [{ ...published, values: 'daily,weekly,monthly,yearly', open: false }];
}

function componentTemplates(published: Comparable): Comparable[] {
  const types = ['System', 'Machine', 'Credential', 'Volume', 'Network', 'NetworkPort', 'Address', 'ForwardingGroup'];
  const templates = types.map((type) => `${type}Template`);
  const camel = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
  return [
    ...templates.map((template) => ({ ...published, name: camel(template), kind: 'ref', to: template, inline: template })),
    { ...published, kind: 'ref', to: '*', inline: templates.join() },
  ];
}

function valueConstraints(published: Comparable): Comparable[] {
  const { provider, consumer } = published;
  const plain = { provider, consumer, xml: 'element' };
  const bound = (name: string) => ({ name, kind: 'integer', provider, consumer, xml: 'attribute' });
  return [
    { ...plain, name: 'values', kind: 'array', itemName: 'value', item: 'any' },
    { ...plain, name: 'ranges', kind: 'array', itemName: 'range', item: 'struct', fields: [bound('low'), bound('high')] },
    { ...plain, name: 'value', kind: 'boolean' },
  ];
}

/** Published attributes as we read them, in order. */
export function read(path: string, published: readonly Comparable[]): Comparable[] {
  return published.flatMap((attribute) => {
    const at = `${path}.${attribute.name}`;
    const whole = attribute.fields ? { ...attribute, fields: read(at, attribute.fields) } : attribute;
    return READINGS[at]?.(whole) ?? [whole];
  });
}
