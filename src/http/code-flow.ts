import { EncryptJWT, errors, jwtDecrypt, type JWTPayload } from 'jose';
import * as client from 'openid-client';
import { shown } from '../model/shown';
import { clientPlaceOf } from '../net/addresses';
import { BusyError, createLimit } from '../threads/limit';
import type { AuthRequest, Refused } from './access';
import { cookieAt, cookieOf } from './cookies';
import { HttpFault } from './fault';
import { issuerClient, TokensAway, type PostForm } from './issuer-client';
import type { Identified, Issuer, OidcLogins } from './oidc';
import { IssuerAway } from './oidc-keys';
import { createRecall, createThrottle } from './throttle';
import { steadyTime } from '../model/steady-time';

export interface CodeFlowOptions {
  oidc: Pick<OidcLogins, 'issuers' | 'identify'>;
  /** Key of 32 bytes that all gateways of one store have: seals what the browser keeps between begin and end. */
  key: Uint8Array;
  /** URL under which clients see the gateway, without a slash at its end. */
  publicUrl: string;
  post: PostForm;
  now?: () => number;
}

/** End of a login by an issuer. */
export interface CodeFlowEnd {
  result: Identified;
  /** Value of Set-Cookie, which takes away what the browser kept. */
  cookie: string;
  /** URL to go on at: always one of the console. */
  location: string;
}

/** Logins of browsers by issuers: the authorization code flow (OpenID Connect Core 1.0, 3.1) with PKCE (RFC 7636). */
export interface CodeFlow {
  /** Issuers by which one can log in, with the names on their buttons. */
  choices(): { key: string; name: string }[];
  /**
   * Begins a login.
   * @param goOn screen of the console to go on at, `#/c/machines`; anything else is the first one
   * @returns where the browser goes, and the cookie that it keeps
   * @throws HttpFault 404 for an unknown issuer, 503 for one that is away
   */
  begin(key: string, goOn: string | undefined): Promise<{ location: string; cookie: string }>;
  /** Ends a login with what the issuer sent back. Failures are values. @throws HttpFault 404 for an unknown issuer */
  end(key: string, query: string, request: AuthRequest): Promise<CodeFlowEnd>;
}

/** Time that a login may take, in seconds. */
const LIFE_S = 600;
/** Largest number of logins that are remembered as used, and of codes that are taken to issuers at once; others wait. */
const MOST_USED = 10_000;
const AT_ONCE = 8;
const WAITING = 100;
/** Logins that one place may end in a row, and the time after which there may be one more, in ms. */
const PLACE = { burst: 20, refillMs: 3_000, maxKeys: 10_000 };
const MOST_WORDS = 200;
const MOST_QUERY = 8_192;
const SCREEN = /^#\/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]{0,500}$/;

/** Login under way, which the browser keeps sealed. */
interface Begun {
  issuer: string;
  state: string;
  nonce: string;
  verifier: string;
  goOn: string;
}

/** Makes the logins of browsers. Nothing is stored of one that has not ended: the browser keeps it, sealed, and brings it to any gateway. */
export function createCodeFlow({ oidc, key, publicUrl, post, now: clock }: CodeFlowOptions): CodeFlow {
  const [now, ages] = [clock ?? Date.now, clock ?? steadyTime];
  const used = createRecall<true>(LIFE_S * 1000, MOST_USED, ages);
  const places = createThrottle({ ...PLACE, now: ages });
  const limit = createLimit(AT_ONCE, WAITING, 'too many logins by issuers are under way');
  const { name, attributes } = cookieAt(publicUrl, 'login', 'Lax');
  const gone = `${name}=; Max-Age=0; ${attributes}`;
  const console = `${publicUrl}/console/`;

  const known = (wanted: string): Issuer => {
    const issuer = oidc.issuers().find((one) => one.key === wanted && one.settings.console !== undefined);
    if (!issuer) throw new HttpFault(404, 'nobody logs in to the console by this issuer');
    return issuer;
  };
  const callback = (issuer: Issuer): string => `${console}login/${issuer.key}/callback`;

  const unseal = async (sealed: string | undefined): Promise<Begun | undefined> => {
    if (sealed === undefined) return undefined;
    try {
      const only = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
      const { payload } = await jwtDecrypt(sealed, key, { ...only, currentDate: new Date(now()), requiredClaims: ['exp'] });
      return payload as JWTPayload & Begun;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  };

  /** Takes the code to the issuer, and judges the ID token that it gives for it. */
  const redeemed = async (issuer: Issuer, query: string, begun: Begun): Promise<Identified> => {
    const { config, clientId } = await issuerClient(issuer, post, now);
    const tokens = await client.authorizationCodeGrant(config, new URL(`${callback(issuer)}?${query}`), {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      idTokenExpected: true,
    });
    // Its claims were looked at; by whom it is signed is known only now.
    return oidc.identify(issuer, tokens.id_token ?? '', clientId);
  };

  const ended = async (issuer: Issuer, query: string, begun: Begun | undefined, address: string): Promise<Identified> => {
    if (query.length > MOST_QUERY) return refused(issuer, 401, 'what came back from the issuer is too long');
    const states = new URLSearchParams(query).getAll('state');
    if (!begun || begun.issuer !== issuer.key || states.length !== 1 || states[0] !== begun.state)
      return refused(issuer, 401, 'this login was not begun by this browser, took too long, or another was begun since');
    if (used.get(begun.state)) return refused(issuer, 401, 'this login has ended already');
    const waitMs = places.take(clientPlaceOf(address).place);
    if (waitMs > 0) return refused(issuer, 429, 'too many logins: wait', Math.ceil(waitMs / 1000));
    used.set(begun.state, true);
    try {
      return await limit(() => redeemed(issuer, query, begun));
    } catch (error) {
      return failed(issuer, error);
    }
  };

  return {
    choices: () =>
      oidc
        .issuers()
        .filter(({ settings }) => settings.console !== undefined)
        .map(({ key: own, settings }) => ({ key: own, name: settings.console?.name ?? own })),
    async begin(wanted, goOn) {
      const issuer = known(wanted);
      const { config, scopes } = await issuerClient(issuer, post, now).catch((error: unknown) => {
        if (!(error instanceof IssuerAway)) throw error;
        throw new HttpFault(503, error.message, { 'Retry-After': String(error.retryAfterSeconds) });
      });
      const begun: Begun = {
        issuer: issuer.key,
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        goOn: goOn !== undefined && SCREEN.test(goOn) ? goOn : '',
      };
      const sealed = await new EncryptJWT({ ...begun })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(Math.floor(now() / 1000) + LIFE_S)
        .encrypt(key);
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: callback(issuer),
        scope: scopes.join(' '),
        response_type: 'code',
        code_challenge: await client.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
        state: begun.state,
        nonce: begun.nonce,
      });
      return { location: url.href, cookie: `${name}=${sealed}; Max-Age=${LIFE_S}; ${attributes}` };
    },
    async end(wanted, query, request) {
      const issuer = known(wanted);
      const begun = await unseal(cookieOf(request.page?.cookie, name));
      const result = await ended(issuer, query, begun, request.address);
      return { result, cookie: gone, location: `${console}${begun?.goOn ?? ''}` };
    },
  };
}

function refused(issuer: Issuer, status: Refused['status'], message: string, retryAfterSeconds?: number): Refused {
  return { ok: false, status, message, tried: `${issuer.key}:`, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

/** Words for why a login by an issuer failed; nothing of codes, tokens and secrets. */
function failed(issuer: Issuer, error: unknown): Refused {
  if (error instanceof BusyError) return refused(issuer, 503, `${error.message}: wait`, 1);
  if (error instanceof IssuerAway) return refused(issuer, 503, error.message, error.retryAfterSeconds);
  if (error instanceof client.AuthorizationResponseError)
    return refused(issuer, 401, `the issuer refused the login: ${said(error.error, error.error_description)}`);
  if (error instanceof client.ResponseBodyError)
    return refused(issuer, 401, `the issuer did not take the login: ${said(error.error, error.error_description)}`);
  if (!(error instanceof client.ClientError)) throw error;
  if (error.cause instanceof TokensAway) return refused(issuer, 503, error.cause.message, error.cause.retryAfterSeconds);
  return refused(issuer, 401, `what came back from the issuer is not good: ${error.message}${shown(claimOf(error.cause), MOST_WORDS)}`);
}

/** Words of an issuer in the midst of ours. */
function said(error: string, description: string | undefined): string {
  return description === undefined ? shown(error) : `${shown(error)} ("${shown(description, MOST_WORDS)}")`;
}

/** Name of the claim or parameter that an error is about, where it is about one. */
function claimOf(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  const about = cause.cause as { claim?: unknown; attribute?: unknown; parameter?: unknown } | undefined;
  const named = about?.claim ?? about?.attribute;
  return typeof named === 'string' ? ` (${named})` : '';
}
