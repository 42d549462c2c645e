import { type IncomingMessage, request as httpRequest } from 'node:http';
import { type Socket, connect } from 'node:net';
import type { CimiRequest, CimiResponse } from '../../src/protocol/messages';
import { createLog, createLogSink } from '../../src/http/log';
import { type HttpServer, type HttpServerOptions, createHttpServer } from '../../src/http/server';

export type Fake = (request: CimiRequest) => CimiResponse | Promise<CimiResponse>;

const open: HttpServer[] = [];
/** Stops everything; to be called after each test. */
export async function stopAll(): Promise<void> {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
}

export function text(status: number, body: string, headers: Record<string, string> = {}): CimiResponse {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: [Buffer.from(body)] };
}

export async function start(fake: Fake, change: Partial<HttpServerOptions> = {}) {
  const seen: CimiRequest[] = [];
  const sink = createLogSink();
  const server = createHttpServer({
    handle: async (request) => {
      if (request.refused) return text(request.refused.status, JSON.stringify({ fault: request.refused.message }));
      seen.push(request);
      return fake(request);
    },
    isList: (path) => path === 'machines',
    authenticate: ({ authorization }) =>
      Promise.resolve(
        authorization === 'Bearer good'
          ? { ok: true, principal: { name: 'ann', tenant: 't1', role: 'admin' } }
          : authorization === 'Bearer slow'
            ? { ok: false, status: 429, message: 'wait', retryAfterSeconds: 7 }
            : { ok: false, status: 401, message: 'authentication is required' },
      ),
    base: { publicUrl: 'https://cimi.example.org', prefix: '/cimi/' },
    limits: { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 60_000 },
    log: createLog({ level: 'debug', destination: sink }),
    ready: () => Promise.resolve({ ok: true, problems: [] }),
    faults: (status, message, request) =>
      text(status, JSON.stringify({ fault: message, accept: request.headers['accept'] }), { 'Content-Type': 'application/json' }),
    ...change,
  });
  open.push(server);
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port, seen, sink };
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  raw: string[];
  body: string;
}

/** Sends a request, on a connection of its own, authenticated unless told otherwise. */
export function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer good', ...options.headers };
    const sent = httpRequest({ port, host: '127.0.0.1', path, method: options.method ?? 'GET', headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          raw: answer.rawHeaders,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** Raw bytes in, everything that came back until the server closes or `until` is seen. */
export function wire(port: number, bytes: string | Buffer, until?: RegExp): Promise<{ got: string; socket: Socket }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let got = '';
    const done = (): void => resolve({ got, socket });
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (until?.test(got)) done();
    });
    socket.on('close', done);
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? done() : reject(error)));
  });
}

/** Headers that every raw request needs. */
export const HEAD = 'Host: x\r\nAuthorization: Bearer good\r\n';
