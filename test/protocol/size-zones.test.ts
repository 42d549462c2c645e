import { driver as simulator } from '../../drivers/simulator/index';
import type {
  CallContext,
  CreateMachine,
  Driver,
  DriverExtension,
  DriverModule,
  Item,
  ListedGroup,
  ReadGroup,
  Machines,
} from '../../src/clouds/driver';
import { driverRegistry } from '../../src/clouds/registry';
import type { Values } from '../../src/model/values';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, machineCreate, made, openScene, type Scene } from './scene';

/** Sizes by figures on a cloud whose zones do not have all sizes, and whose sizes can do different things (decision 0025). */

const EXTENSIONS: readonly DriverExtension[] = [
  { name: 'zone', types: ['Machine', 'Network'], kind: 'string', choosing: 'zone' },
  { name: 'sleeps', types: ['Machine'], kind: 'boolean', choosing: { needs: 'sleep' } },
  { name: 'sizeAtMost', types: ['Machine'], kind: 'integer', choosing: 'atMost' },
];
/** Extensions that the driver was asked for. */
const asked: Values[] = [];

/** s1.medium (2 CPUs, 4 GiB) is in z1 alone and cannot sleep; all networks are in z2. */
function inZones(item: Item): Item {
  if (item.key.startsWith('net-')) return { ...item, values: { ...item.values, zone: 'z2' } };
  const zones = item.key === 's1.medium' ? ['z1'] : ['z1', 'z2'];
  const choice = { rank: 0, ...item.choice, zones };
  return { ...item, choice, fit: { has: item.key === 's1.medium' ? [] : ['sleep'] } };
}

function changed<G extends ReadGroup>(group: G): G {
  return {
    ...group,
    async *list(context: CallContext) {
      for await (const page of group.list(context)) yield page.map(inZones);
    },
    getMany: async (keys: readonly string[], context: CallContext) =>
      (await group.getMany(keys, context)).map((answer) => ('values' in answer ? inZones(answer) : answer)),
  };
}

const zoned = {
  ...simulator,
  name: 'zoned',
  async connect(options: never, environment: never): Promise<Driver> {
    const real = await simulator.connect(options, environment);
    const group = <G extends ListedGroup>(name: G) => real[name] as NonNullable<Driver[G]>;
    const machines = group('machines') as Required<Machines>;
    return {
      ...real,
      capabilities: { ...real.capabilities, extensions: EXTENSIONS },
      machineConfigs: changed(group('machineConfigs')),
      networks: changed(group('networks')),
      machines: {
        ...machines,
        create: (request: CreateMachine, context: CallContext) => {
          asked.push({ ...request.extensions });
          return machines.create(request, context);
        },
      },
    };
  },
} as unknown as DriverModule;

let scene: Scene;
beforeAll(async () => {
  const drivers = driverRegistry({ zoned: async () => zoned });
  scene = await openScene({ drivers, config: { clouds: { sim: { ...simulatedCloud(), driver: 'zoned' } }, jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());
beforeEach(() => asked.splice(0));

const config = { machineConfig: { cpu: 2, memory: 4_194_304 } };
const shapeOf = (name: string) => scene.control.instances().find(({ label }) => label === name)?.shape;

test('the zone that a create names has the size', async () => {
  await made(scene.client, 'machines', machineCreate({ name: 'one', zone: 'z1' }, config));
  await made(scene.client, 'machines', machineCreate({ name: 'two', zone: 'z2' }, config));
  expect([shapeOf('one'), shapeOf('two')]).toEqual(['s1.medium', 's1.large']);
  const nowhere = await scene.client.post('machines', machineCreate({ zone: 'z3' }, config));
  expectFault(nowhere, 400, /s1_2emedium .* is not offered in z3/);
});

test('so has the zone of the networks that the machine is to be in', async () => {
  const networkInterfaces = [{ network: { href: 'networks/sim.net-dmz' } }];
  await made(scene.client, 'machines', machineCreate({ name: 'inside' }, { ...config, networkInterfaces }));
  expect(shapeOf('inside')).toBe('s1.large');
});

test('what the create asks for the size can do, and the driver is told of it; the bound is not its business', async () => {
  await made(scene.client, 'machines', machineCreate({ name: 'sleeper', sleeps: true, sizeAtMost: 3 }, config));
  expect(shapeOf('sleeper')).toBe('s1.large');
  expect(asked).toEqual([{ sleeps: true }]);
  await made(scene.client, 'machines', machineCreate({ name: 'waker' }, config));
  expect(shapeOf('waker')).toBe('s1.medium');
});
