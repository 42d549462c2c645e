import { hashPassword } from '../../src/http/passwords';
import type { Values } from '../../src/model/values';
import { CADF_EVENT } from '../../src/model/event-types';
import { describeWith } from '../backends/need';
import { faultsByPycadf, installPycadf, pycadfAvailable } from '../backends/pycadf';
import { basic, type Client, type Json } from '../harness/client';
import { eventually } from '../harness/wait';
import { ACTION_URI, listOf, machineCreate, made, openScene, pathOf, type Scene } from './scene';

/** Entries with CADF's content (`audit.content: cadf`; 5.17.13, DSP0262), as they are kept and as an admin reads them. */
let scene: Scene;
let admin: Client;
let machine: string;
const MARK = 'MARKER-1b9d';
const asked = (id: string) => ({ 'x-request-id': id });

beforeAll(async () => {
  const config = { access: { required: true }, audit: { content: 'cadf', reads: true }, jobs: { graceMs: 10_000 } };
  scene = await openScene({ config });
  const { access } = scene.gateway.gateway.store;
  const passwordHash = await hashPassword(`${MARK}-pass`);
  await access.putPrincipal({ name: 'ada', tenant: 'default', role: 'admin', passwordHash });
  await access.putPrincipal({ name: 'rae', tenant: 'default', role: 'reader', passwordHash });
  admin = scene.client.as(basic('ada', `${MARK}-pass`));
  machine = pathOf(admin, (await made(admin, 'machines', machineCreate({ name: 'm' }))).id);
  await admin.get(machine, asked('q-read'));
  await admin.put(`${machine}?$select=description`, { description: MARK }, asked('q-edit'));
  for (const name of ['stop', 'restart', 'capture'])
    await admin.send('POST', machine, { json: { action: `${ACTION_URI}${name}` }, headers: asked(`q-${name}`) });
  await admin.delete(machine, asked('q-delete'));
  await admin.post('machineConfigs', { cpu: 'many' }, asked('q-refused'));
  await scene.client.as(basic('rae', `${MARK}-pass`)).post('machineConfigs', { cpu: 1 }, asked('q-role'));
  await scene.client.as(basic('ada', `${MARK}-wrong`)).get('machines', asked('q-login'));
  await scene.client.as(basic(`${MARK}-unknown`, 'x')).get('machines', asked('q-stranger'));
});
afterAll(() => scene.close());

const entries = async () => {
  const { store } = scene.gateway.gateway;
  return [...(await store.auditEntries('default', 1_000)), ...(await store.auditEntries('', 1_000))];
};
const isOf = (id: string, content: Values) => JSON.stringify(content.attachments).includes(`(request ${id})`);
const contentOf = (id: string) => eventually(async () => (await entries()).find(({ content }) => isOf(id, content))?.content);
/** The events of the Provider's log that are entries, as an admin reads them. */
const logged = async (accept: string) => {
  const [log] = listOf((await admin.get('eventLogs')).json, 'eventLogs');
  return admin.get(`${pathOf(admin, log?.id)}/events?$filter=type='${CADF_EVENT}'`, { accept });
};

test('each has the fields of DSP0262, with their words', async () => {
  const before = Date.now();
  const id = 'q-fields';
  await admin.post('machineConfigs', { name: 'c', cpu: 1, memory: 1024 }, asked(id));
  const content = await contentOf(id);
  expect(content).toEqual({
    typeURI: 'http://schemas.dmtf.org/cloud/audit/1.0/event',
    id: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/) as string,
    eventType: 'activity',
    // The offset is written out; Z does not stand for it.
    eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/) as string,
    action: 'create',
    outcome: 'success',
    initiator: { typeURI: 'data/security/account/user', id: 'ada', name: 'ada', domain: 'default', host: { address: '127.0.0.1' } },
    target: { typeURI: 'service/cimi/MachineConfiguration', id: 'machineConfigs' },
    observer: { typeURI: 'service/cimi', id: 'cimi-gateway' },
    attachments: [
      {
        ...{ name: 'detail', contentType: 'text/plain', typeURI: 'https://www.iana.org/assignments/media-types/text/plain' },
        content: expect.stringMatching(/^add machineConfigs\/.* \(request q-fields\)$/) as string,
      },
    ],
  });
  expect(Date.parse(String(content.eventTime))).toBeGreaterThanOrEqual(before);
  expect(new Set((await entries()).map((entry) => entry.content.id)).size).toBe((await entries()).length);
});

test.each([
  ['q-read', 'read', 'success', 'service/cimi/Machine', undefined],
  ['q-edit', 'update', 'success', 'service/cimi/Machine', undefined],
  ['q-stop', 'stop', 'success', 'service/cimi/Machine', undefined],
  ['q-delete', 'delete', 'success', 'service/cimi/Machine', undefined],
  ['q-refused', 'create', 'failure', 'service/cimi/MachineConfiguration', '400'],
  ['q-role', 'create', 'failure', 'service/cimi/MachineConfiguration', '403'],
  ['q-login', 'authenticate', 'failure', 'service/cimi/Machine', '401'],
  ['q-stranger', 'authenticate', 'failure', 'service/cimi/Machine', '401'],
])('%s is the action %s with the outcome %s', async (id, action, outcome, typeURI, reasonCode) => {
  const content = await contentOf(id);
  expect(content).toMatchObject({ action, outcome, target: { typeURI } });
  expect(content.reason).toEqual(reasonCode === undefined ? undefined : { reasonType: 'HTTP', reasonCode });
});

test('an action that is none of CADF’s stands below update', async () => {
  for (const [id, action] of [
    ['q-restart', 'update/restart'],
    ['q-capture', 'capture'],
  ] as const)
    expect((await contentOf(id)).action).toBe(action);
});

test('a stranger has neither name nor tenant; a user of whom the login failed has no role to tell', async () => {
  expect((await contentOf('q-stranger')).initiator).toEqual({
    ...{ typeURI: 'data/security/account/user', id: 'unknown', host: { address: '127.0.0.1' } },
  });
  expect((await contentOf('q-login')).initiator).toMatchObject({ id: 'ada', domain: 'default' });
});

test('an Event shows the content as it was written, in JSON', async () => {
  await contentOf('q-edit');
  const events = listOf((await logged('application/json')).json, 'events');
  const event = events.find(({ content }) => isOf('q-edit', content as unknown as Values));
  expect(event).toMatchObject({ type: CADF_EVENT, outcome: 'Success', about: { href: `${scene.gateway.base}${machine}` } });
  expect(event?.severity).toBeUndefined();
  expect(event?.content).toEqual(await contentOf('q-edit'));
  expect(Date.parse(String((event?.content as Json | undefined)?.eventTime)) / 60_000).toBeCloseTo(
    Date.parse(String(event?.timestamp)) / 60_000,
    0,
  );
});

test('and in XML, field by field as elements, in the order of the JSON', async () => {
  const { initiator, target, observer, reason, attachments, ...plain } = await contentOf('q-refused');
  const { text } = await logged('application/xml');
  const inner = (parts: unknown, names: readonly string[]) =>
    names.map((name) => `<${name}>${String((parts as Record<string, unknown>)[name])}</${name}>`).join('');
  const escaped = (words: unknown) => String(words).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const [attachment] = attachments as unknown as Record<string, unknown>[];
  expect(text).toContain(
    `<content>${inner(plain, ['typeURI', 'id', 'eventType', 'eventTime', 'action', 'outcome'])}` +
      `<initiator>${inner(initiator, ['typeURI', 'id', 'name', 'domain'])}<host><address>127.0.0.1</address></host></initiator>` +
      `<target>${inner(target, ['typeURI', 'id'])}</target><observer>${inner(observer, ['typeURI', 'id'])}</observer>` +
      `<reason>${inner(reason, ['reasonType', 'reasonCode'])}</reason>` +
      `<attachments>${inner(attachment, ['name', 'contentType', 'typeURI'])}<content>${escaped(attachment?.content)}</content></attachments></content>`,
  );
});

test('nothing secret is in any of them', async () => {
  const all = JSON.stringify(await entries()) + (await logged('application/json')).text + (await logged('application/xml')).text;
  expect(all).not.toContain(MARK);
  expect(all).not.toContain(Buffer.from(MARK).toString('base64').slice(0, 12));
});

test('entries of both contents stand in one chain, which verifies; a change of either is found', async () => {
  const mixed = await openScene({ config: { audit: { content: 'access', reads: true } } });
  const folder = mixed.gateway.dataDir;
  await mixed.client.post('machineConfigs', { name: 'c', cpu: 1, memory: 1024 });
  await mixed.client.get('machineConfigs');
  await mixed.gateway.stop({ keepData: true });
  const next = await openScene({ dataDir: folder, config: { audit: { content: 'cadf', reads: true } } });
  await next.client.post('machineConfigs', { name: 'd', cpu: 1, memory: 1024 });
  await next.client.get('machineConfigs');
  await next.gateway.stop({ keepData: true });
  const last = await openScene({ dataDir: folder });
  const { store } = last.gateway.gateway;
  const types = (await store.auditEntries('default', 100)).map(({ type }) => type === CADF_EVENT);
  expect(types).toEqual([true, true, false, false]);
  expect(await store.checkAudit()).toMatchObject({ entries: 4, faults: [] });
  await last.close();
});

describeWith('pycadf', pycadfAvailable(), () => {
  beforeAll(() => installPycadf(), 300_000);

  test('finds nothing wrong with any of them', async () => {
    await contentOf('q-read');
    const contents = (await entries()).map(({ content }) => content);
    expect(contents.length).toBeGreaterThan(10);
    expect((await faultsByPycadf(contents)).flat()).toEqual([]);
  });

  test('but with what is no event of CADF', async () => {
    const content = await contentOf('q-edit');
    const { eventTime: _time, ...timeless } = content;
    const faults = await faultsByPycadf([timeless, { ...content, action: 'restart' }, { ...content, eventTime: '2026-11-30T18:00:00Z' }]);
    expect(faults.map((one) => one.length > 0)).toEqual([true, true, true]);
  });
});
