import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineParts, makeMachine } from './kit/ingredients';
import { removed, targets } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import type { Value } from './kit/value';

const needs = { adds: ['machines', 'machineImages'], actions: ['Machine/snapshot'] };
const ALWAYS = ['state', 'type', 'imageLocation'];

const snapshotOf = (machine: string): Content => ({ name: freshName('snapshot'), imageLocation: machine });

/** A SNAPSHOT made by creating a MachineImage whose imageLocation is the Machine. */
async function snapshot(c: Context, machine: string): Promise<string> {
  return idOf(await c.create('machineImages', 'MachineImage', snapshotOf(machine)));
}

/** Follows the relatedImage of an image; undefined where it has none. */
async function related(c: Context, image: string): Promise<string | undefined> {
  const href = (await c.read(image)).href('relatedImage');
  return href === undefined ? undefined : c.session.absolute(href);
}

/** A restore body: `image` is a string in JSON and a reference in XML (5.14.1.2). */
const restoring = (c: Context, image: string): Content => ({ image: c.format === 'json' ? image : { href: image } });

async function configuration(c: Context): Promise<Value> {
  return c.read(String((await machineParts(c)).machineConfig.href));
}

export const clauses = [
  clause('5.14.6', 'MachineConfigurationCollection Resource', [
    check('is serialized as published, its items whole', ['R5.14.6-01'], { needs: { collections: ['machineConfigs'] } }, async (c) => {
      assertShape(c, await configuration(c), 'MachineConfiguration', ['memory']);
      assertCollection(c, await c.collection('machineConfigs'), 'MachineConfigurationCollection');
    }),
    check(
      'a MachineConfiguration can be added, changed and deleted where the Collection offers add',
      ['R5.14.6-01', 'R5.14.5-01'],
      { needs: { adds: ['machineConfigs'] } },
      async (c) => {
        const [cpu, memory] = [(await configuration(c)).text('cpu'), (await configuration(c)).text('memory')];
        const content = { name: freshName('config'), cpu: Number(cpu), memory: Number(memory) };
        const made = await c.create('machineConfigs', 'MachineConfiguration', content);
        assert.deepEqual([made.text('cpu'), made.text('memory')], [cpu, memory]);
        await assertAccess(c, idOf(made), 'MachineConfiguration', {}, { memory: Number(memory) * 2 });
        await removed(c, idOf(made));
      },
    ),
  ]),

  clause('5.14.7', 'MachineImage Resource', [
    check(
      'images are serialized as published; an IMAGE has no relatedImage',
      ['R5.14.7-02', 'R5.14.8-01'],
      { needs: { collections: ['machineImages'] } },
      async (c) => {
        const images = await c.items('machineImages');
        if (images.length === 0) c.skip('there are no images');
        for (const image of images) {
          assertShape(c, image, 'MachineImage', ['state', 'type', ...(image.text('state') === 'AVAILABLE' ? ['imageLocation'] : [])]);
          const type = image.text('type') ?? '';
          assert.ok(['IMAGE', 'SNAPSHOT', 'PARTIAL_SNAPSHOT'].includes(type), `${idOf(image)} is of type ${type}`);
          if (type === 'IMAGE') assert.equal(image.has('relatedImage'), false, idOf(image));
        }
      },
    ),
    check(
      'snapshots form a chain by relatedImage, which closes where one is deleted and begins again at the one reverted to',
      ['R5.14.7-01', 'R5.14.7-03', 'R5.14.7-06', 'R5.14.7-07', 'R5.14.1-05'],
      { needs },
      async (c) => {
        const machine = idOf(await makeMachine(c));
        const [first, second, third] = [await snapshot(c, machine), await snapshot(c, machine), await snapshot(c, machine)];
        assert.equal((await c.read(third)).text('state'), 'AVAILABLE');
        assert.equal(await related(c, first), undefined);
        assert.equal(await related(c, second), c.session.absolute(first));
        assert.equal(await related(c, third), c.session.absolute(second));
        const latest = (await c.read(machine)).href('latestSnapshot');
        if (latest !== undefined) assert.equal(c.session.absolute(latest), c.session.absolute(third));
        await removed(c, second);
        assert.equal(await related(c, third), c.session.absolute(first));
        const restore = c.operation(await c.read(machine), 'restore');
        if (restore === undefined) return c.unproven('the Machine offers no restore: where the chain begins again was not seen');
        await c.done(await c.act(await c.read(machine), 'restore', restoring(c, first)));
        assert.equal(await related(c, await snapshot(c, machine)), c.session.absolute(first), 'relatedImage after going back to the first');
      },
    ),
    check('what a Consumer may only read of an image is left as it is', ['R5.14.7-04', 'R5.14.8-01'], { needs }, async (c) => {
      const machine = idOf(await makeMachine(c));
      const first = await snapshot(c, machine);
      const answer = await c.post(await c.addUri('machineImages'), 'MachineImage', {
        ...snapshotOf(machine),
        relatedImage: { href: machine },
      });
      const image = (await c.owned(answer)) ?? '';
      await c.done(answer);
      assert.equal(await related(c, image), c.session.absolute(first));
      await assertAccess(c, image, 'MachineImage', { state: 'ERROR', type: 'PARTIAL_SNAPSHOT', relatedImage: { href: image } });
    }),
  ]),

  clause('5.14.7.1', 'MachineImage operations', [
    check(
      'an imageLocation that is a Machine makes a SNAPSHOT of it, in its snapshots, that no longer leads to the Machine',
      ['R5.14.7.1-03', 'R5.14.7.1-04', 'R5.14.7.1-05', 'R5.14.7.1-06', 'R5.14.7.1-07', 'R5.14.7-01'],
      { needs },
      async (c) => {
        const machine = await makeMachine(c);
        const image = await c.create('machineImages', 'MachineImage', snapshotOf(idOf(machine)));
        assertShape(c, image, 'MachineImage', ALWAYS);
        assert.deepEqual([image.text('type'), image.text('state')], ['SNAPSHOT', 'AVAILABLE']);
        const location = image.text('imageLocation') ?? '';
        assert.notEqual(c.session.absolute(location), c.session.absolute(idOf(machine)));
        assertCollection(c, await c.follow(machine, 'snapshots'), 'MachineSnapshotCollection', ['snapshot']);
        assert.deepEqual(await targets(c, machine, 'snapshots', 'snapshot'), [c.session.absolute(idOf(image))]);
        await removed(c, idOf(image));
        assert.deepEqual(await targets(c, machine, 'snapshots', 'snapshot'), [], 'an association with what is gone');
      },
    ),
    check(
      'an imageLocation that leads nowhere or to what is no Machine makes no image',
      ['R5.14.7.1-02', 'R5.14.7.1-03'],
      { needs },
      async (c) => {
        const before = (await c.items('machineImages')).length;
        for (const location of [`${c.link('machines')}/no-such-machine`, String((await machineParts(c)).machineConfig.href)]) {
          await c.fails(async () => c.post(await c.addUri('machineImages'), 'MachineImage', snapshotOf(location)));
        }
        const usable = (await c.items('machineImages')).filter((each) => each.text('state') !== 'ERROR');
        assert.ok(usable.length <= before);
      },
    ),
  ]),

  clause('5.14.8', 'MachineImageCollection Resource', [
    check('is serialized as published, its items whole', ['R5.14.8-01'], { needs: { collections: ['machineImages'] } }, async (c) => {
      assertCollection(c, await c.collection('machineImages'), 'MachineImageCollection', ['state', 'type']);
    }),
  ]),
];
