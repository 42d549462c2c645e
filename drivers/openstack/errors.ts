import { type FailureKind, ProviderError, UNREACHED } from '../../src/clouds/errors';
import { type Fault, faultOf, type Refusal, type Speaker, wordsIn } from './faults';

/** Neutron's own names of errors → kind; looked up before RULES. `busy`: it works on the thing, which passes within minutes. */
export const TYPES: Readonly<Record<string, FailureKind | 'busy'>> = {
  OverQuota: 'quota',
  IpAddressGenerationFailure: 'quota',
  NoMoreNetworksException: 'quota',
  NoNetworkAvailable: 'quota',
  ExternalGatewayForFloatingIPNotFound: 'conflict',
  ExternalIpAddressExhausted: 'quota',
  PolicyNotAuthorized: 'forbidden',
  SubnetPoolQuotaExceeded: 'quota',
  HTTPNotFound: 'unsupported',
  RouterInterfaceAttachmentConflict: 'busy',
  ConcurrentPortUpdate: 'busy',
};

interface Rule {
  status: number;
  words?: RegExp;
  /** True: it counts only where the service asks for a delay. */
  waits?: true;
  kind: FailureKind | 'busy';
}

/** Words for work that goes on, and ends by itself. */
const WORKING =
  /while it is in task_state (?!None)|while it is in vm_state (building|rescuing|shelving)|is not ready\b|\bcurrently in '?\w+ing\b|current(?:ly)?(?: \w+)* status(?: is| of)?:? '?\w+ing\b|status 'reserved'|another (?:operation|task|resize|request) .*(?:progress|running)|concurrent/i;

/** Status and words of a service's own refusal → kind; the first that fits. */
const RULES: readonly Rule[] = [
  { status: 400, words: WORKING, kind: 'busy' },
  {
    status: 400,
    words: /^Invalid (volume|snapshot|backup|status)\b|must be (available|in|one of)|in use\b.*(volume|snapshot)/i,
    kind: 'conflict',
  },
  { status: 400, kind: 'invalid' },
  { status: 401, kind: 'auth' },
  { status: 403, words: /quota|exceed|Maximum number/i, kind: 'quota' },
  { status: 403, words: /\bprotected\b/i, kind: 'conflict' },
  { status: 403, kind: 'forbidden' },
  { status: 404, kind: 'unavailable' },
  { status: 405, kind: 'unsupported' },
  { status: 406, kind: 'unsupported' },
  { status: 408, kind: 'timeout' },
  { status: 409, words: /quota exceeded/i, kind: 'quota' },
  { status: 409, words: /Multiple possible networks/i, kind: 'invalid' },
  { status: 409, words: WORKING, kind: 'busy' },
  { status: 409, kind: 'conflict' },
  { status: 410, kind: 'unavailable' },
  { status: 412, kind: 'conflict' },
  { status: 413, waits: true, kind: 'throttled' },
  { status: 413, kind: 'quota' },
  { status: 429, kind: 'throttled' },
  { status: 501, kind: 'unsupported' },
  { status: 504, kind: 'timeout' },
];

/** Kind of a service's own refusal by status, its name of the error, and its words. */
export function kindOf(status: number, type: string | undefined, message: string, retryAfterMs: number | undefined): FailureKind | 'busy' {
  const named = type !== undefined && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (named) return named;
  const waits = (retryAfterMs ?? 0) > 0;
  const rule = RULES.find((r) => r.status === status && (r.words?.test(message) ?? true) && (r.waits === undefined || waits));
  return rule?.kind ?? (status >= 500 ? 'unavailable' : 'invalid');
}

/** Kind of what somebody in front of a service answered in its place: a proxy, a portal, a login page. */
export function strangersKind(status: number): FailureKind {
  if (status === 429) return 'throttled';
  if (status === 408 || status === 504) return 'timeout';
  // A proxy that takes no bodies of this size, or no addresses of this length, will not take it later either.
  return status === 413 || status === 414 || status === 431 ? 'invalid' : 'unavailable';
}

/** Tells whether a service refused because it works on the thing: that passes. */
export const isBusy = (error: unknown): error is ProviderError => error instanceof ProviderError && error.code?.endsWith(BUSY) === true;
const BUSY = ' busy';

/** Tells whether a service refused because of the state of a thing, passing or not. */
export const isConflict = (error: unknown): error is ProviderError =>
  error instanceof ProviderError && (error.kind === 'conflict' || isBusy(error));

/** Tells whether a service says itself that it does not have the route: it was built without it. */
export const isNoRoute = (error: unknown): error is ProviderError =>
  error instanceof ProviderError && error.code !== undefined && NO_ROUTE.includes(error.code);
const NO_ROUTE: readonly string[] = ['404 HTTPNotFound', '404 Not Found'];

/** The same refusal as one that passes, because what stands in the way is on its way out. */
export function passing(error: ProviderError, why?: string): ProviderError {
  return new ProviderError('unavailable', why === undefined ? error.message : `${error.message} (${why})`, {
    code: `${error.code ?? '409'}${isBusy(error) ? '' : BUSY}`,
    requestId: error.requestId,
    maybeDone: false,
    cause: error,
  });
}

/** A refusal of the driver's own because the thing is being worked on: it passes. */
export const busy = (message: string): ProviderError => new ProviderError('unavailable', message, { code: `409${BUSY}`, maybeDone: false });

/** Tells whether a page was refused because its marker is gone; services word it differently, but all name the marker. */
export const isVanishedMarker = (error: unknown, marker: string): boolean =>
  error instanceof ProviderError && /^(400|404) /.test(error.code ?? '') && error.message.includes(marker);

/** Longest message kept, of services and of strangers. */
const WORDS = 500;
const STRANGE_WORDS = 200;

/**
 * A refusal as ProviderError; what proves that a thing is gone is told apart before, see things.ts.
 * @param service who was asked, for the message
 * @param reads the request changes nothing: it cannot have half happened
 */
export function refused(speaker: Speaker, service: string, refusal: Refusal, reads: boolean): ProviderError {
  const fault = faultOf(speaker, refusal) ?? unread(refusal);
  if (!fault) return strange(service, refusal, reads);
  const { status, headers } = refusal;
  const retryAfterMs = retryAfter(one(headers['retry-after']) ?? fault.retryAfter);
  const told = kindOf(status, fault.type, fault.message, retryAfterMs);
  // A write that names something else which is not there (a network, a key pair): it will be refused again.
  const kind = status === 404 && told === 'unavailable' && !reads && !NO_ROUTE.includes(`404 ${fault.type}`) ? 'invalid' : told;
  const message = fault.message === '' ? `${service} answered HTTP ${status}` : fault.message;
  return new ProviderError(kind === 'busy' ? 'unavailable' : kind, message.slice(0, WORDS), {
    code: `${status} ${fault.type}${kind === 'busy' ? BUSY : ''}`,
    requestId: one(headers['x-openstack-request-id']) ?? one(headers['x-compute-request-id']),
    ...(retryAfterMs === undefined || retryAfterMs === 0 ? {} : { retryAfterMs }),
    maybeDone: !reads && status >= 500 && kind !== 'unsupported',
  });
}

/** Keystone's middleware names Keystone in a header of its refusals, whatever their body is. */
function unread({ status, headers }: Refusal): Fault | undefined {
  if (status !== 401 || !/^keystone\b/i.test(one(headers['www-authenticate']) ?? '')) return undefined;
  return { type: 'unauthorized', message: '' };
}

/** An answer that is not the service's own: it says nothing about the thing asked for, nor about the login. */
export function strange(service: string, { status, headers, body }: Refusal, reads: boolean): ProviderError {
  const retryAfterMs = retryAfter(one(headers['retry-after']));
  const words = wordsIn(body).slice(0, STRANGE_WORDS);
  const message =
    status >= 300 && status < 400
      ? `Something in front of ${service} answered with a redirect (HTTP ${status})${placeOf(one(headers.location))}`
      : `Something in front of ${service} answered in its place, with HTTP ${status}${words === '' ? '' : `: ${words}`}`;
  return new ProviderError(strangersKind(status), message, {
    code: String(status),
    ...(retryAfterMs === undefined || retryAfterMs === 0 ? {} : { retryAfterMs }),
    maybeDone: !reads && status !== 407 && status !== 429,
  });
}

/** Returns the target of a redirect without its query, which may hold secrets. */
function placeOf(location: string | undefined): string {
  if (location === undefined) return '';
  return ` to ${location.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//')}`;
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

/** Longest time to wait that is believed, in ms. */
const LONGEST_WAIT_MS = 86_400_000;

/** Retry-After in ms: seconds or an HTTP date. */
export function retryAfter(header: string | undefined): number | undefined {
  const given = header?.trim() ?? '';
  if (given === '') return undefined;
  const ms = /^\d+(\.\d+)?$/.test(given) ? Number(given) * 1000 : dateMs(given);
  return ms === undefined ? undefined : Math.min(LONGEST_WAIT_MS, Math.max(0, ms));
}

/** Numbers alone are read as years by Date.parse: a date has letters. */
function dateMs(given: string): number | undefined {
  const at = /[a-z]/i.test(given) ? Date.parse(given) : Number.NaN;
  return Number.isNaN(at) ? undefined : at - Date.now();
}

/** Translates whatever the network threw while a request to `service` was on its way. */
export function unanswered(service: string, thrown: unknown, reads: boolean): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  const code = codeOf(thrown);
  const { name, message: told } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as { name?: unknown; message?: unknown };
  const words = typeof told === 'string' && told !== '' ? told : (code ?? 'no answer');
  if (code !== undefined && UNREACHED.includes(code)) {
    return new ProviderError('unavailable', `${service} cannot be reached: ${words}`, { code, maybeDone: false });
  }
  const gaveUp = name === 'AbortError' || name === 'TimeoutError';
  const message = gaveUp ? `${service} did not answer in time` : `The answer of ${service} was lost: ${words}`;
  return new ProviderError('timeout', message, { code, maybeDone: !reads });
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { code, errors, cause } = thrown as { code?: unknown; errors?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return codeOf(Array.isArray(errors) ? errors[0] : cause);
}
