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

test('while as many are under way as may be, who asks waits for the next one', async () => {
  const sent: { keys: readonly string[]; finish: () => void }[] = [];
  const slow = inBatches(
    (keys: readonly string[]) =>
      new Promise<Map<string, string>>((resolve) => sent.push({ keys, finish: () => resolve(new Map(keys.map((key) => [key, key]))) })),
    { atOnce: 1 },
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const first = slow('a');
  await turn();
  const others = [slow('b')];
  await turn();
  others.push(...Array.from({ length: 40 }, (_, n) => slow(`c${n}`)));
  await turn();
  expect(sent.map(({ keys }) => keys)).toEqual([['a']]);
  const sizes: number[] = [];
  for (let n = 0; n < 3; n++) {
    sent[n]?.finish();
    await turn();
    await turn();
    sizes.push(sent[n]?.keys.length ?? 0);
    expect(sent).toHaveLength(Math.min(3, n + 2));
  }
  expect(sizes).toEqual([1, 32, 9]);
  expect(await first).toBe('a');
  expect(await Promise.all(others)).toEqual(['b', ...Array.from({ length: 40 }, (_, n) => `c${n}`)]);
});

test('a failure that may be of one is told to that one: each is done by itself; any other is told to all', async () => {
  const tried: string[][] = [];
  const one = inBatches(
    (keys: readonly string[]) => {
      tried.push([...keys]);
      const bad = keys.find((key) => key === 'bad' || key === 'away');
      return bad ? Promise.reject(new Error(bad)) : Promise.resolve(new Map(keys.map((key) => [key, key])));
    },
    { mayBeOnes: (error) => error instanceof Error && error.message === 'bad' },
  );
  const told = await Promise.allSettled(['a', 'bad', 'b'].map(one));
  expect(told.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual(['a', 'Error: bad', 'b']);
  expect(tried.splice(0)).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
  const lost = await Promise.allSettled(['a', 'away'].map(one));
  expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(tried).toEqual([['a', 'away']]);
});
