import { foreignInstance } from '../../drivers/simulator/control';
import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, machineCreate, made, openScene, pathOf, rels, succeeded, type Scene } from '../protocol/scene';
import { eventually } from '../harness/wait';
import { BLOCK, hrefOf, itemsIn, reported, validXml, volumeCreate, volumeOf } from './storage-scene';

/** Disks of machines and volumes attached to them (5.14.1.1.1, 5.14.1.1.2), black box. */
let scene: Scene;
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const machine = (name: string, template: object = {}): Promise<Json> => made(scene.client, 'machines', machineCreate({ name }, template));
const disks = async (one: Json): Promise<Json[]> => listOf(await get(hrefOf(one.disks)), 'disks');
const volumes = async (one: Json): Promise<Json[]> => listOf(await get(hrefOf(one.volumes)), 'machineVolumes');
const attach = (one: Json, volume: Json, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  scene.client.post(hrefOf(one.volumes), { volume: { href: volume.id }, ...more }, headers);
const remove = async (uri: unknown): Promise<Json> => succeeded(scene.client, await scene.client.delete(String(uri)));
const vm = (name: string): string => scene.control.instances().find(({ label }) => label === name)?.id ?? '';
const holder = (name: string): string | null | undefined => scene.control.things('volume').find(({ label }) => label === name)?.holder;

beforeAll(async () => {
  scene = await openScene({
    config: { jobs: { graceMs: 10_000 }, defaultCloud: 'sim', clouds: { sim: simulatedCloud(), two: simulatedCloud() } },
  });
});
afterAll(() => scene.close());
afterEach(() => {
  scene.control.clearFailures();
  scene.control.resetSettings();
});

describe('disks', () => {
  test('R5.5.12-01 R5.5.12-02 R5.5.12-05 R5.5.12-08 R5.5.12-09: those of its configuration are there, added, grown, deleted', async () => {
    const one = await machine('disky');
    const all = await get(hrefOf(one.disks));
    expect(all).toMatchObject({ resourceURI: `${CIMI}/DiskCollection`, id: hrefOf(one.disks), count: 1 });
    expect(rels(all)).toEqual(['add']);
    const [boot] = await disks(one);
    expect(boot).toMatchObject({ capacity: reported(8), initialLocation: '/dev/vda' });
    expect(rels(boot as Json)).toEqual(['edit']);
    expectFault(await scene.client.delete(String(boot?.id)), 409, /boots from this disk/);
    const answer = await scene.client.post(hrefOf(one.disks), { name: 'more', capacity: 1, initialLocation: '/dev/vdx' });
    expect([answer.status, answer.json.capacity]).toEqual([201, reported(1)]);
    const uri = String(answer.headers.get('location'));
    expect(await get(uri)).toMatchObject({
      id: uri,
      capacity: reported(1),
      initialLocation: '/dev/vdx',
      name: 'more',
      resourceURI: `${CIMI}/Disk`,
    });
    await succeeded(scene.client, await scene.client.put(`${uri}?$select=capacity`, { capacity: reported(3) + 1 }));
    expect((await get(uri)).capacity).toBe(reported(4));
    expectFault(await scene.client.put(`${uri}?$select=capacity`, { capacity: 5 }), 400, /grow, not shrink/);
    scene.control.resetCalls();
    await succeeded(scene.client, await scene.client.put(uri, await get(uri)));
    expect(scene.control.calls()['disks.update']).toBeUndefined();
    expect((await disks(one)).map(({ id }) => id)).toContain(uri);
    await remove(uri);
    expect([(await scene.client.get(uri)).status, (await disks(one)).length]).toEqual([404, 1]);
  });

  test('in XML, as the schema says', async () => {
    const one = await machine('diskxml');
    const xml = `<Disk xmlns="${CIMI}"><capacity>1</capacity><initialLocation>/dev/vdc</initialLocation></Disk>`;
    const answer = await scene.client.send('POST', hrefOf(one.disks), { xml });
    await succeeded(scene.client, answer);
    const texts = await validXml(scene.client, [hrefOf(one.disks), answer.headers.get('location'), one.id]);
    expect(texts[hrefOf(one.disks)]).toContain('<initialLocation>/dev/vdc</initialLocation>');
  });

  test.each([
    [{}, 400, /capacity/],
    [{ capacity: 0 }, 400, /capacity/],
    [{ capacity: 'big' }, 400, /capacity/],
    [{ capacity: -1 }, 400, /capacity/],
    [{ capacity: 1, format: 'ext4' }, 400, /'format' is no attribute/],
  ])('refused: %j', async (body, status, words) => {
    const one = await get(`machines/${await theMachine()}`);
    expectFault(await scene.client.post(hrefOf(one.disks), body), status, words);
  });

  test('of a machine that was there before: listed by derived ids, changed and deleted', async () => {
    scene.control.add([
      foreignInstance('vm-disk'),
      { kind: 'disk', id: 'disk-a', instance: 'vm-disk', sizeGiB: 2, path: '/dev/vdb', boot: false, madeAt: 0, tag: null, token: null },
    ]);
    const one = await eventually(async () => listOf(await get("machines?$filter=name='vm-disk'"), 'machines')[0]);
    const [disk] = await eventually(async () => ((await disks(one)).length > 0 ? disks(one) : undefined));
    expect(pathOf(scene.client, disk?.id)).toBe('machines/sim.vm-disk/disks/sim.disk-a');
    await succeeded(scene.client, await scene.client.put(`${String(disk?.id)}?$select=capacity`, { capacity: reported(5) }));
    expect(await get(disk?.id)).toMatchObject({ id: disk?.id, capacity: reported(5) });
    const added = await made(scene.client, hrefOf(one.disks), { capacity: 1 });
    expect((await disks(one)).map(({ id }) => id).sort()).toEqual([disk?.id, added.id].sort());
    await remove(disk?.id);
    expect((await disks(one)).map(({ id }) => id)).toEqual([added.id]);
  });

  test('an id is sealed by its owner: under another machine it is 404', async () => {
    const [one, other] = [await machine('owner'), await machine('stranger')];
    scene.control.add([
      { kind: 'disk', id: 'disk-s', instance: vm('owner'), sizeGiB: 2, path: '/dev/vdq', boot: false, madeAt: 0, tag: null, token: null },
    ]);
    const made = await eventually(async () => ((await disks(one)).length > 1 ? disks(one) : undefined));
    for (const { id } of made) {
      const there = String(id).replace(String(one.id), String(other.id));
      expect(there).not.toBe(id);
      for (const answer of [
        await scene.client.get(there),
        await scene.client.delete(there),
        await scene.client.put(`${there}?$select=capacity`, { capacity: reported(9) }),
      ]) {
        expectFault(answer, 404, /./);
      }
    }
    expect((await disks(one)).length).toBe(2);
  });
});

async function theMachine(): Promise<string> {
  const listed = listOf(await get("machines?$filter=name='the'"), 'machines')[0] ?? (await machine('the'));
  return pathOf(scene.client, listed.id).split('/')[1] ?? '';
}

describe('attaching', () => {
  test.each(['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'])(
    'R5.5.12.1-03: while the machine is %s; deleting the MachineVolume detaches',
    async (initialState) => {
      const name = `att-${initialState}`;
      const [one, volume] = [await machine(name, { initialState }), await volumeOf(scene.client, name)];
      const answer = await attach(one, volume, { initialLocation: '/dev/vdm', name: 'data' });
      expect(answer.status).toBe(201);
      const uri = String(answer.headers.get('location'));
      expect(await get(uri)).toMatchObject({
        resourceURI: `${CIMI}/MachineVolume`,
        id: uri,
        volume: { href: volume.id },
        initialLocation: '/dev/vdm',
        name: 'data',
      });
      expect([(await get(one.id)).state, holder(name)]).toEqual([initialState, vm(name)]);
      const all = await get(hrefOf(one.volumes));
      expect([all.resourceURI, all.count, rels(all)]).toEqual([`${CIMI}/MachineVolumeCollection`, 1, ['add']]);
      await remove(uri);
      expect([(await scene.client.get(uri)).status, await volumes(one), holder(name)]).toEqual([404, [], null]);
      expect((await get(volume.id)).state).toBe('AVAILABLE');
    },
  );

  test('D099: the provider chooses a location where none is given; a taken one is refused in its words', async () => {
    const one = await machine('hints');
    const [a, b] = [await volumeOf(scene.client, 'ha'), await volumeOf(scene.client, 'hb')];
    await succeeded(scene.client, await attach(one, a));
    expect((await volumes(one)).map(({ initialLocation }) => String(initialLocation))).toEqual(['/dev/vdb']);
    const job = await scene.client.ended(await attach(one, b, { initialLocation: '/dev/vdb' }));
    expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringMatching(/\/dev\/vdb/)]);
    expect(holder('hb')).toBe(null);
    expect((await volumes(one)).filter(({ volume }) => hrefOf(volume) === b.id)).toEqual([]);
  });

  test('R5.14.1-01 D105: in XML, as the schema says, and expanded in place', async () => {
    const [one, volume] = [await machine('attxml'), await volumeOf(scene.client, 'attxml')];
    const xml = `<MachineVolume xmlns="${CIMI}"><initialLocation>/dev/vdk</initialLocation><volume href="${String(volume.id)}"/></MachineVolume>`;
    const answer = await scene.client.send('POST', hrefOf(one.volumes), { xml });
    await succeeded(scene.client, answer);
    await validXml(scene.client, [hrefOf(one.volumes), answer.headers.get('location')]);
    const wide = await get(`${String(one.id)}?$expand=volumes,disks`);
    expect(itemsIn(wide.volumes, 'machineVolumes').map(({ volume: v, initialLocation }) => [hrefOf(v), initialLocation])).toEqual([
      [volume.id, '/dev/vdk'],
    ]);
    expect(itemsIn(wide.disks, 'disks').map(({ capacity }) => Number(capacity))).toEqual([reported(8)]);
    const listed = listOf(await get("machines?$filter=name='attxml'&$expand=volumes,disks"), 'machines')[0];
    expect([itemsIn(listed?.volumes, 'machineVolumes').length, itemsIn(listed?.disks, 'disks').length]).toEqual([1, 1]);
    const item = await get(`${String(answer.headers.get('location'))}?$expand=volume`);
    expect(item.volume).toMatchObject({ id: volume.id, name: 'attxml' });
  });

  test('a volume in use is attached to no other machine, nor twice, nor deleted', async () => {
    const [one, other, volume] = [await machine('user'), await machine('second'), await volumeOf(scene.client, 'used')];
    await succeeded(scene.client, await attach(one, volume));
    for (const to of [one, other])
      expectFault(await attach(to, volume), 409, new RegExp(`(in use|attached).*${pathOf(scene.client, one.id)}`));
    expect((await volumes(other)).length).toBe(0);
    expect(rels(await get(volume.id))).toEqual(['edit']);
    expectFault(await scene.client.delete(String(volume.id)), 409, /attached|in use/);
    expect((await get(volume.id)).state).toBe('AVAILABLE');
  });

  test('a machine in motion, a volume of another cloud, and what is no volume are refused', async () => {
    const [one, volume] = [await machine('still'), await volumeOf(scene.client, 'still')];
    const elsewhere = await made(scene.client, 'volumes', volumeCreate({ cloud: 'two' }));
    expectFault(await attach(one, elsewhere), 400, /cannot span two clouds/);
    expectFault(await attach(one, { id: 'volumes/none' } as unknown as Json), 400, /volume/);
    expectFault(await attach(one, one), 400, /volume/);
    expectFault(await scene.client.post(hrefOf(one.volumes), { initialLocation: '/dev/vdx' }), 400, /a reference to the Volume/);
    scene.control.setPhase(vm('still'), 'stopping');
    await eventually(async () => ((await get(one.id)).state === ('STOPPING' as unknown) ? true : undefined));
    expectFault(await attach(one, volume), 409, /STOPPING/);
    expectFault(await scene.client.post(hrefOf(one.disks), { capacity: 1 }), 409, /STOPPING/);
    expect(holder('still')).toBe(null);
  });

  test('while a job changes machine or volume, another gets 409 with that job’s URI', async () => {
    const [one, volume] = [await machine('held'), await volumeOf(scene.client, 'held')];
    scene.control.fail({ method: 'attachments.create', delayMs: 5000 });
    const answer = await attach(one, volume, {}, { prefer: 'respond-async' });
    expect(answer.status).toBe(202);
    const uri = String(answer.headers.get('location'));
    expect((await get(uri)).volume).toEqual({ href: volume.id });
    expect((await volumes(one)).map(({ id }) => id)).toEqual([uri]);
    const job = pathOf(scene.client, answer.headers.get('cimi-job-uri'));
    expectFault(await attach(one, volume), 409, job);
    expectFault(await scene.client.delete(String(volume.id)), 409, job);
    expectFault(await scene.client.act(String(one.id), 'stop'), 409, job);
    await succeeded(scene.client, answer);
    expect((await volumes(one)).map(({ id }) => id)).toEqual([uri]);
  });

  test('made at the provider’s console, it is listed and can be detached; detached there, it is gone here', async () => {
    const [one, volume] = [await machine('console'), await volumeOf(scene.client, 'console')];
    const thing = scene.control.things('volume').find(({ label }) => label === 'console');
    if (!thing) throw new Error('no volume');
    const wire = {
      kind: 'attachment' as const,
      id: 'att-c',
      instance: vm('console'),
      volume: thing.id,
      path: '/dev/vdz',
      madeAt: 0,
      tag: null,
      token: null,
    };
    scene.control.add([wire, { ...thing, holder: vm('console') }]);
    const [seen] = await eventually(async () => ((await volumes(one)).length > 0 ? volumes(one) : undefined));
    expect([pathOf(scene.client, seen?.id), hrefOf(seen?.volume), seen?.initialLocation]).toEqual([
      `${pathOf(scene.client, one.id)}/volumes/sim.att-c`,
      volume.id,
      '/dev/vdz',
    ]);
    expect(await get(seen?.id)).toMatchObject({ id: seen?.id, volume: { href: volume.id } });
    await remove(seen?.id);
    expect([await volumes(one), holder('console')]).toEqual([[], null]);
    await succeeded(scene.client, await attach(one, volume));
    const [again] = await volumes(one);
    scene.control.remove(scene.control.things('attachment').filter(({ volume: of }) => of === thing.id));
    scene.control.add([{ ...thing, holder: null }]);
    await eventually(async () => ((await scene.client.get(String(again?.id))).status === 404 ? true : undefined));
    expect(await volumes(one)).toEqual([]);
  });

  test('R5.5.12-13 R5.5.12-14 R5.5.12-15 R5.7-01 R5.7-02: a machine deleted takes its disks along and detaches its volumes', async () => {
    const [one, volume] = [await machine('ends'), await volumeOf(scene.client, 'ends')];
    await succeeded(scene.client, await attach(one, volume));
    const [[disk], [attached], id] = [await disks(one), await volumes(one), vm('ends')];
    await remove(one.id);
    for (const uri of [one.id, hrefOf(one.disks), hrefOf(one.volumes), disk?.id, attached?.id]) {
      expect([uri, (await scene.client.get(String(uri))).status]).toEqual([uri, 404]);
    }
    expect([await get(volume.id)].map(({ state, capacity }) => [String(state), Number(capacity)])).toEqual([['AVAILABLE', reported(1)]]);
    expect([scene.control.things('disk'), scene.control.things('attachment')].flat().filter(({ instance }) => instance === id)).toEqual([]);
    expect(rels(await get(volume.id)).sort()).toEqual(['delete', 'edit']);
    await remove(volume.id);
  });
});

test('R5.11-01: what ResourceMetadata says of storage is so', async () => {
  const all = listOf(await get('clouds/sim/resourceMetadata'), 'resourceMetadatas');
  const of = (type: string) => all.find(({ typeURI }) => String(typeURI) === `${CIMI}/${type}`);
  const capabilities = (type: string) =>
    Object.fromEntries(listOf(of(type) as Json, 'capabilities').map(({ uri, value }) => [String(uri).split('/').at(-1), value as unknown]));
  const attributes = (type: string) => Object.fromEntries(listOf(of(type) as Json, 'attributes').map((one) => [String(one.name), one]));
  expect(capabilities('Volume')).toMatchObject({
    SharedVolumeSupport: false,
    VolumeConfigByValue: true,
    VolumeSnapshot: true,
    VolumeTemplateByValue: true,
  });
  expect(capabilities('Volume').VolumeImageByValue ?? false).toBe(false);
  expect(capabilities('Machine')).toMatchObject({ MachineVolumeTemplatesByValue: true, MachineTemplateByValue: true });
  for (const type of ['Volume', 'VolumeTemplate', 'VolumeConfiguration', 'VolumeImage', 'Disk', 'MachineVolume', 'VolumeVolumeImage'])
    expect([type, of(type)?.typeURI]).toEqual([type, `${CIMI}/${type}`]);
  expect(attributes('VolumeTemplate')).toMatchObject({ volumeConfig: {}, volumeImage: {}, meterTemplates: {}, eventLogTemplate: {} });
  expect(JSON.stringify(attributes('Volume').type)).toContain(BLOCK);
  const actions = (type: string) => listOf(of(type) as Json, 'actions').map(({ name }) => String(name));
  expect(actions('Disk').sort()).toEqual(['add', 'delete', 'edit']);
  expect(actions('Volume').sort()).toEqual(['add', 'delete', 'edit']);
  expect(actions('MachineVolume').sort()).toEqual(['add', 'delete']);
  expect(actions('VolumeVolumeImage').sort()).toEqual(['delete', 'edit']);
});
