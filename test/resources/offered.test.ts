import { type Client } from '../harness/client';
import { FakeCloud } from '../harness/fake-cloud';
import { machineBody, openFakeScene, volumeTemplate, type FakeScene } from '../protocol/fake-scene';
import { expectFault, made, pathOf, rels } from '../protocol/scene';

/**
 * Cloud for the proof that what is offered works and what is not is refused in words; nothing is made elsewhere than where it was
 * asked for.
 */
let fake: FakeCloud;
let other: FakeCloud;
let scene: FakeScene;
let client: Client;
let machine: string;
let volume: string;
beforeAll(async () => {
  fake = new FakeCloud({
    without: ['networks.rename', 'machines.rename', 'volumes.rename', 'machineImages.rename', 'volumeImages.rename'],
  });
  other = new FakeCloud();
  scene = await openFakeScene({ fake, other });
  client = scene.client;
  machine = pathOf(client, (await made(client, 'machines', machineBody({ name: 'here' }))).id);
  volume = pathOf(client, (await made(client, 'clouds/fake/volumes', volumeTemplate())).id);
});
afterAll(() => scene.close());

describe('D2: a cloud without rename', () => {
  const body = { name: 'changed' };

  test.each([
    ['a machine', () => machine],
    ['a volume', () => volume],
    ['an attachment', () => attached()],
    ['a disk', () => makes(`${machine}/disks`, { capacity: 1_000_000 })],
    ['a machine image', () => makes('machineImages', { imageLocation: { href: machine } })],
    ['a volume image', () => makes('clouds/fake/volumeImages', { imageLocation: { href: volume } })],
    ['a discovered network', () => discovered()],
  ])('%s offers no edit, and a PUT is refused in words', async (_what, path) => {
    const uri = await path();
    const { json } = await client.get(uri);
    expect(rels(json)).not.toContain('edit');
    expectFault(await client.put(`${uri}?$select=name`, body), 400, /cloud 'fake' does not change .*edit is not among its operations/);
    expect((await client.get(uri)).json).toEqual(json);
  });

  test('where the cloud has it, edit is offered and works', async () => {
    const uri = pathOf(client, (await made(client, 'clouds/other/volumes', volumeTemplate())).id);
    expect(rels((await client.get(uri)).json)).toContain('edit');
    await client.ended(await client.put(`${uri}?$select=name`, body));
    expect((await client.get(uri)).json.name).toBe('changed');
  });

  const makes = async (collection: string, body: object) => pathOf(client, (await made(client, collection, body)).id);

  async function attached(): Promise<string> {
    const another = pathOf(client, (await made(client, 'clouds/fake/volumes', volumeTemplate())).id);
    return pathOf(client, (await made(client, `${machine}/volumes`, { volume: { href: another } })).id);
  }

  function discovered(): string {
    fake.put('networks', { key: 'lan', values: { state: 'STARTED', networkType: 'PRIVATE' } });
    return 'networks/fake.lan';
  }
});

describe('operating 1: what is asked for in a cloud is never made in another', () => {
  const writes = () => [...fake.calls, ...other.calls].filter((name) => /\.(create|capture)$/.test(name)).length;

  const CASES: [string, string, () => object][] = [
    ['an image of a machine, by name', 'machineImages', () => ({ cloud: 'other', imageLocation: { href: machine } })],
    ['an image of a machine, by entry point', 'clouds/other/machineImages', () => ({ imageLocation: { href: machine } })],
    ['an image of a volume, by name', 'volumeImages', () => ({ cloud: 'other', imageLocation: { href: volume } })],
    ['an image of a volume, by entry point', 'clouds/other/volumeImages', () => ({ imageLocation: { href: volume } })],
    ['a machine, by name', 'machines', () => machineBody({ cloud: 'other' })],
    ['a machine, by entry point', 'clouds/other/machines', () => machineBody()],
    ['an attachment, by entry point', `clouds/other/MACHINE/volumes`, () => ({ volume: { href: volume } })],
    ['a disk, by entry point', `clouds/other/MACHINE/disks`, () => ({ capacity: 1_000_000 })],
  ];

  test.each(CASES)('%s', async (_what, collection, body) => {
    const before = writes();
    const answer = await client.post(collection.replace('MACHINE', machine), body());
    expectFault(answer, 400, /is in cloud 'fake', but the request (names cloud 'other'|came to the entry point of 'other')/);
    expect(writes()).toBe(before);
  });

  test('an attachment across clouds', async () => {
    const elsewhere = pathOf(client, (await made(client, 'clouds/other/volumes', volumeTemplate())).id);
    expectFault(await client.post(`${machine}/volumes`, { volume: { href: elsewhere } }), 400, /one create cannot span two clouds/);
  });

  test('asked for where it is, it is made', async () => {
    const body = { cloud: 'fake', imageLocation: { href: machine } };
    expect((await made(client, 'machineImages', body)).state).toBe('AVAILABLE');
    expect((await made(client, 'clouds/fake/volumeImages', { imageLocation: { href: volume } })).state).toBe('AVAILABLE');
  });
});
