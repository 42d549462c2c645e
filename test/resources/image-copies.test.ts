import { createHash } from 'node:crypto';
import { seededDisk } from '../../drivers/simulator/contents';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { rawBytes } from '../../src/disks/raw-stream';
import { CIMI, EXTENSION } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually, waitUntil } from '../harness/wait';
import { expectFault, listOf, openScene, succeeded, type Scene } from '../protocol/scene';
import { validXml } from './storage-scene';

/** Images copied from one cloud into another: imageLocation is an image there (5.14.7.1, 5.15.8.1). Black box. */
const MIB = 2 ** 20;
const [SIZE, DATA] = [16 * MIB, MIB];
const DEBIAN = 'img-debian-12';
const SOURCE = `machineImages/${encodeId('a', DEBIAN)}`;
const READ = 'machineImages.download.read';
const RECEIVE = 'machineImages.upload.receive';
let scene: Scene;

const COLLECTIONS = { machineImages: 'MachineImage', volumeImages: 'VolumeImage' } as const;
const post = (more: object, collection: keyof typeof COLLECTIONS = 'machineImages'): Promise<Answer> =>
  scene.client.post(collection, { resourceURI: `${CIMI}/${COLLECTIONS[collection]}Create`, ...more });
const copy = (more: object = {}): Promise<Answer> => post({ name: 'copied', cloud: 'b', imageLocation: SOURCE, ...more });
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const at = (answer: Answer): string => answer.headers.get('location') ?? '';
/** Snapshots that are not the provider's own. */
const ours = (cloud: string) => scene.controlOf(cloud).snapshots();
/** Calls that changed something in a cloud, and downloads. */
const calls = (cloud: string) =>
  Object.keys(scene.controlOf(cloud).calls()).filter((name) => !/\.(list|getMany|find)$|^(meters|events|account)/.test(name));

/** Hexadecimal SHA-256 of an image that was not uploaded, as a raw file. */
async function sha256(seed: string, size = SIZE): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of rawBytes(seededDisk(seed, size, DATA))) hash.update(piece);
  return hash.digest('hex');
}

beforeAll(async () => {
  const contents = { contentSize: SIZE, contentAllocated: DATA };
  scene = await openScene({
    config: {
      clouds: {
        a: simulatedCloud(contents, { tenants: ['default'] }),
        b: simulatedCloud(contents, { tenants: ['default'] }),
        seen: simulatedCloud(contents, { mode: 'observe' }),
        foreign: simulatedCloud(contents, { tenants: ['another'] }),
      },
      move: { maxBytes: 64 * MIB },
    },
  });
});
afterAll(() => scene.close());
afterEach(() => {
  for (const key of ['a', 'b']) {
    const control = scene.controlOf(key);
    control.clearFailures();
    control.resetSettings();
    control.remove(ours(key));
    control.resetCalls();
  }
});

describe('a copy', () => {
  test('has the contents of the image, tells their SHA-256, and machines are made of it', async () => {
    const answer = await copy({ properties: { stage: 'test' } });
    const job = await succeeded(scene.client, answer);
    const image = await get(at(answer));
    const digest = await sha256(DEBIAN);
    expect(image).toMatchObject({
      ...{ name: 'copied', state: 'AVAILABLE', type: 'IMAGE', cloud: 'b', contentSha256: digest, properties: { stage: 'test' } },
    });
    expect(image.movedFrom).toEqual({ href: new URL(SOURCE, scene.client.base).href });
    expect(Object.keys(image.properties ?? {})).toEqual(['stage']);
    expect(job).toMatchObject({ progress: 100, statusMessage: expect.stringContaining(digest) as string });
    expect(ours('b')).toMatchObject([{ label: 'copied', content: { bytes: SIZE, digest: `sha256:${digest}`, kept: true } }]);
    expect(calls('a')).toEqual(['machineImages.download']);
    expect(ours('a')).toEqual([]);
    const machine = await scene.client.post('machines', {
      resourceURI: `${CIMI}/MachineCreate`,
      machineTemplate: { machineConfig: { href: `machineConfigs/${encodeId('b', 's1.small')}` }, machineImage: { href: at(answer) } },
    });
    await succeeded(scene.client, machine);
    expect(await get(at(machine))).toMatchObject({ state: 'STARTED', cloud: 'b' });
    await succeeded(scene.client, await scene.client.delete(at(machine)));
  });

  test('is asked for and told in XML, too', async () => {
    const xml = `<MachineImageCreate xmlns="${CIMI}" xmlns:x="${EXTENSION}"><name>from XML</name><imageLocation>${SOURCE}</imageLocation><x:cloud>b</x:cloud></MachineImageCreate>`;
    const answer = await scene.client.send('POST', 'machineImages', { xml });
    await succeeded(scene.client, answer);
    const texts = await validXml(scene.client, [at(answer)]);
    expect(texts[at(answer)]).toContain(`<contentSha256 xmlns="${EXTENSION}">${await sha256(DEBIAN)}</contentSha256>`);
  });

  test('goes to the cloud of the entry point that it came to', async () => {
    const answer = await scene.client.post('clouds/b/machineImages', { name: 'by entry point', imageLocation: SOURCE });
    await succeeded(scene.client, answer);
    expect(ours('b')).toMatchObject([{ label: 'by entry point' }]);
  });

  test('of an image for ARM is one for ARM', async () => {
    await succeeded(scene.client, await copy({ imageLocation: `machineImages/${encodeId('a', 'img-debian-12-arm')}` }));
    expect(ours('b')).toMatchObject([{ arch: 'ARM' }]);
  });

  test('tells for what machine and guest it is as its image does, and what the request says goes first', async () => {
    const from = { guestOs: 'windows', bootMode: 'uefi', secureBoot: true };
    const first = await copy({ imageLocation: `machineImages/${encodeId('a', 'img-windows-2022')}`, ...from });
    await succeeded(scene.client, first);
    expect(await get(at(first))).toMatchObject({ ...from, cpuArch: 'x86_64' });
    const second = await copy({ imageLocation: at(first), cloud: 'a', bootMode: 'legacy-bios' });
    await succeeded(scene.client, second);
    expect(await get(at(second))).toMatchObject({ ...from, bootMode: 'legacy-bios', cpuArch: 'x86_64', cloud: 'a' });
    const machine = listOf(await get('resourceMetadata/MachineImage'), 'attributes').map(({ name }) => name);
    expect(machine).toEqual(expect.arrayContaining(['cpuArch', 'bootMode', 'secureBoot', 'guestOs', 'hardware']));
    const wrong = await scene.client.ended(await copy({ guestOs: 'cpm' }));
    expect(wrong).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('guestOs is one of linux, windows') as string });
  });

  test('of a volume image is as large, and boots as that does', async () => {
    const control = scene.controlOf('a');
    const seed = {
      kind: 'copy',
      label: 'c',
      note: null,
      labels: {},
      grade: 'x',
      bootable: true,
      madeAt: 0,
      tag: null,
      token: null,
    } as const;
    control.add([{ ...seed, id: 'copy-1', sizeGiB: 1, timeline: [{ phase: 'ready', from: 0 }] }]);
    const answer = await post({ cloud: 'b', imageLocation: { href: `volumeImages/${encodeId('a', 'copy-1')}` } }, 'volumeImages');
    await succeeded(scene.client, answer);
    expect(await get(at(answer))).toMatchObject({
      state: 'AVAILABLE',
      bootable: true,
      cloud: 'b',
      contentSha256: await sha256('copy-1', 2 ** 30),
    });
    expect(scene.controlOf('b').things('copy')).toMatchObject([{ sizeGiB: 1, bootable: true }]);
  });

  test('of a terabyte of little data moves the data', async () => {
    scene.controlOf('a').set({ contentSize: 2 ** 40 });
    const answer = await copy();
    const digest = await digestOf(seededDisk(DEBIAN, 2 ** 40, DATA));
    expect(await succeeded(scene.client, answer)).toMatchObject({ statusMessage: expect.stringContaining(digest) as string });
    expect(ours('b')).toMatchObject([{ content: { bytes: 2 ** 40, digest, kept: true } }]);
    // It has no SHA-256 of all its bytes: nobody has hashed a terabyte.
    expect(await get(at(answer))).not.toHaveProperty('contentSha256');
  });

  test('of a copy is the same again, compared with what its cloud tells', async () => {
    const first = await copy();
    await succeeded(scene.client, first);
    const second = await copy({ cloud: 'a', imageLocation: at(first) });
    expect(await succeeded(scene.client, second)).toMatchObject({ statusMessage: expect.stringContaining("cloud 'b'") as string });
    expect(await get(at(second))).toMatchObject({ contentSha256: await sha256(DEBIAN) });
  });

  test('may be made twice at once', async () => {
    const answers = await Promise.all([copy({ name: 'one' }), copy({ name: 'two' })]);
    for (const answer of answers) await succeeded(scene.client, answer);
    expect(
      ours('b')
        .map(({ label }) => label)
        .sort(),
    ).toEqual(['one', 'two']);
  });

  test('announces its attribute in ResourceMetadata', async () => {
    const of = await get('resourceMetadata/MachineImage');
    expect(of.attributes).toContainEqual(expect.objectContaining({ name: 'contentSha256', namespace: EXTENSION }));
  });
});

describe('a copy whose bytes', () => {
  /** Follows a copy to its failure; the target is clean, the source as it was. */
  async function fails(answer: Answer, words: RegExp): Promise<void> {
    const job = await scene.client.ended(answer);
    expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringMatching(words)]);
    await waitUntil(() => ours('b').length === 0);
  }

  test('change on their way into the target: it fails, names the image, and leaves nothing', async () => {
    scene.controlOf('b').fail({ method: RECEIVE, atByte: 300_000, flip: true });
    const answer = await copy();
    await fails(answer, new RegExp(`machineImages/.* are not those of ${SOURCE}`));
    expect(ours('a')).toEqual([]);
  });

  test('change on their way out of a cloud that has their digest: the same', async () => {
    const first = await copy({ cloud: 'a', imageLocation: `machineImages/${encodeId('b', DEBIAN)}` });
    await succeeded(scene.client, first);
    scene.controlOf('a').fail({ method: READ, atByte: 300_000, flip: true });
    await fails(await copy({ imageLocation: at(first) }), /are not those of machineImages/);
    expect(ours('a')).toHaveLength(1);
  });

  test.each([
    ['out of the source', 'a', READ],
    ['into the target', 'b', RECEIVE],
  ])('break off on their way %s: it is made again, and there is one', async (_, cloud, method) => {
    scene.controlOf(cloud).fail({ method, atByte: 300_000, kind: 'unavailable' });
    const answer = await copy();
    await succeeded(scene.client, answer);
    expect(ours('b')).toMatchObject([{ content: { digest: `sha256:${await sha256(DEBIAN)}` } }]);
  });

  test.each([
    ['out of the source', 'a', READ],
    ['into the target', 'b', RECEIVE],
  ])('stand still on their way %s: a stop ends it, and both clouds are as before', async (_, cloud, method) => {
    scene.controlOf(cloud).fail({ method, atByte: 300_000, delayMs: 3_600_000 });
    const answer = await copy();
    await eventually(() => ours('b')[0]);
    const job = String(answer.headers.get('cimi-job-uri'));
    await scene.client.act(job, 'stop');
    expect(await scene.client.ended(answer)).toMatchObject({ state: 'STOPPED' });
    await waitUntil(() => ours('b').length === 0);
    expect(ours('a')).toEqual([]);
  });

  test('are more than move.maxBytes: nothing is begun', async () => {
    scene.controlOf('a').set({ contentSize: 2 ** 30, contentAllocated: 65 * MIB });
    await fails(await copy(), /move\.maxBytes/);
    expect(calls('b')).toEqual([]);
  });

  test('go with their image while they are read: it fails and says so', async () => {
    const first = await copy({ cloud: 'a', imageLocation: `machineImages/${encodeId('b', DEBIAN)}` });
    await succeeded(scene.client, first);
    scene.controlOf('a').fail({ method: READ, atByte: 300_000, delayMs: 10_000 });
    const answer = await copy({ imageLocation: at(first) });
    await eventually(() => ours('b')[0]);
    scene.controlOf('a').remove(ours('a'));
    await fails(answer, /could not be read/);
  });
});

describe('is refused before either cloud is asked to do anything:', () => {
  afterEach(() => expect([...calls('a'), ...calls('b'), ...calls('seen')]).toEqual([]));

  const refused = async (more: object, status: number, words: RegExp) => expectFault(await copy(more), status, words);

  test('a copy out of an observed cloud, or into one', async () => {
    await refused({ imageLocation: `machineImages/${encodeId('seen', DEBIAN)}` }, 403, /only observed/);
    await refused({ cloud: 'seen' }, 403, /only observed/);
  });
  test('an image of a cloud that is not the tenant’s, and a copy into one', async () => {
    await refused({ imageLocation: `machineImages/${encodeId('foreign', DEBIAN)}` }, 400, /there is no MachineImage/);
    await refused({ cloud: 'foreign' }, 400, /there is no cloud/);
  });
  test('an image of the same cloud, and one without a cloud to copy it to, as ever', async () => {
    await refused({ cloud: 'a' }, 400, /imageLocation: .* is an image in cloud 'a': it can be copied into another/);
    await refused({ cloud: undefined }, 400, /imageLocation: .* is an image in cloud 'a'.*'cloud' has to name/);
  });
  test('an image that is not there', async () => {
    await refused({ imageLocation: `machineImages/${encodeId('a', 'img-none')}` }, 400, /there is no MachineImage/);
  });
  test('an image that is not AVAILABLE, and one whose contents its cloud does not give', async () => {
    const control = scene.controlOf('a');
    const seed = { kind: 'snapshot', label: 's', note: null, labels: {}, holds: 'disk', builtin: false, arch: 'x86_64' } as const;
    const more = { parent: null, power: null, madeAt: 0, tag: null, token: null };
    control.add([
      { ...seed, ...more, id: 'img-broken', timeline: [{ phase: 'broken', from: 0 }] },
      { ...seed, ...more, id: 'img-dropped', content: { bytes: 512, kept: false }, timeline: [{ phase: 'ready', from: 0 }] },
    ]);
    await refused({ imageLocation: `machineImages/${encodeId('a', 'img-broken')}` }, 409, /while AVAILABLE/);
    await refused({ imageLocation: `machineImages/${encodeId('a', 'img-dropped')}` }, 409, /kept only the digest/);
  });
});
