import type { FailedLogin } from '../protocol/audited';
import type { AuthRequest, Authentication } from './access';
import { createLoginAudit } from './login-audit';

const wrong: Authentication = { ok: false, status: 401, message: 'the name or the password is wrong', tried: 'ann' };
const from = (address: string, more: Partial<AuthRequest> = {}): AuthRequest => ({
  ...{ authorization: 'Basic x', address, asked: { method: 'GET', path: 'machines', requestId: 'r-1' } },
  ...more,
});

function scene(answer: Authentication = wrong, fails = false) {
  const entries: FailedLogin[] = [];
  const errors: string[] = [];
  const clock = { now: Date.parse('2026-06-01T00:00:00Z') };
  const record = (login: FailedLogin): Promise<void> => {
    if (fails) return Promise.reject(new Error('the store is away'));
    entries.push(login);
    return Promise.resolve();
  };
  const log = { error: (_fields: object, message: string) => void errors.push(message) };
  const audit = createLoginAudit(() => Promise.resolve(answer), { record, log, now: () => clock.now });
  return { ...audit, entries, errors, clock };
}

test('a failed login is recorded before it is refused, with where it came from and what it asked for', async () => {
  const { watched, entries } = scene({ ...wrong, user: { name: 'ann', tenant: 'acme' } });
  expect(await watched(from('::ffff:192.0.2.7'))).toMatchObject({ ok: false, status: 401 });
  expect(entries).toEqual([
    {
      ...{ user: { name: 'ann', tenant: 'acme' }, address: '192.0.2.7', method: 'GET', path: 'machines', requestId: 'r-1' },
      ...{ status: 401, reason: 'the name or the password is wrong' },
    },
  ]);
});

test('who gets in, and who is only asked for a login, is no failed one; who may not come at all is', async () => {
  const welcome = scene({ ok: true, principal: { name: 'ann', tenant: 'acme', role: 'reader' } });
  await welcome.watched(from('192.0.2.7'));
  const asked = scene({ ok: false, status: 401, message: 'authentication is required' });
  await asked.watched(from('192.0.2.7', { authorization: undefined }));
  const rebound = scene({ ok: false, status: 403, message: 'not to evil.example' });
  await rebound.watched(from('127.0.0.1', { authorization: undefined }));
  expect([welcome.entries, asked.entries, rebound.entries.length]).toEqual([[], [], 1]);
});

test('a flood from one place is cut to ten entries and a sum; other places are recorded beside it', async () => {
  const { watched, entries, close } = scene();
  for (let n = 0; n < 500; n++) await watched(from('192.0.2.7'));
  await watched(from('198.51.100.1'));
  expect(entries.map(({ address }) => address)).toEqual([...Array<string>(10).fill('192.0.2.7'), '198.51.100.1']);
  await close();
  expect(entries.at(-1)).toEqual({
    reason: '490 more failed logins since 2026-06-01T00:00:00.000Z, too many to be recorded one by one',
  });
  await close();
  expect(entries).toHaveLength(12);
});

test('a flood from everywhere is cut too: 200 entries at once, then ten a minute', async () => {
  const { watched, entries, clock } = scene();
  const flood = async () => {
    for (let n = 0; n < 1_000; n++) await watched(from(`10.${n >> 8}.${n & 255}.1`));
  };
  await flood();
  expect(entries).toHaveLength(200);
  clock.now += 60_000;
  await flood();
  expect(entries).toHaveLength(210);
});

test('what can not be recorded is refused all the same, and the log says so', async () => {
  const { watched, errors } = scene(wrong, true);
  expect(await watched(from('192.0.2.7'))).toMatchObject({ status: 401 });
  expect(errors).toEqual(['a failed login could not be recorded']);
});
