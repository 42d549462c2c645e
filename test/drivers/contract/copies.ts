import { type CallContext, type Driver, isOngoing, type MachineImages } from '../../../src/clouds/driver';
import { ProviderError } from '../../../src/clouds/errors';
import { gibToKb } from '../../../src/model/units';
import { waitUntil } from '../../harness/wait';
import type { Bench, Counterpart } from '../counterpart';
import { context, dropMachine, type Ended, makeMachine, marks, read, toTheEnd, until } from '../counterpart';
import { expectContents, readFrom, SPARSE, uploaded } from './downloads';
import type { Need } from './needs';
import { MACHINE, making, type Scene, withScene } from './scene';
import { drop } from './uploads';

/** Images of which a cloud gives the contents by a copy alone (contract 1.5). */

type Group = 'machineImages' | 'volumeImages';

function methodsOf(driver: Driver, group: Group) {
  const owner = driver[group];
  if (!owner?.readable || !owner.find || !owner.download) throw new Error(`${group}.readable is not offered with find and download`);
  const readable = owner.readable.bind(owner) as NonNullable<MachineImages['readable']>;
  return {
    /** The call alone, with what goes on after it. */
    begin: readable,
    readable: toTheEnd(driver, owner, readable),
    find: owner.find.bind(owner),
    download: owner.download.bind(owner),
  };
}

const available = (driver: Driver, group: Group, key: string) => until(driver, group, key, (seen) => seen?.values['state'] === 'AVAILABLE');

async function expectGiven(driver: Driver, group: Group, key: string): Promise<void> {
  const over = new AbortController();
  const { disk } = await methodsOf(driver, group).download(key, { signal: over.signal });
  expectContents(await readFrom(disk, 0), 0);
  over.abort();
}

/** A copy of an image that says that it needs one: made once, read, and deleted without harm to the image. */
async function copied(driver: Driver, group: Group, image: string): Promise<void> {
  const { readable, find, download } = methodsOf(driver, group);
  const before = await available(driver, group, image);
  expect(before?.contentsBy).toBe('copy');
  await expect(download(image, context())).rejects.toBeInstanceOf(ProviderError);
  const request = { ...marks('readable'), ...driver[group]?.holds?.({ name: 'to be read' }), image };
  const { key } = await readable(request, context());
  const again: CallContext = { ...context(), repeated: { since: Date.now() } };
  expect((await readable(request, again)).key).toBe(key);
  expect(await available(driver, group, key)).toMatchObject({ tag: request.tag });
  expect((await find(request, context())).map((found) => [found.key, found.unfinished])).toEqual([[key, undefined]]);
  await expectGiven(driver, group, key);
  await drop(driver, group, key);
  await drop(driver, group, key);
  expect(await read(driver, group, image)).toEqual(before);
}

/** A copy that nobody goes on with: all that it has made is found by its marks, is not done, and can be deleted. */
async function abandoned(driver: Driver, group: Group, image: string): Promise<void> {
  const { begin, find } = methodsOf(driver, group);
  await available(driver, group, image);
  const request = { ...marks('abandoned-copy'), image };
  const done = !isOngoing(await begin(request, context()));
  await waitUntil(async () => (await find(request, context())).length > 0);
  const found = await find(request, context());
  if (!done) for (const item of found) expect([item.unfinished, item.values['state']]).toEqual([true, 'CREATING']);
  await waitUntil(async () => {
    for (const { key } of await find(request, context())) await drop(driver, group, key);
    return (await find(request, context())).every((item) => item.values['state'] === 'DELETING');
  });
}

/** A volume with contents. */
async function volumeIn(scene: Scene): Promise<string> {
  const image = await uploaded(scene.driver, 'volumeImages', SPARSE);
  scene.after(() => drop(scene.driver, 'volumeImages', image));
  const { key } = await scene.make('volumes', { capacity: gibToKb(1), image });
  return key;
}

async function ofVolumes(scene: Scene, run: typeof copied): Promise<void> {
  const { key } = await scene.make('volumeImages', { volume: await volumeIn(scene) });
  await run(scene.driver, 'volumeImages', key);
}

async function volumeToBeRead(scene: Scene): Promise<void> {
  const { key, item } = await scene.make('volumeImages', { volume: await volumeIn(scene), contents: true });
  expect(item.contentsBy).toBeUndefined();
  await expectGiven(scene.driver, 'volumeImages', key);
}

/** Images of a machine whose contents are read by a copy alone, and which began as the uploaded disk: one as usual, one made to be read. */
async function ofMachines(counterpart: Counterpart): Promise<void> {
  const { driver, fixtures } = counterpart;
  if (!fixtures.readByCopy) throw new Error('fixtures.readByCopy tells how to make a machine whose images are read by a copy');
  const owner = driver.machineImages;
  const capture = owner?.capture && (toTheEnd(driver, owner, owner.capture) as Ended<NonNullable<MachineImages['capture']>>);
  if (!capture) throw new Error('machineImages.capture is not offered: name it among the needs of this test');
  const image = await uploaded(driver, 'machineImages', SPARSE);
  const { key: machine } = await makeMachine(counterpart, { image, extensions: fixtures.readByCopy });
  const request = { machine, type: 'SNAPSHOT' as const };
  const { key: given } = await capture({ ...request, ...marks('given'), contents: true }, context());
  expect((await available(driver, 'machineImages', given))?.contentsBy).toBeUndefined();
  await expectGiven(driver, 'machineImages', given);
  await drop(driver, 'machineImages', given);
  const { key: usual } = await capture({ ...request, ...marks('usual') }, context());
  await copied(driver, 'machineImages', usual);
  await drop(driver, 'machineImages', usual);
  await dropMachine(counterpart, machine);
  await drop(driver, 'machineImages', image);
}

const needsOf = (group: Group): Need[] => [`${group}.readable`, `${group}.upload`, `${group}.download`, `${group}.delete`];

/** Copies of volume images. */
export function volumeCopyTests(bench: Bench): void {
  const test = (title: string, run: (scene: Scene) => Promise<void>) =>
    bench.test(title, [...needsOf('volumeImages'), ...making('volumes'), 'volumeImages.create'], withScene(bench, run));
  test('volumeImages: one that is read by a copy is copied once, and stays as it was', (scene) => ofVolumes(scene, copied));
  test('volumeImages: what a copy has begun that nobody goes on with is found and can be deleted', (scene) => ofVolumes(scene, abandoned));
  test('volumeImages: one that is made to be read is read', volumeToBeRead);
}

/** Copies of images of machines. */
export function machineCopyTests(bench: Bench): void {
  bench.test(
    'machineImages: one that is made to be read is read, another is copied once and stays as it was',
    [...needsOf('machineImages'), ...MACHINE, 'machineImages.capture'],
    ofMachines,
  );
}
