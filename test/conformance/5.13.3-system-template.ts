import { assert } from './kit/assert';
import { list, type Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineParts } from './kit/ingredients';
import { credentialData, machineComponent, targets, typeUri, volumeTemplate } from './kit/parts';
import { assertAccess } from './kit/access';
import { assertCollection, assertShape } from './kit/shape';

const credential = (c: Context, name: string): Content => ({ name, type: typeUri('Credential'), credentialTemplate: credentialData(c) });

const template = (components: Content[], more: Content = {}): Content => ({
  name: freshName('system-template'),
  ...more,
  componentDescriptors: list('componentDescriptor', components),
});

/** A SystemTemplate that checks may read but not change. */
function sharedTemplate(c: Context): Promise<string> {
  return c.shared('system template to read', async (s) => {
    const described = { description: 'to be read', properties: { Owner: 'conformance' } };
    const machine = await machineComponent(s, 'web', { credential: { href: '#key' } }, 2);
    return s.createUri('systemTemplates', 'SystemTemplate', template([machine, credential(s, 'key')], described));
  });
}

export const clauses = [
  clause('5.13.3', 'SystemTemplate Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.13.3-14', 'R5.13.3-15'],
      { needs: { adds: ['systemTemplates'] } },
      async (c) => {
        const value = await c.read(await sharedTemplate(c));
        assertShape(c, value, 'SystemTemplate');
        const [web, key, ...more] = value.list('componentDescriptors', 'componentDescriptor');
        assert.equal(more.length, 0);
        assert.deepEqual([web?.text('name'), web?.text('type'), web?.text('quantity')], ['web', typeUri('Machine'), '2']);
        assert.deepEqual([key?.text('name'), key?.text('type')], ['key', typeUri('Credential')]);
        const { machineConfig } = await machineParts(c);
        assert.equal(web?.inner('machineTemplate')?.href('machineConfig'), machineConfig.href);
        assert.equal(web?.inner('machineTemplate')?.href('credential'), '#key');
      },
    ),

    check(
      'a component with an empty template survives being read and sent back',
      ['R5.13.3-14', 'R4.2.1.3-05'],
      { needs: { adds: ['systemTemplates', 'forwardingGroups'] } },
      async (c) => {
        const empty = { name: 'group', type: typeUri('ForwardingGroup'), forwardingGroupTemplate: {} };
        const made = await c.create('systemTemplates', 'SystemTemplate', template([empty, credential(c, 'key')]));
        const before = await c.get(idOf(made));
        await c.done(await c.sendText('PUT', c.offered(made, 'edit'), before.text));
        const after = await c.read(idOf(made));
        for (const value of [made, after]) {
          const [group] = value.list('componentDescriptors', 'componentDescriptor');
          assert.ok(group?.has('forwardingGroupTemplate'), `the component has ${group?.names().join(', ') ?? 'gone'}`);
        }
      },
    ),
    check('a Consumer changes descriptors, not the import image', ['R5.13.3-14'], { needs: { adds: ['systemTemplates'] } }, async (c) => {
      const made = await c.create('systemTemplates', 'SystemTemplate', template([credential(c, 'one')]));
      const writes = { componentDescriptors: list('componentDescriptor', [credential(c, 'two')]) };
      await assertAccess(c, idOf(made), 'SystemTemplate', { importImage: { href: idOf(made) } }, writes);
      const names = (await c.read(idOf(made))).list('componentDescriptors', 'componentDescriptor').map((each) => each.text('name'));
      assert.deepEqual(names, ['two']);
    }),

    check(
      'two descriptors of one type that lead to one name are refused, at creation and at update',
      ['R5.13.3-04'],
      { needs: { adds: ['systemTemplates'] } },
      async (c) => {
        const twice = template([credential(c, 'one'), credential(c, 'one')]);
        const numbered = template([{ ...credential(c, 'one'), quantity: 2 }, credential(c, 'one2')]);
        const add = await c.addUri('systemTemplates');
        for (const content of [twice, numbered]) {
          await c.fails(async () => c.post(add, 'SystemTemplate', content));
        }
        const made = await c.create('systemTemplates', 'SystemTemplate', template([credential(c, 'one')]));
        await c.fails(async () => c.put(c.offered(made, 'edit'), 'SystemTemplate', twice));
        const after = await c.read(idOf(made));
        assert.equal(after.list('componentDescriptors', 'componentDescriptor').length, 1);
      },
    ),

    check(
      'names are numbered by quantity, #names become components, overrides hold beside the template referred to',
      ['R5.13.3-02', 'R5.13.3-07', 'R5.13.3-08', 'R5.13.3-09'],
      { needs: { adds: ['systems', 'systemTemplates', 'machineTemplates', 'machines', 'volumes'] } },
      async (c) => {
        const stored = await c.create('machineTemplates', 'MachineTemplate', {
          name: freshName('machine-template'),
          initialState: 'STARTED',
          ...(await machineParts(c)),
        });
        const volumes = (name: string) => list('volume', [{ href: name }]);
        const data = { name: 'data', type: typeUri('Volume'), volumeTemplate: await volumeTemplate(c), quantity: 2 };
        const web = await machineComponent(c, 'web', { volumes: volumes('#data1') });
        const overrides = { href: idOf(stored), initialState: 'STOPPED', volumes: volumes('#data2') };
        const db = { name: 'db', type: typeUri('Machine'), machineTemplate: overrides };
        const made = await c.create('systemTemplates', 'SystemTemplate', template([web, db, data]));
        const system = await c.create('systems', 'SystemCreate', { systemTemplate: { href: idOf(made) } });
        const nameOf = async (uri: string): Promise<string> => (await c.read(uri)).text('name') ?? '';
        const ownVolumes = await targets(c, system, 'volumes', 'volume');
        assert.deepEqual((await Promise.all(ownVolumes.map(nameOf))).sort(), ['data1', 'data2']);
        const machines = await Promise.all((await targets(c, system, 'machines', 'machine')).map((uri) => c.read(uri)));
        assert.deepEqual(machines.map((each) => each.text('name')).sort(), ['db', 'web']);
        for (const machine of machines) {
          const attached = await targets(c, machine, 'volumes', 'volume');
          const expected = machine.text('name') === 'web' ? 'data1' : 'data2';
          assert.deepEqual(await Promise.all(attached.map(nameOf)), [expected], `Volumes of ${machine.text('name') ?? ''}`);
          assert.ok(attached.every((uri) => ownVolumes.includes(uri)));
        }
        assert.equal(machines.find((each) => each.text('name') === 'db')?.text('state'), 'STOPPED');
      },
    ),
  ]),

  clause('5.13.4', 'SystemTemplateCollection Resource', [
    check('is serialized as published, its items whole', ['R5.13.4-01'], { needs: { collections: ['systemTemplates'] } }, async (c) => {
      await sharedTemplate(c);
      const collection = await c.collection('systemTemplates');
      assert.ok(collection.items().length > 0, 'the template that was made is not listed');
      assertCollection(c, collection, 'SystemTemplateCollection');
    }),
  ]),
];
