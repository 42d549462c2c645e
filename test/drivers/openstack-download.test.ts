import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { DownloadedImage, Driver } from '../../src/clouds/driver';
import { noise } from '../disks/layout';
import { qcow2 } from '../disks/qcow2-file';
import { context } from './counterpart';
import { type FakeAnswer, type FakeCall, type FakeCloud, ID, startFakeCloud } from './openstack-fake';

/** The contents of images, from a Glance whose connections break, whose tokens end, and that may know no ranges. */

const IMAGE = ID(30);
/** Some bytes, a hole, and an end in the middle of a sector. */
const BYTES = Buffer.concat([Buffer.alloc(100_000, 'first'), Buffer.alloc(300_000), Buffer.alloc(100_100, 'last')]);
const digest = (bytes: Buffer): string => createHash('sha512').update(bytes).digest('hex');

interface Wish {
  /** Knows no ranges. */
  whole?: true;
  /** Bytes after which the connection breaks. */
  breaks?: number;
}

/** Glance's answer to GET /v2/images/{id}/file, as measured of release 2025.1. */
function file({ headers: { range } }: FakeCall, { whole, breaks }: Wish = {}): FakeAnswer {
  const from = whole ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const raw = BYTES.subarray(from);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(raw.length) };
  const told = breaks === undefined ? raw : raw.subarray(0, breaks);
  if (from === 0) return { status: 200, headers, raw: told };
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from}-${BYTES.length - 1}/${BYTES.length}` }, raw: told };
}

/** A qcow2 of four clusters: noise, a hole, packed text, noise. */
const CLUSTER = 65_536;
const TEXT = Buffer.alloc(CLUSTER, 'text ');
const FILE = qcow2({
  bits: 16,
  clusters: [
    { kind: 'plain', data: noise(CLUSTER, 1) },
    { kind: 'absent' },
    { kind: 'compressed', data: TEXT },
    { kind: 'plain', data: noise(CLUSTER, 2) },
  ],
});
const DISK = Buffer.concat([noise(CLUSTER, 1), Buffer.alloc(CLUSTER), TEXT, noise(CLUSTER, 2)]);

/** The same with a backing file. */
const DAMAGED = Buffer.from(FILE);
DAMAGED.writeBigUInt64BE(512n, 8);

/** The same answer for a part of the qcow2. */
function part({ headers: { range } }: FakeCall, { breaks, of = FILE.length }: Wish & { of?: number } = {}): FakeAnswer {
  const [, from = 0, to = FILE.length - 1] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')?.map(Number) ?? [];
  const raw = FILE.subarray(from, to + 1);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(raw.length) };
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from}-${to}/${of}` }, raw: raw.subarray(0, breaks) };
}

describe('contents of an OpenStack image', () => {
  let cloud: FakeCloud;
  let driver: Driver;
  let served: FakeCall[];
  /** Sets how each reading of the bytes goes; the last wish is for all that follow. */
  const serve = (...wishes: (Wish | FakeAnswer)[]): void => {
    cloud.writes.set(`GET /images/${IMAGE}/file`, (call) => {
      served.push(call);
      const wish = (wishes.length > 1 ? wishes.shift() : wishes[0]) ?? {};
      return 'status' in wish ? wish : file(call, wish);
    });
  };
  const tell = (more: object): void => void Object.assign(cloud.state.images?.find(({ id }) => id === IMAGE) ?? {}, more);
  beforeEach(async () => {
    cloud = await startFakeCloud();
    driver = await cloud.connect();
    served = [];
    tell({ size: BYTES.length, container_format: 'bare', os_hash_algo: 'sha512', os_hash_value: digest(BYTES) });
    serve({});
  });
  afterEach(() => cloud.stop());

  const open = async (): Promise<DownloadedImage> => {
    const opened = await driver.machineImages?.download?.(IMAGE, context());
    if (!opened) throw new Error('not offered');
    return opened;
  };
  const read = async ({ disk }: DownloadedImage, from = 0): Promise<Buffer> => {
    const contents = Buffer.alloc(disk.size - from);
    for await (const extent of disk.extents(from)) if ('data' in extent) contents.set(extent.data, extent.offset - from);
    return contents;
  };
  const ranges = () => served.map(({ headers }) => headers.range);
  const PADDED = Buffer.concat([BYTES, Buffer.alloc(512 - (BYTES.length % 512))]);

  test('is told whole, padded to a sector, with holes as zeros and Glance’s digest as its version; nothing is read for opening it', async () => {
    const opened = await open();
    expect(served).toEqual([]);
    expect(opened).toMatchObject({ version: digest(BYTES), disk: { size: PADDED.length, allocated: BYTES.length, rereadable: true } });
    expect((await read(opened)).equals(PADDED)).toBe(true);
    let zeros = 0;
    for await (const extent of opened.disk.extents(0)) if ('zeros' in extent) zeros += extent.zeros;
    expect(zeros).toBeGreaterThan(300_000 - 2 * 65_536);
    expect(ranges()).toEqual([undefined, undefined]);
  });

  test.each([
    ['by a range', {}],
    ['of a service that sends all of it', { whole: true } as const],
  ])('is read from the middle on %s', async (_how, wish) => {
    serve(wish);
    const opened = await open();
    for (const from of [512, 204_800, 499_712]) expect((await read(opened, from)).equals(PADDED.subarray(from))).toBe(true);
    expect(ranges()).toEqual(['bytes=512-', 'bytes=204800-', 'bytes=499712-']);
  });

  test.each([
    ['by a range', {}],
    ['of a service that sends all of it', { whole: true } as const],
  ])('goes on where the connection broke, %s', async (_how, wish) => {
    serve({ breaks: 150_000 }, { ...wish, breaks: 200_000 }, wish);
    expect((await read(await open())).equals(PADDED)).toBe(true);
    expect(served).toHaveLength(3);
    expect(ranges()[1]).toMatch(/^bytes=1\d{5}-$/);
  });

  test('is refused after a break where the image is another by then', async () => {
    cloud.writes.set(`GET /images/${IMAGE}/file`, (call) => {
      tell({ os_hash_value: digest(Buffer.from('another')) });
      return file(call, { breaks: 150_000 });
    });
    await expect(read(await open())).rejects.toMatchObject({ kind: 'conflict', message: expect.stringContaining('changed') as string });
  });

  test('is refused after a break where nothing tells whether it is the same', async () => {
    tell({ os_hash_value: null, os_hash_algo: null });
    serve({ breaks: 150_000 });
    await expect(read(await open())).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('no digest') as string,
    });
  });

  test('ends as a failure where its bytes are not those of the digest', async () => {
    tell({ os_hash_value: digest(Buffer.from('another')) });
    await expect(read(await open())).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('digest') as string });
  });

  test('is read although somebody on the way packed it', async () => {
    const headers = { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' };
    serve({ status: 200, headers, raw: gzipSync(BYTES) });
    expect((await read(await open())).equals(PADDED)).toBe(true);
    expect((await read(await open(), 204_800)).equals(PADDED.subarray(204_800))).toBe(true);
    serve({ status: 200, headers, raw: 'not gzip' });
    await expect(read(await open())).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('decoded') as string });
  });

  test('takes a new token where the old one ended in the middle', async () => {
    const ended: FakeAnswer = {
      status: 401,
      body: { error: { code: 401, message: 'The request you have made requires authentication.' } },
    };
    serve({ breaks: 150_000 }, ended, {});
    const opened = await open();
    const logins = () => cloud.calls.filter(({ service }) => service === 'identity').length;
    const before = logins();
    expect((await read(opened)).equals(PADDED)).toBe(true);
    expect(logins()).toBe(before + 1);
  });

  test('lets the connection go where its reader ends', async () => {
    const opened = await open();
    for await (const extent of opened.disk.extents(0)) {
      expect(extent.offset).toBe(0);
      break;
    }
    expect((await read(opened)).equals(PADDED)).toBe(true);
  });

  test.each<[string, FakeAnswer, string]>([
    ['a login page', { status: 200, headers: { 'content-type': 'text/html' }, raw: '<html>Log in</html>' }, 'unavailable'],
    ['the policy’s refusal', { status: 403, body: { message: 'no<br />', code: '403 Forbidden', title: 'Forbidden' } }, 'forbidden'],
    [
      'an image gone by then',
      { status: 404, body: { message: `No image found with ID ${IMAGE}`, code: '404 Not Found', title: 'Not Found' } },
      'notFound',
    ],
  ])('is not made of %s', async (_what, answer, kind) => {
    serve(answer);
    await expect(read(await open())).rejects.toMatchObject({ kind });
  });

  test('of one that names the snapshot of its boot volume is read by a copy, and not of the image itself', async () => {
    tell({ size: 0, block_device_mapping: JSON.stringify([{ snapshot_id: ID(51) }, { snapshot_id: ID(50), boot_index: 0 }]) });
    const [item] = (await driver.machineImages?.getMany([IMAGE], context())) ?? [];
    expect(item).toMatchObject({ contentsBy: 'copy' });
    expect(item).not.toHaveProperty('refuses');
    await expect(open()).rejects.toMatchObject({ kind: 'conflict', maybeDone: false });
    expect(served).toEqual([]);
  });

  test.each<[string, object, RegExp]>([
    ['is not whole yet', { status: 'saving' }, /saving: only an active one/],
    ['is of another format', { disk_format: 'vdi' }, /format vdi; raw, qcow2 and stream-optimized VMDK/],
    ['is a VMDK with its extents apart', { disk_format: 'vmdk', vmware_disktype: 'preallocated' }, /kind preallocated/],
    ['lies in a container', { container_format: 'ova' }, /container \(ova\)/],
    ['names no snapshot that boots', { size: 0, block_device_mapping: '[{"volume_id": "x"}]' }, /volume snapshots/],
    ['is of an encrypted volume', { cinder_encryption_key_id: ID(77) }, /encrypted volume/],
    ['has no size', { size: null }, /how large/],
  ])('of one that %s is refused in words, at the item and at the call', async (_what, more, words) => {
    tell(more);
    const [item] = (await driver.machineImages?.getMany([IMAGE], context())) ?? [];
    expect(item).toMatchObject({ refuses: { download: expect.stringMatching(words) as string } });
    await expect(open()).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(words) as string });
    expect(served).toEqual([]);
  });

  describe('that is a qcow2', () => {
    const parts = (answer: (call: FakeCall, index: number) => FakeAnswer): void => {
      cloud.writes.set(`GET /images/${IMAGE}/file`, (call) => answer(call, served.push(call) - 1));
    };
    beforeEach(() => {
      tell({ disk_format: 'qcow2', size: FILE.length, virtual_size: DISK.length, os_hash_value: digest(FILE) });
      parts((call) => part(call));
    });

    test('is read by bounded ranges alone, its holes are none, and what it holds is told', async () => {
      const opened = await open();
      expect(opened).toMatchObject({ version: digest(FILE), disk: { size: DISK.length, allocated: 3 * CLUSTER, rereadable: true } });
      expect((await read(opened)).equals(DISK)).toBe(true);
      expect((await read(opened, 3 * CLUSTER + 512)).equals(DISK.subarray(3 * CLUSTER + 512))).toBe(true);
      for (const range of ranges()) expect(range).toMatch(/^bytes=\d+-\d+$/);
    });

    test('has a part read again that broke off', async () => {
      const opened = await open();
      served = [];
      parts((call, index) => part(call, index === 1 ? { breaks: 100 } : {}));
      expect((await read(opened)).equals(DISK)).toBe(true);
    });

    test('takes a new token where the old one ended between two parts', async () => {
      const opened = await open();
      const before = cloud.calls.length;
      served = [];
      const ended = { status: 401, body: { error: { code: 401, message: 'The request you have made requires authentication.' } } };
      parts((call, index) => (index === 1 ? ended : part(call)));
      expect((await read(opened)).equals(DISK)).toBe(true);
      expect(cloud.calls.slice(before).filter(({ service }) => service === 'identity')).toHaveLength(1);
    });

    test.each<[string, object, object]>([
      ['by its digest', {}, { os_hash_value: digest(Buffer.from('another')) }],
      [
        'by the time of its change, where there is no digest',
        { os_hash_value: null, os_hash_algo: null },
        { updated_at: '2026-11-30T10:00:00Z' },
      ],
    ])('is not taken for whole where it is another at the end, %s', async (_how, before, after) => {
      tell({ updated_at: '2026-11-29T10:00:00Z', ...before });
      const opened = await open();
      tell(after);
      await expect(read(opened)).rejects.toMatchObject({ kind: 'conflict', message: expect.stringContaining('changed') as string });
    });

    test.each<[string, (call: FakeCall) => FakeAnswer, RegExp]>([
      ['a service that knows no ranges', (call) => file(call, { whole: true }), /no parts of an image \(Range\)/],
      ['a file of another length', (call) => part(call, { of: FILE.length + 1 }), /other bytes/],
    ])('is not read of %s', async (_what, answer, words) => {
      parts(answer);
      await expect(open()).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(words) as string });
    });

    test('with a backing file is refused in words', async () => {
      parts((call) => ({ ...part(call), raw: DAMAGED.subarray(0, (part(call).raw ?? '').length) }));
      await expect(open()).rejects.toMatchObject({ kind: 'conflict', message: expect.stringContaining('backing file') as string });
    });
  });
});
