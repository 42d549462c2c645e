import { assert } from './kit/assert';
import type { Content } from './kit/body';
import { attributes, list } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineParts } from './kit/ingredients';
import { isCollection, linksOf } from './kit/links';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { everything } from './kit/population';
import { assertCollection, assertShape } from './kit/shape';
import { hrefOf, shortName, textOf, type Value } from './kit/value';

const needs = playground;
const small = { cpu: 1, memory: 1048576 };
const make = (c: Context, content: Content): Promise<Value> => c.create(PLAYGROUND, TYPE, { name: freshName(), ...content, ...small });

/** Asserts of everything that it is as its table and its pseudo-schema say: names, JSON types, lexical forms, order. */
async function allShapes(c: Context): Promise<void> {
  for (const { value } of await everything(c)) {
    const type = shortName(value.resourceURI ?? '');
    if (isCollection(value)) assertCollection(c, value, type);
    else assertShape(c, value, type);
  }
}

const json = { only: { format: 'json', because: 'it is about JSON types' } } as const;
const xml = { only: { format: 'xml', because: 'it is about elements and lexical forms' } } as const;

/** Requirements on the published forms of both formats. */
const BOTH = ['R5.5.1-01', 'R5.5.5-04', 'R5.5.6-01', 'R5.5.7-03', 'R5.5.8-03', 'R5.5.14-01', 'R5.5.12-19', 'R5.5.12-20', 'R5.5.12-21'];
const JSON_FORMS = ['R5.5.1-02', 'R5.5.2-02', 'R5.5.4-02', 'R5.5.5-02', 'R5.5.6-02', 'R5.5.8-01', 'R5.5.9-02', 'R5.5.10-06'];
const JSON_ARRAYS = ['R5.5.11-05', 'R5.5.11-06', 'R5.5.11-07', 'R5.5.11-08'];
const XML_FORMS = ['R5.5.1-03', 'R5.5.2-03', 'R5.5.4-03', 'R5.5.5-03', 'R5.5.6-03', 'R5.5.8-02', 'R5.5.9-03', 'R5.5.10-07'];
const XML_ARRAYS = ['R5.5.11-09', 'R5.5.11-10', 'R5.5.11-11', 'R5.5.11-12', 'R5.5.11-13', 'R5.5.12-04'];

export const clauses = [
  clause('5.5', 'Data types and their serialization', [
    check('everything in JSON has the published names, types and forms', [...BOTH, ...JSON_FORMS, ...JSON_ARRAYS], json, allShapes),
    check('everything in XML has the published elements, forms and order', [...BOTH, ...XML_FORMS, ...XML_ARRAYS], xml, allShapes),
    check('an optional attribute that was not set is absent', ['R5.5-01'], { needs }, async (c) => {
      const value = await make(c, {});
      for (const name of ['description', 'properties', 'disks', 'disk']) assert.ok(!value.has(name), name);
    }),
    check('empty strings, maps and arrays are not shown', ['R5.5.5-04', 'R5.5.7-03', 'R5.5.14-01', 'R5.5.11-08'], { needs }, async (c) => {
      const value = await make(c, { description: '', properties: {} });
      for (const name of ['description', 'properties']) assert.ok(!value.has(name), name);
      const other = await make(c, { description: 'there', properties: { colour: 'blue' } });
      await c.done(
        await c.put(c.offered(other, 'edit'), TYPE, { description: '', properties: {} }, { query: { $select: 'description,properties' } }),
      );
      const emptied = await c.read(idOf(other));
      for (const name of ['description', 'properties']) assert.ok(!emptied.has(name), name);
    }),
    check(
      'a string is kept letter by letter, blanks at its ends and in its midst too',
      ['R5.5.5-02', 'R5.5.5-03'],
      { needs },
      async (c) => {
        for (const text of ['  blanks  within  and around  ', 'two\nlines and a\ttab', '<&>"\'', '\u{1D4B3}é']) {
          const value = await c.create(PLAYGROUND, TYPE, { name: freshName() + text, description: text, ...small });
          assert.equal(value.text('description'), text);
          assert.ok(textOf(value, 'name').endsWith(text), textOf(value, 'name'));
        }
      },
    ),
    check('a number that is zero is shown', ['R5.5.14-02'], {}, async (c) => {
      const empty = (await everything(c)).filter(({ value }) => isCollection(value) && value.items().length === 0);
      if (empty.length === 0) c.skip('no Collection is empty');
      for (const { value } of empty) assert.equal(textOf(value, 'count'), '0');
    }),
    check('a map holds a key once', ['R5.5.7-01', 'R5.10.1-10'], { needs }, async (c) => {
      const twice =
        c.format === 'json'
          ? `{"cpu":1,"memory":1048576,"properties":{"a":"1","a":"2"}}`
          : `<${TYPE} xmlns="http://schemas.dmtf.org/cimi/1"><property key="a">1</property><property key="a">2</property><cpu>1</cpu><memory>1048576</memory></${TYPE}>`;
      const answer = await c.sendText('POST', await c.addUri(PLAYGROUND), twice);
      const uri = await c.owned(answer);
      if (uri === undefined) return void answer.refused();
      await c.done(answer);
      const text = (await c.get(uri)).text;
      assert.equal(text.split(/"a":|key="a"/).length - 1, 1, text);
    }),
    check('values of the wrong type are refused', ['R5.5.4-02', 'R5.5.4-03'], { needs }, async (c) => {
      await c.fails(async () => c.post(await c.addUri(PLAYGROUND), TYPE, { cpu: 'many', memory: 1048576 }));
      await c.fails(async () => c.post(await c.addUri(PLAYGROUND), TYPE, { cpu: 1.5, memory: 1048576 }));
    }),
    check('dates are moments that can be told apart', ['R5.5.2-02', 'R5.5.2-03', 'R5.10.1-08'], { needs }, async (c) => {
      const created = (await make(c, {})).text('created') ?? c.skip('created is not supported');
      assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
      assert.ok(Math.abs(Date.parse(created) - Date.now()) < 3_600_000, `${created} is about now`);
    }),
  ]),
  clause('5.5.10', 'URI', [
    check(
      'relative URIs in requests are resolved against baseURI',
      ['R5.5.10-02', 'R5.5.10-03', 'R5.12-02'],
      { needs: { adds: ['machineTemplates'] } },
      async (c) => {
        const parts = await machineParts(c);
        const base = textOf(c.entry, 'baseURI');
        const absolute = c.session.absolute(String(parts.machineConfig.href));
        if (!absolute.startsWith(base)) c.skip('the configuration lies outside baseURI');
        const relative = absolute.slice(base.length);
        const template = await c.create('machineTemplates', 'MachineTemplate', {
          machineConfig: { href: relative },
          machineImage: parts.machineImage,
        });
        assert.equal(c.session.absolute(hrefOf(template, 'machineConfig')), absolute);
        assert.equal(idOf(await c.follow(template, 'machineConfig')), String(parts.machineConfig.href));
      },
    ),
    check(
      'a reference is what it resolves to, however it is written',
      ['R5.5.10-02', 'R5.5.10-03'],
      { needs: { adds: ['machineTemplates'] } },
      async (c) => {
        const parts = await machineParts(c);
        const base = textOf(c.entry, 'baseURI');
        const absolute = c.session.absolute(String(parts.machineConfig.href));
        if (!absolute.startsWith(base)) c.skip('the configuration lies outside baseURI');
        const path = absolute.slice(base.length);
        const escaped = path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
        for (const href of [`./${path}`, `x/../${path}`, escaped, base + escaped]) {
          const content = { machineConfig: { href }, machineImage: parts.machineImage };
          const template = await c.create('machineTemplates', 'MachineTemplate', content);
          assert.equal(idOf(await c.follow(template, 'machineConfig')), String(parts.machineConfig.href), href);
        }
      },
    ),
    check('relative URIs in answers do not begin with a slash, and baseURI ends with one', ['R5.5.10-04', 'R5.5.10-05'], {}, async (c) => {
      const all = (await everything(c)).flatMap(({ value }) => [
        idOf(value),
        ...linksOf(value),
        ...value.operations().map(({ href }) => href),
      ]);
      const relative = all.filter((uri) => !URL.canParse(uri));
      assert.deepEqual(
        relative.filter((uri) => uri.startsWith('/')),
        [],
      );
      if (relative.length > 0) assert.ok(textOf(c.entry, 'baseURI').endsWith('/'));
    }),
  ]),
  clause('5.5.11', 'Arrays', [
    check('items of an array have no life of their own', ['R5.5.11-01'], { needs }, async (c) => {
      const disks = list('disk', [
        { capacity: 1_000_000, format: 'ext4' },
        { capacity: 2_000_000, format: 'xfs' },
      ]);
      const value = await c.create(PLAYGROUND, TYPE, { name: freshName(), ...small, disks });
      const items = value.list('disks', 'disk');
      assert.deepEqual(
        items.map((item) => item.text('capacity')),
        ['1000000', '2000000'],
      );
      for (const item of items) assert.ok(!item.has('id') && item.operations().length === 0);
    }),
    check('arrays are replaced whole, in their order', ['R5.5.11-05', 'R5.5.11-10'], { needs }, async (c) => {
      const value = await c.create(PLAYGROUND, TYPE, { ...small, disks: list('disk', [{ capacity: 1_000_000, format: 'ext4' }]) });
      const disks = list('disk', [
        { capacity: 3_000_000, format: 'xfs' },
        { capacity: 2_000_000, format: 'ext4' },
      ]);
      await c.done(await c.put(c.offered(value, 'edit'), TYPE, { disks }, { query: { $select: 'disks' } }));
      const after = (await c.read(idOf(value))).list('disks', 'disk');
      assert.deepEqual(
        after.map((item) => item.text('capacity')),
        ['3000000', '2000000'],
      );
    }),
    check(
      'what an array refers to outlives the resource',
      ['R5.5.11-02'],
      { needs: { adds: ['volumeTemplates', 'machineTemplates'] } },
      async (c) => {
        const volume = idOf(await c.create('volumeTemplates', 'VolumeTemplate', { volumeConfig: { capacity: 1_000_000 } }));
        const content = { volumeTemplates: list('volumeTemplate', [attributes({ initialLocation: '/dev/sdx', href: volume })]) };
        const template = await c.create('machineTemplates', 'MachineTemplate', { ...(await machineParts(c)), ...content });
        assert.equal(template.list('volumeTemplates', 'volumeTemplate')[0]?.text('href'), volume);
        await c.done(await c.delete(c.offered(template, 'delete')));
        await c.gone(idOf(template));
        assert.equal(idOf(await c.read(volume)), volume);
      },
    ),
  ]),
];
