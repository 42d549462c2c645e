import { assert } from './kit/assert';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { idOf, makeVolume } from './kit/ingredients';
import { keysOf, PLAYGROUND, playground, playgroundOf, ROWS } from './kit/playground';
import { textOf } from './kit/value';

const needs = { ...playground, capabilities: ['CloudEntryPoint/OrderByParameter'] };

/** Keys of the playground in the order that the provider gives. */
async function ordered(c: Context, $orderby: string): Promise<string[]> {
  const place = await playgroundOf(c);
  return keysOf(await c.items(PLAYGROUND, { $orderby }), place);
}

const cpus = async (c: Context, $orderby: string): Promise<number[]> => {
  const keys = await ordered(c, $orderby);
  return keys.map((key) => ROWS.find((row) => row.key === key)?.cpu ?? 0);
};

const utf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byName = ROWS.map(({ key }) => key).sort(utf8);

export const clauses = [
  clause('4.1.6.6', 'Sorting Collections', [
    check(
      'integers sort by size, ascending unless told otherwise',
      ['R4.1.6.6-02', 'R4.1.6.6-06', 'R4.1.6.6-08', 'R4.1.6.6-12', 'R5.11.2-14'],
      { needs },
      async (c) => {
        assert.deepEqual(await cpus(c, 'cpu'), [1, 2, 2, 8, 10]);
        assert.deepEqual(await cpus(c, 'cpu:asc'), [1, 2, 2, 8, 10]);
      },
    ),
    check('strings sort by Unicode', ['R4.1.6.6-08', 'R4.1.6.6-14'], { needs }, async (c) => {
      assert.deepEqual(await ordered(c, 'name'), byName);
    }),
    check('dates sort earlier before later', ['R4.1.6.6-08', 'R4.1.6.6-10'], { needs }, async (c) => {
      const place = await playgroundOf(c);
      const items = (await c.items(PLAYGROUND, { $orderby: 'created' })).filter((item) => item.text('description') === place.mark);
      const moments = items.map((item) => Date.parse(textOf(item, 'created')));
      assert.equal(moments.length, ROWS.length);
      assert.deepEqual(
        moments,
        [...moments].sort((a, b) => a - b),
      );
    }),
    check('desc is the reverse', ['R4.1.6.6-15'], { needs }, async (c) => {
      assert.deepEqual(await ordered(c, 'name:desc'), [...byName].reverse());
      assert.deepEqual(await cpus(c, 'cpu:desc'), [10, 8, 2, 2, 1]);
    }),
    check(
      'a second attribute decides where the first is equal, each with its own direction',
      ['R4.1.6.6-02', 'R4.1.6.6-08'],
      { needs },
      async (c) => {
        const sorted = (sign: number): string[] =>
          [...ROWS].sort((a, b) => b.cpu - a.cpu || sign * (a.memory - b.memory)).map(({ key }) => key);
        assert.deepEqual(await ordered(c, 'cpu:desc,memory:asc'), sorted(1));
        assert.deepEqual(await ordered(c, 'cpu:desc,memory:desc'), sorted(-1));
      },
    ),
    check(
      'false sorts before true',
      ['R4.1.6.6-09'],
      { needs: { adds: ['volumes', 'volumeImages'], capabilities: ['CloudEntryPoint/OrderByParameter', 'Volume/VolumeSnapshot'] } },
      async (c) => {
        const uris = await c.shared('images of both kinds', async (s) => {
          const volume = idOf(await makeVolume(s));
          const image = (bootable: boolean) => s.createUri('volumeImages', 'VolumeImage', { imageLocation: { href: volume }, bootable });
          return [await image(true), await image(false), await image(true)];
        });
        const order = async ($orderby: string): Promise<string[]> => {
          const items = await c.items('volumeImages', { $orderby });
          return items.filter((item) => uris.includes(idOf(item))).map((item) => textOf(item, 'bootable'));
        };
        assert.deepEqual(await order('bootable'), ['false', 'true', 'true']);
        assert.deepEqual(await order('bootable:desc'), ['true', 'true', 'false']);
      },
    ),
  ]),
];
