import { IncomingMessage, type Server, ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import express, { type Express, type Request } from 'express';
import type { Logger } from 'pino';
import type { Handle } from '../protocol/messages';
import type { Documents } from '../protocol/public-documents';
import { clientPlaceOf } from '../net/addresses';
import { listenAt } from '../net/listening';
import type { AuthRequest, Authenticate } from './access';
import { createAdminApi, type AdminApi, type AdminApiOptions } from './admin-api';
import { type Connections, watchConnections } from './connections';
import { type Arrival, type Exchange, authRequest, createExchange } from './exchange';
import { CONSOLE, createConsole, type ConsoleOptions } from './console';
import { createFairness } from './fairness';
import type { Faults } from './fault';
import { loggedLogins, logRefused } from './login-log';
import type { HttpMetrics } from './metrics';
import { createPackageExchange, type PackageOptions, PACKAGES } from './packages';
import { type Measured, type Probes, type Readiness, type RightsOf, createProbes } from './probes';
import type { ScopeCheck } from './principals';
import type { RequestTracing } from './spans';
import { createSite, isBelow, type Site } from './site';
import { tenantAdmin, type TenantAdminOptions } from './tenant-admin';
import { userAdmin, type UserAdminOptions } from './user-admin';
import { originForm, splitTarget } from './target';
import { contextOf, tlsOptions, type TlsConfig } from './tls';

/** Path below which the documentation is. */
const DOCS = '/docs/';
const DOCS_NOT_BUILT = 'The documentation was not built: npm run docs does it, and docs/README.md is where it begins.';

export interface HttpLimits {
  /** Largest request body, bytes. */
  bodyBytes: number;
  /** Largest request header as a whole, bytes. */
  headerBytes: number;
  /** Longest request target, bytes. */
  urlBytes: number;
  /** A request must have arrived whole within this time, ms. */
  requestTimeoutMs: number;
  /** Time for which an idle connection is kept, in ms (default 65,000: longer than the usual proxy keeps its side). */
  keepAliveMs?: number;
  /** Longest time for which a client may take no byte of its answer, in ms (default 60,000). */
  stallMs?: number;
  /** Largest number of large bodies and collections of one tenant in hand at once (default 3), and of those that wait (default 200). */
  heavyPerTenant?: number;
  heavyWaiting?: number;
}

export interface HttpServerOptions {
  handle: Handle;
  /** Tells whether a list is at a path below the base: such answers may be long. */
  isList: (path: string) => boolean;
  authenticate: Authenticate;
  base: {
    /** Scheme, host and, behind a proxy, path under which clients see the gateway; a trailing slash is ignored. */
    publicUrl: string;
    /** Path of the base URI below it: `/cimi/`. */
    prefix: string;
  };
  limits: HttpLimits;
  /** Absent: plain HTTP. */
  tls?: TlsConfig | undefined;
  log: Logger;
  ready: () => Promise<Readiness>;
  metrics?: HttpMetrics;
  /** Makes spans of requests; absent: tracing is off. */
  tracing?: RequestTracing | undefined;
  /** Tells what the Meters of a tenant measure. */
  measured?: Measured;
  /** Documents that anyone may read beside the operational endpoints, by path. */
  documents?: Documents;
  /** Serves packages of virtual machines, below `/packages/`. */
  packages?: PackageOptions['serve'];
  /** Declared rules that narrow those who were let in; absent: there are none. */
  rules?: { rightsOf: RightsOf; wider: ScopeCheck } | undefined;
  /** Parts of `/admin/users` and `/admin/tenants`, with what records their changes; absent: neither is there. */
  admin?: AdminParts | undefined;
  /** The console, below `/console/`; absent: it is not there. */
  console?: (Pick<ConsoleOptions, 'folder' | 'sessions' | 'record' | 'flow'> & { note: ConsoleOptions['noteLogin'] }) | undefined;
  /** The documentation, below `/docs/`; absent: it is not there. */
  docs?: { folder: string | undefined } | undefined;
  faults: Faults;
  /** Proxies whose X-Forwarded-For is believed (Express' `trust proxy`); none by default. */
  trustProxy?: string[];
  /** A secret with which the metrics can be read, and nothing else. */
  metricsToken?: string;
}

export interface HttpServer {
  /**
   * Begins to accept connections. Port 0 takes a free one.
   * @throws Error in words where the address can't be had
   */
  listen(at: { host: string; port: number }): Promise<{ host: string; port: number }>;
  /**
   * Takes another certificate, key or authority for connections from now on; those there are go on.
   * @throws Error in words where they cannot be used, or the server speaks no TLS; nothing has changed then
   */
  renew(tls: TlsConfig): void;
  /** Takes the limits as they are now, as far as the listener keeps them itself. */
  bound(): void;
  /** Says not ready from now on, serving all the same: for load balancers that need a moment to look away. */
  retire(): void;
  /**
   * Retires, accepts no more connections, lets requests under way finish within `graceMs`, then cuts the rest.
   * @returns requests that were cut
   */
  close(graceMs: number): Promise<number>;
}

/** Parts of the API of admins. */
interface AdminParts extends Pick<UserAdminOptions, 'accessFor'>, Pick<AdminApiOptions, 'noteRefused'> {
  tenants: TenantAdminOptions;
}

interface Shell {
  exchange: Exchange;
  probes: Probes;
  packages: Probes | undefined;
  admin: AdminApi | undefined;
  /** Sites for browsers, by their path. */
  sites: readonly (readonly [prefix: string, site: Site])[];
  connections: Connections;
  closing: () => boolean;
  /** Requests whose client waits for `100 Continue`. */
  expecting: WeakSet<IncomingMessage>;
}

/** The HTTP face: Express with one handler for everything under the prefix, and the operational endpoints beside it. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { base, limits, log } = options;
  const live = liveLimits(limits);
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
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    request.url = originForm(request.url ?? '/');
    // What a CIMI request needs of Express its prototype has (messagesOf): the way through its router costs as much as a known answer.
    if (!cimi(request, response)) app(request, response);
  };
  const server = options.tls ? createTlsServer({ ...settings, ...tlsOptions(options.tls) }, answer) : createServer(settings, answer);
  const bound = (): void => {
    server.requestTimeout = limits.requestTimeoutMs;
    server.headersTimeout = Math.min(limits.requestTimeoutMs, 20_000);
    server.keepAliveTimeout = limits.keepAliveMs ?? 65_000;
  };
  bound();
  const refuse = (status: number, message: string) =>
    options.faults(status, message, { method: 'GET', path: '', query: [], headers: {}, requestId: '' });
  const connections = watchConnections(server, refuse, log);
  const { handle, faults, metrics } = options;
  metrics?.watchRequests(() => connections.busy());
  const authenticate = loggedLogins(options.console?.sessions?.watched(options.authenticate) ?? options.authenticate, log);
  const shared = { log, ...(metrics && { metrics }) };
  const exchange = createExchange({
    ...shared,
    handle,
    isList: options.isList,
    authenticate,
    fairness: createFairness(live),
    faults,
    prefix: base.prefix,
    tracing: options.tracing,
    limits: live,
  });
  const requestOf = (request: IncomingMessage) => authRequest(request, whence(request as Request));
  const login = async (request: IncomingMessage, asked?: AuthRequest['asked']) =>
    authenticate({ ...requestOf(request), ...(asked && { asked }) });
  const noteLogin: ConsoleOptions['noteLogin'] = async (request, result) => {
    if (!result.ok) logRefused(log, request, result);
    await options.console?.note(request, result);
  };
  const sites: Shell['sites'] = [
    ...(options.console ? [[CONSOLE, createConsole({ ...options.console, authenticate, requestOf, noteLogin })] as const] : []),
    ...(options.docs ? [[DOCS, createSite({ prefix: DOCS, notBuilt: DOCS_NOT_BUILT, ...options.docs })] as const] : []),
  ];
  const { packages: serve } = options;
  const addressOf = (request: IncomingMessage) => whence(request as Request).address;
  const packages = serve && createPackageExchange({ serve, login, addressOf, log, limits: live });
  const { admin: managed, rules } = options;
  const admin =
    managed &&
    createAdminApi({
      parts: {
        users: userAdmin({ accessFor: managed.accessFor, ...(rules && { wider: rules.wider }) }),
        tenants: tenantAdmin(managed.tenants),
      },
      noteRefused: managed.noteRefused,
      ...(rules && { rightsOf: rules.rightsOf }),
      ...{ login, addressOf, log },
    });
  const probes = createProbes({
    ...shared,
    ready: options.ready,
    ...(options.measured && { measured: options.measured }),
    ...(options.rules && { rightsOf: options.rules.rightsOf }),
    entryPoint: `${base.publicUrl.replace(/\/+$/, '')}${base.prefix}cloudEntryPoint`,
    ...(options.documents && { documents: options.documents }),
    closing: () => closing,
    sites: { ...(options.console && { [CONSOLE.slice(1)]: 'Console' }), ...(options.docs && { [DOCS.slice(1)]: 'Documentation' }) },
    login,
    ...(options.metricsToken === undefined ? {} : { metricsToken: options.metricsToken }),
  });
  const shell: Shell = { exchange, probes, packages, admin, sites, connections, closing: () => closing, expecting: new WeakSet() };
  const cimi = mount(app, server, shell, options);
  return {
    listen: (at) => listenAt(server, at, 'server'),
    renew: (tls) => {
      if (!(server instanceof TlsServer)) throw new Error('the listener speaks no TLS: server.tls came with a start only');
      server.setSecureContext(contextOf(tls));
    },
    bound,
    retire: () => {
      closing = true;
    },
    close: (graceMs) => {
      closing = true;
      return close(server, connections, graceMs);
    },
  };
}

/** Limits with their defaults, as they are whenever they are looked at. */
function liveLimits(limits: HttpLimits) {
  return {
    get bodyBytes() {
      return limits.bodyBytes;
    },
    get urlBytes() {
      return limits.urlBytes;
    },
    get stallMs() {
      return limits.stallMs ?? 60_000;
    },
    get heavyPerTenant() {
      return limits.heavyPerTenant ?? 3;
    },
    get heavyWaiting() {
      return limits.heavyWaiting ?? 200;
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

/** Answers a request, unless it is none of its own. @returns whether it does */
type Answering = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Lays the operational endpoints below Express. @returns what answers under the prefix, before Express is asked */
function mount(app: Express, server: Server, shell: Shell, { base, log, trustProxy = [] }: HttpServerOptions): Answering {
  const suspect = trustProxy.length > 0 ? () => undefined : warnOnce(log);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    shell.expecting.add(request);
    server.emit('request', request, response);
  });
  app.use((request, response) => {
    const { path } = splitTarget(request.url);
    shell.connections.enter(request, response);
    suspect(request);
    if (shell.closing()) response.setHeader('Connection', 'close');
    const outside = outsideOf(shell, path);
    outside(path, request, response).catch((error: unknown) => {
      log.error({ err: error }, 'an operational endpoint failed');
      response.destroy();
    });
  });
  return (request, response) => {
    const target = splitTarget(request.url ?? '/');
    if (!target.path.startsWith(base.prefix) && `${target.path}/` !== base.prefix) return false;
    const asked = request as Request;
    shell.connections.enter(request, response);
    suspect(asked);
    const arrival = { ...whence(asked), expectsContinue: shell.expecting.has(request), lastOne: shell.closing() };
    void shell.exchange(request, response, target, arrival);
    return true;
  };
}

/** Chooses who answers what is not below the base. */
function outsideOf({ packages, admin, sites, probes }: Shell, path: string): Probes {
  if (admin?.isAt(path)) return admin.answer;
  if (packages && path.startsWith(PACKAGES)) return packages;
  return sites.find(([prefix]) => isBelow(prefix, path))?.[1] ?? probes;
}

/** The client's address: the socket's, or what trusted proxies say; beside it what is claimed where none is trusted. */
function whence(request: Request): Pick<Arrival, 'address' | 'claimed'> {
  const forwarded = request.headers['x-forwarded-for'];
  const socket = placeOf(request.socket);
  if (forwarded === undefined) return { address: socket };
  const address = request.ip === undefined ? socket : clientPlaceOf(request.ip).address;
  if (address !== socket) return { address };
  return { address, claimed: String(forwarded).split(',').at(-1)?.trim() };
}

/** Addresses of connections, which are read once each. */
const addresses = new WeakMap<Socket, string>();

function placeOf(socket: Socket): string {
  const known = addresses.get(socket);
  if (known !== undefined) return known;
  const { address } = clientPlaceOf(socket.remoteAddress ?? '');
  // A connection that is gone has none any more.
  if (socket.remoteAddress !== undefined) addresses.set(socket, address);
  return address;
}

/** A proxy that nobody named makes all clients one address, also for the bounds on failed logins. */
function warnOnce(log: Logger): (request: Request) => void {
  let warned = false;
  return (request) => {
    if (warned || request.headers['x-forwarded-for'] === undefined) return;
    warned = true;
    const { address } = clientPlaceOf(request.socket.remoteAddress ?? '');
    log.warn(
      { address },
      'X-Forwarded-For comes from an address that server.trustProxy does not name: all its clients count as that one address; ' +
        'name the proxy there, or let it not pass the header on',
    );
  };
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
