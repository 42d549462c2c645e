import { encodeId } from '../../src/clouds/identity';
import { Change, placesOf } from '../crash/drive';
import { CLOUDS, Scene } from '../crash/scene';
import { listOf } from '../protocol/scene';
import { BLOCK, hrefOf, reported } from './storage-scene';

/** Volumes and attachments while the gateway is killed, on clouds that keep their word and on one that keeps none. */
const KEYS = ['plain', 'late', 'worst'] as const;
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set({ clouds: Object.fromEntries(KEYS.map((key) => [key, CLOUDS[key]])) });
});
afterAll(() => scene.close());
afterEach(() => scene.calm());

const volume = (key: string): Change =>
  new Change(scene, key, 'POST', 'volumes', {
    name: `of ${key}`,
    cloud: key,
    volumeTemplate: { volumeConfig: { type: BLOCK, capacity: reported(1) } },
  });
const paths = (changes: readonly Change[]): Promise<string[]> => Promise.all(changes.map((change) => change.path()));
const everywhere = <T>(look: (key: (typeof KEYS)[number]) => T): T[] => KEYS.map(look);
const listed = async (): Promise<string[]> =>
  listOf((await scene.client.get('volumes')).json, 'volumes').map(({ id }) => String(id).slice(scene.client.base.length));
async function succeed(changes: readonly Change[]): Promise<void> {
  for (const job of await Promise.all(changes.map((change) => change.ended()))) expect(job).toMatchObject({ state: 'SUCCESS' });
}
const removed = (uris: readonly string[]): Promise<void> => succeed(uris.map((uri) => new Change(scene, '', 'DELETE', uri)));

test.each(placesOf('provider.create'))('killed at $step/$moment: each volume is made once and listed once', async (place) => {
  scene.lose('volumes.create');
  await scene.life.order({ do: 'kill', jobs: KEYS.length, ...place });
  const changes = KEYS.map(volume);
  await Promise.all(changes.map((change) => change.attempt()));
  await scene.revived();
  const made = await paths(changes);
  expect((await listed()).sort()).toEqual([...made].sort());
  await succeed(changes);
  expect(everywhere((key) => scene.cloud(key).things('volume').length)).toEqual([1, 1, 1]);
  expect((await listed()).sort()).toEqual([...made].sort());
  for (const path of made) expect((await scene.client.get(path)).json.state).toBe('AVAILABLE');
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  await removed(made);
  expect([await listed(), everywhere((key) => scene.cloud(key).things('volume').length)]).toEqual([[], [0, 0, 0]]);
});

test('killed while machines get their volumes: each machine has two, once', async () => {
  scene.lose('volumes.create');
  scene.lose('attachments.create');
  await scene.life.order({ do: 'kill', jobs: 2, workflow: 'provider.create', step: 'create', moment: 'ran' });
  const template = { volumeConfig: { type: BLOCK, capacity: reported(1) } };
  const changes = KEYS.map(
    (key) =>
      new Change(scene, key, 'POST', 'machines', {
        machineTemplate: {
          machineConfig: { href: `machineConfigs/${encodeId(key, 's1.small')}` },
          machineImage: { href: `machineImages/${encodeId(key, 'img-debian-12')}` },
          volumeTemplates: [template, template],
        },
      }),
  );
  await Promise.all(changes.map((change) => change.attempt()));
  await scene.revived();
  await succeed(changes);
  const machines = await paths(changes);
  for (const path of machines) {
    const held = listOf((await scene.client.get(`${path}/volumes`)).json, 'machineVolumes').map(({ volume: one }) => hrefOf(one));
    expect([held.length, new Set(held).size]).toEqual([2, 2]);
  }
  expect(everywhere((key) => (['volume', 'attachment'] as const).map((kind) => scene.cloud(key).things(kind).length))).toEqual(
    Array(3).fill([2, 2]),
  );
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  await removed(machines);
  await removed(await listed());
  expect(everywhere((key) => scene.cloud(key).things('volume').length)).toEqual([0, 0, 0]);
});
