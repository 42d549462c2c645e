import type { Item } from './contract';
import { choiceWords, cloudsNaming, figuresOfSize, namesIn, newest, suits } from './portable';

const image = (more: Partial<Item> = {}, values: Item['values'] = {}): Item => ({
  key: 'k',
  values: { name: 'debian-12-amd64-20260101', state: 'AVAILABLE', type: 'IMAGE', ...values },
  ...more,
});

describe('an image that a name may stand for', () => {
  test.each([
    ['a name that the whole pattern fits', { name: 'debian-12-*' }, image(), true],
    ['a name that it fits in part', { name: 'debian-12' }, image(), false],
    ['no name at the provider', { name: '*' }, image({}, { name: undefined }), false],
    ['one that is not finished', { name: '*' }, image({}, { state: 'CREATING' }), false],
    ['a snapshot', { name: '*' }, image({}, { type: 'SNAPSHOT' }), false],
    ['another architecture than the usual', { name: '*' }, image({ cpuArch: 'ARM' }), false],
    ['the architecture asked for', { name: '*', architecture: 'ARM' }, image({ cpuArch: 'ARM' }), true],
    ['the usual one where another is asked for', { name: '*', architecture: 'ARM' }, image({ cpuArch: 'x86_64' }), false],
    ['all properties', { properties: { os_distro: 'debian' } }, image({ labels: { os_distro: 'debian', os_version: '12' } }), true],
    ['another value of one', { properties: { os_distro: 'debian' } }, image({ labels: { os_distro: 'fedora' } }), false],
    ['no properties', { properties: { os_distro: 'debian' } }, image(), false],
    ['a property by the name of what every object has', { properties: { constructor: 'x' } }, image({ labels: {} }), false],
  ])('%s', (_what, choice, item, fits) => {
    expect(suits(item, choice)).toBe(fits);
  });
});

describe('the newest', () => {
  const made = (key: string, created?: string) => ({ item: image({ key, created }) });
  const first = (...all: ReturnType<typeof made>[]) => newest(all)?.item.key;

  test('goes by the moment, whatever its notation, and before what has no date', () => {
    expect(first(made('a', '2026-01-01T00:00:00Z'), made('b', '2026-01-01T00:30:00+01:00'), made('c'))).toBe('a');
    expect(first(made('c'), made('b', '2020-01-01T00:00:00Z'), made('x', 'no date'))).toBe('b');
  });

  test('of one age is the same whatever the order', () => {
    expect([first(made('b'), made('a')), first(made('a'), made('b'))]).toEqual(['a', 'a']);
    expect(first()).toBeUndefined();
  });
});

describe('names', () => {
  const clouds = [
    { key: 'one', names: { images: { debian: { name: 'x' } }, sizes: { small: { size: 's' } } } },
    { key: 'two', names: { images: { debian: { id: 'y' }, 'fedora.1': { id: 'z' } }, sizes: {} } },
    { key: 'three' },
  ];

  test('are each there once, with the clouds that have them', () => {
    const images = [...namesIn(clouds, 'MachineImage')].map(([name, having]) => [name, having.map(({ key }) => key)]);
    expect(images).toEqual([
      ['debian', ['one', 'two']],
      ['fedora.1', ['two']],
    ]);
    expect([...namesIn(clouds, 'MachineConfiguration').keys()]).toEqual(['small']);
    expect(namesIn(clouds, 'Machine').size).toBe(0);
  });

  test('are found by their own text alone', () => {
    expect(cloudsNaming(clouds, 'MachineImage', 'debian')).toHaveLength(2);
    expect(cloudsNaming(clouds, 'MachineImage', 'toString')).toEqual([]);
    expect(cloudsNaming(clouds, 'Volume', 'debian')).toEqual([]);
  });
});

test('figures of a size are those of a MachineConfiguration: KiB, kB, a raw disk', () => {
  expect(figuresOfSize({ cpu: 2, memory: 1024, disk: 10 })).toEqual({ cpu: 2, memory: 1024, disks: [{ capacity: 10, format: 'raw' }] });
  expect(figuresOfSize({ memory: 1024 })).toEqual({ memory: 1024 });
  expect(figuresOfSize({ size: 'm1.small' })).toBeUndefined();
});

test('a choice is told as it was configured', () => {
  expect(choiceWords({ name: 'd*', owner: '136693071363', properties: { os_version: '12' } })).toBe(
    'name d*, owner 136693071363, os_version 12',
  );
  expect(choiceWords({ size: 'm1.small' })).toBe('m1.small');
});
