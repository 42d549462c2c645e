import { CIMI } from '../../src/model/define';
import { mibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { Client, type Json } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { Steps } from './steps';
import { operation, refOf, type World } from './world';
import { waitUntil } from '../harness/wait';

/** Duration of every task at vCenter, and time limit of one call, in ms. */
const EACH_TASK_MS = 1_800;
const DEADLINE_MS = 1_000;

/**
 * Every operation while vCenter takes nearly twice a call's deadline for each task, with the gateway stopped while the task
 * runs: another process goes on with it. Each ends as it does on a fast vCenter, nothing is begun twice, nothing is left.
 */
describeWith('vcsim', vcsimAvailable(), () => {
  let account: VsphereAccount;
  let gateway: TestGateway;
  let client: Client;
  const world = (): World => ({
    client,
    config: 'small',
    image: 'template-0',
    instances: async () => (await account.machines()).filter(({ template }) => !template).map(({ key }) => key),
    leftovers: () => account.leftovers(),
    stop: () => Promise.resolve(),
  });
  const steps = new Steps(world);

  const serve = async (port: number, dataDir?: string): Promise<TestGateway> => {
    const guard = { cacheMs: 200, deadlineMs: DEADLINE_MS };
    const config = {
      server: { port, shutdownMs: 2_000 },
      secrets: { key: Buffer.alloc(32, 7).toString('base64') },
      worker: { sweepMs: 200, leaseMs: 1_000 },
      clouds: { vc: { driver: 'vsphere', guard, options: { ...account.options, settleMs: 500, network: 'DC0_DVPG0' } } },
    };
    const started = await startTestGateway({ config, ...(dataDir === undefined ? {} : { dataDir }) });
    client = new Client(started.base);
    return started;
  };
  const anotherProcess = async (): Promise<void> => {
    const port = Number(new URL(gateway.base).port);
    await gateway.stop({ keepData: true });
    gateway = await serve(port, gateway.dataDir);
  };

  beforeAll(async () => {
    account = await startVsphere({ machines: 1, templates: 1 });
    gateway = await serve(0);
    await account.sim.order({ eachTask: EACH_TASK_MS });
  });
  afterEach(async () => {
    account.proxy.reset();
    expect(await account.leftovers()).toEqual([]);
  });
  afterAll(async () => {
    await gateway.stop();
    await account.stop();
  });

  /** Sends a change, stops the gateway while vCenter is at it, and follows the Job in the next one. @param task that is begun once */
  const interrupted = async (method: string, uri: string, json: object | undefined, task: string): Promise<string> => {
    const before = account.proxy.count(task);
    const answer = await client.send(method, uri, json === undefined ? {} : { json });
    if (answer.status >= 300) throw new Error(`${method} ${uri}: ${answer.status} ${answer.text}`);
    await waitUntil(
      () => account.proxy.count(task) > before,
      () => `${task} was not begun`,
    );
    await anotherProcess();
    const job = await client.ended(answer);
    expect(`${String(job.state)}: ${String(job.statusMessage)}`).toMatch(/^SUCCESS/);
    expect([task, account.proxy.count(task) - before]).toEqual([task, 1]);
    return answer.headers.get('location') ?? '';
  };
  const get = async (uri: unknown): Promise<Json> => (await client.get(String(uri))).json;
  const act = async (machine: Json, name: string, task: string, more: object = {}): Promise<void> => {
    const href = operation(await get(machine.id), name) ?? '';
    const json = { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/${name}`, ...more };
    await interrupted('POST', href, json, task);
  };
  const taken = async (machine: Json, link: string, name: string, task: string): Promise<Json> => {
    const href = operation(await get(machine.id), link) ?? '';
    return get(await interrupted('POST', href, { resourceURI: `${CIMI}/MachineImage`, imageLocation: machine.id, name }, task));
  };
  const create = async (name: string): Promise<Json> => {
    const json = { resourceURI: `${CIMI}/MachineCreate`, name, machineTemplate: await steps.parts() };
    return get(await interrupted('POST', 'machines', json, 'CloneVM_Task'));
  };
  const volume = async (more: object, task: string): Promise<Json> =>
    get(await interrupted('POST', 'volumes', { resourceURI: `${CIMI}/VolumeCreate`, volumeTemplate: more }, task));

  test('a machine: create, snapshot while it runs, suspend, start, restore, resize, capture, the images’ deletes, its own', async () => {
    const machine = await create('slow');
    expect(machine.state).toBe('STARTED');
    const snapshot = await taken(machine, 'snapshot', 'as it ran', 'CreateSnapshot_Task');
    expect([snapshot.state, (await account.snapshots()).length]).toEqual(['AVAILABLE', 1]);
    await act(machine, 'suspend', 'SuspendVM_Task');
    expect((await get(machine.id)).state).toBe('SUSPENDED');
    await act(machine, 'start', 'PowerOnVM_Task');
    await act(machine, 'restore', 'RevertToSnapshot_Task', { image: snapshot.id });
    expect((await get(machine.id)).state).toBe('STARTED');
    await act(machine, 'stop', 'PowerOffVM_Task', { force: true });
    const memory = 2 * Number(machine.memory);
    const resize = { resourceURI: `${CIMI}/Machine`, memory };
    await interrupted('PUT', `${String(machine.id)}?$select=memory`, resize, 'ReconfigVM_Task');
    expect(await get(machine.id)).toMatchObject({ state: 'STOPPED', memory });
    const image = await taken(machine, 'capture', 'golden', 'CloneVM_Task');
    expect(image.state).toBe('AVAILABLE');
    await interrupted('DELETE', String(snapshot.id), undefined, 'RemoveSnapshot_Task');
    await interrupted('DELETE', String(image.id), undefined, 'Destroy_Task');
    await act(machine, 'start', 'PowerOnVM_Task');
    await interrupted('DELETE', String(machine.id), undefined, 'PowerOffVM_Task');
    for (const each of [machine, snapshot, image]) expect((await client.get(String(each.id))).status).toBe(404);
  });

  test('a volume: create, attach, grow, copy, detach with its machine, delete', async () => {
    const machine = await create('holder');
    const data = await volume({ volumeConfig: { capacity: mibToKb(10) } }, 'CreateDisk_Task');
    await interrupted('POST', refOf(machine, 'volumes'), { volume: { href: data.id } }, 'AttachDisk_Task');
    const grow = { resourceURI: data.resourceURI, capacity: mibToKb(20) };
    await interrupted('PUT', `${String(data.id)}?$select=capacity`, grow, 'ExtendDisk_Task');
    expect((await get(data.id)).capacity).toBe(mibToKb(20));
    const capture = { resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: data.id } };
    const image = await get(await interrupted('POST', 'volumeImages', capture, 'CloneVStorageObject_Task'));
    const twin = await volume({ volumeConfig: { capacity: mibToKb(30) }, volumeImage: { href: image.id } }, 'CloneVStorageObject_Task');
    expect([twin.capacity, (await account.fcds()).length]).toEqual([mibToKb(30), 3]);
    await interrupted('DELETE', String(machine.id), undefined, 'DetachDisk_Task');
    expect((await get(data.id)).state).toBe('AVAILABLE');
    for (const each of [twin, image, data]) await interrupted('DELETE', String(each.id), undefined, 'DeleteVStorageObject_Task');
  });

  test('answers that are lost while the task goes on, and refusals of a busy machine, make nothing twice', async () => {
    const machine = await create('busy');
    account.proxy.add({ method: 'CreateSnapshot_Task', drop: 'after', times: 1 });
    const href = operation(await get(machine.id), 'snapshot') ?? '';
    const json = { resourceURI: `${CIMI}/MachineImage`, imageLocation: machine.id, name: 'once' };
    const { location } = await steps.done('POST', href, { json });
    expect([account.proxy.count('CreateSnapshot_Task'), (await account.snapshots()).length]).toEqual([1, 1]);
    account.proxy.add({ method: 'RemoveSnapshot_Task', fault: 'TaskInProgress', times: 1 });
    await steps.done('DELETE', location);
    expect([account.proxy.count('RemoveSnapshot_Task'), await account.snapshots()]).toEqual([2, []]);
    account.proxy.add({ method: 'SuspendVM_Task', fault: 'TaskInProgress', times: 2 });
    expect((await steps.act(machine, 'suspend')).state).toBe('SUSPENDED');
    account.proxy.add({ method: 'Destroy_Task', fault: 'TaskInProgress', times: 1 });
    account.proxy.add({ method: 'PowerOffVM_Task', drop: 'after', times: 1 });
    await steps.remove(machine);
  });
});
