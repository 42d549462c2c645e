import { keptFor } from './kept';

test('equal questions are asked once, others and failed ones again', async () => {
  const asked: string[] = [];
  let fails = true;
  const ask = keptFor(60_000, async ({ name }: { name: string }) => {
    asked.push(name);
    await Promise.resolve();
    if (fails && name === 'b') throw new Error('down');
    return name.toUpperCase();
  });
  expect(await Promise.all([ask({ name: 'a' }), ask({ name: 'a' })])).toEqual(['A', 'A']);
  await expect(ask({ name: 'b' })).rejects.toThrow('down');
  fails = false;
  expect([await ask({ name: 'b' }), await ask({ name: 'a' })]).toEqual(['B', 'A']);
  expect(asked).toEqual(['a', 'b', 'b']);
});

test('an answer without any age is not kept', async () => {
  let count = 0;
  const ask = keptFor(-1, () => Promise.resolve((count += 1)));
  expect([await ask({}), await ask({})]).toEqual([1, 2]);
});
