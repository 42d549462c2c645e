/** Reasons for which something can't be had or done, in one word. */
export type ErrorKind =
  | 'invalid'
  | 'auth'
  | 'forbidden'
  | 'notFound'
  | 'notOffered'
  | 'conflict'
  | 'changed'
  | 'quota'
  | 'throttled'
  | 'unavailable'
  | 'timeout'
  | 'unsupported'
  | 'internal'
  | 'stopped'
  | 'unreachable';

/** Parts of an error beside its kind and its words. */
export interface ErrorDetails {
  status?: number | undefined;
  job?: JobLike | undefined;
  requestId?: string | undefined;
  at?: string | undefined;
  blockedBy?: string | undefined;
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** A Job as far as an error tells of it. */
export interface JobLike {
  readonly id: string;
  readonly state: string;
  readonly statusMessage?: string;
  readonly returnCode?: number;
}

/** Failure of a request, or of the Job that it led to. */
export class CimiError extends Error {
  /** HTTP status of the refusal; undefined where there was no answer, or a Job failed after its request had been accepted. */
  readonly status: number | undefined;
  /** Job that tells of it. */
  readonly job: JobLike | undefined;
  /** Id under which the provider's log knows the request. */
  readonly requestId: string | undefined;
  /** Place of the request that is at fault: an attribute, a query parameter or a header. */
  readonly at: string | undefined;
  /** URI of the Job that is in the way. */
  readonly blockedBy: string | undefined;
  /** Seconds after which it may be otherwise. */
  readonly retryAfter: number | undefined;

  /**
   * @param kind reason in one word
   * @param message reason in words
   */
  constructor(
    readonly kind: ErrorKind,
    message: string,
    { status, job, requestId, at, blockedBy, retryAfter, cause }: ErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CimiError';
    this.status = status;
    this.job = job;
    this.requestId = requestId;
    this.at = at;
    this.blockedBy = blockedBy;
    this.retryAfter = retryAfter;
  }
}

/** Kind of a return code (docs/errors.md). */
const RETURN_CODES: readonly ErrorKind[] = [
  'invalid',
  'auth',
  'forbidden',
  'notFound',
  'conflict',
  'quota',
  'throttled',
  'invalid',
  'unavailable',
  'timeout',
  'unsupported',
  'internal',
  'stopped',
];

/** Return code of a request that was refused before anything was done. */
export const REFUSED = 10_000;

/** Returns the kind of a Job's failure. */
export function kindOfJob({ state, returnCode = REFUSED + 11 }: JobLike): ErrorKind {
  return state === 'STOPPED' ? 'stopped' : (RETURN_CODES[returnCode - REFUSED] ?? 'internal');
}

const STATUSES: Readonly<Record<number, ErrorKind>> = {
  401: 'auth',
  403: 'forbidden',
  404: 'notFound',
  405: 'notOffered',
  409: 'conflict',
  412: 'changed',
  422: 'conflict',
  429: 'throttled',
  501: 'unsupported',
  503: 'unavailable',
  504: 'timeout',
};

/** Returns the kind of an HTTP status that is a refusal. */
export function kindOfStatus(status: number): ErrorKind {
  return STATUSES[status] ?? (status < 500 ? 'invalid' : status === 500 ? 'internal' : 'unavailable');
}
