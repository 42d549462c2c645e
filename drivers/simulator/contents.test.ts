import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Driver } from '../../src/clouds/driver';
import { digestOf } from '../../src/disks/content-digest';
import type { Disk } from '../../src/disks/disk';
import { rawBytes } from '../../src/disks/raw-stream';
import { seededDisk } from './contents';
import { openControl, type SimulatorControl } from './control';
import { driver as simulator } from './index';
import { optionsSchema } from './options';

const MIB = 2 ** 20;
const TIB = 2 ** 40;

async function read(disk: Disk, from = 0): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.size - from);
  for await (const extent of disk.extents(from)) if ('data' in extent) bytes.set(extent.data, extent.offset - from);
  return bytes;
}

describe('seededDisk', () => {
  it('gives the same bytes from every offset, and no more data than it says', async () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: MIB }), fc.nat(2000));
    await fc.assert(
      fc.asyncProperty(sizes, async ([sectors, allocated, from]) => {
        const disk = seededDisk('seed', sectors * 512, allocated);
        const whole = await read(disk);
        const offset = Math.min(from, sectors) * 512;
        expect((await read(disk, offset)).equals(whole.subarray(offset))).toBe(true);
        expect(whole.filter((byte) => byte !== 0).length).toBeLessThanOrEqual(disk.allocated ?? 0);
      }),
      { numRuns: 50 },
    );
  });
  it('differs by its seed, and has as much data as was asked for', async () => {
    const [one, other] = await Promise.all(['one', 'other'].map((seed) => read(seededDisk(seed, 4 * MIB, MIB))));
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(false);
    expect(one?.filter((byte) => byte !== 0).length).toBeGreaterThan(MIB * 0.99);
  });
});

describe('contents of images', () => {
  let dataDir: string;
  let control: SimulatorControl;
  let driver: Driver;
  const context = { signal: new AbortController().signal };
  const connect = async (options: object = {}) => {
    driver = await simulator.connect(optionsSchema.parse({ delays: { create: 0, capture: 0, delete: 0 }, ...options }), {
      dataDir,
      warn: () => undefined,
    });
  };
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'contents-'));
    control = openControl(join(dataDir, 'simulator.sqlite'));
  });
  afterEach(async () => {
    await driver.close();
    control.close();
    rmSync(dataDir, { recursive: true });
  });

  const open = async (key: string) => {
    const image = await driver.machineImages?.download?.(key, context);
    if (!image) throw new Error('download is not offered');
    return image;
  };
  const upload = async (disk: Disk) => {
    const marks = { token: `t-${Math.random()}`, tag: 'up:mac' };
    const source = { size: disk.size, withinMs: 1000, open: () => rawBytes(disk), disk };
    const made = await driver.machineImages?.upload?.({ ...marks, cpuArch: 'ARM', source }, context);
    if (!made || !('key' in made)) throw new Error('nothing was made');
    return made.key;
  };
  const item = async (key: string) => (await driver.machineImages?.getMany([key], context))?.[0];

  it('of what was not uploaded follow from its id, whatever its size', async () => {
    await connect({ contentSize: TIB, contentAllocated: MIB });
    const { disk, version } = await open('img-debian-12');
    expect(disk).toMatchObject({ size: TIB, allocated: MIB, rereadable: true });
    expect(await digestOf(disk)).toBe(await digestOf(seededDisk('img-debian-12', TIB, MIB)));
    expect(version).toBe((await open('img-debian-12')).version);
    expect(version).not.toBe((await open('img-debian-13')).version);
  });
  it.each([
    [{}, 2 ** 30],
    [{ copySize: MIB }, MIB],
    [{ copySize: TIB }, 2 ** 30],
  ])('of a copy are as large as its volume, or as its cloud keeps of it: %j', async (options, size) => {
    await connect(options);
    const named = { label: 'c', note: null, labels: {}, grade: 'x', bootable: false, madeAt: 0, tag: null, token: null };
    control.add([{ kind: 'copy', ...named, id: 'copy-1', sizeGiB: 1, timeline: [{ phase: 'ready', from: 0 }] }]);
    expect((await driver.volumeImages?.download?.('copy-1', context))?.disk.size).toBe(size);
  });
  it('of what was uploaded are given back, with their digest and architecture', async () => {
    await connect();
    const disk = seededDisk('x', TIB, MIB);
    const key = await upload(disk);
    const { disk: back, version } = await open(key);
    const digest = await digestOf(disk);
    expect([await digestOf(back), version]).toEqual([digest, digest]);
    expect(await item(key)).toMatchObject({ contentDigest: digest, cpuArch: 'ARM', values: { state: 'AVAILABLE' } });
    await driver.machineImages?.delete?.(key, context);
    await expect(open(key)).rejects.toMatchObject({ kind: 'notFound' });
  });
  it('of what was too much to be kept are refused, and the digest is still there', async () => {
    await connect({ contentKept: MIB });
    const disk = seededDisk('y', 8 * MIB, 2 * MIB);
    const key = await upload(disk);
    expect(await item(key)).toMatchObject({
      contentDigest: await digestOf(disk),
      refuses: { download: expect.stringContaining('digest') as string },
    });
    await expect(open(key)).rejects.toMatchObject({ kind: 'conflict' });
  });
  it('break off, stall and change where a rule says so, and only then', async () => {
    await connect();
    const digest = await digestOf(seededDisk('img-debian-12', 2 ** 28, 2 ** 21));
    const { disk } = await open('img-debian-12');
    const method = 'machineImages.download.read';
    control.fail({ method, atByte: 100_000, kind: 'unavailable' });
    let seen = 0;
    const counting = async () => {
      for await (const extent of disk.extents(0)) seen += 'data' in extent ? extent.data.byteLength : 0;
    };
    await expect(counting()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(seen).toBe(100_000);
    control.fail({ method, atByte: 100_000, flip: true });
    expect(await digestOf(disk)).not.toBe(digest);
    expect(await digestOf(disk)).toBe(digest);
    control.fail({ method, delayMs: 3_600_000 });
    const stop = new AbortController();
    const stalled = await driver.machineImages?.download?.('img-debian-12', { signal: stop.signal });
    const reading = digestOf(stalled?.disk ?? disk);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ name: 'ProviderError' });
  });
  it('of an upload break off and change, too', async () => {
    await connect();
    const disk = seededDisk('z', MIB, MIB);
    control.fail({ method: 'machineImages.upload.receive', atByte: 70_000, flip: true });
    const key = await upload(disk);
    expect(await item(key)).not.toMatchObject({ contentDigest: await digestOf(disk) });
    control.fail({ method: 'machineImages.upload.receive', atByte: 70_000, kind: 'unavailable' });
    await expect(upload(disk)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(control.snapshots().map(({ id }) => id)).toEqual([key]);
  });
});
