import { CreateTagsCommand, DescribeInstanceAttributeCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { driver as module } from '../../drivers/ec2/index';
import { keyPairName } from '../../drivers/ec2/naming';
import type { Driver, Item } from '../../src/clouds/driver';
import { type Ec2Account, startEc2, TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { mapInstances } from '../backends/ec2-xml';
import { freePort, motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { context, endedDriver, marks, pagesOf, read, until } from './counterpart';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk';

/** Tests of what EC2 alone does, and how the driver bears it. */
describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let driver: Driver;

  const connect = (more: { [option: string]: unknown } = {}): Promise<Driver> => {
    const options = { region: TEST_REGION, endpoint: account.url, ...TEST_KEYS, pageSize: 5, settleMs: 2000, patienceMs: 1000, ...more };
    return Promise.resolve(module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined }));
  };
  const machines = () => {
    const group = endedDriver(driver).machines;
    if (!group?.create || !group.delete || !group.restore || !group.stop || !group.rename) throw new Error('the group is not whole');
    return group as Required<typeof group>;
  };
  const images = () => {
    const group = endedDriver(driver).machineImages;
    if (!group?.capture || !group.delete) throw new Error('the group is not whole');
    return group as Required<typeof group>;
  };
  const create = async (more = {}): Promise<string> =>
    (await machines().create({ ...marks(), config: 't3.micro', image: TEST_IMAGE, ...more }, context())).key;

  beforeAll(async () => {
    account = await startEc2();
  });
  beforeEach(async () => {
    driver = await connect();
  });
  afterEach(async () => {
    await driver.close();
    Object.assign(account.proxy.manners, { hiddenMs: 0, pendingMs: 0 });
  });
  afterAll(() => account.stop());

  test('a new machine that is not visible yet is absent, deleting it says so, and it is found when it shows', async () => {
    account.proxy.manners.hiddenMs = 600_000;
    await driver.close();
    driver = await connect({ settleMs: 600_000 });
    const own = marks();
    const key = await create(own);
    expect(await read(driver, 'machines', key)).toBeUndefined();
    expect(await machines().find(own, context())).toEqual([]);
    await expect(machines().delete(key, context())).rejects.toMatchObject({ kind: 'unavailable', maybeDone: false });
    account.proxy.manners.hiddenMs = 0;
    const shown = await until(driver, 'machines', key, (item) => item !== undefined);
    expect(shown).toMatchObject({ tag: own.tag, token: own.token });
    await machines().delete(key, context());
  });

  test('one id that is gone does not hide the others of its batch', async () => {
    const keys = [await create(), await create()];
    account.proxy.add({
      action: 'DescribeInstances',
      times: 1,
      fail: { code: 'InvalidInstanceID.NotFound', message: `The instance ID 'i-0123456789abcdef0' does not exist` },
    });
    const found = await machines().getMany([...keys, 'i-0123456789abcdef0', 'no id at all'], context());
    expect(new Set(found.map((item) => item.key))).toEqual(new Set(keys));
    for (const key of keys) await machines().delete(key, context());
  });

  test('the root volume goes with the machine and names its owner; user data arrives as the consumer encoded it', async () => {
    const own = marks();
    const userData = Buffer.from('#!/bin/sh\necho "ünïcode"\n').toString('base64');
    const key = await create({ ...own, userData });
    const volumes = await account.direct.send(new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [key] }] }));
    expect(volumes.Volumes?.[0]?.Tags).toEqual([{ Key: 'cimi:owner', Value: own.tag }]);
    const kept = await account.direct.send(new DescribeInstanceAttributeCommand({ InstanceId: key, Attribute: 'userData' }));
    expect(kept.UserData?.Value).toBe(userData);
    await machines().delete(key, context());
    const left = await account.direct.send(new DescribeVolumesCommand({ Filters: [{ Name: 'tag:cimi:owner', Values: [own.tag] }] }));
    expect(left.Volumes).toEqual([]);
  });

  test('a rename leaves other people’s tags and our identity alone, and costs one read and the changes', async () => {
    const own = marks();
    const key = await create({ ...own, name: 'before', properties: { a: '1', b: '2' } });
    await account.direct.send(new CreateTagsCommand({ Resources: [key], Tags: [{ Key: 'team', Value: 'blue' }] }));
    account.proxy.manners.pendingMs = 0;
    const before = account.proxy.count();
    await machines().rename(key, { name: 'after', properties: { b: '2', 'ключ =': '< & > "' } }, context());
    expect(account.proxy.count() - before).toBe(3);
    const item = await read(driver, 'machines', key);
    expect(item).toMatchObject({ tag: own.tag, values: { name: 'after', properties: { b: '2', 'ключ =': '< & > "' } } });
    expect(Object.keys(item?.values.properties ?? {})).toHaveLength(2);
    await machines().rename(key, { name: 'after', properties: { b: '2', 'ключ =': '< & > "' } }, context());
    expect(account.proxy.count('CreateTags')).toBe(1);
    await machines().delete(key, context());
  });

  test('a launch that failed after it was accepted is gone, and says why; lists do not show it', async () => {
    const key = await create();
    const failed = (id: string, item: string) =>
      id === key
        ? item
            .replace(/<instanceState>[\s\S]*?<\/instanceState>/, '<instanceState><code>48</code><name>terminated</name></instanceState>')
            .replace(/<stateReason>[\s\S]*?<\/stateReason>|<stateReason\s*\/>/, '')
            .replace(
              '</instanceId>',
              '</instanceId><stateReason><code>Client.VolumeLimitExceeded</code><message>Volume limit exceeded</message></stateReason>',
            )
        : item;
    const heal = account.proxy.add({ action: 'DescribeInstances', rewrite: (xml) => mapInstances(xml, failed) });
    expect(await read(driver, 'machines', key)).toMatchObject({ values: { state: 'ERROR' }, gone: { reason: 'Volume limit exceeded' } });
    expect((await pagesOf(driver, 'machines')).flat().filter((item) => item.key === key)).toEqual([]);
    heal();
    await machines().delete(key, context());
  });

  test('a restore shows RESTORING, then STARTED; one that fails later is named by its token', async () => {
    // The two root volume calls are answered by our own stand-in: moto has none.
    const key = await create();
    const request = { ...marks('restore'), image: TEST_IMAGE };
    account.tasks.runningMs = 200;
    await machines().restore(key, request, context());
    expect((await read(driver, 'machines', key))?.values.state).toBe('RESTORING');
    const done = await until(driver, 'machines', key, (item) => item?.values.state === 'STARTED');
    expect(done?.failure).toBeUndefined();
    account.tasks.ends = 'failed';
    const again = { ...marks('restore'), image: TEST_IMAGE };
    await machines().restore(key, again, context());
    const failed = await until(driver, 'machines', key, (item) => item?.values.state === 'STARTED');
    expect(failed?.failure).toMatchObject({ token: again.token, reason: expect.stringContaining('root volume') as string });
    await machines().stop(key, {}, context());
    const stopped = await until(driver, 'machines', key, (item) => item?.values.state === 'STOPPED');
    expect(stopped?.refuses?.restore).toMatch(/running/);
    await expect(machines().restore(key, request, context())).rejects.toMatchObject({ kind: 'conflict' });
    await machines().delete(key, context());
  });

  test('deleting an image takes its snapshots along, also when a crash came between; a second delete is success', async () => {
    const machine = await create();
    const { key } = await images().capture({ ...marks('image'), machine, type: 'SNAPSHOT', name: 'golden *image*' }, context());
    account.proxy.add({ action: 'DeregisterImage', drop: 'after', times: 1 });
    await expect(images().delete(key, context())).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
    expect(await account.leftovers()).toContainEqual(expect.stringMatching(/^snapshot/));
    await images().delete(key, context());
    await images().delete(key, context());
    await machines().delete(machine, context());
    expect(await account.leftovers()).toEqual([]);
  });

  test('a capture repeated with its token answers the first image where EC2 refuses the name', async () => {
    const machine = await create();
    const request = { ...marks('image'), machine, type: 'IMAGE' as const, name: 'twin' };
    const first = await images().capture(request, context());
    account.proxy.add({ action: 'CreateImage', times: 1, fail: { code: 'InvalidAMIName.Duplicate' } });
    expect(await images().capture(request, context())).toEqual(first);
    account.proxy.add({ action: 'CreateImage', times: 1, fail: { code: 'InvalidAMIName.Duplicate' } });
    await expect(images().capture({ ...request, ...marks('other') }, context())).rejects.toMatchObject({ kind: 'conflict' });
    await images().delete(first.key, context());
    await machines().delete(machine, context());
  });

  test('images of other owners are read by id, listed only if configured, and not deletable', async () => {
    expect((await pagesOf(driver, 'machineImages')).flat()).toEqual([]);
    const image = await read(driver, 'machineImages', TEST_IMAGE);
    expect(image).toMatchObject({
      values: { type: 'IMAGE', state: 'AVAILABLE', imageLocation: `arn:aws:ec2:us-east-1::image/${TEST_IMAGE}` },
    });
    expect(image?.refuses?.delete).toMatch(/amazon/);
    const broad = await connect({ imageOwners: ['self', 'amazon'] });
    expect((await pagesOf(broad, 'machineImages')).flat().map((item: Item) => item.key)).toContain(TEST_IMAGE);
    await broad.close();
  });

  test('more than a thousand images come page by page, each once', async () => {
    const full = await startEc2({ fullImages: true });
    const wide = await connect({ endpoint: full.url, imageOwners: ['amazon'], pageSize: 500 });
    try {
      const pages = await pagesOf(wide, 'machineImages');
      const keys = pages.flat().map((item) => item.key);
      expect(keys.length).toBeGreaterThan(1000);
      expect(new Set(keys).size).toBe(keys.length);
      expect(full.proxy.count('DescribeImages')).toBe(pages.length);
      expect(pages.length).toBe(Math.ceil(keys.length / 500));
    } finally {
      await wide.close();
      await full.stop();
    }
  });

  test('another key under one tag is a conflict', async () => {
    const own = marks('key');
    const { credentials } = driver;
    const { key } = (await credentials?.import({ ...own, publicKey: `${KEY} me@here` }, context())) ?? { key: '' };
    expect(key).toBe(keyPairName(own.tag));
    expect(await credentials?.import({ ...own, publicKey: `${KEY} other comment` }, context())).toEqual({ key });
    const other = KEY.replace('0xk', '0xl');
    await expect(credentials?.import({ ...own, publicKey: other }, context())).rejects.toMatchObject({ kind: 'conflict' });
    await credentials?.delete(key, context());
  });

  test('a list of machines costs its pages; their instance types are asked for once', async () => {
    // Terminated instances fill moto's pages too.
    await account.moto.reset();
    const ids = await account.launch(12);
    await pagesOf(driver, 'machines');
    const before = account.proxy.count();
    expect((await pagesOf(driver, 'machines')).flat()).toHaveLength(12);
    expect(account.proxy.count() - before).toBe(3);
    expect(account.proxy.count('DescribeReplaceRootVolumeTasks')).toBeLessThanOrEqual(account.proxy.count('DescribeInstances'));
    await account.terminate(ids);
  });

  test('check names a missing permission and what it is for', async () => {
    account.proxy.add({
      action: 'RunInstances',
      times: 1,
      fail: { code: 'UnauthorizedOperation', message: 'You are not authorized to perform this operation.', status: 403 },
    });
    const wrong = (await driver.check(context())).filter((finding) => !finding.ok);
    expect(wrong).toEqual([
      { ok: false, what: 'Permission ec2:RunInstances', message: expect.stringMatching(/to create machines.*not authorized/) as string },
    ]);
  });

  test('wrong keys, and an endpoint where nobody listens, are told in words', async () => {
    await account.moto.requireAuth();
    const [login, ...rest] = await driver.check(context());
    await account.moto.reset();
    expect(login).toMatchObject({ ok: false, message: expect.stringContaining('credentials') as string });
    expect(login?.message).not.toContain(TEST_KEYS.secretAccessKey);
    expect(rest).toEqual([]);
    const nowhere = await connect({ endpoint: `http://127.0.0.1:${await freePort()}` });
    expect(await nowhere.check(context())).toEqual([
      { ok: false, what: expect.any(String) as string, message: expect.stringMatching(/cannot be reached/) as string },
    ]);
    await nowhere.close();
  });

  test('an answer that is not EC2’s XML is unavailable; a deadline that passes is a timeout', async () => {
    account.proxy.add({
      action: 'DescribeInstances',
      times: 1,
      answer: { status: 502, type: 'text/html', body: '<html><body>Bad gateway' },
    });
    await expect(pagesOf(driver, 'machines')).rejects.toMatchObject({ kind: 'unavailable', maybeDone: true });
    account.proxy.add({
      action: 'DescribeInstances',
      times: 1,
      answer: { status: 200, type: 'text/html', body: '<html><body>Login here' },
    });
    await expect(pagesOf(driver, 'machines')).rejects.toMatchObject({ kind: 'unavailable' });
    account.proxy.add({ action: 'DescribeInstances', times: 1, delayMs: 300 });
    const late = driver.machines?.getMany(['i-0123456789abcdef0'], { signal: AbortSignal.timeout(50) });
    await expect(late).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
  });
});
