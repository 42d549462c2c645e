import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AttachVolumeCommand, CreateVolumeCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { driver as module } from '../../drivers/ec2/index';
import type { Driver } from '../../src/clouds/driver';
import { TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { answerXml, instanceState, mapInstances } from '../backends/ec2-xml';
import type { Call } from '../backends/fault-proxy';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { method } from './contract/scene';
import { context, endedDriver, marks, pagesOf, read } from './counterpart';
import { Ec2Bench } from './ec2-kit';

const SWITCH = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Tests of what companies' guard rails ask of a machine, what accounts are like, and what EC2 is asked for it. */
describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  let seen: Call[] = [];
  let unlisten = (): void => undefined;
  const drivers: Driver[] = [];
  beforeAll(async () => {
    bench = await Ec2Bench.start();
  });
  beforeEach(() => {
    seen = [];
    unlisten = bench.account.proxy.add({ when: (call) => (seen.push(call), false) });
  });
  afterEach(async () => {
    unlisten();
    for (const driver of drivers.splice(0)) await driver.close();
    expect(await bench.account.leftovers()).toEqual([]);
  });
  afterAll(() => bench.stop());

  const connect = async (options: object): Promise<Driver> => {
    const driver = await bench.connect({ ...options });
    drivers.push(driver);
    return driver;
  };
  const asked = (action: string): Record<string, string> =>
    Object.fromEntries(seen.findLast((call) => call.action === action)?.parameters ?? []);
  /** Tags that the last call of the action gave to a type. */
  const tagsFor = (action: string, type: string): Record<string, string> => {
    const all = asked(action);
    const [, n] =
      /^TagSpecification\.(\d+)\./.exec(
        Object.keys(all).find((name) => /^TagSpecification\.\d+\.ResourceType$/.test(name) && all[name] === type) ?? '',
      ) ?? [];
    const keys = Object.entries(all).filter(([name]) => new RegExp(`^TagSpecification\\.${n ?? 'x'}\\.Tag\\.\\d+\\.Key$`).test(name));
    return Object.fromEntries(keys.map(([name, key]) => [key, all[name.replace(/Key$/, 'Value')] ?? '']));
  };

  test('own tags go onto everything that is made; a property of the option is a tag by its plain key', async () => {
    const driver = await connect({ tags: { Project: 'cimi' }, propertyTags: ['CostCenter'] });
    const machine = await bench.machine({ properties: { CostCenter: '42', other: 'x' } }, driver);
    expect(tagsFor('RunInstances', 'instance')).toMatchObject({ Project: 'cimi', CostCenter: '42', 'cimi:p:other': 'x' });
    for (const type of ['volume', 'network-interface']) expect(tagsFor('RunInstances', type)).toMatchObject({ Project: 'cimi' });
    expect((await read(driver, 'machines', machine))?.values.properties).toEqual({ CostCenter: '42', other: 'x' });
    await endedDriver(driver).machines?.rename?.(machine, { properties: { CostCenter: '43' } }, context());
    expect((await read(driver, 'machines', machine))?.values.properties).toEqual({ CostCenter: '43' });
    const plain = (await read(bench.driver, 'machines', machine))?.values.properties;
    expect(plain).toBeUndefined();
    const volume = await bench.volume({}, driver);
    expect(tagsFor('CreateVolume', 'volume')).toMatchObject({ Project: 'cimi' });
    const image = await endedDriver(driver).machineImages?.capture?.({ ...marks('image'), machine, type: 'IMAGE' }, context());
    for (const type of ['image', 'snapshot']) expect(tagsFor('CreateImage', type)).toMatchObject({ Project: 'cimi' });
    await endedDriver(driver).machineImages?.delete?.(image?.key ?? '', context());
    await bench.dropVolumes(volume);
    await bench.drop(machine);
  });

  test('profile, metadata service and root volume by option; a create may say otherwise', async () => {
    const options = {
      instanceProfile: 'workers',
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2 },
      rootVolume: { sizeGib: 30, type: 'gp3', kmsKey: 'alias/disks' },
    };
    const driver = await connect(options);
    const fail = { fail: { code: 'DryRunOperation', message: 'enough' }, action: 'RunInstances' };
    const forget = bench.account.proxy.add(fail);
    const create = (extensions?: object) =>
      driver.machines?.create?.(
        { ...marks(), config: 't3.micro', image: TEST_IMAGE, ...(extensions ? { extensions: { ...extensions } } : {}) },
        context(),
      );
    await expect(create()).rejects.toMatchObject({ code: 'DryRunOperation' });
    expect(asked('RunInstances')).toMatchObject({
      'IamInstanceProfile.Name': 'workers',
      'MetadataOptions.HttpTokens': 'required',
      'MetadataOptions.HttpPutResponseHopLimit': '2',
      'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '30',
      'BlockDeviceMapping.1.Ebs.VolumeType': 'gp3',
      'BlockDeviceMapping.1.Ebs.Encrypted': 'true',
      'BlockDeviceMapping.1.Ebs.KmsKeyId': 'alias/disks',
    });
    const profile = 'arn:aws:iam::123456789012:instance-profile/other';
    await expect(
      create({ instanceProfile: profile, httpTokens: 'optional', rootVolumeSize: 50, rootVolumeEncrypted: false }),
    ).rejects.toMatchObject({
      code: 'DryRunOperation',
    });
    expect(asked('RunInstances')).toMatchObject({
      'IamInstanceProfile.Arn': profile,
      'MetadataOptions.HttpTokens': 'optional',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '50',
      'BlockDeviceMapping.1.Ebs.Encrypted': 'false',
    });
    expect(asked('RunInstances')['BlockDeviceMapping.1.Ebs.KmsKeyId']).toBeUndefined();
    await expect(create({ kmsKey: 'k', rootVolumeEncrypted: false })).rejects.toMatchObject({ kind: 'invalid' });
    const before = bench.account.proxy.count('DescribeImages');
    await expect(bench.driver.machines?.create?.({ ...marks(), config: 't3.micro', image: TEST_IMAGE }, context())).rejects.toBeDefined();
    expect(bench.account.proxy.count('DescribeImages')).toBe(before);
    forget();
  });

  test('hibernation makes room for the memory on the root volume', async () => {
    const forget = bench.account.proxy.add({ action: 'RunInstances', fail: { code: 'DryRunOperation' } });
    const sizes: number[] = [];
    for (const config of ['t3.micro', 't3.large']) {
      const request = { ...marks(), config, image: TEST_IMAGE, extensions: { hibernation: true } };
      await expect(bench.driver.machines?.create?.(request, context())).rejects.toBeDefined();
      sizes.push(Number(asked('RunInstances')['BlockDeviceMapping.1.Ebs.VolumeSize']));
    }
    // 1 GiB and 8 GiB of memory.
    expect((sizes[1] ?? 0) - (sizes[0] ?? 0)).toBe(7);
    forget();
  });

  test('new volumes are encrypted by option, or as the create says', async () => {
    const driver = await connect({ volumes: { encrypted: true, kmsKey: 'alias/data' } });
    const forget = bench.account.proxy.add({ action: 'CreateVolume', fail: { code: 'DryRunOperation' } });
    const create = (extensions: object) => driver.volumes?.create?.({ ...marks(), capacity: 1, extensions: { ...extensions } }, context());
    await expect(create({})).rejects.toBeDefined();
    expect(asked('CreateVolume')).toMatchObject({ Encrypted: 'true', KmsKeyId: 'alias/data' });
    await expect(create({ kmsKey: 'mine' })).rejects.toBeDefined();
    expect(asked('CreateVolume')).toMatchObject({ Encrypted: 'true', KmsKeyId: 'mine' });
    forget();
  });

  test('an image of a machine leaves out the volumes that are Volumes, and keeps its root volume', async () => {
    const machine = await bench.machine();
    const { direct } = bench.account;
    const { VolumeId } = await direct.send(new CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 1 }));
    const volume = await bench.volume();
    const attachment = await bench.attach(machine, volume, '/dev/sdh');
    await direct.send(new AttachVolumeCommand({ VolumeId, InstanceId: machine, Device: '/dev/sdi' }));
    const image = await endedDriver(bench.driver).machineImages?.capture?.({ ...marks('image'), machine, type: 'IMAGE' }, context());
    const mappings = Object.entries(asked('CreateImage')).filter(([name]) => name.startsWith('BlockDeviceMapping.'));
    const devices = mappings.filter(([name]) => name.endsWith('.DeviceName')).map(([, device]) => device);
    expect(devices.sort()).toEqual(['/dev/sdh', '/dev/sdi']);
    expect(mappings.filter(([name]) => name.endsWith('.NoDevice'))).toHaveLength(2);
    await endedDriver(bench.driver).machineImages?.delete?.(image?.key ?? '', context());
    await bench.detach(attachment);
    await bench.detach(`${machine}:${VolumeId ?? ''}`);
    await bench.dropVolumes(volume, VolumeId ?? '');
    await bench.drop(machine);
  });

  test('snapshots are asked for by their ids, never by a search of everybody’s', async () => {
    const volume = await bench.volume();
    const { key } = await method(bench.driver, 'volumeImages', 'create')({ ...marks('snapshot'), volume }, context());
    await read(bench.driver, 'volumeImages', key);
    await pagesOf(bench.driver, 'volumeImages');
    await method(bench.driver, 'volumeImages', 'find')(marks('snapshot'), context());
    await bench.driver.volumeImages?.getMany([key, 'snap-0123456789abcdef0'], context());
    const calls = seen.filter(({ action }) => action === 'DescribeSnapshots');
    expect(calls.length).toBeGreaterThanOrEqual(4);
    for (const { parameters } of calls) expect(parameters.has('SnapshotId.1') || parameters.get('Owner.1') === 'self').toBe(true);
    await method(bench.driver, 'volumeImages', 'delete')(key, context());
    await bench.dropVolumes(volume);
  });

  test('images: own ones are asked for each time, others by owner, name and architecture and once an hour; aliases are the newest', async () => {
    const driver = await connect({
      imageOwners: ['self', 'amazon'],
      imageNames: ['amzn-*'],
      imageArchitectures: ['x86_64'],
      images: ['debian-12'],
    });
    const image = (id: string, date: string) =>
      `<item><imageId>${id}</imageId><name>debian-12-amd64-${date}</name><creationDate>${date}T00:00:00.000Z</creationDate><imageState>available</imageState></item>`;
    const forget = bench.account.proxy.add({
      action: 'DescribeImages',
      when: ({ parameters }) => parameters.get('Owner.1') === '136693071363',
      answer: {
        status: 200,
        type: 'text/xml',
        body: answerXml(
          'DescribeImages',
          `<imagesSet>${image('ami-01', '2026-01-01')}${image('ami-02', '2026-03-01')}${image('ami-03', '2026-02-01')}</imagesSet>`,
        ),
      },
    });
    const first = (await pagesOf(driver, 'machineImages')).flat().map(({ key }) => key);
    expect(first).toContain('ami-02');
    expect(first).not.toContain('ami-01');
    const others = seen.find(({ parameters }) => parameters.get('Owner.1') === 'amazon')?.parameters;
    expect(Object.fromEntries(others ?? [])).toMatchObject({
      'Filter.1.Name': 'name',
      'Filter.1.Value.1': 'amzn-*',
      'Filter.2.Name': 'architecture',
      'Filter.2.Value.1': 'x86_64',
    });
    seen.length = 0;
    expect((await pagesOf(driver, 'machineImages')).flat().map(({ key }) => key)).toEqual(first);
    expect(new Set(seen.filter(({ action }) => action === 'DescribeImages').map(({ parameters }) => parameters.get('Owner.1')))).toEqual(
      new Set(['self']),
    );
    await read(driver, 'machineImages', TEST_IMAGE);
    expect(asked('DescribeImages')).toMatchObject({ IncludeDeprecated: 'true' });
    forget();
  });

  test('a machine that EC2 took back says why, stopped or terminated', async () => {
    const key = await bench.machine();
    const reason = (code: string, words: string) => `<stateReason><code>${code}</code><message>${words}</message></stateReason>`;
    const shown = (state: string, why: string) => (id: string, item: string) =>
      id === key
        ? instanceState(item.replace(/<stateReason>[\s\S]*?<\/stateReason>|<stateReason\s*\/>/, ''), 80, state).replace(
            '</instanceId>',
            `</instanceId>${why}`,
          )
        : item;
    for (const [state, code, words] of [
      ['stopped', 'Server.SpotInstanceShutdown', 'Stopped due to Spot capacity interruption'],
      ['terminated', 'Server.SpotInstanceTermination', 'Spot Instance terminated: no capacity'],
    ] as const) {
      const forget = bench.account.proxy.add({
        action: 'DescribeInstances',
        rewrite: (xml) => mapInstances(xml, shown(state, reason(code, words))),
      });
      const item = await read(bench.driver, 'machines', key);
      expect(item).toMatchObject(state === 'stopped' ? { reason: words } : { gone: { reason: words } });
      forget();
    }
    await bench.drop(key);
  });

  test('a region that is not enabled is told as such, not as bad keys', async () => {
    const driver = await connect({ region: 'ap-east-1' });
    const forget = bench.account.proxy.add({
      action: 'DescribeInstances',
      fail: { code: 'AuthFailure', message: 'AWS was not able to validate the provided access credentials', status: 401 },
    });
    const [login, ...rest] = await driver.check(context());
    expect(rest).toEqual([]);
    expect(login).toMatchObject({ ok: false, message: expect.stringMatching(/credentials are good.*ap-east-1 is not enabled/) as string });
    forget();
  });

  test('check names options that are not there or do not go together', async () => {
    const driver = await connect({
      subnet: 'subnet-0123456789abcdef0',
      securityGroups: ['sg-0123456789abcdef0'],
      vpc: 'vpc-0123456789abcdef0',
    });
    const wrong = (await driver.check(context())).filter(({ ok }) => !ok);
    expect(wrong.map(({ what }) => what).sort()).toEqual(['Option securityGroups', 'Option subnet', 'Option vpc']);
    const { Subnets } = await bench.account.direct.send(new DescribeSubnetsCommand({}));
    const [first, second] = (Subnets ?? []).sort((a, b) => (String(a.AvailabilityZone) < String(b.AvailabilityZone) ? -1 : 1));
    const apart = await connect({ subnet: first?.SubnetId, availabilityZone: second?.AvailabilityZone });
    const [finding] = (await apart.check(context())).filter(({ ok }) => !ok);
    expect(finding).toMatchObject({
      what: 'Option availabilityZone',
      message: expect.stringContaining(String(first?.AvailabilityZone)) as string,
    });
  });

  test('a role is assumed for every call', async () => {
    const roleArn = 'arn:aws:iam::123456789012:role/gateway';
    const options = {
      region: TEST_REGION,
      endpoint: bench.account.url,
      ...TEST_KEYS,
      roleArn,
      externalId: 'x',
      stsEndpoint: bench.account.url,
    };
    const driver = await module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined });
    drivers.push(driver);
    await pagesOf(driver, 'forwardingGroups');
    expect(asked('AssumeRole')).toMatchObject({ RoleArn: roleArn, ExternalId: 'x', RoleSessionName: 'cimi-gateway' });
    await pagesOf(driver, 'forwardingGroups');
    expect(seen.filter(({ action }) => action === 'AssumeRole')).toHaveLength(1);
  });

  test('the SDK says nothing of the Node version, and its switch is left as it was', async () => {
    // In a process of its own: the SDK says it once, at its first client.
    const script = `
      const { driver } = require('./drivers/ec2/index.ts');
      const options = driver.options.parse({ region: 'eu-central-1', accessKeyId: 'AKIAX', secretAccessKey: 'none' });
      Promise.resolve(driver.connect(options, { dataDir: '', warn() {} })).then(() => console.log(String(process.env.${SWITCH})));
    `;
    const root = join(__dirname, '..', '..');
    const register = join(root, 'test', 'backends', 'register-typescript.js');
    const env = { ...process.env };
    delete env[SWITCH];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--require', register, '-e', script], { cwd: root, env });
    expect([stdout.trim(), stderr]).toEqual(['undefined', '']);
  });
});
