import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf } from './kit/ingredients';
import { makePort, PORT_CONFIG, portCreate, removed, sharedNetwork, targets } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { hrefOf } from './kit/value';
import { actAndWatch } from './kit/watch';

const needs = { adds: ['networkPorts', 'networks'] };
const ALWAYS = ['state', 'network'];

const sharedPort = (c: Context): Promise<string> =>
  c.shared('port to read', async (s) => idOf(await makePort(s, await sharedNetwork(s), { description: 'to be read' })));

const sharedTemplate = (c: Context): Promise<string> =>
  c.shared('port template to read', async (s) => {
    const described = { name: freshName('port-template'), description: 'to be read', properties: { Owner: 'conformance' } };
    const template = { network: { href: await sharedNetwork(s) }, networkPortConfig: PORT_CONFIG };
    return s.createUri('networkPortTemplates', 'NetworkPortTemplate', { ...described, ...template });
  });

/** Asserts that no port comes of a request. */
async function notCreated(c: Context, add: string, content: Content): Promise<void> {
  await c.fails(async () => c.post(add, 'NetworkPortCreate', content));
}

/** Ports that are listed among all and among those of the Network. */
async function lists(c: Context, network: string): Promise<[string[], string[]]> {
  const all = (await c.items('networkPorts')).map((each) => c.session.absolute(idOf(each)));
  return [all, await targets(c, await c.read(network), 'networkPorts', 'networkPort')];
}

export const clauses = [
  clause('5.16.7', 'NetworkPort', [
    check('is serialized as its table and pseudo-schema say', ['R5.16.7-01', 'R5.16.7-02'], { needs }, async (c) => {
      const port = await c.read(await sharedPort(c));
      assertShape(c, port, 'NetworkPort', ALWAYS);
      assert.equal(c.session.absolute(hrefOf(port, 'network')), c.session.absolute(await sharedNetwork(c)));
      assert.ok(['ACCESS', 'TRUNK'].includes(port.text('portType') ?? 'ACCESS'), port.text('portType'));
    }),
    check('the state of a port is not for Consumers to write', ['R5.16.7-01'], { needs }, async (c) => {
      await assertAccess(c, idOf(await makePort(c, await sharedNetwork(c))), 'NetworkPort', { state: 'ERROR' });
    }),
  ]),

  clause('5.16.7.2', 'NetworkPort operations', [
    check(
      'a new port is in the Collection of all and in that of its Network; deleting it removes it from both',
      ['R5.16.7.2-01', 'R5.16.8.1-02'],
      { needs },
      async (c) => {
        const network = await sharedNetwork(c);
        const port = c.session.absolute(idOf(await makePort(c, network)));
        for (const list of await lists(c, network)) assert.ok(list.includes(port));
        await removed(c, port);
        for (const list of await lists(c, network)) assert.ok(!list.includes(port));
      },
    ),
    check(
      'stop and start lead to STOPPED and STARTED',
      ['R5.16.7.2-02', 'R5.16.7.2-03', 'R5.16.7.2-05', 'R5.16.7.2-08'],
      { needs: { ...needs, actions: ['NetworkPort/start', 'NetworkPort/stop'] } },
      async (c) => {
        const port = idOf(await makePort(c, await sharedNetwork(c)));
        const both = { during: ['STARTED', 'STOPPED'] };
        if ((await c.read(port)).text('state') !== 'STARTED') await actAndWatch(c, port, 'start', { ...both, to: 'STARTED' });
        await actAndWatch(c, port, 'stop', { ...both, to: 'STOPPED' });
        await actAndWatch(c, port, 'start', { ...both, to: 'STARTED' });
      },
    ),
  ]),

  clause('5.16.8', 'NetworkPortCollection Resource', [
    check('is serialized as published, its items whole', ['R5.16.8-01'], { needs }, async (c) => {
      await sharedPort(c);
      const collection = await c.collection('networkPorts');
      assert.ok(collection.items().length > 0, 'the port that was made is not listed');
      assertCollection(c, collection, 'NetworkPortCollection', ALWAYS);
    }),
  ]),

  clause('5.16.8.1', 'NetworkPortCollection operations', [
    check('without initialState a new port is in DefaultInitialState', ['R5.16.8.1-03'], { needs }, async (c) => {
      const expected = c.capability('NetworkPort/DefaultInitialState') ?? c.skip('no DefaultInitialState is announced');
      const uri = await c.createUri('networkPorts', 'NetworkPortCreate', portCreate(await sharedNetwork(c)));
      assert.equal((await c.read(uri)).text('state'), expected);
    }),
    check('without initialState and DefaultInitialState a new port is STOPPED', ['R5.16.8.1-04'], { needs }, async (c) => {
      if (c.capability('NetworkPort/DefaultInitialState') !== undefined) c.skip('DefaultInitialState is announced');
      const uri = await c.createUri('networkPorts', 'NetworkPortCreate', portCreate(await sharedNetwork(c)));
      assert.equal((await c.read(uri)).text('state'), 'STOPPED');
    }),
    check('a new port is in the initialState asked for', ['R5.16.8.1-03', 'R5.16.8.1-05', 'R5.16.9-02'], { needs }, async (c) => {
      const states = c.capabilityValues('NetworkPort/InitialStates') ?? c.skip('InitialStates is not announced');
      const make = async (initialState: string): Promise<void> => {
        const content = portCreate(await sharedNetwork(c), {}, { initialState });
        const port = await c.read(await c.createUri('networkPorts', 'NetworkPortCreate', content));
        assert.equal(port.text('state'), initialState);
        if (c.knows('NetworkPort/start')) assert.equal(c.operation(port, 'start') === undefined, initialState === 'STARTED', initialState);
      };
      await Promise.all(states.map(make));
    }),
    check('no port is created where its initial state cannot be reached', ['R5.16.8.1-06'], { needs }, async (c) => {
      const network = await sharedNetwork(c);
      for (const initialState of ['CREATING', 'CONFORMING'])
        await notCreated(c, await c.addUri('networkPorts'), portCreate(network, {}, { initialState }));
    }),
  ]),

  clause('5.16.9', 'NetworkPortTemplate Resource', [
    check('initial states are steady ones that supported actions lead to', ['R5.16.9-01'], { needs }, (c) => {
      const states = c.capabilityValues('NetworkPort/InitialStates') ?? c.skip('InitialStates is not announced');
      assert.ok(
        states.every((state) => ['STARTED', 'STOPPED'].includes(state)),
        states.join(),
      );
      const first = c.capability('NetworkPort/DefaultInitialState') ?? 'STOPPED';
      if (!c.knows('NetworkPort/start') && !c.knows('NetworkPort/stop')) assert.deepEqual(states, [first]);
      return Promise.resolve();
    }),
    check(
      'a template names its Network at the Collection of all ports, and no other at that of a Network',
      ['R5.16.9-03', 'R5.16.9-04'],
      { needs },
      async (c) => {
        const network = await sharedNetwork(c);
        await notCreated(c, await c.addUri('networkPorts'), portCreate(undefined));
        const elsewhere = (await c.items('networks')).find((each) => c.session.absolute(idOf(each)) !== c.session.absolute(network));
        const add = c.operation(await c.follow(await c.read(network), 'networkPorts'), 'add');
        if (elsewhere && add !== undefined) await notCreated(c, add, portCreate(idOf(elsewhere)));
      },
    ),
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.16.9-07', 'R5.16.9-08'],
      { needs: { adds: ['networkPortTemplates', 'networks'] } },
      async (c) => {
        const template = await c.read(await sharedTemplate(c));
        assertShape(c, template, 'NetworkPortTemplate', ['networkPortConfig']);
        assert.equal(c.session.absolute(hrefOf(template, 'network')), c.session.absolute(await sharedNetwork(c)));
        assert.equal(template.inner('networkPortConfig')?.text('portType'), PORT_CONFIG.portType);
      },
    ),
    check(
      'a template is changed, and ports are made as it says then',
      ['R5.16.9-07'],
      { needs: { adds: ['networkPortTemplates', 'networkPorts', 'networks'] } },
      async (c) => {
        const [before, after] = c.capabilityValues('NetworkPort/InitialStates') ?? [];
        if (before === undefined || after === undefined) return c.skip('ports have one initial state here');
        const network = { href: await sharedNetwork(c) };
        const content = { name: freshName('port-template'), initialState: before, network, networkPortConfig: PORT_CONFIG };
        const template = idOf(await c.create('networkPortTemplates', 'NetworkPortTemplate', content));
        await assertAccess(c, template, 'NetworkPortTemplate', {}, { initialState: after });
        const port = await c.create('networkPorts', 'NetworkPortCreate', { networkPortTemplate: { href: template } });
        assert.equal(port.text('state'), after);
      },
    ),
  ]),

  clause('5.16.10', 'NetworkPortTemplateCollection Resource', [
    check(
      'is serialized as published, its items whole',
      ['R5.16.10-01'],
      { needs: { adds: ['networkPortTemplates', 'networks'] } },
      async (c) => {
        await sharedTemplate(c);
        const collection = await c.collection('networkPortTemplates');
        assert.ok(collection.items().length > 0, 'the template that was made is not listed');
        assertCollection(c, collection, 'NetworkPortTemplateCollection');
      },
    ),
  ]),

  clause('5.16.12', 'NetworkPortConfigurationCollection Resource', [
    check('is serialized as published, its items whole', ['R5.16.12-01'], { needs: { collections: ['networkPortConfigs'] } }, async (c) => {
      if (c.operation(await c.collection('networkPortConfigs'), 'add')) {
        const content = { name: freshName('config'), ...PORT_CONFIG };
        const made = await c.create('networkPortConfigs', 'NetworkPortConfiguration', content);
        await assertAccess(c, idOf(made), 'NetworkPortConfiguration', {});
      }
      const collection = await c.collection('networkPortConfigs');
      if (collection.items().length === 0) c.skip('there are no NetworkPortConfigurations');
      assertCollection(c, collection, 'NetworkPortConfigurationCollection');
    }),
  ]),
];
