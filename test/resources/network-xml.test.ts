import { schemaFaults } from '../codec/mended-schema';
import type { Json } from '../harness/client';
import { machineCreate, made, openScene, type Scene } from '../protocol/scene';
import { hrefOf, reading } from './network-kit';

let scene: Scene;
const { items } = reading(() => scene.client);

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());

test('R5.16.1-03 R5.16.3-06 R5.16.7-02 R5.16.9-08 R5.16.13-06 R5.16.15-02 R5.16.17-04 R5.16.19-02: what XML clients get is valid, and expanded too', async () => {
  const { client } = scene;
  const common = { name: 'x', description: 'd', properties: { a: '1' } };
  const config = await made(client, 'networkConfigs', { ...common, networkType: 'PRIVATE', mtu: 1400, classOfService: 'GOLD' });
  const portConfig = await made(client, 'networkPortConfigs', { ...common, portType: 'TRUNK', classOfService: 'GOLD' });
  const group = await made(client, 'forwardingGroups', { ...common, forwardingGroupTemplate: { networks: [] } });
  const template = { initialState: 'STARTED', networkConfig: { href: config.id }, forwardingGroup: { href: group.id } };
  const network = await made(client, 'networks', { ...common, networkTemplate: template });
  const toNetwork = { href: network.id };
  const portTemplate = { initialState: 'STOPPED', network: toNetwork, networkPortConfig: { href: portConfig.id } };
  const port = await made(client, 'networkPorts', { ...common, networkPortTemplate: portTemplate });
  const used = await made(client, 'networkPorts', { networkPortTemplate: { network: toNetwork, networkPortConfig: {} } });
  const addressTemplate = { ip: '10.0.99.1', hostname: 'h', allocation: 'static', dns: ['10.0.0.2'], protocol: 'IPv4', network: toNetwork };
  const address = await made(client, 'addresses', { ...common, addressTemplate });
  const nics = [{ network: toNetwork, networkPort: { href: used.id }, state: 'PASSIVE', mtu: 1300, addresses: [{ href: address.id }] }];
  const machine = await made(client, 'machines', machineCreate(common, { networkInterfaces: nics }));
  const [nic] = await items(hrefOf(machine, 'networkInterfaces'), 'machineNetworkInterfaces');
  const [bound] = await items(hrefOf(nic as Json, 'addresses'), 'machineNetworkInterfaceAddresses');
  const [joined] = await items(hrefOf(group, 'networks'), 'forwardingGroupNetworks');
  const [inNetwork] = await items(hrefOf(network, 'networkPorts'), 'networkNetworkPorts');
  const stored = [
    await made(client, 'networkTemplates', { ...common, ...template }),
    await made(client, 'networkTemplates', { networkConfig: { networkType: 'PUBLIC', mtu: 1200 } }),
    await made(client, 'networkPortTemplates', { ...common, ...portTemplate }),
    await made(client, 'addressTemplates', { ...common, ...addressTemplate, mask: '255.255.0.0', defaultGateway: '10.0.0.1' }),
    await made(client, 'forwardingGroupTemplates', { ...common, networks: [toNetwork] }),
    await made(client, 'machineTemplates', { machineConfig: { href: 'machineConfigs/sim.s1_2enano' }, networkInterfaces: nics }),
  ];
  const single = [config, portConfig, group, network, port, address, nic, bound, joined, inNetwork, ...stored].map((each) =>
    String(each?.id),
  );
  const collections = [
    ...['networks', 'networkTemplates', 'networkConfigs', 'networkPorts', 'networkPortTemplates', 'networkPortConfigs'],
    ...['addresses', 'addressTemplates', 'forwardingGroups', 'forwardingGroupTemplates'],
    ...[hrefOf(network, 'networkPorts'), hrefOf(group, 'networks'), hrefOf(machine, 'networkInterfaces'), hrefOf(nic as Json, 'addresses')],
  ];
  const documents: Record<string, string> = {};
  for (const uri of [...single, ...collections, ...[network, group, nic, machine].map((each) => `${String(each?.id)}?$expand=*`)]) {
    const answer = await client.get(uri, { accept: 'application/xml' });
    expect([uri, answer.status]).toEqual([uri, 200]);
    documents[uri.replace(client.base, '')] = answer.text;
  }
  expect(Object.keys(documents).length).toBeGreaterThan(30);
  expect(schemaFaults(documents)).toEqual({});
});
