import type { DownloadedImage, Driver } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { seededBlock, seededIndexes } from '../backends/ebs-direct';
import { TEST_IMAGE } from '../backends/ec2';
import { mapItems } from '../backends/ec2-xml';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { method } from './contract/scene';
import { context, ended, marks, read, until } from './counterpart';
import { Ec2Bench } from './ec2-kit';

/** Contents of EC2's images and snapshots, read by the EBS direct APIs, and what goes wrong on the way. */

const BLOCK = 524_288;
const GIB = 2;
const INDEXES = seededIndexes(GIB);

describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  let volume: string;
  let snapshot: string;
  beforeAll(async () => {
    bench = await Ec2Bench.start();
    volume = await bench.volume({ capacity: 2_000_000 });
    snapshot = (await ended(bench.driver, method(bench.driver, 'volumeImages', 'create')({ ...marks('snapshot'), volume }, context()))).key;
  });
  afterAll(async () => {
    await method(bench.driver, 'volumeImages', 'delete')(snapshot, context());
    await bench.dropVolumes(volume);
    expect(await bench.account.leftovers()).toEqual([]);
    await bench.stop();
  });
  afterEach(() => takeBack.splice(0).forEach((back) => back()));

  const takeBack: (() => void)[] = [];
  const rule = (...given: Parameters<typeof bench.account.proxy.add>): void => void takeBack.push(bench.account.proxy.add(...given));
  const open = async (key = snapshot, driver: Driver = bench.driver, group: 'machineImages' | 'volumeImages' = 'volumeImages') => {
    const opened = await driver[group]?.download?.(key, context());
    if (!opened) throw new Error('not offered');
    return opened;
  };
  const blocks = async ({ disk }: DownloadedImage, from = 0): Promise<[number, Buffer][]> => {
    const found: [number, Buffer][] = [];
    for await (const extent of disk.extents(from)) if ('data' in extent) found.push([extent.offset, Buffer.from(extent.data)]);
    return found;
  };
  const whole = (): [number, Buffer][] => INDEXES.map((index) => [index * BLOCK, seededBlock(snapshot, index)]);
  const count = (action: string): number => bench.account.proxy.count(action);

  test('a snapshot is its written blocks, in order and whole; opening it reads none', async () => {
    const before = count('GetSnapshotBlock') + count('ListSnapshotBlocks');
    const opened = await open();
    expect(count('GetSnapshotBlock') + count('ListSnapshotBlocks')).toBe(before);
    expect(opened).toMatchObject({ version: snapshot, disk: { size: GIB * 2 ** 30, rereadable: true } });
    expect(await blocks(opened)).toEqual(whole());
  });

  test('it is read again, from any offset, the block that lies across it cut there', async () => {
    const opened = await open();
    const from = 5 * BLOCK + 1024;
    const rest = await blocks(opened, from);
    expect(rest[0]).toEqual([from, seededBlock(snapshot, 5).subarray(1024)]);
    expect(rest.slice(1)).toEqual(INDEXES.slice(2).map((index) => [index * BLOCK, seededBlock(snapshot, index)]));
    expect(await blocks(opened, GIB * 2 ** 30 - 512)).toEqual([
      [GIB * 2 ** 30 - 512, seededBlock(snapshot, INDEXES.at(-1) ?? 0).subarray(-512)],
    ]);
  });

  test('pages are asked for by the block at which they begin, so that no token of theirs ends; empty ones are passed by', async () => {
    const asked: string[] = [];
    const cut = (size: number) => (text: string) => {
      const answer = JSON.parse(text) as { Blocks: { BlockIndex: number }[] };
      const next = answer.Blocks[size];
      asked.push(String(answer.Blocks[0]?.BlockIndex));
      return JSON.stringify({ ...answer, Blocks: answer.Blocks.slice(0, size), ...(next ? { NextToken: String(next.BlockIndex) } : {}) });
    };
    rule({ action: 'ListSnapshotBlocks', times: 1, rewrite: cut(1) });
    rule({ action: 'ListSnapshotBlocks', times: 1, rewrite: cut(0) });
    rule({ action: 'ListSnapshotBlocks', rewrite: cut(2) });
    expect((await blocks(await open())).map(([offset]) => offset / BLOCK)).toEqual(INDEXES);
    expect(asked).toEqual(['0', '5', '5', String(INDEXES.at(-1))]);
  });

  test('a block whose bytes are not those of its checksum, that is cut, fails or is lost is read again', async () => {
    const flipped = (bytes: string) => `x${bytes.slice(1)}`;
    rule({ action: 'GetSnapshotBlock', times: 1, rewrite: flipped });
    rule({ action: 'GetSnapshotBlock', times: 1, rewrite: (bytes) => bytes.slice(5) });
    rule({ action: 'GetSnapshotBlock', times: 1, fail: { code: 'RequestThrottledException' } });
    rule({ action: 'GetSnapshotBlock', times: 1, drop: 'after' });
    rule({ action: 'ListSnapshotBlocks', times: 1, answer: { status: 200, type: 'text/html', body: '<html>Welcome</html>' } });
    const driver = await bench.connect({ patienceMs: 60_000 });
    expect(await blocks(await open(snapshot, driver))).toEqual(whole());
    await driver.close();
    rule({ action: 'GetSnapshotBlock', rewrite: flipped });
    await expect(blocks(await open())).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('checksum') as string,
    });
  });

  test.each([
    ['ListSnapshotBlocks', {}, /ebs:ListSnapshotBlocks/],
    ['GetSnapshotBlock', { Reason: 'DEPENDENCY_ACCESS_DENIED' }, /KMS key/],
  ])('a refusal of %s says which permission is missing, and is not repeated', async (action, more, words) => {
    rule({ action, fail: { code: 'AccessDeniedException', status: 403, more } });
    const before = count(action);
    await expect(blocks(await open())).rejects.toMatchObject({ kind: 'forbidden', message: expect.stringMatching(words) as string });
    expect(count(action) - before).toBeLessThanOrEqual(INDEXES.length);
  });

  test('a reader that ends early lets go; one whose call is over gets an error of the contract', async () => {
    for await (const extent of (await open()).disk.extents(0)) {
      expect(extent.offset).toBe(0);
      break;
    }
    const over = new AbortController();
    const opened = await bench.driver.volumeImages?.download?.(snapshot, { signal: over.signal });
    over.abort();
    await expect(opened && blocks(opened)).rejects.toBeInstanceOf(ProviderError);
  });

  test('one that is pending, archived, or another account’s is refused in words, at the item where EC2 tells it there', async () => {
    const told = (status: string, tier: string) => (xml: string) =>
      xml.replaceAll('<status>completed<', `<status>${status}<`).replace(/<storageTier>[^<]*</g, `<storageTier>${tier}<`);
    for (const [status, tier, words] of [
      ['pending', 'standard', /pending: only a completed one/],
      ['completed', 'archive', /archived/],
    ] as const) {
      const back = bench.account.proxy.add({ action: 'DescribeSnapshots', rewrite: told(status, tier) });
      expect(await read(bench.driver, 'volumeImages', snapshot)).toMatchObject({
        refuses: { download: expect.stringMatching(words) as string },
      });
      await expect(open()).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(words) as string });
      back();
    }
    const others = (xml: string) => mapItems(xml, 'snapshotSet', () => []);
    rule({ action: 'DescribeSnapshots', when: ({ parameters }) => parameters.has('Owner.1'), rewrite: others });
    await expect(open()).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(/another account/) as string });
  });

  test('an image is its root volume; those of others, of the marketplace and not yet whole are refused in words', async () => {
    const machine = await bench.machine();
    const { capture, delete: drop } = bench.driver.machineImages ?? {};
    if (!capture || !drop) throw new Error('not offered');
    const { key } = await ended(bench.driver, await capture({ ...marks('image'), machine, type: 'IMAGE' }, context()));
    await until(bench.driver, 'machineImages', key, (item) => item?.values.state === 'AVAILABLE');
    rule({
      action: 'DescribeImages',
      rewrite: (xml) => xml.replace(/<snapshotId>[^<]*</g, `<snapshotId>${snapshot}<`),
    });
    expect(await blocks(await open(key, bench.driver, 'machineImages'))).toHaveLength(INDEXES.length);
    takeBack.splice(0).forEach((back) => back());
    for (const [from, to, words] of [
      ['<imageState>available<', '<imageState>pending<', /pending: only an available one/],
      [
        '</imageId>',
        '</imageId><productCodes><item><productCode>x</productCode><type>marketplace</type></item></productCodes>',
        /Marketplace/,
      ],
    ] as const) {
      const back = bench.account.proxy.add({ action: 'DescribeImages', rewrite: (xml) => xml.replaceAll(from, to) });
      expect(await read(bench.driver, 'machineImages', key)).toMatchObject({
        refuses: { download: expect.stringMatching(words) as string },
      });
      await expect(open(key, bench.driver, 'machineImages')).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringMatching(words) as string,
      });
      back();
    }
    await expect(open(TEST_IMAGE, bench.driver, 'machineImages')).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/amazon/) as string,
    });
    await drop(key, context());
    await bench.drop(machine);
  });

  test('where EC2 is not AWS’s own and nobody says where the EBS direct APIs are, neither way is offered', async () => {
    const driver = await bench.connect({ ebsEndpoint: undefined });
    for (const group of [driver.machineImages, driver.volumeImages])
      expect([group?.upload, group?.download]).toEqual([undefined, undefined]);
    await driver.close();
  });
});
