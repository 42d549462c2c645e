import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import type { AuthRequest } from './access';
import { createCodeFlow } from './code-flow';
import { createOidcLogins, type OidcIssuer } from './oidc';
import type { PostForm } from './issuer-client';

/** Logins of browsers by an issuer that says what a test wants, on a clock that is moved by hand. */
const ISSUER = 'https://login.example';
const PUBLIC = 'https://cloud.example/cimi-gateway';
const log = { warn: () => undefined, info: () => undefined };

type Claims = Record<string, unknown>;
interface Says {
  claims?: Claims;
  sign?: (claims: Claims) => Promise<string>;
  status?: number;
  body?: unknown;
  message?: string;
}

async function scene(described: object = {}, settings: Partial<OidcIssuer> = {}) {
  const clock = { now: Date.parse('2030-01-01T00:00:00Z') };
  const now = () => clock.now;
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const other = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const document = {
    ...{ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks`, authorization_endpoint: `${ISSUER}/auth`, token_endpoint: `${ISSUER}/token` },
    id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
    authorization_response_iss_parameter_supported: true,
    ...described,
  };
  const places: Record<string, unknown> = {
    [`${ISSUER}/.well-known/openid-configuration`]: document,
    [`${ISSUER}/jwks`]: { keys: [jwk] },
  };
  const issuer: OidcIssuer = {
    ...{ issuer: ISSUER, audience: ['cimi'], algorithms: ['ES256'], clockToleranceSeconds: 0, keepKeysMinutes: 60, addresses: [] },
    ...{ claims: { user: 'sub', groups: 'groups' }, grants: [{ role: 'reader', tenant: 't' }] },
    console: { clientId: 'console', clientSecret: 'a-secret', scopes: ['openid'], longestMinutes: 60 },
    ...settings,
  };
  const oidc = createOidcLogins({
    ...{ issuers: { corp: issuer }, tenants: ['t'], log, now },
    fetch: (uri) => Promise.resolve({ bytes: Buffer.from(JSON.stringify(places[uri] ?? {})) }),
  });
  const says: { now: Says; asked: Parameters<PostForm>[] } = { now: {}, asked: [] };
  const nonce = { now: '' };
  const signed = (claims: Claims, key: CryptoKey = privateKey) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(key);
  const post: PostForm = async (...asked) => {
    says.asked.push(asked);
    const { claims = {}, sign = signed, status = 200, body, message } = says.now;
    if (message !== undefined) return { message };
    const at = Math.floor(now() / 1000);
    const idToken = await sign({ iss: ISSUER, aud: 'console', sub: 'ann', iat: at, exp: at + 60, nonce: nonce.now, ...claims });
    const answer = body ?? { access_token: 'a', token_type: 'Bearer', id_token: idToken };
    return { status, type: 'application/json', bytes: Buffer.from(JSON.stringify(answer)) };
  };
  const gateway = (key = 7) => createCodeFlow({ oidc, key: new Uint8Array(32).fill(key), publicUrl: PUBLIC, post, now });
  const flow = gateway();
  const from = (cookie: string): AuthRequest => ({
    ...{ authorization: undefined, address: '192.0.2.1' },
    page: { cookie: cookie.split(';')[0], console: false, changes: false, site: 'cross-site' },
  });
  const begun = async () => {
    const { location, cookie } = await flow.begin('corp', undefined);
    const query = new URL(location).searchParams;
    nonce.now = query.get('nonce') ?? '';
    const back = new URLSearchParams({ code: 'the-code', state: query.get('state') ?? '', iss: ISSUER });
    return { location, cookie, back };
  };
  /** A login whose end the issuer answers so. */
  const ended = async (answer: Says, change: (back: URLSearchParams) => void = () => undefined, by = flow) => {
    const { cookie, back } = await begun();
    says.now = answer;
    change(back);
    return (await by.end('corp', back.toString(), from(cookie))).result;
  };
  const close = () => oidc.close();
  return { flow, gateway, ended, begun, from, clock, says, signed, other, close, oidc };
}

let on: Awaited<ReturnType<typeof scene>>;
beforeEach(async () => {
  on = await scene();
});
afterEach(() => on.close());

test('a code is taken to the issuer with its verifier and the secret in the header; what comes back is who it is', async () => {
  expect(await on.ended({})).toMatchObject({ ok: true, principal: { name: 'corp:ann', tenant: 't', role: 'reader' } });
  const [uri, { headers, body }] = on.says.asked[0] ?? ['', { headers: {}, body: '' }];
  const form = new URLSearchParams(body);
  expect([uri, form.get('code'), form.get('redirect_uri')]).toEqual([
    `${ISSUER}/token`,
    'the-code',
    `${PUBLIC}/console/login/corp/callback`,
  ]);
  expect(form.get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Headers(headers).get('authorization')).toBe(`Basic ${Buffer.from('console:a%2Dsecret').toString('base64')}`);
  expect(body).not.toContain('secret');
});

test('an issuer that takes secrets in the form alone gets them there', async () => {
  on.close();
  on = await scene({ token_endpoint_auth_methods_supported: ['client_secret_post'] });
  expect(await on.ended({})).toMatchObject({ ok: true });
  expect(new URLSearchParams(on.says.asked[0]?.[1].body).get('client_secret')).toBe('a-secret');
});

test.each<[string, Claims]>([
  ['another nonce', { nonce: 'another' }],
  ['no nonce', { nonce: undefined }],
  ['another audience', { aud: 'another' }],
  ['the audience of bearer tokens', { aud: 'cimi' }],
  ['another authorized party', { aud: ['console', 'other'], azp: 'other' }],
  ['another issuer', { iss: 'https://evil.example' }],
  ['an end that is past', { exp: Date.parse('2029-12-31T23:59:59Z') / 1000 }],
  ['no end', { exp: undefined }],
  ['no subject', { sub: undefined }],
])('an ID token with %s is refused', async (_name, claims) => {
  const result = await on.ended({ claims });
  expect(result).toMatchObject({ ok: false, status: 401 });
  expect(on.says.asked).toHaveLength(1);
});

test('an ID token that is signed by nobody, by another key or by a shared secret is refused', async () => {
  const { other, ended, signed } = on;
  const wrong = [
    (claims: Claims) => signed(claims, other.privateKey),
    (claims: Claims) => Promise.resolve(new UnsecuredJWT(claims).encode()),
    (claims: Claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('a-secret'.padEnd(32, '0'))),
  ];
  for (const sign of wrong) expect(await ended({ sign })).toMatchObject({ ok: false, status: 401 });
  expect(await ended({ sign: signed })).toMatchObject({ ok: true });
});

test('state, and the issuer that answers (RFC 9207), are held against those of the begin', async () => {
  const { ended, says } = on;
  const no = { ok: false, status: 401 };
  expect(await ended({}, (back) => back.set('iss', 'https://evil.example'))).toMatchObject(no);
  expect(await ended({}, (back) => back.delete('iss'))).toMatchObject(no);
  expect(await ended({}, (back) => back.set('state', 'another'))).toMatchObject(no);
  expect(await ended({}, (back) => back.delete('state'))).toMatchObject(no);
  expect(await ended({}, (back) => back.append('state', back.get('state') ?? ''))).toMatchObject(no);
  expect(await ended({}, (back) => back.append('code', 'other'))).toMatchObject(no);
  // None of them cost the issuer a question.
  expect(says.asked).toEqual([]);
});

test('any gateway with the same key ends a login, none with another; after ten minutes, or changed, it is nobodys', async () => {
  const { gateway, begun, ended, from, clock } = on;
  expect(await ended({}, undefined, gateway())).toMatchObject({ ok: true });
  expect(await ended({}, undefined, gateway(8))).toMatchObject({ ok: false, status: 401 });
  const { cookie, back } = await begun();
  const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
  expect([name, cookie]).toEqual(['__Host-cimi-login', expect.stringMatching(/; Path=\/; HttpOnly; SameSite=Lax; Secure$/)]);
  const changed = `${name}=${value.slice(0, 60)}${value.charAt(60) === 'A' ? 'B' : 'A'}${value.slice(61)}`;
  expect((await gateway().end('corp', back.toString(), from(changed))).result).toMatchObject({ ok: false, status: 401 });
  clock.now += 601_000;
  expect((await gateway().end('corp', back.toString(), from(cookie))).result).toMatchObject({ ok: false, status: 401 });
});

test('a login ends once, whatever came of it', async () => {
  const { flow, begun, from, says } = on;
  const { cookie, back } = await begun();
  says.now = { status: 400, body: { error: 'invalid_grant', error_description: 'used <script>' } };
  const first = await flow.end('corp', back.toString(), from(cookie));
  expect(first).toMatchObject({ result: { ok: false, status: 401, message: expect.stringContaining('invalid_grant') as string } });
  expect(first.cookie).toMatch(/^__Host-cimi-login=; Max-Age=0;/);
  says.now = {};
  const second = await flow.end('corp', back.toString(), from(cookie));
  expect(second.result).toMatchObject({ ok: false, message: 'this login has ended already' });
  expect(says.asked).toHaveLength(1);
});

test('one place ends twenty logins in a row, then waits', async () => {
  const { ended, clock } = on;
  for (let times = 0; times < 20; times += 1) expect(await ended({})).toMatchObject({ ok: true });
  expect(await ended({})).toMatchObject({ ok: false, status: 429, retryAfterSeconds: 3 });
  clock.now += 3_000;
  expect(await ended({})).toMatchObject({ ok: true });
});

test('an issuer that does not answer, fails, or answers nonsense is told as that', async () => {
  const { ended } = on;
  const away = { ok: false, status: 503, retryAfterSeconds: 5 };
  expect(await ended({ message: 'login.example sent nothing for 5000 ms' })).toMatchObject({
    ...away,
    message: 'the issuer can not be asked now (login.example sent nothing for 5000 ms): try again',
  });
  expect(await ended({ status: 502, body: {} })).toMatchObject(away);
  for (const body of [[], 'x', { access_token: 'a' }, { access_token: 'a', token_type: 'Bearer' }])
    expect(await ended({ body })).toMatchObject({ ok: false, status: 401 });
  expect(await ended({ status: 302, body: {} })).toMatchObject({ ok: false, status: 401 });
  const long = await ended({ status: 400, body: { error: 'e'.repeat(5_000), error_description: 'd'.repeat(5_000) } });
  expect((long as { message: string }).message.length).toBeLessThan(400);
});

test('an issuer that names no places, or such as anybody could change on the way, lets nobody begin', async () => {
  for (const described of [
    { token_endpoint: undefined },
    { token_endpoint: 'http://login.example/token' },
    { authorization_endpoint: 'x' },
  ]) {
    const other = await scene(described);
    await expect(other.flow.begin('corp', undefined)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '5' } });
    other.close();
  }
});

test('an issuer without a client of the console is none to log in by, and none whose sessions count', async () => {
  const other = await scene({}, { console: undefined });
  expect(other.flow.choices()).toEqual([]);
  await expect(other.flow.begin('corp', undefined)).rejects.toMatchObject({ status: 404 });
  expect(other.oidc.principal('corp', { iss: ISSUER, sub: 'ann' })).toBeUndefined();
  expect(on.oidc.principal('corp', { iss: ISSUER, sub: 'ann' })).toMatchObject({ name: 'corp:ann' });
  expect(on.oidc.principal('corp', { iss: 'https://evil.example', sub: 'ann' })).toBeUndefined();
  other.close();
});
