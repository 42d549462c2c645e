import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { expectFault, listOf, made, openScene, rels, succeeded, type Scene } from '../protocol/scene';
import { hrefOf, inner, reading } from './network-kit';

let scene: Scene;
let network: Json;
const { get, gone } = reading(() => scene.client);
const port = (template: object = {}, more: object = {}) =>
  made(scene.client, 'networkPorts', {
    ...more,
    networkPortTemplate: { network: { href: network.id }, networkPortConfig: {}, ...template },
  });
const associations = async (owner: unknown) => listOf(await get(`${String(owner)}/networkPorts`), 'networkNetworkPorts');

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
  network = await made(scene.client, 'networks', { name: 'owner', networkTemplate: {} });
});
afterAll(() => scene.close());
afterEach(() => scene.control.clearFailures());

describe('creating a NetworkPort (5.16.8.1)', () => {
  test('R5.16.7-01 by value, ACCESS where nothing is said (D027)', async () => {
    const made = await port({}, { name: 'plain' });
    expect(made).toMatchObject({ name: 'plain', state: 'STARTED', portType: 'ACCESS', network: { href: network.id }, cloud: 'sim' });
    const asked = await port({ networkPortConfig: { portType: 'TRUNK', classOfService: 'GOLD' }, initialState: 'STOPPED' });
    expect(asked).toMatchObject({ state: 'STOPPED', portType: 'TRUNK', classOfService: 'GOLD' });
  });

  test('R5.16.9-07 R5.16.8.1-03 R5.16.8.1-05 by reference, and with overrides', async () => {
    const config = await made(scene.client, 'networkPortConfigs', { portType: 'TRUNK', classOfService: 'SILVER' });
    const template = await made(scene.client, 'networkPortTemplates', {
      initialState: 'STOPPED',
      network: { href: network.id },
      networkPortConfig: { href: config.id },
    });
    const same = await made(scene.client, 'networkPorts', { networkPortTemplate: { href: template.id } });
    expect(same).toMatchObject({ state: 'STOPPED', portType: 'TRUNK', classOfService: 'SILVER', network: { href: network.id } });
    const other = await made(scene.client, 'networkPorts', {
      networkPortTemplate: { href: template.id, initialState: 'STARTED', networkPortConfig: { href: config.id, classOfService: 'GOLD' } },
    });
    expect(other).toMatchObject({ state: 'STARTED', portType: 'TRUNK', classOfService: 'GOLD' });
  });

  test('R5.16.9-03 D029: the global Collection needs to be told the network', async () => {
    const before = scene.control.things('port').length;
    expectFault(await scene.client.post('networkPorts', { networkPortTemplate: { networkPortConfig: {} } }), 400, /network/);
    const wrong = (template: object) => scene.client.post('networkPorts', { networkPortTemplate: { networkPortConfig: {}, ...template } });
    expectFault(await wrong({ network: { href: 'networks/none' } }), 400, /no Network at/);
    expectFault(await wrong({ network: { href: 'machineImages/sim.img-debian-12' } }), 400, /a Network is needed/);
    expectFault(await wrong({ network: { href: network.id }, networkPortConfig: { portType: 'USB' } }), 400, /USB/);
    expectFault(await wrong({ network: { href: network.id }, networkPortConfig: { classOfService: 'LEAD' } }), 400, /LEAD/);
    expectFault(await wrong({ network: { href: network.id }, initialState: 'PAUSED' }), 400, /initialState/);
    expect(scene.control.things('port')).toHaveLength(before);
  });

  test('a network that is not there yet, or never came to be, is refused', async () => {
    scene.control.fail({ method: 'networks.create', kind: 'quota', message: 'no more nets' });
    const accepted = await scene.client.post('networks', { name: 'never', networkTemplate: {} }, { prefer: 'respond-async' });
    expect([accepted.status, String((await scene.client.ended(accepted)).statusMessage)]).toEqual([
      202,
      expect.stringContaining('no more nets'),
    ]);
    const { json } = await scene.client.get("networks?$filter=name='never'");
    const [failed] = listOf(json, 'networks');
    const body = { networkPortTemplate: { network: { href: failed?.id }, networkPortConfig: {} } };
    expectFault(await scene.client.post('networkPorts', body), 409, /does not exist at its provider/);
  });

  test('in XML', async () => {
    const xml = `<NetworkPortCreate xmlns="${CIMI}"><name>xml</name><networkPortTemplate><initialState>STOPPED</initialState>
      <network href="${String(network.id)}"/><networkPortConfig><portType>TRUNK</portType></networkPortConfig></networkPortTemplate></NetworkPortCreate>`;
    const answer = await scene.client.send('POST', 'networkPorts', { xml });
    await succeeded(scene.client, answer);
    expect(await get(answer.headers.get('location'))).toMatchObject({ name: 'xml', portType: 'TRUNK', state: 'STOPPED' });
  });
});

describe('start, stop, update, delete (5.16.7.2)', () => {
  test('R5.16.7.2-02 R5.16.7.2-03 R5.16.7.2-05 R5.16.7.2-08 D077: straight between STOPPED and STARTED', async () => {
    const { id } = await port();
    const uri = String(id);
    expect(rels(await get(uri))).toEqual(['edit', 'delete', 'stop']);
    expectFault(await scene.client.act(uri, 'start'), 409, /the state is STARTED/);
    await succeeded(scene.client, await scene.client.act(uri, 'stop'));
    expect((await get(uri)).state).toBe('STOPPED');
    expectFault(await scene.client.act(uri, 'stop'), 409, /the state is STOPPED/);
    await succeeded(scene.client, await scene.client.act(uri, 'start'));
    expect((await get(uri)).state).toBe('STARTED');
  });

  test('type and class change, the network does not', async () => {
    const { id } = await port({}, { name: 'changes' });
    const uri = String(id);
    const to = { portType: 'TRUNK', classOfService: 'GOLD' };
    expect((await scene.client.put(`${uri}?$select=portType,classOfService`, to)).status).toBe(200);
    expect(await get(uri)).toMatchObject(to);
    const other = { network: { href: 'networks/sim.net-default' } };
    expectFault(await scene.client.put(`${uri}?$select=network`, other), 400, /network/);
    expect((await scene.client.put(uri, await get(uri))).status).toBe(200);
    expect(await get(uri)).toMatchObject({ ...to, name: 'changes', network: { href: network.id } });
  });

  test('R5.16.7.2-01 R5.16.8.1-02 R5.16.8-01: it is in both Collections, and leaves both', async () => {
    const { id } = await port({}, { name: 'both' });
    const inGlobal = async () => listOf(await get("networkPorts?$filter=name='both'"), 'networkPorts').map((item) => item.id);
    const inNetwork = async () => (await associations(network.id)).map((item) => hrefOf(item, 'networkPort'));
    expect(await inGlobal()).toEqual([id]);
    expect(await inNetwork()).toContain(id);
    await succeeded(scene.client, await scene.client.delete(String(id)));
    expect(await gone(id)).toBe(true);
    expect(await inGlobal()).toEqual([]);
    expect(await inNetwork()).not.toContain(id);
  });
});

describe("a Network's own Collection (5.16.1.1.1, D011)", () => {
  test('association items as published, without add, each to be read on its own', async () => {
    const { id } = await port();
    const uri = `${String(network.id)}/networkPorts`;
    const all = await get(uri);
    expect(all).toMatchObject({ resourceURI: `${CIMI}/NetworkNetworkPortCollection`, id: uri });
    expect(rels(all)).toEqual([]);
    const item = (await associations(network.id)).find((each) => hrefOf(each, 'networkPort') === String(id));
    expect(item).toMatchObject({ resourceURI: `${CIMI}/NetworkNetworkPort`, networkPort: { href: id } });
    expect(await get(item?.id)).toEqual(item);
    expect(rels(item as Json)).toEqual([]);
    const body = { networkPortTemplate: { networkPortConfig: {} } };
    expectFault(await scene.client.post(uri, body), 405, /nothing can be created in/);
    expectFault(await scene.client.delete(String(item?.id)), 405, /does not support DELETE/);
    expect(await gone(id)).toBe(false);
  });

  test("R5.7-02: an association is its owner's alone", async () => {
    const { id } = await port();
    const key = String(id).split('/').pop();
    expect((await scene.client.get(`${String(network.id)}/networkPorts/${key}`)).status).toBe(200);
    const stranger = await made(scene.client, 'networks', { networkTemplate: {} });
    for (const owner of [String(stranger.id), 'networks/sim.net-default', 'networks/none']) {
      expect((await scene.client.get(`${owner}/networkPorts/${key}`)).status).toBe(404);
    }
    expect((await get(`${String(stranger.id)}/networkPorts`)).count).toBe(0);
    expect((await scene.client.get('networks/none/networkPorts')).status).toBe(404);
  });

  test('$expand shows what it refers to, and the Collection in its Network', async () => {
    const { id } = await port({}, { name: 'seen' });
    const whole = await get(`${String(network.id)}?$expand=networkPorts`);
    const items = listOf(inner(whole, 'networkPorts'), 'networkNetworkPorts');
    expect(items.map((item) => hrefOf(item, 'networkPort'))).toContain(id);
    const expanded = listOf(await get(`${String(network.id)}/networkPorts?$expand=networkPort`), 'networkNetworkPorts');
    expect(expanded.map((item) => String(inner(item, 'networkPort').name))).toContain('seen');
  });
});
