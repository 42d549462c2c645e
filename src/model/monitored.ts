import { array, collection, collectionType, ref } from './define';
import type { Attributes, Collection } from './define';

/** Declarations that every type shares whose resources have Meters and an EventLog (System, Machine, Volume, Network, NetworkPort). */

/** Meters and event log of a resource; its last attributes in each table. */
export const monitored = (type: string) => ({
  meters: collection(`${type}MeterCollection`, { provider: 'optional mutable', consumer: 'optional read-only' }),
  eventLog: ref('EventLog', { provider: 'optional mutable', consumer: 'optional read-only' }),
});

/** Collection of the Meters of one resource of the type. */
export const meterCollectionOf = (type: string, clause: string): Collection =>
  collectionType(`${type}MeterCollection`, {
    clause,
    item: 'Meter',
    json: 'meters',
    xml: 'Meter',
    owner: type,
    ownerAttribute: 'meters',
    add: true,
    addRequires: 'MeterTemplate',
  });

/** Templates of the Meters and of the EventLog that a create makes beside the resource. */
export const monitoringTemplates = {
  meterTemplates: array(
    'meterTemplate',
    { kind: 'ref', to: 'MeterTemplate', inline: ['MeterTemplate'] },
    { provider: 'optional mutable', consumer: 'optional read-write' },
  ),
  eventLogTemplate: ref('EventLogTemplate', {
    provider: 'optional mutable',
    consumer: 'optional read-write',
    inline: ['EventLogTemplate'],
  }),
} satisfies Attributes;
