import { Change } from '../crash/drive';
import { Scene } from '../crash/scene';
import type { Origin } from '../fetch/origin';
import { eventually } from '../harness/wait';
import { ACTION_URI, listOf } from '../protocol/scene';
import { collection, diskOf, envelope, serving, systemOf, vmdkOf } from './parcel';

/** Imports of Systems by a gateway that is killed, in a cloud that makes twice what it is asked twice and shows it late: one System or none. */
const KEY = 'worst';
const SIZE = 4 * 2 ** 20;
const WORKFLOW = 'system.import';
const COLLECTIONS = ['systems', 'machines', 'networks', 'machineImages', 'machineConfigs'] as const;
let origin: Origin;
let scene: Scene;

beforeAll(async () => {
  const web = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1'], networks: ['front'] };
  const content = collection('shop', [systemOf(web), systemOf({ ...web, id: 'db' })]);
  origin = await serving({
    '/shop.ovf': envelope(content, { d1: { file: 'boot.vmdk', size: SIZE } }, ['front']),
    '/boot.vmdk': await vmdkOf(diskOf(SIZE, 'boot')),
  });
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  scene = await Scene.set({ clouds: { [KEY]: { ignoreTokens: true, visibilityDelayMs: 150 } }, config: { fetch } });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});
afterEach(() => scene.calm());

const counts = async (): Promise<number[]> => [
  ...(await Promise.all(COLLECTIONS.map(async (name) => Number((await scene.client.get(name)).json.count)))),
  scene.cloud(KEY).instances().length,
  scene.cloud(KEY).snapshots().length,
  scene.cloud(KEY).things('net').length,
];
const more = (before: readonly number[], by: readonly number[]): number[] => before.map((count, at) => count + (by[at] ?? 0));

/** Asks for an import whose worker is killed at a boundary, and waits for the next one. */
async function killedAt(step: string, moment: 'ran' | 'ending' | 'undone'): Promise<Change> {
  await scene.life.order({ do: 'kill', jobs: 1, workflow: WORKFLOW, step, moment });
  const change = new Change(scene, KEY, 'POST', 'systems', { action: `${ACTION_URI}import`, source: `${origin.url}shop.ovf` });
  await change.attempt();
  await scene.revived();
  return change;
}

/** Deletes a System, and then what is its consumer's: its images and configurations. */
async function removeAll(path: string, affected: readonly string[]): Promise<void> {
  const own = affected.filter((one) => /\/(machineImages|machineConfigs)\//.test(one));
  for (const one of [path, ...own]) {
    const job = await new Change(scene, KEY, 'DELETE', one).ended();
    expect(job).toMatchObject({ state: 'SUCCESS' });
  }
}

async function expectClean(before: readonly number[]): Promise<void> {
  await eventually(async () => (JSON.stringify(await counts()) === JSON.stringify(before) ? true : undefined), counts);
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
}

test.each([
  ['create', 'ran'],
  ['create', 'ending'],
] as const)('killed at %s/%s: one System with all that it consists of', async (step, moment) => {
  const before = await counts();
  const change = await killedAt(step, moment);
  const job = await change.ended();
  expect(job).toMatchObject({ state: 'SUCCESS' });
  const path = await change.path();
  expect((await scene.client.get(path)).json).toMatchObject({ name: 'shop', state: 'STARTED' });
  expect(await counts()).toEqual(more(before, [1, 2, 1, 1, 2, 2, 1, 1]));
  await removeAll(
    path,
    listOf(job, 'affectedResources').map(({ href }) => String(href)),
  );
  await expectClean(before);
});

test('a Machine is refused, and the worker killed once the images were taken back: none', async () => {
  const before = await counts();
  scene.cloud(KEY).fail({ method: 'machines.create', nth: 2, kind: 'quota', message: 'one too many' });
  const change = await killedAt('images', 'undone');
  expect(await change.ended()).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('one too many') as string });
  const path = await change.path();
  expect((await scene.client.get(path)).json).toMatchObject({ state: 'ERROR' });
  await removeAll(path, []);
  await expectClean(before);
});
