import { freeDeviceNames, isDeviceName } from './devices';

test('the names that EC2 recommends come first; /dev/sda is the root’s', () => {
  expect(freeDeviceNames('linux', ['/dev/sda1'])[0]).toBe('/dev/sdf');
  expect(freeDeviceNames('windows', ['/dev/sda1'])[0]).toBe('xvdf');
  expect(freeDeviceNames('linux', []).some((name) => /a\d*$/.test(name) && name.length <= 8)).toBe(false);
});

test('a place is taken under each of its names', () => {
  expect(freeDeviceNames('linux', ['/dev/xvda', '/dev/xvdf', '/dev/sdg1', 'xvdh'])[0]).toBe('/dev/sdi');
});

test('there are dozens, every one valid, none twice', () => {
  for (const platform of ['linux', 'windows'] as const) {
    const names = freeDeviceNames(platform, []);
    expect(names.length).toBeGreaterThan(50);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !isDeviceName(name, platform))).toEqual([]);
  }
  expect(freeDeviceNames('linux', freeDeviceNames('linux', []))).toEqual([]);
});

test.each([
  ['linux', '/dev/sdm', '/dev/sdm'],
  ['linux', '/dev/xvdcz', '/dev/xvdcz'],
  ['linux', '/dev/sdg', '/dev/sdf'],
  ['linux', '/dev/nvme1n1', '/dev/sdf'],
  ['linux', '/mnt/data', '/dev/sdf'],
  ['linux', '/dev/sda', '/dev/sdf'],
  ['linux', 'D:', '/dev/sdf'],
  ['windows', 'xvdk', 'xvdk'],
  ['windows', '/dev/sdk', 'xvdf'],
] as const)('%s: the hint %s becomes %s', (platform, hint, name) => {
  expect(freeDeviceNames(platform, ['/dev/sdg'], hint)[0]).toBe(name);
});
