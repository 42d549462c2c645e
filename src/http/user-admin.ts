import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { shown } from '../model/shown';
import { faultOf } from '../protocol/faults';
import type { Principal } from '../protocol/messages';
import { ROLES, type AccessStore, type PrincipalRow, type Role } from '../store/store';
import type { Scope } from '../model/scope';
import type { Authentication, AuthRequest } from './access';
import { checkBodyHeaders, hasBody, readBody } from './body';
import { challengesFor } from './challenge';
import { ClientGone, HttpFault } from './fault';
import { logged } from './logged';
import {
  AccessError,
  addToken,
  addUser,
  changeUser,
  listTokens,
  removeUser,
  revokeToken,
  userListing,
  type ScopeCheck,
} from './principals';
import type { RightsOf } from './probes';

/** Path below which users are managed, outside the resources of the protocol. */
export const USER_ADMIN = '/admin/users';

/** Request that changes who may log in, for the audit. */
export interface AccessRequest {
  who: Principal;
  address: string;
  method: string;
  requestId: string;
}

export interface UserAdminOptions {
  /** Users and tokens, where each change is an entry of the audit. */
  accessFor: (request: AccessRequest) => AccessStore;
  /** Records a change that was refused. */
  noteRefused: (request: AccessRequest, refusal: { status: number; reason: string }) => Promise<void>;
  rightsOf?: RightsOf;
  /** Tells that a scope is wider than its owner's rights. */
  wider?: ScopeCheck;
  login: (request: IncomingMessage, asked: NonNullable<AuthRequest['asked']>) => Promise<Authentication>;
  /** Tells the client's address. */
  addressOf: (request: IncomingMessage) => string;
  log: Logger;
}

const MOST_BYTES = 8 * 1024;
const MOST_PATH = 300;

/** Status of an answer, and JSON where there is any. */
interface Answer {
  status: number;
  body?: object;
}

/** Answers what lies below `/admin/users`: users of the admin's own tenant, and their tokens, as JSON. Never rejects. */
export function createUserAdmin(options: UserAdminOptions) {
  return async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    const { method = 'GET' } = request;
    try {
      const { status, body } = await answered(options, path, request, response, requestId);
      write(request, response, status, body);
      options.log.info({ requestId, method, path: logged(path, MOST_PATH), status }, 'request for users');
    } catch (error) {
      if (error instanceof ClientGone) return void response.destroy();
      const { status, message, headers } = refusalOf(error, requestId, options.log);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      // What was not read of a body can't be told from the next request.
      if (hasBody(request) && !request.complete) response.setHeader('Connection', 'close');
      write(request, response, status, { problem: message });
      options.log.info({ requestId, method, path: logged(path, MOST_PATH), status }, 'request for users');
    }
  };
}

async function answered(
  { login, accessFor, noteRefused, addressOf, rightsOf, wider }: UserAdminOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<Answer> {
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const result = await login(request, { method, path: '', requestId });
  if (!result.ok) {
    if (result.status === 401) response.setHeader('WWW-Authenticate', challengesFor(request, result.badToken ? result.message : undefined));
    const retry = result.retryAfterSeconds;
    throw new HttpFault(result.status, result.message, retry === undefined ? {} : { 'Retry-After': String(retry) });
  }
  const { principal: who } = result;
  const asked = { who, address: addressOf(request), method, requestId };
  if (who.role !== 'admin' || rightsOf?.(who)) {
    // Who could make others with all rights would have them.
    const why = who.role !== 'admin' ? `${who.name} is ${who.role}` : 'what this one may is narrowed by a rule, or by its token';
    const reason = `users are managed by admins: ${why}`;
    if (method !== 'GET') await noteRefused(asked, { status: 403, reason });
    throw new HttpFault(403, reason);
  }
  const access = accessFor(asked);
  const [name, part, id, ...more] = segmentsOf(path);
  const given = ['POST', 'PATCH'].includes(method) ? await bodyOf(request) : {};
  if (name === undefined) return users(access, who, method, given);
  const user = await access.principal(name);
  // Users of other tenants are not there.
  if (user?.tenant !== who.tenant || more.length > 0 || (part !== undefined && part !== 'tokens')) throw notFound();
  if (part === undefined) return oneUser(access, user, method, given);
  return id === undefined ? tokens(access, user, method, given, wider) : oneToken(access, user, id, method);
}

async function users(access: AccessStore, who: Principal, method: string, given: Given): Promise<Answer> {
  if (method === 'GET') {
    const rows = (await access.principals()).filter(({ tenant }) => tenant === who.tenant);
    return { status: 200, body: { users: await Promise.all(rows.map((row) => userListing(access, row))) } };
  }
  if (method !== 'POST') throw notPossible('GET, HEAD, POST');
  const { name, role, password } = only(given, ['name', 'role', 'password']);
  if (name === undefined) throw new HttpFault(400, 'name is missing');
  const user = { name, tenant: who.tenant, role: roleOf(role ?? 'operator'), ...(password === undefined ? {} : { password }) };
  await addUser(access, user);
  return { status: 201, body: await listed(access, name) };
}

async function oneUser(access: AccessStore, user: PrincipalRow, method: string, given: Given): Promise<Answer> {
  if (method === 'GET') return { status: 200, body: await userListing(access, user) };
  if (method === 'DELETE') {
    await keepOneAdmin(access, user);
    await removeUser(access, user.name, user.tenant);
    return { status: 204 };
  }
  if (method !== 'PATCH') throw notPossible('GET, HEAD, PATCH, DELETE');
  const { role, password } = only(given, ['role', 'password']);
  if (role === undefined && password === undefined) throw new HttpFault(400, 'role or password is missing');
  const change = { ...(role !== undefined && { role: roleOf(role) }), ...(password !== undefined && { password }) };
  if (change.role !== undefined && change.role !== 'admin') await keepOneAdmin(access, user);
  await changeUser(access, user.name, change, user.tenant);
  return { status: 200, body: await listed(access, user.name) };
}

/** @throws HttpFault 409 for the last admin of a tenant: without one nobody could manage it here, and without any user nobody logs in */
async function keepOneAdmin(access: AccessStore, { name, tenant, role }: PrincipalRow): Promise<void> {
  if (role !== 'admin') return;
  const others = (await access.principals()).some((row) => row.tenant === tenant && row.role === 'admin' && row.name !== name);
  if (!others) throw new HttpFault(409, `${name} is the last admin of its tenant: make another one first, or do it by cimi-gateway user`);
}

async function tokens(access: AccessStore, user: PrincipalRow, method: string, given: Given, wider?: ScopeCheck): Promise<Answer> {
  if (method === 'GET') return { status: 200, body: { tokens: await listTokens(access, user.name) } };
  if (method !== 'POST') throw notPossible('GET, HEAD, POST');
  const { scope, ...texts } = given;
  const { name, role, expires } = only(texts, ['name', 'role', 'expires'], ['scope']);
  const facts = {
    ...(name !== undefined && { name }),
    ...(expires !== undefined && { expires }),
    ...(role !== undefined && { role: roleOf(role) }),
    ...(scope !== undefined && { scope: scopeOf(scope) }),
  };
  const made = await addToken(access, user.name, facts, wider);
  return { status: 201, body: made };
}

async function oneToken(access: AccessStore, user: PrincipalRow, id: string, method: string): Promise<Answer> {
  if (!(await access.tokens(user.name)).some((token) => token.id === id)) throw notFound();
  if (method !== 'DELETE') throw notPossible('DELETE');
  await revokeToken(access, id);
  return { status: 204 };
}

async function listed(access: AccessStore, name: string): Promise<object> {
  const row = await access.principal(name);
  if (!row) throw notFound();
  return userListing(access, row);
}

type Given = Readonly<Record<string, unknown>>;

/** @throws HttpFault 415 for what a form of any page could send, 400 for what is no JSON object */
async function bodyOf(request: IncomingMessage): Promise<Given> {
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) throw new HttpFault(415, 'the body is application/json');
  checkBodyHeaders(request, MOST_BYTES);
  const text = Buffer.from(await readBody(request, MOST_BYTES)).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Given;
  } catch {
    // An engine's own words would repeat the body, which may be a password.
  }
  throw new HttpFault(400, 'the body must be a JSON object');
}

/** Takes texts under known names. @throws HttpFault 400 for anything else */
function only<N extends string>(given: Given, names: readonly N[], others: readonly string[] = []): Partial<Record<N, string>> {
  const values: Partial<Record<N, string>> = {};
  for (const [name, value] of Object.entries(given)) {
    const known = names.find((one) => one === name);
    if (known === undefined)
      throw new HttpFault(400, `${shown(name, 100)} is not known here; there are ${[...names, ...others].join(', ')}`);
    if (typeof value !== 'string') throw new HttpFault(400, `${known} must be a text`);
    values[known] = value;
  }
  return values;
}

const LISTS = ['collections', 'clouds', 'actions'] as const;

/** @throws HttpFault 400 for what is no lists of names */
function scopeOf(given: unknown): Scope {
  const words = `scope must be an object with one or more of ${LISTS.join(', ')}, each a list of names`;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || Object.keys(given).length === 0)
    throw new HttpFault(400, words);
  for (const [name, list] of Object.entries(given))
    if (!LISTS.some((known) => known === name) || !Array.isArray(list) || !list.every((one) => typeof one === 'string'))
      throw new HttpFault(400, words);
  return given;
}

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (!role) throw new HttpFault(400, `role must be one of ${ROLES.join(', ')}`);
  return role;
}

/** Segments below the path of users. @throws HttpFault 404 */
function segmentsOf(path: string): string[] {
  try {
    return path.slice(USER_ADMIN.length).replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw notFound();
  }
}

function notFound(): HttpFault {
  return new HttpFault(404, 'there is no such user or token');
}

function notPossible(allow: string): HttpFault {
  return new HttpFault(405, `possible here: ${allow}`, { Allow: allow });
}

function refusalOf(error: unknown, requestId: string, log: Logger): Pick<HttpFault, 'status' | 'message' | 'headers'> {
  if (error instanceof HttpFault) return error;
  if (error instanceof AccessError) return { status: 400, message: error.message, headers: {} };
  const known = faultOf(error, '');
  if (known) return known;
  log.error({ err: error, requestId }, 'a request for users failed');
  return { status: 500, message: `the gateway failed; its log has the reason under request id ${requestId}`, headers: {} };
}

function write(request: IncomingMessage, response: ServerResponse, status: number, body?: object): void {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (!body) return void response.end();
  const text = `${JSON.stringify(body)}\n`;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(request.method === 'HEAD' ? undefined : text);
}
