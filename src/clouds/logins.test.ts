import { ProviderError } from './errors';
import { LoginGate, LoginRefusals } from './logins';

const refusal = () => new ProviderError('auth', 'wrong password', { code: 'InvalidLogin' });
const patient = () => new AbortController().signal;

/** A clock that only the test moves, and a login whose answer the test chooses; `logins` is when each was sent, ms. */
function scene() {
  const at = { now: 0 };
  const logins: number[] = [];
  const next: { answer: () => Promise<string> } = { answer: () => Promise.reject(refusal()) };
  const login = () => {
    logins.push(at.now);
    return next.answer();
  };
  return { at, logins, next, login, gate: new LoginGate('vCenter', login, { now: () => at.now }) };
}

describe('a refused login', () => {
  test('is sent three times in three minutes however often it is needed, and then every quarter of an hour', async () => {
    const { at, logins, gate } = scene();
    for (at.now = 0; at.now < 3_600_000; at.now += 1000) {
      await expect(gate.enter(patient())).rejects.toMatchObject({ kind: 'auth', code: 'InvalidLogin', maybeDone: false });
    }
    expect(logins).toEqual([0, 10_000, 50_000, 210_000, 850_000, 1_750_000, 2_650_000, 3_550_000]);
  });

  test('is told with its words, and when it is tried next', async () => {
    const { at, gate } = scene();
    await expect(gate.enter(patient())).rejects.toThrow(/^wrong password$/);
    at.now = 4000;
    await expect(gate.enter(patient())).rejects.toThrow(/^wrong password .*not sent again for 6 s/);
    at.now = 9999;
    await expect(gate.enter(patient())).rejects.toThrow(/not sent again for 1 s/);
  });

  test('is forgotten by a success: the next pause is the first again', async () => {
    const { at, logins, next, gate } = scene();
    await expect(gate.enter(patient())).rejects.toThrow();
    at.now = 10_000;
    await expect(gate.enter(patient())).rejects.toThrow();
    at.now = 50_000;
    next.answer = () => Promise.resolve('session');
    await expect(gate.enter(patient())).resolves.toBe('session');
    next.answer = () => Promise.reject(refusal());
    await expect(gate.enter(patient())).rejects.toThrow();
    at.now = 60_000;
    await expect(gate.enter(patient())).rejects.toThrow();
    expect(logins).toEqual([0, 10_000, 50_000, 50_000, 60_000]);
  });

  test.each([
    ['a gateway in front answers 401', new ProviderError('auth', 'HTTP 401')],
    ['nobody answers', new ProviderError('unavailable', 'down', { code: 'ECONNREFUSED' })],
    ['the answer is lost', new ProviderError('timeout', 'late')],
    ['an account lacks a permission', new ProviderError('forbidden', 'no', { code: 'NoPermission' })],
    ['a driver fails', new TypeError('undefined')],
  ])('is none where %s: the next call tries at once', async (_, error) => {
    const { logins, next, gate } = scene();
    next.answer = () => Promise.reject(error);
    await expect(gate.enter(patient())).rejects.toBe(error);
    await expect(gate.enter(patient())).rejects.toBe(error);
    expect(logins).toHaveLength(2);
  });

  test('of other credentials is another one', async () => {
    const { login, gate, logins } = scene();
    await expect(gate.enter(patient())).rejects.toThrow();
    await expect(new LoginGate('vCenter', login).enter(patient())).rejects.toThrow(/^wrong password$/);
    expect(logins).toHaveLength(2);
  });
});

describe('a login', () => {
  test('is one for all that wait, and one of them may stop waiting', async () => {
    const { logins, next, gate } = scene();
    let done: (session: string) => void = () => undefined;
    next.answer = () => new Promise((resolve) => (done = resolve));
    const hurried = new AbortController();
    const [first, second, third] = [gate.enter(hurried.signal), gate.enter(patient()), gate.enter(patient())];
    hurried.abort();
    await expect(first).rejects.toMatchObject({ kind: 'timeout', message: 'vCenter did not answer in time', maybeDone: false });
    done('session');
    await expect(Promise.all([second, third])).resolves.toEqual(['session', 'session']);
    expect(logins).toHaveLength(1);
  });
});

describe('requests that carry the login themselves', () => {
  const clocked = () => {
    const at = { now: 0 };
    return { at, refusals: new LoginRefusals({ now: () => at.now, carried: true }) };
  };
  const well = () => Promise.resolve('well');
  const wrong = () => Promise.reject(refusal());

  test('are sent four times in a minute', async () => {
    const { at, refusals } = clocked();
    const sent: number[] = [];
    for (at.now = 0; at.now < 60_000; at.now += 500) {
      const tried = refusals.pass(() => {
        sent.push(at.now);
        return wrong();
      });
      await expect(tried).rejects.toMatchObject({ kind: 'auth' });
    }
    expect(sent).toEqual([0, 1000, 5000, 21_000]);
  });

  test('that are refused together count once', async () => {
    const { at, refusals } = clocked();
    const sent = await Promise.allSettled([1, 2, 3].map(() => refusals.pass(wrong)));
    expect(sent.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(refusals.refused).toBe(true);
    at.now = 1000;
    await expect(refusals.pass(well)).resolves.toBe('well');
    expect(refusals.refused).toBe(false);
  });

  test('after a success are refused twice before that counts', async () => {
    const { refusals } = clocked();
    await refusals.pass(well);
    await expect(refusals.pass(wrong)).rejects.toThrow();
    expect(refusals.refused).toBe(false);
    await expect(refusals.pass(well)).resolves.toBe('well');
    await expect(refusals.pass(wrong)).rejects.toThrow();
    await expect(refusals.pass(wrong)).rejects.toThrow();
    expect(refusals.refused).toBe(true);
    await expect(refusals.pass(well)).rejects.toMatchObject({ kind: 'auth' });
  });

  test('after the pause one tries, and the others hear the refusal meanwhile', async () => {
    const { at, refusals } = clocked();
    await expect(refusals.pass(wrong)).rejects.toThrow();
    at.now = 1000;
    let done: (answer: string) => void = () => undefined;
    const trial = refusals.pass(() => new Promise<string>((resolve) => (done = resolve)));
    await expect(refusals.pass(well)).rejects.toMatchObject({ kind: 'auth' });
    done('well');
    await expect(trial).resolves.toBe('well');
    await expect(refusals.pass(well)).resolves.toBe('well');
  });

  test('an old success does not forget a refusal that came after it was sent', async () => {
    const { refusals } = clocked();
    let done: (answer: string) => void = () => undefined;
    const early = refusals.pass(() => new Promise<string>((resolve) => (done = resolve)));
    await expect(refusals.pass(wrong)).rejects.toThrow();
    done('well');
    await early;
    expect(refusals.refused).toBe(true);
  });
});
