import { driver as module } from '../../drivers/openstack/index';
import type { Driver, Item } from '../../src/clouds/driver';
import { gibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import { context, dropMachine, endedDriver, marks, pagesOf, reaches, until } from './counterpart';
import type { Counterpart } from './counterpart';

const TYPE = 'http://cimi-gateway.org/volume-type/openstack/';

/** Tests of what Cinder has beyond the contract suite, and of what holds there of the tests that are skipped. */
describeWith('OpenStack storage', openstackAvailable(), () => {
  let account: OpenstackAccount;
  let driver: Driver;
  /** The same, its calls coming back when the provider's work has ended. */
  const does = () => endedDriver(driver);
  beforeAll(async () => {
    account = await startOpenstackAccount();
    const options = module.options.parse({ ...account.options, settleMs: 300 });
    driver = await module.connect(options, { dataDir: '', warn: () => undefined });
  }, 1_800_000);
  afterEach(async () => {
    account.proxy.reset();
    expect(await account.leftovers()).toEqual([]);
  });
  afterAll(async () => {
    await driver.close();
    await account.stop();
  });

  type Making = 'volumes' | 'volumeImages' | 'attachments';
  const create = async (group: Making, request: object, own = marks(group)): Promise<string> => {
    const { key } = await does()[group]!.create!({ ...own, ...request } as never, context());
    return key;
  };
  const make = async (group: Making, request: object): Promise<Item> => {
    const key = await create(group, request);
    const item = await until(driver, group, key, (seen) => seen !== undefined && seen.values['state'] !== 'CREATING');
    return item as Item;
  };
  const drop = async (group: Making, key: string): Promise<void> => {
    await does()[group]!.delete!(key, context());
    await until(driver, group, key, (item) => item === undefined);
  };
  const seen = (group: Making | 'disks', key: string, done: (item: Item) => boolean) =>
    until(driver, group, key, (item) => item !== undefined && done(item));
  const machine = async (extensions: object = {}): Promise<string> => {
    const { key } = await does().machines!.create!(
      { ...marks(), config: '1', image: account.image, extensions: { ...extensions } },
      context(),
    );
    await reaches(driver, key, 'STARTED');
    return key;
  };
  const dropped = (key: string) => dropMachine({ driver } as Counterpart, key);

  test('volumes have a type by its URI, begin as snapshots and images; a volume with snapshots is kept', async () => {
    const volume = await make('volumes', {
      capacity: gibToKb(1),
      type: `${TYPE}other`,
      bootable: true,
      extensions: { availabilityZone: 'nova' },
    });
    expect(volume.values).toMatchObject({ type: `${TYPE}other`, capacity: gibToKb(1), bootable: true, availabilityZone: 'nova' });
    const image = await make('volumeImages', { volume: volume.key, bootable: true });
    expect(image.values).toMatchObject({ state: 'AVAILABLE', bootable: true });
    expect(image.values['imageLocation']).toEqual({ href: `urn:openstack:volume-snapshot:${image.key}` });
    const copy = await make('volumes', { capacity: gibToKb(2), image: image.key });
    expect(copy.values).toMatchObject({ bootable: true, capacity: gibToKb(2), type: `${TYPE}other` });
    await expect(does().volumes!.delete!(volume.key, context())).rejects.toMatchObject({ kind: 'conflict', maybeDone: false });
    await expect(create('volumes', { capacity: 1, image: account.image })).rejects.toMatchObject({
      kind: expect.stringMatching(/notFound|invalid/) as string,
    });
    const booting = await make('volumes', { capacity: 1, extensions: { sourceImage: account.image } });
    expect(booting.values).toMatchObject({ bootable: true, type: `${TYPE}fake` });
    for (const key of [copy.key, booting.key]) await drop('volumes', key);
    await drop('volumeImages', image.key);
    await drop('volumes', volume.key);
  });

  test('a type that is not there is refused with those that are', async () => {
    const asked = create('volumes', { capacity: 1, type: 'http://schemas.dmtf.org/cimi/1/other' });
    await expect(asked).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining(`${TYPE}fake`) as string });
    await expect(create('volumes', { capacity: 1, type: `${TYPE}none` })).rejects.toMatchObject({
      name: 'ProviderError',
      maybeDone: false,
    });
  });

  test('a bootable volume whose create was cut off is found unfinished, and gone on with', async () => {
    const own = marks('cut');
    account.proxy.add({ service: 'volume', method: 'POST', path: /\/action$/, drop: 'before', times: 1 });
    await expect(create('volumes', { capacity: 1, bootable: true }, own)).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
    const [begun] = await does().volumes!.find!(own, context());
    expect(begun).toMatchObject({ tag: own.tag, token: own.token, unfinished: true });
    expect(await create('volumes', { capacity: 1, bootable: true }, own)).toBe(begun?.key);
    const [whole, ...more] = await does().volumes!.find!(own, context());
    expect([whole?.unfinished, whole?.values['bootable'], more]).toEqual([undefined, true, []]);
    await drop('volumes', begun?.key ?? '');
  });

  test('what a server boots from and takes with it is its disk; a volume in use grows and is captured', async () => {
    const server = await machine({ bootFromVolume: true });
    const disks = (await pagesOf(driver, 'disks')).flat().filter(({ owner }) => owner === server);
    expect(disks).toHaveLength(1);
    const [disk] = disks as [Item];
    expect(disk.values).toMatchObject({ capacity: gibToKb(1) });
    expect(disk.refuses).toMatchObject({ delete: expect.stringContaining('machine') as string });
    expect((await pagesOf(driver, 'volumes')).flat()).toEqual([]);
    expect((await pagesOf(driver, 'attachments')).flat()).toEqual([]);
    await does().disks!.update!(disk.key, { capacity: gibToKb(3) }, context());
    await seen('disks', disk.key, ({ values }) => values['capacity'] === gibToKb(3));

    const volume = await make('volumes', { capacity: 1 });
    const attachment = await make('attachments', { machine: server, volume: volume.key, initialLocation: '/dev/vdx' });
    expect(attachment.owner).toBe(server);
    await seen('attachments', attachment.key, ({ values }) => /^\/dev\//.test(String(values['initialLocation'])));
    await seen('volumes', volume.key, ({ refuses }) => refuses?.['delete'] !== undefined);
    await does().volumes!.update!(volume.key, { capacity: gibToKb(2) }, context());
    await seen('volumes', volume.key, ({ values }) => values['capacity'] === gibToKb(2));
    const image = await make('volumeImages', { volume: volume.key });
    await drop('volumeImages', image.key);
    await dropped(server);
    await until(driver, 'attachments', attachment.key, (item) => item === undefined);
    await drop('volumes', volume.key);
  });

  test('an attachment is made when Cinder tells of it: until then it is unfinished, and a detach waits; what Nova gives up is said', async () => {
    const server = await machine();
    const volume = await make('volumes', { capacity: 1 });
    const request = { machine: server, volume: volume.key };
    const one = { service: 'volume', method: 'GET', path: /\/volumes\/[0-9a-f-]{36}$/ };
    const asked = () => account.proxy.calls().some((call) => /POST compute .*os-volume_attachments/.test(call));
    const shown = (status: string) => (each: object) => ({ ...each, status, attachments: [] });
    const reads = () => account.proxy.calls().filter((call) => /GET volume .*volumes\/[0-9a-f-]{36}$/.test(call)).length;

    const own = marks('late');
    account.proxy.add({ service: 'compute', method: 'POST', path: /os-volume_attachments$/, drop: 'after', times: 1 });
    await expect(create('attachments', request, own)).rejects.toMatchObject({ maybeDone: true });
    const coming = account.proxy.add({
      ...{ service: 'volume', path: /\/volumes\/detail/ },
      rewrite: ({ volumes }: { volumes: object[] }) => ({ volumes: volumes.map(shown('attaching')) }),
    });
    expect(await does().attachments!.find!(own, context())).toMatchObject([{ token: own.token, unfinished: true }]);
    coming();
    account.proxy.add({ ...one, times: 3, rewrite: (body: { volume: object }) => ({ volume: shown('attaching')(body.volume) }) });
    const before = reads();
    const key = await create('attachments', request, own);
    expect(reads() - before).toBeGreaterThanOrEqual(4);
    const [made, ...more] = await does().attachments!.find!(own, context());
    expect([made?.key, made?.unfinished, more]).toEqual([key, undefined, []]);

    account.proxy.add({ ...one, times: 2, rewrite: (body: { volume: object }) => ({ volume: shown('reserved')(body.volume) }) });
    await drop('attachments', key);

    account.proxy.reset();
    await seen('volumes', volume.key, ({ values, refuses }) => values['state'] === 'AVAILABLE' && refuses?.['delete'] === undefined);
    const free = (body: { volume: object }) => ({ volume: shown('available')(body.volume) });
    const givenUp = account.proxy.add({ ...one, when: asked, rewrite: free });
    await expect(create('attachments', request)).rejects.toMatchObject({
      ...{ kind: 'unavailable', maybeDone: false },
      message: expect.stringMatching(/did not attach the volume \(it is available\)/) as string,
    });
    givenUp();
    await drop('attachments', (await seen('attachments', key, ({ unfinished }) => unfinished === undefined))?.key ?? '');
    await dropped(server);
    await drop('volumes', volume.key);
  });

  test('the disks of a flavor are told, and refuse to be changed', async () => {
    const { key } = await does().machines!.create!({ ...marks(), config: '4', image: account.image }, context());
    await reaches(driver, key, 'STARTED');
    const disks = await does().disks!.getMany([`${key}:root`, `${key}:ephemeral`, `${key}:swap`], context());
    expect(disks.map(({ key: disk, values }) => [disk.split(':')[1], values['capacity']])).toEqual([
      ['root', gibToKb(80)],
      ['ephemeral', gibToKb(10)],
    ]);
    for (const { refuses } of disks) expect(Object.keys(refuses ?? {}).sort()).toEqual(['delete', 'edit']);
    await expect(does().disks!.update!(`${key}:root`, { capacity: gibToKb(99) }, context())).rejects.toMatchObject({ kind: 'unsupported' });
    await dropped(key);
  });

  test('what was made at the console is listed: odd names, no marks, states of its own', async () => {
    const { direct, admin } = account;
    const name = '<b>&amp; "ünï" ]]>';
    const { volume } = await direct.call<{ volume: { id: string } }>('POST', 'volumev3', '/volumes', {
      volume: { size: 1, name, metadata: { team: 'blue' } },
    });
    await seen('volumes', volume.id, ({ values }) => values['state'] === 'AVAILABLE');
    const { snapshot } = await direct.call<{ snapshot: { id: string } }>('POST', 'volumev3', '/snapshots', {
      snapshot: { volume_id: volume.id },
    });
    const item = await seen('volumeImages', snapshot.id, ({ values }) => values['state'] === 'AVAILABLE');
    expect([item?.values['bootable'], item?.tag]).toEqual([false, undefined]);
    const [found] = await does().volumes!.getMany([volume.id], context());
    expect(found?.values).toMatchObject({ name, properties: { team: 'blue' } });
    await does().volumes!.rename!(volume.id, { name: 'adopted', properties: { a: '1' } }, context());
    const [renamed] = await does().volumes!.getMany([volume.id], context());
    expect(renamed?.values).toMatchObject({ name: 'adopted', properties: { a: '1' } });
    account.proxy.add({
      service: 'volume',
      path: /\/volumes\/detail/,
      rewrite: (body: { volumes: object[] }) => ({ volumes: body.volumes.map((each) => ({ ...each, status: 'bewitched' })) }),
    });
    const [strange] = (await pagesOf(driver, 'volumes')).flat();
    expect(strange).toMatchObject({ unmappedState: 'bewitched', values: { state: 'ERROR' } });
    account.proxy.reset();
    await drop('volumeImages', snapshot.id);
    await drop('volumes', volume.id);
    expect(admin.projectId).not.toBe(direct.projectId);
  });
});
