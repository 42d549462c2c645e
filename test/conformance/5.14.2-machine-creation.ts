import { assert } from './kit/assert';
import { type Content, list } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { idOf, machineCreate, makeMachine, readOnlyMachine } from './kit/ingredients';
import { addressNetwork, association, makeAddress, removed, sharedNetwork, targets } from './kit/parts';
import { assertCollection } from './kit/shape';
import type { Value } from './kit/value';

const needs = { adds: ['machines'] };
const networked = { adds: ['machines', 'networks'], collections: ['addresses'] };

/** Asserts that no Machine comes of a template. */
async function notCreated(c: Context, template: Content): Promise<void> {
  await c.fails(async () => c.post(await c.addUri('machines'), 'MachineCreate', await machineCreate(c, {}, template)));
}

/** The one interface of a Machine. */
async function interfaceOf(c: Context, machine: Value): Promise<Value> {
  const [first, ...more] = (await c.follow(machine, 'networkInterfaces')).items();
  assert.ok(first && more.length === 0, 'the Machine has the one interface of its template');
  return first;
}

/** A Machine with one interface, its Address the provider's. */
async function withAddress(c: Context): Promise<{ machine: Value; at: Value; address: string }> {
  const network = { href: await sharedNetwork(c) };
  const machine = await makeMachine(c, {}, { networkInterfaces: list('networkInterface', [{ network }]) });
  const at = await interfaceOf(c, machine);
  assertCollection(c, await c.follow(at, 'addresses'), 'MachineNetworkInterfaceAddressCollection', ['address']);
  const [address = ''] = await targets(c, at, 'addresses', 'address');
  return { machine, at, address };
}

export const clauses = [
  clause('5.14.2', 'MachineCollection', [
    check('is serialized as published, its items whole', ['R5.14.2-01'], { needs: { collections: ['machines'] } }, async (c) => {
      if (c.operation(await c.collection('machines'), 'add')) await readOnlyMachine(c);
      assertCollection(c, await c.collection('machines'), 'MachineCollection', ['state', 'memory']);
    }),
  ]),

  clause('5.14.2.1', 'MachineCollection operations', [
    check('without initialState a new Machine is in DefaultInitialState', ['R5.14.2.1-06'], { needs }, async (c) => {
      const expected = c.capability('Machine/DefaultInitialState') ?? c.skip('no DefaultInitialState is announced');
      const uri = await c.createUri('machines', 'MachineCreate', await machineCreate(c));
      assert.equal((await c.read(uri)).text('state'), expected);
    }),
    check('without initialState and DefaultInitialState a new Machine is STOPPED', ['R5.14.2.1-07'], { needs }, async (c) => {
      if (c.capability('Machine/DefaultInitialState') !== undefined) c.skip('DefaultInitialState is announced');
      const uri = await c.createUri('machines', 'MachineCreate', await machineCreate(c));
      assert.equal((await c.read(uri)).text('state'), 'STOPPED');
    }),
    check(
      'a new Machine is in the initialState asked for, whichever InitialStates announces',
      ['R5.14.2.1-06', 'R5.14.2.1-08', 'R5.14.3-01'],
      { needs },
      async (c) => {
        const states = c.capabilityValues('Machine/InitialStates') ?? c.skip('InitialStates is not announced');
        const make = async (initialState: string): Promise<void> => {
          const uri = await c.createUri('machines', 'MachineCreate', await machineCreate(c, {}, { initialState }));
          const machine = await c.read(uri);
          assert.equal(machine.text('state'), initialState);
          if (c.knows('Machine/start')) assert.equal(c.operation(machine, 'start') === undefined, initialState === 'STARTED', initialState);
        };
        await Promise.all(states.map(make));
      },
    ),
    check('no Machine is created where its initial state cannot be reached', ['R5.14.2.1-10'], { needs }, async (c) => {
      await notCreated(c, { initialState: 'STARTING' });
      await notCreated(c, { initialState: 'CONFORMING' });
    }),
    check(
      'no Machine is created with a Credential that is none',
      ['R5.14.2.1-11'],
      { needs: { ...needs, collections: ['credentials'] } },
      async (c) => {
        const { machineTemplate } = await machineCreate(c);
        const image = (machineTemplate as { machineImage: { href: string } }).machineImage.href;
        await notCreated(c, { credential: { href: image } });
        await notCreated(c, { credential: { href: `${c.link('credentials')}/no-such-credential` } });
      },
    ),
    check(
      'where a template names no Address the provider makes one, and deletes it with the Machine',
      ['R5.14.2.1-02', 'R5.14.2.1-03', 'R5.16.13-03'],
      { needs: networked },
      async (c) => {
        const { machine, address } = await withAddress(c);
        const made = await c.read(address);
        assert.equal(made.text('allocation'), 'dynamic');
        assert.equal(c.session.absolute(made.href('resource') ?? ''), c.session.absolute(idOf(machine)));
        assert.ok(
          (await c.items('addresses')).some((each) => c.session.absolute(idOf(each)) === address),
          'it is listed',
        );
        await removed(c, idOf(machine));
        await c.gone(address);
      },
    ),
    check(
      'an Address made by the provider is deleted when it is taken from the Machine',
      ['R5.14.2.1-04', 'R5.16.13-03'],
      { needs: networked },
      async (c) => {
        const { at, address } = await withAddress(c);
        const item = await association(c, at, 'addresses', 'address', address);
        if (!c.operation(item, 'delete')) c.skip('Addresses are not taken from interfaces here');
        await removed(c, idOf(item));
        await c.gone(address);
      },
    ),
    check(
      "a Consumer's Address is used where a template names it, and survives the Machine",
      ['R5.14.2.1-05', 'R5.16.13-01'],
      { needs: { adds: ['machines', 'networks', 'addresses'] } },
      async (c) => {
        const network = await sharedNetwork(c);
        const address = idOf(await makeAddress(c, await addressNetwork(c)));
        const plug = { addresses: list('address', [{ href: address }]), network: { href: network } };
        const machine = await makeMachine(c, {}, { networkInterfaces: list('networkInterface', [plug]) });
        const used = await targets(c, await interfaceOf(c, machine), 'addresses', 'address');
        assert.ok(used.includes(c.session.absolute(address)), `the interface has ${used.join(', ')}`);
        assert.equal(c.session.absolute((await c.read(address)).href('resource') ?? ''), c.session.absolute(idOf(machine)));
        await removed(c, idOf(machine));
        assert.equal((await c.read(address)).has('resource'), false);
      },
    ),
  ]),
];
