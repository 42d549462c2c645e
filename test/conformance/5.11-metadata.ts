import { assert } from './kit/assert';
import { CIMI } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { type Fact, typeFacts } from './kit/facts';
import { freshName, idOf, volumeCreate } from './kit/ingredients';
import { isCollection } from './kit/links';
import { JsonValue } from './kit/json';
import { everything } from './kit/population';
import { assertCollection, assertShape } from './kit/shape';
import { XmlValue } from './kit/xml';
import { shortName, textOf, type Value } from './kit/value';

const needs = { collections: ['resourceMetadata'] };

const allMetadata = (c: Context): Promise<Value[]> => c.items('resourceMetadata');

/** Attribute entries of the standard's types, with what it says of the attribute, if it is its own. */
async function attributeEntries(c: Context): Promise<{ at: string; entry: Value; fact: Fact | undefined }[]> {
  const ofStandard = (await allMetadata(c)).filter((metadata) => textOf(metadata, 'typeURI').startsWith(`${CIMI}/`));
  return ofStandard.flatMap((metadata) => {
    const type = shortName(textOf(metadata, 'typeURI'));
    const facts = type.endsWith('Collection') ? [] : typeFacts(type).attributes;
    return metadata.list('attributes', 'attribute').map((entry) => {
      const name = textOf(entry, 'name');
      return { at: `${type}.${name}`, entry, fact: facts.find((fact) => fact.name === name && entry.text('namespace') === undefined) };
    });
  });
}

/** Type of an attribute by the standard, else by its entry. */
const typeOf = ({ entry, fact }: { entry: Value; fact: Fact | undefined }): string => fact?.type ?? entry.text('type') ?? '';

const raw = (value: Value, name: string): unknown =>
  value instanceof JsonValue ? (value.raw as Record<string, unknown>)[name] : undefined;
const json = { only: { format: 'json', because: 'XML has a requirement of its own' } } as const;
const xml = { only: { format: 'xml', because: 'JSON has a requirement of its own' } } as const;

export const clauses = [
  clause('5.11', 'Resource metadata', [
    check(
      'each ResourceMetadata has the attributes and the form of its table',
      ['R5.11-03', 'R5.11-05', 'R5.11-14', 'R5.11-17', 'R5.11-18', 'R5.11-19', 'R5.11-01'],
      { needs },
      async (c) => {
        const all = await allMetadata(c);
        assert.ok(all.length > 0);
        for (const metadata of all) {
          assertShape(c, metadata, 'ResourceMetadata', ['typeURI', 'name']);
          for (const entry of metadata.list('attributes', 'attribute')) textOf(entry, 'name');
          for (const entry of metadata.list('capabilities', 'capability')) textOf(entry, 'uri');
          for (const entry of metadata.list('actions', 'action')) for (const name of ['name', 'uri', 'method']) textOf(entry, name);
        }
      },
    ),
    check('in XML typeURI stands before name, as in the examples and the schema', ['R5.11-19'], { ...xml, needs }, async (c) => {
      for (const metadata of await allMetadata(c)) {
        const names = metadata.names().filter((name) => ['typeURI', 'name'].includes(name));
        assert.deepEqual(names, ['typeURI', 'name'], idOf(metadata));
      }
    }),
    check('each ResourceMetadata has an id of its own', ['R5.11-04'], { needs }, async (c) => {
      const ids = (await allMetadata(c)).map(idOf);
      assert.equal(new Set(ids).size, ids.length);
      for (const id of ids.slice(0, 3)) assert.equal(idOf(await c.read(id)), id);
    }),
    check('it is read-only for whoever is offered no edit', ['R5.11-02'], { needs }, async (c) => {
      const [metadata] = (await allMetadata(c)).filter((each) => c.operation(each, 'edit') === undefined);
      if (metadata === undefined) return c.skip('it may be edited by who is asking');
      await c.refuses(() => c.put(idOf(metadata), 'ResourceMetadata', { name: 'changed' }, { query: { $select: 'name' } }));
      await c.refuses(() => c.delete(idOf(metadata)));
      assert.equal(textOf(await c.read(idOf(metadata)), 'name'), textOf(metadata, 'name'));
    }),
    check(
      'namespace and type stand with attributes that are not of the standard, and only there',
      ['R5.11-07', 'R5.11-08', 'R5.11-09', 'R5.11-10'],
      { needs },
      async (c) => {
        for (const { at, entry, fact } of await attributeEntries(c)) {
          for (const name of ['namespace', 'type']) assert.equal(entry.has(name), fact === undefined, `${at}: ${name}`);
        }
      },
    ),
    check('operations of a resource are among the actions of its type', ['R5.11-16'], { needs }, async (c) => {
      for (const { uri, value } of await everything(c)) {
        const metadata = c.session.metadataOf(shortName(value.resourceURI ?? ''));
        if (isCollection(value) || metadata === undefined) continue;
        const actions = metadata.list('actions', 'action').flatMap((each) => [each.text('name'), each.text('uri')]);
        assert.deepEqual(
          value.operations().filter(({ rel }) => !actions.includes(rel)),
          [],
          uri,
        );
      }
    }),
  ]),
  clause('5.11.1', 'Serialization of attribute value constraints', [
    check(
      'constraints are written by the type of the attribute',
      ['R5.11-13', 'R5.11.1-01', 'R5.11.1-03'],
      { ...json, needs },
      async (c) => {
        for (const each of await attributeEntries(c)) {
          const [values, ranges] = [raw(each.entry, 'values'), raw(each.entry, 'ranges')];
          const wanted = typeOf(each) === 'integer' ? 'number' : 'string';
          for (const value of (values ?? []) as unknown[]) assert.equal(typeof value, wanted, each.at);
          assert.ok(ranges === undefined || typeOf(each) === 'integer', each.at);
          for (const range of (ranges ?? []) as Record<string, unknown>[]) {
            assert.deepEqual(
              [Object.keys(range).sort(), typeof range.low, typeof range.high],
              [['high', 'low'], 'number', 'number'],
              each.at,
            );
          }
        }
      },
    ),
    check(
      'constraints are elements by the type of the attribute',
      ['R5.11-13', 'R5.11.1-02', 'R5.11.1-04'],
      { ...xml, needs },
      async (c) => {
        for (const each of await attributeEntries(c)) {
          const { entry, at } = each;
          // What else is there is the provider's own (5.2): the published schema takes any element here.
          assert.ok(typeOf(each) === 'integer' || !entry.names().includes('range'), at);
          // What a provider adds is of a namespace of its own.
          const own =
            entry instanceof XmlValue ? entry.element.children.filter(({ namespace }) => namespace !== CIMI).map(({ name }) => name) : [];
          assert.deepEqual(
            entry
              .names()
              .filter((name) => !own.includes(name))
              .filter((name) => !['name', 'namespace', 'type', 'required', 'value', 'range'].includes(name)),
            [],
            at,
          );
          if (typeOf(each) === 'integer') for (const value of entry.texts('values', 'value')) assert.match(value, /^-?\d+$/, at);
          for (const range of entry.list('ranges', 'range')) assert.ok(Number(textOf(range, 'low')) <= Number(textOf(range, 'high')), at);
        }
      },
    ),
    check(
      'values outside of a constraint are refused, those inside are taken',
      ['R5.11.1-05', 'R5.11-12'],
      { needs: { ...needs, adds: ['volumes'], capabilities: ['Volume/VolumeConfigByValue'] } },
      async (c) => {
        const entry = (await attributeEntries(c)).find(({ at }) => at === 'Volume.capacity')?.entry;
        const [range] = entry?.list('ranges', 'range') ?? [];
        if (range === undefined) return c.skip('the capacity of a Volume has no range');
        const too = Number(textOf(range, 'high')) + 1;
        await c.fails(async () =>
          c.post(await c.addUri('volumes'), 'VolumeCreate', {
            name: freshName(),
            volumeTemplate: { volumeConfig: { capacity: too } },
          }),
        );
        await c.create('volumes', 'VolumeCreate', await volumeCreate(c));
      },
    ),
  ]),
  clause('5.11.3', 'ResourceMetadataCollection Resource', [
    check('it has the published form', ['R5.11.3-01'], { needs }, async (c) => {
      const collection = await c.collection('resourceMetadata');
      assertCollection(c, collection, 'ResourceMetadataCollection');
      assert.equal(collection.resourceURI, `${CIMI}/ResourceMetadataCollection`);
      assert.equal(collection.grouping(), c.format === 'json' ? 'resourceMetadatas' : 'ResourceMetadata');
    }),
  ]),
];
