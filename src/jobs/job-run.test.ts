import { noted, undone, workflow } from '../../test/jobs/harness';
import { runnerScene } from '../../test/jobs/runner-scene';
import { StoreUnavailable } from '../store/unavailable';

const scene = runnerScene();

describe('a shutdown', () => {
  test('hands the Job back between two steps, due at once and without a counted attempt', async () => {
    const diary: string[] = [];
    const one = noted(diary, 'one', () => {
      scene.closing = true;
      return { done: 1 };
    });
    const id = await scene.accept(workflow('closing', [one, noted(diary, 'two')]));
    expect(await scene.work(id)).toMatchObject({ step: 'two', attempts: 0, results: { one: 1 }, leaseOwner: null, due: scene.now() });
    expect(scene.notified).toEqual([[id, 0]]);
    scene.closing = false;
    await scene.work(id);
    expect(diary).toEqual(['one#1', 'two#1']);
  });

  test('a step that breaks off at the signal is no failure, and its attempt stays counted', async () => {
    const diary: string[] = [];
    const one = noted(diary, 'one', ({ signal }) => {
      if (diary.length > 1) return { done: null };
      scene.closing = true;
      scene.lease().abort('shutdown');
      expect(signal.aborted).toBe(true);
      throw new Error('aborted');
    });
    const id = await scene.accept(workflow('broken-off', [one]));
    expect(await scene.work(id)).toMatchObject({ state: 'RUNNING', step: 'one', attempts: 1, leaseOwner: null, due: scene.now() });
    scene.closing = false;
    expect(await scene.work(id)).toMatchObject({ state: 'SUCCESS' });
    expect(diary).toEqual(['one#1', 'one#2']);
  });

  test('an error that came before the signal is a failure', async () => {
    const one = noted([], 'one', () => {
      scene.closing = true;
      throw new Error('a bug');
    });
    expect(await scene.work(await scene.accept(workflow('bug', [one])))).toMatchObject({ state: 'FAILED', returnCode: 10011 });
  });
});

describe('a store that fails', () => {
  test('at the record: it is tried again, and the step is not run again', async () => {
    const diary: string[] = [];
    let faults = 1;
    scene.faults = {
      advanceJob: (...args) => (faults-- > 0 ? Promise.reject(new StoreUnavailable(new Error('away'))) : scene.store.advanceJob(...args)),
    };
    const id = await scene.accept(workflow('record', [noted(diary, 'one')]));
    expect(await scene.work(id)).toMatchObject({ state: 'SUCCESS' });
    expect(diary).toEqual(['one#1']);
  });

  test('for good: the Job is left as it was, with the attempt counted', async () => {
    const diary: string[] = [];
    const id = await scene.accept(workflow('for-good', [noted(diary, 'one', undefined, undone)]));
    const apply = new StoreUnavailable(new Error('away'));
    let faults = 4;
    scene.faults = { advanceAtOnce: (...args) => (faults-- > 0 ? Promise.reject(apply) : scene.store.advanceAtOnce(...args)) };
    await expect(scene.work(id)).rejects.toBe(apply);
    expect(await scene.row(id)).toMatchObject({ state: 'RUNNING', attempts: 1, undoing: false, results: null });
    expect(diary).toEqual(['one#1']);
  });

  test('in a step: another attempt after a pause, and this one stays counted', async () => {
    const diary: string[] = [];
    const one = noted(diary, 'one', () => {
      if (diary.length === 1) throw new StoreUnavailable(new Error('away'));
      return { done: null };
    });
    const id = await scene.accept(workflow('in-step', [one]));
    expect(await scene.work(id)).toMatchObject({
      ...{ state: 'RUNNING', step: 'one', attempts: 1, due: scene.now() + 500, leaseOwner: null },
      statusMessage: 'doing one: the store of the gateway could not be used; tried again at 2026-01-01T00:00:00.500Z',
    });
    expect(await scene.workWhenDue(id)).toMatchObject({ state: 'SUCCESS' });
    expect(diary).toEqual(['one#1', 'one#2']);
  });

  test('the queue: the sweep finds the Job, and the log says so', async () => {
    const id = await scene.accept(workflow('untold', [noted([], 'one', () => ({ wait: 1_000 }))]));
    scene.queueError = new Error('no Redis');
    await scene.work(id);
    expect(scene.log.lines).toMatchObject([
      { level: 'warn', words: 'queue notification failed; the sweep will pick the job up', fields: { job: id } },
    ]);
  });
});
