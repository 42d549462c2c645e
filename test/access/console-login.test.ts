import { newKey, OidcProvider } from '../backends/oidc-provider';
import { freePort } from '../backends/moto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { comesTrue } from '../harness/wait';
import { Browser } from './browser';

/** Logins to the console by a real identity provider (oidc-provider), as a browser makes them. */
let provider: OidcProvider;
let house: TestGateway;
let origin: string;
let started: Record<string, unknown>;
const SECRET = 'client-secret';
const PEOPLE = { ada: { groups: ['cimi-admins'] }, rae: { groups: ['visitors'] }, nobody: { groups: ['others'] } };
const GRANTS = [
  { group: 'cimi-admins', role: 'admin', tenant: 'default' },
  { group: 'visitors', role: 'reader', tenant: 'default' },
];
const issuerWith = (more: object = {}) => ({
  issuer: provider.issuer,
  audience: ['cimi'],
  addresses: ['127.0.0.0/8'],
  grants: GRANTS,
  console: { clientId: 'console', clientSecret: SECRET, name: 'Example <Corp>' },
  ...more,
});

/** Takes another configuration of the issuers, as SIGHUP does. */
async function renew(oidc: object): Promise<void> {
  const file = join(house.dataDir, 'next.yaml');
  await writeFile(file, stringify({ ...started, access: { oidc } }));
  await house.gateway.reload(await loadConfig({ file, env: {}, cwd: house.dataDir }));
}

beforeAll(async () => {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const clients = ['console', 'open'].map((id) => ({
    ...{ id, open: id === 'open' },
    redirectUris: [`${origin}/console/login/corp/callback`],
  }));
  provider = await OidcProvider.open(clients, [newKey()], PEOPLE);
  const config = { server: { port, shutdownMs: 2000 }, access: { oidc: { corp: issuerWith() } }, audit: {} };
  house = await startTestGateway({ config });
  started = { ...config, data: { dir: house.dataDir }, clouds: { sim: { driver: 'simulator' } } };
});
afterAll(async () => {
  await house?.stop();
  await provider?.close();
});

const browser = () => new Browser(origin);
const begin = (visitor: Browser, go = '') => visitor.visit(`${origin}/console/login/corp${go}`);
/** Goes the whole way of a login. @returns the answer to what the issuer sent back, and its URL */
async function login(visitor: Browser, name: string, go = '') {
  const begun = await begin(visitor, go);
  const back = await visitor.through(String(begun.headers.get('location')), name, `${origin}/console/`);
  return { back, answer: await visitor.visit(back) };
}

test('the page of the login is told which issuers there are, with nothing of their clients', async () => {
  const answer = await browser().visit(`${origin}/console/login`);
  expect(await answer.json()).toEqual({ issuers: [{ key: 'corp', name: 'Example <Corp>' }] });
});

test('who comes back has a session with role and tenant by the same grants as tokens, and logs out of it', async () => {
  const ada = browser();
  const { answer } = await login(ada, 'ada', `?go=${encodeURIComponent('#/c/machines?filter=web')}`);
  expect([answer.status, answer.headers.get('location')]).toEqual([303, `${origin}/console/#/c/machines?filter=web`]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  expect(await ada.who()).toEqual([200, { user: 'corp:ada', tenant: 'default', role: 'admin', anonymous: false }]);
  expect((await ada.cimi('clouds')).status).toBe(200);
  const made = await ada.cimi('machineTemplates', { name: 'by ada' });
  expect([201, 202]).toContain(made.status);
  const rae = browser();
  await login(rae, 'rae');
  expect((await rae.cimi('machineTemplates', { name: 'by rae' })).status).toBe(403);
  const entries = JSON.stringify(await house.gateway.store.auditEntries('default', 50));
  expect(entries).toContain('logged in: a session of the console by corp');
  expect((await ada.logout()).status).toBe(204);
  expect((await ada.who())[0]).toBe(401);
});

test('a public client is protected by PKCE alone', async () => {
  await renew({ corp: issuerWith({ console: { clientId: 'open' } }) });
  const visitor = browser();
  expect((await login(visitor, 'rae')).answer.status).toBe(303);
  expect((await visitor.who())[0]).toBe(200);
  await renew({ corp: issuerWith() });
});

test('the request to the issuer has state, nonce and a challenge, and comes back by the public URL alone', async () => {
  const visitor = browser();
  const answer = await visitor.visit(`${origin}/console/login/corp`, { 'x-forwarded-host': 'evil.example' });
  const query = new URL(String(answer.headers.get('location'))).searchParams;
  expect(query.get('redirect_uri')).toBe(`${origin}/console/login/corp/callback`);
  expect(query.get('code_challenge_method')).toBe('S256');
  for (const name of ['state', 'nonce', 'code_challenge']) expect(query.get(name)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(String(answer.headers.get('set-cookie'))).toMatch(/^cimi-\d+-login=[^;]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
  for (const value of query.values()) expect(String(answer.headers.get('set-cookie'))).not.toContain(value);
});

test.each(['https://evil.example/', '//evil.example', '/console/../x', '#/\u0000', 'javascript:1', '#//%0d%0aSet-Cookie: x'])(
  'a login goes on at the console alone, not at %j',
  async (go) => {
    const { answer } = await login(browser(), 'rae', `?go=${encodeURIComponent(go)}`);
    const { origin: at, pathname } = new URL(String(answer.headers.get('location')));
    expect([answer.status, at, pathname]).toEqual([303, origin, '/console/']);
  },
);

test('no page of another site begins a login', async () => {
  for (const site of ['cross-site', 'same-site'])
    expect((await browser().visit(`${origin}/console/login/corp`, { 'sec-fetch-site': site })).status).toBe(403);
});

test('what comes back counts once, in the browser that began it, at the issuer that it began with', async () => {
  const ada = browser();
  const { back } = await login(ada, 'ada');
  // The cookie is gone with the first use.
  expect((await ada.visit(back)).status).toBe(403);
  const begun = browser();
  const first = await begin(begun);
  const kept = begun.copy();
  const code = await begun.through(String(first.headers.get('location')), 'ada', `${origin}/console/`);
  // Another browser has another login under way, or none.
  const victim = browser();
  expect((await victim.visit(code)).status).toBe(403);
  await begin(victim);
  expect((await victim.visit(code)).status).toBe(403);
  expect((await begun.visit(code)).status).toBe(303);
  // A browser that keeps the cookie all the same is told so.
  expect(await (await kept.visit(code)).text()).toContain('this login has ended already');
  const other = browser();
  const next = await begin(other);
  const good = await other.through(String(next.headers.get('location')), 'ada', `${origin}/console/`);
  const mixed = new URL(good);
  mixed.searchParams.set('iss', 'https://evil.example');
  const refused = await other.visit(mixed.href);
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('what came back from the issuer is not good')]);
  expect((await browser().visit(`${origin}/console/login/other`)).status).toBe(404);
});

test('an error of the issuer is shown in its words, which are no markup', async () => {
  const { answer } = await login(browser(), 'mallory');
  const page = await answer.text();
  expect([answer.status, page]).toEqual([403, expect.stringContaining('access_denied')]);
  expect(page).toContain('nobody is &lt;b&gt;mallory&lt;/b&gt;');
  expect(page).toContain('<a href="../../">Back to the console</a>');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('whose groups have no role is refused, with a line of the log, an entry of the audit and a count', async () => {
  const refusals = async (): Promise<number> => {
    const ada = browser();
    await login(ada, 'ada');
    const metrics = await (await ada.visit(`${origin}/metrics`, ada.page())).text();
    return Number(/^cimi_logins_total\{outcome="refused"\} (\d+)$/m.exec(metrics)?.[1]);
  };
  const before = await refusals();
  const { answer } = await login(browser(), 'nobody');
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('corp:nobody has no role here')]);
  expect(JSON.stringify(await house.gateway.store.auditEntries('', 50))).toContain('corp:nobody has no role here');
  expect(house.logs()).toContainEqual(expect.objectContaining({ msg: 'a login was refused', tried: 'corp:nobody' }));
  expect(await refusals()).toBe(before + 1);
});

test('grants of now count for sessions that are there; without the issuer they are over', async () => {
  const ada = browser();
  await login(ada, 'ada');
  await renew({ corp: issuerWith({ grants: [{ role: 'reader', tenant: 'default' }] }) });
  await comesTrue(async () => expect(await ada.who()).toEqual([200, expect.objectContaining({ role: 'reader' })]));
  const { console: _none, ...without } = issuerWith();
  await renew({ corp: without });
  await comesTrue(async () => expect((await ada.who())[0]).toBe(401));
  expect((await browser().visit(`${origin}/console/login/corp`)).status).toBe(404);
  await renew({ corp: issuerWith() });
});

test('an issuer that is away is 503 with Retry-After, a wrong secret is told, and no secret is in log or audit', async () => {
  await renew({ corp: issuerWith({ console: { clientId: 'console', clientSecret: 'not-the-secret' } }) });
  const wrong = await login(browser(), 'ada');
  expect([wrong.answer.status, await wrong.answer.text()]).toEqual([403, expect.stringContaining('invalid_client')]);
  await renew({ corp: issuerWith() });
  const ada = browser();
  const begun = await begin(ada);
  const back = await ada.through(String(begun.headers.get('location')), 'ada', `${origin}/console/`);
  await provider.stop();
  const away = await ada.visit(back);
  expect([away.status, away.headers.get('retry-after'), await away.text()]).toEqual([
    503,
    '5',
    expect.stringContaining('can not be asked now'),
  ]);
  const written = JSON.stringify([house.logs(), await house.gateway.store.auditEntries('', 100)]);
  for (const secret of [SECRET, 'not-the-secret', String(new URL(back).searchParams.get('code'))]) expect(written).not.toContain(secret);
});
