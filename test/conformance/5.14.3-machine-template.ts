import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import { type Content, list } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineParts, makeMachine } from './kit/ingredients';
import { removed, takes, targets, volumeTemplate } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';

const needs = { adds: ['machineTemplates'] };
const USER_DATA = Buffer.from('conformance').toString('base64');

/** A MachineTemplate that says as much as this provider takes, to be read only; made once. */
function fullTemplate(c: Context): Promise<string> {
  return c.shared('machine template to read', async (s) => {
    const can = (name: string): boolean => takes(s, 'MachineTemplate', name);
    const network = can('networkInterfaces') ? (await s.items('networks'))[0] : undefined;
    const content: Content = {
      name: freshName('machine-template'),
      description: 'to be read',
      properties: { Owner: 'conformance' },
      initialState: can('initialState') ? 'STOPPED' : undefined,
      ...(await machineParts(s)),
      volumeTemplates: can('volumeTemplates') ? list('volumeTemplate', [await volumeTemplate(s)]) : undefined,
      networkInterfaces: network ? list('networkInterface', [{ network: { href: idOf(network) }, state: 'ACTIVE' }]) : undefined,
      userData: can('userData') ? USER_DATA : undefined,
    };
    return s.createUri('machineTemplates', 'MachineTemplate', content);
  });
}

export const clauses = [
  clause('5.14.3', 'MachineTemplate', [
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.14.3-07', 'R5.14.3-08'],
      { needs },
      async (c) => {
        const template = await c.read(await fullTemplate(c));
        assertShape(c, template, 'MachineTemplate');
        const { machineConfig, machineImage } = await machineParts(c);
        assert.equal(template.href('machineConfig'), machineConfig.href);
        assert.equal(template.href('machineImage'), machineImage.href);
        assert.deepEqual(template.map(), { Owner: 'conformance' });
        for (const name of ['initialState', 'userData'])
          if (takes(c, 'MachineTemplate', name)) assert.equal(template.text(name), name === 'userData' ? USER_DATA : 'STOPPED');
      },
    ),
    check(
      'a Consumer changes a template, and Machines are made as it says then',
      ['R5.14.3-07'],
      { needs: { adds: ['machineTemplates', 'machines'] } },
      async (c) => {
        const parts = await machineParts(c);
        const made = await c.create('machineTemplates', 'MachineTemplate', {
          name: freshName('template'),
          initialState: 'STARTED',
          ...parts,
        });
        await assertAccess(c, idOf(made), 'MachineTemplate', {}, { initialState: 'STOPPED' });
        const machine = await c.create('machines', 'MachineCreate', { machineTemplate: { href: idOf(made) } });
        assert.equal(machine.text('state'), 'STOPPED');
      },
    ),
    check(
      'each entry of volumeTemplates makes a Volume that is connected to the Machine',
      ['R5.14.3-02'],
      { needs: { adds: ['machines', 'volumes', 'volumeTemplates'] } },
      async (c) => {
        const stored = idOf(
          await c.create('volumeTemplates', 'VolumeTemplate', { name: freshName('template'), ...(await volumeTemplate(c)) }),
        );
        const entries = [{ href: stored }, ...(c.can('Machine/MachineVolumeTemplatesByValue') ? [await volumeTemplate(c)] : [])];
        const machine = await makeMachine(c, {}, { volumeTemplates: list('volumeTemplate', entries) });
        const volumes = await targets(c, machine, 'volumes', 'volume');
        volumes.forEach(c.deletes);
        assert.equal(new Set(volumes).size, entries.length);
        const listed = (await c.items('volumes')).map((each) => c.session.absolute(idOf(each)));
        assert.ok(volumes.every((uri) => listed.includes(uri)));
        await removed(c, idOf(machine));
      },
    ),
    check(
      'UserData is metadata, disk or imgmod, and userData is taken exactly where it is announced',
      ['R5.14.3-13', 'R5.14.3-14'],
      { needs },
      async (c) => {
        const method = c.capability('Machine/UserData');
        if (method !== undefined) assert.ok(['metadata', 'disk', 'imgmod'].includes(method), method);
        const content = { name: freshName('template'), ...(await machineParts(c)), userData: USER_DATA };
        const answer = await c.watched(async () => c.post(await c.addUri('machineTemplates'), 'MachineTemplate', content));
        await c.owned(answer);
        await (method === undefined ? c.fails(answer) : c.done(answer));
      },
    ),
  ]),

  clause('5.14.4', 'MachineTemplateCollection Resource', [
    check('is serialized as published, its items whole', ['R5.14.4-01'], { needs }, async (c) => {
      await fullTemplate(c);
      const collection = await c.collection('machineTemplates');
      assert.ok(collection.items().length > 0, 'the template that was made is not listed');
      assertCollection(c, collection, 'MachineTemplateCollection');
    }),
  ]),
];
