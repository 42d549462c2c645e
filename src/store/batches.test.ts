import { inBatches } from './batches';

const asked: string[][] = [];
const twice = inBatches((keys: readonly string[]) => {
  asked.push([...keys]);
  if (keys.includes('broken')) return Promise.reject(new Error('away'));
  return Promise.resolve(new Map(keys.filter((key) => key !== 'absent').map((key) => [key, key + key])));
});
beforeEach(() => asked.splice(0));

test('calls of one turn are one batch, each is told its own; those of the next are another', async () => {
  expect(await Promise.all([twice('a'), twice('absent'), twice('b')])).toEqual(['aa', undefined, 'bb']);
  expect(await twice('c')).toBe('cc');
  expect(asked).toEqual([['a', 'absent', 'b'], ['c']]);
});

test('of two that ask for the same in one turn the first has it', async () => {
  expect(await Promise.all([twice('a'), twice('a')])).toEqual(['aa', undefined]);
  expect(asked).toEqual([['a']]);
});

test('a batch that fails is told to each of it, and to no other', async () => {
  const ends = await Promise.allSettled([twice('a'), twice('broken')]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await twice('a')).toBe('aa');
});

test('no batch is larger than 32, and what is over is not left behind', async () => {
  const keys = Array.from({ length: 70 }, (_, index) => `key ${index}`);
  expect(await Promise.all(keys.map((key) => twice(key)))).toEqual(keys.map((key) => key + key));
  expect(asked.map(({ length }) => length)).toEqual([32, 32, 6]);
});
