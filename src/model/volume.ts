import { CIMI, boolean, collection, collectionType, integer, ref, resource, string, uri } from './define';
import { imageStates, life, volumeStates } from './states';
import { meterCollectionOf, monitored, monitoringTemplates } from './monitored';

/** Published types of volumes. */
const volumeTypes = [`${CIMI}/mapped`] as const;
/** Type of ordinary block volumes, which have none of the standard's own (D123): every cloud makes a Volume of it, in its usual way. */
export const BLOCK_VOLUME = 'http://cimi-gateway.org/volume-type/block';
/** Types of which every cloud makes a Volume in its usual way: that one, and those of the standard, which name no way (D123). */
export const USUAL_VOLUMES: readonly string[] = [BLOCK_VOLUME, ...volumeTypes];
/** Tells whether a Volume of a type, or of none that was named, is made in its cloud's usual way. */
export const isUsualVolume = (type: string | undefined): boolean => type === undefined || USUAL_VOLUMES.includes(type);

/** Volume (5.15.1). */
export const volume = resource('Volume', {
  clause: '5.15.1',
  table: 32,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: volumeStates }),
    type: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only', values: volumeTypes, valuesOpen: true }),
    capacity: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'kilobyte' }),
    bootable: boolean({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    images: collection('VolumeVolumeImageCollection', { provider: 'optional mutable', consumer: 'optional read-only' }),
    ...monitored('Volume'),
  },
  operations: ['edit', 'delete'],
  states: life(volumeStates, ['CREATING', 'CAPTURING', 'DELETING'], 'AVAILABLE'),
  capabilities: {
    SharedVolumeSupport: { type: 'boolean', description: 'One Volume can be attached to several Machines.' },
    VolumeConfigByValue: {
      type: 'boolean',
      description: 'A VolumeConfiguration may be given by value when a Volume is created.',
      implies: 'VolumeTemplateByValue',
    },
    VolumeImageByValue: {
      type: 'boolean',
      description: 'A VolumeImage may be given by value when a Volume is created.',
      implies: 'VolumeTemplateByValue',
    },
    VolumeSnapshot: { type: 'boolean', description: 'A VolumeImage can be made from a Volume.' },
    VolumeTemplateByValue: { type: 'boolean', description: 'A VolumeTemplate may be given by value when a Volume is created.' },
    VolumeAvailabilityLevel: { type: 'boolean', description: 'Volumes have an availability level, announced as an extension attribute.' },
  },
  create: { collection: 'VolumeCollection', template: 'VolumeTemplate' },
});

/** VolumeVolumeImage (5.15.1.1.1). */
export const volumeVolumeImage = resource('VolumeVolumeImage', {
  clause: '5.15.1.1.1',
  table: 33,
  primary: false,
  attributes: {
    volumeImage: ref('VolumeImage', { provider: 'mandatory mutable', consumer: 'mandatory read-only', onCreate: true }),
  },
  operations: ['edit', 'delete'],
});

/** VolumeTemplate (5.15.3). */
export const volumeTemplate = resource('VolumeTemplate', {
  clause: '5.15.3',
  table: 34,
  primary: true,
  attributes: {
    volumeConfig: ref('VolumeConfiguration', {
      provider: 'mandatory mutable',
      consumer: 'mandatory read-write',
      inline: ['VolumeConfiguration'],
    }),
    volumeImage: ref('VolumeImage', { provider: 'optional mutable', consumer: 'optional read-write', inline: ['VolumeImage'] }),
    ...monitoringTemplates,
  },
  operations: ['edit', 'delete'],
  create: { collection: 'VolumeTemplateCollection' },
});

/** VolumeConfiguration (5.15.5). */
export const volumeConfiguration = resource('VolumeConfiguration', {
  clause: '5.15.5',
  table: 35,
  primary: true,
  attributes: {
    type: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write', values: volumeTypes, valuesOpen: true }),
    format: string({ provider: 'optional mutable', consumer: 'optional read-write' }),
    capacity: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'kilobyte' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'VolumeConfigurationCollection' },
});

/** VolumeImage (5.15.7). */
export const volumeImage = resource('VolumeImage', {
  clause: '5.15.7',
  table: 36,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: imageStates }),
    imageLocation: ref('*', { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    bootable: boolean({ provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
  },
  operations: ['edit', 'delete'],
  states: life(imageStates, ['CREATING', 'DELETING'], 'AVAILABLE'),
  create: { collection: 'VolumeImageCollection' },
});

export const volumeVolumeImageCollection = collectionType('VolumeVolumeImageCollection', {
  clause: '5.15.1.1.1',
  item: 'VolumeVolumeImage',
  json: 'volumeVolumeImages',
  xml: 'VolumeVolumeImage',
  owner: 'Volume',
  ownerAttribute: 'images',
  add: false,
});

export const volumeMeterCollection = meterCollectionOf('Volume', '5.15.1.1.2');

export const volumeCollection = collectionType('VolumeCollection', {
  clause: '5.15.2',
  item: 'Volume',
  json: 'volumes',
  xml: 'Volume',
  entryPoint: 'volumes',
  add: true,
  addRequires: 'VolumeTemplate',
});

export const volumeTemplateCollection = collectionType('VolumeTemplateCollection', {
  clause: '5.15.4',
  item: 'VolumeTemplate',
  json: 'volumeTemplates',
  xml: 'VolumeTemplate',
  entryPoint: 'volumeTemplates',
  add: true,
});

export const volumeConfigurationCollection = collectionType('VolumeConfigurationCollection', {
  clause: '5.15.6',
  item: 'VolumeConfiguration',
  json: 'volumeConfigurations',
  xml: 'VolumeConfiguration',
  entryPoint: 'volumeConfigs',
  add: true,
});

export const volumeImageCollection = collectionType('VolumeImageCollection', {
  clause: '5.15.8',
  item: 'VolumeImage',
  json: 'volumeImages',
  xml: 'VolumeImage',
  entryPoint: 'volumeImages',
  add: true,
});

export const volumeResources = [volume, volumeVolumeImage, volumeTemplate, volumeConfiguration, volumeImage] as const;
export const volumeCollections = [
  volumeVolumeImageCollection,
  volumeMeterCollection,
  volumeCollection,
  volumeTemplateCollection,
  volumeConfigurationCollection,
  volumeImageCollection,
] as const;
