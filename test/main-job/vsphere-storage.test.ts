import { CIMI } from '../../src/model/define';
import { mibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { reading } from '../resources/network-kit';
import type { Json } from '../harness/client';
import { Steps } from './steps';
import { startVsphereWorld, type VsphereWorld } from './vsphere-world';
import { offers, refOf } from './world';
import { eventually } from '../harness/wait';

const BLOCK = 'http://cimi-gateway.org/volume-type/block';
const MIB = 1024;

/** Storage on vSphere over HTTP, by the same requests as on the other clouds, seen from both sides. */
describeWith('vcsim', vcsimAvailable(), () => {
  let world: VsphereWorld;
  const steps = new Steps(() => world);
  const { get, items, metadataOf } = reading(() => world.client);
  beforeAll(async () => {
    world = await startVsphereWorld();
  });
  afterEach(async () => {
    world.account.proxy.reset();
    await world.account.sim.order({ clear: true });
    expect(await world.leftovers()).toEqual([]);
    for (const collection of ['machines', 'volumes', 'volumeImages']) expect((await get(collection)).count).toBe(0);
  });
  afterAll(() => world.stop());

  const there = () => world.account.fcds();
  const made = async (collection: string, json: object): Promise<Json> => get((await steps.done('POST', collection, { json })).location);
  const volume = (name: string, template: object = { volumeConfig: { type: BLOCK, capacity: 1_500_000 } }, more: object = {}) =>
    made('volumes', { resourceURI: `${CIMI}/VolumeCreate`, name, ...more, volumeTemplate: template });
  const machine = async (name: string, template: object = {}, more: object = {}): Promise<Json> =>
    steps.machine({ name, ...more, machineTemplate: { ...(await steps.parts()), ...template } });
  const volumesOf = (one: Json) => items(refOf(one, 'volumes'), 'machineVolumes');
  const disksOf = (one: Json) => items(refOf(one, 'disks'), 'disks');
  const attach = (one: Json, what: Json, more: object = {}) => made(refOf(one, 'volumes'), { volume: { href: what.id }, ...more });
  const grow = async (what: Json, capacity: number): Promise<Json> => {
    await steps.done('PUT', `${String(what.id)}?$select=capacity`, { json: { resourceURI: what.resourceURI, capacity } });
    return get(what.id);
  };
  const reads = <T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> =>
    eventually(async () => {
      const value = await read();
      return done(value) ? value : undefined;
    });

  test('a volume is made, attached, grown, captured, made again from its image, detached and deleted', async () => {
    const [one, other] = [await machine('holder'), await machine('next')];
    const data = await volume('data', undefined, { description: 'rows', properties: { for: 'tests' }, datastore: 'LocalDS_0' });
    expect(data).toMatchObject({ state: 'AVAILABLE', type: BLOCK, capacity: mibToKb(1431), bootable: false, datastore: 'LocalDS_0' });
    expect(data).toMatchObject({ description: 'rows', properties: { for: 'tests' } });
    expect(offers(data)).toEqual(['delete', 'edit']);
    await steps.xml(String(data.id));

    const attachment = await attach(one, data, { name: 'for data' });
    expect(attachment).toMatchObject({ name: 'for data', volume: { href: data.id } });
    expect((await volumesOf(one)).map(({ id }) => id)).toEqual([attachment.id]);
    await steps.xml(refOf(one, 'volumes'));
    expect(offers(await get(data.id))).toEqual(['edit']);
    const refused = await world.client.delete(String(data.id));
    expect([refused.status, refused.json.state]).toEqual([409, 'FAILED']);
    expect((await world.client.post(refOf(other, 'volumes'), { volume: { href: data.id } })).status).toBe(409);

    expect((await grow(data, 2_000_001)).capacity).toBe(mibToKb(1908));
    const smaller = { resourceURI: data.resourceURI, capacity: 1 };
    expect((await world.client.put(`${String(data.id)}?$select=capacity`, smaller)).status).toBe(400);
    const writes = () => world.account.proxy.count('ExtendDisk_Task');
    const before = writes();
    await steps.done('PUT', String(data.id), { json: await get(data.id) });
    expect(writes()).toBe(before);
    const naming = { resourceURI: data.resourceURI, name: 'rows “é”', properties: { b: '2' } };
    await steps.done('PUT', `${String(data.id)}?$select=name,properties`, { json: naming });
    expect(await get(data.id)).toMatchObject({ name: 'rows “é”', properties: { b: '2' }, description: 'rows' });
    expect((await there()).map(({ name, capacity }) => [name, capacity])).toEqual([['rows “é”', 1908]]);

    const image = await made('volumeImages', {
      ...{ resourceURI: `${CIMI}/VolumeImage`, name: 'evening', bootable: true },
      imageLocation: { href: data.id },
    });
    expect(image).toMatchObject({ state: 'AVAILABLE', name: 'evening', bootable: true });
    await steps.xml(String(image.id));
    const twin = await volume('twin', { volumeConfig: { capacity: mibToKb(3000) }, volumeImage: { href: image.id } });
    expect(twin).toMatchObject({ capacity: mibToKb(3000), name: 'twin', bootable: true });
    expect([(await get('volumes')).count, (await get('volumeImages')).count]).toEqual([2, 1]);

    await steps.remove(attachment);
    expect([await volumesOf(one), (await get(data.id)).state]).toEqual([[], 'AVAILABLE']);
    await attach(other, data);
    await steps.remove(other);
    expect((await get(data.id)).state).toBe('AVAILABLE');
    await steps.remove(data);
    expect((await get(image.id)).state).toBe('AVAILABLE');
    for (const each of [twin, image, one]) await steps.remove(each);
  });

  test('a machine comes with volumes, beside its own datastore; they outlive it and its snapshots, its disks do not', async () => {
    const own = await volume('own', { volumeConfig: { capacity: 1 } });
    const volumeTemplates = [1, 2].map((mib) => ({ volumeTemplate: { volumeConfig: { type: BLOCK, capacity: mib * 1000 * MIB } } }));
    const one = await machine('with volumes', { volumes: [{ volume: { href: own.id } }], volumeTemplates });
    expect(one.state).toBe('STARTED');
    expect(await volumesOf(one)).toHaveLength(3);
    const [root, ...more] = await disksOf(one);
    expect([more, offers(root as Json)]).toEqual([[], ['delete', 'edit']]);

    const added = await made(refOf(one, 'disks'), { name: 'scratch', capacity: 50_000 });
    expect(added).toMatchObject({ name: 'scratch', capacity: mibToKb(48) });
    expect(await disksOf(one)).toHaveLength(2);
    await steps.xml(refOf(one, 'disks'));
    expect((await grow(added, mibToKb(48) + 1)).capacity).toBe(mibToKb(49));
    const gone = await made(refOf(one, 'disks'), { capacity: 1 });
    await steps.remove(gone);
    const next = await made(refOf(one, 'disks'), { capacity: 1 });
    expect([next.id === gone.id, (await disksOf(one)).length]).toEqual([false, 3]);

    const { operations } = await get(one.id);
    const offered = (operations as unknown as { rel: string; href: string }[]).find(({ rel }) => rel.endsWith('/snapshot'));
    await steps.done('POST', offered?.href ?? '', { json: { resourceURI: `${CIMI}/MachineImage`, imageLocation: one.id } });
    const job = await world.client.ended(
      await world.client.put(`${String(added.id)}?$select=capacity`, { resourceURI: added.resourceURI, capacity: 100_000 }),
    );
    expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringMatching(/snapshots first/)]);
    await steps.remove(one);
    expect(await there()).toHaveLength(3);
    for (const each of await items('volumes', 'volumes')) await steps.remove(each);
  });

  test('answers that are lost make nothing twice', async () => {
    const lost = (method: string, when?: (body: string) => boolean) =>
      world.account.proxy.add({ method, drop: 'after', times: 1, ...(when ? { when } : {}) });
    const one = await machine('steady');
    for (const method of ['CreateDisk_Task', 'AttachDisk_Task', 'CloneVStorageObject_Task', 'DetachDisk_Task', 'DeleteVStorageObject_Task'])
      lost(method);
    lost('ReconfigVM_Task', (body) => body.includes('<fileOperation>create<'));
    lost('ReconfigVM_Task', (body) => body.includes('<fileOperation>destroy<'));
    const data = await volume('data');
    const attachment = await attach(one, data);
    const image = await made('volumeImages', { resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: data.id } });
    const disk = await made(refOf(one, 'disks'), { capacity: 10_000 });
    expect([(await there()).length, (await volumesOf(one)).length, (await disksOf(one)).length]).toEqual([2, 1, 2]);
    for (const each of [disk, attachment, image, data, one]) await steps.remove(each);
  });

  test('a volume made of an image is grown by whoever takes its create up again', async () => {
    const data = await volume('data', { volumeConfig: { capacity: mibToKb(10) } });
    const image = await made('volumeImages', { resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: data.id } });
    world.account.proxy.add({ method: 'ExtendDisk_Task', drop: 'before', times: 1 });
    const twin = await volume('twin', { volumeConfig: { capacity: mibToKb(20) }, volumeImage: { href: image.id } });
    expect(twin.capacity).toBe(mibToKb(20));
    expect((await there()).map(({ capacity }) => capacity).sort()).toEqual([10, 10, 20]);
    for (const each of [twin, image, data]) await steps.remove(each);
  });

  test('what is made, attached, renamed and detached at the console is seen here, and operable', async () => {
    const one = await machine('console');
    const [vm = ''] = await world.instances();
    const { keys: [id = ''] = [] } = await world.account.sim.order({ fcds: { name: 'console', count: 1, keep: false } });
    const [found] = await reads(
      () => items('volumes', 'volumes'),
      (list) => list.length === 1,
    );
    expect(found).toMatchObject({ name: 'console-0', state: 'AVAILABLE', capacity: mibToKb(64) });
    const onVm = (method: string, inner: string) =>
      world.account.console(
        `<${method} xmlns="urn:vim25"><_this type="VirtualMachine">${vm}</_this><diskId><id>${id}</id></diskId>${inner}</${method}>`,
      );
    const datastore = (await world.account.read(['datastore'])).map((text) => /type="Datastore"[^>]*>([^<]*)</.exec(text)?.[1])[0] ?? '';
    await onVm('AttachDisk_Task', `<datastore type="Datastore">${datastore}</datastore>`);
    const [seen] = await reads(
      () => volumesOf(one),
      (list) => list.length === 1,
    );
    expect(refOf(seen as Json, 'volume')).toBe(found?.id);
    await onVm('DetachDisk_Task', '');
    await reads(
      () => volumesOf(one),
      (list) => list.length === 0,
    );
    const manager = `<_this type="VcenterVStorageObjectManager">VStorageObjectManager</_this>`;
    const which = `<id><id>${id}</id></id><datastore type="Datastore">${datastore}</datastore>`;
    await world.account.console(`<RenameVStorageObject xmlns="urn:vim25">${manager}${which}<name>other</name></RenameVStorageObject>`);
    await reads(
      () => get(found?.id),
      ({ name }) => name === 'other',
    );
    await attach(one, found as Json);
    // It is one of those that vCenter takes away with their machine: the gateway's Volumes stay.
    await steps.remove(one);
    expect((await there()).map((each) => each.id)).toEqual([id]);
    await steps.remove(found as Json);
  });

  test('R5.2-03: what vSphere brings is announced with the types; another type of volume is refused', async () => {
    const metadata = await metadataOf('Volume');
    expect((metadata.attributes as unknown as Json[]).map(({ name }) => name)).toContain('datastore');
    expect(JSON.stringify(metadata)).toContain(BLOCK);
    const json = {
      resourceURI: `${CIMI}/VolumeCreate`,
      volumeTemplate: { volumeConfig: { type: 'http://example.org/fast', capacity: 1 } },
    };
    const answer = await world.client.post('volumes', json);
    expect(answer.status >= 400 ? 'refused' : String((await world.client.ended(answer)).state)).toMatch(/refused|FAILED/);
    const elsewhere = { resourceURI: `${CIMI}/VolumeCreate`, datastore: 'none', volumeTemplate: { volumeConfig: { capacity: 1 } } };
    const unplaced = await world.client.post('volumes', elsewhere);
    const job = await world.client.ended(unplaced);
    expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringMatching(/no usable datastore 'none'.*'LocalDS_0'/)]);
    for (const posted of [answer, unplaced]) {
      const location = posted.headers.get('location');
      if (location !== null && posted.status < 300) await steps.remove({ id: location } as unknown as Json);
    }
  });
});
