import {
  AllocateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DescribeTagsCommand,
} from '@aws-sdk/client-ec2';
import { encodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { capability, hrefOf, reading } from '../resources/network-kit';
import type { Json } from '../harness/client';
import { CLOUD, startEc2World, type Ec2World } from './ec2-world';
import { networkSteps } from './network-steps';
import { Steps } from './steps';
import { offers, operation } from './world';
import { elapse, waitUntil } from '../harness/wait';

const ODD_NAME = '  <b>&amp; "ünï" ]]> \u{1f600}';

/** Networks of every kind over HTTP, on EC2. */
describeWith('moto', motoAvailable(), () => {
  let world: Ec2World;
  const steps = new Steps(() => world);
  const { get, gone, items } = reading(() => world.client);
  const { make, add, refused } = networkSteps(steps);

  beforeAll(async () => {
    world = await startEc2World();
  });
  afterEach(async () => expect(await world.leftovers()).toEqual([]));
  afterAll(() => world.stop());

  const network = (networkType: string, forwardingGroup: Json, more: object = {}) =>
    make('networks', 'Network', {
      networkTemplate: { networkConfig: { networkType }, forwardingGroup: { href: forwardingGroup.id } },
      ...more,
    });
  const address = (more: object = {}) => make('addresses', 'Address', { addressTemplate: {}, ...more });
  const interfacesOf = (machine: Json) => items(hrefOf(machine, 'networkInterfaces'), 'machineNetworkInterfaces');
  const tagsOf = async (id: string) => {
    const { Tags } = await world.account.direct.send(new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }));
    return Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  };

  test('group, networks, port, address, a machine on them, interfaces added and removed; then nothing is left', async () => {
    const group = await make('forwardingGroups', 'ForwardingGroup', { name: 'office', forwardingGroupTemplate: { networks: [] } });
    const open = await network('PUBLIC', group, { name: 'open', properties: { a: '1' } });
    const closed = await network('PRIVATE', group, { name: 'closed', description: 'inside', cidr: '10.0.200.0/24' });
    expect(open).toMatchObject({
      name: 'open',
      properties: { a: '1' },
      state: 'STARTED',
      networkType: 'PUBLIC',
      forwardingGroup: { href: group.id },
    });
    expect(closed).toMatchObject({ description: 'inside', networkType: 'PRIVATE', cidr: '10.0.200.0/24' });
    expect(offers(open)).toEqual(['delete', 'edit']);
    const members = await items(hrefOf(group, 'networks'), 'forwardingGroupNetworks');
    expect(members.map((item) => hrefOf(item, 'network')).sort()).toEqual([open.id, closed.id].map(String).sort());
    // Membership is settled when a network is made.
    expect(operation(await get(hrefOf(group, 'networks')), 'add')).toBeUndefined();
    for (const item of members) expect(offers(item)).toEqual([]);

    const port = await make('networkPorts', 'NetworkPort', {
      name: 'door',
      networkPortTemplate: { network: { href: closed.id }, networkPortConfig: {} },
    });
    expect(port).toMatchObject({ state: 'STARTED', portType: 'ACCESS', classOfService: 'BEST_EFFORT', network: { href: closed.id } });
    const fixed = await address({ name: 'front' });
    expect(fixed).toMatchObject({ allocation: 'static', protocol: 'IPv4' });
    expect(fixed.resource).toBeUndefined();

    const networkInterfaces = [
      { network: { href: open.id }, addresses: [{ href: fixed.id }] },
      { network: { href: closed.id }, networkPort: { href: port.id } },
    ];
    const machine = await steps.machine({ name: 'on both', machineTemplate: { ...(await steps.parts()), networkInterfaces } });
    const present = await interfacesOf(machine);
    expect(present.map((nic) => [hrefOf(nic, 'network'), (nic.networkPort as Json | undefined)?.href]).sort()).toEqual(
      [
        [open.id, undefined],
        [closed.id, port.id],
      ].sort(),
    );
    expect(await get(fixed.id)).toMatchObject({ resource: { href: machine.id } });
    await addresses(machine, open, fixed);
    await interfaces(machine, closed);
    await refused('DELETE', closed.id, 409, /used by/);
    await refused('DELETE', group.id, 409, /delete them first/);

    await renamed(open);
    await steps.remove(machine);
    expect((await get(fixed.id)).resource).toBeUndefined();
    expect(await get(port.id)).toMatchObject({ name: 'door', state: 'STARTED' });
    // A port goes with its network (5.16.1.1.1).
    for (const each of [fixed, open, closed, group]) await steps.remove(each);
    expect(await gone(port.id)).toBe(true);
  });

  /** The static address is taken from the machine, and given to it again. */
  async function addresses(machine: Json, open: Json, fixed: Json): Promise<void> {
    const nic = (await interfacesOf(machine)).find((each) => hrefOf(each, 'network') === open.id) as Json;
    const uri = hrefOf(nic, 'addresses');
    const bound = async () =>
      (await items(uri, 'machineNetworkInterfaceAddresses')).map((each) => [hrefOf(each, 'address'), String(each.id)]);
    const [, own] = (await bound()).find(([href]) => href === fixed.id) ?? [];
    await refused('DELETE', fixed.id, 409, /release it first/);
    await steps.done('DELETE', own ?? '');
    expect((await get(fixed.id)).resource).toBeUndefined();
    expect((await bound()).map(([href]) => href)).not.toContain(fixed.id);
    // What EC2 gave the interface stays.
    const [[dynamic] = []] = await bound();
    expect(await get(dynamic)).toMatchObject({ allocation: 'dynamic', network: { href: open.id }, resource: { href: machine.id } });
    expect(offers(await get(dynamic))).toEqual([]);
    const again = await add(uri, 'MachineNetworkInterfaceAddress', { address: { href: fixed.id } });
    expect(again).toMatchObject({ address: { href: fixed.id } });
    expect(await get(fixed.id)).toMatchObject({ resource: { href: machine.id } });
  }

  async function interfaces(machine: Json, closed: Json): Promise<void> {
    const before = await interfacesOf(machine);
    const nic = await add(hrefOf(machine, 'networkInterfaces'), 'MachineNetworkInterface', { network: { href: closed.id } });
    expect(nic).toMatchObject({ state: 'ACTIVE', network: { href: closed.id } });
    expect(offers(nic)).toEqual(['delete']);
    expect(await interfacesOf(machine)).toHaveLength(before.length + 1);
    await steps.remove(nic);
    expect(await interfacesOf(machine)).toEqual(before);
    const [first] = before.filter((each) => !offers(each).includes('delete'));
    await refused('DELETE', first?.id, 409, /first interface/);
  }

  async function renamed(open: Json): Promise<void> {
    const uri = `${String(open.id)}?$select=name,properties`;
    await steps.done('PUT', uri, { json: { resourceURI: `${CIMI}/Network`, name: 'wide “é”', properties: { b: '2' } } });
    expect(await get(open.id)).toMatchObject({ id: open.id, name: 'wide “é”', properties: { b: '2' }, networkType: 'PUBLIC' });
  }

  test('what cannot be is said before, and refused in words', async () => {
    const { json } = await world.client.get(`clouds/${CLOUD}/resourceMetadata`);
    const said = (type: string) =>
      (json.resourceMetadatas as unknown as Json[]).find(({ typeURI }) => String(typeURI) === `${CIMI}/${type}`) as Json;
    expect(capability(said('ForwardingGroup'), 'MixedNetwork')).toBe(true);
    expect(capability(said('Network'), 'InitialStates')).toEqual(['STARTED']);
    expect(JSON.stringify(said('Network').attributes)).toContain('"cidr"');
    const group = await make('forwardingGroups', 'ForwardingGroup', { forwardingGroupTemplate: { networks: [] } });
    const one = await network('PRIVATE', group);
    await refused('POST', 'forwardingGroups', 400, /make the forwarding group first/, {
      forwardingGroupTemplate: { networks: [{ href: one.id }] },
    });
    await refused('POST', 'networks', 400, /mtu/, { networkTemplate: { networkConfig: { mtu: 1400 } } });
    await refused('POST', 'networks', 400, /STARTED, not STOPPED/, { networkTemplate: { initialState: 'STOPPED' } });
    await refused('POST', 'addresses', 400, /no subnet/, { addressTemplate: { network: { href: one.id } } });
    for (const collection of ['networks', 'addresses', 'forwardingGroups'])
      for (const left of (await items(collection, collection)).filter(({ state }) => String(state) === 'ERROR')) await steps.remove(left);
    for (const each of [one, group]) await steps.remove(each);
  });

  test('what was made elsewhere, with odd names, is listed and lives its life here', async () => {
    const { direct } = world.account;
    const VpcId = (await direct.send(new CreateVpcCommand({ CidrBlock: '192.168.0.0/16' }))).Vpc?.VpcId ?? '';
    const SubnetId = (await direct.send(new CreateSubnetCommand({ VpcId, CidrBlock: '192.168.7.0/24' }))).Subnet?.SubnetId ?? '';
    const eni = (await direct.send(new CreateNetworkInterfaceCommand({ SubnetId }))).NetworkInterface?.NetworkInterfaceId ?? '';
    const { AllocationId = '' } = await direct.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    const [instance = ''] = await world.account.launch(1, { SubnetId });
    const Tags = [
      { Key: 'Name', Value: ODD_NAME },
      { Key: 'team', Value: 'blue' },
    ];
    await direct.send(new CreateTagsCommand({ Resources: [VpcId, SubnetId, eni, AllocationId], Tags }));
    await elapse(250);
    const uriOf = (collection: string, key: string) => `${world.client.base}${collection}/${encodeId(CLOUD, key)}`;
    const theirs = { forwardingGroups: VpcId, networks: SubnetId, networkPorts: eni, addresses: AllocationId };
    for (const [collection, key] of Object.entries(theirs)) {
      const uri = uriOf(collection, key);
      const listed = (await items(collection, collection)).find(({ id }) => String(id) === uri);
      expect(listed).toMatchObject({ name: ODD_NAME });
      expect(await get(uri)).toEqual(listed);
      await steps.xml(uri);
      const type = String(listed?.resourceURI);
      await steps.done('PUT', `${uri}?$select=name`, { json: { resourceURI: type, name: 'adopted' } });
      expect(await tagsOf(key)).toMatchObject({ Name: 'adopted', team: 'blue' });
    }
    const machine = await get(uriOf('machines', instance));
    expect(await get(uriOf('networks', SubnetId))).toMatchObject({
      networkType: 'PRIVATE',
      forwardingGroup: { href: uriOf('forwardingGroups', VpcId) },
    });
    const [first] = await interfacesOf(machine);
    await add(hrefOf(first as Json, 'addresses'), 'MachineNetworkInterfaceAddress', {
      address: { href: uriOf('addresses', AllocationId) },
    });
    expect(await get(uriOf('addresses', AllocationId))).toMatchObject({ resource: { href: machine.id } });
    const body = { network: { href: uriOf('networks', SubnetId) }, networkPort: { href: uriOf('networkPorts', eni) } };
    const nic = await add(hrefOf(machine, 'networkInterfaces'), 'MachineNetworkInterface', body);
    expect(await interfacesOf(machine)).toHaveLength(2);
    await refused('DELETE', uriOf('networkPorts', eni), 409, /used by/);
    await steps.remove(nic);
    expect(await tagsOf(eni)).toEqual({ Name: 'adopted', team: 'blue' });
    await steps.remove(machine);
    for (const [collection, key] of Object.entries(theirs).reverse()) await steps.remove({ id: uriOf(collection, key) } as unknown as Json);
  });

  test('a gateway that is stopped in the middle of a network goes on with it', async () => {
    const group = await make('forwardingGroups', 'ForwardingGroup', { forwardingGroupTemplate: { networks: [] } });
    const heal = world.account.proxy.add({ action: 'AssociateRouteTable', drop: 'before' });
    const href = new URL(String(group.id)).pathname.replace(/^.*\/cimi\//, '');
    const answer = await world.client.post('networks', {
      networkTemplate: { networkConfig: { networkType: 'PUBLIC' }, forwardingGroup: { href } },
    });
    expect(answer.status).toBe(202);
    const [path, job] = ['location', 'cimi-job-uri'].map((name) => (answer.headers.get(name) ?? '').replace(/^.*\/cimi\//, ''));
    await waitUntil(() => world.account.proxy.count('AssociateRouteTable') !== 0);
    await world.restart();
    heal();
    await waitUntil(async () => {
      const { state, statusMessage } = await get(job);
      expect(`${String(state)} ${String(statusMessage)}`).not.toMatch(/FAILED/);
      return String(state) === 'SUCCESS';
    });
    expect(await get(path)).toMatchObject({ state: 'STARTED', networkType: 'PUBLIC' });
    for (const each of [path, href]) await steps.remove({ id: each } as unknown as Json);
  });
});
