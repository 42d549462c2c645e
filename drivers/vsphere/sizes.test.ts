import * as fc from 'fast-check';
import { mibToKib } from '../../src/model/units';
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
  expect(sizes.sized({ memory: mibToKib(8192) })?.values).toMatchObject({ cpu: 1, memory: mibToKib(8192) });
  expect(sizes.sized({ cpu: 2 })?.values).toMatchObject({ cpu: 2, memory: mibToKib(1024) });
  expect(memoryRequest(mibToKib(980))).toBe(980);
  expect(sizes.sized({ cpu: 1, cpuSpeed: 2000 })).toBeUndefined();
  expect(sizes.sized({ cpu: 1, cpuArch: 'ARM' })).toBeUndefined();
});

test('no disk is larger than vSphere has them', () => {
  const most = diskReport(MAX_DISK);
  expect(diskAsked(most)).toBe(MAX_DISK);
  expect(() => diskAsked(most + 1)).toThrow(`${most} kB`);
  expect(sizes.sized({ cpu: 1, disks: [{ capacity: most }] })).toBeDefined();
  expect(sizes.sized({ cpu: 1, disks: [{ capacity: most + 1 }] })).toBeUndefined();
});

test('the shipped set is listed by name, any other size is read by its key', async () => {
  const pages = [];
  for await (const page of sizes.list(context)) pages.push(...page);
  expect(pages.map(({ values }) => values.name)).toEqual(SIZES.map(({ name }) => name));
  const [known, other, ...none] = await sizes.getMany(['c2-m4096', 'c3-m980', 'none'], context);
  expect(known?.values.name).toBe('medium');
  expect(other?.values).toEqual({ name: '3 CPU, 980 MiB', cpu: 3, memory: mibToKib(980) });
  expect(none).toEqual([]);
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
