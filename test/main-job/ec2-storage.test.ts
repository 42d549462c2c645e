import {
  AttachVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type Volume,
} from '@aws-sdk/client-ec2';
import { CIMI } from '../../src/model/define';
import { gibToKb } from '../../src/model/units';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { makeVolumes } from '../drivers/ec2-populate';
import type { Json } from '../harness/client';
import { startEc2World, type Ec2World } from './ec2-world';
import { Steps } from './steps';
import { offers, refOf } from './world';
import { eventually } from '../harness/wait';

const GP3 = 'http://cimi-gateway.org/volume-type/ec2/gp3';

/** Storage on EC2 over HTTP, seen from both sides: what the gateway shows, and what is at the provider. */
describeWith('moto', motoAvailable(), () => {
  let world: Ec2World;
  let heal: (() => void)[] = [];
  const steps = new Steps(() => world);
  const fails = (...rule: Parameters<Ec2World['account']['proxy']['add']>) => heal.push(world.account.proxy.add(...rule));
  beforeAll(async () => {
    world = await startEc2World();
  });
  afterEach(async () => {
    for (const mend of heal) mend();
    heal = [];
    expect(await world.leftovers()).toEqual([]);
    for (const collection of ['machines', 'volumes', 'volumeImages']) expect((await world.client.get(collection)).json.count).toBe(0);
  });
  afterAll(() => world.stop());

  const get = async (uri: string): Promise<Json> => (await world.client.get(uri)).json;
  const volumesThere = async (): Promise<Volume[]> => (await world.account.direct.send(new DescribeVolumesCommand({}))).Volumes ?? [];
  const attachedThere = async (): Promise<string[]> =>
    (await volumesThere()).flatMap(({ VolumeId, Attachments }) => ((Attachments?.length ?? 0) > 0 ? (VolumeId ?? []) : []));
  const made = async (collection: string, json: object): Promise<Json> => get((await steps.done('POST', collection, { json })).location);
  const volume = (
    name: string,
    template: object = { volumeConfig: { type: GP3, capacity: 5_000_000 } },
    more: object = {},
  ): Promise<Json> => made('volumes', { resourceURI: `${CIMI}/VolumeCreate`, name, ...more, volumeTemplate: template });
  const machine = async (name: string, template: object = {}, more: object = {}): Promise<Json> =>
    steps.machine({ name, ...more, machineTemplate: { ...(await steps.parts()), initialState: 'STARTED', ...template } });
  const items = async (uri: string, name: string): Promise<Json[]> => ((await get(uri))[name] ?? []) as Json[];
  const volumesOf = (one: Json): Promise<Json[]> => items(refOf(one, 'volumes'), 'machineVolumes');
  const disksOf = (one: Json): Promise<Json[]> => items(refOf(one, 'disks'), 'disks');
  const attach = (one: Json, what: Json, more: object = {}): Promise<Json> =>
    made(refOf(one, 'volumes'), { volume: { href: what.id }, ...more });
  const grow = async (what: Json, capacity: number): Promise<Json> => {
    await steps.done('PUT', `${String(what.id)}?$select=capacity`, { json: { resourceURI: what.resourceURI, capacity } });
    return get(String(what.id));
  };

  test('a volume is made, attached, grown, captured, made again from its image, detached and deleted', async () => {
    const [one, other] = [await machine('holder'), await machine('next')];
    let data = await volume('data', undefined, { properties: { for: 'tests' } });
    expect(data).toMatchObject({ state: 'AVAILABLE', type: GP3, capacity: gibToKb(5), bootable: false, availabilityZone: 'us-east-1a' });
    expect(offers(data)).toEqual(['delete', 'edit']);
    await steps.xml(String(data.id));

    const attachment = await attach(one, data, { initialLocation: '/dev/sdh', name: 'for data' });
    expect(attachment).toMatchObject({ name: 'for data', initialLocation: '/dev/sdh', volume: { href: data.id } });
    expect((await volumesOf(one)).map(({ id }) => id)).toEqual([attachment.id]);
    await steps.xml(refOf(one, 'volumes'));
    expect(offers(await get(String(data.id)))).toEqual(['edit']);
    const refused = await world.client.delete(String(data.id));
    expect([refused.status, refused.json.state]).toEqual([409, 'FAILED']);
    expect((await world.client.post(refOf(other, 'volumes'), { volume: { href: data.id } })).status).toBe(409);

    data = await grow(data, gibToKb(7) + 1);
    expect([data.capacity, (await volumesOf(one)).length]).toEqual([gibToKb(8), 1]);
    const changes = world.account.proxy.count('ModifyVolume');
    await steps.done('PUT', String(data.id), { json: data });
    expect(world.account.proxy.count('ModifyVolume')).toBe(changes);
    expect((await world.client.put(`${String(data.id)}?$select=capacity`, { resourceURI: data.resourceURI, capacity: 1 })).status).toBe(
      400,
    );

    const image = await made('volumeImages', {
      resourceURI: `${CIMI}/VolumeImage`,
      name: 'evening',
      bootable: true,
      imageLocation: { href: data.id },
    });
    expect(image).toMatchObject({ state: 'AVAILABLE', name: 'evening', bootable: true });
    expect((await items(`${refOf(data, 'images')}`, 'volumeVolumeImages')).map((each) => refOf(each, 'volumeImage'))).toEqual([image.id]);
    await steps.xml(String(image.id));
    const twin = await volume('twin', { volumeConfig: { type: GP3, capacity: gibToKb(8) }, volumeImage: { href: image.id } });
    expect(twin).toMatchObject({ bootable: true, capacity: gibToKb(8), name: 'twin' });
    expect((await volumesThere()).filter(({ SnapshotId }) => SnapshotId !== undefined && SnapshotId !== '')).toHaveLength(1);

    await steps.remove(attachment);
    expect([await volumesOf(one), (await get(String(data.id))).state]).toEqual([[], 'AVAILABLE']);
    await attach(other, data);
    await steps.remove(other);
    expect((await get(String(data.id))).state).toBe('AVAILABLE');
    for (const each of [data, twin, image, one]) await steps.remove(each);
  });

  test('a machine comes with volumes, in the zone it was asked to be in; its disk grows; volumes outlive it', async () => {
    const own = await volume('own', { volumeConfig: { capacity: 1 } }, { availabilityZone: 'us-east-1b' });
    const volumeTemplates = [1, 2].map((gib) => ({ volumeTemplate: { volumeConfig: { type: GP3, capacity: gibToKb(gib) } } }));
    const template = { volumes: [{ volume: { href: own.id }, initialLocation: '/dev/sdk' }], volumeTemplates, initialState: 'STOPPED' };
    const one = await machine('with volumes', template, { availabilityZone: 'us-east-1b' });
    expect(one).toMatchObject({ state: 'STOPPED', availabilityZone: 'us-east-1b' });
    const held = await volumesOf(one);
    expect(held).toHaveLength(3);
    expect(new Set(held.map(({ initialLocation }) => String(initialLocation))).size).toBe(3);
    expect((await volumesThere()).map(({ AvailabilityZone }) => AvailabilityZone)).toEqual(Array(4).fill('us-east-1b'));

    const [root, ...others] = await disksOf(one);
    expect(others).toEqual([]);
    expect(offers(root as Json)).toEqual(['edit']);
    expect(await grow(root as Json, gibToKb(9) + 1)).toMatchObject({ capacity: gibToKb(10), initialLocation: '/dev/sda1' });
    expect((await world.client.post(refOf(one, 'disks'), { capacity: 1 })).status).toBeGreaterThanOrEqual(400);
    await steps.xml(refOf(one, 'disks'));
    await steps.remove(one);
    const left = await items('volumes', 'volumes');
    expect(left).toHaveLength(3);
    for (const each of left) await steps.remove(each);
  });

  test('a volume that cannot be made is told in EC2’s words and ours, and the machine goes with it', async () => {
    const ok = await volume('ok');
    fails({ action: 'CreateVolume', fail: { code: 'VolumeLimitExceeded', message: 'Maximum number of volumes reached.' } });
    const volumeTemplates = [{ volumeTemplate: { volumeConfig: { type: GP3, capacity: 1 } } }];
    const machineTemplate = { ...(await steps.parts()), volumes: [{ volume: { href: ok.id } }], volumeTemplates };
    const answer = await world.client.post('machines', { resourceURI: `${CIMI}/MachineCreate`, machineTemplate });
    const job = await world.client.ended(answer);
    expect(String(job.state)).toBe('FAILED');
    expect(String(job.statusMessage)).toMatch(/Maximum number of volumes reached.*quota is used up/);
    expect(await world.alive()).toEqual([]);
    await steps.remove({ id: answer.headers.get('location') } as unknown as Json);
    for (const each of await items('volumes', 'volumes')) await steps.remove(each);
  });

  test('answers that are lost make nothing twice', async () => {
    const one = await machine('steady');
    for (const action of ['CreateVolume', 'AttachVolume', 'CreateSnapshot', 'DetachVolume', 'DeleteVolume', 'DeleteSnapshot'])
      fails({ action, drop: 'after', times: 1 });
    const data = await volume('data');
    const attachment = await attach(one, data);
    expect(await attachedThere()).toHaveLength(2);
    const image = await made('volumeImages', { resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: data.id } });
    expect(await items('volumeImages', 'volumeImages')).toHaveLength(1);
    const { Snapshots } = await world.account.direct.send(
      new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag-key', Values: ['cimi:id'] }] }),
    );
    expect([Snapshots?.length, (await volumesThere()).length]).toEqual([1, 2]);
    for (const each of [attachment, data, image, one]) await steps.remove(each);
  });

  test('what is attached and detached at the console is seen here, and operable', async () => {
    const one = await machine('console');
    const [InstanceId = ''] = await world.instances();
    const [VolumeId = ''] = await makeVolumes(world.account, 1);
    await world.account.direct.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdz' }));
    const counted = (count: number): Promise<Json[]> =>
      eventually(async () => {
        const held = await volumesOf(one);
        return held.length === count ? held : undefined;
      });
    const [seen] = await counted(1);
    expect(seen).toMatchObject({ initialLocation: '/dev/sdz' });
    const found = await get(refOf(seen as Json, 'volume'));
    expect(found).toMatchObject({ state: 'AVAILABLE', capacity: gibToKb(1) });
    await world.account.direct.send(new DetachVolumeCommand({ VolumeId, InstanceId }));
    expect(await counted(0)).toEqual([]);
    const again = await attach(one, found);
    await steps.remove(again);
    await steps.remove(found);
    await steps.remove(one);
  });

  test('R5.2-03: what EC2 brings is announced with the types; only machines launched for it can be suspended', async () => {
    const names = async (type: string) =>
      ((await get(`resourceMetadata/${type}`)).attributes ?? ([] as Json[])).map(({ name }: Json) => String(name));
    expect(await names('Machine')).toEqual(expect.arrayContaining(['availabilityZone', 'placementGroup', 'tenancy', 'securityGroups']));
    expect(await names('Volume')).toEqual(expect.arrayContaining(['availabilityZone', 'iops', 'throughput', 'encrypted']));
    expect(JSON.stringify(await get('resourceMetadata/Volume'))).toContain(GP3);
    const [plain, sleeper] = [await machine('plain'), await machine('sleeper', {}, { hibernation: true })];
    expect([offers(plain).includes('suspend'), offers(sleeper).includes('suspend')]).toEqual([false, true]);
    const refused = await world.client.act(String(plain.id), 'suspend');
    expect([refused.status, String(refused.json.statusMessage)]).toEqual([409, expect.stringMatching(/not launched for hibernation/)]);
    await steps.xml(String(sleeper.id));
    // Moto cannot hibernate: it stops, as an instance does whose hibernation fails, by way of 'stopping'.
    world.account.proxy.slow.reads = 2;
    const job = await world.client.ended(await world.client.act(String(sleeper.id), 'suspend'));
    expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringMatching(/STOPPED instead of SUSPENDED/)]);
    world.account.proxy.slow.reads = 0;
    expect((await get(String(sleeper.id))).state).toBe('STOPPED');
    for (const each of [plain, sleeper]) await steps.remove(each);
  });
});
