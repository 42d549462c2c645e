import { type FailureKind, ProviderError, type ProviderErrorDetails, UNREACHED } from '../../src/clouds/errors';
import { retryAfterMs } from './answers';
import { proofOf } from './gone';

/** EC2 error code → kind, where the code says it all. Looked up before PATTERNS. */
export const CODES: Readonly<Record<string, FailureKind>> = {
  AuthFailure: 'auth',
  InvalidClientTokenId: 'auth',
  SignatureDoesNotMatch: 'auth',
  IncompleteSignature: 'auth',
  MissingAuthenticationToken: 'auth',
  ExpiredToken: 'auth',
  RequestExpired: 'auth',
  ExpiredTokenException: 'auth',
  UnrecognizedClientException: 'auth',
  CredentialsProviderError: 'auth',
  UnauthorizedOperation: 'forbidden',
  AccessDenied: 'forbidden',
  AccessDeniedException: 'forbidden',
  OptInRequired: 'forbidden',
  Blocked: 'forbidden',
  PendingVerification: 'forbidden',
  IncorrectInstanceState: 'conflict',
  IncorrectState: 'conflict',
  InvalidState: 'conflict',
  IncorrectStateException: 'conflict',
  OperationNotPermitted: 'conflict',
  DependencyViolation: 'conflict',
  ResourceAlreadyAssociated: 'conflict',
  IdempotentParameterMismatch: 'conflict',
  'InvalidSubnet.Conflict': 'conflict',
  IncorrectModificationState: 'conflict',
  VolumeTypeNotAvailableInZone: 'invalid',
  // Hours between two changes of one volume: nothing to wait for.
  VolumeModificationRateExceeded: 'quota',
  'Resource.AlreadyAssociated': 'conflict',
  ConflictException: 'conflict',
  ServiceQuotaExceededException: 'quota',
  'Gateway.NotAttached': 'conflict',
  RouteAlreadyExists: 'conflict',
  InsufficientFreeAddressesInSubnet: 'quota',
  RequestLimitExceeded: 'throttled',
  ConcurrentLimitExceededException: 'throttled',
  TooManyRequestsException: 'throttled',
  SlowDown: 'throttled',
  PriorRequestNotComplete: 'throttled',
  SnapshotCreationPerVolumeRateExceeded: 'throttled',
  MissingParameter: 'invalid',
  ValidationException: 'invalid',
  UnknownParameter: 'invalid',
  ValidationError: 'invalid',
  InternalError: 'unavailable',
  InternalServerException: 'unavailable',
  InternalFailure: 'unavailable',
  ServiceUnavailable: 'unavailable',
  Unavailable: 'unavailable',
  RequestTimeout: 'timeout',
  UnknownOperation: 'unsupported',
  InvalidAction: 'unsupported',
};

/** EC2 codes by shape, in order. */
const PATTERNS: readonly (readonly [RegExp, FailureKind])[] = [
  // Where it names the very thing asked it is a proof (gone.ts); else the request names something that is not there.
  [/\.NotFound$/, 'invalid'],
  [/Throttl/, 'throttled'],
  [/\.InUse$|InUse$|\.Duplicate$/, 'conflict'],
  [/LimitExceeded$|MaxIOPSLimitExceeded$|^VcpuLimitExceeded$/, 'quota'],
  [/^Insufficient\w*Capacity\w*$/, 'unavailable'],
  [/^Unsupported/, 'unsupported'],
  [/^InvalidParameter|\.Malformed$|\.Format$|^Invalid/, 'invalid'],
];

/** Codes that say too little, and what their words say. */
const WORDS: readonly (readonly [string, RegExp, FailureKind])[] = [
  ['AccessDenied', /sts:AssumeRole/, 'auth'],
  ['InvalidParameterValue', /is currently in use/, 'conflict'],
];

/** Advice that follows EC2's own words: by code, in order. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^InsufficientInstanceCapacity$/,
    'EC2 has no room for this now: another machine configuration or availabilityZone may have, or a later time',
  ],
  [/^Insufficient\w*Capacity$/, 'EC2 has no room for this now: another availabilityZone or type may have, or a later time'],
  [/^VolumeModificationRateExceeded$/, 'EC2 wants hours between two changes of one volume'],
  [/^RequestLimitExceeded$|Throttl/, 'AWS limits how often this account may ask; it is asked again more slowly'],
  [/^TagLimitExceeded$/, 'EC2 keeps 50 tags of a thing: take properties, or tags of the option `tags`, away'],
  [/LimitExceeded$/, "the account's quota is used up: delete something, or have AWS raise it (Service Quotas)"],
  [/^UnauthorizedOperation$|^AccessDenied/, 'the credentials lack a permission: the check command names it'],
];

/** Unknown codes: the HTTP status decides. */
function kindOfStatus(status: number | undefined): FailureKind {
  if (status === undefined) return 'timeout';
  if (status === 401) return 'auth';
  if (status === 403) return 'forbidden';
  // A status alone proves nothing.
  if (status === 404) return 'unavailable';
  if (status === 409) return 'conflict';
  if (status === 429) return 'throttled';
  if (status === 504) return 'timeout';
  return status >= 500 ? 'unavailable' : 'invalid';
}

/** Kind of an EC2 error code; unknown codes go by the HTTP status. */
export function kindOf(code: string, status: number | undefined): FailureKind {
  // The same code stands for wrong keys (401) and for another account's resource (403).
  if (code === 'AuthFailure' && status === 403) return 'forbidden';
  return (
    (Object.hasOwn(CODES, code) ? CODES[code] : undefined) ?? PATTERNS.find(([shape]) => shape.test(code))?.[1] ?? kindOfStatus(status)
  );
}

/** Members of the SDK's errors that are used here. */
interface Thrown {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  errors?: unknown;
  cause?: unknown;
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $response?: { statusCode?: number; headers?: Readonly<Record<string, string>> };
}

/**
 * Translates whatever the SDK or the network threw. Only the service's own documents come with a status (answers.ts).
 * @param input what was asked, as the command has it
 * @param service name of what was asked, for words
 */
export function translate(thrown: unknown, input?: unknown, service = 'EC2'): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  const error: Thrown = typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) };
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  return status === undefined ? withoutAnswer(error, service) : withAnswer(error, status, input, service);
}

function withAnswer(error: Thrown, status: number, input: unknown, service: string): ProviderError {
  const code = word(error.name) ?? 'Unknown';
  const readable = error.name !== 'SyntaxError' && error.name !== 'Error' && error.name !== 'TypeError' && !looksLikeMarkup(error);
  const requestId = error.$metadata?.requestId;
  const gone = readable ? proofOf({ code, message: clean(word(error.message) ?? code), requestId }, input) : undefined;
  if (gone) return gone;
  const told = WORDS.find(([one, words]) => one === code && words.test(word(error.message) ?? ''))?.[2];
  const kind = readable ? (told ?? kindOf(code, status)) : kindOfStatus(status >= 400 ? status : 502);
  const message = readable
    ? advised(code, clean(word(error.message) ?? code))
    : `The endpoint answered HTTP ${status} with something that is not ${service}'s own`;
  return new ProviderError(kind, message, {
    ...(readable ? { code } : {}),
    requestId,
    retryAfterMs: retryAfterMs(error.$response?.headers),
    maybeDone: kind === 'timeout' || (kind === 'unavailable' && !noCapacity(code)),
    lasting: noCapacity(code),
    cause: undefined,
  });
}

/** EC2's words, and after them what to do. */
function advised(code: string, message: string): string {
  const advice = ADVICE.find(([shape]) => shape.test(code))?.[1];
  return advice === undefined ? message : `${message} (${advice})`;
}

/** EC2 has no room for it now: nothing was made, and another size or zone is more likely to help than waiting. */
const noCapacity = (code: string): boolean => /^Insufficient/.test(code);

function withoutAnswer(error: Thrown, service: string): ProviderError {
  const code = networkCode(error);
  const message = clean(word(error.message) ?? code ?? 'no answer');
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError') {
    return new ProviderError('auth', `No AWS credentials: ${message}`, { code: word(error.name), maybeDone: false });
  }
  if ((code !== undefined && UNREACHED.includes(code)) || /did not establish a connection/.test(message)) {
    const words = `${service}'s endpoint cannot be reached: ${message}`;
    return new ProviderError('unavailable', words, details(code, false));
  }
  if (error.name === 'AbortError') return new ProviderError('timeout', `${service} did not answer in time`, details(code, true));
  return new ProviderError('timeout', `${service}'s answer was lost: ${message}`, details(code, true));
}

function details(code: string | undefined, maybeDone: boolean): ProviderErrorDetails {
  return { code, maybeDone };
}

/** Code of the error, of its cause or of the first of several (one for each address tried). */
function networkCode(error: Thrown): string | undefined {
  const own = word(error.code);
  if (own !== undefined) return own;
  const inner: unknown = Array.isArray(error.errors) ? error.errors[0] : error.cause;
  const innerCode = typeof inner === 'object' && inner !== null ? word((inner as Thrown).code) : undefined;
  // The SDK's wrapper around foreign errors keeps their words alone.
  return innerCode ?? UNREACHED.find((known) => word(error.message)?.includes(known));
}

function looksLikeMarkup(error: Thrown): boolean {
  return typeof error.message === 'string' && /^\s*<(!doctype|html)/i.test(error.message);
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** AWS quotes signed headers (session tokens among them) and long encoded blobs after its first sentence. */
function clean(message: string): string {
  return message
    .replace(/\s*Encoded authorization failure message:.*$/s, '')
    .replace(/\s*The Canonical String for this request should have been.*$/s, '')
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{8,}\b/g, '$1…')
    .slice(0, 1000);
}
