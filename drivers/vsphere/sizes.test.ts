import { Gone, isGone } from '../../src/clouds/errors';
import * as fc from 'fast-check';
import { mibToKib } from '../../src/model/units';
import type { Values } from '../../src/model/values';
import { MAX_DISK, SIZES, vsphereOptions } from './options';
import { diskAsked, diskReport, memoryRequest, sizeKey, sizeOf, VsphereSizes } from './sizes';

const options = vsphereOptions.parse({ url: 'https://vc.example.org', username: 'u', password: 'p' });
const sizes = new VsphereSizes(options);
const context = { signal: new AbortController().signal };

test('a key says the whole size, and nothing else is one', () => {
  const mib = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 900 }), mib, fc.array(mib, { maxLength: 4 }), (cpu, fours, disks) => {
      const size = { cpu, memory: 4 * fours, disks };
      expect(sizeOf(sizeKey(size))).toEqual(size);
    }),
  );
  for (const no of ['', 'none', 'c0-m4', 'c1-m3', 'c1-m4-', 'c1-m4-d0', 'c01-m4', 'c1-m4 ', 'vm-1']) expect(sizeOf(no)).toBeUndefined();
});

test('figures get just what they ask for, rounded up to 4 MiB and 1 MiB', () => {
  const item = sizes.sized({ cpu: 3, memory: 1_000_001, disks: [{ capacity: 5_000_000 }] });
  expect(item).toMatchObject({ key: 'c3-m980-d4769', values: { cpu: 3, memory: mibToKib(980) } });
  expect(sizes.sized({ memory: mibToKib(8192) })).toMatchObject({ values: { cpu: 1, memory: mibToKib(8192) } });
  expect(sizes.sized({ cpu: 2 })).toMatchObject({ values: { cpu: 2, memory: mibToKib(1024) } });
  expect(memoryRequest(mibToKib(980))).toBe(980);
});

test.each<[Values, RegExp]>([
  [{ cpu: 1, cpuSpeed: 2000 }, /no machine a clock of its own/],
  [{ cpu: 1, cpuArch: 'ARM' }, /for x86_64, not for ARM/],
  [{ cpu: 961, memory: 4096 }, /largest machine has cpu 960/],
  [{ cpu: 1, memory: mibToKib(25_165_825) }, /largest machine has memory 25769803776 KiB/],
  [{ cpu: 1, disks: Array.from({ length: 61 }, () => ({ capacity: 1_000_000 })) }, /at most 60 disks/],
])('there is no machine of %j, and the driver says why', (figures, words) => {
  expect(sizes.sized(figures)).toEqual({ impossible: expect.stringMatching(words) as string });
});

/** Wishes as people have them, in MiB and GB: each gets just that, in vSphere's steps of 4 MiB and 1 MiB. */
const EXACT: readonly [cpu: number, memoryMib: number, disksGb: readonly number[], key: string][] = [
  [1, 512, [], 'c1-m512'],
  [1, 1024, [], 'c1-m1024'],
  [1, 1536, [], 'c1-m1536'],
  [1, 2048, [10], 'c1-m2048-d9537'],
  [1, 3072, [], 'c1-m3072'],
  [1, 4096, [20, 5], 'c1-m4096-d19074-d4769'],
  [1, 8192, [], 'c1-m8192'],
  [2, 1024, [], 'c2-m1024'],
  [2, 2048, [], 'c2-m2048'],
  [2, 4096, [20, 5], 'c2-m4096-d19074-d4769'],
  [2, 4096, [], 'c2-m4096'],
  [2, 6144, [40], 'c2-m6144-d38147'],
  [2, 8192, [], 'c2-m8192'],
  [2, 16_384, [], 'c2-m16384'],
  [3, 3072, [], 'c3-m3072'],
  [3, 8192, [], 'c3-m8192'],
  [4, 4096, [], 'c4-m4096'],
  [4, 8192, [100], 'c4-m8192-d95368'],
  [4, 16_384, [], 'c4-m16384'],
  [5, 10_240, [], 'c5-m10240'],
  [6, 12_288, [1, 1, 1], 'c6-m12288-d954-d954-d954'],
  [8, 16_384, [], 'c8-m16384'],
  [8, 32_768, [], 'c8-m32768'],
  [12, 49_152, [], 'c12-m49152'],
  [16, 32_768, [], 'c16-m32768'],
  [16, 131_072, [160, 400], 'c16-m131072-d152588-d381470'],
  [24, 98_304, [], 'c24-m98304'],
  [32, 65_536, [], 'c32-m65536'],
  [64, 262_144, [], 'c64-m262144'],
  [1, 1001, [], 'c1-m1004'],
];

test('30 wishes are met exactly', () => {
  expect(EXACT).toHaveLength(30);
  for (const [cpu, mib, gb, key] of EXACT) {
    const disks = gb.map((each) => ({ capacity: each * 1_000_000 }));
    const item = sizes.sized({ cpu, memory: mibToKib(mib), ...(disks.length === 0 ? {} : { disks }) });
    expect([cpu, mib, gb, item]).toEqual([cpu, mib, gb, expect.objectContaining({ key })]);
    if (mib % 4 === 0) expect(item).toMatchObject({ values: { cpu, memory: mibToKib(mib) } });
  }
});

test('no disk is larger than vSphere has them', () => {
  const most = diskReport(MAX_DISK);
  expect(diskAsked(most)).toBe(MAX_DISK);
  expect(() => diskAsked(most + 1)).toThrow(`${most} kB`);
  expect(sizes.sized({ cpu: 1, disks: [{ capacity: most }] })).toHaveProperty('key');
  expect(sizes.sized({ cpu: 1, disks: [{ capacity: most + 1 }] })).toEqual({ impossible: `its largest disk has ${most} kB` });
});

test('the shipped set is listed by name, any other size is read by its key', async () => {
  const pages = [];
  for await (const page of sizes.list(context)) pages.push(...page);
  expect(pages.map(({ values }) => values.name)).toEqual(SIZES.map(({ name }) => name));
  const [known, other, none] = await sizes.getMany(['c2-m4096', 'c3-m980', 'none'], context);
  expect(known).toMatchObject({ values: { name: 'medium' } });
  expect(other).toMatchObject({ values: { name: '3 CPU, 980 MiB', cpu: 3, memory: mibToKib(980) } });
  expect(none).toBeInstanceOf(Gone);
});

test('a size shows what a machine of it has: disks without a format of any guest, for every tenant', () => {
  const disks = [{ capacity: 10_000_000 }, { capacity: 'many' }];
  expect(sizes.sized({ cpu: 2, memory: mibToKib(4096), disks })).toEqual({
    key: 'c2-m4096-d9537',
    values: { name: '2 CPU, 4096 MiB', cpu: 2, memory: mibToKib(4096), disks: [{ capacity: diskReport(9537), format: 'raw' }] },
    public: true,
  });
  expect(sizes.sized({ cpu: 2, memory: mibToKib(4096), cpuArch: 'x86_64', disks: 'none' })).toEqual({
    key: 'c2-m4096',
    values: { name: 'medium', cpu: 2, memory: mibToKib(4096) },
    public: true,
  });
});

test('the largest machine of vSphere can be had (Configuration Maximums)', () => {
  const disks = Array.from({ length: 60 }, () => ({ capacity: 1_000_000 }));
  expect(sizes.sized({ cpu: 960, memory: mibToKib(25_165_824), disks })).toMatchObject({ values: { cpu: 960, disks: { length: 60 } } });
});

test('what cannot be is refused before anything is asked', async () => {
  expect(() => diskAsked(diskReport(MAX_DISK) + 1)).toThrow(expect.objectContaining({ kind: 'invalid', maybeDone: false }));
  expect(isGone((await sizes.getMany(['xc1-m4'], context))[0], { type: 'machine configuration', key: 'xc1-m4' })).toBe(true);
  const given = new AbortController();
  given.abort();
  const refused = { kind: 'timeout', maybeDone: false, message: expect.stringContaining('nobody waits') as string };
  await expect(sizes.getMany(['c1-m4'], { signal: given.signal })).rejects.toMatchObject(refused);
  const listing = async (): Promise<void> => {
    for await (const page of sizes.list({ signal: given.signal })) expect(page).toBeUndefined();
  };
  await expect(listing()).rejects.toMatchObject(refused);
});

test('options say what is wrong with them', () => {
  const base = { url: 'https://vc.example.org', username: 'u', password: 'p' };
  expect(vsphereOptions.safeParse({ ...base, url: 'http://vc.example.org' }).success).toBe(false);
  expect(vsphereOptions.safeParse({ ...base, url: 'http://vc.example.org', insecure: true }).success).toBe(true);
  expect(vsphereOptions.safeParse({ ...base, insecure: true, thumbprint: 'AA:'.repeat(31) + 'AA' }).success).toBe(false);
  expect(vsphereOptions.safeParse({ ...base, thumbprint: 'AA' }).success).toBe(false);
  const twice = { name: 'a', cpu: 1, memory: 4 };
  expect(vsphereOptions.safeParse({ ...base, machineConfigs: [twice, twice] }).success).toBe(false);
});
