import type { Format, Writer } from '../codec/codec';
import { BodyError } from '../codec/codec';
import { negotiate } from '../codec/negotiate';
import { ProviderError, type ErrorKind } from '../clouds/errors';
import { ACTION } from '../model/define';
import type { Values } from '../model/values';
import { Refusal } from '../operations/resource-handler';
import { JOB, unstoredJob } from '../operations/job';
import { QueryError } from '../query/errors';
import { HeldError, StaleError, type JobRow } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';
import { jobPath } from '../operations/job';
import { formatAsked } from './documents';
import type { CimiRequest, CimiResponse } from './messages';
import { canBe } from './router';
import { toldPlace } from '../model/place';
import { kept } from '../model/shown';

/** HTTP status of a provider's refusal, by kind. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  auth: 502,
  forbidden: 403,
  notFound: 409,
  conflict: 409,
  quota: 403,
  throttled: 503,
  invalid: 400,
  unavailable: 503,
  timeout: 504,
  unsupported: 501,
};
/** Delay that a client is asked to wait after a passing fault, in seconds, where nothing better is known. */
const RETRY_S = 2;

/** Relation of the Job that is in the way of a request to the answer that refuses it; CIMI-Job-URI is the request's own Job (4.1.6.8). */
const BLOCKING_JOB = 'http://cimi-gateway.org/rel/blocking-job';

function linkTo(job: string, base: string): string {
  return `<${base}${jobPath(job)}>; rel="${BLOCKING_JOB}"`;
}

/** A fault before it is written. */
export interface Fault {
  status: number;
  message: string;
  headers: Record<string, string>;
  /** Kind for the stored Job. */
  kind: string;
  /** Place in the request that is at fault, as the message begins with it. */
  at?: string | undefined;
  requestId?: string | undefined;
}

/** Status of a Job that FAILED while its answer waited for it. */
export function statusOfKind(kind: string | undefined): number {
  return kind !== undefined && kind in STATUS ? STATUS[kind as ErrorKind] : 500;
}

/** Returns the fault that a thrown value means to a client; undefined for a defect of ours. */
export function faultOf(error: unknown, base: string): Fault | undefined {
  if (error instanceof Refusal) {
    const headers: Record<string, string> = {};
    if (error.details.retryAfterS !== undefined) headers['Retry-After'] = String(error.details.retryAfterS);
    if (error.details.job !== undefined) headers.Link = linkTo(error.details.job, base);
    return {
      status: error.status,
      message: error.message,
      headers,
      kind: error.details.kind ?? 'invalid',
      at: toldPlace(error.details.at),
    };
  }
  if (error instanceof BodyError)
    return { status: error.status, message: error.message, headers: {}, kind: 'invalid', at: toldPlace(error.at) };
  if (error instanceof QueryError) return { status: 400, message: error.message, headers: {}, kind: 'invalid', at: error.parameter };
  if (error instanceof HeldError) {
    const message = `${error.path} is being changed by ${jobPath(error.job)}: wait until that job has ended`;
    return {
      status: 409,
      message,
      headers: { 'Retry-After': String(RETRY_S), Link: linkTo(error.job, base) },
      kind: 'conflict',
    };
  }
  if (error instanceof StaleError) return { status: 409, message: error.message, headers: { 'Retry-After': '0' }, kind: 'conflict' };
  if (error instanceof StoreUnavailable) {
    const message = error.full ? 'the gateway has no room left to store the change' : 'the gateway cannot use its store now: try again';
    return { status: error.full ? 507 : 503, message, headers: { 'Retry-After': String(RETRY_S) }, kind: 'unavailable' };
  }
  if (error instanceof ProviderError) {
    const status = STATUS[error.kind];
    const headers: Record<string, string> = {};
    if (error.passing) headers['Retry-After'] = String(Math.max(1, Math.ceil((error.retryAfterMs ?? RETRY_S * 1000) / 1000)));
    return { status, message: wordsOf(error), headers, kind: error.kind, requestId: error.requestId };
  }
  return undefined;
}

/** The provider's own words, with its request id for its support. */
export function wordsOf(error: ProviderError): string {
  return error.requestId === undefined ? error.message : `${error.message} (provider request ${error.requestId})`;
}

/** Writes an unstored FAILED Job as the answer, in the format that the request asks for. */
export function writeFault(
  writers: Readonly<Record<Format, Writer>>,
  base: string,
  request: Pick<CimiRequest, 'method' | 'path' | 'query' | 'headers'>,
  fault: Pick<Fault, 'status' | 'message' | 'at'> & { headers?: Readonly<Record<string, string>> },
  job?: { row: JobRow; values: Values },
): CimiResponse {
  const format = formatFor(request);
  const writer = writers[format];
  const now = new Date().toISOString();
  const target = targetOf(request);
  const fresh = {
    action: actionOf(request.method),
    target,
    affected: fault.status === 404 ? [] : [target],
    message: kept(fault.message),
    at: fault.at,
    now,
  };
  const values = job?.values ?? unstoredJob(fresh);
  const body = writer.document({ type: JOB, values }, { base });
  return { status: fault.status, headers: { 'Content-Type': writer.mediaType, ...fault.headers }, body: [body] };
}

/** Makes a Job's targetResource of a path where nothing may be: always a path below the base, never a URI of another scheme. */
export function targetOf({ path }: Pick<CimiRequest, 'path'>): string {
  if (path === '' || !canBe(path)) return 'cloudEntryPoint';
  return encodeURI(path)
    .replace(/[?#]/g, encodeURIComponent)
    .replace(/^[^/]+/, (first) => first.replaceAll(':', '%3A'));
}

/** Format of an answer; JSON where nothing acceptable was named (a fault is better read than withheld). */
export function formatFor(request: Pick<CimiRequest, 'query' | 'headers'>): Format {
  return negotiate(request.headers.accept, formatAsked(request)) ?? 'json';
}

/** Action URI of a plain operation (D150). */
export function actionOf(method: string): string {
  const names: Readonly<Record<string, string>> = { POST: 'add', PUT: 'edit', DELETE: 'delete' };
  return ACTION + (names[method] ?? 'read');
}
