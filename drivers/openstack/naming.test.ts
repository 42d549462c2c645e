import * as fc from 'fast-check';
import {
  createMetadata,
  decodeKey,
  encodeImageKey,
  encodeKey,
  holds,
  marksIn,
  MAX_PROPERTIES,
  nameless,
  propertiesOf,
  serverTag,
  shownName,
} from './naming';

test('keys that Nova takes stand for themselves, all others are encoded and come back', () => {
  expect(encodeKey('role')).toBe('role');
  expect(encodeKey('a.b-c_d: e')).toBe('a.b-c_d: e');
  expect(encodeKey('größe')).toBe('cimi:p:gr.c3.b6.c3.9fe');
  expect(encodeKey('cimi:id')).toBe('cimi:p:cimi:id');
  expect(encodeImageKey('a.b')).toBe('cimi:p:a.2eb');
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (key) => {
      for (const encode of [encodeKey, encodeImageKey]) {
        expect(encode(key)).toMatch(/^[a-zA-Z0-9\-_:. ]+$/);
        expect(decodeKey(encode(key))).toBe(key);
      }
    }),
  );
});

test('marks cannot be forged by a property, and are no properties', () => {
  const metadata = createMetadata(
    { tag: 'the-tag', token: 'the-token', description: 'd', properties: { 'cimi:id': 'other', colour: 'red' } },
    true,
  );
  expect(metadata).toMatchObject({ 'cimi:id': 'the-tag', 'cimi:token': 'the-token', colour: 'red' });
  expect(propertiesOf(metadata)).toEqual({ 'cimi:id': 'other', colour: 'red' });
  expect(marksIn(metadata)).toEqual({ 'cimi:id': 'the-tag', 'cimi:token': 'the-token' });
  expect(propertiesOf({ 'cimi:id': 'x' })).toBeUndefined();
  expect(createMetadata({ tag: 'a', token: 'b', description: 'd' }, false)).toEqual({
    'cimi:id': 'a',
    'cimi:token': 'b',
    'cimi:description': 'd',
  });
});

test('what does not fit is left to the gateway', () => {
  const long = 'x'.repeat(256);
  expect(holds({ name: long, description: ' blank', properties: { [long]: 'a', b: long, c: 'ok', '': 'no' } })).toEqual({
    properties: { c: 'ok' },
  });
  expect(holds({ name: 'a\u0007b', description: 'smile 😀' })).toEqual({});
  expect(holds({ name: '' })).toEqual({});
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, 'v']));
  expect(Object.keys(holds({ properties: many }).properties ?? {})).toHaveLength(MAX_PROPERTIES);
  // A key may fit on a server as it is and, encoded, not on an image.
  const dots = '.'.repeat(200);
  expect(holds({ properties: { [dots]: 'v' } }).properties).toEqual({ [dots]: 'v' });
  expect(holds({ properties: { [dots]: 'v' } }, encodeImageKey).properties).toEqual({});
});

test('a name that only stands in is not shown', () => {
  expect(shownName(nameless('tag'), ['tag', 'id'])).toBeUndefined();
  expect(shownName(nameless('id'), [undefined, 'id'])).toBeUndefined();
  expect(shownName('web', ['tag'])).toBe('web');
  expect(shownName(null, [])).toBeUndefined();
});

test('server tags fit into Nova’s, whatever ours are', () => {
  for (const tag of ['a', 'x'.repeat(200), 'with,comma/slash']) expect(serverTag(tag)).toMatch(/^[a-z0-9-]{1,60}$/);
  expect(serverTag('Tag')).not.toBe(serverTag('tag'));
});
