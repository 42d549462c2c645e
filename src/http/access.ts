import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Principal } from '../protocol/messages';
import type { AccessStore, PrincipalRow, TokenRow } from '../store/store';
import { hostOf, isLoopback } from './loopback';
import { BusyError, type PasswordChecker, canonical, createPasswordChecker } from './passwords';
import { createRecall, createThrottle } from './throttle';
import { TOKEN_SHAPE, hashToken } from './tokens';

/** What a login is judged by. */
export interface AuthRequest {
  /** The Authorization header. */
  authorization: string | undefined;
  /** Address of the client. */
  address: string;
  host?: string | undefined;
  origin?: string | undefined;
}

export type Authentication =
  | { ok: true; principal: Principal }
  | { ok: false; status: 401 | 403 | 429; message: string; retryAfterSeconds?: number; badToken?: boolean };

/** Never refuses by rejecting; rejects only when the store does. */
export type Authenticate = (request: AuthRequest) => Promise<Authentication>;

export interface AuthenticatorOptions {
  access: AccessStore;
  /** At least 32 random bytes, of this process alone: verified passwords are remembered under it. */
  hmacKey: Buffer;
  /** ms since the epoch. */
  now?: () => number;
  /** Set when no users are configured: everyone who can connect is this principal. Loopback only (assertListenAllowed). */
  anonymous?: Principal;
  /** Host names beside the loopback ones under which an anonymous gateway answers. */
  anonymousHosts?: readonly string[];
  /** How long a verified password is remembered, ms. */
  rememberMs?: number;
  /** How long a principal's or token's row may be used before it is read again, ms: the delay of a removal. */
  rowAgeMs?: number;
  passwords?: PasswordChecker;
}

/** HTTP Basic (RFC 7617, UTF-8) and bearer tokens (RFC 6750) against the stored principals. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { anonymous } = options;
  if (anonymous) return (request) => Promise.resolve(welcome(request, anonymous, options.anonymousHosts ?? []));
  const basic = createBasic(options);
  const bearer = createBearer(options);
  return (request) => {
    const header = request.authorization ?? '';
    const blank = header.indexOf(' ');
    const scheme = header.slice(0, blank < 0 ? undefined : blank).toLowerCase();
    const credentials = blank < 0 ? '' : header.slice(blank + 1).trim();
    if (scheme === 'basic') return basic(credentials, request.address);
    if (scheme === 'bearer') return bearer(credentials);
    return Promise.resolve(refuse('authentication is required: HTTP Basic or a bearer token'));
  };
}

type Check = (credentials: string, address: string) => Promise<Authentication>;

const MINUTE = 60_000;
/** Per principal and address: ten failures in a row, then one attempt every six seconds. */
const GUESSES = { burst: 10, refillMs: 6_000, maxKeys: 10_000 };
/** Per address whatever the names, so that many names are not tried with one password. */
const STRANGERS = { burst: 100, refillMs: 1_000, maxKeys: 10_000 };
const MAX_REMEMBERED = 2_000;

function createBasic(options: AuthenticatorOptions): Check {
  const { access, hmacKey, now = Date.now } = options;
  const passwords = options.passwords ?? createPasswordChecker();
  const rows = createRecall<PrincipalRow>(options.rowAgeMs ?? 2_000, MAX_REMEMBERED, now);
  const verified = createRecall<true>(options.rememberMs ?? MINUTE, MAX_REMEMBERED, now);
  const guesses = createThrottle({ ...GUESSES, now });
  const strangers = createThrottle({ ...STRANGERS, now });
  const running = new Map<string, Promise<boolean>>();
  // The stored hash is part of what is remembered: a changed password is forgotten with it.
  const print = (row: PrincipalRow | undefined, name: string, password: string): string =>
    createHmac('sha256', hmacKey)
      .update(JSON.stringify([name, row?.passwordHash ?? null, canonical(password)]))
      .digest('base64');

  const verify = async (row: PrincipalRow | undefined, password: string, key: string): Promise<boolean> => {
    const underWay = running.get(key);
    if (underWay) return underWay;
    const work = passwords.check(row?.passwordHash ?? null, password);
    running.set(key, work);
    try {
      return await work;
    } finally {
      running.delete(key);
    }
  };

  const take = (guess: string, place: string): number => {
    const wait = guesses.take(guess);
    if (wait > 0) return wait;
    const placeWait = strangers.take(place);
    if (placeWait > 0) guesses.giveBack(guess);
    return placeWait;
  };

  return async (credentials, address) => {
    const login = decodeBasic(credentials);
    if (!login) return refuse('the Basic credentials can not be read: they must be base64 of UTF-8 name:password');
    const { name, password } = login;
    const recent = rows.get(name);
    if (recent && verified.get(print(recent, name, password))) return admit(recent);

    const row = await access.principal(name);
    const key = print(row, name, password);
    if (row && verified.get(key)) {
      rows.set(name, row);
      return admit(row);
    }
    const place = network(address);
    const guess = `${name}\n${place}`;
    const joins = running.has(key);
    const wait = joins ? 0 : take(guess, place);
    if (wait > 0) return { ok: false, status: 429, message: 'too many failed logins: wait', retryAfterSeconds: Math.ceil(wait / 1000) };
    const giveBack = (): void => {
      if (joins) return;
      guesses.giveBack(guess);
      strangers.giveBack(place);
    };
    try {
      if (!(await verify(row, password, key)) || !row) return refuse('the name or the password is wrong');
    } catch (error) {
      giveBack();
      if (error instanceof BusyError) return { ok: false, status: 429, message: `${error.message}: wait`, retryAfterSeconds: 1 };
      throw error;
    }
    giveBack();
    verified.set(key, true);
    rows.set(name, row);
    return admit(row);
  };
}

function createBearer(options: AuthenticatorOptions): (credentials: string) => Promise<Authentication> {
  const { access, now = Date.now } = options;
  const known = createRecall<{ token: TokenRow; principal: PrincipalRow }>(options.rowAgeMs ?? 2_000, MAX_REMEMBERED, now);
  const find = async (hash: string): Promise<{ token: TokenRow; principal: PrincipalRow } | undefined> => {
    const recent = known.get(hash);
    if (recent) return recent;
    const token = await access.tokenByHash(hash);
    if (!token || !sameHash(token.hash, hash)) return undefined;
    const principal = await access.principal(token.principal);
    if (!principal) return undefined;
    known.set(hash, { token, principal });
    return { token, principal };
  };
  return async (credentials) => {
    if (!TOKEN_SHAPE.test(credentials)) return { ...refuse('the bearer token is not one of this gateway'), badToken: true };
    const found = await find(hashToken(credentials));
    if (!found) return { ...refuse('the bearer token is unknown or revoked'), badToken: true };
    const { token, principal } = found;
    if (token.expires !== null && !(Date.parse(token.expires) > now())) {
      return { ...refuse(`the bearer token expired at ${token.expires}`), badToken: true };
    }
    return admit(principal);
  };
}

/**
 * Lets everyone in who really talks to this machine. A page in a browser here could reach the port too: under a name
 * of its own (DNS rebinding, seen in Host) or across sites (seen in Origin).
 */
function welcome(request: AuthRequest, anonymous: Principal, hosts: readonly string[]): Authentication {
  for (const claimed of [request.host, request.origin]) {
    if (claimed === undefined) continue;
    const host = hostOf(claimed);
    if (host === undefined || !(isLoopback(host) || hosts.includes(host))) {
      return {
        ok: false,
        status: 403,
        message: `without users this gateway answers only to this machine, not to ${claimed.slice(0, 100)}`,
      };
    }
  }
  return { ok: true, principal: anonymous };
}

function decodeBasic(credentials: string): { name: string; password: string } | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) return undefined;
  const bytes = Buffer.from(credentials, 'base64');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return undefined;
  const colon = text.indexOf(':');
  return colon <= 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Whoever has one IPv6 address has its /64. */
function network(address: string): string {
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare) || bare.includes('.')) return bare;
  const [head = '', tail] = bare.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return `${[...front, ...new Array<string>(zeros).fill('0'), ...back].slice(0, 4).join(':')}::`;
}

function sameHash(stored: string, computed: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(stored), digest(computed));
}

function admit(row: PrincipalRow): Authentication {
  return { ok: true, principal: { name: row.name, tenant: row.tenant, role: row.role } };
}

function refuse(message: string): { ok: false; status: 401; message: string } {
  return { ok: false, status: 401, message };
}
