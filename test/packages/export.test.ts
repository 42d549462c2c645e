import { readFileSync, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { vmdkDisk } from '../../src/disks/vmdk-reader';
import { digestOf } from '../../src/disks/content-digest';
import { expiringPackages } from '../../src/packages/remove';
import type { UnitOfWork } from '../../src/store/store';
import { readManifest } from '../../src/ovf/manifest';
import { readDescriptor } from '../../src/ovf/reader';
import type { Package, VirtualSystem } from '../../src/ovf/package';
import { hashPassword } from '../../src/http/passwords';
import { CIMI } from '../../src/model/define';
import { seededDisk } from '../../drivers/simulator/contents';
import { govmomiAvailable, govmomiReadings } from '../backends/govmomi';
import { describeWith } from '../backends/need';
import { qemuAvailable, qemuImg } from '../backends/qemu';
import { faultsAgainst } from '../codec/mended-schema';
import { basic, type Client, type Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { ACTION_URI, expectFault, listOf, made, openScene, pathOf, rels, succeeded, type Scene } from '../protocol/scene';
import { exported, exporting, machineIn, refOf, shopIn } from './export-scene';

/** Export to packages and import of them in another cloud (DSP0263 5.13.1.2, 5.13.3.1), black box, on simulated clouds. */
const MIB = 2 ** 20;
const SCHEMA = join(__dirname, '../../../shared/spec/xsd/ovf/dsp8023_1.1.0.xsd');
const contents = { contentSize: 8 * MIB, contentAllocated: MIB };
let scene: Scene;
let client: Client;
let stranger: Client;
let reader: Client;
let shop: Json;
/** The package of the shop. */
let url: string;
let text: string;

async function user(name: string, tenant: string, role: 'reader' | 'operator'): Promise<Client> {
  await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role, passwordHash: await hashPassword(`pw-${name}`) });
  return scene.client.as(basic(name, `pw-${name}`));
}
const described = (descriptor: string): Package => readDescriptor(Buffer.from(descriptor), { maxDiskBytes: 2 ** 41 });
const machinesOf = ({ content }: Package): VirtualSystem[] =>
  (content.kind === 'system' ? [content] : (content.members as VirtualSystem[])).toSorted((a, b) =>
    (a.name ?? '').localeCompare(b.name ?? ''),
  );
const beside = (name: string, at = url): string => new URL(name, at).href;
async function bytesAt(uri: string): Promise<{ bytes: Buffer; headers: Headers }> {
  const response = await fetch(uri, { headers: basic('ann', 'pw-ann') });
  return { bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
}
const ours = (cloud: string) => [...scene.controlOf(cloud).snapshots(), ...scene.controlOf(cloud).things('copy')];

beforeAll(async () => {
  const tenants = ['a', 'b'];
  scene = await openScene({
    config: {
      ...{ access: { required: true }, tenants, jobs: { graceMs: 10_000 } },
      clouds: {
        a: simulatedCloud(contents, { tenants, discoveredTenant: 'a' }),
        b: simulatedCloud(contents, { tenants, discoveredTenant: 'a' }),
      },
    },
  });
  client = await user('ann', 'a', 'operator');
  reader = await user('rae', 'a', 'reader');
  stranger = await user('bob', 'b', 'operator');
  shop = await shopIn(client, 'a');
  const answer = await exporting(client, shop.id);
  expect([answer.status, answer.json.state]).toEqual([202, 'RUNNING']);
  url = String(answer.headers.get('location'));
  // The URL is known before the package is whole.
  const early = await client.get(url);
  if (early.status !== 200)
    expect([early.status, early.headers.get('cimi-job-uri'), early.headers.get('retry-after')]).toEqual([404, answer.json.id, '2']);
  expect(await succeeded(client, answer)).toMatchObject({ statusMessage: 'Exported', targetResource: { href: shop.id } });
  text = (await client.get(url)).text;
});
afterAll(() => scene.close());

test('export is offered where the cloud gives the contents of machines, and told of (5.13.1.2, R5.11)', async () => {
  expect(rels(shop)).toContain('export');
  const machine = await refOf(client, listOf(await refOf(client, shop, 'machines'), 'systemMachines')[0] ?? {}, 'machine');
  expect(rels(machine)).toContain('http://cimi-gateway.org/extension/1/action/export');
  for (const type of ['System', 'SystemTemplate', 'Machine']) {
    const { json } = await client.get(`resourceMetadata?$filter=typeURI='${CIMI}/${type}'`);
    expect(listOf(listOf(json, 'resourceMetadatas')[0] ?? {}, 'actions').map(({ name }) => name)).toContain('export');
  }
});

test('a System is a package of its machines, with their disks and interfaces (R5.13.1.2-04, -08)', () => {
  const { content, disks, networks } = described(text);
  expect(content).toMatchObject({ kind: 'collection', name: 'shop', description: 'sells <things>' });
  expect(networks.map(({ name }) => name).toSorted()).toEqual(['back', 'front']);
  const [db, web] = machinesOf(described(text));
  expect(web).toMatchObject({ name: 'web', description: 'the face', hardware: { cpus: 1, memory: 2048 * MIB } });
  expect(web?.products).toMatchObject([{ class: 'cimi', properties: [{ key: 'cimi.stage', value: 'test' }] }]);
  expect(web?.hardware.interfaces.map(({ network }) => network)).toEqual(['front', 'back']);
  expect(db?.hardware.disks.map(({ disk }) => disks.find(({ id }) => id === disk)?.capacity)).toEqual([8 * MIB, 2 ** 30]);
  expect(text).not.toContain('cGFzcw');
});

test('the descriptor is valid by DSP8023 1.1.0', () => {
  if (existsSync(SCHEMA)) expect(faultsAgainst(readFileSync(SCHEMA, 'utf8'), { text }, SCHEMA)).toEqual({});
});

/** File of a disk that a machine boots from: which number it has is told by the descriptor alone. */
function bootDisk(): string {
  const [machine] = machinesOf(described(text));
  return `${machine?.hardware.disks[0]?.disk ?? ''}.vmdk`;
}

test('disks are served as VMDK of what the cloud has, and the manifest once all have been read', async () => {
  const unread = await client.get(beside('package.mf'));
  expect([unread.status, unread.text]).toEqual([404, expect.stringContaining('disk1.vmdk')]);
  const disks = described(text).disks.map(({ id }) => id);
  const digests = new Map([['package.ovf', createHash('sha256').update(text).digest('hex')]]);
  for (const id of disks) {
    const { bytes, headers } = await bytesAt(beside(`${id}.vmdk`));
    expect([headers.get('content-type'), headers.get('content-length')]).toEqual(['application/octet-stream', null]);
    digests.set(`${id}.vmdk`, createHash('sha256').update(bytes).digest('hex'));
    const again = await client.send('HEAD', beside(`${id}.vmdk`));
    expect(again.headers.get('content-length')).toBe(String(bytes.length));
  }
  const manifest = await client.get(beside('package.mf'));
  expect([manifest.status, manifest.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  const told = readManifest(Buffer.from(manifest.text));
  expect(new Map([...told].map(([name, { hex }]) => [name, hex]))).toEqual(digests);
  const { bytes } = await bytesAt(beside(bootDisk()));
  const [key = ''] = ours('a')
    .map(({ id }) => id)
    .filter((id) => id.startsWith('img'));
  const images = await Promise.all(ours('a').map(({ id }) => digestOf(seededDisk(id, 8 * MIB, MIB))));
  expect(key).not.toBe('');
  expect(images).toContain(
    await digestOf(
      await vmdkDisk(
        (async function* () {
          yield await Promise.resolve(bytes);
        })(),
      ),
    ),
  );
});

describeWith('qemu', qemuAvailable(), () => {
  test('a disk has no errors for qemu-img', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'export-'));
    try {
      await writeFile(join(folder, 'disk.vmdk'), (await bytesAt(beside('disk1.vmdk'))).bytes);
      expect(await qemuImg('check', '-f', 'vmdk', join(folder, 'disk.vmdk'))).toContain('No errors were found');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describeWith('govmomi', govmomiAvailable(), () => {
  test("govmomi's parser reads the same", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'export-'));
    try {
      await writeFile(join(folder, 'package.ovf'), text);
      const { systems = [], disks = [] } = (await govmomiReadings(folder))['package.ovf'] ?? {};
      expect(disks.map(({ capacity }) => capacity).toSorted()).toEqual(
        described(text)
          .disks.map(({ capacity }) => capacity)
          .toSorted(),
      );
      expect(systems.map(({ cpus }) => cpus)).toEqual([1, 1]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test('nobody of another tenant reads, imports or removes it, and a reader does not remove it', async () => {
  expect((await scene.client.get(url)).status).toBe(401);
  for (const method of ['GET', 'HEAD', 'DELETE']) expect((await stranger.send(method, url)).status).toBe(404);
  expect((await stranger.get(beside('disk1.vmdk'))).status).toBe(404);
  const body = { action: `${ACTION_URI}import`, source: url, properties: { cloud: 'b' } };
  expectFault(await stranger.post('systemTemplates', body), 400, /source: there is no package at/);
  expect((await reader.get(url)).status).toBe(200);
  expect((await reader.delete(url)).status).toBe(403);
  expect((await client.put(url, {})).status).toBe(405);
});

test('import of it copies its disks from cloud to cloud (5.13.4.1)', async () => {
  const body = { action: `${ACTION_URI}import`, source: url, properties: { cloud: 'b' } };
  const answer = await client.post('systemTemplates', body);
  expect((await succeeded(client, answer)).statusMessage).not.toContain('manifest');
  const template = (await client.get(String(answer.headers.get('location')))).json;
  const names = listOf(template, 'componentDescriptors')
    .map(({ name }) => String(name))
    .toSorted();
  expect(names).toEqual(['back', 'db', 'front', 'web']);
  const system = await made(client, 'systems', {
    resourceURI: `${CIMI}/SystemCreate`,
    name: 'shop',
    cloud: 'b',
    systemTemplate: { href: template.id },
  });
  for (const one of ['machines', 'volumes', 'networks'] as const)
    expect([one, Number((await refOf(client, system, one)).count)]).toEqual([one, Number((await refOf(client, shop, one)).count)]);
  const digests = await Promise.all(
    ours('a')
      .filter(({ id }) => id.startsWith('img'))
      .map(({ id }) => digestOf(seededDisk(id, 8 * MIB, MIB))),
  );
  const there = scene
    .controlOf('b')
    .snapshots()
    .map(({ content }) => content?.digest);
  expect(there).toHaveLength(2);
  expect(digests).toEqual(expect.arrayContaining(there));
  // The package of what was imported says the same.
  const back = await exported(client, template.id);
  const again = machinesOf(described((await client.get(back.url)).text));
  const first = machinesOf(described(text));
  for (const [index, machine] of again.entries()) {
    const { hardware } = first[index] as VirtualSystem;
    expect(machine.hardware).toMatchObject({ cpus: hardware.cpus, memory: hardware.memory });
    expect(machine.hardware.interfaces.map(({ network }) => network)).toEqual(hardware.interfaces.map(({ network }) => network));
    expect(machine.hardware.disks).toHaveLength(hardware.disks.length);
  }
  await succeeded(client, await client.delete(String(system.id)));
  await removed(back.url);
});

async function removed(at: string): Promise<void> {
  const answer = await client.delete(at);
  expect(answer.status).toBe(202);
  await succeeded(client, answer);
  expect((await client.get(at)).status).toBe(404);
}

test('a Machine is a package of one, which DELETE takes away with its image', async () => {
  const machine = await machineIn(client, 'a', 'alone');
  const before = ours('a').length;
  const { url: at } = await exported(client, machine.id, { properties: { 'ovf.digest': 'sha1' } });
  expect(described((await client.get(at)).text).content).toMatchObject({ kind: 'system', name: 'alone' });
  await bytesAt(beside('disk1.vmdk', at));
  expect((await client.get(beside('package.mf', at))).text).toMatch(/^SHA1\(package\.ovf\)= [0-9a-f]{40}\n/);
  expect(ours('a')).toHaveLength(before + 1);
  await removed(new URL('.', at).href);
  expect(ours('a')).toHaveLength(before);
});

test('a running Machine is refused by name, or captured as it is where that is asked for', async () => {
  const machine = await machineIn(client, 'a', 'running', { initialState: 'STARTED' });
  const path = pathOf(client, machine.id);
  expectFault(await exporting(client, path), 409, new RegExp(`${path} is STARTED: .*'ovf\\.running'`));
  const { url: at, job } = await exported(client, path, { properties: { 'ovf.running': 'snapshot' } });
  expect(job.statusMessage).toContain('as after a loss of power');
  expect((await client.get(`${path}/snapshots`)).json.count).toBe(0);
  await removed(at);
});

test.each([
  ['another format', { format: 'application/zip' }, /format: packages are written as application\/ovf or application\/x-ova, not as/],
  ['an unknown property', { properties: { other: 'x' } }, /'other' is no property of an export/],
  ['another digest', { properties: { 'ovf.digest': 'md5' } }, /one of sha1, sha256, sha512/],
])('%s is refused in words', async (_, more, words) => {
  expectFault(await exporting(client, shop.id, more), 400, words);
});

test('an image that fails leaves no package and no image', async () => {
  const before = ours('a').length;
  scene.controlOf('a').fail({ method: 'machineImages.capture', nth: 2, kind: 'quota' });
  const answer = await exporting(client, shop.id);
  expect(await client.ended(answer)).toMatchObject({ state: 'FAILED' });
  expect((await client.get(String(answer.headers.get('location')))).status).toBe(404);
  expect(ours('a')).toHaveLength(before);
  scene.controlOf('a').clearFailures();
});

test('a disk that breaks off on its way is not whole for who reads it', async () => {
  scene.controlOf('a').fail({ method: 'machineImages.download.read', atByte: 300_000, kind: 'invalid' });
  await expect(bytesAt(beside(bootDisk()))).rejects.toThrow();
  scene.controlOf('a').clearFailures();
});

test('its time over, a package goes with its images', async () => {
  const { store } = scene.gateway.gateway;
  const path = pathOf(client, url).replace(/^.*(packages\/[^/]+)\/.*$/, '$1');
  await store.transaction(async (unit) => {
    const row = await unit.resource(path);
    const record = { ...(row?.internal.record as object), expires: 1 };
    await unit.updateResource(path, undefined, { internal: { record } });
  });
  const work = expiringPackages(store, (job) => scene.gateway.gateway.engine.notify([job]));
  const save = (_memory: unknown, write: (unit: UnitOfWork) => Promise<void> = () => Promise.resolve()) => store.transaction(write);
  await work.run(null, new AbortController().signal, save, () => Date.now());
  expect((await client.get(url)).status).toBe(404);
  await eventually(() => (ours('a').length === 0 ? true : undefined));
});
