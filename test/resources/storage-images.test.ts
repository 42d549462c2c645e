import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, made, openScene, rels, succeeded, type Scene, leftByFailed } from '../protocol/scene';
import { eventually } from '../harness/wait';
import { BLOCK, hrefOf, itemsIn, reported, validXml, volumeCreate, volumeOf } from './storage-scene';

/** VolumeImages, and what binds them to their volumes (5.15.1.1.1, 5.15.7, 5.15.8), black box. */
let scene: Scene;
const DELAYS = { create: 30, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 };
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const capture = (volume: Json, more: object = {}): Promise<Json> =>
  made(scene.client, 'volumeImages', { imageLocation: { href: volume.id }, ...more });
const associations = async (volume: Json): Promise<Json[]> => listOf(await get(hrefOf(volume.images)), 'volumeVolumeImages');
const remove = async (uri: unknown): Promise<Json> => succeeded(scene.client, await scene.client.delete(String(uri)));

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

test('R5.15.7-01 R5.15.8.1-01 R5.15.8.1-02 R5.15.8.1-03 R5.15.8.1-04: a snapshot of a volume, bound to it', async () => {
  const volume = await volumeOf(scene.client, 'source', 2);
  const image = await capture(volume, { name: 'copy', description: 'd', properties: { a: '1' } });
  expect(image).toMatchObject({
    resourceURI: `${CIMI}/VolumeImage`,
    name: 'copy',
    description: 'd',
    properties: { a: '1' },
    state: 'AVAILABLE',
    bootable: false,
  });
  expect(hrefOf(image.imageLocation)).not.toBe(String(volume.id));
  expect(hrefOf(image.imageLocation)).toMatch(/./);
  expect(rels(image).sort()).toEqual(['delete', 'edit']);
  const [one, ...others] = await associations(volume);
  expect([hrefOf(one?.volumeImage), others]).toEqual([image.id, []]);
  expect(String(one?.id).startsWith(`${hrefOf(volume.images)}/`)).toBe(true);
  expect((await get(one?.id)).volumeImage).toEqual({ href: image.id });
  const all = await get(hrefOf(volume.images));
  expect([all.resourceURI, all.count, rels(all)]).toEqual([`${CIMI}/VolumeVolumeImageCollection`, 1, []]);
  expect(scene.control.things('copy')).toMatchObject([{ label: 'copy', sizeGiB: 2, bootable: false }]);
});

test('R5.15.1.1.1-01: the images of a volume have no add', async () => {
  const volume = await volumeOf(scene.client, 'noadd');
  const image = await capture(volume);
  const answer = await scene.client.post(hrefOf(volume.images), { volumeImage: { href: image.id } });
  expectFault(answer, 405, /creates no VolumeVolumeImage/);
});

test('R5.15.8-01: every representation is as the schema says', async () => {
  const volume = await volumeOf(scene.client, 'shown');
  const image = await capture(volume, { name: 'x' });
  const [one] = await associations(volume);
  const texts = await validXml(scene.client, [image.id, 'volumeImages', hrefOf(volume.images), one?.id]);
  expect(texts[hrefOf(volume.images)]).toContain(`<volumeImage href="${String(image.id)}"/>`);
});

test('R5.15.8.1-01: in XML', async () => {
  const volume = await volumeOf(scene.client, 'forxml');
  const xml = `<VolumeImage xmlns="${CIMI}"><name>fromxml</name><imageLocation href="${String(volume.id)}"/><bootable>true</bootable></VolumeImage>`;
  const answer = await scene.client.send('POST', 'volumeImages', { xml });
  await succeeded(scene.client, answer);
  expect(await get(answer.headers.get('location'))).toMatchObject({ name: 'fromxml', bootable: true, state: 'AVAILABLE' });
  const plain = await made(scene.client, 'volumeImages', { imageLocation: volume.id });
  expect(plain.state).toBe('AVAILABLE');
});

test('R5.15.1-02 R5.15.8.1-05: meanwhile the volume is CAPTURING, only delete is offered, and nothing else begins', async () => {
  const volume = await volumeOf(scene.client, 'busy');
  scene.control.set({ delays: { ...DELAYS, capture: 4500 } });
  const answer = await scene.client.post('volumeImages', { imageLocation: { href: volume.id } }, { prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  const uri = String(answer.headers.get('location'));
  expect([(await get(uri)).state, rels(await get(uri))]).toEqual(['CREATING', ['delete']]);
  const busy = await get(volume.id);
  expect([busy.state, rels(busy)]).toEqual(['CAPTURING', ['delete']]);
  expectFault(await scene.client.post('volumeImages', { imageLocation: { href: volume.id } }), 409, /CAPTURING|job/);
  expectFault(await scene.client.put(`${String(volume.id)}?$select=capacity`, { capacity: reported(9) }), 409, /job/i);
  expectFault(
    await scene.client.post('volumes', volumeCreate({}, { volumeConfig: { capacity: reported(9) }, volumeImage: { href: uri } })),
    409,
    /CREATING/,
  );
  await succeeded(scene.client, answer);
  expect([(await get(volume.id)).state, (await get(uri)).state, (await associations(volume)).length]).toEqual([
    'AVAILABLE',
    'AVAILABLE',
    1,
  ]);
});

test('R5.15.1-02: a volume can be deleted while it is CAPTURING', async () => {
  const volume = await volumeOf(scene.client, 'gone');
  scene.control.set({ delays: { ...DELAYS, capture: 6000 } });
  const orphan = { name: 'orphan', imageLocation: { href: volume.id } };
  const answer = await scene.client.post('volumeImages', orphan, { prefer: 'respond-async' });
  expect((await get(volume.id)).state).toBe('CAPTURING');
  await remove(volume.id);
  expect((await scene.client.get(String(volume.id))).status).toBe(404);
  expect(['STOPPED', 'SUCCESS', 'FAILED']).toContain(String((await scene.client.ended(answer)).state));
  expect(scene.control.things('volume').filter(({ label }) => label === 'gone')).toEqual([]);
});

test('R5.15.3-03: a volume from an image has its bootable and fits what it asks for', async () => {
  const volume = await volumeOf(scene.client, 'root', 3);
  await succeeded(scene.client, await scene.client.put(`${String(volume.id)}?$select=bootable`, { bootable: true }));
  const image = await capture(volume, { name: 'rootimage' });
  expect(image.bootable).toBe(true);
  const template = await made(scene.client, 'volumeTemplates', {
    volumeConfig: { type: BLOCK, capacity: reported(4) },
    volumeImage: { href: image.id },
  });
  const again = await made(scene.client, 'volumes', volumeCreate({ name: 'again' }, { href: template.id }));
  expect(again).toMatchObject({ state: 'AVAILABLE', bootable: true, capacity: reported(4) });
  const thing = scene.control.things('volume').find(({ label }) => label === 'again');
  expect(thing?.copy).toBe(scene.control.things('copy').find(({ label }) => label === 'rootimage')?.id);
  const small = await scene.client.ended(
    await scene.client.post('volumes', volumeCreate({}, { volumeConfig: { capacity: reported(1) }, volumeImage: { href: image.id } })),
  );
  expect(small).toMatchObject({ state: 'FAILED' });
  expect(String(small.statusMessage)).toMatch(/3 GiB or more/);
});

test('D154 R5.5.12-12 R5.5.12.1-04: an association deleted leaves the image, and the volume, alone', async () => {
  const volume = await volumeOf(scene.client, 'unbound');
  const image = await capture(volume);
  const [one] = await associations(volume);
  await remove(one?.id);
  expect([(await scene.client.get(String(one?.id))).status, await associations(volume)]).toEqual([404, []]);
  expect((await get(image.id)).state).toBe('AVAILABLE');
});

test('R5.5.12-17 R5.5.12-18: an image deleted takes its association along', async () => {
  const volume = await volumeOf(scene.client, 'source2');
  const [first, second] = [await capture(volume), await capture(volume)];
  await remove(first.id);
  expect((await scene.client.get(String(first.id))).status).toBe(404);
  expect((await associations(volume)).map(({ volumeImage }) => hrefOf(volumeImage))).toEqual([second.id]);
});

test('R5.5.12-14 R5.5.12-15 R5.5.12-16 R5.7-01: a volume deleted takes its collection along, and leaves the images', async () => {
  const volume = await volumeOf(scene.client, 'source3');
  const image = await capture(volume);
  const [one] = await associations(volume);
  await remove(volume.id);
  for (const uri of [volume.id, hrefOf(volume.images), one?.id])
    expect([uri, (await scene.client.get(String(uri))).status]).toEqual([uri, 404]);
  expect((await get(image.id)).state).toBe('AVAILABLE');
  expect(
    await made(scene.client, 'volumes', volumeCreate({}, { volumeConfig: { capacity: reported(1) }, volumeImage: { href: image.id } })),
  ).toMatchObject({ state: 'AVAILABLE' });
});

test('a volume that was there before is captured, and remembers its image', async () => {
  scene.control.add([
    {
      ...{ kind: 'volume', id: 'vol-old', label: 'old', note: null, labels: {}, sizeGiB: 4, grade: BLOCK, format: null, bootable: false },
      ...{ copy: null, holder: null, madeAt: 0, tag: null, token: null, timeline: [{ phase: 'ready', from: 0 }] },
    },
  ]);
  const old = await eventually(async () => listOf(await get("volumes?$filter=name='old'"), 'volumes')[0]);
  const image = await capture(old);
  expect((await get(old.id)).id).toBe(old.id);
  expect((await associations(old)).map(({ volumeImage }) => hrefOf(volumeImage))).toEqual([image.id]);
  const expanded = await get(`${String(old.id)}?$expand=images`);
  expect(itemsIn(expanded.images, 'volumeVolumeImages').length).toBe(1);
});

test('renamed by PUT; what the provider keeps stays', async () => {
  const image = await capture(await volumeOf(scene.client, 'ren'), { name: 'before' });
  await succeeded(
    scene.client,
    await scene.client.put(`${String(image.id)}?$select=name,properties`, { name: 'after', properties: { k: 'v' } }),
  );
  expect(await get(image.id)).toMatchObject({ name: 'after', properties: { k: 'v' }, imageLocation: image.imageLocation, bootable: false });
});

test.each([
  ['nothing to make it of', {}, 400, /imageLocation: a reference to a Volume is needed/],
  ['another place', { imageLocation: { href: 'http://elsewhere.example/x.img' } }, 400, /imageLocation/],
  ['a machine image', { imageLocation: { href: 'machineImages/sim.img-debian-12' } }, 400, /imageLocation/],
  ['what is not there', { imageLocation: { href: 'volumes/none' } }, 400, /imageLocation/],
  ['a number', { imageLocation: 7 }, 400, /imageLocation/],
  ['an unknown attribute', { imageLocation: { href: 'volumes/none' }, format: 'x' }, 400, /'format' is no attribute/],
  ['bootable as text', { imageLocation: { href: 'volumes/none' }, bootable: 'maybe' }, 400, /bootable/],
])('refused: %s', async (_what, body, status, words) => {
  expectFault(await scene.client.post('volumeImages', body), status, words);
});

test('a snapshot that fails leaves no association, no copy, and the volume AVAILABLE', async () => {
  const volume = await volumeOf(scene.client, 'whole');
  scene.control.fail({ method: 'volumeImages.create', kind: 'quota', message: 'no room for copies' });
  const answer = await scene.client.post('volumeImages', { name: 'failed', imageLocation: { href: volume.id } });
  const job = await scene.client.ended(answer);
  expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringContaining('no room for copies')]);
  expect([(await get(volume.id)).state, await associations(volume)]).toEqual(['AVAILABLE', []]);
  expect(scene.control.things('copy').some(({ label }) => label === 'failed')).toBe(false);
  await leftByFailed(scene.client, answer);
});
