import {
  CreateSnapshotCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  ModifyInstanceAttributeCommand,
  type Volume,
} from '@aws-sdk/client-ec2';
import { gibToKb } from '../../src/model/units';
import { answerXml } from '../backends/ec2-xml';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { method } from './contract/scene';
import { context, ended, marks, pagesOf, read, until } from './counterpart';
import { Ec2Bench } from './ec2-kit';
import { dropVolumes, makeVolumes } from './ec2-populate';

/** Tests of what storage on EC2 alone does, and how the driver bears it. */
describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  beforeAll(async () => {
    bench = await Ec2Bench.start();
  });
  afterAll(() => bench.stop());
  afterEach(async () => expect(await bench.account.leftovers()).toEqual([]));

  const seen = async (id: string): Promise<Volume | undefined> =>
    (await bench.account.direct.send(new DescribeVolumesCommand({ Filters: [{ Name: 'volume-id', Values: [id] }] }))).Volumes?.[0];
  const tagsOf = async (id: string) => Object.fromEntries(((await seen(id))?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  const keys = async (group: 'disks' | 'volumes' | 'attachments', owner?: string) =>
    (await pagesOf(bench.driver, group))
      .flat()
      .filter((item) => owner === undefined || item.owner === owner)
      .map((item) => item.key);

  describe('disks', () => {
    test('the root volume is a disk and nothing else; it grows, and goes with its machine', async () => {
      const machine = await bench.machine();
      const [root = ''] = await keys('disks', machine);
      expect(await read(bench.driver, 'disks', root)).toMatchObject({
        key: expect.stringMatching(/^vol-/) as string,
        values: { capacity: gibToKb(8), initialLocation: '/dev/sda1' },
        owner: machine,
      });
      expect([await keys('volumes'), await keys('attachments')]).toEqual([[], []]);
      expect(await read(bench.driver, 'volumes', root)).toBeUndefined();
      const update = method(bench.driver, 'disks', 'update');
      await update(root, { capacity: gibToKb(8) }, context());
      expect(bench.account.proxy.count('ModifyVolume')).toBe(0);
      await update(root, { capacity: gibToKb(8) + 1 }, context());
      expect((await read(bench.driver, 'disks', root))?.values.capacity).toBe(gibToKb(9));
      await bench.drop(machine);
      expect(await read(bench.driver, 'disks', root)).toBeUndefined();
      await expect(update(root, { capacity: gibToKb(10) }, context())).rejects.toMatchObject({ kind: 'notFound' });
    });

    test('instance storage comes with the type: shown, not to be changed', async () => {
      const machine = await bench.machine({ config: 'm5d.large' });
      const store = `${machine}:ephemeral0`;
      const fixed = expect.stringMatching(/instance type/) as string;
      expect(await read(bench.driver, 'disks', store)).toMatchObject({
        values: { capacity: 75_000_000 },
        owner: machine,
        refuses: { edit: fixed, delete: fixed },
      });
      expect(await keys('disks', machine)).toEqual(expect.arrayContaining([store]));
      const growing = method(bench.driver, 'disks', 'update')(store, { capacity: 80_000_000 }, context());
      await expect(growing).rejects.toMatchObject({ kind: 'unsupported' });
      expect(await read(bench.driver, 'disks', `${machine}:ephemeral1`)).toBeUndefined();
      await bench.drop(machine);
      expect(await read(bench.driver, 'disks', store)).toBeUndefined();
    });

    test('a volume that somebody gives to its instance for good turns into a disk', async () => {
      const machine = await bench.machine();
      const volume = await bench.volume();
      const attachment = await bench.attach(machine, volume, '/dev/sdm');
      expect([await keys('volumes'), await keys('attachments')]).toEqual([[volume], [attachment]]);
      const BlockDeviceMappings = [{ DeviceName: '/dev/sdm', Ebs: { DeleteOnTermination: true } }];
      await bench.account.direct.send(new ModifyInstanceAttributeCommand({ InstanceId: machine, BlockDeviceMappings }));
      expect([await keys('volumes'), await keys('attachments')]).toEqual([[], []]);
      expect(await keys('disks', machine)).toContain(volume);
      await bench.drop(machine);
    });
  });

  describe('attachments', () => {
    test('the hint is taken where it can be; many at the same moment each get a place of their own', async () => {
      const machine = await bench.machine();
      const volumes = await Promise.all([1, 2, 3, 4].map(() => bench.volume()));
      const locations = ['/dev/sdk', undefined, '/dev/sdk', '/mnt/data'];
      const made = await Promise.all(volumes.map((volume, n) => bench.attach(machine, volume, locations[n])));
      const items = (await pagesOf(bench.driver, 'attachments')).flat();
      const places = items.map((item) => String(item.values.initialLocation));
      expect(new Set(places).size).toBe(4);
      expect(places).toContain('/dev/sdk');
      expect(items.map((item) => item.key).sort()).toEqual([...made].sort());
      expect((await seen(volumes[0] ?? ''))?.Attachments?.[0]?.DeleteOnTermination).not.toBe(true);
      for (const key of made) await bench.detach(key);
      await bench.dropVolumes(...volumes);
      await bench.drop(machine);
    });

    test('an attachment whose answer is lost is found by its tag, and is the answer to the same request', async () => {
      const machine = await bench.machine();
      const volume = await bench.volume();
      const request = { ...marks('lost'), machine, volume };
      const create = method(bench.driver, 'attachments', 'create');
      bench.account.proxy.add({ action: 'AttachVolume', drop: 'after', times: 1 });
      await expect(create(request, context())).rejects.toMatchObject({ maybeDone: true });
      const [found] = await method(bench.driver, 'attachments', 'find')(request, context());
      expect(found).toMatchObject({ key: `${machine}:${volume}`, tag: request.tag });
      const before = bench.account.proxy.count('AttachVolume');
      expect(await create(request, context())).toEqual({ key: found?.key });
      expect(bench.account.proxy.count('AttachVolume')).toBe(before);
      await expect(create({ ...request, ...marks('other') }, context())).rejects.toMatchObject({ kind: 'conflict', maybeDone: false });
      expect((await read(bench.driver, 'attachments', String(found?.key)))?.tag).toBe(request.tag);
      bench.account.proxy.add({ action: 'DetachVolume', drop: 'after', times: 1 });
      await expect(bench.detach(String(found?.key))).rejects.toMatchObject({ maybeDone: true });
      await bench.detach(String(found?.key));
      expect(Object.keys(await tagsOf(volume)).filter((key) => /attach/.test(key))).toEqual([]);
      await bench.detach(String(found?.key));
      await bench.dropVolumes(volume);
      await bench.detach(String(found?.key));
      await bench.drop(machine);
    });

    test('what a terminated machine leaves behind in tags is no attachment, and in nobody’s way', async () => {
      const [machine, other] = [await bench.machine(), await bench.machine()];
      const volume = await bench.volume();
      await bench.attach(machine, volume);
      await bench.drop(machine);
      expect([await keys('attachments'), (await seen(volume))?.State]).toEqual([[], 'available']);
      const key = await bench.attach(other, volume);
      expect(await keys('attachments')).toEqual([key]);
      await bench.detach(key);
      await bench.dropVolumes(volume);
      await bench.drop(other);
    });

    test('refused: a volume of another zone, in words and untouched; what is not there', async () => {
      const machine = await bench.machine();
      const volume = await bench.volume({ extensions: { availabilityZone: 'us-east-1b' } });
      await expect(bench.attach(machine, volume)).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(/us-east-1b.*us-east-1a.*availabilityZone/) as string,
      });
      expect(Object.keys(await tagsOf(volume)).filter((key) => /attach/.test(key))).toEqual([]);
      await expect(bench.attach(machine, 'vol-0123456789abcdef0')).rejects.toMatchObject({ kind: 'notFound' });
      await expect(bench.attach('i-0123456789abcdef0', volume)).rejects.toMatchObject({ kind: 'notFound' });
      await bench.dropVolumes(volume);
      await bench.drop(machine);
    });
  });

  describe('volumes', () => {
    test('made outside, with odd tags, of an unknown type and state: listed, readable, operable', async () => {
      const [id = ''] = await makeVolumes(bench.account, 1, { VolumeType: 'standard' });
      const Tags = [
        { Key: 'Name', Value: '<odd> & "ünïcode"' },
        { Key: 'cimi:p:=zz', Value: '' },
        { Key: 'cimi:bootable', Value: 'perhaps' },
        { Key: 'cimi:id', Value: 'no tag of ours' },
        { Key: 'cimi:attachment', Value: 'stale' },
        { Key: 'team', Value: 'blue' },
      ];
      await bench.account.direct.send(new CreateTagsCommand({ Resources: [id], Tags }));
      const strange = (xml: string) =>
        xml.replace('<status>available</status>', '<status>melting</status>').replace('<volumeType>standard<', '<volumeType>gp9<');
      const heal = bench.account.proxy.add({ action: 'DescribeVolumes', rewrite: strange });
      expect((await pagesOf(bench.driver, 'volumes')).flat()).toMatchObject([
        {
          key: id,
          values: { name: '<odd> & "ünïcode"', state: 'ERROR', type: 'http://cimi-gateway.org/volume-type/ec2/gp9', bootable: false },
          unmappedState: 'melting',
        },
      ]);
      heal();
      await method(bench.driver, 'volumes', 'rename')(id, { name: 'plain' }, context());
      await method(bench.driver, 'volumes', 'update')(id, { bootable: true, capacity: gibToKb(2) }, context());
      expect((await read(bench.driver, 'volumes', id))?.values).toMatchObject({ name: 'plain', bootable: true, capacity: gibToKb(2) });
      expect(await tagsOf(id)).toMatchObject({ team: 'blue' });
      await bench.dropVolumes(id);
    });

    test('a lost answer makes no second volume; one that cannot be seen yet is not called gone', async () => {
      // However long this takes, what is made stays new to the driver.
      const driver = await bench.connect({ settleMs: 600_000 });
      const create = method(driver, 'volumes', 'create');
      const request = { ...marks('once'), capacity: 1_000_000, name: 'once' };
      bench.account.proxy.add({ action: 'CreateVolume', drop: 'after', times: 1 });
      await expect(create(request, context())).rejects.toMatchObject({ maybeDone: true });
      const { key } = await create(request, context());
      expect(await method(driver, 'volumes', 'find')(request, context())).toMatchObject([{ key, token: request.token }]);
      await expect(create({ ...request, capacity: 9_000_000 }, context())).rejects.toMatchObject({ kind: 'conflict' });
      const fail = { code: 'InvalidVolume.NotFound', message: `The volume '${key}' does not exist.` };
      bench.account.proxy.add({ action: 'DeleteVolume', times: 1, fail });
      await expect(method(driver, 'volumes', 'delete')(key, context())).rejects.toMatchObject({
        kind: 'unavailable',
        maybeDone: false,
      });
      await driver.close();
      await bench.dropVolumes(key);
    });

    test('growth that is under way already is success; another one is waited for, outside the call', async () => {
      const volume = await bench.volume();
      const update = bench.driver.volumes?.update?.bind(bench.driver.volumes);
      if (!update) throw new Error('EC2 volumes grow');
      const refuse = () => bench.account.proxy.add({ action: 'ModifyVolume', times: 1, fail: { code: 'IncorrectModificationState' } });
      const change = `<item><volumeId>${volume}</volumeId><modificationState>optimizing</modificationState><targetSize>4</targetSize></item>`;
      const body = answerXml('DescribeVolumesModifications', `<volumeModificationSet>${change}</volumeModificationSet>`);
      const heal = bench.account.proxy.add({ action: 'DescribeVolumesModifications', answer: { status: 200, type: 'text/xml', body } });
      refuse();
      expect(await update(volume, { capacity: gibToKb(4) }, context())).toBeUndefined();
      refuse();
      const waits = await update(volume, { capacity: gibToKb(5) }, context());
      expect(waits).toMatchObject({ ongoing: { group: 'volumes', method: 'update' } });
      expect((await seen(volume))?.Size).toBe(1);
      heal();
      // It has ended: EC2 takes the next one.
      await ended(bench.driver, waits);
      expect((await seen(volume))?.Size).toBe(5);
      await bench.dropVolumes(volume);
    });

    test('types, operations a second and encryption are what was asked; formats and unknown types are refused', async () => {
      const type = 'http://cimi-gateway.org/volume-type/ec2/io2';
      const volume = await bench.volume({ type, capacity: 10_000_000, extensions: { iops: 400, encrypted: true } });
      expect((await read(bench.driver, 'volumes', volume))?.values).toMatchObject({ type, iops: 400, encrypted: true });
      await expect(bench.volume({ type: 'http://example.org/tape' })).rejects.toMatchObject({ kind: 'invalid' });
      await expect(bench.volume({ format: 'ext4' })).rejects.toMatchObject({ kind: 'unsupported' });
      bench.account.proxy.add({ action: 'CreateVolume', times: 1, fail: { code: 'VolumeLimitExceeded', message: 'Too much.' } });
      await expect(bench.volume()).rejects.toMatchObject({ kind: 'quota', message: expect.stringMatching(/^Too much.*quota/) as string });
      await bench.dropVolumes(volume);
    });
  });

  describe('volume images', () => {
    test('a lost answer makes no second snapshot', async () => {
      const volume = await bench.volume({ bootable: true });
      const create = method(bench.driver, 'volumeImages', 'create');
      const request = { ...marks('snapshot'), volume, name: 'evening' };
      bench.account.proxy.add({ action: 'CreateSnapshot', drop: 'after', times: 1 });
      await expect(create(request, context())).rejects.toMatchObject({ maybeDone: true });
      const { key } = await create(request, context());
      const own = (await pagesOf(bench.driver, 'volumeImages')).flat();
      expect(own).toMatchObject([
        {
          key,
          tag: request.tag,
          values: { name: 'evening', bootable: true, imageLocation: { href: `arn:aws:ec2:us-east-1::snapshot/${key}` } },
        },
      ]);
      await method(bench.driver, 'volumeImages', 'delete')(key, context());
      await bench.dropVolumes(volume);
    });

    test('those of others are read by id and not listed; one that is used by an image is a conflict', async () => {
      const all = (await bench.account.direct.send(new DescribeSnapshotsCommand({}))).Snapshots ?? [];
      const foreign = String(all.find(({ OwnerId }) => OwnerId !== '123456789012')?.SnapshotId);
      expect(await read(bench.driver, 'volumeImages', foreign)).toMatchObject({ values: { state: 'AVAILABLE' } });
      expect((await pagesOf(bench.driver, 'volumeImages')).flat()).toEqual([]);
      await expect(method(bench.driver, 'volumeImages', 'delete')(foreign, context())).rejects.toMatchObject({ kind: 'conflict' });
    });

    test('made outside: its description is told until it has one of ours', async () => {
      const [VolumeId = ''] = await makeVolumes(bench.account, 1);
      const made = await bench.account.direct.send(new CreateSnapshotCommand({ VolumeId, Description: 'by hand' }));
      const key = String(made.SnapshotId);
      expect((await read(bench.driver, 'volumeImages', key))?.values).toMatchObject({ description: 'by hand', bootable: false });
      await method(bench.driver, 'volumeImages', 'rename')(key, { description: 'by us' }, context());
      expect((await until(bench.driver, 'volumeImages', key, (item) => item !== undefined))?.values.description).toBe('by us');
      await bench.account.direct.send(new DeleteSnapshotCommand({ SnapshotId: key }));
      await dropVolumes(bench.account, [VolumeId]);
    });
  });

  test('check names the permissions for storage that are missing', async () => {
    for (const action of ['AttachVolume', 'CreateSnapshot'])
      bench.account.proxy.add({ action, times: 1, fail: { code: 'UnauthorizedOperation', message: 'Not you.', status: 403 } });
    const wrong = (await bench.driver.check(context())).filter((finding) => !finding.ok);
    expect(wrong).toMatchObject([
      { what: 'Permission ec2:AttachVolume', message: expect.stringMatching(/to attach volumes.*Not you/) as string },
      { what: 'Permission ec2:CreateSnapshot', message: expect.stringMatching(/to create volume images.*Not you/) as string },
    ]);
  });
});
