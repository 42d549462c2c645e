import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineCreate, makeMachine, volumeCreate } from './kit/ingredients';
import { machineComponent, networkTemplate, portCreate, removed, sharedNetwork, takes, typeUri } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { list } from './kit/body';
import { hrefOf, textOf, type Value } from './kit/value';

const needs = { adds: ['eventLogs'] };
const ofMachine = { adds: ['eventLogs', 'machines'] };
const ALWAYS = ['targetResource', 'events', 'persistence', 'summary'];
const SEVERITIES = ['low', 'medium', 'high', 'critical'];
const BASE = 'http://schemas.dmtf.org/cimi/1/event/';
const OUTCOMES = ['Pending', 'Unknown', 'Status', 'Success', 'Warning', 'Failure'];

const create = (target: string, more: Content = {}): Content => ({
  name: freshName('log'),
  eventLogTemplate: { targetResource: { href: target }, ...more },
});

/** A log of a resource; it goes with that, so nobody has to delete it. */
const makeLog = (c: Context, target: string, more: Content = {}): Promise<Value> =>
  c.create('eventLogs', 'EventLogCreate', create(target, more));

/** A log of a Machine that has been made, which checks may read but not change; made once. */
const sharedLog = (c: Context): Promise<string> =>
  c.shared('log to read', async (s) => idOf(await makeLog(s, idOf(await makeMachine(s)), { persistence: 'monthly' })));

const eventsOf = async (c: Context, log: Value): Promise<Value[]> => (await c.follow(log, 'events')).items();
const contentOf = (event: Value): Value => event.inner('content') ?? assert.fail(`${idOf(event)} has no content`);

/** Events of one type of the shared log. @throws Unproven where there is none */
async function eventsOfType(c: Context, type: string): Promise<Value[]> {
  const log = await c.read(await sharedLog(c));
  return c.some(
    (await eventsOf(c, log)).filter((event) => event.text('type') === BASE + type),
    `${type} event`,
  );
}

/** Asserts that a create with an eventLogTemplate makes a log of what it makes. */
async function comesWithLog(c: Context, collection: string, type: string, content: Content): Promise<void> {
  if (!c.entry.has('eventLogs')) c.skip('there are no EventLogs');
  const owner = await c.create(collection, type, content);
  const log = await c.follow(owner, 'eventLog');
  assert.equal(c.session.absolute(hrefOf(log, 'targetResource')), c.session.absolute(idOf(owner)));
  assert.equal(log.text('persistence'), 'weekly');
}

const weekly = { eventLogTemplate: { persistence: 'weekly' } };
const unless = (c: Context, type: string): void => {
  if (!takes(c, type, 'eventLogTemplate')) c.skip(`${type} takes no eventLogTemplate`);
};

export const clauses = [
  clause('5.17.9', 'EventLog Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and is connected to its target',
      ['R5.17.9-05', 'R5.17.9-06'],
      { needs: ofMachine },
      async (c) => {
        const log = await c.read(await sharedLog(c));
        assertShape(c, log, 'EventLog', ALWAYS);
        const target = await c.follow(log, 'targetResource');
        assert.equal(c.session.absolute(hrefOf(target, 'eventLog')), c.session.absolute(idOf(log)));
        assert.equal(textOf(log, 'persistence'), 'monthly');
      },
    ),
    check('a Consumer changes the persistence, not the target', ['R5.17.9-05'], { needs: ofMachine }, async (c) => {
      const log = idOf(await makeLog(c, idOf(await makeMachine(c))));
      await assertAccess(c, log, 'EventLog', { targetResource: { href: log } }, { persistence: 'daily' });
    }),
    check('the summary counts the Events that are in the log, by severity', ['R5.17.9-04'], { needs: ofMachine }, async (c) => {
      const uri = await sharedLog(c);
      const summaryOf = (log: Value): (string | undefined)[] => SEVERITIES.map((severity) => log.inner('summary')?.text(severity));
      for (let tries = 0; tries < 5; tries++) {
        const log = await c.read(uri);
        const events = await eventsOf(c, log);
        const counted = SEVERITIES.map((severity) => String(events.filter((event) => event.text('severity') === severity).length));
        // Something may have happened in between.
        if (summaryOf(await c.read(uri)).join() !== summaryOf(log).join()) continue;
        assert.deepEqual(summaryOf(log), counted);
        return;
      }
      c.unproven('something happens to the Machine all the time');
    }),
    check('with a log its Events are deleted', ['R5.17.9-02'], { needs: ofMachine }, async (c) => {
      const log = await makeLog(c, idOf(await makeMachine(c)));
      const events = c.some(await eventsOf(c, log), 'Event of a new Machine');
      await removed(c, idOf(log));
      for (const event of events) await c.gone(idOf(event));
    }),
    check(
      'a log goes with its target where that is announced',
      ['R5.11.2-58', 'R5.17.9-01'],
      { needs: { ...ofMachine, capabilities: ['EventLog/Linked'] } },
      async (c) => {
        const machine = await makeMachine(c);
        const log = await makeLog(c, idOf(machine));
        await removed(c, idOf(machine));
        await c.gone(idOf(log));
      },
    ),
    check('what is nothing cannot have a log', ['R5.17.9-05'], { needs }, async (c) => {
      const add = await c.addUri('eventLogs');
      await c.refuses(() => c.post(add, 'EventLogCreate', create(`${c.link('eventLogs')}/none`)));
    }),
  ]),

  clause('5.17.10', 'EventLogCollection Resource', [
    check('is serialized as published, its items whole', ['R5.17.10-01'], { needs: ofMachine }, async (c) => {
      await sharedLog(c);
      const collection = await c.collection('eventLogs');
      assert.ok(collection.items().length > 0, 'the log that was made is not listed');
      assertCollection(c, collection, 'EventLogCollection');
    }),
  ]),

  clause('5.17.11', 'EventLogTemplate Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and is changed',
      ['R5.17.11-02', 'R5.17.11-03'],
      { needs: { adds: ['eventLogTemplates'] } },
      async (c) => {
        const target = await c.shared('machine of a log template', async (s) => idOf(await makeMachine(s)));
        const made = await c.create('eventLogTemplates', 'EventLogTemplate', {
          name: freshName('log-template'),
          targetResource: { href: target },
          persistence: 'yearly',
        });
        assertShape(c, made, 'EventLogTemplate', ['persistence']);
        assert.equal(c.session.absolute(hrefOf(made, 'targetResource')), c.session.absolute(target));
        await assertAccess(c, idOf(made), 'EventLogTemplate', {}, { persistence: 'weekly' });
      },
    ),
    check(
      'a log is made from a template by reference, connected to the target that it names',
      ['R5.17.11-01'],
      { needs: { adds: ['eventLogTemplates', 'eventLogs', 'machines'] } },
      async (c) => {
        const target = idOf(await makeMachine(c));
        const parts = { targetResource: { href: target }, persistence: 'yearly' };
        const template = await c.create('eventLogTemplates', 'EventLogTemplate', { name: freshName('log-template'), ...parts });
        const log = await c.create('eventLogs', 'EventLogCreate', { eventLogTemplate: { href: idOf(template) } });
        assert.equal(c.session.absolute(hrefOf(log, 'targetResource')), c.session.absolute(target));
        assert.equal(log.text('persistence'), 'yearly');
      },
    ),
    check('a System comes with the log that its template asks for', ['R5.13.3-11'], { needs: { adds: ['systems'] } }, async (c) => {
      unless(c, 'SystemTemplate');
      const components = { componentDescriptors: list('componentDescriptor', [await machineComponent(c, 'web')]) };
      await comesWithLog(c, 'systems', 'SystemCreate', { name: freshName(), systemTemplate: { ...components, ...weekly } });
    }),
    check('a Machine comes with the log that its template asks for', ['R5.14.3-06'], { needs: { adds: ['machines'] } }, async (c) => {
      unless(c, 'MachineTemplate');
      await comesWithLog(c, 'machines', 'MachineCreate', await machineCreate(c, {}, weekly));
    }),
    check('a Volume comes with the log that its template asks for', ['R5.15.3-02'], { needs: { adds: ['volumes'] } }, async (c) => {
      unless(c, 'VolumeTemplate');
      const { volumeTemplate, ...rest } = await volumeCreate(c);
      await comesWithLog(c, 'volumes', 'VolumeCreate', { ...rest, volumeTemplate: { ...(volumeTemplate as Content), ...weekly } });
    }),
    check('a Network comes with the log that its template asks for', ['R5.16.3-04'], { needs: { adds: ['networks'] } }, async (c) => {
      unless(c, 'NetworkTemplate');
      await comesWithLog(c, 'networks', 'NetworkCreate', { name: freshName(), networkTemplate: await networkTemplate(c, weekly) });
    }),
    check('a port comes with the log that its template asks for', ['R5.16.9-06'], { needs: { adds: ['networkPorts'] } }, async (c) => {
      unless(c, 'NetworkPortTemplate');
      await comesWithLog(c, 'networkPorts', 'NetworkPortCreate', portCreate(await sharedNetwork(c), {}, weekly));
    }),
  ]),

  clause('5.17.12', 'EventLogTemplateCollection Resource', [
    check('is serialized as published, its items whole', ['R5.17.12-01'], { needs: { adds: ['eventLogTemplates'] } }, async (c) => {
      await c.create('eventLogTemplates', 'EventLogTemplate', { name: freshName('log-template'), persistence: 'daily' });
      assertCollection(c, await c.collection('eventLogTemplates'), 'EventLogTemplateCollection');
    }),
  ]),

  clause('5.17.13', 'Event Resource', [
    check(
      'is serialized as its table and pseudo-schema say, in a log as alone',
      ['R5.17.13-08', 'R5.17.13-09'],
      { needs: ofMachine },
      async (c) => {
        const collection = await c.follow(await c.read(await sharedLog(c)), 'events');
        assertCollection(c, collection, 'EventCollection');
        for (const event of c.some(collection.items(), 'Event of a new Machine'))
          assertShape(c, await c.read(idOf(event)), 'Event', ['timestamp', 'type', 'content']);
      },
    ),
    check(
      'a type of Table 57 is below the base URI, and has its content',
      ['R5.17.13-01', 'R5.17.13-02', 'R5.17.13-12'],
      { needs: ofMachine },
      async (c) => {
        const log = await c.read(await sharedLog(c));
        const machine = c.session.absolute(hrefOf(log, 'targetResource'));
        for (const type of ['state', 'model']) {
          for (const event of await eventsOfType(c, type)) {
            const content = contentOf(event);
            assert.equal(c.session.absolute(hrefOf(content, 'resource')), machine);
            if (content.has('resType')) assert.equal(content.text('resType'), typeUri('Machine'));
            if (type === 'state') assert.ok(textOf(content, 'state').length > 0);
            else assert.ok(['create', 'update', 'delete'].includes(textOf(content, 'change')), content.text('change'));
          }
        }
      },
    ),
    check('outcomes are those of the standard for its types', ['R5.17.13-06'], { needs: ofMachine }, async (c) => {
      const events = await eventsOf(c, await c.read(await sharedLog(c)));
      for (const event of c.some(events, 'Event of a new Machine'))
        if (event.text('type')?.startsWith(BASE) && event.has('outcome'))
          assert.ok(OUTCOMES.includes(textOf(event, 'outcome')), event.text('outcome'));
    }),
    check(
      'the state of a state event is that of the Resource when it was generated',
      ['R5.17.13-13'],
      { needs: { ...ofMachine, actions: ['Machine/start', 'Machine/stop'] } },
      async (c) => {
        const machine = await makeMachine(c);
        const log = await makeLog(c, idOf(machine));
        const before = textOf(machine, 'state');
        await c.done(await c.act(machine, before === 'STOPPED' ? 'start' : 'stop'));
        const after = textOf(await c.untilState(idOf(machine), 'STARTED', 'STOPPED'), 'state');
        const states = (await eventsOf(c, log)).filter((event) => event.text('type') === `${BASE}state`);
        const last = c.some(states, 'state event of a Machine that was acted on').map(contentOf).at(-1);
        assert.deepEqual([last?.text('state'), last?.text('previous') ?? before], [after, before]);
      },
    ),
  ]),
];
