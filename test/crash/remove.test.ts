import { foreignInstance } from '../../drivers/simulator/control';
import { encodeId } from '../../src/clouds/identity';
import { createMachine, placesOf, remove, removeAll, snapshotMachine } from './drive';
import { KEYS, Scene } from './scene';

let scene: Scene;
let foreigners = 0;
let machines: { cloud: string; path: string }[] = [];
beforeAll(async () => {
  scene = await Scene.set();
});
afterAll(() => scene.close());

async function createEverywhere(): Promise<{ cloud: string; path: string }[]> {
  const changes = KEYS.map((key) => createMachine(scene, key));
  for (const job of await Promise.all(changes.map((change) => change.ended()))) expect(job).toMatchObject({ state: 'SUCCESS' });
  return Promise.all(changes.map(async (change) => ({ cloud: change.cloud, path: await change.path() })));
}

async function expectQuiet(): Promise<void> {
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  await scene.machines.once();
  await scene.images.once();
  expect([...scene.machines.findings(), ...scene.images.findings()]).toEqual([]);
}

describe('a gateway killed while machines are deleted', () => {
  beforeEach(async () => {
    // One that nobody made through the gateway goes with them.
    const id = `vm-foreign-${++foreigners}`;
    scene.cloud('plain').add([foreignInstance(id)]);
    const foreign = { cloud: 'plain', path: `machines/${encodeId('plain', id)}` };
    scene.machines.found(foreign.path);
    machines = [...(await createEverywhere()), foreign];
  });
  afterEach(() => scene.calm());

  test.each(placesOf('provider.delete'))('at $step/$moment: none is left, and none comes back', async (place) => {
    scene.lose('machines.delete');
    await scene.life.order({ do: 'kill', jobs: machines.length, ...place });
    const changes = machines.map(({ cloud, path }) => remove(scene, cloud, path));
    await Promise.all(changes.map((change) => change.attempt()));
    await scene.revived();
    for (const job of await Promise.all(changes.map((change) => change.ended())))
      expect(job).toMatchObject({ state: 'SUCCESS', progress: 100 });
    for (const { path } of machines) {
      scene.machines.left(path);
      expect((await scene.client.get(path)).status).toBe(404);
    }
    for (const key of KEYS)
      expect({ instances: scene.cloud(key).instances(), keys: scene.cloud(key).keyPairs() }).toEqual({ instances: [], keys: [] });
    await expectQuiet();
  });
});

describe('a gateway killed while machines are captured', () => {
  beforeAll(async () => {
    machines = await createEverywhere();
  });
  afterEach(() => scene.calm());

  test.each(placesOf('machineImage.capture'))('at $step/$moment: one image of each, and the machines free again', async (place) => {
    scene.lose('machineImages.capture');
    await scene.life.order({ do: 'kill', jobs: KEYS.length, ...place });
    const changes = machines.map(({ cloud, path }) => snapshotMachine(scene, cloud, path));
    await Promise.all(changes.map((change) => change.attempt()));
    await scene.revived();
    for (const job of await Promise.all(changes.map((change) => change.ended())))
      expect(job).toMatchObject({ state: 'SUCCESS', progress: 100 });
    const made = await Promise.all(changes.map(async (change) => ({ cloud: change.cloud, path: await change.path() })));
    for (const key of KEYS)
      expect(
        scene
          .cloud(key)
          .snapshots()
          .map(({ phase }) => phase),
      ).toEqual(['ready']);
    for (const { path } of made) expect((await scene.client.get(path)).json).toMatchObject({ state: 'AVAILABLE', type: 'SNAPSHOT' });
    for (const { path } of machines) {
      const { json } = await scene.client.get(`${path}/snapshots`);
      expect(json).toMatchObject({ count: 1 });
    }
    await expectQuiet();
    await removeAll(scene, made);
    for (const key of KEYS) expect(scene.cloud(key).snapshots()).toEqual([]);
    await expectQuiet();
  });
});
