import { createCatalogue } from '../model/catalogue';
import { any, array, CIMI, collection, map, ref, resource, string, uri } from '../model/define';
import { standardCollections, standardResources } from '../model/standard';
import type { Values } from '../model/values';
import type { Format } from './codec';
import { createWriter } from './writer';

/** Values of every kind, of a type that only declares them: what is asserted is the writer's and no type's own. */
const base = 'http://cimi.example.com/cimi/';
const HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n';
const may = { provider: 'optional mutable', consumer: 'optional read-write' } as const;
const toy = resource('Toy', {
  clause: 'test',
  primary: true,
  attributes: {
    label: string(may),
    link: uri(may),
    image: ref('MachineImage', { ...may, bare: true }),
    peer: ref('Toy', may),
    config: ref('MachineConfiguration', { ...may, inline: ['MachineConfiguration'] }),
    words: array('word', { kind: 'string' }, may),
    links: array('site', { kind: 'uri', href: true }, may),
    part: {
      kind: 'struct',
      fields: { first: string(may), config: ref('MachineConfiguration', { ...may, inline: ['MachineConfiguration'] }) },
      ...may,
    },
    items: array(
      'item',
      { kind: 'struct', fields: { volume: ref('Volume', may), place: string({ ...may, xml: 'attribute' }) }, flattened: 'volume' },
      may,
    ),
    disks: collection('DiskCollection', may),
    pairs: map(may),
    free: any(may),
    self: uri({ ...may, xml: 'attribute' }),
    mark: string({ ...may, xml: 'attribute' }),
    stamp: string({ ...may, xml: 'attribute', xmlParent: 'sample' }),
    worth: string({ ...may, xml: 'attribute', xmlParent: 'other' }),
    notes: array(
      'note',
      { kind: 'struct', fields: { lang: string({ ...may, xml: 'attribute' }), text: string({ ...may, xml: 'content' }) } },
      may,
    ),
    bounds: array('bound', { kind: 'struct', fields: { value: any({ ...may, xml: 'content' }) } }, may),
  },
  operations: [],
});
const toys = createCatalogue([...standardResources, toy], standardCollections);
const made = { json: createWriter(toys, 'json'), xml: createWriter(toys, 'xml') };
const text = (format: Format, values: Values): string => new TextDecoder().decode(made[format].document({ type: 'Toy', values }, { base }));
const inJson = (values: Values): unknown => {
  const { resourceURI, ...others } = JSON.parse(text('json', values)) as Record<string, unknown>;
  expect(resourceURI).toBe(`${CIMI}/Toy`);
  return others;
};
const inXml = (values: Values): string => {
  const written = text('xml', values);
  const start = `${HEADER}<Toy xmlns="${CIMI}"`;
  expect(written.startsWith(start)).toBe(true);
  const inner = written.slice(start.length);
  return inner === '/>' ? '' : inner.slice('>'.length, -'</Toy>'.length);
};

test.each<[string, Values, object, string]>([
  ['a bare reference', { image: 'machineImages/1' }, { image: `${base}machineImages/1` }, `<image href="${base}machineImages/1"/>`],
  ['the same as an object', { image: { href: 'a/1' } }, { image: `${base}a/1` }, `<image href="${base}a/1"/>`],
  ['one that leads nowhere', { image: { href: null } }, {}, ''],
  ['an empty reference', { peer: {} }, {}, ''],
  ['a reference by value', { config: { cpu: 2 } }, { config: { cpu: 2 } }, '<config><cpu>2</cpu></config>'],
  ['nothing by value', { config: {} }, {}, ''],
  ['nothing by value within a structure', { part: { config: {} } }, { part: { config: {} } }, '<part><config/></part>'],
  ['an empty structure', { part: {} }, {}, ''],
  ['a structure of nothing', { part: { first: '' } }, {}, ''],
  ['what is no structure', { part: 'odd' }, {}, ''],
  ['texts, some of them empty', { words: ['a', '', null, 'b'] }, { words: ['a', 'b'] }, '<word>a</word><word>b</word>'],
  ['empty texts', { words: ['', ''] }, {}, ''],
  ['what is no array', { words: 'odd' }, {}, ''],
  [
    'URIs as hrefs',
    { links: ['a/1', 'http://b/'] },
    { links: [{ href: `${base}a/1` }, { href: 'http://b/' }] },
    `<site href="${base}a/1"/><site href="http://b/"/>`,
  ],
  ['a URI of ours', { link: 'a/1' }, { link: `${base}a/1` }, `<link>${base}a/1</link>`],
  ['an empty URI', { link: '' }, {}, ''],
  [
    'items around a reference',
    { items: [{ place: 'x<', volume: { href: 'v/1', name: 'n' } }, { href: 'v/2' }, {}] },
    { items: [{ place: 'x<', href: `${base}v/1`, name: 'n' }, { href: `${base}v/2` }] },
    `<item place="x&lt;" href="${base}v/1"><name>n</name></item><item href="${base}v/2"/>`,
  ],
  ['an item that is none', { items: ['odd'] }, {}, ''],
  ['a collection of which nothing is said', { disks: {} }, {}, ''],
  [
    'a collection with what is in it',
    { disks: { href: 'd', count: 2, disks: [{ capacity: 1 }, 'odd', { capacity: 2, operations: [{ rel: 'edit', href: 'd/2' }] }] } },
    {
      disks: {
        href: `${base}d`,
        count: 2,
        disks: [
          { resourceURI: `${CIMI}/Disk`, capacity: 1 },
          { resourceURI: `${CIMI}/Disk`, capacity: 2, operations: [{ rel: 'edit', href: `${base}d/2` }] },
        ],
      },
    },
    `<disks href="${base}d"><count>2</count><Disk><capacity>1</capacity></Disk><Disk><capacity>2</capacity><operation rel="edit" href="${base}d/2"/></Disk></disks>`,
  ],
  ['a collection by its id', { disks: { id: 'd' } }, { disks: { id: `${base}d` } }, `<disks><id>${base}d</id></disks>`],
  ['a map', { pairs: { a: '1', b: '', c: null } }, { pairs: { a: '1', b: '' } }, '<property key="a">1</property><property key="b"/>'],
  ['a map of nothing', { pairs: { a: null } }, {}, ''],
  ['an empty text of any type', { free: '' }, { free: '' }, '<free/>'],
  ['no number of any type', { free: [Number.NaN, null] }, { free: [null, null] }, '<free>NaN</free>'],
  [
    'a type within itself',
    { peer: { href: 't/1', label: 'a', peer: { href: 't/2', label: 'b' } } },
    { peer: { href: `${base}t/1`, label: 'a', peer: { href: `${base}t/2`, label: 'b' } } },
    `<peer href="${base}t/1"><label>a</label><peer href="${base}t/2"><label>b</label></peer></peer>`,
  ],
  [
    'texts with an attribute',
    { notes: [{ lang: 'en', text: 'a<' }, { lang: 'de' }, { text: 'b' }] },
    { notes: [{ lang: 'en', text: 'a<' }, { lang: 'de' }, { text: 'b' }] },
    '<note lang="en">a&lt;</note><note lang="de"/><note>b</note>',
  ],
  [
    'values of any type as a text, a list, an object',
    { bounds: [{ value: 5 }, { value: ['a', 'b'] }, { value: { low: 1 } }] },
    { bounds: [{ value: 5 }, { value: ['a', 'b'] }, { value: { low: 1 } }] },
    '<bound>5</bound><bound><value>a</value><value>b</value></bound><bound><low>1</low></bound>',
  ],
  [
    'attributes of an element of their own (D004)',
    { stamp: 's', worth: 'w' },
    { stamp: 's', worth: 'w' },
    '<sample stamp="s"/><other worth="w"/>',
  ],
  ['one of these without a value', { stamp: 's', worth: '' }, { stamp: 's' }, '<sample stamp="s"/>'],
])('%s', (_, values, json, xml) => {
  expect(inJson(values)).toEqual(json);
  expect(inXml(values)).toBe(xml);
});

test('attributes of the element itself: URIs absolute, nothing for nothing', () => {
  const head = (values: Values): string => text('xml', values).slice(HEADER.length);
  expect(head({ self: 'a/1', mark: 'a"b' })).toBe(`<Toy xmlns="${CIMI}" self="${base}a/1" mark="a&quot;b"/>`);
  expect(head({ mark: 'a:b' })).toBe(`<Toy xmlns="${CIMI}" mark="a:b"/>`);
  for (const values of [{ mark: '', self: '' }, { mark: null, self: null }, {}]) expect(head(values)).toBe(`<Toy xmlns="${CIMI}"/>`);
});

test('a reference that is an empty text is none', () => {
  expect(inJson({ peer: '' })).toEqual({});
});
