import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { shown } from '../model/shown';
import { faultOf } from '../protocol/faults';
import type { Principal } from '../protocol/messages';
import type { Authentication, AuthRequest } from './access';
import { checkBodyHeaders, hasBody, readBody } from './body';
import { challengesFor } from './challenge';
import { ClientGone, HttpFault } from './fault';
import { logged } from './logged';
import { AccessError } from './principals';
import type { RightsOf } from './probes';

/** Path below which admins manage what is outside the resources of the protocol. */
const ADMIN = '/admin';

/** Request for a change by an admin, for the audit. */
export interface AccessRequest {
  who: Principal;
  address: string;
  method: string;
  requestId: string;
}

/** Request of an admin of all rights to a part of the API. */
export interface AdminCall {
  /** Facts of it for the audit; HEAD is GET. */
  asked: AccessRequest;
  /** Segments of the path below the part, decoded. */
  below: readonly string[];
  /** Members of the body; none where none is taken. */
  given: Given;
  /** Value of If-Match. */
  ifMatch: string | undefined;
}

/** Status of an answer, and JSON where there is any. */
export interface AdminAnswer {
  status: number;
  body?: object;
  etag?: string;
}

/** Part of the API: answers calls. @throws HttpFault, AccessError */
export type AdminPart = (call: AdminCall) => Promise<AdminAnswer>;

export interface AdminApiOptions {
  /** Parts by what they manage, which is their path, too. */
  parts: Readonly<Record<string, AdminPart>>;
  /** Records a change that was refused. */
  noteRefused: (request: AccessRequest, refusal: { status: number; reason: string }) => Promise<void>;
  rightsOf?: RightsOf;
  login: (request: IncomingMessage, asked: NonNullable<AuthRequest['asked']>) => Promise<Authentication>;
  /** Tells the client's address. */
  addressOf: (request: IncomingMessage) => string;
  log: Logger;
}

/** The API of admins. */
export interface AdminApi {
  /** Tells whether a path is one of its own. */
  isAt(path: string): boolean;
  /** Answers a request. Never rejects. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const MOST_BYTES = 8 * 1024;
const MOST_PATH = 300;

/** Makes the API of admins, in JSON: who asks must be admin, without a rule or a scope that narrows it. */
export function createAdminApi(options: AdminApiOptions): AdminApi {
  const partAt = (path: string): string | undefined =>
    Object.keys(options.parts).find((part) => path === `${ADMIN}/${part}` || path.startsWith(`${ADMIN}/${part}/`));
  return {
    isAt: (path) => partAt(path) !== undefined,
    async answer(path, request, response) {
      const requestId = randomUUID();
      const { method = 'GET' } = request;
      const part = partAt(path) ?? '';
      const done = (status: number) =>
        options.log.info({ requestId, method, path: logged(path, MOST_PATH), status }, `request for ${part}`);
      try {
        const answer = await answered(options, { part, path, requestId }, request, response);
        write(request, response, answer);
        done(answer.status);
      } catch (error) {
        if (error instanceof ClientGone) return void response.destroy();
        const { status, message, headers } = refusalOf(error, { part, requestId, log: options.log });
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        // What was not read of a body can't be told from the next request.
        if (hasBody(request) && !request.complete) response.setHeader('Connection', 'close');
        write(request, response, { status, body: { problem: message } });
        done(status);
      }
    },
  };
}

async function answered(
  { parts, login, noteRefused, addressOf, rightsOf }: AdminApiOptions,
  { part, path, requestId }: { part: string; path: string; requestId: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<AdminAnswer> {
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const result = await login(request, { method, path: '', requestId });
  if (!result.ok) {
    if (result.status === 401) response.setHeader('WWW-Authenticate', challengesFor(request, result.badToken ? result.message : undefined));
    const retry = result.retryAfterSeconds;
    throw new HttpFault(result.status, result.message, retry === undefined ? {} : { 'Retry-After': String(retry) });
  }
  const { principal: who } = result;
  const asked = { who, address: addressOf(request), method, requestId };
  try {
    if (who.role !== 'admin' || rightsOf?.(who)) {
      // Who could make others with all rights would have them.
      const why = who.role !== 'admin' ? `${who.name} is ${who.role}` : 'what this one may is narrowed by a rule, or by its token';
      throw new HttpFault(403, `${part} are managed by admins: ${why}`);
    }
    const below = segmentsOf(path.slice(`${ADMIN}/${part}`.length));
    const given = ['POST', 'PATCH'].includes(method) ? await bodyOf(request) : {};
    const found = parts[part];
    if (!found) throw new HttpFault(404, 'there is nothing of that name here');
    return await found({ asked, below, given, ifMatch: request.headers['if-match'] });
  } catch (error) {
    if (error instanceof HttpFault && error.status === 403 && method !== 'GET')
      await noteRefused(asked, { status: 403, reason: error.message });
    throw error;
  }
}

/** Members of a body, by their names. */
export type Given = Readonly<Record<string, unknown>>;

/** @throws HttpFault 415 for what a form of any page could send, 400 for what is no JSON object */
async function bodyOf(request: IncomingMessage): Promise<Given> {
  const types = request.method === 'PATCH' ? /^application\/(merge-patch\+)?json *(;|$)/i : /^application\/json *(;|$)/i;
  if (!types.test(request.headers['content-type'] ?? '')) throw new HttpFault(415, 'the body is application/json');
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
export function only<N extends string>(given: Given, names: readonly N[], others: readonly string[] = []): Partial<Record<N, string>> {
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

/** Segments of what lies below a part. One that cannot be decoded is left as it is: nothing has such a name. */
function segmentsOf(path: string): string[] {
  const decoded = (segment: string): string => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  };
  return path.replace(/\/$/, '').split('/').slice(1).map(decoded);
}

/** Makes the refusal of a method. @param allow the methods that are possible */
export function notPossible(allow: string): HttpFault {
  return new HttpFault(405, `possible here: ${allow}`, { Allow: allow });
}

function refusalOf(
  error: unknown,
  { part, requestId, log }: { part: string; requestId: string; log: Logger },
): Pick<HttpFault, 'status' | 'message' | 'headers'> {
  if (error instanceof HttpFault) return error;
  if (error instanceof AccessError) return { status: error.status, message: error.message, headers: {} };
  const known = faultOf(error, '');
  if (known) return known;
  log.error({ err: error, requestId }, `a request for ${part} failed`);
  return { status: 500, message: `the gateway failed; its log has the reason under request id ${requestId}`, headers: {} };
}

function write(request: IncomingMessage, response: ServerResponse, { status, body, etag }: AdminAnswer): void {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (etag !== undefined) response.setHeader('ETag', etag);
  if (!body) return void response.end();
  const text = `${JSON.stringify(body)}\n`;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(request.method === 'HEAD' ? undefined : text);
}
