import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, volumeType } from './kit/ingredients';
import { removed, volumeTemplate } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { assertSize } from './kit/size';
import { hrefOf, textOf, type Value } from './kit/value';

const needs = { adds: ['volumeTemplates'] };

const sharedTemplate = (c: Context): Promise<string> =>
  c.shared('volume template to read', async (s) => {
    const described = { name: freshName('volume-template'), description: 'to be read', properties: { Owner: 'conformance' } };
    return s.createUri('volumeTemplates', 'VolumeTemplate', { ...described, ...(await volumeTemplate(s)) });
  });

/**
 * Finds or makes two VolumeConfigurations, the second one no smaller.
 * @throws Skip
 */
async function twoConfigurations(c: Context): Promise<[Value, Value]> {
  const collection = await c.collection('volumeConfigs');
  const capacity = (each: Value): number => Number(each.text('capacity'));
  const kept = collection.items().filter((each) => c.operation(each, 'delete') === undefined);
  const [first, second] = kept.sort((a, b) => capacity(a) - capacity(b));
  if (first && second) return [first, second];
  if (c.operation(collection, 'add') === undefined) c.skip('there are no two VolumeConfigurations');
  const make = async (size: number): Promise<Value> =>
    c.create('volumeConfigs', 'VolumeConfiguration', { name: freshName('config'), type: await volumeType(c), capacity: size });
  return [await make(1_000_000), await make(2_000_000)];
}

export const clauses = [
  clause('5.15.3', 'VolumeTemplate Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.15.3-03', 'R5.15.3-04'],
      { needs },
      async (c) => {
        const template = await c.read(await sharedTemplate(c));
        assertShape(c, template, 'VolumeTemplate', ['volumeConfig']);
        assert.deepEqual(template.map(), { Owner: 'conformance' });
        const given = (await volumeTemplate(c)).volumeConfig as { href?: string };
        if (given.href !== undefined) assert.equal(hrefOf(template, 'volumeConfig'), given.href);
      },
    ),
    check(
      'a template is changed, and Volumes are made as it says then',
      ['R5.15.3-03'],
      { needs: { adds: ['volumeTemplates', 'volumes'], collections: ['volumeConfigs'] } },
      async (c) => {
        const [first, second] = await twoConfigurations(c);
        const content = { name: freshName('volume-template'), volumeConfig: { href: idOf(first) } };
        const template = idOf(await c.create('volumeTemplates', 'VolumeTemplate', content));
        await assertAccess(c, template, 'VolumeTemplate', {}, { volumeConfig: { href: idOf(second) } });
        assert.equal(hrefOf(await c.read(template), 'volumeConfig'), idOf(second));
        const volume = await c.create('volumes', 'VolumeCreate', { volumeTemplate: { href: template } });
        assertSize('the capacity', Number(textOf(volume, 'capacity')), Number(textOf(second, 'capacity')));
        assert.equal(volume.text('type'), second.text('type'));
      },
    ),
  ]),

  clause('5.15.4', 'VolumeTemplateCollection Resource', [
    check('is serialized as published, its items whole', ['R5.15.4-01'], { needs }, async (c) => {
      await sharedTemplate(c);
      const collection = await c.collection('volumeTemplates');
      assert.ok(collection.items().length > 0, 'the template that was made is not listed');
      assertCollection(c, collection, 'VolumeTemplateCollection');
    }),
  ]),

  clause('5.15.6', 'VolumeConfigurationCollection Resource', [
    check('is serialized as published, its items whole', ['R5.15.6-01'], { needs: { collections: ['volumeConfigs'] } }, async (c) => {
      if (c.operation(await c.collection('volumeConfigs'), 'add')) await twoConfigurations(c);
      const collection = await c.collection('volumeConfigs');
      if (collection.items().length === 0) c.skip('there are no VolumeConfigurations');
      assertCollection(c, collection, 'VolumeConfigurationCollection');
    }),
    check(
      'a VolumeConfiguration can be added, changed and deleted where the Collection offers add',
      ['R5.15.6-01', 'R5.15.5-01'],
      { needs: { adds: ['volumeConfigs'] } },
      async (c) => {
        const type = await volumeType(c);
        const made = await c.create('volumeConfigs', 'VolumeConfiguration', { name: freshName('config'), type, capacity: 4_000_000 });
        assert.deepEqual([made.text('type'), made.text('capacity')], [type, '4000000']);
        await assertAccess(c, idOf(made), 'VolumeConfiguration', {}, { capacity: 8_000_000 });
        await removed(c, idOf(made));
      },
    ),
  ]),
];
