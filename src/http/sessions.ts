import { createHash, randomBytes } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Principal } from '../protocol/messages';
import type { AccessStore, PrincipalRow, SessionRow } from '../store/store';
import type { AuthRequest, Authenticate, Authentication } from './access';
import { isLoopback } from '../net/addresses';
import { cookieAt, cookieOf } from './cookies';
import type { OidcLogins } from './oidc';
import { createRecall } from './throttle';
import { bearerOf, hashToken, unlessAway } from './tokens';
import { steadyTime } from '../model/steady-time';

export interface SessionOptions {
  access: AccessStore;
  /** URL under which clients see the gateway. */
  publicUrl: string;
  /** Time after which a session ends that nobody uses, and the longest that one lasts, in ms. */
  idleMs: number;
  longestMs: number;
  /** Issuers by which users log in that are no rows of the store. */
  oidc?: Pick<OidcLogins, 'issuers' | 'principal'> | undefined;
  now?: () => number;
}

/** Login in the way of a form. */
export type Credentials = { user: string; password: string } | { token: string };

/** Claims of an issuer about who logged in, which were verified. */
export interface Proven {
  issuer: string;
  claims: JWTPayload;
}

/** Sessions of browsers: rows by the hash of a secret that only its cookie has. */
export interface Sessions {
  /** Lets requests with a session in, and leaves all others to `authenticate`. */
  watched(authenticate: Authenticate): Authenticate;
  /** Tells why a page may not ask this, in words; undefined where it may. */
  foreign(request: AuthRequest): string | undefined;
  /** Begins a session of a user who was let in by these credentials. @returns the value of Set-Cookie; undefined where it is over already */
  begin(name: string, credentials: Credentials | Proven): Promise<string | undefined>;
  /** Ends the session of a request. @returns the value of Set-Cookie */
  end(request: AuthRequest): Promise<string>;
  /** Reason why no session can be made at all: a cookie would go over the network in clear. */
  readonly impossible: string | undefined;
}

/** Age up to which a row is good enough, in ms: the delay of a removal. */
const ROW_AGE_MS = 2_000;
const MOST = 2_000;
/** Age of `used` after which it is written again, in ms. */
const USED_MS = 60_000;

const MINUTE_MS = 60_000;

/** Known session with its user. */
interface Known {
  session: SessionRow;
  principal: Principal;
}

export function createSessions({ access, publicUrl, idleMs, longestMs, oidc, now: clock }: SessionOptions): Sessions {
  const [now, ages] = [clock ?? Date.now, clock ?? steadyTime];
  const url = new URL(publicUrl);
  const secure = url.protocol === 'https:';
  const local = isLoopback(url.hostname);
  const { name: cookie, attributes } = cookieAt(publicUrl, 'session', 'Strict');
  const rows = createRecall<Known>(ROW_AGE_MS, MOST, ages);
  const used = createRecall<true>(USED_MS, MOST, ages);

  const secretOf = ({ page }: AuthRequest): string | undefined => cookieOf(page?.cookie, cookie);

  const isOurs = (origin: string): boolean => {
    const from = URL.canParse(origin) ? new URL(origin) : undefined;
    if (from?.origin === url.origin) return true;
    return local && from?.protocol === url.protocol && from.port === url.port && isLoopback(from.hostname);
  };

  const foreign = ({ origin, page }: AuthRequest): string | undefined => {
    if (!page?.console) return 'the header X-CIMI-Console: 1 is missing';
    if (page.site !== undefined && page.site !== 'same-origin') return 'the request comes from another site';
    if (origin === undefined) return page.changes ? 'the header Origin is missing' : undefined;
    return isOurs(origin) ? undefined : 'the request comes from a page of another origin';
  };

  /** Tells who a session of an issuer's user is by the grants of now; nobody where the time of such sessions is over. */
  const ofIssuer = ({ issuer, claims }: Proven, session: SessionRow): Principal | undefined => {
    const own = oidc?.issuers().find(({ key }) => key === issuer)?.settings.console;
    if (!own || now() - Date.parse(session.created) > own.longestMinutes * MINUTE_MS) return undefined;
    const principal = oidc?.principal(issuer, claims);
    return principal?.name === session.principal ? principal : undefined;
  };

  const find = async (hash: string): Promise<Known | undefined> => {
    const recent = rows.get(hash);
    if (recent) return recent;
    const session = await access.sessionByHash(hash);
    const proven = session && provenOf(session);
    const row = session && !proven ? await access.principal(session.principal) : undefined;
    const principal = proven ? ofIssuer(proven, session) : row && session && (await stillProven(access, session, row, now()));
    if (!session || !principal) return undefined;
    rows.set(hash, { session, principal });
    return { session, principal };
  };

  const inSession = async (secret: string): Promise<Authentication | undefined> => {
    const hash = hashToken(secret);
    const known = await find(hash);
    if (!known) return undefined;
    const { session, principal } = known;
    const [began, last] = [Date.parse(session.created), Date.parse(session.used)];
    if (now() - began > longestMs || now() - last > idleMs) return undefined;
    if (now() - last > USED_MS && !used.get(hash)) {
      used.set(hash, true);
      await unlessAway(access.useSession(hash));
    }
    return { ok: true, principal };
  };

  return {
    foreign,
    watched: (authenticate) => (request) => {
      const secret = request.authorization === undefined && request.page?.console ? secretOf(request) : undefined;
      if (secret === undefined) return authenticate(request);
      const reason = foreign(request);
      if (reason !== undefined) return { ok: false, status: 401, message: `the session does not count: ${reason}` };
      return inSession(secret).then((found) => found ?? { ok: false, status: 401, message: 'the session is over: log in again' });
    },
    async begin(name, credentials) {
      const proof = await proofOf(access, name, credentials);
      if (proof === undefined) return undefined;
      const secret = randomBytes(32).toString('base64url');
      const before = (ms: number) => new Date(now() - ms).toISOString();
      const ended = { createdBefore: before(longestMs), usedBefore: before(idleMs) };
      await access.addSession({ hash: hashToken(secret), principal: name, proof }, ended);
      return `${cookie}=${secret}; ${attributes}`;
    },
    async end(request) {
      const secret = secretOf(request);
      if (secret !== undefined) {
        const hash = hashToken(secret);
        rows.delete(hash);
        await access.removeSession(hash);
      }
      return `${cookie}=; Max-Age=0; ${attributes}`;
    },
    impossible: secure || local ? undefined : 'the console needs https in server.publicUrl: a cookie would go over the network in clear',
  };
}

/** Digest of what a password is kept as: a changed password has another. */
function ofPassword(row: PrincipalRow): string {
  return `password ${createHash('sha256')
    .update(row.passwordHash ?? '')
    .digest('hex')}`;
}

const OF_ISSUER = 'issuer ';

/** Reads what an issuer said of who has a session; undefined for a session of another kind. */
function provenOf({ proof }: SessionRow): Proven | undefined {
  return proof.startsWith(OF_ISSUER) ? (JSON.parse(proof.slice(OF_ISSUER.length)) as Proven) : undefined;
}

async function proofOf(access: AccessStore, name: string, credentials: Credentials | Proven): Promise<string | undefined> {
  if ('claims' in credentials) return `${OF_ISSUER}${JSON.stringify(credentials)}`;
  if ('token' in credentials) {
    const token = await access.tokenByHash(hashToken(credentials.token));
    return token && `token ${token.id}`;
  }
  const row = await access.principal(name);
  return row && ofPassword(row);
}

/** Returns the user as what let it in lets it be by now; undefined where that is not good any more. */
async function stillProven(
  access: AccessStore,
  { proof }: SessionRow,
  principal: PrincipalRow,
  now: number,
): Promise<Principal | undefined> {
  const { name, tenant, role } = principal;
  if (!proof.startsWith('token ')) return proof === ofPassword(principal) ? { name, tenant, role } : undefined;
  const token = (await access.tokens(principal.name)).find(({ id }) => proof === `token ${id}`);
  return token && (token.expires === null || Date.parse(token.expires) > now) ? bearerOf(principal, token) : undefined;
}
