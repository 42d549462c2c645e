import { encodeId } from '../../src/clouds/identity';
import { hashPassword } from '../../src/http/passwords';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, machineCreate, made, openScene, pathOf, type Scene } from '../protocol/scene';
import { BLOCK, hrefOf, reported, volumeCreate, volumeOf } from './storage-scene';

/** Storage of two tenants on one account: `a`, to whom what was discovered belongs, and `b`. */
let scene: Scene;
let a: Client;
let b: Client;
/** Paths of what belongs to `b`, ids computed from the provider's keys included. */
const foreign: string[] = [];
let volume: Json;
let machine: Json;
let image: Json;

async function user(name: string, tenant: string): Promise<Client> {
  await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role: 'operator', passwordHash: await hashPassword(`pw-${name}`) });
  return scene.client.as({ authorization: `Basic ${Buffer.from(`${name}:pw-${name}`).toString('base64')}` });
}

beforeAll(async () => {
  const cloud = simulatedCloud({}, { tenants: ['a', 'b'], discoveredTenant: 'a' });
  scene = await openScene({
    config: { access: { required: true }, tenants: ['a', 'b'], jobs: { graceMs: 10_000 }, clouds: { sim: cloud } },
  });
  a = await user('ann', 'a');
  b = await user('bob', 'b');
  volume = await volumeOf(b, 'of-b');
  image = await made(b, 'volumeImages', { imageLocation: { href: volume.id } });
  machine = await made(b, 'machines', machineCreate({ name: 'of-b' }, { volumes: [{ href: volume.id }] }));
  const template = await made(b, 'volumeTemplates', { volumeConfig: { type: BLOCK, capacity: 1 } });
  const config = await made(b, 'volumeConfigs', { type: BLOCK, capacity: 1 });
  const get = async (uri: unknown) => (await b.get(String(uri))).json;
  const parts = [
    ...listOf(await get(hrefOf(machine.disks)), 'disks'),
    ...listOf(await get(hrefOf(machine.volumes)), 'machineVolumes'),
    ...listOf(await get(hrefOf(volume.images)), 'volumeVolumeImages'),
  ];
  expect(parts.length).toBe(3);
  foreign.push(...[volume, image, template, config, ...parts].map(({ id }) => pathOf(b, id)));
  foreign.push(...[machine.disks, machine.volumes, volume.images].map((at) => pathOf(b, hrefOf(at))));
  const keys = (kind: 'volume' | 'copy' | 'disk' | 'attachment') => scene.control.things(kind).map(({ id }) => encodeId('sim', id));
  const vm = encodeId('sim', scene.control.instances()[0]?.id ?? '');
  foreign.push(...keys('volume').map((id) => `volumes/${id}`), ...keys('copy').map((id) => `volumeImages/${id}`));
  for (const owner of [pathOf(b, machine.id), `machines/${vm}`]) {
    foreign.push(...keys('disk').map((id) => `${owner}/disks/${id}`), ...keys('attachment').map((id) => `${owner}/volumes/${id}`));
  }
});
afterAll(() => scene.close());

test('what belongs to another tenant is 404 by every id and method, and in no list', async () => {
  expect(foreign.length).toBeGreaterThanOrEqual(16);
  for (const path of foreign) {
    for (const prefix of ['', 'clouds/sim/']) expectFault(await a.get(prefix + path), 404, /./);
    // A collection takes neither, whosever it is.
    if (/\/(disks|volumes|images)$/.test(path)) continue;
    expectFault(await a.delete(path), 404, /./);
    expectFault(await a.put(`${path}?$select=name`, { name: 'mine' }), 404, /./);
  }
  for (const [list, name] of [
    ['volumes', 'volumes'],
    ['volumeImages', 'volumeImages'],
    ['volumeTemplates', 'volumeTemplates'],
  ] as const)
    expect(listOf((await a.get(list)).json, name)).toEqual([]);
  expect(JSON.stringify((await a.get('volumeConfigs?$expand=*')).json)).not.toContain(pathOf(b, foreign[3]));
  expect(scene.control.things('volume').map(({ label }) => label)).toEqual(['of-b']);
});

test('nor can it be referred to, attached or added to', async () => {
  const own = await made(a, 'machines', machineCreate({ name: 'of-a' }));
  const mine = await volumeOf(a, 'of-a');
  const refusals = [
    [hrefOf(own.volumes), { volume: { href: volume.id } }],
    ['volumeImages', { imageLocation: { href: volume.id } }],
    ['volumes', volumeCreate({}, { volumeConfig: { capacity: reported(1) }, volumeImage: { href: image.id } })],
    ['volumes', volumeCreate({}, { href: foreign[2] })],
    ['machines', machineCreate({}, { volumes: [{ href: volume.id }] })],
    ['machines', machineCreate({}, { volumeTemplates: [{ href: foreign[2] }] })],
  ] as const;
  for (const [collection, body] of refusals) expectFault(await a.post(collection, body), 400, /nothing|not|no /);
  expectFault(await a.post(hrefOf(machine.volumes), { volume: { href: mine.id } }), 404, /./);
  expectFault(await a.post(hrefOf(machine.disks), { capacity: 1 }), 404, /./);
  expect([scene.control.things('copy').length, scene.control.things('attachment').length, scene.control.things('disk').length]).toEqual([
    1, 1, 2,
  ]);
});

test('an id that is there, below an owner of one’s own, is 404', async () => {
  const own = await made(a, 'machines', machineCreate({ name: 'of-a2' }));
  for (const path of foreign.filter((one) => /^machines\/[^/]+\/(disks|volumes)\/./.test(one))) {
    const there = path.replace(/^machines\/[^/]+/, pathOf(a, own.id));
    for (const answer of [await a.get(there), await a.delete(there)]) expectFault(answer, 404, /./);
  }
});
