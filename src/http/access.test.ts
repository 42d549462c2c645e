import { memoryAccess } from '../../test/harness/memory-access';
import { passing, stopClock } from '../../test/harness/wait';
import { StoreUnavailable } from '../store/unavailable';
import { randomBytes } from 'node:crypto';
import type { Role } from '../store/store';
import { type Authentication, type AuthenticatorOptions, createAuthenticator } from './access';
import { assertListenAllowed } from './loopback';
import { type PasswordChecker, createPasswordChecker } from './passwords';
import { AccessError, addToken, addUser, changeUser, listTokens, listUsers, removeUser, revokeToken } from './principals';

/** Counts the verifications that really cost something. */
function counting(): PasswordChecker & { calls: (string | null)[]; most: () => number } {
  const real = createPasswordChecker({ concurrency: 2 });
  const calls: (string | null)[] = [];
  let running = 0;
  let most = 0;
  return {
    calls,
    most: () => most,
    check: async (hash, password) => {
      calls.push(hash);
      most = Math.max(most, ++running);
      try {
        return await real.check(hash, password);
      } finally {
        running -= 1;
      }
    },
  };
}

const basic = (name: string, password: string): string => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

async function setUp(change: Partial<AuthenticatorOptions> = {}) {
  const clock = { now: Date.parse('2026-06-01T00:00:00Z') };
  const access = memoryAccess(clock);
  const passwords = counting();
  await addUser(access, { name: 'ann', tenant: 't1', role: 'operator', password: 'pässword:1' });
  const authenticate = createAuthenticator({ access, hmacKey: randomBytes(32), now: () => clock.now, passwords, ...change });
  const login = async (authorization: string | undefined, address = '192.0.2.1', claimed?: string): Promise<Authentication> =>
    authenticate({ authorization, address, claimed });
  return { access, clock, passwords, login };
}

const ANN = { ok: true, principal: { name: 'ann', tenant: 't1', role: 'operator' } };

describe('Basic', () => {
  test('a password of UTF-8 with a colon is let in, composed or decomposed, whatever the case of the scheme', async () => {
    const { login } = await setUp();
    expect(await login(basic('ann', 'pässword:1'))).toEqual(ANN);
    expect(await login(basic('ann', 'pässword:1').replace('Basic', 'bAsIc'))).toEqual(ANN);
    expect(await login(basic('ann', 'pa\u0308ssword:1'))).toEqual(ANN);
  });

  test.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['another scheme', 'Digest username="ann"'],
    ['a scheme alone', 'Basic'],
    ['no base64', 'Basic ***'],
    ['no colon', `Basic ${Buffer.from('ann').toString('base64')}`],
    ['no name', basic('', 'x')],
    ['Latin-1', `Basic ${Buffer.from('ann:pässword:1', 'latin1').toString('base64')}`],
    ['a wrong password', basic('ann', 'password:1')],
    ['a part of the password', basic('ann', 'pässword')],
    ['an unknown name', basic('bob', 'pässword:1')],
    ['a name of the prototype', basic('__proto__', 'pässword:1')],
  ])('%s is refused with 401', async (_, header) => {
    const { login } = await setUp();
    expect(await login(header)).toMatchObject({ ok: false, status: 401 });
  });

  test('unknown names and names without a password cost a verification too, and are told the same', async () => {
    const { access, login, passwords } = await setUp();
    await addUser(access, { name: 'robot', tenant: 't1', role: 'reader' });
    const answers = [await login(basic('bob', 'xxxxxxxx')), await login(basic('robot', 'xxxxxxxx')), await login(basic('ann', 'xxxxxxxx'))];
    // `tried` and `user` are for throttling and the audit; the rest is what is told.
    expect(new Set(answers.map((answer) => JSON.stringify({ ...answer, tried: '', user: undefined }))).size).toBe(1);
    expect(passwords.calls).toEqual([null, null, expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)]);
  });

  test('a verified password is remembered for a minute and no longer', async () => {
    const { login, clock, passwords } = await setUp();
    await login(basic('ann', 'pässword:1'));
    clock.now += 59_000;
    await login(basic('ann', 'pässword:1'));
    expect(passwords.calls).toHaveLength(1);
    clock.now += 2_000;
    expect(await login(basic('ann', 'pässword:1'))).toEqual(ANN);
    expect(passwords.calls).toHaveLength(2);
  });

  test('a wrong password is not remembered as right, nor the right one of another', async () => {
    const { access, login } = await setUp();
    await addUser(access, { name: 'eve', tenant: 't2', role: 'admin', password: 'eves-own-word' });
    await login(basic('ann', 'pässword:1'));
    expect(await login(basic('eve', 'pässword:1'))).toMatchObject({ status: 401 });
    expect(await login(basic('ann', 'pässword:2'))).toMatchObject({ status: 401 });
  });

  test('a changed password, a changed role and a removal are noticed within seconds', async () => {
    const { access, clock, login } = await setUp();
    await login(basic('ann', 'pässword:1'));
    await changeUser(access, 'ann', { password: 'another-word' });
    expect(await login(basic('ann', 'another-word'))).toEqual(ANN);
    clock.now += 3_000;
    expect(await login(basic('ann', 'pässword:1'))).toMatchObject({ status: 401 });
    const row = await access.principal('ann');
    await access.putPrincipal({ name: 'ann', tenant: 't1', role: 'reader', passwordHash: row?.passwordHash ?? null });
    clock.now += 3_000;
    expect(await login(basic('ann', 'another-word'))).toMatchObject({ ok: true, principal: { role: 'reader' } });
    await removeUser(access, 'ann');
    clock.now += 3_000;
    expect(await login(basic('ann', 'another-word'))).toMatchObject({ status: 401 });
  });

  test('equal logins at once are verified once, different ones a few at a time', async () => {
    const { login, passwords } = await setUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => login(basic('ann', 'pässword:1'))));
    expect(answers).toEqual(answers.map(() => ANN));
    expect(passwords.calls).toHaveLength(1);
  });
});

describe('guessing', () => {
  test('after ten failures a principal is closed to that address only, then opens slowly', async () => {
    const { login, clock, passwords } = await setUp();
    for (let i = 0; i < 10; i++) expect(await login(basic('ann', `wrong-${i}`))).toMatchObject({ status: 401 });
    const refused = await login(basic('ann', 'pässword:1'));
    expect(refused).toMatchObject({ ok: false, status: 429, retryAfterSeconds: 6 });
    expect(passwords.calls).toHaveLength(10);
    expect(await login(basic('ann', 'pässword:1'), '192.0.2.2')).toEqual(ANN);
    clock.now += 6_000;
    expect(await login(basic('ann', 'wrong-again'))).toMatchObject({ status: 401 });
    expect(await login(basic('ann', 'wrong-again'))).toMatchObject({ status: 429 });
  });

  test('guesses at once are no way around it', async () => {
    const { login, passwords } = await setUp();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => login(basic('ann', `wrong-${i}`))));
    expect(answers.filter((answer) => !answer.ok && answer.status === 429)).toHaveLength(20);
    expect(passwords.calls).toHaveLength(10);
  });

  test('one password tried on many names is bounded by the address; an IPv6 network counts as one', async () => {
    const { login } = await setUp({ passwords: { check: () => Promise.resolve(false) } });
    for (let i = 0; i < 100; i++) await login(basic(`user${i}`, 'summer2026'), `2001:db8:1:2::${i.toString(16)}`);
    expect(await login(basic('user101', 'summer2026'), '2001:db8:1:2:ffff::1')).toMatchObject({ status: 429 });
    expect(await login(basic('user101', 'summer2026'), '2001:db8:1:3::1')).toMatchObject({ status: 401 });
  });

  test.each([
    ['IPv4-mapped', '::ffff:192.0.2.1', '192.0.2.1'],
    ['IPv4-mapped in hexadecimal', '::ffff:c000:201', '192.0.2.1'],
    ['IPv4-mapped without compression', '0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['with a port, as some proxies write it', '192.0.2.1:50123', '192.0.2.1'],
    ['IPv6 in brackets with a port', '[2001:db8:1:2::9]:50123', '2001:db8:1:2::1'],
    ['zeros written out', '2001:0DB8:0001:0002:0:0:0:1', '2001:db8:1:2::'],
    ['zeros at another place', '2001:db8:0:0:1::1', '2001:db8::2:0:0:1'],
    ['a zone', 'fe80::1%eth0', 'fe80::1'],
  ])('an address is a number, not a text: %s', async (_, spelt, same) => {
    const { login } = await setUp({ passwords: { check: () => Promise.resolve(false) } });
    for (let i = 0; i < 10; i++) await login(basic('ann', `wrong-${i}`), spelt);
    expect(await login(basic('ann', 'wrong'), same)).toMatchObject({ status: 429 });
  });

  test('a whole /48 is bounded, for one name and for all', async () => {
    const { login } = await setUp({ passwords: { check: () => Promise.resolve(false) } });
    const from = (i: number, name: string) => login(basic(name, 'wrong'), `2001:db8:7:${i.toString(16)}::1`);
    for (let i = 0; i < 30; i++) expect(await from(i, 'ann')).toMatchObject({ status: 401 });
    expect(await from(31, 'ann')).toMatchObject({ status: 429 });
    for (let i = 0; i < 270; i++) await from(i + 100, `user${i}`);
    expect(await from(999, 'other')).toMatchObject({ status: 429 });
    expect(await login(basic('other', 'wrong'), '2001:db8:8::1')).toMatchObject({ status: 401 });
  });

  test('guesses at one name from everywhere become slow, but its owner comes in from where he was before', async () => {
    const { login, clock } = await setUp({ passwords: { check: (_, password) => Promise.resolve(password === 'pässword:1') } });
    const home = '203.0.113.5';
    expect(await login(basic('ann', 'pässword:1'), home)).toEqual(ANN);
    clock.now += 120_000;
    const answers = [];
    for (let i = 0; i < 140; i++) answers.push(await login(basic('ann', `wrong-${i}`), `198.${i}.7.1`));
    expect(answers.filter((answer) => !answer.ok && answer.status === 401)).toHaveLength(100);
    expect(await login(basic('ann', 'pässword:1'), '192.0.2.77')).toMatchObject({ status: 429, retryAfterSeconds: 10 });
    expect(await login(basic('ann', 'pässword:1'), home)).toEqual(ANN);
    clock.now += 120_000;
    expect(await login(basic('ann', 'pässword:1'), home)).toEqual(ANN);
  });

  test('behind a proxy that nobody named, one stranger locks out nobody who came in before', async () => {
    const { login, clock } = await setUp({ passwords: { check: (_, password) => Promise.resolve(password === 'pässword:1') } });
    const proxy = '10.0.0.1';
    expect(await login(basic('ann', 'pässword:1'), proxy, '203.0.113.5')).toEqual(ANN);
    clock.now += 120_000;
    for (let i = 0; i < 300; i++) await login(basic(i % 2 ? 'ann' : `user${i}`, `wrong-${i}`), proxy, `198.51.100.${i % 250}`);
    expect(await login(basic('ann', 'pässword:1'), proxy, '198.51.100.9')).toMatchObject({ status: 429 });
    expect(await login(basic('ann', 'pässword:1'), proxy, '203.0.113.5')).toEqual(ANN);
  });

  test('a place that is known is no way to guess on', async () => {
    const { login, clock } = await setUp();
    await login(basic('ann', 'pässword:1'));
    clock.now += 120_000;
    for (let i = 0; i < 10; i++) expect(await login(basic('ann', `wrong-${i}`))).toMatchObject({ status: 401, tried: 'ann' });
    expect(await login(basic('ann', 'wrong'))).toMatchObject({ status: 429 });
  });

  test('successes do not use attempts up', async () => {
    const { login, clock } = await setUp();
    for (let i = 0; i < 15; i++) {
      expect(await login(basic('ann', 'pässword:1'))).toEqual(ANN);
      clock.now += 61_000;
    }
  });

  test('more waiting logins than can be checked soon are sent away', async () => {
    const { login } = await setUp({ passwords: createPasswordChecker({ concurrency: 1, waiting: 1 }) });
    const answers = await Promise.all([1, 2, 3, 4].map((i) => login(basic(`user${i}`, 'xxxxxxxx'))));
    expect(answers.map((answer) => !answer.ok && answer.status)).toEqual([401, 401, 429, 429]);
  });
});

describe('tokens', () => {
  test('a token is let in until it is revoked or expires; only its hash is stored', async () => {
    const { access, clock, login } = await setUp();
    const { id, token } = await addToken(access, 'ann', { expires: '2098-01-01T00:00:00Z' });
    expect(token).toMatch(/^cimi_[A-Za-z0-9_-]{43}$/);
    expect(access.dump()).not.toContain(token.slice(5));
    expect(await login(`Bearer ${token}`)).toMatchObject(ANN);
    clock.now = Date.parse('2097-12-31T23:59:59Z');
    expect(await login(`Bearer ${token}`)).toMatchObject(ANN);
    clock.now = Date.parse('2098-01-01T00:00:00Z');
    expect(await login(`Bearer ${token}`)).toMatchObject({ status: 401, badToken: true });
    const other = await addToken(access, 'ann');
    expect(await login(`Bearer ${other.token}`)).toMatchObject(ANN);
    await revokeToken(access, other.id);
    clock.now += 3_000;
    expect(await login(`Bearer ${other.token}`)).toMatchObject({ status: 401, badToken: true });
    await expect(revokeToken(access, other.id)).rejects.toThrow(AccessError);
    expect((await listUsers(access))[0]?.tokens.map((each) => each.id)).toEqual([id]);
  });

  test('a clock that is set back keeps nothing that was revoked', async () => {
    stopClock();
    const { access, login } = await setUp({ now: undefined } as object);
    const { id, token } = await addToken(access, 'ann');
    expect(await login(`Bearer ${token}`)).toMatchObject(ANN);
    await revokeToken(access, id);
    jest.setSystemTime(Date.now() - 3_600_000);
    await passing(3_000);
    expect(await login(`Bearer ${token}`)).toMatchObject({ status: 401, badToken: true });
    jest.useRealTimers();
  });

  test('a principal taken away takes its tokens along; strangers and hashes are refused', async () => {
    const { access, clock, login } = await setUp();
    const { token } = await addToken(access, 'ann');
    const stored = (await access.tokens('ann'))[0]?.hash ?? '';
    for (const wrong of ['', 'x', stored, `${token}x`, `cimi_${'A'.repeat(43)}`]) {
      expect(await login(`Bearer ${wrong}`)).toMatchObject({ status: 401 });
    }
    expect(await login(`Bearer ${token}`)).toMatchObject(ANN);
    await removeUser(access, 'ann');
    clock.now += 3_000;
    expect(await login(`Bearer ${token}`)).toMatchObject({ status: 401 });
  });

  test('a token has its name, and its role at most: never more than its owner has by now', async () => {
    const { access, clock, login } = await setUp();
    const { token } = await addToken(access, 'ann', { name: 'ci', role: 'reader' });
    const reader = (userRole: Role) => ({ ok: true, principal: { name: 'ann', tenant: 't1', role: 'reader', userRole, token: 'ci' } });
    expect(await login(`Bearer ${token}`)).toEqual(reader('operator'));
    const { token: full, id } = await addToken(access, 'ann');
    expect(await login(`Bearer ${full}`)).toMatchObject({ principal: { role: 'operator', token: id } });
    await changeUser(access, 'ann', { role: 'admin' });
    clock.now += 3_000;
    expect(await login(`Bearer ${token}`)).toEqual(reader('admin'));
    expect(await login(`Bearer ${full}`)).toMatchObject({ principal: { role: 'admin' } });
    await addToken(access, 'ann', { name: 'high', role: 'admin' });
    await changeUser(access, 'ann', { role: 'reader' });
    clock.now += 3_000;
    expect(await login(`Bearer ${full}`)).toMatchObject({ principal: { role: 'reader' } });
    await expect(addToken(access, 'ann', { role: 'operator' })).rejects.toThrow('ann is reader: a token can not be operator');
    await expect(addToken(access, 'ann', { name: 'ci' })).rejects.toThrow('ann has a token ci already');
    await expect(addToken(access, 'ann', { name: 'a\nb' })).rejects.toThrow(/not a valid name of a token/);
  });

  test('a revoked token and a changed role are noticed in another process within two seconds', async () => {
    const { access, clock, login } = await setUp();
    const other = createAuthenticator({ access, hmacKey: randomBytes(32), now: () => clock.now });
    const { id, token } = await addToken(access, 'ann');
    const both = async () => [await login(`Bearer ${token}`), await other({ authorization: `Bearer ${token}`, address: '192.0.2.1' })];
    expect(await both()).toMatchObject([ANN, ANN]);
    await changeUser(access, 'ann', { role: 'reader' });
    clock.now += 2_000;
    expect(await both()).toMatchObject([{ principal: { role: 'reader' } }, { principal: { role: 'reader' } }]);
    await revokeToken(access, id);
    clock.now += 2_000;
    expect(await both()).toMatchObject([{ status: 401 }, { status: 401 }]);
  });

  test('its last use is written down once a minute at most, whoever asks how often', async () => {
    const { access, clock, login } = await setUp();
    const { id, token } = await addToken(access, 'ann', { name: 'ci' });
    expect(await listTokens(access, 'ann')).toMatchObject([{ id, name: 'ci', role: null, used: null }]);
    for (let second = 0; second < 60; second += 1) {
      await login(`Bearer ${token}`);
      clock.now += 1_000;
    }
    expect(access.uses).toEqual([id]);
    await login(`Bearer ${token}`);
    expect(access.uses).toEqual([id, id]);
    expect((await listTokens(access, 'ann'))[0]?.used).toBe('2026-06-01T00:01:00.000Z');
    await expect(listTokens(access, 'bob')).rejects.toThrow('there is no user bob');
  });

  test('it is good though its use can not be noted, where the store takes no writes now', async () => {
    const { access, login } = await setUp();
    const { token } = await addToken(access, 'ann');
    access.useToken = () => Promise.reject(new StoreUnavailable(new Error('the disk is full'), true));
    expect(await login(`Bearer ${token}`)).toMatchObject({ ok: true });
    const other = await addToken(access, 'ann');
    access.useToken = () => Promise.reject(new Error('a fault'));
    await expect(login(`Bearer ${other.token}`)).rejects.toThrow('a fault');
  });

  test('one that is refused is not in use', async () => {
    const { access, clock, login } = await setUp();
    const { token } = await addToken(access, 'ann', { expires: '2098-01-01T00:00:00Z' });
    clock.now = Date.parse('2098-01-01T00:00:00Z');
    await login(`Bearer ${token}`);
    expect(access.uses).toEqual([]);
  });
});

describe('without users', () => {
  const anonymous = { name: 'local', tenant: 'default', role: 'admin' as const };

  test('everyone here is that principal, credentials or not', async () => {
    const { login } = await setUp({ anonymous });
    expect(await login(undefined)).toEqual({ ok: true, principal: anonymous });
    expect(await login(basic('ann', 'whatever'))).toEqual({ ok: true, principal: anonymous });
  });

  test.each([
    ['127.0.0.1:8080', undefined, true],
    ['localhost:8080', 'http://localhost:8080', true],
    ['[::1]:8080', undefined, true],
    ['gateway.example.org', undefined, true],
    ['evil.example', undefined, false],
    ['127.0.0.1.evil.example', undefined, false],
    ['127.0.0.1:8080', 'https://evil.example', false],
    ['127.0.0.1:8080', 'null', false],
  ])('Host %s with Origin %s: %s', async (host, origin, ok) => {
    const authenticate = createAuthenticator({
      access: memoryAccess({ now: 0 }),
      hmacKey: randomBytes(32),
      anonymous,
      anonymousHosts: ['gateway.example.org'],
    });
    expect((await authenticate({ authorization: undefined, address: '127.0.0.1', host, origin })).ok).toBe(ok);
  });

  test('nobody but this machine may connect', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1']) {
      expect(() => assertListenAllowed({ host, usersConfigured: false })).not.toThrow();
    }
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org', '', '127.evil.example']) {
      expect(() => assertListenAllowed({ host, usersConfigured: false })).toThrow(/no users/);
      expect(() => assertListenAllowed({ host, usersConfigured: true })).not.toThrow();
    }
  });
});
