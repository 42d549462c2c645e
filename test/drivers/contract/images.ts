import type { MachineImages } from '../../../src/clouds/driver';
import type { Bench, Counterpart } from '../counterpart';
import {
  context,
  dropMachine,
  type Ended,
  toTheEnd,
  machinesMethod,
  makeMachine,
  marks,
  pagesOf,
  reaches,
  read,
  until,
} from '../counterpart';
import type { Need } from './needs';
import { MACHINE } from './scene';

const CAPTURE: readonly Need[] = [...MACHINE, 'machineImages.capture', 'machineImages.delete'];

function imagesMethod<M extends keyof MachineImages>({ driver }: Counterpart, method: M): Ended<NonNullable<MachineImages[M]>> {
  const found = driver.machineImages?.[method];
  if (!driver.machineImages || !found) throw new Error(`machineImages.${method} is not offered: name it among the needs of this test`);
  return toTheEnd(driver, driver.machineImages, found);
}

async function capture(counterpart: Counterpart, machine: string, type: 'IMAGE' | 'SNAPSHOT'): Promise<string> {
  // An earlier image may be there a moment before the provider is done with the machine.
  const name = type === 'IMAGE' ? 'capture' : 'snapshot';
  await until(counterpart.driver, 'machines', machine, (item) => item !== undefined && item.refuses?.[name] === undefined);
  const request = { ...marks('image'), machine, type, name: `${type.toLowerCase()}-of-${machine}`.slice(0, 100) };
  const { key } = await imagesMethod(counterpart, 'capture')(request, context());
  const available = (item: Awaited<ReturnType<typeof read>>) => item?.values['state'] === 'AVAILABLE';
  const image = await until(counterpart.driver, 'machineImages', key, available);
  expect(image).toMatchObject({ values: { type }, tag: request.tag });
  const found = await imagesMethod(counterpart, 'find')(request, context());
  expect(found.map((item) => item.key)).toEqual([key]);
  expect((await pagesOf(counterpart.driver, 'machineImages')).flat().filter((item) => item.key === key)).toHaveLength(1);
  return key;
}

async function dropImage(counterpart: Counterpart, key: string): Promise<void> {
  const remove = imagesMethod(counterpart, 'delete');
  await remove(key, context());
  await until(counterpart.driver, 'machineImages', key, (item) => item === undefined);
  await remove(key, context());
}

async function snapshots(counterpart: Counterpart): Promise<void> {
  const { driver } = counterpart;
  const { key } = await makeMachine(counterpart);
  const first = await capture(counterpart, key, 'SNAPSHOT');
  const second = await capture(counterpart, key, 'SNAPSHOT');
  const related = async () => (await read(driver, 'machineImages', second))?.values['relatedImage'];
  const latest = async () => (await read(driver, 'machines', key))?.values['latestSnapshot'];
  if (driver.capabilities.types['MachineImage']?.attributes?.includes('relatedImage')) {
    expect(await related()).toEqual({ item: { type: 'MachineImage', key: first } });
  }
  if (driver.capabilities.types['Machine']?.attributes?.includes('latestSnapshot')) {
    expect(await latest()).toEqual({ item: { type: 'MachineImage', key: second } });
  }
  await dropImage(counterpart, first);
  // 5.14.7: the reference passes to what the deleted image itself referred to; here to nothing.
  expect(await related()).toBeUndefined();
  await dropImage(counterpart, second);
  expect(await latest()).toBeUndefined();
  await dropMachine(counterpart, key);
}

async function images(counterpart: Counterpart): Promise<void> {
  const { driver } = counterpart;
  const { key } = await makeMachine(counterpart);
  await machinesMethod(driver, 'stop')(key, {}, context());
  await reaches(driver, key, 'STOPPED');
  const image = await capture(counterpart, key, 'IMAGE');
  expect((await read(driver, 'machineImages', image))?.values['relatedImage']).toBeUndefined();
  const copy = await machinesMethod(driver, 'create')({ ...marks(), config: counterpart.fixtures.config, image }, context());
  await dropMachine(counterpart, copy.key);
  await dropMachine(counterpart, key);
  expect(await read(driver, 'machineImages', image)).toBeDefined();
  await dropImage(counterpart, image);
}

async function restores(counterpart: Counterpart): Promise<void> {
  const { driver } = counterpart;
  const { key } = await makeMachine(counterpart);
  const snapshot = await capture(counterpart, key, 'SNAPSHOT');
  await machinesMethod(driver, 'restore')(key, { ...marks(), image: snapshot }, context());
  const settled = ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'];
  const item = await until(driver, 'machines', key, (seen) => settled.includes(String(seen?.values['state'])));
  expect(item?.values['state']).toBe('STARTED');
  await dropMachine(counterpart, key);
  await dropImage(counterpart, snapshot);
}

/** Images and snapshots made from machines. */
export function imageTests(bench: Bench): void {
  bench.test('snapshots are made of a running machine, point back, and are deleted twice', CAPTURE, (counterpart) =>
    snapshots(counterpart),
  );
  bench.test('an image is made of a stopped machine and outlives it', [...CAPTURE, 'machines.stop'], (counterpart) => images(counterpart));
  bench.test('a machine is restored from its snapshot', [...CAPTURE, 'machines.restore'], (counterpart) => restores(counterpart));
  bench.test(
    'name, description and properties of an image come back as held',
    [...CAPTURE, 'machineImages.rename'],
    async (counterpart) => {
      const { driver } = counterpart;
      const { key } = await makeMachine(counterpart);
      const image = await capture(counterpart, key, 'SNAPSHOT');
      const held = driver.machineImages?.holds?.({ name: 'golden', description: 'of gold', properties: { carat: '18' } }) ?? {};
      await imagesMethod(counterpart, 'rename')(image, held, context());
      const seen = await read(driver, 'machineImages', image);
      for (const [name, value] of Object.entries(held)) expect(seen?.values[name]).toEqual(value);
      await dropMachine(counterpart, key);
      await dropImage(counterpart, image);
    },
  );
}
