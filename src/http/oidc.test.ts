import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportSPKI, SignJWT, type JWTPayload } from 'jose';
import type { Authentication } from './access';
import { createOidcLogins, type OidcIssuer } from './oidc';

/** Hostile tokens and hostile issuers, by a clock of the test's own. */
const ISSUER = 'https://login.example.org/realms/corp';
const KEYS = 'https://login.example.org/keys';
const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`;
const START = Date.parse('2026-12-01T00:00:00Z');
const MINUTE = 60_000;

interface Pair {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}
const pair = (kid: string): Pair => ({ kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });
const jwk = ({ kid, publicKey }: Pair) => ({ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' });
const one = pair('one');
const two = pair('two');

const settings = (more: Partial<OidcIssuer> = {}): OidcIssuer => ({
  issuer: ISSUER,
  audience: ['cimi', 'api://cimi'],
  algorithms: ['RS256'],
  claims: { user: 'sub', groups: 'groups' },
  grants: [{ role: 'operator', tenant: 'default' }],
  clockToleranceSeconds: 30,
  keepKeysMinutes: 60,
  addresses: [],
  ...more,
});

/** @param wrong pages in place of those of a good issuer; undefined: it refuses the connection */
function scene(issuers: Record<string, OidcIssuer> = { corp: settings() }, wrong: Record<string, object | string | undefined> = {}) {
  const clock = { now: START };
  const asked: string[] = [];
  const pages: Record<string, object | string | undefined> = {
    [DISCOVERY]: { issuer: ISSUER, jwks_uri: KEYS },
    [KEYS]: { keys: [jwk(one)] },
    ...wrong,
  };
  const warned: object[] = [];
  const logins = createOidcLogins({
    issuers,
    tenants: ['default', 'other'],
    log: { warn: (fields) => warned.push(fields), info: () => undefined },
    now: () => clock.now,
    fetch: (uri) => {
      asked.push(uri);
      const page = pages[uri];
      if (page === undefined) return Promise.resolve({ message: `${new URL(uri).host} refused the connection` });
      return Promise.resolve({ bytes: Buffer.from(typeof page === 'string' ? page : JSON.stringify(page)) });
    },
  });
  made.push(logins);
  const judge = async (token: string): Promise<Authentication> => (await logins.authenticate(token)) ?? words('no JWT');
  return { clock, asked, pages, warned, logins, judge, keysAsked: () => asked.filter((uri) => uri === KEYS).length };
}
const words = (message: string): Authentication => ({ ok: false, status: 401, message });
const made: { close(): void }[] = [];
afterEach(() => made.splice(0).forEach((logins) => logins.close()));

const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: ISSUER,
  sub: 'ann',
  aud: 'cimi',
  exp: START / 1000 + 600,
  iat: START / 1000,
  ...more,
});
const signed = (payload: JWTPayload, header: object = {}, key: Pair = one) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'at+jwt', ...header }).sign(key.privateKey);
const part = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

test('a good token is its user, after the key of its issuer', async () => {
  const { judge } = scene();
  expect(await judge(await signed(claims()))).toEqual({
    ok: true,
    principal: { name: 'corp:ann', tenant: 'default', role: 'operator', from: { issuer: ISSUER, subject: 'ann' } },
  });
  expect(await judge(await signed(claims({ aud: ['other', 'api://cimi'] })))).toMatchObject({ ok: true });
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['expired beyond the tolerance', { exp: START / 1000 - 31 }, /expired 2026-11-30T23:59:29/],
  ['not yet valid', { nbf: START / 1000 + 31 }, /not valid before 2026-12-01T00:00:31/],
  ['of a time that is none', { nbf: 1e300 }, /not valid before at a time that is none/],
  ['without an end', { exp: undefined }, /does not tell when it expires/],
  ['for somebody else', { aud: 'others' }, /somebody else \(aud\)/],
  ['for nobody', { aud: undefined }, /somebody else \(aud\)/],
  ['without a subject', { sub: undefined }, /no subject/],
  ['of another issuer', { iss: 'https://evil.example.org' }, /no issuer that is known/],
  ['of an issuer with a slash more', { iss: `${ISSUER}/` }, /no issuer that is known/],
  ['of an issuer in other letters', { iss: ISSUER.toUpperCase() }, /no issuer that is known/],
  ['of no issuer', { iss: undefined }, /no issuer that is known/],
  ['bound to a key', { cnf: { jkt: 'x' } }, /bound to a key/],
])('%s: 401 with words', async (_what, more, expected) => {
  const { judge } = scene();
  const payload = Object.fromEntries(Object.entries({ ...claims(), ...more }).filter(([, value]) => value !== undefined));
  expect(await judge(await signed(payload))).toMatchObject({
    ok: false,
    status: 401,
    badToken: true,
    message: expect.stringMatching(expected),
  });
});

test('within the tolerance a token is good', async () => {
  const { judge } = scene();
  expect(await judge(await signed(claims({ exp: START / 1000 - 29, nbf: START / 1000 + 29 })))).toMatchObject({ ok: true });
});

test('alg: none, HS256 with the public key as its secret, and algorithms that are not named are refused before a key is read', async () => {
  const { judge, keysAsked, asked } = scene();
  await judge(await signed(claims()));
  const before = asked.length;
  const spki = await exportSPKI(one.publicKey as unknown as Parameters<typeof exportSPKI>[0]);
  const hmac = (secret: string, kid?: string) => {
    const text = `${part({ alg: 'HS256', typ: 'JWT', kid })}.${part(claims())}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const bad = [
    `${part({ alg: 'none' })}.${part(claims())}.`,
    `${part({ alg: 'none', kid: 'one' })}.${part(claims())}.AAAA`,
    `${part({ alg: 'NONE' })}.${part(claims())}.`,
    `${part({})}.${part(claims())}.AAAA`,
    hmac(spki, 'one'),
    hmac(JSON.stringify(jwk(one)), 'one'),
    hmac(spki),
    await new SignJWT(claims()).setProtectedHeader({ alg: 'RS512', kid: 'one' }).sign(one.privateKey),
  ];
  for (const token of bad) expect(await judge(token)).toMatchObject({ ok: false, status: 401, badToken: true });
  expect([asked.length, keysAsked()]).toEqual([before, 1]);
});

test('keys and places that a token itself brings (jwk, jku, x5u, x5c) are never used', async () => {
  const { judge, asked } = scene();
  const evil = pair('one');
  const headers = [
    { jwk: jwk(evil) },
    { jku: 'https://evil.example.org/keys' },
    { x5u: 'https://evil.example.org/cert' },
    { x5c: ['MIIB'] },
    { kid: '../../../../dev/null' },
    { kid: 'https://evil.example.org/keys' },
    { kid: "one' OR '1'='1" },
    { kid: '' },
  ];
  for (const header of headers) expect(await judge(await signed(claims(), header, evil))).toMatchObject({ ok: false, status: 401 });
  expect(asked.filter((uri) => uri.includes('evil'))).toEqual([]);
  // The same header over the right key harms nobody.
  expect(await judge(await signed(claims(), { jku: 'https://evil.example.org/keys' }))).toMatchObject({ ok: true });
});

test('what it must understand and does not (crit), other kinds of tokens, and what is no text are refused', async () => {
  const { judge, logins } = scene();
  for (const typ of ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'application/at+jwt; x'])
    expect(await judge(await signed(claims(), { typ }))).toMatchObject({
      status: 401,
      message: 'the bearer token is no access token (typ)',
    });
  const withCrit = `${part({ alg: 'RS256', kid: 'one', crit: ['exp'], exp: 1 })}.${part(claims())}.AAAA`;
  const strange = [withCrit, `${part('[]')}.${part(claims())}.AA`, `${part({ alg: 'RS256', kid: 7 })}.${part(claims())}.AA`];
  for (const token of [...strange, `${part({ alg: 'RS256', typ: 9 })}.${part(claims())}.AA`])
    expect(await judge(token)).toMatchObject({ ok: false, status: 401 });
  for (const token of [
    `${part({ alg: 'RS256' })}.${part('[1]')}.AA`,
    `${part('x')}.${part('{"iss":{}}')}.AA`,
    `${part({})}.${part('\u0000')}.AA`,
  ])
    expect(await judge(token)).toMatchObject({ ok: false, status: 401 });
  for (const none of ['', 'a', 'a.b', 'a.b.c.d', 'a.b.c.d.e', 'a b.c.d', `cimi_${'t'.repeat(43)}`])
    expect(logins.authenticate(none)).toBeUndefined();
});

test('a token longer than 8192 characters is not even read', async () => {
  const { judge } = scene();
  expect(await judge(await signed(claims({ filler: 'x'.repeat(9000) })))).toMatchObject({
    status: 401,
    message: 'the bearer token is longer than 8192 characters',
  });
});

test('a key that is not known is looked for once in half a minute, however many such tokens come', async () => {
  const { judge, clock, pages, keysAsked } = scene();
  await judge(await signed(claims()));
  expect(keysAsked()).toBe(1);
  const foreign = await signed(claims(), {}, pair('three'));
  await Promise.all(Array.from({ length: 20 }, () => judge(foreign)));
  for (let left = 20; left > 0; left -= 1)
    expect(await judge(foreign)).toMatchObject({ status: 401, message: expect.stringContaining('no key') });
  expect(keysAsked()).toBe(2);
  pages[KEYS] = { keys: [jwk(two)] };
  clock.now += 30_000;
  expect(await judge(await signed(claims(), {}, two))).toMatchObject({ ok: true });
  expect(keysAsked()).toBe(3);
  expect(await judge(await signed(claims()))).toMatchObject({ status: 401 });
});

test('known keys go on for their time while the issuer is away, and are then 503 with Retry-After', async () => {
  const { judge, clock, pages, warned } = scene();
  const token = () => signed(claims({ exp: clock.now / 1000 + 60 }));
  expect(await judge(await token())).toMatchObject({ ok: true });
  delete pages[KEYS];
  clock.now += 59 * MINUTE;
  expect(await judge(await token())).toMatchObject({ ok: true });
  clock.now += MINUTE;
  expect(await judge(await token())).toMatchObject({
    ok: false,
    status: 503,
    retryAfterSeconds: 5,
    message: expect.stringContaining('refused the connection'),
  });
  expect(warned.length).toBe(1);
  pages[KEYS] = { keys: [jwk(one)] };
  clock.now += 5_000;
  expect(await judge(await token())).toMatchObject({ ok: true });
});

test('a token that expires while the keys can not be read ends what it opened', async () => {
  const { judge, clock, pages } = scene();
  const token = await signed(claims({ exp: clock.now / 1000 + 90 * 60 }));
  expect(await judge(token)).toMatchObject({ ok: true });
  delete pages[KEYS];
  clock.now += 80 * MINUTE;
  expect(await judge(token)).toMatchObject({ status: 503 });
  clock.now += 11 * MINUTE;
  expect(await judge(token)).toEqual({ ok: false, status: 401, message: 'the bearer token expired', badToken: true, tried: 'corp:' });
});

test('the name of a group may have a blank: only a scope is parted', async () => {
  const grants = [
    { group: 'Admins', role: 'admin' as const, tenant: 'default' },
    { group: 'Domain Admins', role: 'reader' as const, tenant: 'default' },
  ];
  const { judge } = scene({ corp: settings({ grants }) });
  expect(await judge(await signed(claims({ groups: 'Domain Admins' })))).toMatchObject({ principal: { role: 'reader' } });
  expect(await judge(await signed(claims({ groups: 'All Admins' })))).toMatchObject({ status: 403 });
  const scoped = scene({ corp: settings({ grants, claims: { user: 'sub', groups: 'scope' } }) });
  expect(await scoped.judge(await signed(claims({ scope: 'openid Admins' })))).toMatchObject({ principal: { role: 'admin' } });
});

test('while it is away it is asked once in five seconds, however many tokens come', async () => {
  const { judge, asked, clock } = scene(undefined, { [DISCOVERY]: undefined });
  const token = await signed(claims());
  clock.now += 5_000;
  await Promise.all(Array.from({ length: 20 }, () => judge(token)));
  const before = asked.length;
  for (let left = 20; left > 0; left -= 1) expect(await judge(token)).toMatchObject({ status: 503 });
  expect(asked.length).toBe(before);
  clock.now += 5_000;
  await judge(token);
  expect(asked.length).toBe(before + 1);
});

test.each<[string, Record<string, object | string>]>([
  ['a discovery document of another issuer', { [DISCOVERY]: { issuer: 'https://evil.example.org', jwks_uri: KEYS } }],
  ['no place of the keys', { [DISCOVERY]: { issuer: ISSUER } }],
  ['keys over plain http', { [DISCOVERY]: { issuer: ISSUER, jwks_uri: 'http://login.example.org/keys' } }],
  ['keys in a file', { [DISCOVERY]: { issuer: ISSUER, jwks_uri: 'file:///etc/passwd' } }],
  ['a page for people', { [DISCOVERY]: '<html>MARKER</html>' }],
  ['a list', { [DISCOVERY]: '[]' }],
  ['no keys', { [KEYS]: { keys: [] } }],
  ['keys that are none', { [KEYS]: { keys: 'MARKER' } }],
  ['a shared secret', { [KEYS]: { keys: [{ kty: 'oct', k: 'MARKER', kid: 'one' }] } }],
  ['a private key', { [KEYS]: { keys: [{ ...one.privateKey.export({ format: 'jwk' }), kid: 'one' }] } }],
])('an issuer that answers with %s: 503, and nothing of it is repeated', async (_what, wrong) => {
  const { judge, warned } = scene(undefined, wrong);
  const answer = await judge(await signed(claims()));
  expect(answer).toMatchObject({ ok: false, status: 503, retryAfterSeconds: 5 });
  expect(JSON.stringify([answer, warned])).not.toContain('MARKER');
});

test('keys that an engine does not take are a token that can not be read, not a fault of the gateway', async () => {
  const { judge } = scene(undefined, { [KEYS]: { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'one' }] } });
  expect(await judge(await signed(claims()))).toMatchObject({ ok: false, status: 401, message: 'the bearer token can not be read' });
});

test('a token of one issuer is none of another, though both have a key of its name', async () => {
  const other = 'https://other.example.org';
  const { judge } = scene(
    { corp: settings(), other: settings({ issuer: other, grants: [{ role: 'admin', tenant: 'other' }] }) },
    {
      [`${other}/.well-known/openid-configuration`]: { issuer: other, jwks_uri: `${other}/keys` },
      [`${other}/keys`]: { keys: [jwk({ ...two, kid: 'one' })] },
    },
  );
  const own = await signed(claims({ iss: other }), { kid: 'one' }, two);
  expect(await judge(own)).toMatchObject({ ok: true, principal: { name: 'other:ann', tenant: 'other', role: 'admin' } });
  expect(await judge(await signed(claims({ iss: other })))).toMatchObject({ ok: false, status: 401 });
  expect(await judge(await signed(claims(), { kid: 'one' }, two))).toMatchObject({ ok: false, status: 401 });
});

test('grants: the first that fits counts; a tenant by its claim is one that there is', async () => {
  const grants = [
    { group: 'boss', role: 'admin' as const, tenant: 'default' },
    { group: 'staff', role: 'operator' as const },
  ];
  const rules = settings({ claims: { user: 'profile.name', groups: 'realm_access.roles', tenant: 'org' }, grants });
  const { judge } = scene({ corp: rules });
  const person = (more: object) => signed(claims({ profile: { name: 'Ann Ä.' }, ...more }));
  expect(await judge(await person({ realm_access: { roles: ['staff', 'boss'] }, org: 'other' }))).toMatchObject({
    principal: { name: 'corp:Ann Ä.', role: 'admin', tenant: 'default' },
  });
  expect(await judge(await person({ realm_access: { roles: ['staff'] }, org: 'other' }))).toMatchObject({
    principal: { role: 'operator', tenant: 'other' },
  });
  for (const more of [
    { realm_access: { roles: ['staff'] }, org: 'nowhere' },
    { realm_access: { roles: ['staff'] } },
    { realm_access: { roles: ['staff'] }, org: ['default'] },
    { realm_access: { roles: [['boss']] }, org: 'default' },
    { realm_access: { roles: 'bosses staffs' }, org: 'default' },
    { realm_access: 'staff', org: 'default' },
    { roles: ['staff'], org: 'default' },
  ])
    expect(await judge(await person(more))).toMatchObject({ ok: false, status: 403 });
  expect(await judge(await person({ realm_access: { roles: 'boss' } }))).toMatchObject({ principal: { role: 'admin' } });
  for (const name of ['', 'a\nb', '\u202ea', 'x'.repeat(129), 7, null])
    expect(await judge(await signed(claims({ profile: { name }, realm_access: { roles: ['boss'] } })))).toMatchObject({
      ok: false,
      status: 403,
    });
});
