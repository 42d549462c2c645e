import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FailedLogin } from '../protocol/audited';
import type { Principal } from '../protocol/messages';
import type { AuthRequest, Authenticate, Authentication } from './access';
import { checkBodyHeaders, readBody } from './body';
import { challengesFor } from './challenge';
import { HttpFault } from './fault';
import type { CodeFlow } from './code-flow';
import type { Credentials, Sessions } from './sessions';
import { splitTarget } from './target';
import { asPage, createSite, json, write, type Site } from './site';

/** Path below which the console is. */
export const CONSOLE = '/console/';
const SESSION = `${CONSOLE}session`;
/** Path of the logins by issuers: which there are; below it `KEY` begins one, and `KEY/callback` ends it. */
const LOGIN = `${CONSOLE}login`;

export interface ConsoleOptions {
  /** Folder of the built files; absent where they were not built. */
  folder: string | undefined;
  /** Absent where nobody logs in. */
  sessions: Sessions | undefined;
  /** The logins as all requests have them, sessions included. */
  authenticate: Authenticate;
  requestOf: (request: IncomingMessage) => AuthRequest;
  /** Logins by issuers; absent where nobody logs in. */
  flow?: CodeFlow | undefined;
  /** Counts, records and logs a login by an issuer. */
  noteLogin: (request: AuthRequest, result: Authentication) => Promise<void>;
  /** Writes an entry of the audit for a login that went well. */
  record: (login: FailedLogin) => Promise<void>;
}

/** Longest login that is read, bytes. */
const LOGIN_BYTES = 4_096;

/** The console's files, and the sessions of its pages. */
export function createConsole(options: ConsoleOptions): Site {
  const site = createSite({ prefix: CONSOLE, folder: options.folder, notBuilt: 'the console was not built: npm run build does it' });
  return (path, request, response) => {
    if (path === SESSION) return asPage(request, response, () => session(options, request, response));
    if (path !== LOGIN && !path.startsWith(`${LOGIN}/`)) return site(path, request, response);
    // Relative: a proxy may show the gateway below a path.
    const up = '../'.repeat(path.slice(CONSOLE.length).split('/').length - 1);
    const back = { href: up === '' ? './' : up, words: 'Back to the console' };
    return asPage(request, response, () => byIssuer(options, path.slice(LOGIN.length + 1), request, response), back);
  };
}

/** Answers what is below the path of logins by issuers. */
async function byIssuer(options: ConsoleOptions, rest: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { flow, sessions, requestOf } = options;
  if (request.method !== 'GET') throw new HttpFault(405, 'only GET is possible here', { Allow: 'GET' });
  if (rest === '') return json(request, response, 200, { issuers: flow?.choices() ?? [] });
  const [key = '', step, ...more] = rest.split('/');
  if (!flow || !sessions || more.length > 0 || (step !== undefined && step !== 'callback'))
    throw new HttpFault(404, 'there is nothing at this path');
  if (sessions.impossible !== undefined) throw new HttpFault(403, sessions.impossible);
  const { query } = splitTarget(request.url ?? '');
  if (step === 'callback') return callback(options, { flow, sessions, key, query }, request, response);
  const { page } = requestOf(request);
  // A page elsewhere would log people in, or end a login that they have begun.
  if (page?.site !== undefined && page.site !== 'same-origin' && page.site !== 'none')
    throw new HttpFault(403, 'a login begins at the page of the console');
  const { location, cookie } = await flow.begin(key, new URLSearchParams(query).get('go') ?? undefined);
  write(request, response, 303, { Location: location, 'Set-Cookie': cookie, 'Cache-Control': 'no-store' });
}

/** Ends a login with what an issuer sent back. */
async function callback(
  { requestOf, noteLogin, record }: ConsoleOptions,
  { flow, sessions, key, query }: { flow: CodeFlow; sessions: Sessions; key: string; query: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const about = { method: 'GET', path: '', requestId: randomUUID() };
  const asked = { ...requestOf(request), returned: true, asked: about };
  const { result, cookie, location } = await flow.end(key, query, asked);
  await noteLogin(asked, result);
  if (!result.ok) {
    const { status, message, retryAfterSeconds } = result;
    const retry = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
    throw new HttpFault(status === 401 ? 403 : status, message, { 'Set-Cookie': cookie, ...retry });
  }
  const { principal, claims } = result;
  const begun = await sessions.begin(principal.name, { issuer: key, claims });
  if (begun === undefined) throw new HttpFault(403, 'the login is over: log in again', { 'Set-Cookie': cookie });
  await record({ ...about, user: principal, address: asked.address, reason: `a session of the console by ${key}`, succeeded: true });
  response.setHeader('Set-Cookie', [cookie, begun]);
  write(request, response, 303, { Location: location, 'Cache-Control': 'no-store' });
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
  if (principal.from) throw new HttpFault(403, 'a token of an issuer begins no session: log in by the issuer itself');
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
