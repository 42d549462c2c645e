import { together } from './together';

const read = (asked: string[][], fail?: Error) => (keys: readonly string[]) => {
  asked.push([...keys]);
  if (fail) return Promise.reject(fail);
  return Promise.resolve(new Map(keys.filter((key) => key !== 'none').map((key) => [key, `value of ${key}`])));
};

test('what is asked for in one turn travels together, equal keys once, and each gets its own', async () => {
  const asked: string[][] = [];
  const one = together(read(asked));
  const answers = await Promise.all(['a', 'b', 'a', 'none'].map(one));
  expect(answers).toEqual(['value of a', 'value of b', 'value of a', undefined]);
  expect(asked).toEqual([['a', 'b', 'none']]);
});

test('what is asked for once a statement is on its way does not join it', async () => {
  const asked: string[][] = [];
  let second: Promise<unknown> = Promise.resolve();
  const one: (key: string) => Promise<string | undefined> = together((keys) => {
    if (asked.length === 0) second = one('a');
    return read(asked)(keys);
  });
  await one('a');
  await second;
  expect(asked).toEqual([['a'], ['a']]);
});

test('no statement has more than 500 keys', async () => {
  const asked: string[][] = [];
  const one = together(read(asked));
  await Promise.all(Array.from({ length: 501 }, (_, index) => one(`key ${index}`)));
  expect(asked.map(({ length }) => length)).toEqual([500, 1]);
});

test('what fails fails for all who asked together, and for nobody after them', async () => {
  const asked: string[][] = [];
  let fail: Error | undefined = new Error('away');
  const one = together((keys) => read(asked, fail)(keys));
  const all = await Promise.allSettled([one('a'), one('b')]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fail = undefined;
  expect(await one('a')).toBe('value of a');
});
