import { CIMI } from '../../src/model/define';
import type { Driver, DriverModule, WorkHandle, Machines } from '../../src/clouds/driver';
import { driverRegistry } from '../../src/clouds/registry';
import { foreignInstance } from '../../drivers/simulator/control';
import { driver as simulator } from '../../drivers/simulator/index';
import { simulatedCloud } from '../harness/gateway';
import { IMAGE, listOf, machineCreate, made, NANO, openScene, rels, succeeded, type Scene } from '../protocol/scene';
import { eventually } from '../harness/wait';

/** An operator's limit on waiting (waitAtMostMs of a cloud): the Job ends, nothing is undone, a later read shows the truth. */
let scene: Scene;
afterEach(() => scene.close());

const get = async (uri: unknown) => (await scene.client.get(String(uri))).json;
const LIMIT_MS = 400;
const slow = (delays: object) => ({
  clouds: { sim: simulatedCloud({ delays: { create: 20, start: 20, stop: 20, delete: 20, ...delays } }, { waitAtMostMs: LIMIT_MS }) },
});
const limited =
  /not waited for any longer after \d+ s, the limit of this cloud \(waitAtMostMs\): the provider shows \w+; it may still finish; nothing was undone$/;

test('create: the machine stays, and shows what became of it', async () => {
  scene = await openScene({ config: slow({ create: 60_000 }) });
  const answer = await scene.client.post('machines', machineCreate({ name: 'slow' }));
  const job = await scene.client.ended(answer);
  expect(job).toMatchObject({ state: 'FAILED', returnCode: 10009, statusMessage: expect.stringMatching(limited) as unknown });
  const uri = answer.headers.get('location');
  const [instance] = scene.control.instances();
  expect(scene.control.instances()).toHaveLength(1);
  expect(String((await get(uri)).state)).toBe('CREATING');
  scene.control.setPhase(instance?.id ?? '', 'running');
  const machine = await eventually(async () => {
    const now = await get(uri);
    return String(now.state) === 'STARTED' ? now : undefined;
  });
  expect(machine).toMatchObject({ name: 'slow' });
  expect(rels(machine)).toEqual(expect.arrayContaining(['stop', 'delete']));
  await succeeded(scene.client, await scene.client.delete(String(uri)));
  await eventually(async () => (scene.control.instances().length === 0 ? true : undefined));
});

test('stop and delete: the resource stays, and nothing is said to be done', async () => {
  scene = await openScene({ config: slow({ stop: 60_000 }) });
  const machine = await made(scene.client, 'machines', machineCreate({ name: 'slow' }));
  const stop = await scene.client.ended(await scene.client.act(String(machine.id), 'stop'));
  expect(stop).toMatchObject({ state: 'FAILED', returnCode: 10009, statusMessage: expect.stringMatching(limited) as unknown });
  expect(String((await get(machine.id)).state)).toBe('STOPPING');
  const [instance] = scene.control.instances();
  scene.control.setPhase(instance?.id ?? '', 'stopped');
  await eventually(async () => (String((await get(machine.id)).state) === 'STOPPED' ? true : undefined));
  scene.control.set({
    delays: { create: 20, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, capture: 20, delete: 60_000 },
  });
  const remove = await scene.client.ended(await scene.client.delete(String(machine.id)));
  expect(remove).toMatchObject({ state: 'FAILED', returnCode: 10009 });
  expect(String(remove.statusMessage)).toMatch(/the provider still shows DELETING; it may still finish; nothing was undone$/);
  expect(String((await get(machine.id)).state)).toBe('DELETING');
  scene.control.remove([{ kind: 'instance', id: instance?.id ?? '' }]);
  await eventually(async () => ((await scene.client.get(String(machine.id))).status === 404 ? true : undefined));
});

test('a System whose component was left under way: FAILED, and every component stays', async () => {
  scene = await openScene({ config: slow({ create: 60_000 }) });
  const component = (name: string) => ({
    name,
    type: `${CIMI}/Machine`,
    machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } },
  });
  const body = {
    resourceURI: `${CIMI}/SystemCreate`,
    name: 'shop',
    systemTemplate: { componentDescriptors: [component('a'), component('b')] },
  };
  const answer = await scene.client.post('systems', body);
  const job = await scene.client.ended(answer);
  expect(job).toMatchObject({ state: 'FAILED' });
  expect(String(job.statusMessage)).toMatch(/not waited for any longer/);
  const uri = answer.headers.get('location');
  expect(scene.control.instances()).toHaveLength(2);
  expect(listOf(await get(`${String(uri)}/machines`), 'systemMachines')).toHaveLength(2);
  for (const { id } of scene.control.instances()) scene.control.setPhase(id, 'running');
  await eventually(async () => (String((await get(uri)).state) === 'STARTED' ? true : undefined));
  await succeeded(scene.client, await scene.client.delete(String(uri)));
  await eventually(async () => (scene.control.instances().length === 0 ? true : undefined));
});

/** A cloud whose create is work under way, of which nothing shows before it has ended. */
function copying(): { drivers: ReturnType<typeof driverRegistry>; finish(): void } {
  let finished = false;
  const module: DriverModule = {
    ...simulator,
    connect: async (options, environment) => {
      const inner: Driver = await simulator.connect(options as never, environment);
      const begun = new Map<string, Parameters<NonNullable<NonNullable<Driver['machines']>['create']>>[0]>();
      const machines = inner.machines as Required<Machines>;
      return {
        ...inner,
        check: (context) => inner.check(context),
        close: () => inner.close(),
        machines: {
          ...machines,
          create: (request) => {
            begun.set(request.token, request);
            return Promise.resolve({ ongoing: { task: request.token }, message: 'copying' });
          },
        },
        poll: async ({ task }: WorkHandle, context) => {
          const request = begun.get(String(task));
          if (!finished || !request) return { ongoing: { task: String(task) }, message: 'copying' };
          return machines.create(request, context);
        },
      };
    },
  };
  return {
    drivers: driverRegistry({ simulator: () => Promise.resolve(module) }),
    finish: () => {
      finished = true;
    },
  };
}

describe('a create whose key is not known yet', () => {
  async function leftUnderWay() {
    const cloud = copying();
    scene = await openScene({ config: slow({}), drivers: cloud.drivers });
    const answer = await scene.client.post('machines', machineCreate({ name: 'copied' }));
    const job = await scene.client.ended(answer);
    expect(job).toMatchObject({ state: 'FAILED', returnCode: 10009 });
    expect(String(job.statusMessage)).toMatch(/limit of this cloud \(waitAtMostMs\): copying; it may still finish; nothing was undone$/);
    const uri = String(answer.headers.get('location'));
    const machine = await get(uri);
    expect([String(machine.state), rels(machine)]).toEqual(['CREATING', ['delete']]);
    return { cloud, uri, path: uri.slice(scene.client.base.length) };
  }

  test('the row finds its thing by its tag, under its own id, for good', async () => {
    const { uri, path } = await leftUnderWay();
    const row = await scene.gateway.gateway.store.resource(path);
    const { marks } = row?.internal.underWay as unknown as { marks: { tag: string } };
    scene.control.add([{ ...foreignInstance('vm-copied'), tag: marks.tag }]);
    await eventually(async () => (String((await get(uri)).state) === 'STARTED' ? true : undefined));
    expect(await scene.gateway.gateway.store.resource(path)).toMatchObject({ providerKey: 'vm-copied', state: null });
    expect(listOf(await get('machines'), 'machines').map(({ id }) => String(id))).toEqual([uri]);
    await succeeded(scene.client, await scene.client.act(uri, 'stop'));
    await succeeded(scene.client, await scene.client.delete(uri));
    await eventually(async () => (scene.control.instances().length === 0 ? true : undefined));
  });

  test('a list shows it as it is, before anybody has asked for it by itself', async () => {
    const { uri, path } = await leftUnderWay();
    const row = await scene.gateway.gateway.store.resource(path);
    const { marks } = row?.internal.underWay as unknown as { marks: { tag: string } };
    scene.control.add([{ ...foreignInstance('vm-copied'), tag: marks.tag }]);
    await eventually(async () => {
      const list = listOf(await get('machines'), 'machines');
      return list.length === 1 && String(list[0]?.state) === 'STARTED' ? true : undefined;
    });
    expect(listOf(await get('machines'), 'machines').map(({ id }) => String(id))).toEqual([uri]);
  });

  test('deleted before it shows: whatever comes of it is looked for and removed', async () => {
    const { uri, cloud } = await leftUnderWay();
    expect((await scene.client.delete(uri)).status).toBe(200);
    expect((await scene.client.get(uri)).status).toBe(404);
    cloud.finish();
    const { store, engine } = scene.gateway.gateway;
    const follow = await eventually(async () => (await store.jobs({})).find(({ workflow }) => workflow === 'provider.lookAgain'));
    expect(follow.input).toMatchObject({ handle: { task: expect.any(String) as unknown } });
    expect(engine.mayStop(follow)).toBe(true);
  });

  test('stopped while under way: what it becomes is waited for, and removed', async () => {
    const cloud = copying();
    scene = await openScene({ drivers: cloud.drivers });
    const answer = await scene.client.post('machines', machineCreate({ name: 'copied' }));
    const uri = String(answer.headers.get('cimi-job-uri'));
    await eventually(async () => (String((await get(uri)).statusMessage) === 'copying' ? true : undefined));
    await scene.client.act(uri, 'stop');
    await eventually(async () => (/waiting for what was begun/.test(String((await get(uri)).statusMessage)) ? true : undefined));
    expect(String((await get(uri)).state)).toBe('STOPPING');
    cloud.finish();
    expect(await scene.client.ended(answer)).toMatchObject({ state: 'STOPPED', statusMessage: 'stopped; what had been done was undone' });
    await eventually(async () => (scene.control.instances().length === 0 ? true : undefined));
    expect(scene.control.calls()['machines.create']).toBe(1);
  });
});
