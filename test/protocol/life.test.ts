import { CIMI, EXTENSION } from '../../src/model/define';
import { foreignInstance } from '../../drivers/simulator/control';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import {
  ACTION_URI,
  blockingJob,
  expectFault,
  IMAGE,
  listOf,
  machineCreate,
  made,
  openScene,
  pathOf,
  rels,
  succeeded,
  type Scene,
} from './scene';
import { eventually } from '../harness/wait';

/** A machine from its birth to its end, with answers that never wait (grace 0) on a cloud that takes its time. */
let scene: Scene;
const SLOW = { create: 1_000, stop: 1_500, start: 300, delete: 800, capture: 200, restore: 200, restart: 300 };
const get = async (uri: unknown) => (await scene.client.get(String(uri))).json;
const instance = (name: string) => scene.control.instances().find(({ label }) => label === name);
const machine = (name: string, template: object = {}) => made(scene.client, 'machines', machineCreate({ name }, template));
const act = (resource: Json, name: string, more: object = {}) => scene.client.act(String(resource.id), name, more);
const done = (answer: Answer) => succeeded(scene.client, answer);
/** States that a resource shows until its Job has ended. */
async function statesDuring(uri: unknown, answer: Answer): Promise<Set<string>> {
  const states = new Set<string>();
  const job = String(answer.headers.get('cimi-job-uri'));
  await eventually(async () => {
    const { json } = await scene.client.get(String(uri));
    const ended = ['SUCCESS', 'FAILED'].includes(String((await get(job)).state));
    if (!ended) states.add(String(json.state));
    return ended ? true : undefined;
  });
  return states;
}

beforeAll(async () => {
  const cloud = simulatedCloud({ delays: SLOW });
  scene = await openScene({ config: { jobs: { graceMs: 0 }, clouds: { sim: cloud } } });
});
afterAll(() => scene.close());

test('R4.2.1.7-01 R4.2.1.7-02 R4.2.1.7-04 R4.2.1.1-06 D019: a create is 202 with the resource, CREATING, its Location and its Job', async () => {
  const answer = await scene.client.post('machines', machineCreate({ name: 'born' }));
  const location = answer.headers.get('location') ?? '';
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('etag')]).toEqual([202, '1', null]);
  expect(answer.json).toMatchObject({ resourceURI: `${CIMI}/Machine`, id: location, name: 'born', state: 'CREATING' });
  const job = await get(answer.headers.get('cimi-job-uri'));
  expect(job).toMatchObject({ resourceURI: `${CIMI}/Job`, id: answer.headers.get('cimi-job-uri') });
  // A worker takes it in a moment.
  expect(['QUEUED', 'RUNNING']).toContain(job['state']);
  const born = await get(location);
  expect(born).toMatchObject({ id: location, name: 'born', state: 'CREATING' });
  expect(rels(born)).toEqual(['delete']);
  const listed = listOf(await get("machines?$filter=name='born'"), 'machines');
  expect(listed.map(({ id, state }) => [String(id), String(state)])).toEqual([[location, 'CREATING']]);
  expect(await statesDuring(location, answer)).toEqual(new Set(['CREATING']));
  expect((await get(location)).state).toBe('STARTED');
});

test('R5.14.1.2-02 R5.14.1.2-13 R5.14.1.2-32: actions show their state on the way and end where they should', async () => {
  const one = await machine('acts');
  for (const [name, via, to] of [
    ['stop', ['STOPPING'], 'STOPPED'],
    ['start', ['STARTING'], 'STARTED'],
    ['pause', ['PAUSING'], 'PAUSED'],
    ['start', ['STARTING'], 'STARTED'],
    ['suspend', ['SUSPENDING'], 'SUSPENDED'],
    ['start', ['STARTING'], 'STARTED'],
    ['restart', ['STOPPING', 'STARTING'], 'STARTED'],
  ] as const) {
    const answer = await act(one, name);
    expect([name, answer.status, answer.headers.get('location')]).toEqual([name, 202, null]);
    expect(answer.json).toMatchObject({ action: ACTION_URI + name, targetResource: { href: one.id }, state: 'RUNNING' });
    for (const state of await statesDuring(one.id, answer)) expect(via).toContain(state);
    expect([name, (await get(one.id)).state]).toEqual([name, to]);
  }
});

test('R4.2-02 D156: operations follow the state, and what is not shown is refused with 409', async () => {
  const one = await machine('offers', { initialState: 'STOPPED' });
  expect(rels(one)).toEqual(['edit', 'delete', 'start', 'restart', 'capture', 'snapshot', 'restore', `${EXTENSION}/action/export`]);
  for (const name of ['stop', 'pause', 'suspend']) {
    const answer = await act(one, name);
    expectFault(answer, 409, new RegExp(`${name} is possible from .*; the machine is STOPPED`));
    expect([answer.json.action, answer.json.targetResource]).toEqual([ACTION_URI + name, { href: one.id }]);
    expect(answer.headers.get('cimi-job-uri')).toBe(answer.json.id);
  }
  await done(await act(one, 'start'));
  expect(rels(await get(one.id))).toEqual(['edit', 'delete', 'stop', 'restart', 'pause', 'suspend', 'capture', 'snapshot', 'restore']);
});

test('R4.1.6.8-01: a second change while one is under way is 409 with its own FAILED Job, and a link to the first', async () => {
  const one = await machine('busy');
  const first = await act(one, 'stop');
  const job = first.headers.get('cimi-job-uri');
  const seconds = [
    await act(one, 'restart'),
    await scene.client.put(`${String(one.id)}?$select=name`, { name: 'x' }),
    await scene.client.post('machineImages', { imageLocation: one.id }),
  ];
  for (const second of seconds) {
    expectFault(second, 409, /is being changed by|STOPPING/);
    expect([blockingJob(second), second.headers.get('retry-after')]).toEqual([job, '2']);
    expect(second.headers.get('cimi-job-uri')).toBe(second.json.id);
    expect((await get(second.json.id)).state).toBe('FAILED');
  }
  await done(first);
  expect(await get(one.id)).toMatchObject({ name: 'busy', state: 'STOPPED' });
});

test('5.14.1.2: a stop may be reissued, with or without force, as often as one likes, and is offered', async () => {
  const one = await machine('again');
  const first = await act(one, 'stop');
  await eventually(async () => (instance('again')?.phase === 'stopping' ? true : undefined));
  expect(rels(await get(one.id))).toContain('stop');
  scene.control.resetCalls();
  const again = [await act(one, 'stop'), await act(one, 'stop')];
  for (const answer of [first, ...again]) await done(answer);
  expect(scene.control.calls()['machines.stop'] ?? 0).toBe(0);
  expect((await get(one.id)).state).toBe('STOPPED');
});

test('5.14.1.2: what its own console stops can be told to stop: the provider is at it', async () => {
  scene.control.add([
    {
      ...foreignInstance('vm-stopping'),
      timeline: [
        { phase: 'stopping', from: 0 },
        { phase: 'stopped', from: Date.now() + 3_600_000 },
      ],
    },
  ]);
  const found = await eventually(async () => {
    const json = await get('machines/sim.vm-stopping');
    return json.id ? json : undefined;
  });
  expect([found.state, rels(found).includes('stop')]).toEqual(['STOPPING', true]);
  const stop = await act(found, 'stop');
  scene.control.setPhase('vm-stopping', 'stopped');
  await done(stop);
  expect((await get(found.id)).state).toBe('STOPPED');
});

test('of two that come at once one is taken, also where both would be 202', async () => {
  const one = await machine('raced');
  const tag = (await scene.client.get(String(one.id))).headers.get('etag') ?? '';
  scene.control.fail({ method: 'machines.rename', delayMs: 1500, times: 2 });
  const plain = await Promise.all(['a', 'b', 'c'].map((name) => scene.client.put(`${String(one.id)}?$select=name`, { name })));
  expect(plain.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
  const taken = plain.find(({ status }) => status === 202);
  for (const other of plain.filter((answer) => answer !== taken)) expect(blockingJob(other)).toBe(taken?.headers.get('cimi-job-uri'));
  await scene.client.ended(taken as Answer);
  expect((await scene.client.put(`${String(one.id)}?$select=name`, { name: 'z' }, { 'if-match': tag })).status).toBe(412);
  const fresh = (await scene.client.get(String(one.id))).headers.get('etag') ?? '';
  const both = await Promise.all(
    ['d', 'e'].map((name) => scene.client.put(`${String(one.id)}?$select=name`, { name }, { 'if-match': fresh })),
  );
  expect(both.map(({ status }) => status).sort()).toEqual([202, 412]);
  await done(both.find(({ status }) => status === 202) as Answer);
});

test('R5.14.1.2-09: a forced stop takes over from the one under way', async () => {
  scene.control.set({ delays: { ...SLOW, stop: 60_000, pause: 20, suspend: 20 } });
  const one = await machine('hung');
  const soft = await act(one, 'stop', { force: false });
  await eventually(async () => (instance('hung')?.phase === 'stopping' ? true : undefined));
  const hard = await act(one, 'stop', { force: true });
  expect(hard.status).toBe(202);
  await done(hard);
  expect(String((await scene.client.ended(soft)).state)).toBe('STOPPED');
  expect((await get(one.id)).state).toBe('STOPPED');
  scene.control.add([{ ...foreignInstance('vm-console'), timeline: [{ phase: 'stopping', from: 0 }] }]);
  const found = await eventually(async () => {
    const json = await get('machines/sim.vm-console');
    return json.id ? json : undefined;
  });
  await done(await act(found, 'stop', { force: true }));
  expect((await get(found.id)).state).toBe('STOPPED');
  scene.control.resetSettings();
});

test('R4.2.1.4-02: a delete while CREATING stops the create, then deletes; nothing is left', async () => {
  const before = scene.control.instances().length;
  const create = await scene.client.post('machines', machineCreate({ name: 'unborn' }));
  const location = String(create.headers.get('location'));
  await eventually(async () => (instance('unborn') ? true : undefined));
  const remove = await scene.client.delete(location);
  expect(remove.status).toBe(202);
  const again = await scene.client.delete(location);
  expectFault(again, 409, /is being changed/);
  const states = new Set<string>();
  await eventually(async () => {
    const answer = await scene.client.get(location);
    if (answer.status === 404) return true;
    states.add(String(answer.json.state));
    return undefined;
  });
  expect([...states]).toEqual(['DELETING']);
  await done(remove);
  expect(String((await scene.client.ended(create)).state)).toBe('STOPPED');
  await eventually(async () => (scene.control.instances().length === before ? true : undefined));
});

test('R5.17.1-05 D015: a delete’s Job does not list what is gone; while it runs the state is DELETING', async () => {
  const one = await machine('gone');
  const answer = await scene.client.delete(String(one.id));
  expect([answer.status, answer.headers.get('location')]).toEqual([202, null]);
  expect(answer.json).toMatchObject({ action: `${ACTION_URI}delete`, targetResource: { href: one.id } });
  const shown = await get(one.id);
  expect([shown.state, rels(shown)]).toEqual(['DELETING', []]);
  await done(answer);
  expect((await scene.client.get(String(one.id))).status).toBe(404);
  expect(instance('gone')).toBeUndefined();
});

test('what failed to be created is in ERROR, is deletable without the provider, and nothing else', async () => {
  scene.control.fail({ method: 'machines.create', kind: 'quota', message: 'too many already' });
  const answer = await scene.client.post('machines', machineCreate({ name: 'refused' }));
  const job = await scene.client.ended(answer);
  expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringContaining('too many already')]);
  const uri = String(answer.headers.get('location'));
  const failed = await get(uri);
  expect([failed.state, rels(failed)]).toEqual(['ERROR', ['delete']]);
  expectFault(await act(failed, 'start'), 409, /does not exist at its provider/);
  expectFault(await scene.client.put(`${uri}?$select=name`, { name: 'x' }), 409, /does not exist at its provider/);
  expectFault(await act(failed, 'restore', { image: `${scene.client.base}${IMAGE}` }), 409, /does not exist at its provider/);
  scene.control.fail({ method: '*', kind: 'unavailable', times: 100 });
  expect((await scene.client.delete(uri)).status).toBe(200);
  scene.control.clearFailures();
  expect((await scene.client.get(uri)).status).toBe(404);
});

test('what vanishes at the provider is gone here, with its associations', async () => {
  const one = await machine('vanishing');
  const image = await made(scene.client, 'machineImages', { name: 'its snapshot', imageLocation: one.id });
  expect((await get(`${String(one.id)}/snapshots`)).count).toBe(1);
  scene.control.remove([{ kind: 'instance', id: instance('vanishing')?.id ?? '' }]);
  await eventually(async () => ((await scene.client.get(String(one.id))).status === 404 ? true : undefined));
  expect((await scene.client.get(`${String(one.id)}/snapshots`)).status).toBe(404);
  expect((await scene.client.get(String(image.id))).status).toBe(200);
  expect(pathOf(scene.client, image.id)).toMatch(/^machineImages\//);
});
