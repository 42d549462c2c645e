import { namesFor, type NamesToConnect } from './names-to-connect';

const fake = { name: 'fake', imageNames: { 'debian-12': { owner: '1', name: 'debian-12-*' } } };
const listing = { list: () => (async function* () {})(), getMany: () => Promise.resolve([]) };
const driver = { machineImages: { ...listing, find: () => Promise.resolve([]) }, machineConfigs: listing };
const named = (names: NamesToConnect) => namesFor(names, fake, driver);

test('a text is a pattern, default what the driver ships, a size by text one of the cloud', () => {
  expect(named({ images: { a: 'x*', 'debian-12': 'default', c: { id: '7' } }, sizes: { s: 'm1', t: { memory: 1 } } })).toEqual({
    images: { a: { name: 'x*' }, 'debian-12': { owner: '1', name: 'debian-12-*' }, c: { id: '7' } },
    sizes: { s: { size: 'm1' }, t: { memory: 1 } },
  });
  expect(named({})).toEqual({ images: {}, sizes: {} });
});

test('what a driver cannot have is told by name', () => {
  expect(() => named({ images: { 'debian-99': 'default' } })).toThrow(
    'images.debian-99: the driver fake knows no image of that name by itself (it knows debian-12): say which it is',
  );
  expect(() => namesFor({ images: { toString: 'default' } }, { name: 'bare' }, driver)).toThrow(/it knows none/);
  expect(() => named({ images: { a: { owner: '1', name: 'x' } } })).toThrow(
    /images\.a\.owner: the driver fake looks for images among those/,
  );
  expect(() => namesFor({ images: { a: 'x' } }, fake, {})).toThrow('images.a: the driver fake has no images');
  expect(() => namesFor({ sizes: { a: 'x' } }, fake, {})).toThrow('sizes.a: the driver fake has no sizes');
});
