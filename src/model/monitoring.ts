import { action } from './actions';
import { array, boolean, collection, collectionType, dateTime, duration, integer, ref, resource, string, uri } from './define';
import { jobStates, life } from './states';

export const timeScopes = ['Point', 'Interval'] as const;
/** Lengths of intervals, by the words that the text uses for them (D059). */
export const intervalWords = { hourly: 'PT1H', daily: 'P1D', weekly: 'P7D', monthly: 'P1M', yearly: 'P1Y' };
/** The same lengths in seconds, at least; a month and a year begin with the calendar's. */
export const intervals: ReadonlyMap<string, number> = new Map([
  ['PT1H', 3_600],
  ['P1D', 86_400],
  ['P7D', 604_800],
  ['P1M', 2_419_200],
  ['P1Y', 31_536_000],
]);

/** Job (5.17.1). */
export const job = resource('Job', {
  clause: '5.17.1',
  table: 48,
  primary: true,
  attributes: {
    state: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only', values: jobStates }),
    targetResource: ref('*', { provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    affectedResources: array(
      'affectedResource',
      { kind: 'ref', to: '*' },
      { provider: 'mandatory mutable', consumer: 'mandatory read-only' },
    ),
    action: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    returnCode: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
    progress: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-only', minimum: 0, maximum: 100 }),
    statusMessage: string({ provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
    timeOfStatusChange: dateTime({ provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
    parentJob: ref('Job', { provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    nestedJobs: array('nestedJob', { kind: 'ref', to: 'Job' }, { provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
  },
  operations: ['edit', 'delete'],
  actions: {
    stop: action('stop', '5.17.1.1', 'Stops the Job and undoes what it has done.', {
      from: ['QUEUED', 'RUNNING'],
      via: ['STOPPING'],
      to: 'STOPPED',
    }),
  },
  states: life(jobStates, ['QUEUED', 'RUNNING', 'STOPPING']),
  capabilities: {
    JobRetention: { type: 'integer', description: 'How long a finished Job is kept at least, in minutes.', unit: 'minute' },
  },
});

/** Meter (5.17.3). */
export const meter = resource('Meter', {
  clause: '5.17.3',
  table: 49,
  primary: true,
  attributes: {
    targetResource: ref('*', { provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    aspect: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    units: string({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    sampleInterval: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'second' }),
    timeScope: string({ provider: 'mandatory immutable', consumer: 'mandatory read-only', values: timeScopes }),
    intervalDuration: duration({ provider: 'mandatory immutable', consumer: 'mandatory read-only', synonyms: intervalWords }),
    isContinuous: boolean({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    samples: collection('SampleCollection', { provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
    minValue: string({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    maxValue: string({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    stopTime: dateTime({ provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
    expiresTime: dateTime({ provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
  },
  operations: ['edit', 'delete'],
  actions: {
    start: action('start', '5.17.3.2', 'Begins to record samples.'),
    stop: action('stop', '5.17.3.2', 'Ends the recording of samples.'),
  },
  capabilities: {
    MeterConfigByValue: {
      type: 'boolean',
      description: 'A MeterConfiguration may be given by value when a Meter is created.',
      implies: 'MeterTemplateByValue',
    },
    MeterTemplateByValue: { type: 'boolean', description: 'A MeterTemplate may be given by value when a Meter is created.' },
  },
  create: { collection: 'MeterCollection', template: 'MeterTemplate' },
});

/** Sample (5.17.3.1.1). */
export const sample = resource('Sample', {
  clause: '5.17.3.1.1',
  table: 50,
  primary: false,
  attributes: {
    timestamp: dateTime({ provider: 'mandatory immutable', consumer: 'mandatory read-only', xml: 'attribute', xmlParent: 'sample' }),
    value: string({ provider: 'mandatory immutable', consumer: 'mandatory read-only', xml: 'attribute', xmlParent: 'sample' }),
  },
  operations: [],
});

/** MeterTemplate (5.17.5). */
export const meterTemplate = resource('MeterTemplate', {
  clause: '5.17.5',
  table: 51,
  primary: true,
  attributes: {
    targetResource: ref('*', { provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
    meterConfig: ref('MeterConfiguration', {
      provider: 'mandatory mutable',
      consumer: 'mandatory read-write',
      inline: ['MeterConfiguration'],
    }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'MeterTemplateCollection' },
});

/** MeterConfiguration (5.17.7). */
export const meterConfiguration = resource('MeterConfiguration', {
  clause: '5.17.7',
  table: 52,
  primary: true,
  attributes: {
    associatedTo: array('associatedTo', { kind: 'uri', href: true }, { provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    aspect: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    units: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
    sampleInterval: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', unit: 'second' }),
    timeScope: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', values: timeScopes }),
    intervalDuration: duration({
      provider: 'mandatory mutable',
      consumer: 'mandatory read-write',
      synonyms: intervalWords,
      omissible: true,
    }),
    isContinuous: boolean({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'MeterConfigurationCollection' },
});

export const jobCollection = collectionType('JobCollection', {
  clause: '5.17.2',
  item: 'Job',
  json: 'jobs',
  xml: 'Job',
  entryPoint: 'jobs',
  add: false,
});

export const sampleCollection = collectionType('SampleCollection', {
  clause: '5.17.3.1.1',
  item: 'Sample',
  json: 'samples',
  xml: 'Sample',
  owner: 'Meter',
  ownerAttribute: 'samples',
  add: false,
  parameters: {
    step: {
      description: 'In place of the samples their means over steps of so many seconds, each stamped with the end of its step.',
      unit: 'second',
      minimum: 1,
      maximum: 31_622_400,
    },
  },
});

export const meterCollection = collectionType('MeterCollection', {
  clause: '5.17.4',
  item: 'Meter',
  json: 'meters',
  xml: 'Meter',
  entryPoint: 'meters',
  add: true,
  addRequires: 'MeterTemplate',
});

export const meterTemplateCollection = collectionType('MeterTemplateCollection', {
  clause: '5.17.6',
  item: 'MeterTemplate',
  json: 'meterTemplates',
  xml: 'MeterTemplate',
  entryPoint: 'meterTemplates',
  add: true,
});

export const meterConfigurationCollection = collectionType('MeterConfigurationCollection', {
  clause: '5.17.8',
  item: 'MeterConfiguration',
  json: 'meterConfigurations',
  xml: 'MeterConfiguration',
  entryPoint: 'meterConfigs',
  add: true,
});

export const monitoringResources = [job, meter, sample, meterTemplate, meterConfiguration] as const;
export const monitoringCollections = [
  jobCollection,
  sampleCollection,
  meterCollection,
  meterTemplateCollection,
  meterConfigurationCollection,
] as const;
