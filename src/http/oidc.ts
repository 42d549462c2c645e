import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type LocalJWKSet } from 'jose';
import type { Principal } from '../protocol/messages';
import type { Authentication, Refused } from './access';
import { countingClaims, principalOf, type ClaimRules } from './oidc-claims';
import { IssuerAway, IssuerKeys, REFRESH_MS, type IssuerKeysOptions } from './oidc-keys';

/** Client by which people log in to the console. */
export interface ConsoleClient {
  clientId: string;
  /** Absent: a public client. */
  clientSecret?: string | undefined;
  /** Name on the button. */
  name?: string | undefined;
  scopes: readonly string[];
  /** Longest time of a session, in minutes. */
  longestMinutes: number;
}

/** An issuer of tokens, as the configuration has it. */
export interface OidcIssuer extends ClaimRules {
  issuer: string;
  discoveryUrl?: string | undefined;
  /** Audiences of which a token must name one. */
  audience: readonly string[];
  /** Algorithms of signatures that are taken; all of them asymmetric. */
  algorithms: readonly string[];
  clockToleranceSeconds: number;
  /** Time for which keys are good that can't be read anew, in minutes. */
  keepKeysMinutes: number;
  addresses: readonly string[];
  /** Absent: nobody logs in to the console by it. */
  console?: ConsoleClient | undefined;
}

/** Issuers by their names. */
export type OidcIssuers = Readonly<Record<string, OidcIssuer>>;

export interface OidcOptions extends Pick<IssuerKeysOptions, 'fetch' | 'log'> {
  issuers: OidcIssuers;
  tenants: readonly string[];
  /** Groups that declared rules name now. */
  namedGroups?: () => ReadonlySet<string>;
  now?: () => number;
}

/** Logins by tokens of other issuers (OpenID Connect): JWTs as bearer tokens. */
export interface OidcLogins {
  /** Judges a bearer token; undefined where it is no JWT at all. Never rejects. */
  authenticate(token: string): Promise<Authentication> | undefined;
  /** Issuers as they are known now. */
  issuers(): readonly Issuer[];
  /** Judges an ID token that an issuer gave to a client of the gateway; its claims are told where it is good. Never rejects. */
  identify(issuer: Issuer, idToken: string, clientId: string): Promise<Identified>;
  /** Tells who somebody is by claims that were verified before, by the grants of now; undefined where that is nobody any more. */
  principal(key: string, claims: JWTPayload): Principal | undefined;
  /** Takes other issuers from now on; keys that are known stay known. */
  renew(issuers: OidcIssuers, tenants: readonly string[]): void;
  close(): void;
}

/** User that an ID token is of, with its claims; or why it is refused. */
export type Identified = { ok: true; principal: Principal; claims: JWTPayload } | Refused;

/** Longest token, characters. */
const MOST_TOKEN = 8_192;
const MOST_ID_TOKEN = 16_384;
/** Form of a JWS in its compact form (RFC 7515 7.1). */
const JWT_SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
/** Values of `typ` of tokens that give access (RFC 9068 2.1), and of those that say nothing of it. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

export interface Issuer {
  key: string;
  settings: OidcIssuer;
  keys: IssuerKeys;
}

/** Makes the logins by tokens of the configured issuers. No place is asked that a token names: it only chooses among these. */
export function createOidcLogins({ issuers, tenants, namedGroups, fetch, log, now = Date.now }: OidcOptions): OidcLogins {
  const made = (next: OidcIssuers, before: readonly Issuer[]): Issuer[] =>
    Object.entries(next).map(([key, settings]) => {
      const { issuer, addresses } = settings;
      const discoveryUrl = settings.discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
      const [place, keepMs] = [{ issuer, discoveryUrl, addresses }, settings.keepKeysMinutes * 60_000];
      const known = before.find(({ keys }) => keys.isOf(place, keepMs));
      return { key, settings, keys: known?.keys ?? new IssuerKeys({ ...place, fetch, log, keepMs, now }) };
    });
  const state = { known: made(issuers, []), tenants };
  const judging = (): Judging => ({ ...state, named: namedGroups?.() });
  const refresh = (): void => state.known.forEach(({ keys }) => void keys.refresh());
  // What is wrong with an issuer is known before the first token comes.
  refresh();
  const timer = setInterval(refresh, REFRESH_MS).unref();
  return {
    authenticate(token) {
      if (!JWT_SHAPE.test(token)) return undefined;
      return judge(token, judging(), now());
    },
    issuers: () => state.known,
    identify: async (issuer, idToken, clientId) => {
      if (idToken.length > MOST_ID_TOKEN) return refuse(`the ID token is longer than ${MOST_ID_TOKEN} characters`);
      const result = await judged(idToken, { ...issuer, settings: { ...issuer.settings, audience: [clientId] } }, judging(), now());
      return result.ok ? result : { ...result, message: result.message.replace('the bearer token', 'the ID token') };
    },
    principal(key, claims) {
      const issuer = state.known.find((one) => one.key === key);
      if (issuer?.settings.console === undefined || claims.iss !== issuer.settings.issuer) return undefined;
      const found = principalOf(claims, key, issuer.settings, state.tenants, judging().named);
      return 'refused' in found ? undefined : found;
    },
    renew(next, all) {
      Object.assign(state, { known: made(next, state.known), tenants: all });
      refresh();
    },
    close: () => clearInterval(timer),
  };
}

interface Judging {
  known: readonly Issuer[];
  tenants: readonly string[];
  named: ReadonlySet<string> | undefined;
}

async function judge(token: string, judging: Judging, now: number): Promise<Authentication> {
  if (token.length > MOST_TOKEN) return refuse(`the bearer token is longer than ${MOST_TOKEN} characters`);
  const claimed = claimedIssuer(token);
  const issuer = claimed === undefined ? undefined : judging.known.find(({ settings }) => settings.issuer === claimed);
  if (!issuer) return refuse('the bearer token is of no issuer that is known here');
  const result = await judged(token, issuer, judging, now);
  return result.ok ? { ok: true, principal: result.principal } : result;
}

async function judged(token: string, issuer: Issuer, { tenants, named }: Judging, now: number): Promise<Identified> {
  const { key, settings } = issuer;
  try {
    const payload = await verified(token, issuer, now);
    const found = principalOf(payload, key, settings, tenants, named);
    if ('refused' in found) return { ok: false, status: 403, message: found.refused, tried: found.tried } satisfies Refused;
    return { ok: true, principal: found, claims: countingClaims(payload, settings) };
  } catch (error) {
    // What has expired by its own word is not good, whoever signed it: a stream that it opened ends, though nobody can be asked.
    if (error instanceof IssuerAway && hasExpired(token, settings, now)) return refuse('the bearer token expired', `${key}:`);
    if (error instanceof IssuerAway)
      return {
        ok: false,
        status: 503,
        message: error.message,
        retryAfterSeconds: error.retryAfterSeconds,
        tried: `${key}:`,
      } satisfies Refused;
    const { message, payload } = wordsFor(error);
    // A name is told only where the issuer's signature stands under it.
    if (!payload) return refuse(message, `${key}:`);
    const found = principalOf(payload, key, settings, tenants);
    if ('refused' in found) return refuse(message, found.tried);
    return { ...refuse(message, found.name), user: { name: found.name, tenant: found.tenant } };
  }
}

/** @throws IssuerAway, JOSEError, and what an engine says of keys that are none */
async function verified(token: string, { settings, keys }: Issuer, now: number): Promise<JWTPayload> {
  const verify = async (set: LocalJWKSet): Promise<JWTPayload> => {
    const { payload } = await jwtVerify(token, set, {
      algorithms: [...settings.algorithms],
      issuer: settings.issuer,
      audience: [...settings.audience],
      clockTolerance: settings.clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now),
    });
    return payload;
  };
  const header = decodeProtectedHeader(token);
  if (!TYPES.includes(header.typ?.toLowerCase())) throw new Unusable('the bearer token is no access token (typ)');
  // What it is not signed by needs no key to be read.
  if (!settings.algorithms.includes(header.alg ?? '')) throw new errors.JOSEAlgNotAllowed();
  let payload: JWTPayload;
  try {
    payload = await verify(await keys.current());
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    const renewed = await keys.renewed();
    if (!renewed) throw error;
    payload = await verify(renewed);
  }
  // Who has such a token must prove that it is his (RFC 8705, RFC 9449), which is not asked for here.
  if ('cnf' in payload) throw new Unusable('the bearer token is bound to a key of its owner (cnf), which can not be proven here');
  return payload;
}

/** A token that is well signed, and of a kind that is of no use here. */
class Unusable extends Error {}

function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function hasExpired(token: string, { clockToleranceSeconds }: OidcIssuer, now: number): boolean {
  const { exp } = decodeJwt(token);
  return typeof exp !== 'number' || exp <= now / 1000 - clockToleranceSeconds;
}

/** Words for why a token is refused, none of them its own; with its claims where its issuer has signed them. */
function wordsFor(error: unknown): { message: string; payload?: JWTPayload } {
  if (error instanceof Unusable) return { message: error.message };
  if (error instanceof errors.JWTExpired)
    return { message: `the bearer token expired ${timeOf(error.payload.exp)}`, payload: error.payload };
  if (error instanceof errors.JWTClaimValidationFailed) return { message: claimWords(error), payload: error.payload };
  if (error instanceof errors.JOSEAlgNotAllowed) return { message: 'the bearer token is signed by an algorithm that is not taken' };
  if (error instanceof errors.JWKSNoMatchingKey) return { message: 'the bearer token is signed by no key that its issuer has' };
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return { message: 'the bearer token does not tell which key of its issuer it is signed by (kid)' };
  if (error instanceof errors.JWSSignatureVerificationFailed) return { message: 'the signature of the bearer token is wrong' };
  return { message: 'the bearer token can not be read' };
}

const CLAIMS: Readonly<Record<string, string>> = {
  aud: 'the bearer token is for somebody else (aud)',
  iss: 'the bearer token is of another issuer (iss)',
  sub: 'the bearer token has no subject (sub)',
};

function claimWords({ claim, reason, payload }: errors.JWTClaimValidationFailed): string {
  if (claim === 'nbf' && reason === 'check_failed') return `the bearer token is not valid before ${timeOf(payload.nbf)}`;
  if (claim === 'exp') return 'the bearer token does not tell when it expires (exp)';
  return CLAIMS[claim] ?? 'a claim of the bearer token can not be read';
}

/** A time of a token, in seconds, as RFC 3339 has it. */
function timeOf(seconds: number | undefined): string {
  const date = new Date((seconds ?? 0) * 1000);
  return Number.isNaN(date.getTime()) ? 'at a time that is none' : date.toISOString();
}

function refuse(message: string, tried = ''): Refused {
  return { ok: false, status: 401, message, badToken: true, tried };
}
