import { createHash } from 'node:crypto';
import { driver as simulator } from '../../drivers/simulator/index';
import type { SimulatorOptions } from '../../drivers/simulator/options';
import type { Driver, DriverModule } from '../../src/clouds/driver';
import { driverRegistry } from '../../src/clouds/registry';
import { Change, placesOf } from '../crash/drive';
import { Scene as CrashScene } from '../crash/scene';
import { bytes, redirect, startOrigin, type Origin } from '../fetch/origin';
import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, made, openScene, rels, succeeded, type Scene, leftByFailed } from '../protocol/scene';
import { eventually } from '../harness/wait';
import { hrefOf, validXml } from './storage-scene';

/** Images whose imageLocation is elsewhere (5.14.7.1, 5.15.8.1), black box; the other place is a server of this test's own. */
const CONTENT = Buffer.alloc(500_000, 'disk image');
const DIGEST = `sha256:${createHash('sha256').update(CONTENT).digest('hex')}`;
const MAX = 1_000_000;
const COLLECTIONS = ['machineImages', 'volumeImages'] as const;
type Collection = (typeof COLLECTIONS)[number];
const KINDS = { machineImages: 'snapshot', volumeImages: 'copy' } as const;
let origin: Origin;
let scene: Scene;
/** Gates of paths that begin and go on when told. */
let slow: { begun: number; release: () => void };

const fetchRules = (more: object = {}): object => ({
  hosts: [`127.0.0.1:${origin.port}`],
  schemes: ['http'],
  addresses: ['127.0.0.1/32'],
  maxBytes: MAX,
  ...more,
});
const at = (path: string): string => `${origin.url}${path}`;
const bodyOf = (collection: Collection, uri: string, more: object = {}): object => ({
  imageLocation: collection === 'volumeImages' ? { href: uri } : uri,
  ...more,
});
const post = (collection: Collection, uri: string, more: object = {}): Promise<Answer> =>
  scene.client.post(collection, bodyOf(collection, uri, more));
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
/** Lists what of ours the provider has, besides what it brings. */
const atProvider = (collection: Collection) =>
  scene.control.things(KINDS[collection]).filter((thing) => !('builtin' in thing && thing.builtin));
const listed = async (collection: Collection) =>
  listOf(await get(collection), collection).filter(({ name }) => String(name).startsWith('from'));

beforeAll(async () => {
  let release: () => void = () => undefined;
  slow = { begun: 0, release: () => release() };
  origin = await startOrigin({
    '/image': bytes(CONTENT),
    '/moved': redirect('/image'),
    '/metadata': redirect('http://169.254.169.254/latest/meta-data/'),
    '/within': redirect(() => `http://localhost:${origin.port}/image`),
    '/big': (_request, response) => response.writeHead(200, { 'content-length': MAX + 1 }).end(Buffer.alloc(10)),
    '/flood': (_request, response) => response.writeHead(200).end(Buffer.alloc(MAX + 1)),
    '/broken': (_request, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000), () => response.destroy());
    },
    '/slow': (_request, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000));
      slow.begun += 1;
      release = () => response.end(CONTENT.subarray(100_000));
    },
  });
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, fetch: fetchRules(), clouds: { sim: simulatedCloud() } } });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});
afterEach(() => {
  scene.control.clearFailures();
  scene.control.resetSettings();
});

test('a gateway that is shut down in the middle leaves it to the next', async () => {
  const config = { fetch: fetchRules(), worker: { sweepMs: 200 } };
  const first = await openScene({ config: { ...config, jobs: { graceMs: 0 } } });
  const begun = slow.begun;
  const answer = await first.client.post('machineImages', { imageLocation: at('slow') });
  await eventually(async () => (slow.begun > begun ? true : undefined));
  await first.gateway.stop({ keepData: true });
  const second = await openScene({ config, dataDir: first.gateway.dataDir });
  try {
    await eventually(async () => (slow.begun > begun + 1 ? true : undefined));
    slow.release();
    const { pathname } = new URL(String(answer.headers.get('location')));
    const image = await eventually(async () => {
      const { json } = await second.client.get(pathname);
      return String(json.state) === 'AVAILABLE' ? json : undefined;
    });
    expect(image.type).toBe('IMAGE');
    const made = second.control.things('snapshot').filter((thing) => !thing.builtin);
    expect(made).toMatchObject([{ content: { digest: DIGEST } }]);
  } finally {
    await second.close();
  }
});

test('a cloud that takes no images this way refuses it in words, and everything else is as ever', async () => {
  const without: DriverModule<SimulatorOptions> = {
    ...simulator,
    async connect(options, environment) {
      const driver = await simulator.connect(options, environment);
      const { upload: _image, ...machineImages } = driver.machineImages ?? {};
      const { upload: _volume, ...volumeImages } = driver.volumeImages ?? {};
      return { ...driver, machineImages, volumeImages } as Driver;
    },
  };
  const drivers = driverRegistry({ simulator: () => Promise.resolve(without) });
  const plain = await openScene({ drivers, config: { fetch: fetchRules() } });
  try {
    const before = [...origin.asked];
    for (const collection of COLLECTIONS)
      expectFault(
        await plain.client.post(collection, bodyOf(collection, at('image'))),
        400,
        /cloud 'sim' takes no images from other places/,
      );
    expect(origin.asked).toEqual(before);
    expect(rels((await plain.client.get('machineImages')).json)).toEqual(['add']);
  } finally {
    await plain.close();
  }
});

test('only so many are fetched at once; the others wait, and say so', async () => {
  const one = await openScene({ config: { jobs: { graceMs: 0 }, worker: { sweepMs: 100 }, fetch: fetchRules({ concurrency: 1 }) } });
  try {
    const begun = slow.begun;
    const first = await one.client.post('machineImages', { imageLocation: at('slow') });
    await eventually(async () => (slow.begun > begun ? true : undefined));
    const second = await one.client.post('volumeImages', { imageLocation: { href: at('image') } });
    await eventually(async () => {
      const { json } = await one.client.get(String(second.headers.get('cimi-job-uri')));
      return String(json.statusMessage).startsWith('Waiting for other images') ? json : undefined;
    });
    slow.release();
    for (const answer of [first, second]) await succeeded(one.client, answer);
  } finally {
    await one.close();
  }
});

describe.each(COLLECTIONS)('%s', (collection) => {
  test('R5.14.7.1-01 R5.14.7.1-06 R5.15.8.1-01: what is elsewhere is fetched, byte by byte, and is an image', async () => {
    for (const path of ['image', 'moved']) {
      const image = await made(
        scene.client,
        collection,
        bodyOf(collection, at(path), { name: `from ${path}`, description: 'd', properties: { a: '1' } }),
      );
      expect(image).toMatchObject({ name: `from ${path}`, description: 'd', properties: { a: '1' }, state: 'AVAILABLE' });
      expect(image).toMatchObject(collection === 'machineImages' ? { type: 'IMAGE' } : { bootable: false });
      expect(rels(image).sort()).toEqual(['delete', 'edit']);
      // The image is the provider's now: its location is no longer the other place (5.14.7.1).
      const location = collection === 'machineImages' ? String(image.imageLocation) : hrefOf(image.imageLocation);
      expect(location).toMatch(/./);
      expect(location).not.toContain(origin.url);
      expect(atProvider(collection)).toMatchObject([{ label: `from ${path}`, content: { bytes: CONTENT.length, digest: DIGEST } }]);
      await validXml(scene.client, [image.id, collection]);
      await succeeded(scene.client, await scene.client.delete(String(image.id)));
      expect(atProvider(collection)).toEqual([]);
    }
  });

  test('in XML', async () => {
    const [type, location] =
      collection === 'machineImages'
        ? ['MachineImage', `<imageLocation>${at('image')}</imageLocation>`]
        : ['VolumeImage', `<imageLocation href="${at('image')}"/><bootable>true</bootable>`];
    const xml = `<${type} xmlns="${CIMI}"><name>fromxml</name>${location}</${type}>`;
    const answer = await scene.client.send('POST', collection, { xml, headers: { accept: 'application/xml' } });
    expect([answer.status, answer.text]).toEqual([201, expect.stringContaining(`<state>AVAILABLE</state>`)]);
    const image = await get(answer.headers.get('location'));
    expect(image).toMatchObject({ name: 'fromxml', ...(collection === 'volumeImages' ? { bootable: true } : {}) });
    expect(atProvider(collection)).toMatchObject([{ content: { digest: DIGEST } }]);
    await succeeded(scene.client, await scene.client.delete(String(image.id)));
    const refused = `<${type} xmlns="${CIMI}">${location.replace(origin.url, 'http://evil.example/')}</${type}>`;
    const no = await scene.client.send('POST', collection, { xml: refused, headers: { accept: 'application/xml' } });
    expect([no.status, no.text]).toEqual([403, expect.stringMatching(/<statusMessage>.*evil\.example.*fetch\.hosts/)]);
  });

  test('meanwhile it is CREATING and offers delete alone; deleted in the middle, nothing is left', async () => {
    const begun = slow.begun;
    const asked = scene.client.send('POST', collection, { json: bodyOf(collection, at('slow'), { name: 'from slow' }) });
    await eventually(async () => (slow.begun > begun ? true : undefined));
    const [image] = await eventually(async () => {
      const all = await listed(collection);
      return all.length > 0 ? all : undefined;
    });
    expect(image).toMatchObject({ name: 'from slow', state: 'CREATING' });
    expect(rels(await get(image?.id))).toEqual(['delete']);
    expect(await listed(collection)).toHaveLength(1);
    const removal = await scene.client.delete(String(image?.id));
    await succeeded(scene.client, removal);
    expect((await scene.client.ended(await asked)).state).toBe('STOPPED');
    expect((await scene.client.get(String(image?.id))).status).toBe(404);
    expect([atProvider(collection), await listed(collection)]).toEqual([[], []]);
  });

  test('a location that no rule allows is refused at once, in words, and nobody is asked', async () => {
    const before = [...origin.asked];
    expectFault(await post(collection, 'https://127.0.0.1/x'), 403, /imageLocation: .*https.*fetch\.schemes/);
    expectFault(await post(collection, 'file:///etc/passwd'), 403, /fetch\.schemes/);
    expectFault(await post(collection, 'urn:simulator:image:img-debian-12'), 403, /fetch\.schemes/);
    expectFault(await post(collection, 'http://169.254.169.254/latest/'), 403, /169\.254\.169\.254.*fetch\.hosts/);
    expectFault(await post(collection, `http://localhost:${origin.port}/image`), 403, /fetch\.hosts/);
    expectFault(await post(collection, at('image').replace('//', '//user:password@')), 400, /no user and no password/);
    expect(origin.asked).toEqual(before);
    expect([atProvider(collection), await listed(collection)]).toEqual([[], []]);
  });

  test.each([
    ['metadata', /redirects: .*169\.254\.169\.254/],
    ['within', /redirects: .*fetch\.hosts/],
    ['big', /larger than the 1000000 bytes.*fetch\.maxBytes/],
    ['flood', /larger than the 1000000 bytes.*fetch\.maxBytes/],
    ['broken', /closed the connection|bytes of/],
    ['missing', /answers with status 404/],
  ])('what cannot be fetched fails in words: %s', async (path, words) => {
    const answer = await post(collection, at(`${path}?token=s3cret`), { name: `from ${path}` });
    const job = await scene.client.ended(answer);
    expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringMatching(words) as string });
    expect(JSON.stringify([job, scene.gateway.logs()])).not.toContain('s3cret');
    // No half image at the provider; the record of it goes without one.
    expect(atProvider(collection)).toEqual([]);
    await leftByFailed(scene.client, answer);
    expect(await listed(collection)).toEqual([]);
  });

  test('a lost answer makes no second one', async () => {
    scene.control.fail({ method: `${collection}.upload`, kind: 'timeout', afterEffect: true });
    const image = await made(scene.client, collection, bodyOf(collection, at('image'), { name: 'from lost' }));
    expect(atProvider(collection)).toHaveLength(1);
    expect(await listed(collection)).toHaveLength(1);
    await succeeded(scene.client, await scene.client.delete(String(image.id)));
  });
});

test('without configuration nothing is fetched, and the words name the key', async () => {
  const plain = await openScene();
  try {
    const before = [...origin.asked];
    for (const collection of COLLECTIONS) {
      const answer = await plain.client.post(collection, bodyOf(collection, at('image')));
      expectFault(answer, 400, /fetch\.hosts/);
    }
    expect(origin.asked).toEqual(before);
  } finally {
    await plain.close();
  }
});

test('an address that is not allowed ends the job, whatever the host is called', async () => {
  const strict = await openScene({ config: { jobs: { graceMs: 10_000 }, fetch: fetchRules({ addresses: [] }) } });
  try {
    const before = [...origin.asked];
    const answer = await strict.client.post('machineImages', { imageLocation: at('image') });
    const job = await strict.client.ended(answer);
    expect(job).toMatchObject({
      state: 'FAILED',
      statusMessage: expect.stringMatching(/address that nothing may be fetched from/) as string,
    });
    expect(origin.asked).toEqual(before);
  } finally {
    await strict.close();
  }
});

/** Boundaries in which an upload differs from every other create; the rest are storage-crash.test.ts's matter. */
const PLACES = placesOf('image.upload').filter(
  ({ step, moment }) => step === 'create' || (step === 'duplicates' && moment === 'ran') || moment === 'ending',
);

describe('killed in the middle', () => {
  let crash: CrashScene;
  const change = (collection: Collection): Change =>
    new Change(crash, 'worst', 'POST', collection, bodyOf(collection, at('image'), { name: `from ${collection}` }));
  const left = (collection: Collection) =>
    crash
      .cloud('worst')
      .things(KINDS[collection])
      .filter((thing) => !('builtin' in thing && thing.builtin));

  beforeAll(async () => {
    crash = await CrashScene.set({
      clouds: { worst: { ignoreTokens: true, visibilityDelayMs: 150 } },
      config: { fetch: fetchRules() },
    });
  });
  afterAll(() => crash.close());

  test.each(PLACES)('at $step/$moment: one image, once', async (place) => {
    await crash.life.order({ do: 'kill', jobs: 2, ...place });
    const changes = COLLECTIONS.map(change);
    await Promise.all(changes.map((each) => each.attempt()));
    await crash.revived();
    for (const [index, each] of changes.entries()) {
      expect(await each.ended()).toMatchObject({ state: 'SUCCESS' });
      const path = await each.path();
      expect((await crash.client.get(path)).json).toMatchObject({ state: 'AVAILABLE' });
      const collection = COLLECTIONS[index] ?? 'machineImages';
      expect(left(collection)).toMatchObject([{ content: { digest: DIGEST } }]);
      expect(await new Change(crash, '', 'DELETE', path).ended()).toMatchObject({ state: 'SUCCESS' });
      expect(left(collection)).toEqual([]);
    }
    expect(crash.leftovers()).toEqual({ holds: [], unfinished: [] });
  });

  test('while the bytes flow: it is fetched again from the start, and half an image never stays', async () => {
    const begun = slow.begun;
    const one = new Change(crash, 'worst', 'POST', 'machineImages', { imageLocation: at('slow') });
    await one.attempt();
    await eventually(async () => (slow.begun > begun ? true : undefined));
    await eventually(async () => (left('machineImages').length === 1 ? true : undefined));
    await crash.life.kill();
    await crash.begin();
    // What the dead process left is deleted before the transfer begins again.
    await eventually(async () => (slow.begun > begun + 1 ? true : undefined));
    slow.release();
    expect(await one.ended()).toMatchObject({ state: 'SUCCESS' });
    expect(left('machineImages')).toMatchObject([{ content: { digest: DIGEST } }]);
    expect(crash.leftovers()).toEqual({ holds: [], unfinished: [] });
  });
});
