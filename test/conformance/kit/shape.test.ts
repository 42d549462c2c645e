import type { Context } from './context';
import { typeFacts } from './facts';
import { JsonValue } from './json';
import { assertCollection, assertShape } from './shape';
import type { Value } from './value';
import { readXml, XmlValue } from './xml';

const TYPE = 'http://schemas.dmtf.org/cimi/1';
/** A provider without ResourceMetadata, or one that announces these names. */
const context = (announced?: string[]): Context => {
  const metadata =
    announced &&
    new JsonValue({
      attributes: announced.map((name) => ({ name: name.replace('[]', ''), type: name.endsWith('[]') ? 'string[]' : 'string' })),
    });
  return { session: { metadataOf: () => metadata } } as unknown as Context;
};

const volume = { id: 'http://x/1', state: 'AVAILABLE', type: 'http://x/block', capacity: 1, bootable: false };
const json = (more: object, type = 'Volume'): Value => new JsonValue({ resourceURI: `${TYPE}/${type}`, ...more });
const xml = (inside: string, type = 'Volume'): Value => new XmlValue(readXml(`<${type} xmlns="${TYPE}">${inside}</${type}>`));
const inXml = '<id>http://x/1</id><state>AVAILABLE</state><type>http://x/block</type><capacity>1</capacity><bootable>false</bootable>';
const shape = (value: Value, type = 'Volume', announced: string[] = []) => {
  assertShape(context(announced), value, type, ['state']);
};

test('what is published passes in both formats', () => {
  shape(
    json({ ...volume, properties: { a: 'b' }, images: { href: 'http://x/1/images' }, operations: [{ rel: 'edit', href: 'http://x/1' }] }),
  );
  shape(xml(`${inXml}<images href="http://x/1/images"/><operation rel="edit" href="http://x/1"/>`));
  shape(json({ ...volume, cloud: 'a' }), 'Volume', ['cloud']);
  shape(json({ ...volume, places: ['a'] }), 'Volume', ['places[]']);
  shape(xml(`${inXml}<place>a</place><place>b</place>`), 'Volume', ['places[]']);
  expect(() => {
    shape(xml(`${inXml}<place>a</place>`), 'Volume', ['places']);
  }).toThrow(/place is neither/);
  expect(typeFacts('CredentialTemplate').attributes.map(({ name }) => name)).toContain('key');
});

test.each([
  ['another type', json({ ...volume }, 'Machine'), /Machine/],
  ['a missing attribute', json({ ...volume, state: undefined }), /state/],
  ['an unknown attribute', json({ ...volume, colour: 'red' }), /colour is neither/],
  ['a number as text', json({ ...volume, capacity: '1' }), /capacity is no JSON number/],
  ['a fraction', json({ ...volume, capacity: 1.5 }), /capacity is no integer/],
  ['a boolean as text', json({ ...volume, bootable: 'no' }), /bootable is no JSON boolean/],
  ['an empty string', json({ ...volume, name: '' }), /name is empty/],
  ['an empty map', json({ ...volume, properties: {} }), /properties is no map/],
  ['a bare URI for a reference', json({ ...volume, images: 'http://x' }), /images is no reference/],
  ['a date that is none', json({ ...volume, created: 'today' }), /created is no dateTime/],
  ['an operation of another type', json({ ...volume, operations: [{ rel: `${TYPE}/action/start`, href: 'http://x' }] }), /start is not in/],
  ['operations that are empty', json({ ...volume, operations: [] }), /operations is there and empty/],
  ['elements out of order', xml(`<state>AVAILABLE</state>${inXml.replace('<state>AVAILABLE</state>', '')}`), /in the order/],
  ['an element twice', xml(inXml.replace('<state>', '<state>X</state><state>')), /state is there twice/],
  ['an unknown element', xml(`${inXml}<colour>red</colour>`), /colour is neither/],
  ['a reference without href', xml(`${inXml}<images>http://x</images>`), /images has no attribute href/],
  ['a boolean that is none', xml(inXml.replace('false', 'no')), /bootable is no boolean/],
])('%s is told', (_what, value, words) => {
  expect(() => {
    shape(value);
  }).toThrow(words);
});

test('structures, arrays and flattened references are looked into', () => {
  const template = (more: object) => json({ id: 'http://x/1', state: 'x', ...more }, 'MachineTemplate');
  const told = (more: object) => () => {
    assertShape(context([]), template(more), 'MachineTemplate');
  };
  expect(told({ volumes: [] })).toThrow(/volumes is no array with items/);
  expect(told({ volumes: [{ volume: { href: 'http://x' } }] })).toThrow(/volume/);
  expect(told({ networkInterfaces: [{ colour: 'red' }] })).toThrow(/has no colour/);
  expect(told({ networkInterfaces: [{ mtu: 'much' }] })).toThrow(/mtu/);
  expect(() => {
    assertShape(
      context(['state']),
      template({ volumes: [{ href: 'http://x' }], volumeTemplates: [{ volumeConfig: {} }] }),
      'MachineTemplate',
    );
  }).not.toThrow();
});

test.each([
  ['a wrong count', json({ id: 'c', count: 2, volumes: [{ resourceURI: `${TYPE}/Volume`, ...volume }] }, 'VolumeCollection'), /count is 2/],
  ['another group', json({ id: 'c', count: 1, items: [{ resourceURI: `${TYPE}/Volume`, ...volume }] }, 'VolumeCollection'), /items are in/],
  ['an empty group', json({ id: 'c', count: 0, volumes: [] }, 'VolumeCollection'), /there and empty/],
  [
    'an item of another type',
    json({ id: 'c', count: 1, volumes: [{ resourceURI: `${TYPE}/Disk`, ...volume }] }, 'VolumeCollection'),
    /Disk/,
  ],
  ['a foreign operation', json({ id: 'c', count: 0, operations: [{ rel: 'edit', href: 'c' }] }, 'VolumeCollection'), /edit is not in/],
])('a Collection with %s is told', (_what, value, words) => {
  expect(() => {
    assertCollection(context(), value, 'VolumeCollection');
  }).toThrow(words);
});
