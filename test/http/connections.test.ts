import { connect } from 'node:net';
import type { CimiResponse } from '../../src/protocol/messages';
import { createMetrics } from '../../src/http/metrics';
import type { Readiness } from '../../src/http/probes';
import { StoreUnavailable } from '../../src/store/unavailable';
import { HEAD, ask, start, stopAll, text, wire } from './kit';
import { elapse, standStill, stays, takesAtLeast, waitUntil } from '../harness/wait';

afterEach(stopAll);

describe('bodies that are refused', () => {
  test('too large by its declared length: 413 before it is read, and the answer can be read', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    const answer = await ask(port, '/cimi/machines', { method: 'POST', body: Buffer.alloc(3_000_000, 'a') });
    expect(answer.status).toBe(413);
    expect(answer.headers['connection']).toBe('close');
    expect(seen).toHaveLength(0);
  });

  test('too large in chunks: 413 when it has become so', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    const answer = await ask(port, '/cimi/machines', {
      method: 'POST',
      body: Buffer.alloc(500_000, 'a'),
      headers: { 'transfer-encoding': 'chunked' },
    });
    expect(answer.status).toBe(413);
    expect(seen).toHaveLength(0);
  });

  test('a content coding: 415 naming what is taken', async () => {
    const { port } = await start(() => text(200, '{}'));
    const answer = await ask(port, '/cimi/machines', { method: 'POST', body: 'abc', headers: { 'content-encoding': 'gzip' } });
    expect(answer.status).toBe(415);
    expect(answer.headers['accept-encoding']).toBe('identity');
  });

  test('Expect: 100-continue is granted only to a body that will be read', async () => {
    const { port, seen } = await start(() => text(201, '{}'));
    const head = (length: number) => `POST /cimi/machines HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    const granted = await wire(port, head(2), /100 Continue\r\n\r\n/);
    const rest = new Promise<string>((resolve) => granted.socket.once('data', (chunk) => resolve(chunk.toString())));
    granted.socket.write('{}');
    expect(await rest).toContain('201 Created');
    granted.socket.destroy();
    const refused = await wire(port, head(5000), /413/);
    expect(refused.got).not.toContain('100 Continue');
    refused.socket.destroy();
    expect(seen).toHaveLength(1);
  });

  test('an upload that breaks off reaches nobody and harms nobody', async () => {
    const { port, seen, sink } = await start(() => text(200, '{}'));
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`POST /cimi/machines HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\n{"a":`),
    );
    await elapse(100);
    socket.destroy();
    await stays(100, () => expect(seen).toHaveLength(0));
    expect(sink.lines().filter((line) => line['level'] !== 'debug')).toEqual([]);
    expect((await ask(port, '/cimi/machines')).status).toBe(200);
  });

  test('an unauthenticated upload of bearable size keeps its connection', async () => {
    const { port } = await start(() => text(200, '{}'));
    const first = 'POST /cimi/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde';
    const second = `GET /cimi/machines HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`;
    const { got } = await wire(port, first + second);
    expect(got).toMatch(/^HTTP\/1.1 401[\s\S]*HTTP\/1.1 200/);
  });
});

describe('connections that misbehave', () => {
  test.each([
    ['rubbish', 'RUBBISH\r\n\r\n', 400],
    ['a target with bytes that are not escaped', Buffer.from(`GET /cimi/machines/é HTTP/1.1\r\n${HEAD}\r\n`), 400],
    ['no Host', 'GET /cimi/machines HTTP/1.1\r\n\r\n', 400],
    ['two lengths', `POST /cimi/machines HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
    [
      'length and chunks (smuggling)',
      `POST /cimi/machines HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a header without end', `GET /cimi/machines HTTP/1.1\r\n${HEAD}X: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['a long URI', `GET /cimi/machines?x=${'a'.repeat(3000)} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`, 414],
  ])('%s is answered', async (_, bytes, status) => {
    const { port, seen } = await start(() => text(200, '{}'));
    const { got } = await wire(port, bytes);
    expect(got).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(seen).toHaveLength(0);
  });

  test.each([
    ['header', `GET /cimi/machines HTTP/1.1\r\nHost: x\r\nX-A`],
    ['body', `POST /cimi/machines HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\nab`],
  ])('a %s that never ends is given up in time', async (_, bytes) => {
    const { port, seen } = await start(() => text(200, '{}'), {
      limits: { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 400 },
    });
    const { got } = await wire(port, bytes);
    expect(got).toMatch(/^HTTP\/1.1 408 /);
    expect(seen).toHaveLength(0);
  });

  test('a request that came while this process was busy is answered, however late: its client was not slow', async () => {
    const limits = { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 400 };
    const { port, seen } = await start(() => text(200, '{}'), { limits });
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    // Its connection is known to the server then.
    expect((await ask(port, '/cimi/machines')).status).toBe(200);
    const got = new Promise<string>((resolve, reject) => {
      socket.once('data', (chunk) => resolve(chunk.toString()));
      socket.once('error', reject);
    });
    socket.write(`POST /cimi/machines HTTP/1.1\r\n${HEAD}Content-Length: 2\r\n\r\n{}`);
    standStill(1_500);
    expect(await got).toMatch(/^HTTP\/1.1 200 /);
    expect(seen).toHaveLength(2);
    socket.destroy();
  });

  test('an idle connection is kept longer than its answers tell: who goes by that and is late does not lose a request', async () => {
    const limits = { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 60_000, keepAliveMs: 1_000 };
    const { port } = await start(() => text(200, 'ok'), { limits });
    const { got, socket } = await wire(port, `GET /cimi/one HTTP/1.1\r\n${HEAD}\r\n`, /ok$/);
    expect(got).toMatch(/^keep-alive: timeout=1\r$/im);
    await takesAtLeast(2_000, () => new Promise((resolve) => socket.once('close', resolve)));
  });

  test('a request on an idle connection that came while this process was busy, and its time passed, is answered', async () => {
    const limits = { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 60_000, keepAliveMs: 1_000 };
    const later = async () => {
      await elapse(50);
      return text(200, 'ok');
    };
    const { port } = await start(later, { limits });
    const request = `GET /cimi/one HTTP/1.1\r\n${HEAD}\r\n`;
    const { socket } = await wire(port, request, /ok$/);
    await elapse(5_500);
    const got = new Promise<string>((resolve, reject) => {
      socket.once('data', (chunk) => resolve(chunk.toString()));
      socket.once('close', () => reject(new Error('closed')));
      socket.once('error', reject);
    });
    // Blocked within what was read, as by a request: timers have their turn before anything else is read.
    await ask(port, '/cimi/machines');
    socket.write(request);
    standStill(3_000);
    expect(await got).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });

  test('pipelined requests are answered in their order', async () => {
    const { port } = await start(async ({ path }) => {
      await elapse(path === 'slow' ? 100 : 0);
      return text(200, `[${path}]`);
    });
    const { got } = await wire(port, `GET /cimi/slow HTTP/1.1\r\n${HEAD}\r\nGET /cimi/fast HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
    expect(got).toMatch(/\[slow\][\s\S]*\[fast\]$/);
  });

  test('rubbish behind a whole request does not cost it its answer', async () => {
    const { port } = await start(async () => {
      await elapse(100);
      return text(200, '[first]');
    });
    const { got } = await wire(port, `GET /cimi/a HTTP/1.1\r\n${HEAD}\r\nRUBBISH\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1.1 200 [\s\S]*\[first\]$/);
  });
});

describe('beside the protocol', () => {
  test('liveness and the sign at the root need no login and point at the public URL', async () => {
    const { port } = await start(() => text(200, '{}'));
    const nobody = { headers: { authorization: '' } };
    expect((await ask(port, '/healthz', nobody)).status).toBe(200);
    expect(JSON.parse((await ask(port, '/', nobody)).body)).toEqual({ cloudEntryPoint: 'https://cimi.example.org/cimi/cloudEntryPoint' });
    expect((await ask(port, '/healthz', { method: 'POST' })).status).toBe(405);
    expect((await ask(port, '/elsewhere', nobody)).status).toBe(404);
  });

  test.each<[string, () => Promise<Readiness>, number, string]>([
    ['well', () => Promise.resolve({ ok: true, problems: [], clouds: { ec2: { state: 'ok', tenants: ['t1'] } } }), 200, '"ec2":"ok"'],
    [
      'a cloud in trouble',
      () => Promise.resolve({ ok: true, problems: ['ec2: login refused'], clouds: { ec2: { state: 'degraded', tenants: ['t1'] } } }),
      200,
      'degraded',
    ],
    ['no store', () => Promise.resolve({ ok: false, problems: ['the store does not answer'] }), 503, 'the store does not answer'],
    ['an examination that fails', () => Promise.reject(new Error('no route')), 503, 'no route'],
  ])('readiness: %s', async (_, ready, status, words) => {
    const { port } = await start(() => text(200, '{}'), { ready });
    const answer = await ask(port, '/readyz');
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(words);
    const stranger = await ask(port, '/readyz', { headers: { authorization: '' } });
    expect(stranger.status).toBe(status);
    expect(JSON.parse(stranger.body)).toEqual({ status: status === 200 ? 'ready' : 'not ready' });
  });

  test('a reader is told the clouds of its tenant, a broken store makes everyone a stranger', async () => {
    const clouds = { ours: { state: 'manage', tenants: ['t1'] }, theirs: { state: 'manage', tenants: ['t2'] } };
    const ready = () => Promise.resolve({ ok: true, problems: ['Redis does not answer: 10.0.0.7'], clouds });
    const reader = { ok: true as const, principal: { name: 'ann', tenant: 't1', role: 'reader' as const } };
    const { port } = await start(() => text(200, '{}'), { ready, authenticate: () => Promise.resolve(reader) });
    expect(JSON.parse((await ask(port, '/readyz')).body)).toEqual({ status: 'ready', clouds: { ours: 'manage' } });
    const broken = await start(() => text(200, '{}'), {
      ready,
      authenticate: () => Promise.reject(new StoreUnavailable(new Error('gone'))),
    });
    expect(JSON.parse((await ask(broken.port, '/readyz')).body)).toEqual({ status: 'ready' });
  });

  test('metrics of all tenants are for admins and for their own token', async () => {
    const roles: Record<string, 'reader' | 'operator' | 'admin'> = { 'Bearer r': 'reader', 'Bearer o': 'operator', 'Bearer a': 'admin' };
    const metricsToken = 'b7c8d3d4e5f60718293a';
    const { port } = await start(() => text(200, '{}'), {
      metrics: createMetrics({ process: false }),
      metricsToken,
      authenticate: ({ authorization = '' }) => {
        const role = roles[authorization];
        if (role) return Promise.resolve({ ok: true, principal: { name: 'ann', tenant: 't1', role } });
        return Promise.resolve({ ok: false, status: 401, message: 'who?', tried: '' });
      },
    });
    const status = async (authorization: string, path = '/metrics') => (await ask(port, path, { headers: { authorization } })).status;
    expect([await status('Bearer r'), await status('Bearer o'), await status('Bearer a')]).toEqual([403, 403, 200]);
    expect([await status(`Bearer ${metricsToken}`), await status(`Bearer ${metricsToken}x`), await status('')]).toEqual([200, 401, 401]);
    expect(await status(`Bearer ${metricsToken}`, '/cimi/machines')).toBe(401);
  });

  test('metrics need a login and count requests by the shape of their path', async () => {
    const { port } = await start(({ path }) => (path.startsWith('no') ? text(404, '{}') : text(200, '{}')), {
      metrics: createMetrics({ process: false }),
    });
    for (const path of ['machines/m1', 'machines/m2', 'machines/m1/disks', 'nothing/%40']) await ask(port, `/cimi/${path}`);
    expect((await ask(port, '/metrics', { headers: { authorization: '' } })).status).toBe(401);
    const { body } = await ask(port, '/metrics');
    expect(body).toContain('cimi_http_requests_total{route="machines/{id}",method="GET",status="200",format="json"} 2');
    expect(body).toContain('cimi_http_requests_total{route="machines/{id}/disks",method="GET",status="200",format="json"} 1');
    expect(body).toContain('cimi_http_requests_total{route="other",method="GET",status="404",format="json"} 1');
    expect(body).not.toContain('m1');
  });
});

describe('shutdown', () => {
  test('what is under way is answered, what comes later is not accepted', async () => {
    let finish: (answer: CimiResponse) => void = () => undefined;
    let begun: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const { port, server } = await start(() => {
      begun();
      return new Promise((resolve) => (finish = resolve));
    });
    const answer = ask(port, '/cimi/machines', { method: 'POST', body: '{}' });
    await underWay;
    const closed = server.close(5_000);
    await expect(ask(port, '/cimi/machines')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    finish(text(201, '{}'));
    expect((await answer).status).toBe(201);
    expect(await closed).toBe(0);
  });

  test('idle kept connections do not hold it up; what outlasts the grace is cut and counted', async () => {
    let inHand = false;
    const { port, server } = await start(({ path }) => {
      if (path !== 'never') return text(200, '{}');
      inHand = true;
      return new Promise(() => undefined);
    });
    await wire(port, `GET /cimi/machines HTTP/1.1\r\n${HEAD}\r\n`, /\{\}$/);
    const cut = ask(port, '/cimi/never').catch((error: NodeJS.ErrnoException) => error.code);
    await waitUntil(() => inHand);
    expect(await server.close(300)).toBe(1);
    expect(await cut).toBe('ECONNRESET');
  });

  test('a retired server serves on, says not ready and ends its connections', async () => {
    const { port, server } = await start(() => text(200, '{}'));
    server.retire();
    expect((await ask(port, '/readyz')).status).toBe(503);
    const answer = await ask(port, '/cimi/machines', { headers: { connection: 'keep-alive' } });
    expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
  });

  test('an address that is taken is an error at once', async () => {
    const { port } = await start(() => text(200, '{}'));
    const { server } = await start(() => text(200, '{}'));
    await server.close(0);
    await expect(server.listen({ host: '127.0.0.1', port })).rejects.toThrow(`server.port ${port} on 127.0.0.1 is in use`);
  });
});
