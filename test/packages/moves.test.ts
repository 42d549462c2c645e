import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { CIMI, EXTENSION } from '../../src/model/define';
import { ACTION_URI, listOf, made, openScene, succeeded, type Scene } from '../protocol/scene';
import { exported, machineIn, refOf, shopIn } from './export-scene';

/** Systems that are moved from one cloud to another by a package of the gateway's own: what they keep, and what is told. */
const MIB = 2 ** 20;
const contents = { contentSize: 8 * MIB, contentAllocated: MIB };
let scene: Scene;
let client: Client;

beforeAll(async () => {
  scene = await openScene({
    config: { jobs: { graceMs: 10_000 }, clouds: { a: simulatedCloud(contents), b: simulatedCloud(contents) } },
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
