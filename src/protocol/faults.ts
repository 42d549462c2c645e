import type { Format, Writer } from '../codec/codec';
import { BodyError } from '../codec/codec';
import { negotiate } from '../codec/negotiate';
import { ProviderError, type ErrorKind } from '../clouds/errors';
import { ACTION } from '../model/define';
import type { Values } from '../model/values';
import { Refusal } from '../operations/family';
import { JOB, unstoredJob } from '../operations/job';
import { QueryError } from '../query/errors';
import { HeldError, StaleError, type JobRow } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';
import { jobPath } from '../operations/job';
import type { CimiRequest, CimiResponse } from './messages';

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
/** What a passing fault asks a client to wait, in seconds, where nothing better is known. */
const RETRY_S = 2;

/** A fault before it is written. */
export interface Fault {
  status: number;
  message: string;
  headers: Record<string, string>;
  /** Kind for the stored Job. */
  kind: string;
  requestId?: string | undefined;
}

/** Status of a Job that FAILED while its answer waited for it. */
export function statusOfKind(kind: string | undefined): number {
  return kind !== undefined && kind in STATUS ? STATUS[kind as ErrorKind] : 500;
}

/** What a thrown value says to a client; undefined for what is a defect of ours. */
export function faultOf(error: unknown, base: string): Fault | undefined {
  if (error instanceof Refusal) {
    const headers: Record<string, string> = {};
    if (error.details.retryAfterS !== undefined) headers['Retry-After'] = String(error.details.retryAfterS);
    if (error.details.job !== undefined) headers['CIMI-Job-URI'] = base + jobPath(error.details.job);
    return { status: error.status, message: error.message, headers, kind: error.details.kind ?? 'invalid' };
  }
  if (error instanceof BodyError) return { status: error.status, message: error.message, headers: {}, kind: 'invalid' };
  if (error instanceof QueryError) return { status: 400, message: error.message, headers: {}, kind: 'invalid' };
  if (error instanceof HeldError) {
    const message = `${error.path} is being changed by ${jobPath(error.job)}: wait until that job has ended`;
    return {
      status: 409,
      message,
      headers: { 'Retry-After': String(RETRY_S), 'CIMI-Job-URI': base + jobPath(error.job) },
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
  fault: Pick<Fault, 'status' | 'message'> & { headers?: Readonly<Record<string, string>> },
  job?: { row: JobRow; values: Values },
): CimiResponse {
  const format = formatFor(request);
  const writer = writers[format];
  const now = new Date().toISOString();
  const target = request.path === '' ? 'cloudEntryPoint' : encodeURI(request.path);
  const values = job?.values ?? unstoredJob({ action: actionOf(request.method), target, message: fault.message, now });
  const body = writer.document({ type: JOB, values }, { base });
  return { status: fault.status, headers: { 'Content-Type': writer.mediaType, ...fault.headers }, body: [body] };
}

/** Format of an answer; JSON where nothing acceptable was named (a fault is better read than withheld). */
export function formatFor(request: Pick<CimiRequest, 'query' | 'headers'>): Format {
  const asked = request.query.find(([name]) => name === '$format')?.[1];
  return negotiate(request.headers.accept, asked) ?? 'json';
}

/** Action URI of a plain operation (D150). */
export function actionOf(method: string): string {
  const names: Readonly<Record<string, string>> = { POST: 'add', PUT: 'edit', DELETE: 'delete' };
  return ACTION + (names[method] ?? 'read');
}
