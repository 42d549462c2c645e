import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { gzipSync } from 'node:zlib';
import type { Driver, UploadImage, UploadSource } from '../../src/clouds/driver';
import type { Disk, Extent } from '../../src/disks/disk';
import { vmdkBytes } from '../../src/disks/vmdk-writer';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { bootSector, qemuAvailable, saidByDisk } from '../backends/qemu';
import { diskOf, diskWith } from '../disks/layout';
import { context, marks, until } from './counterpart';
import { BLOCK, DisksKit, GIB, read, sourceOfDisk, type Group } from './ec2-disks-kit';
import { Ec2Bench } from './ec2-kit';

/** Disks that become images of EC2 by the EBS direct APIs, and what goes wrong on the way. */

/** Disk of a little more than 1 GiB: three blocks with data, of which one lies across a border and one is the last. */
const DATA: readonly (readonly [offset: number, bytes: Buffer])[] = [
  [0, Buffer.alloc(1000, 'first')],
  [3 * BLOCK - 500, Buffer.alloc(1000, 'border')],
  [GIB + 100 * 512, Buffer.alloc(512, 'last')],
];
const SIZE = GIB + 101 * 512;
/** Indexes of the blocks that this makes. */
const INDEXES = [0, 2, 3, 2048];

async function* extents(): AsyncGenerator<Extent> {
  for (const [offset, data] of DATA) {
    yield await Promise.resolve({ offset, data });
    yield { offset: offset + data.length, zeros: 512 };
  }
}

const sourceOf = (disk: Partial<Disk> = {}): UploadSource => sourceOfDisk({ size: SIZE, rereadable: false, extents, ...disk });

const rawSource = (bytes: readonly Buffer[], size = bytes.reduce((sum, { length }) => sum + length, 0)): UploadSource => ({
  size,
  withinMs: 60_000,
  async *open() {
    for (const part of bytes) yield await Promise.resolve(part);
  },
});

describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  let kit: DisksKit;
  beforeAll(async () => {
    bench = await Ec2Bench.start();
    kit = new DisksKit(bench);
  });
  afterAll(() => bench.stop());
  afterEach(() => kit.nothingLeft());

  const rule: DisksKit['rule'] = (...given) => kit.rule(...given);
  const drop: DisksKit['drop'] = (...given) => kit.drop(...given);
  const open: DisksKit['open'] = (...given) => kit.open(...given);
  const upload = async (group: Group, source: UploadSource, more: Partial<UploadImage> = {}, driver: Driver = bench.driver) => {
    const request = { ...marks('disk'), name: 'from elsewhere', source, ...more };
    const made = await driver[group]?.upload?.(request, context());
    if (!made || !('key' in made)) throw new Error('not made');
    return { key: made.key, request };
  };
  const snapshots = async () => (await bench.account.direct.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))).Snapshots ?? [];

  test('a disk becomes an image on a snapshot of its blocks, zeros left out, sizes rounded up, under its marks', async () => {
    const { key, request } = await upload('machineImages', sourceOf(), {
      cpuArch: 'ARM',
      extensions: { bootMode: 'uefi', guestOs: 'windows' },
    });
    expect(key).toMatch(/^ami-/);
    const item = await until(bench.driver, 'machineImages', key, (seen) => seen?.values.state === 'AVAILABLE');
    expect(item).toMatchObject({
      // That it is a Windows, EC2 says of its own ones alone.
      values: { name: 'from elsewhere', type: 'IMAGE', cpuArch: 'ARM', bootMode: 'uefi', guestOs: 'windows' },
      tag: request.tag,
      token: request.token,
      cpuArch: 'ARM',
    });
    expect(item?.refuses).toBeUndefined();
    const disk = await open('machineImages', key);
    expect(disk.size).toBe(2 * GIB);
    expect((await read(disk)).map(([offset]) => offset / BLOCK)).toEqual(INDEXES);
    // The same marks again: nothing is made.
    const starts = bench.account.proxy.count('StartSnapshot');
    const again = await bench.driver.machineImages?.upload?.(request, context());
    expect(again).toEqual({ key });
    expect(bench.account.proxy.count('StartSnapshot')).toBe(starts);
    await drop('machineImages', key);
  });

  test('an image is registered as EC2 wants it: its root volume, ENA, its boot mode', async () => {
    const asked: URLSearchParams[] = [];
    rule({ action: 'RegisterImage', times: 1, rewrite: (xml, { parameters }) => (asked.push(parameters), xml) });
    const { key } = await upload('machineImages', sourceOf(), { extensions: { bootMode: 'uefi-preferred' } });
    expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({
      ...{ Architecture: 'x86_64', VirtualizationType: 'hvm', EnaSupport: 'true', BootMode: 'uefi-preferred', RootDeviceName: '/dev/xvda' },
      ...{ 'BlockDeviceMapping.1.DeviceName': '/dev/xvda', 'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true' },
    });
    await drop('machineImages', key);
  });

  test('an image is registered once, also where looks at its snapshot fail and the answer is lost', async () => {
    const driver = await bench.connect({ patienceMs: 60_000 });
    rule({ action: 'RegisterImage', times: 1, fail: { code: 'RequestLimitExceeded', status: 503 } });
    rule({ action: 'RegisterImage', times: 1, drop: 'after' });
    rule({
      action: 'DescribeSnapshots',
      when: ({ parameters }) => parameters.has('SnapshotId.1'),
      times: 1,
      fail: { code: 'InternalError', status: 500 },
    });
    const { key, request } = await upload('machineImages', sourceOf(), {}, driver);
    expect((await driver.machineImages?.find?.(request, context()))?.map((item) => item.key)).toEqual([key]);
    await driver.close();
    await drop('machineImages', key);
  });

  test('bytes from a URL are read as a raw disk; what they are else is refused in words before anything is made', async () => {
    const bytes = [Buffer.alloc(100_000, 'raw'), Buffer.alloc(2 * BLOCK), Buffer.alloc(512 * 5, 'end')];
    const { key } = await upload('volumeImages', rawSource(bytes), { bootable: true });
    const whole = Buffer.concat(bytes);
    for (const [offset, block] of await read(await open('volumeImages', key)))
      expect(block.equals(Buffer.concat([whole.subarray(offset, offset + BLOCK), Buffer.alloc(BLOCK)], BLOCK))).toBe(true);
    await drop('volumeImages', key);
    const starts = bench.account.proxy.count('StartSnapshot');
    const qcow2 = rawSource([Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(1020)])]);
    await expect(upload('machineImages', qcow2)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/qcow2, which is not read/) as string,
    });
    const zip = rawSource([Buffer.from('PK\x03\x04 and so on')]);
    await expect(upload('machineImages', zip)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(/zip/) as string });
    const { size: _size, ...sizeless } = rawSource(bytes);
    await expect(upload('machineImages', sizeless)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/size/) as string,
    });
    await expect(upload('machineImages', sourceOf({ size: 65_537 * GIB }))).rejects.toMatchObject({ kind: 'invalid' });
    await expect(upload('machineImages', sourceOf(), { extensions: { bootMode: 'floppy' } })).rejects.toMatchObject({ kind: 'invalid' });
    expect(bench.account.proxy.count('StartSnapshot')).toBe(starts);
  });

  test('bytes from a URL may be a stream-optimized VMDK, also within gzip, which tells its size; one that is damaged leaves nothing', async () => {
    const contents = Buffer.concat([Buffer.alloc(100_000, 'vmdk'), Buffer.alloc(3 * BLOCK), Buffer.alloc(512 * 5, 'end')]);
    const whole = Buffer.concat([contents, Buffer.alloc(512 - (contents.length % 512))]);
    const parts: Buffer[] = [];
    for await (const part of vmdkBytes(diskOf(whole))) parts.push(Buffer.from(part));
    const file = Buffer.concat(parts);
    for (const bytes of [file, gzipSync(file)]) {
      const { key } = await upload('volumeImages', rawSource([bytes]));
      const disk = await open('volumeImages', key);
      expect(disk.size).toBe(GIB);
      for (const [offset, block] of await read(disk))
        expect(block.equals(Buffer.concat([whole.subarray(offset, offset + BLOCK), Buffer.alloc(BLOCK)], BLOCK))).toBe(true);
      await drop('volumeImages', key);
    }
    const packed = upload('volumeImages', rawSource([gzipSync(contents)]));
    await expect(packed).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/within gzip.*stream-optimized VMDK/) as string,
    });
    const damaged = Buffer.from(file);
    damaged.fill(0xff, file.length - 1024);
    await expect(upload('volumeImages', rawSource([damaged]))).rejects.toMatchObject({ kind: 'invalid' });
  });

  describeWith('qemu', qemuAvailable(), () => {
    test.each(['machineImages', 'volumeImages'] as const)('%s: what came back of the blocks that were sent boots', async (group) => {
      const text = 'read back from EBS';
      const { key } = await upload(group, sourceOf(diskWith(GIB, [{ offset: 0, data: bootSector(text) }])));
      expect(await saidByDisk(await open(group, key), text)).toContain(text);
      await drop(group, key);
    });
  });

  test('a disk of zeros alone has no block', async () => {
    async function* zeros(): AsyncGenerator<Extent> {
      yield await Promise.resolve({ offset: 0, zeros: GIB });
      yield { offset: GIB, data: Buffer.alloc(512) };
    }
    const { key } = await upload('volumeImages', sourceOf({ extents: zeros }));
    expect(await read(await open('volumeImages', key))).toEqual([]);
    await drop('volumeImages', key);
  });

  test('blocks go on where EBS does not know the snapshot yet, is asked too often, fails, or its answer is lost', async () => {
    const fails = [
      { code: 'ResourceNotFoundException', message: 'The snapshot does not exist.', status: 404 },
      { code: 'RequestThrottledException', status: 400 },
      { code: 'InternalServerException', status: 500 },
    ];
    for (const fail of fails) rule({ action: 'PutSnapshotBlock', times: 1, fail });
    rule({ action: 'PutSnapshotBlock', times: 1, drop: 'after' });
    rule({ action: 'PutSnapshotBlock', times: 1, answer: { status: 200, type: 'text/html', body: '<html>Welcome</html>' } });
    rule({ action: 'CompleteSnapshot', times: 1, drop: 'before' });
    const before = bench.account.proxy.count('PutSnapshotBlock');
    const driver = await bench.connect({ patienceMs: 60_000 });
    const { key } = await upload('volumeImages', sourceOf(), {}, driver);
    await driver.close();
    expect(bench.account.proxy.count('PutSnapshotBlock') - before).toBe(INDEXES.length + 5);
    expect((await read(await open('volumeImages', key))).map(([offset]) => offset / BLOCK)).toEqual(INDEXES);
    await drop('volumeImages', key);
  });

  test.each([
    ['a permission, named', 'PutSnapshotBlock', 'AccessDeniedException', {}, 'forbidden', /ebs:PutSnapshotBlock/],
    ['the key’s permission', 'CompleteSnapshot', 'AccessDeniedException', { Reason: 'DEPENDENCY_ACCESS_DENIED' }, 'forbidden', /KMS key/],
    ['a quota', 'StartSnapshot', 'ServiceQuotaExceededException', {}, 'quota', /as the test ordered/],
    ['a block that EBS does not take', 'PutSnapshotBlock', 'ValidationException', {}, 'invalid', /as the test ordered/],
    ['the registering', 'RegisterImage', 'UnauthorizedOperation', {}, 'forbidden', /as the test ordered/],
  ] as const)('a refusal ends it at once, and nothing stays: %s', async (_what, action, code, more, kind, words) => {
    const calls = () => bench.account.proxy.count(action);
    const before = calls();
    rule({ action, fail: { code, status: 403, more } });
    await expect(upload('machineImages', sourceOf())).rejects.toMatchObject({ kind, message: expect.stringMatching(words) as string });
    expect(calls() - before).toBeLessThanOrEqual(INDEXES.length);
    expect((await snapshots()).filter(({ StartTime }) => StartTime === undefined)).toEqual([]);
  });

  test('credentials of a role that end in the middle of a disk, in or out, are renewed: nothing begins again', async () => {
    const driver = await bench.connect({ roleArn: 'arn:aws:iam::123456789012:role/mover', stsEndpoint: bench.account.url });
    const [count, before] = [bench.account.proxy.count, bench.account.proxy.counts()];
    const since = (action: string) => count(action) - (before[action] ?? 0);
    const ended = { code: 'ExpiredTokenException', message: 'The security token included in the request is expired', status: 403 };
    let puts = 0;
    rule({ action: 'PutSnapshotBlock', when: () => ++puts === 2, fail: ended });
    // As EC2 itself says it.
    rule({ action: 'RegisterImage', times: 1, fail: { code: 'RequestExpired', message: 'Request has expired.' } });
    const { key } = await upload('machineImages', sourceOf(), {}, driver);
    expect(['AssumeRole', 'StartSnapshot', 'PutSnapshotBlock', 'RegisterImage'].map(since)).toEqual([4, 1, INDEXES.length + 1, 2]);
    const opened = await driver.machineImages?.download?.(key, context());
    rule({ action: 'GetSnapshotBlock', times: 1, fail: ended });
    if (!opened) throw new Error('not offered');
    expect((await read(opened.disk)).map(([offset]) => offset / BLOCK)).toEqual(INDEXES);
    expect(since('AssumeRole')).toBe(5);
    // Where there are no others, the refusal is told.
    rule({ action: 'PutSnapshotBlock', fail: ended });
    await expect(upload('volumeImages', sourceOf())).rejects.toMatchObject({ kind: 'auth', code: 'ExpiredTokenException' });
    await driver.close();
    await drop('machineImages', key);
  });

  test('a source that breaks off is the failure that is told', async () => {
    async function* broken(): AsyncGenerator<Extent> {
      yield* extents();
      throw new Error('the other cloud is gone');
    }
    await expect(upload('machineImages', sourceOf({ extents: broken }))).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'the other cloud is gone',
    });
  });

  test('what an earlier attempt left is deleted by the next', async () => {
    for (const group of ['machineImages', 'volumeImages'] as const) {
      rule({ action: 'CompleteSnapshot', fail: { code: 'ValidationException' } });
      rule({ action: 'DeleteSnapshot', fail: { code: 'InternalError', status: 500 } });
      const request = { ...marks('left'), source: sourceOf() };
      await expect(bench.driver[group]?.upload?.(request, context())).rejects.toMatchObject({ kind: 'invalid' });
      kit.asBefore();
      const [left] = (await bench.driver[group]?.find?.(request, context())) ?? [];
      expect(left).toMatchObject({ key: expect.stringMatching(/^snap-/) as string, tag: request.tag, values: { state: 'CREATING' } });
      const made = (await bench.driver[group]?.upload?.(request, context())) as { key: string };
      expect((await bench.driver[group]?.find?.(request, context()))?.map(({ key }) => key)).toEqual([made.key]);
      expect((await snapshots()).map(({ SnapshotId }) => SnapshotId)).not.toContain(left?.key);
      await drop(group, made.key);
    }
  });

  test('the account’s own tags are on what is made, and properties by their plain keys', async () => {
    const driver = await bench.connect({ tags: { Team: 'blue' }, propertyTags: ['CostCenter'] });
    const { key } = await upload('volumeImages', sourceOf(), { properties: { CostCenter: '7' } }, driver);
    await driver.close();
    const [made] = (await snapshots()).filter(({ SnapshotId }) => SnapshotId === key);
    expect(made?.Tags).toEqual(
      expect.arrayContaining([
        { Key: 'Team', Value: 'blue' },
        { Key: 'CostCenter', Value: '7' },
      ]),
    );
    await drop('volumeImages', key);
  });
});
