import { driver as simulator } from '../../drivers/simulator/index';
import { ConfigurationError, driverRegistry } from '../../src/clouds/registry';
import type { CallContext, CreateMachine, Driver, DriverExtension, DriverModule, Machines } from '../../src/clouds/driver';
import type { CreateVolume, Volumes } from '../../src/clouds/infrastructure';
import { CIMI, EXTENSION } from '../../src/model/define';
import type { Values } from '../../src/model/values';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, machineCreate, made, NANO, openScene, type Scene } from './scene';

/** Requests to create that the drivers below got. */
const asked: Values[] = [];

/** The simulated cloud with attributes of its own, as a driver of a cloud with zones would bring them. */
function placed(name: string, extensions: readonly DriverExtension[]): () => Promise<DriverModule> {
  return async () =>
    ({
      ...simulator,
      name,
      async connect(options: never, environment: never): Promise<Driver> {
        const real = await simulator.connect(options, environment);
        const machines = real.machines as Required<Machines>;
        const volumes = real.volumes as Required<Volumes>;
        const note = (request: CreateMachine | CreateVolume) => void asked.push({ ...request.extensions });
        return {
          ...real,
          capabilities: { ...real.capabilities, extensions },
          machines: {
            ...machines,
            create: async (request: CreateMachine, context: CallContext) => {
              note(request);
              return machines.create(request, context) as Promise<{ key: string }>;
            },
          },
          volumes: {
            ...volumes,
            create: async (request: CreateVolume, context: CallContext) => {
              note(request);
              return volumes.create(request, context) as Promise<{ key: string }>;
            },
          },
        };
      },
    }) as unknown as DriverModule;
}

const ZONES: readonly DriverExtension[] = [
  { name: 'zone', types: ['Machine', 'Volume'], kind: 'string' },
  { name: 'guards', types: ['Machine'], kind: 'strings' },
];
const plain = async () => simulator as unknown as DriverModule;
const drivers = driverRegistry({
  simulator: plain,
  zoned: placed('zoned', ZONES),
  odd: placed('odd', [{ name: 'zone', types: ['Machine'], kind: 'integer' }]),
  thief: placed('thief', [{ name: 'cpu', types: ['Machine'], kind: 'integer' }]),
});
const cloud = (driver: string) => ({ ...simulatedCloud(), driver });

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ drivers, config: { clouds: { sim: cloud('simulator'), far: cloud('zoned') }, jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());
beforeEach(() => asked.splice(0));

const far = (href: string) => href.replace('/sim.', '/far.');
const onFar = (more: object, template: object = {}) =>
  machineCreate(more, { machineConfig: { href: far(NANO) }, machineImage: { href: 'machineImages/far.img-debian-12' }, ...template });
const attributes = async (uri: string): Promise<Json[]> => (await scene.client.get(uri)).json.attributes as unknown as Json[];

test('R5.2-03: what a driver brings is announced, with namespace and type, where every cloud here has it', async () => {
  const own = await attributes('clouds/far/resourceMetadata/Machine');
  expect(own).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'zone', namespace: EXTENSION, type: 'string' }),
      expect.objectContaining({ name: 'guards', namespace: EXTENSION, type: 'string[]' }),
    ]),
  );
  for (const uri of ['resourceMetadata/Machine', 'clouds/sim/resourceMetadata/Machine'])
    expect((await attributes(uri)).map(({ name }) => String(name))).not.toContain('zone');
});

test('a create says it beside the name, in the template, or in a stored template; beside the name wins', async () => {
  const first = await made(scene.client, 'machines', onFar({ name: 'a', zone: 'z1', guards: ['g1', 'g2'] }, { zone: 'z2' }));
  expect(asked.splice(0)).toEqual([{ zone: 'z1', guards: ['g1', 'g2'] }]);
  await made(scene.client, 'machines', onFar({ name: 'b' }, { zone: 'z2' }));
  expect(asked.splice(0)).toEqual([{ zone: 'z2' }]);
  const template = await scene.client.post('machineTemplates', {
    resourceURI: `${CIMI}/MachineTemplate`,
    machineConfig: { href: far(NANO) },
    machineImage: { href: 'machineImages/far.img-debian-12' },
    zone: 'z3',
  });
  expect([template.status, template.json.zone]).toEqual([201, 'z3']);
  await made(scene.client, 'machines', { resourceURI: `${CIMI}/MachineCreate`, machineTemplate: { href: template.json.id } });
  expect(asked.splice(0)).toEqual([{ zone: 'z3' }]);
  await made(scene.client, 'machines', onFar({ name: 'c' }));
  expect(asked.splice(0)).toEqual([{}]);
  expect(String(first.name)).toBe('a');
});

test('in XML it stands in our namespace', async () => {
  const xml =
    `<VolumeCreate xmlns="${CIMI}" xmlns:x="${EXTENSION}"><x:cloud>far</x:cloud><x:zone>z9</x:zone>` +
    `<volumeTemplate><volumeConfig><capacity>1000000</capacity></volumeConfig></volumeTemplate></VolumeCreate>`;
  const answer = await scene.client.send('POST', 'volumes', { xml });
  expect(answer.status).toBe(201);
  expect(asked).toEqual([{ zone: 'z9' }]);
});

test('R5.2-01: a cloud that does not have it refuses it in words, and nothing is made', async () => {
  for (const body of [machineCreate({ name: 'x', zone: 'z1' }), machineCreate({ name: 'x' }, { zone: 'z1' })])
    expectFault(await scene.client.post('machines', body), 400, /^(machineTemplate\.)?zone: .*cloud 'sim'/);
  expectFault(await scene.client.post('volumes', { resourceURI: `${CIMI}/VolumeCreate`, guards: ['g'] }), 400, /guards/);
  expect(asked).toEqual([]);
});

test.each([
  [
    'two clouds that mean different kinds by one name',
    { far: cloud('zoned'), other: cloud('odd') },
    /"far" and "other".*zone.*string, integer/,
  ],
  ['a name of the standard', { far: cloud('thief') }, /"far".*cpu/],
])('%s: the gateway says so and does not start', async (_what, clouds, words) => {
  const starting = openScene({ drivers, config: { clouds } });
  await expect(starting).rejects.toThrow(ConfigurationError);
  await expect(starting).rejects.toThrow(words);
});
