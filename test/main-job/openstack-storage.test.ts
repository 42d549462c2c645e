import { CIMI } from '../../src/model/define';
import { gibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { reading } from '../resources/network-kit';
import type { Json } from '../harness/client';
import { type OpenstackWorld, startOpenstackWorld } from './openstack-world';
import { Steps } from './steps';
import { offers, refOf } from './world';
import { waitUntil } from '../harness/wait';

const OTHER = 'http://cimi-gateway.org/volume-type/openstack/other';

/** Storage on OpenStack over HTTP, by the same requests as on EC2, seen from both sides. */
describeWith('OpenStack', openstackAvailable(), () => {
  let world: OpenstackWorld;
  const steps = new Steps(() => world);
  const { get, items } = reading(() => world.client);
  beforeAll(async () => {
    world = await startOpenstackWorld();
    expect(await world.leftovers()).toEqual([]);
  }, 1_800_000);
  afterEach(async () => {
    world.account.proxy.reset();
    expect(await world.leftovers()).toEqual([]);
    for (const collection of ['machines', 'volumes', 'volumeImages']) expect((await get(collection)).count).toBe(0);
  });
  afterAll(() => world.stop());

  interface CinderVolume {
    id: string;
    size: number;
    metadata: Record<string, string>;
    attachments: object[];
  }
  const volumesThere = async () =>
    (await world.account.direct.call<{ volumes: CinderVolume[] }>('GET', 'volumev3', '/volumes/detail')).volumes;
  const made = async (collection: string, json: object): Promise<Json> => get((await steps.done('POST', collection, { json })).location);
  const volume = (name: string, template: object = { volumeConfig: { type: OTHER, capacity: 1_500_000 } }, more: object = {}) =>
    made('volumes', { resourceURI: `${CIMI}/VolumeCreate`, name, ...more, volumeTemplate: template });
  const machine = async (name: string, template: object = {}, more: object = {}): Promise<Json> =>
    steps.machine({ name, ...more, machineTemplate: { ...(await steps.parts()), initialState: 'STARTED', ...template } });
  const volumesOf = (one: Json) => items(refOf(one, 'volumes'), 'machineVolumes');
  const grow = async (what: Json, capacity: number): Promise<void> => {
    await steps.done('PUT', `${String(what.id)}?$select=capacity`, { json: { resourceURI: what.resourceURI, capacity } });
    await waitUntil(async () => Number((await get(what.id)).capacity) >= capacity);
  };

  test('a volume is made, attached, grown, captured, made again from its image, detached and deleted', async () => {
    const one = await machine('holder');
    const data = await volume('data', undefined, { description: 'rows', properties: { for: 'tests' } });
    expect(data).toMatchObject({ state: 'AVAILABLE', type: OTHER, capacity: gibToKb(2), bootable: false, availabilityZone: 'nova' });
    expect(offers(data)).toEqual(['delete', 'edit']);
    await steps.xml(String(data.id));

    const attachment = await made(refOf(one, 'volumes'), { volume: { href: data.id }, initialLocation: '/dev/vdh', name: 'for data' });
    expect(attachment).toMatchObject({ name: 'for data', volume: { href: data.id } });
    expect((await volumesOf(one)).map(({ id }) => id)).toEqual([attachment.id]);
    await steps.xml(refOf(one, 'volumes'));
    await waitUntil(async () => (await volumesThere())[0]?.attachments.length === 1);
    const refused = await world.client.delete(String(data.id));
    expect([refused.status, refused.json.state]).toEqual([409, 'FAILED']);

    await grow(data, gibToKb(2) + 1);
    expect((await get(data.id)).capacity).toBe(gibToKb(3));
    expect((await world.client.put(`${String(data.id)}?$select=capacity`, { resourceURI: data.resourceURI, capacity: 1 })).status).toBe(
      400,
    );
    await steps.done('PUT', `${String(data.id)}?$select=name,properties`, {
      json: { resourceURI: data.resourceURI, name: 'rows “é”', properties: { b: '2' } },
    });
    expect(await get(data.id)).toMatchObject({ name: 'rows “é”', properties: { b: '2' } });
    expect((await volumesThere())[0]).toMatchObject({ name: 'rows “é”', size: 3, metadata: { b: '2' } });

    const image = await made('volumeImages', {
      ...{ resourceURI: `${CIMI}/VolumeImage`, name: 'evening', bootable: true },
      imageLocation: { href: data.id },
    });
    expect(image).toMatchObject({ state: 'AVAILABLE', name: 'evening', bootable: true });
    const twin = await volume('twin', { volumeConfig: { capacity: gibToKb(3) }, volumeImage: { href: image.id } });
    expect(twin).toMatchObject({ capacity: gibToKb(3), name: 'twin' });

    await steps.remove(attachment);
    await waitUntil(async () => (await volumesThere()).every(({ attachments }) => attachments.length === 0));
    expect([await volumesOf(one), (await get(data.id)).state]).toEqual([[], 'AVAILABLE']);
    for (const each of [twin, image, data, one]) await steps.remove(each);
  });

  test('a machine comes with volumes; they outlive it, its own disk does not', async () => {
    const own = await volume('own', { volumeConfig: { capacity: 1 } });
    const volumeTemplates = [{ volumeTemplate: { volumeConfig: { type: OTHER, capacity: gibToKb(1) } } }];
    const one = await machine('with volumes', { volumes: [{ volume: { href: own.id } }], volumeTemplates }, { bootFromVolume: true });
    expect(await volumesOf(one)).toHaveLength(2);
    const [root, ...more] = await items(refOf(one, 'disks'), 'disks');
    expect([more, offers(root as Json)]).toEqual([[], ['edit']]);
    await steps.xml(refOf(one, 'disks'));
    await grow(root as Json, Number(root?.capacity) + 1);
    expect(await volumesThere()).toHaveLength(3);
    await steps.remove(one);
    await waitUntil(async () => (await volumesThere()).length === 2);
    for (const each of await items('volumes', 'volumes')) await steps.remove(each);
  });

  test('answers that are lost make nothing twice', async () => {
    const lost = (service: string, method: string, path: RegExp) =>
      world.account.proxy.add({ service, method, path, drop: 'after', times: 1 });
    const one = await machine('steady');
    lost('volume', 'POST', /\/volumes$/);
    lost('compute', 'POST', /\/os-volume_attachments$/);
    lost('volume', 'POST', /\/snapshots$/);
    lost('volume', 'DELETE', /\/snapshots\//);
    lost('volume', 'DELETE', /\/volumes\/[0-9a-f-]+$/);
    const data = await volume('data');
    const attachment = await made(refOf(one, 'volumes'), { volume: { href: data.id } });
    const image = await made('volumeImages', { resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: data.id } });
    const { snapshots } = await world.account.direct.call<{ snapshots: object[] }>('GET', 'volumev3', '/snapshots');
    expect([snapshots.length, (await volumesThere()).length, (await volumesOf(one)).length]).toEqual([1, 1, 1]);
    for (const each of [attachment, image, data, one]) await steps.remove(each);
  });
});
