import { array, boolean, collection, dateTime, duration, integer, map, ref, string, uri } from '../model/define';
import type { Values } from '../model/values';
import { QueryError } from './errors';
import { expandNames } from './expand';
import { compileFilter } from './filter';
import { compileOrder, compareText, parseOrder } from './order';
import { parseQuery, subset } from './query';
import { selectCollection, selectResource } from './select';
import { durationSeconds, instantOf } from './time';

const readWrite = { provider: 'mandatory mutable', consumer: 'optional read-write' } as const;
const attributes = {
  id: uri(readWrite),
  name: string(readWrite),
  created: dateTime(readWrite),
  properties: map(readWrite),
  capacity: integer(readWrite),
  bootable: boolean(readWrite),
  timeout: duration(readWrite),
  image: ref('Image', readWrite),
  disks: collection('DiskCollection', readWrite),
  addresses: array('address', { kind: 'ref', to: 'Address' }, readWrite),
  volumes: array('volume', { kind: 'struct', fields: {} }, readWrite),
  password: string({ provider: 'mandatory mutable', consumer: 'optional write-only' }),
  secretRef: ref('Secret', { provider: 'mandatory mutable', consumer: 'optional write-only' }),
};

describe('parseQuery', () => {
  it('joins several filters by and', () => {
    const { filter } = parseQuery([
      ['$filter', "name='a' or name='b'"],
      ['$filter', 'capacity>1'],
    ]);
    const matches = filter && compileFilter(filter, attributes, { base: 'http://h/' });
    expect(matches?.({ name: 'a', capacity: 2 })).toBe(true);
    expect(matches?.({ name: 'a', capacity: 1 })).toBe(false);
    expect(matches?.({ name: 'c', capacity: 2 })).toBe(false);
  });

  it('unites $select and $expand, each name once, and takes the first $format in any case', () => {
    const query = parseQuery([
      ['$select', 'name, state,name'],
      ['$select', 'state,id'],
      ['$expand', 'a,b'],
      ['$expand', 'b,c'],
      ['$format', 'XML'],
      ['$format', 'json'],
      ['colour', 'blue'],
      ['$unheard', 'x'],
      ['$Filter', '((('],
    ]);
    expect(query).toEqual({ select: ['name', 'state', 'id'], expand: ['a', 'b', 'c'], format: 'xml', orderBy: [] });
  });

  it('takes an empty $expand as all and an empty $select as nothing', () => {
    expect(parseQuery([['$expand', '']]).expand).toEqual(['*']);
    expect(
      parseQuery([
        ['$expand', 'a'],
        ['$expand', ''],
      ]).expand,
    ).toEqual(['*']);
    expect(parseQuery([['$select', '']]).select).toEqual([]);
  });

  it.each([
    ['$first', 'one'],
    ['$first', ''],
    ['$last', '1.5'],
    ['$last', '0x10'],
    ['$filter', 'name='],
    ['$orderby', 'name:down'],
    ['$orderby', 'name:asc:desc'],
  ])('refuses %s=%s on a collection, ignores it on a resource', (name, value) => {
    expect(() => parseQuery([[name, value]])).toThrow(QueryError);
    expect(() => parseQuery([[name, value]])).toThrow(name);
    expect(parseQuery([[name, value]], 'resource')).toEqual({ orderBy: [] });
  });
});

describe('$first and $last (4.1.6.2)', () => {
  const items = ['a', 'b', 'c'];
  it.each([
    [{}, 'abc'],
    [{ first: 2 }, 'bc'],
    [{ last: 2 }, 'ab'],
    [{ first: 2, last: 2 }, 'b'],
    [{ first: 3, last: 2 }, ''],
    [{ first: 4 }, ''],
    [{ first: -5, last: 99 }, 'abc'],
    [{ last: 0 }, ''],
    [{ last: -1 }, ''],
    [{ first: Number('9'.repeat(400)) }, ''],
  ])('%j', (window, expected) => {
    expect(subset(items, window).join('')).toBe(expected);
  });
  it('takes positions of any size from the text', () => {
    expect(parseQuery([['$first', '-3']]).first).toBe(-3);
    expect(subset(items, parseQuery([['$last', '9'.repeat(400)]]))).toEqual(items);
  });
});

describe('$orderby (4.1.6.6)', () => {
  const sorted = (order: string, items: Values[]): unknown[] =>
    [...items].sort(compileOrder(parseOrder(order), attributes)).map((item) => item['id']);

  it('sorts by several keys, each in its direction', () => {
    const items: Values[] = [
      { id: 1, capacity: 2, name: 'b' },
      { id: 2, capacity: 1, name: 'b' },
      { id: 3, capacity: 2, name: 'a' },
    ];
    expect(sorted('capacity:desc,name', items)).toEqual([3, 1, 2]);
    expect(sorted(' name:asc , capacity:asc', items)).toEqual([3, 2, 1]);
  });

  it.each([
    ['bootable', [false, true]],
    ['created', ['2015-06-30T12:00:00+02:00', '2015-06-30T11:00:00Z', '2015-06-30T11:00:00.5Z']],
    ['timeout', ['-PT1S', 'PT59M', 'PT1H', 'P1D', 'P1M', 'P1Y']],
    ['capacity', [-10, -9, 0, 9, 10]],
    ['name', ['A', 'Z', 'a', 'é', '\u{ffee}', '\u{1f600}']],
  ])('%s ascends and descends in reverse, absent values last', (name, values) => {
    const items: Values[] = [{ id: 'absent' }, ...[...values].reverse().map((value) => ({ id: value, [name]: value }))];
    expect(sorted(name, items)).toEqual([...values, 'absent']);
    expect(sorted(`${name}:desc`, [...items].reverse())).toEqual([...values].reverse().concat(['absent'] as never));
  });

  it('lets unknown and write-only attributes order nothing and refuses unsortable types', () => {
    const items: Values[] = [
      { id: 1, password: 'b' },
      { id: 2, password: 'a' },
    ];
    expect(sorted('password,nothing,constructor', items)).toEqual([1, 2]);
    expect(() => compileOrder(parseOrder('image'), attributes)).toThrow(/image can't be sorted by/);
  });

  it('sorts 100,000 items in reasonable time', () => {
    const items: Values[] = Array.from({ length: 100_000 }, (_, index) => ({ created: new Date((index * 7919) % 1e9).toISOString() }));
    const started = Date.now();
    items.sort(compileOrder(parseOrder('created:desc'), attributes));
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it('compares text as its UTF-8 bytes', () => {
    const texts = ['', 'a', 'ab', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'];
    for (const a of texts) {
      for (const b of texts) expect(compareText(a, b)).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }
  });
});

describe('$select (4.1.6.3)', () => {
  const select = (text: string): readonly string[] | undefined => parseQuery([['$select', text]]).select;
  const set = (value: ReadonlySet<string> | undefined | null): unknown => (value ? [...value].sort() : value);
  const onCollection = (text: string, filtered = false): unknown => {
    const selection = selectCollection(select(text), 'disks', attributes, filtered);
    return selection && [set(selection.own), set(selection.items)];
  };

  it('leaves the listed attributes of a resource, ignoring unknown ones', () => {
    expect(set(selectResource(select('name,operations,nothing,Name,constructor'), attributes))).toEqual(['name', 'operations']);
    expect(selectResource(select('name,*'), attributes)).toBeUndefined();
    expect(selectResource(undefined, attributes)).toBeUndefined();
    expect(set(selectResource(select(''), attributes))).toEqual([]);
  });

  it.each([
    ['count,operations', [['count', 'operations'], null]],
    ['name,capacity', [[], ['capacity', 'name']]],
    ['disks/name,disks/capacity,operations', [['operations'], ['capacity', 'name']]],
    ['disks/operations,disks/id,count', [['count'], ['id', 'operations']]],
    ['disks', [[], undefined]],
    ['disks/*,id', [['id'], undefined]],
    ['disks/nothing,nothing,machines/name', [[], null]],
    ['id', [['id'], null]],
    ['id,name', [['id'], ['id', 'name']]],
    ['*', undefined],
  ])('on a collection: %s', (text, expected) => {
    expect(onCollection(text)).toEqual(expected);
  });

  it('gives the ids of what a filter found', () => {
    expect(onCollection('id', true)).toEqual([['id'], ['id']]);
  });
});

describe('$expand (4.1.6.4)', () => {
  it('names references, collections and arrays of references', () => {
    expect(expandNames(['*'], attributes)).toEqual(['image', 'disks', 'addresses']);
    expect(expandNames(['disks', 'name', 'image', 'nothing', 'volumes', 'secretRef'], attributes)).toEqual(['image', 'disks']);
    expect(expandNames(undefined, attributes)).toEqual([]);
  });
});

describe('time', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-02', 86_400_000],
    ['1970-01-01T24:00:00Z', 86_400_000],
    ['1970-01-01T00:00:00.25-00:30', 1_800_250],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['2016-02-29', 1_456_704_000_000],
    ['2015-02-29', undefined],
    ['0000-01-01', undefined],
    ['2015-13-01', undefined],
    ['2015-01-01T10:00', undefined],
    ['2015-01-01T24:00:01Z', undefined],
    ['2015-01-01T10:00:60Z', undefined],
  ])('%s', (text, expected) => {
    expect(instantOf(text)).toBe(expected);
  });

  it.each([
    ['PT0S', 0],
    ['P1DT1H1M1.5S', 90_061.5],
    ['-P1D', -86_400],
    ['P1Y', 31_556_952],
    ['P', undefined],
    ['PT', undefined],
    ['P1DT', undefined],
    ['1D', undefined],
    ['P1H', undefined],
  ])('%s', (text, expected) => {
    expect(durationSeconds(text)).toBe(expected);
  });
});
