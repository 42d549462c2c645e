import { randomBytes } from 'node:crypto';
import { createAuthenticator, type AuthenticatorOptions } from '../../src/http/access';
import type { AccessStore } from '../../src/store/store';
import { StoreUnavailable } from '../../src/store/unavailable';
import { ask, start, stopAll, text, wire } from './kit';

afterEach(stopAll);

const TOKEN = `cimi_${'t'.repeat(43)}`;
const nobody: AccessStore = {
  principal: () => Promise.resolve(undefined),
  principals: () => Promise.resolve([]),
  putPrincipal: () => Promise.resolve(true),
  removePrincipal: () => Promise.resolve(false),
  tokenByHash: () => Promise.resolve(undefined),
  tokens: () => Promise.resolve([]),
  addToken: () => Promise.resolve(true),
  useToken: () => Promise.resolve(),
  removeToken: () => Promise.resolve(false),
  sessionByHash: () => Promise.resolve(undefined),
  addSession: () => Promise.resolve(),
  useSession: () => Promise.resolve(),
  removeSession: () => Promise.resolve(false),
};
const among = (access: AccessStore, more: Partial<AuthenticatorOptions> = {}) =>
  createAuthenticator({ access, hmacKey: randomBytes(32), passwords: { check: () => Promise.resolve(false) }, ...more });
const basic = (name: string) => ({ authorization: `Basic ${Buffer.from(`${name}:MARKER-word`).toString('base64')}` });

test('a failed login carries address and name in the log, cut and with controls escaped, and on the line of the 401', async () => {
  const { port, sink } = await start(() => text(200, '{}'), { authenticate: among(nobody) });
  const name = `eve\u202e\n{"level"}${'x'.repeat(200)}`;
  expect((await ask(port, '/cimi/machines', { headers: { ...basic(name), 'x-request-id': 'r-1' } })).status).toBe(401);
  const tried = `eve\ufffd\ufffd{"level"}${'x'.repeat(85)}…`;
  expect(sink.lines()).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: 'a login was refused', tried, address: '127.0.0.1', requestId: 'r-1' }),
  );
  expect(sink.lines()).toContainEqual(expect.objectContaining({ msg: 'request', status: 401, tried, address: '127.0.0.1' }));
  expect(JSON.stringify(sink.lines())).not.toContain('MARKER');
});

test('a wrong token is told without it; no credentials at all are no failed login', async () => {
  const { port, sink } = await start(() => text(200, '{}'), { authenticate: among(nobody) });
  await ask(port, '/cimi/machines', { headers: { authorization: `Bearer ${TOKEN}` } });
  await ask(port, '/cimi/machines', { headers: { authorization: '' } });
  expect(sink.lines().filter(({ msg }) => msg === 'a login was refused')).toEqual([
    expect.objectContaining({ tried: '', address: '127.0.0.1' }),
  ]);
});

test('a token in a URL is never logged', async () => {
  const { port, sink } = await start(() => text(404, '{}'));
  for (const path of [`/cimi/machines/${TOKEN}`, `/cimi/machines?access_token=${TOKEN}`, `/cimi/machines/%63imi_${'t'.repeat(43)}`])
    await ask(port, path, { method: 'DELETE' });
  expect(sink.lines().filter(({ msg }) => msg === 'request')).toHaveLength(3);
  expect(JSON.stringify(sink.lines())).not.toContain(TOKEN);
});

test('a token of an issuer, in a URL or given as a name, is never logged', async () => {
  const { port, sink } = await start(() => text(404, '{}'), { authenticate: among(nobody) });
  const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJNQVJLRVIifQ.${'s'.repeat(86)}`;
  const headers = { authorization: `Basic ${Buffer.from(`${jwt}:x`).toString('base64')}` };
  for (const path of [`/cimi/machines/${jwt}`, `/cimi/machines?access_token=${jwt}`, `/cimi/${jwt.slice(0, 60)}`])
    await ask(port, path, { method: 'DELETE', headers });
  expect(sink.lines().filter(({ msg }) => msg === 'a login was refused')).toHaveLength(3);
  for (const part of ['eyJzdWIiOiJNQVJLRVIifQ', 'sssssss', 'eyJhbGciOiJSUzI1NiJ9'])
    expect(JSON.stringify(sink.lines())).not.toContain(part);
});

test('X-Forwarded-For from a proxy that nobody named is warned of once; from a named one it is the address', async () => {
  const forwarded = (address: string) => ({ headers: { ...basic('ann'), 'x-forwarded-for': address } });
  const unnamed = await start(() => text(200, '{}'), { authenticate: among(nobody) });
  for (const address of ['203.0.113.5', '203.0.113.6']) await ask(unnamed.port, '/cimi/machines', forwarded(address));
  const warned = unnamed.sink.lines().filter(({ msg }) => String(msg).includes('server.trustProxy'));
  expect(warned).toEqual([expect.objectContaining({ level: 'warn', address: '127.0.0.1' })]);
  expect(unnamed.sink.lines()).toContainEqual(expect.objectContaining({ msg: 'request', address: '127.0.0.1' }));

  const named = await start(() => text(200, '{}'), { authenticate: among(nobody), trustProxy: ['loopback'] });
  await ask(named.port, '/cimi/machines', forwarded('::ffff:203.0.113.5'));
  expect(named.sink.lines()).toContainEqual(expect.objectContaining({ msg: 'request', address: '203.0.113.5' }));
  expect(named.sink.lines().filter(({ msg }) => String(msg).includes('server.trustProxy'))).toEqual([]);
});

test.each([
  [false, 503],
  [true, 507],
])('a store that is away (full: %s) while the login is looked up answers %i with Retry-After', async (full, status) => {
  const away = { ...nobody, principal: () => Promise.reject(new StoreUnavailable(new Error('ECONNREFUSED 10.0.0.7'), full)) };
  const { port } = await start(() => text(200, '{}'), { authenticate: among(away) });
  const answer = await ask(port, '/cimi/machines', { headers: basic('ann') });
  expect([answer.status, answer.headers['retry-after']]).toEqual([status, '2']);
  expect(answer.body).not.toContain('10.0.0.7');
});

test.each(['gzip, chunked', 'chunked, chunked', 'identity'])(
  'RFC 9112 6.1: the transfer coding %j is refused before the body is believed',
  async (coding) => {
    const { port, seen } = await start(() => text(200, '{}'));
    const head = `POST /cimi/machines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nTransfer-Encoding: ${coding}\r\n`;
    const { got } = await wire(port, `${head}Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 (400|501) /);
    expect(seen).toEqual([]);
  },
);
