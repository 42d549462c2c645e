import { Client as Connection } from 'pg';
import { Client } from '../harness/client';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { allEnded, Change, createMachine, inGroups, placesOf, remove, removeAll, sendTo, snapshotMachine } from './drive';
import { freePort, Life } from './life';
import { KEYS, Scene } from './scene';
import type { Place } from './wire';
import { startOrigin, type Origin } from '../fetch/origin';
import { eventually, waitUntil } from '../harness/wait';

/** Long enough that a busy machine renews in time what nobody holds up. */
const LEASE_MS = 6000;
const MIB = 2 ** 20;
/** Places that one sleep proves; at each stand Jobs of every cloud. */
const AT_ONCE = 8;

/**
 * Runs two processes over one PostgreSQL and one set of clouds: the first is put to sleep at a step boundary with all its Jobs in
 * hand, the second takes them over and finishes, and then the first wakes up where it was.
 */
let server: Postgres | undefined;
let scene: Scene;
let sleeper: Life;
/** Server of an image whose second half comes once it is let go. */
let origin: Origin;
let letGo: () => void;
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

/** All Jobs stand at their places in the first process, which sleeps; the second ends them; the first wakes up. */
async function overtaken(changes: ReadonlyMap<Place, readonly Change[]>): Promise<void> {
  await sendTo(sleeper, 'stand', changes);
  await sleeper.told('standing');
  sleeper.signal('SIGSTOP');
  const jobs = await swept(() => allEnded([...changes.values()].flat())).catch((error: unknown) => {
    // One that stays where it stands would fail every case after this one.
    sleeper.send({ do: 'pass' });
    throw error;
  });
  const refused = refusals() + jobs.length;
  sleeper.send({ do: 'pass' });
  sleeper.signal('SIGCONT');
  await sleeper.told('heard');
  await waitUntil(() => refusals() >= refused);
  expect(refusals()).toBe(refused);
  for (const job of jobs) expect((await scene.client.get(String(job.id))).json).toEqual(job);
}

/** Lets the second process look for Jobs that are due meanwhile, which it does only when told: a busy machine loses leases, too. */
async function swept<T>(work: () => Promise<T>): Promise<T> {
  const sweeping = setInterval(() => scene.life.send({ do: 'sweep' }), 150);
  return work().finally(() => clearInterval(sweeping));
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

async function expectSuccess(changes: readonly Change[]): Promise<void> {
  for (const job of await allEnded(changes)) expect(job).toMatchObject({ state: 'SUCCESS' });
}

async function made(changes: readonly Change[]): Promise<{ cloud: string; path: string }[]> {
  return Promise.all(changes.map(async (change) => ({ cloud: change.cloud, path: await change.path() })));
}

/** Makes a machine in each cloud for each of the places. */
async function createAll(places: readonly Place[]): Promise<Map<Place, { cloud: string; path: string }[]>> {
  const changes = places.map((place) => ({ place, those: KEYS.map((key) => createMachine(scene, key, via)) }));
  await swept(() => expectSuccess(changes.flatMap(({ those }) => those)));
  const machines = new Map<Place, { cloud: string; path: string }[]>();
  for (const { place, those } of changes) machines.set(place, await made(those));
  return machines;
}

describeWith('two workers on one PostgreSQL, of which one sleeps past its leases', postgresAvailable(), () => {
  beforeAll(async () => {
    server = await startPostgres();
    const store = { kind: 'postgres', url: server.url };
    // The one that stays awake looks for due Jobs only when told: else it would take Jobs that merely wait.
    const worker = { leaseMs: LEASE_MS, sweepMs: 3_600_000, concurrency: 60 };
    origin = await startOrigin({
      '/halves.raw': (_request, response) => {
        response.writeHead(200, { 'content-length': MIB, 'content-type': 'application/octet-stream' });
        response.write(Buffer.alloc(MIB / 2, 1));
        letGo = () => response.end(Buffer.alloc(MIB / 2, 2));
      },
    });
    const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'], idleMs: 3_600_000 };
    scene = await Scene.set({ config: { store, worker, fetch } });
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${scene.port}`;
    sleeper = await Life.begin(scene.configure('sleeper.yaml', port, { server: { port, publicUrl } }));
    via = new Client(`http://127.0.0.1:${port}/cimi/`);
  });
  afterAll(async () => {
    sleeper.signal('SIGCONT');
    await sleeper.kill();
    await scene.close();
    await origin.close();
    await server?.stop();
  });

  test('a transfer that stands still for longer than its lease stays with its worker: a timer renews it, not the bytes', async () => {
    const body = { name: 'in two halves', cloud: 'plain', imageLocation: `${origin.url}halves.raw` };
    const image = new Change(scene, 'plain', 'POST', 'machineImages', body, scene.images, via);
    const id = await image.job();
    const lease = async () => {
      const [row] = await onDatabase<{ epoch: number; lease_owner: string; lease_until: string }>(
        `SELECT epoch, lease_owner, lease_until FROM jobs WHERE id = '${id}'`,
      );
      return { epoch: row?.epoch, owner: row?.lease_owner, until: Number(row?.lease_until) };
    };
    await waitUntil(() => origin.asked.length > 0);
    try {
      const before = await lease();
      const after = await eventually(async () => {
        const now = await lease();
        return now.until > before.until + 2 * LEASE_MS || now.epoch !== before.epoch ? now : undefined;
      });
      await scene.life.order({ do: 'sweep' });
      expect([after, await lease()]).toMatchObject(Array(2).fill({ epoch: before.epoch, owner: before.owner }));
    } finally {
      letGo();
      // One that goes on would hold up every case after this one.
      await image.ended();
    }
    expect(await image.ended()).toMatchObject({ state: 'SUCCESS' });
    expect([origin.asked, scene.cloud('plain').snapshots().length]).toEqual([['/halves.raw'], 1]);
    const path = await image.path();
    scene.images.leaving(path);
    await allEnded([new Change(scene, 'plain', 'DELETE', path)]);
    scene.images.left(path);
    await expectQuiet();
  });

  /** Takes away what one group may leave behind: it must not fail the next. */
  function tidy(): void {
    // A case that failed may have left it asleep.
    sleeper.signal('SIGCONT');
    scene.calm();
    const left = strangers();
    for (const { cloud, thing } of left) scene.cloud(cloud).remove([thing]);
    if (left.length > 0) for (const watch of [scene.machines, scene.images]) watch.forgive();
  }

  describe.each(inGroups(inHand(placesOf('machine.create')), AT_ONCE))('create, $name', ({ places }) => {
    let changes: Map<Place, Change[]>;
    beforeAll(async () => {
      changes = new Map(places.map((place) => [place, KEYS.map((key) => createMachine(scene, key, via))]));
      scene.lose('machines.create', 2 * places.length);
      await overtaken(changes);
    });
    afterAll(tidy);

    test.each(places)('at $step/$moment: its writes are refused, one machine each', (place) => expectSuccess(changes.get(place) ?? []));

    test('there are so many machines and no more', async () => {
      expect(atProviders()).toEqual(everywhere(places.map(() => 'stopped')));
      await expectQuiet();
      await removeAll(scene, await made([...changes.values()].flat()));
      expect(atProviders()).toEqual(everywhere([]));
    });
  });

  describe.each(inGroups(inHand(placesOf('provider.delete')), AT_ONCE))('delete, $name', ({ places }) => {
    let changes: Map<Place, Change[]>;
    beforeAll(async () => {
      const machines = await createAll(places);
      changes = new Map([...machines].map(([place, those]) => [place, those.map(({ cloud, path }) => remove(scene, cloud, path, via))]));
      await overtaken(changes);
      for (const { path } of [...machines.values()].flat()) scene.machines.left(path);
    });
    afterAll(tidy);

    test.each(places)('at $step/$moment: its writes are refused, none left', (place) => expectSuccess(changes.get(place) ?? []));

    test('no machine is left', async () => {
      expect(atProviders()).toEqual(everywhere([]));
      await expectQuiet();
    });
  });

  describe.each(inGroups(inHand(placesOf('machineImage.capture')), AT_ONCE))('capture, $name', ({ places }) => {
    let changes: Map<Place, Change[]>;
    beforeAll(async () => {
      const machines = await createAll(places);
      for (const key of KEYS) for (const { id } of scene.cloud(key).instances()) kept.add(id);
      changes = new Map(
        [...machines].map(([place, those]) => [place, those.map(({ cloud, path }) => snapshotMachine(scene, cloud, path, via))]),
      );
      scene.lose('machineImages.capture', 2 * places.length);
      await overtaken(changes);
    });
    afterAll(tidy);

    test.each(places)('at $step/$moment: its writes are refused, one image each', async (place) => {
      await expectSuccess(changes.get(place) ?? []);
      for (const { path } of await made(changes.get(place) ?? []))
        expect((await scene.client.get(path)).json).toMatchObject({ state: 'AVAILABLE' });
    });

    test('there are so many images and no more', async () => {
      for (const key of KEYS)
        expect(
          scene
            .cloud(key)
            .snapshots()
            .map(({ phase }) => phase),
        ).toEqual(places.map(() => 'ready'));
      await expectQuiet();
      await removeAll(scene, await made([...changes.values()].flat()));
    });
  });
});
