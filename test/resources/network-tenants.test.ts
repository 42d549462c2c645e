import { hashPassword } from '../../src/http/passwords';
import { CIMI } from '../../src/model/define';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, machineCreate, made, openScene, pathOf, rels, succeeded, type Scene } from '../protocol/scene';
import { hrefOf, reading } from './network-kit';
import { elapse } from '../harness/wait';

/** Scene of two tenants on one account: `a`, to whom what was discovered belongs, and `b`. */
let scene: Scene;
let a: Client;
let b: Client;
/** Things that belong to `b`. */
let own: Record<'network' | 'port' | 'address' | 'group' | 'machine' | 'nic', Json>;
const ofB = reading(() => b);

async function user(name: string, tenant: string): Promise<Client> {
  await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role: 'operator', passwordHash: await hashPassword(`pw-${name}`) });
  return scene.client.as({ authorization: `Basic ${Buffer.from(`${name}:pw-${name}`).toString('base64')}` });
}

beforeAll(async () => {
  scene = await openScene({
    config: {
      access: { required: true },
      tenants: ['a', 'b'],
      jobs: { graceMs: 10_000 },
      clouds: { sim: simulatedCloud({}, { tenants: ['a', 'b'], discoveredTenant: 'a' }) },
    },
  });
  a = await user('ann', 'a');
  b = await user('bob', 'b');
  const network = await made(b, 'networks', { networkTemplate: {} });
  const port = await made(b, 'networkPorts', { networkPortTemplate: { network: { href: network.id }, networkPortConfig: {} } });
  const address = await made(b, 'addresses', { addressTemplate: {} });
  const group = await made(b, 'forwardingGroups', { forwardingGroupTemplate: { networks: [{ href: network.id }] } });
  const template = {
    networkInterfaces: [{ network: { href: network.id }, networkPort: { href: port.id }, addresses: [{ href: address.id }] }],
  };
  const machine = await made(b, 'machines', machineCreate({}, template));
  const [nic] = await ofB.items(hrefOf(machine, 'networkInterfaces'), 'machineNetworkInterfaces');
  own = { network, port, address, group, machine, nic: nic as Json };
});
afterAll(() => scene.close());

test('what one tenant made, and every Collection and association in it, is not there for another', async () => {
  const lists: [string, string][] = [
    [hrefOf(own.network, 'networkPorts'), 'networkNetworkPorts'],
    [hrefOf(own.group, 'networks'), 'forwardingGroupNetworks'],
    [hrefOf(own.machine, 'networkInterfaces'), 'machineNetworkInterfaces'],
    [hrefOf(own.nic, 'addresses'), 'machineNetworkInterfaceAddresses'],
  ];
  const uris = Object.values(own).map(({ id }) => String(id));
  for (const [uri, name] of lists) {
    const items = await ofB.items(uri, name);
    expect([uri, items.length]).toEqual([uri, 1]);
    uris.push(uri, ...items.map(({ id }) => String(id)));
  }
  for (const uri of uris) {
    expect([uri, (await a.get(uri)).status]).toEqual([uri, 404]);
    expect([uri, (await a.delete(uri)).status]).toEqual([
      uri,
      uri.match(/\/(networkPorts|networks|networkInterfaces|addresses)$|\/networks\/[^/]+\/networkPorts\//) ? 405 : 404,
    ]);
  }
  const body = { network: { href: own.network.id }, address: { href: own.address.id } };
  for (const [uri] of lists.slice(1)) expect([uri, (await a.post(uri, body)).status]).toEqual([uri, 404]);
  for (const collection of ['networks', 'networkPorts', 'addresses', 'forwardingGroups']) {
    const listed = listOf((await a.get(collection)).json, collection).map(({ id }) => String(id));
    expect(listed.filter((id) => uris.includes(id))).toEqual([]);
  }
});

test('nor under ids worked out from what the provider calls it', async () => {
  const keys = (['net', 'port', 'address', 'router', 'nic'] as const).map((kind) => scene.control.things(kind).map(({ id }) => id));
  const [nets = [], ports = [], addresses = [], routers = []] = keys;
  const theirs = [
    ...nets.filter((id) => !/-(default|dmz|public)$/.test(id)).map((id) => `networks/sim.${id}`),
    ...ports.map((id) => `networkPorts/sim.${id}`),
    ...addresses.map((id) => `addresses/sim.${id}`),
    ...routers.filter((id) => id !== 'router-internal').map((id) => `forwardingGroups/sim.${id}`),
  ];
  expect(theirs.length).toBeGreaterThanOrEqual(4);
  const seen = [];
  for (const uri of theirs) if ((await a.get(uri)).status !== 404) seen.push(uri);
  expect(seen).toEqual([]);
});

test('and cannot be referred to', async () => {
  const mine = await made(a, 'networks', { networkTemplate: {} });
  const host = await made(a, 'machines', machineCreate());
  const [nic] = await reading(() => a).items(hrefOf(host, 'networkInterfaces'), 'machineNetworkInterfaces');
  const network = { href: own.network.id };
  const refused: [string, object][] = [
    ['networks', { networkTemplate: { forwardingGroup: { href: own.group.id } } }],
    ['networkPorts', { networkPortTemplate: { network, networkPortConfig: {} } }],
    ['addresses', { addressTemplate: { network } }],
    ['forwardingGroups', { forwardingGroupTemplate: { networks: [{ href: mine.id }, network] } }],
    ['machines', machineCreate({}, { networkInterfaces: [{ network }] })],
    ['machines', machineCreate({}, { networkInterfaces: [{ network: { href: mine.id }, addresses: [{ href: own.address.id }] }] })],
    [pathOf(a, hrefOf(host, 'networkInterfaces')), { network }],
    [pathOf(a, hrefOf(nic as Json, 'addresses')), { address: { href: own.address.id } }],
  ];
  for (const [collection, body] of refused) expectFault(await a.post(collection, body), 400, /there is no/);
  expectFault(await a.put(`${String(nic?.id)}?$select=network`, { network }), 400, /there is no/);
});

test('networks that the provider offers to everybody are there for everybody', async () => {
  for (const client of [a, b]) {
    expect((await client.get('networks/sim.net-default')).json.name).toBe('default');
    const { json } = await client.get("networks?$filter=name='public'");
    expect(json.count).toBe(1);
  }
});

test('what was found and not made can be used, switched and deleted by whom it belongs to', async () => {
  const base = { label: 'found', note: null, labels: {}, madeAt: Date.now(), tag: null, token: null };
  const timeline = [{ phase: 'up', from: 0 }];
  scene.control.add([
    {
      ...base,
      kind: 'net',
      id: 'net-found',
      builtin: false,
      reach: 'private',
      block: 200,
      mtu: 1500,
      quality: null,
      router: 'router-found',
      timeline,
    },
    { ...base, kind: 'router', id: 'router-found', builtin: false },
    { ...base, kind: 'port', id: 'port-found', net: 'net-found', mode: 'access', quality: 'GOLD', timeline },
  ]);
  await elapse(300);
  const { get, items, gone } = reading(() => a);
  const network = await get('networks/sim.net-found');
  expect(network).toMatchObject({
    name: 'found',
    state: 'STARTED',
    forwardingGroup: { href: `${a.base}forwardingGroups/sim.router-found` },
  });
  expect(rels(network)).toEqual(['edit', 'delete', 'stop']);
  expect((await b.get('networks/sim.net-found')).status).toBe(404);
  await succeeded(a, await a.act('networks/sim.net-found', 'stop'));
  expect((await get('networks/sim.net-found')).state).toBe('STOPPED');
  const [port] = await items('networks/sim.net-found/networkPorts', 'networkNetworkPorts');
  expect(hrefOf(port as Json, 'networkPort')).toBe(`${a.base}networkPorts/sim.port-found`);
  const [member] = await items('forwardingGroups/sim.router-found/networks', 'forwardingGroupNetworks');
  await succeeded(a, await a.delete(String(member?.id)));
  expect(await items('forwardingGroups/sim.router-found/networks', 'forwardingGroupNetworks')).toEqual([]);
  await succeeded(a, await a.delete('forwardingGroups/sim.router-found'));
  await succeeded(a, await a.delete('networks/sim.net-found'));
  const all = ['networks/sim.net-found', 'networkPorts/sim.port-found', 'forwardingGroups/sim.router-found'];
  expect(await Promise.all(all.map(gone))).toEqual([true, true, true]);
});

test('what is only shared with a tenant is added to none of its Systems, whose deletion would take it away (5.13.1)', async () => {
  const componentDescriptors = [{ name: 'mine', type: `${CIMI}/Network`, networkTemplate: {} }];
  const system = await made(b, 'systems', { systemTemplate: { componentDescriptors } });
  const shared = { network: { href: 'networks/sim.net-public' } };
  expect((await b.get(shared.network.href)).status).toBe(200);
  expectFault(await b.post(hrefOf(system, 'networks'), shared), 403, /is shared with tenant 'b', which does not own it/);
  expect(await ofB.items(hrefOf(system, 'networks'), 'systemNetworks')).toHaveLength(1);
  await succeeded(b, await b.delete(String(system.id)));
  expect((await b.get(shared.network.href)).json.state).toBe('STARTED');
});
