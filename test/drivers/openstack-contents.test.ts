import { driver as module } from '../../drivers/openstack/index';
import type { Driver, Item } from '../../src/clouds/driver';
import { rawBytes } from '../../src/disks/raw-stream';
import { gibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import { noise, read } from '../disks/layout';
import { context, endedDriver, marks, reaches, until } from './counterpart';

/** Contents of volumes, into a real Cinder and out of it again by a real Glance: Cinder's driver here keeps what images bring. */
describeWith('OpenStack', openstackAvailable(), () => {
  let account: OpenstackAccount;
  let driver: Driver;
  let source: string;
  const contents = Buffer.concat([noise(150_000, 7), Buffer.alloc(256 * 1024 - 150_000)]);
  const disk = {
    size: contents.length,
    rereadable: true,
    async *extents(from: number) {
      yield await Promise.resolve({ offset: from, data: contents.subarray(from) });
    },
  };

  beforeAll(async () => {
    account = await startOpenstackAccount();
    driver = await Promise.resolve(
      module.connect(module.options.parse({ ...account.options, settleMs: 500 }), { dataDir: '', warn: () => undefined }),
    );
    source = await uploaded('volumeImages');
  }, 1_800_000);
  afterAll(async () => {
    await drop('volumeImages', source);
    expect(await account.leftovers()).toEqual([]);
    await driver.close();
    await account.stop();
  }, 120_000);
  afterEach(() => account.proxy.reset());

  const does = () => endedDriver(driver);
  type Group = 'volumes' | 'volumeImages' | 'machineImages';
  async function uploaded(group: 'volumeImages' | 'machineImages'): Promise<string> {
    const upload = { size: disk.size, disk, withinMs: 60_000, open: () => rawBytes(disk) };
    const { key } = await does()[group]!.upload!({ ...marks(group), name: 'contents', source: upload }, context());
    return key;
  }
  async function drop(group: Group, key: string): Promise<void> {
    await does()[group]!.delete!(key, context());
    await until(driver, group, key, (item) => item === undefined);
  }
  const ready = async (group: Group, key: string): Promise<Item> => {
    const item = await until(driver, group, key, (seen) => seen !== undefined && seen.values['state'] !== 'CREATING');
    expect(item?.values['state']).toBe('AVAILABLE');
    return item as Item;
  };
  const volume = async (): Promise<string> => {
    const { key } = await does().volumes!.create!({ ...marks(), capacity: gibToKb(1), image: source }, context());
    await ready('volumes', key);
    return key;
  };
  const read1 = async (group: 'volumeImages' | 'machineImages', key: string): Promise<Buffer> =>
    read((await driver[group]!.download!(key, context())).disk);
  /** Everything that there is of Cinder, parts of copies included. */
  async function cinder(): Promise<string[]> {
    const { volumes } = await account.direct.call<{ volumes: { id: string }[] }>('GET', 'volumev3', '/volumes');
    const { snapshots } = await account.direct.call<{ snapshots: { id: string }[] }>('GET', 'volumev3', '/snapshots');
    return [...volumes, ...snapshots].map(({ id }) => id).sort();
  }

  test('a volume of an uploaded image has its contents, boots nothing unless it is to, and is read again by a copy', async () => {
    const key = await volume();
    const [made] = await does().volumes!.getMany([key], context());
    expect(made?.values).toMatchObject({ bootable: false, capacity: gibToKb(1) });
    const before = await cinder();
    const request = { ...marks('read'), name: 'to be read', volume: key, contents: true };
    const { key: copy } = await does().volumeImages!.create!(request, context());
    const item = await ready('volumeImages', copy);
    expect(item).toMatchObject({ tag: request.tag, token: request.token, values: { name: 'to be read', bootable: false } });
    expect((await read1('volumeImages', copy)).equals(contents)).toBe(true);
    expect(await cinder()).toEqual(before);
    const found = await does().volumeImages!.find!(request, context());
    expect(found.map((each) => [each.key, each.unfinished])).toEqual([[copy, undefined]]);
    await drop('volumeImages', copy);
    await drop('volumes', key);
  });

  test('a snapshot is read by a copy that outlives lost answers: nothing is made twice, and nothing stays', async () => {
    const key = await volume();
    const { key: snapshot } = await does().volumeImages!.create!({ ...marks(), volume: key, bootable: false }, context());
    expect(await ready('volumeImages', snapshot)).toMatchObject({ contentsBy: 'copy' });
    await expect(driver.volumeImages!.download!(snapshot, context())).rejects.toMatchObject({ kind: 'conflict', maybeDone: false });
    const before = await cinder();
    const request = { ...marks('again'), image: snapshot };
    account.proxy.add({ service: 'volume', method: 'POST', path: /\/volumes$/, drop: 'after', times: 1 });
    await expect(does().volumeImages!.readable!(request, context())).rejects.toMatchObject({ maybeDone: true });
    const part = await until(
      driver,
      'volumeImages',
      (await driver.volumeImages!.find!(request, context()))[0]?.key ?? '',
      (seen) => seen !== undefined,
    );
    expect(part).toMatchObject({ unfinished: true, tag: request.tag, token: request.token, values: { state: 'CREATING' } });
    account.proxy.add({ service: 'volume', method: 'POST', path: /\/action$/, drop: 'after', times: 3 });
    let copy: string | undefined;
    for (let lost = 0; copy === undefined && lost < 6; lost += 1) {
      const again = { ...context(), repeated: { since: Date.now() } };
      copy = await does().volumeImages!.readable!(request, again).then(
        (done) => done.key,
        () => undefined,
      );
    }
    expect((await read1('volumeImages', copy ?? '')).equals(contents)).toBe(true);
    expect(await cinder()).toEqual(before);
    await drop('volumeImages', copy ?? '');
    await drop('volumeImages', snapshot);
    await drop('volumes', key);
  });

  test('what a copy that is given up has made is found by its marks, is no resource, and can be deleted', async () => {
    const key = await volume();
    const before = await cinder();
    const request = { ...marks('given-up'), volume: key, contents: true };
    const outcome = await driver.volumeImages!.create!(request, context());
    expect(outcome).toMatchObject({ ongoing: { work: 'contents' } });
    const [part] = await driver.volumeImages!.find!(request, context());
    expect(part?.key).toMatch(/^snapshot:/);
    const listed: Item[] = [];
    for await (const page of driver.volumeImages!.list(context())) listed.push(...page);
    expect(listed.map((item) => item.key)).toEqual([source]);
    await drop('volumeImages', part?.key ?? '');
    expect(await driver.volumeImages!.find!(request, context())).toEqual([]);
    expect(await cinder()).toEqual(before);
    await drop('volumes', key);
  });

  test('a server that boots from a volume is captured to be read, and an image of it by a copy', async () => {
    const image = await uploaded('machineImages');
    const { key } = await does().machines!.create!({ ...marks(), config: '1', image, extensions: { bootFromVolume: true } }, context());
    await reaches(driver, key, 'STARTED');
    const before = await cinder();
    const request = { ...marks('boot'), machine: key, type: 'SNAPSHOT' as const };
    const { key: captured } = await does().machineImages!.capture!({ ...request, contents: true }, context());
    expect(await ready('machineImages', captured)).toMatchObject({ tag: request.tag, values: { type: 'SNAPSHOT' } });
    expect((await read1('machineImages', captured)).equals(contents)).toBe(true);
    expect(await cinder()).toEqual(before);
    const { key: empty } = await does().machineImages!.capture!({ ...request, ...marks('empty') }, context());
    const item = await ready('machineImages', empty);
    expect([item.contentsBy, item.refuses?.download]).toEqual(['copy', undefined]);
    const { key: copy } = await does().machineImages!.readable!({ ...marks('copy'), image: empty }, context());
    expect((await read1('machineImages', copy)).equals(contents)).toBe(true);
    for (const each of [copy, empty, captured]) await drop('machineImages', each);
    await does().machines!.delete!(key, context());
    await until(driver, 'machines', key, (seen) => seen === undefined);
    await drop('machineImages', image);
  });
});
