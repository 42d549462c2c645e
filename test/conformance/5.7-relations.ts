import { assert } from './kit/assert';
import { check, clause } from './kit/define';
import { freshName, idOf, machineParts, makeMachine, readOnlyMachine } from './kit/ingredients';
import { isCollection } from './kit/links';
import { cheapHere, everything } from './kit/population';
import { textOf } from './kit/value';
import { actAndWatch } from './kit/watch';

const PUBLISHED = [
  'CREATING',
  'STARTING',
  'STARTED',
  'STOPPING',
  'STOPPED',
  'PAUSING',
  'PAUSED',
  'SUSPENDING',
  'SUSPENDED',
  'DELETING',
  'ERROR',
];
/** Reading D007: the standard names RESTORING where it describes restore, and not in its list. */
const NAMED = [...PUBLISHED, 'RESTORING', 'CAPTURING'];

/** States of a Machine that belong to an action. */
const STATES: Readonly<Record<string, string[]>> = {
  start: ['STARTING', 'STARTED'],
  stop: ['STOPPING', 'STOPPED'],
  pause: ['PAUSING', 'PAUSED'],
  suspend: ['SUSPENDING', 'SUSPENDED'],
};

export const clauses = [
  clause('5.7', 'Relationship semantics', [
    check('what a resource refers to may be shared and outlives it', ['R5.7-01'], { needs: { adds: ['machineTemplates'] } }, async (c) => {
      const parts = await machineParts(c);
      const [first, second] = [
        await c.create('machineTemplates', 'MachineTemplate', parts),
        await c.create('machineTemplates', 'MachineTemplate', parts),
      ];
      assert.equal(first.href('machineConfig'), second.href('machineConfig'));
      await c.done(await c.delete(c.offered(first, 'delete')));
      assert.equal(idOf(await c.follow(second, 'machineConfig')), String(parts.machineConfig.href));
      assert.equal(idOf(await c.follow(second, 'machineImage')), String(parts.machineImage.href));
    }),
  ]),
  clause('5.8', 'Operations', [
    check('an action that is offered has its states', ['R5.8-02', 'R5.8-05'], { needs: { adds: ['machines'] } }, async (c) => {
      const stated = c.session
        .metadataOf('Machine')
        ?.list('attributes', 'attribute')
        .find((each) => each.text('name') === 'state');
      const values = stated?.texts('values', 'value') ?? [];
      if (values.length === 0) c.skip('ResourceMetadata does not list the states of a Machine');
      for (const [action, states] of Object.entries(STATES)) {
        if (c.knows(`Machine/${action}`))
          assert.deepEqual(
            states.filter((state) => !values.includes(state)),
            [],
            action,
          );
      }
    }),
    check(
      'start and stop lead through their states',
      ['R5.8-02', 'R5.8-03', 'R5.8-05'],
      { needs: { adds: ['machines'], actions: ['Machine/start', 'Machine/stop'] } },
      async (c) => {
        const machine = await makeMachine(c);
        const uri = idOf(machine);
        if (textOf(machine, 'state') === 'STARTED') await actAndWatch(c, uri, 'stop', { during: ['STARTED', 'STOPPING'], to: 'STOPPED' });
        await actAndWatch(c, uri, 'start', { during: ['STOPPED', 'STARTING'], to: 'STARTED' });
        await actAndWatch(c, uri, 'stop', { during: ['STARTED', 'STOPPING'], to: 'STOPPED' });
      },
    ),
    check('state stays as it is while nobody asks for another', ['R5.8-03'], { needs: { adds: ['machines'] } }, async (c) => {
      const machine = await readOnlyMachine(c);
      const state = textOf(machine, 'state');
      for (let times = 0; times < 3; times++) assert.equal(textOf(await c.read(idOf(machine)), 'state'), state);
    }),
    check('a state that the standard does not have comes with an action that leads to it', ['R5.8-09'], {}, async (c) => {
      for (const { uri, value } of await everything(c)) {
        const type = value.resourceURI?.split('/').at(-1) ?? '';
        if (!['Machine', 'System'].includes(type)) continue;
        const state = textOf(value, 'state');
        const own = c.session
          .metadataOf(type)
          ?.list('actions', 'action')
          .some((each) => !(each.text('uri') ?? '').startsWith('http://schemas.dmtf.org/cimi/1/'));
        assert.ok(NAMED.includes(state) || state === 'MIXED' || own === true, `${uri} is ${state}`);
      }
      const stated = c.session.metadataOf('Machine');
      const values =
        stated
          ?.list('attributes', 'attribute')
          .find((each) => each.text('name') === 'state')
          ?.texts('values', 'value') ?? [];
      const own = stated?.list('actions', 'action').some((each) => !(each.text('uri') ?? '').startsWith('http://schemas.dmtf.org/cimi/1/'));
      assert.ok(values.every((state) => NAMED.includes(state)) || own === true, values.join(', '));
    }),
  ]),
  clause('5.10.1', 'Common attributes', [
    check('primary resources have a name, a description and properties', ['R5.10.1-01', 'R5.10.1-02', 'R5.10.1-07'], {}, async (c) => {
      const kinds = await cheapHere(c);
      if (kinds.length === 0) c.skip('nothing that is words only can be made here');
      for (const { attribute, type, content } of kinds) {
        const common = { name: freshName(), description: 'described', properties: { colour: 'blue' } };
        const value = await c.create(attribute, type, { ...common, ...(await content(c)) });
        assert.deepEqual([value.text('name'), value.text('description')], [common.name, common.description], type);
        assert.deepEqual(value.map(), common.properties, type);
      }
    }),
    check('so does a Machine', ['R5.10.1-01', 'R5.10.1-02', 'R5.10.1-07'], { needs: { adds: ['machines'] } }, async (c) => {
      const machine = await readOnlyMachine(c);
      assert.equal(textOf(machine, 'description'), 'to be read');
      assert.deepEqual(machine.map(), { Owner: 'conformance' });
      assert.ok(machine.has('name') && machine.has('id'));
    }),
    check('what is no primary resource has an id all the same', ['R5.10.1-01', 'R5.10.1-03', 'R5.10.1-06'], {}, async (c) => {
      const primary = new Set(
        c.entry
          .names()
          .filter((name) => c.entry.href(name) !== undefined)
          .map((name) => c.session.absolute(c.link(name))),
      );
      const secondary = (await everything(c))
        .filter(({ uri, value }) => isCollection(value) && !primary.has(uri))
        .flatMap(({ value }) => value.items());
      if (secondary.length === 0) c.skip('there are no secondary resources');
      for (const item of secondary) assert.ok(idOf(item) !== '');
    }),
    check('the Cloud Entry Point has a name', ['R5.10.1-04'], {}, async (c) => {
      assert.ok((await c.read(c.session.url)).has('name'));
      return Promise.resolve();
    }),
    check(
      'updated tells of attributes that were changed, not of states',
      ['R5.10.1-09'],
      { needs: { adds: ['machines'], actions: ['Machine/start', 'Machine/stop'] } },
      async (c) => {
        const machine = await makeMachine(c);
        const uri = idOf(machine);
        await c.done(await c.put(c.offered(machine, 'edit'), 'Machine', { description: 'changed' }, { query: { $select: 'description' } }));
        const changed = await c.read(uri);
        const updated = changed.text('updated') ?? c.skip('updated is not supported');
        assert.notEqual(updated, machine.text('updated'));
        assert.ok(Math.abs(Date.parse(updated) - Date.now()) < 3_600_000);
        await c.done(await c.act(changed, c.operation(changed, 'stop') === undefined ? 'start' : 'stop'));
        const after = await c.untilState(uri, 'STARTED', 'STOPPED');
        assert.notEqual(textOf(after, 'state'), textOf(changed, 'state'));
        assert.equal(textOf(after, 'updated'), updated);
      },
    ),
  ]),
];
