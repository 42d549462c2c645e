import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { seededDisk } from '../../drivers/simulator/contents';
import { digestOf } from '../../src/disks/content-digest';
import { readManifest } from '../../src/ovf/manifest';
import { cotAvailable, toldByCot } from '../backends/cot';
import { describeWith } from '../backends/need';
import { startOrigin, type Origin } from '../fetch/origin';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { ACTION_URI, listOf, openScene, succeeded, type Scene } from '../protocol/scene';
import { exported, exporting, machineIn } from './export-scene';

/** Export as one archive (OVA, DSP0243 5.3), made while it is read: read by tar, by COT and by our own import, and sent to a destination. */
const MIB = 2 ** 20;
const contents = { contentSize: 8 * MIB, contentAllocated: MIB };
const FORMAT = 'application/x-ova';
const run = promisify(execFile);
let scene: Scene;
let origin: Origin;
let machine: Json;
let url = '';
let ova: Buffer;
/** Bodies that were put, by path, with the length that was told. */
const came = new Map<string, { body: Buffer; length: string | undefined }>();

beforeAll(async () => {
  origin = await startOrigin({
    '/p/package.ova': (request, response) => {
      if (request.method === 'GET') return void response.writeHead(200, { 'content-length': ova.length }).end(ova);
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        came.set(request.url ?? '', { body: Buffer.concat(parts), length: request.headers['content-length'] });
        response.writeHead(201).end();
      });
    },
  });
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  const clouds = { a: simulatedCloud(contents), b: simulatedCloud(contents) };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, fetch, clouds } });
  machine = await machineIn(scene.client, 'a', 'alone');
  const { url: at, job } = await exported(scene.client, machine.id, { format: FORMAT });
  expect(job.statusMessage).toBe('Exported');
  url = at;
  ova = await bytesAt(url);
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});

async function bytesAt(uri: string): Promise<Buffer> {
  const response = await fetch(uri);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect([response.status, response.headers.get('content-length'), response.headers.get('accept-ranges')]).toEqual([
    ...[200, String(bytes.length), 'none'],
  ]);
  return bytes;
}
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('its URL is known beforehand; it is the same each time, and beside it lie the files as ever', async () => {
  expect(url).toMatch(/\/packages\/[^/]+\/package\.ova$/);
  expect((await scene.client.send('HEAD', url)).headers.get('content-type')).toBe(FORMAT);
  expect(sha256(await bytesAt(url))).toBe(sha256(ova));
  expect((await scene.client.get(new URL('package.mf', url).href)).status).toBe(200);
});

test('tar unpacks the descriptor, the manifest and the disk, in this order, and the digests are right', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ova-'));
  try {
    const file = join(folder, 'package.ova');
    await writeFile(file, ova);
    const { stdout } = await run('tar', ['-tf', file]);
    expect(stdout.trim().split('\n')).toEqual(['package.ovf', 'package.mf', 'disk1.vmdk']);
    const unpacked = async (name: string) =>
      (await run('tar', ['-xOf', file, name], { encoding: 'buffer', maxBuffer: 64 * MIB })).stdout as unknown as Buffer;
    for (const [name, { hex }] of readManifest(await unpacked('package.mf')))
      expect([name, sha256(await unpacked(name))]).toEqual([name, hex]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

describeWith('COT', cotAvailable(), () => {
  test('COT reads it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ova-'));
    try {
      await writeFile(join(folder, 'package.ova'), ova);
      expect(await toldByCot(join(folder, 'package.ova'))).toMatch(/disk1\.vmdk/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test.each([
  ["as the gateway's own package, from cloud to cloud", () => url],
  ['from elsewhere, by its bytes', () => `${origin.url}p/package.ova`],
])('it is imported %s', async (_, source) => {
  const body = { action: `${ACTION_URI}import`, source: source(), properties: { cloud: 'b' } };
  const answer = await scene.client.post('systemTemplates', body);
  const job = await succeeded(scene.client, answer);
  const [made] = scene.controlOf('b').snapshots();
  const [captured] = scene.controlOf('a').snapshots();
  expect(made?.content?.digest).toBe(await digestOf(seededDisk(captured?.id ?? '', contents.contentSize, contents.contentAllocated)));
  for (const { href } of listOf(job, 'affectedResources'))
    if (String(href).includes('/machineImages/')) await succeeded(scene.client, await scene.client.delete(String(href)));
  await succeeded(scene.client, await scene.client.delete(String(answer.headers.get('location'))));
});

test('at a destination it is one file, of a length that is told', async () => {
  await succeeded(scene.client, await exporting(scene.client, machine.id, { format: FORMAT, destination: `${origin.url}p/` }));
  const { body, length } = came.get('/p/package.ova') ?? { body: Buffer.alloc(0), length: '' };
  expect([body.length, [...came.keys()]]).toEqual([Number(length), ['/p/package.ova']]);
  expect(body.subarray(0, 11).toString()).toBe('package.ovf');
  expect(scene.controlOf('a').snapshots()).toHaveLength(1);
});

test('a folder has no archive before each disk was read; removing the archive removes the package', async () => {
  const { url: at } = await exported(scene.client, machine.id);
  const early = await scene.client.get(new URL('package.ova', at).href);
  expect([early.status, early.text]).toEqual([404, expect.stringContaining('disk1.vmdk')]);
  for (const one of [at, url]) await succeeded(scene.client, await scene.client.delete(one));
  expect((await scene.client.get(url)).status).toBe(404);
  expect(scene.controlOf('a').snapshots()).toEqual([]);
});
