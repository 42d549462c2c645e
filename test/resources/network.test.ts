import { CIMI } from '../../src/model/define';
import { expectFault, listOf, made, openScene, rels, succeeded, type Scene, leftByFailed } from '../protocol/scene';
import { eventually } from '../harness/wait';
import { capability as valueOf, hrefOf, reading } from './network-kit';

let scene: Scene;
const { get, metadataOf } = reading(() => scene.client);
const network = (networkTemplate: object = {}, more: object = {}) =>
  made(scene.client, 'networks', { resourceURI: `${CIMI}/NetworkCreate`, ...more, networkTemplate });
const stored = (collection: string, body: object) => made(scene.client, collection, body);
const net = (id: unknown) => scene.control.things('net').find(({ label }) => label === id);

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());
afterEach(() => {
  scene.control.clearFailures();
  scene.control.resetSettings();
});

describe('creating a Network (5.16.2.1)', () => {
  test('R5.16.1-02 R5.5.12.1-05 by value: what was asked for, PRIVATE where nothing was (D028)', async () => {
    const plain = await network({}, { name: 'plain', description: 'd', properties: { a: '1' } });
    expect(plain).toMatchObject({ name: 'plain', description: 'd', properties: { a: '1' }, networkType: 'PRIVATE', cloud: 'sim' });
    const config = { networkType: 'PUBLIC', mtu: 9000, classOfService: 'GOLD' };
    const asked = await network({ networkConfig: config }, { name: 'asked' });
    expect(asked).toMatchObject(config);
    expect(net('asked')).toMatchObject({ reach: 'public', mtu: 9000, quality: 'GOLD' });
    expect(hrefOf(asked, 'networkPorts')).toBe(`${String(asked.id)}/networkPorts`);
    expect(hrefOf(asked, 'meters')).toBe(`${String(asked.id)}/meters`);
  });

  test('R5.5.12.1-06 R5.16.3-05 by reference, and by reference with overrides and erasures', async () => {
    const config = await stored('networkConfigs', { name: 'c', networkType: 'PUBLIC', mtu: 1400, classOfService: 'GOLD' });
    const template = await stored('networkTemplates', { name: 't', initialState: 'STOPPED', networkConfig: { href: config.id } });
    expect(template).toMatchObject({ initialState: 'STOPPED', networkConfig: { href: config.id } });
    const same = await network({ href: template.id });
    expect(same).toMatchObject({ state: 'STOPPED', networkType: 'PUBLIC', mtu: 1400, classOfService: 'GOLD' });
    const other = await network({ href: template.id, initialState: 'STARTED', networkConfig: { href: config.id, mtu: 1300 } });
    expect(other).toMatchObject({ state: 'STARTED', networkType: 'PUBLIC', mtu: 1300, classOfService: 'GOLD' });
    const erased = await network({ href: template.id, initialState: null });
    expect(erased.state).toBe('STARTED');
    expect((await get(template.id)).initialState).toBe('STOPPED');
    await succeeded(scene.client, await scene.client.delete(String(template.id)));
    expect((await get(same.id)).state).toBe('STOPPED');
  });

  test("a configuration of the provider's, which cannot be changed", async () => {
    const { json } = await scene.client.get("networkConfigs?$filter=name='Private network for storage'");
    const [plan] = listOf(json, 'networkConfigurations');
    expect(plan).toMatchObject({ networkType: 'PRIVATE', mtu: 9000, classOfService: 'GOLD' });
    expect(await network({ networkConfig: { href: plan?.id } })).toMatchObject({ networkType: 'PRIVATE', mtu: 9000 });
    expectFault(await scene.client.delete(String(plan?.id)), 409, /cannot be changed/);
  });

  test('R5.16.2.1-02 R5.16.2.1-04: initialState, else DefaultInitialState of ResourceMetadata', async () => {
    expect((await network({ initialState: 'STOPPED' })).state).toBe('STOPPED');
    expect((await network({ initialState: 'STARTED' })).state).toBe('STARTED');
    const metadata = await metadataOf('Network');
    expect(valueOf(metadata, 'DefaultInitialState')).toBe('STARTED');
    expect(valueOf(metadata, 'InitialStates')).toEqual(['STARTED', 'STOPPED']);
    expect((await network()).state).toBe('STARTED');
  });

  test.each([
    ['a state that no action leads to', { initialState: 'PAUSED' }, /initialState/],
    ['an mtu that is no number', { networkConfig: { mtu: 'big' } }, /mtu/],
    ['a negative mtu', { networkConfig: { mtu: -1 } }, /mtu|MTU/i],
    ['an mtu beyond the constraint', { networkConfig: { mtu: 100_000 } }, /mtu|MTU/i],
    ['a type that there is not', { networkConfig: { networkType: 'SECRET' } }, /SECRET/],
    ['a class that there is not', { networkConfig: { classOfService: 'LEAD' } }, /LEAD/],
    ['a configuration that is not there', { networkConfig: { href: 'networkConfigs/none' } }, /networkConfig/],
    ['a network as the configuration', { networkConfig: { href: 'networks/sim.net-default' } }, /NetworkConfiguration/],
    ['a group that is not there', { forwardingGroup: { href: 'forwardingGroups/none' } }, /forwardingGroup/],
    ['an attribute that there is not', { colour: 'red' }, /colour/],
  ])('R5.16.2.1-05: %s is refused in words, and nothing is left', async (_what, networkTemplate, words) => {
    const before = scene.control.things('net').length;
    const answer = await scene.client.post('networks', { networkTemplate });
    expectFault(answer, 400, words);
    expect(scene.control.things('net')).toHaveLength(before);
  });

  test('R5.16.2.1-01: without a template it is refused', async () => {
    expectFault(await scene.client.post('networks', { name: 'x' }), 400, /networkTemplate/);
  });

  test('R5.16.2.1-05: an initial state that cannot be reached leaves nothing here and nothing at the provider', async () => {
    scene.control.fail({ method: 'networks.stop', kind: 'quota', message: 'no more stops' });
    const before = scene.control.things('net').length;
    const answer = await scene.client.post('networks', { name: 'unreached', networkTemplate: { initialState: 'STOPPED' } });
    expectFault(answer, 403, /no more stops/);
    await eventually(async () => (scene.control.things('net').length === before ? true : undefined));
    await leftByFailed(scene.client, answer);
    expect((await scene.client.get("networks?$filter=name='unreached'")).json.count).toBe(0);
  });

  test('in XML', async () => {
    const xml = `<NetworkCreate xmlns="${CIMI}"><name>xml</name><networkTemplate><initialState>STOPPED</initialState>
      <networkConfig><mtu>1280</mtu></networkConfig></networkTemplate></NetworkCreate>`;
    const answer = await scene.client.send('POST', 'networks', { xml });
    await succeeded(scene.client, answer);
    expect(await get(answer.headers.get('location'))).toMatchObject({ name: 'xml', state: 'STOPPED', mtu: 1280 });
  });
});

describe('start and stop (5.16.1.2)', () => {
  test('R5.16.1.2-01 R5.16.1.2-03 R5.16.1.2-05 R5.16.1.2-08: end where they lead, 409 in the wrong state', async () => {
    const { id } = await network({}, { name: 'switched' });
    const uri = String(id);
    expect(rels(await get(uri))).toEqual(['edit', 'delete', 'stop']);
    expectFault(await scene.client.act(uri, 'start'), 409, /STOPPED; the state is STARTED/);
    const job = await succeeded(scene.client, await scene.client.act(uri, 'stop'));
    expect(job).toMatchObject({ action: `${CIMI}/action/stop`, targetResource: { href: uri } });
    expect([(await get(uri)).state, rels(await get(uri))]).toEqual(['STOPPED', ['edit', 'delete', 'start']]);
    expectFault(await scene.client.act(uri, 'stop'), 409, /STARTED; the state is STOPPED/);
    await succeeded(scene.client, await scene.client.act(uri, 'start'));
    expect((await get(uri)).state).toBe('STARTED');
    expectFault(await scene.client.act(uri, 'pause'), 400, /pause/);
  });

  test('R5.16.1.2-02 R5.16.1.2-07: STARTING and STOPPING meanwhile', async () => {
    const { id } = await network();
    scene.control.set({
      delays: { create: 30, start: 1500, stop: 1500, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 },
    });
    for (const [name, shows, end] of [
      ['stop', 'STOPPING', 'STOPPED'],
      ['start', 'STARTING', 'STARTED'],
    ] as const) {
      const pending = scene.client.act(String(id), name);
      const seen = await eventually(async () => {
        const now = await get(id);
        return now.state === (shows as never) ? now : undefined;
      });
      expect(rels(seen)).not.toContain('edit');
      expectFault(await scene.client.act(String(id), name), 409, /jobs\//);
      await succeeded(scene.client, await pending);
      expect((await get(id)).state).toBe(end);
    }
  });

  test('an XML Action does the same', async () => {
    const { id } = await network();
    const xml = `<Action xmlns="${CIMI}"><action>${CIMI}/action/stop</action></Action>`;
    await succeeded(scene.client, await scene.client.send('POST', String(id), { xml }));
    expect((await get(id)).state).toBe('STOPPED');
  });
});

describe('update and delete', () => {
  test('R5.16.1-02: type, mtu, class and naming change at the provider; state and group do not', async () => {
    const { id } = await network({}, { name: 'before' });
    const uri = String(id);
    const body = { mtu: 1450, classOfService: 'SILVER', name: 'after' };
    expect((await scene.client.put(`${uri}?$select=mtu,classOfService,name`, body)).status).toBe(200);
    expect(await get(uri)).toMatchObject(body);
    expect(net('after')).toMatchObject({ mtu: 1450, quality: 'SILVER' });
    const whole = await get(uri);
    expect(
      (await scene.client.put(uri, { ...whole, state: 'STOPPED', networkType: 'PUBLIC', forwardingGroup: { href: 'x' } })).status,
    ).toBe(200);
    expect(await get(uri)).toMatchObject({ state: 'STARTED', networkType: 'PUBLIC', mtu: 1450 });
    expect((await get(uri)).forwardingGroup).toBeUndefined();
    expectFault(await scene.client.put(`${uri}?$select=mtu`, { mtu: 10 }), 400, /MTU/i);
    expect((await get(uri)).mtu).toBe(1450);
  });

  test("the provider's own networks are seen, used and left as they are", async () => {
    const uri = 'networks/sim.net-default';
    const before = await get(uri);
    expect(before).toMatchObject({ name: 'default', state: 'STARTED', networkType: 'PRIVATE' });
    expect(rels(before)).toEqual([]);
    expectFault(await scene.client.delete(uri), 409, /provider/);
    expectFault(await scene.client.put(`${uri}?$select=mtu`, { mtu: 1000 }), 409, /provider/);
    expectFault(await scene.client.act(uri, 'stop'), 409, /provider/);
    expect(await get(uri)).toEqual(before);
  });

  test('R5.16.1.1.1-02 R5.16.1.1.1-03: with a Network its ports and its Collections go', async () => {
    const owner = await network({}, { name: 'with-ports' });
    const { id } = owner;
    const ports = [];
    for (const name of ['a', 'b']) {
      ports.push(await made(scene.client, 'networkPorts', { name, networkPortTemplate: { network: { href: id }, networkPortConfig: {} } }));
    }
    await succeeded(scene.client, await scene.client.delete(String(id)));
    const gone = [id, hrefOf(owner, 'networkPorts'), ...ports.map((port) => port.id)];
    expect(await Promise.all(gone.map(async (uri) => (await scene.client.get(String(uri))).status))).toEqual([404, 404, 404, 404]);
    expect(scene.control.things('port').filter(({ label }) => label === 'a' || label === 'b')).toEqual([]);
    expect(net('with-ports')).toBeUndefined();
  });

  test('R5.7-01: a Network that an Address is of is not deleted, and says so', async () => {
    const { id } = await network();
    const address = await made(scene.client, 'addresses', { addressTemplate: { network: { href: id } } });
    expectFault(await scene.client.delete(String(id)), 409, /address/i);
    expect(await get(id)).toMatchObject({ state: 'STARTED' });
    await succeeded(scene.client, await scene.client.delete(String(address.id)));
    await succeeded(scene.client, await scene.client.delete(String(id)));
    expect((await scene.client.get(String(id))).status).toBe(404);
  });
});

describe('ResourceMetadata', () => {
  test('R5.16.3-01 R5.16.3-02 R5.16.1-02: is true of the cloud', async () => {
    const metadata = await metadataOf('Network');
    expect(valueOf(metadata, 'NetworkConfigByValue')).toBe(true);
    expect(valueOf(metadata, 'NetworkTemplateByValue')).toBe(true);
    const mtu = listOf(metadata, 'attributes').find(({ name }) => String(name) === 'mtu');
    expect(JSON.stringify(mtu)).toMatch(/576.*9216/);
    expect(
      listOf(metadata, 'actions')
        .map(({ name }) => String(name))
        .sort(),
    ).toEqual(['add', 'delete', 'edit', 'start', 'stop']);
  });
});
