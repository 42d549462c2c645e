import { createMachine, placesOf, removeAll, undoPlacesOf, type Change, remove } from './drive';
import { DELAYS, KEYS, Scene } from './scene';
import { waitUntil } from '../harness/wait';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set();
});
afterAll(() => scene.close());

/** Reads what each cloud itself knows of instances and key pairs. */
function atProviders(): Record<string, { instances: string[]; keyPairs: number }> {
  const room = (key: string) => ({
    instances: scene
      .cloud(key)
      .instances()
      .map(({ phase }) => phase),
    keyPairs: scene.cloud(key).keyPairs().length,
  });
  return Object.fromEntries(KEYS.map((key) => [key, room(key)]));
}
const everywhere = (room: { instances: string[]; keyPairs: number }) => Object.fromEntries(KEYS.map((key) => [key, room]));

async function accepted(changes: readonly Change[]): Promise<{ cloud: string; path: string }[]> {
  return Promise.all(changes.map(async (change) => ({ cloud: change.cloud, path: await change.path() })));
}

async function expectCreated(changes: readonly Change[]): Promise<void> {
  const made = await accepted(changes);
  for (const job of await Promise.all(changes.map((change) => change.ended())))
    expect(job).toMatchObject({ state: 'SUCCESS', progress: 100 });
  expect(atProviders()).toEqual(everywhere({ instances: ['stopped'], keyPairs: 1 }));
  for (const { path, cloud } of made) {
    const { status, json } = await scene.client.get(path);
    expect({ status, ...json }).toMatchObject({ status: 200, state: 'STOPPED', name: `of ${cloud}` });
  }
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  await removeAll(scene, made);
  expect(atProviders()).toEqual(everywhere({ instances: [], keyPairs: 0 }));
  await scene.machines.once();
  expect(scene.machines.findings()).toEqual([]);
}

describe('a gateway killed while machines are created', () => {
  afterEach(() => scene.calm());

  test.each(placesOf('machine.create'))('at $step/$moment: each is made once, and listed once all the time', async (place) => {
    scene.lose('machines.create');
    await scene.life.order({ do: 'kill', jobs: KEYS.length, ...place });
    const changes = KEYS.map((key) => createMachine(scene, key));
    await Promise.all(changes.map((change) => change.attempt()));
    await scene.revived();
    await expectCreated(changes);
  });

  test('between the accepting transaction and the word to the queue: the sweep finds the jobs', async () => {
    await scene.life.order({ do: 'killUntold', jobs: KEYS.length });
    const changes = KEYS.map((key) => createMachine(scene, key));
    await Promise.all(changes.map((change) => change.attempt()));
    await scene.revived();
    await expectCreated(changes);
  });
});

describe('a gateway killed while creates are undone because the machines are deleted', () => {
  afterEach(() => {
    scene.calm();
    for (const key of KEYS) scene.cloud(key).resetSettings();
  });

  test.each(undoPlacesOf('machine.create', 'ready'))('at $step/$moment: nothing is left', async (place) => {
    for (const key of KEYS) scene.cloud(key).set({ delays: { ...DELAYS, create: 5_000 } });
    scene.lose('machines.create');
    scene.lose('machines.delete');
    await scene.life.order({ do: 'kill', jobs: KEYS.length, ...place });
    const creates = KEYS.map((key) => createMachine(scene, key));
    const made = await accepted(creates);
    await bornAtProviders();
    const removes = made.map(({ cloud, path }) => remove(scene, cloud, path));
    await Promise.all(removes.map((change) => change.attempt()));
    await scene.revived();
    await expectUndone(creates, removes);
  });

  test('between the accepting transaction and the word to the queue: the creates are stopped and the deletes done', async () => {
    for (const key of KEYS) scene.cloud(key).set({ delays: { ...DELAYS, create: 5_000 } });
    const creates = KEYS.map((key) => createMachine(scene, key));
    const made = await accepted(creates);
    await bornAtProviders();
    await scene.life.order({ do: 'killUntold', jobs: KEYS.length });
    const removes = made.map(({ cloud, path }) => remove(scene, cloud, path));
    await Promise.all(removes.map((change) => change.attempt()));
    await scene.life.killed();
    const jobs = scene.leftovers().unfinished as { workflow: string; state: string }[];
    const unfinished = (name: string, states: RegExp) =>
      jobs.filter(({ workflow, state }) => workflow === name && states.test(state)).length;
    // By the time that the last delete is accepted the sweep may have worked the first.
    const deletes = unfinished('provider.delete', /^(QUEUED|RUNNING)$/);
    expect(deletes).toBeGreaterThan(0);
    expect(jobs).toHaveLength(deletes + unfinished('machine.create', /^STOPPING$/));
    await scene.begin();
    await expectUndone(creates, removes);
  });

  async function expectUndone(creates: readonly Change[], removes: readonly Change[]): Promise<void> {
    const made = await accepted(creates);
    for (const job of await Promise.all(creates.map((change) => change.ended()))) expect(job).toMatchObject({ state: 'STOPPED' });
    for (const job of await Promise.all(removes.map((change) => change.ended()))) expect(job).toMatchObject({ state: 'SUCCESS' });
    for (const { path } of made) {
      scene.machines.left(path);
      expect((await scene.client.get(path)).status).toBe(404);
    }
    expect(atProviders()).toEqual(everywhere({ instances: [], keyPairs: 0 }));
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
    await scene.machines.once();
    expect(scene.machines.findings()).toEqual([]);
  }
});

const bornAtProviders = (): Promise<void> => waitUntil(() => KEYS.every((key) => scene.cloud(key).instances().length > 0));
