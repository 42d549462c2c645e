import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ContentDigest } from '../src/disks/content-digest';
import type { Disk, Extent } from '../src/disks/disk';
import { gapless } from '../src/disks/extents';
import { gunzipped } from '../src/disks/gzip';
import { qcow2Disk } from '../src/disks/qcow2';
import { rawDiskAt, type RandomAccess } from '../src/disks/raw';
import { vmdkDisk } from '../src/disks/vmdk-reader';
import { vmdkBytes } from '../src/disks/vmdk-writer';

/**
 * Does one piece of work with a disk in a process of its own; says its seconds and by how many bytes the process grew.
 * Arguments: the work, MiB of data, GiB of the disk in which they are spread.
 */

const MIB = 2 ** 20;
const CLUSTER = 65_536;
const [, , work = '', dataMib = '256', sizeGib = '0'] = process.argv;
const count = Number(dataMib);
const size = Number(sizeGib) * 1024 * MIB || count * MIB;

/** Data of disks, half of it noise and half text. */
const pool = Array.from({ length: 16 }, (_, index) => (index % 2 ? randomBytes(MIB) : Buffer.alloc(MIB, `line ${index} of some text\n`)));
const piece = (index: number): Buffer => pool[index % pool.length] ?? Buffer.alloc(0);

const disk: Disk = {
  size,
  rereadable: true,
  async *extents() {
    const stride = Math.floor(size / MIB / count) * MIB;
    for (let index = 0; index < count; index++) yield await Promise.resolve({ offset: index * stride, data: piece(index) });
  },
};

/** The data one after the other, behind `before`. */
const dense = (before = Buffer.alloc(0)): RandomAccess => ({
  size: before.length + count * MIB,
  read: (at, length) => {
    if (at + length <= before.length) return Promise.resolve(before.subarray(at, at + length));
    const from = at - before.length;
    const first = piece(Math.floor(from / MIB)).subarray(from % MIB, (from % MIB) + length);
    return Promise.resolve(
      first.length === length ? first : Buffer.concat([first, piece(Math.floor(from / MIB) + 1).subarray(0, length - first.length)]),
    );
  },
});

/** A qcow2 whose clusters are all allocated, one after the other. */
function qcow2(): RandomAccess {
  const clusters = (count * MIB) / CLUSTER;
  const tables = Math.ceil(clusters / (CLUSTER / 8));
  const head = Buffer.alloc((2 + tables) * CLUSTER);
  head.write('QFI\xfb', 'latin1');
  [2, 0, 0, 0, 16].forEach((value, index) => head.writeUInt32BE(value, 4 + 4 * index));
  head.writeBigUInt64BE(BigInt(count * MIB), 24);
  head.writeUInt32BE(tables, 36);
  head.writeBigUInt64BE(BigInt(CLUSTER), 40);
  for (let table = 0; table < tables; table++) head.writeBigUInt64BE(BigInt((2 + table) * CLUSTER), CLUSTER + 8 * table);
  for (let index = 0; index < clusters; index++) head.writeBigUInt64BE(BigInt(head.length + index * CLUSTER), 2 * CLUSTER + 8 * index);
  return dense(head);
}

async function drained(values: AsyncIterable<unknown>): Promise<void> {
  for await (const value of values) if (value === undefined) throw new Error('nothing came');
}

async function digested(of: Disk): Promise<void> {
  const digest = new ContentDigest(of.size);
  for await (const extent of of.extents(0)) await digest.add(extent);
  await digest.end();
}

const target = Buffer.alloc(MIB);
async function copied(extents: AsyncIterable<Extent>): Promise<void> {
  for await (const extent of extents) if ('data' in extent) target.set(extent.data);
}

async function* kept(bytes: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const each of bytes) yield await Promise.resolve(each);
}

async function collected(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const each of bytes) found.push(each);
  return found;
}

/** Works by name; each prepares itself, and gives what is to be measured. */
const WORKS: Readonly<Record<string, () => Promise<() => Promise<void>>>> = {
  copy: () => Promise.resolve(() => copied(gapless(disk))),
  raw: () => Promise.resolve(() => copied(rawDiskAt(dense()).extents(0))),
  digest: () => Promise.resolve(() => digested(disk)),
  qcow2: () => Promise.resolve(async () => copied((await qcow2Disk(qcow2())).extents(0))),
  'vmdk-write': () => Promise.resolve(() => drained(vmdkBytes(disk))),
  'vmdk-read': async () => {
    const file = await collected(vmdkBytes(disk));
    return async () => copied((await vmdkDisk(kept(file))).extents(0));
  },
  gzip: () => {
    const packed = pool.map((each) => gzipSync(each, { level: 1 }));
    const all = Array.from({ length: count }, (_, index) => packed[index % packed.length] ?? Buffer.alloc(0));
    return Promise.resolve(() => drained(gunzipped(kept(all), count * MIB)));
  },
  // The disk as it goes through a package.
  through: () => Promise.resolve(async () => copied((await vmdkDisk(vmdkBytes(disk))).extents(0))),
};

async function main(): Promise<void> {
  const measured = await WORKS[work]?.();
  if (!measured) throw new Error(`no work ${work}`);
  const resting = process.memoryUsage.rss();
  let peak = resting;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const begun = performance.now();
  await measured();
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(watch);
  console.error(`seconds ${seconds} grown ${Math.max(peak, process.memoryUsage.rss()) - resting}.`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
