import { hashPassword } from '../../src/http/passwords';
import { basic, type Client, type Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { expectFault, listOf, openScene, type Scene } from './scene';

/** The clouds as resources: an extension of the gateway's own (5.2), which says by its type and namespace that it is one. */
const EXTENSION = 'http://cimi-gateway.org/extension/1';
let scene: Scene;
let ann: Client;
let bob: Client;

async function user(name: string, tenant: string): Promise<Client> {
  const { access } = scene.gateway.gateway.store;
  await access.putPrincipal({ name, tenant, role: 'operator', passwordHash: await hashPassword(`pw-${name}`) });
  return scene.client.as(basic(name, `pw-${name}`));
}

const quick = { guard: { cacheMs: 0, retries: 0 } };

beforeAll(async () => {
  scene = await openScene({
    config: {
      access: { required: true },
      tenants: ['a', 'b'],
      clouds: {
        sim: simulatedCloud({ maxInstances: 9 }, { ...quick, name: 'First', tenants: ['a', 'b'], discoveredTenant: 'a' }),
        own: simulatedCloud({}, { ...quick, tenants: ['b'], mode: 'observe' }),
      },
    },
  });
  ann = await user('ann', 'a');
  bob = await user('bob', 'b');
});
afterAll(() => scene.close());

const cloudsOf = async (client: Client, query = ''): Promise<Json[]> => listOf((await client.get(`clouds${query}`)).json, 'clouds');
const keysOf = async (client: Client, query = ''): Promise<string[]> => (await cloudsOf(client, query)).map(({ key }) => String(key));

test('a tenant sees the clouds that it may use, no others, and the entry point leads to them', async () => {
  expect(await keysOf(ann)).toEqual(['sim']);
  expect((await keysOf(bob)).sort()).toEqual(['own', 'sim']);
  expect(await keysOf(bob, "?$filter=mode='observe'")).toEqual(['own']);
  expectFault(await ann.get('clouds/own'), 404, /there is nothing/);
  expect((await ann.get('cloudEntryPoint')).json.clouds).toEqual({ href: `${scene.client.base}clouds` });
  expect(listOf((await bob.get('clouds/own/clouds')).json, 'clouds').map(({ key }) => String(key))).toEqual(['own']);
});

test('what a cloud is and has is told, in both formats, and asks the cloud for nothing', async () => {
  scene.control.resetCalls();
  const { json, headers } = await ann.get('clouds/sim');
  expect(json).toEqual({
    resourceURI: `${EXTENSION}/Cloud`,
    id: `${scene.client.base}clouds/sim`,
    name: 'First',
    key: 'sim',
    driver: 'simulator',
    mode: 'manage',
    state: 'UNKNOWN',
    resourceTypes: expect.arrayContaining(['http://schemas.dmtf.org/cimi/1/Machine']) as unknown,
    cloudEntryPoint: { href: `${scene.client.base}clouds/sim/cloudEntryPoint` },
  });
  expect((await ann.get('clouds/sim', { 'if-none-match': String(headers.get('etag')) })).status).toBe(304);
  const { text } = await ann.get('clouds/sim', { accept: 'application/xml' });
  expect(text).toContain(`<Cloud xmlns="${EXTENSION}"`);
  expect(text).toContain('<key>sim</key>');
  expect(scene.control.totalCalls()).toBe(0);
});

test('it is announced, and can not be changed', async () => {
  const { json } = await ann.get('resourceMetadata/Cloud');
  expect(json).toMatchObject({ typeURI: `${EXTENSION}/Cloud`, name: 'Cloud' });
  expect(listOf(json, 'attributes').map(({ name }) => String(name))).toEqual(expect.arrayContaining(['key', 'state', 'reason']));
  expect((await ann.post('clouds', { name: 'x' })).status).toBe(405);
  expect((await ann.put('clouds/sim', { name: 'x' })).status).toBe(405);
  expect((await ann.delete('clouds/sim')).status).toBe(405);
});

test('its state is what calls to it show, with the reason in the provider’s words, in the log and among the metrics', async () => {
  const state = async () => (await ann.get('clouds/sim')).json;
  await ann.get('machines');
  const up = await state();
  expect([up.state, up.reason]).toEqual(['UP', undefined]);
  scene.control.fail({ method: '*', kind: 'unavailable', message: 'the power is out', times: 100 });
  for (let asked = 0; asked < 3; asked += 1) await ann.get('machines');
  const down = await state();
  expect([down.state, down.reason]).toEqual(['DOWN', expect.stringContaining('the power is out')]);
  expect(Date.parse(String(down.since))).toBeGreaterThanOrEqual(Date.parse(String(up.since)));
  expect(scene.gateway.logs()).toContainEqual(expect.objectContaining({ msg: 'a cloud does not answer as it should', state: 'DOWN' }));
  scene.control.clearFailures();
  await ann.get('machines');
  expect((await state()).state).toBe('UP');
  expect(scene.gateway.logs()).toContainEqual(expect.objectContaining({ msg: 'a cloud answers again', cloud: 'sim' }));
});

test('quotas that the cloud tells stand beside it in both formats, and are not waited for; they go with its answers', async () => {
  await ann.get('machines');
  const { json, text } = await eventually(async () => {
    const { json: shown } = await ann.get('clouds/sim');
    return shown.quotas === undefined
      ? undefined
      : { json: shown, text: (await ann.get('clouds/sim', { accept: 'application/xml' })).text };
  });
  expect(json.quotas).toEqual([{ of: 'machines', limit: 9, used: 0 }]);
  expect(text).toContain('<quota><of>machines</of><limit>9</limit><used>0</used></quota>');
  expect((await cloudsOf(bob, "?$filter=key='own'"))[0]).not.toHaveProperty('quotas');
  const { json: announced } = await ann.get('resourceMetadata/Cloud');
  expect(listOf(announced, 'attributes').map(({ name }) => String(name))).toContain('quotas');
  scene.control.resetCalls();
  for (let looks = 0; looks < 20; looks += 1) await cloudsOf(ann);
  expect(scene.control.totalCalls()).toBe(0);
  scene.control.fail({ method: '*', kind: 'unavailable', message: 'the power is out', times: 100 });
  for (let asked = 0; asked < 3; asked += 1) await ann.get('machines');
  expect(await cloudsOf(ann)).toEqual([expect.not.objectContaining({ quotas: expect.anything() as unknown })]);
  scene.control.clearFailures();
});
