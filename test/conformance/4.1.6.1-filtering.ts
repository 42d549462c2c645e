import { assert } from './kit/assert';
import { check, clause } from './kit/define';
import { freshName, idOf, makeVolume } from './kit/ingredients';
import { countOf, found, keysOf, keysWhere, PLAYGROUND, playground, playgroundOf, ROWS } from './kit/playground';

const needs = { ...playground, capabilities: ['CloudEntryPoint/FilterParameter'] };
const all = keysWhere(() => true);

export const clauses = [
  clause('4.1.6.1', 'Filtering Collections', [
    check(
      '$filter picks items by a top-level string, = and !=',
      ['R4.1.6.1-02', 'R4.1.6.1-04', 'R4.1.6.1-10', 'R5.11.2-10'],
      { needs },
      async (c) => {
        const { mark } = await playgroundOf(c);
        assert.deepEqual(await found(c, `name='${mark}-b'`), ['b']);
        assert.deepEqual(
          await found(c, `name!='${mark}-b'`),
          keysWhere(({ key }) => key !== 'b'),
        );
        assert.deepEqual(await found(c, `name='${mark}'`), []);
      },
    ),
    check('every operator works on integers, as numbers', ['R4.1.6.1-05', 'R4.1.6.1-06', 'R4.1.6.1-10'], { needs }, async (c) => {
      assert.deepEqual(
        await found(c, 'cpu=2'),
        keysWhere(({ cpu }) => cpu === 2),
      );
      assert.deepEqual(
        await found(c, 'cpu!=2'),
        keysWhere(({ cpu }) => cpu !== 2),
      );
      assert.deepEqual(
        await found(c, 'cpu<8'),
        keysWhere(({ cpu }) => cpu < 8),
      );
      assert.deepEqual(
        await found(c, 'cpu<=8'),
        keysWhere(({ cpu }) => cpu <= 8),
      );
      assert.deepEqual(
        await found(c, 'cpu>2'),
        keysWhere(({ cpu }) => cpu > 2),
      );
      assert.deepEqual(
        await found(c, 'cpu>=10'),
        keysWhere(({ cpu }) => cpu >= 10),
      );
    }),
    check('every operator works on dates, as moments', ['R4.1.6.1-06', 'R4.1.6.1-10'], { needs }, async (c) => {
      const { uris } = await playgroundOf(c);
      const created = (await c.read(uris[0] ?? '')).text('created') ?? c.skip('created is not supported');
      const moment = Date.parse(created);
      const at = (offset: number): string => new Date(moment + offset).toISOString();
      assert.ok((await found(c, `created>=${at(0)}`)).includes('b'));
      assert.ok((await found(c, `created<=${at(0)}`)).includes('b'));
      assert.ok((await found(c, `created=${created}`)).includes('b'));
      assert.ok(!(await found(c, `created!=${created}`)).includes('b'));
      assert.deepEqual(await found(c, `created<${at(-1000)}`), []);
      assert.deepEqual(await found(c, `created>${at(-1000)}`), all);
      const east = `${new Date(moment + 3_600_000 - 1000).toISOString().slice(0, 19)}+01:00`;
      assert.deepEqual(await found(c, `created>${east}`), all, 'an offset from UTC counts');
    }),
    check(
      'true and false are values',
      ['R4.1.6.1-06', 'R4.1.6.1-10'],
      { needs: { capabilities: ['CloudEntryPoint/FilterParameter', 'Volume/VolumeSnapshot'], adds: ['volumes', 'volumeImages'] } },
      async (c) => {
        const description = freshName('boolean');
        const imageLocation = { href: idOf(await makeVolume(c)) };
        const made: Record<string, string[]> = { true: [], false: [] };
        for (const bootable of [true, false]) {
          const image = await c.create('volumeImages', 'VolumeImage', { name: freshName(), description, imageLocation, bootable });
          made[image.text('bootable') ?? '']?.push(idOf(image));
        }
        for (const [value, uris] of Object.entries(made)) {
          for (const filter of [`bootable=${value}`, `${value}=bootable`, `bootable!=${value === 'true' ? 'false' : 'true'}`]) {
            const items = await c.items('volumeImages', { $filter: `description='${description}' and ${filter}` });
            assert.deepEqual(items.map(idOf).sort(), [...uris].sort(), filter);
          }
        }
        if (made.true?.length === 0 || made.false?.length === 0) c.unproven('all images are alike, whether bootable was asked for or not');
      },
    ),
    check('strings may stand in single or double quotes', ['R4.1.6.1-05', 'R4.1.6.1-06'], { needs }, async (c) => {
      const { mark } = await playgroundOf(c);
      assert.deepEqual(await found(c, `name="${mark}-Z"`), ['Z']);
      assert.deepEqual(await found(c, `name='${mark}-Z'`), ['Z']);
      assert.deepEqual(await found(c, `name='${mark}-é'`), ['é']);
    }),
    check('the value may stand before the attribute', ['R4.1.6.1-05'], { needs }, async (c) => {
      const { mark } = await playgroundOf(c);
      assert.deepEqual(await found(c, `'${mark}-b'=name`), ['b']);
      assert.deepEqual(
        await found(c, '8<=cpu'),
        keysWhere(({ cpu }) => cpu >= 8),
      );
    }),
    check('and binds tighter than or; parentheses group', ['R4.1.6.1-05', 'R4.1.6.1-10'], { needs }, async (c) => {
      assert.deepEqual(
        await found(c, 'cpu=1 or cpu=2 and memory=1048576'),
        keysWhere(({ cpu, memory }) => cpu === 1 || (cpu === 2 && memory === 1048576)),
      );
      assert.deepEqual(
        await found(c, '(cpu=8 or cpu=2) and memory=1048576'),
        keysWhere(({ cpu, memory }) => (cpu === 8 || cpu === 2) && memory === 1048576),
      );
      assert.deepEqual(
        await found(c, 'cpu=1 or cpu=8 or cpu=10'),
        keysWhere(({ cpu }) => [1, 8, 10].includes(cpu)),
      );
    }),
    check("property['key'] picks items by an entry of their properties", ['R4.1.6.1-07', 'R4.1.6.1-08'], { needs }, async (c) => {
      assert.deepEqual(
        await found(c, "property['colour']='blue'"),
        keysWhere(({ colour }) => colour === 'blue'),
      );
      assert.deepEqual(
        await found(c, "property['owner']='conformance'"),
        keysWhere(({ colour }) => colour !== undefined),
        'any of several properties counts',
      );
      assert.deepEqual(await found(c, "property['shape']='round'"), []);
      assert.deepEqual(await found(c, `property["colour"]="red"`), ['Z']);
    }),
    check('several $filter parameters all have to hold', ['R4.1.6.1-12', 'R4.1.6.1-13'], { needs }, async (c) => {
      const place = await playgroundOf(c);
      const collection = await c.collection(PLAYGROUND, [
        ['$filter', `description='${place.mark}'`],
        ['$filter', 'cpu=2'],
        ['$filter', 'memory>1048576'],
      ]);
      assert.deepEqual(keysOf(collection.items(), place), ['b']);
      assert.equal(countOf(collection), 1);
    }),
    check('count is the number of items that match', ['R4.1.6.1-14'], { needs }, async (c) => {
      const { mark } = await playgroundOf(c);
      assert.equal(countOf(await c.collection(PLAYGROUND, { $filter: `description='${mark}'` })), ROWS.length);
      assert.equal(countOf(await c.collection(PLAYGROUND, { $filter: `description='${mark}' and cpu=2` })), 2);
      assert.equal(countOf(await c.collection(PLAYGROUND, { $filter: `description='${mark}-nowhere'` })), 0);
    }),
    check('a filter that does not follow the grammar is refused', ['R4.1.6.1-02', 'R4.1.6.1-05'], { needs }, async (c) => {
      for (const filter of ['name=', "name='unclosed", '(cpu=1', 'cpu=1 and', 'cpu==1'])
        (await c.get(c.link(PLAYGROUND), { query: { $filter: filter } })).refused();
    }),
    check('an attribute that no item has matches nothing', ['R4.1.6.1-04'], { needs }, async (c) => {
      assert.deepEqual(await found(c, "nosuchattribute='x'"), []);
    }),
  ]),
];
