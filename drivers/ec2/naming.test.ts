import * as fc from 'fast-check';
import { decodeKey, encodeKey, holds, imageName, keyPairName, MAX_PROPERTIES, namingOf, namingTags } from './naming';

const anyText = fc.string({ unit: 'binary', maxLength: 300 });
const anyNaming = fc.record(
  { name: anyText, description: anyText, properties: fc.dictionary(anyText, anyText, { maxKeys: 60, noNullPrototype: true }) },
  { requiredKeys: [] },
);

test('a property key becomes a tag key and comes back', () => {
  fc.assert(fc.property(anyText, (key) => decodeKey(encodeKey(key)) === key));
  for (const key of ['a=b', '=3d', ' x ', 'größe', '\u0000', 'a\nb', '😀', 'with space']) expect(decodeKey(encodeKey(key))).toBe(key);
});

test('two keys never share a tag', () => {
  fc.assert(fc.property(anyText, anyText, (a, b) => a === b || encodeKey(a) !== encodeKey(b)));
});

test('what is held fits EC2’s limits and comes back unchanged', () => {
  fc.assert(
    fc.property(anyNaming, (naming) => {
      const held = holds(naming);
      const tags = namingTags(held);
      for (const [key, value] of Object.entries(tags)) {
        expect(key.length).toBeLessThanOrEqual(128);
        expect(value.length).toBeLessThanOrEqual(256);
        expect(key.startsWith('aws:')).toBe(false);
      }
      expect(Object.keys(tags).length).toBeLessThanOrEqual(MAX_PROPERTIES + 2);
      const back = namingOf(tags);
      expect(back.name).toBe(held.name);
      expect(back.description).toBe(held.description);
      expect(back.properties ?? {}).toEqual(held.properties ?? {});
    }),
  );
});

test('a naming that fits is held whole', () => {
  const naming = { name: 'web 1', description: 'first "of" many <&>', properties: { colour: 'red', 'a=b': 'c=d,e' } };
  expect(holds(naming)).toEqual(naming);
});

test('what does not fit is left to the database: too long, control characters, too many', () => {
  const properties = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`key${n}`, 'v']));
  const held = holds({ name: 'n'.repeat(257), description: 'two\nlines', properties });
  expect(held.name).toBeUndefined();
  expect(held.description).toBeUndefined();
  expect(Object.keys(held.properties ?? {})).toHaveLength(MAX_PROPERTIES);
});

test('names for AMIs and key pairs are the same on every attempt, differ by token or tag, and fit EC2’s rules', () => {
  fc.assert(
    fc.property(anyText, fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (name, one, other) => {
      const first = imageName({ token: one, tag: 't', name });
      expect(first).toBe(imageName({ token: one, tag: 't', name }));
      expect(first).toMatch(/^[A-Za-z0-9()[\] ./'@_-]{3,128}$/);
      if (one !== other) expect(imageName({ token: other, tag: 't', name })).not.toBe(first);
      expect(keyPairName(one)).toMatch(/^[\x20-\x7e]{1,255}$/);
    }),
  );
});
