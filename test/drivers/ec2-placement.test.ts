import {
  CreateSubnetCommand,
  DeleteSubnetCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  type Instance,
} from '@aws-sdk/client-ec2';
import { driver as module } from '../../drivers/ec2/index';
import type { Driver } from '../../src/clouds/driver';
import { answerXml, mapInstances, stateOf } from '../backends/ec2-xml';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { method } from './contract/scene';
import { context, machinesMethod, read, until } from './counterpart';
import { Ec2Bench } from './ec2-kit';

/** Tests of where machines and volumes go on EC2, and how machines sleep. */
describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  const undo: (() => void)[] = [];
  beforeAll(async () => {
    bench = await Ec2Bench.start();
  });
  afterAll(() => bench.stop());
  afterEach(async () => {
    for (const each of undo.splice(0)) each();
    expect(await bench.account.leftovers()).toEqual([]);
  });

  const instance = async (key: string): Promise<Instance | undefined> =>
    (await bench.account.direct.send(new DescribeInstancesCommand({ InstanceIds: [key] }))).Reservations?.[0]?.Instances?.[0];
  const zoneOf = async (driver: Driver, volume: string) => (await read(driver, 'volumes', volume))?.values.availabilityZone;
  const defaults = async () =>
    (await bench.account.direct.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }))).Subnets ??
    [];
  const defaultIn = async (zone: string) => String((await defaults()).find((one) => one.AvailabilityZone === zone)?.SubnetId);
  /** Returns what the next RunInstances is asked. */
  const asked = (): Promise<URLSearchParams> =>
    new Promise((resolve) => {
      const when = ({ parameters }: { parameters: URLSearchParams }) => {
        resolve(parameters);
        return false;
      };
      undo.push(bench.account.proxy.add({ action: 'RunInstances', when }));
    });

  test('unplaced machines and volumes meet in one zone, whose subnet is asked for once', async () => {
    const driver = await bench.connect({});
    const before = bench.account.proxy.count('DescribeSubnets');
    const [one, two] = [await bench.machine({}, driver), await bench.machine({}, driver)];
    const volume = await bench.volume({}, driver);
    expect(bench.account.proxy.count('DescribeSubnets') - before).toBe(1);
    const zones = [await instance(one), await instance(two)].map((each) => each?.Placement?.AvailabilityZone);
    expect([...zones, await zoneOf(driver, volume)]).toEqual(['us-east-1a', 'us-east-1a', 'us-east-1a']);
    expect((await instance(one))?.SubnetId).toBe(await defaultIn('us-east-1a'));
    await bench.drop(one, two);
    await bench.dropVolumes(volume);
    await driver.close();
  });

  test('the option availabilityZone, the option subnet and the request decide, the request first', async () => {
    const zoned = await bench.connect({ availabilityZone: 'us-east-1c' });
    const subnetted = await bench.connect({ subnet: await defaultIn('us-east-1d') });
    const made: [Driver, object, string][] = [
      [zoned, {}, 'us-east-1c'],
      [subnetted, {}, 'us-east-1d'],
      [zoned, { extensions: { availabilityZone: 'us-east-1b' } }, 'us-east-1b'],
      [subnetted, { extensions: { availabilityZone: 'us-east-1b' } }, 'us-east-1b'],
    ];
    for (const [driver, more, zone] of made) {
      const [machine, volume] = [await bench.machine(more, driver), await bench.volume(more, driver)];
      expect((await read(driver, 'machines', machine))?.values.availabilityZone).toBe(zone);
      expect((await instance(machine))?.SubnetId).toBe(await defaultIn(zone));
      expect(await zoneOf(driver, volume)).toBe(zone);
      await bench.drop(machine);
      await bench.dropVolumes(volume);
    }
    expect(module.options.safeParse({ region: 'us-east-1', availabilityZone: 'us-east-1' }).success).toBe(false);
    for (const driver of [zoned, subnetted]) await driver.close();
  });

  test('a volume made for a machine goes where the machine is', async () => {
    const machine = await bench.machine({ extensions: { availabilityZone: 'us-east-1f' } });
    const volume = await bench.volume({ machine });
    expect(await zoneOf(bench.driver, volume)).toBe('us-east-1f');
    await bench.attach(machine, volume);
    await expect(bench.volume({ machine: 'i-0123456789abcdef0' })).rejects.toMatchObject({ kind: 'notFound' });
    await bench.drop(machine);
    await bench.dropVolumes(volume);
  });

  test('without a default VPC: refused in words, until a network is named; volumes find a zone all the same', async () => {
    const driver = await bench.connect({});
    const [first] = await defaults();
    const order = { VpcId: first?.VpcId, CidrBlock: '172.31.240.0/24', AvailabilityZone: 'us-east-1b' };
    const own = String((await bench.account.direct.send(new CreateSubnetCommand(order))).Subnet?.SubnetId);
    const none = (call: { parameters: URLSearchParams }) => call.parameters.get('Filter.1.Name') === 'default-for-az';
    const answer = { status: 200, type: 'text/xml', body: answerXml('DescribeSubnets', '<subnetSet/>') };
    undo.push(bench.account.proxy.add({ action: 'DescribeSubnets', when: none, answer }));
    const before = bench.account.proxy.count('RunInstances');
    await expect(bench.machine({}, driver)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/no default subnet in us-east-1a.*option subnet/) as string,
    });
    expect(bench.account.proxy.count('RunInstances')).toBe(before);
    const machine = await bench.machine({ networks: [own] }, driver);
    expect((await instance(machine))?.SubnetId).toBe(own);
    const volume = await bench.volume({}, driver);
    expect(await zoneOf(driver, volume)).toBe('us-east-1a');
    await bench.drop(machine);
    await bench.dropVolumes(volume);
    await bench.account.direct.send(new DeleteSubnetCommand({ SubnetId: own }));
    await driver.close();
  });

  test('placement group, tenancy and security groups go along, and are told', async () => {
    const [first] = (await bench.account.direct.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups ?? [];
    const group = String(first?.GroupId);
    const sent = asked();
    const extensions = { placementGroup: 'rack', tenancy: 'dedicated', securityGroups: [group] };
    // Moto makes nothing of the first two: what the driver sends is what counts.
    const machine = await bench.machine({ extensions });
    const parameters = await sent;
    expect([parameters.get('Placement.GroupName'), parameters.get('Placement.Tenancy'), parameters.get('SecurityGroupId.1')]).toEqual([
      'rack',
      'dedicated',
      group,
    ]);
    expect((await read(bench.driver, 'machines', machine))?.values).toMatchObject({ securityGroups: [group], hibernation: false });
    const told = (_id: string, item: string) =>
      item.replace('<groupName/><tenancy>default<', '<groupName>rack</groupName><tenancy>dedicated<');
    undo.push(bench.account.proxy.add({ action: 'DescribeInstances', rewrite: (xml) => mapInstances(xml, told) }));
    expect((await read(bench.driver, 'machines', machine))?.values).toMatchObject({ placementGroup: 'rack', tenancy: 'dedicated' });
    await bench.drop(machine);
  });

  test('a machine launched for hibernation is suspended and wakes up; others refuse it in words', async () => {
    const plain = await bench.machine();
    expect((await read(bench.driver, 'machines', plain))?.refuses?.suspend).toMatch(/not launched for hibernation/);
    const machine = await bench.machine({ extensions: { hibernation: true } });
    const awake = await read(bench.driver, 'machines', machine);
    expect([awake?.values.hibernation, awake?.refuses?.suspend]).toEqual([true, undefined]);
    const Filters = [{ Name: 'attachment.instance-id', Values: [machine] }];
    const { Volumes } = await bench.account.direct.send(new DescribeVolumesCommand({ Filters }));
    expect(Volumes?.map(({ Encrypted }) => Encrypted)).toEqual([true]);
    expect((await read(bench.driver, 'disks', String(Volumes?.[0]?.VolumeId)))?.owner).toBe(machine);

    // Moto only stops: the reason that AWS then gives is put in by the proxy.
    let slept = false;
    const when = ({ parameters }: { parameters: URLSearchParams }) => {
      slept = parameters.get('Hibernate') === 'true';
      return false;
    };
    const reason = '<stateReason><code>Client.UserInitiatedHibernate</code><message>hibernated</message></stateReason>';
    const asleep = (id: string, item: string) =>
      id === machine && slept && stateOf(item) === 'stopped'
        ? item.replace(/<stateReason>[\s\S]*?<\/stateReason>|<stateReason\s*\/>/, reason)
        : item;
    undo.push(bench.account.proxy.add({ action: 'StopInstances', when }));
    undo.push(bench.account.proxy.add({ action: 'DescribeInstances', rewrite: (xml) => mapInstances(xml, asleep) }));
    await machinesMethod(bench.driver, 'suspend')(machine, context());
    await until(bench.driver, 'machines', machine, (item) => item?.values.state === 'SUSPENDED');
    await machinesMethod(bench.driver, 'start')(machine, context());
    await until(bench.driver, 'machines', machine, (item) => item?.values.state === 'STARTED');
    await machinesMethod(bench.driver, 'stop')(machine, {}, context());
    await until(bench.driver, 'machines', machine, (item) => item?.values.state === 'STOPPED');
    await bench.drop(plain, machine);
  });

  test('no room in a zone is told with what may help, and is not waited for', async () => {
    const fail = { code: 'InsufficientInstanceCapacity', message: 'We currently do not have sufficient capacity.', status: 500 };
    undo.push(bench.account.proxy.add({ action: 'RunInstances', times: 1, fail }));
    await expect(bench.machine()).rejects.toMatchObject({
      ...{ kind: 'unavailable', lasting: true, maybeDone: false, passing: false },
      message: expect.stringMatching(/sufficient capacity.*another machine configuration or availabilityZone/) as string,
    });
    const volumes = method(bench.driver, 'volumes', 'create');
    undo.push(bench.account.proxy.add({ action: 'CreateVolume', times: 1, fail: { code: 'InsufficientVolumeCapacity', status: 500 } }));
    const request = { token: 'no-room', tag: 'no-room', capacity: 1 };
    await expect(volumes(request, context())).rejects.toMatchObject({ kind: 'unavailable', lasting: true });
  });
});
