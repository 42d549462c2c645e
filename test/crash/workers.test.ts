import { Client as Connection } from 'pg';
import { Client, type Json } from '../harness/client';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { createMachine, placesOf, remove, removeAll, snapshotMachine, type Change } from './drive';
import { freePort, Life } from './life';
import { KEYS, Scene } from './scene';
import type { Place } from './wire';
import { waitUntil } from '../harness/wait';

/**
 * Runs two processes over one PostgreSQL and one set of clouds: the first is put to sleep at a step boundary with all its Jobs in
 * hand, the second takes them over and finishes, and then the first wakes up where it was.
 */
let server: Postgres | undefined;
let scene: Scene;
let sleeper: Life;
/** Instances that several cases use. */
const kept = new Set<string>();
/** The way to the one that will be put to sleep. */
let via: Client;

const inHand = (places: readonly Place[]) => places.filter(({ moment }) => moment !== 'recorded' && moment !== 'ended');

async function onDatabase<T extends object>(query: string): Promise<T[]> {
  const connection = new Connection({ connectionString: server?.url });
  await connection.connect();
  try {
    return (await connection.query<T>(query)).rows;
  } finally {
    await connection.end();
  }
}

async function expectQuiet(): Promise<void> {
  expect(await onDatabase('SELECT path, job FROM holds')).toEqual([]);
  // One that looks for what the sleeper may have made beside the other holds nobody up.
  expect(await onDatabase("SELECT id, state, step FROM jobs WHERE done = 0 AND workflow <> 'provider.lookAgain'")).toEqual([]);
  await scene.machines.once();
  await scene.images.once();
  expect([...scene.machines.findings(), ...scene.images.findings()]).toEqual([]);
}

/** All Jobs stand at the place in the first process, which sleeps; the second ends them; the first wakes up. */
async function overtaken(place: Place, changes: readonly Change[]): Promise<Json[]> {
  await sleeper.order({ do: 'stand', jobs: changes.length, ...place });
  await Promise.all(changes.map((change) => change.ask()));
  await sleeper.told('standing');
  sleeper.signal('SIGSTOP');
  const ended = Promise.all(changes.map((change) => change.ended()));
  const sweeping = setInterval(() => scene.life.send({ do: 'sweep' }), 150);
  const jobs = await ended
    .catch((error: unknown) => {
      // One that stays where it stands would fail every case after this one.
      sleeper.send({ do: 'pass' });
      throw error;
    })
    .finally(() => clearInterval(sweeping));
  const refused = refusals() + jobs.length;
  sleeper.send({ do: 'pass' });
  sleeper.signal('SIGCONT');
  await sleeper.told('heard');
  await waitUntil(() => refusals() >= refused);
  expect(refusals()).toBe(refused);
  const after = await Promise.all(jobs.map(async ({ id }) => (await scene.client.get(String(id))).json));
  expect(after).toEqual(jobs);
  return jobs;
}

/** Counts how often the first process found that a Job is no longer its own. */
function refusals(): number {
  return sleeper.log.split('another worker has the job').length - 1;
}

function atProviders(): Record<string, string[]> {
  return Object.fromEntries(
    KEYS.map((key) => [
      key,
      scene
        .cloud(key)
        .instances()
        .map(({ phase }) => phase),
    ]),
  );
}
const everywhere = (phases: string[]) => Object.fromEntries(KEYS.map((key) => [key, phases]));

/** Instances that no case wants kept, and images. */
function strangers() {
  return KEYS.flatMap((key) => {
    const cloud = scene.cloud(key);
    const instances = cloud.instances().filter(({ id }) => !kept.has(id));
    return [...instances, ...cloud.snapshots()].map((thing) => ({ cloud: key, thing }));
  });
}

async function made(changes: readonly Change[]): Promise<{ cloud: string; path: string }[]> {
  return Promise.all(changes.map(async (change) => ({ cloud: change.cloud, path: await change.path() })));
}

async function createEverywhere(): Promise<{ cloud: string; path: string }[]> {
  const changes = KEYS.map((key) => createMachine(scene, key, via));
  for (const job of await Promise.all(changes.map((change) => change.ended()))) expect(job).toMatchObject({ state: 'SUCCESS' });
  return made(changes);
}

describeWith('two workers on one PostgreSQL, of which one sleeps past its leases', postgresAvailable(), () => {
  beforeAll(async () => {
    server = await startPostgres();
    const store = { kind: 'postgres', url: server.url };
    // The one that stays awake looks for due Jobs only when told: else it would take Jobs that merely wait.
    const worker = { leaseMs: 1000, sweepMs: 3_600_000, concurrency: 60 };
    scene = await Scene.set({ config: { store, worker } });
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${scene.port}`;
    sleeper = await Life.begin(scene.configure('sleeper.yaml', port, { server: { port, publicUrl } }));
    via = new Client(`http://127.0.0.1:${port}/cimi/`);
  });
  afterAll(async () => {
    sleeper.signal('SIGCONT');
    await sleeper.kill();
    await scene.close();
    await server?.stop();
  });
  afterEach(() => {
    // A case that failed may have left it asleep.
    sleeper.signal('SIGCONT');
    scene.calm();
    // What one case may leave behind must not fail the next.
    const left = strangers();
    for (const { cloud, thing } of left) scene.cloud(cloud).remove([thing]);
    if (left.length > 0) for (const watch of [scene.machines, scene.images]) watch.forgive();
  });

  test.each(inHand(placesOf('machine.create')))('create, at $step/$moment: its writes are refused, one machine each', async (place) => {
    scene.lose('machines.create');
    const changes = KEYS.map((key) => createMachine(scene, key, via));
    for (const job of await overtaken(place, changes)) expect(job).toMatchObject({ state: 'SUCCESS' });
    expect(atProviders()).toEqual(everywhere(['stopped']));
    await expectQuiet();
    await removeAll(scene, await made(changes));
    expect(atProviders()).toEqual(everywhere([]));
  });

  test.each(inHand(placesOf('provider.delete')))('delete, at $step/$moment: its writes are refused, none left', async (place) => {
    const machines = await createEverywhere();
    const changes = machines.map(({ cloud, path }) => remove(scene, cloud, path, via));
    for (const job of await overtaken(place, changes)) expect(job).toMatchObject({ state: 'SUCCESS' });
    for (const { path } of machines) scene.machines.left(path);
    expect(atProviders()).toEqual(everywhere([]));
    await expectQuiet();
  });

  describe('capture', () => {
    let machines: { cloud: string; path: string }[] = [];
    beforeAll(async () => {
      machines = await createEverywhere();
      for (const key of KEYS) for (const { id } of scene.cloud(key).instances()) kept.add(id);
    });

    test.each(inHand(placesOf('machineImage.capture')))('at $step/$moment: its writes are refused, one image each', async (place) => {
      scene.lose('machineImages.capture');
      const changes = machines.map(({ cloud, path }) => snapshotMachine(scene, cloud, path, via));
      for (const job of await overtaken(place, changes)) expect(job).toMatchObject({ state: 'SUCCESS' });
      for (const key of KEYS)
        expect(
          scene
            .cloud(key)
            .snapshots()
            .map(({ phase }) => phase),
        ).toEqual(['ready']);
      await expectQuiet();
      await removeAll(scene, await made(changes));
    });
  });
});
