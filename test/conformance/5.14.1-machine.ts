import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { idOf, machineParts, makeMachine, makeVolume, readOnlyMachine } from './kit/ingredients';
import { associate, association, has, makePort, removed, sharedNetwork, targets } from './kit/parts';
import { list } from './kit/body';
import { assertCollection, assertShape } from './kit/shape';
import { assertSize } from './kit/size';
import { hrefOf, textOf, type Value } from './kit/value';

const needs = { adds: ['machines'] };

/** Collections of a Machine and what each of their items may not lack. */
const PUBLISHED: [string, string, string[]][] = [
  ['disks', 'DiskCollection', ['capacity']],
  ['volumes', 'MachineVolumeCollection', ['volume']],
  ['networkInterfaces', 'MachineNetworkInterfaceCollection', ['addresses', 'network', 'state']],
  ['snapshots', 'MachineSnapshotCollection', ['snapshot']],
];

/** A memory in kibibytes that the provider lists for as many processors as the Machine has, other than its own. */
async function otherMemory(c: Context, machine: Value): Promise<number> {
  const same = (config: Value): boolean => config.text('cpu') === machine.text('cpu') && config.text('cpuArch') === machine.text('cpuArch');
  const sizes = (await c.items('machineConfigs')).filter(same).map((config) => Number(textOf(config, 'memory')));
  const own = Number(textOf(machine, 'memory'));
  return (
    sizes.filter((size) => size > own).sort((a, b) => a - b)[0] ?? c.skip('no MachineConfiguration is like the Machine but for memory')
  );
}

export const clauses = [
  clause('5.14.1', 'Machine', [
    check(
      'a Machine and its Collections are serialized as their tables and pseudo-schemas say',
      ['R5.14.1-04', 'R5.14.1-05'],
      { needs },
      async (c) => {
        const machine = await readOnlyMachine(c);
        assertShape(c, machine, 'Machine', ['state', 'memory']);
        for (const [attribute, collection, always] of PUBLISHED)
          if (machine.has(attribute)) assertCollection(c, await c.follow(machine, attribute), collection, always);
      },
    ),

    check('what a Consumer may only read of a Machine is left as it is', ['R5.14.1-04'], { needs }, async (c) => {
      const machine = idOf(await makeMachine(c));
      await assertAccess(c, machine, 'Machine', { state: 'ERROR', cpuArch: 'SPARC', latestSnapshot: { href: machine } });
    }),

    check('changing memory changes what the Machine has, in kibibytes', ['R5.14.1-01'], { needs }, async (c) => {
      if (!c.can('CloudEntryPoint/SelectParameter')) c.skip('updates in part are not announced');
      const machine = await makeMachine(c);
      const memory = await otherMemory(c, machine);
      if (machine.text('state') !== 'STOPPED') await c.done(await c.act(machine, 'stop'));
      const stopped = await c.read(idOf(machine));
      const job = await c.done(await c.put(c.offered(stopped, 'edit'), 'Machine', { memory }, { query: { $select: 'memory' } }));
      const now = textOf(await c.read(idOf(machine)), 'memory');
      // A Provider of fixed sizes may not give this one to this Machine; then it says so, with both figures.
      assertSize('memory', Number(now), memory, job);
    }),

    check('adding to disks creates a Disk; deleting it removes it', ['R5.14.1-02'], { needs }, async (c) => {
      const machine = await makeMachine(c);
      has(c, machine, 'disks');
      const before = (await c.follow(machine, 'disks')).items().length;
      const capacity = 2_000_000;
      const disk = await associate(c, machine, 'disks', 'Disk', { capacity });
      assertShape(c, disk, 'Disk', ['capacity']);
      assertSize('the capacity of the Disk', Number(textOf(disk, 'capacity')), capacity);
      const disks = (await c.follow(machine, 'disks')).items();
      assert.equal(disks.length, before + 1);
      assert.ok(disks.some((each) => idOf(each) === idOf(disk)));
      if (!c.operation(disk, 'delete')) return;
      await removed(c, idOf(disk));
      assert.equal((await c.follow(machine, 'disks')).items().length, before);
    }),

    check(
      'adding to volumes connects a Volume, removing disconnects it and leaves it',
      ['R5.14.1-03'],
      { needs: { adds: ['machines', 'volumes'] } },
      async (c) => {
        const machine = await makeMachine(c);
        has(c, machine, 'volumes');
        const volume = idOf(await makeVolume(c));
        const item = await associate(c, machine, 'volumes', 'MachineVolume', { volume: { href: volume } });
        assertShape(c, item, 'MachineVolume', ['volume']);
        assertCollection(c, await c.follow(machine, 'volumes'), 'MachineVolumeCollection', ['volume']);
        assert.equal(idOf(await association(c, machine, 'volumes', 'volume', volume)), idOf(item));
        await removed(c, idOf(item));
        assert.deepEqual(await targets(c, machine, 'volumes', 'volume'), []);
        await c.untilState(volume, 'AVAILABLE');
      },
    ),
  ]),

  clause('5.14.1.1.3', 'MachineNetworkInterfaceCollection Resource', [
    check(
      "an interface's NetworkPort is one of the interface's own Network",
      ['R5.14.1.1.3-01', 'R5.14.3-04'],
      { needs: { adds: ['machines', 'networks', 'networkPorts'] } },
      async (c) => {
        const network = await sharedNetwork(c);
        const port = idOf(await makePort(c, network));
        const plugged = { network: { href: network }, networkPort: { href: port } };
        const machine = await makeMachine(c, {}, { networkInterfaces: list('networkInterface', [plugged]) });
        const [first, ...more] = (await c.follow(machine, 'networkInterfaces')).items();
        assert.ok(first && more.length === 0, 'the Machine has the one interface of its template');
        assert.equal(c.session.absolute(hrefOf(first, 'networkPort')), c.session.absolute(port));
        const used = await c.follow(first, 'networkPort');
        assert.equal(c.session.absolute(hrefOf(used, 'network')), c.session.absolute(hrefOf(first, 'network')));
        const elsewhere = (await c.items('networks')).find((each) => c.session.absolute(idOf(each)) !== c.session.absolute(network));
        const add = c.operation(await c.follow(machine, 'networkInterfaces'), 'add');
        if (!elsewhere || add === undefined) return;
        const free = idOf(await makePort(c, network));
        const crossed = { network: { href: idOf(elsewhere) }, networkPort: { href: free }, state: 'ACTIVE' };
        await c.fails(async () => c.post(add, 'MachineNetworkInterface', crossed));
        const { machineConfig, machineImage } = await machineParts(c);
        const interfaces = list('networkInterface', [{ network: crossed.network, networkPort: crossed.networkPort }]);
        await c.fails(async () =>
          c.post(await c.addUri('machines'), 'MachineCreate', {
            machineTemplate: { machineConfig, machineImage, networkInterfaces: interfaces },
          }),
        );
      },
    ),
  ]),

  clause('5.14.1.1.5', 'MachineSnapshotCollection Resource', [
    check('has no add', ['R5.14.1.1.5-01'], { needs }, async (c) => {
      const machine = await readOnlyMachine(c);
      has(c, machine, 'snapshots');
      const snapshots = await c.follow(machine, 'snapshots');
      assert.equal(c.operation(snapshots, 'add'), undefined);
      await c.refuses(() => c.post(idOf(snapshots), 'MachineSnapshot', { snapshot: { href: idOf(machine) } }));
    }),
  ]),
];
