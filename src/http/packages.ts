import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { CimiResponse, Principal } from '../protocol/messages';
import { faultOf } from '../protocol/faults';
import type { Authentication } from './access';
import { hasBody } from './body';
import { logged } from './logged';
import { challengesFor } from './challenge';
import { send } from './send';

/** Path below which packages are, outside the resources of the protocol. */
export const PACKAGES = '/packages/';

/** Request for something of a package, by who is logged in. */
interface PackageRequest {
  method: string;
  id: string;
  name: string;
  who: Principal;
  address: string;
  requestId: string;
  signal: AbortSignal;
}

export interface PackageOptions {
  serve: (request: PackageRequest) => Promise<CimiResponse>;
  login: (request: IncomingMessage) => Promise<Authentication>;
  /** Tells the client's address. */
  addressOf: (request: IncomingMessage) => string;
  log: Logger;
  limits: { readonly stallMs: number };
}

const MOST_PATH = 300;

/** Answers what lies below `/packages/`. Never rejects. */
export function createPackageExchange(options: PackageOptions) {
  const { log, limits } = options;
  return async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = performance.now();
    const requestId = randomUUID();
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const sending = {
      requestId,
      headOnly: request.method === 'HEAD',
      hangUp: hasBody(request) && !request.complete,
      stallMs: limits.stallMs,
    };
    let answer: CimiResponse | undefined;
    try {
      answer = await answered(options, path, request, { requestId, signal: gone.signal }).catch((error: unknown) =>
        refusal(options, error, requestId),
      );
      await send(request, response, answer, sending);
    } catch (error) {
      // What broke off must not look whole.
      log.warn({ err: error, requestId, path: logged(path, MOST_PATH) }, 'a file of a package could not be sent');
      response.destroy();
    } finally {
      answer?.stream?.close();
      const { method } = request;
      const ms = Math.round(performance.now() - started);
      log.info({ requestId, method, path: logged(path, MOST_PATH), status: answer?.status, ms }, 'request for a package');
    }
  };
}

async function answered(
  { serve, login, addressOf }: PackageOptions,
  path: string,
  request: IncomingMessage,
  more: Pick<PackageRequest, 'requestId' | 'signal'>,
): Promise<CimiResponse> {
  const result = await login(request);
  if (!result.ok) {
    const retry = result.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(result.retryAfterSeconds) };
    const challenge = result.status === 401 ? { 'WWW-Authenticate': challengesFor(request).join(', ') } : {};
    return problem(result.status, result.message, { ...retry, ...challenge });
  }
  const [id = '', name = '', ...below] = path.slice(PACKAGES.length).split('/');
  if (below.length > 0 || id === '') return problem(404, 'there is no package at this path');
  return serve({ method: request.method ?? 'GET', id, name, who: result.principal, address: addressOf(request), ...more });
}

function refusal({ log }: PackageOptions, error: unknown, requestId: string): CimiResponse {
  const known = faultOf(error, '');
  if (known) return problem(known.status, known.message, known.headers);
  log.error({ err: error, requestId }, 'a request for a package failed unexpectedly');
  return problem(500, `the gateway failed; its log has the reason under request id ${requestId}`);
}

function problem(status: number, words: string, headers: Readonly<Record<string, string>> = {}): CimiResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: [Buffer.from(`${JSON.stringify({ problem: words })}\n`)],
  };
}
