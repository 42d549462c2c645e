import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/disks/content-digest';
import { describeWith } from '../backends/need';
import { bootSector, qemuAvailable, saidAtBoot } from '../backends/qemu';
import { diskWith } from '../disks/layout';
import type { Answer } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { kept, type KeptFile, type Origin } from '../fetch/origin';
import { archive, resized, type Made } from '../ovf/archive';
import { waitUntil } from '../harness/wait';
import { ACTION_URI, expectFault, listOf, openScene, succeeded, type Scene } from '../protocol/scene';
import { exported } from './export-scene';
import { diskOf, envelope, serving, systemOf, vmdkOf } from './parcel';
import { signatureOf, SIGNER } from './signature';

/** Imports of packages in one archive (OVA), and of files in chunks (DSP0243 5.1, 5.2, 6): each file is read where it lies. */
const MIB = 2 ** 20;
const TEXT = 'out of an archive';
const BOOT = diskWith(4 * MIB, [
  { offset: 0, data: bootSector(TEXT) },
  { offset: 65_536, data: Buffer.alloc(65_536, 'boot') },
]);
const DATA = diskOf(8 * MIB, 'data');
const ETAG = '"v1"';
const sizes = { d1: 4 * MIB, d2: 8 * MIB };
const HOST = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1', 'd2'], networks: [] };
const sha = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const files: Record<string, KeptFile> = {};
/** Ranges that were asked for, by path. */
const ranges: Record<string, string[]> = {};
let origin: Origin;
let scene: Scene;

/** Serves a file under the path of its name, whose version may be another from the answer of this number on. */
function keeping(name: string, changedAt = Number.POSITIVE_INFINITY) {
  let answers = 0;
  return (...[request, response]: Parameters<ReturnType<typeof kept>>) => {
    answers += 1;
    (ranges[name] ??= []).push(request.headers.range ?? '');
    kept({ ...(files[name] as KeptFile), ...(answers >= changedAt ? { etag: '"v2"' } : {}) })(request, response);
  };
}

const importing = (path: string): Promise<Answer> =>
  scene.client.post('systemTemplates', { action: `${ACTION_URI}import`, source: origin.url + path });
/** Everything that an import may leave: what the simulator keeps, and rows. */
const left = async (): Promise<unknown> => ({
  rows: await Promise.all(
    ['systemTemplates', 'machineTemplates', 'volumeTemplates'].map(async (name) => (await scene.client.get(name)).json.count),
  ),
  snapshots: scene.control.things('snapshot').length,
  copies: scene.control.things('copy').length,
});
/** Digests of the contents that the newest images have. */
const newest = (): unknown[] => [scene.control.things('snapshot').at(-1)?.content, scene.control.things('copy').at(-1)?.content];

beforeAll(async () => {
  const [boot, data] = await Promise.all([vmdkOf(BOOT), vmdkOf(DATA)]);
  // Long enough that what is passed over is worth another question.
  const [long, other] = [1, 2].map((at) => Buffer.alloc(300 * 1024 * at, at)) as [Buffer, Buffer];
  const disks = {
    d1: { file: 'boot.vmdk', size: sizes.d1, bytes: boot.length },
    d2: { file: 'data.vmdk', size: sizes.d2, bytes: data.length },
  };
  const ovf: Made = { name: 'p.ovf', bytes: envelope(systemOf(HOST), disks, []) };
  const [one, two]: [Made, Made] = [
    { name: 'boot.vmdk', bytes: boot },
    { name: 'data.vmdk', bytes: data },
  ];
  const lines = `SHA256(p.ovf)= ${sha(ovf.bytes as string)}\nSHA256(boot.vmdk)= ${sha(boot)}\nSHA256(data.vmdk)= ${sha(data)}\n`;
  const more = lines + ['first.iso', 'second.iso'].map((name, at) => `SHA256(${name})= ${sha(at === 0 ? long : other)}\n`).join('');
  const manifest = { name: 'p.mf', bytes: more };
  const filler: Made[] = [
    { name: 'first.iso', bytes: long },
    { name: 'second.iso', bytes: other },
  ];
  const whole = await archive(ovf, manifest, { name: 'p.cert', bytes: signatureOf(more, 'p.mf') }, one, ...filler, two);
  const plain = await archive(ovf, one, two);
  const put = (name: string, content: Buffer, file: Partial<KeptFile> = {}): void => void (files[name] = { content, etag: ETAG, ...file });
  put('appliance', whole);
  put('deaf.ova', whole, { ranges: false });
  files['bare.ova'] = { content: whole };
  put('breaks.ova', plain, { breaks: [100_000, 100_000, 1_000] });
  files['falls.ova'] = { content: plain, breaks: [plain.length, plain.length, 5_000, 5_000] };
  put('changes.ova', plain);
  put('packed.ova', gzipSync(plain));
  const withOne = (second: Made): Promise<Buffer> => archive(ovf, one, second);
  put('climbs.ova', await withOne({ name: '../../data.vmdk', bytes: data }));
  put('link.ova', await withOne({ name: 'data.vmdk', type: 'symlink', linkname: '/etc/passwd' }));
  put('twice.ova', await archive(ovf, one, one, two));
  put('other.ova', await archive(ovf, one, two, { name: 'run.sh', bytes: 'rm -rf /' }));
  put('short.ova', await withOne({ name: 'data.vmdk', bytes: data.subarray(0, -512) }));
  put('missing.ova', await archive(ovf, one));
  put('ends.ova', plain.subarray(0, plain.length - 4_096));
  put('lies.ova', resized(await archive(ovf, one, two), 'boot.vmdk', Buffer.from('77777777777\u0000')));
  put('last.ova', await archive(one, two, ovf));
  put('damaged.ova', await archive(ovf, manifest, one, ...filler, { name: 'data.vmdk', bytes: Buffer.from(data).fill(9, 70_000, 70_064) }));
  put('signed.ova', await archive(ovf, manifest, { name: 'p.cert', bytes: signatureOf(lines, 'p.mf') }, one, two));
  put('unsigned.ova', await archive(ovf, { name: 'p.mf', bytes: lines.replace(/.*data.*\n/, '') }, one, two));
  const bomb = { d1: disks.d1, d2: { file: 'bomb.gz', size: sizes.d2, format: 'urn:raw', gzip: true } };
  put(
    'bomb.ova',
    await archive({ ...ovf, bytes: envelope(systemOf(HOST), bomb, []) }, one, { name: 'bomb.gz', bytes: gzipSync(Buffer.alloc(64 * MIB)) }),
  );

  // In chunks of which the last is shorter, beside the descriptor and in an archive.
  const chunkSize = 40_000;
  const pieces = Array.from({ length: Math.ceil(data.length / chunkSize) }, (_, at) => data.subarray(at * chunkSize, (at + 1) * chunkSize));
  const named = pieces.map((bytes, at) => ({ name: `data.vmdk.${String(at).padStart(9, '0')}`, bytes }));
  const chunked = envelope(systemOf(HOST), { d1: disks.d1, d2: { ...disks.d2, chunkSize } }, []);
  const digests = [`SHA256(boot.vmdk)= ${sha(boot)}`, ...named.map(({ name, bytes }) => `SHA256(${name})= ${sha(bytes)}`)].join('\n');
  put('chunks.ova', await archive({ name: 'p.ovf', bytes: chunked }, one, ...named));
  const folder = (name: string, change: (at: number, bytes: Buffer) => Buffer | undefined): Record<string, Buffer> => ({
    [`/${name}/p.ovf`]: Buffer.from(chunked),
    [`/${name}/p.mf`]: Buffer.from(`SHA256(p.ovf)= ${sha(chunked)}\n${digests}\n`),
    [`/${name}/boot.vmdk`]: boot,
    ...Object.fromEntries(
      named.flatMap(({ name: part, bytes }, at) => {
        const content = change(at, bytes);
        return content ? [[`/${name}/${part}`, content]] : [];
      }),
    ),
  });
  origin = await serving(
    {
      ...folder('chunks', (_, bytes) => bytes),
      ...folder('gap', (at, bytes) => (at === 1 ? undefined : bytes)),
      ...folder('little', (at, bytes) => (at === 1 ? bytes.subarray(1) : bytes)),
      ...folder('much', (at, bytes) => (at === 1 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes)),
      ...folder('wrong', (at, bytes) => (at === 1 ? Buffer.alloc(bytes.length, 1) : bytes)),
      '/sized/p.ovf': envelope(systemOf(HOST), { ...disks, d2: { ...disks.d2, bytes: data.length - 1 } }, []),
      '/sized/boot.vmdk': boot,
      '/sized/data.vmdk': data,
    },
    {
      // Its second half never comes.
      '/hangs.ova': (_request, response) => {
        response.writeHead(200, { 'content-length': whole.length });
        response.write(whole.subarray(0, whole.length / 2));
      },
      ...Object.fromEntries(Object.keys(files).map((name) => [`/${name}`, keeping(name, name === 'changes.ova' ? 3 : undefined)])),
    },
  );
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, fetch, clouds: { sim: simulatedCloud() } } });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});

test('each disk of an archive is read by itself, and nothing of what lies between is sent', async () => {
  const job = await succeeded(scene.client, await importing('appliance'));
  expect(newest()).toMatchObject([{ digest: await digestOf(BOOT) }, { digest: await digestOf(DATA) }]);
  // The descriptor and what follows it; what comes after each long file; then both disks.
  const asked = ranges.appliance ?? [];
  expect(asked.map((range) => /^$|^bytes=\d+-$|^bytes=\d+-\d+$/.exec(range)?.[0].replace(/\d+/g, 'N'))).toEqual([
    ...['', 'bytes=N-', 'bytes=N-', 'bytes=N-'],
    ...['bytes=N-N', 'bytes=N-N'],
  ]);
  expect(job.statusMessage).toBe(`Imported; signed by ${SIGNER}, whose certificate was held against no authority`);
});

describeWith('qemu', qemuAvailable(), () => {
  test('what came in an archive and goes out in another boots', async () => {
    const answer = await importing('appliance');
    await succeeded(scene.client, answer);
    const { url } = await exported(scene.client, answer.headers.get('location'), { format: 'application/x-ova' });
    const folder = await mkdtemp(join(tmpdir(), 'ova-'));
    try {
      await writeFile(join(folder, 'package.ova'), Buffer.from(await (await fetch(url)).arrayBuffer()));
      await promisify(execFile)('tar', ['-xf', 'package.ova'], { cwd: folder });
      expect(await saidAtBoot(join(folder, 'disk1.vmdk'), 'vmdk', TEXT)).toContain(TEXT);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test.each(['deaf.ova', 'bare.ova'])(
  '%s: where the server cannot send parts that surely belong together, it is read through',
  async (path) => {
    await succeeded(scene.client, await importing(path));
    expect(newest()).toMatchObject([{ digest: await digestOf(BOOT) }, { digest: await digestOf(DATA) }]);
  },
);

test('a connection that breaks in a disk is gone on with where the version is known', async () => {
  await succeeded(scene.client, await importing('breaks.ova'));
  expect(newest()).toMatchObject([{ digest: await digestOf(BOOT) }, { digest: await digestOf(DATA) }]);
});

test.each(['chunks.ova', 'chunks/p.ovf'])('%s: a disk in chunks is the same disk', async (path) => {
  await succeeded(scene.client, await importing(path));
  expect(newest()).toMatchObject([{ digest: await digestOf(BOOT) }, { digest: await digestOf(DATA) }]);
});

test('a stop ends the reading of an archive, too, and leaves nothing', async () => {
  const before = await left();
  const answer = importing('hangs.ova');
  const running = async () => listOf((await scene.client.get("jobs?$filter=state='RUNNING'")).json, 'jobs')[0];
  await waitUntil(async () => (await running()) !== undefined && origin.asked.includes('/hangs.ova'));
  const job = String((await running())?.id);
  await scene.client.act(job, 'stop');
  await waitUntil(async () => (await scene.client.get(job)).json.state === 'STOPPED');
  await answer;
  expect(await left()).toEqual(before);
});

test.each([
  ['packed.ova', /source: is packed by gzip/],
  ['climbs.ova', /the entry '\.\.\/\.\.\/data\.vmdk': .*leads into another folder/],
  ['link.ova', /the entry 'data\.vmdk': is of the type symlink/],
  ['twice.ova', /the entry 'boot\.vmdk': is there twice/],
  ['other.ova', /the entry 'run\.sh': is no file of the package/],
  ['short.ova', /the entry 'data\.vmdk': has \d+ bytes; the descriptor says \d+/],
  ['missing.ova', /the file 'data\.vmdk': is not in the archive/],
  ['ends.ova', /ends in the middle, within the entry 'data\.vmdk'/],
  ['lies.ova', /ends in the middle, within the entry 'boot\.vmdk'|the entry 'boot\.vmdk': has \d+ bytes/],
  ['last.ova', /begins with 'boot\.vmdk'; the descriptor/],
  ['damaged.ova', /disk d2: .*the file 'data\.vmdk': /],
  ['signed.ova', /the certificate: its signature is not one of 'p\.mf'/],
  ['unsigned.ova', /the file 'data\.vmdk': is not named by the manifest/],
  ['bomb.ova', /disk d2: .*the file 'bomb\.gz': .*more than/],
  ['changes.ova', /disk d[12]: .*the file '(boot|data)\.vmdk': what .* sends has changed since/],
  ['falls.ova', /disk d[12]: .*the file '(boot|data)\.vmdk': .*(connection|bytes)/],
  ['gap/p.ovf', /disk d2: .*the file 'data\.vmdk\.000000001': .*status 404/],
  ['little/p.ovf', /disk d2: .*the file 'data\.vmdk\.000000001': has \d+ bytes, where the package says \d+/],
  ['much/p.ovf', /disk d2: .*the file 'data\.vmdk\.000000001': has \d+ bytes, where the package says \d+/],
  ['wrong/p.ovf', /disk d2: .*the file 'data\.vmdk(\.000000001)?': /],
  ['sized/p.ovf', /disk d2: .*the file 'data\.vmdk': has \d+ bytes, where the package says \d+/],
])('%s is refused in words, and leaves nothing', async (path, words) => {
  const before = await left();
  // A place that cannot be reached may be another time.
  expectFault(await importing(path), path === 'falls.ova' ? 503 : 400, words);
  expect(await left()).toEqual(before);
});
