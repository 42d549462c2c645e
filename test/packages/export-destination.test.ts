import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readManifest } from '../../src/ovf/manifest';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { expectFault, openScene, succeeded, type Scene } from '../protocol/scene';
import { exporting, machineIn } from './export-scene';

/** Export to a destination, by PUT (DSP0263 5.13.1.2), black box; the destination is a server of this test's own. */
const MIB = 2 ** 20;
let scene: Scene;
let machine: Json;
let port: number;
/** Requests that came whole, in their order. */
let came: { method: string; path: string; headers: IncomingMessage['headers']; body: Buffer }[] = [];
/** Answers another way, before the body is read; undefined: takes it. */
let strange: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;

const server = createServer((request, response) => {
  if (strange?.(request, response)) return;
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('error', () => undefined);
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    came.push({ method, path: url, headers, body: Buffer.concat(parts) });
    response.writeHead(201).end();
  });
});

const sending = (more: object = {}, path = '/p/'): Promise<Answer> =>
  exporting(scene.client, machine.id, { destination: `http://127.0.0.1:${port}${path}`, ...more });
const nothingLeft = (): void => {
  expect(scene.controlOf('a').snapshots()).toEqual([]);
};

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  const fetch = { hosts: [`127.0.0.1:${port}`], schemes: ['http'], addresses: ['127.0.0.1/32'], idleMs: 1_000 };
  const contents = { contentSize: 8 * MIB, contentAllocated: 2 * MIB };
  scene = await openScene({
    config: { jobs: { graceMs: 10_000 }, fetch, clouds: { a: simulatedCloud(contents) } },
  });
  machine = await machineIn(scene.client, 'a', 'alone');
});
afterEach(() => {
  came = [];
  strange = undefined;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await scene.close();
});

test('each file is put below it, the manifest last, and nothing is kept (R5.13.1.2-06, -07)', async () => {
  const answer = await sending({ properties: { username: 'ann', password: 's3cret' } });
  expect([answer.status, answer.headers.get('location')]).toEqual([202, null]);
  const job = await succeeded(scene.client, answer);
  expect([job.statusMessage, job.progress]).toEqual(['Sent', 100]);
  expect(came.map(({ method, path }) => `${method} ${path}`)).toEqual(['PUT /p/disk1.vmdk', 'PUT /p/package.ovf', 'PUT /p/package.mf']);
  const [disk, descriptor, manifest] = came.map(({ body }) => body);
  expect(came.map(({ headers }) => headers['content-type'])).toEqual(['application/octet-stream', 'application/ovf', 'text/plain']);
  for (const { headers } of came) expect(headers.authorization).toBe(`Basic ${Buffer.from('ann:s3cret').toString('base64')}`);
  const digests = readManifest(manifest ?? Buffer.alloc(0));
  const sha256 = (bytes: Buffer = Buffer.alloc(0)) => createHash('sha256').update(bytes).digest('hex');
  expect([digests.get('disk1.vmdk')?.hex, digests.get('package.ovf')?.hex]).toEqual([sha256(disk), sha256(descriptor)]);
  nothingLeft();
  expect(JSON.stringify([job, scene.gateway.logs()])).not.toMatch(/s3cret|YW5uOnMzY3JldA/);
});

test('a failure that passes is tried again, and the file comes whole', async () => {
  let failed = 0;
  strange = (request, response) => {
    if (!String(request.url).endsWith('.vmdk') || failed > 0) return false;
    failed += 1;
    // In the midst of the bytes.
    request.once('data', () => response.writeHead(500, { connection: 'close' }).end());
    return true;
  };
  await succeeded(scene.client, await sending());
  expect([failed, came.map(({ path }) => path)]).toEqual([1, ['/p/disk1.vmdk', '/p/package.ovf', '/p/package.mf']]);
  nothingLeft();
});

test('a place that takes nothing without a length is told it', async () => {
  strange = (request, response) => {
    if (request.headers['content-length'] !== undefined) return false;
    request.resume();
    response.writeHead(411, { connection: 'close' }).end();
    return true;
  };
  await succeeded(scene.client, await sending());
  expect(came.map(({ headers, body }) => headers['content-length'] === String(body.length))).toEqual([true, true, true]);
});

test('a redirect to another place is not followed, and nothing is left', async () => {
  strange = (request, response) => {
    request.resume();
    response.writeHead(307, { location: 'http://169.254.169.254/latest/', connection: 'close' }).end();
    return true;
  };
  const job = await scene.client.ended(await sending());
  expect(job).toMatchObject({
    state: 'FAILED',
    statusMessage: expect.stringMatching(/disk1\.vmdk .*status 307: redirects are not followed/) as string,
  });
  expect(came).toEqual([]);
  nothingLeft();
});

test('a place that refuses ends the export in words', async () => {
  strange = (request, response) => {
    request.resume();
    response.writeHead(403, { connection: 'close' }).end();
    return true;
  };
  expect(await scene.client.ended(await sending())).toMatchObject({
    ...{ state: 'FAILED', statusMessage: expect.stringContaining('destination: disk1.vmdk was answered with status 403') as string },
  });
  nothingLeft();
});

test('a place that takes nothing more is given up, tried again, and the Job can be stopped meanwhile', async () => {
  let begun = 0;
  strange = () => {
    begun += 1;
    return true;
  };
  const answer = await sending();
  await eventually(() => (begun > 1 ? true : undefined));
  const uri = String(answer.headers.get('cimi-job-uri'));
  await scene.client.act(uri, 'stop');
  expect(await scene.client.ended(answer)).toMatchObject({ state: 'STOPPED' });
  nothingLeft();
});

test.each([
  [
    'a place that is not among the hosts',
    { destination: 'http://127.0.0.1:1/p/' },
    403,
    /destination: nothing is fetched from 127\.0\.0\.1:1/,
  ],
  ['a scheme that is not allowed', { destination: 'ftp://127.0.0.1/p/' }, 403, /destination: the scheme ftp/],
  ['a URL with a password', { destination: 'http://u:p@127.0.0.1/p/' }, 400, /destination: the URI must carry no user/],
  ['a login without a destination', { destination: undefined, properties: { username: 'ann' } }, 400, /properties: without a destination/],
  ['two logins', { properties: { username: 'ann', authorization: 'Bearer x' } }, 400, /either authorization, or username and password/],
  ['a header in a header', { properties: { authorization: 'Bearer x\r\nHost: y' } }, 400, /authorization: /],
])('%s is refused at once', async (_, more, status, words) => {
  expectFault(await sending(more), status, words);
});

test('a place that is no folder is refused at once', async () => {
  expectFault(await sending({}, '/p/package.ovf'), 400, /destination: .*ends in \//);
  expectFault(await sending({}, '/p/?a=/'), 400, /destination: .*has no query/);
});
