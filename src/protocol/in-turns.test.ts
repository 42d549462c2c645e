import fc from 'fast-check';
import { sortInTurns } from './in-turns';

test('a long list is sorted as at once, equal items in their order, and others have their turn meanwhile', async () => {
  const items = Array.from({ length: 9_001 }, (_, index) => ({ index, by: (index * 7_919) % 97 }));
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const sorted = await sortInTurns(items, (a, b) => a.by - b.by, 't');
  clearImmediate(timer);
  expect(sorted).toEqual([...items].sort((a, b) => a.by - b.by));
  expect(turns).toBeGreaterThan(5);
});

test('any list is sorted as Array.sort does it', async () => {
  const check = async (items: number[]) => expect(await sortInTurns(items, (a, b) => a - b, 't')).toEqual([...items].sort((a, b) => a - b));
  await fc.assert(fc.asyncProperty(fc.array(fc.integer(), { maxLength: 50 }), check), { numRuns: 50 });
  await check(Array.from({ length: 6_001 }, (_, index) => -index));
});
