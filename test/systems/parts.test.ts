import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { expectFault, IMAGE, listOf, made, NANO, openScene, pathOf, succeeded, type Scene } from '../protocol/scene';
import { eventually } from '../harness/wait';

/** Systems of more than Machines: volumes, networks and what leads there. */
let scene: Scene;
beforeEach(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterEach(() => scene.close());

const of = (type: string, name: string, template: object, more: object = {}) => ({
  name,
  type: `${CIMI}/${type}`,
  [`${(type[0] ?? '').toLowerCase()}${type.slice(1)}Template`]: template,
  ...more,
});
const machine = (name: string, more: object = {}) =>
  of('Machine', name, { machineConfig: { href: NANO }, machineImage: { href: IMAGE }, ...more });
const volume = (name: string) => of('Volume', name, { volumeConfig: { capacity: 1_000_000 } });
const body = (componentDescriptors: object[]) => ({
  resourceURI: `${CIMI}/SystemCreate`,
  name: 'shop',
  systemTemplate: { componentDescriptors },
});

async function items(system: Json, attribute: string, reference: string): Promise<string[]> {
  const { json } = await scene.client.get(`${String(system.id)}/${attribute}`);
  const name = `system${(attribute[0] ?? '').toUpperCase()}${attribute.slice(1)}`;
  return listOf(json, name).map((item) => pathOf(scene.client, (item[reference] as { href?: string } | undefined)?.href));
}

const kinds = () => (['instance', 'volume'] as const).flatMap((kind) => scene.control.things(kind)).length;

test('#name between Machines, Volumes, Networks, ports and forwarding groups, each made after what it needs', async () => {
  const before = scene.control.things('net').length;
  const system = await made(
    scene.client,
    'systems',
    body([
      machine('web', {
        volumes: [{ volume: { href: '#data' }, initialLocation: '/dev/sdf' }],
        networkInterfaces: [{ network: { href: '#front' } }],
      }),
      of('NetworkPort', 'port', { network: { href: '#front' } }),
      of('ForwardingGroup', 'routes', { networks: [{ href: '#front' }] }),
      volume('data'),
      of('Network', 'front', { networkConfig: { networkType: 'PRIVATE' } }),
    ]),
  );
  expect(system.state).toBe('STARTED');
  const [web] = await items(system, 'machines', 'machine');
  const [data] = await items(system, 'volumes', 'volume');
  const [front] = await items(system, 'networks', 'network');
  const attached = listOf((await scene.client.get(`${web ?? ''}/volumes`)).json, 'machineVolumes');
  expect(attached.map((item) => pathOf(scene.client, (item.volume as { href?: string } | undefined)?.href))).toEqual([data]);
  const interfaces = listOf((await scene.client.get(`${web ?? ''}/networkInterfaces`)).json, 'machineNetworkInterfaces');
  expect(interfaces.map((item) => pathOf(scene.client, (item.network as { href?: string } | undefined)?.href))).toContain(front);
  expect(await items(system, 'networkPorts', 'networkPort')).toHaveLength(1);
  expect(await items(system, 'forwardingGroups', 'forwardingGroup')).toHaveLength(1);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
  expect(kinds()).toBe(0);
  expect(scene.control.things('net')).toHaveLength(before);
});

test('5.13.2.1 a Volume made by a MachineTemplate is the System’s; one that was there before is not', async () => {
  const config = { volumeConfig: { capacity: 1_000_000 } };
  const old = await made(scene.client, 'volumes', { resourceURI: `${CIMI}/VolumeCreate`, volumeTemplate: config });
  const template = {
    volumes: [{ volume: { href: pathOf(scene.client, old.id) } }],
    volumeTemplates: [{ volumeTemplate: config }],
  };
  const system = await made(scene.client, 'systems', body([machine('db', template)]));
  const volumes = await items(system, 'volumes', 'volume');
  expect(volumes).toHaveLength(1);
  expect(volumes).not.toContain(pathOf(scene.client, old.id));
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
  expect((await scene.client.get(volumes[0] ?? '')).status).toBe(404);
  expect((await scene.client.get(String(old.id))).status).toBe(200);
});

test('a failure late takes back what was made early, with the volumes that came with a machine', async () => {
  scene.control.fail({ method: 'networkPorts.create', nth: 1, times: 1, kind: 'quota', message: 'no port left' });
  const before = scene.control.things('net').length;
  const parts = [
    machine('web', {
      volumeTemplates: [{ volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }],
      networkInterfaces: [{ network: { href: '#front' } }],
    }),
    of('Network', 'front', {}),
    of('NetworkPort', 'port', { network: { href: '#front' } }),
  ];
  const job = await scene.client.ended(await scene.client.post('systems', body(parts)));
  expect(job.state).toBe('FAILED');
  expect(String(job.statusMessage)).toMatch(/NetworkPort 'port' .*no port left/);
  expect(String(job.statusMessage)).not.toContain('taken back');
  expect(kinds()).toBe(0);
  expect(scene.control.things('net')).toHaveLength(before);
  for (const collection of ['machines', 'volumes', 'networkPorts']) {
    expect([collection, (await scene.client.get(collection)).json.count]).toEqual([collection, 0]);
  }
});

test('a circle is refused with its names', async () => {
  const parts = [
    of('Network', 'front', { forwardingGroup: { href: '#routes' } }),
    of('ForwardingGroup', 'routes', { networks: [{ href: '#front' }] }),
  ];
  expectFault(
    await scene.client.post('systems', body(parts)),
    400,
    /circle: #routes -> #front -> #routes|circle: #front -> #routes -> #front/,
  );
  expect((await scene.client.get('systems')).json.count).toBe(0);
});

test('the same name for components of different types is told apart by what is referred to', async () => {
  const system = await made(scene.client, 'systems', body([machine('one', { volumes: [{ volume: { href: '#one' } }] }), volume('one')]));
  expect(await items(system, 'volumes', 'volume')).toHaveLength(1);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
});

test('5.13.2.1 the Addresses that a provider makes for its Machines are the System’s; one that was there before is not', async () => {
  const { client, control } = scene;
  const net = 'networks/sim.net-default';
  const old = await made(client, 'addresses', {
    resourceURI: `${CIMI}/AddressCreate`,
    addressTemplate: { network: { href: net }, allocation: 'static', protocol: 'IPv4' },
  });
  const template = { networkInterfaces: [{ network: { href: net }, addresses: [{ href: pathOf(client, old.id) }] }] };
  const system = await made(client, 'systems', body([machine('web', template), machine('app')]));
  const machines = (await items(system, 'machines', 'machine')).map((path) => client.base + path);
  const all = listOf((await client.get('addresses')).json, 'addresses');
  const of = (allocation: string) =>
    all.filter(
      (one) => String(one.allocation) === allocation && machines.includes((one.resource as { href?: string } | undefined)?.href ?? ''),
    );
  expect(of('static').map(({ id }) => id)).toEqual([old.id]);
  expect(of('dynamic').length).toBeGreaterThan(0);
  expect(await items(system, 'addresses', 'address')).toEqual(of('dynamic').map(({ id }) => pathOf(client, id)));
  const { json } = await client.get(`${String(system.id)}?$expand=addresses`);
  expect(listOf(json.addresses as unknown as Json, 'systemAddresses')).toHaveLength(of('dynamic').length);
  const [item] = listOf((await client.get(`${String(system.id)}/addresses`)).json, 'systemAddresses');
  const alone = await client.get(String(item?.id));
  expect([alone.status, alone.json]).toEqual([200, item]);
  expect(item?.operations).toBeUndefined();
  expect((await client.delete(String(item?.id))).status).toBe(405);
  // One that is added is listed beside them, once.
  await succeeded(
    client,
    await client.post(`${String(system.id)}/addresses`, { resourceURI: `${CIMI}/SystemAddress`, address: { href: old.id } }),
  );
  expect((await items(system, 'addresses', 'address')).sort()).toEqual(
    [...of('dynamic'), ...of('static')].map(({ id }) => pathOf(client, id)).sort(),
  );
  // What cannot be read now is not missing.
  control.fail({ method: 'addresses.list', kind: 'unavailable', times: 50 });
  await eventually(async () => ((await client.get(`${String(system.id)}/addresses`)).status === 503 ? true : undefined));
  control.clearFailures();
  await succeeded(client, await client.delete(String(system.id)));
  expect((await client.get(String(of('dynamic')[0]?.id))).status).toBe(404);
});
