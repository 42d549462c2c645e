import * as fc from 'fast-check';
import {
  escapeName,
  holds,
  inventoryName,
  propertiesOf,
  propertiesText,
  readableName,
  readSnapshotDescription,
  snapshotDescription,
  suffixOf,
  unescapeName,
  uuidOf,
} from './naming';

const text = fc.string({ unit: 'binary', maxLength: 100 });

test('names survive their escapes; slashes never stand in an inventory name', () => {
  expect(escapeName('a/b\\c%d')).toBe('a%2fb%5cc%25d');
  expect(unescapeName('DC%2FA %C3')).toBe('DC/A %C3');
  fc.assert(fc.property(text, (name) => unescapeName(escapeName(name)) === name && !/[/\\]/.test(escapeName(name))));
});

test('an inventory name holds the readable one and a suffix of the tag, within vCenter’s 80 characters', () => {
  const tag = 'id:mac';
  expect(inventoryName('web/1', tag)).toBe(`web%2f1-${suffixOf(tag)}`);
  expect(readableName(inventoryName('web/1', tag), tag)).toBe('web/1');
  expect(readableName(inventoryName(undefined, tag), tag)).toBeUndefined();
  expect(readableName('renamed at the console', tag)).toBe('renamed at the console');
  expect(readableName('a%2fb', undefined)).toBe('a/b');
  expect(suffixOf('id:mac')).not.toBe(suffixOf('id:mad'));
  fc.assert(
    fc.property(text, fc.string({ minLength: 1 }), (name, own) => {
      const held = holds({ name }).name;
      if (held === undefined) return;
      expect(inventoryName(held, own).length).toBeLessThanOrEqual(80);
      expect(readableName(inventoryName(held, own), own)).toBe(name);
    }),
  );
});

test('the instance UUID is one, and the tag’s own', () => {
  expect(uuidOf('id:mac')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidOf('id:mac')).toBe(uuidOf('id:mac'));
  expect(uuidOf('id:mac')).not.toBe(uuidOf('id:mad'));
});

test('properties come back from ASCII text; what others wrote there is not ours', () => {
  fc.assert(
    fc.property(fc.dictionary(text, text, { noNullPrototype: true }), (properties) => {
      const written = propertiesText(properties);
      expect(written).toMatch(/^[\x20-\x7e]*$/);
      expect(propertiesOf(written) ?? {}).toEqual(properties);
    }),
  );
  for (const strange of ['', 'no JSON', '[1]', '3', 'null', '{"a":1}']) expect(propertiesOf(strange)).toBeUndefined();
});

test('properties that do not fit are left out, the others held', () => {
  const held = holds({ properties: { a: 'x'.repeat(7000), b: 'y'.repeat(7000), c: 'z' } });
  expect(Object.keys(held.properties ?? {})).toEqual(['a', 'c']);
});

test('a snapshot’s description keeps identity and token at its end', () => {
  const marks = { tag: 'id:mac', token: 'job-1' };
  expect(readSnapshotDescription(snapshotDescription('before\nthe update', marks))).toEqual({
    description: 'before\nthe update',
    ...marks,
  });
  expect(readSnapshotDescription(snapshotDescription(undefined, marks))).toEqual(marks);
  expect(readSnapshotDescription('made at the console')).toEqual({ description: 'made at the console' });
  expect(readSnapshotDescription('')).toEqual({});
  expect(readSnapshotDescription(undefined)).toEqual({});
});
