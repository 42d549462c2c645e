import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { type Ec2Account, startEc2 } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { context, marks, pagesOf } from './counterpart';
import { ref } from './contract/scene';
import { like, Networks } from './ec2-network-kit';

const fails = (action: string, code: string, status = 400) => ({ action, times: 1, fail: { code, status } });

/** Subnets and VPCs as Networks and ForwardingGroups: what EC2 alone does. */
describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let nets: Networks;
  const direct = () => account.direct;
  const tablesOf = async (vpc: string) =>
    (await direct().send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }))).RouteTables ?? [];
  const gatewaysOf = async (vpc: string) =>
    (await direct().send(new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [vpc] }] })))
      .InternetGateways ?? [];
  const blockOf = async (SubnetId: string) =>
    (await direct().send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }))).Subnets?.[0]?.CidrBlock;
  const typeOf = async (key: string) => (await nets.item('networks', key)).values['networkType'];

  beforeAll(async () => {
    account = await startEc2();
    nets = await Networks.connect(account);
  });
  afterEach(async () => expect(await account.leftovers()).toEqual([]));
  afterAll(async () => {
    await nets.driver.close();
    await account.stop();
  });

  test('D3: EC2 tells no date of subnets, ENIs, VPCs and addresses, so they have none', async () => {
    const forwardingGroup = await nets.group();
    const network = await nets.network('PRIVATE', { forwardingGroup });
    const port = await nets.create('networkPorts', { network, portType: 'ACCESS' });
    const address = await nets.create('addresses', { allocation: 'static', protocol: 'IPv4', network: 'public' });
    const made = { addresses: address, networkPorts: port, networks: network, forwardingGroups: forwardingGroup } as const;
    const groups = Object.keys(made) as (keyof typeof made)[];
    for (const group of groups) expect([group, (await nets.item(group, made[group])).created]).toEqual([group, undefined]);
    for (const group of groups) await nets.drop(group, made[group]);
  });

  test('a PUBLIC network is led out, a PRIVATE one is not; both share what was made for it, and the last takes it along', async () => {
    const forwardingGroup = await nets.group();
    const open = await nets.network('PUBLIC', { forwardingGroup });
    const other = await nets.network('PUBLIC', { forwardingGroup });
    const closed = await nets.network('PRIVATE', { forwardingGroup });
    expect([await typeOf(open), await typeOf(other), await typeOf(closed)]).toEqual(['PUBLIC', 'PUBLIC', 'PRIVATE']);
    expect((await nets.item('networks', open)).values['forwardingGroup']).toEqual(ref('ForwardingGroup', forwardingGroup));
    // The main table, and one for both.
    expect(await tablesOf(forwardingGroup)).toHaveLength(2);
    expect(await gatewaysOf(forwardingGroup)).toHaveLength(1);
    const { Subnets } = await direct().send(new DescribeSubnetsCommand({ SubnetIds: [open, closed] }));
    expect(Object.fromEntries((Subnets ?? []).map((s) => [s.SubnetId, s.MapPublicIpOnLaunch]))).toEqual({ [open]: true, [closed]: false });
    await nets.drop('networks', open);
    expect(await typeOf(other)).toBe('PUBLIC');
    await nets.drop('networks', other);
    expect(await tablesOf(forwardingGroup)).toHaveLength(1);
    expect(await gatewaysOf(forwardingGroup)).toEqual([]);
    await nets.drop('networks', closed, other);
    await nets.drop('forwardingGroups', forwardingGroup);
  });

  test('where everything is led out by the main table, PRIVATE networks get a table of their own', async () => {
    const VpcId = (await direct().send(new CreateVpcCommand({ CidrBlock: '192.168.0.0/20' }))).Vpc?.VpcId ?? '';
    const { InternetGatewayId } = (await direct().send(new CreateInternetGatewayCommand({}))).InternetGateway ?? {};
    await direct().send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    const [main] = await tablesOf(VpcId);
    const route = { RouteTableId: main?.RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId };
    await direct().send(new CreateRouteCommand(route));
    const elsewhere = (await direct().send(new CreateSubnetCommand({ VpcId, CidrBlock: '192.168.0.0/24' }))).Subnet?.SubnetId ?? '';
    const closed = await nets.network('PRIVATE', { forwardingGroup: VpcId });
    const open = await nets.network('PUBLIC', { forwardingGroup: VpcId });
    expect([await typeOf(elsewhere), await typeOf(closed), await typeOf(open)]).toEqual(['PUBLIC', 'PRIVATE', 'PUBLIC']);
    // What a console changes is seen.
    const own = (await tablesOf(VpcId)).find(({ RouteTableId }) => RouteTableId !== main?.RouteTableId);
    await direct().send(new AssociateRouteTableCommand({ RouteTableId: own?.RouteTableId, SubnetId: elsewhere }));
    expect(await typeOf(elsewhere)).toBe('PRIVATE');
    await nets.drop('networks', closed, open);
    // In use by somebody else: it stays, and so does the internet gateway that the gateway did not make.
    expect(await tablesOf(VpcId)).toHaveLength(2);
    await nets.drop('networks', elsewhere);
    expect(await tablesOf(VpcId)).toHaveLength(1);
    await expect(nets.delete('forwardingGroups', VpcId)).rejects.toMatchObject({ kind: 'conflict', message: like(/dependencies/) });
    expect(await gatewaysOf(VpcId)).toHaveLength(1);
    await direct().send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await direct().send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
    await nets.drop('forwardingGroups', VpcId);
  });

  test.each(['CreateRouteTable', 'CreateInternetGateway', 'AttachInternetGateway', 'CreateRoute', 'AssociateRouteTable'])(
    'a create that is cut off at %s is found unfinished, and gone on with',
    async (action) => {
      const forwardingGroup = await nets.group();
      const own = marks('networks');
      account.proxy.add({ action, drop: 'before', times: 1 });
      await expect(nets.network('PUBLIC', { forwardingGroup }, own)).rejects.toMatchObject({ name: 'ProviderError', maybeDone: true });
      expect(await nets.find('networks', own)).toMatchObject([{ tag: own.tag, unfinished: true }]);
      // The answer alone is lost: what was asked has come to be.
      const heal = account.proxy.add({ action, drop: 'after', times: 1 });
      const again = await nets.network('PUBLIC', { forwardingGroup }, own).catch((error: unknown) => error);
      heal();
      if (typeof again !== 'string') expect(again).toMatchObject({ name: 'ProviderError', maybeDone: true });
      const [half] = await nets.find('networks', own);
      expect(await nets.network('PUBLIC', { forwardingGroup }, own)).toBe(half?.key);
      const [done, ...more] = await nets.find('networks', own);
      expect(more).toEqual([]);
      expect(done?.unfinished).toBeUndefined();
      expect(done?.values['networkType']).toBe('PUBLIC');
      await nets.drop('networks', half?.key ?? '');
      await nets.drop('forwardingGroups', forwardingGroup);
    },
  );

  test('one that is given up half-way is deleted whole', async () => {
    const own = marks('networks');
    account.proxy.add(fails('AssociateRouteTable', 'UnauthorizedOperation', 403));
    await expect(nets.network('PUBLIC', {}, own)).rejects.toMatchObject({ kind: 'forbidden' });
    await nets.drop('networks', (await nets.find('networks', own))[0]?.key ?? '');
  });

  test('a route table that goes away under a create is made anew', async () => {
    account.proxy.add(fails('AssociateRouteTable', 'InvalidRouteTableID.NotFound'));
    const key = await nets.network('PUBLIC');
    expect(await typeOf(key)).toBe('PUBLIC');
    await nets.drop('networks', key);
  });

  test('a new subnet that EC2 does not know everywhere yet is no failure, but gone on with later', async () => {
    const own = marks('networks');
    account.proxy.add(fails('ModifySubnetAttribute', 'InvalidSubnetID.NotFound'));
    await expect(nets.network('PUBLIC', {}, own)).rejects.toMatchObject({ kind: 'unavailable', maybeDone: true, passing: true });
    account.proxy.add(fails('AssociateRouteTable', 'InvalidSubnetID.NotFound'));
    await expect(nets.network('PUBLIC', {}, own)).rejects.toMatchObject({ kind: 'unavailable', maybeDone: true });
    const key = await nets.network('PUBLIC', {}, own);
    expect(await nets.find('networks', own)).toMatchObject([{ key, values: { networkType: 'PUBLIC' } }]);
    await nets.drop('networks', key);
  });

  test('many at once in one group, PUBLIC and PRIVATE, each in a block of its own', async () => {
    const forwardingGroup = await nets.group({ extensions: { cidr: '10.77.0.0/20' } });
    expect((await nets.item('forwardingGroups', forwardingGroup)).values['cidr']).toBe('10.77.0.0/20');
    const types = ['PUBLIC', 'PRIVATE', 'PUBLIC', 'PRIVATE', 'PUBLIC', 'PUBLIC'] as const;
    const keys = await Promise.all(types.map((type) => nets.network(type, { forwardingGroup })));
    expect(await Promise.all(keys.map(typeOf))).toEqual(types);
    expect(await gatewaysOf(forwardingGroup)).toHaveLength(1);
    expect(new Set(await Promise.all(keys.map(blockOf))).size).toBe(keys.length);
    await Promise.all(keys.map((key) => nets.delete('networks', key)));
    await nets.drop('forwardingGroups', forwardingGroup);
  });

  test('blocks: the next free one, past what others take; the one asked for, or a refusal in words', async () => {
    const forwardingGroup = await nets.group({ extensions: { cidr: '10.88.0.0/27' } });
    account.proxy.add(fails('CreateSubnet', 'InvalidSubnet.Conflict'));
    const one = await nets.network('PRIVATE', { forwardingGroup });
    expect(await blockOf(one)).toBe('10.88.0.16/28');
    const two = await nets.network('PRIVATE', { forwardingGroup, extensions: { cidr: '10.88.0.0/28', availabilityZone: 'us-east-1b' } });
    expect((await nets.item('networks', two)).values).toMatchObject({ cidr: '10.88.0.0/28', availabilityZone: 'us-east-1b' });
    const asked = (cidr: string) => nets.network('PRIVATE', { forwardingGroup, extensions: { cidr } });
    await expect(asked('10.88.0.0/28')).rejects.toMatchObject({ kind: 'conflict', maybeDone: false });
    await expect(asked('10.99.0.0/28')).rejects.toMatchObject({ kind: 'invalid' });
    await expect(asked('all of it')).rejects.toMatchObject({ kind: 'invalid' });
    await expect(nets.network('PRIVATE', { forwardingGroup })).rejects.toMatchObject({ kind: 'quota', message: like(/No block.*cidr/) });
    await nets.drop('networks', one, two);
    await nets.drop('forwardingGroups', forwardingGroup);
  });

  test('groups get blocks of their own; where a network goes when no group is named can be configured', async () => {
    const [vpc, other] = [await nets.group(), await nets.group()];
    const blocks = await Promise.all([vpc, other].map(async (key) => (await nets.item('forwardingGroups', key)).values['cidr']));
    expect(new Set(blocks).size).toBe(2);
    const configured = await Networks.connect(account, { vpc });
    const key = await configured.network('PRIVATE');
    expect((await nets.item('networks', key)).values['forwardingGroup']).toEqual(ref('ForwardingGroup', vpc));
    await configured.driver.close();
    await nets.drop('networks', key);
    await nets.drop('forwardingGroups', vpc, other);
    await expect(nets.network('PRIVATE', { forwardingGroup: vpc })).rejects.toMatchObject({
      name: 'Gone',
      thing: { type: 'VPC', key: vpc },
    });
    const heal = account.proxy.add({ action: 'DescribeVpcs', rewrite: (xml) => xml.replace(/<vpcSet>[\s\S]*<\/vpcSet>/, '<vpcSet/>') });
    await expect(nets.network('PRIVATE')).rejects.toMatchObject({ kind: 'invalid', message: like(/no default VPC/) });
    heal();
  });

  test('a group takes no networks that are there, and with networks it is left whole', async () => {
    const forwardingGroup = await nets.group();
    const key = await nets.network('PUBLIC', { forwardingGroup });
    const bound = nets.create('forwardingGroups', { networks: [key] });
    await expect(bound).rejects.toMatchObject({ kind: 'unsupported', message: like(/make the forwarding group first/) });
    expect([nets.driver.forwardingGroups?.bind, nets.driver.forwardingGroups?.release]).toEqual([undefined, undefined]);
    await expect(nets.delete('forwardingGroups', forwardingGroup)).rejects.toMatchObject({
      kind: 'conflict',
      message: like(/delete them first/),
    });
    expect(await typeOf(key)).toBe('PUBLIC');
    await nets.drop('networks', key);
    await nets.drop('forwardingGroups', forwardingGroup, forwardingGroup);
  });

  test('what EC2 cannot have of a network is refused; quotas are told as such', async () => {
    await expect(nets.network('PRIVATE', { mtu: 1400 })).rejects.toMatchObject({ kind: 'unsupported', message: like(/mtu/) });
    await expect(nets.network('PRIVATE', { classOfService: 'GOLD' })).rejects.toMatchObject({ message: like(/classOfService/) });
    account.proxy.add(fails('CreateSubnet', 'SubnetLimitExceeded'));
    await expect(nets.network('PRIVATE')).rejects.toMatchObject({ kind: 'quota', maybeDone: false });
    account.proxy.add(fails('CreateVpc', 'VpcLimitExceeded'));
    await expect(nets.group()).rejects.toMatchObject({ kind: 'quota', maybeDone: false });
    await expect(nets.delete('networks', 'public')).rejects.toMatchObject({ kind: 'conflict', message: like(/Amazon/) });
    expect((await nets.item('networks', 'public')).refuses).toMatchObject({ edit: like(/Amazon/), delete: like(/Amazon/) });
  });

  test('lists cost their pages, and networks one read of the route tables', async () => {
    const pages = await pagesOf(nets.driver, 'networks');
    // The first is Amazon's own network, which costs nothing.
    const subnets = pages.length - 1;
    expect(subnets).toBeGreaterThan(1);
    expect(await nets.calls(() => pagesOf(nets.driver, 'networks'))).toEqual({ DescribeSubnets: subnets, DescribeRouteTables: 1 });
    expect(await nets.calls(() => pagesOf(nets.driver, 'forwardingGroups'))).toEqual({ DescribeVpcs: 1 });
    const keys = pages.flat().map(({ key }) => key);
    expect(await nets.calls(async () => nets.driver.networks?.getMany(keys, context()))).toEqual({
      DescribeSubnets: 1,
      DescribeRouteTables: 1,
    });
  });

  test('a subnet in a state that is not known is ERROR and listed; one that is being made is CREATING', async () => {
    const key = await nets.network('PRIVATE');
    const shown = (state: string) =>
      account.proxy.add({ action: 'DescribeSubnets', times: 1, rewrite: (xml) => xml.replaceAll('<state>available<', `<state>${state}<`) });
    shown('pending');
    expect((await nets.item('networks', key)).values['state']).toBe('CREATING');
    shown('levitating');
    expect(await nets.item('networks', key)).toMatchObject({ values: { state: 'ERROR' }, unmappedState: 'levitating' });
    await nets.drop('networks', key);
  });
});
