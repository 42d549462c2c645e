import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import {
  expectFault,
  IMAGE,
  listOf,
  machineCreate,
  made,
  NANO,
  openScene,
  rels,
  succeeded,
  type Scene,
  leftByFailed,
} from '../protocol/scene';
import { elapse, eventually } from '../harness/wait';
import { BLOCK, hrefOf, itemsIn, reported, validXml, volumeOf } from './storage-scene';

/** Machines that come with their volumes (5.14.3), black box. */
let scene: Scene;
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const create = (name: string, template: object): Promise<Answer> => scene.client.post('machines', machineCreate({ name }, template));
const volumesOf = async (machine: Json): Promise<Json[]> => listOf(await get(hrefOf(machine.volumes)), 'machineVolumes');
const places = async (machine: Json): Promise<string[][]> =>
  (await volumesOf(machine)).map((one) => [String(one.initialLocation), hrefOf(one.volume)]).sort();
const byValue = (gib = 1, more: object = {}) => ({ volumeConfig: { type: BLOCK, capacity: reported(gib) }, ...more });
const counts = () => (['instance', 'volume', 'attachment', 'disk'] as const).map((kind) => scene.control.things(kind).length);
const settled = async (): Promise<number[]> => {
  await elapse(100);
  return [scene.control.instances().length, ...counts().slice(1)];
};

beforeAll(async () => {
  scene = await openScene({
    config: { jobs: { graceMs: 10_000 }, defaultCloud: 'sim', clouds: { sim: simulatedCloud({ lingerMs: 0 }), two: simulatedCloud() } },
  });
});
afterAll(() => scene.close());
afterEach(() => {
  scene.control.clearFailures();
  scene.control.resetSettings();
});

test('R5.14.3-02: volumes by reference, and made from templates by reference and by value, are attached to the new machine', async () => {
  const old = await volumeOf(scene.client, 'old');
  const template = await made(scene.client, 'volumeTemplates', byValue(2));
  const answer = await create('whole', {
    volumes: [{ initialLocation: '/dev/vdp', href: old.id }],
    volumeTemplates: [{ initialLocation: '/dev/vdq', href: template.id }, byValue(3, { initialLocation: '/dev/vdr' })],
  });
  await succeeded(scene.client, answer);
  const machine = await get(answer.headers.get('location'));
  expect(machine.state).toBe('STARTED');
  const found = await places(machine);
  expect(found.map(([at]) => at)).toEqual(['/dev/vdp', '/dev/vdq', '/dev/vdr']);
  expect(found[0]?.[1]).toBe(old.id);
  const made2 = await Promise.all(found.slice(1).map(([, href]) => get(href)));
  expect(made2.map(({ capacity, state, type }) => [Number(capacity), String(state), String(type)])).toEqual([
    [reported(2), 'AVAILABLE', BLOCK],
    [reported(3), 'AVAILABLE', BLOCK],
  ]);
  expect(listOf(await get('volumes'), 'volumes').map(({ id }) => id)).toEqual(expect.arrayContaining(found.map(([, href]) => href)));
  const wide = await get(`${String(machine.id)}?$expand=volumes,disks`);
  expect([itemsIn(wide.volumes, 'machineVolumes').length, itemsIn(wide.disks, 'disks').length]).toEqual([3, 1]);
  await succeeded(scene.client, await scene.client.delete(String(machine.id)));
  for (const [, href] of found)
    expect([href, (await get(href)).state, rels(await get(href)).includes('delete')]).toEqual([href, 'AVAILABLE', true]);
});

test('R5.17.1-01: each is a nested Job of the create, which can be read', async () => {
  const answer = await create('nested', { volumeTemplates: [byValue(1), byValue(1)] });
  const job = await succeeded(scene.client, answer);
  const children = await Promise.all(listOf(job, 'nestedJobs').map((one) => get(hrefOf(one))));
  expect(children.map(({ state, parentJob }) => [String(state), hrefOf(parentJob)])).toEqual(Array(4).fill(['SUCCESS', job.id]));
  const machine = await get(answer.headers.get('location'));
  expect(children.map(({ targetResource }) => hrefOf(targetResource)).sort()).toEqual(
    [hrefOf(machine.volumes), hrefOf(machine.volumes), `${scene.client.base}volumes`, `${scene.client.base}volumes`].sort(),
  );
  await validXml(scene.client, [job.id, children[0]?.id]);
  const affected = listOf(job, 'affectedResources').map(hrefOf);
  for (const [, href] of await places(machine)) expect(affected).toContain(href);
});

test('D005 R5.14.3-08: a template that holds them, in JSON and XML, flat as the pseudo-schemas show and nested as the table says', async () => {
  const old = await volumeOf(scene.client, 'flat');
  const nested = await made(scene.client, 'machineTemplates', {
    ...{ machineConfig: { href: NANO }, machineImage: { href: IMAGE } },
    ...{
      volumes: [{ initialLocation: '/dev/vdb', volume: { href: old.id } }],
      volumeTemplates: [{ initialLocation: '/dev/vdc', volumeTemplate: byValue(1) }],
    },
  });
  expect(nested.volumes).toEqual([{ initialLocation: '/dev/vdb', href: old.id }]);
  expect(nested.volumeTemplates).toEqual([{ initialLocation: '/dev/vdc', volumeConfig: { type: BLOCK, capacity: reported(1) } }]);
  await validXml(scene.client, [nested.id, 'machineTemplates']);
  const xml =
    `<MachineTemplate xmlns="${CIMI}"><machineConfig href="${NANO}"/><machineImage href="${IMAGE}"/>` +
    `<volume initialLocation="/dev/vdb" href="${String(old.id)}"/>` +
    `<volumeTemplate initialLocation="/dev/vdc"><volumeConfig><type>${BLOCK}</type><capacity>${reported(1)}</capacity></volumeConfig></volumeTemplate></MachineTemplate>`;
  const answer = await scene.client.send('POST', 'machineTemplates', { xml });
  const same = await get(answer.headers.get('location'));
  expect([same.volumes, same.volumeTemplates]).toEqual([nested.volumes, nested.volumeTemplates]);
  const machine = await made(scene.client, 'machines', { name: 'fromtemplate', machineTemplate: { href: same.id } });
  expect((await places(machine)).map(([at]) => at)).toEqual(['/dev/vdb', '/dev/vdc']);
  const without = await made(scene.client, 'machines', {
    name: 'without',
    machineTemplate: { href: same.id, volumes: null, volumeTemplates: null },
  });
  expect(await places(without)).toEqual([]);
});

test('in its initial state, with the volumes attached', async () => {
  const answer = await create('asleep', { initialState: 'STOPPED', volumeTemplates: [byValue()] });
  await succeeded(scene.client, answer);
  const machine = await get(answer.headers.get('location'));
  expect([machine.state, (await places(machine)).length]).toEqual(['STOPPED', 1]);
});

describe('refused before anything is made', () => {
  test.each([
    ['a volume that is not there', { volumes: [{ href: 'volumes/none' }] }, 400, /volumes\[0\]/],
    ['no reference', { volumes: [{ initialLocation: '/dev/vdb' }] }, 400, /volumes\[0\]/],
    ['a machine for a volume', { volumes: [{ href: 'machineConfigs/sim.s1_2enano' }] }, 400, /volumes\[0\]/],
    ['a template without capacity', { volumeTemplates: [{ volumeConfig: { type: BLOCK } }] }, 400, /capacity/],
    ['a template without configuration', { volumeTemplates: [{ initialLocation: '/dev/vdb' }] }, 400, /volumeTemplates\[0\]/],
    ['a template that is not there', { volumeTemplates: [{ href: 'volumeTemplates/none' }] }, 400, /volumeTemplates\[0\]/],
    ['an unknown attribute', { volumeTemplates: [{ size: 1 }] }, 400, /size/],
  ])('%s', async (_what, template, status, words) => {
    const before = await settled();
    expectFault(await create('refused', template), status, words);
    expect([await settled(), listOf(await get("machines?$filter=name='refused'"), 'machines')]).toEqual([before, []]);
  });

  test('a volume in use, named twice, or of another cloud', async () => {
    const [used, free] = [await volumeOf(scene.client, 'inuse'), await volumeOf(scene.client, 'free')];
    const holder = await made(scene.client, 'machines', machineCreate({ name: 'holder' }, { volumes: [{ href: used.id }] }));
    const before = await settled();
    expectFault(
      await create('x', { volumes: [{ href: used.id }] }),
      409,
      new RegExp(`attached to ${String(holder.id).slice(scene.client.base.length)}`),
    );
    expectFault(await create('x', { volumes: [{ href: free.id }, { href: free.id }] }), 400, /named twice/);
    const elsewhere = await made(scene.client, 'volumes', { cloud: 'two', volumeTemplate: byValue() });
    expectFault(await create('x', { volumes: [{ href: elsewhere.id }] }), 400, /not in cloud 'sim'/);
    expect(await settled()).toEqual(before);
  });
});

describe('one of them fails', () => {
  test.each([
    ['the second volume', { method: 'volumes.create', nth: 2 }],
    ['the first volume', { method: 'volumes.create', nth: 1 }],
    ['the first attachment', { method: 'attachments.create', nth: 1 }],
    ['the second attachment', { method: 'attachments.create', nth: 2 }],
    ['the machine', { method: 'machines.create', nth: 1 }],
  ])('%s: the whole fails with the provider’s words, and leaves nothing there', async (_what, at) => {
    const volumes = listOf(await get('volumes'), 'volumes').map(({ id }) => id);
    const before = await settled();
    scene.control.fail({ ...at, kind: 'quota', message: 'that is too much' });
    const answer = await create('halved', { volumeTemplates: [byValue(), byValue()] });
    const job = await scene.client.ended(answer);
    expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringContaining('that is too much')]);
    expect(String(job.statusMessage)).not.toContain('could not be undone');
    expect(await eventually(async () => (String(await settled()) === String(before) ? before : undefined))).toEqual(before);
    expect(listOf(await get('volumes'), 'volumes').map(({ id }) => id)).toEqual(volumes);
    const attached = answer.status >= 400 ? [] : await volumesOf(await get(answer.headers.get('location')));
    expect(attached).toEqual([]);
    await leftByFailed(scene.client, answer);
  });

  test('volumes by reference are free again', async () => {
    const old = await volumeOf(scene.client, 'again');
    scene.control.fail({ method: 'attachments.create', nth: 2, kind: 'quota', message: 'too many' });
    const answer = await create('halved', { volumes: [{ href: old.id }], volumeTemplates: [byValue()] });
    expect((await scene.client.ended(answer)).state).toBe('FAILED');
    expect([(await get(old.id)).state, rels(await get(old.id)).includes('delete')]).toEqual(['AVAILABLE', true]);
    expect(scene.control.things('volume').find(({ label }) => label === 'again')?.holder).toBe(null);
  });

  test('deleted while it is created, machine and volumes go', async () => {
    const before = await settled();
    scene.control.set({
      delays: { create: 4000, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 },
    });
    const early = machineCreate({ name: 'early' }, { volumeTemplates: [byValue()] });
    const answer = await scene.client.post('machines', early, { prefer: 'respond-async' });
    const uri = String(answer.headers.get('location'));
    await eventually(async () => (scene.control.things('volume').length > (before[1] ?? 0) ? true : undefined));
    await succeeded(scene.client, await scene.client.delete(uri));
    expect((await scene.client.get(uri)).status).toBe(404);
    expect(await eventually(async () => (String(await settled()) === String(before) ? before : undefined))).toEqual(before);
  });
});
