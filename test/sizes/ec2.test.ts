import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { driver as module } from '../../drivers/ec2/index';
import type { Fit } from '../../src/clouds/driver';
import type { Found } from '../../src/operations/resource-handler';
import { TEST_IMAGE, TEST_REGION } from '../backends/ec2';
import { context, itemsOf } from '../drivers/counterpart';
import { Ec2Bench } from '../drivers/ec2-kit';
import { keyOr, offered } from './kit';

/** Sizes by figures on EC2: AWS's own list of types and where they are offered, as moto ships it. */

let bench: Ec2Bench;
let sizes: Found[];
beforeAll(async () => {
  bench = await Ec2Bench.start({ fullTypes: true });
  sizes = await sizesOf({});
});
afterAll(() => bench.stop());

async function sizesOf(options: { [option: string]: unknown }): Promise<Found[]> {
  const driver = await bench.connect(options);
  try {
    return driver.machineConfigs ? await offered(driver.machineConfigs, 'aws') : [];
  } finally {
    await driver.close();
  }
}

/** Debian for ARM in images.json. */
const ARM_IMAGE = 'ami-0c1a1f00000000002';

const LEGACY: Fit = { needs: ['boot mode legacy-bios', 'root device ebs', 'virtualization hvm', 'architecture x86_64'], has: ['ENA'] };
const UEFI: Fit = { needs: ['boot mode uefi', 'root device ebs', 'virtualization hvm', 'architecture x86_64'], has: ['ENA'] };
const ARM: Fit = { needs: ['boot mode uefi', 'root device ebs', 'virtualization hvm', 'architecture arm64'], has: ['ENA'] };

/**
 * cpu, memory in GiB, image, and the type that AWS documents for it: https://docs.aws.amazon.com/ec2/latest/instancetypes/.
 * Burstable types have 2 CPUs but for T2's small ones; compute optimized ones have 2 GiB for each, general purpose
 * ones 4, memory optimized ones 8.
 */
const WISHES: readonly [cpu: number, memory: number, image: 'x86' | 'uefi' | 'arm', type: string][] = [
  [1, 0.5, 'x86', 't2.nano'],
  [1, 1, 'x86', 't2.micro'],
  [1, 1.5, 'x86', 't2.small'],
  [1, 2, 'x86', 't2.small'],
  [1, 2, 'uefi', 'c8a.medium'],
  [1, 3, 'x86', 'm8a.medium'],
  [1, 4, 'x86', 'm8a.medium'],
  [1, 8, 'x86', 'r8a.medium'],
  [2, 0.5, 'x86', 't8i.nano'],
  [2, 1, 'x86', 't8i.micro'],
  [2, 2, 'x86', 't8i.small'],
  [2, 4, 'x86', 't8i.medium'],
  [2, 6, 'x86', 't3.large'],
  [2, 8, 'x86', 't3.large'],
  [2, 16, 'x86', 'r8i.large'],
  [3, 6, 'x86', 'c8i.xlarge'],
  [4, 8, 'x86', 'c8i.xlarge'],
  [4, 16, 'x86', 't3.xlarge'],
  [4, 32, 'x86', 'r8i.xlarge'],
  [8, 16, 'x86', 'c8i.2xlarge'],
  [8, 32, 'x86', 't3.2xlarge'],
  [8, 64, 'x86', 'r8i.2xlarge'],
  [16, 64, 'x86', 'm8i.4xlarge'],
  [16, 128, 'x86', 'r8i.4xlarge'],
  [48, 192, 'x86', 'm8i.12xlarge'],
  [96, 384, 'x86', 'm8i.24xlarge'],
  [1, 1, 'arm', 't4g.micro'],
  [2, 4, 'arm', 't4g.medium'],
  [2, 8, 'arm', 't4g.large'],
  [4, 16, 'arm', 't4g.xlarge'],
];
const IMAGES = { x86: { cpuArch: 'x86_64', fit: LEGACY }, uefi: { cpuArch: 'x86_64', fit: UEFI }, arm: { cpuArch: 'ARM', fit: ARM } };

test('30 wishes get the types that people take', () => {
  expect(WISHES).toHaveLength(30);
  const chosen = WISHES.map(([cpu, memory, image]) => [cpu, memory, image, keyOr(sizes, { cpu, memory }, IMAGES[image])]);
  expect(chosen).toEqual(WISHES);
});

test('nothing is ever chosen that has what nobody asked for, whatever the figures', () => {
  const taken = new Set<string>();
  for (let cpu = 1; cpu <= 128; cpu = Math.ceil(cpu * 1.5))
    for (let memory = 0.5; memory <= 1024; memory *= 1.6)
      for (const image of Object.values(IMAGES)) taken.add(keyOr(sizes, { cpu, memory }, image));
  const types = [...taken].filter((key) => !key.startsWith('refused'));
  expect(types.length).toBeGreaterThan(40);
  // By AWS's letters: accelerated (g, p, f, dl, inf, trn, vt), storage (d, h, i, im, is), coupled (hpc), Macs, and metal.
  expect(types.filter((type) => /^(?:g|gr|p|f|dl|inf|trn|vt|d|h|i|im|is|hpc|mac)\d|^mac|\.metal/.test(type))).toEqual([]);
  expect(types.filter((type) => /^(?:t1|m[1-5]|c[1-5]|r[3-5]|a1|m6i|r6i)\./.test(type))).toEqual([]);
});

test.each<[string, string, RegExp]>([
  ['g4dn.xlarge', 'accelerators', /has GPUs/],
  ['f2.6xlarge', 'accelerators', /has FPGAs/],
  ['inf2.xlarge', 'accelerators', /has accelerators/],
  ['i4i.large', 'dense storage', /dense storage/],
  ['m1.small', 'an old generation', /previous generation/],
  ['m8i.metal-48xl', 'bare metal', /bare metal/],
])('%s is never chosen for %s, and says so', (type, _what, words) => {
  expect(sizes.find(({ key }) => key === type)?.item?.choice?.excluded).toMatch(words);
});

test('a named size that would do is told in the refusal, with why figures do not choose it', () => {
  const words =
    /nearest are machineConfigs\/aws\.x8i_2elarge.*not chosen by figures: machineConfigs\/aws\.x8aedz_2elarge .* is not offered in any zone/;
  expect(keyOr(sizes, { cpu: 1, memory: 64 }, IMAGES.x86)).toMatch(words);
});

test('an operator’s patterns go before the driver’s order, in their own order, and lift what it leaves aside', async () => {
  const own = await sizesOf({ sizes: { prefer: ['m7i.*', 'i4i.*'], exclude: ['t2.*', 'c8?.*'] } });
  expect(keyOr(own, { cpu: 2, memory: 8 }, IMAGES.x86)).toBe('m7i.large');
  expect(keyOr(own, { cpu: 2, memory: 16 }, IMAGES.x86)).toBe('i4i.large');
  expect(keyOr(own, { cpu: 1, memory: 1 }, IMAGES.x86)).toBe('t8i.micro');
  expect(keyOr(own, { cpu: 1, memory: 1 }, { ...IMAGES.x86, atMost: 1 })).toMatch(/t2_2emicro.*is excluded by the operator/);
  expect(own.find(({ key }) => key === 'c8i.xlarge')?.item?.choice?.excluded).toMatch(/operator/);
});

test('options that contradict each other are refused, naming the option', () => {
  const options = { region: 'eu-central-1', sizes: { prefer: ['t3.*'], exclude: ['t3.*'] } };
  expect(module.options.safeParse(options).error?.issues[0]).toMatchObject({ path: ['sizes', 'prefer'] });
});

test('hibernation, boot mode, ENA and architecture of the image are kept to', async () => {
  const hibernating = keyOr(sizes, { cpu: 2, memory: 8 }, { ...IMAGES.x86, needs: ['hibernation'] });
  expect(sizes.find(({ key }) => key === hibernating)?.item?.fit?.has).toContain('hibernation');
  expect(keyOr(sizes, { cpu: 48, memory: 192 }, { ...IMAGES.x86, needs: ['hibernation'] })).toMatch(/^refused/);
  const old: Fit = { needs: LEGACY.needs, has: [] };
  expect(keyOr(sizes, { cpu: 1, memory: 2 }, { cpuArch: 'x86_64', fit: old })).toBe('t2.small');
  expect(keyOr(sizes, { cpu: 2, memory: 4 }, { cpuArch: 'x86_64', fit: old })).toBe('t2.medium');
  const images = itemsOf(await bench.driver.machineImages?.getMany([TEST_IMAGE, ARM_IMAGE], context()));
  const [debian, arm] = [TEST_IMAGE, ARM_IMAGE].map((id) => images.find(({ key }) => key === id));
  expect(debian?.fit).toEqual({ needs: expect.arrayContaining(['root device ebs', 'architecture x86_64']) as string[], has: ['ENA'] });
  expect(arm?.fit?.needs).toContain('architecture arm64');
});

test('zone and type go together: one that a zone lacks is not chosen for it, and goes after others where nobody says a zone', async () => {
  const zones = (key: string) => sizes.find((size) => size.key === key)?.item?.choice?.zones ?? [];
  const lacking = sizes.find(({ item }) => item?.choice?.elsewhere === 'possible' && item.choice.excluded === undefined);
  expect(zones(lacking?.key ?? '')).not.toContain(`${TEST_REGION}a`);
  for (const zone of ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `${TEST_REGION}${letter}`)) {
    const key = keyOr(sizes, { cpu: 2, memory: 8 }, { ...IMAGES.x86, zone });
    expect([zone, zones(key).includes(zone)]).toEqual([zone, true]);
  }
  const fixed = await sizesOf({ availabilityZone: `${TEST_REGION}e` });
  const chosen = keyOr(fixed, { cpu: 2, memory: 8 }, IMAGES.x86);
  expect(zones(chosen)).toContain(`${TEST_REGION}e`);
});

test('a login that may not ask for offerings chooses among all types', async () => {
  const over = bench.account.proxy.add({ action: 'DescribeInstanceTypeOfferings', fail: { code: 'UnauthorizedOperation', status: 403 } });
  try {
    expect(keyOr(await sizesOf({}), { cpu: 2, memory: 4 }, IMAGES.x86)).toBe('t8i.medium');
  } finally {
    over();
  }
});

test('offerings are asked for once an hour, not with every list', async () => {
  const driver = await bench.connect({});
  const before = bench.account.proxy.count('DescribeInstanceTypeOfferings');
  for (let times = 0; times < 3; times += 1) if (driver.machineConfigs) await offered(driver.machineConfigs);
  expect(bench.account.proxy.count('DescribeInstanceTypeOfferings')).toBe(before + 1);
  await driver.close();
});

test('a machine that nobody places goes to another zone where the one taken by default lacks its type', async () => {
  const { proxy } = bench.account;
  const [home, other] = await defaultSubnets();
  const over = proxy.add({
    action: 'RunInstances',
    when: ({ parameters }) => parameters.get('SubnetId') === home,
    fail: { code: 'Unsupported', message: 'Your requested instance type (t3.micro) is not supported in your requested Availability Zone' },
  });
  try {
    const before = proxy.count('RunInstances');
    const key = await bench.machine();
    expect(proxy.count('RunInstances')).toBe(before + 2);
    const [machine] = (await bench.driver.machines?.getMany([key], context())) ?? [];
    expect(machine).toMatchObject({ values: { availabilityZone: other } });
    await bench.drop(key);
    const said = bench.machine({ extensions: { availabilityZone: `${TEST_REGION}a` } });
    await expect(said).rejects.toThrow(/not supported in your requested Availability Zone/);
  } finally {
    over();
  }
});

/** Subnet of the zone taken by default, and the next zone with a default subnet. */
async function defaultSubnets(): Promise<[string | undefined, string | undefined]> {
  const { Subnets = [] } = await bench.account.direct.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
  );
  Subnets.sort((a, b) => ((a.AvailabilityZone ?? '') < (b.AvailabilityZone ?? '') ? -1 : 1));
  return [Subnets[0]?.SubnetId, Subnets[1]?.AvailabilityZone];
}
