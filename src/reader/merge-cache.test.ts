import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import type { Found } from '../operations/resource-handler';
import type { ResourceRow } from '../store/store';
import { MergeCache } from './merge-cache';
import type { Parts } from './merge';
import type { Readable } from './policy';

const cloud = { key: 'c' } as Cloud;
const item: Item = { key: 'i-1', values: { name: 'n', volume: { item: { type: 'Volume', key: 'v-1' } } } };
const row = { version: 3, created: '2026-01-01T00:00:00.000Z' } as ResourceRow;
const parts = { path: 'machines/a', type: 'Machine', tenant: 't', cloud, row, item, held: undefined, at: 7 } as unknown as Readable<Parts>;
const paths = (of: string) => () => of;

test('an equal question gets the same finding', () => {
  const assembled = new MergeCache();
  const make = jest.fn(() => ({ path: parts.path }) as Readable<Found>);
  const first = assembled.get(parts, paths('volumes/v'), make);
  expect(assembled.get({ ...parts, row: { ...row } }, paths('volumes/v'), make)).toBe(first);
  expect(make).toHaveBeenCalledTimes(1);
});

test.each<[string, Partial<Parts>, string]>([
  ['a row of a later version', { row: { ...row, version: 4 } }, 'volumes/v'],
  ['a row made again', { row: { ...row, created: '2026-02-01T00:00:00.000Z' } }, 'volumes/v'],
  ['no row', { row: undefined }, 'volumes/v'],
  ['a hold', { held: { job: 'j', shows: 'STARTING' } }, 'volumes/v'],
  ['another tenant', { tenant: 'u' }, 'volumes/v'],
  ['a later reading', { at: 8 }, 'volumes/v'],
  ['a new item', { item: { ...item } }, 'volumes/v'],
  ['a reference that leads elsewhere now', {}, 'volumes/w'],
])('%s: put together anew', (_what, change, path) => {
  const assembled = new MergeCache();
  const make = jest.fn(() => ({ path: parts.path }) as Readable<Found>);
  assembled.get(parts, paths('volumes/v'), make);
  assembled.get({ ...parts, ...change }, paths(path), make);
  expect(make).toHaveBeenCalledTimes(2);
});
