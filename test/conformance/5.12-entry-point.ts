import { assert } from './kit/assert';
import { check, clause } from './kit/define';
import { idOf } from './kit/ingredients';
import { assertShape } from './kit/shape';
import { hrefOf, textOf } from './kit/value';

export const clauses = [
  clause('5.12', 'Cloud Entry Point', [
    check('it has the attributes and the form of its table', ['R5.12-04', 'R5.12-05'], {}, async (c) => {
      assertShape(c, await c.read(c.session.url), 'CloudEntryPoint', ['baseURI']);
    }),
    check('it catalogues what the one who asks may use, and nothing else', ['R5.12-01'], {}, async (c) => {
      const entry = await c.read(c.session.url);
      const links = entry.names().filter((name) => entry.href(name) !== undefined);
      assert.ok(links.length > 0);
      for (const name of links)
        assert.equal(c.session.absolute(idOf(await c.follow(entry, name))), c.session.absolute(hrefOf(entry, name)), name);
    }),
    check('baseURI is absolute', ['R5.12-02'], {}, async (c) => {
      const base = textOf(await c.read(c.session.url), 'baseURI');
      assert.ok(URL.canParse(base), base);
    }),
    check('ResourceMetadata that says nothing is not listed', ['R5.12-03'], { needs: { collections: ['resourceMetadata'] } }, async (c) => {
      for (const metadata of await c.items('resourceMetadata')) {
        const said = ['attributes', 'attribute', 'capabilities', 'capability', 'actions', 'action'].some((name) => metadata.has(name));
        assert.ok(said, idOf(metadata));
      }
    }),
  ]),
  clause('5.12.1', 'Operations', [
    check('it is read and perhaps updated, nothing else', ['R5.12.1-01'], {}, async (c) => {
      const entry = await c.read(c.session.url);
      assert.deepEqual(
        entry.operations().filter(({ rel }) => rel !== 'edit'),
        [],
      );
      await c.refuses(() => c.delete(c.session.url));
      await c.refuses(() => c.post(c.session.url, 'CloudEntryPoint', { name: 'another' }));
      const edit = c.operation(entry, 'edit');
      if (edit === undefined) return void (await c.refuses(() => c.put(c.session.url, 'CloudEntryPoint', { name: 'changed' })));
      const answer = await c.put(
        edit,
        'CloudEntryPoint',
        { description: textOf(entry, 'description') },
        { query: { $select: 'description' } },
      );
      await c.done(answer);
    }),
  ]),
];
