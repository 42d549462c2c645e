import { CIMI } from '../../src/model/define';
import type { Answer } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import {
  ACTION_URI,
  blockingJob,
  expectFault,
  IMAGE,
  KEY_BYTES,
  listOf,
  machineCreate,
  made,
  NANO,
  openScene,
  rels,
  SMALL,
  succeeded,
  type Scene,
} from './scene';
import { eventually } from '../harness/wait';

let scene: Scene;
const get = async (uri: unknown) => (await scene.client.get(String(uri))).json;
const jobOf = (answer: Answer) => String(answer.headers.get('cimi-job-uri'));
const count = (name: string) => scene.control.instances().filter(({ label }) => label === name).length;

const REST = { start: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 };
/** Creates and stops that come to no end by themselves. */
const ENDLESS = { ...REST, create: 3_600_000, stop: 3_600_000 };
const calls = (method: string) => scene.control.calls()[method] ?? 0;
const stopping = () => scene.control.instances().filter(({ phase }) => phase === 'stopping');
/** Brings what is stopping to its end. */
const finish = (): void => stopping().forEach(({ id }) => scene.control.setPhase(id, 'stopped'));

const GOES_ON_NO_MORE =
  'stopped: the gateway goes on with it no more; nothing was undone: what the provider was asked for has happened or may still happen';

beforeAll(async () => {
  const delays = { create: 300, start: 20, stop: 300, delete: 20 };
  scene = await openScene({ config: { jobs: { graceMs: 100 }, clouds: { sim: simulatedCloud({ delays }) } } });
});
afterAll(() => scene.close());
afterEach(() => {
  scene.control.clearFailures();
  scene.control.resetSettings();
});

describe('CIMI-Job-URI', () => {
  test('R4.1.6.8-01 R4.2.1.6-01 R5.17.1-02: is absolute on every POST, PUT and DELETE, and never on a GET', async () => {
    const create = await scene.client.post('machineTemplates', { name: 't' });
    const uri = String(create.headers.get('location'));
    const answers = [create, await scene.client.put(uri, { name: 'u' }), await scene.client.delete(uri)];
    answers.push(await scene.client.post('machines', machineCreate()));
    answers.push(await scene.client.post('machineTemplates', { nonsense: 1 }), await scene.client.send('DELETE', 'machines'));
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 202, 400, 405]);
    for (const answer of answers) {
      expect(jobOf(answer)).toMatch(new RegExp(`^${scene.client.base}jobs/`));
      expect((await scene.client.get(jobOf(answer))).status).toBe(200);
    }
    for (const read of ['machines', jobOf(create)]) expect((await scene.client.get(read)).headers.get('cimi-job-uri')).toBeNull();
    await scene.client.ended(answers[3] as Answer);
  });

  test('4.2.1.6: what is not there leaves a FAILED Job that can be read, in both formats; a GET leaves none', async () => {
    const bodies: Record<string, string> = {
      PUT: JSON.stringify({ name: 'x' }),
      POST: JSON.stringify({ resourceURI: `${CIMI}/Action`, action: `${ACTION_URI}stop` }),
    };
    for (const uri of ['machines/none', 'jobs/none', 'nowhere', 'nowhere/at/all', 'clouds/none/machines', '']) {
      for (const method of ['PUT', 'POST', 'DELETE']) {
        const headers = { 'content-type': 'application/json', ...(method === 'POST' ? { accept: 'application/xml' } : {}) };
        const answer = await scene.client.send(method, uri, { ...(bodies[method] === undefined ? {} : { xml: bodies[method] }), headers });
        expect([method, uri, answer.status]).toEqual([method, uri, 404]);
        const job = await get(jobOf(answer));
        expect(job).toMatchObject({ id: jobOf(answer), state: 'FAILED', returnCode: 10_000, progress: 100 });
        if (method === 'POST') expect(answer.text).toContain(`<id>${jobOf(answer)}</id>`);
        else expect(answer.json).toMatchObject({ id: job.id, statusMessage: job.statusMessage });
      }
      if (uri === '') continue;
      const read = await scene.client.get(uri);
      expect([uri, read.status, read.json.id, read.headers.get('cimi-job-uri')]).toEqual([uri, 404, '', null]);
    }
  });

  test('D015: a delete that is done at once answers 200 with its ended Job, which lists nothing that is gone', async () => {
    const { id } = await made(scene.client, 'machineTemplates', { name: 'short-lived' });
    const answer = await scene.client.delete(String(id));
    expect([answer.status, answer.json.id, String(answer.json.state)]).toEqual([200, jobOf(answer), 'SUCCESS']);
    expect(answer.json).toMatchObject({ action: `${ACTION_URI}delete`, targetResource: { href: id } });
    const machine = await made(scene.client, 'machines', machineCreate());
    await succeeded(scene.client, await scene.client.delete(String(machine.id)));
  });

  test('R5.4-06: a Job in full', async () => {
    const answer = await scene.client.post('machineTemplates', { name: 't' });
    expect(await get(jobOf(answer))).toMatchObject({
      resourceURI: `${CIMI}/Job`,
      id: jobOf(answer),
      state: 'SUCCESS',
      targetResource: { href: `${scene.client.base}machineTemplates` },
      affectedResources: [{ href: `${scene.client.base}machineTemplates` }, { href: answer.headers.get('location') }],
      action: `${ACTION_URI}add`,
      returnCode: 0,
      progress: 100,
      statusMessage: 'Created',
      timeOfStatusChange: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
    });
    expect((await scene.client.get(`${jobOf(answer)}?$format=xml`)).text).toContain(`<action>${ACTION_URI}add</action>`);
    const { json } = await scene.client.get(`jobs?$filter=state='SUCCESS'&$orderby=created:desc&$last=1`);
    expect(listOf(json, 'jobs').map(({ id }) => String(id))).toEqual([jobOf(answer)]);
  });
});

describe('Idempotency-Key', () => {
  const keyed = (key: string) => ({ 'idempotency-key': key });

  test('the same request gets the first answer again, and nothing is done twice', async () => {
    const first = await scene.client.post('machines', machineCreate({ name: 'once' }), keyed('k1'));
    const again = await scene.client.post('machines', machineCreate({ name: 'once' }), keyed('k1'));
    expect([again.status, jobOf(again), again.headers.get('location')]).toEqual([202, jobOf(first), first.headers.get('location')]);
    await succeeded(scene.client, first);
    const late = await scene.client.post('machines', machineCreate({ name: 'once' }), keyed('k1'));
    expect([late.status, jobOf(late), late.headers.get('location')]).toEqual([202, jobOf(first), first.headers.get('location')]);
    expect(count('once')).toBe(1);
  });

  test('a 201 is a 201 again, with the resource as it is now; so are PUT, DELETE and actions', async () => {
    const first = await scene.client.post('credentials', { name: 'c', credentialTemplate: { key: KEY_BYTES } }, keyed('k2'));
    const uri = String(first.headers.get('location'));
    const put = await scene.client.put(uri, { name: 'd' }, keyed('k3'));
    const again = await scene.client.post('credentials', { name: 'c', credentialTemplate: { key: KEY_BYTES } }, keyed('k2'));
    expect([again.status, again.headers.get('location'), again.json.name]).toEqual([201, uri, 'd']);
    const putAgain = await scene.client.put(uri, { name: 'd' }, keyed('k3'));
    expect([putAgain.status, jobOf(putAgain), putAgain.json.id, putAgain.headers.get('location')]).toEqual([200, jobOf(put), uri, null]);
    const gone = await scene.client.delete(uri, keyed('k4'));
    const goneAgain = await scene.client.delete(uri, keyed('k4'));
    expect([goneAgain.status, jobOf(goneAgain)]).toEqual([200, jobOf(gone)]);
    expectFault(await scene.client.delete(uri), 404, /there is nothing/);
    const machine = await made(scene.client, 'machines', machineCreate({ name: 'acted' }));
    const stop = await scene.client.send('POST', String(machine.id), { json: { action: `${ACTION_URI}stop` }, headers: keyed('k5') });
    const stopAgain = await scene.client.send('POST', String(machine.id), { json: { action: `${ACTION_URI}stop` }, headers: keyed('k5') });
    expect([stop.status, stopAgain.status, jobOf(stopAgain)]).toEqual([202, 202, jobOf(stop)]);
    await succeeded(scene.client, stop);
  });

  test('another request with the key is refused and does nothing', async () => {
    const first = await scene.client.post('machineTemplates', { name: 'one' }, keyed('k6'));
    const before = (await get('machineTemplates')).count;
    for (const [uri, body] of [
      ['machineTemplates', { name: 'two' }],
      ['machineTemplates?x=1', { name: 'one' }],
      ['machineConfigs', { name: 'one' }],
    ] as const) {
      const other = await scene.client.post(uri, body, keyed('k6'));
      expectFault(other, 422, /Idempotency-Key: this key came with another request/);
      expect([jobOf(other), blockingJob(other)]).toEqual([other.json.id, jobOf(first)]);
    }
    expect((await get('machineTemplates')).count).toBe(before);
    expectFault(await scene.client.post('machineTemplates', {}, keyed('two words')), 400, /Idempotency-Key/);
  });

  test('the same key many times at once makes one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => scene.client.post('machines', machineCreate({ name: 'thunder' }), keyed('k7'))),
    );
    expect(new Set(answers.map(jobOf)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    await succeeded(scene.client, answers[0] as Answer);
    expect(count('thunder')).toBe(1);
    const stored = await Promise.all(
      Array.from({ length: 8 }, () => scene.client.post('machineTemplates', { name: 'thunder' }, keyed('k8'))),
    );
    const [one] = stored;
    expect(stored.map(({ status, json }) => [status, json.id, json.statusMessage])).toEqual(
      stored.map(() => [201, one?.json.id, undefined]),
    );
    expect((await get("machineTemplates?$filter=name='thunder'")).count).toBe(1);
  });
});

describe('a Job itself', () => {
  test('D130: edit changes its name, and nothing else; it leaves no other Job (D108)', async () => {
    const uri = jobOf(await scene.client.post('machineTemplates', { name: 't' }));
    const jobs = (await get('jobs')).count;
    const answer = await scene.client.put(uri, { ...(await get(uri)), name: 'mine', description: 'd', state: 'FAILED', progress: 3 });
    expect([answer.status, answer.json.id]).toEqual([200, uri]);
    expect(await get(uri)).toMatchObject({ name: 'mine', description: 'd', state: 'SUCCESS', progress: 100 });
    await scene.client.put(`${uri}?$select=description`, {});
    expect([(await get(uri)).name, (await get(uri)).description]).toEqual(['mine', undefined]);
    expect((await get('jobs')).count).toBe(jobs);
  });

  test('R5.17.1.1-03 R5.17.1.1-04 R5.17.1.1-05: stop undoes what was done', async () => {
    const create = await scene.client.post('machines', machineCreate({ name: 'stopped' }));
    await eventually(async () => (count('stopped') === 1 ? true : undefined));
    expect(rels(await get(jobOf(create)))).toEqual(['edit', 'delete', 'stop']);
    const stop = await scene.client.act(jobOf(create), 'stop');
    expect([200, 202]).toContain(stop.status);
    expect(['STOPPING', 'STOPPED']).toContain(String(stop.json.state));
    const ended = await scene.client.ended(create);
    expect([String(ended.state), ended.progress]).toEqual(['STOPPED', 100]);
    expect(String(ended.statusMessage)).toBe('stopped; what had been done was undone');
    await eventually(async () => (count('stopped') === 0 ? true : undefined));
    expect(rels(ended)).toEqual(['edit', 'delete']);
    expectFault(await scene.client.act(jobOf(create), 'stop'), 409, /has ended: it is STOPPED/);
    const left = await get(create.headers.get('location'));
    expect([left.state, rels(left)]).toEqual(['ERROR', ['delete']]);
  });

  test('R5.17.1.1-01: deleting one that runs stops it first', async () => {
    scene.control.set({ delays: ENDLESS });
    const create = await scene.client.post('machines', machineCreate({ name: 'abandoned' }));
    await eventually(async () => (count('abandoned') === 1 ? true : undefined));
    const answer = await scene.client.delete(jobOf(create));
    expect([answer.status, String(answer.json.state)]).toEqual([200, 'STOPPED']);
    expect((await scene.client.get(jobOf(create))).status).toBe(404);
    await eventually(async () => (count('abandoned') === 0 ? true : undefined));
  });

  test('R5.17.1.1-02: deleting one that does not stop fails, and it stays', async () => {
    const machine = await made(scene.client, 'machines', machineCreate({ name: 'stubborn' }));
    scene.control.fail({ method: 'machines.stop', delayMs: 10_000 });
    const before = calls('machines.stop');
    const stop = await scene.client.act(String(machine.id), 'stop');
    await eventually(() => (calls('machines.stop') > before ? true : undefined));
    const answer = await scene.client.delete(jobOf(stop));
    expectFault(answer, 409, /was asked to stop and has not ended yet/);
    expect(String((await get(jobOf(stop))).state)).toBe('STOPPING');
    expect(String((await scene.client.ended(stop)).state)).toBe('STOPPED');
    expect((await scene.client.delete(jobOf(stop))).status).toBe(200);
  });

  test('R5.17.1.1-02: a delete that has begun is not stopped: neither offered nor taken, and it goes on to its end with its key pair', async () => {
    const before = scene.control.keyPairs();
    const machine = await made(scene.client, 'machines', machineCreate({ name: 'going' }, { credential: { key: KEY_BYTES } }));
    scene.control.fail({ method: 'machines.delete', delayMs: 3_000 });
    const deletes = calls('machines.delete');
    const remove = await scene.client.delete(String(machine.id));
    await eventually(() => (calls('machines.delete') > deletes ? true : undefined));
    await eventually(async () => (rels(await get(jobOf(remove))).includes('stop') ? undefined : true));
    expect(rels(await get(jobOf(remove)))).toEqual(['edit']);
    const refused = /can't be stopped any more: its deletion has begun and goes on to its end/;
    expectFault(await scene.client.act(jobOf(remove), 'stop'), 409, refused);
    expectFault(await scene.client.delete(jobOf(remove)), 409, refused);
    expect(await scene.client.ended(remove)).toMatchObject({ state: 'SUCCESS', statusMessage: 'Deleted' });
    expect([count('going'), scene.control.keyPairs()]).toEqual([0, before]);
  });

  test('a stopped action says what may still happen, not that it was undone', async () => {
    const machine = await made(scene.client, 'machines', machineCreate({ name: 'acting' }));
    scene.control.set({ delays: ENDLESS });
    const stop = await scene.client.act(String(machine.id), 'stop');
    await eventually(async () => (String((await get(jobOf(stop))).statusMessage).includes('the provider shows') ? true : undefined));
    await scene.client.act(jobOf(stop), 'stop');
    const ended = await scene.client.ended(stop);
    expect([String(ended.state), String(ended.statusMessage)]).toEqual(['STOPPED', GOES_ON_NO_MORE]);
    finish();
    await eventually(async () => (String((await get(machine.id)).state) === 'STOPPED' ? true : undefined));
  });

  test('a stopped update says the same: what was changed before it stays', async () => {
    const { id } = await made(scene.client, 'machines', machineCreate({ name: 'growing' }, { initialState: 'STOPPED' }));
    const { memory } = await get(SMALL);
    scene.control.fail({ method: 'machines.resize', delayMs: 3_000 });
    const update = await scene.client.put(`${String(id)}?$select=memory,name`, { memory, name: 'grown' });
    await eventually(() => (calls('machines.resize') > 0 ? true : undefined));
    await scene.client.act(jobOf(update), 'stop');
    const ended = await scene.client.ended(update);
    expect([String(ended.state), String(ended.statusMessage)]).toEqual(['STOPPED', GOES_ON_NO_MORE]);
    expect(await get(id)).toMatchObject({ memory, name: 'growing' });
  });

  test('a stopped System action leaves its components as they are, and says so', async () => {
    const component = { type: `${CIMI}/Machine`, machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } } };
    const descriptors = ['s1', 's2'].map((name) => ({ ...component, name }));
    const system = await made(scene.client, 'systems', { systemTemplate: { componentDescriptors: descriptors } });
    scene.control.set({ delays: ENDLESS });
    const stop = await scene.client.act(String(system.id), 'stop');
    // A nested Job that is stopped before its call leaves its component STARTED.
    await eventually(() => (stopping().length === descriptors.length ? true : undefined));
    await scene.client.act(jobOf(stop), 'stop');
    const ended = await scene.client.ended(stop);
    expect([String(ended.state), String(ended.statusMessage)]).toEqual(['STOPPED', GOES_ON_NO_MORE]);
    finish();
    await eventually(async () => (String((await get(system.id)).state) === 'STOPPED' ? true : undefined));
  });

  test('records of ended nested Jobs stay while their parent has not ended', async () => {
    const component = (name: string) => ({
      name,
      type: `${CIMI}/Machine`,
      machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } },
    });
    scene.control.fail({ method: 'machines.create', nth: 2, delayMs: 4_000 });
    const systemTemplate = { componentDescriptors: [component('one'), component('two')] };
    const create = await scene.client.post('systems', { resourceURI: `${CIMI}/SystemCreate`, name: 's', systemTemplate });
    const nested = await eventually(async () => {
      const jobs = listOf(await get(`jobs?$filter=state='SUCCESS'`), 'jobs');
      return jobs.find(({ parentJob }) => (parentJob as { href?: string } | undefined)?.href === jobOf(create));
    });
    expectFault(await scene.client.delete(String(nested.id)), 409, /is part of jobs\/\w+, which has not ended yet/);
    expect(await scene.client.ended(create)).toMatchObject({ state: 'SUCCESS' });
    expect((await scene.client.delete(String(nested.id))).status).toBe(200);
    await succeeded(scene.client, await scene.client.delete(String(create.headers.get('location'))));
  });

  test('what it does not know is refused', async () => {
    const uri = jobOf(await scene.client.post('machineTemplates', { name: 't' }));
    expectFault(await scene.client.act(uri, 'restart'), 400, /restart is no operation of Job/);
    expectFault(await scene.client.put(uri, { nonsense: 1 }), 400, /'nonsense' is no attribute of Job/);
    expectFault(await scene.client.send('PUT', `${uri}`, { json: { name: 'x' }, headers: { 'if-match': '"other.tag"' } }), 412, /If-Match/);
    expectFault(await scene.client.delete('jobs/none'), 404, /there is nothing/);
  });
});
