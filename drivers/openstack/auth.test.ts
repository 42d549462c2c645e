import { ProviderError } from '../../src/clouds/errors';
import { Keystone, loginBody, type SendLogin } from './auth';
import { openstackOptions } from './options';

const options = (more: object) => openstackOptions.parse({ authUrl: 'http://k/v3', ...more });
const ANN = { username: 'ann', password: 'geheim' };

describe('what logs in', () => {
  test('password, with its domains and a project', () => {
    expect(loginBody(options({ ...ANN, userDomainName: 'People', projectName: 'web' }))).toEqual({
      auth: {
        identity: { methods: ['password'], password: { user: { name: 'ann', domain: { name: 'People' }, password: 'geheim' } } },
        scope: { project: { name: 'web', domain: { name: 'People' } } },
      },
    });
    expect(loginBody(options({ userId: 'u1', password: 'x', projectId: 'p1' }))).toEqual({
      auth: { identity: { methods: ['password'], password: { user: { id: 'u1', password: 'x' } } }, scope: { project: { id: 'p1' } } },
    });
  });

  test('a domain as scope; a token; an application credential by name', () => {
    expect(loginBody(options({ ...ANN, domainId: 'd1' }))).toMatchObject({ auth: { scope: { domain: { id: 'd1' } } } });
    expect(loginBody(options({ token: 't', projectId: 'p1' }))).toEqual({
      auth: { identity: { methods: ['token'], token: { id: 't' } }, scope: { project: { id: 'p1' } } },
    });
    const named = { applicationCredentialName: 'robot', applicationCredentialSecret: 's', username: 'ann', projectId: 'p1' };
    expect(loginBody(options(named))).toEqual({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { name: 'robot', secret: 's', user: { name: 'ann', domain: { id: 'default' } } },
        },
      },
    });
  });

  test('a trust as scope', () => {
    expect(loginBody(options({ ...ANN, trustId: 't1' }))).toMatchObject({ auth: { scope: { 'OS-TRUST:trust': { id: 't1' } } } });
  });

  test('options that contradict each other are refused with their names', () => {
    const wrong = (more: object) =>
      openstackOptions.safeParse({ authUrl: 'http://k/v3', ...more }).error?.issues.map(({ path }) => path.join('.'));
    expect(wrong({ ...ANN, userId: 'u' })).toEqual(['username']);
    expect(wrong({ ...ANN, projectId: 'p', projectName: 'n' })).toEqual(['projectName']);
    expect(wrong({ ...ANN, projectId: 'p', domainId: 'd' })).toEqual(['domainId']);
    expect(wrong({ ...ANN, applicationCredentialId: 'a', applicationCredentialSecret: 's' })).toEqual(['applicationCredentialSecret']);
    expect(wrong({ ...ANN, verify: false, cacert: '/x' })).toEqual(['cacert']);
    expect(wrong({ ...ANN, projectId: 'p', projectDomainId: 'd' })).toBeUndefined();
  });

  test('nothing complete is refused in words', () => {
    expect(() => loginBody(options({ username: 'ann' }))).toThrow(/No way to log in/);
  });
});

describe('a login', () => {
  const signal = () => new AbortController().signal;
  const answer = (lastsMs: number, n: number) => ({
    token: `token-${n}`,
    body: { token: { expires_at: new Date(Date.now() + lastsMs).toISOString(), user: { id: 'u', name: 'ann' }, catalog: [] } },
  });
  const keystone = (lastsMs: number) => {
    let logins = 0;
    const send: SendLogin = () => {
      logins += 1;
      return Promise.resolve(answer(lastsMs, logins));
    };
    return { subject: new Keystone(options(ANN), send), logins: () => logins };
  };

  test('is made once for many callers and kept', async () => {
    const { subject, logins } = keystone(3_600_000);
    const sessions = await Promise.all([1, 2, 3].map(() => subject.current(signal())));
    expect(new Set(sessions.map(({ token }) => token))).toEqual(new Set(['token-1']));
    await subject.current(signal());
    expect(logins()).toBe(1);
  });

  test('is renewed before it ends, and when its token was refused', async () => {
    const short = keystone(30_000);
    await short.subject.current(signal());
    await short.subject.current(signal());
    expect(short.logins()).toBe(2);
    const { subject, logins } = keystone(3_600_000);
    const { token } = await subject.current(signal());
    subject.forget('an older one');
    expect((await subject.current(signal())).token).toBe(token);
    subject.forget(token);
    expect((await subject.current(signal())).token).toBe('token-2');
    expect(logins()).toBe(2);
    expect((await subject.current(signal(), 7_200_000)).token).toBe('token-3');
  });

  test('that is refused is not tried again at once: accounts get locked', async () => {
    let logins = 0;
    const subject = new Keystone(options(ANN), () => {
      logins += 1;
      return Promise.reject(new ProviderError('auth', 'no', { code: '401 error' }));
    });
    await expect(subject.current(signal())).rejects.toMatchObject({ kind: 'auth' });
    await expect(subject.current(signal())).rejects.toMatchObject({ kind: 'auth' });
    expect(logins).toBe(1);
  });

  test('is given up by one caller without being taken from the others', async () => {
    let done: (value: ReturnType<typeof answer>) => void = () => undefined;
    const subject = new Keystone(options(ANN), () => new Promise((resolve) => (done = resolve)));
    const controller = new AbortController();
    const [first, second] = [subject.current(controller.signal), subject.current(signal())];
    controller.abort();
    await expect(first).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
    done(answer(3_600_000, 1));
    expect((await second).token).toBe('token-1');
  });

  test('keeps its secrets out of words', async () => {
    const { subject } = keystone(3_600_000);
    await subject.current(signal());
    expect(subject.redact('password geheim, token token-1, rest')).toBe('password …, token …, rest');
    expect(subject.redact('Geheimnis: ungeheimlich, "geheim"')).toBe('Geheimnis: ungeheimlich, "…"');
    const short = new Keystone(options({ username: 'ann', password: 'a' }), () => Promise.reject(new ProviderError('auth', 'no')));
    expect(short.redact('a user may not: "a"')).toBe('a user may not: "…"');
  });
});
