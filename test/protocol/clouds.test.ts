import { CIMI, EXTENSION } from '../../src/model/define';
import { foreignInstance } from '../../drivers/simulator/control';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, KEY_BYTES, machineCreate, made, openScene, pathOf, rels, type Scene } from './scene';
import { elapse } from '../harness/wait';

let scene: Scene;
const get = async (uri: string) => (await scene.client.get(uri)).json;
const list = (json: Json, name: string): Json[] => (json[name] ?? []) as Json[];
const hrefOf = (value: unknown): string | undefined => (value as { href?: string } | undefined)?.href;
const names = (all: readonly Json[]): string[] => all.map(({ name }) => String(name));

beforeAll(async () => {
  const quick = { guard: { cacheMs: 200, retries: 0 } };
  scene = await openScene({
    config: {
      jobs: { retentionMinutes: 90, graceMs: 10_000 },
      clouds: {
        sim: simulatedCloud({}, quick),
        two: simulatedCloud({}, { ...quick, name: 'Second' }),
        eye: simulatedCloud({}, { ...quick, mode: 'observe' }),
      },
    },
  });
  for (const cloud of ['sim', 'two', 'eye']) scene.controlOf(cloud).add([foreignInstance(`vm-${cloud}`)]);
});
afterAll(() => scene.close());
afterEach(() => scene.controlOf('two').clearFailures());

describe('entry points', () => {
  test.each([
    ['', 'cloudEntryPoint'],
    ['clouds/two/', 'clouds/two/cloudEntryPoint'],
  ])('5.12: who is given the base alone (%s) is led to its entry point, in both formats', async (base, entry) => {
    for (const path of base === '' ? ['', scene.client.base.replace(/\/$/, '')] : [base]) {
      const answer = await fetch(new URL(path, scene.client.base), { redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).toEqual([307, scene.client.base + entry]);
      expect((await scene.client.get(path)).json).toMatchObject({ resourceURI: `${CIMI}/CloudEntryPoint`, id: scene.client.base + entry });
      expect((await scene.client.get(path, { accept: 'application/xml' })).text).toContain('<CloudEntryPoint ');
    }
    const asked = await fetch(new URL(`${base}?$format=xml&$select=id`, scene.client.base), { redirect: 'manual' });
    expect(asked.headers.get('location')).toBe(`${scene.client.base}${entry}?%24format=xml&%24select=id`);
    expectFault(await scene.client.get('clouds/none'), 404, /there is nothing/);
  });

  test('R5.12-02: the root spans every cloud, a cloud’s own is narrowed to it, and ids stay the root’s', async () => {
    const root = await get('cloudEntryPoint');
    expect([root.resourceURI, root.id, root.baseURI]).toEqual([
      `${CIMI}/CloudEntryPoint`,
      `${scene.client.base}cloudEntryPoint`,
      scene.client.base,
    ]);
    const own = await get('clouds/two/cloudEntryPoint');
    expect([own.id, own.name, hrefOf(own.machines)]).toEqual([
      `${scene.client.base}clouds/two/cloudEntryPoint`,
      'Second',
      `${scene.client.base}clouds/two/machines`,
    ]);
    expect(list(await get('machines'), 'machines').map(({ cloud }) => String(cloud))).toEqual(
      expect.arrayContaining(['sim', 'two', 'eye']),
    );
    expect(list(await get('clouds/two/machines'), 'machines').map(({ id }) => String(id))).toEqual([
      `${scene.client.base}machines/two.vm-two`,
    ]);
    expect((await scene.client.get('clouds/two/machines/two.vm-two')).status).toBe(200);
    expectFault(await scene.client.get('clouds/two/machines/sim.vm-sim'), 404, /there is nothing/);
  });

  test('R4.1-05 R5.12-01: what the entry points lead to answers, and nothing else is named', async () => {
    for (const entry of ['cloudEntryPoint', 'clouds/eye/cloudEntryPoint']) {
      const json = await get(entry);
      const links = Object.values(json)
        .map(hrefOf)
        .filter((href) => href !== undefined);
      expect(links.length).toBeGreaterThan(6);
      for (const href of links) {
        const answer = await scene.client.get(href);
        expect([href, answer.status, answer.json.id]).toEqual([href, 200, href]);
      }
      expect(json.eventLogs).toBeDefined();
    }
  });

  test('a create goes where its references lead, and never to two clouds', async () => {
    const parts = (config: string, image: string) => machineCreate({}, { machineConfig: { href: config }, machineImage: { href: image } });
    const [one, two] = ['sim', 'two'].map(
      (cloud) => [`machineConfigs/${cloud}.s1_2enano`, `machineImages/${cloud}.img-debian-12`] as const,
    );
    const machine = await made(scene.client, 'machines', parts(two?.[0] ?? '', two?.[1] ?? ''));
    expect(machine.cloud).toBe('two');
    const before = scene.controlOf('two').instances().length;
    expectFault(await scene.client.post('machines', parts(one?.[0] ?? '', two?.[1] ?? '')), 400, /one create cannot span two clouds/);
    expectFault(
      await scene.client.post('clouds/sim/machines', parts(two?.[0] ?? '', two?.[1] ?? '')),
      400,
      /came to the entry point of 'sim'/,
    );
    expect(scene.controlOf('two').instances()).toHaveLength(before);
  });
});

describe('ResourceMetadata', () => {
  const metadata = (type: string, at = '') => get(`${at}resourceMetadata/${type}`);
  const capability = (json: Json, name: string): unknown => list(json, 'capabilities').find((one) => String(one.name) === name)?.value;

  test('R5.2-06 R5.4-01: lists the attributes that are supported, and no others', async () => {
    expect(names(list(await metadata('Machine'), 'attributes'))).toEqual(
      (
        'id name description created updated properties state cpu memory disks cpuArch volumes networkInterfaces ' +
        'latestSnapshot snapshots meters eventLog cloud ovfId ovfMacs ovfProperties movedFrom sizeAtMost'
      ).split(' '),
    );
    expect(names(list(await metadata('MachineConfiguration'), 'attributes'))).not.toContain('cpuSpeed');
    for (const type of ['Machine', 'Volume', 'Network', 'NetworkPort', 'System']) {
      const told = names(list(await metadata(type), 'attributes'));
      for (const name of ['meters', 'eventLog']) expect([type, name, told.includes(name)]).toEqual([type, name, true]);
    }
    for (const type of ['MachineTemplate', 'VolumeTemplate', 'NetworkTemplate', 'NetworkPortTemplate', 'SystemTemplate']) {
      const told = names(list(await metadata(type), 'attributes'));
      for (const name of ['meterTemplates', 'eventLogTemplate']) expect([type, name, told.includes(name)]).toEqual([type, name, true]);
    }
    const shown = Object.keys(await get('cloudEntryPoint')).filter((name) => !['resourceURI'].includes(name));
    const told = names(list(await metadata('CloudEntryPoint'), 'attributes'));
    expect(told).toEqual(expect.arrayContaining(shown));
    expect(told).toContain('meters');
  });

  test('R5.2-07: what is not listed is refused', async () => {
    const machines = await scene.client.post('machineConfigs', { memory: 1024, cpuSpeed: 2000 });
    expectFault(machines, 400, /^cpuSpeed: no cloud here supports/);
  });

  test('R5.13.1.2-01: a System is told to act only as Machines here can', async () => {
    const actions = async (at: string) => names(list(await metadata('System', at), 'actions'));
    expect(await actions('clouds/sim/')).toEqual(expect.arrayContaining(['start', 'stop', 'pause', 'suspend', 'restart']));
    expect(await actions('clouds/eye/')).not.toEqual(expect.arrayContaining([expect.stringMatching(/start|stop|pause|suspend/)]));
  });

  test('capabilities are those of the gateway and of the clouds, and they hold', async () => {
    expect(capability(await metadata('Job'), 'JobRetention')).toBe(90);
    const entry = await metadata('CloudEntryPoint');
    for (const name of ['Expand', 'Filter', 'First', 'Select', 'Format', 'OrderBy'])
      expect([name, capability(entry, `${name}Parameter`)]).toEqual([name, true]);
    expect(capability(entry, 'QueryPathNotation')).toBe(true);
    const machine = await metadata('Machine');
    expect(capability(machine, 'InitialStates')).toEqual(['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED']);
    expect(capability(machine, 'DefaultInitialState')).toBe('STARTED');
    const template = { machineConfig: { href: 'machineConfigs/sim.s1_2enano' }, machineImage: { href: 'machineImages/sim.img-debian-12' } };
    for (const initialState of ['STOPPED', 'PAUSED', 'SUSPENDED']) {
      expect((await made(scene.client, 'machines', machineCreate({}, { ...template, initialState }))).state).toBe(initialState);
    }
  });

  test('JobRetention is kept: an ended Job goes when its time is over', async () => {
    const { store, engine } = scene.gateway.gateway;
    const job = {
      tenant: 'default',
      principal: 'x',
      action: `${CIMI}/action/edit`,
      target: 'machines',
      affected: ['machines'],
      statusMessage: 'old',
    };
    const now = await store.now();
    await store.transaction(async (unit) => {
      await unit.insertJob({ ...job, id: 'expired', state: 'SUCCESS', expires: now - 1 });
      await unit.insertJob({ ...job, id: 'kept', state: 'SUCCESS', expires: now + 60_000 });
    });
    await engine.sweep();
    expect([(await scene.client.get('jobs/expired')).status, (await scene.client.get('jobs/kept')).status]).toEqual([404, 200]);
    const { headers } = await scene.client.post('credentials', { credentialTemplate: { key: KEY_BYTES } });
    const row = await store.job(pathOf(scene.client, headers.get('cimi-job-uri')).split('/')[1] ?? '');
    expect((row?.expires ?? 0) - now).toBeGreaterThan(89 * 60_000);
  });

  test('actions are those that are ever offered', async () => {
    const sorted = async (type: string, at = '') => names(list(await metadata(type, at), 'actions')).sort();
    expect(await sorted('Machine')).toEqual('add capture delete edit export pause restart restore snapshot start stop suspend'.split(' '));
    expect(await sorted('Machine', 'clouds/eye/')).toEqual([]);
    expect(await sorted('Job')).toEqual(['delete', 'edit', 'stop']);
    expect(await sorted('Network')).toEqual(['add', 'delete', 'edit', 'start', 'stop']);
    expect(await sorted('NetworkNetworkPort')).toEqual([]);
    expect(await sorted('MachineNetworkInterfaceAddress')).toEqual(['add', 'delete']);
    for (const type of ['Network', 'Volume', 'Disk', 'MachineNetworkInterfaceAddress', 'ForwardingGroupNetwork'])
      expect([type, await sorted(type, 'clouds/eye/')]).toEqual([type, []]);
    expect(await sorted('Credential')).toEqual(['add', 'delete', 'edit']);
    expect(await sorted('MachineSnapshot')).toEqual(['delete', 'edit']);
  });

  test('there is one of every type that is served, and of no other', async () => {
    const all = list(await get('resourceMetadata'), 'resourceMetadatas');
    expect(names(all)).toEqual(expect.arrayContaining(['CloudEntryPoint', 'Machine', 'MachineTemplate', 'Job', 'ResourceMetadata']));
    expect(names(all)).toEqual(expect.arrayContaining(['Meter', 'MeterTemplate', 'MeterConfiguration', 'Sample']));
    expect(names(all)).toEqual(expect.arrayContaining(['EventLog', 'EventLogTemplate', 'Event']));
    for (const { typeURI, name } of all) expect(typeURI).toBe(`${String(name) === 'Cloud' ? EXTENSION : CIMI}/${String(name)}`);
  });
});

describe('add stands only where it works', () => {
  test.each([
    ['machines', ['add']],
    ['machineTemplates', ['add']],
    ['machineConfigs', ['add']],
    ['machineImages', ['add']],
    ['networks', ['add']],
    ['volumes', ['add']],
    ['clouds/eye/networks', []],
    ['networks/sim.net-dmz/networkPorts', []],
    ['jobs', []],
    ['resourceMetadata', []],
    ['clouds/eye/machines', []],
    ['clouds/eye/machineImages', []],
    ['machines/sim.vm-sim/snapshots', []],
  ])('R4.2-01 R5.5.12-11: %s', async (uri, expected) => {
    const json = await get(`${uri}?$last=0`);
    expect(rels(json)).toEqual(expected);
  });
});

describe('a cloud that is only observed', () => {
  test('shows no operation and accepts none', async () => {
    const machine = await get('machines/eye.vm-eye');
    expect([machine.state, machine.operations]).toEqual(['STARTED', undefined]);
    const calls = scene.controlOf('eye').calls();
    const act = await scene.client.act('machines/eye.vm-eye', 'stop');
    expectFault(act, 403, /'eye' is only observed: no change is accepted/);
    expect(act.json.action).toBe(`${CIMI}/action/stop`);
    expectFault(await scene.client.put('machines/eye.vm-eye?$select=name', { name: 'x' }), 403, /only observed/);
    expectFault(await scene.client.delete('machines/eye.vm-eye'), 403, /only observed/);
    const parts = { machineConfig: { href: 'machineConfigs/eye.s1_2enano' }, machineImage: { href: 'machineImages/eye.img-debian-12' } };
    expectFault(await scene.client.post('machines', machineCreate({}, parts)), 403, /only observed/);
    const below = await scene.client.post('clouds/eye/machines', machineCreate({}, parts));
    expectFault(below, 405, /nothing can be created in/);
    expect(below.headers.get('allow')).toBe('GET, HEAD');
    const capture = { imageLocation: `${scene.client.base}machines/eye.vm-eye` };
    expect((await scene.client.post('machineImages', capture)).status).toBeGreaterThanOrEqual(400);
    const written = Object.keys(scene.controlOf('eye').calls()).filter((call) => !/\.(list|getMany|find)$/.test(call));
    expect(written).toEqual(Object.keys(calls).filter((call) => !/\.(list|getMany|find)$/.test(call)));
    expect(scene.controlOf('eye').instances()).toHaveLength(1);
  });
});

describe('a cloud that is down', () => {
  const down = () => scene.controlOf('two').fail({ method: '*', times: 1000, kind: 'unavailable', message: 'the lights are out' });

  test('is named by the list, which then carries no ETag, and the others stay usable', async () => {
    down();
    await elapse(250);
    const answer = await scene.client.get('machines');
    expect([answer.status, answer.headers.get('cimi-unavailable-clouds'), answer.headers.get('etag')]).toEqual([200, 'two', null]);
    expect(answer.json.unavailableClouds).toEqual(['two: the lights are out']);
    expect(list(answer.json, 'machines').map(({ cloud }) => String(cloud))).toEqual(expect.arrayContaining(['sim', 'eye']));
    expect((await scene.client.get('machines?$format=xml')).text).toContain('the lights are out');
    expect((await scene.client.get('machines/sim.vm-sim')).status).toBe(200);
    await made(scene.client, 'machines', machineCreate({ name: 'meanwhile' }));
  });

  test('answers 503 with its own words for what is its own, and keeps what the gateway knows', async () => {
    const machine = await made(
      scene.client,
      'machines',
      machineCreate(
        { name: 'kept' },
        { machineConfig: { href: 'machineConfigs/two.s1_2enano' }, machineImage: { href: 'machineImages/two.img-debian-12' } },
      ),
    );
    down();
    await elapse(250);
    const answer = await scene.client.get(String(machine.id));
    expectFault(answer, 503, /the lights are out/);
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]/);
    expectFault(await scene.client.delete(String(machine.id)), 503, /the lights are out/);
    scene.controlOf('two').clearFailures();
    expect(await get(String(machine.id))).toMatchObject({ name: 'kept', state: 'STARTED' });
  });

  test('what is expanded is whole or stays a reference', async () => {
    down();
    await elapse(250);
    const entry = await get('cloudEntryPoint?$expand=*');
    expect(Object.keys(entry.machines ?? {})).toEqual(['href']);
    expect(entry.credentials).toHaveProperty('count');
  });
});
