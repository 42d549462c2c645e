import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { HEAD, ask, start, stopAll, text, wire } from './kit';
import { PATIENCE_MS, elapse, eventually } from '../harness/wait';

afterEach(stopAll);

const impatient = { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 60_000, stallMs: 200 };

describe('what the protocol is handed', () => {
  test('path and query are decoded, duplicates keep their order, a plus is a blank', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    await ask(port, "/cimi/machines/a%20b%C3%A9?$filter=name%3D'x+y%2B'&$filter=b&$first&&x=1=2");
    expect(seen[0]).toMatchObject({
      method: 'GET',
      path: 'machines/a bé',
      query: [
        ['$filter', "name='x y+'"],
        ['$filter', 'b'],
        ['$first', ''],
        ['x', '1=2'],
      ],
      principal: { name: 'ann', tenant: 't1', role: 'admin' },
    });
  });

  test('the base with and without its slash is the empty path, a trailing slash is ignored', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    for (const path of ['/cimi', '/cimi/', '/cimi/machines/']) await ask(port, path);
    expect(seen.map((request) => request.path)).toEqual(['', '', 'machines']);
  });

  test('a neighbour of the prefix is not below it', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    expect((await ask(port, '/cimix/machines')).status).toBe(404);
    expect(seen).toHaveLength(0);
  });

  test.each([
    ['/cimi/machines/%', 'malformed'],
    ['/cimi/machines/%zz', 'malformed'],
    ['/cimi/machines/%c3%28', 'not UTF-8'],
    ['/cimi/machines?$filter=%', 'malformed'],
    ['/cimi/machines/a%2Fb', 'encoded slash'],
    ['/cimi/machines/a%2fb', 'encoded slash'],
    ['/cimi/machines/a%00b', 'control character'],
  ])('%s is refused with 400', async (path, words) => {
    const { port, seen } = await start(() => text(200, '{}'));
    const answer = await ask(port, path);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(words);
    expect(seen).toHaveLength(0);
  });

  test('an absolute-form target is read as its path; the host in it is not heeded', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    await wire(port, `GET http://other.example/cimi/machines?$last=3 HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
    expect(seen.map(({ path, query }) => [path, query])).toEqual([['machines', [['$last', '3']]]]);
  });

  test.each(['*', '//cimi/machines', '/cimi/../cimi/machines', '/cimi//machines', '/cimi/machines?%ff'])(
    'the odd target %s gets an answer of ours that is no success',
    async (target) => {
      const { port } = await start(({ path }) => (path === 'machines' ? text(200, '{}') : text(404, '{}')));
      const { got } = await wire(port, `GET ${target} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
      expect(got).toMatch(/^HTTP\/1.1 4\d\d /);
      expect(got).not.toContain('<html');
    },
  );

  test('a body of known length and a chunked one arrive as sent', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    await ask(port, '/cimi/machines', { method: 'POST', body: '{"a":1}', headers: { 'content-length': '7' } });
    await ask(port, '/cimi/machines', { method: 'POST', body: '{"b":2}', headers: { 'transfer-encoding': 'chunked' } });
    await ask(port, '/cimi/machines', { method: 'POST', headers: { 'content-length': '0' } });
    expect(seen.map((request) => (request.body ? Buffer.from(request.body).toString() : undefined))).toEqual([
      '{"a":1}',
      '{"b":2}',
      undefined,
    ]);
  });

  test('HEAD is GET without the body; its length is that of the body', async () => {
    const { port, seen } = await start(() => text(200, '12345', { ETag: '"1"' }));
    const answer = await ask(port, '/cimi/machines', { method: 'HEAD' });
    expect(seen[0]?.method).toBe('GET');
    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5', etag: '"1"' } });
  });

  test('OPTIONS answers with the methods that the protocol names', async () => {
    const { port } = await start(({ method }) => (method === 'OPTIONS' ? text(405, '{}', { Allow: 'GET, DELETE' }) : text(200, '{}')));
    const answer = await ask(port, '/cimi/machines/1', { method: 'OPTIONS' });
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(answer.headers['allow']).toBe('GET, DELETE, HEAD, OPTIONS');
  });

  test('a request that waits leaves its room to others of its tenant', async () => {
    let end: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => (end = resolve));
    const { port, seen } = await start(
      async ({ client }) => {
        if (seen.length > 1) return text(200, '{}');
        client?.idle();
        await waiting;
        return text(202, '{}');
      },
      { limits: { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 5_000, heavyPerTenant: 1, heavyWaiting: 1 } },
    );
    const first = ask(port, '/cimi/machines', { method: 'POST', body: '{}', headers: { 'transfer-encoding': 'chunked' } });
    while (seen.length === 0) await new Promise(setImmediate);
    expect((await ask(port, '/cimi/machines')).status).toBe(200);
    end?.();
    expect((await first).status).toBe(202);
  });

  test.each(['GET', 'POST'])('%s: it is told when its client has gone away, so that it need not wait for it', async (method) => {
    let aborted: Promise<void> | undefined;
    const begun = new Promise<void>((resolve) => {
      void start(async ({ client }) => {
        aborted = new Promise((gone) => client?.signal.addEventListener('abort', () => gone()));
        resolve();
        await aborted;
        return text(200, '{}');
      }).then(({ port }) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(`${method} /cimi/machines HTTP/1.1\r\n${HEAD}\r\n`));
        void begun.then(() => socket.destroy());
      });
    });
    await begun;
    await aborted;
  });
});

describe('what a client is answered', () => {
  test('true length, request id, Vary, privacy; nothing that tells the engine', async () => {
    const { port } = await start(() => ({
      status: 200,
      headers: { 'Content-Type': 'application/json' },
      body: [Buffer.from('ab'), Buffer.from('é')],
    }));
    const answer = await ask(port, '/cimi/machines', { headers: { 'x-request-id': 'my-id.1' } });
    expect(answer.body).toBe('abé');
    expect(answer.headers).toMatchObject({
      'content-length': '4',
      'x-request-id': 'my-id.1',
      vary: 'Accept, Authorization',
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.headers).not.toHaveProperty('transfer-encoding');
  });

  test('an unfit request id is replaced', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    const answer = await ask(port, '/cimi/machines', { headers: { 'x-request-id': 'a b"; drop' } });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen[0]?.requestId).toBe(answer.headers['x-request-id']);
  });

  test('401 offers Basic and Bearer as two headers and carries a fault in the negotiated format', async () => {
    const { port, seen } = await start(() => text(200, '{}'));
    const answer = await ask(port, '/cimi/machines', { headers: { authorization: '', accept: 'application/xml' } });
    expect(answer.status).toBe(401);
    const challenges = answer.raw.filter((_, index) => answer.raw[index - 1]?.toLowerCase() === 'www-authenticate');
    expect(challenges).toEqual(['Basic realm="cimi", charset="UTF-8"', 'Bearer realm="cimi"']);
    expect(JSON.parse(answer.body)).toEqual({ fault: 'authentication is required', accept: 'application/xml' });
    expect(seen).toHaveLength(0);
  });

  test('429 says how long to wait', async () => {
    const { port } = await start(() => text(200, '{}'));
    const answer = await ask(port, '/cimi/machines', { headers: { authorization: 'Bearer slow' } });
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('7');
  });

  test('a protocol that rejects is a 500 without its words, which are in the log', async () => {
    const { port, sink } = await start(() => Promise.reject(new Error('inner secret')));
    const answer = await ask(port, '/cimi/machines');
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('inner secret');
    expect(JSON.stringify(sink.lines())).toContain('inner secret');
  });

  test('204 and 304 have neither body nor length', async () => {
    const { port } = await start(({ path }) => ({ status: Number(path), headers: {}, body: [] }));
    for (const status of [204, 304]) {
      const answer = await ask(port, `/cimi/${status}`);
      expect(answer.status).toBe(status);
      expect(answer.headers).not.toHaveProperty('content-length');
    }
  });

  test('a long answer is written as fast as it is read', async () => {
    const slices = Array.from({ length: 200 }, () => Buffer.alloc(64 * 1024, 'x'));
    const { port } = await start(() => ({ status: 200, headers: {}, body: slices }));
    const length = await new Promise<number>((resolve, reject) => {
      httpRequest({ port, path: '/cimi/machines', headers: { authorization: 'Bearer good' }, agent: false }, (answer) => {
        let size = 0;
        answer.on('data', (chunk: Buffer) => (size += chunk.length)).on('end', () => resolve(size));
        answer.pause();
        void elapse(100).then(() => answer.resume());
      })
        .on('error', reject)
        .end();
    });
    expect(length).toBe(200 * 64 * 1024);
  });

  test('a client that never reads its answer is cut off', async () => {
    const slices = Array.from({ length: 200 }, () => Buffer.alloc(64 * 1024, 'x'));
    const { port, server } = await start(() => ({ status: 200, headers: {}, body: slices }), {
      limits: impatient,
    });
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET /cimi/machines HTTP/1.1\r\n${HEAD}\r\n`));
    socket.pause();
    // A grace that is never needed: the connection is gone by itself.
    expect(await server.close(PATIENCE_MS)).toBe(0);
    socket.destroy();
  });

  test.each([
    ['of one slice', [8 * 1024]],
    ['of several slices', [3 * 1024, 3 * 1024, 3 * 1024]],
    ['without a body', []],
  ])('so is one that asks on and on and reads none of its answers, each of which is small: %s', async (_what, lengths) => {
    const body = lengths.map((length) => Buffer.alloc(length, 'x'));
    const { port, server, seen } = await start(() => ({ status: 200, headers: { filler: 'x'.repeat(4096) }, body }), { limits: impatient });
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.pause();
    // Until the server reads no more of them: what it sent and what it was sent fill both ends.
    const ask = (): void => {
      while (socket.write(`GET /cimi/machines HTTP/1.1\r\n${HEAD}\r\n`.repeat(100)));
    };
    ask();
    socket.on('drain', ask);
    await eventually(() => socket.destroyed || undefined);
    expect(seen.length).toBeGreaterThan(100);
    expect(await server.close(PATIENCE_MS)).toBe(0);
  });

  test('an answer behind one that was taken bit by bit may take longer than a client has for a byte', async () => {
    const long = { status: 200, headers: {}, body: [Buffer.alloc(200 * 64 * 1024, 'x')] };
    const { port } = await start(
      async ({ path }) => {
        if (path === 'long') return long;
        await elapse(3 * impatient.stallMs);
        return text(200, '{"path":"slow"}');
      },
      { limits: impatient },
    );
    const request = (path: string): string => `GET /cimi/${path} HTTP/1.1\r\n${HEAD}`;
    const { got } = await wire(port, `${request('long')}\r\n${request('slow')}Connection: close\r\n\r\n`);
    expect(got.endsWith('{"path":"slow"}')).toBe(true);
  });
});
