import { assert } from './kit/assert';
import { CIMI } from './kit/body';
import { check, clause } from './kit/define';
import { freshName, idOf, makeMachine, readOnlyMachine } from './kit/ingredients';
import { JsonValue } from './kit/json';
import { cheapHere, everything } from './kit/population';
import { textOf } from './kit/value';
import { XmlValue } from './kit/xml';

export const clauses = [
  clause('4.2', 'Protocol operations', [
    check('each operation has a rel and an href, in the published form', ['R4.2-03', 'R4.2-07'], {}, async (c) => {
      for (const { uri, value } of await everything(c)) {
        if (value instanceof JsonValue && value.has('operations')) {
          const raw = (value.raw as Record<string, unknown>).operations;
          assert.ok(Array.isArray(raw) && raw.length > 0, uri);
          for (const each of raw) assert.deepEqual(Object.keys(each as object).sort(), ['href', 'rel'], uri);
        }
        if (value instanceof XmlValue) assert.ok(!value.element.children.some(({ name }) => name === 'operations'), uri);
        for (const { rel, href } of value.operations()) assert.ok(rel !== '' && URL.canParse(c.session.absolute(href)), uri);
      }
    }),
    check('rel names one operation, by a word of the standard or an absolute URI', ['R4.2-04', 'R4.2-09'], {}, async (c) => {
      for (const { uri, value } of await everything(c)) {
        const rels = value.operations().map(({ rel }) => rel);
        assert.equal(new Set(rels).size, rels.length, `${uri}: ${rels.join(', ')}`);
        for (const rel of rels) assert.ok(['add', 'edit', 'delete'].includes(rel) || URL.canParse(rel), `${uri}: ${rel}`);
      }
    }),
    check(
      'operations follow the state of the resource',
      ['R4.2-01', 'R4.2-02'],
      { needs: { adds: ['machines'], actions: ['Machine/start', 'Machine/stop'] } },
      async (c) => {
        const uri = idOf(await makeMachine(c));
        const started = await startedAt(uri);
        assert.equal(c.operation(started, 'start'), undefined, 'what runs is not started');
        await c.done(await c.act(started, 'stop'));
        const stopped = await c.untilState(uri, 'STOPPED');
        assert.equal(c.operation(stopped, 'stop'), undefined, 'what is stopped is not stopped again');
        await c.done(await c.act(stopped, 'start'));
        await c.untilState(uri, 'STARTED');

        async function startedAt(machine: string) {
          const value = await c.read(machine);
          if (value.text('state') !== 'STARTED') await c.done(await c.act(value, 'start'));
          return c.untilState(machine, 'STARTED');
        }
      },
    ),
    check(
      'an operation that is not offered is refused',
      ['R4.2-01'],
      { needs: { adds: ['machines'], actions: ['Machine/start', 'Machine/stop'] } },
      async (c) => {
        const machine = await readOnlyMachine(c);
        const not = ['start', 'stop'].find((name) => c.operation(machine, name) === undefined) ?? c.skip('start and stop are both offered');
        await c.fails(async () => c.post(idOf(machine), 'Action', { action: `${CIMI}/action/${not}` }));
      },
    ),
  ]),
  clause('4.2.1', 'Common CRUD operations', [
    check(
      'what is words only is created, read, changed and deleted by the operations offered',
      ['R4.2.1-01', 'R4.2.1.1-01', 'R4.2.1.3-03', 'R4.2.1.4-01', 'R4.2.1.1-09'],
      {},
      async (c) => {
        const kinds = await cheapHere(c);
        if (kinds.length === 0) c.skip('nothing that is words only can be made here');
        for (const { attribute, type, content } of kinds) {
          const name = freshName();
          const made = await c.create(attribute, type, { name, description: 'before', ...(await content(c)) });
          assert.equal(made.resourceURI, `${CIMI}/${type}`);
          assert.equal(textOf(made, 'name'), name);
          await c.done(await c.put(c.offered(made, 'edit'), type, { description: 'after' }, { query: { $select: 'description' } }));
          const changed = await c.read(idOf(made));
          assert.equal(textOf(changed, 'description'), 'after', type);
          await c.done(await c.delete(c.offered(changed, 'delete')));
          await c.gone(idOf(made));
        }
      },
    ),
  ]),
  clause('4.2.1.2', 'Retrieving a representation of a Resource', [
    check('a 200 to GET carries Content-Type and Content-Length', ['R4.2.1.2-01'], {}, async (c) => {
      for (const { answer } of await everything(c)) {
        assert.notEqual(answer.mediaType, '', answer.request);
        assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(answer.text)), answer.request);
      }
    }),
  ]),
];
