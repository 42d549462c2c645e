import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import type { Origin } from '../fetch/origin';
import { ACTION_URI, listOf, made, openScene, pathOf, rels, succeeded, type Scene } from '../protocol/scene';
import { collection, diskOf, envelope, serving, systemOf, vmdkOf } from './parcel';

/** Import of packages as Systems (DSP0263 4.3, 5.13.2.1, Annex A), black box; packages come from a server of this test's own. */
const MIB = 2 ** 20;
const disks = { d1: { file: 'boot.vmdk', size: 4 * MIB }, d2: { file: 'data.vmdk', size: 8 * MIB }, d3: { size: 16 * MIB } };
const WEB = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1'], networks: ['front', 'back'] };
const DB = { id: 'db', cpus: 2, mebibytes: 2048, disks: ['d1', 'd2', 'd3'], networks: ['back'] };
let origin: Origin;
let scene: Scene;

const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const refOf = async (from: Json, name: string): Promise<Json> => get((from[name] as unknown as Json).href);
const asking = (source: string, properties?: object): object => ({
  action: `${ACTION_URI}import`,
  source: source.includes(':') ? source : origin.url + source,
  properties,
});
const importing = (source: string, properties?: object): Promise<Answer> => scene.client.post('systems', asking(source, properties));
/** Members of one kind that a System has, as resources. */
async function membersOf(system: Json, collectionName: string, reference: string): Promise<Json[]> {
  const list = await refOf(system, collectionName);
  const members = await Promise.all(
    listOf(list, `system${collectionName[0]?.toUpperCase() ?? ''}${collectionName.slice(1)}`).map((item) => refOf(item, reference)),
  );
  return members.toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
}
const COLLECTIONS = [
  'systems',
  'machines',
  'volumes',
  'networks',
  'machineConfigs',
  'machineImages',
  'volumeImages',
  'systemTemplates',
] as const;
const KINDS = ['instance', 'volume', 'snapshot', 'copy'] as const;
const left = async (): Promise<number[]> => [
  ...(await Promise.all(COLLECTIONS.map(async (name) => Number((await get(name)).count)))),
  ...KINDS.map((kind) => scene.control.things(kind).length),
];

beforeAll(async () => {
  origin = await serving({
    '/one.ovf': envelope(systemOf(WEB), { d1: disks.d1 }, ['front', 'back']),
    '/two.ovf': envelope(collection('shop', [systemOf(WEB), systemOf(DB)]), disks, ['front', 'back']),
    '/nested.ovf': envelope(
      collection('all', [systemOf({ ...WEB, networks: ['front'] }), collection('inner', [systemOf({ ...DB, networks: ['back'] })])]),
      disks,
      ['front', 'back'],
    ),
    '/blank.ovf': envelope(collection('all', [systemOf(WEB), systemOf({ ...DB, disks: ['d3'] })]), disks, ['front', 'back']),
    '/missing.ovf': envelope(systemOf({ ...WEB, disks: ['d1', 'd2'] }), { d1: disks.d1, d2: { file: 'nowhere.vmdk', size: MIB } }, [
      'front',
      'back',
    ]),
    '/large.ovf': envelope(collection('all', [systemOf(WEB), systemOf({ ...DB, cpus: 4096 })]), disks, ['front', 'back']),
    '/boot.vmdk': await vmdkOf(diskOf(4 * MIB, 'boot')),
    '/data.vmdk': await vmdkOf(diskOf(8 * MIB, 'data')),
  });
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, fetch, clouds: { sim: simulatedCloud() } } });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});
afterEach(() => scene.control.clearFailures());

test('the collection offers import, and its metadata tells of it (R5.13.2.1-05)', async () => {
  expect(rels(await get('systems'))).toEqual(['add', 'import']);
  const { json } = await scene.client.get(`resourceMetadata?$filter=typeURI='${CIMI}/System'`);
  expect(listOf(listOf(json, 'resourceMetadatas')[0] ?? {}, 'actions').map(({ name }) => name)).toContain('import');
});

test('a package becomes a System with all that it consists of (R5.13.2.1-05 to -08, RA-12 to RA-17)', async () => {
  const before = await left();
  const answer = await importing('two.ovf', { name: 'the shop' });
  const job = await succeeded(scene.client, answer);
  expect(job).toMatchObject({ action: `${ACTION_URI}import`, targetResource: { href: `${scene.client.base}systems` } });
  const system = await get(answer.headers.get('location'));
  expect(system).toMatchObject({ name: 'the shop', state: 'STARTED' });
  const [machines, networks, volumes] = await Promise.all([
    membersOf(system, 'machines', 'machine'),
    membersOf(system, 'networks', 'network'),
    membersOf(system, 'volumes', 'volume'),
  ]);
  expect(machines.map(({ name, cpu }) => [name, cpu])).toEqual([
    ['db', 2],
    ['web', 1],
  ]);
  expect(networks.map(({ name }) => name)).toEqual(['back', 'front']);
  expect(volumes.map(({ capacity }) => Number(capacity) * 1000 >= 16 * MIB)).toEqual([true, true]);
  const interfaces = listOf(await refOf(machines[1] ?? {}, 'networkInterfaces'), 'machineNetworkInterfaces');
  expect(await Promise.all(interfaces.map(async (one) => String((await refOf(one, 'network')).name)))).toEqual(
    expect.arrayContaining(['front', 'back']),
  );
  const affected = listOf(job, 'affectedResources').map(({ href }) => String(href));
  for (const { id } of [system, ...machines, ...networks, ...volumes]) expect(affected).toContain(id);
  // One nested Job for each disk, then that of the System; one disk in two machines is one image.
  const nested = await Promise.all(listOf(job, 'nestedJobs').map(({ href }) => get(href)));
  const about = nested.map((one) => pathOf(scene.client, listOf(one, 'affectedResources')[1]?.href).split('/')[0]);
  // Both kinds of images come at once, in no order; the System comes after all of them.
  expect([...about.slice(0, 2).sort(), ...about.slice(2)]).toEqual(['machineImages', 'volumeImages', 'systems']);
  // The configurations are resources of their own; a Machine has no attribute for its own (D134).
  for (const [index, { id }] of machines.entries()) {
    const row = await scene.gateway.gateway.store.resource(pathOf(scene.client, id));
    const configuration = String(row?.internal.configuredBy);
    expect(affected).toContain(scene.client.base + configuration);
    expect(await get(configuration)).toMatchObject({ cpu: [2, 1][index], memory: [2_097_152, 524_288][index] });
  }
  expect(await left()).toEqual([1, 2, 2, 2, 2, 1, 1, 0, 2, 2, 1, 1].map((more, index) => (before[index] ?? 0) + more));
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
});

test('nested collections become nested Systems, and XML asks for it as JSON does (RA-13)', async () => {
  const body = `<Action xmlns="http://schemas.dmtf.org/cimi/1"><action>${ACTION_URI}import</action><source>${origin.url}nested.ovf</source></Action>`;
  const answer = await scene.client.send('POST', 'systems', { xml: body });
  const job = await succeeded(scene.client, answer);
  const system = await get(answer.headers.get('location'));
  expect(system).toMatchObject({ name: 'all', state: 'STARTED' });
  const [inner] = await membersOf(system, 'systems', 'system');
  expect(inner).toMatchObject({ name: 'inner', state: 'STARTED' });
  expect((await membersOf(system, 'machines', 'machine')).map(({ name }) => name)).toEqual(['web']);
  expect((await membersOf(inner ?? {}, 'machines', 'machine')).map(({ name }) => name)).toEqual(['db']);
  expect((await membersOf(inner ?? {}, 'networks', 'network')).map(({ name }) => name)).toEqual(['back']);
  expect(listOf(job, 'affectedResources').map(({ href }) => String(href))).toContain(inner?.id);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
});

test('a package of one machine is a System of one, on Networks that are there (4.3)', async () => {
  const network = await made(scene.client, 'networks', { resourceURI: `${CIMI}/NetworkCreate`, name: 'mine', networkTemplate: {} });
  const before = await left();
  const answer = await importing('one.ovf', { 'ovf.network.front': String(network.id), 'ovf.network.back': String(network.id) });
  await succeeded(scene.client, answer);
  const system = await get(answer.headers.get('location'));
  const [machine] = await membersOf(system, 'machines', 'machine');
  const interfaces = listOf(await refOf(machine ?? {}, 'networkInterfaces'), 'machineNetworkInterfaces');
  expect(interfaces.map((one) => (one.network as unknown as Json).href)).toEqual([network.id, network.id]);
  const [systems, machines, , networks] = await left();
  expect([systems, machines, networks]).toEqual([(before[0] ?? 0) + 1, (before[1] ?? 0) + 1, before[3]]);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
});

test.each([
  ['a disk that cannot be had', 'missing.ovf', undefined, /disk d2: .*status 404/],
  ['a machine without contents', 'blank.ovf', undefined, /the machine 'db': has no contents to start from: no Machine can be made/],
  ['a machine that is too large', 'large.ovf', undefined, /the component 'db': no machine configuration of cloud 'sim' is as asked for/],
  ['a Network that is refused', 'two.ovf', { method: 'networks.create', kind: 'quota', message: 'no more networks' }, /no more networks/],
  ['a Machine that is refused', 'two.ovf', { method: 'machines.create', nth: 2, kind: 'quota', message: 'one too many' }, /one too many/],
  ['a Volume that is refused', 'two.ovf', { method: 'volumes.create', nth: 2, kind: 'quota', message: 'no room' }, /no room/],
  [
    'a disk that the cloud refuses',
    'two.ovf?x',
    { method: 'machineImages.upload.receive', atByte: 1, kind: 'quota', message: 'full' },
    /full/,
  ],
] as const)('%s leaves nothing', async (_, path, fault, words) => {
  const before = await left();
  if (fault) scene.control.fail(fault);
  const answer = await importing(path);
  expect(answer.json.state).toBe('FAILED');
  expect(answer.json.statusMessage).toMatch(words);
  expect(await left()).toEqual(before);
});
