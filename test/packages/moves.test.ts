import type { Client, Json } from '../harness/client';
import { encodeId } from '../../src/clouds/identity';
import { simulatedCloud } from '../harness/gateway';
import { CIMI, EXTENSION } from '../../src/model/define';
import { seededDisk } from '../../drivers/simulator/contents';
import { digestOf } from '../../src/disks/content-digest';
import { bytesReported } from '../../src/model/units';
import { eventually } from '../harness/wait';
import {
  ACTION_URI,
  blockingJob,
  expectFault,
  leftByFailed,
  listOf,
  made,
  openScene,
  pathOf,
  succeeded,
  type Scene,
} from '../protocol/scene';
import { exported, machineIn, refOf, shopIn } from './export-scene';

/** Systems that are moved from one cloud to another by a package of the gateway's own: what they keep, and what is told. */
const MIB = 2 ** 20;
const contents = { contentSize: 8 * MIB, contentAllocated: MIB };
let scene: Scene;
let client: Client;

beforeAll(async () => {
  scene = await openScene({
    config: {
      ...{ jobs: { graceMs: 0 }, move: { prices: { a: { egressPerGiB: 0.5 } }, currency: 'EUR' } },
      clouds: { a: simulatedCloud(contents), b: simulatedCloud(contents) },
    },
  });
  client = scene.client;
});
afterAll(() => scene.close());

const get = async (uri: unknown): Promise<Json> => (await client.get(String(uri))).json;

/** Members of a System, by name. */
async function membersOf(system: Json, collection: string, item: string): Promise<Map<string, Json>> {
  const listed = await refOf(client, system, collection);
  const name = `system${collection.charAt(0).toUpperCase()}${collection.slice(1)}`;
  const members = await Promise.all(listOf(listed, name).map((member) => refOf(client, member, item)));
  return new Map(members.map((member) => [String(member.name), member]));
}

async function volumeOf(machine: Json | undefined): Promise<Json> {
  const listed = listOf(await refOf(client, machine ?? {}, 'volumes'), 'machineVolumes')[0];
  return refOf(client, listed ?? {}, 'volume');
}

const moving = (source: string, properties: object = {}, collection = 'systems') =>
  client.post(collection, { action: `${ACTION_URI}import`, source, properties: { cloud: 'b', ...properties } });

async function moved(source: string, properties: object = {}, collection = 'systems'): Promise<Json> {
  const answer = await moving(source, properties, collection);
  await succeeded(client, answer);
  return get(answer.headers.get('location'));
}

describe('movedFrom', () => {
  let shop: Json;
  let url: string;
  beforeAll(async () => {
    shop = await shopIn(client, 'a');
    ({ url } = await exported(client, shop.id));
  });

  test('of a System, its Machines, their Volumes and images is what each was moved from', async () => {
    const there = await moved(url);
    expect(there.movedFrom).toEqual({ href: shop.id });
    const [before, after] = await Promise.all([membersOf(shop, 'machines', 'machine'), membersOf(there, 'machines', 'machine')]);
    expect([...after.keys()].toSorted()).toEqual(['db', 'web']);
    for (const [name, machine] of after) expect([name, machine.movedFrom]).toEqual([name, { href: before.get(name)?.id }]);
    const source = await volumeOf(before.get('db'));
    expect((await volumeOf(after.get('db'))).movedFrom).toEqual({ href: source.id });
    const images = listOf(await get("machineImages?$filter=cloud='b' and type='IMAGE'&$expand=movedFrom"), 'machineImages');
    const origins = images.flatMap(({ movedFrom }) => (movedFrom as Json | undefined)?.id ?? []);
    expect(origins.toSorted()).toEqual([...before.values()].map(({ id }) => id).toSorted());
    const [data] = listOf(await get("volumeImages?$filter=cloud='b'"), 'volumeImages');
    expect(data?.movedFrom).toEqual({ href: source.id });
    const { text } = await client.get(String(there.id), { accept: 'application/xml' });
    expect(text).toContain(`<movedFrom xmlns="${EXTENSION}" href="${String(shop.id)}"/>`);
    await succeeded(client, await client.delete(String(there.id)));
  });

  test('goes with what is known of the guest; what Windows needs is told when it is exported and when it is moved', async () => {
    const image = { href: `machineImages/${encodeId('a', 'img-windows-2022')}` };
    const machine = await machineIn(client, 'a', 'office', { machineImage: image, initialState: 'STARTED' });
    const { url: ofOffice, job } = await exported(client, machine.id, { properties: { 'ovf.running': 'snapshot' } });
    expect(job.statusMessage).toContain(`${pathOf(client, machine.id)} has Windows: what was captured while it ran may not start`);
    const answer = await moving(ofOffice, {}, 'systemTemplates');
    expect((await succeeded(client, answer)).statusMessage).toMatch(/the guest of 'office': .*captured while it ran/);
    const images = listOf(await get("machineImages?$filter=cloud='b' and guestOs='windows'"), 'machineImages');
    expect(images).toContainEqual(expect.objectContaining({ movedFrom: { href: machine.id }, cpuArch: 'x86_64' }));
    await succeeded(client, await client.delete(String(machine.id)));
  });

  test('goes by a SystemTemplate to what is made of it', async () => {
    const template = await moved(url, {}, 'systemTemplates');
    expect(template.movedFrom).toEqual({ href: shop.id });
    const there = await made(client, 'systems', {
      ...{ resourceURI: `${CIMI}/SystemCreate`, cloud: 'b', systemTemplate: { href: template.id } },
    });
    expect(there.movedFrom).toEqual({ href: shop.id });
    const [before, after] = await Promise.all([membersOf(shop, 'machines', 'machine'), membersOf(there, 'machines', 'machine')]);
    expect(after.get('web')?.movedFrom).toEqual({ href: before.get('web')?.id });
    await succeeded(client, await client.delete(String(there.id)));
  });

  test('leads nowhere once the source is deleted, is announced, and nobody gives it', async () => {
    const alone = await machineIn(client, 'a', 'alone');
    const there = await moved((await exported(client, alone.id)).url);
    const [machine] = (await membersOf(there, 'machines', 'machine')).values();
    expect(machine?.movedFrom).toEqual({ href: alone.id });
    await succeeded(client, await client.delete(String(alone.id)));
    expect(await get(machine?.id)).not.toHaveProperty('movedFrom');
    const types = ['System', 'SystemTemplate', 'Machine', 'MachineTemplate', 'MachineImage', 'Volume', 'VolumeTemplate', 'VolumeImage'];
    for (const type of types)
      expect(listOf(await get(`resourceMetadata/${type}`), 'attributes')).toContainEqual(
        expect.objectContaining({ name: 'movedFrom', namespace: EXTENSION }),
      );
    const claimed = await machineIn(client, 'a', 'claimed', {}, { movedFrom: { href: shop.id } });
    expect(claimed).not.toHaveProperty('movedFrom');
  });
});

describe('source: stop', () => {
  const ours = (cloud: string) => [...scene.controlOf(cloud).snapshots(), ...scene.controlOf(cloud).things('copy')].map(({ id }) => id);
  const states = async (paths: readonly unknown[]): Promise<unknown[]> => Promise.all(paths.map(async (path) => (await get(path)).state));
  let shop: Json;
  /** The Machine that runs, and the one that does not. */
  let web: string;
  let db: string;
  let url: string;

  beforeAll(async () => {
    shop = await shopIn(client, 'a');
    const machines = await membersOf(shop, 'machines', 'machine');
    [web, db] = [String(machines.get('web')?.id), String(machines.get('db')?.id)];
    await succeeded(client, await client.act(web, 'start'));
    ({ url } = await exported(client, shop.id, { properties: { 'ovf.running': 'snapshot' } }));
  });
  afterEach(() => {
    for (const key of ['a', 'b']) {
      scene.controlOf(key).clearFailures();
      scene.controlOf(key).resetSettings();
    }
  });

  test('is planned without stopping anything', async () => {
    const job = await succeeded(client, await moving(url, { source: 'stop', plan: 'true' }));
    const parts = new Map(listOf(job, 'plan').map(({ part, detail }) => [String(part), String(detail)]));
    expect(parts.get(`source ${pathOf(client, web)}`)).toBe('stopped before its disks are read, and left STOPPED');
    expect(parts.get(`source ${pathOf(client, db)}`)).toBe('STOPPED, and left so');
    expect(await states([web, db])).toEqual(['STARTED', 'STOPPED']);
    // Two boot disks and a Volume of 1 GiB.
    expect(listOf(job, 'plan').find(({ part }) => String(part) === 'cloud a')).toEqual({
      ...{ part: 'cloud a', bytes: 2 ** 30 + 16 * MIB, detail: 'leave it at most, for 0.51 EUR (0.50 EUR a GiB)' },
    });
  });

  test('a move that fails leaves the Machines as they were, and nothing else', async () => {
    const before = [ours('a'), ours('b')];
    scene.controlOf('b').fail({ method: 'machineImages.upload', nth: 2, kind: 'quota' });
    const answer = await moving(url, { source: 'stop' });
    expect(await client.ended(answer)).toMatchObject({
      state: 'FAILED',
      statusMessage: expect.stringContaining('could not be imported') as string,
    });
    expect(await states([web, db])).toEqual(['STARTED', 'STOPPED']);
    expect([ours('a'), ours('b')]).toEqual(before);
    await leftByFailed(client, answer, ['edit', 'delete']);
  });

  test('one that is stopped does the same, and until then a second move is refused with the first (409)', async () => {
    const before = [ours('a'), ours('b')];
    const control = scene.controlOf('b');
    control.resetCalls();
    const uploads = () => control.calls()['machineImages.upload'] ?? 0;
    control.fail({ method: 'machineImages.upload.receive', atByte: 100_000, delayMs: 600_000 });
    const first = await moving(url, { source: 'stop' });
    const job = String(first.headers.get('cimi-job-uri'));
    // Between the nested Job that stops it and what comes next nobody holds it: what is uploaded was captured under the first's hold.
    await eventually(() => (uploads() > 0 ? true : undefined));
    expect(await states([web])).toEqual(['STOPPED']);
    const second = await moving(url, { source: 'stop' });
    expectFault(second, 409, new RegExp(`machines/.*${pathOf(client, job)}`));
    expect(blockingJob(second)).toBe(job);
    // Nobody else starts it meanwhile.
    expectFault(await client.act(web, 'start'), 409, /jobs\//);
    expect((await client.act(job, 'stop')).status).toBeLessThan(300);
    expect(await client.ended(first)).toMatchObject({ state: 'STOPPED' });
    expect(await states([web, db])).toEqual(['STARTED', 'STOPPED']);
    expect([ours('a'), ours('b')]).toEqual(before);
    await succeeded(client, await client.delete(String(first.headers.get('location'))));
  });

  test('the Machines are stopped, their disks read as they are then, and they are left STOPPED', async () => {
    const [before, earlier] = [ours('a'), ours('b')];
    const grown = await volumeOf(await get(db));
    await succeeded(client, await client.put(`${String(grown.id)}?$select=capacity`, { capacity: 5_000_000 }));
    const capacity = bytesReported(Number((await get(grown.id)).capacity));
    const plan = listOf(await succeeded(client, await moving(url, { source: 'stop', plan: 'true' })), 'plan');
    expect(plan.find(({ becomes }) => String(becomes) === 'VolumeImage')).toMatchObject({ bytes: capacity });
    expect(plan.find(({ part }) => String(part) === 'cloud a')).toMatchObject({ bytes: capacity + 16 * MIB });
    expect([ours('a'), await states([web, db])]).toEqual([before, ['STARTED', 'STOPPED']]);
    scene.controlOf('a').resetCalls();
    const answer = await moving(url, { source: 'stop' });
    const job = await succeeded(client, answer);
    const there = await get(answer.headers.get('location'));
    expect(job.statusMessage).toContain(`${pathOf(client, web)} is left STOPPED`);
    expect(listOf(job, 'affectedResources').map(({ href }) => href)).toEqual(expect.arrayContaining([web, db]));
    expect(await states([web, db])).toEqual(['STOPPED', 'STOPPED']);
    expect(scene.controlOf('a').calls()).toMatchObject({ 'machines.stop': 1, 'machineImages.capture': 2, 'volumeImages.create': 1 });
    expect(scene.controlOf('a').calls()).not.toHaveProperty('machines.start');
    // What was captured for the package alone is there, and nothing that was captured for the move.
    expect(ours('a')).toEqual(before);
    const machines = await membersOf(there, 'machines', 'machine');
    expect(machines.get('web')?.movedFrom).toEqual({ href: web });
    // It has grown since the export, to whole GiB.
    expect((await volumeOf(machines.get('db'))).capacity).toBe((await get(grown.id)).capacity);
    expect((await get(grown.id)).capacity).toBeGreaterThanOrEqual(5_000_000);
    const old = await Promise.all(before.map((id) => digestOf(seededDisk(id, 8 * MIB, MIB))));
    const digests = scene
      .controlOf('b')
      .snapshots()
      .flatMap(({ id, content }) => (earlier.includes(id) ? [] : [content?.digest]));
    expect(digests).toHaveLength(2);
    for (const digest of old) expect(digests).not.toContain(digest);
    await succeeded(client, await client.delete(String(there.id)));
  });

  test('a Volume that is on the Machine no more is no part of it', async () => {
    const machine = await get(db);
    const attached = listOf(await refOf(client, machine, 'volumes'), 'machineVolumes')[0];
    await succeeded(client, await client.delete(String(attached?.id)));
    const missing = { state: 'FAILED', statusMessage: expect.stringMatching(/volumes\/.*export it again/) as string };
    expect(await client.ended(await moving(url, { source: 'stop', plan: 'true' }))).toMatchObject(missing);
    const answer = await moving(url, { source: 'stop' });
    expect(await client.ended(answer)).toMatchObject(missing);
    await leftByFailed(client, answer, ['edit', 'delete']);
  });

  test('is refused where there is nothing to stop, or it cannot be', async () => {
    expectFault(await moving(url, { source: 'halt' }), 400, /^properties\.source: is 'keep' or 'stop', not 'halt'/);
    expectFault(await moving(url, { source: 'stop' }, 'systemTemplates'), 400, /^properties\.source: Machines are stopped where a System/);
    const template = await moved(url, { source: 'keep' }, 'systemTemplates');
    const { url: ofTemplate } = await exported(client, template.id);
    expectFault(await moving(ofTemplate, { source: 'stop' }), 400, /^properties\.source: the package is of no Machine/);
    const paused = await machineIn(client, 'a', 'paused', { initialState: 'STARTED' });
    const { url: ofPaused } = await exported(client, paused.id, { properties: { 'ovf.running': 'snapshot' } });
    await succeeded(client, await client.act(String(paused.id), 'pause'));
    expectFault(await moving(ofPaused, { source: 'stop' }), 409, /is PAUSED: a Machine is moved while STARTED or STOPPED/);
    await succeeded(client, await client.delete(String(paused.id)));
    expectFault(await moving(ofPaused, { source: 'stop' }), 400, /^properties\.source: .*machines\//);
  });
});
