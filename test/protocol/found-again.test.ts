import { join } from 'node:path';
import Database from 'libsql';
import type { Item, ListedGroup } from '../../src/clouds/driver';
import { FakeCloud } from '../harness/fake-cloud';
import { idsInXml, lookAt, machineBody, makeWorld, openFakeScene, type FakeScene, type World } from './fake-scene';
import { listOf, made, pathOf, succeeded } from './scene';

/** Mechanism 1: a row that was once retired is found again by its tag under its own id if the thing turns up. */
let fake: FakeCloud;
let scene: FakeScene;
beforeEach(async () => {
  fake = new FakeCloud({ dateless: ['networks'] });
  scene = await openFakeScene({ fake });
});
afterEach(() => scene.close());

const DAY_MS = 86_400_000;
const status = async (path: string): Promise<number> => (await scene.client.get(path)).status;
const ids = async (collection: string): Promise<string[]> => {
  const { json } = await scene.client.get(collection);
  const name = collection.split('/').at(-1) ?? '';
  return listOf(json, name).map(({ id }) => pathOf(scene.client, id));
};

/** The provider tells, wrongly, that a thing is gone; a reading takes its row away. Gives the way back. */
async function lost(group: ListedGroup, path: string, read: () => Promise<unknown> = () => scene.client.get(path)): Promise<() => Item> {
  const item = fake.only(group);
  fake.of(group).delete(item.key);
  await read();
  expect(await status(path)).toBe(404);
  return () => fake.put(group, item);
}

describe('a machine that was told to be gone and turns up', () => {
  let world: World;
  let before: Record<string, unknown>;
  beforeEach(async () => {
    world = await makeWorld(scene);
    before = await lookAt(scene, world);
  });

  test('GET finds it under its own id, with all that was kept of it, its parts and its associations', async () => {
    const back = await lost('machines', world.machine);
    for (const part of world.parts.filter((path) => !path.startsWith('volumes/'))) expect(await status(part)).toBe(404);
    const { key } = back();
    expect(await status(`machines/fake.${key}`)).toBe(404);
    expect(await status(world.machine)).toBe(200);
    expect(await lookAt(scene, world)).toEqual(before);
  });

  test('a list finds it, in both formats, and nothing under the id of its key', async () => {
    const back = await lost('machines', world.machine, () => scene.client.get('machines'));
    expect(await ids('machines')).toEqual([]);
    back();
    expect(await idsInXml(scene, 'machines')).toEqual([world.machine]);
    expect(await ids('machines')).toEqual([world.machine]);
    expect(await lookAt(scene, world)).toEqual(before);
  });

  test('the log tells an operator', async () => {
    const back = await lost('machines', world.machine);
    back();
    await scene.client.get(world.machine);
    expect(scene.gateway.logs().some(({ msg, resource }) => /is there again/.test(String(msg)) && resource === world.machine)).toBe(true);
  });

  test.each([
    ['volumes', 'volume'],
    ['machineImages', 'image'],
    ['volumeImages', 'volumeImage'],
  ] as const)('so of %s, with what is associated', async (group, name) => {
    const back = await lost(group, world[name]);
    back();
    expect(await ids(group)).toContain(world[name]);
    expect(await lookAt(scene, world)).toEqual(before);
  });

  test('so of an attachment, by GET, by the list of its machine, and under no second id', async () => {
    const [attachment = ''] = world.parts.filter((path) => path.startsWith(`${world.machine}/volumes/`));
    const back = await lost('attachments', attachment);
    const { key } = back();
    expect(await status(`${world.machine}/volumes/fake.${key}`)).toBe(404);
    expect(await lookAt(scene, world)).toEqual(before);
    const again = await lost('attachments', attachment, () => scene.client.get(`${world.machine}/volumes`));
    again();
    expect(await idsInXml(scene, `${world.machine}/volumes`)).toEqual([attachment]);
    expect(await lookAt(scene, world)).toEqual(before);
  });
});

describe('the id of what is gone', () => {
  let path: string;
  let item: Item;
  beforeEach(async () => {
    path = pathOf(scene.client, (await made(scene.client, 'machines', machineBody({ name: 'mine' }))).id);
    item = fake.only('machines');
  });

  test('is not taken by a clone that carries the tag, made later than the thing itself', async () => {
    await lost('machines', path);
    fake.put('machines', { ...item, key: 'clone', created: new Date(Date.now() + DAY_MS).toISOString() });
    expect(await ids('machines')).toEqual(['machines/fake.clone']);
    expect(await status('machines/fake.clone')).toBe(200);
    expect(await status(path)).toBe(404);
    fake.put('machines', item);
    expect((await ids('machines')).sort()).toEqual([path, 'machines/fake.clone'].sort());
  });

  test('is that of the thing under another key, too, where it is as old: registered anew, restored by the provider', async () => {
    await lost('machines', path);
    fake.put('machines', { ...item, key: 'new-key' });
    expect(await status('machines/fake.new-key')).toBe(404);
    expect(await status(path)).toBe(200);
    expect(await ids('machines')).toEqual([path]);
  });

  test('is not given to another thing that got its key', async () => {
    await lost('machines', path);
    const other = pathOf(scene.client, (await made(scene.client, 'machines', machineBody({ name: 'other' }))).id);
    const { tag } = fake.only('machines');
    fake.of('machines').clear();
    fake.put('machines', { ...item, tag });
    expect(await status(path)).toBe(404);
    expect(await ids('machines')).not.toContain(path);
    expect(other).not.toBe(path);
  });

  test('stays nobody’s once its user deleted it, whatever turns up with its key or its tag', async () => {
    await succeeded(scene.client, await scene.client.delete(path));
    fake.put('machines', item);
    fake.put('machines', { ...item, key: 'clone', created: new Date(0).toISOString() });
    expect((await ids('machines')).sort()).toEqual([`machines/fake.${item.key}`, 'machines/fake.clone'].sort());
    expect(await status(path)).toBe(404);
    expect(await status(`machines/fake.${item.key}`)).toBe(200);
  });

  test('stays nobody’s once it was deleted after it had been found again', async () => {
    const back = await lost('machines', path);
    back();
    await succeeded(scene.client, await scene.client.delete(path));
    fake.put('machines', item);
    expect(await status(path)).toBe(404);
    expect(await ids('machines')).toEqual([`machines/fake.${item.key}`]);
  });

  test('is another tenant’s for nobody else', async () => {
    const back = await lost('machines', path);
    fake.put('machines', { ...back(), tag: `${path.split('/')[1] ?? ''}:forged-mac-of-somebody` });
    // Its key says that it is the thing itself, whatever somebody wrote into its tag.
    expect(await status(path)).toBe(200);
  });
});

test('what was only remembered of something discovered comes back under its key, with what was kept', async () => {
  const item = fake.put('machines', { key: 'found', values: { state: 'STARTED' } });
  await succeeded(scene.client, await scene.client.put('machines/fake.found?$select=name', { name: 'ours' }));
  const before = (await scene.client.get('machines/fake.found')).text;
  fake.of('machines').delete('found');
  expect(await status('machines/fake.found')).toBe(404);
  fake.put('machines', { ...fake.of('machines').get('found'), ...item, values: { state: 'STARTED', name: 'ours' } });
  expect((await scene.client.get('machines/fake.found')).text).toBe(before);
  expect(await ids('machines')).toEqual(['machines/fake.found']);
});

test('D3: what has no date of the provider shows none, before and after its first change, and keeps its place', async () => {
  fake.put('networks', { key: 'old', values: { state: 'STARTED', networkType: 'PRIVATE' } });
  fake.put('networks', { key: 'b', values: { state: 'STARTED', networkType: 'PRIVATE' } });
  const dates = async () => listOf((await scene.client.get('networks')).json, 'networks').map(({ id, created }) => [id, created]);
  const before = await dates();
  expect(before.map(([, created]) => created)).toEqual([undefined, undefined]);
  await succeeded(scene.client, await scene.client.put('networks/fake.old?$select=name', { name: 'mine' }));
  expect((await scene.client.get('networks/fake.old')).json).toMatchObject({ name: 'mine' });
  expect((await scene.client.get('networks/fake.old')).json.created).toBeUndefined();
  expect(await dates()).toEqual(before);
});

test('D3: what the provider has a date of shows that, before and after', async () => {
  const created = '2020-01-02T03:04:05.000Z';
  fake.put('machines', { key: 'old', values: { state: 'STARTED' }, created });
  const shown = async () => (await scene.client.get('machines/fake.old')).json.created;
  expect(await shown()).toBe(created);
  await succeeded(scene.client, await scene.client.put('machines/fake.old?$select=name', { name: 'mine' }));
  expect(await shown()).toBe(created);
});

test('faults 10: the key pair of a machine that was found again after a restore goes with it', async () => {
  const key = Buffer.from('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6mGQqYkXv0Yx0cXn0rZlq8eA2mS1h3m5aQm0o6rVtY').toString('hex');
  const path = pathOf(scene.client, (await made(scene.client, 'machines', machineBody({}, { credential: { key } }))).id);
  expect(fake.keyPairs.size).toBe(1);
  forgetRow(path);
  expect(await status(path)).toBe(200);
  await succeeded(scene.client, await scene.client.delete(path));
  expect([...fake.keyPairs]).toEqual([]);
});

/** Forgets a row, as a backup from before the create leaves the database. */
function forgetRow(path: string): void {
  const db = new Database(join(scene.gateway.dataDir, 'cimi.db'), { timeout: 5_000 });
  db.prepare('DELETE FROM resources WHERE path = ?').run(path);
  db.close();
}
