import { assert } from './kit/assert';
import { CIMI, type Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { typeFacts } from './kit/facts';
import { freshName, idOf, machineCreate, makeMachine, readOnlyMachine } from './kit/ingredients';
import { JsonValue } from './kit/json';
import { isCollection } from './kit/links';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { everything } from './kit/population';
import { shortName, textOf, type Value } from './kit/value';
import { type Element, XmlValue } from './kit/xml';

const needs = playground;
const small = { cpu: 1, memory: 1048576 };
const make = (c: Context, content: Content): Promise<Value> => c.create(PLAYGROUND, TYPE, { name: freshName(), ...content, ...small });

/** Properties that are easily spoilt: letters that JSON and XML escape, spaces, letters of other alphabets, big and small. */
const ODD = { colour: 'blue', Colour: 'Blue', 'a key': '<&>"\' and more', ключ: 'значение', long: 'x'.repeat(200) };

/** Names of members at any depth; keys of maps are no identifiers. */
function jsonNames(raw: unknown): string[] {
  if (Array.isArray(raw)) return raw.flatMap(jsonNames);
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw).flatMap(([name, value]) => [name, ...(name === 'properties' ? [] : jsonNames(value))]);
}

const xmlNames = ({ name, attributes, children }: Element): string[] => [name, ...Object.keys(attributes), ...children.flatMap(xmlNames)];

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const clauses = [
  clause('5.1', 'Resource wrappers', [
    check(
      'a JSON resource is an object without a wrapper',
      ['R5.1-01'],
      { only: { format: 'json', because: 'XML has a wrapper' } },
      async (c) => {
        for (const { uri, value } of await everything(c)) {
          assert.ok(value instanceof JsonValue && value.has('resourceURI') && value.has('id'), uri);
        }
      },
    ),
    check(
      'an XML resource is an element with the name of its type',
      ['R5.1-02'],
      { only: { format: 'xml', because: 'JSON has no wrapper' } },
      async (c) => {
        const resources = (await everything(c)).filter(({ value }) => !isCollection(value));
        for (const { uri, value } of resources) {
          assert.ok(value instanceof XmlValue, uri);
          assert.equal(value.element.namespace, CIMI, uri);
          assert.equal(typeFacts(value.element.name).typeURI, `${CIMI}/${value.element.name}`);
        }
      },
    ),
  ]),
  clause('5.2', 'Extensibility', [
    check(
      'properties are kept and given back as they are',
      ['R5.2-02', 'R5.2-03', 'R5.5.7-02', 'R5.10.1-10', 'R5.10.1-11'],
      { needs },
      async (c) => {
        const value = await make(c, { properties: ODD });
        assert.deepEqual(value.map(), ODD);
        assert.deepEqual((await c.in(c.format === 'json' ? 'xml' : 'json').read(idOf(value))).map(), ODD, 'the same in the other format');
        await c.done(await c.put(c.offered(value, 'edit'), TYPE, { properties: { only: 'this' } }, { query: { $select: 'properties' } }));
        assert.deepEqual((await c.read(idOf(value))).map(), { only: 'this' });
      },
    ),
    check(
      'properties of what the cloud holds are kept, and nothing is added to them',
      ['R5.2-02', 'R5.2-03', 'R5.2-04'],
      { needs: { adds: ['machines'] } },
      async (c) => {
        const properties = { colour: 'blue', Colour: 'Blue', 'a key': '<&> and more' };
        assert.deepEqual((await makeMachine(c, { properties })).map(), properties);
      },
    ),
    check('nothing is added to properties that nobody set', ['R5.2-04', 'R5.5.7-03'], { needs: { adds: ['machines'] } }, async (c) => {
      const machine = await makeMachine(c);
      const made = [machine, await make(c, {})];
      // What came into being with the Machine: nobody could give it properties.
      for (const name of ['disks', 'networkInterfaces', 'volumes'].filter((each) => machine.has(each)))
        made.push(...(await c.follow(machine, name)).items());
      for (const each of made) assert.deepEqual(each.map(), {}, idOf(each));
    }),
    check('what no Consumer may write has no properties', ['R5.2-04'], {}, async (c) => {
      const readOnly = (await everything(c)).filter(({ value }) => !isCollection(value) && value.operations().length === 0);
      for (const { uri, value } of c.some(readOnly, 'resource without operations')) assert.deepEqual(value.map(), {}, uri);
    }),
    check('a request with an unknown attribute is refused', ['R5.2-07', 'R5.3-02'], { needs }, async (c) => {
      const add = await c.addUri(PLAYGROUND);
      await c.fails(async () => c.post(add, TYPE, { nosuchattribute: 'x', ...small }));
      await c.fails(async () => c.post(add, TYPE, { Name: 'case matters', ...small }));
      const value = await make(c, {});
      await c.fails(async () => c.put(c.offered(value, 'edit'), TYPE, { nosuchattribute: 'x' }, { query: { $select: 'nosuchattribute' } }));
      await c.fails(async () => c.put(c.offered(value, 'edit'), TYPE, { nosuchattribute: 'x', ...small }));
      assert.equal(textOf(await c.read(idOf(value)), 'name'), textOf(value, 'name'));
    }),
    check('an unknown attribute deep inside is refused, too', ['R5.2-07'], { needs: { adds: ['machines'] } }, async (c) => {
      const add = await c.addUri('machines');
      await c.fails(async () => c.post(add, 'MachineCreate', await machineCreate(c, {}, { nosuchattribute: 'x' })));
      const machine = await readOnlyMachine(c);
      const action = machine.operations().find(({ rel }) => rel.startsWith(`${CIMI}/action/`)) ?? c.skip('no action is offered');
      await c.fails(async () => c.post(action.href, 'Action', { action: action.rel, nosuchattribute: 'x' }));
    }),
  ]),
  clause('5.3', 'Identifiers', [
    check('identifiers are ASCII letters, digits and underscores, no digit first', ['R5.3-01', 'R5.3-03', 'R5.3-04'], {}, async (c) => {
      for (const { uri, value } of await everything(c)) {
        const names = value instanceof JsonValue ? jsonNames(value.raw) : value instanceof XmlValue ? xmlNames(value.element) : [];
        assert.deepEqual(
          names.filter((name) => !IDENTIFIER.test(name)),
          [],
          uri,
        );
      }
    }),
    check('operations and capabilities have such names, too', ['R5.3-01', 'R5.3-03', 'R5.3-04'], {}, async (c) => {
      if (c.session.allMetadata().size === 0) c.skip('there is no ResourceMetadata');
      for (const metadata of c.session.allMetadata().values()) {
        const named = [
          ...metadata.list('actions', 'action'),
          ...metadata.list('capabilities', 'capability'),
          ...metadata.list('attributes', 'attribute'),
        ];
        assert.deepEqual(
          named.map((each) => each.text('name') ?? shortName(each.text('uri') ?? '')).filter((name) => !IDENTIFIER.test(name)),
          [],
        );
      }
    }),
  ]),
  clause('5.4', 'Attribute constraints', [
    check('what was set is there', ['R5.4-03', 'R5.4-06', 'R5.4-13'], { needs }, async (c) => {
      const content = { name: freshName(), description: 'set', properties: { colour: 'blue' }, ...small };
      const value = await c.create(PLAYGROUND, TYPE, content);
      assert.deepEqual(
        [value.text('name'), value.text('description'), value.text('cpu'), value.text('memory')],
        [content.name, 'set', '1', '1048576'],
      );
      assert.deepEqual(value.map(), content.properties);
    }),
    check('mandatory attributes that cannot be empty are always there', ['R5.4-04', 'R5.4-06', 'R5.4-12'], {}, async (c) => {
      for (const { uri, value } of await everything(c)) {
        if (isCollection(value)) continue;
        assert.deepEqual(
          mandatory(shortName(value.resourceURI ?? '')).filter((name) => !value.has(name)),
          [],
          uri,
        );
      }
    }),
    check(
      'who may write what follows the table',
      ['R5.4-07', 'R5.4-09', 'R5.4-11', 'R5.4-12'],
      { needs: { adds: ['machines'] } },
      async (c) => {
        const machine = await makeMachine(c);
        const edit = c.offered(machine, 'edit');
        const readOnly = { state: 'ERROR', created: '2001-01-01T00:00:00Z' };
        const query = { $select: `name,${Object.keys(readOnly).join(',')}` };
        await c.done(await c.put(edit, 'Machine', { name: 'renamed', ...readOnly }, { query }));
        const after = await c.read(idOf(machine));
        assert.equal(textOf(after, 'name'), 'renamed', 'read-write');
        for (const name of Object.keys(readOnly)) assert.equal(after.text(name), machine.text(name), `${name} is read-only`);
        assert.ok(after.has('id') && after.has('state'), 'read-only attributes are shown');
      },
    ),
    check('write-only attributes are shown nowhere', ['R5.4-17'], { needs: { adds: ['credentialTemplates'] } }, async (c) => {
      const secret = freshName('secret');
      const known = c.session
        .metadataOf('CredentialTemplate')
        ?.list('attributes', 'attribute')
        .map((each) => each.text('name'));
      if (known !== undefined && !known.includes('password')) c.skip('CredentialTemplates have no password');
      const answer = await c.post(await c.addUri('credentialTemplates'), 'CredentialTemplate', { userName: 'somebody', password: secret });
      const uri = (await c.owned(answer)) ?? '';
      await c.done(answer);
      const texts = [answer.text, (await c.get(uri)).text, (await c.get(c.link('credentialTemplates'), { query: { $expand: '*' } })).text];
      if (answer.jobUri !== undefined) texts.push((await c.get(answer.jobUri)).text);
      for (const text of texts) assert.ok(!text.includes(secret), text);
      assert.ok(!(await c.read(uri)).has('password'));
    }),
  ]),
];

/** Attributes that a provider has to support and that have a value from the beginning. */
function mandatory(type: string): string[] {
  const published: Record<string, string[]> = {
    CloudEntryPoint: ['id', 'baseURI'],
    Machine: ['id', 'state', 'memory'],
    Volume: ['id', 'state', 'type', 'capacity'],
    VolumeImage: ['id', 'state', 'bootable'],
    MachineImage: ['id', 'state', 'type', 'imageLocation'],
    Network: ['id', 'state', 'networkType'],
    ResourceMetadata: ['id', 'typeURI', 'name'],
    Job: ['id', 'state', 'targetResource', 'action', 'returnCode', 'progress', 'statusMessage', 'timeOfStatusChange'],
  };
  return published[type] ?? ['id'];
}
