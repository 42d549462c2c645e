import { IncomingMessage, type Server, ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request } from 'express';
import type { Logger } from 'pino';
import type { Handle } from '../protocol/messages';
import type { Authenticate } from './access';
import { type Connections, watchConnections } from './connections';
import { type Exchange, authRequest, createExchange } from './exchange';
import type { Faults } from './fault';
import type { HttpMetrics } from './metrics';
import { type Documents, type Probes, type Readiness, createProbes } from './probes';
import { originForm, splitTarget } from './target';

export interface HttpLimits {
  /** Largest request body, bytes. */
  bodyBytes: number;
  /** Largest request header as a whole, bytes. */
  headerBytes: number;
  /** Longest request target, bytes. */
  urlBytes: number;
  /** A request must have arrived whole within this time, ms. */
  requestTimeoutMs: number;
  /** How long an idle connection is kept, ms (default 65,000: longer than the usual proxy keeps its side). */
  keepAliveMs?: number;
  /** How long a client may take no byte of its answer, ms (default 60,000). */
  stallMs?: number;
}

export interface HttpServerOptions {
  handle: Handle;
  authenticate: Authenticate;
  base: {
    /** Scheme, host and, behind a proxy, path under which clients see the gateway; a trailing slash is ignored. */
    publicUrl: string;
    /** Path of the base URI below it: `/cimi/`. */
    prefix: string;
  };
  limits: HttpLimits;
  log: Logger;
  ready: () => Promise<Readiness>;
  metrics?: HttpMetrics;
  /** What anyone may read beside the operational endpoints, by path. */
  documents?: Documents;
  faults: Faults;
  /** Proxies whose X-Forwarded-For is believed (Express' `trust proxy`); none by default. */
  trustProxy?: boolean | number | string[];
}

export interface HttpServer {
  /**
   * Begins to accept connections. Port 0 takes a free one.
   * @throws the system's error when the address can't be had
   */
  listen(at: { host: string; port: number }): Promise<{ host: string; port: number }>;
  /** Says not ready from now on, serving all the same: for load balancers that need a moment to look away. */
  retire(): void;
  /**
   * Retires, accepts no more connections, lets requests under way finish within `graceMs`, then cuts the rest.
   * @returns requests that were cut
   */
  close(graceMs: number): Promise<number>;
}

interface Shell {
  exchange: Exchange;
  probes: Probes;
  connections: Connections;
  closing: () => boolean;
  /** Requests whose client waits for `100 Continue`. */
  expecting: WeakSet<IncomingMessage>;
}

/** The HTTP face: Express with one handler for everything under the prefix, and the operational endpoints beside it. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { base, limits, log } = options;
  let closing = false;
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.set('trust proxy', options.trustProxy ?? false);
  const settings = {
    ...messagesOf(app),
    maxHeaderSize: limits.headerBytes,
    requireHostHeader: true,
    connectionsCheckingInterval: clamp(limits.requestTimeoutMs / 4, 100, 5_000),
  };
  const server = createServer(settings, (request, response) => {
    request.url = originForm(request.url ?? '/');
    app(request, response);
  });
  server.requestTimeout = limits.requestTimeoutMs;
  server.headersTimeout = Math.min(limits.requestTimeoutMs, 20_000);
  server.keepAliveTimeout = limits.keepAliveMs ?? 65_000;
  const refuse = (status: number, message: string) =>
    options.faults(status, message, { method: 'GET', path: '', query: [], headers: {}, requestId: '' });
  const connections = watchConnections(server, refuse, log);
  const { handle, authenticate, faults, metrics } = options;
  const shared = { log, ...(metrics && { metrics }) };
  const exchange = createExchange({
    ...shared,
    handle,
    authenticate,
    faults,
    prefix: base.prefix,
    limits: { bodyBytes: limits.bodyBytes, urlBytes: limits.urlBytes, stallMs: limits.stallMs ?? 60_000 },
  });
  const probes = createProbes({
    ...shared,
    ready: options.ready,
    entryPoint: `${base.publicUrl.replace(/\/+$/, '')}${base.prefix}cloudEntryPoint`,
    ...(options.documents && { documents: options.documents }),
    closing: () => closing,
    mayScrape: async (request) => (await authenticate(authRequest(request, addressOf(request as Request)))).ok,
  });
  const shell: Shell = { exchange, probes, connections, closing: () => closing, expecting: new WeakSet() };
  mount(app, server, shell, options);
  return {
    listen: (at) => listen(server, at),
    retire: () => {
      closing = true;
    },
    close: (graceMs) => {
      closing = true;
      return close(server, connections, graceMs);
    },
  };
}

/**
 * Express gives each message its own prototype as it comes in, which costs more than all else it does: V8 then looks
 * every member up the slow way. Messages that are made with that prototype are left as they are.
 */
function messagesOf(app: Express): { IncomingMessage: typeof IncomingMessage; ServerResponse: typeof ServerResponse } {
  class AppRequest extends IncomingMessage {}
  class AppResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {}
  app.request = Object.setPrototypeOf(AppRequest.prototype, app.request) as Express['request'];
  app.response = Object.setPrototypeOf(AppResponse.prototype, app.response) as Express['response'];
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}

function mount(app: Express, server: Server, shell: Shell, { base, log }: HttpServerOptions): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    shell.expecting.add(request);
    server.emit('request', request, response);
  });
  app.use((request, response) => {
    const target = splitTarget(request.url);
    shell.connections.enter(request, response);
    const lastOne = shell.closing();
    if (target.path.startsWith(base.prefix) || `${target.path}/` === base.prefix) {
      const arrival = { address: addressOf(request), expectsContinue: shell.expecting.has(request), lastOne };
      void shell.exchange(request, response, target, arrival);
      return;
    }
    if (lastOne) response.setHeader('Connection', 'close');
    shell.probes(target.path, request, response).catch((error: unknown) => {
      log.error({ err: error }, 'an operational endpoint failed');
      response.destroy();
    });
  });
}

/** The client's address: the socket's, or what trusted proxies say. */
function addressOf(request: Request): string {
  return request.ip ?? request.socket.remoteAddress ?? '';
}

async function listen(server: Server, at: { host: string; port: number }): Promise<{ host: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

/** Connections become idle one by one while requests finish: they are closed as they do. */
async function close(server: Server, connections: Connections, graceMs: number): Promise<number> {
  if (!server.listening) return 0;
  let cut = 0;
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const grace = setTimeout(() => {
    cut = connections.busy();
    server.closeAllConnections();
  }, graceMs);
  try {
    await new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
  } finally {
    clearInterval(idle);
    clearTimeout(grace);
  }
  return cut;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
