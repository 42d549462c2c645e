import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driver as module } from '../../drivers/simulator/index';
import { optionsSchema } from '../../drivers/simulator/options';
import type { Found } from '../../src/operations/resource-handler';
import { choose, offered } from './kit';

/** Sizes by figures on the simulator: what a person would pick of its shapes. */

let sizes: Found[];
beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sizes-'));
  const driver = await module.connect(optionsSchema.parse({}), { dataDir, warn: () => undefined });
  sizes = driver.machineConfigs ? await offered(driver.machineConfigs) : [];
  await driver.close();
});

/** cpu, memory in GiB, disks in GB, architecture, the shape or none, and how many disks are to be made beside it. */
const WISHES: readonly [number | undefined, number | undefined, readonly number[], string, string | undefined, number][] = [
  [1, 0.5, [], 'x86_64', 's1.nano', 0],
  [1, 0.25, [], 'x86_64', 's1.nano', 0],
  [1, 0.2, [], 'x86_64', undefined, 0],
  [1, 0.75, [], 'x86_64', 's1.micro', 0],
  [1, 1, [], 'x86_64', 's1.micro', 0],
  [1, 1, [10], 'x86_64', 's1.micro', 0],
  [1, 1, [500], 'x86_64', 's1.micro', 1],
  [1, 1.5, [], 'x86_64', 's1.small', 0],
  [1, 2, [], 'x86_64', 's1.small', 0],
  [1, 3, [], 'x86_64', 's1.medium', 0],
  [2, 2, [], 'x86_64', 's1.medium', 0],
  [2, 1, [], 'x86_64', undefined, 0],
  [2, 4, [], 'x86_64', 's1.medium', 0],
  [2, 4, [20, 5], 'x86_64', 's1.medium', 1],
  [2, 4, [20, 5, 5], 'x86_64', 's1.medium', 2],
  [2, 4, [50], 'x86_64', 's1.medium', 1],
  [2, 6, [], 'x86_64', 's1.large', 0],
  [2, 8, [], 'x86_64', 's1.large', 0],
  [4, 8, [], 'x86_64', 'c1.large', 0],
  [3, 6, [], 'x86_64', 'c1.large', 0],
  [4, 16, [], 'x86_64', 's1.xlarge', 0],
  [4, 32, [], 'x86_64', 'm1.large', 0],
  [8, 16, [], 'x86_64', 'c1.xlarge', 0],
  [6, 12, [], 'x86_64', 'c1.xlarge', 0],
  [16, 128, [], 'x86_64', 'm1.xlarge', 0],
  [16, 128, [400, 160], 'x86_64', 'm1.xlarge', 0],
  [16, 8, [], 'x86_64', undefined, 0],
  [2, 4, [], 'ARM', 'r1.medium', 0],
  [8, 32, [], 'ARM', 'r1.xlarge', 0],
  [4, 8, [], 'ARM', undefined, 0],
];

test('30 wishes get the shapes that people take', () => {
  expect(WISHES).toHaveLength(30);
  for (const [cpu, memory, gb, cpuArch, shape, more] of WISHES) {
    const figures = { cpu, memory, ...(gb.length === 0 ? {} : { disks: gb.map((each) => ({ capacity: each * 1_000_000 })) }) };
    const pick = () => choose(sizes, figures, { cpuArch });
    if (shape === undefined) expect(pick).toThrow(/nearest are machineConfigs\/sim\./);
    else {
      const { found, more: made } = pick();
      expect([cpu, memory, gb, cpuArch, found.key, made.length]).toEqual([cpu, memory, gb, cpuArch, shape, more]);
    }
  }
});

test('where only one figure is asked, the smallest of the others is given', () => {
  expect(choose(sizes, { cpu: 2 }, { cpuArch: 'x86_64' }).found.key).toBe('s1.medium');
  expect(choose(sizes, { memory: 8 }, { cpuArch: 'x86_64' }).found.key).toBe('s1.large');
});

test('what a client takes first goes together: the first configuration and the first image of the demo', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sizes-'));
  const driver = await module.connect(optionsSchema.parse({}), { dataDir, warn: () => undefined });
  const images = driver.machineImages ? await offered(driver.machineImages) : [];
  await driver.close();
  const first = (founds: readonly Found[]) => [...founds].sort((a, b) => (a.path < b.path ? -1 : 1))[0];
  expect(first(images)?.item?.cpuArch).toBe(first(sizes)?.values.cpuArch);
  expect(images[0]?.item?.cpuArch).toBe(sizes[0]?.values.cpuArch);
});
