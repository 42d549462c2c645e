import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../../src/disks/content-digest';
import { encodeId } from '../../src/clouds/identity';
import { CIMI, EXTENSION } from '../../src/model/define';
import { readManifest } from '../../src/ovf/manifest';
import { act, Change, killedInTurn, placesOf, undoPlacesOf } from '../crash/drive';
import { Scene } from '../crash/scene';
import type { Place } from '../crash/wire';
import type { Json } from '../harness/client';
import { eventually } from '../harness/wait';
import { archive } from '../ovf/archive';
import { ACTION_URI, listOf } from '../protocol/scene';
import { collection, diskOf, envelope, systemOf, vmdkOf } from './parcel';

/**
 * Imports and exports by a gateway that is killed, in clouds that make twice what they are asked twice and show it late: one System,
 * SystemTemplate and package, or none, and nothing left in any cloud.
 */
const SIZE = 4 * 2 ** 20;
const CONTENTS = { contentSize: SIZE, contentAllocated: 2 ** 20, ignoreTokens: true };
/** Clouds that a System is made in, that the images of a SystemTemplate are made in, and that is exported from. */
const [WORST, TASKS, FROM] = ['worst', 'tasks', 'from'] as const;
const COLLECTIONS = [
  ...(['systems', 'systemTemplates', 'machines', 'machineTemplates', 'machineConfigs', 'machineImages'] as const),
  ...(['volumes', 'volumeImages', 'networks'] as const),
];
const KINDS = ['instance', 'volume', 'snapshot', 'copy', 'net'] as const;
let scene: Scene;
let machine = '';
/** Networks that the cloud begins with. */
let nets = 0;

/** Server that packages are fetched from and sent to. It stands still where `holds` says so, after so many bytes of a path. */
const files = new Map<string, Buffer>();
const came = new Map<string, Buffer>();
const holds = new Map<string, number>();
const held = new Set<string>();
const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (request.method === 'PUT') return take(path, request, response);
  const content = files.get(path);
  if (!content) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-length': content.length });
  const limit = holds.get(path);
  if (limit === undefined) return void response.end(content);
  response.write(content.subarray(0, limit), () => held.add(path));
});

function take(path: string, request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  let size = 0;
  request.on('error', () => undefined);
  request.on('data', (part: Buffer) => {
    parts.push(part);
    size += part.length;
    if (size >= (holds.get(path) ?? Infinity)) held.add(path);
  });
  request.on('end', () => {
    if (held.has(path)) return;
    came.set(path, Buffer.concat(parts));
    response.writeHead(201).end();
  });
}

beforeAll(async () => {
  const web = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1'], networks: ['front'] };
  const shop = envelope(collection('shop', [systemOf(web), systemOf({ ...web, id: 'db' })]), { d1: { file: 'boot.vmdk', size: SIZE } }, [
    'front',
  ]);
  const lacking = envelope(
    systemOf({ ...web, disks: ['d1', 'd2'] }),
    { d1: { file: 'boot.vmdk', size: SIZE }, d2: { file: 'nowhere.vmdk', size: SIZE } },
    ['front'],
  );
  const boot = await vmdkOf(diskOf(SIZE, 'boot'));
  for (const [path, content] of Object.entries({ '/shop.ovf': shop, '/lacking.ovf': lacking })) files.set(path, Buffer.from(content));
  files.set('/boot.vmdk', boot);
  files.set('/shop.ova', await archive({ name: 'shop.ovf', bytes: shop }, { name: 'boot.vmdk', bytes: boot }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fetch = { hosts: [`127.0.0.1:${port()}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  scene = await Scene.set({
    clouds: {
      [WORST]: { ...CONTENTS, visibilityDelayMs: 150 },
      [TASKS]: { ...CONTENTS, tasks: true },
      [FROM]: { ...CONTENTS, visibilityDelayMs: 100 },
    },
    config: { fetch },
  });
  const create = new Change(scene, FROM, 'POST', 'machines', {
    ...{ resourceURI: `${CIMI}/MachineCreate`, name: 'exported' },
    machineTemplate: {
      machineConfig: { href: `machineConfigs/${encodeId(FROM, 's1.nano')}` },
      machineImage: { href: `machineImages/${encodeId(FROM, 'img-debian-12')}` },
      initialState: 'STOPPED',
      volumeTemplates: [{ volumeTemplate: { volumeConfig: { type: `${CIMI}/mapped`, capacity: 1_000_000 } } }],
    },
  });
  expect(await create.ended()).toMatchObject({ state: 'SUCCESS' });
  machine = await create.path();
  nets = scene.cloud(WORST).things('net').length;
});
afterAll(async () => {
  await scene.close();
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  scene.calm();
  for (const one of [came, holds, held]) one.clear();
});

const port = (): number => (server.address() as AddressInfo).port;
const at = (path: string): string => `http://127.0.0.1:${port()}${path}`;
const importing = (into: 'systems' | 'systemTemplates', cloud: string, path: string): Change =>
  new Change(scene, cloud, 'POST', into, { action: `${ACTION_URI}import`, source: at(path), properties: { cloud } });
const exporting = (): Change =>
  new Change(scene, FROM, 'POST', machine, { action: `${EXTENSION}/action/export`, destination: at('/out/') });
const counts = async (): Promise<unknown> => ({
  resources: await Promise.all(COLLECTIONS.map(async (name) => [name, Number((await scene.client.get(name)).json.count)])),
  things: [WORST, TASKS, FROM].map((cloud) => KINDS.map((kind) => scene.cloud(cloud).things(kind).length)),
});

async function succeeds(change: Change): Promise<Json> {
  const job = await change.ended();
  expect(job).toMatchObject({ state: 'SUCCESS' });
  return job;
}

/** Removes what an import made: a System goes with what it consists of, the rest is its consumer's. */
async function removeMade(change: Change, job: Json): Promise<void> {
  const own = listOf(job, 'affectedResources').map(({ href }) => String(href));
  for (const uri of [scene.client.base + (await change.path()), ...own]) {
    const name = uri.slice(scene.client.base.length);
    if (name.includes('/') && (await scene.client.get(uri)).status === 200) await succeeds(new Change(scene, change.cloud, 'DELETE', uri));
  }
}

async function expectAsBefore(before: unknown): Promise<void> {
  await eventually(async () => (JSON.stringify(await counts()) === JSON.stringify(before) ? true : undefined), counts);
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  expect((await scene.client.get(machine)).json).toMatchObject({ state: 'STOPPED' });
}

/** Asserts that there is one of each, with the bytes that were there, and nothing once that is removed. */
async function expectOneEach([system, template, sent]: readonly [Change, Change, Change], before: unknown): Promise<void> {
  const [made, designed] = [await succeeds(system), await succeeds(template)];
  await succeeds(sent);
  expect((await scene.client.get(await system.path())).json).toMatchObject({ name: 'shop', state: 'STARTED' });
  expect(listOf((await scene.client.get(await template.path())).json, 'componentDescriptors')).toHaveLength(3);
  const boot = await digestOf(diskOf(SIZE, 'boot'));
  for (const cloud of [WORST, TASKS])
    expect([
      cloud,
      scene
        .cloud(cloud)
        .snapshots()
        .map(({ content }) => content?.digest),
    ]).toEqual([cloud, [boot]]);
  expect([scene.cloud(WORST).instances().length, scene.cloud(WORST).things('net').length]).toEqual([2, nets + 1]);
  const names = ['disk1.vmdk', 'disk2.vmdk', 'package.mf', 'package.ovf'];
  expect([...came.keys()].toSorted()).toEqual(names.map((name) => `/out/${name}`));
  const told = readManifest(came.get('/out/package.mf') ?? Buffer.alloc(0));
  for (const [name, { hex }] of told)
    expect([
      name,
      createHash('sha256')
        .update(came.get(`/out/${name}`) ?? '')
        .digest('hex'),
    ]).toEqual([name, hex]);
  expect(told.size).toBe(3);
  await removeMade(system, made);
  await removeMade(template, designed);
  await expectAsBefore(before);
}

const all = (): [Change, Change, Change] => [
  importing('systems', WORST, '/shop.ovf'),
  importing('systemTemplates', TASKS, '/shop.ova'),
  exporting(),
];

test('killed at every boundary, one after the other: one System, one SystemTemplate, one package', async () => {
  const before = await counts();
  const changes = all();
  // Between the recording of a step and the beginning of the next nothing happens.
  const telling = (workflow: string) => placesOf(workflow).filter(({ moment }) => moment !== 'before' && moment !== 'leased');
  await killedInTurn(scene, changes, ['system.import', 'systemTemplate.import', 'package.export'].map(telling));
  await expectOneEach(changes, before);
});

test('refused in the midst, and killed at every boundary of what takes it back: none, and nothing left', async () => {
  const before = await counts();
  scene.cloud(WORST).fail({ method: 'machines.create', nth: 2, kind: 'quota', message: 'one too many' });
  scene.cloud(FROM).fail({ method: 'volumeImages.create', kind: 'quota', message: 'no room' });
  const changes = [importing('systems', WORST, '/shop.ovf'), importing('systemTemplates', TASKS, '/lacking.ovf'), exporting()];
  await killedInTurn(scene, changes, [
    undoPlacesOf('system.import', 'create'),
    undoPlacesOf('systemTemplate.import', 'images'),
    undoPlacesOf('package.export', 'images'),
  ]);
  for (const [index, words] of ['one too many', 'status 404', 'no room'].entries())
    expect(await changes[index]?.ended()).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining(words) as string });
  expect([...came.keys()]).toEqual([]);
  const path = (await changes[0]?.path()) ?? '';
  expect((await scene.client.get(path)).json).toMatchObject({ state: 'ERROR' });
  await succeeds(new Change(scene, WORST, 'DELETE', path));
  await expectAsBefore(before);
});

test('killed at random bytes of what is fetched and sent: it is fetched and sent again, and one of each is left', async () => {
  const before = await counts();
  for (const path of ['/boot.vmdk', '/shop.ova', '/out/disk1.vmdk']) holds.set(path, randomInt(1, files.get(path)?.length ?? SIZE / 8));
  const bytes = [...holds];
  const changes = all();
  await Promise.all(changes.map((change) => change.attempt()));
  await eventually(
    () => (held.size === bytes.length ? true : undefined),
    () => ({ bytes, held: [...held] }),
  );
  await scene.life.kill();
  for (const one of [holds, held]) one.clear();
  await scene.begin();
  await expectOneEach(changes, before);
});

describe('a move that stops its source', () => {
  let before: unknown;
  let url: string;
  beforeEach(async () => {
    before = await counts();
    await succeeds(act(scene, FROM, machine, 'start'));
    const exported = new Change(scene, FROM, 'POST', machine, {
      ...{ action: `${EXTENSION}/action/export`, properties: { 'ovf.running': 'snapshot' } },
    });
    await succeeds(exported);
    url = (await exported.ask()).headers.get('location') ?? '';
  });
  const moving = (): Change =>
    new Change(scene, WORST, 'POST', 'systems', {
      ...{ action: `${ACTION_URI}import`, source: url, properties: { cloud: WORST, source: 'stop' } },
    });
  const places = (all: readonly Place[]) => [all.filter(({ moment }) => moment !== 'before' && moment !== 'leased')];

  test('killed at every boundary: one System, the Machine STOPPED', async () => {
    const change = moving();
    await killedInTurn(scene, [change], places(placesOf('system.move')));
    const job = await succeeds(change);
    expect(job.statusMessage).toContain(`${machine} is left STOPPED`);
    expect([scene.cloud(WORST).instances().length, scene.cloud(WORST).things('volume').length]).toEqual([1, 1]);
    await removeMade(change, {
      affectedResources: listOf(job, 'affectedResources').filter(({ href }) => !String(href).endsWith(machine)),
    } as unknown as Json);
    await succeeds(new Change(scene, FROM, 'DELETE', url));
    await expectAsBefore(before);
  });

  test('refused by the other side, and killed at every boundary of what takes it back: none, the Machine STARTED', async () => {
    scene.cloud(WORST).fail({ method: 'machines.create', nth: 1, kind: 'quota', message: 'one too many' });
    const change = moving();
    await killedInTurn(scene, [change], places(undoPlacesOf('system.move', 'create')));
    expect(await change.ended()).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('one too many') as string });
    expect((await scene.client.get(machine)).json).toMatchObject({ state: 'STARTED' });
    await succeeds(new Change(scene, WORST, 'DELETE', await change.path()));
    await succeeds(act(scene, FROM, machine, 'stop'));
    await succeeds(new Change(scene, FROM, 'DELETE', url));
    await expectAsBefore(before);
  });
});
