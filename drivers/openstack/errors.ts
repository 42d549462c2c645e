import { type ErrorKind, ProviderError, UNREACHED } from '../../src/clouds/errors';

/** What a service answered. */
export interface Refusal {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body's text. */
  body: string;
}

/** Neutron's (and Keystone's) own names of errors → kind; looked up before RULES. */
const TYPES: Readonly<Record<string, ErrorKind>> = {
  OverQuota: 'quota',
  IpAddressGenerationFailure: 'quota',
  NoMoreNetworksException: 'quota',
  NoNetworkAvailable: 'quota',
  ExternalGatewayForFloatingIPNotFound: 'conflict',
  ExternalIpAddressExhausted: 'quota',
  PolicyNotAuthorized: 'forbidden',
  SubnetPoolQuotaExceeded: 'quota',
};

interface Rule {
  status: number;
  words?: RegExp;
  /** Only where the service asks to be left alone for some time. */
  waits?: true;
  kind: ErrorKind;
}

/** Status and words → kind; the first that fits. */
const RULES: readonly Rule[] = [
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
  { status: 404, kind: 'notFound' },
  { status: 405, kind: 'unsupported' },
  { status: 406, kind: 'unsupported' },
  { status: 408, kind: 'timeout' },
  { status: 409, words: /quota exceeded/i, kind: 'quota' },
  { status: 409, words: /Multiple possible networks/i, kind: 'invalid' },
  { status: 409, kind: 'conflict' },
  { status: 410, kind: 'notFound' },
  { status: 412, kind: 'conflict' },
  { status: 413, waits: true, kind: 'throttled' },
  { status: 413, kind: 'quota' },
  { status: 429, kind: 'throttled' },
  { status: 501, kind: 'unsupported' },
  { status: 504, kind: 'timeout' },
];

/** Kind of a refusal by status, the service's own name of the error, and its words. */
export function kindOf(status: number, type: string | undefined, words: string, retryAfterMs: number | undefined): ErrorKind {
  const named = type !== undefined && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (named) return named;
  const waits = (retryAfterMs ?? 0) > 0;
  const rule = RULES.find((r) => r.status === status && (r.words?.test(words) ?? true) && (r.waits === undefined || waits));
  return rule?.kind ?? (status >= 500 ? 'unavailable' : 'invalid');
}

/** Whether a page was refused because its marker is gone; every service says so in other words, but names it. */
export const isVanishedMarker = (error: unknown, marker: string): boolean =>
  error instanceof ProviderError && /^(400|404)\b/.test(error.code ?? '') && error.message.includes(marker);

/** What a fault body says. Nova and Cinder: {name: {code, message}}; Neutron: {NeutronError: {type, message}}; Keystone: {error}. */
export function faultOf(body: string): { type?: string; words?: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return wordsOfMarkup(body);
  }
  if (typeof parsed !== 'object' || parsed === null) return typeof parsed === 'string' ? { words: parsed } : {};
  const [name, fault] = Object.entries(parsed as Record<string, unknown>)[0] ?? [];
  if (typeof fault === 'string') return { words: clean(fault) };
  if (typeof fault !== 'object' || fault === null || name === undefined) return {};
  const { message, type, detail } = fault as { message?: unknown; type?: unknown; detail?: unknown };
  const words = [message, detail].filter((part): part is string => typeof part === 'string' && part !== '').join(': ');
  return { type: typeof type === 'string' ? type : name, ...(words === '' ? {} : { words: clean(words) }) };
}

/** Glance ends its words in line breaks of HTML. */
const clean = (words: string): string =>
  words
    .replace(/<br ?\/?>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** Glance, and proxies on the way, answer HTML: title and text, without the markup. */
function wordsOfMarkup(body: string): { words?: string } {
  const words = body
    .replace(/<(head|style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(lt|gt|amp|quot|#39|nbsp);/g, (_, entity: string) => ENTITIES[entity] ?? ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return words === '' ? {} : { words };
}
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'", nbsp: ' ' };

/** Longest message kept. */
const WORDS = 500;

/**
 * A refusal as ProviderError.
 * @param service who refused, for the message where it says nothing itself
 * @param reads the request changes nothing: it cannot have half happened
 */
export function refused(service: string, refusal: Refusal, reads: boolean): ProviderError {
  const { status, headers } = refusal;
  const { type, words } = faultOf(refusal.body);
  const retryAfterMs = retryAfter(one(headers['retry-after']));
  const message = words ?? `${service} answered HTTP ${status}`;
  const kind = kindOf(status, type, message, retryAfterMs);
  return new ProviderError(kind, message.slice(0, WORDS), {
    code: type === undefined ? String(status) : `${status} ${type}`,
    requestId: one(headers['x-openstack-request-id']) ?? one(headers['x-compute-request-id']),
    ...(retryAfterMs === undefined || retryAfterMs === 0 ? {} : { retryAfterMs }),
    maybeDone: !reads && status >= 500 && kind !== 'unsupported',
  });
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

/** Retry-After in ms: seconds or an HTTP date. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
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
