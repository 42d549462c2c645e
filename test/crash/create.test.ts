import { allEnded, createMachine, inGroups, placesOf, remove, removeAll, sendTo, undoPlacesOf, type Change } from './drive';
import { DELAYS, KEYS, MANY_AT_ONCE, Scene } from './scene';
import { waitUntil } from '../harness/wait';
import type { Place } from './wire';

/** Places that one life of a gateway is ended at; at each stands a machine of every cloud. */
const AT_ONCE = 9;
/** ms in which all of them are asked to be deleted while they are still being made. */
const MAKING_MS = 15_000;

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set({ config: { worker: MANY_AT_ONCE } });
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
const everywhere = (count: number) =>
  Object.fromEntries(KEYS.map((key) => [key, { instances: Array<string>(count).fill('stopped'), keyPairs: count }]));

const nameAt = ({ step, moment }: Place): string => `at ${step}/${moment}`;
const createAll = (places: readonly Place[]): Map<Place, Change[]> =>
  new Map(places.map((place) => [place, KEYS.map((key) => createMachine(scene, key, undefined, nameAt(place)))]));

async function accepted(changes: readonly Change[]): Promise<{ cloud: string; path: string }[]> {
  return Promise.all(changes.map(async (change) => ({ cloud: change.cloud, path: await change.path() })));
}

/** Asserts that each of these is there once: at its cloud by its name, and at the gateway. */
async function expectCreated(changes: readonly Change[], name: string): Promise<void> {
  for (const job of await allEnded(changes)) expect(job).toMatchObject({ state: 'SUCCESS', progress: 100 });
  for (const { path, cloud } of await accepted(changes)) {
    const mine = scene
      .cloud(cloud)
      .instances()
      .filter(({ label }) => label === name);
    expect({ cloud, phases: mine.map(({ phase }) => phase) }).toEqual({ cloud, phases: ['stopped'] });
    expect(scene.cloud(cloud).keyPairs()).toContain(mine[0]?.keyPair);
    const { status, json } = await scene.client.get(path);
    expect({ status, ...json }).toMatchObject({ status: 200, state: 'STOPPED', name });
  }
}

/** Asserts that nothing is there beside so many machines in each cloud, and that they were listed; deletes them. */
async function expectNoMore(changes: readonly Change[]): Promise<void> {
  await allEnded(changes);
  expect(atProviders()).toEqual(everywhere(changes.length / KEYS.length));
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  await removeAll(scene, await accepted(changes));
  expect(atProviders()).toEqual(everywhere(0));
  await scene.machines.once();
  expect(scene.machines.findings()).toEqual([]);
}

describe.each(inGroups(placesOf('machine.create'), AT_ONCE))('a gateway killed while machines are created, $name', ({ places }) => {
  let changes: Map<Place, Change[]>;
  beforeAll(async () => {
    changes = createAll(places);
    scene.lose('machines.create', 2 * places.length);
    await sendTo(scene.life, 'kill', changes);
    await scene.revived();
  });
  afterAll(() => scene.calm());

  test.each(places)('at $step/$moment: each is made once', (place) => expectCreated(changes.get(place) ?? [], nameAt(place)));

  test('nothing else is made, and each is listed once all the time', () => expectNoMore([...changes.values()].flat()));
});

test('killed between the accepting transaction and the word to the queue: the sweep finds the jobs', async () => {
  await scene.life.order({ do: 'killUntold', jobs: KEYS.length });
  const name = 'untold';
  const changes = KEYS.map((key) => createMachine(scene, key, undefined, name));
  await Promise.all(changes.map((change) => change.attempt()));
  await scene.revived();
  await expectCreated(changes, name);
  await expectNoMore(changes);
});

describe('a gateway killed while creates are undone because the machines are deleted', () => {
  // They are still being made when they are deleted.
  beforeAll(() => KEYS.forEach((key) => scene.cloud(key).set({ delays: { ...DELAYS, create: MAKING_MS } })));
  afterAll(() => KEYS.forEach((key) => scene.cloud(key).resetSettings()));

  describe('at each place', () => {
    const places = undoPlacesOf('machine.create', 'ready');
    let creates: Map<Place, Change[]>;
    let removes: Map<Place, Change[]>;
    beforeAll(async () => {
      creates = createAll(places);
      scene.lose('machines.create', 2 * places.length);
      scene.lose('machines.delete', 2 * places.length);
      await sendTo(scene.life, 'kill', creates);
      await bornAtProviders(places.map(nameAt));
      removes = new Map();
      for (const [place, changes] of creates)
        removes.set(
          place,
          (await accepted(changes)).map(({ cloud, path }) => remove(scene, cloud, path)),
        );
      await Promise.all([...removes.values()].flat().map((change) => change.attempt()));
      await scene.revived();
    });
    afterAll(() => scene.calm());

    test.each(places)('at $step/$moment: nothing is left', (place) => expectUndone(creates.get(place) ?? [], removes.get(place) ?? []));

    test('nothing is left of any, nor listed', expectNothing);
  });

  test('between the accepting transaction and the word to the queue: the creates are stopped and the deletes done', async () => {
    const name = 'untold';
    const creates = KEYS.map((key) => createMachine(scene, key, undefined, name));
    const made = await accepted(creates);
    await bornAtProviders([name]);
    await scene.life.order({ do: 'killUntold', jobs: KEYS.length });
    const removes = made.map(({ cloud, path }) => remove(scene, cloud, path));
    await Promise.all(removes.map((change) => change.attempt()));
    await scene.life.killed();
    const jobs = scene.leftovers().unfinished as { workflow: string; state: string }[];
    const unfinished = (of: string, states: RegExp) => jobs.filter(({ workflow, state }) => workflow === of && states.test(state)).length;
    // By the time that the last delete is accepted the sweep may have worked the first.
    const deletes = unfinished('provider.delete', /^(QUEUED|RUNNING)$/);
    expect(deletes).toBeGreaterThan(0);
    expect(jobs).toHaveLength(deletes + unfinished('machine.create', /^STOPPING$/));
    await scene.begin();
    await expectUndone(creates, removes);
    await expectNothing();
  });

  async function expectUndone(creates: readonly Change[], removes: readonly Change[]): Promise<void> {
    for (const job of await allEnded(creates)) expect(job).toMatchObject({ state: 'STOPPED' });
    for (const job of await allEnded(removes)) expect(job).toMatchObject({ state: 'SUCCESS' });
    for (const { path } of await accepted(creates)) {
      scene.machines.left(path);
      expect((await scene.client.get(path)).status).toBe(404);
    }
  }

  async function expectNothing(): Promise<void> {
    expect(atProviders()).toEqual(everywhere(0));
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
    await scene.machines.once();
    expect(scene.machines.findings()).toEqual([]);
  }
});

const bornAtProviders = (names: readonly string[]): Promise<void> =>
  waitUntil(() => {
    const born = KEYS.map(
      (key) =>
        new Set(
          scene
            .cloud(key)
            .instances()
            .map(({ label }) => label),
        ),
    );
    return born.every((labels) => names.every((name) => labels.has(name)));
  });
