import { hashPassword } from '../../src/http/passwords';
import { newToken } from '../../src/http/tokens';
import { EVENT_TYPES } from '../../src/model/event-types';
import { basic, type Client } from '../harness/client';
import { ACTION_URI, machineCreate, made, openScene, pathOf, type Scene } from './scene';

/** Every change and every failed login is an entry of the audit: who, from where, what, and what came of it (5.17.13, access). */
let scene: Scene;
let ann: Client;
const MARK = 'MARKER-4f1d';

beforeAll(async () => {
  scene = await openScene({ config: { access: { required: true }, jobs: { graceMs: 10_000 } } });
  const { access } = scene.gateway.gateway.store;
  const passwordHash = await hashPassword(`${MARK}-right`);
  await access.putPrincipal({ name: 'ann', tenant: 'default', role: 'operator', passwordHash });
  await access.putPrincipal({ name: 'rae', tenant: 'default', role: 'reader', passwordHash });
  ann = scene.client.as(basic('ann', `${MARK}-right`));
});
afterAll(() => scene.close());

const entries = (tenant = 'default') => scene.gateway.gateway.store.auditEntries(tenant, 1_000);
const byRequest = async (id: string, tenant = 'default') =>
  (await entries(tenant)).filter(({ content }) => String(content.detail).includes(`(request ${id})`));
const asked = (id: string) => ({ 'x-request-id': id });

test('a create, an edit, an action and a delete: one entry each, with the Job that each left', async () => {
  const created = await ann.post('machines', machineCreate({ name: 'm' }), asked('q-create'));
  const path = pathOf(ann, created.json.id);
  const edited = await ann.put(`${path}?$select=description`, { description: 'd' }, asked('q-edit'));
  const stopped = await ann.send('POST', path, { json: { action: `${ACTION_URI}stop` }, headers: asked('q-stop') });
  await ann.ended(stopped);
  const deleted = await ann.delete(path, asked('q-delete'));
  const told = async (id: string) =>
    (await byRequest(id)).map(({ type, resource, outcome, job, content }) => ({ type, resource, outcome, job, ...content }));
  const jobOf = ({ headers }: { headers: Headers }) => headers.get('cimi-job-uri')?.split('/').at(-1);
  const common = { type: EVENT_TYPES.access, outcome: 'Success', initiator: 'ann (operator) from 127.0.0.1' };
  expect(await told('q-create')).toEqual([
    { ...common, operation: 'POST', resource: 'machines', job: jobOf(created), detail: `add ${path} (request q-create)` },
  ]);
  expect(await told('q-edit')).toEqual([
    { ...common, operation: 'PUT', resource: path, job: jobOf(edited), detail: `edit ${path} (request q-edit)` },
  ]);
  expect(await told('q-stop')).toEqual([
    { ...common, operation: 'POST', resource: path, job: jobOf(stopped), detail: `stop ${path} (request q-stop)` },
  ]);
  expect(await told('q-delete')).toEqual([
    { ...common, operation: 'DELETE', resource: path, job: jobOf(deleted), detail: `delete ${path} (request q-delete)` },
  ]);
});

test('reads leave none; what is done to a Job leaves its own', async () => {
  const created = await ann.post('machineConfigs', { name: 'c', cpu: 1, memory: 1024 });
  const job = String(created.headers.get('cimi-job-uri'));
  await ann.get(job, asked('q-read'));
  await ann.put(`${job}?$select=name`, { name: 'named' }, asked('q-job-edit'));
  await ann.delete(job, asked('q-job-delete'));
  expect(await byRequest('q-read')).toEqual([]);
  expect((await byRequest('q-job-edit')).map(({ content }) => content.operation)).toEqual(['PUT']);
  expect((await byRequest('q-job-delete')).map(({ resource }) => resource)).toEqual([pathOf(ann, job)]);
});

test('refused changes are entries: by the body, by the role, by what is not there, with the Job that tells why', async () => {
  await ann.post('machineConfigs', { name: 'c', cpu: 'many' }, asked('q-body'));
  await scene.client.as(basic('rae', `${MARK}-right`)).post('machineConfigs', { cpu: 1 }, asked('q-role'));
  await ann.delete('machines/nothing', asked('q-nothing'));
  await ann.delete('no/such/place', asked('q-place'));
  for (const id of ['q-body', 'q-role', 'q-nothing', 'q-place'])
    expect(await byRequest(id)).toEqual([expect.objectContaining({ outcome: 'Failure', job: expect.any(String) as string })]);
  expect((await byRequest('q-body'))[0]?.content).toMatchObject({
    detail: expect.stringMatching(/^add was refused \(400\): cpu/) as string,
  });
  expect((await byRequest('q-role'))[0]?.content).toMatchObject({ initiator: 'rae (reader) from 127.0.0.1' });
  expect((await byRequest('q-place'))[0]).toMatchObject({ resource: 'cloudEntryPoint' });
});

test('failed logins are entries of the tenant whose user it was to be; of nobody known, of no tenant', async () => {
  const { client } = scene;
  await client.as(basic('ann', `${MARK}-wrong`)).get('machines', asked('q-wrong'));
  await client.as(basic(`${MARK}-password-as-name`, 'x')).post('machines', {}, asked('q-unknown'));
  await client.as({ authorization: `Bearer ${newToken()}` }).get('machines', asked('q-token'));
  await client.as({ authorization: `Basic ${MARK}` }).get('cloudEntryPoint', asked('q-unreadable'));
  await client.get('machines', asked('q-none'));
  expect((await byRequest('q-wrong')).map(({ content }) => content)).toEqual([
    {
      ...{ operation: 'GET', initiator: 'ann from 127.0.0.1' },
      detail: 'login failed: the name or the password is wrong (request q-wrong)',
    },
  ]);
  for (const id of ['q-unknown', 'q-token', 'q-unreadable']) {
    expect(await byRequest(id)).toEqual([]);
    expect((await byRequest(id, '')).map(({ content, outcome }) => [content.initiator, outcome])).toEqual([
      ['somebody unknown from 127.0.0.1', 'Failure'],
    ]);
  }
  expect(await byRequest('q-none', '')).toEqual([]);
});

test('nothing secret is in any of them, and all are as they were written', async () => {
  await made(ann, 'credentials', { name: 'c', credentialTemplate: { userName: 'u', password: `${MARK}-credential` } });
  await ann.post('credentials', { credentialTemplate: { password: [`${MARK}-refused`] } });
  await ann.post(`machines?access_token=${MARK}`, { nonsense: 1 });
  const all = JSON.stringify([await entries(), await entries('')]);
  expect(all).toContain('ann (operator)');
  expect(all).not.toContain(MARK);
  expect(all).not.toContain(Buffer.from(MARK).toString('base64').slice(0, 12));
  expect(await scene.gateway.gateway.store.checkAudit()).toMatchObject({ faults: [] });
});
