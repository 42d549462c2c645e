import { checkNames } from './check-names';
import type { Item } from './contract';
import { ProviderError } from './errors';
import type { PortableNames } from './portable';

const image = (key: string, name: string, created: string): Item => ({ key, values: { name, state: 'AVAILABLE', type: 'IMAGE' }, created });
const listed = [image('a', 'debian-1', '2026-01-01T00:00:00Z'), image('b', 'debian-2', '2026-02-01T00:00:00Z')];
const sizes: Item[] = [{ key: 'flavor-7', values: { name: 'm1.small' } }];

function cloud(names: PortableNames, fails?: ProviderError) {
  const answer = <T>(value: T) => (fails ? Promise.reject(fails) : Promise.resolve(value));
  return {
    names,
    get: (_group: string, key: string) => answer({ value: listed.find((item) => item.key === key), at: 0 }),
    list: (group: string) => answer({ value: group === 'machineImages' ? listed : sizes, at: 0 }),
    imagesOf: ({ owner }: { owner: string }) => answer(owner === '1' ? listed.slice(0, 1) : []),
  };
}
const told = async (names: Partial<PortableNames>, fails?: ProviderError) =>
  (await checkNames(cloud({ images: {}, sizes: {}, ...names }, fails))).map(
    ({ ok, what, message }) => `${what}: ${String(ok)} (${String(message)})`,
  );

test('each name is told with what it stands for', async () => {
  expect(
    await told({
      images: { newest: { name: 'debian-*' }, exact: { id: 'a' }, owned: { owner: '1', name: 'debian-*' } },
      sizes: { small: { size: 'm1.small' }, by: { size: 'flavor-7' }, figures: { memory: 1 } },
    }),
  ).toEqual([
    'the image newest: true (debian-2, b)',
    'the image exact: true (debian-1, a)',
    'the image owned: true (debian-1, a)',
    'the size small: true (m1.small, flavor-7)',
    'the size by: true (m1.small, flavor-7)',
  ]);
});

test('a name that stands for nothing says what was looked for, one of a cloud that is away why', async () => {
  expect(await told({ images: { none: { owner: '2', name: 'x' }, gone: { id: 'z' } }, sizes: { no: { size: 's' } } })).toEqual([
    'the image none: false (there is none with owner 2, name x)',
    'the image gone: false (there is none with id z)',
    'the size no: false (there is none with s)',
  ]);
  expect(await told({ images: { a: { id: 'a' } } }, new ProviderError('unavailable', 'the lights are out', { maybeDone: false }))).toEqual([
    'the image a: false (the lights are out)',
  ]);
});
