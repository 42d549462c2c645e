import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, IMAGE, machineCreate, NANO, made, openScene, succeeded, type Scene } from './scene';
import { eventually } from '../harness/wait';

/** `Prefer: wait` and `respond-async` (RFC 7240), on answers that never wait by themselves and connections with short timeouts. */
let scene: Scene;
const SLOW = { create: 50, stop: 2_500, start: 30, restart: 60_000, delete: 30, capture: 50 };
const prefer = (preferences: string) => ({ prefer: preferences });
const told = (answer: Answer) => [answer.status, answer.headers.get('preference-applied')];
const jobOf = (answer: Answer) => String(answer.headers.get('cimi-job-uri'));
const machine = (name: string) => made(scene.client, 'machines', machineCreate({ name }));
const act = (resource: Json, name: string, headers: Record<string, string>) =>
  scene.client.post(String(resource.id), { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/${name}` }, headers);
/** A Job that does not end before it is stopped. */
const endless = async (): Promise<string> => jobOf(await act(await machine('endless'), 'restart', {}));
const stopped = async (uri: string): Promise<void> => {
  await scene.client.act(uri, 'stop');
  await eventually(async () => (String((await scene.client.get(uri)).json.state) === 'STOPPED' ? true : undefined));
};

beforeAll(async () => {
  const limits = { requestTimeoutMs: 1_000, keepAliveMs: 500, stallMs: 1_000 };
  const jobs = { graceMs: 0, waitMs: 20_500, waitsPerTenant: 2 };
  scene = await openScene({
    config: { jobs, server: { port: 0, shutdownMs: 2_000, limits }, clouds: { sim: simulatedCloud({ delays: SLOW }) } },
  });
});
afterAll(() => scene.close());
afterEach(() => scene.control.clearFailures());

test('4.2.1.6: who waits is answered as by a synchronous request: creates, PUTs, actions and deletes', async () => {
  const create = await scene.client.post('machines', machineCreate({ name: 'waited for' }), prefer('wait=20'));
  expect([...told(create), create.json.state]).toEqual([201, 'wait=20', 'STARTED']);
  expect([create.json.id, create.headers.has('retry-after')]).toEqual([create.headers.get('location'), false]);
  const put = await scene.client.put(`${String(create.json.id)}?$select=name`, { name: 'renamed' }, prefer('wait=20'));
  expect([...told(put), put.json.name]).toEqual([200, 'wait=20', 'renamed']);
  // Longer than a request may take to arrive, and a connection to be idle.
  const stop = await act(create.json, 'stop', prefer('wait=20'));
  expect([...told(stop), stop.json.state, stop.json.id]).toEqual([200, 'wait=20', 'SUCCESS', jobOf(stop)]);
  expect((await scene.client.get(String(create.json.id))).json.state).toBe('STOPPED');
  const gone = await scene.client.send('DELETE', String(create.json.id), { headers: { ...prefer('wait=20'), accept: 'application/xml' } });
  expect([...told(gone), gone.text.includes('<state>SUCCESS</state>')]).toEqual([200, 'wait=20', true]);
  const stored = await scene.client.post('machineTemplates', { name: 't' }, prefer('wait=20'));
  expect(told(stored)).toEqual([201, 'wait=20']);
});

test('what fails meanwhile is answered with its status and its own Job', async () => {
  scene.control.fail({ method: 'machines.create', kind: 'quota', message: 'no more of them' });
  const answer = await scene.client.post('machines', machineCreate({ name: 'failing' }), prefer('wait=20'));
  expectFault(answer, 403, /no more of them/);
  expect([jobOf(answer), answer.headers.get('location')]).toEqual([answer.json.id, null]);
  scene.control.fail({ method: 'machines.create', nth: 2, kind: 'quota', message: 'one too many' });
  const one = { type: `${CIMI}/Machine`, machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } } };
  const body = { systemTemplate: { componentDescriptors: ['a', 'b'].map((name) => ({ ...one, name })) } };
  const system = await scene.client.post('systems', body, prefer('wait=20'));
  expectFault(system, 403, /one too many/);
  expect([jobOf(system), system.headers.get('location')]).toEqual([system.json.id, null]);
  for (const list of ['systems', 'machines']) expect([list, (await scene.client.get(list)).json.count]).toEqual([list, 0]);
});

test('when the time is over, it is 202 as ever; what cannot be read is ignored', async () => {
  const one = await machine('late');
  expect(told(await act(one, 'stop', prefer('wait=0')))).toEqual([202, 'wait=0']);
  const two = await machine('unread');
  expect(told(await act(two, 'stop', prefer('wait=soon, return=minimal')))).toEqual([202, null]);
});

test('GET of a Job waits for its end', async () => {
  const stop = await act(await machine('followed'), 'stop', prefer('respond-async'));
  expect([...told(stop), stop.json.state]).toEqual([202, 'respond-async', 'RUNNING']);
  const job = await scene.client.get(jobOf(stop), prefer('wait=20'));
  expect([...told(job), job.json.state]).toEqual([200, 'wait=20', 'SUCCESS']);
  expect(told(await scene.client.get(jobOf(stop), prefer('wait=20')))).toEqual([200, 'wait=20']);
  expect(told(await scene.client.get('jobs/none', prefer('wait=20')))).toEqual([404, null]);
});

test('the wait is bounded, and told as it is', async () => {
  const uri = jobOf(await act(await machine('bounded'), 'stop', {}));
  expect(told(await scene.client.get(uri, prefer('wait=86400')))).toEqual([200, 'wait=20']);
});

test('a tenant has so many waits at once, and no more: the rest is answered at once', async () => {
  const uri = await endless();
  let first: Answer | undefined;
  const waits = [1, 2, 3].map(async () => {
    const answer = await scene.client.get(uri, prefer('wait=20'));
    first ??= answer;
    return answer;
  });
  await Promise.race(waits);
  expect(first && [...told(first), first.json.state]).toEqual([200, null, 'RUNNING']);
  await stopped(uri);
  const ends = (await Promise.all(waits)).map((answer) => [...told(answer), String(answer.json.state)].join(' '));
  expect(ends.sort()).toEqual(['200  RUNNING', '200 wait=20 STOPPED', '200 wait=20 STOPPED']);
});

test('the end of the connection frees the wait and does not stop the Job', async () => {
  const one = await machine('hung up');
  const gone = new AbortController();
  const body = JSON.stringify({ resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/stop` });
  const headers = { 'content-type': 'application/json', ...prefer('wait=20') };
  const asked = [1, 2].map(() => fetch(String(one.id), { method: 'POST', body, headers, signal: gone.signal }).catch(() => undefined));
  // Each is a Job of its own: the Machine is where both want it when both have ended.
  const jobs = await eventually(async () => {
    const { json } = await scene.client.get("jobs?$filter=state='RUNNING'");
    const found = ((json.jobs ?? []) as Json[]).filter(({ action, targetResource }) => {
      return String(action).endsWith('/stop') && (targetResource as Json | undefined)?.href === one.id;
    });
    return found.length === asked.length ? found : undefined;
  });
  gone.abort();
  await Promise.all(asked);
  const uri = await endless();
  const freed = await eventually(async () => {
    const answer = await scene.client.get(uri, prefer('wait=1'));
    return answer.headers.has('preference-applied') ? answer : undefined;
  });
  expect([...told(freed), freed.json.state]).toEqual([200, 'wait=1', 'RUNNING']);
  await stopped(uri);
  for (const { id } of jobs) expect((await scene.client.get(String(id), prefer('wait=20'))).json.state).toBe('SUCCESS');
  expect((await scene.client.get(String(one.id))).json.state).toBe('STOPPED');
});

test('Idempotency-Key: sent again with a wait, it is answered by how the Job ends, and nothing is done twice', async () => {
  const body = machineCreate({ name: 'again' });
  const key = { 'idempotency-key': 'again' };
  const first = await scene.client.post('machines', body, key);
  expect(told(first)).toEqual([202, null]);
  const waited = await scene.client.post('machines', body, { ...key, ...prefer('wait=20') });
  expect([...told(waited), waited.json.id, jobOf(waited)]).toEqual([201, 'wait=20', first.json.id, jobOf(first)]);
  expect(scene.control.instances().filter(({ label }) => label === 'again')).toHaveLength(1);
});

test('respond-async: the gateway’s own wait is left out', async () => {
  const patient = await openScene({ config: { jobs: { graceMs: 20_000 } } });
  try {
    const answer = await patient.client.post('machines', machineCreate({ name: 'at once' }), prefer('respond-async'));
    expect([...told(answer), answer.json.state]).toEqual([202, 'respond-async', 'CREATING']);
    await succeeded(patient.client, answer);
    const both = await patient.client.post('machines', machineCreate({ name: 'both' }), prefer('respond-async, wait=20'));
    expect(told(both)).toEqual([201, 'wait=20']);
  } finally {
    await patient.close();
  }
});

test('a gateway that stops answers what waits with 202', async () => {
  const other = await openScene({ config: { jobs: { graceMs: 0 }, clouds: { sim: simulatedCloud({ delays: SLOW }) } } });
  const { id } = await made(other.client, 'machines', machineCreate({ name: 'interrupted' }));
  const waiting = other.client.post(String(id), { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/restart` }, prefer('wait=600'));
  await eventually(async () => ((other.control.calls()['machines.restart'] ?? 0) > 0 ? true : undefined));
  await other.close();
  const answer = await waiting;
  expect([answer.status, answer.json.state]).toEqual([202, 'RUNNING']);
});
