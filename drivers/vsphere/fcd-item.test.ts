import * as fc from 'fast-check';
import type { Naming } from '../../src/clouds/driver';
import type { Fcd } from './fcd';
import { fcdHolds, fcdMetadata, fcdName, missingSize, volumeImageItem, volumeItem } from './fcd-item';

const MARKS = { tag: 'id-1:mac', token: 'token-1' };

function made(naming: Naming, more: Partial<Fcd> = {}): Fcd {
  const held = fcdHolds(naming);
  return {
    id: '00000000-0000-4000-8000-000000000001',
    name: fcdName(held.name, MARKS.tag),
    capacity: 10,
    created: '2026-01-01T00:00:00Z',
    path: '[fast 01] fcd/x.vmdk',
    metadata: new Map(Object.entries(fcdMetadata(MARKS, held, { kind: 'volume', bootable: true, size: 10 }))),
    error: undefined,
    ...more,
  };
}

const naming = fc.record(
  {
    name: fc.string({ maxLength: 300, unit: 'binary' }),
    description: fc.string({ maxLength: 1500 }),
    properties: fc.dictionary(fc.string({ maxLength: 150 }), fc.string({ maxLength: 300 }), { maxKeys: 20, noNullPrototype: true }),
  },
  { requiredKeys: [] },
);

test('what is held is a part of what was given, is held again, and is read back as it was', () => {
  fc.assert(
    fc.property(naming, (given) => {
      const held = fcdHolds(given);
      expect(fcdHolds(held)).toEqual(held);
      const { name, description, properties = {} } = volumeItem(made(given), false).values as Naming;
      expect({ name, description, properties }).toEqual({
        name: held.name,
        description: held.description,
        properties: held.properties ?? {},
      });
    }),
  );
});

test('no metadata is empty, which vCenter would take for a tag, and all is ASCII', () => {
  fc.assert(
    fc.property(naming, (given) => {
      for (const value of made(given).metadata.values()) expect(value).toMatch(/^[\x20-\x7e]+$/);
    }),
  );
});

test('marks, place and refusals; a name changed at vCenter is the name', () => {
  const item = volumeItem(made({ name: 'a' }, { name: 'b' }), true);
  expect(item).toMatchObject({ ...MARKS, created: '2026-01-01T00:00:00Z', values: { name: 'b', bootable: true, datastore: 'fast 01' } });
  expect(Object.keys(item.refuses ?? {})).toEqual(['delete']);
  expect(volumeItem(made({}), false).values).not.toHaveProperty('name');
});

test('one made elsewhere has its own name and no marks', () => {
  const item = volumeImageItem(made({}, { name: 'pvc-1', path: undefined, metadata: new Map() }), 'vc.example.org');
  expect(item).toMatchObject({ tag: undefined, values: { name: 'pvc-1', bootable: false, state: 'AVAILABLE' } });
  expect(item.values).not.toHaveProperty('datastore');
});

test('what its create has not given it yet is known from its metadata', () => {
  expect([missingSize(made({})), missingSize(made({}, { capacity: 9 })), missingSize(made({}, { metadata: new Map() }))]).toEqual([
    undefined,
    10,
    undefined,
  ]);
});
