import type { Json } from '../harness/client';
import { act, createMachine, remove, snapshotMachine, type Change } from './drive';
import { isSilence } from './life';
import { KEYS, Scene } from './scene';
import { Random } from '../chaos/random';
import { elapse } from '../harness/wait';

const SEED = Number(process.env.CRASH_SEED ?? 20261122);
/** Number of times the gateway is killed. */
const KILLS = 15;

/** Expectation of what should be there, by what the gateway said it did. */
interface Expected {
  machines: Map<string, { cloud: string; state: string }>;
  images: Map<string, { cloud: string }>;
}

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set();
});
afterAll(() => scene.close());

/** Comes back until there is somebody to answer, and until the Job has ended. */
async function done(change: Change): Promise<Json> {
  for (;;) {
    try {
      return await change.ended();
    } catch (error) {
      if (!isSilence(error)) throw error;
      await elapse(50);
    }
  }
}

/** Acts as a client on one cloud: one change after the other, each followed to its end. */
async function live(cloud: string, random: Random, isOver: () => boolean, expected: Expected): Promise<void> {
  const succeed = async (change: Change): Promise<void> => {
    expect({ cloud, ...(await done(change)) }).toMatchObject({ state: 'SUCCESS' });
  };
  while (!isOver()) {
    const creation = createMachine(scene, cloud);
    await succeed(creation);
    const path = await creation.path();
    expected.machines.set(path, { cloud, state: 'STOPPED' });
    for (let doings = Math.floor(random.next() * 4); doings > 0; doings--) {
      const machine = expected.machines.get(path);
      if (!machine) break;
      if (random.next() < 0.4) {
        const snapshot = snapshotMachine(scene, cloud, path);
        await succeed(snapshot);
        expected.images.set(await snapshot.path(), { cloud });
      } else {
        const start = machine.state === 'STOPPED';
        await succeed(act(scene, cloud, path, start ? 'start' : 'stop'));
        machine.state = start ? 'STARTED' : 'STOPPED';
      }
    }
    if (random.next() < 0.7) {
      await succeed(remove(scene, cloud, path));
      expected.machines.delete(path);
      scene.machines.left(path);
    }
  }
}

async function killNowAndThen(random: Random): Promise<void> {
  for (let kills = 0; kills < KILLS; kills++) {
    await elapse(300 + random.next() * 1_200);
    await scene.life.kill();
    await scene.begin();
    for (const method of ['machines.create', 'machines.stop', 'machines.delete', 'machineImages.capture'])
      if (random.next() < 0.3) scene.lose(method);
  }
}

test(`clients go about their business while the gateway is killed at random (CRASH_SEED=${SEED})`, async () => {
  const expected: Expected = { machines: new Map(), images: new Map() };
  let over = false;
  const lives = Promise.all(KEYS.map((key, index) => live(key, new Random(SEED + index + 1), () => over, expected)));
  const kills = killNowAndThen(new Random(SEED)).finally(() => (over = true));
  await Promise.all([kills, lives]);
  scene.calm();

  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  for (const key of KEYS) {
    const mine = [...expected.machines.values()].filter(({ cloud }) => cloud === key);
    const phases = scene
      .cloud(key)
      .instances()
      .map(({ phase }) => phase);
    expect({ key, phases: phases.sort() }).toEqual({
      key,
      phases: mine.map(({ state }) => (state === 'STARTED' ? 'running' : 'stopped')).sort(),
    });
    expect({ key, keyPairs: scene.cloud(key).keyPairs().length }).toEqual({ key, keyPairs: mine.length });
    expect({ key, images: scene.cloud(key).snapshots().length }).toEqual({
      key,
      images: [...expected.images.values()].filter(({ cloud }) => cloud === key).length,
    });
  }
  for (const [path, { state }] of expected.machines) expect((await scene.client.get(path)).json).toMatchObject({ state });
  for (const path of expected.images.keys()) expect((await scene.client.get(path)).json).toMatchObject({ state: 'AVAILABLE' });
  await scene.machines.once();
  await scene.images.once();
  expect([...scene.machines.findings(), ...scene.images.findings()]).toEqual([]);
});
