import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, machineCreate, made, openScene, rels, succeeded, type Scene } from '../protocol/scene';
import { eventually } from '../harness/wait';
import { hrefOf, inner, reading } from './network-kit';

let scene: Scene;
let network: Json;
const { get, gone, items, metadataOf } = reading(() => scene.client);
const DEFAULT = 'networks/sim.net-default';
const machine = (template: object = {}, more: object = {}) =>
  made(scene.client, 'machines', machineCreate(more, { initialState: 'STOPPED', ...template }));
const interfacesOf = (owner: Json) => items(hrefOf(owner, 'networkInterfaces'), 'machineNetworkInterfaces');
const add = (owner: Json, body: object) => scene.client.post(hrefOf(owner, 'networkInterfaces'), body);
const added = (owner: Json, body: object = { network: { href: network.id } }) =>
  made(scene.client, hrefOf(owner, 'networkInterfaces').replace(scene.client.base, ''), body);
const addressesOf = async (owner: Json) =>
  (await items(hrefOf(owner, 'addresses'), 'machineNetworkInterfaceAddresses')).map((item) => hrefOf(item, 'address'));
const address = (addressTemplate: object = {}) => made(scene.client, 'addresses', { addressTemplate });
const port = (owner: Json = network) =>
  made(scene.client, 'networkPorts', { networkPortTemplate: { network: { href: owner.id }, networkPortConfig: {} } });

beforeAll(async () => {
  const clouds = { sim: simulatedCloud(), two: simulatedCloud() };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, clouds, defaultCloud: 'sim' } });
  network = await made(scene.client, 'networks', { name: 'nets', networkTemplate: { networkConfig: { mtu: 1400 } } });
});
afterAll(() => scene.close());
afterEach(() => scene.control.clearFailures());

describe('interfaces of a machine (5.14.1.1.3)', () => {
  test('R5.14.2.1-02: the first is there by itself, in the default network, with an address', async () => {
    const owner = await machine();
    const [first, ...more] = await interfacesOf(owner);
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      resourceURI: `${CIMI}/MachineNetworkInterface`,
      state: 'ACTIVE',
      network: { href: `${scene.client.base}${DEFAULT}` },
    });
    expect(String(first?.macAddress)).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    expect(await addressesOf(first as Json)).toHaveLength(1);
    expect(await get(first?.id)).toEqual(first);
  });

  test('R5.5.12.1-03 R5.5.12.1-11 D026: added by what it is to be, and deleted with its address', async () => {
    const owner = await machine();
    const answer = await add(owner, { network: { href: network.id } });
    await succeeded(scene.client, answer);
    const nic = await get(answer.headers.get('location'));
    expect(nic).toMatchObject({ state: 'ACTIVE', network: { href: network.id }, mtu: 1400 });
    expect(rels(nic)).toEqual(['edit', 'delete']);
    expect(await interfacesOf(owner)).toHaveLength(2);
    const [own] = await addressesOf(nic);
    expect(await get(own)).toMatchObject({ allocation: 'dynamic', network: { href: network.id }, resource: { href: owner.id } });
    await succeeded(scene.client, await scene.client.delete(String(nic.id)));
    expect([await gone(nic.id), await gone(hrefOf(nic, 'addresses')), await gone(own)]).toEqual([true, true, true]);
    expect(await interfacesOf(owner)).toHaveLength(1);
  });

  test('R5.16.13-01: what users gave it is released with it', async () => {
    const nic = await added(await machine());
    const { id } = await address();
    await succeeded(scene.client, await scene.client.post(hrefOf(nic, 'addresses'), { address: { href: id } }));
    await succeeded(scene.client, await scene.client.delete(String(nic.id)));
    expect((await get(id)).resource).toBeUndefined();
    expect((await get(id)).allocation).toBe('static');
  });

  test('with everything said, also in XML, and while the machine runs', async () => {
    const owner = await machine({ initialState: 'STARTED' });
    const { id } = await port();
    const xml = `<MachineNetworkInterface xmlns="${CIMI}"><network href="${String(network.id)}"/><networkPort href="${String(id)}"/>
      <state>PASSIVE</state><macAddress>02:00:00:00:00:77</macAddress><mtu>1300</mtu></MachineNetworkInterface>`;
    const answer = await scene.client.send('POST', hrefOf(owner, 'networkInterfaces'), { xml });
    await succeeded(scene.client, answer);
    expect(await get(answer.headers.get('location'))).toMatchObject({
      ...{ state: 'PASSIVE', macAddress: '02:00:00:00:00:77', mtu: 1300, network: { href: network.id }, networkPort: { href: id } },
    });
    expectFault(await scene.client.delete(String(id)), 409, /used by/);
  });

  test('R5.14.1.1.3-01: a port of another network is refused, and one that is used', async () => {
    const owner = await machine();
    const one = await port();
    expectFault(await add(owner, { network: { href: DEFAULT }, networkPort: { href: one.id } }), 400, /networkPort.*network/);
    await added(owner, { network: { href: network.id }, networkPort: { href: one.id } });
    expectFault(await add(owner, { network: { href: network.id }, networkPort: { href: one.id } }), 409, /used by/);
    const [first] = await interfacesOf(owner);
    expectFault(await scene.client.put(`${String(first?.id)}?$select=networkPort`, { networkPort: { href: one.id } }), 400, /networkPort/);
    expect((await interfacesOf(owner)).filter(({ state }) => String(state) !== 'ERROR')).toHaveLength(2);
  });

  test('state, MAC address and mtu change; with another network comes another address', async () => {
    const nic = await added(await machine());
    const uri = String(nic.id);
    const to = { state: 'DISABLED', macAddress: '02:00:00:00:00:78', mtu: 1200 };
    expect((await scene.client.put(`${uri}?$select=state,macAddress,mtu`, to)).status).toBe(200);
    expect(await get(uri)).toMatchObject(to);
    const [before] = await addressesOf(nic);
    expect((await scene.client.put(`${uri}?$select=network`, { network: { href: DEFAULT } })).status).toBe(200);
    expect(await get(uri)).toMatchObject({ ...to, network: { href: `${scene.client.base}${DEFAULT}` } });
    expect(await gone(before)).toBe(true);
    const [after] = await addressesOf(nic);
    expect(hrefOf(await get(after), 'network')).toBe(`${scene.client.base}${DEFAULT}`);
    const whole = await get(uri);
    expect((await scene.client.put(uri, whole)).status).toBe(200);
    expect(await get(uri)).toMatchObject({ ...to, network: whole.network });
  });

  test.each([
    ['no network', {}, 400, /network/],
    ['a network that is not there', { network: { href: 'networks/none' } }, 400, /no Network at/],
    ['a machine for a network', { network: { href: 'machines/none' } }, 400, /a Network is needed/],
    ['a state that there is not', { network: { href: DEFAULT }, state: 'ASLEEP' }, 400, /ASLEEP/],
    ['no MAC address', { network: { href: DEFAULT }, macAddress: 'zz' }, 400, /zz/],
    ['an mtu beyond its network', { network: { href: DEFAULT }, mtu: 9000 }, 400, /MTU/i],
    ['a port that is not there', { network: { href: DEFAULT }, networkPort: { href: 'networkPorts/none' } }, 400, /networkPort/],
  ])('%s is refused in words', async (_what, body, status, words) => {
    const owner = await machine();
    expectFault(await add(owner, body), status, words);
    const [first, ...failed] = await interfacesOf(owner);
    expect(failed.map(({ state, ...each }) => [String(state), ...rels(each as Json)])).toEqual(failed.map(() => ['ERROR', 'delete']));
    const { network: to, ...rest } = body as { network?: object };
    if (to === undefined) return;
    const change = Object.keys(rest).length > 0 ? rest : { network: to };
    if ('networkPort' in change) return;
    expectFault(await scene.client.put(`${String(first?.id)}?$select=${Object.keys(change).join(',')}`, change), status, words);
    expect(await get(first?.id)).toEqual(first);
  });

  const ipsOf = async (owner: Json) =>
    Promise.all(
      (await interfacesOf(owner)).map(async (nic) => {
        const ips = await Promise.all((await addressesOf(nic)).map(async (each) => (await get(each)).ip));
        return { network: hrefOf(nic, 'network').split('/').at(-1), state: nic.state, ips: ips.sort() };
      }),
    );

  test('5.14.3, decision 0040: an Address by value is what the interface has from its beginning', async () => {
    const own = (ip: string, more: object = {}) => ({ network: { href: DEFAULT }, addresses: [{ ip }], ...more });
    const networkInterfaces = [own('10.0.40.2'), own('10.0.40.1', { state: 'DISABLED' }), { network: { href: 'networks/sim.net-dmz' } }];
    const shown = await ipsOf(await machine({ networkInterfaces }));
    expect(shown).toHaveLength(3);
    expect(shown).toContainEqual({ network: 'sim.net-default', state: 'ACTIVE', ips: ['10.0.40.2'] });
    expect(shown).toContainEqual({ network: 'sim.net-default', state: 'DISABLED', ips: ['10.0.40.1'] });
    expect(shown).toContainEqual({ network: 'sim.net-dmz', state: 'ACTIVE', ips: [expect.stringMatching(/^10\.1\./) as string] });
  });

  test('a MachineTemplate keeps it, in XML too; the next Machine cannot have it', async () => {
    const xml = `<MachineTemplate xmlns="${CIMI}"><networkInterface><address><ip>10.0.41.1</ip></address>
      <network href="${scene.client.base}${DEFAULT}"/></networkInterface></MachineTemplate>`;
    const answer = await scene.client.send('POST', 'machineTemplates', { xml });
    const href = answer.headers.get('location');
    expect((await get(href)).networkInterfaces).toMatchObject([{ addresses: [{ ip: '10.0.41.1' }] }]);
    const { machineTemplate: base } = machineCreate({}, { initialState: 'STOPPED' }) as { machineTemplate: object };
    const ask = () => scene.client.post('machines', { machineTemplate: { href, ...base } });
    const first = await ask();
    await succeeded(scene.client, first);
    expect(await ipsOf(await get(first.headers.get('location')))).toMatchObject([{ ips: ['10.0.41.1'] }]);
    expectFault(
      await ask(),
      409,
      /networkInterfaces\[0\]\.addresses\[0\].*10\.0\.41\.1 of networks\/sim\.net-default is in use: machines\//,
    );
  });

  test.each([
    [
      'of another block',
      [{ ip: '10.9.0.1' }],
      400,
      /10\.9\.0\.1 is not in networks\/sim\.net-default, whose addresses are 10\.0\.0\.0\/16/,
    ],
    ['that is none', [{ ip: 'web' }], 400, /addresses\[0\]\.ip.*reference to an Address/],
    ['with a name', [{ ip: '10.0.42.1', hostname: 'web' }], 400, /hostname.*decided by the interface's network/],
    ['twice', [{ ip: '10.0.42.1' }, { ip: '10.0.42.1' }], 400, /asked for twice/],
    ['too often', ['1', '2', '3', '4', '5'].map((n) => ({ ip: `10.0.42.${n}` })), 400, /at most 4 addresses/],
  ])('an address %s is refused before anything is made', async (_what, addresses, status, words) => {
    const before = scene.control.instances().length;
    const body = machineCreate({}, { networkInterfaces: [{ network: { href: DEFAULT }, addresses }] });
    expectFault(await scene.client.post('machines', body), status, words);
    expect(scene.control.instances()).toHaveLength(before);
  });

  test('a port has its own addresses, and an Address that is referred to is taken as it is', async () => {
    const { id } = await port();
    const nic = { network: { href: network.id }, networkPort: { href: id }, addresses: [{ ip: '10.0.42.1' }] };
    expectFault(await scene.client.post('machines', machineCreate({}, { networkInterfaces: [nic] })), 400, /has the addresses of its port/);
    const known = { href: (await address()).id, ip: '10.0.42.1' };
    const other = { network: { href: DEFAULT }, addresses: [known] };
    expectFault(await scene.client.post('machines', machineCreate({}, { networkInterfaces: [other] })), 400, /taken as it is/);
  });

  test('an address that the provider finds taken fails the Job in its words, and leaves nothing', async () => {
    const before = scene.control.instances().length;
    scene.control.fail({ method: 'machines.create', kind: 'conflict', message: '10.0.43.1 is in use in net-default' });
    const body = machineCreate({}, { networkInterfaces: [{ network: { href: DEFAULT }, addresses: [{ ip: '10.0.43.1' }] }] });
    expectFault(await scene.client.post('machines', body), 409, /10\.0\.43\.1 is in use in net-default/);
    expect(scene.control.instances()).toHaveLength(before);
  });

  test('a failure at the provider leaves nothing behind', async () => {
    const owner = await machine();
    scene.control.fail({ method: 'interfaces.create', kind: 'quota', message: 'no more nics' });
    expectFault(await add(owner, { network: { href: network.id } }), 403, /no more nics/);
    expect(scene.control.things('nic').filter(({ net }) => net === 'net-none')).toEqual([]);
    const listed = await interfacesOf(owner);
    for (const { id } of listed.slice(1)) await succeeded(scene.client, await scene.client.delete(String(id)));
    expect(await interfacesOf(owner)).toHaveLength(1);
  });

  test("R5.7-02: it is its machine's alone, and goes with it", async () => {
    const [owner, other] = [await machine(), await machine()];
    const nic = await added(owner);
    const key = String(nic.id).split('/').pop() ?? '';
    const [, discovered] = [nic, (await interfacesOf(owner))[0]];
    for (const each of [key, String(discovered?.id).split('/').pop() ?? '']) {
      expect(await gone(`${hrefOf(other, 'networkInterfaces')}/${each}`)).toBe(true);
      expect((await scene.client.delete(`${hrefOf(other, 'networkInterfaces')}/${each}`)).status).toBe(404);
    }
    expect(
      (
        await add({ ...owner, networkInterfaces: { href: 'machines/none/networkInterfaces' } } as unknown as Json, {
          network: { href: DEFAULT },
        })
      ).status,
    ).toBe(404);
    await succeeded(scene.client, await scene.client.delete(String(owner.id)));
    expect([await gone(nic.id), await gone(hrefOf(owner, 'networkInterfaces'))]).toEqual([true, true]);
    expect(await get(network.id)).toMatchObject({ state: 'STARTED' });
  });

  test('a Network that an interface is in is not deleted, nor its ports', async () => {
    const one = await made(scene.client, 'networks', { networkTemplate: {} });
    const used = await port(one);
    const nic = await added(await machine(), { network: { href: one.id } });
    expectFault(await scene.client.delete(String(one.id)), 409, /interface/);
    expect((await get(used.id)).state).toBe('STARTED');
    await succeeded(scene.client, await scene.client.delete(String(nic.id)));
    await succeeded(scene.client, await scene.client.delete(String(one.id)));
    expect([await gone(one.id), await gone(used.id)]).toEqual([true, true]);
  });

  test('$expand, and ResourceMetadata', async () => {
    const owner = await machine();
    const whole = await get(`${String(owner.id)}?$expand=networkInterfaces`);
    expect(listOf(inner(whole, 'networkInterfaces'), 'machineNetworkInterfaces')).toHaveLength(1);
    const names = listOf(await metadataOf('MachineNetworkInterface'), 'attributes').map(({ name }) => String(name));
    expect(names).toEqual(expect.arrayContaining(['addresses', 'network', 'networkPort', 'state', 'macAddress', 'mtu']));
  });
});

describe('MachineTemplate.networkInterfaces (5.14.3, 5.14.2.1)', () => {
  test('D006 D021 D022 by value: as many, where and with what was asked for', async () => {
    const [mine, used] = [await address({ network: { href: network.id } }), await port()];
    const owner = await machine({
      networkInterfaces: [
        { network: { href: network.id }, networkPort: { href: used.id }, state: 'PASSIVE', mtu: 1300, addresses: [{ href: mine.id }] },
        { network: { href: DEFAULT } },
      ],
    });
    const listed = await interfacesOf(owner);
    const isFirst = (nic: Json) => hrefOf(nic, 'network') === String(network.id);
    // They are listed in no particular order.
    const [first, second, ...more] = [...listed.filter(isFirst), ...listed.filter((nic) => !isFirst(nic))];
    expect(more).toEqual([]);
    expect(first).toMatchObject({ state: 'PASSIVE', mtu: 1300, network: { href: network.id }, networkPort: { href: used.id } });
    expect(second).toMatchObject({ state: 'ACTIVE', network: { href: `${scene.client.base}${DEFAULT}` } });
    expect(await addressesOf(first as Json)).toEqual([mine.id]);
    expect(hrefOf(await get(mine.id), 'resource')).toBe(owner.id);
    const [chosen] = await addressesOf(second as Json);
    expect((await get(chosen)).allocation).toBe('dynamic');
    await succeeded(scene.client, await scene.client.delete(String(owner.id)));
    expect([await gone(mine.id), await gone(chosen), await gone(used.id)]).toEqual([false, true, false]);
  });

  test('from a stored template', async () => {
    const template = await made(scene.client, 'machineTemplates', {
      ...{ machineConfig: { href: 'machineConfigs/sim.s1_2enano' }, machineImage: { href: 'machineImages/sim.img-debian-12' } },
      networkInterfaces: [{ network: { href: network.id }, state: 'DISABLED' }],
    });
    const owner = await made(scene.client, 'machines', { machineTemplate: { href: template.id } });
    expect(await interfacesOf(owner)).toMatchObject([{ network: { href: network.id }, state: 'DISABLED' }]);
  });

  test('in XML, with the example form of addresses (D006) in JSON', async () => {
    const [one, two] = [await address(), await address()];
    const xml = `<MachineCreate xmlns="${CIMI}"><machineTemplate><initialState>STOPPED</initialState>
      <machineConfig href="machineConfigs/sim.s1_2enano"/><machineImage href="machineImages/sim.img-debian-12"/>
      <networkInterface><address href="${String(one.id)}"/><network href="${String(network.id)}"/><state>ACTIVE</state></networkInterface>
      </machineTemplate></MachineCreate>`;
    const answer = await scene.client.send('POST', 'machines', { xml });
    await succeeded(scene.client, answer);
    const [nic] = await interfacesOf(await get(answer.headers.get('location')));
    expect(nic).toMatchObject({ network: { href: network.id }, state: 'ACTIVE' });
    expect(await addressesOf(nic as Json)).toEqual([one.id]);
    const owner = await machine({ networkInterfaces: [{ network: { href: network.id }, addresses: [{ address: { href: two.id } }] }] });
    expect(await addressesOf((await interfacesOf(owner))[0] as Json)).toEqual([two.id]);
  });

  test('what cannot be is refused in words before anything is made', async () => {
    const [used, other] = [await address(), await made(scene.client, 'clouds/two/networks', { networkTemplate: {} })];
    const elsewhere = await made(scene.client, 'clouds/two/addresses', { addressTemplate: {} });
    await machine({ networkInterfaces: [{ network: { href: network.id }, addresses: [{ href: used.id }] }] });
    const foreign = await port();
    const before = scene.control.instances().length;
    const post = (...networkInterfaces: object[]) => scene.client.post('machines', machineCreate({}, { networkInterfaces }));
    expectFault(await post({}), 400, /networkInterfaces\[0\]\.network/);
    expectFault(await post({ network: { href: DEFAULT } }, { network: { href: 'networks/none' } }), 400, /networkInterfaces\[1\]\.network/);
    expectFault(await post({ network: { href: network.id }, addresses: [{ href: used.id }] }), 409, /in use/);
    expectFault(await post({ network: { href: network.id }, addresses: [{ href: 'addresses/none' }] }), 400, /addresses/);
    expectFault(await post({ network: { href: DEFAULT }, networkPort: { href: foreign.id } }), 400, /networkPort.*network/);
    expectFault(await post({ network: { href: DEFAULT }, state: 'ASLEEP' }), 400, /ASLEEP/);
    expectFault(await post({ network: { href: other.id } }), 400, /cloud/);
    expectFault(await post({ network: { href: network.id }, addresses: [{ href: elsewhere.id }] }), 400, /cloud/);
    const free = await address();
    const twice = { network: { href: network.id }, addresses: [{ href: free.id }] };
    expectFault(await post(twice, twice), 400, /twice/);
    await eventually(async () => (scene.control.instances().length === before ? true : undefined));
  });

  test('a failure on the way takes everything back', async () => {
    const mine = await address();
    const before = scene.control.instances().length;
    const nics = scene.control.things('nic').length;
    scene.control.fail({ method: 'addresses.bind', kind: 'quota', message: 'no more bindings' });
    const body = machineCreate(
      { name: 'taken-back' },
      { networkInterfaces: [{ network: { href: network.id }, addresses: [{ href: mine.id }] }] },
    );
    expectFault(await scene.client.post('machines', body), 403, /no more bindings/);
    await eventually(async () =>
      scene.control.instances().length === before && scene.control.things('nic').length === nics ? true : undefined,
    );
    expect((await get(mine.id)).resource).toBeUndefined();
    const { json } = await scene.client.get("machines?$filter=name='taken-back'");
    // A create that is answered as failed leaves no resource behind.
    expect(listOf(json, 'machines')).toEqual([]);
  });

  test('interfaces of another cloud are refused', async () => {
    const owner = await machine();
    const other = await made(scene.client, 'clouds/two/networks', { networkTemplate: {} });
    const elsewhere = await made(scene.client, 'clouds/two/addresses', { addressTemplate: {} });
    expectFault(await add(owner, { network: { href: other.id } }), 400, /cannot span two clouds/);
    const [first] = await interfacesOf(owner);
    expectFault(await scene.client.put(`${String(first?.id)}?$select=network`, { network: { href: other.id } }), 400, /another cloud/);
    expectFault(
      await scene.client.post(hrefOf(first as Json, 'addresses'), { address: { href: elsewhere.id } }),
      400,
      /cannot span two clouds/,
    );
  });
});
