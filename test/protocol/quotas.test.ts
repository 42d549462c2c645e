import { hashPassword } from '../../src/http/passwords';
import { simulatedCloud } from '../harness/gateway';
import { Thread } from '../../src/threads/thread';
import type { Client } from '../harness/client';
import { expectFault, listOf, machineCreate, made, openScene, succeeded, type Scene } from './scene';
import { eventually } from '../harness/wait';

/** A tenant beyond its quota is refused in words and can always make room; nothing that has begun is lost. */
const TENANTS = ['res', 'meters', 'jobs', 'work', 'bytes', 'keys', 'free'];
let scene: Scene;

async function user(tenant: string): Promise<Client> {
  const passwordHash = await hashPassword('secret word');
  await scene.gateway.gateway.store.access.putPrincipal({ name: `of-${tenant}`, tenant, role: 'operator', passwordHash });
  return scene.client.as({ authorization: `Basic ${Buffer.from(`of-${tenant}:secret word`).toString('base64')}` });
}

beforeAll(async () => {
  scene = await openScene({
    config: {
      access: { required: true },
      tenants: TENANTS,
      jobs: { graceMs: 50 },
      quotas: {
        tenants: {
          res: { resources: 3 },
          meters: { meters: 2 },
          jobs: { jobs: 4 },
          work: { unfinishedJobs: 2 },
          bytes: { bytes: 20_000 },
          keys: { resources: 1 },
        },
      },
      clouds: { sim: simulatedCloud({ delays: { create: 2_000 } }, { tenants: TENANTS, discoveredTenant: 'free' }) },
    },
  });
});
afterAll(() => scene.close());

test('resources that the gateway keeps: 403 names the quota, its number and what to do; deleting one makes room', async () => {
  const client = await user('res');
  const made: string[] = [];
  for (const name of ['one', 'two', 'three']) made.push(String((await client.post('machineTemplates', { name })).json.id));
  const beyond = await client.post('machineTemplates', { name: 'four' });
  expectFault(beyond, 403, "the tenant 'res' may have 3 resources that the gateway keeps (quotas.resources): delete templates");
  expect((await client.get('machineTemplates')).json.count).toBe(3);
  expect((await client.put(`${made[0]}?$select=name`, { name: 'changed' })).status).toBe(200);
  // What lives at a provider is bounded there.
  await succeeded(client, await client.post('machines', machineCreate({ name: 'm' })));
  expect((await client.delete(made[0] ?? '')).status).toBe(200);
  expect((await client.post('machineTemplates', { name: 'four' })).status).toBe(201);
});

test('Meters: the next one is refused, by itself and with a template, and leaves nothing behind; deleting one makes room', async () => {
  const client = await user('meters');
  const meterConfig = { aspect: 'http://schemas.dmtf.org/cimi/1/aspect/cpu' };
  const machine = String((await made(client, 'machines', machineCreate({ name: 'm' }))).id);
  const create = { resourceURI: 'http://schemas.dmtf.org/cimi/1/MeterCreate', meterTemplate: { meterConfig } };
  const first = await made(client, `${machine}/meters`, create);
  await made(client, `${machine}/meters`, create);
  const words = "the tenant 'meters' may have 2 Meters (quotas.meters): delete Meters that are not needed";
  expectFault(await client.post(`${machine}/meters`, create), 403, words);
  expectFault(await client.post('machines', machineCreate({ name: 'n' }, { meterTemplates: [{ meterConfig }] })), 403, words);
  expect((await client.get('meters')).json.count).toBe(2);
  expect((await client.get('machines')).json.count).toBe(1);
  expect((await client.delete(String(first.id))).status).toBe(200);
  await made(client, `${machine}/meters`, create);
});

test('Jobs: what is refused leaves none, deletes pass, and deleting Jobs makes room', async () => {
  const client = await user('jobs');
  const made: string[] = [];
  for (const name of ['1', '2', '3', '4']) made.push(String((await client.post('machineTemplates', { name })).json.id));
  for (const again of [1, 2]) {
    const beyond = await client.put(made[0] ?? '', { name: `changed ${again}` });
    expectFault(beyond, 403, "the tenant 'jobs' may have 4 Jobs, ended ones too (quotas.jobs): delete Jobs that have ended, or wait");
  }
  expect((await client.get('jobs')).json.count).toBe(4);
  expect((await client.get(made[0] ?? '')).json.name).toBe('1');
  expect((await client.delete(made[0] ?? '')).status).toBe(200);
  for (const job of listOf((await client.get('jobs')).json, 'jobs')) expect((await client.delete(String(job.id))).status).toBe(200);
  expect((await client.post('machineTemplates', { name: 'again' })).status).toBe(201);
});

test('Jobs that have not ended: the third at once waits for its turn, and nothing under way is lost', async () => {
  const client = await user('work');
  const under = await Promise.all(['1', '2'].map((name) => client.post('machines', machineCreate({ name }))));
  expect(under.map(({ status }) => status)).toEqual([202, 202]);
  const beyond = await client.post('machines', machineCreate({ name: '3' }));
  expectFault(beyond, 403, "the tenant 'work' may have 2 Jobs that have not ended (quotas.unfinishedJobs): wait until some have ended");
  expect(beyond.headers.get('retry-after')).toBe('5');
  // What needs no work of a provider ends at once.
  expect((await client.post('machineTemplates', { name: 't' })).status).toBe(201);
  for (const answer of under) await succeeded(client, answer);
  const again = await eventually(async () => {
    const answer = await client.post('machines', machineCreate({ name: '3' }));
    return answer.status === 403 ? undefined : answer;
  });
  await succeeded(client, again);
});

test('bytes: what would be stored beyond them is not; what is there can be made shorter', async () => {
  const client = await user('bytes');
  const long = (size: number) => ({ properties: { k: 'x'.repeat(size) } });
  const first = await client.post('machineTemplates', { name: 'a', ...long(9_000) });
  const second = await client.post('machineTemplates', { name: 'b', ...long(9_000) });
  expect([first.status, second.status]).toEqual([201, 201]);
  const words = "the tenant 'bytes' may have 20000 bytes of resources (quotas.bytes): delete resources, or shorten what they hold";
  expectFault(await client.post('machineTemplates', { name: 'c', ...long(9_000) }), 403, words);
  expectFault(await client.put(String(first.json.id), { name: 'a', ...long(12_000) }), 403, words);
  expect((await client.get(String(first.json.id))).json.properties).toEqual(long(9_000).properties);
  expect((await client.put(String(first.json.id), { name: 'a', ...long(10) })).status).toBe(200);
  expect((await client.post('machineTemplates', { name: 'c', ...long(9_000) })).status).toBe(201);
  expect((await client.delete(String(second.json.id))).status).toBe(200);
});

test('tenants have their quotas each for itself', async () => {
  const client = await user('free');
  for (let at = 0; at < 6; at++)
    expect((await client.post('machineTemplates', { name: `${at}`, properties: { k: 'x'.repeat(9_000) } })).status).toBe(201);
});

test('a Credential beyond the quota is refused before its RSA key is made, and one within it gets its key', async () => {
  const client = await user('keys');
  const made = jest.spyOn(Thread.prototype, 'run');
  const keys = (): number => made.mock.calls.filter(([task]) => task === null).length;
  try {
    const first = await client.post('credentials', { credentialTemplate: { keyType: 'rsa' } });
    expect([first.status, keys()]).toEqual([201, 1]);
    const jobs = (await client.get('jobs')).json.count;
    expectFault(await client.post('credentials', { credentialTemplate: { keyType: 'rsa' } }), 403, 'quotas.resources');
    expect([keys(), (await client.get('credentials')).json.count, (await client.get('jobs')).json.count]).toEqual([1, 1, jobs]);
  } finally {
    made.mockRestore();
  }
});
