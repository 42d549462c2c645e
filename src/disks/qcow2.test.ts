import * as fc from 'fast-check';
import { deflateRawSync } from 'node:zlib';
import { all, noise, randomAccess, read } from '../../test/disks/layout';
import { type Cluster, type Layout, qcow2 } from '../../test/disks/qcow2-file';
import { DiskError } from './error';
import { qcow2Disk } from './qcow2';
import type { RandomAccess } from './raw';

const contentsOf = ({ bits, clusters, short = 0 }: Layout) => {
  const whole = Buffer.concat(clusters.map((each) => each.data ?? Buffer.alloc(2 ** bits)));
  return Buffer.concat([whole.subarray(0, whole.length - short), Buffer.alloc(short % 512)]);
};

const layouts: fc.Arbitrary<Layout> = fc.constantFrom(9, 12, 16).chain((bits) => {
  const kinds = fc.constantFrom(
    'absent' as const,
    'absent' as const,
    'zeros' as const,
    'plain' as const,
    'plain' as const,
    'compressed' as const,
  );
  const cluster = fc.tuple(kinds, fc.nat()).map(([kind, seed]): Cluster => {
    if (kind === 'absent' || kind === 'zeros') return { kind };
    const data = kind === 'plain' ? noise(2 ** bits, seed) : Buffer.alloc(2 ** bits, `text ${seed} `);
    return { kind, data };
  });
  return fc.record({
    bits: fc.constant(bits),
    clusters: fc.array(cluster, { minLength: 1, maxLength: 200 }).map((all) => all.slice(0, bits === 16 ? 60 : 200)),
    short: fc.integer({ min: 0, max: 2 ** bits - 1 }),
  });
});

const open = (file: Buffer) => qcow2Disk(randomAccess(file));

test('any layout is read as it is, from any sector on', async () => {
  await fc.assert(
    fc.asyncProperty(layouts, fc.double({ min: 0, max: 1, noNaN: true }), async (layout, part) => {
      const disk = await open(qcow2(layout));
      const expected = contentsOf(layout);
      expect(disk.size).toBe(expected.length);
      expect((await read(disk)).equals(expected)).toBe(true);
      const from = Math.floor((part * disk.size) / 512) * 512;
      expect((await read(disk, from)).equals(expected.subarray(from))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('clusters of 2 MiB come in pieces of at most 1 MiB', async () => {
  const layout: Layout = {
    bits: 21,
    clusters: [
      { kind: 'plain', data: noise(2 ** 21, 1) },
      { kind: 'compressed', data: Buffer.alloc(2 ** 21, 'ab') },
      { kind: 'compressed', data: noise(2 ** 21, 2) },
    ],
  };
  expect((await read(await open(qcow2(layout)))).equals(contentsOf(layout))).toBe(true);
});

test('clusters that lie together are read together', async () => {
  const clusters = Array.from({ length: 64 }, (_, seed): Cluster => ({
    kind: seed < 32 ? 'plain' : 'compressed',
    data: seed < 32 ? noise(65_536, seed) : Buffer.alloc(65_536, `${seed}`),
  }));
  const file = qcow2({ bits: 16, clusters });
  let reads = 0;
  const source: RandomAccess = { size: file.length, read: (at, length) => (reads++, Promise.resolve(file.subarray(at, at + length))) };
  await read(await qcow2Disk(source));
  // Header, a table of each level, two MiB of clusters, and all that are compressed.
  expect(reads).toBe(6);
});

const ONE: Layout = {
  bits: 12,
  clusters: [
    { kind: 'plain', data: noise(4096, 1) },
    { kind: 'compressed', data: Buffer.alloc(4096, 'x') },
  ],
};
const FILE = qcow2(ONE);
/** Offsets within it: first table in cluster 1, second in cluster 2. */
const [L1, L2] = [4096, 8192];
const changed = (...changes: readonly [at: number, value: number | bigint][]): Buffer => {
  const file = Buffer.from(FILE);
  for (const [at, value] of changes) {
    if (typeof value === 'bigint') file.writeBigUInt64BE(value, at);
    else file.writeUInt32BE(value, at);
  }
  return file;
};
const sparse = (clusters: number) => qcow2({ bits: 12, clusters: Array.from({ length: clusters }, () => ({ kind: 'zeros' as const })) });
/** Every entry of the only table is the same. */
const repeated = (entry: bigint) => {
  const file = Buffer.concat([sparse(512), noise(4096, 3)]);
  for (let index = 0; index < 512; index++) file.writeBigUInt64BE(entry, L2 + index * 8);
  return file;
};

test.each<[string, Buffer, DiskError['reason']]>([
  ['nothing', Buffer.alloc(0), 'cut'],
  ['a cut header', FILE.subarray(0, 60), 'cut'],
  ['a cut header of version 3', FILE.subarray(0, 90), 'cut'],
  ['other bytes', noise(10_000, 1), 'malformed'],
  ['version 1', changed([4, 1]), 'unsupported'],
  ['a backing file', changed([8, 1024n]), 'unsupported'],
  ['encryption', changed([32, 2]), 'unsupported'],
  ['a corrupt mark', changed([72, 2n]), 'unsupported'],
  ['data in another file', changed([72, 4n]), 'unsupported'],
  ['subclusters', changed([72, 16n]), 'unsupported'],
  ['an unknown feature', changed([72, 1n << 40n]), 'unsupported'],
  ['zstd', changed([72, 8n], [100, 112], [104, 0x0100_0000]), 'unsupported'],
  ['clusters of 256 bytes', changed([20, 8]), 'malformed'],
  ['clusters of 4 MiB', changed([20, 22]), 'malformed'],
  ['a disk of exabytes', changed([24, 1n << 60n]), 'malformed'],
  ['a disk of no bytes', changed([24, 0n]), 'malformed'],
  ['a first table too short for the disk', changed([24, 1n << 30n]), 'malformed'],
  ['a first table larger than memory', changed([20, 9], [24, 1n << 46n], [36, 0xffff_ffff]), 'malformed'],
  ['a first table outside', changed([40, 1n << 30n]), 'malformed'],
  ['a first table that is not aligned', changed([40, 4100n]), 'malformed'],
  ['a second table outside', changed([L1, 1n << 40n]), 'malformed'],
  ['a second table that is not aligned', changed([L1, BigInt(L2 + 512)]), 'malformed'],
  ['a second table that is the first', changed([L1, BigInt(L1)]), 'malformed'],
  ['a cluster outside', changed([L2, 1n << 40n]), 'malformed'],
  ['a cluster that is not aligned', changed([L2, 12_800n]), 'malformed'],
  ['a cluster of zeros in version 2', changed([4, 2], [L2, 1n]), 'malformed'],
  ['a compressed cluster outside', changed([L2 + 8, (1n << 62n) | (1n << 40n)]), 'malformed'],
  ['a compressed cluster that is not one', changed([L2 + 8, (1n << 62n) | (3n << 58n) | 12_288n]), 'malformed'],
  ['one cluster many times', repeated(12_288n), 'malformed'],
  [
    'one second table many times',
    changed([24, 1n << 30n], [36, 512], ...Array.from({ length: 512 }, (_, index): [number, bigint] => [L1 + index * 8, BigInt(L2)])),
    'malformed',
  ],
])('%s: refused', async (_, file, reason) => {
  await expect(open(file).then(read)).rejects.toMatchObject({ name: 'DiskError', reason });
});

test('a compressed cluster that becomes more than a cluster is refused', async () => {
  const bomb = deflateRawSync(Buffer.alloc(2 ** 24));
  const file = Buffer.concat([changed([L2 + 8, (1n << 62n) | (31n << 58n) | BigInt(FILE.length)]), bomb]);
  await expect(open(file).then(read)).rejects.toMatchObject({ reason: 'malformed' });
});

test('the mark of an unclean end, and snapshots, change nothing', async () => {
  expect((await read(await open(changed([72, 1n], [60, 3], [64, 1n << 50n])))).equals(contentsOf(ONE))).toBe(true);
});

test('whatever is changed in a file, it is read or refused in words', async () => {
  const at = fc.oneof(
    fc.nat({ max: 112 }),
    fc.integer({ min: L1, max: L1 + 8 }),
    fc.integer({ min: L2, max: L2 + 16 }),
    fc.nat({ max: FILE.length - 1 }),
  );
  const changes = fc.array(fc.record({ at, value: fc.nat({ max: 255 }) }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(changes, fc.oneof(fc.constant(FILE.length), fc.nat({ max: FILE.length })), async (values, length) => {
      const bytes = Buffer.from(FILE.subarray(0, length));
      for (const each of values) if (each.at < length) bytes[each.at] = each.value;
      const outcome = await open(bytes)
        .then((disk) => all(disk.extents(0)))
        .catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DiskError);
    }),
    { numRuns: 300 },
  );
});

test('an error of the source comes through as it is', async () => {
  const source = {
    size: FILE.length,
    read: (at: number, length: number) =>
      at < L2 ? Promise.resolve(FILE.subarray(at, at + length)) : Promise.reject(new RangeError('away')),
  };
  await expect(qcow2Disk(source).then(read)).rejects.toThrow(new RangeError('away'));
});
