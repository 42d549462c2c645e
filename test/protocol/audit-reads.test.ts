import { hashPassword } from '../../src/http/passwords';
import { EVENT_TYPES } from '../../src/model/event-types';
import { basic, type Client } from '../harness/client';
import { eventually } from '../harness/wait';
import { listOf, made, openScene, pathOf, type Scene } from './scene';

/** Entries of reads, where `audit.reads` asks for them (5.17.13: an access event for every request), out of the way of answers. */
let scene: Scene;
let ann: Client;
const MARK = 'MARKER-7c2e';
const asked = (id: string) => ({ 'x-request-id': id });

beforeAll(async () => {
  scene = await openScene({ config: { access: { required: true }, audit: { reads: true }, jobs: { graceMs: 10_000 } } });
  const { access } = scene.gateway.gateway.store;
  await access.putPrincipal({ name: 'ann', tenant: 'default', role: 'admin', passwordHash: await hashPassword(`${MARK}-pass`) });
  ann = scene.client.as(basic('ann', `${MARK}-pass`));
});
afterAll(() => scene.close());

const entries = () => scene.gateway.gateway.store.auditEntries('default', 10_000);
/** The one entry of a request, once it is written. */
const entryOf = (id: string) =>
  eventually(async () => (await entries()).find(({ content }) => String(content.detail).endsWith(`(request ${id})`)));

test('a read of one, of a list, of metadata and of the entry point, in JSON and XML, by GET and HEAD: one entry each', async () => {
  const config = pathOf(ann, (await made(ann, 'machineConfigs', { name: 'c', cpu: 1, memory: 1024 })).id);
  const before = Date.now();
  const reads = [
    ['GET', config, 'MachineConfiguration'],
    ['GET', 'machineConfigs', 'MachineConfiguration'],
    ['HEAD', config, 'MachineConfiguration'],
    ['GET', 'resourceMetadata/Machine', 'ResourceMetadata'],
    ['GET', 'cloudEntryPoint', 'CloudEntryPoint'],
  ] as const;
  for (const [index, [method, path, type]] of reads.entries()) {
    for (const accept of ['application/json', 'application/xml']) {
      const id = `q-${index}-${accept.length}`;
      expect((await ann.send(method, path, { headers: { accept, ...asked(id) } })).status).toBe(200);
      const entry = await entryOf(id);
      expect(entry).toMatchObject({ type: EVENT_TYPES.access, resource: path, resourceType: type, outcome: 'Success' });
      expect(entry.content).toEqual({
        // A HEAD is a GET of which the body is not sent.
        ...{ operation: 'GET', initiator: 'ann (admin) from 127.0.0.1' },
        detail: `read ${path} (request ${id})`,
      });
      // The time is that of the request, which comes before that of the writing.
      expect(Date.parse(entry.timestamp)).toBeGreaterThanOrEqual(before);
      expect(entry.timestamp <= entry.recorded).toBe(true);
    }
  }
});

test('what was not there, was not asked for rightly, or had not changed, is an entry with its outcome', async () => {
  await ann.get('machines/nothing', asked('q-nothing'));
  await ann.get('no/such/place', asked('q-place'));
  await ann.get("machines?$filter=name='unended", asked('q-filter'));
  const tag = (await ann.get('resourceMetadata/Job')).headers.get('etag') ?? '';
  expect((await ann.get('resourceMetadata/Job', { ...asked('q-same'), 'if-none-match': tag })).status).toBe(304);
  for (const [id, outcome, resource, words] of [
    ['q-nothing', 'Failure', 'machines/nothing', 'read was refused (404)'],
    ['q-place', 'Failure', 'cloudEntryPoint', 'read was refused (404)'],
    ['q-filter', 'Failure', 'machines', 'read was refused (400)'],
    ['q-same', 'Success', 'resourceMetadata/Job', 'read resourceMetadata/Job'],
  ] as const)
    expect(await entryOf(id)).toMatchObject({ outcome, resource, content: { detail: `${words} (request ${id})` } });
});

test('a change leaves its own entry and no other', async () => {
  await ann.post('machineConfigs', { name: 'd', cpu: 1, memory: 1024 }, asked('q-change'));
  await ann.get('jobs', asked('q-after'));
  await entryOf('q-after');
  const own = (await entries()).filter(({ content }) => String(content.detail).includes('q-change'));
  expect(own.map(({ content }) => content.operation)).toEqual(['POST']);
});

test('an admin finds them in the log; those of many reads at once are all there, and the chain is whole', async () => {
  await Promise.all(Array.from({ length: 60 }, (_, n) => ann.get('machineConfigs', asked(`q-many-${n}`))));
  for (let n = 0; n < 60; n++) await entryOf(`q-many-${n}`);
  const [log] = listOf((await ann.get('eventLogs')).json, 'eventLogs');
  const uri = `${pathOf(ann, log?.id)}/events?$filter=type='${EVENT_TYPES.access}' and about='machineConfigs'`;
  expect((await ann.get(uri)).json.count).toBeGreaterThanOrEqual(60);
  expect(await scene.gateway.gateway.store.checkAudit()).toMatchObject({ faults: [] });
});

test('nothing secret is in them: not of a query, a header, a body or a secret that was read', async () => {
  const secret = await made(ann, 'credentials', { name: 'c', credentialTemplate: { userName: 'u', password: `${MARK}-credential` } });
  await ann.get(`${pathOf(ann, secret.id)}?access_token=${MARK}`, { 'x-secret': MARK, ...asked('q-secret') });
  await ann.get(`machines?$filter=name='${MARK}'`, asked('q-query'));
  await ann.get(`machines/x?password=${MARK}`, { cookie: MARK, ...asked('q-cookie') });
  for (const id of ['q-secret', 'q-query', 'q-cookie']) await entryOf(id);
  const all = JSON.stringify(await entries());
  expect(all).not.toContain(MARK);
  expect(all).not.toContain(Buffer.from(MARK).toString('base64').slice(0, 12));
});

test('what was held in memory is written when the gateway stops, and verifies after the next start', async () => {
  const own = await openScene({ config: { audit: { reads: true } } });
  const { dataDir } = own.gateway;
  for (let n = 0; n < 5; n++) await own.client.get('machineConfigs', asked(`q-last-${n}`));
  await own.gateway.stop({ keepData: true });
  const next = await openScene({ dataDir, config: { audit: { reads: true } } });
  const { store } = next.gateway.gateway;
  const found = (await store.auditEntries('default', 100)).filter(({ content }) => String(content.detail).includes('q-last-'));
  expect(found).toHaveLength(5);
  expect(await store.checkAudit()).toMatchObject({ faults: [] });
  await next.close();
});
