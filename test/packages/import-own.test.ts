import { seededDisk } from '../../drivers/simulator/contents';
import { digestOf } from '../../src/disks/content-digest';
import type { PackageRecord } from '../../src/packages/package-record';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { ACTION_URI, listOf, openScene, pathOf, succeeded, type Scene } from '../protocol/scene';
import { exported, factsOf, shopIn } from './export-scene';

/** A System moved from one cloud to another by two requests: export, and import of the gateway's own package (5.13.1.2, 5.13.2.1). */
const MIB = 2 ** 20;
const contents = { contentSize: 8 * MIB, contentAllocated: MIB };
let scene: Scene;
let shop: Json;
let url: string;
/** Digests of the contents of the package's disks. */
let sources: readonly string[];

beforeAll(async () => {
  scene = await openScene({
    config: { jobs: { graceMs: 10_000 }, clouds: { a: simulatedCloud(contents), b: simulatedCloud(contents) } },
  });
  shop = await shopIn(scene.client, 'a');
  url = (await exported(scene.client, shop.id)).url;
  const digests = (await record()).files.map(({ key, group, capacity }) =>
    digestOf(seededDisk(key, group === 'machineImages' ? contents.contentSize : capacity, contents.contentAllocated)),
  );
  sources = (await Promise.all(digests)).toSorted();
});
afterAll(() => scene.close());

const KINDS = ['instance', 'volume', 'snapshot', 'copy', 'net'] as const;
const thingsIn = (cloud: string) => KINDS.map((kind) => scene.controlOf(cloud).things(kind).length);
const record = async (): Promise<PackageRecord> => {
  const path = pathOf(scene.client, url).replace(/^.*(packages\/[^/]+)\/.*$/, '$1');
  return (await scene.gateway.gateway.store.resource(path))?.internal.record as unknown as PackageRecord;
};
const importing = (properties: object): Promise<Answer> =>
  scene.client.post('systems', { action: `${ACTION_URI}import`, source: url, properties });
const importingByXml = (properties: object): Promise<Answer> =>
  scene.client.send('POST', 'systems', {
    xml: `<Action xmlns="http://schemas.dmtf.org/cimi/1"><action>${ACTION_URI}import</action><source>${url}</source>${Object.entries(
      properties,
    )
      .map(([key, value]) => `<property key="${key}">${String(value)}</property>`)
      .join('')}</Action>`,
  });

test.each([
  ['JSON', importing],
  ['XML', importingByXml],
])('as asked for in %s, it is the same System in the other cloud, of the same bytes', async (_, ask) => {
  const { client } = scene;
  const before = [thingsIn('a'), thingsIn('b')];
  const answer = await ask({ cloud: 'b' });
  const job = await succeeded(scene.client, answer);
  const system = (await scene.client.get(String(answer.headers.get('location')))).json;
  expect(await factsOf(client, system)).toEqual(await factsOf(client, shop));
  const copies = [...scene.controlOf('b').snapshots(), ...scene.controlOf('b').things('copy')] as { content?: { digest: string } }[];
  expect(copies.map(({ content }) => content?.digest).toSorted()).toEqual(sources);
  // Nothing was asked of the source, which is as it was.
  expect(thingsIn('a')).toEqual(before[0]);
  expect(await factsOf(client, (await client.get(String(shop.id))).json)).toEqual(await factsOf(client, shop));
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
  for (const { href } of listOf(job, 'affectedResources'))
    if (/\/(machineImages|volumeImages)\//.test(String(href))) await succeeded(scene.client, await scene.client.delete(String(href)));
  expect(thingsIn('b')).toEqual(before[1]);
});

test('an import keeps the package for its whole time again; a plan only reads it, and it goes when it would have gone', async () => {
  const { client } = scene;
  const { store } = scene.gateway.gateway;
  const path = pathOf(client, url).replace(/^.*(packages\/[^/]+)\/.*$/, '$1');
  const soon = (await store.now()) + 600_000;
  await store.transaction(async (unit) =>
    unit.updateResource(path, undefined, { internal: { record: { ...(await record()), expires: soon } as never } }),
  );
  const plan = await succeeded(client, await importing({ cloud: 'b', plan: 'true' }));
  expect(plan.statusMessage).toContain('nothing was made');
  expect((await record()).expires).toBe(soon);
  const answer = await importing({ cloud: 'b' });
  await succeeded(client, answer);
  expect((await record()).expires).toBeGreaterThan(soon);
});
