import { ProviderError } from '../../../src/clouds/errors';
import type { Bench, Counterpart } from '../counterpart';
import { context, dropMachine, machinesMethod, makeMachine, pagesOf, reaches, read, until } from '../counterpart';

/** Runs with a machine of its own, which is deleted whatever happens. */
function withMachine(bench: Bench, run: (counterpart: Counterpart, key: string) => Promise<void>) {
  return async (counterpart: Counterpart): Promise<void> => {
    const { key } = await makeMachine(counterpart, bench.patienceMs);
    try {
      await run(counterpart, key);
    } finally {
      await dropMachine(counterpart, key, bench.patienceMs);
    }
  };
}

async function stopAndStart({ driver }: Counterpart, key: string, patienceMs: number): Promise<void> {
  const stop = machinesMethod(driver, 'stop');
  const start = machinesMethod(driver, 'start');
  await stop(key, {}, context());
  await reaches(driver, key, 'STOPPED', patienceMs);
  await stop(key, {}, context()).catch((error: unknown) => expect(error).toMatchObject({ kind: 'conflict' }));
  await start(key, context());
  await reaches(driver, key, 'STARTED', patienceMs);
  await start(key, context());
  await reaches(driver, key, 'STARTED', patienceMs);
}

async function sizes({ driver, fixtures }: Counterpart, key: string, patienceMs: number): Promise<void> {
  const resize = machinesMethod(driver, 'resize');
  await machinesMethod(driver, 'stop')(key, {}, context());
  await reaches(driver, key, 'STOPPED', patienceMs);
  await resize(key, { config: fixtures.config }, context());
  const before = await read(driver, 'machines', key);
  const config = await read(driver, 'machineConfigs', fixtures.config);
  expect(before?.values['memory']).toBe(config?.values['memory']);
  expect(before?.values['cpu']).toBe(config?.values['cpu']);
  const other = await read(driver, 'machineConfigs', fixtures.otherConfig);
  await resize(key, { config: fixtures.otherConfig }, context());
  const after = await until(driver, 'machines', key, (item) => item?.values['memory'] === other?.values['memory'], patienceMs);
  expect(after?.values['cpu']).toBe(other?.values['cpu']);
}

async function naming({ driver }: Counterpart, key: string, patienceMs: number): Promise<void> {
  const rename = machinesMethod(driver, 'rename');
  const given = { name: 'renamed <&> één', description: 'a "description"', properties: { colour: 'red', 'with space': 'a=b,c' } };
  const held = driver.machines?.holds?.(given) ?? {};
  await rename(key, held, context());
  const seen = await until(driver, 'machines', key, (item) => item?.values['name'] === held.name, patienceMs);
  expect({ name: seen?.values['name'], description: seen?.values['description'], properties: seen?.values['properties'] }).toEqual({
    name: held.name,
    description: held.description,
    properties: held.properties,
  });
  await rename(key, { name: 'only a name' }, context());
  const bare = await until(driver, 'machines', key, (item) => item?.values['name'] === 'only a name', patienceMs);
  expect(bare?.values['description']).toBeUndefined();
  expect(Object.keys(bare?.values['properties'] ?? {})).toEqual([]);
}

async function wrongState({ driver, fixtures }: Counterpart, key: string, patienceMs: number): Promise<void> {
  await machinesMethod(driver, 'stop')(key, {}, context());
  await reaches(driver, key, 'STOPPED', patienceMs);
  const error = await machinesMethod(driver, 'restart')(key, {}, context()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ kind: 'conflict' });
  const start = machinesMethod(driver, 'start')(fixtures.missing.machines, context());
  await expect(start).rejects.toMatchObject({ name: 'Gone', kind: 'notFound' });
}

/** A machine's life from create to delete. */
export function lifeTests(bench: Bench): void {
  const { patienceMs } = bench;
  bench.test('a created machine shows its names, its tag and its size, in lists too', async (counterpart) => {
    const { driver, fixtures } = counterpart;
    const given = { name: 'web-1', description: 'first', properties: { role: 'web' } };
    const { key, tag, item } = await makeMachine(counterpart, patienceMs, driver.machines?.holds?.(given) ? given : {});
    const config = await read(driver, 'machineConfigs', fixtures.config);
    const held = driver.machines?.holds?.(given) ?? {};
    expect(item.values).toMatchObject({ ...held, memory: config?.values['memory'], cpu: config?.values['cpu'] });
    expect(item.tag).toBe(tag);
    expect(Math.abs(Date.parse(String(item.created)) - Date.now())).toBeLessThan(300_000);
    const listed = (await pagesOf(driver, 'machines')).flat().filter((other) => other.key === key);
    expect(listed).toEqual([item]);
    await dropMachine(counterpart, key, patienceMs);
    expect((await pagesOf(driver, 'machines')).flat().filter((other) => other.key === key)).toEqual([]);
  });
  bench.test(
    'stop and start, each also when it is so already',
    withMachine(bench, (counterpart, key) => stopAndStart(counterpart, key, patienceMs)),
  );
  bench.test(
    'a forced stop ends in STOPPED',
    withMachine(bench, async ({ driver }, key) => {
      expect(driver.capabilities.types['Machine']?.capabilities?.['MachineStopForce']).toBe(true);
      await machinesMethod(driver, 'stop')(key, { force: true }, context());
      await reaches(driver, key, 'STOPPED', patienceMs);
    }),
  );
  bench.test(
    'restart ends in STARTED',
    withMachine(bench, async ({ driver }, key) => {
      await machinesMethod(driver, 'restart')(key, {}, context());
      await reaches(driver, key, 'STARTED', patienceMs);
    }),
  );
  for (const [method, state] of [
    ['pause', 'PAUSED'],
    ['suspend', 'SUSPENDED'],
  ] as const) {
    bench.test(
      `${method} ends in ${state}, start in STARTED`,
      withMachine(bench, async ({ driver }, key) => {
        await machinesMethod(driver, method)(key, context());
        await reaches(driver, key, state, patienceMs);
        await machinesMethod(driver, 'start')(key, context());
        await reaches(driver, key, 'STARTED', patienceMs);
      }),
    );
  }
  bench.test(
    'a stopped machine takes another size; its own size is no change',
    withMachine(bench, (counterpart, key) => sizes(counterpart, key, patienceMs)),
  );
  bench.test(
    'name, description and properties come back as held; what is absent is erased',
    withMachine(bench, (counterpart, key) => naming(counterpart, key, patienceMs)),
  );
  bench.test(
    'a request that the state does not allow is a conflict, one for a missing machine notFound',
    withMachine(bench, (counterpart, key) => wrongState(counterpart, key, patienceMs)),
  );
  bench.test('deleting twice, or what never was, is success', async (counterpart) => {
    const { key } = await makeMachine(counterpart, patienceMs);
    await dropMachine(counterpart, key, patienceMs);
    await machinesMethod(counterpart.driver, 'delete')(key, context());
    await machinesMethod(counterpart.driver, 'delete')(counterpart.fixtures.missing.machines, context());
    expect(await read(counterpart.driver, 'machines', key)).toBeUndefined();
  });
  bench.test('a state that the table does not know is ERROR, named and still listed', async (counterpart) => {
    const { driver, strangeState } = counterpart;
    if (!strangeState) throw new Error('no strange state can be made: skip this test by name, with the reason');
    const { key } = await makeMachine(counterpart, patienceMs);
    await strangeState(key);
    const listed = (await pagesOf(driver, 'machines')).flat().find((item) => item.key === key);
    expect(listed).toMatchObject({ values: { state: 'ERROR' }, unmappedState: expect.stringMatching(/\S/) as string });
    await dropMachine(counterpart, key, patienceMs);
  });
}
