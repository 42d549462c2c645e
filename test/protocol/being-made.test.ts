import type { Thing } from '../../drivers/simulator/things';
import { CIMI } from '../../src/model/define';
import { startOrigin, type Origin } from '../fetch/origin';
import { simulatedCloud } from '../harness/gateway';
import { eventually, waitUntil } from '../harness/wait';
import { listOf, machineCreate, openScene, pathOf, type Scene } from './scene';

/**
 * Things that carry the tag of what is being made are its Job's: an upload that broke off and is being deleted, or what a provider that
 * forgets tokens made twice. They stand in no list of either format, and are found under no name.
 */
let scene: Scene;
let origin: Origin;
/** Lets the bytes of an image come to their end. */
let release: () => void;

beforeAll(async () => {
  origin = await startOrigin({
    '/slow': (_request, response) => {
      response.writeHead(200, { 'content-length': 2_000 }).write(Buffer.alloc(1_000, 'disk image'));
      release = () => response.end(Buffer.alloc(1_000, 'disk image'));
    },
  });
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  const delays = { create: 600_000, capture: 600_000 };
  scene = await openScene({
    config: { fetch, jobs: { graceMs: 0 }, clouds: { sim: simulatedCloud({ delays }, { guard: { cacheMs: 0 } }) } },
  });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});

const KINDS = {
  machines: { kind: 'instance', body: () => machineCreate() },
  volumes: {
    kind: 'volume',
    body: () => ({ resourceURI: `${CIMI}/VolumeCreate`, volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }),
  },
  machineImages: { kind: 'snapshot', body: () => ({ imageLocation: `${origin.url}slow` }) },
  volumeImages: { kind: 'copy', body: () => ({ imageLocation: { href: `${origin.url}slow` } }) },
} as const satisfies Record<string, { kind: Thing['kind']; body: () => object }>;
type Collection = keyof typeof KINDS;
type Made = Extract<Thing, { kind: (typeof KINDS)[Collection]['kind'] }>;

/** Makes one, and lets it be looked at twice where its bytes come in between. */
async function making(collection: Collection, look: (made: Made, path: string) => Promise<void>): Promise<void> {
  const { kind, body } = KINDS[collection];
  const before = new Set(scene.control.things(kind).map(({ id }) => id));
  const answer = await scene.client.post(collection, body(), { prefer: 'wait=0' });
  expect(answer.status).toBe(202);
  const path = pathOf(scene.client, answer.headers.get('location'));
  const found = await eventually(() => scene.control.things(kind).find(({ id }) => !before.has(id)));
  await look(found, path);
  if (collection !== 'machineImages' && collection !== 'volumeImages') return;
  release();
  const job = String(answer.headers.get('cimi-job-uri'));
  await waitUntil(async () => /have it ready|shows CREATING/.test(String((await scene.client.get(job)).json.statusMessage)));
  await look(found, path);
}

describe.each(Object.keys(KINDS) as Collection[])('%s', (collection) => {
  test.each([
    ['older', -5_000],
    ['younger', 5_000],
  ])('another with the tag of what is being made, %s, is listed nowhere', async (_, later) => {
    const { client, control } = scene;
    await making(collection, async (made, path) => {
      const timeline = made.timeline.map(({ phase, from }) => ({ phase, from: from + later }));
      const copy = { ...made, id: `${made.id}-half`, timeline, ...('madeAt' in made && { madeAt: made.madeAt + later }) };
      control.add([copy]);
      const stranger = `${collection}/sim.${copy.id}`;
      const { json } = await client.get(collection);
      const paths = listOf(json, collection).map(({ id }) => pathOf(client, id));
      expect(paths.filter((each) => each === path)).toEqual([path]);
      expect(paths).not.toContain(stranger);
      const { text } = await client.get(collection, { accept: 'application/xml' });
      expect(text).toContain(`${client.base}${path}</id>`);
      expect(text).not.toContain(`${client.base}${stranger}<`);
      expect((await client.get(stranger)).status).toBe(404);
      control.remove([copy]);
    });
  });
});
