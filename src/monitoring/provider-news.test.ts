import type { ProviderEvent } from '../clouds/monitoring';
import { EVENT_TYPES } from '../model/event-types';
import type { Told } from './looks';
import { providerRecords, type ProviderNews } from './provider-news';

const pathOf = (key: string, { path }: Told): string => path ?? `machines/c.${key}`;
let count = 0;
const event = (more: Partial<ProviderEvent>): ProviderEvent & { key: string } => ({
  id: `e${++count}`,
  at: 1_000,
  type: 'Machine',
  kind: 'state',
  code: 'VmPoweredOff',
  detail: 'web is powered off',
  ...more,
  key: more.key ?? 'a',
});
const news = (events: ProviderNews['events'], more: Partial<ProviderNews> = {}): ProviderNews => ({
  type: 'Machine',
  cloud: { key: 'c', discoveredTenant: 'ops' },
  events,
  overlaid: {
    known: new Map([['a', { state: 'STARTED', path: 'machines/own', tenant: 'blue', name: 'web' }]]),
    fresh: new Set(),
    changed: new Map(),
  },
  pathOf,
  standings: new Map(),
  held: () => false,
  first: false,
  ...more,
});

describe('what a provider tells', () => {
  it('is told to the tenant whose resource it is, at its own time, under its own name', () => {
    const off = event({ state: 'STOPPED' });
    expect(providerRecords(news([off]))).toEqual([
      {
        tenant: 'blue',
        resource: 'machines/own',
        resourceType: 'Machine',
        type: EVENT_TYPES.state,
        content: { resName: 'web', state: 'STOPPED', previous: 'STARTED' },
        outcome: 'Status',
        severity: 'low',
        at: 1_000,
        told: { cloud: 'c', id: off.id },
      },
    ]);
  });

  it('has each state follow the one before', () => {
    const events = ['STOPPED', 'STOPPED', 'STARTED'].map((state) => event({ state }));
    expect(providerRecords(news(events)).map(({ content }) => `${String(content.previous)} ${String(content.state)}`)).toEqual([
      'STARTED STOPPED',
      'STOPPED STARTED',
    ]);
  });

  it('is not what the gateway does itself, which its Jobs tell', () => {
    const off = event({ state: 'STOPPED' });
    expect(providerRecords(news([off], { held: (path) => path === 'machines/own' }))).toEqual([]);
    const overlaid = { known: new Map(), fresh: new Set(['machines/c.a']), changed: new Map() };
    expect(providerRecords(news([off], { overlaid }))).toEqual([]);
  });

  it('is not a change that was told, nor that of a create of the gateway', () => {
    const overlaid = { known: new Map(), fresh: new Set<string>(), changed: new Map([['machines/c.a', 'delete']]) };
    const gone = event({ kind: 'model', change: 'delete' });
    expect(providerRecords(news([gone], { overlaid }))).toEqual([]);
    const standings = new Map([['b', { path: 'machines/new', tenant: 'blue', made: true }]]);
    expect(providerRecords(news([event({ key: 'b', kind: 'model', change: 'create' })], { standings }))).toEqual([]);
    expect(providerRecords(news([event({ key: 'b', kind: 'model', change: 'update' })], { standings }))).toHaveLength(1);
  });

  it('is an alarm always, also of what a Job holds and in the first look', () => {
    const alarm = event({ kind: 'alarm', code: 'instance-retirement', severity: 'high' });
    const records = providerRecords(news([alarm, event({ state: 'STOPPED' })], { held: () => true, first: true }));
    expect(records).toEqual([
      expect.objectContaining({
        type: EVENT_TYPES.alarm,
        severity: 'high',
        content: { resName: 'web', code: 'instance-retirement', detail: 'web is powered off' },
      }),
    ]);
  });

  it('of something unknown is for the tenant of what is found in the cloud', () => {
    const [record] = providerRecords(news([event({ key: 'z', kind: 'alarm' })]));
    expect(record).toMatchObject({ tenant: 'ops', resource: 'machines/c.z' });
  });
});
