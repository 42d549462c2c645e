import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, machineCreate, made, openScene, succeeded, type Scene } from './scene';
import { elapse, eventually } from '../harness/wait';

/** A provider that is down, slow, throttling, refusing the login or out of quota: status, words, and nothing lost. */
let scene: Scene;
let machine: Json;
const get = (uri: unknown) => scene.client.get(String(uri));
const count = (name: string) => scene.control.instances().filter(({ label }) => label === name).length;
const outOfCache = () => elapse(60);

beforeAll(async () => {
  const cloud = simulatedCloud(
    { delays: { create: 20, start: 20, stop: 20, delete: 20 } },
    { guard: { cacheMs: 50, retries: 1, deadlineMs: 1_000 } },
  );
  scene = await openScene({ config: { jobs: { graceMs: 3000 }, clouds: { sim: cloud } } });
  machine = await made(scene.client, 'machines', machineCreate({ name: 'kept' }));
});
afterAll(() => scene.close());
afterEach(async () => {
  scene.control.clearFailures();
  scene.control.resetSettings();
  await outOfCache();
  expect((await get(machine.id)).json).toEqual(machine);
});

const troubles = [
  ['down', { kind: 'unavailable', message: 'the lights are out' }, 503, /the lights are out/, true],
  ['slow', { delayMs: 5_000 }, 504, /did not answer .* within 1000 ms/, true],
  ['throttling', { kind: 'throttled', message: 'slow down please', retryAfterMs: 40_000 }, 503, /slow down please/, true],
  ['refusing the login', { kind: 'auth', message: 'wrong key' }, 502, /wrong key/, false],
  ['forbidding', { kind: 'forbidden', message: 'no such right' }, 403, /no such right/, false],
] as const;

describe.each(troubles)('a provider that is %s', (_what, fault, status, words, passing) => {
  const trouble = (times = 1000) => scene.control.fail({ method: '*', times, ...fault });

  test('a read says so', async () => {
    trouble();
    await outOfCache();
    const answer = await get(machine.id);
    expectFault(answer, status, words);
    expect(answer.headers.get('retry-after') !== null).toBe(passing);
    if (fault && 'retryAfterMs' in fault) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(40);
    const list = await get('machines');
    expect([list.status, list.headers.get('cimi-unavailable-clouds'), list.json.count]).toEqual([200, 'sim', 0]);
  });

  test('a change is refused before anything happens, with a Job that can be read', async () => {
    trouble();
    await outOfCache();
    const requests: (() => Promise<Answer>)[] = [
      () => scene.client.post('machines', machineCreate({ name: 'never' })),
      () => scene.client.put(`${String(machine.id)}?$select=name`, { name: 'never' }, { 'if-match': '*' }),
      () => scene.client.delete(String(machine.id), { 'if-match': '*' }),
      () => scene.client.act(String(machine.id), 'stop'),
    ];
    for (const request of requests) {
      const answer = await request();
      expectFault(answer, status, words);
      expect(answer.headers.get('cimi-job-uri')).toBe(answer.json.id);
      expect((await get(answer.json.id)).json).toMatchObject({ state: 'FAILED', statusMessage: answer.json.statusMessage });
    }
    expect(count('never')).toBe(0);
    expect((await get("machines?$filter=name='never'")).json.count).toBe(0);
  });
});

test('out of quota: the Job has the provider’s words, the answer the status, and no machine is left, not even one in ERROR', async () => {
  scene.control.set({ maxInstances: 1 });
  const answer = await scene.client.post('machines', machineCreate({ name: 'one too many' }));
  expectFault(answer, 403, /may hold 1 instances and holds 1/);
  expect(scene.control.instances()).toHaveLength(1);
  expect(answer.headers.get('location')).toBeNull();
  expect((await get("machines?$filter=name='one too many'")).json.count).toBe(0);
  expect((await get(answer.headers.get('cimi-job-uri'))).json).toMatchObject({ id: answer.json.id, state: 'FAILED' });
});

test.each(['unavailable', 'throttled'] as const)('%s in passing is tried again, and done once', async (kind) => {
  scene.control.fail({ method: 'machines.create', kind, times: 2, message: 'not now' });
  const answer = await scene.client.post('machines', machineCreate({ name: `passing ${kind}` }));
  await succeeded(scene.client, answer);
  expect(count(`passing ${kind}`)).toBe(1);
  await succeeded(scene.client, await scene.client.delete(String(answer.headers.get('location'))));
});

test('a lost answer is looked for, not repeated', async () => {
  scene.control.fail({ method: 'machines.create', kind: 'timeout', afterEffect: true, message: 'the answer was lost' });
  const answer = await scene.client.post('machines', machineCreate({ name: 'lost' }));
  await succeeded(scene.client, answer);
  expect(count('lost')).toBe(1);
  await succeeded(scene.client, await scene.client.delete(String(answer.headers.get('location'))));
});

test('while a Job waits for a provider its statusMessage says why, and it can be stopped', async () => {
  scene.control.fail({ method: 'machines.create', kind: 'unavailable', times: 1000, message: 'the lights are out' });
  const answer = await scene.client.post('machines', machineCreate({ name: 'waiting' }), { prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  const job = await eventually(async () => {
    const { json } = await get(answer.headers.get('cimi-job-uri'));
    return String(json.statusMessage).includes('the lights are out') ? json : undefined;
  });
  expect([job.state, job.returnCode]).toEqual(['RUNNING', 0]);
  await scene.client.act(String(job.id), 'stop');
  expect(String((await scene.client.ended(answer)).state)).toBe('STOPPED');
  expect(count('waiting')).toBe(0);
  scene.control.clearFailures();
  await succeeded(scene.client, await scene.client.delete(String(answer.headers.get('location'))));
});

test('a state that nobody knows is ERROR, told in the log, and nothing is dropped', async () => {
  const other = await made(scene.client, 'machines', machineCreate({ name: 'odd' }));
  const key = scene.control.instances().find(({ label }) => label === 'odd')?.id ?? '';
  scene.control.setPhase(key, 'quantum');
  await outOfCache();
  expect((await get(other.id)).json.state).toBe('ERROR');
  expect((await get("machines?$filter=name='odd'")).json.count).toBe(1);
  expect(JSON.stringify(scene.gateway.logs())).toContain('quantum');
  scene.control.setPhase(key, 'running');
  await succeeded(scene.client, await scene.client.delete(String(other.id)));
});
