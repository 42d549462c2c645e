import { assert } from './kit/assert';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { idOf } from './kit/ingredients';
import { countOf, PLAYGROUND, playground, playgroundOf, ROWS } from './kit/playground';
import type { Query } from './kit/wire';

const needs = { ...playground, capabilities: ['CloudEntryPoint/FirstParameter'] };
const filtering = { ...playground, capabilities: ['CloudEntryPoint/FirstParameter', 'CloudEntryPoint/FilterParameter'] };

/** URIs of all items, and of those in a window. */
async function both(c: Context, window: Query): Promise<{ all: string[]; some: string[] }> {
  await playgroundOf(c);
  const all = (await c.items(PLAYGROUND)).map(idOf);
  return { all, some: (await c.items(PLAYGROUND, window)).map(idOf) };
}

export const clauses = [
  clause('4.1.6.2', 'Subsetting Collections', [
    check(
      '$first and $last cut out the items between them, counted from 1',
      ['R4.1.6.2-02', 'R4.1.6.2-03', 'R4.1.6.2-05', 'R5.11.2-11'],
      { needs },
      async (c) => {
        const middle = await both(c, { $first: '2', $last: '4' });
        assert.deepEqual(middle.some, middle.all.slice(1, 4));
        const one = await both(c, { $first: '1', $last: '1' });
        assert.deepEqual(one.some, one.all.slice(0, 1));
      },
    ),
    check('$first alone runs to the end', ['R4.1.6.2-07'], { needs }, async (c) => {
      const { all, some } = await both(c, { $first: '3' });
      assert.deepEqual(some, all.slice(2));
    }),
    check('$last alone starts at the first item', ['R4.1.6.2-08'], { needs }, async (c) => {
      const { all, some } = await both(c, { $last: '2' });
      assert.deepEqual(some, all.slice(0, 2));
    }),
    check('what is out of bounds is left out, without a fault', ['R4.1.6.2-09', 'R4.1.6.2-10'], { needs }, async (c) => {
      const { all, some } = await both(c, { $first: '2', $last: '1000000' });
      assert.deepEqual(some, all.slice(1));
      assert.deepEqual((await both(c, { $first: '1000001', $last: '1000002' })).some, []);
      assert.deepEqual((await both(c, { $first: '0', $last: '1' })).some, all.slice(0, 1));
    }),
    check('$first above $last gives nothing', ['R4.1.6.2-11'], { needs }, async (c) => {
      assert.deepEqual((await both(c, { $first: '3', $last: '2' })).some, []);
    }),
    check('$filter comes first, positions are those of what it leaves', ['R4.1.6.2-12', 'R4.1.6.2-13'], { needs: filtering }, async (c) => {
      const { mark } = await playgroundOf(c);
      const $filter = `description='${mark}'`;
      const left = (await c.items(PLAYGROUND, { $filter })).map(idOf);
      assert.equal(left.length, ROWS.length);
      const window = await c.collection(PLAYGROUND, { $filter, $first: '2', $last: '3' });
      assert.deepEqual(window.items().map(idOf), left.slice(1, 3));
      assert.equal(countOf(window), ROWS.length, 'count is that of the filter (reading D104)');
    }),
    check('windows next to each other hold each item once', ['R4.1.6.2-03'], { needs }, async (c) => {
      const { all } = await both(c, {});
      const size = Math.ceil(all.length / 3);
      const windows = await Promise.all(
        [0, 1, 2].map((at) => c.items(PLAYGROUND, { $first: String(at * size + 1), $last: String((at + 1) * size) })),
      );
      assert.deepEqual(windows.flat().map(idOf), all);
    }),
  ]),
];
