import { type Driver, GROUPS, type ListedGroup } from '../../../src/clouds/driver';
import type { Bench, Counterpart } from '../counterpart';
import { context, itemsOf, pagesOf, provenGone, startedMachines } from '../counterpart';

/** Calls that a listing of the configurations takes, by driver: nothing in these tests changes it, and some clouds have a thousand. */
const configCalls = new WeakMap<Driver, number>();

/** Calls of one listing may exceed its pages by an empty last page, and by one read of the configurations. */
async function allowance({ driver, calls }: Counterpart): Promise<number> {
  if (!driver.machineConfigs) return 1;
  const before = await calls();
  if (!configCalls.has(driver)) {
    await pagesOf(driver, 'machineConfigs');
    configCalls.set(driver, (await calls()) - before);
  }
  return (configCalls.get(driver) ?? 0) + 1;
}

async function listsAll(counterpart: Counterpart, group: ListedGroup): Promise<void> {
  const { driver, pageSize, populate, calls } = counterpart;
  const size = pageSize[group];
  if (size === undefined) throw new Error(`the counterpart does not say how large pages of ${group} are`);
  const extra = await allowance(counterpart);
  const takeAway = await populate(group, 3 * size + 1);
  try {
    const before = await calls();
    const pages = await pagesOf(driver, group);
    const used = (await calls()) - before;
    const items = pages.flat();
    expect(items.length).toBeGreaterThanOrEqual(3 * size + 1);
    expect(new Set(items.map((item) => item.key)).size).toBe(items.length);
    expect(pages.filter((page) => page.length > 0).length).toBeGreaterThanOrEqual(3);
    expect(used).toBeGreaterThanOrEqual(3);
    expect(used).toBeLessThanOrEqual(pages.length + extra);
  } finally {
    await takeAway();
  }
}

async function readsByKey(counterpart: Counterpart, group: ListedGroup): Promise<void> {
  const { driver, fixtures, calls } = counterpart;
  const extra = await allowance(counterpart);
  const some = (await pagesOf(driver, group)).flat().slice(0, 3);
  expect(some.length).toBeGreaterThan(0);
  const before = await calls();
  const found = await driver[group]?.getMany(
    [...some.map((item) => item.key), fixtures.missing[group] ?? fixtures.missing.machines],
    context(),
  );
  const used = (await calls()) - before;
  expect(new Set(itemsOf(found).map((item) => item.key))).toEqual(new Set(some.map((item) => item.key)));
  expect(itemsOf(found)).toEqual(expect.arrayContaining([...some]));
  expect(provenGone(found)).toEqual([fixtures.missing[group] ?? fixtures.missing.machines]);
  // One batch, at most one more to leave out a key that the provider refuses to know, and the configurations.
  expect(used).toBeLessThanOrEqual(2 + extra);
  const missing = fixtures.missing[group] ?? fixtures.missing.machines;
  expect(provenGone(await driver[group]?.getMany([missing], context()))).toEqual([missing]);
  const idle = await calls();
  expect(await driver[group]?.getMany([], context())).toEqual([]);
  expect(await calls()).toBe(idle);
}

/** Listings to the last page, reads in batches, and what they cost. */
export function listTests(bench: Bench): void {
  for (const group of Object.keys(GROUPS) as ListedGroup[]) {
    bench.test(`${group}: a list of more than three pages is whole, without a call per item`, [group], (counterpart) =>
      listsAll(counterpart, group),
    );
    bench.test(`${group}: getMany reads in one batch and proves what is not there`, [group], async (counterpart) => {
      const machines = () => startedMachines(counterpart, 2).then(({ end }) => end);
      const takeAway = await (group === 'machines' ? machines() : counterpart.populate(group, 3));
      try {
        await readsByKey(counterpart, group);
      } finally {
        await takeAway();
      }
    });
  }
}
