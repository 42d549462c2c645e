import { assert } from './kit/assert';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { readOnlyMachine, idOf } from './kit/ingredients';
import { playground, PLAYGROUND, playgroundOf } from './kit/playground';
import type { Value } from './kit/value';
import type { Query } from './kit/wire';

const capabilities = ['CloudEntryPoint/SelectParameter'];
const needs = { adds: ['machines'], capabilities };
const lists = { ...playground, capabilities };

/** Names of what is there but for resourceURI, which JSON always carries and XML as the element's name. */
const names = (value: Value): string[] => value.names().filter((name) => name !== 'resourceURI');

async function selected(c: Context, query: Query): Promise<Value> {
  return c.read(idOf(await readOnlyMachine(c)), query);
}

export const clauses = [
  clause('4.1.6.3', 'Subsetting Resources', [
    check('$select leaves only what it lists, as it is', ['R4.1.6.3-02', 'R4.1.6.3-03', 'R5.11.2-12'], { needs }, async (c) => {
      const whole = await readOnlyMachine(c);
      const part = await selected(c, { $select: 'name,description' });
      assert.deepEqual(names(part), ['name', 'description']);
      assert.equal(part.text('name'), whole.text('name'));
      assert.deepEqual(names(await selected(c, { $select: 'operations' })), ['operations']);
      assert.deepEqual((await selected(c, { $select: 'properties' })).map(), whole.map());
    }),
    check('names that are no attribute are ignored', ['R4.1.6.3-05'], { needs }, async (c) => {
      assert.deepEqual(names(await selected(c, { $select: 'nosuchattribute,name' })), ['name']);
      assert.deepEqual(names(await selected(c, { $select: 'Name' })), [], 'identifiers are case-sensitive');
    }),
    check('* stands for everything, operations too', ['R4.1.6.3-06'], { needs }, async (c) => {
      const whole = await readOnlyMachine(c);
      assert.ok(names(whole).includes('operations'));
      assert.deepEqual(names(await selected(c, { $select: '*' })), names(whole));
    }),
    check('repeated names count once, repeated parameters are one list', ['R4.1.6.3-07', 'R4.1.6.3-09'], { needs }, async (c) => {
      const once = await selected(c, { $select: 'name,state' });
      assert.deepEqual(names(await selected(c, { $select: 'name,name,state,name' })), names(once));
      const query: Query = [
        ['$select', 'name'],
        ['$select', 'state'],
      ];
      assert.deepEqual(names(await selected(c, query)), names(once));
    }),
    check('the order of names is not that of the answer', ['R4.1.6.3-10'], { needs }, async (c) => {
      assert.deepEqual(names(await selected(c, { $select: 'state,description,name' })), ['name', 'description', 'state']);
    }),
    check('resourceURI is always there', ['R4.1.6.3-11', 'R4.1.4-04'], { needs }, async (c) => {
      const whole = await readOnlyMachine(c);
      assert.equal((await selected(c, { $select: 'name' })).resourceURI, whole.resourceURI);
      const collection = await c.collection('machines', { $select: 'count' });
      assert.equal(collection.resourceURI, (await c.collection('machines')).resourceURI);
    }),
    check('on a Collection $select takes its own attributes', ['R4.1.6.3-12'], { needs: lists }, async (c) => {
      await playgroundOf(c);
      const part = await c.collection(PLAYGROUND, { $select: 'count,operations' });
      assert.deepEqual(names(part), ['count', 'operations']);
    }),
    check('on a Collection names of item attributes cut each item', ['R4.1.6.3-13', 'R4.1.6.3-14'], { needs: lists }, async (c) => {
      await playgroundOf(c);
      const items = (await c.collection(PLAYGROUND, { $select: 'name,cpu' })).items();
      assert.ok(items.length > 0);
      for (const item of items)
        assert.deepEqual(
          names(item).filter((name) => !['name', 'cpu'].includes(name)),
          [],
        );
      assert.ok(items.some((item) => item.has('cpu')));
    }),
    check(
      'on a Collection id is that of each item, in a window, an order and a filter, too',
      ['R4.1.6.3-13', 'R4.1.6.3-14'],
      { needs: lists },
      async (c) => {
        await playgroundOf(c);
        const queries: [string, Record<string, string>][] = [
          ['CloudEntryPoint/FirstParameter', { $first: '1', $last: '3' }],
          ['CloudEntryPoint/FilterParameter', { $filter: 'cpu>0' }],
          ['CloudEntryPoint/OrderByParameter', { $orderby: 'name' }],
        ];
        for (const [capability, query] of queries.filter(([name]) => c.can(name))) {
          const whole = await c.items(PLAYGROUND, query);
          const part = await c.items(PLAYGROUND, { ...query, $select: 'id' });
          assert.deepEqual(part.map(idOf), whole.map(idOf), capability);
          for (const item of part) assert.deepEqual(names(item), ['id'], capability);
        }
      },
    ),
    check(
      'path notation works where it is announced',
      ['R4.1.6.3-16', 'R5.11.2-15'],
      { needs: { ...lists, capabilities: [...capabilities, 'CloudEntryPoint/QueryPathNotation'] } },
      async (c) => {
        await playgroundOf(c);
        const grouping = (await c.in('json').collection(PLAYGROUND)).grouping() ?? '';
        const part = await c.collection(PLAYGROUND, { $select: `${grouping}/id,${grouping}/name,operations` });
        assert.deepEqual(
          names(part).filter((name) => !/^[A-Z]/.test(name) && name !== grouping),
          ['operations'],
        );
        for (const item of part.items()) assert.deepEqual(names(item), ['id', 'name']);
      },
    ),
  ]),
];
