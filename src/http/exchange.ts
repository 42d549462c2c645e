import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { CimiResponse, Handle, Principal } from '../protocol/messages';
import type { AuthRequest, Authenticate } from './access';
import { checkBodyHeaders, hasBody, readBody } from './body';
import { ClientGone, type FaultRequest, type Faults, HttpFault } from './fault';
import type { HttpMetrics } from './metrics';
import { CHALLENGE } from './probes';
import { type ExtraHeaders, send } from './send';
import { parseQuery, pathBelow, type RawTarget } from './target';

export interface ExchangeOptions {
  handle: Handle;
  authenticate: Authenticate;
  faults: Faults;
  /** Path of the base URI, with a slash at both ends. */
  prefix: string;
  limits: { bodyBytes: number; urlBytes: number; stallMs: number };
  log: Logger;
  metrics?: HttpMetrics;
}

/** What Node tells of a request beside its message. */
export interface Arrival {
  address: string;
  /** The client waits for `100 Continue` before it sends the body. */
  expectsContinue: boolean;
  /** The connection is to be closed after this answer. */
  lastOne: boolean;
}

/** One request under `/cimi/` from its header to the last byte of its answer. Never rejects. */
export type Exchange = (request: IncomingMessage, response: ServerResponse, target: RawTarget, arrival: Arrival) => Promise<void>;

interface Outcome {
  answer: CimiResponse;
  extra?: ExtraHeaders;
}

type MutableFacts = { -readonly [K in keyof FaultRequest]: FaultRequest[K] };

/** The CIMI side of the shell: identity of the request, login, body, the protocol, the answer. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { log, metrics } = options;
  return async (request, response, target, arrival) => {
    const started = performance.now();
    const facts: MutableFacts = {
      method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
      path: '',
      query: [],
      headers: request.headers as Readonly<Record<string, string | undefined>>,
      requestId: requestId(request),
    };
    let principal: Principal | undefined;
    try {
      const { answer, extra } = await answerTo(options, request, response, target, arrival, facts, (who) => (principal = who)).catch(
        (error: unknown) => refusal(options, error, facts),
      );
      const unread = hasBody(request) && !request.complete;
      const hangUp = arrival.lastOne || (unread && (arrival.expectsContinue || !small(request, options.limits.bodyBytes)));
      const sending = { requestId: facts.requestId, headOnly: request.method === 'HEAD', hangUp, stallMs: options.limits.stallMs };
      await send(request, response, answer, extra ? { ...sending, extra } : sending);
      const seconds = (performance.now() - started) / 1000;
      const format = formatOf(answer);
      metrics?.request({
        path: facts.path === '' ? undefined : facts.path,
        method: request.method ?? '',
        status: answer.status,
        format,
        seconds,
      });
      // The many reads that go well are worth a line only to who looks for one.
      const level = answer.status >= 500 ? 'error' : answer.status < 400 && facts.method === 'GET' ? 'debug' : 'info';
      if (log.isLevelEnabled(level)) {
        const { requestId: id, method, path } = facts;
        log[level](
          { requestId: id, method, path, status: answer.status, ms: Math.round(seconds * 1000), principal: principal?.name },
          'request',
        );
      }
    } catch (error) {
      if (!(error instanceof ClientGone)) log.warn({ err: error, requestId: facts.requestId }, 'the answer could not be sent');
      else log.debug({ requestId: facts.requestId }, error.message);
      response.destroy();
    }
  };
}

async function answerTo(
  options: ExchangeOptions,
  request: IncomingMessage,
  response: ServerResponse,
  target: RawTarget,
  arrival: Arrival,
  facts: MutableFacts,
  identified: (principal: Principal) => void,
): Promise<Outcome> {
  const { limits } = options;
  if (target.path.length + target.query.length + 1 > limits.urlBytes)
    throw new HttpFault(414, `the URI is longer than ${limits.urlBytes} bytes`);
  facts.query = parseQuery(target.query);
  const path = pathBelow(target.path, options.prefix);
  if (path === undefined) throw new HttpFault(404, 'nothing is here');
  facts.path = path;
  const principal = await login(options.authenticate, request, arrival.address);
  identified(principal);
  let body: Uint8Array | undefined;
  if (hasBody(request)) {
    checkBodyHeaders(request, limits.bodyBytes);
    if (arrival.expectsContinue) response.writeContinue();
    body = await readBody(request, limits.bodyBytes);
  }
  const { method, query, headers, requestId: id } = facts;
  const message = { method, path, query, headers, principal, requestId: id };
  const answer =
    method === 'GET'
      ? await options.handle({ ...message, signal: whileConnected(response) })
      : await options.handle(body ? { ...message, body } : message);
  return method === 'OPTIONS' ? { answer: allowed(answer) } : { answer };
}

async function login(authenticate: Authenticate, request: IncomingMessage, address: string): Promise<Principal> {
  const result = await authenticate(authRequest(request, address));
  if (result.ok) return result.principal;
  const { status, message, retryAfterSeconds, badToken } = result;
  throw new HttpFault(status, message, {
    ...(status === 401 && { 'WWW-Authenticate': badToken ? BAD_TOKEN : CHALLENGE }),
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
  });
}

/** What a login is judged by, of a Node message. */
export function authRequest(request: IncomingMessage, address: string): AuthRequest {
  const { authorization, host, origin } = request.headers;
  return { authorization, address, host, origin };
}

const BAD_TOKEN = ['Basic realm="cimi", charset="UTF-8"', 'Bearer realm="cimi", error="invalid_token"'];

/** The protocol refuses OPTIONS like any method it has no use for, naming those it has; that list is the answer. */
function allowed(answer: CimiResponse): CimiResponse {
  const allow = answer.headers['Allow'];
  if (answer.status !== 405 || allow === undefined) return answer;
  const methods = allow.split(',').map((method) => method.trim());
  for (const own of methods.includes('GET') ? ['HEAD', 'OPTIONS'] : ['OPTIONS']) if (!methods.includes(own)) methods.push(own);
  return { status: 204, headers: { Allow: methods.join(', ') } };
}

/** A refusal of the shell itself, or of a protocol that broke its promise never to reject. */
function refusal(options: ExchangeOptions, error: unknown, facts: FaultRequest): Outcome {
  if (error instanceof ClientGone) throw error;
  if (error instanceof HttpFault) return { answer: options.faults(error.status, error.message, facts), extra: error.headers };
  options.log.error({ err: error, requestId: facts.requestId, method: facts.method, path: facts.path }, 'a request failed unexpectedly');
  return { answer: options.faults(500, `the gateway failed; its log has the reason under request id ${facts.requestId}`, facts) };
}

function whileConnected(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new ClientGone());
  });
  return controller.signal;
}

/** A client may name its request, in words that are safe in a log and a header. */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._:+/=@-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Node reads an unread body of known and bearable length to its end by itself and keeps the connection. */
function small(request: IncomingMessage, maxBytes: number): boolean {
  const length = request.headers['content-length'];
  return length !== undefined && Number(length) <= maxBytes;
}

function formatOf(answer: CimiResponse): string {
  const type = answer.headers['Content-Type'] ?? '';
  return type.includes('json') ? 'json' : type.includes('xml') ? 'xml' : 'none';
}
