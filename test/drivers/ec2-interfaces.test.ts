import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DescribeAddressesCommand,
  DescribeNetworkInterfacesCommand,
  DetachNetworkInterfaceCommand,
  DisassociateAddressCommand,
} from '@aws-sdk/client-ec2';
import type { Item } from '../../src/clouds/driver';
import { type Ec2Account, startEc2 } from '../backends/ec2';
import { answerXml } from '../backends/ec2-xml';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { context, itemsOf, marks, pagesOf, provenGone, read, until } from './counterpart';
import { method, ref } from './contract/scene';
import { like, Networks } from './ec2-network-kit';
import { waitUntil } from '../harness/wait';

/** ENIs and Elastic IPs as NetworkPorts, MachineNetworkInterfaces and Addresses: what EC2 alone does. */
describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let nets: Networks;
  /** Networks of one group, and a machine somewhere else. */
  let group: string;
  let network: string;
  let other: string;
  let machine: string;
  const direct = () => account.direct;
  const eniOf = async (id: string) => {
    const Filters = [{ Name: 'network-interface-id', Values: [id] }];
    return (await direct().send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces?.[0];
  };
  const tagsOf = async (id: string) => (await eniOf(id))?.TagSet?.map(({ Key }) => Key).sort();
  const port = (more: object = {}, own = marks('ports')) => nets.create('networkPorts', { network, portType: 'ACCESS', ...more }, own);
  const add = (more: object = {}, own = marks('nics')) => nets.create('interfaces', { machine, network, ...more }, own);
  const eniKey = (nic: string) => nic.split(':')[1] ?? '';
  const ports = async () => (await pagesOf(nets.driver, 'networkPorts')).flat().map(({ key }) => key);
  const address = (more: object = {}) => nets.create('addresses', { allocation: 'static', protocol: 'IPv4', ...more });
  const bind = (key: string, nic: string) => method(nets.driver, 'addresses', 'bind')(key, { interface: nic }, context());
  const release = (key: string) => method(nets.driver, 'addresses', 'release')(key, context());

  beforeAll(async () => {
    account = await startEc2();
    nets = await Networks.connect(account);
    group = await nets.group();
    network = await nets.network('PRIVATE', { forwardingGroup: group });
    other = await nets.network('PRIVATE', { forwardingGroup: group });
    machine = await nets.machine();
  });
  afterEach(async () => {
    expect(await ports()).toEqual([]);
    expect(await nets.interfacesOf(machine)).toHaveLength(1);
  });
  afterAll(async () => {
    await nets.end(machine);
    await nets.drop('networks', network, other);
    await nets.drop('forwardingGroups', group);
    expect(await account.leftovers()).toEqual([]);
    await nets.driver.close();
    await account.stop();
  });

  test('a port keeps its network, and is what EC2 can make', async () => {
    const key = await port({ name: 'p' });
    await expect(nets.delete('networks', network)).rejects.toMatchObject({ kind: 'conflict', message: like(/dependencies/) });
    const shown = (state: string) =>
      account.proxy.add({ action: 'DescribeNetworkInterfaces', times: 1, rewrite: (xml) => xml.replace('>available<', `>${state}<`) });
    shown('pending');
    expect((await nets.item('networkPorts', key)).values['state']).toBe('CREATING');
    shown('associated');
    expect((await nets.item('networkPorts', key)).values).toMatchObject({ state: 'STARTED', name: 'p', network: ref('Network', network) });
    await expect(port({ portType: 'TRUNK' })).rejects.toMatchObject({ kind: 'unsupported', message: like(/ACCESS/) });
    await expect(port({ classOfService: 'GOLD' })).rejects.toMatchObject({ kind: 'unsupported', message: like(/BEST_EFFORT/) });
    await expect(port({ network: 'public' })).rejects.toMatchObject({ kind: 'invalid', message: like(/subnet/) });
    account.proxy.add({ action: 'CreateNetworkInterface', times: 1, fail: { code: 'InsufficientFreeAddressesInSubnet' } });
    await expect(port()).rejects.toMatchObject({ kind: 'quota', maybeDone: false });
    await nets.drop('networkPorts', key);
  });

  test('an ENI of a service of AWS is shown, and left to it', async () => {
    const key = await port();
    const managed = (xml: string) => xml.replace('<requesterManaged>false', '<requesterManaged>true');
    account.proxy.add({ action: 'DescribeNetworkInterfaces', times: 1, rewrite: managed });
    expect((await nets.item('networkPorts', key)).refuses).toMatchObject({ edit: like(/service of AWS/), delete: like(/service of AWS/) });
    await nets.drop('networkPorts', key);
  });

  test('an interface takes a port of its own network, which is as it was when the interface goes', async () => {
    const key = await port({ name: 'mine' });
    const before = await tagsOf(key);
    await expect(add({ network: other, networkPort: key })).rejects.toMatchObject({ kind: 'invalid', message: like(/not in subnet-/) });
    const nic = await add({ networkPort: key });
    expect(await nets.item('interfaces', nic)).toMatchObject({
      owner: machine,
      values: { network: ref('Network', network), networkPort: ref('NetworkPort', key), state: 'ACTIVE' },
    });
    expect(await ports()).toEqual([key]);
    await expect(nets.delete('networkPorts', key)).rejects.toMatchObject({ kind: 'conflict', message: like(/used by i-/) });
    await expect(add({ networkPort: key })).rejects.toMatchObject({ kind: 'conflict', message: like(/used by i-/) });
    await nets.drop('interfaces', nic, nic);
    expect(await read(nets.driver, 'interfaces', nic)).toBeUndefined();
    expect(await tagsOf(key)).toEqual(before);
    expect(await nets.item('networkPorts', key)).toMatchObject({ values: { name: 'mine', state: 'STARTED' } });
    await nets.drop('networkPorts', key);
  });

  test('an interface without a port is no port, and its ENI goes with it, or with the machine', async () => {
    const nic = await add();
    expect(await ports()).toEqual([]);
    expect((await nets.item('interfaces', nic)).values['networkPort']).toBeUndefined();
    expect((await eniOf(eniKey(nic)))?.Attachment?.DeviceIndex).toBe(1);
    await nets.drop('interfaces', nic);
    expect(await eniOf(eniKey(nic))).toBeUndefined();
    const short = await nets.machine({ networks: [network] });
    const second = await nets.create('interfaces', { machine: short, network: other });
    const third = await port();
    await nets.create('interfaces', { machine: short, network, networkPort: third });
    expect(await nets.interfacesOf(short)).toHaveLength(3);
    await nets.end(short);
    await until(nets.driver, 'interfaces', second, (item) => item === undefined);
    expect(await eniOf(eniKey(second))).toBeUndefined();
    expect(await nets.interfacesOf(short)).toEqual([]);
    expect(await ports()).toEqual([third]);
    await nets.drop('networkPorts', third);
  });

  test('a machine is made on the networks and ports named, in their order; the port outlives it', async () => {
    const key = await port();
    const made = await nets.machine({ networks: [other, network], networkPorts: [null, key] });
    const listed = (await nets.interfacesOf(made)).map(({ values, refuses }) => ({
      ...values,
      macAddress: undefined,
      stays: refuses?.delete,
    }));
    expect(listed).toHaveLength(2);
    expect(listed).toContainEqual(expect.objectContaining({ network: ref('Network', other), stays: like(/first/) }));
    expect(listed).toContainEqual(expect.objectContaining({ network: ref('Network', network), networkPort: ref('NetworkPort', key) }));
    await nets.end(made);
    expect(await ports()).toEqual([key]);
    await nets.drop('networkPorts', key);
    await expect(nets.machine({ networks: ['public'] })).rejects.toMatchObject({ kind: 'invalid', message: like(/subnet/) });
  });

  test('interfaces have the addresses asked for, and one that is taken is EC2 word for word', async () => {
    const cidrs = await Promise.all([network, other].map(async (key) => String((await nets.item('networks', key)).values['cidr'])));
    const [one = '', two = ''] = cidrs.map((cidr) => cidr.replace(/\d+\/\d+$/, '77'));
    const made = await nets.machine({ networks: [other, network], addresses: [[two], [one]] });
    const nics = await nets.interfacesOf(made);
    const shown = await Promise.all(nics.map(async ({ key }) => (await eniOf(eniKey(key)))?.PrivateIpAddress));
    expect(nics.map(({ values }, n) => [values['network'], shown[n]])).toEqual(
      expect.arrayContaining([
        [ref('Network', other), two],
        [ref('Network', network), one],
      ]),
    );
    const refusal = { code: 'InvalidIPAddress.InUse', message: `Address ${one} is in use.` };
    account.proxy.add({ action: 'RunInstances', times: 1, fail: refusal });
    await expect(nets.machine({ networks: [network], addresses: [[one]] })).rejects.toMatchObject({
      ...{ kind: 'conflict', message: like(/Address [\d.]+ is in use/), maybeDone: false },
    });
    await nets.end(made);
  });

  test('the first interface of a machine stays; one that came with it goes whole', async () => {
    const made = await nets.machine({ networks: [network, other] });
    const [first, second] = (await nets.interfacesOf(made)).sort((a) => (a.refuses?.delete === undefined ? 1 : -1));
    await expect(nets.delete('interfaces', first?.key ?? '')).rejects.toMatchObject({ kind: 'conflict', message: like(/first/) });
    // Cut off after the detach: whoever goes on knows that it is no port.
    account.proxy.add({ action: 'DeleteNetworkInterface', drop: 'before', times: 1 });
    await expect(nets.delete('interfaces', second?.key ?? '')).rejects.toMatchObject({ maybeDone: true });
    expect(await ports()).toEqual([]);
    await nets.drop('interfaces', second?.key ?? '');
    expect(await eniOf(eniKey(second?.key ?? ''))).toBeUndefined();
    await nets.end(made);
  });

  // TerminateInstances is idempotent (EC2's API reference).
  test('a machine whose end was not answered is ended again', async () => {
    const made = await nets.machine({ networks: [network] });
    account.proxy.add({ action: 'TerminateInstances', drop: 'after', times: 1 });
    await expect(nets.end(made)).rejects.toMatchObject({ maybeDone: true });
    await nets.end(made);
    expect(await nets.interfacesOf(made)).toEqual([]);
  });

  test.each(['AttachNetworkInterface', 'ModifyNetworkInterfaceAttribute'])(
    'an interface whose create is cut off at %s is found unfinished, and gone on with or taken away',
    async (action) => {
      const own = marks('nics');
      const cut = async () => {
        account.proxy.add({ action, drop: 'before', times: 1 });
        await expect(add({}, own)).rejects.toMatchObject({ maybeDone: true });
        const [half, ...more] = await nets.find('interfaces', own);
        expect(more).toEqual([]);
        expect(half).toMatchObject({ tag: own.tag, owner: machine, unfinished: true });
        return half?.key ?? '';
      };
      const half = await cut();
      expect(await add({}, own)).toBe(half);
      expect(await nets.find('interfaces', own)).toEqual([await nets.item('interfaces', half)]);
      expect((await nets.item('interfaces', half)).unfinished).toBeUndefined();
      await nets.drop('interfaces', half);
      own.token = `${own.token}-2`;
      await nets.drop('interfaces', await cut());
    },
  );

  test('a port whose attachment is cut off is given back as it was', async () => {
    const key = await port();
    const before = await tagsOf(key);
    const own = marks('nics');
    account.proxy.add({ action: 'AttachNetworkInterface', times: 1, fail: { code: 'AttachmentLimitExceeded' } });
    await expect(add({ networkPort: key }, own)).rejects.toMatchObject({ kind: 'quota' });
    const [half] = await nets.find('interfaces', own);
    expect(half).toMatchObject({ unfinished: true, owner: machine });
    await nets.drop('interfaces', half?.key ?? '');
    expect(await tagsOf(key)).toEqual(before);
    await nets.drop('networkPorts', key);
  });

  test('a new ENI that EC2 does not know everywhere yet is no failure; a machine that is gone is one', async () => {
    const own = marks('nics');
    account.proxy.add({ action: 'AttachNetworkInterface', times: 1, fail: { code: 'InvalidNetworkInterfaceID.NotFound' } });
    await expect(add({}, own)).rejects.toMatchObject({ kind: 'unavailable', maybeDone: true });
    const nic = await add({}, own);
    await nets.drop('interfaces', nic);
    own.token = `${own.token}-2`;
    await expect(add({ machine: 'i-0123456789abcdef0' }, own)).rejects.toMatchObject({ kind: 'notFound', maybeDone: false });
    await nets.drop('interfaces', (await nets.find('interfaces', own))[0]?.key ?? '');
  });

  test('a detach that takes its time is waited for', async () => {
    const nic = await add();
    const Attachment = (await eniOf(eniKey(nic)))?.Attachment;
    const answer = { status: 200, type: 'text/xml', body: answerXml('DetachNetworkInterface', '<return>true</return>') };
    account.proxy.add({ action: 'DetachNetworkInterface', times: 1, answer });
    const gone = nets.drop('interfaces', nic);
    const asked = account.proxy.count('DescribeNetworkInterfaces');
    await waitUntil(() => account.proxy.count('DescribeNetworkInterfaces') >= asked + 3);
    await direct().send(new DetachNetworkInterfaceCommand({ AttachmentId: Attachment?.AttachmentId }));
    await gone;
    expect(await eniOf(eniKey(nic))).toBeUndefined();
  });

  test('what EC2 sets of an interface itself is refused', async () => {
    for (const [more, words] of [
      [{ state: 'PASSIVE' }, /PASSIVE/],
      [{ macAddress: '02:00:00:00:00:01' }, /MAC/],
      [{ mtu: 1400 }, /mtu/],
    ] as const)
      await expect(add(more)).rejects.toMatchObject({ kind: 'unsupported', message: like(words) });
    await expect(add({ network: 'public' })).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('addresses of interfaces come and go with them; nothing else can be done to them', async () => {
    const nic = await add();
    const own = (await pagesOf(nets.driver, 'addresses')).flat().filter(({ owner }) => owner === nic);
    expect(own).toEqual([
      expect.objectContaining({
        values: expect.objectContaining({
          allocation: 'dynamic',
          network: ref('Network', network),
          resource: ref('Machine', machine),
        }) as Item['values'],
        refuses: { edit: expect.any(String) as string, delete: expect.any(String) as string, release: expect.any(String) as string },
      }),
    ]);
    const key = own[0]?.key ?? '';
    const missing = ['eni-0123456789abcdef0/10.0.0.1', 'nonsense'];
    const answers = await nets.driver.addresses?.getMany([key, ...missing], context());
    expect(itemsOf(answers)).toEqual(own);
    expect(provenGone(answers).sort()).toEqual(missing);
    const conflict = { kind: 'conflict', message: like(/comes and goes/) };
    await expect(bind(key, nic)).rejects.toMatchObject(conflict);
    await expect(release(key)).rejects.toMatchObject(conflict);
    await expect(nets.delete('addresses', key)).rejects.toMatchObject(conflict);
    await nets.drop('interfaces', nic);
    expect(await read(nets.driver, 'addresses', key)).toBeUndefined();
  });

  test('static addresses are Elastic IPs: of Amazon’s network, one to an interface, free again when it goes', async () => {
    const [one, two] = [await address({ network: 'public' }), await address()];
    expect((await nets.item('addresses', one)).values['network']).toEqual(ref('Network', 'public'));
    const nic = await add();
    await bind(one, nic);
    await bind(one, nic);
    await expect(bind(two, nic)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await nets.item('addresses', one)).toMatchObject({ owner: nic, values: { resource: ref('Machine', machine) } });
    await expect(nets.delete('addresses', one)).rejects.toMatchObject({ kind: 'conflict', message: like(/release it first/) });
    const key = await port();
    const second = await add({ networkPort: key });
    await bind(two, second);
    await nets.drop('interfaces', nic, second);
    for (const free of [one, two]) expect((await nets.item('addresses', free)).owner).toBeUndefined();
    await release(one);
    await nets.drop('addresses', one, two, one);
    await nets.drop('networkPorts', key);
  });

  test('an address that somebody gave to a port is told so and left there', async () => {
    const { NetworkInterface } = await direct().send(new CreateNetworkInterfaceCommand({ SubnetId: network }));
    const { AllocationId = '' } = await direct().send(new AllocateAddressCommand({ Domain: 'vpc' }));
    const to = { AllocationId, NetworkInterfaceId: NetworkInterface?.NetworkInterfaceId };
    const { AssociationId } = await direct().send(new AssociateAddressCommand(to));
    await direct().send(new CreateTagsCommand({ Resources: [AllocationId], Tags: [{ Key: 'Name', Value: '<é> "x"' }] }));
    const eni = NetworkInterface?.NetworkInterfaceId ?? '';
    const item = await nets.item('addresses', AllocationId);
    expect(item).toMatchObject({ values: { name: '<é> "x"', resource: ref('NetworkPort', eni) }, refuses: { delete: like(/eni-/) } });
    expect(item.owner).toBeUndefined();
    await expect(nets.delete('addresses', AllocationId)).rejects.toMatchObject({ kind: 'conflict' });
    await direct().send(new DisassociateAddressCommand({ AssociationId }));
    await nets.drop('addresses', AllocationId);
    await nets.drop('networkPorts', eni);
  });

  test('what an Elastic IP cannot be is refused; quotas are told as such, and a lost answer makes one', async () => {
    for (const [more, words] of [
      [{ allocation: 'dynamic' }, /static/],
      [{ protocol: 'IPv6' }, /IPv4/],
      [{ network }, /no subnet/],
      [{ dns: ['10.0.0.2'] }, /dns/],
      [{ hostname: 'here' }, /hostname/],
    ] as const)
      await expect(address(more)).rejects.toMatchObject({ kind: 'unsupported', message: like(words) });
    account.proxy.add({ action: 'AllocateAddress', times: 1, fail: { code: 'AddressLimitExceeded' } });
    await expect(address()).rejects.toMatchObject({ kind: 'quota', maybeDone: false });
    const own = marks('addresses');
    const request = { allocation: 'static', protocol: 'IPv4' } as const;
    account.proxy.add({ action: 'AllocateAddress', times: 1, drop: 'after' });
    await expect(nets.create('addresses', request, own)).rejects.toMatchObject({ maybeDone: true });
    const key = await nets.create('addresses', request, own);
    expect((await direct().send(new DescribeAddressesCommand({}))).Addresses).toHaveLength(1);
    await nets.drop('addresses', key);
  });

  test('security groups: those asked for, else the configured ones of the same VPC', async () => {
    const { GroupId = '' } = await direct().send(new CreateSecurityGroupCommand({ GroupName: 'g', Description: 'g', VpcId: group }));
    const configured = await Networks.connect(account, { securityGroups: [GroupId] });
    const groupsOf = async (id: string) => (await eniOf(id))?.Groups?.map((each) => each.GroupId);
    const inside = await configured.create('networkPorts', { network, portType: 'ACCESS' });
    expect(await groupsOf(inside)).toEqual([GroupId]);
    const away = await configured.network('PRIVATE');
    const outside = await configured.create('networkPorts', { network: away, portType: 'ACCESS' });
    expect(await groupsOf(outside)).not.toContain(GroupId);
    const asked = await port({ extensions: { securityGroups: [GroupId] } });
    expect(await groupsOf(asked)).toEqual([GroupId]);
    await nets.drop('networkPorts', inside, outside, asked);
    await nets.drop('networks', away);
    await configured.driver.close();
    await direct().send(new DeleteSecurityGroupCommand({ GroupId }));
  });

  test('lists of interfaces and ports cost their pages, addresses one call more', async () => {
    expect(await nets.calls(() => pagesOf(nets.driver, 'interfaces'))).toEqual({ DescribeNetworkInterfaces: 1 });
    expect(await nets.calls(() => pagesOf(nets.driver, 'networkPorts'))).toEqual({ DescribeNetworkInterfaces: 1 });
    expect(await nets.calls(() => pagesOf(nets.driver, 'addresses'))).toEqual({ DescribeNetworkInterfaces: 1, DescribeAddresses: 1 });
  });
});
