import { ProviderError } from '../../../src/clouds/errors';
import type { Bench, Counterpart } from '../counterpart';
import { context, dropMachine, machinesMethod, makeMachine, pagesOf, reaches, read, startedMachines, until } from '../counterpart';
import { MACHINE } from './scene';
import { expectRecent } from '../../harness/wait';

/** Runs with a machine that is STARTED, which is taken away whatever happens. */
function withMachine(bench: Bench, run: (counterpart: Counterpart, key: string) => Promise<void>) {
  return async (counterpart: Counterpart): Promise<void> => {
    const { keys, end } = await startedMachines(counterpart, 1);
    try {
      await run(counterpart, String(keys[0]));
    } finally {
      await end();
    }
  };
}

async function stopAndStart({ driver }: Counterpart, key: string): Promise<void> {
  const stop = machinesMethod(driver, 'stop');
  const start = machinesMethod(driver, 'start');
  await stop(key, {}, context());
  await reaches(driver, key, 'STOPPED');
  await stop(key, {}, context()).catch((error: unknown) => expect(error).toMatchObject({ kind: 'conflict' }));
  await start(key, context());
  await reaches(driver, key, 'STARTED');
  await start(key, context());
  await reaches(driver, key, 'STARTED');
}

async function sizes({ driver, fixtures }: Counterpart, key: string): Promise<void> {
  const resize = machinesMethod(driver, 'resize');
  await machinesMethod(driver, 'stop')(key, {}, context());
  await reaches(driver, key, 'STOPPED');
  await resize(key, { config: fixtures.config }, context());
  const before = await read(driver, 'machines', key);
  const config = await read(driver, 'machineConfigs', fixtures.config);
  expect(before?.values['memory']).toBe(config?.values['memory']);
  expect(before?.values['cpu']).toBe(config?.values['cpu']);
  const other = await read(driver, 'machineConfigs', fixtures.otherConfig);
  await resize(key, { config: fixtures.otherConfig }, context());
  const after = await until(driver, 'machines', key, (item) => item?.values['memory'] === other?.values['memory']);
  expect(after?.values['cpu']).toBe(other?.values['cpu']);
}

async function naming({ driver }: Counterpart, key: string): Promise<void> {
  const rename = machinesMethod(driver, 'rename');
  const given = { name: 'renamed <&> één', description: 'a "description"', properties: { colour: 'red', 'with space': 'a=b,c' } };
  const held = driver.machines?.holds?.(given) ?? {};
  await rename(key, held, context());
  const seen = await until(driver, 'machines', key, (item) => item?.values['name'] === held.name);
  expect({ name: seen?.values['name'], description: seen?.values['description'], properties: seen?.values['properties'] }).toEqual({
    name: held.name,
    description: held.description,
    properties: held.properties,
  });
  await rename(key, { name: 'only a name' }, context());
  const bare = await until(driver, 'machines', key, (item) => item?.values['name'] === 'only a name');
  expect(bare?.values['description']).toBeUndefined();
  expect(Object.keys(bare?.values['properties'] ?? {})).toEqual([]);
}

async function wrongState({ driver }: Counterpart, key: string): Promise<void> {
  await machinesMethod(driver, 'stop')(key, {}, context());
  await reaches(driver, key, 'STOPPED');
  const error = await machinesMethod(driver, 'restart')(key, {}, context()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ kind: 'conflict' });
}

/** A machine's life from create to delete. */
export function lifeTests(bench: Bench): void {
  bench.test(
    'a created machine shows its names, its tag and its size, in lists too',
    [...MACHINE, 'machineConfigs'],
    async (counterpart) => {
      const { driver, fixtures } = counterpart;
      const given = { name: 'web-1', description: 'first', properties: { role: 'web' } };
      const { key, tag, item } = await makeMachine(counterpart, driver.machines?.holds?.(given) ? given : {});
      const config = await read(driver, 'machineConfigs', fixtures.config);
      const held = driver.machines?.holds?.(given) ?? {};
      expect(item.values).toMatchObject({ ...held, memory: config?.values['memory'], cpu: config?.values['cpu'] });
      expect(item.tag).toBe(tag);
      expectRecent(item.created);
      const listed = (await pagesOf(driver, 'machines')).flat().filter((other) => other.key === key);
      expect(listed).toEqual([item]);
      await dropMachine(counterpart, key);
      expect((await pagesOf(driver, 'machines')).flat().filter((other) => other.key === key)).toEqual([]);
    },
  );
  bench.test(
    'stop and start, each also when it is so already',
    ['machines.stop', 'machines.start'],
    withMachine(bench, (counterpart, key) => stopAndStart(counterpart, key)),
  );
  bench.test(
    'a forced stop ends in STOPPED',
    ['machines.stop', 'Machine: MachineStopForce'],
    withMachine(bench, async ({ driver }, key) => {
      await machinesMethod(driver, 'stop')(key, { force: true }, context());
      await reaches(driver, key, 'STOPPED');
    }),
  );
  bench.test(
    'restart ends in STARTED',
    ['machines.restart'],
    withMachine(bench, async ({ driver }, key) => {
      await machinesMethod(driver, 'restart')(key, {}, context());
      await reaches(driver, key, 'STARTED');
    }),
  );
  for (const [method, state] of [
    ['pause', 'PAUSED'],
    ['suspend', 'SUSPENDED'],
  ] as const) {
    bench.test(
      `${method} ends in ${state}, start in STARTED`,
      [`machines.${method}`, 'machines.start'],
      withMachine(bench, async ({ driver }, key) => {
        await machinesMethod(driver, method)(key, context());
        await reaches(driver, key, state);
        await machinesMethod(driver, 'start')(key, context());
        await reaches(driver, key, 'STARTED');
      }),
    );
  }
  bench.test(
    'a stopped machine takes another size; its own size is no change',
    ['machines.resize', 'machines.stop', 'machineConfigs'],
    withMachine(bench, (counterpart, key) => sizes(counterpart, key)),
  );
  bench.test(
    'name, description and properties come back as held; what is absent is erased',
    ['machines.rename'],
    withMachine(bench, (counterpart, key) => naming(counterpart, key)),
  );
  bench.test(
    'a restart that the state does not allow is a conflict',
    ['machines.restart', 'machines.stop'],
    withMachine(bench, (counterpart, key) => wrongState(counterpart, key)),
  );
  bench.test('what is asked of a missing machine is notFound, with the proof', ['machines.start'], async ({ driver, fixtures }) => {
    const start = machinesMethod(driver, 'start')(fixtures.missing.machines, context());
    await expect(start).rejects.toMatchObject({ name: 'Gone', kind: 'notFound' });
  });
  bench.test('deleting twice, or what never was, is success', MACHINE, async (counterpart) => {
    const { key } = await makeMachine(counterpart);
    await dropMachine(counterpart, key);
    await machinesMethod(counterpart.driver, 'delete')(key, context());
    await machinesMethod(counterpart.driver, 'delete')(counterpart.fixtures.missing.machines, context());
    expect(await read(counterpart.driver, 'machines', key)).toBeUndefined();
  });
  bench.test(
    'a state that the table does not know is ERROR, named and still listed',
    ['machines'],
    withMachine(bench, async ({ driver, strangeState }, key) => {
      await strangeState(key);
      const listed = (await pagesOf(driver, 'machines')).flat().find((item) => item.key === key);
      expect(listed).toMatchObject({ values: { state: 'ERROR' }, unmappedState: expect.stringMatching(/\S/) as string });
    }),
  );
}
