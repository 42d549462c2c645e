import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driver as module } from '../../drivers/openstack/index';
import type { DownloadedImage, Driver } from '../../src/clouds/driver';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import { bootSector, qemuAvailable, qemuImg, saidByDisk } from '../backends/qemu';
import { noise, read } from '../disks/layout';
import { context, endedDriver, marks } from './counterpart';

/** Images that qemu-img made, in a real Glance: their contents are those of the disk that it made them of. */
const both = openstackAvailable() === true ? qemuAvailable() : openstackAvailable();
describeWith('OpenStack and qemu', both, () => {
  let account: OpenstackAccount;
  let driver: Driver;
  let folder: string;
  const path = (name: string) => join(folder, name);
  const made: string[] = [];

  /** 24 MiB, of which some MiB are noise and text; the first sector boots, the last is not zero. */
  const TEXT = 'read back from Glance';
  const contents = Buffer.alloc(24 * 2 ** 20);
  bootSector(TEXT).copy(contents);
  noise(3 * 2 ** 20, 1).copy(contents, 2 ** 20 + 4_096);
  contents.fill('some text ', 12 * 2 ** 20, 13 * 2 ** 20);
  contents.fill('end', contents.length - 512);

  beforeAll(async () => {
    account = await startOpenstackAccount();
    driver = await Promise.resolve(
      module.connect(module.options.parse({ ...account.options, settleMs: 500 }), { dataDir: '', warn: () => undefined }),
    );
    folder = await mkdtemp(join(tmpdir(), 'glance-'));
    await writeFile(path('disk.raw'), contents);
  }, 1_800_000);
  afterAll(async () => {
    for (const id of made) await account.direct.call('DELETE', 'image', `/v2/images/${id}`);
    await rm(folder, { recursive: true, force: true });
    await driver.close();
    await account.stop();
  });

  const images = () => {
    const group = endedDriver(driver).machineImages;
    if (!group?.upload || !group.download) throw new Error('the group is not whole');
    return group as Required<typeof group>;
  };
  /** Converts the disk, and has the driver upload the file. */
  async function uploaded(name: string, format: string, ...options: string[]): Promise<string> {
    await qemuImg('convert', '-f', 'raw', '-O', format, ...options, path('disk.raw'), path(name));
    const { size } = await stat(path(name));
    const { key } = await images().upload(
      { ...marks(name), source: { size, withinMs: 60_000, open: () => createReadStream(path(name)) } },
      context(),
    );
    made.push(key);
    return key;
  }
  const opened = (key: string): Promise<DownloadedImage> => images().download(key, context());

  test.each([
    ['a qcow2', 'qcow2', []],
    ['a qcow2 of small clusters', 'qcow2', ['-o', 'cluster_size=4096']],
    ['a compressed qcow2', 'qcow2', ['-c']],
    ['a stream-optimized VMDK', 'vmdk', ['-o', 'subformat=streamOptimized']],
    ['a raw image', 'raw', []],
  ])('%s is read as the disk that it is of, which boots', async (name, format, options) => {
    const key = await uploaded(name, format, ...options);
    const record = await account.direct.call<Record<string, unknown>>('GET', 'image', `/v2/images/${key}`);
    expect(record).toMatchObject({ disk_format: format, status: 'active' });
    const { disk, version } = await opened(key);
    expect(version).toBe(record.os_hash_value);
    expect(disk.size).toBe(contents.length);
    expect((await read(disk)).equals(contents)).toBe(true);
    const from = 12 * 2 ** 20 + 512;
    const rest = Buffer.alloc(contents.length - from);
    for await (const extent of disk.extents(from)) if ('data' in extent) rest.set(extent.data, extent.offset - from);
    expect(rest.equals(contents.subarray(from))).toBe(true);
    expect(await saidByDisk(disk, TEXT)).toContain(TEXT);
  });

  test('what a qcow2 tells as allocated is its clusters with data', async () => {
    const { disk } = await opened(await uploaded('counted', 'qcow2', '-o', 'cluster_size=65536'));
    const clusters = [...Array(contents.length / 65_536).keys()].filter((index) =>
      contents.subarray(index * 65_536, (index + 1) * 65_536).some((byte) => byte !== 0),
    );
    expect(disk.allocated).toBe(clusters.length * 65_536);
  });

  test('a VMDK that is not stream-optimized, and a qcow2 with a backing file, are refused in words', async () => {
    const sparse = await uploaded('sparse', 'vmdk', '-o', 'subformat=monolithicSparse');
    await expect(opened(sparse)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('sparse VMDK, which is not read') as string,
    });
    await qemuImg('create', '-f', 'qcow2', '-b', path('disk.raw'), '-F', 'raw', path('upon.qcow2'));
    const bytes = await readFile(path('upon.qcow2'));
    const record = { name: 'upon', disk_format: 'qcow2', container_format: 'bare' };
    const { id } = await account.direct.call<{ id: string }>('POST', 'image', '/v2/images', record);
    made.push(id);
    await account.direct.call('PUT', 'image', `/v2/images/${id}/file`, bytes);
    await expect(opened(id)).rejects.toMatchObject({ kind: 'conflict', message: expect.stringContaining('backing file') as string });
  });
});
