import { encodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { capability, hrefOf, reading } from '../resources/network-kit';
import type { Json } from '../harness/client';
import { CLOUD, type OpenstackWorld, startOpenstackWorld } from './openstack-world';
import { networkSteps } from './network-steps';
import { Steps } from './steps';
import { offers } from './world';
import { elapse } from '../harness/wait';

const ODD_NAME = '<b>&amp; "ünï" ]]>';

/** Networks of every kind over HTTP, on OpenStack, by the same requests as on EC2. */
describeWith('OpenStack', openstackAvailable(), () => {
  let world: OpenstackWorld;
  const steps = new Steps(() => world);
  const { get, gone, items } = reading(() => world.client);
  const { make, add, refused } = networkSteps(steps);
  beforeAll(async () => {
    world = await startOpenstackWorld({ floatingNetwork: 'public' });
    expect(await world.leftovers()).toEqual([]);
  }, 1_800_000);
  afterEach(async () => {
    world.account.proxy.reset();
    expect(await world.leftovers()).toEqual([]);
  });
  afterAll(() => world.stop());

  const network = (template: object, more: object = {}) =>
    make('networks', 'Network', { networkTemplate: { networkConfig: { networkType: 'PRIVATE' }, ...template }, ...more });
  const interfacesOf = (machine: Json) => items(hrefOf(machine, 'networkInterfaces'), 'machineNetworkInterfaces');
  const uriOf = (collection: string, key: string) => `${world.client.base}${collection}/${encodeId(CLOUD, key)}`;
  const publicNetwork = async (): Promise<Json> => {
    const found = (await items('networks', 'networks')).find(({ name }) => String(name) === 'public');
    expect(found).toMatchObject({ networkType: 'PUBLIC', state: 'STARTED' });
    return found as Json;
  };

  test('group, networks, port, addresses, a machine on them, interfaces added and removed; then nothing is left', async () => {
    const outside = await publicNetwork();
    expect(offers(outside)).toEqual([]);
    const group = await make('forwardingGroups', 'ForwardingGroup', {
      name: 'office',
      forwardingGroupTemplate: { networks: [{ href: outside.id }] },
    });
    const inside = await network(
      { forwardingGroup: { href: group.id } },
      { name: 'inside', description: 'desks', properties: { a: '1' }, cidr: '10.66.1.0/24' },
    );
    expect(inside).toMatchObject({
      ...{ name: 'inside', description: 'desks', properties: { a: '1' }, cidr: '10.66.1.0/24' },
      ...{ state: 'STARTED', networkType: 'PRIVATE', forwardingGroup: { href: group.id } },
    });
    const lab = await network({ initialState: 'STOPPED' }, { name: 'lab' });
    expect(lab.state).toBe('STOPPED');
    expect((await steps.act(lab, 'start')).state).toBe('STARTED');
    expect(lab.cidr).not.toBe(inside.cidr);
    const joined = await add(hrefOf(group, 'networks'), 'ForwardingGroupNetwork', { network: { href: lab.id } });
    expect(await get(lab.id)).toMatchObject({ forwardingGroup: { href: group.id } });
    expect(await items(hrefOf(group, 'networks'), 'forwardingGroupNetworks')).toHaveLength(3);

    const port = await make('networkPorts', 'NetworkPort', {
      name: 'door',
      networkPortTemplate: { network: { href: inside.id }, networkPortConfig: { portType: 'ACCESS' } },
    });
    expect(port).toMatchObject({ state: 'STARTED', portType: 'ACCESS', classOfService: 'BEST_EFFORT', network: { href: inside.id } });
    const front = await make('addresses', 'Address', { name: 'front', addressTemplate: {} });
    expect(front).toMatchObject({ allocation: 'static', protocol: 'IPv4', network: { href: outside.id } });
    const back = await make('addresses', 'Address', { name: 'back', addressTemplate: { network: { href: lab.id } } });
    expect(back).toMatchObject({ allocation: 'static', mask: '255.255.255.0', network: { href: lab.id } });

    const networkInterfaces = [
      { network: { href: inside.id }, networkPort: { href: port.id }, addresses: [{ href: front.id }] },
      { network: { href: lab.id }, addresses: [{ href: back.id }] },
    ];
    const machine = await steps.machine({ name: 'on both', machineTemplate: { ...(await steps.parts()), networkInterfaces } });
    const present = await interfacesOf(machine);
    expect(present.map((nic) => hrefOf(nic, 'network')).sort()).toEqual([inside.id, lab.id].map(String).sort());
    expect(present.map((nic) => hrefOf(nic, 'networkPort'))).toContain(port.id);
    for (const address of [front, back]) expect(await get(address.id)).toMatchObject({ resource: { href: machine.id } });
    await refused('DELETE', front.id, 409, /release it first/);
    await refused('DELETE', inside.id, 409, /used by/);
    await refused('DELETE', port.id, 409, /used by/);
    await interfaces(machine, lab);

    await steps.done('PUT', `${String(inside.id)}?$select=name,properties`, {
      json: { resourceURI: `${CIMI}/Network`, name: 'wide “é”', properties: { b: '2' } },
    });
    expect(await get(inside.id)).toMatchObject({ id: inside.id, name: 'wide “é”', properties: { b: '2' }, networkType: 'PRIVATE' });

    await steps.remove(machine);
    for (const address of [front, back]) expect((await get(address.id)).resource).toBeUndefined();
    await steps.done('DELETE', String(joined.id));
    expect((await get(lab.id)).forwardingGroup).toBeUndefined();
    // A port goes with its network (5.16.1.1.1).
    for (const each of [front, back, inside, lab, group]) await steps.remove(each);
    expect(await gone(port.id)).toBe(true);
  });

  async function interfaces(machine: Json, lab: Json): Promise<void> {
    const before = await interfacesOf(machine);
    const nic = await add(hrefOf(machine, 'networkInterfaces'), 'MachineNetworkInterface', { network: { href: lab.id } });
    expect(nic).toMatchObject({ state: 'ACTIVE', network: { href: lab.id } });
    expect(offers(nic)).toEqual(['delete', 'edit']);
    await steps.done('PUT', `${String(nic.id)}?$select=state`, { json: { resourceURI: nic.resourceURI, state: 'DISABLED' } });
    expect((await get(nic.id)).state).toBe('DISABLED');
    const [own] = await items(hrefOf(nic, 'addresses'), 'machineNetworkInterfaceAddresses');
    const address = await get(hrefOf(own as Json, 'address'));
    expect(address).toMatchObject({ allocation: 'dynamic', resource: { href: machine.id }, network: { href: lab.id } });
    expect(offers(address)).toEqual([]);
    await steps.remove(nic);
    expect((await interfacesOf(machine)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  }

  test('what cannot be is said before, and refused in words', async () => {
    const { json } = await world.client.get(`clouds/${CLOUD}/resourceMetadata`);
    const said = (type: string) =>
      (json.resourceMetadatas as unknown as Json[]).find(({ typeURI }) => String(typeURI) === `${CIMI}/${type}`) as Json;
    expect(capability(said('ForwardingGroup'), 'MixedNetwork')).toBe(true);
    expect(capability(said('Network'), 'InitialStates')).toEqual(['STARTED', 'STOPPED']);
    for (const name of ['cidr', 'subnetPool']) expect(JSON.stringify(said('Network').attributes)).toContain(`"${name}"`);
    await refused('POST', 'networks', 400, /subnet pool none/, { subnetPool: 'none', networkTemplate: {} });
    await refused('POST', 'networks', 400, /MTU/i, { networkTemplate: { networkConfig: { mtu: 99_999 } } });
    for (const left of await items('networks', 'networks')) if (String(left.state) === 'ERROR') await steps.remove(left);
  });

  test('what was made elsewhere, with odd names, is listed and lives its life here', async () => {
    const { direct } = world.account;
    const post = async (kind: string, member: string, body: object) =>
      (await direct.call<Record<string, { id: string }>>('POST', 'network', `/v2.0/${kind}`, { [member]: body }))[member]?.id ?? '';
    const theirs = {
      forwardingGroups: await post('routers', 'router', { name: ODD_NAME }),
      networks: await post('networks', 'network', { name: ODD_NAME }),
    };
    const subnet = await post('subnets', 'subnet', { network_id: theirs.networks, cidr: '10.65.0.0/24', ip_version: 4 });
    await direct.call('PUT', 'network', `/v2.0/routers/${theirs.forwardingGroups}/add_router_interface`, { subnet_id: subnet });
    const port = await post('ports', 'port', { network_id: theirs.networks, name: ODD_NAME });
    await direct.call('PUT', 'network', `/v2.0/ports/${port}/tags`, { tags: ['team=blue'] });
    const [server = ''] = await world.account.launch(1);
    await elapse(400);
    for (const [collection, key] of Object.entries({ ...theirs, networkPorts: port })) {
      const uri = uriOf(collection, key);
      const listed = (await items(collection, collection)).find(({ id }) => String(id) === uri);
      expect(listed).toMatchObject({ name: ODD_NAME });
      expect(await get(uri)).toEqual(listed);
      await steps.xml(uri);
      await steps.done('PUT', `${uri}?$select=name`, { json: { resourceURI: String(listed?.resourceURI), name: 'adopted' } });
    }
    const { port: renamed } = await direct.call<{ port: object }>('GET', 'network', `/v2.0/ports/${port}`);
    expect(renamed).toMatchObject({ name: 'adopted', tags: ['team=blue'] });
    expect(await get(uriOf('networks', theirs.networks))).toMatchObject({
      cidr: '10.65.0.0/24',
      forwardingGroup: { href: uriOf('forwardingGroups', theirs.forwardingGroups) },
    });
    const machine = await get(uriOf('machines', server));
    const body = { network: { href: uriOf('networks', theirs.networks) }, networkPort: { href: uriOf('networkPorts', port) } };
    const nic = await add(hrefOf(machine, 'networkInterfaces'), 'MachineNetworkInterface', body);
    expect(await interfacesOf(machine)).toHaveLength(2);
    await steps.remove(nic);
    await steps.remove(machine);
    await steps.remove({ id: uriOf('networkPorts', port) } as unknown as Json);
    for (const [collection, key] of Object.entries(theirs).reverse()) await steps.remove({ id: uriOf(collection, key) } as unknown as Json);
  });
});
