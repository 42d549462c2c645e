import { assert } from './kit/assert';
import { CIMI, type Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, makeMachine } from './kit/ingredients';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { textOf, type Value } from './kit/value';
import { MEDIA } from './kit/wire';

const needs = playground;
const partial = { ...playground, capabilities: ['CloudEntryPoint/SelectParameter'] };

const make = (c: Context): Promise<Value> =>
  c.create(PLAYGROUND, TYPE, {
    name: freshName(),
    description: 'first',
    properties: { colour: 'blue', size: 'big' },
    cpu: 1,
    memory: 1048576,
  });

const again = (c: Context, value: Value): Promise<Value> => c.read(idOf(value));

const select = (c: Context, value: Value, names: string, content: Content) =>
  c.put(c.offered(value, 'edit'), TYPE, content, { query: { $select: names } });

const attributesOf = (value: Value): string[] => value.names().filter((name) => !['operations', 'updated', 'resourceURI'].includes(name));

export const clauses = [
  clause('4.2.1.3', 'Updating a Resource', [
    check(
      'a full PUT replaces what can be written, and removes what it leaves out',
      ['R5.5-02', 'R4.2.1.3-03', 'R5.4-13'],
      { needs },
      async (c) => {
        const before = await make(c);
        await c.done(
          await c.put(c.offered(before, 'edit'), TYPE, { name: 'second', properties: { colour: 'red' }, cpu: 2, memory: 2097152 }),
        );
        const after = await again(c, before);
        assert.equal(textOf(after, 'name'), 'second');
        assert.deepEqual(after.map(), { colour: 'red' });
        assert.equal(textOf(after, 'cpu'), '2');
        assert.ok(!after.has('description'), 'what is absent from a full update is removed');
      },
    ),
    check(
      'a representation that is sent back as it came changes nothing',
      ['R4.2.1.3-04', 'R4.2.1.3-05', 'R5.4-11'],
      { needs },
      async (c) => {
        const before = await make(c);
        const text = (await c.get(idOf(before))).text;
        await c.done(await c.sendText('PUT', c.offered(before, 'edit'), text));
        const after = await again(c, before);
        assert.deepEqual(attributesOf(after), attributesOf(before));
        for (const name of attributesOf(before)) assert.equal(after.text(name), before.text(name), name);
        assert.deepEqual(after.map(), before.map());
      },
    ),
    check(
      'read-only and immutable attributes are ignored, without an error',
      ['R4.2.1.3-04', 'R4.2.1.3-05', 'R5.4-07', 'R5.4-11', 'R5.10.1-06'],
      { needs },
      async (c) => {
        const before = await make(c);
        const other = { id: `${idOf(before)}x`, created: '2001-01-01T00:00:00Z', updated: '2001-01-01T00:00:00Z' };
        await c.done(await c.put(c.offered(before, 'edit'), TYPE, { ...other, description: 'second', cpu: 1, memory: 1048576 }));
        const after = await again(c, before);
        assert.equal(idOf(after), idOf(before));
        assert.equal(after.text('created'), before.text('created'));
        assert.equal(textOf(after, 'description'), 'second');
      },
    ),
    check('state is not changed by an update', ['R4.2.1.3-04', 'R5.8-03'], { needs: { adds: ['machines'] } }, async (c) => {
      const machine = await makeMachine(c);
      const state = textOf(machine, 'state');
      const content = { description: 'changed', state: state === 'STARTED' ? 'STOPPED' : 'STARTED' };
      await c.done(await c.put(c.offered(machine, 'edit'), 'Machine', content, { query: { $select: 'description,state' } }));
      const after = await again(c, machine);
      assert.equal(textOf(after, 'description'), 'changed');
      assert.equal(textOf(after, 'state'), state);
    }),
    check('a 200 with a body carries Content-Type and Content-Length', ['R4.2.1.3-09'], { needs }, async (c) => {
      const answer = await select(c, await make(c), 'description', { description: 'second' });
      await c.done(answer);
      if (answer.status !== 200 || answer.empty) c.unproven('the answer is no 200 with a body');
      assert.equal(answer.mediaType, MEDIA[c.format]);
      assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(answer.text)));
      assert.ok([`${CIMI}/${TYPE}`, `${CIMI}/Job`].includes(answer.body.resourceURI ?? ''));
    }),
    check('what may be changed or deleted says so', ['R4.2.1.3-03', 'R4.2.1.4-01'], { needs }, async (c) => {
      const value = await make(c);
      for (const rel of ['edit', 'delete']) assert.ok(c.operation(value, rel), rel);
    }),
  ]),
  clause('4.2.1.3.1', 'Partial updates to a Resource', [
    check('only what $select names is changed', ['R4.2.1.3.1-04', 'R4.2.1.3.1-05'], { needs: partial }, async (c) => {
      const before = await make(c);
      await c.done(await select(c, before, 'description,cpu', { description: 'second', cpu: 4 }));
      const after = await again(c, before);
      assert.equal(textOf(after, 'description'), 'second');
      assert.equal(textOf(after, 'cpu'), '4');
      for (const name of ['name', 'memory', 'created']) assert.equal(after.text(name), before.text(name));
      assert.deepEqual(after.map(), before.map());
    }),
    check('what $select names and the body leaves out is reset', ['R4.2.1.3.1-06'], { needs: partial }, async (c) => {
      const before = await make(c);
      await c.done(await select(c, before, 'description,properties', { properties: { only: 'this' } }));
      const after = await again(c, before);
      assert.ok(!after.has('description'));
      assert.deepEqual(after.map(), { only: 'this' });
      assert.equal(after.text('name'), before.text('name'));
    }),
    check('a writable attribute that $select does not name is refused', ['R4.2.1.3.1-07'], { needs: partial }, async (c) => {
      const before = await make(c);
      await c.fails(async () => select(c, before, 'description', { name: 'refused', description: 'refused' }));
      const after = await again(c, before);
      assert.equal(textOf(after, 'description'), 'first');
      assert.equal(after.text('name'), before.text('name'));
    }),
    check('read-only attributes are ignored in partial updates, too', ['R4.2.1.3-06'], { needs: partial }, async (c) => {
      const before = await make(c);
      const content = { id: `${idOf(before)}x`, description: 'second', created: '2001-01-01T00:00:00Z' };
      await c.done(await select(c, before, 'description,created', content));
      const after = await again(c, before);
      assert.equal(after.text('created'), before.text('created'));
      assert.equal(textOf(after, 'description'), 'second');
    }),
    check('several $select parameters are one list', ['R4.2.1.3.1-04'], { needs: partial }, async (c) => {
      const before = await make(c);
      const query: [string, string][] = [
        ['$select', 'description'],
        ['$select', 'cpu'],
      ];
      await c.done(await c.put(c.offered(before, 'edit'), TYPE, { description: 'second', cpu: 2 }, { query }));
      const after = await again(c, before);
      assert.deepEqual([after.text('description'), after.text('cpu')], ['second', '2']);
    }),
  ]),
];
