import { assertAccess } from './kit/access';
import { assert } from './kit/assert';
import { list, type Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineParts, makeMachine, readOnlyMachine, volumeCreate } from './kit/ingredients';
import { associatedTo, aspectUri, configByValue, configFor, meterCreate, metersOf } from './kit/meters';
import { machineComponent, makeNetwork, makePort, sharedNetwork, typeUri, volumeTemplate } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { hrefOf, type Value } from './kit/value';

const needs = { collections: ['meterConfigs'], adds: ['meters', 'machines'] };
const templates = { collections: ['meterConfigs'], adds: ['meterTemplates'] };
const CONFIG = ['associatedTo', 'aspect', 'units', 'sampleInterval', 'timeScope', 'isContinuous'];

/** Two templates: by value, and by reference. */
async function meterTemplates(c: Context, type: string): Promise<Content> {
  const config = { href: idOf(await configFor(c, type)) };
  const stored = await c.create('meterTemplates', 'MeterTemplate', { name: freshName('template'), meterConfig: config });
  return { meterTemplates: list('meterTemplate', [{ meterConfig: config }, { href: idOf(stored) }]) };
}

/** Asserts that what was made has just the two Meters of its templates, each with it as target. */
async function assertMeters(c: Context, made: Value): Promise<void> {
  const meters = (await c.follow(made, 'meters')).items();
  assert.equal(meters.length, 2, `${idOf(made)} has the Meters of its template`);
  for (const each of meters) assert.equal(c.session.absolute(hrefOf(each, 'targetResource')), c.session.absolute(idOf(made)));
}

const madeWith = (title: string, id: string, type: string, make: (c: Context, template: Content) => Promise<Value>) =>
  check(title, [id], { needs: { collections: ['meterConfigs', 'meters'], adds: ['meterTemplates'] } }, async (c) => {
    await assertMeters(c, await c.read(idOf(await make(c, await meterTemplates(c, type)))));
  });

export const clauses = [
  clause('5.17.5', 'MeterTemplate Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.17.5-04', 'R5.17.5-05'],
      { needs: templates },
      async (c) => {
        const config = await configFor(c, 'Machine');
        const byReference = await c.create('meterTemplates', 'MeterTemplate', { name: freshName(), meterConfig: { href: idOf(config) } });
        assertShape(c, byReference, 'MeterTemplate', ['meterConfig']);
        assert.equal(c.session.absolute(hrefOf(byReference, 'meterConfig')), c.session.absolute(idOf(config)));
        const byValue = await c.create('meterTemplates', 'MeterTemplate', { name: freshName(), meterConfig: configByValue(config) });
        assertShape(c, byValue, 'MeterTemplate', ['meterConfig']);
        assert.equal(byValue.inner('meterConfig')?.text('aspect'), config.text('aspect'));
        await assertAccess(c, idOf(byReference), 'MeterTemplate', {}, { meterConfig: configByValue(config) });
      },
    ),
    check('its target is of a type that its configuration is for', ['R5.17.5-01'], { needs }, async (c) => {
      const config = await configFor(c, 'Machine');
      const machine = await readOnlyMachine(c);
      const forVolumes = configByValue(config, { associatedTo: list('associatedTo', [{ href: typeUri('Volume') }]) });
      await c.fails(async () => c.post(await c.addUri('meters'), 'MeterCreate', meterCreate(forVolumes, idOf(machine))));
      assert.ok(associatedTo(config).includes(typeUri('Machine')));
    }),
    check('the global Collection wants the target', ['R5.17.5-02'], { needs }, async (c) => {
      const config = await configFor(c, 'Machine');
      await c.fails(async () => c.post(await c.addUri('meters'), 'MeterCreate', meterCreate({ href: idOf(config) })));
    }),
    check("a resource's own Collection takes no target, or the resource itself", ['R5.17.5-03'], { needs }, async (c) => {
      const config = { href: idOf(await configFor(c, 'Machine')) };
      const machine = await readOnlyMachine(c);
      const add = c.offered(await c.follow(machine, 'meters'), 'add');
      const made = await c.create(add, 'MeterCreate', meterCreate(config));
      assert.equal(c.session.absolute(hrefOf(made, 'targetResource')), c.session.absolute(idOf(machine)));
      await c.create(add, 'MeterCreate', meterCreate(config, idOf(machine)));
      assert.equal((await metersOf(c, machine)).filter((id) => id === idOf(made)).length, 1);
      const other = await makeMachine(c);
      await c.fails(() => c.post(add, 'MeterCreate', meterCreate(config, idOf(other))));
    }),
  ]),

  clause('5.17.6', 'MeterTemplateCollection Resource', [
    check('is serialized as published, its items whole', ['R5.17.6-01'], { needs: templates }, async (c) => {
      await meterTemplates(c, 'Machine');
      assertCollection(c, await c.collection('meterTemplates'), 'MeterTemplateCollection', ['meterConfig']);
    }),
  ]),

  clause('5.17.7', 'MeterConfiguration Resource', [
    check('is serialized as its table and pseudo-schema say', ['R5.17.7-03'], { needs: { adds: ['meterConfigs'] } }, async (c) => {
      const own = await c.create('meterConfigs', 'MeterConfiguration', {
        name: freshName(),
        ...configByValue(await configFor(c, 'Machine')),
      });
      assertShape(c, own, 'MeterConfiguration', CONFIG);
      await assertAccess(c, idOf(own), 'MeterConfiguration', {}, { timeScope: 'Interval', intervalDuration: 'P1D' });
    }),
    check(
      'aspects are those of the standard, or URIs of the Provider that lead somewhere',
      ['R5.17.7-01', 'R5.17.7-03'],
      { needs: { collections: ['meterConfigs'] } },
      async (c) => {
        const names = ['cpu', 'memory', 'disk', 'bandwidth', 'inputBandwidth', 'outputBandwidth'].map(aspectUri);
        for (const each of c.some(await c.items('meterConfigs'), 'MeterConfiguration')) {
          const aspect = each.text('aspect') ?? '';
          assert.ok(names.includes(aspect) || URL.canParse(aspect), `${idOf(each)}: ${aspect} is no aspect`);
          assert.ok(names.includes(aspect) || !aspect.startsWith(aspectUri('')), `${aspect} is not in Table 53`);
        }
      },
    ),
  ]),

  clause('5.17.8', 'MeterConfigurationCollection Resource', [
    check('is serialized as published, its items whole', ['R5.17.8-01'], { needs: { collections: ['meterConfigs'] } }, async (c) => {
      const collection = await c.collection('meterConfigs');
      c.some(collection.items(), 'MeterConfiguration');
      assertCollection(c, collection, 'MeterConfigurationCollection', CONFIG);
    }),
  ]),

  clause('5.13.3', 'SystemTemplate Resource', [
    madeWith('its meterTemplates are Meters of the new System', 'R5.13.3-10', 'System', async (c, template) => {
      const componentDescriptors = list('componentDescriptor', [await machineComponent(c, 'web')]);
      return c.create('systems', 'SystemCreate', { name: freshName('system'), systemTemplate: { componentDescriptors, ...template } });
    }),
  ]),
  clause('5.14.3', 'MachineTemplate Resource', [
    madeWith('its meterTemplates are Meters of the new Machine', 'R5.14.3-05', 'Machine', async (c, template) =>
      makeMachine(c, {}, { ...(await machineParts(c)), ...template }),
    ),
  ]),
  clause('5.15.3', 'VolumeTemplate Resource', [
    madeWith('its meterTemplates are Meters of the new Volume', 'R5.15.3-01', 'Volume', async (c, template) => {
      const content = { ...(await volumeCreate(c)), volumeTemplate: { ...(await volumeTemplate(c)), ...template } };
      return c.untilState(await c.createUri('volumes', 'VolumeCreate', content), 'AVAILABLE');
    }),
  ]),
  clause('5.16.3', 'NetworkTemplate Resource', [
    madeWith('its meterTemplates are Meters of the new Network', 'R5.16.3-03', 'Network', (c, template) => makeNetwork(c, {}, template)),
  ]),
  clause('5.16.9', 'NetworkPortTemplate Resource', [
    madeWith('its meterTemplates are Meters of the new NetworkPort', 'R5.16.9-05', 'NetworkPort', async (c, template) =>
      makePort(c, await sharedNetwork(c), {}, template),
    ),
  ]),
];
