import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, made, openScene, pathOf, rels, succeeded, type Scene, leftByFailed } from '../protocol/scene';
import { eventually } from '../harness/wait';
import { BLOCK, MAPPED, PLAN, reported, validXml, volumeCreate, volumeOf } from './storage-scene';

/** Volumes, their templates and configurations (5.15.1 to 5.15.6), black box. */
let scene: Scene;
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const create = (template: object, more: object = {}): Promise<Answer> => scene.client.post('volumes', volumeCreate(more, template));
const volume = (template: object, more: object = {}): Promise<Json> => made(scene.client, 'volumes', volumeCreate(more, template));
const atProvider = (name: string) => scene.control.things('volume').find(({ label }) => label === name);

beforeAll(async () => {
  scene = await openScene({
    config: { jobs: { graceMs: 10_000 }, defaultCloud: 'sim', clouds: { sim: simulatedCloud(), two: simulatedCloud() } },
  });
});
afterAll(() => scene.close());
afterEach(() => scene.control.clearFailures());

describe('creating', () => {
  test('R5.15.1-01 R5.15.2-01 R5.15.2.1-01 R5.5.12.1-11: by value; it is AVAILABLE, listed, and shows what was asked', async () => {
    const answer = await create(
      { volumeConfig: { type: BLOCK, capacity: reported(3) } },
      { name: 'one', description: 'd', properties: { a: '1' } },
    );
    expect(answer.status).toBe(201);
    const id = answer.headers.get('location') ?? '';
    const one = await get(id);
    expect(one).toMatchObject({
      ...{ resourceURI: `${CIMI}/Volume`, id, name: 'one', description: 'd', properties: { a: '1' } },
      ...{ state: 'AVAILABLE', type: BLOCK, capacity: reported(3), bootable: false, images: { href: `${id}/images` } },
    });
    expect(rels(one).sort()).toEqual(['delete', 'edit']);
    expect(atProvider('one')).toMatchObject({ sizeGiB: 3, note: 'd', labels: { a: '1' }, format: null });
    const all = await get('volumes');
    expect([all.resourceURI, rels(all)]).toEqual([`${CIMI}/VolumeCollection`, ['add']]);
    expect(listOf(all, 'volumes').filter((item) => item.id === one.id)).toEqual([{ ...one, resourceURI: `${CIMI}/Volume` }]);
  });

  test('R5.15.3-03 R5.5.12.1-06: by reference to a template, overrides laid over it', async () => {
    const config = await made(scene.client, 'volumeConfigs', { name: 'mine', type: BLOCK, format: 'ext4', capacity: reported(2) });
    const template = await made(scene.client, 'volumeTemplates', { name: 't', volumeConfig: { href: config.id } });
    expect(await volume({ href: template.id, cloud: undefined }, { name: 'byref', cloud: 'sim' })).toMatchObject({
      capacity: reported(2),
      type: BLOCK,
    });
    expect(atProvider('byref')).toMatchObject({ sizeGiB: 2, format: 'ext4' });
    await volume({ href: template.id, volumeConfig: { href: config.id, capacity: reported(5) } }, { name: 'over', cloud: 'sim' });
    expect(atProvider('over')).toMatchObject({ sizeGiB: 5, format: 'ext4' });
    await volume({ href: template.id, volumeConfig: { href: PLAN } }, { name: 'plan' });
    expect(atProvider('plan')).toMatchObject({ sizeGiB: 10, format: null });
  });

  test('R5.15.5-02 D123: of type mapped, which stays as it is', async () => {
    const shared = await volume({ volumeConfig: { type: MAPPED, capacity: reported(1) } });
    expect(shared.type).toBe(MAPPED);
    await succeeded(scene.client, await scene.client.put(`${String(shared.id)}?$select=type`, { type: BLOCK }));
    expect((await get(shared.id)).type).toBe(MAPPED);
  });

  test('R5.5.12.1-07: in XML', async () => {
    const xml = `<VolumeCreate xmlns="${CIMI}"><name>xml</name><property key="k">v</property><volumeTemplate><volumeConfig><type>${BLOCK}</type><capacity>1</capacity></volumeConfig></volumeTemplate></VolumeCreate>`;
    const answer = await scene.client.send('POST', 'volumes', { xml });
    await succeeded(scene.client, answer);
    expect(await get(answer.headers.get('location'))).toMatchObject({ name: 'xml', properties: { k: 'v' }, capacity: reported(1) });
  });

  test('R5.15.1-06 R5.15.4-01 R5.15.6-01: every representation is as the schema says', async () => {
    const one = await volumeOf(scene.client, 'shown');
    const template = await made(scene.client, 'volumeTemplates', { name: 't', volumeConfig: { type: BLOCK, format: 'xfs', capacity: 7 } });
    const config = await made(scene.client, 'volumeConfigs', { type: BLOCK, capacity: 9 });
    const uris = [one.id, 'volumes', template.id, 'volumeTemplates', config.id, PLAN, 'volumeConfigs', `${String(one.id)}/images`];
    const texts = await validXml(scene.client, uris);
    expect(texts[String(one.id)]).toContain(`<capacity>${reported(1)}</capacity>`);
    expect(texts['volumes']).toMatch(/<Collection [^>]*resourceURI="[^"]*VolumeCollection"/);
    expect(template).toMatchObject({ volumeConfig: { type: BLOCK, format: 'xfs', capacity: 7 } });
  });

  test('while it is created it is CREATING, there once, and only delete is possible', async () => {
    scene.control.set({ delays: { ...quick, create: 6000 } });
    try {
      const slow = volumeCreate({ name: 'slow' }, { volumeConfig: { capacity: 1 } });
      const answer = await scene.client.post('volumes', slow, { prefer: 'respond-async' });
      expect(answer.status).toBe(202);
      const uri = answer.headers.get('location');
      const seen = await get(uri);
      expect([seen.state, rels(seen)]).toEqual(['CREATING', ['delete']]);
      expect(listOf(await get("volumes?$filter=name='slow'"), 'volumes').map(({ id }) => id)).toEqual([uri]);
      expectFault(await scene.client.put(String(uri), { name: 'x', capacity: 5, bootable: false }), 409, /job/i);
      await succeeded(scene.client, await scene.client.delete(String(uri)));
      expect([(await scene.client.get(String(uri))).status, atProvider('slow')]).toEqual([404, undefined]);
    } finally {
      scene.control.resetSettings();
    }
  });
});
const quick = { create: 30, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 };

describe('capacity', () => {
  test('R5.15.1-05 D122: requests round up to the provider’s GiB, reports round down to kB of 1000 bytes', async () => {
    for (const [asked, gib] of [
      [1, 1],
      [1_000_000, 1],
      [1_073_741, 1],
      [1_073_742, 2],
      [1_100_000, 2],
      [reported(7), 7],
    ] as const) {
      const one = await volume({ volumeConfig: { capacity: asked } }, { name: `c${asked}` });
      expect([asked, atProvider(`c${asked}`)?.sizeGiB, one.capacity]).toEqual([asked, gib, reported(gib)]);
    }
  });

  test('what GET shows and PUT sends back is no change', async () => {
    const one = await volumeOf(scene.client, 'same', 3);
    scene.control.resetCalls();
    const answer = await scene.client.put(String(one.id), one);
    await succeeded(scene.client, answer);
    expect([scene.control.calls()['volumes.update'], atProvider('same')?.sizeGiB]).toEqual([undefined, 3]);
    const { updated: _updated, ...now } = (await get(one.id)) as unknown as Record<string, unknown>;
    expect(one).toMatchObject(now);
  });

  test('R5.15.1-05: it grows, and never shrinks', async () => {
    const one = await volumeOf(scene.client, 'grows', 2);
    await succeeded(scene.client, await scene.client.put(`${String(one.id)}?$select=capacity`, { capacity: reported(3) + 1 }));
    expect([(await get(one.id)).capacity, atProvider('grows')?.sizeGiB]).toEqual([reported(4), 4]);
    expectFault(await scene.client.put(`${String(one.id)}?$select=capacity`, { capacity: reported(2) }), 400, /grow, not shrink/);
    expect(atProvider('grows')?.sizeGiB).toBe(4);
    await succeeded(scene.client, await scene.client.put(`${String(one.id)}?$select=bootable`, { bootable: true }));
    expect(await get(one.id)).toMatchObject({ bootable: true, capacity: reported(4), name: 'grows' });
  });
});

describe('refused', () => {
  test.each([
    ['no template', { name: 'x' }, 400, /volumeTemplate: a VolumeTemplate is needed/],
    ['no configuration', volumeCreate({}, {}), 400, /volumeConfig: a VolumeConfiguration is needed/],
    ['no capacity', volumeCreate({}, { volumeConfig: { type: BLOCK } }), 400, /capacity in kilobytes is needed/],
    ['capacity zero', volumeCreate({}, { volumeConfig: { capacity: 0 } }), 400, /capacity/],
    ['capacity below zero', volumeCreate({}, { volumeConfig: { capacity: -5 } }), 400, /capacity/],
    ['capacity as text', volumeCreate({}, { volumeConfig: { capacity: 'much' } }), 400, /capacity/],
    ['a figure past the provider’s', volumeCreate({}, { volumeConfig: { capacity: reported(20_000) } }), 400, /capacity|GiB/],
    ['another type', volumeCreate({}, { volumeConfig: { capacity: 1, type: 'urn:none' } }), 400, /type/],
    ['a configuration that is not there', volumeCreate({}, { volumeConfig: { href: 'volumeConfigs/none' } }), 400, /volumeConfig/],
    ['a machine configuration', volumeCreate({}, { volumeConfig: { href: 'machineConfigs/sim.s1_2enano' } }), 400, /volumeConfig/],
    [
      'an image that is not there',
      volumeCreate({}, { volumeConfig: { capacity: 1 }, volumeImage: { href: 'volumeImages/x' } }),
      400,
      /volumeImage/,
    ],
    [
      'an image by value',
      volumeCreate({}, { volumeConfig: { capacity: 1 }, volumeImage: { bootable: true } }),
      400,
      /by value are not supported/,
    ],
    ['another cloud than its configuration', volumeCreate({ cloud: 'two' }, { volumeConfig: { href: PLAN } }), 400, /cloud/],
    ['an unknown attribute', volumeCreate({ size: 1 }, { volumeConfig: { capacity: 1 } }), 400, /'size' is no attribute/],
    [
      'a template of Meters that is not there',
      volumeCreate({}, { volumeConfig: { capacity: 1 }, meterTemplates: [{ href: 'meterTemplates/1' }] }),
      400,
      /meterTemplates\[0\]: there is no MeterTemplate/,
    ],
  ])('%s', async (_what, body, status, words) => {
    const before = scene.control.things('volume').length;
    expectFault(await scene.client.post('volumes', body), status, words);
    expect(scene.control.things('volume').length).toBe(before);
  });

  test('R5.15.5-01: a provider’s configurations stay the provider’s; own ones are made, changed and deleted', async () => {
    const plan = await get(PLAN);
    expect(plan).toMatchObject({ capacity: reported(10), type: BLOCK, name: 'Small volume' });
    expect(rels(plan)).toEqual([]);
    expect([405, 409]).toContain((await scene.client.delete(PLAN)).status);
    const own = await made(scene.client, 'volumeConfigs', { name: 'own', type: BLOCK, format: 'ext4', capacity: 10 });
    expect(rels(own).sort()).toEqual(['delete', 'edit']);
    await succeeded(scene.client, await scene.client.put(String(own.id), { type: BLOCK, capacity: 11 }));
    const now = await get(own.id);
    expect([now.capacity, now.format, now.name]).toEqual([11, undefined, undefined]);
    await succeeded(scene.client, await scene.client.delete(String(own.id)));
    expect((await scene.client.get(String(own.id))).status).toBe(404);
  });

  test('R5.7-01: a template deleted leaves its configuration and its volumes alone', async () => {
    const config = await made(scene.client, 'volumeConfigs', { type: BLOCK, capacity: 1 });
    const template = await made(scene.client, 'volumeTemplates', { volumeConfig: { href: config.id } });
    const one = await volume({ href: template.id }, { cloud: 'sim' });
    for (const uri of [template.id, config.id]) await succeeded(scene.client, await scene.client.delete(String(uri)));
    expect((await get(one.id)).state).toBe('AVAILABLE');
  });

  test('a create that the provider refuses leaves nothing there, and a row that can be deleted', async () => {
    scene.control.fail({ method: 'volumes.create', kind: 'quota', message: 'no more storage' });
    const answer = await create({ volumeConfig: { capacity: 1 } }, { name: 'refused' });
    const job = await scene.client.ended(answer);
    expect(job).toMatchObject({ state: 'FAILED' });
    expect(String(job.statusMessage)).toContain('no more storage');
    expect(atProvider('refused')).toBeUndefined();
    await leftByFailed(scene.client, answer);
  });
});

describe('what is at the provider already', () => {
  const foreign = (id: string, more: object = {}) => ({
    ...{
      kind: 'volume' as const,
      id,
      label: id,
      note: null,
      labels: {},
      sizeGiB: 4,
      grade: BLOCK,
      format: null,
      bootable: false,
      copy: null,
    },
    ...{ holder: null, madeAt: Date.now(), tag: null, token: null, timeline: [{ phase: 'ready', from: 0 }], ...more },
  });

  test('is listed without import, renamed, grown and deleted', async () => {
    scene.control.add([foreign('vol-old')]);
    const listed = await eventually(async () => listOf(await get("volumes?$filter=name='vol-old'"), 'volumes')[0]);
    expect(pathOf(scene.client, listed.id)).toBe('volumes/sim.vol-old');
    const uri = String(listed.id);
    await succeeded(scene.client, await scene.client.put(`${uri}?$select=name,capacity`, { name: 'renamed', capacity: reported(6) }));
    expect(await get(uri)).toMatchObject({ id: uri, name: 'renamed', capacity: reported(6), state: 'AVAILABLE' });
    expect(atProvider('renamed')).toMatchObject({ id: 'vol-old', sizeGiB: 6 });
    await succeeded(scene.client, await scene.client.delete(uri));
    expect([(await scene.client.get(uri)).status, atProvider('renamed')]).toEqual([404, undefined]);
    expect(listOf(await get("volumes?$filter=name='renamed'"), 'volumes')).toEqual([]);
  });

  test('in a state without a name it is ERROR, and still listed', async () => {
    scene.control.add([foreign('vol-odd', { timeline: [{ phase: 'melting', from: 0 }] })]);
    const listed = await eventually(async () => listOf(await get("volumes?$filter=name='vol-odd'"), 'volumes')[0]);
    expect(listed.state).toBe('ERROR');
    scene.control.remove([{ kind: 'volume', id: 'vol-odd' }]);
  });

  test('R4.2.1.2-01: deleted in the provider’s console, a volume is 404', async () => {
    const one = await volumeOf(scene.client, 'lost');
    scene.control.remove([{ kind: 'volume', id: atProvider('lost')?.id ?? '' }]);
    await eventually(async () => ((await scene.client.get(String(one.id))).status === 404 ? true : undefined));
    expect(listOf(await get("volumes?$filter=name='lost'"), 'volumes')).toEqual([]);
  });
});
