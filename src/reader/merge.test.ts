import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { standardCatalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import type { ResourceRow } from '../store/store';
import { itemRefsOf, merge, type Parts } from './merge';
import type { Readable } from './policy';

const catalogue = standardCatalogue();
const cloud = { key: 'sim' } as Cloud;
const MADE = '2026-01-01T00:00:00.000Z';
const FOUND = '2020-01-01T00:00:00.000Z';

const itemOf = (values: object, more: Partial<Item> = {}): Item => ({ key: 'i-1', values: values as Values, ...more });
const rowOf = (more: Partial<ResourceRow> = {}): ResourceRow =>
  ({
    ...{ path: 'machines/m', type: 'Machine', tenant: 't', cloud: 'sim', providerKey: 'i-1', owner: null, state: null },
    ...{ values: {}, secrets: null, internal: {}, version: 1, created: MADE, updated: null },
    ...more,
  }) as ResourceRow;

function merged(parts: Partial<Parts>, paths: Readonly<Record<string, string>> = {}): Values {
  const whole = {
    path: 'machines/m',
    type: 'Machine',
    tenant: 't',
    cloud,
    row: undefined,
    item: undefined,
    held: undefined,
    at: 1,
    ...parts,
  };
  return merge(
    catalogue,
    whole as Readable<Parts>,
    (_cloud, type, key) => paths[`${type} ${key}`],
    (type) => type === 'Disk' || type === 'MachineDisk',
  ).values;
}

test('an item alone shows the provider’s values, its cloud, and the Collections that are there', () => {
  const values = merged({ item: itemOf({ name: 'n', state: 'STARTED' }, { created: FOUND }) });
  expect(values).toEqual({ name: 'n', state: 'STARTED', created: FOUND, cloud: 'sim', disks: { href: 'machines/m/disks' } });
});

test('what a provider’s thing refers to is shown by its path, and not at all where there is none for the tenant', () => {
  const item = itemOf({ cpu: 1, volume: { item: { type: 'Volume', key: 'v' } }, image: { item: { type: 'MachineImage', key: 'x' } } });
  expect(itemRefsOf(item).map(({ item: { key } }) => key)).toEqual(['v', 'x']);
  expect(merged({ item }, { 'Volume v': 'volumes/v' })).toMatchObject({ cpu: 1, volume: { href: 'volumes/v' } });
  expect(merged({ item }, {})).not.toHaveProperty('volume');
});

test('attributes that the gateway keeps stand over the provider’s; properties are merged key by key', () => {
  const row = rowOf({ internal: { kept: { name: 'ours', description: null, properties: { b: '2' } } } as ResourceRow['internal'] });
  const item = itemOf({ name: 'theirs', description: 'd', properties: { a: '1', b: '1' } });
  expect(merged({ row, item })).toMatchObject({ name: 'ours', description: 'd', properties: { a: '1', b: '2' } });
});

test('without an item the row’s own values show, with secrets that may be read and none that may not', () => {
  const row = rowOf({ type: 'Credential', cloud: null, providerKey: null, values: { userName: 'u' }, secrets: { password: 'p' } });
  const values = merged({ type: 'Credential', cloud: null, row });
  expect(values).toMatchObject({ userName: 'u', created: MADE });
  expect(values).not.toHaveProperty('password');
  expect(values).not.toHaveProperty('cloud');
});

test.each<[string, Partial<Parts>, string | undefined]>([
  ['the provider’s', { row: rowOf(), item: itemOf({ state: 'STARTED' }) }, 'STARTED'],
  [
    'its Job’s, while one holds it',
    { row: rowOf(), item: itemOf({ state: 'STARTED' }), held: { job: 'j', shows: 'STOPPING' } },
    'STOPPING',
  ],
  [
    'the provider’s, where the Job shows none',
    { row: rowOf(), item: itemOf({ state: 'STARTED' }), held: { job: 'j', shows: null } },
    'STARTED',
  ],
  [
    'the mark of a Job that waits, over all',
    { row: rowOf({ internal: { shows: 'DELETING' } }), item: itemOf({ state: 'STARTED' }), held: { job: 'j', shows: 'STOPPING' } },
    'DELETING',
  ],
  ['the row’s, before there is a key', { row: rowOf({ providerKey: null, state: 'ERROR' }) }, 'ERROR'],
  [
    'the provider’s, of what was left under way and shows',
    { row: rowOf({ providerKey: null, state: 'ERROR', internal: { underWay: true } }), item: itemOf({ state: 'STARTED' }) },
    'STARTED',
  ],
  ['none, of what was made and cannot be read now', { row: rowOf({ values: { state: 'CREATING' } }) }, undefined],
])('state: %s', (_what, parts, state) => {
  expect(merged(parts).state).toBe(state);
});

test.each<[string, Partial<Parts>, string | undefined]>([
  ['by the gateway: as it made it', { row: rowOf(), item: itemOf({}, { created: FOUND }) }, MADE],
  ['by nobody here: as the provider says', { row: rowOf({ internal: { discovered: true } }), item: itemOf({}, { created: FOUND }) }, FOUND],
  [
    'at an unknown time: not told, also once it has a row',
    { row: rowOf({ internal: { discovered: true, undated: true } }), item: itemOf({}) },
    undefined,
  ],
])('created %s', (_what, parts, created) => {
  expect(merged(parts).created).toBe(created);
});

test('its key is the item’s, else the row’s', () => {
  const key = (parts: Partial<Parts>) =>
    merge(
      catalogue,
      {
        path: 'machines/m',
        type: 'Machine',
        tenant: 't',
        cloud,
        held: undefined,
        at: 1,
        row: undefined,
        item: undefined,
        ...parts,
      } as Readable<Parts>,
      () => undefined,
      () => false,
    ).key;
  expect([key({ item: itemOf({}) }), key({ row: rowOf({ providerKey: 'k' }) }), key({ row: rowOf({ providerKey: null }) })]).toEqual([
    'i-1',
    'k',
    undefined,
  ]);
});
