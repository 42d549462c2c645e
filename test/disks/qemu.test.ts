import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Disk } from '../../src/disks/disk';
import { qcow2Disk } from '../../src/disks/qcow2';
import { rawBytes } from '../../src/disks/raw-stream';
import { vmdkDisk } from '../../src/disks/vmdk-reader';
import { vmdkBytes } from '../../src/disks/vmdk-writer';
import { describeWith } from '../backends/need';
import { bootSector, qemuAvailable, qemuImg, saidAtBoot } from '../backends/qemu';
import { diskOf, noise, read } from './layout';

/** Formats of disks against the program that everybody's disks go through. */
describeWith('qemu', qemuAvailable(), () => {
  let folder: string;
  const path = (name: string) => join(folder, name);
  const save = (name: string, bytes: AsyncIterable<Uint8Array>) => pipeline(Readable.from(bytes), createWriteStream(path(name)));
  const chunked = (name: string) => createReadStream(path(name), { highWaterMark: 300_001 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'disks-'));
    await writeFile(path('their.raw'), contents);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** 90 MiB and a sector, with noise, text and zeros; the last sector is not zero. */
  const contents = Buffer.alloc(90 * 2 ** 20 + 512);
  noise(5 * 2 ** 20 + 77, 1).copy(contents, 2 ** 20 + 1_000);
  contents.fill('some text ', 70 * 2 ** 20, 75 * 2 ** 20);
  contents.fill('end', contents.length - 512);

  async function converted(from: 'raw' | 'vmdk' | 'qcow2', to: 'raw' | 'vmdk' | 'qcow2', name: string, target: string, ...more: string[]) {
    await qemuImg('convert', '-f', from, '-O', to, ...more, path(name), path(target));
  }

  test('what our writer makes of a disk has no errors for qemu-img, and is the same disk', async () => {
    await save('ours.vmdk', vmdkBytes(diskOf(contents)));
    expect(await qemuImg('check', '-f', 'vmdk', path('ours.vmdk'))).toContain('No errors were found');
    await converted('vmdk', 'raw', 'ours.vmdk', 'ours.raw');
    expect((await readFile(path('ours.raw'))).equals(contents)).toBe(true);
    expect((await stat(path('ours.vmdk'))).size).toBeLessThan(8 * 2 ** 20);
  });

  test('what qemu-img writes as streamOptimized is read', async () => {
    await converted('raw', 'vmdk', 'their.raw', 'their.vmdk', '-o', 'subformat=streamOptimized');
    expect((await read(await vmdkDisk(chunked('their.vmdk')))).equals(contents)).toBe(true);
  });

  test('a file of qemu-img that lacks its end is not taken for whole', async () => {
    await converted('raw', 'vmdk', 'their.raw', 'whole.vmdk', '-o', 'subformat=streamOptimized');
    const whole = await readFile(path('whole.vmdk'));
    let end = whole.length;
    while (whole[end - 1] === 0) end--;
    const cut = Readable.from([whole.subarray(0, Math.floor(end / 512) * 512 - 512)]);
    await expect(vmdkDisk(cut).then(read)).rejects.toMatchObject({ name: 'DiskError', reason: 'cut' });
  });

  test.each([
    ['monolithicSparse', 'unsupported'],
    ['monolithicFlat', 'malformed'],
  ])('%s is refused as what can not be read from a stream', async (subformat, reason) => {
    await converted('raw', 'vmdk', 'their.raw', `${subformat}.vmdk`, '-o', `subformat=${subformat}`);
    await expect(vmdkDisk(chunked(`${subformat}.vmdk`))).rejects.toMatchObject({ name: 'DiskError', reason });
  });

  /** All that a qcow2 holds, read at the places that are needed. */
  async function qcow2(name: string): Promise<Buffer> {
    const file = await open(path(name));
    try {
      const { size } = await file.stat();
      const at = async (offset: number, length: number) => (await file.read(Buffer.alloc(length), 0, length, offset)).buffer;
      return await read(await qcow2Disk({ size, read: at }));
    } finally {
      await file.close();
    }
  }

  test.each<[string, ...string[]]>([
    ['qcow2 as it is by default'],
    ['qcow2 of version 2', '-o', 'compat=0.10'],
    ['qcow2 with clusters of 512 bytes', '-o', 'cluster_size=512'],
    ['qcow2 with clusters of 2 MiB', '-o', 'cluster_size=2M'],
    ['qcow2 with all clusters allocated', '-o', 'preallocation=metadata'],
    ['compressed qcow2', '-c'],
    ['compressed qcow2 with clusters of 2 MiB', '-c', '-o', 'cluster_size=2M'],
  ])('%s is read', async (_, ...options) => {
    await converted('raw', 'qcow2', 'their.raw', 'their.qcow2', ...options);
    expect((await qcow2('their.qcow2')).equals(contents)).toBe(true);
  });

  test('of a qcow2 with snapshots what it is now is read', async () => {
    await converted('raw', 'qcow2', 'their.raw', 'now.qcow2');
    await qemuImg('snapshot', '-c', 'before', path('now.qcow2'));
    await promisify(execFile)('qemu-io', ['-f', 'qcow2', '-c', 'write -P 65 1M 3M', '-c', 'write -z 70M 1M', path('now.qcow2')]);
    const now = Buffer.from(contents);
    now.fill(65, 2 ** 20, 2 ** 22).fill(0, 70 * 2 ** 20, 71 * 2 ** 20);
    expect((await qcow2('now.qcow2')).equals(now)).toBe(true);
  });

  test.each<[string, ...string[]]>([
    ['compressed with zstd', '-c', '-o', 'compression_type=zstd'],
    ['with subclusters', '-o', 'extended_l2=on'],
    ['with its data in another file', '-o', 'data_file=FOLDER/other.data'],
    // Not by LUKS, for which qemu-img measures how fast the machine is, which takes minutes on a busy one.
    ['encrypted', '--object', 'secret,id=key,data=geheim', '-o', 'encrypt.format=aes,encrypt.key-secret=key'],
  ])('a qcow2 %s is refused', async (_, ...options) => {
    await converted('raw', 'qcow2', 'their.raw', 'other.qcow2', ...options.map((each) => each.replace('FOLDER', folder)));
    await expect(qcow2('other.qcow2')).rejects.toMatchObject({ name: 'DiskError', reason: 'unsupported' });
  });

  test('a qcow2 on another file is refused', async () => {
    await qemuImg('create', '-f', 'qcow2', '-b', path('their.raw'), '-F', 'raw', path('upon.qcow2'));
    await expect(qcow2('upon.qcow2')).rejects.toMatchObject({
      reason: 'unsupported',
      message: expect.stringContaining('backing file') as string,
    });
  });

  test('a disk that boots still does after VMDK, ours twice, qcow2, and VMDK again', async () => {
    const text = 'the disk speaks';
    const boots = Buffer.alloc(64 * 2 ** 20);
    bootSector(text).copy(boots);
    await save('boots.raw', rawBytes(diskOf(boots)));
    expect(await saidAtBoot(path('boots.raw'), 'raw', text)).toContain(text);

    const again = async (name: string): Promise<Disk> => vmdkDisk(chunked(name));
    await save('boots-1.vmdk', vmdkBytes(diskOf(boots)));
    await save('boots-2.vmdk', vmdkBytes(await again('boots-1.vmdk')));
    expect(await saidAtBoot(path('boots-2.vmdk'), 'vmdk', text)).toContain(text);
    await converted('vmdk', 'qcow2', 'boots-2.vmdk', 'boots.qcow2');
    expect((await qcow2('boots.qcow2')).equals(boots)).toBe(true);
    expect(await saidAtBoot(path('boots.qcow2'), 'qcow2', text)).toContain(text);
    await converted('qcow2', 'vmdk', 'boots.qcow2', 'boots-3.vmdk', '-o', 'subformat=streamOptimized');
    await save('boots-end.raw', rawBytes(await again('boots-3.vmdk')));
    expect(await saidAtBoot(path('boots-end.raw'), 'raw', text)).toContain(text);
    expect((await readFile(path('boots-end.raw'))).equals(boots)).toBe(true);
  });
});
