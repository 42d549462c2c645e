import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf } from './kit/ingredients';
import { has, makeNetwork, makePort, networkTemplate, portCreate, removed, sharedNetwork, targets } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { hrefOf } from './kit/value';
import { actAndWatch } from './kit/watch';

const needs = { adds: ['networks'] };
const ALWAYS = ['state', 'networkType'];
const NETWORK_STATES = ['STARTED', 'STOPPED'];

const networkCreate = async (c: Context, template: Content = {}): Promise<Content> => ({
  name: freshName('network'),
  networkTemplate: await networkTemplate(c, template),
});

const sharedTemplate = (c: Context): Promise<string> =>
  c.shared('network template to read', async (s) => {
    const initialState = s.capability('Network/DefaultInitialState') ?? 'STOPPED';
    const described = { name: freshName('network-template'), description: 'to be read', properties: { Owner: 'conformance' } };
    return s.createUri('networkTemplates', 'NetworkTemplate', { ...described, ...(await networkTemplate(s, { initialState })) });
  });

export const clauses = [
  clause('5.16.1', 'Network', [
    check('is serialized as its table and pseudo-schema say', ['R5.16.1-02', 'R5.16.1-03'], { needs }, async (c) => {
      assertShape(c, await c.read(await sharedNetwork(c)), 'Network', ALWAYS);
    }),
    check('what a Consumer may only read of a Network is left as it is', ['R5.16.1-02'], { needs }, async (c) => {
      const network = idOf(await makeNetwork(c));
      await assertAccess(c, network, 'Network', { state: 'ERROR', forwardingGroup: { href: network } });
    }),
  ]),

  clause('5.16.1.1.1', 'NetworkNetworkPortCollection Resource', [
    check(
      'a port added to a Network is in its Collection and in that of all ports, and goes with the Network',
      ['R5.16.1.1.1-01', 'R5.16.1.1.1-02', 'R5.16.1.1.1-03', 'R5.16.1-02'],
      { needs: { adds: ['networks'], collections: ['networkPorts'] } },
      async (c) => {
        const network = await makeNetwork(c);
        has(c, network, 'networkPorts');
        const own = await c.follow(network, 'networkPorts');
        const add = c.operation(own, 'add');
        const port =
          add === undefined ? idOf(await makePort(c, idOf(network))) : await c.createUri(add, 'NetworkPortCreate', portCreate(undefined));
        assertCollection(c, await c.follow(network, 'networkPorts'), 'NetworkNetworkPortCollection', ['networkPort']);
        assert.deepEqual(await targets(c, network, 'networkPorts', 'networkPort'), [c.session.absolute(port)]);
        assert.ok((await c.items('networkPorts')).some((each) => c.session.absolute(idOf(each)) === c.session.absolute(port)));
        await removed(c, idOf(network));
        await c.gone(port);
        await c.gone(hrefOf(network, 'networkPorts'));
        assert.ok(!(await c.items('networkPorts')).some((each) => c.session.absolute(idOf(each)) === c.session.absolute(port)));
      },
    ),
  ]),

  clause('5.16.1.2', 'Network operations', [
    check(
      'stop and start lead through STOPPING and STARTING to STOPPED and STARTED',
      ['R5.16.1.2-01', 'R5.16.1.2-02', 'R5.16.1.2-03', 'R5.16.1.2-05', 'R5.16.1.2-07', 'R5.16.1.2-08'],
      { needs: { ...needs, actions: ['Network/start', 'Network/stop'] } },
      async (c) => {
        const network = idOf(await makeNetwork(c));
        const start = { during: ['STARTING'], to: 'STARTED' };
        if ((await c.read(network)).text('state') !== 'STARTED') await actAndWatch(c, network, 'start', start);
        await actAndWatch(c, network, 'stop', { during: ['STOPPING'], to: 'STOPPED' });
        await actAndWatch(c, network, 'start', start);
      },
    ),
  ]),

  clause('5.16.2', 'NetworkCollection Resource', [
    check('is serialized as published, its items whole', ['R5.16.2-01'], { needs: { collections: ['networks'] } }, async (c) => {
      const collection = await c.collection('networks');
      if (collection.items().length === 0) c.skip('there are no Networks');
      assertCollection(c, collection, 'NetworkCollection', ALWAYS);
    }),
  ]),

  clause('5.16.2.1', 'NetworkCollection operations', [
    check('without initialState a new Network is in DefaultInitialState', ['R5.16.2.1-02'], { needs }, async (c) => {
      const expected = c.capability('Network/DefaultInitialState') ?? c.skip('no DefaultInitialState is announced');
      const uri = await c.createUri('networks', 'NetworkCreate', await networkCreate(c));
      assert.equal((await c.read(uri)).text('state'), expected);
    }),
    check('without initialState and DefaultInitialState a new Network is STOPPED', ['R5.16.2.1-03'], { needs }, async (c) => {
      if (c.capability('Network/DefaultInitialState') !== undefined) c.skip('DefaultInitialState is announced');
      const uri = await c.createUri('networks', 'NetworkCreate', await networkCreate(c));
      assert.equal((await c.read(uri)).text('state'), 'STOPPED');
    }),
    check('a new Network is in the initialState asked for', ['R5.16.2.1-02', 'R5.16.2.1-04', 'R5.16.3-02'], { needs }, async (c) => {
      const states = c.capabilityValues('Network/InitialStates') ?? c.skip('InitialStates is not announced');
      const make = async (initialState: string): Promise<void> => {
        const network = await c.read(await c.createUri('networks', 'NetworkCreate', await networkCreate(c, { initialState })));
        assert.equal(network.text('state'), initialState);
        if (c.knows('Network/start')) assert.equal(c.operation(network, 'start') === undefined, initialState === 'STARTED', initialState);
      };
      await Promise.all(states.map(make));
    }),
    check('no Network is created where its initial state cannot be reached', ['R5.16.2.1-05'], { needs }, async (c) => {
      for (const initialState of ['STARTING', 'CONFORMING']) {
        await c.fails(async () => c.post(await c.addUri('networks'), 'NetworkCreate', await networkCreate(c, { initialState })));
      }
    }),
  ]),

  clause('5.16.3', 'NetworkTemplate Resource', [
    check('initial states are steady ones that supported actions lead to', ['R5.16.3-01'], { needs }, async (c) => {
      const states = c.capabilityValues('Network/InitialStates') ?? c.skip('InitialStates is not announced');
      assert.ok(
        states.every((state) => NETWORK_STATES.includes(state)),
        states.join(),
      );
      const first = c.capability('Network/DefaultInitialState') ?? 'STOPPED';
      if (!c.knows('Network/start') && !c.knows('Network/stop')) assert.deepEqual(states, [first]);
    }),
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.16.3-05', 'R5.16.3-06'],
      { needs: { adds: ['networkTemplates'] } },
      async (c) => {
        const template = await c.read(await sharedTemplate(c));
        assertShape(c, template, 'NetworkTemplate');
        assert.equal(template.text('initialState'), c.capability('Network/DefaultInitialState') ?? 'STOPPED');
        const { networkConfig } = await networkTemplate(c);
        const { href } = networkConfig as { href?: string };
        if (href !== undefined) assert.equal(hrefOf(template, 'networkConfig'), href);
      },
    ),
    check(
      'a template is changed, and Networks are made as it says then',
      ['R5.16.3-05'],
      { needs: { adds: ['networkTemplates', 'networks'] } },
      async (c) => {
        const [before, after] = c.capabilityValues('Network/InitialStates') ?? [];
        if (before === undefined || after === undefined) return c.skip('Networks have one initial state here');
        const content = { name: freshName('network-template'), ...(await networkTemplate(c, { initialState: before })) };
        const template = idOf(await c.create('networkTemplates', 'NetworkTemplate', content));
        await assertAccess(c, template, 'NetworkTemplate', {}, { initialState: after });
        const network = await c.create('networks', 'NetworkCreate', { networkTemplate: { href: template } });
        assert.equal(network.text('state'), after);
      },
    ),
  ]),

  clause('5.16.4', 'NetworkTemplateCollection Resource', [
    check('is serialized as published, its items whole', ['R5.16.4-01'], { needs: { adds: ['networkTemplates'] } }, async (c) => {
      await sharedTemplate(c);
      const collection = await c.collection('networkTemplates');
      assert.ok(collection.items().length > 0, 'the template that was made is not listed');
      assertCollection(c, collection, 'NetworkTemplateCollection');
    }),
  ]),

  clause('5.16.6', 'NetworkConfigurationCollection Resource', [
    check('is serialized as published, its items whole', ['R5.16.6-01'], { needs: { collections: ['networkConfigs'] } }, async (c) => {
      if (c.operation(await c.collection('networkConfigs'), 'add')) {
        const made = await c.create('networkConfigs', 'NetworkConfiguration', { name: freshName('config'), networkType: 'PRIVATE' });
        await assertAccess(c, idOf(made), 'NetworkConfiguration', {});
      }
      const collection = await c.collection('networkConfigs');
      if (collection.items().length === 0) c.skip('there are no NetworkConfigurations');
      assertCollection(c, collection, 'NetworkConfigurationCollection');
    }),
  ]),
];
