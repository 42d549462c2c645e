import { noted, undone, workflow } from '../../test/jobs/harness';
import { runnerScene } from '../../test/jobs/runner-scene';
import { Gone, ProviderError, type FailureKind } from '../clouds/errors';
import { StaleError } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';
import { backoffMs } from './retry-policy';
import { LeftUnderWay, StepFailure, type StepContext, type StepOutcome } from './workflow';

test('backoff doubles with jitter up to half a minute and honours what the provider asks', () => {
  const pauses = [0, 1, 2, 3, 20].map((failures) => backoffMs(failures, undefined, () => 0.999));
  expect(pauses).toEqual([500, 1000, 1999, 3998, 29985]);
  expect(backoffMs(0, undefined, () => 0)).toBe(250);
  expect(backoffMs(0, 9_000, () => 0)).toBe(9_000);
  expect(backoffMs(0, 9_000, () => 0.5)).toBe(9_125);
  expect(backoffMs(20, 1, () => 0)).toBe(15_000);
});

const scene = runnerScene();

/** Fails with each of these in turn, then is done. */
function failing(errors: unknown[], contexts: StepContext[] = []) {
  return noted([], 'one', (context): StepOutcome => {
    contexts.push(context);
    if (errors.length > 0) throw errors.shift();
    return { done: null };
  });
}

describe('a passing failure', () => {
  test('is tried again no sooner than the provider asks, and says so meanwhile', async () => {
    const contexts: StepContext[] = [];
    const throttled = new ProviderError('throttled', 'Rate exceeded', { retryAfterMs: 9_000, code: 'Throttling', requestId: 'r-1' });
    const id = await scene.accept(workflow('throttled', [failing([throttled], contexts)]));
    expect(await scene.work(id)).toMatchObject({
      ...{ state: 'RUNNING', step: 'one', attempts: 0, due: scene.now() + 9_000, leaseOwner: null },
      memory: { own: null, trouble: { since: scene.now(), count: 1 } },
      statusMessage:
        'doing one: the cloud asks to be called less often: Rate exceeded (Throttling, request id r-1); tried again at 2026-01-01T00:00:09.000Z',
    });
    expect(scene.notified).toEqual([[id, 9_005]]);
    expect(await scene.workWhenDue(id)).toMatchObject({ state: 'SUCCESS' });
    expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(contexts[1]).not.toHaveProperty('unanswered');
  });

  test.each<[FailureKind, string]>([
    ['throttled', 'the cloud asks to be called less often'],
    ['unavailable', 'the cloud is not available'],
    ['timeout', 'the cloud did not answer in time'],
  ])('of the kind %s reads "%s"', async (kind, reason) => {
    const id = await scene.accept(workflow('reasons', [failing([new ProviderError(kind, 'why')])]));
    expect((await scene.work(id))?.statusMessage).toBe(`doing one: ${reason}: why; tried again at 2026-01-01T00:00:00.250Z`);
  });

  test('that may have taken effect stays counted, as an attempt of unknown outcome', async () => {
    const contexts: StepContext[] = [];
    const lost = () => new ProviderError('timeout', 'no answer');
    const id = await scene.accept(workflow('maybe', [failing([lost(), lost()], contexts)]));
    const since = scene.now();
    expect(await scene.work(id)).toMatchObject({ attempts: 1, memory: { unanswered: { since, count: 1 } } });
    expect(await scene.workWhenDue(id)).toMatchObject({ attempts: 2, memory: { unanswered: { since, count: 2 } } });
    await scene.workWhenDue(id);
    expect(contexts.map(({ attempt, unanswered }) => [attempt, unanswered])).toEqual([
      [1, undefined],
      [2, { count: 1, spent: false }],
      [3, { count: 2, spent: false }],
    ]);
  });

  test('is given up where the provider asks for more time than there is patience', async () => {
    const diary: string[] = [];
    const asks = (retryAfterMs: number) => () => Promise.reject(new ProviderError('throttled', 'wait', { retryAfterMs }));
    const patient = await scene.accept(workflow('patient', [noted(diary, 'one', asks(5_000))], { patienceMs: 5_000 }));
    expect(await scene.work(patient)).toMatchObject({ state: 'RUNNING' });
    const impatient = await scene.accept(workflow('impatient', [noted(diary, 'one', asks(5_001))], { patienceMs: 5_000 }));
    expect(await scene.work(impatient)).toMatchObject({
      state: 'FAILED',
      returnCode: 10006,
      statusMessage: 'doing one: given up after 0 s: wait',
    });
    const asUsual = await scene.accept(workflow('as-usual', [noted(diary, 'one', asks(600_001))]));
    expect(await scene.work(asUsual)).toMatchObject({ state: 'FAILED' });
  });

  test('is given up after the patience, counted from the first in a row', async () => {
    const away = () => new ProviderError('unavailable', 'away', { retryAfterMs: 2_000 });
    const id = await scene.accept(workflow('given-up', [failing([away(), away(), away()])], { patienceMs: 5_999 }));
    await scene.work(id);
    await scene.workWhenDue(id);
    expect(await scene.workWhenDue(id)).toMatchObject({ state: 'FAILED', statusMessage: 'doing one: given up after 4 s: away' });
  });

  test('of a transaction is none: what it refused was done already', async () => {
    const diary: string[] = [];
    const apply = async () => Promise.reject(new ProviderError('unavailable', 'away'));
    const id = await scene.accept(workflow('final', [noted(diary, 'one', () => ({ done: null, apply }))]));
    expect(await scene.work(id)).toMatchObject({ state: 'FAILED', returnCode: 10008, statusMessage: 'doing one: away' });
    expect(diary).toEqual(['one#1']);
  });
});

describe('a failure that does not pass', () => {
  test.each([
    [new ProviderError('auth', 'bad login'), 10001, 'doing one: bad login'],
    [new ProviderError('unavailable', 'no capacity', { lasting: true }), 10008, 'doing one: no capacity'],
    [
      Gone.told({ type: 'image', key: 'i-1' }, { code: 'NoSuchImage', message: 'no such image' }),
      10003,
      'doing one: no such image (NoSuchImage)',
    ],
    [new StepFailure('the image is gone', 'notFound'), 10003, 'the image is gone'],
  ])('%s ends the Job at its first attempt', async (error, returnCode, statusMessage) => {
    const id = await scene.accept(workflow('kinds', [failing([error])]));
    expect(await scene.work(id)).toMatchObject({ state: 'FAILED', returnCode, statusMessage });
    expect(scene.notified).toEqual([]);
  });

  test('keeps the provider’s request id, and no secret of the input', async () => {
    const error = new ProviderError('invalid', 'hunter2 is too short', { requestId: 'r-9' });
    const id = await scene.accept(workflow('secret', [failing([error])]), { input: { login: { password: 'hunter2' } } });
    const statusMessage = 'doing one: [secret] is too short (request id r-9)';
    expect(await scene.work(id)).toMatchObject({ statusMessage, failure: { kind: 'invalid', requestId: 'r-9', message: statusMessage } });
  });

  test('left under way by an operator’s limit undoes nothing', async () => {
    const diary: string[] = [];
    const leave = () => Promise.reject(new LeftUnderWay('not waited for any longer'));
    const steps = [noted(diary, 'one', () => ({ done: null, note: 'a note' }), undone), noted(diary, 'two', leave, undone)];
    expect(await scene.work(await scene.accept(workflow('left', steps)))).toMatchObject({
      ...{ state: 'FAILED', returnCode: 10009, undoing: false },
      statusMessage: 'not waited for any longer; nothing was undone; a note',
    });
    expect(diary).toEqual(['one#1', 'two#1']);
  });

  test('that nobody foresaw tells a reference into the log, and nothing else', async () => {
    const bug = new TypeError('of hunter2');
    const id = await scene.accept(workflow('bug', [failing([bug])]));
    const row = await scene.work(id);
    const reference = /^internal error \(reference ([0-9a-f]{8})\)$/.exec(row?.statusMessage ?? '')?.[1];
    expect(row).toMatchObject({ state: 'FAILED', returnCode: 10011, failure: { kind: 'internal' } });
    expect(scene.log.lines[0]).toEqual({
      level: 'error',
      words: 'a step of a job failed unexpectedly',
      fields: { job: id, tenant: 'acme', principal: 'ann', workflow: 'bug', step: 'one', reference, err: bug },
    });
  });

  test.each([
    ['of a stale row', new StaleError('machines/a'), 4],
    ['of the workflow', new TypeError('oops'), 1],
    ['of the workflow, spoken', new StepFailure('refused'), 1],
  ])('inside a transaction, %s, is tried again only where that may help', async (_name, error, times) => {
    const apply = jest.fn(() => Promise.reject(error));
    const id = await scene.accept(workflow('hook', [noted([], 'one', () => ({ done: null, apply }))]));
    expect(await scene.work(id)).toMatchObject({ state: 'FAILED' });
    // Each try is a draft first, and then the transaction that decides.
    expect(apply).toHaveBeenCalledTimes(2 * times);
  });

  test('inside a transaction, of the store, is no failure of the step', async () => {
    const away = new StoreUnavailable(new Error('away'));
    const id = await scene.accept(workflow('hook-away', [noted([], 'one', () => ({ done: null, apply: () => Promise.reject(away) }))]));
    await expect(scene.work(id)).rejects.toBe(away);
    expect(await scene.row(id)).toMatchObject({ state: 'RUNNING', attempts: 1 });
  });
});
