import { array, integer, ref, string, struct } from 'cimi-gateway/types';

export const contractVersion = '1.1';

/** Everything below is named in it: a URI of your own, which never changes its meaning. */
export const namespace = 'http://example.com/racks/1';

const writable = { provider: 'optional mutable', consumer: 'optional read-write' };
const mandatory = { provider: 'mandatory mutable', consumer: 'mandatory read-write' };
const told = { provider: 'mandatory immutable', consumer: 'mandatory read-only' };
const perhaps = { provider: 'optional immutable', consumer: 'optional read-only' };
const shown = { provider: 'mandatory mutable', consumer: 'optional read-only' };

export const types = {
  Rack: {
    collection: 'racks',
    attributes: {
      room: string({ ...writable, plain: true }),
      units: integer({ ...mandatory, unit: 'rack unit', minimum: 1, maximum: 60 }),
      place: struct({ row: string(writable), column: integer(writable) }, writable),
      machines: array('machine', { kind: 'ref', to: 'Machine' }, writable),
      successor: ref('Rack', writable),
      pin: string({ provider: 'optional mutable', consumer: 'optional write-only' }),
      state: string({ ...shown, values: ['OPEN', 'LOCKED'], initial: 'OPEN' }),
      reason: string({ provider: 'optional mutable', consumer: 'optional read-only' }),
    },
    actions: {
      lock: {
        description: 'Locks the rack.',
        from: ['OPEN'],
        to: 'LOCKED',
        input: { reason: string(mandatory) },
        perform: (rack, { reason }) => {
          if (reason === undefined) return { refused: 'it is locked for a reason' };
          if (rack.room === 'lobby') return { refused: 'a rack in the lobby is not locked' };
          return { changes: { reason }, events: [{ type: 'locked', content: { reason } }] };
        },
      },
      unlock: {
        description: 'Opens the rack.',
        from: ['LOCKED'],
        to: 'OPEN',
        perform: () => ({ changes: { reason: null } }),
      },
    },
    capabilities: {
      MaxUnits: { description: 'The highest rack.', value: 60, unit: 'rack unit' },
    },
    tell: (change, now, before) =>
      change === 'update' && now.room !== before.room ? [{ type: 'moved', content: { from: before.room, to: now.room } }] : [],
  },
};

/** Types of the events that racks tell, beside those that are told of every change. */
export const events = {
  locked: {
    description: 'A rack was locked.',
    severity: 'medium',
    content: { reason: string(told) },
  },
  moved: {
    description: 'A rack stands in another room.',
    outcomes: ['Planned'],
    content: { from: string(perhaps), to: string(perhaps) },
  },
};

/** Attributes of the standard's types, where the gateway itself keeps the resources. */
export const attributes = {
  MachineTemplate: {
    costCentre: string({ ...writable, plain: true }),
  },
};
