import * as client from 'openid-client';
import type { Issuer } from './oidc';
import { IssuerAway, isSafeFrom } from './oidc-keys';

/** Posts a form to a place of an issuer, and reads the answer whole; words where there is none. */
export type PostForm = (
  uri: string,
  form: { headers: Readonly<Record<string, string>>; body: string },
  rules: { addresses: readonly string[] },
) => Promise<{ status: number; type?: string; bytes: Uint8Array } | { message: string }>;

/** Time after which somebody may try again whose issuer did not answer, in seconds. */
const RETRY_S = 5;
/** Least status that says that the issuer itself failed. */
const FAILED = 500;

/** Error where the issuer gave no tokens because it did not answer, or failed. */
export class TokensAway extends IssuerAway {
  constructor(reason: string) {
    super(`the issuer can not be asked now (${reason}): try again`, RETRY_S);
    this.name = 'TokensAway';
  }
}

/** Makes the client of an issuer by its discovery document, which asks it by the gateway's own way out. @throws IssuerAway */
export async function issuerClient({ settings, keys }: Issuer, post: PostForm, now: () => number) {
  const { console: own, issuer, addresses } = settings;
  if (!own) throw new Error('nobody logs in to the console by this issuer');
  const described = await keys.described();
  for (const name of ['authorization_endpoint', 'token_endpoint']) {
    const uri = described[name];
    if (typeof uri !== 'string' || !URL.canParse(uri) || !isSafeFrom(issuer, uri))
      throw new IssuerAway(`the issuer names no ${name} that can be used: nobody logs in by it`, RETRY_S);
  }
  const config = new client.Configuration(
    described as unknown as client.ServerMetadata,
    own.clientId,
    { [client.clockTolerance]: settings.clockToleranceSeconds, [client.clockSkew]: skew(now) },
    authentication(own.clientSecret, described['token_endpoint_auth_methods_supported']),
  );
  // Only what is on this machine itself is ever plain (isSafeFrom, and the schema for the issuer).
  if (issuer.startsWith('http:')) client.allowInsecureRequests(config);
  config[client.customFetch] = async (url, { headers, body }) => {
    const answer = await post(url, { headers, body: String(body) }, { addresses });
    if ('message' in answer) throw new TokensAway(answer.message);
    if (answer.status >= FAILED) throw new TokensAway(`it answers with status ${answer.status}`);
    return new Response(Buffer.from(answer.bytes), {
      status: answer.status,
      headers: answer.type === undefined ? {} : { 'content-type': answer.type },
    });
  };
  return { config, clientId: own.clientId, scopes: own.scopes };
}

/** Difference of the clock that is asked here to that of the library, in seconds. */
function skew(now: () => number): number {
  return Math.round((now() - Date.now()) / 1000);
}

/** Way in which the client shows its secret (OpenID Connect Core 1.0, 9): in the header, unless the issuer takes it in the form alone. */
function authentication(secret: string | undefined, supported: unknown): client.ClientAuth {
  if (secret === undefined) return client.None();
  const taken = Array.isArray(supported) ? (supported as unknown[]) : ['client_secret_basic'];
  return taken.includes('client_secret_basic') ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}
