import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../protocol/messages';
import type { AccessStore, PrincipalRow, TokenRow } from '../store/store';
import { createGuessLimiter, type LoginAttempt } from './guess-limiter';
import { isLoopback } from '../net/addresses';
import { hostnameOf } from './loopback';
import { BusyError } from '../threads/limit';
import { type PasswordChecker, canonical, createPasswordChecker } from './passwords';
import { createRecall } from './throttle';
import { bearerOf, hashToken, TOKEN_SHAPE, unlessAway, USED_MS } from './tokens';
import { shown } from '../model/shown';
import { steadyTime } from '../model/steady-time';

/** Part of a request by which a login is judged. */
export interface AuthRequest {
  /** The Authorization header. */
  authorization: string | undefined;
  /** Address of the client. */
  address: string;
  /** The client's address as X-Forwarded-For claims it where no proxy is trusted. */
  claimed?: string | undefined;
  host?: string | undefined;
  origin?: string | undefined;
  /** Facts that a browser tells of a request that a page of the console makes (sessions.ts). */
  page?: { cookie: string | undefined; console: boolean; changes: boolean; site: string | undefined };
  /** True where an issuer sent the browser back to end a login (code-flow.ts). */
  returned?: boolean;
  /** The request that the login came with, for the audit. */
  asked?: { method: string; path: string; requestId?: string };
}

export type Authentication = { ok: true; principal: Principal } | Refused;

export interface Refused {
  ok: false;
  status: 401 | 403 | 429 | 503;
  message: string;
  retryAfterSeconds?: number;
  badToken?: boolean;
  /** Credentials were tried: the name that they claim, `''` for a token. Absent where there were none. */
  tried?: string;
  /** The user whose login it was to be, where there is such a user: for the audit, never told. */
  user?: Pick<PrincipalRow, 'name' | 'tenant'>;
}

/** Authenticates a request, at once where all that it takes is known. Never refuses by rejecting; rejects only when the store does. */
export type Authenticate = (request: AuthRequest) => Authentication | Promise<Authentication>;

export interface AuthenticatorOptions {
  access: AccessStore;
  /** Key under which verified passwords are remembered: at least 32 random bytes, of this process alone. */
  hmacKey: Buffer;
  /** ms since the epoch. */
  now?: () => number;
  /** Set when no users are configured: everyone who can connect is this principal. Loopback only (assertListenAllowed). */
  anonymous?: Principal;
  /** Host names beside the loopback ones under which an anonymous gateway answers. */
  anonymousHosts?: readonly string[];
  /** Time for which a verified password is remembered, in ms. */
  rememberMs?: number;
  /** Largest age of a principal's or token's row before it is read again, in ms: the delay of a removal. */
  rowAgeMs?: number;
  passwords?: PasswordChecker;
  /** Judges bearer tokens of other issuers; undefined for one that is of none by its form. */
  oidc?: { authenticate(token: string): Promise<Authentication> | undefined };
}

/** HTTP Basic (RFC 7617, UTF-8) and bearer tokens (RFC 6750) against the stored principals. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { anonymous } = options;
  if (anonymous) return (request) => welcome(request, anonymous, options.anonymousHosts ?? []);
  const basic = createBasic(options);
  const bearer = createBearer(options);
  return (request) => {
    const header = request.authorization ?? '';
    const blank = header.indexOf(' ');
    const scheme = header.slice(0, blank < 0 ? undefined : blank).toLowerCase();
    const credentials = blank < 0 ? '' : header.slice(blank + 1).trim();
    if (scheme === 'basic') return basic(credentials, request);
    if (scheme === 'bearer') return options.oidc?.authenticate(credentials) ?? bearer(credentials);
    return refuse('authentication is required: HTTP Basic or a bearer token');
  };
}

type Check = (credentials: string, request: AuthRequest) => ReturnType<Authenticate>;

const MINUTE = 60_000;
const MAX_REMEMBERED = 2_000;

function createBasic(options: AuthenticatorOptions): Check {
  const { access, hmacKey, now: ages = steadyTime } = options;
  const passwords = options.passwords ?? createPasswordChecker();
  const rows = createRecall<PrincipalRow>(options.rowAgeMs ?? 2_000, MAX_REMEMBERED, ages);
  const verified = createRecall<true>(options.rememberMs ?? MINUTE, MAX_REMEMBERED, ages);
  const guessLimiter = createGuessLimiter(ages);
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

  const compare = async (attempt: LoginAttempt, row: PrincipalRow | undefined, password: string, key: string): Promise<Authentication> => {
    const tried = attempt.name;
    const user = row ? { user: { name: row.name, tenant: row.tenant } } : {};
    const granted = running.has(key) ? undefined : guessLimiter.take(attempt);
    if (typeof granted === 'number')
      return {
        ok: false,
        status: 429,
        message: 'too many failed logins: wait',
        retryAfterSeconds: Math.ceil(granted / 1000),
        tried,
        ...user,
      };
    try {
      if (!(await verify(row, password, key)) || !row) return { ...refuse('the name or the password is wrong'), tried, ...user };
    } catch (error) {
      granted?.giveBack();
      if (error instanceof BusyError)
        return { ok: false, status: 429, message: `${error.message}: wait`, retryAfterSeconds: 1, tried, ...user };
      throw error;
    }
    granted?.giveBack();
    granted?.remember();
    verified.set(key, true);
    rows.set(row.name, row);
    return admit(row);
  };

  const look = async ({ name, password }: Login, { address, claimed }: AuthRequest): Promise<Authentication> => {
    const row = await access.principal(name);
    const key = print(row, name, password);
    if (!row || !verified.get(key)) return compare({ name, address, claimed }, row, password, key);
    rows.set(name, row);
    return admit(row);
  };

  return (credentials, request) => {
    const login = decodeBasic(credentials);
    if (!login) return refuse('the Basic credentials can not be read: they must be base64 of UTF-8 name:password');
    const { name, password } = login;
    const recent = rows.get(name);
    if (recent && verified.get(print(recent, name, password))) return admit(recent);
    return look(login, request);
  };
}

/** A token with its owner. */
interface Known {
  token: TokenRow;
  principal: PrincipalRow;
}

function createBearer(options: AuthenticatorOptions): (credentials: string) => ReturnType<Authenticate> {
  const { access, now = Date.now } = options;
  const ages = options.now ?? steadyTime;
  const known = createRecall<Known>(options.rowAgeMs ?? 2_000, MAX_REMEMBERED, ages);
  const find = async (hash: string): Promise<Known | undefined> => {
    const token = await access.tokenByHash(hash);
    if (!token || !sameHash(token.hash, hash)) return undefined;
    const principal = await access.principal(token.principal);
    if (!principal) return undefined;
    known.set(hash, { token, principal });
    return { token, principal };
  };
  const used = createRecall<true>(USED_MS, MAX_REMEMBERED, ages);
  const isNoted = ({ id, used: last }: TokenRow): boolean => used.get(id) === true || (last !== null && now() - Date.parse(last) < USED_MS);
  const judge = ({ token, principal }: Known): Authentication =>
    token.expires !== null && !(Date.parse(token.expires) > now())
      ? badToken(`the bearer token expired at ${token.expires}`, principal)
      : { ok: true, principal: bearerOf(principal, token) };
  const look = async (hash: string, recent: Known | undefined): Promise<Authentication> => {
    const found = recent ?? (await find(hash));
    if (!found) return badToken('the bearer token is unknown or revoked');
    const judged = judge(found);
    const { token } = found;
    if (!judged.ok || isNoted(token)) return judged;
    used.set(token.id, true);
    await unlessAway(access.useToken(token.id));
    return judged;
  };
  return (credentials) => {
    if (!TOKEN_SHAPE.test(credentials)) return badToken('the bearer token is not one of this gateway');
    const hash = hashToken(credentials);
    const recent = known.get(hash);
    return recent && isNoted(recent.token) ? judge(recent) : look(hash, recent);
  };
}

/**
 * Lets everyone in who really talks to this machine. A page in a browser here could reach the port too: under a name
 * of its own (DNS rebinding, seen in Host) or across sites (seen in Origin).
 */
function welcome(request: AuthRequest, anonymous: Principal, hosts: readonly string[]): Authentication {
  for (const claimed of [request.host, request.origin]) {
    if (claimed === undefined) continue;
    const host = hostnameOf(claimed);
    if (host === undefined || !(isLoopback(host) || hosts.includes(host))) {
      return {
        ok: false,
        status: 403,
        message: `without users this gateway answers only to this machine, not to ${shown(claimed, 100)}`,
      };
    }
  }
  return { ok: true, principal: anonymous };
}

interface Login {
  name: string;
  password: string;
}

function decodeBasic(credentials: string): Login | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) return undefined;
  const bytes = Buffer.from(credentials, 'base64');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return undefined;
  const colon = text.indexOf(':');
  return colon <= 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function sameHash(stored: string, computed: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(stored), digest(computed));
}

function admit(row: PrincipalRow): Authentication {
  return { ok: true, principal: { name: row.name, tenant: row.tenant, role: row.role } };
}

function refuse(message: string): Refused {
  return { ok: false, status: 401, message };
}

function badToken(message: string, owner?: PrincipalRow): Refused {
  const user = owner ? { user: { name: owner.name, tenant: owner.tenant } } : {};
  return { ...refuse(message), badToken: true, tried: owner?.name ?? '', ...user };
}
