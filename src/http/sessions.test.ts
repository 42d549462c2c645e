import { passing, stopClock } from '../../test/harness/wait';
import type { AccessStore, PrincipalRow, SessionRow, TokenRow } from '../store/store';
import type { AuthRequest } from './access';
import type { JWTPayload } from 'jose';
import type { Issuer } from './oidc';
import { createSessions } from './sessions';
import { hashToken } from './tokens';

const TOKEN = `cimi_${'t'.repeat(43)}`;

/** Sessions of one user on a clock that is moved by hand. */
function scene(publicUrl = 'https://cloud.example.com', ofMachine = false) {
  const clock = { now: Date.parse('2030-01-01T00:00:00Z') };
  const stamp = () => new Date(clock.now).toISOString();
  const user: PrincipalRow = { name: 'ann', tenant: 't', role: 'reader', passwordHash: 'h1', created: '' };
  const token = {
    id: 't1',
    principal: 'ann',
    hash: hashToken(TOKEN),
    created: '',
    expires: null,
    name: null,
    role: null,
    used: null,
    scope: null,
  };
  const tokens: TokenRow[] = [token];
  const rows = new Map<string, SessionRow>();
  const access: AccessStore = {
    principal: (name) => Promise.resolve(name === user.name ? { ...user } : undefined),
    principals: () => Promise.resolve([user]),
    putPrincipal: () => Promise.resolve(true),
    removePrincipal: () => Promise.resolve(false),
    tokenByHash: (hash) => Promise.resolve(tokens.find((token) => token.hash === hash)),
    tokens: () => Promise.resolve([...tokens]),
    addToken: () => Promise.resolve(true),
    useToken: () => Promise.resolve(),
    removeToken: () => Promise.resolve(false),
    sessionByHash: (hash) => Promise.resolve(rows.get(hash)),
    addSession: ({ hash, principal, proof }) => {
      rows.set(hash, { hash, principal, proof, created: stamp(), used: stamp() });
      return Promise.resolve();
    },
    useSession: (hash) => {
      const row = rows.get(hash);
      if (row) rows.set(hash, { ...row, used: stamp() });
      return Promise.resolve();
    },
    removeSession: (hash) => Promise.resolve(rows.delete(hash)),
  };
  const hour = 3_600_000;
  const issuer = { key: 'corp', settings: { console: { longestMinutes: 60 } } } as Issuer;
  const issuers = [issuer];
  const grants: { role: 'reader' | 'admin' | undefined } = { role: 'admin' };
  const oidc = {
    issuers: () => issuers,
    principal: (key: string, { sub }: JWTPayload) =>
      grants.role && issuers.some((one) => one.key === key) ? { name: `${key}:${sub}`, tenant: 't', role: grants.role } : undefined,
  };
  const sessions = createSessions({
    access,
    publicUrl,
    idleMs: 8 * hour,
    longestMs: 24 * hour,
    oidc,
    ...(!ofMachine && { now: () => clock.now }),
  });
  const inside = sessions.watched(() => Promise.resolve({ ok: false, status: 401, message: 'no session' }));
  const page = { console: true, changes: false, site: 'same-origin' };
  const asked = (cookie: string | undefined, more: object = {}): AuthRequest => ({
    ...{ authorization: undefined, address: '127.0.0.1', host: 'cloud.example.com' },
    page: { ...page, cookie: cookie?.split(';')[0], ...more },
  });
  const begun = async (credentials: Parameters<typeof sessions.begin>[1] = { user: 'ann', password: 'x' }) =>
    (await sessions.begin('ann', credentials)) ?? '';
  const pass = (hours: number) => (clock.now += hours * hour);
  return { sessions, inside, asked, begun, pass, clock, user, tokens, rows, issuers, grants };
}

test('a session lets its user in; the store has the hash of its secret alone', async () => {
  const { inside, asked, begun, rows } = scene();
  const cookie = await begun();
  expect(cookie).toMatch(/^__Host-cimi=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  expect(await inside(asked(cookie))).toEqual({ ok: true, principal: { name: 'ann', tenant: 't', role: 'reader' } });
  expect(JSON.stringify([...rows])).not.toContain(cookie.slice(12, 40));
  expect(await inside(asked('__Host-cimi=other'))).toMatchObject({ ok: false, status: 401 });
});

test('it ends after eight hours without use, and after a day of use', async () => {
  const { inside, asked, begun, pass } = scene();
  const idle = await begun();
  const used = await begun();
  for (let hours = 0; hours < 24; hours += 6) {
    expect(await inside(asked(used))).toMatchObject({ ok: true });
    pass(6);
  }
  expect(await inside(asked(idle))).toMatchObject({ ok: false, message: 'the session is over: log in again' });
  pass(0.1);
  expect(await inside(asked(used))).toMatchObject({ ok: false });
});

test('it ends within two seconds when the password changes, and when the token goes that began it', async () => {
  const { inside, asked, begun, clock, user, tokens } = scene();
  const [byPassword, byToken] = [await begun(), await begun({ token: TOKEN })];
  expect([await inside(asked(byPassword)), await inside(asked(byToken))]).toMatchObject([{ ok: true }, { ok: true }]);
  user.passwordHash = 'h2';
  clock.now += 2_001;
  expect([await inside(asked(byPassword)), await inside(asked(byToken))]).toMatchObject([{ ok: false }, { ok: true }]);
  tokens.length = 0;
  clock.now += 2_001;
  expect(await inside(asked(byToken))).toMatchObject({ ok: false });
});

test('it ends so, too, where the machine’s clock is set back', async () => {
  stopClock();
  const { inside, asked, begun, clock, user } = scene(undefined, true);
  clock.now = Date.now();
  const cookie = await begun();
  expect(await inside(asked(cookie))).toMatchObject({ ok: true });
  user.passwordHash = 'h2';
  jest.setSystemTime(Date.now() - 3_600_000);
  await passing(2_001);
  expect(await inside(asked(cookie))).toMatchObject({ ok: false });
  jest.useRealTimers();
});

test('a session of an issuer’s user needs no row; it follows the grants, and ends with its hour, its issuer and another name', async () => {
  const { sessions, inside, asked, pass, clock, issuers, grants } = scene();
  const begin = async (name: string, sub: string) => asked(await sessions.begin(name, { issuer: 'corp', claims: { sub } }));
  const bob = await begin('corp:bob', 'bob');
  expect(await inside(bob)).toEqual({ ok: true, principal: { name: 'corp:bob', tenant: 't', role: 'admin' } });
  expect(await inside(await begin('corp:bob', 'eve'))).toMatchObject({ ok: false, status: 401 });
  const change = async (to: 'reader' | undefined) => {
    grants.role = to;
    clock.now += 2_001;
    return inside(bob);
  };
  expect(await change('reader')).toMatchObject({ principal: { role: 'reader' } });
  expect(await change(undefined)).toMatchObject({ ok: false, status: 401 });
  expect(await change('reader')).toMatchObject({ ok: true });
  pass(1);
  expect(await inside(bob)).toMatchObject({ ok: false, message: 'the session is over: log in again' });
  const later = await begin('corp:bob', 'bob');
  expect(await inside(later)).toMatchObject({ ok: true });
  issuers.length = 0;
  clock.now += 2_001;
  expect(await inside(later)).toMatchObject({ ok: false, status: 401 });
});

test('a session that a token began may no more than the token', async () => {
  const { inside, asked, begun, user, tokens } = scene();
  user.role = 'admin';
  tokens.splice(0, 1, { ...(tokens[0] as TokenRow), name: 'look', role: 'reader' });
  expect(await inside(asked(await begun({ token: TOKEN })))).toMatchObject({ principal: { name: 'ann', role: 'reader', token: 'look' } });
  expect(await inside(asked(await begun()))).toEqual({ ok: true, principal: { name: 'ann', tenant: 't', role: 'admin' } });
});

test.each([
  ['without the header', { console: false }],
  ['from another site', { site: 'cross-site' }],
  ['from a sister site', { site: 'same-site' }],
  ['a change without an origin', { changes: true }],
])('the cookie does not count %s', async (_, more) => {
  const { inside, asked, begun } = scene();
  expect(await inside(asked(await begun(), more))).toMatchObject({ ok: false, status: 401 });
});

test('the origin has to be the gateway’s own; on one machine its names are one', () => {
  const verdicts = (publicUrl: string, origins: readonly string[]) => {
    const { sessions, asked } = scene(publicUrl);
    return origins.map((origin) => sessions.foreign({ ...asked('x', { changes: true }), origin }) === undefined);
  };
  expect(
    verdicts('https://cloud.example.com/below', [
      'https://cloud.example.com',
      'http://cloud.example.com',
      'https://cloud.example.com:8443',
      'https://evil.example',
      'null',
      '',
    ]),
  ).toEqual([true, false, false, false, false, false]);
  expect(verdicts('http://127.0.0.1:8080', ['http://localhost:8080', 'http://localhost:9090', 'http://cloud.test:8080'])).toEqual([
    true,
    false,
    false,
  ]);
});

test('over plain HTTP there are sessions on this machine only', () => {
  expect(scene('http://127.0.0.1:8080').sessions.impossible).toBeUndefined();
  expect(scene('http://cloud.example.com').sessions.impossible).toContain('https');
});

test('a login of its own wins over the session', async () => {
  const { inside, asked, begun } = scene();
  expect(await inside({ ...asked(await begun()), authorization: 'Bearer x' })).toMatchObject({ ok: false, message: 'no session' });
});
