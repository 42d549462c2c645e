import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { FailedLogin } from '../protocol/audited';
import type { Principal } from '../protocol/messages';
import type { AuthRequest, Authenticate, Authentication } from './access';
import { checkBodyHeaders, readBody } from './body';
import { challengesFor } from './challenge';
import { HttpFault } from './fault';
import type { Credentials, Sessions } from './sessions';

/** Path below which the console is. */
export const CONSOLE = '/console/';
const SESSION = `${CONSOLE}session`;

export interface ConsoleOptions {
  /** Folder of the built files; absent where they were not built. */
  folder: string | undefined;
  /** Absent where nobody logs in. */
  sessions: Sessions | undefined;
  /** The logins as all requests have them, sessions included. */
  authenticate: Authenticate;
  requestOf: (request: IncomingMessage) => AuthRequest;
  /** Writes an entry of the audit for a login that went well. */
  record: (login: FailedLogin) => Promise<void>;
}

/** Answers what lies below `/console/`. */
export type Console = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Headers of everything that a browser shows of the gateway. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CSP,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': '',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Longest login that is read, bytes. */
const LOGIN_BYTES = 4_096;

/** The console's files, and the sessions of its pages. */
export function createConsole(options: ConsoleOptions): Console {
  const files = once(() => filesOf(options.folder));
  return async (path, request, response) => {
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    try {
      if (path === SESSION) return await session(options, request, response);
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new HttpFault(405, 'only GET is possible here', { Allow: 'GET, HEAD' });
      // Relative: a proxy may show the gateway below a path.
      if (`${path}/` === CONSOLE) return write(request, response, 308, { Location: 'console/' });
      const name = path.slice(CONSOLE.length) || INDEX;
      const body = files().get(name);
      if (!body) throw new HttpFault(404, files().size > 0 ? 'there is nothing at this path' : NOT_BUILT);
      // All names but that of the page change with their content.
      const cache = name === INDEX ? 'no-store' : 'public, max-age=31536000, immutable';
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      return write(request, response, 200, { 'Content-Type': type, 'Cache-Control': cache }, body);
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      return json(request, response, error.status, { problem: error.message }, error.headers as Record<string, string>);
    }
  };
}

const INDEX = 'index.html';
const NOT_BUILT = 'the console was not built: npm run build does it';

function filesOf(folder: string | undefined): ReadonlyMap<string, Buffer> {
  if (folder === undefined || !existsSync(join(folder, INDEX))) return new Map();
  const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

async function session(options: ConsoleOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { sessions, authenticate, requestOf } = options;
  const asked = requestOf(request);
  if (request.method === 'GET' || request.method === 'HEAD') {
    const result = await authenticate(asked);
    return result.ok ? json(request, response, 200, told(result.principal, sessions)) : unwelcome(request, response, result);
  }
  if (request.method !== 'POST' && request.method !== 'DELETE')
    throw new HttpFault(405, 'GET tells who you are, POST logs in, DELETE logs out', { Allow: 'GET, HEAD, POST, DELETE' });
  if (!sessions) throw new HttpFault(409, 'without users nobody logs in here');
  const reason = sessions.impossible ?? sessions.foreign(asked);
  if (reason !== undefined) throw new HttpFault(403, reason);
  if (request.method === 'DELETE') {
    const cookie = await sessions.end(asked);
    return write(request, response, 204, { 'Set-Cookie': cookie, 'Cache-Control': 'no-store' });
  }
  return login(options, sessions, request, response);
}

async function login(
  { authenticate, requestOf, record }: ConsoleOptions,
  sessions: Sessions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const credentials = await credentialsOf(request);
  const requestId = randomUUID();
  const about = { method: 'POST', path: '', requestId };
  const asked = requestOf(request);
  const result = await authenticate({ ...asked, authorization: authorizationOf(credentials), asked: about });
  if (!result.ok) return unwelcome(request, response, result);
  const { principal } = result;
  if (principal.from) throw new HttpFault(403, 'a session is for users of the gateway itself: a token of an issuer is its own session');
  const cookie = await sessions.begin(principal.name, credentials);
  if (cookie === undefined) throw new HttpFault(401, 'the login is over: log in again');
  await record({ ...about, user: principal, address: asked.address, reason: 'a session of the console', succeeded: true });
  json(request, response, 200, told(principal, sessions), { 'Set-Cookie': cookie });
}

/** @throws HttpFault 400 for what is no login, 415 for what a form of any page could send */
async function credentialsOf(request: IncomingMessage): Promise<Credentials> {
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) throw new HttpFault(415, 'a login is application/json');
  checkBodyHeaders(request, LOGIN_BYTES);
  const text = Buffer.from(await readBody(request, LOGIN_BYTES)).toString('utf8');
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = undefined;
  }
  const { user, password, token } = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  if (typeof token === 'string') return { token };
  if (typeof user === 'string' && typeof password === 'string' && user !== '' && !user.includes(':')) return { user, password };
  throw new HttpFault(400, 'a login is {"user", "password"} or {"token"}');
}

function authorizationOf(credentials: Credentials): string {
  if ('token' in credentials) return `Bearer ${credentials.token}`;
  return `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
}

function told({ name, tenant, role }: Principal, sessions: Sessions | undefined): object {
  return { user: name, tenant, role, anonymous: sessions === undefined };
}

function unwelcome(request: IncomingMessage, response: ServerResponse, result: Authentication & { ok: false }): void {
  const { status, message, retryAfterSeconds } = result;
  if (status === 401) response.setHeader('WWW-Authenticate', challengesFor(request));
  const retry: Record<string, string> = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
  json(request, response, status, { problem: message }, retry);
}

function json(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const all = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers };
  write(request, response, status, all, Buffer.from(`${JSON.stringify(body)}\n`));
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body) response.setHeader('Content-Length', body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
