import { array, collectionType, dateTime, EXTENSION, NO_CLAUSE, ref, resource, string } from './define';

/** Clouds behind the gateway, each a resource that is read: a type of the gateway's own (5.2). */

const always = { provider: 'mandatory immutable', consumer: 'mandatory read-only' } as const;
const perhaps = { provider: 'optional mutable', consumer: 'optional read-only' } as const;
const mutable = { provider: 'mandatory mutable', consumer: 'mandatory read-only' } as const;

/** UNKNOWN: no call has ended yet; DEGRADED: some of its services answer; DOWN: none does. */
export const CLOUD_STATES = ['UNKNOWN', 'UP', 'DEGRADED', 'DOWN'] as const;

export const cloud = resource('Cloud', {
  clause: NO_CLAUSE,
  primary: true,
  namespace: EXTENSION,
  typeURI: `${EXTENSION}/Cloud`,
  attributes: {
    // What the attribute `cloud` of resources and creates says of it.
    key: string(always),
    driver: string(always),
    region: string(perhaps),
    mode: string({ ...mutable, values: ['manage', 'observe'] }),
    state: string({ ...mutable, values: CLOUD_STATES }),
    // Time since which it is in this state, and the provider's words for why it is not UP.
    since: dateTime(perhaps),
    reason: string(perhaps),
    // Types of which it has resources.
    resourceTypes: array('resourceType', { kind: 'uri' }, mutable),
    cloudEntryPoint: ref('CloudEntryPoint', mutable),
  },
  operations: [],
});

export const cloudCollection = collectionType('CloudCollection', {
  clause: NO_CLAUSE,
  namespace: EXTENSION,
  typeURI: `${EXTENSION}/CloudCollection`,
  item: 'Cloud',
  json: 'clouds',
  xml: 'Cloud',
  entryPoint: 'clouds',
  add: false,
});
