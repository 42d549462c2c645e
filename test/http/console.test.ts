import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../src/http/passwords';
import { basic } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { comesTrue } from '../harness/wait';

/** Sessions of browsers and the console's place, over HTTP. */
let gateway: TestGateway;
const config = { access: { required: true }, audit: {} };
const origin = () => new URL(gateway.base).origin;
const page = () => ({ 'x-cimi-console': '1', origin: origin(), 'sec-fetch-site': 'same-origin' });

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(path, origin()), { redirect: 'manual', ...init });
}

const login = (body: unknown, headers: Record<string, string> = page()) =>
  ask('/console/session', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

async function user(name: string, role: 'reader' | 'admin' = 'reader'): Promise<void> {
  await gateway.gateway.store.access.putPrincipal({ name, tenant: 'default', role, passwordHash: await hashPassword(`pw-${name}`) });
}

async function cookieOf(name: string): Promise<string> {
  const answer = await login({ user: name, password: `pw-${name}` });
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ user: name })]);
  return String(answer.headers.get('set-cookie')).split(';')[0] ?? '';
}

const read = async (cookie: string, headers: Record<string, string> = page()) =>
  (await ask('/cimi/cloudEntryPoint', { headers: { ...headers, cookie } })).status;

beforeAll(async () => {
  gateway = await startTestGateway({ config });
  for (const name of ['ann', 'bob', 'cat']) await user(name);
  await user('root', 'admin');
});
afterAll(() => gateway.stop());

test('a login begins a session, which counts only for pages of the console', async () => {
  const cookie = await cookieOf('ann');
  expect(await read(cookie)).toBe(200);
  expect(await read(cookie, { origin: origin() })).toBe(401);
  expect(await read(cookie, { ...page(), 'sec-fetch-site': 'cross-site' })).toBe(401);
  expect(await read(cookie, { ...page(), origin: 'https://evil.example' })).toBe(401);
  const who = await ask('/console/session', { headers: { ...page(), cookie } });
  expect(await who.json()).toEqual({ user: 'ann', tenant: 'default', role: 'reader', anonymous: false });
});

test('no page of another origin logs anybody in or out, reads or changes', async () => {
  const cookie = await cookieOf('ann');
  const body = { user: 'ann', password: 'pw-ann' };
  expect((await login(body, { origin: 'https://evil.example', 'x-cimi-console': '1' })).status).toBe(403);
  expect((await login(body, { origin: origin() })).status).toBe(403);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
    expect([type, (await login(body, { ...page(), 'content-type': type })).status]).toEqual([type, 415]);
  const change = { method: 'POST', body: '{"name":"x"}' };
  for (const headers of [{}, { 'content-type': 'text/plain' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
    const answer = await ask('/cimi/machineTemplates', { ...change, headers: { ...headers, cookie } });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([401, null]);
  }
  const preflight = await ask('/cimi/machines', { method: 'OPTIONS', headers: { origin: 'https://evil.example', cookie } });
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  expect((await ask('/console/session', { method: 'DELETE', headers: { cookie } })).status).toBe(403);
  expect(await read(cookie)).toBe(200);
});

test('a wrong login is told without a box of the browser; others keep their challenge', async () => {
  const answer = await login({ user: 'ann', password: 'wrong' });
  expect([answer.status, await answer.json()]).toEqual([401, { problem: 'the name or the password is wrong' }]);
  expect(answer.headers.get('www-authenticate')).not.toContain('Basic');
  const expired = await ask('/cimi/machines', { headers: { ...page(), cookie: 'none=1' } });
  expect([expired.status, expired.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="cimi"']);
  expect((await ask('/cimi/machines')).headers.get('www-authenticate')).toContain('Basic');
  for (const body of [null, [], {}, { user: 'ann' }, { user: 1, password: 2 }]) expect((await login(body)).status).toBe(400);
});

test('logout ends it at once, removal of its user within two seconds, a new password too', async () => {
  const [ann, bob, cat] = [await cookieOf('ann'), await cookieOf('bob'), await cookieOf('cat')];
  for (const cookie of [ann, bob, cat]) expect(await read(cookie)).toBe(200);
  const out = await ask('/console/session', { method: 'DELETE', headers: { ...page(), cookie: ann } });
  expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
  expect(await read(ann)).toBe(401);
  const { access } = gateway.gateway.store;
  await access.removePrincipal('bob');
  await access.putPrincipal({ name: 'cat', tenant: 'default', role: 'reader', passwordHash: await hashPassword('another') });
  await comesTrue(async () => expect([await read(bob), await read(cat)]).toEqual([401, 401]));
});

test('sessions outlive the process, and the store has no secret of theirs', async () => {
  const cookie = await cookieOf('ann');
  const secret = cookie.slice(cookie.indexOf('=') + 1);
  const port = Number(new URL(gateway.base).port);
  await gateway.stop({ keepData: true });
  const { dataDir } = gateway;
  for (const name of readdirSync(dataDir).filter((each) => each.startsWith('cimi.db')))
    expect(readFileSync(join(dataDir, name)).includes(secret)).toBe(false);
  gateway = await startTestGateway({ config: { ...config, server: { port, shutdownMs: 2000 }, data: { dir: dataDir } }, dataDir });
  expect(await read(cookie)).toBe(200);
});

test('logins are in the audit, good and bad', async () => {
  await cookieOf('ann');
  await login({ user: 'ann', password: 'wrong' });
  const logs = (await (await ask('/cimi/eventLogs', { headers: basic('root', 'pw-root') })).json()) as { eventLogs: { id: string }[] };
  const filter = "$filter=type='http://schemas.dmtf.org/cimi/1/event/access'";
  const events = await ask(`${String(logs.eventLogs[0]?.id)}/events?${filter}`, { headers: basic('root', 'pw-root') });
  const text = await events.text();
  expect(text).toContain('logged in: a session of the console');
  expect(text).toContain('login failed: the name or the password is wrong');
});

test('the console has the strictest headers, and browsers are led to it', async () => {
  const answer = await ask('/console/none.js');
  const csp = String(answer.headers.get('content-security-policy'));
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ])
    expect(csp).toContain(part);
  expect(csp).not.toContain('unsafe');
  expect([answer.status, answer.headers.get('x-content-type-options'), answer.headers.get('referrer-policy')]).toEqual([
    404,
    'nosniff',
    'no-referrer',
  ]);
  expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  const bare = await ask('/console');
  expect([bare.status, bare.headers.get('location')]).toEqual([308, 'console/']);
  const sign = await ask('/', { headers: { accept: 'text/html,application/xhtml+xml' } });
  expect([sign.headers.get('content-type'), await sign.text()]).toEqual(['text/html; charset=utf-8', expect.stringContaining('console/')]);
  expect(await (await ask('/')).json()).toEqual({ cloudEntryPoint: `${gateway.base}cloudEntryPoint` });
});
