import { OvfError } from './error';
import { partNames } from './references';

const file = { id: 'f', location: { name: 'disk.vmdk' }, gzip: false };

test('a file in chunks lies in numbered parts', () => {
  expect(partNames(file)).toEqual(['disk.vmdk']);
  expect(partNames({ ...file, size: 2_001, chunkSize: 1_000 })).toEqual([
    'disk.vmdk.000000000',
    'disk.vmdk.000000001',
    'disk.vmdk.000000002',
  ]);
  expect(partNames({ ...file, size: 1_000, chunkSize: 1_000 })).toEqual(['disk.vmdk.000000000']);
  expect(partNames({ ...file, size: 0, chunkSize: 1_000 })).toEqual(['disk.vmdk.000000000']);
});

test('one at a URL has no name in the package', () => {
  expect(() => partNames({ ...file, location: { url: 'https://example.org/disk.vmdk' } })).toThrow(OvfError);
});
