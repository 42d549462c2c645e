import { encodeId } from '../../src/clouds/identity';
import { allEnded, Change, placesOf, sendTo } from '../crash/drive';
import { CLOUDS, MANY_AT_ONCE, Scene } from '../crash/scene';
import { listOf } from '../protocol/scene';
import type { Place } from '../crash/wire';
import { BLOCK, hrefOf, reported } from './storage-scene';

/** Volumes and attachments while the gateway is killed, on clouds that keep their word and on one that keeps none. */
const KEYS = ['plain', 'late', 'worst'] as const;
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set({ clouds: Object.fromEntries(KEYS.map((key) => [key, CLOUDS[key]])), config: { worker: MANY_AT_ONCE } });
});
afterAll(() => scene.close());
afterEach(() => scene.calm());

const volume = (key: string, name: string): Change =>
  new Change(scene, key, 'POST', 'volumes', {
    name,
    cloud: key,
    volumeTemplate: { volumeConfig: { type: BLOCK, capacity: reported(1) } },
  });
const paths = (changes: readonly Change[]): Promise<string[]> => Promise.all(changes.map((change) => change.path()));
const everywhere = <T>(look: (key: (typeof KEYS)[number]) => T): T[] => KEYS.map(look);
const listed = async (): Promise<string[]> =>
  listOf((await scene.client.get('volumes')).json, 'volumes').map(({ id }) => String(id).slice(scene.client.base.length));
async function succeed(changes: readonly Change[]): Promise<void> {
  for (const job of await allEnded(changes)) expect(job).toMatchObject({ state: 'SUCCESS' });
}
const removed = (uris: readonly string[]): Promise<void> => succeed(uris.map((uri) => new Change(scene, '', 'DELETE', uri)));

describe('killed while volumes are made, at each place', () => {
  const places = placesOf('provider.create');
  const nameAt = ({ step, moment }: Place): string => `at ${step}/${moment}`;
  let changes: Map<Place, Change[]>;
  let early: string[];
  beforeAll(async () => {
    changes = new Map(places.map((place) => [place, KEYS.map((key) => volume(key, nameAt(place)))]));
    scene.lose('volumes.create', 2 * places.length);
    await sendTo(scene.life, 'kill', changes);
    await scene.revived();
    early = await listed();
  });

  test.each(places)('$step/$moment: each volume is made once and listed once', async (place) => {
    const those = changes.get(place) ?? [];
    await succeed(those);
    const late = await listed();
    for (const path of await paths(those)) {
      for (const list of [early, late]) expect(list.filter((one) => one === path)).toHaveLength(1);
      expect((await scene.client.get(path)).json).toMatchObject({ state: 'AVAILABLE', name: nameAt(place) });
    }
    const made = everywhere((key) => scene.cloud(key).things('volume'));
    expect(made.map((volumes) => volumes.filter(({ label }) => label === nameAt(place)).length)).toEqual([1, 1, 1]);
  });

  test('nothing else is made or listed, and none is left once they are deleted', async () => {
    const all = await paths([...changes.values()].flat());
    expect([early.length, (await listed()).length]).toEqual([all.length, all.length]);
    expect(everywhere((key) => scene.cloud(key).things('volume').length)).toEqual(Array(KEYS.length).fill(places.length));
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
    await removed(all);
    expect([await listed(), everywhere((key) => scene.cloud(key).things('volume').length)]).toEqual([[], [0, 0, 0]]);
  });
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
