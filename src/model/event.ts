import { any, collection, collectionType, dateTime, integer, ref, resource, string, struct, uri } from './define';

export const persistences = ['daily', 'weekly', 'monthly', 'yearly'] as const;
export const outcomes = ['Pending', 'Unknown', 'Status', 'Success', 'Warning', 'Failure'] as const;
export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Outcome = (typeof outcomes)[number];
export type Severity = (typeof severities)[number];

/** EventLog (5.17.9). */
export const eventLog = resource('EventLog', {
  clause: '5.17.9',
  table: 54,
  primary: true,
  attributes: {
    targetResource: ref('*', { provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    events: collection('EventCollection', { provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
    persistence: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', values: persistences }),
    summary: struct(
      {
        low: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
        medium: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
        high: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
        critical: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-only' }),
      },
      { provider: 'mandatory mutable', consumer: 'mandatory read-only' },
    ),
  },
  operations: ['edit', 'delete'],
  capabilities: {
    Linked: { type: 'boolean', description: 'An EventLog is deleted together with the resource that it belongs to.' },
  },
  create: { collection: 'EventLogCollection', template: 'EventLogTemplate' },
});

/** EventLogTemplate (5.17.11). */
export const eventLogTemplate = resource('EventLogTemplate', {
  clause: '5.17.11',
  table: 55,
  primary: true,
  attributes: {
    targetResource: ref('*', { provider: 'mandatory mutable', consumer: 'mandatory read-write', omissible: true }),
    persistence: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write', values: persistences, omissible: true }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'EventLogTemplateCollection' },
});

/** Event (5.17.13). */
export const event = resource('Event', {
  clause: '5.17.13',
  table: 56,
  primary: false,
  attributes: {
    timestamp: dateTime({ provider: 'mandatory immutable', consumer: 'optional read-only' }),
    type: uri({ provider: 'mandatory immutable', consumer: 'mandatory read-only' }),
    content: any({ provider: 'mandatory immutable', consumer: 'mandatory read-only', typedBy: 'type' }),
    outcome: string({ provider: 'optional immutable', consumer: 'optional read-only', values: outcomes, valuesOpen: true }),
    severity: string({ provider: 'optional immutable', consumer: 'optional read-only', values: severities }),
    contact: string({ provider: 'optional immutable', consumer: 'optional read-only' }),
  },
  operations: ['edit', 'delete'],
  create: { collection: 'EventCollection' },
});

export const eventCollection = collectionType('EventCollection', {
  clause: '5.17.9.1.1',
  item: 'Event',
  json: 'events',
  xml: 'Event',
  owner: 'EventLog',
  ownerAttribute: 'events',
  add: true,
  watched: true,
});

export const eventLogCollection = collectionType('EventLogCollection', {
  clause: '5.17.10',
  item: 'EventLog',
  json: 'eventLogs',
  xml: 'EventLog',
  entryPoint: 'eventLogs',
  add: true,
  addRequires: 'EventLogTemplate',
});

export const eventLogTemplateCollection = collectionType('EventLogTemplateCollection', {
  clause: '5.17.12',
  item: 'EventLogTemplate',
  json: 'eventLogTemplates',
  xml: 'EventLogTemplate',
  entryPoint: 'eventLogTemplates',
  add: true,
});

export const eventResources = [eventLog, eventLogTemplate, event] as const;
export const eventCollections = [eventCollection, eventLogCollection, eventLogTemplateCollection] as const;
