import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { CimiResponse, Client, Handle, Principal } from '../protocol/messages';
import { endOfTurn } from '../model/turns';
import type { Span } from '../tracing/tracer';
import { faultOf } from '../protocol/faults';
import type { AuthRequest, Authenticate, Refused } from './access';
import { checkBodyHeaders, hasBody, readBody } from './body';
import { ClientGone, type FaultRequest, type Faults, HttpFault } from './fault';
import { logged } from './logged';
import { triedWords } from './login-log';
import type { Fairness } from './fairness';
import type { HttpMetrics } from './metrics';
import { requestSpan, tellAnswer, type RequestTracing } from './spans';
import { challengesFor, isConsole } from './challenge';
import { type ExtraHeaders, send } from './send';

import { parseQueryString, pathBelow, type RawTarget } from './target';

export interface ExchangeOptions {
  handle: Handle;
  /** Tells whether a list is at a path below the base. */
  isList: (path: string) => boolean;
  authenticate: Authenticate;
  fairness: Fairness;
  faults: Faults;
  /** Path of the base URI, with a slash at both ends. */
  prefix: string;
  limits: Readonly<{ bodyBytes: number; urlBytes: number; stallMs: number }>;
  log: Logger;
  metrics?: HttpMetrics;
  /** Makes a span of each request; absent: tracing is off. */
  tracing?: RequestTracing | undefined;
}

/** Facts that Node tells of a request beside its message. */
export interface Arrival {
  address: string;
  /** Address that X-Forwarded-For claims where no proxy is trusted. */
  claimed?: string | undefined;
  /** The client waits for `100 Continue` before it sends the body. */
  expectsContinue: boolean;
  /** The connection is to be closed after this answer. */
  lastOne: boolean;
}

/** Handles a request under `/cimi/` from its header to the last byte of its answer. Never rejects. */
export type Exchange = (request: IncomingMessage, response: ServerResponse, target: RawTarget, arrival: Arrival) => Promise<void>;

interface Outcome {
  answer: CimiResponse;
  extra?: ExtraHeaders;
}

/** Facts of a request that become known on its way. */
interface Visit {
  /** Requester, for the log: the principal that was let in, or the name that was tried. */
  who: { principal?: string; tenant?: string; token?: string; issuer?: string; subject?: string; tried?: string };
  /** Makes room for the tenant's next one. */
  leave: () => void;
  /** Gives back what the answer holds. */
  close: () => void;
}

/** Characters of a stranger's words in the log. */
const MOST_PATH = 500;

type MutableFacts = { -readonly [K in keyof FaultRequest]: FaultRequest[K] };

/** The CIMI side of the shell: identity of the request, login, body, the protocol, the answer. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { log, metrics, tracing } = options;
  const serve = async (span: Span | undefined, ...[request, response, target, arrival]: Parameters<Exchange>): Promise<void> => {
    const started = performance.now();
    const facts: MutableFacts = {
      method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
      path: '',
      query: [],
      headers: request.headers as Readonly<Record<string, string | undefined>>,
      requestId: requestId(request),
    };
    const visit: Visit = { who: {}, leave: () => undefined, close: () => undefined };
    try {
      let outcome: Outcome;
      try {
        outcome = await answerTo(options, request, response, target, arrival, facts, visit);
      } catch (error) {
        outcome = refusal(options, error, facts);
      }
      const { answer, extra } = outcome;
      const unread = hasBody(request) && !request.complete;
      const hangUp = arrival.lastOne || (unread && (arrival.expectsContinue || !small(request, options.limits.bodyBytes)));
      const sending = { requestId: facts.requestId, headOnly: request.method === 'HEAD', hangUp, stallMs: options.limits.stallMs };
      const sent = (): void => {
        const seconds = (performance.now() - started) / 1000;
        const { method } = request;
        metrics?.request({
          path: facts.path === '' ? undefined : facts.path,
          method: method ?? '',
          status: answer.status,
          format: formatOf(answer),
          seconds,
        });
        if (span) tellAnswer(span, { facts, status: answer.status, job: jobOf(answer), tenant: visit.who.tenant, tracing });
        logAnswer(log, { facts, answer, seconds, address: arrival.address, who: visit.who, trace: span?.traceId });
      };
      // A stream is answered when it begins: how long somebody reads it says nothing of the gateway.
      visit.close = () => answer.stream?.close();
      if (answer.stream) sent();
      await send(request, response, answer, extra ? { ...sending, extra } : sending);
      if (!answer.stream) sent();
    } catch (error) {
      if (!(error instanceof ClientGone)) log.warn({ err: error, requestId: facts.requestId }, 'the answer could not be sent');
      else log.debug({ requestId: facts.requestId }, error.message);
      response.destroy();
    } finally {
      visit.leave();
      visit.close();
    }
  };
  if (!tracing) return (...exchange) => serve(undefined, ...exchange);
  return (...exchange) => tracing.tracer.within(requestSpan(exchange[0]), (span) => serve(span, ...exchange));
}

interface Answered {
  facts: FaultRequest;
  answer: CimiResponse;
  seconds: number;
  address: string;
  who: Visit['who'];
  trace: string | undefined;
}

/** Id of the Job that an answer names. */
function jobOf(answer: CimiResponse): string | undefined {
  return answer.headers['CIMI-Job-URI']?.replace(/^.*\/jobs\//, '');
}

function logAnswer(log: Logger, { facts, answer, seconds, address, who, trace }: Answered): void {
  // The many reads that go well are worth a line only to who looks for one.
  const level = answer.status >= 500 ? 'error' : answer.status < 400 && facts.method === 'GET' ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  const { requestId: id, method } = facts;
  const path = logged(facts.path, MOST_PATH);
  const job = jobOf(answer);
  const ms = Math.round(seconds * 1000);
  log[level](
    {
      requestId: id,
      method,
      path,
      status: answer.status,
      ms,
      address,
      ...who,
      ...(job !== undefined && { job }),
      ...(trace !== undefined && { trace }),
    },
    'request',
  );
}

async function answerTo(
  options: ExchangeOptions,
  request: IncomingMessage,
  response: ServerResponse,
  target: RawTarget,
  arrival: Arrival,
  facts: MutableFacts,
  visit: Visit,
): Promise<Outcome> {
  const { limits } = options;
  if (target.path.length + target.query.length + 1 > limits.urlBytes)
    throw new HttpFault(414, `the URI is longer than ${limits.urlBytes} bytes`);
  facts.query = parseQueryString(target.query);
  const path = pathBelow(target.path, options.prefix);
  if (path === undefined) throw new HttpFault(404, 'there is nothing at this path: begin at the Cloud Entry Point');
  facts.path = path;
  const asked = { method: facts.method, path, requestId: facts.requestId };
  const result = await options.authenticate({ ...authRequest(request, arrival), asked });
  if (!result.ok) {
    visit.who = result.tried === undefined ? {} : { tried: triedWords(result.tried) };
    throw unwelcome(request, result);
  }
  const { principal } = result;
  visit.who = {
    principal: principal.name,
    tenant: principal.tenant,
    ...(principal.token !== undefined && { token: principal.token }),
    ...principal.from,
  };
  const { query, headers, requestId: id } = facts;
  const bare = { method: facts.method, path, query, headers, principal, address: arrival.address, requestId: id };
  // What is kept costs nobody's turn.
  const known = hasBody(request) ? undefined : options.handle.known?.(bare);
  if (known) {
    await endOfTurn();
    return { answer: known };
  }
  const message = { ...bare, client: new Requester(options, request, response, arrival, { asked, principal, visit }) };
  const leave = await options.fairness.enter(principal.tenant, isHeavy(request, facts, options.isList));
  visit.leave = () => {
    visit.leave = () => undefined;
    leave();
  };
  if (response.destroyed) throw new ClientGone();
  let body: Uint8Array | undefined;
  try {
    if (hasBody(request)) {
      checkBodyHeaders(request, limits.bodyBytes);
      if (arrival.expectsContinue) response.writeContinue();
      body = await readBody(request, limits.bodyBytes);
    }
  } catch (error) {
    if (!(error instanceof HttpFault)) throw error;
    // Who is known is told as by the protocol itself: every change has its Job (4.2.1.6).
    return { answer: await options.handle({ ...message, refused: error }), extra: error.headers };
  }
  const answer = await options.handle(body ? { ...message, body } : message);
  return facts.method === 'OPTIONS' ? { answer: allowed(answer) } : { answer };
}

function isSame(one: Principal, other: Principal): boolean {
  const rights = ({ userRole, groups, scope }: Principal): string => JSON.stringify([userRole, groups, scope]);
  return one.name === other.name && one.tenant === other.tenant && one.role === other.role && rights(one) === rights(other);
}

/** Bodies above this take long to read, bytes. */
const LARGE = 128 * 1024;

/** Tells whether a request may take long here: by its body, or by its answer. */
function isHeavy(request: IncomingMessage, { method, path, query }: FaultRequest, isList: ExchangeOptions['isList']): boolean {
  if (method === 'GET') return isList(path) || query.some(([name]) => name === '$expand');
  const length = request.headers['content-length'];
  return hasBody(request) && (length === undefined || Number(length) > LARGE);
}

function unwelcome(request: IncomingMessage, { status, message, retryAfterSeconds, badToken }: Refused): HttpFault {
  return new HttpFault(status, message, {
    ...(status === 401 && { 'WWW-Authenticate': challengesFor(request, badToken ? message : undefined) }),
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
  });
}

/** Extracts from a Node message what a login is judged by. */
export function authRequest(request: IncomingMessage, from: Pick<Arrival, 'address' | 'claimed'>): AuthRequest {
  const { authorization, host, origin, cookie } = request.headers;
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  const page = { cookie, console: isConsole(request), changes, site: request.headers['sec-fetch-site']?.toString() };
  return { authorization, address: from.address, claimed: from.claimed, host, origin, page };
}

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
  // The login is looked up before the protocol is asked: a store that is away is told as the protocol tells it.
  const known = faultOf(error, '');
  if (known) return { answer: options.faults(known.status, known.message, facts), extra: known.headers };
  const { requestId: id, method } = facts;
  options.log.error({ err: error, requestId: id, method, path: logged(facts.path, MOST_PATH) }, 'a request failed unexpectedly');
  return { answer: options.faults(500, `the gateway failed; its log has the reason under request id ${facts.requestId}`, facts) };
}

/** Client of a request, over its connection. */
class Requester implements Client {
  private kept: AbortSignal | undefined;

  constructor(
    private readonly options: Pick<ExchangeOptions, 'authenticate'>,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly arrival: Arrival,
    private readonly admission: { asked: NonNullable<AuthRequest['asked']>; principal: Principal; visit: Visit },
  ) {}

  /** Made when it is first asked for: most answers wait for nothing. */
  get signal(): AbortSignal {
    if (this.kept) return this.kept;
    const controller = new AbortController();
    const { response } = this;
    const gone = (): void => {
      if (!response.writableFinished) controller.abort(new ClientGone());
    };
    if (response.destroyed) gone();
    else response.once('close', gone);
    return (this.kept = controller.signal);
  }

  idle(): void {
    this.admission.visit.leave();
  }

  async isStillIn(): Promise<boolean> {
    const { asked, principal } = this.admission;
    const again = await this.options.authenticate({ ...authRequest(this.request, this.arrival), asked });
    // Who must wait for a check has not been refused.
    return again.ok ? isSame(again.principal, principal) : again.status === 429 || again.status === 503;
  }
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
  if (answer.stream) return 'stream';
  return type.includes('json') ? 'json' : type.includes('xml') ? 'xml' : 'none';
}
