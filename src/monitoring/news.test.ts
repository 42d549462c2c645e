import { EVENT_TYPES } from '../model/event-types';
import type { Sight, Told, Turned } from './looks';
import { changesToTell, overlaid, type Found, type Recorded } from './news';

const pathOf = (key: string, { path }: Told): string => path ?? `machines/c.${key}`;
const at = (ms: number): string => new Date(ms).toISOString();
const state = (resource: string, told: string, ms = 0): Recorded => ({
  resource,
  type: EVENT_TYPES.state,
  content: { state: told },
  recorded: at(ms),
});
const model = (resource: string, change: string, ms = 0): Recorded => ({
  resource,
  type: EVENT_TYPES.model,
  content: { change },
  recorded: at(ms),
});
const known = (entries: Record<string, Told>): Map<string, Told> => new Map(Object.entries(entries));

describe('what others have told', () => {
  it('is laid over what a watcher told, the last of it', () => {
    const told = known({ a: { state: 'STARTED' }, b: { state: 'STARTED', path: 'machines/own' }, c: { state: 'STARTED' } });
    const recorded = [state('machines/c.a', 'STOPPED'), state('machines/own', 'PAUSED'), state('machines/own', 'STOPPED')];
    const { known: now } = overlaid(told, recorded, pathOf, 0);
    expect([...now].map(([key, facts]) => `${key} ${facts.state ?? ''}`)).toEqual(['a STOPPED', 'b STOPPED', 'c STARTED']);
    expect(told.get('a')?.state).toBe('STARTED');
  });

  it('is fresh as long as the provider may still show what was before', () => {
    const recorded = [
      { ...state('machines/c.a', 'STOPPED', 100), job: 'j' },
      { ...model('machines/c.b', 'update', 200), job: 'j' },
      model('machines/c.c', 'delete', 200),
      // Told by a look, or by the provider: it shows there.
      state('machines/c.d', 'STOPPED', 200),
    ];
    expect([...overlaid(known({}), recorded, pathOf, 150).fresh]).toEqual(['machines/c.b', 'machines/c.c']);
  });

  it('names changes of the model by their resource', () => {
    const recorded = [
      model('machines/c.a', 'update'),
      model('machines/c.a', 'delete'),
      { ...model('machines/c.b', 'x'), type: EVENT_TYPES.access },
    ];
    expect([...overlaid(known({}), recorded, pathOf, 0).changed]).toEqual([['machines/c.a', 'delete']]);
  });
});

describe('what a look tells', () => {
  const found = (more: Partial<Found>): Found => ({
    type: 'Machine',
    cloud: { discoveredTenant: 'ops' },
    known: known({}),
    seen: new Map<string, Sight>(),
    items: new Map(),
    standings: new Map(),
    appeared: [],
    turned: [],
    gone: [],
    pathOf,
    waits: () => false,
    told: new Map(),
    ...more,
  });
  const turned: Turned = { key: 'a', state: 'STOPPED', previous: 'STARTED' };

  it('is the change of a state, to the tenant whose resource it is', () => {
    const before = known({ a: { state: 'STARTED', path: 'machines/own', tenant: 'blue', name: 'web' } });
    const { changes, known: after } = changesToTell(found({ known: before, turned: [turned] }));
    expect(changes).toEqual([
      {
        path: 'machines/own',
        tenant: 'blue',
        type: 'Machine',
        name: 'web',
        what: { state: 'STOPPED', previous: 'STARTED', reason: undefined },
      },
    ]);
    expect(after.get('a')?.state).toBe('STOPPED');
  });

  it('waits for what a Job holds, and is found again in the next look', () => {
    const before = known({ a: { state: 'STARTED' }, b: { state: 'STARTED' } });
    const { changes, known: after } = changesToTell(found({ known: before, turned: [turned], gone: ['b'], waits: () => true }));
    expect(changes).toEqual([]);
    expect(after).toEqual(before);
  });

  it('is not the deletion that was told already', () => {
    const before = known({ a: {}, b: {} });
    const told = new Map([['machines/c.a', 'delete']]);
    const { changes, known: after } = changesToTell(found({ known: before, gone: ['a', 'b'], told }));
    expect(changes.map(({ path, what }) => [path, what])).toEqual([['machines/c.b', 'delete']]);
    expect(after.size).toBe(0);
  });

  it('is what appeared, unless the gateway made it', () => {
    const standings = new Map([
      ['a', { path: 'machines/c.a', tenant: 'ops', made: false }],
      ['b', { path: 'machines/own', tenant: 'blue', made: true, name: 'kept here' }],
    ]);
    const seen = new Map([
      ['a', { state: 'STARTED', name: 'found', passing: false }],
      ['b', { state: 'STARTED', name: undefined, passing: false }],
    ]);
    const { changes, known: after } = changesToTell(found({ appeared: ['a', 'b'], standings, seen }));
    expect(changes).toEqual([{ path: 'machines/c.a', tenant: 'ops', type: 'Machine', name: 'found', what: 'create' }]);
    expect(after.get('a')).toEqual({ state: 'STARTED', name: 'found' });
    expect(after.get('b')).toEqual({ state: 'STARTED', name: 'kept here', path: 'machines/own', tenant: 'blue' });
  });

  it('follows names, and learns the state of what was passing through one', () => {
    const seen = new Map([['a', { state: 'STARTED', name: 'renamed', passing: false }]]);
    const { changes, known: after } = changesToTell(found({ known: known({ a: { name: 'old' } }), seen }));
    expect(changes).toEqual([]);
    expect(after.get('a')).toEqual({ state: 'STARTED', name: 'renamed' });
  });
});
