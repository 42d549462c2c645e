import { array, collectionType, dateTime, EXTENSION, integer, NO_CLAUSE, ref, resource, string } from './define';

/** Clouds behind the gateway, each a resource that is read: a type of the gateway's own (5.2). */

const always = { provider: 'mandatory immutable', consumer: 'mandatory read-only' } as const;
const perhaps = { provider: 'optional mutable', consumer: 'optional read-only' } as const;
const mutable = { provider: 'mandatory mutable', consumer: 'mandatory read-only' } as const;

/** UNKNOWN: no call has ended yet; DEGRADED: some of its services answer; DOWN: none does. */
export const CLOUD_STATES = ['UNKNOWN', 'UP', 'DEGRADED', 'DOWN'] as const;

/** Things of which an account may have so many, or so much. */
export const QUOTAS = ['machines', 'cpus', 'memory', 'volumes', 'capacity'] as const;

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
    // Bounds of the account, where the provider tells them: in numbers of things, in KiB of memory, in kB of capacity.
    quotas: array(
      'quota',
      { kind: 'struct', fields: { of: string({ ...always, values: QUOTAS }), limit: integer(mutable), used: integer(mutable) } },
      perhaps,
    ),
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
