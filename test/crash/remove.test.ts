import { foreignInstance } from '../../drivers/simulator/control';
import { encodeId } from '../../src/clouds/identity';
import { allEnded, createMachine, inGroups, placesOf, remove, removeAll, sendTo, snapshotMachine, type Change } from './drive';
import { KEYS, MANY_AT_ONCE, Scene } from './scene';
import type { Place } from './wire';

/** Places that one life of a gateway is ended at; at each stand Jobs of every cloud. */
const AT_ONCE = 9;

interface Machine {
  cloud: string;
  path: string;
}

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set({ config: { worker: MANY_AT_ONCE } });
});
afterAll(() => scene.close());

/** Makes a machine in each cloud for each of the places. */
async function createAll(places: readonly Place[]): Promise<Map<Place, Machine[]>> {
  const creates = places.map((place) => ({ place, changes: KEYS.map((key) => createMachine(scene, key)) }));
  await expectSuccess(creates.flatMap(({ changes }) => changes));
  const machines = new Map<Place, Machine[]>();
  for (const { place, changes } of creates)
    machines.set(place, await Promise.all(changes.map(async (change) => ({ cloud: change.cloud, path: await change.path() }))));
  return machines;
}

async function expectSuccess(changes: readonly Change[]): Promise<void> {
  for (const job of await allEnded(changes)) expect(job).toMatchObject({ state: 'SUCCESS', progress: 100 });
}

async function expectQuiet(): Promise<void> {
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  await scene.machines.once();
  await scene.images.once();
  expect([...scene.machines.findings(), ...scene.images.findings()]).toEqual([]);
}

describe.each(inGroups(placesOf('provider.delete'), AT_ONCE))('a gateway killed while machines are deleted, $name', ({ places }) => {
  let machines: Map<Place, Machine[]>;
  let changes: Map<Place, Change[]>;
  beforeAll(async () => {
    machines = await createAll(places);
    for (const [{ step, moment }, those] of machines) {
      // One that nobody made through the gateway goes with them.
      const id = `vm-foreign-${step}-${moment}`;
      scene.cloud('plain').add([foreignInstance(id)]);
      const foreign = { cloud: 'plain', path: `machines/${encodeId('plain', id)}` };
      scene.machines.found(foreign.path);
      those.push(foreign);
    }
    changes = new Map([...machines].map(([place, those]) => [place, those.map(({ cloud, path }) => remove(scene, cloud, path))]));
    scene.lose('machines.delete', 2 * places.length);
    await sendTo(scene.life, 'kill', changes);
    await scene.revived();
  });
  afterAll(() => scene.calm());

  test.each(places)('at $step/$moment: none is left, and none comes back', async (place) => {
    await expectSuccess(changes.get(place) ?? []);
    for (const { path } of machines.get(place) ?? []) {
      scene.machines.left(path);
      expect((await scene.client.get(path)).status).toBe(404);
    }
  });

  test('nothing is left in any cloud', async () => {
    for (const key of KEYS)
      expect({ instances: scene.cloud(key).instances(), keys: scene.cloud(key).keyPairs() }).toEqual({ instances: [], keys: [] });
    await expectQuiet();
  });
});

describe('a gateway killed while machines are captured', () => {
  describe.each(inGroups(placesOf('machineImage.capture'), AT_ONCE))('$name', ({ places }) => {
    let machines: Map<Place, Machine[]>;
    let changes: Map<Place, Change[]>;
    beforeAll(async () => {
      machines = await createAll(places);
      changes = new Map(
        [...machines].map(([place, those]) => [place, those.map(({ cloud, path }) => snapshotMachine(scene, cloud, path))]),
      );
      scene.lose('machineImages.capture', 2 * places.length);
      await sendTo(scene.life, 'kill', changes);
      await scene.revived();
    });
    afterAll(() => scene.calm());

    test.each(places)('at $step/$moment: one image of each, and the machines free again', async (place) => {
      const those = changes.get(place) ?? [];
      await expectSuccess(those);
      for (const change of those)
        expect((await scene.client.get(await change.path())).json).toMatchObject({ state: 'AVAILABLE', type: 'SNAPSHOT' });
      for (const { path } of machines.get(place) ?? []) {
        const { json } = await scene.client.get(`${path}/snapshots`);
        expect(json).toMatchObject({ count: 1 });
      }
    });

    test('each cloud has so many images and no more, and none once they are deleted', async () => {
      for (const key of KEYS)
        expect(
          scene
            .cloud(key)
            .snapshots()
            .map(({ phase }) => phase),
        ).toEqual(places.map(() => 'ready'));
      await expectQuiet();
      const images = [...changes.values()].flat().map(async (change) => ({ cloud: change.cloud, path: await change.path() }));
      await removeAll(scene, await Promise.all(images));
      for (const key of KEYS) expect(scene.cloud(key).snapshots()).toEqual([]);
      await removeAll(scene, [...machines.values()].flat());
      await expectQuiet();
    });
  });
});
