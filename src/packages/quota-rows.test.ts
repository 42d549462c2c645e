import { quotaRows } from './quota-rows';

const GIB = 1_073_741;

test('each quota of what is needed is told with what it leaves, in units for people', () => {
  const quotas = [
    { of: 'machines', limit: 10, used: 8 },
    { of: 'cpus', limit: 20, used: 0 },
    { of: 'memory', limit: 4 * 1_048_576, used: 1_048_576 },
    { of: 'volumes', limit: 5, used: 1 },
    { of: 'capacity', limit: 100 * GIB, used: 40 * GIB },
  ] as const;
  const needs = { machines: 2, cpus: 4, memory: 2_097_152, capacity: 10 * GIB };
  expect(quotaRows('here', quotas, needs)).toEqual([
    { part: 'quota of machines', detail: 'Machines: 2 needed, 2 of 10 left' },
    { part: 'quota of cpus', detail: 'CPUs: 4 needed, 20 of 20 left' },
    { part: 'quota of memory', detail: 'MiB of memory: 2048 needed, 3072 of 4096 left' },
    { part: 'quota of capacity', detail: 'GB of Volumes: 11 needed, 65 of 108 left' },
  ]);
});

test('one that is not enough is said to be so, with what to do; used beyond its limit it leaves nothing', () => {
  const [row] = quotaRows('here', [{ of: 'machines', limit: 3, used: 4 }], { machines: 1 });
  expect(row?.detail).toMatch(/^Machines: 1 needed, 0 of 3 left, too few: have the quota raised at cloud 'here'/);
});
