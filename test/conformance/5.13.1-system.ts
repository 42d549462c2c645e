import { assert } from './kit/assert';
import { list, type Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, makeMachine, makeVolume } from './kit/ingredients';
import {
  addressNetwork,
  addressTemplate,
  JOINING,
  associate,
  association,
  credentialData,
  machineComponent,
  networkTemplate,
  PORT_CONFIG,
  removed,
  sharedNetwork,
  targets,
  typeUri,
  volumeTemplate,
} from './kit/parts';
import { assertAccess } from './kit/access';
import { assertCollection, assertShape } from './kit/shape';
import type { Value } from './kit/value';

const needs = { adds: ['systems', 'machines'] };

const systemCreate = (components: Content[]): Content => ({
  name: freshName('system'),
  systemTemplate: components.length === 0 ? {} : { componentDescriptors: list('componentDescriptor', components) },
});

async function makeSystem(c: Context, components: Content[]): Promise<Value> {
  return c.create('systems', 'SystemCreate', systemCreate(components));
}

const credential = (c: Context, name: string): Content => ({
  name,
  type: typeUri('Credential'),
  credentialTemplate: credentialData(c),
});

/**
 * Descriptors of one component of every kind that this provider lets one make, by its Collection; those of networks refer to the
 * one made.
 */
async function oneOfEach(c: Context): Promise<Record<string, Content>> {
  const net = { href: '#net' };
  const group = JOINING.every((name) => c.knows(name)) ? { networks: list('network', [net]) } : {};
  const at = await addressNetwork(c, () => Promise.resolve(net.href));
  const kinds: Record<string, Content> = {
    machines: await machineComponent(c, 'web'),
    credentials: credential(c, 'key'),
    volumes: { name: 'data', type: typeUri('Volume'), volumeTemplate: await volumeTemplate(c) },
    networks: { name: 'net', type: typeUri('Network'), networkTemplate: await networkTemplate(c) },
    networkPorts: { name: 'port', type: typeUri('NetworkPort'), networkPortTemplate: { network: net, networkPortConfig: PORT_CONFIG } },
    addresses: { name: 'address', type: typeUri('Address'), addressTemplate: addressTemplate(at) },
    forwardingGroups: { name: 'group', type: typeUri('ForwardingGroup'), forwardingGroupTemplate: group },
    systems: {
      name: 'inner',
      type: typeUri('System'),
      systemTemplate: { componentDescriptors: list('componentDescriptor', [credential(c, 'deep')]) },
    },
  };
  const offered = async (attribute: string): Promise<boolean> =>
    c.entry.has(attribute) && c.operation(await c.collection(attribute), 'add') !== undefined;
  const here = new Set<string>();
  for (const attribute of Object.keys(kinds)) if (await offered(attribute)) here.add(attribute);
  if (!here.has('networks')) for (const attribute of ['networkPorts', 'addresses', 'forwardingGroups']) here.delete(attribute);
  return Object.fromEntries(Object.entries(kinds).filter(([attribute]) => here.has(attribute)));
}

/** A System of one component of each kind, which checks may read but not change; made once. */
async function readOnlySystem(c: Context): Promise<{ system: Value; kinds: string[] }> {
  const { uri, kinds } = await c.shared('system to read', async (s) => {
    const components = await oneOfEach(s);
    const content = { ...systemCreate(Object.values(components)), description: 'to be read' };
    return { uri: await s.createUri('systems', 'SystemCreate', content), kinds: Object.keys(components) };
  });
  return { system: await c.read(uri), kinds };
}

/** Machines and sub-Systems of a System: state of the System, then of every Machine in it, deep. */
async function statesIn(c: Context, uri: string): Promise<string[]> {
  const system = await c.read(uri);
  const machines = await Promise.all((await targets(c, system, 'machines', 'machine')).map((each) => c.read(each)));
  const below = system.has('systems') ? await targets(c, system, 'systems', 'system') : [];
  const deeper = await Promise.all(below.map((each) => statesIn(c, each)));
  return [system.text('state') ?? '', ...machines.map((each) => each.text('state') ?? ''), ...deeper.flat()];
}

async function bringTo(c: Context, uri: string, action: string, state: string): Promise<void> {
  await c.done(await c.act(await c.read(uri), action));
  const states = await statesIn(c, uri);
  assert.deepEqual(
    states,
    states.map(() => state),
    `System and Machines after ${action}`,
  );
}

/** Collections of a System, what their items are and what these refer to. */
const PUBLISHED: [string, string, string][] = [
  ['systems', 'SystemSystem', 'system'],
  ['machines', 'SystemMachine', 'machine'],
  ['credentials', 'SystemCredential', 'credential'],
  ['volumes', 'SystemVolume', 'volume'],
  ['networks', 'SystemNetwork', 'network'],
  ['networkPorts', 'SystemNetworkPort', 'networkPort'],
  ['addresses', 'SystemAddress', 'address'],
  ['forwardingGroups', 'SystemForwardingGroup', 'forwardingGroup'],
];

export const clauses = [
  clause('5.13.1', 'System', [
    check(
      'a System and its Collections are serialized as their tables and pseudo-schemas say',
      ['R5.13.1-09', 'R5.13.1-10'],
      { needs },
      async (c) => {
        const { system, kinds } = await readOnlySystem(c);
        assertShape(c, system, 'System', ['state']);
        for (const [attribute, type, reference] of PUBLISHED) {
          if (!system.has(attribute) && !kinds.includes(attribute)) continue;
          const collection = await c.follow(system, attribute);
          assertCollection(c, collection, `${type}Collection`, [reference]);
          const members = collection.items().length;
          // Addresses that the provider made for the Machine are the System's, too (5.13.2.1).
          if (attribute === 'addresses') assert.ok(members >= (kinds.includes(attribute) ? 1 : 0), attribute);
          else assert.equal(members, kinds.includes(attribute) ? 1 : 0, attribute);
        }
      },
    ),

    check('the state of a System is not for Consumers to write', ['R5.13.1-09'], { needs: { adds: ['systems'] } }, async (c) => {
      const system = await makeSystem(c, [credential(c, 'key')]);
      await assertAccess(c, idOf(system), 'System', { state: 'ERROR' });
    }),

    check(
      'what is created with a System is its own and is deleted with it; what was there before is not',
      ['R5.13.1-01', 'R5.13.1-02', 'R5.13.1-03'],
      { needs: { adds: ['systems', 'machines', 'volumes'] } },
      async (c) => {
        const existing = await makeVolume(c);
        const inner = {
          name: 'inner',
          type: typeUri('System'),
          systemTemplate: { componentDescriptors: list('componentDescriptor', [credential(c, 'deep')]) },
        };
        const volume = { name: 'data', type: typeUri('Volume'), volumeTemplate: await volumeTemplate(c) };
        const web = await machineComponent(c, 'web', { volumes: list('volume', [{ href: idOf(existing) }]) });
        const system = await makeSystem(c, [web, volume, inner]);
        const machines = await targets(c, system, 'machines', 'machine');
        const volumes = await targets(c, system, 'volumes', 'volume');
        const systems = await targets(c, system, 'systems', 'system');
        assert.deepEqual([machines.length, volumes.length, systems.length], [1, 1, 1], 'members of the System');
        const [below = ''] = systems;
        const credentials = await targets(c, await c.read(below), 'credentials', 'credential');
        assert.equal(credentials.length, 1, 'members of the System inside');
        await removed(c, idOf(system));
        for (const uri of [...machines, ...volumes, ...systems, ...credentials]) await c.gone(uri);
        await c.untilState(idOf(existing), 'AVAILABLE');
      },
    ),

    check(
      'the state of a System is that of all its Machines, MIXED where they differ or are none',
      ['R5.13.1-06', 'R5.13.1-07'],
      { needs },
      async (c) => {
        const empty = await makeSystem(c, [credential(c, 'key')]);
        assert.equal(empty.text('state'), 'MIXED', 'a System without Machines');
        const system = await makeSystem(c, [await machineComponent(c, 'a'), await machineComponent(c, 'b')]);
        const [common, ...machines] = await statesIn(c, idOf(system));
        assert.deepEqual(machines, [common, common]);
        const [first = ''] = await targets(c, system, 'machines', 'machine');
        await c.done(await c.act(await c.read(first), common === 'STARTED' ? 'stop' : 'start'));
        assert.equal((await c.read(idOf(system))).text('state'), 'MIXED', 'a System of Machines in two states');
      },
    ),

    check(
      'what is added to a System becomes its own, not what it refers to; what is removed does not go with it',
      ['R5.13.1-04', 'R5.13.1-08', 'R5.13.1-01'],
      { needs: { adds: ['systems', 'machines', 'volumes'] } },
      async (c) => {
        const volume = await makeVolume(c);
        const machine = await makeMachine(c, {}, {});
        if (machine.has('volumes')) await associate(c, machine, 'volumes', 'MachineVolume', { volume: { href: idOf(volume) } });
        const system = await makeSystem(c, [credential(c, 'key')]);
        const item = await associate(c, system, 'machines', 'SystemMachine', { machine: { href: idOf(machine) } });
        assertShape(c, item, 'SystemMachine', ['machine']);
        const grown = await c.read(idOf(system));
        assert.deepEqual(await targets(c, grown, 'machines', 'machine'), [c.session.absolute(idOf(machine))]);
        assert.deepEqual(await targets(c, grown, 'volumes', 'volume'), [], 'the Volume of the added Machine');
        assert.equal(grown.text('state'), (await c.read(idOf(machine))).text('state'));
        await removed(c, idOf(item));
        const shrunk = await c.read(idOf(system));
        assert.deepEqual(await targets(c, shrunk, 'machines', 'machine'), []);
        assert.equal(shrunk.text('state'), 'MIXED');
        await associate(c, shrunk, 'volumes', 'SystemVolume', { volume: { href: idOf(volume) } });
        const kept = await c.follow(await c.read(idOf(machine)), 'volumes');
        for (const attached of kept.items()) await removed(c, idOf(attached));
        await removed(c, idOf(system));
        await c.gone(idOf(volume));
        assert.equal((await c.read(idOf(machine))).text('id'), idOf(machine));
      },
    ),

    check(
      'a resource has one owner at most, and another one after it was let go',
      ['R5.13.1-05'],
      { needs: { adds: ['systems'] } },
      async (c) => {
        const owner = await makeSystem(c, [credential(c, 'key')]);
        const [owned = ''] = await targets(c, owner, 'credentials', 'credential');
        const other = await makeSystem(c, [credential(c, 'key')]);
        const add = c.operation(await c.follow(other, 'credentials'), 'add') ?? c.skip('nothing can be added to Systems');
        await c.fails(async () => c.post(add, 'SystemCredential', { credential: { href: owned } }));
        assert.equal((await targets(c, other, 'credentials', 'credential')).includes(owned), false);
        const held = await association(c, owner, 'credentials', 'credential', owned);
        await removed(c, idOf(held));
        await associate(c, other, 'credentials', 'SystemCredential', { credential: { href: owned } });
        await association(c, other, 'credentials', 'credential', owned);
      },
    ),
  ]),

  clause('5.13.1.2', 'System operations', [
    check(
      'start, stop and restart reach every Machine and those of Systems inside, whatever their states',
      ['R5.13.1.2-01', 'R5.13.1.2-02', 'R5.13.1-06'],
      { needs: { ...needs, actions: ['System/stop', 'System/start'] } },
      async (c) => {
        const inner = { componentDescriptors: list('componentDescriptor', [await machineComponent(c, 'deep')]) };
        const system = idOf(
          await makeSystem(c, [await machineComponent(c, 'top'), { name: 'inner', type: typeUri('System'), systemTemplate: inner }]),
        );
        if ((await statesIn(c, system))[0] !== 'STARTED') await bringTo(c, system, 'start', 'STARTED');
        const [top = ''] = await targets(c, await c.read(system), 'machines', 'machine');
        await c.done(await c.act(await c.read(top), 'stop'));
        await bringTo(c, system, 'stop', 'STOPPED');
        await c.done(await c.act(await c.read(top), 'start'));
        await bringTo(c, system, 'start', 'STARTED');
        if (c.knows('System/restart')) await bringTo(c, system, 'restart', 'STARTED');
      },
    ),
    check(
      'pause and suspend reach every Machine of a System',
      ['R5.13.1.2-01', 'R5.13.1-06'],
      { needs: { ...needs, actions: ['System/pause', 'System/suspend', 'System/start'] } },
      async (c) => {
        const system = idOf(await makeSystem(c, [await machineComponent(c, 'web', {}, 2)]));
        if ((await statesIn(c, system))[0] !== 'STARTED') await bringTo(c, system, 'start', 'STARTED');
        await bringTo(c, system, 'pause', 'PAUSED');
        await bringTo(c, system, 'start', 'STARTED');
        await bringTo(c, system, 'suspend', 'SUSPENDED');
      },
    ),
  ]),

  clause('5.13.2', 'SystemCollection Resource', [
    check('is serialized as published, its items whole', ['R5.13.2-01'], { needs: { collections: ['systems'] } }, async (c) => {
      await readOnlySystem(c);
      const collection = await c.collection('systems');
      assert.ok(collection.items().length > 0, 'the System that was made is not listed');
      assertCollection(c, collection, 'SystemCollection', ['state']);
    }),
  ]),

  clause('5.13.2.1', 'SystemCollection operations', [
    check(
      'Addresses that the provider makes for the Machines of a System are its own',
      ['R5.13.2.1-02', 'R5.13.1-02', 'R5.13.1-03'],
      { needs: { adds: ['systems', 'machines', 'networks'], collections: ['addresses'] } },
      async (c) => {
        const network = { href: await sharedNetwork(c) };
        const system = await makeSystem(c, [
          await machineComponent(c, 'web', { networkInterfaces: list('networkInterface', [{ network }]) }),
        ]);
        const [machine = ''] = await targets(c, system, 'machines', 'machine');
        const interfaces = (await c.follow(await c.read(machine), 'networkInterfaces')).items();
        const own: string[] = [];
        for (const each of interfaces.filter((one) => one.has('addresses'))) own.push(...(await targets(c, each, 'addresses', 'address')));
        const members = await targets(c, system, 'addresses', 'address');
        for (const address of c.some(own, 'Address of an interface'))
          assert.ok(members.includes(address), `${address} is none of the System's addresses`);
        await removed(c, idOf(system));
        for (const address of own) await c.gone(address);
      },
    ),
    check(
      'what a System is made with is its own, Volumes of nested templates too, but not what a template refers to',
      ['R5.13.2.1-02', 'R5.13.2.1-03', 'R5.13.2.1-04', 'R5.14.3-03'],
      { needs: { adds: ['systems', 'machines', 'volumes'], capabilities: ['Machine/MachineVolumeTemplatesByValue'] } },
      async (c) => {
        const existing = await makeVolume(c);
        const template = {
          volumes: list('volume', [{ href: idOf(existing) }]),
          volumeTemplates: list('volumeTemplate', [await volumeTemplate(c)]),
        };
        const system = await makeSystem(c, [await machineComponent(c, 'web', template)]);
        const [machine = '', ...more] = await targets(c, system, 'machines', 'machine');
        assert.equal(more.length, 0);
        const attached = await targets(c, await c.read(machine), 'volumes', 'volume');
        const own = await targets(c, system, 'volumes', 'volume');
        assert.equal(own.length, 1, 'Volumes of the System');
        assert.deepEqual([...attached].sort(), [c.session.absolute(idOf(existing)), ...own].sort(), 'Volumes of the Machine');
        await removed(c, idOf(system));
        for (const uri of own) await c.gone(uri);
        await c.untilState(idOf(existing), 'AVAILABLE');
      },
    ),
  ]),
];
