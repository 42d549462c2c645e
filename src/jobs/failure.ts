import type { ErrorKind } from '../clouds/errors';
import { ProviderError } from '../clouds/errors';
import type { Value } from '../model/values';
import type { JobRow } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';
import { LeftUnderWay, StepFailure } from './workflow';

/** Job.returnCode by kind of failure: 0 to 9999 belong to the standard, which defines none (D151). */
export const RETURN_CODES: Readonly<Record<ErrorKind | 'internal' | 'stopped', number>> = {
  auth: 10001,
  forbidden: 10002,
  notFound: 10003,
  conflict: 10004,
  quota: 10005,
  throttled: 10006,
  invalid: 10007,
  unavailable: 10008,
  timeout: 10009,
  unsupported: 10010,
  internal: 10011,
  stopped: 10012,
};

export type Failure = NonNullable<JobRow['failure']>;

/** Return code of a kind; kinds that the table does not know count as `invalid`. */
export function returnCodeOf(kind: string): number {
  return isKnown(kind) ? RETURN_CODES[kind] : RETURN_CODES.invalid;
}

function isKnown(kind: string): kind is keyof typeof RETURN_CODES {
  return Object.hasOwn(RETURN_CODES, kind);
}

/** True for errors made for people: what a provider said, or what a step decided. All others are bugs. */
export function isSpoken(error: unknown): error is ProviderError | StepFailure {
  return error instanceof ProviderError || error instanceof StepFailure;
}

/** True where the gateway's own store could not be used: whatever was being done is done again later. */
export function isStoreAway(error: unknown): error is StoreUnavailable {
  return error instanceof StoreUnavailable;
}

/** True for errors worth another attempt later. */
export function isPassing(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.passing;
}

/** The provider's (or the step's) message with the provider's code and request id, for a statusMessage. */
export function statusMessageOf(error: ProviderError | StepFailure): string {
  if (!(error instanceof ProviderError)) return error.message;
  const marks = [error.code, error.requestId && `request id ${error.requestId}`].filter(Boolean).join(', ');
  return marks && !error.message.includes(marks) ? `${error.message} (${marks})` : error.message;
}

/** Makes the record of the error that ends a Job. `doing`: the step's statusMessage; `message`: the error's, without secrets. */
export function failureOf(error: ProviderError | StepFailure, doing: string, message: string): Failure {
  return {
    message: error instanceof StepFailure ? message : `${doing}: ${message}`,
    returnCode: returnCodeOf(error.kind),
    kind: error.kind,
    ...(error instanceof LeftUnderWay ? { left: true } : {}),
    ...(error instanceof ProviderError && error.requestId ? { requestId: error.requestId } : {}),
  };
}

/** Makes the record of a bug: a reference into the log, never its message, which might hold anything. */
export function internalFailure(reference: string): Failure {
  return { message: `internal error (reference ${reference})`, returnCode: RETURN_CODES.internal, kind: 'internal' };
}

/** Makes an error of the recorded failure again, for the workflow's own last words. */
export function errorOf(failure: Failure): ProviderError | StepFailure {
  const { kind, message, requestId, left } = failure;
  if (left) return new LeftUnderWay(message);
  if (!isKnown(kind) || kind === 'internal' || kind === 'stopped' || kind === 'notFound') return new StepFailure(message, kind);
  return new ProviderError(kind, message, { requestId, maybeDone: false });
}

const SHORTEST_SECRET = 4;

/**
 * Takes secrets out of a message: every string found in `input` at any depth below an attribute of these names, as
 * given and base64-decoded.
 */
export function withoutSecrets(message: string, input: Value, secretNames: ReadonlySet<string>): string {
  const secrets = new Set<string>();
  collect(input, false, secretNames, secrets);
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return longestFirst.reduce((text, secret) => text.replaceAll(secret, '[secret]'), message);
}

function collect(value: Value | undefined, secret: boolean, names: ReadonlySet<string>, into: Set<string>): void {
  if (typeof value === 'string') {
    if (!secret) return;
    if (value.length >= SHORTEST_SECRET) into.add(value);
    const decoded = Buffer.from(value, 'base64').toString('utf8');
    if (decoded.length >= SHORTEST_SECRET && Buffer.from(decoded, 'utf8').toString('base64') === value) into.add(decoded);
  } else if (Array.isArray(value)) {
    for (const member of value) collect(member, secret, names, into);
  } else if (value !== null && typeof value === 'object') {
    for (const [name, member] of Object.entries(value)) collect(member, secret || names.has(name), names, into);
  }
}
