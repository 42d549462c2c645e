import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { expectFault, listOf, machineCreate, made, openScene, rels, succeeded, type Scene } from '../protocol/scene';
import { hrefOf, inner, reading } from './network-kit';

let scene: Scene;
const { get, gone, items } = reading(() => scene.client);
const DEFAULT = 'networks/sim.net-default';
const address = (addressTemplate: object = {}, more: object = {}) => made(scene.client, 'addresses', { ...more, addressTemplate });
const machine = (template: object = {}) => made(scene.client, 'machines', machineCreate({}, { initialState: 'STOPPED', ...template }));
const firstInterface = async (owner: Json): Promise<Json> => {
  const [first] = await items(hrefOf(owner, 'networkInterfaces'), 'machineNetworkInterfaces');
  if (!first) throw new Error('there is no interface');
  return first;
};
const addressesOf = async (owner: Json) =>
  (await items(hrefOf(owner, 'addresses'), 'machineNetworkInterfaceAddresses')).map((item) => hrefOf(item, 'address'));
const bind = (owner: Json, href: unknown) => scene.client.post(hrefOf(owner, 'addresses'), { address: { href } });

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());
afterEach(() => scene.control.clearFailures());

describe('Addresses that consumers make (5.16.13, 5.16.14)', () => {
  test('R5.16.13-05 D013 D032: static by default, one is chosen where none is named', async () => {
    const one = await address({}, { name: 'mine', properties: { a: '1' } });
    expect(one).toMatchObject({ name: 'mine', properties: { a: '1' }, allocation: 'static', protocol: 'IPv4', cloud: 'sim' });
    expect(String(one.ip)).toMatch(/^\d+(\.\d+){3}$/);
    expect(one.resource).toBeUndefined();
    expect(rels(one)).toEqual(['edit', 'delete']);
    await succeeded(scene.client, await scene.client.delete(String(one.id)));
    expect(await gone(one.id)).toBe(true);
    expect(scene.control.things('address').filter(({ label }) => label === 'mine')).toEqual([]);
  });

  test('R5.16.15-01 from a template, by reference and with overrides', async () => {
    const template = await made(scene.client, 'addressTemplates', {
      ...{ ip: '10.0.99.1', hostname: 'h.example', allocation: 'static', dns: ['10.0.0.2'], protocol: 'IPv4', mask: '255.255.255.0' },
      ...{ defaultGateway: '10.0.99.254', network: { href: DEFAULT } },
    });
    expect(template).toMatchObject({ ip: '10.0.99.1', dns: ['10.0.0.2'] });
    const asked = { ip: '10.0.99.1', hostname: 'h.example', dns: ['10.0.0.2'], mask: '255.255.255.0', defaultGateway: '10.0.99.254' };
    const first = await address({ href: template.id });
    expect(first).toMatchObject(asked);
    expect(hrefOf(first, 'network')).toBe(`${scene.client.base}${DEFAULT}`);
    expectFault(await scene.client.post('addresses', { addressTemplate: { href: template.id } }), 409, /10\.0\.99\.1.*in use/);
    expect(await address({ href: template.id, ip: '10.0.99.2' })).toMatchObject({ ...asked, ip: '10.0.99.2' });
  });

  test('IPv6, also where only the address says so', async () => {
    expect(await address({ ip: 'fd00:0:0::77', network: { href: DEFAULT } })).toMatchObject({ protocol: 'IPv6' });
    const chosen = await address({ protocol: 'IPv6' });
    expect([chosen.protocol, String(chosen.ip).includes(':')]).toEqual(['IPv6', true]);
  });

  test('in XML', async () => {
    const xml = `<AddressCreate xmlns="${CIMI}"><name>xml</name><addressTemplate><hostname>x.example</hostname>
      <network href="${scene.client.base}${DEFAULT}"/></addressTemplate></AddressCreate>`;
    const answer = await scene.client.send('POST', 'addresses', { xml });
    await succeeded(scene.client, answer);
    expect(await get(answer.headers.get('location'))).toMatchObject({ name: 'xml', hostname: 'x.example', allocation: 'static' });
  });

  test.each([
    ['no ip at all', { ip: 'ten' }, /ten/],
    ['an ip of the other protocol', { ip: '10.0.0.77', protocol: 'IPv6' }, /10\.0\.0\.77/],
    ['a protocol that there is not', { protocol: 'IPX' }, /IPX/],
    ['an allocation that there is not', { allocation: 'borrowed' }, /borrowed|allocation/],
    ['a gateway that is no address', { defaultGateway: 'here' }, /here/],
    ['a network that is not there', { network: { href: 'networks/none' } }, /network/],
    ['dns that is no list', { dns: '10.0.0.1' }, /dns/],
  ])('%s is refused in words', async (_what, addressTemplate, words) => {
    const before = scene.control.things('address').length;
    expectFault(await scene.client.post('addresses', { addressTemplate }), 400, words);
    expect(scene.control.things('address')).toHaveLength(before);
  });

  test('hostname, dns and naming change; what identifies it does not, and static stays static (D014)', async () => {
    const { id } = await address({}, { name: 'before' });
    const uri = String(id);
    const to = { name: 'after', hostname: 'n.example', dns: ['9.9.9.9'] };
    expect((await scene.client.put(`${uri}?$select=name,hostname,dns`, to)).status).toBe(200);
    expect(await get(uri)).toMatchObject(to);
    expectFault(await scene.client.put(`${uri}?$select=ip`, { ip: '198.18.0.250' }), 400, /ip/);
    expectFault(await scene.client.put(`${uri}?$select=network`, { network: { href: DEFAULT } }), 400, /network/);
    const whole = await get(uri);
    const back = await scene.client.put(uri, { ...whole, allocation: 'dynamic', resource: { href: DEFAULT } });
    expect(back.status).toBe(200);
    expect(await get(uri)).toMatchObject({ ...to, allocation: 'static' });
    expect((await get(uri)).resource).toBeUndefined();
  });
});

describe('Addresses of interfaces (5.14.1.1.4)', () => {
  test('R5.16.13-01 R5.14.1-03 D012 bind and release: it says who has it, and survives', async () => {
    const owner = await machine();
    const nic = await firstInterface(owner);
    const { id } = await address({}, { name: 'bound' });
    const answer = await bind(nic, id);
    await succeeded(scene.client, answer);
    const item = await get(answer.headers.get('location'));
    expect(item).toMatchObject({ resourceURI: `${CIMI}/MachineNetworkInterfaceAddress`, address: { href: id } });
    expect(hrefOf(await get(id), 'resource')).toBe(owner.id);
    expect(await addressesOf(nic)).toContain(id);
    expectFault(await scene.client.delete(String(id)), 409, /release/);
    expectFault(await bind(nic, id), 409, /used by/);
    await succeeded(scene.client, await scene.client.delete(String(item.id)));
    expect(await gone(item.id)).toBe(true);
    expect(await addressesOf(nic)).not.toContain(id);
    expect((await get(id)).resource).toBeUndefined();
    await succeeded(scene.client, await scene.client.delete(String(id)));
  });

  test('R5.14.2.1-05 R5.5.12-04: a user-made one survives its interface and its machine', async () => {
    const owner = await machine();
    const nic = await firstInterface(owner);
    const { id } = await address({});
    await succeeded(scene.client, await bind(nic, id));
    await succeeded(scene.client, await scene.client.delete(String(owner.id)));
    expect(await gone(owner.id)).toBe(true);
    expect(await get(id)).toMatchObject({ allocation: 'static' });
    expect((await get(id)).resource).toBeUndefined();
    const second = await machine();
    await succeeded(scene.client, await bind(await firstInterface(second), id));
    expect(hrefOf(await get(id), 'resource')).toBe(second.id);
  });

  test('R5.14.2.1-02 R5.14.2.1-03 R5.16.13-03: a provider-made one dies with its machine', async () => {
    const owner = await machine();
    const [own] = await addressesOf(await firstInterface(owner));
    expect(await get(own)).toMatchObject({ allocation: 'dynamic', resource: { href: owner.id } });
    expectFault(await scene.client.delete(String(own)), 409, /release/);
    await succeeded(scene.client, await scene.client.delete(String(owner.id)));
    expect(await gone(own)).toBe(true);
  });

  test('R5.14.2.1-04: and when it is taken from its interface', async () => {
    const nic = await firstInterface(await machine());
    const [item] = await items(hrefOf(nic, 'addresses'), 'machineNetworkInterfaceAddresses');
    const own = hrefOf(item as Json, 'address');
    await succeeded(scene.client, await scene.client.delete(String(item?.id)));
    expect(await gone(own)).toBe(true);
    expect(await addressesOf(nic)).not.toContain(own);
  });

  test('R5.16.13-04 D014: made static, it is kept', async () => {
    const owner = await machine();
    const [own] = await addressesOf(await firstInterface(owner));
    expect((await scene.client.put(`${String(own)}?$select=allocation`, { allocation: 'static' })).status).toBe(200);
    expect((await get(own)).allocation).toBe('static');
    await succeeded(scene.client, await scene.client.delete(String(owner.id)));
    expect(await get(own)).toMatchObject({ allocation: 'static' });
    await succeeded(scene.client, await scene.client.delete(String(own)));
    expect(await gone(own)).toBe(true);
  });

  test('what cannot be bound is refused in words', async () => {
    const nic = await firstInterface(await machine());
    expectFault(await scene.client.post(hrefOf(nic, 'addresses'), {}), 400, /address/);
    expectFault(await bind(nic, 'addresses/none'), 400, /no Address at/);
    expectFault(await bind(nic, DEFAULT), 400, /an Address is needed/);
    const { id } = await address({});
    const elsewhere = await scene.client.post(`${String(nic.id)}x/addresses`, { address: { href: id } });
    expect(elsewhere.status).toBe(404);
    scene.control.fail({ method: 'addresses.bind', kind: 'quota', message: 'no more bindings' });
    expectFault(await bind(nic, id), 403, /no more bindings/);
    expect((await get(id)).resource).toBeUndefined();
  });

  test("R5.7-02: an association is its interface's alone, and carries no row", async () => {
    const [one, two] = [await firstInterface(await machine()), await firstInterface(await machine())];
    const [item] = await items(hrefOf(one, 'addresses'), 'machineNetworkInterfaceAddresses');
    const key = String(item?.id).split('/').pop() ?? '';
    expect(await get(`${hrefOf(one, 'addresses')}/${key}`)).toEqual(item);
    expect(await gone(`${hrefOf(two, 'addresses')}/${key}`)).toBe(true);
    expect((await scene.client.delete(`${hrefOf(two, 'addresses')}/${key}`)).status).toBe(404);
    expect(await scene.gateway.gateway.store.resource(String(item?.id).replace(scene.client.base, ''))).toBeUndefined();
  });

  test('$expand=addresses shows the items, and address what they refer to', async () => {
    const nic = await firstInterface(await machine());
    const whole = await get(`${String(nic.id)}?$expand=addresses`);
    expect(listOf(inner(whole, 'addresses'), 'machineNetworkInterfaceAddresses')).toHaveLength(1);
    const [item] = listOf(await get(`${hrefOf(nic, 'addresses')}?$expand=address`), 'machineNetworkInterfaceAddresses');
    expect(inner(item as Json, 'address')).toMatchObject({ allocation: 'dynamic' });
  });
});
