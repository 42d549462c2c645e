import { USUAL_VOLUMES } from '../../../src/model/volume';
import type { Bench } from '../counterpart';
import { context, dropMachine, makeMachine, pagesOf } from '../counterpart';
import { CAPACITY } from './makers';
import type { Scene } from './scene';
import { MACHINE, making, method, ref, withScene } from './scene';
import type { Need } from './needs';

const conflict = { name: 'ProviderError', kind: 'conflict', maybeDone: false };

async function capacities(scene: Scene): Promise<void> {
  const { key, item } = await scene.make('volumes', { capacity: CAPACITY });
  const reported = Number(item.values['capacity']);
  expect(reported).toBeGreaterThanOrEqual(CAPACITY);
  const update = method(scene.driver, 'volumes', 'update');
  await update(key, { capacity: reported }, context());
  expect((await scene.values('volumes', key))['capacity']).toBe(reported);
  await update(key, { capacity: reported + 1 }, context());
  const grown = await scene.until('volumes', key, (seen) => Number(seen?.values['capacity']) > reported);
  expect(Number(grown?.values['capacity'])).toBeGreaterThan(reported);
  await update(key, { bootable: true }, context());
  await scene.until('volumes', key, (seen) => seen?.values['bootable'] === true);
  expect((await scene.values('volumes', key))['capacity']).toBe(grown?.values['capacity']);
}

async function usual(scene: Scene): Promise<void> {
  const announced = scene.driver.capabilities.types['Volume']?.constraints?.['type']?.values;
  if (announced) expect(announced).toEqual(expect.arrayContaining([...USUAL_VOLUMES]));
  for (const type of USUAL_VOLUMES) {
    const { key, item } = await scene.make('volumes', { capacity: CAPACITY, type });
    expect(item.values['type']).toMatch(/^http:/);
    await scene.drop('volumes', key);
  }
}

async function attached(scene: Scene): Promise<void> {
  const machine = await scene.machine();
  const other = await scene.machine();
  const { key: volume } = await scene.make('volumes', { capacity: CAPACITY });
  const attachment = await scene.make('attachments', { machine, volume });
  expect(attachment.item).toMatchObject({ owner: machine, values: { volume: ref('Volume', volume) } });
  if (scene.driver.capabilities.types['Volume']?.capabilities?.['SharedVolumeSupport'] !== true) {
    await expect(scene.make('attachments', { machine: other, volume })).rejects.toMatchObject(conflict);
  }
  await expect(scene.delete('volumes', volume)).rejects.toMatchObject(conflict);
  await scene.drop('attachments', attachment.key);
  expect((await scene.values('volumes', volume))['state']).toBe('AVAILABLE');
  const again = await scene.make('attachments', { machine: other, volume });
  expect(again.item.owner).toBe(other);
}

async function survives(scene: Scene): Promise<void> {
  const { key: machine } = await makeMachine(scene.counterpart);
  const { key: volume } = await scene.make('volumes', { capacity: CAPACITY });
  const attachment = await scene.make('attachments', { machine, volume });
  await dropMachine(scene.counterpart, machine);
  await scene.until('attachments', attachment.key, (item) => item === undefined);
  expect((await scene.values('volumes', volume))['state']).toBe('AVAILABLE');
  const next = await scene.machine();
  await scene.make('attachments', { machine: next, volume });
}

async function captured(scene: Scene): Promise<void> {
  const { key: volume } = await scene.make('volumes', { capacity: CAPACITY, bootable: true });
  const image = await scene.make('volumeImages', { volume });
  expect(image.item.values['bootable']).toBe(true);
  const location = image.item.values['imageLocation'] as { href?: string } | undefined;
  expect(location?.href).toMatch(/^[a-z][a-z0-9+.-]*:\S/);
  const original = await scene.until('volumes', volume, (item) => item?.values['state'] === 'AVAILABLE');
  const capacity = Number(original?.values['capacity']);
  const copy = await scene.make('volumes', { capacity, image: image.key });
  expect(copy.item.values['bootable']).toBe(true);
  await scene.drop('volumes', volume);
  await scene.drop('volumes', copy.key);
  expect((await scene.values('volumeImages', image.key))['state']).toBe('AVAILABLE');
}

async function disks(scene: Scene): Promise<void> {
  const { key: machine } = await makeMachine(scene.counterpart);
  const before = (await pagesOf(scene.driver, 'disks')).flat().filter((item) => item.owner === machine);
  const disk = await scene.make('disks', { machine, capacity: CAPACITY });
  expect(disk.item.owner).toBe(machine);
  const reported = Number(disk.item.values['capacity']);
  expect(reported).toBeGreaterThanOrEqual(CAPACITY);
  const update = method(scene.driver, 'disks', 'update');
  await update(disk.key, { capacity: reported }, context());
  expect((await scene.values('disks', disk.key))['capacity']).toBe(reported);
  await update(disk.key, { capacity: reported + 1 }, context());
  await scene.until('disks', disk.key, (item) => Number(item?.values['capacity']) > reported);
  expect((await pagesOf(scene.driver, 'disks')).flat().filter((item) => item.owner === machine)).toHaveLength(before.length + 1);
  await dropMachine(scene.counterpart, machine);
  await scene.until('disks', disk.key, (item) => item === undefined);
  expect((await pagesOf(scene.driver, 'disks')).flat().filter((item) => item.owner === machine)).toEqual([]);
}

/** Volumes, their images, attachments and disks. */
export function storageTests(bench: Bench): void {
  const test = (title: string, needs: readonly Need[], run: (scene: Scene) => Promise<void>) =>
    bench.test(title, needs, withScene(bench, run));
  const attaching = [...MACHINE, ...making('volumes'), ...making('attachments')];
  test(
    'a volume is never smaller than asked, keeps the size reported, and grows',
    [...making('volumes'), 'volumes.update capacity', 'volumes.update bootable'],
    capacities,
  );
  test("a volume of the standard's type is made in the cloud's usual way, as one of no type of its own (D123)", making('volumes'), usual);
  test('an attached volume is refused to others and not deleted; detached it is free again', attaching, attached);
  test('deleting a machine leaves its attached volumes', attaching, survives);
  test('a volume image outlives its volume, and volumes begin as it', [...making('volumes'), ...making('volumeImages')], captured);
  test('a disk grows, and dies with its machine', [...MACHINE, 'disks.create', 'disks.update capacity'], disks);
}
