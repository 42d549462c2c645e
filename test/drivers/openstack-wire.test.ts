import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Wire } from '../../drivers/openstack/client';
import { openstackOptions } from '../../drivers/openstack/options';

/** Program that makes certificates. */
const MAKER = 'openssl';
/** Folder for a certificate for 127.0.0.1 that signs itself. */
const TLS = mkdtempSync(join(tmpdir(), 'cimi-tls-'));
beforeAll(() => {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', join(TLS, 'key.pem'), '-out', join(TLS, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  execFileSync(MAKER, ['req', '-x509', ...curve, ...files, ...subject], { stdio: 'pipe' });
});
afterAll(() => rmSync(TLS, { recursive: true }));

const context = (ms = 10_000) => ({ signal: AbortSignal.timeout(ms) });

const POST = { method: 'POST', path: '/servers', body: {}, member: 'server' } as const;

interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}
type Answers = (seen: Seen, outgoing: ServerResponse) => void;

/** Keystone and Nova in one, on 127.0.0.1; answers logins by itself. */
async function startCloud(secure: boolean, answers: Answers) {
  const seen: Seen[] = [];
  let own = '';
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const call = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(parts).toString(),
      };
      seen.push(call);
      if (call.path === '/v3/auth/tokens') return login(own, outgoing);
      if (call.path === '/v2.1/')
        return void outgoing.end(JSON.stringify({ version: { id: 'v2.1', version: '2.60', min_version: '2.1' } }));
      answers(call, outgoing);
    });
  };
  const tls = secure ? { key: readFileSync(join(TLS, 'key.pem')), cert: readFileSync(join(TLS, 'cert.pem')) } : {};
  const server: Server = secure ? createServer(tls, listener) : createPlain(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  own = `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connect = (more: object = {}) =>
    new Wire(openstackOptions.parse({ authUrl: own, username: 'u', password: 'geheim', projectId: 'p', ...more }));
  return { seen, connect, stop: () => new Promise<void>((done) => server.close(() => done())) };
}

function login(own: string, outgoing: ServerResponse): void {
  const endpoint = (path: string) => [{ interface: 'public', region_id: 'one', url: own + path }];
  const catalog = [
    { type: 'compute', endpoints: endpoint('/v2.1') },
    { type: 'image', endpoints: endpoint('') },
  ];
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  outgoing.writeHead(201, { 'x-subject-token': 'the-token' });
  outgoing.end(JSON.stringify({ token: { expires_at, catalog, project: { id: 'p', name: 'p' }, user: { id: 'u', name: 'u' } } }));
}

describe('TLS', () => {
  test('an unknown issuer is refused in words, unless cacert names it or verify is off', async () => {
    const cloud = await startCloud(true, (_seen, outgoing) => void outgoing.end('{"servers":[]}'));
    const ask = async (more: object) => {
      const wire = cloud.connect(more);
      try {
        return await wire.get('compute', '/servers', 'servers', context());
      } finally {
        await wire.close();
      }
    };
    await expect(ask({})).rejects.toMatchObject({
      kind: 'unavailable',
      maybeDone: false,
      message: expect.stringMatching(/Keystone cannot be reached: .*certificate/) as string,
    });
    expect(await ask({ cacert: join(TLS, 'cert.pem') })).toEqual({ servers: [] });
    expect(await ask({ verify: false })).toEqual({ servers: [] });
    expect(() => cloud.connect({ cacert: '/no/such/file' })).toThrow('The certificates in /no/such/file cannot be read: ENOENT');
    await cloud.stop();
  });
});

describe('requests', () => {
  test('carry token and negotiated version; connections are kept; there is one login and one version document', async () => {
    const sockets = new Set<unknown>();
    const cloud = await startCloud(false, (_seen, outgoing) => {
      sockets.add(outgoing.socket);
      outgoing.end('{"servers":[]}');
    });
    const wire = cloud.connect();
    for (const n of [1, 2, 3, 4, 5, 6]) await wire.get('compute', '/servers', 'servers', context(), { query: { limit: n, name: 'a b&c' } });
    expect(cloud.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v3/auth/tokens',
      'GET /v2.1/',
      ...[1, 2, 3, 4, 5, 6].map((n) => `GET /v2.1/servers?limit=${n}&name=a+b%26c`),
    ]);
    expect(cloud.seen.at(-1)?.headers).toMatchObject({ 'x-auth-token': 'the-token', 'openstack-api-version': 'compute 2.60' });
    expect(sockets.size).toBeLessThan(3);
    await wire.close();
    await cloud.stop();
  });

  test('a refusal keeps words and request id, without password and token', async () => {
    const cloud = await startCloud(false, (_seen, outgoing) => {
      outgoing.writeHead(403, { 'x-openstack-request-id': 'req-7' });
      outgoing.end(JSON.stringify({ forbidden: { code: 403, message: 'the-token of u with geheim may not' } }));
    });
    const wire = cloud.connect();
    const refused = wire.send('compute', POST, context());
    await expect(refused).rejects.toMatchObject({
      kind: 'forbidden',
      message: '… of u with … may not',
      requestId: 'req-7',
      maybeDone: false,
    });
    await wire.close();
    await cloud.stop();
  });

  test('an answer that does not come is given up at the deadline: a write may have happened', async () => {
    const held: ServerResponse[] = [];
    const cloud = await startCloud(false, (_seen, outgoing) => void held.push(outgoing));
    const wire = cloud.connect();
    await wire.microversion('compute', context());
    await expect(wire.send('compute', POST, context(200))).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
    await expect(wire.get('compute', '/servers', 'servers', context(200))).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
    await expect(wire.send('compute', POST, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'timeout',
      maybeDone: false,
    });
    for (const each of held) each.destroy();
    await wire.close();
    await cloud.stop();
  });

  test('bytes are streamed, with their length where it is known', async () => {
    const cloud = await startCloud(false, (_seen, outgoing) => void outgoing.writeHead(204, { 'x-openstack-request-id': 'req-1' }).end());
    const wire = cloud.connect();
    await wire.upload({ kind: 'image', id: 'i' }, '/images/i/file', Readable.from([Buffer.from('ab'), Buffer.from('cd')]), 4, context());
    await wire.upload({ kind: 'image', id: 'i' }, '/images/i/file', Readable.from([Buffer.from('ab')]), undefined, context());
    const [, known, unknown] = cloud.seen;
    expect(known).toMatchObject({ method: 'PUT', path: '/v2/images/i/file', body: 'abcd', headers: { 'content-length': '4' } });
    expect(unknown).toMatchObject({ body: 'ab', headers: { 'transfer-encoding': 'chunked' } });
    await wire.close();
    await cloud.stop();
  });
});
