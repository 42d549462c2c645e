import { randomInt } from 'node:crypto';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { seededDisk } from '../../drivers/simulator/contents';
import { eventually } from '../harness/wait';
import { Change, placesOf, undoPlacesOf } from './drive';
import { Scene } from './scene';

/** Copies of images from cloud to cloud by a gateway that is killed: one image or none, and nothing left in either cloud. */
const MIB = 2 ** 20;
const CONTENTS = { contentSize: 4 * MIB, contentAllocated: MIB };
const TARGETS = ['worst', 'tasks'] as const;
const DEBIAN = 'img-debian-12';
const RECEIVE = 'machineImages.upload.receive';
const READ = 'machineImages.download.read';

let scene: Scene;
let digest = '';
beforeAll(async () => {
  digest = await digestOf(seededDisk(DEBIAN, CONTENTS.contentSize, CONTENTS.contentAllocated));
  scene = await Scene.set({
    clouds: {
      from: CONTENTS,
      worst: { ...CONTENTS, ignoreTokens: true, visibilityDelayMs: 150 },
      tasks: { ...CONTENTS, ignoreTokens: true, tasks: true },
    },
    config: { move: { concurrency: 20 } },
  });
});
afterAll(() => scene.close());
afterEach(() => scene.calm());

const copy = (cloud: string): Change =>
  new Change(
    scene,
    cloud,
    'POST',
    'machineImages',
    { name: `copy in ${cloud}`, cloud, imageLocation: `machineImages/${encodeId('from', DEBIAN)}` },
    scene.images,
  );

/** Nothing is left in any cloud, and the one that was copied from was never asked to change anything. */
async function expectClean(): Promise<void> {
  for (const cloud of TARGETS) await eventually(() => (scene.cloud(cloud).snapshots().length === 0 ? true : undefined));
  const writes = Object.keys(scene.cloud('from').calls()).filter(
    (name) => !/\.(list|getMany|find|download)$|^(account|events|meters)\./.test(name),
  );
  expect(writes).toEqual([]);
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
}

/** Each copy has come to its end, there is one image of it, and it goes again. */
async function expectOneEach(changes: readonly Change[]): Promise<void> {
  for (const change of changes) {
    expect(await change.ended()).toMatchObject({ state: 'SUCCESS' });
    const path = await change.path();
    expect((await scene.client.get(path)).json).toMatchObject({ state: 'AVAILABLE', contentSha256: digest.replace('sha256:', '') });
    expect(scene.cloud(change.cloud).snapshots()).toMatchObject([{ content: { digest } }]);
    scene.images.leaving(path);
    expect(await new Change(scene, change.cloud, 'DELETE', path).ended()).toMatchObject({ state: 'SUCCESS' });
    scene.images.left(path);
  }
  await expectClean();
}

test.each(placesOf('image.copy'))('killed at $step/$moment: one image each, once', async (place) => {
  await scene.life.order({ do: 'kill', jobs: TARGETS.length, ...place });
  const changes = TARGETS.map(copy);
  await Promise.all(changes.map((change) => change.attempt()));
  await scene.revived();
  await expectOneEach(changes);
});

test.each([
  [RECEIVE, TARGETS],
  [READ, ['from', 'from']],
])('killed at random bytes, %s: they flow again from the start, and half an image never stays', async (method, clouds) => {
  for (const [index, cloud] of clouds.entries())
    scene.cloud(cloud).fail({ method, nth: cloud === 'from' ? index + 1 : 1, atByte: randomInt(0, MIB), delayMs: 3_600_000 });
  const changes = TARGETS.map(copy);
  await Promise.all(changes.map((change) => change.attempt()));
  for (const cloud of TARGETS) await eventually(() => scene.cloud(cloud).snapshots()[0]);
  await scene.life.kill();
  await scene.begin();
  await expectOneEach(changes);
});

test.each(undoPlacesOf('image.copy', 'compare'))('changed on its way, and killed at $step/$moment: nothing stays', async (place) => {
  for (const cloud of TARGETS) scene.cloud(cloud).fail({ method: RECEIVE, atByte: 300_000, flip: true });
  await scene.life.order({ do: 'kill', jobs: TARGETS.length, ...place });
  const changes = TARGETS.map(copy);
  await Promise.all(changes.map((change) => change.attempt()));
  await scene.revived();
  for (const change of changes) {
    expect(await change.ended()).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('are not those of') as string });
    const path = await change.path();
    scene.images.leaving(path);
    await new Change(scene, change.cloud, 'DELETE', path).ask();
    scene.images.left(path);
  }
  await expectClean();
});
