import { array, boolean, collection, dateTime, duration, integer, map, ref, string, uri } from '../model/define';
import type { Values } from '../model/values';
import { QueryError } from './errors';
import { expansionsOf } from './expand';
import { compileFilter } from './filter';
import { parseFilter } from './grammar';
import { compileOrder, compareText, parseOrder } from './order';
import { parseQuery, subset } from './query';
import { selectCollection, selectResource } from './select';

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

  describe('parameters of the collection itself', () => {
    const step = { step: { description: 'Length of a step.', unit: 'second', minimum: 1, maximum: 3_600 } };
    const own = (...texts: string[]) =>
      parseQuery(
        texts.map((text) => ['step', text] as const),
        'collection',
        step,
      ).own;

    it('are whole numbers within their bounds, of which the first counts', () => {
      expect([own('1'), own(' +3600 '), own('060', 'x'), own()]).toEqual([{ step: 1 }, { step: 3_600 }, { step: 60 }, undefined]);
      expect(parseQuery([['step', 'x']]).own).toBeUndefined();
    });

    it.each(['0', '3601', '-1', '1.5', '1e3', '0x10', '', ' ', 'ten'])('refuses %p', (text) => {
      expect(() => own(text)).toThrow(/^step: ".*" is no whole number from 1 to 3600 \(seconds\)$/);
    });
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

  it('holds what was asked and nothing else', () => {
    expect(parseQuery([])).toStrictEqual({ orderBy: [] });
    expect(
      parseQuery([
        ['$filter', 'capacity>1'],
        ['$first', ' 2 '],
        ['$last', '+30'],
        ['$format', ' xml '],
      ]),
    ).toStrictEqual({ filter: parseFilter('capacity>1'), orderBy: [], first: 2, last: 30, format: 'xml' });
  });

  it('counts the first of several $first and $last, and joins several $orderby', () => {
    const query = parseQuery([
      ['$first', '2'],
      ['$first', '3'],
      ['$last', '5'],
      ['$last', '4'],
      ['$orderby', 'name'],
      ['$orderby', 'capacity:desc'],
    ]);
    expect(query).toEqual({
      first: 2,
      last: 5,
      orderBy: [
        { attribute: 'name', descending: false },
        { attribute: 'capacity', descending: true },
      ],
    });
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
  it('takes the list itself where nothing is left out, as a long one is copied in vain', () => {
    expect(subset(items, { first: 1, last: 3 })).toBe(items);
  });
  it('says what is wrong with a position', () => {
    expect(() => parseQuery([['$first', '1x']])).toThrow('$first: "1x" is no whole number');
    expect(() => parseQuery([['$last', 'x1']])).toThrow('$last: "x1" is no whole number');
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

  it('sorts URIs as text', () => {
    expect(sorted('id:desc', [{ id: 'machines/1' }, { id: 'machines/2' }, { id: 'machines/10' }])).toEqual([
      'machines/2',
      'machines/10',
      'machines/1',
    ]);
  });

  it('skips empty entries, and names the place of a direction that is none', () => {
    expect(parseOrder('name, ,capacity:desc,')).toEqual([
      { attribute: 'name', descending: false },
      { attribute: 'capacity', descending: true },
    ]);
    expect(() => parseOrder('name,capacity:down')).toThrow('$orderby, character 6: after "capacity" write :asc, :desc or nothing');
    expect(() => parseOrder('a,bc,d:up')).toThrow('$orderby, character 6: after "d"');
  });

  it.each([
    ['bootable', true, 0],
    ['capacity', 5, '1'],
    ['created', '2015-06-30T11:00:00Z', ['2015-06-30T10:00:00Z']],
    ['timeout', 'PT2S', ['PT1S']],
    ['name', 'b', ['a']],
  ])('%s: a value of another type than is declared counts as absent', (name, good, wrong) => {
    const items: Values[] = [
      { id: 'wrong', [name]: wrong },
      { id: 'good', [name]: good },
    ];
    expect(sorted(name, items)).toEqual(['good', 'wrong']);
    expect(sorted(`${name}:desc`, items)).toEqual(['good', 'wrong']);
  });

  it('lets unknown and write-only attributes order nothing and refuses unsortable types', () => {
    const items: Values[] = [
      { id: 1, password: 'b' },
      { id: 2, password: 'a' },
    ];
    expect(sorted('password,nothing,constructor', items)).toEqual([1, 2]);
    expect(() => compileOrder(parseOrder('image'), attributes)).toThrow(/image can't be sorted by/);
  });

  it('compares text as its UTF-8 bytes', () => {
    const texts = ['', 'a', 'ab', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{103fe}', '\u{103ff}', '\u{10ffff}'];
    for (const a of texts) {
      for (const b of texts) expect(compareText(a, b)).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }
  });
});

describe('$select (4.1.6.3)', () => {
  const select = (text: string): readonly string[] | undefined => parseQuery([['$select', text]]).select;
  const set = (value: ReadonlySet<string> | undefined | null): unknown => (value ? [...value].sort() : value);
  const onCollection = (text: string, choosing = false): unknown => {
    const selection = selectCollection(select(text), ['disks', 'disk'], attributes, choosing);
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
    ['disk/name,disks/capacity', [[], ['capacity', 'name']]],
    ['disks/nothing,nothing,machines/name', [[], null]],
    ['id', [['id'], null]],
    ['id,name', [['id'], ['id', 'name']]],
    ['*', undefined],
  ])('on a collection: %s', (text, expected) => {
    expect(onCollection(text)).toEqual(expected);
  });

  it('gives the ids of what a filter found, a window shows or an order is asked of', () => {
    expect(onCollection('id', true)).toEqual([['id'], ['id']]);
  });
});

describe('$expand (4.1.6.4)', () => {
  const named = (names: readonly string[] | undefined): string[] => expansionsOf(names, attributes).map(({ name }) => name);
  it('names references, collections and arrays of references', () => {
    expect(named(['*'])).toEqual(['image', 'disks', 'addresses']);
    expect(named(['disks', 'name', 'image', 'nothing', 'volumes', 'secretRef'])).toEqual(['image', 'disks']);
    expect(named(undefined)).toEqual([]);
  });

  it('takes paths, each a name and what to expand in its target', () => {
    expect(expansionsOf(['disks / image', 'disks/image', 'disks/owner/name', 'image', 'name/image'], attributes)).toEqual([
      { name: 'image', within: [] },
      { name: 'disks', within: ['image', 'owner/name'] },
    ]);
    expect(expansionsOf(['*/owner', 'image/size'], attributes).map(({ within }) => within)).toEqual([
      ['size', 'owner'],
      ['owner'],
      ['owner'],
    ]);
    expect(expansionsOf(['disks/a/b/c'], attributes)).toEqual([{ name: 'disks', within: ['a/b/c'] }]);
    expect(() => expansionsOf(['disks/a/b/c/d'], attributes)).toThrow(/^\$expand: .*disks\/a\/b\/c\/d.* has more than 4 names/);
  });
});
