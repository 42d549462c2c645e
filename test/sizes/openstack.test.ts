import { driver as module } from '../../drivers/openstack/index';
import { flavorChoice, flavorFit, imageFit, serverFit, type Specified } from '../../drivers/openstack/choice';
import { flavorValues } from '../../drivers/openstack/configs';
import { sizesOption, type SizesOption } from '../../src/clouds/sizes';
import { gibToKb } from '../../src/model/units';
import type { Found } from '../../src/operations/resource-handler';
import { foundOf, GIB, choose, keyOr } from './kit';

/** Sizes by figures on OpenStack: flavors as public clouds have them, with extra specs as Nova documents them. */

interface Flavor extends Specified {
  vcpus: number;
  ram: number;
  disk: number;
}

const flavor = (
  name: string,
  vcpus: number,
  gib: number,
  disk: number,
  extra_specs: Record<string, string> = {},
  more: object = {},
): Flavor => ({
  ...{ id: name, name, vcpus, ram: gib * 1024, disk, extra_specs, ...more },
});

/** General ones with three disks, as several clouds in Europe have them; others as Nova's own documentation has examples. */
const FLAVORS: readonly Flavor[] = [
  ...[
    [1, 1],
    [1, 2],
    [1, 4],
    [2, 2],
    [2, 4],
    [2, 8],
    [4, 4],
    [4, 8],
    [4, 16],
    [8, 16],
    [8, 32],
    [16, 32],
    [16, 64],
  ].flatMap(([cpu = 0, gib = 0]) => [0, 20, 50].map((disk) => flavor(`a${cpu}-ram${gib}-disk${disk}`, cpu, gib, disk))),
  flavor('m1.nano', 1, 0.125, 1),
  flavor('m1.micro', 1, 0.25, 1),
  flavor('r2-15', 2, 15, 50),
  flavor('r2-30', 2, 30, 50),
  flavor('r2-60', 4, 60, 100),
  flavor('d2.large', 2, 4, 20, { 'hw:cpu_policy': 'dedicated' }),
  flavor('d2.odd', 3, 6, 20, { 'hw:cpu_policy': 'dedicated' }),
  flavor('huge.small', 3, 6, 20, { 'hw:mem_page_size': 'large', 'hw:numa_nodes': '1' }),
  flavor('ssd.large', 2, 8, 20, { 'aggregate_instance_extra_specs:ssd': 'true' }),
  flavor('gpu.small', 2, 4, 20, { 'pci_passthrough:alias': 'nvidia-a10:1' }),
  flavor('gpu.only', 6, 48, 50, { 'pci_passthrough:alias': 'a100:1' }),
  flavor('vgpu.only', 12, 96, 50, { 'resources:VGPU': '1' }),
  flavor('fpga.only', 5, 20, 20, { 'accel:device_profile': 'fpga-dp1' }),
  flavor('bm.only', 64, 512, 900, {
    'resources:CUSTOM_BAREMETAL_GOLD': '1',
    'resources:VCPU': '0',
    'resources:MEMORY_MB': '0',
    'resources:DISK_GB': '0',
  }),
  flavor('old.only', 10, 40, 20, {}, { 'OS-FLV-DISABLED:disabled': true }),
  flavor('arm.medium', 2, 4, 10, { 'trait:COMPUTE_ARCH_AARCH64': 'required' }),
];

const figuresOf = ({ id, name, vcpus, ram, disk }: Flavor) => ({ id, name, vcpus, ram, disk });

function sizesOf(flavors: readonly Flavor[], sizes: SizesOption): Found[] {
  return flavors.map((each) =>
    foundOf(
      {
        key: each.id,
        values: flavorValues(figuresOf(each)),
        choice: flavorChoice(each, sizes),
        fit: flavorFit(each),
      },
      'os',
    ),
  );
}

const sizes = sizesOf(FLAVORS, sizesOption.parse(undefined));
const gb = (...capacities: number[]) =>
  capacities.length === 0 ? {} : { disks: capacities.map((each) => ({ capacity: each * 1_000_000, format: 'raw' })) };

/** cpu, memory in GiB, disks in GB, and the flavor. */
const WISHES: readonly [cpu: number, memory: number, disks: readonly number[], flavor: string][] = [
  [1, 0.125, [], 'm1.nano'],
  [1, 0.25, [], 'm1.micro'],
  [1, 0.2, [], 'm1.micro'],
  [1, 1, [], 'a1-ram1-disk20'],
  [1, 1, [10], 'a1-ram1-disk20'],
  [1, 1, [40], 'a1-ram1-disk50'],
  [1, 1, [500], 'a1-ram1-disk20'],
  [1, 1.5, [], 'a1-ram2-disk20'],
  [1, 2, [], 'a1-ram2-disk20'],
  [1, 3, [], 'a1-ram4-disk20'],
  [1, 4, [20], 'a1-ram4-disk20'],
  [2, 2, [], 'a2-ram2-disk20'],
  [2, 3, [], 'a2-ram4-disk20'],
  [2, 4, [], 'a2-ram4-disk20'],
  [2, 4, [20, 5], 'a2-ram4-disk20'],
  [2, 4, [50], 'a2-ram4-disk50'],
  [2, 6, [], 'a2-ram8-disk20'],
  [2, 8, [], 'a2-ram8-disk20'],
  [2, 15, [], 'r2-15'],
  [2, 30, [], 'r2-30'],
  [2, 40, [], 'r2-60'],
  [3, 6, [], 'd2.odd'],
  [4, 4, [], 'a4-ram4-disk20'],
  [4, 8, [], 'a4-ram8-disk20'],
  [4, 12, [], 'a4-ram16-disk20'],
  [4, 16, [50], 'a4-ram16-disk50'],
  [6, 16, [], 'a8-ram16-disk20'],
  [8, 32, [], 'a8-ram32-disk20'],
  [12, 64, [], 'a16-ram64-disk20'],
  [16, 64, [100], 'a16-ram64-disk20'],
];

test('30 wishes get the flavors that people take', () => {
  expect(WISHES).toHaveLength(30);
  expect(WISHES.map(([cpu, memory, disks]) => [cpu, memory, disks, keyOr(sizes, { cpu, memory, ...gb(...disks) })])).toEqual(WISHES);
});

test('disks beyond the flavor’s own are left to be made', () => {
  expect(choose(sizes, { cpu: 2, memory: 4, ...gb(20, 5) }).more).toEqual([{ capacity: 5_000_000 }]);
  expect(choose(sizes, { cpu: 1, memory: 1, ...gb(500) }).more).toEqual([{ capacity: 500_000_000 }]);
  expect(keyOr(sizes, { cpu: 1, memory: 1, ...gb(500) }, { moreDisks: false })).toMatch(/^refused: .*no disks beside those of its sizes/);
});

test.each([
  [6, 48, 'gpu_2eonly', /has GPUs/],
  [12, 96, 'vgpu_2eonly', /has GPUs/],
  [5, 20, 'fpga_2eonly', /has accelerators/],
  [64, 512, 'bm_2eonly', /is bare metal/],
])('%d cpu and %d GiB: what only special hosts have is not chosen, but named with why', (cpu, memory, key, why) => {
  const words = keyOr(sizes, { cpu, memory }, { atMost: 1 });
  expect(words).toMatch(/^refused/);
  expect(words).toMatch(new RegExp(`not chosen by figures: machineConfigs/os\\.${key} .*${why.source}`));
});

test('a disabled flavor is not chosen', () => {
  expect(keyOr(sizes, { cpu: 10, memory: 40 })).toBe('a16-ram64-disk20');
});

test('the architecture fits exactly where a flavor says it, and is the image’s where none does', () => {
  expect(keyOr(sizes, { cpu: 2, memory: 4 }, { cpuArch: 'ARM' })).not.toMatch(/^refused/);
  const said = sizes.filter(({ key }) => key === 'arm.medium');
  expect(keyOr(said, { cpu: 2, memory: 4 }, { cpuArch: 'x86_64' })).toMatch(/^refused: .*is not for cpuArch x86_64/);
  expect(keyOr(sizes, { cpu: 2, memory: 4, cpuArch: 'ARM' })).toBe('arm.medium');
});

test('an image’s least memory and disk are kept to; a machine keeps its root disk', () => {
  const fit = imageFit({ min_ram: 2048, min_disk: 30, virtual_size: 10_000_000_000 });
  expect(fit).toEqual({ memory: 2 * GIB, disk: gibToKb(30) });
  expect(keyOr(sizes, { cpu: 1, memory: 1 }, { ...(fit ? { fit } : {}) })).toBe('a1-ram2-disk50');
  expect(imageFit({ min_ram: 0, min_disk: 0, virtual_size: null })).toBeUndefined();
  const server = serverFit({ image: { id: 'i' }, flavor: { disk: 50 } });
  expect(keyOr(sizes, { cpu: 2, memory: 4 }, { ...(server ? { fit: server } : {}) })).toBe('a2-ram4-disk50');
  expect(serverFit({ image: '', flavor: { disk: 50 } })).toBeUndefined();
});

test('an operator’s patterns go before the driver’s order, and lift what it leaves aside', () => {
  const own = sizesOf(FLAVORS, sizesOption.parse({ prefer: ['gpu.*', '*-disk0'], exclude: ['a1-*'] }));
  expect(keyOr(own, { cpu: 2, memory: 4 })).toBe('gpu.small');
  expect(keyOr(own, { cpu: 4, memory: 8 })).toBe('a4-ram8-disk0');
  expect(keyOr(own, { cpu: 1, memory: 1 })).toBe('a2-ram2-disk0');
});

test('options that contradict each other are refused, naming the option', () => {
  const given = { authUrl: 'http://keystone.example.org', sizes: { prefer: ['b2-*'], exclude: ['b2-*'] } };
  expect(module.options.safeParse(given).error?.issues).toContainEqual(expect.objectContaining({ path: ['sizes', 'prefer'] }));
});
