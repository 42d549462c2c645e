import { noted, undone, workflow } from '../../test/jobs/harness';
import { RETENTION_MS, runnerScene } from '../../test/jobs/runner-scene';
import { ProviderError } from '../clouds/errors';
import type { JobRow } from '../store/store';
import { requestStop } from './stop';
import { createWorkflowRegistry, StepFailure, type EndContext, type Step, type StepContext, type StepOutcome } from './workflow';

const scene = runnerScene();
const refuse =
  (message = 'too many') =>
  () =>
    Promise.reject(new ProviderError('quota', message));

describe('a step that failed for good', () => {
  test('everything is undone, newest first, the failed step too; steps without an undo are passed over', async () => {
    const diary: string[] = [];
    const steps = [
      noted(diary, 'one', undefined, undone),
      noted(diary, 'none'),
      noted(diary, 'two', undefined, undone),
      noted(diary, 'three', refuse(), undone),
      noted(diary, 'four', undefined, undone),
    ];
    const id = await scene.accept(workflow('undo', steps));
    expect(await scene.work(id)).toMatchObject({
      ...{ state: 'FAILED', returnCode: 10005, statusMessage: 'doing three: too many', expires: scene.now() + RETENTION_MS },
      failure: { kind: 'quota', message: 'doing three: too many', returnCode: 10005 },
    });
    expect(diary).toEqual(['one#1', 'none#1', 'two#1', 'three#1', 'undo three#1', 'undo two#1', 'undo one#1']);
    expect(scene.moments.slice(-9)).toEqual([
      ...['three/before', 'three/undoing', 'three/undone', 'two/undoing', 'two/undone', 'one/undoing', 'one/undone'],
      ...['one/ending', 'one/ended'],
    ]);
    expect(scene.ended).toEqual([id]);
  });

  test('each undo is recorded as begun before it is called, and is given what its step came to', async () => {
    const rows: JobRow[] = [];
    const contexts: StepContext[] = [];
    const look = async (context: StepContext): Promise<StepOutcome> => {
      rows.push(await scene.row(context.job.id));
      contexts.push(context);
      return { done: null };
    };
    const steps = [noted([], 'one', () => ({ done: 'i-1' }), look), noted([], 'two', refuse(), look)];
    scene.onMoment = () => scene.pass(1_000);
    await scene.work(await scene.accept(workflow('rows', steps), { input: { size: 3 } }));
    expect(rows).toMatchObject([
      {
        step: 'two',
        undoing: true,
        attempts: 1,
        statusMessage: 'undoing: doing two',
        failure: { kind: 'quota' },
        results: { one: 'i-1' },
        progress: 50,
      },
      { step: 'one', undoing: true, attempts: 1, statusMessage: 'undoing: doing one', failure: { kind: 'quota' } },
    ]);
    expect(rows[1]?.stepSince).toBe((rows[0]?.stepSince ?? 0) + 2_000);
    expect(contexts[1]).toMatchObject({ input: { size: 3 }, results: { one: 'i-1' }, memory: null, attempt: 1 });
  });

  test('the undo of the failed step knows what its run remembered, and that calls never answered', async () => {
    const seen: unknown[] = [];
    const look = ({ memory, unanswered }: StepContext): StepOutcome => ({ done: seen.push([memory, unanswered]) });
    const outcomes = [() => ({ wait: 0, remember: 'a handle', unanswered: true }), refuse()];
    const steps = [noted([], 'one', () => ({ done: null }), look), noted([], 'two', () => outcomes.shift()?.() ?? { done: null }, look)];
    const id = await scene.accept(workflow('memory', steps));
    await scene.work(id);
    await scene.workWhenDue(id);
    expect(seen).toEqual([
      ['a handle', { count: 1, spent: false }],
      [null, undefined],
    ]);
  });

  test('a timeout that is given up counts as one that never answered', async () => {
    const seen: unknown[] = [];
    const error = new ProviderError('timeout', 'no answer', { lasting: true });
    const look = ({ unanswered }: StepContext): StepOutcome => ({ done: seen.push(unanswered) });
    await scene.work(await scene.accept(workflow('given-up', [noted([], 'one', () => Promise.reject(error), look)])));
    expect(seen).toEqual([{ count: 1, spent: false }]);
  });

  test('what cannot be undone is named, and holds nothing else up', async () => {
    const diary: string[] = [];
    const ends: (EndContext & { left: readonly string[] })[] = [];
    const steps = [
      noted(diary, 'one', undefined, refuse('not one')),
      noted(diary, 'two', undefined, undone),
      noted(diary, 'three', refuse(), refuse('not three')),
    ];
    const failed = async (context: EndContext & { left: readonly string[] }) => {
      ends.push(context);
      return {};
    };
    const row = await scene.work(await scene.accept(workflow('left', steps, { failed })));
    const left = ['undoing: doing three: not three', 'undoing: doing one: not one'];
    expect(row?.statusMessage).toBe(`doing three: too many; could not be undone: ${left.join('; ')}`);
    expect(ends).toMatchObject([{ left, results: { one: 'one done', two: 'two done' } }]);
    expect(diary.slice(3)).toEqual(['undo three#1', 'undo two#1', 'undo one#1']);
  });

  test('a step before the failed one is not given what that remembered', async () => {
    const seen: unknown[] = [];
    const look = ({ memory, unanswered }: StepContext): StepOutcome => ({ done: seen.push([memory, unanswered]) });
    const outcomes = [() => ({ wait: 0, remember: 'a handle', unanswered: true }), refuse()];
    const steps = [noted([], 'one', undefined, look), noted([], 'two', () => outcomes.shift()?.() ?? { done: null })];
    const id = await scene.accept(workflow('forgotten', steps));
    await scene.work(id);
    await scene.workWhenDue(id);
    expect(seen).toEqual([[null, undefined]]);
  });

  test('an undo that its workflow has no more is passed over', async () => {
    const diary: string[] = [];
    const waiting = (): StepOutcome => ({ wait: 0 });
    const last = noted(diary, 'three', refuse(), undone);
    const id = await scene.accept(
      workflow('passed', [noted(diary, 'one', undefined, undone), noted(diary, 'two', undefined, waiting), last]),
    );
    await scene.work(id);
    await scene.accept(workflow('passed', [noted(diary, 'one', undefined, undone), noted(diary, 'two'), last]));
    expect(await scene.workWhenDue(id)).toMatchObject({ state: 'FAILED', statusMessage: 'doing three: too many' });
    expect(diary.slice(3)).toEqual(['undo three#1', 'undo two#1', 'undo one#1']);
  });

  test('takes one transaction to turn round and one for each undo; the last one ends the Job, too', async () => {
    const written = scene.counted();
    const steps = [noted([], 'one', undefined, undone), noted([], 'two', refuse(), undone)];
    await scene.work(await scene.accept(workflow('few', steps)));
    expect(written()).toBe(1 + 1 + 2);
  });

  test('without anything to undo its last words are given the results, one that could not be recorded, too', async () => {
    const ends: unknown[] = [];
    const failed = async ({ results }: EndContext) => ({ note: `ends: ${ends.push(results)}` });
    const apply = () => Promise.reject(new StepFailure('the resource is gone'));
    await scene.work(await scene.accept(workflow('refused', [noted([], 'one'), noted([], 'two', refuse())], { failed })));
    await scene.work(
      await scene.accept(workflow('unrecorded', [noted([], 'one'), noted([], 'two', () => ({ done: 2, apply }))], { failed })),
    );
    expect(ends).toEqual([{ one: 'one done' }, { one: 'one done', two: 2 }]);
  });

  test('without anything to undo the Job ends at once, with its notes', async () => {
    const steps = [noted([], 'one', () => ({ done: null, note: 'a note' })), noted([], 'two', refuse())];
    expect(await scene.work(await scene.accept(workflow('nothing', steps)))).toMatchObject({
      ...{ state: 'FAILED', undoing: false, statusMessage: 'doing two: too many; a note' },
    });
  });

  test('an undo may wait and pass trouble, like a run; progress stays as it was', async () => {
    const outcomes: (() => StepOutcome | Promise<StepOutcome>)[] = [
      () => ({ wait: 5, progress: 90, remember: 'half' }),
      () => Promise.reject(new ProviderError('unavailable', 'away')),
    ];
    const memories: unknown[] = [];
    const undo = ({ memory }: StepContext) => {
      memories.push(memory);
      return outcomes.shift()?.() ?? { done: null };
    };
    const id = await scene.accept(workflow('waits', [noted([], 'one', refuse(), undo)]));
    expect(await scene.work(id)).toMatchObject({ undoing: true, progress: 0, attempts: 0, statusMessage: 'undoing: doing one' });
    expect(await scene.workWhenDue(id)).toMatchObject({
      statusMessage: expect.stringMatching(/^undoing: doing one: the cloud is not available: away/) as string,
    });
    expect(await scene.workWhenDue(id)).toMatchObject({ state: 'FAILED', statusMessage: 'doing one: too many' });
    expect(memories).toEqual([null, 'half', 'half']);
  });

  test('store changes and notes of an undo are written with its record, those of the first step too', async () => {
    const applied: string[] = [];
    const undo = (name: string) => (): StepOutcome => ({ done: null, note: `note of ${name}`, apply: async () => void applied.push(name) });
    const steps = [noted([], 'one', undefined, undo('one')), noted([], 'two', refuse(), undo('two'))];
    const row = await scene.work(await scene.accept(workflow('applied', steps)));
    expect(applied).toEqual(['two', 'one']);
    expect(row?.statusMessage).toBe('doing two: too many; note of two; note of one');
  });

  test('an undo whose store changes fail is named as not undone, and is not called again', async () => {
    const diary: string[] = [];
    const apply = () => Promise.reject(new StepFailure('the row is gone'));
    const steps = [noted(diary, 'one', undefined, undone), noted(diary, 'two', refuse(), () => ({ done: null, apply }))];
    const row = await scene.work(await scene.accept(workflow('apply', steps)));
    expect(row?.statusMessage).toBe('doing two: too many; could not be undone: the row is gone');
    expect(diary).toEqual(['one#1', 'two#1', 'undo two#1', 'undo one#1']);
  });

  test('a result whose store changes fail is there for the undo', async () => {
    const seen: unknown[] = [];
    const apply = () => Promise.reject(new StepFailure('the resource is gone', 'notFound'));
    const one = noted(
      [],
      'one',
      () => ({ done: 'i-1', apply }),
      ({ results }) => ({ done: seen.push(results['one']) }),
    );
    expect(await scene.work(await scene.accept(workflow('result', [one])))).toMatchObject({
      returnCode: 10003,
      statusMessage: 'the resource is gone',
    });
    expect(seen).toEqual(['i-1']);
  });
});

describe('last words', () => {
  test('of a failed Job replace its message, and may add to it', async () => {
    const failed = async ({ error }: { error: Error }) => ({ message: `sorry: ${error.message}`, note: 'call us', affected: [] });
    const id = await scene.accept(workflow('words', [noted([], 'one', refuse())], { failed }), { affected: ['machines/a'] });
    expect(await scene.work(id)).toMatchObject({ statusMessage: 'sorry: doing one: too many; call us', affected: [] });
  });

  test('that fail are left out, and logged', async () => {
    const oops = new TypeError('oops');
    const id = await scene.accept(workflow('failing', [noted([], 'one', refuse())], { failed: () => Promise.reject(oops) }));
    expect(await scene.work(id)).toMatchObject({ state: 'FAILED', returnCode: 10005, statusMessage: 'doing one: too many' });
    expect(scene.log.lines[0]).toMatchObject({ level: 'error', fields: { job: id, step: '(last words)', err: oops } });
    expect(scene.ended).toEqual([id]);
  });

  test('of a success that fail undo it', async () => {
    const diary: string[] = [];
    const made = workflow('success', [noted(diary, 'one', undefined, undone)], { succeeded: () => Promise.reject(new TypeError('oops')) });
    expect(await scene.work(await scene.accept(made))).toMatchObject({ state: 'FAILED', returnCode: 10011 });
    expect(diary).toEqual(['one#1', 'undo one#1']);
  });
});

describe('a stop', () => {
  const stopIn = (name: string) => (step: string, moment: string, job: string) =>
    step === name && moment === 'before' ? scene.stop(job) : undefined;

  test('takes effect between two steps: what runs is recorded, then undone, and nothing more begins', async () => {
    const diary: string[] = [];
    const seen: unknown[] = [];
    const look = ({ results }: StepContext): StepOutcome => ({ done: seen.push(results) });
    const id = await scene.accept(workflow('stop', [noted(diary, 'one', undefined, look), noted(diary, 'two', undefined, undone)]));
    scene.onMoment = stopIn('one');
    expect(await scene.work(id)).toMatchObject({
      ...{ state: 'STOPPED', returnCode: 10012, statusMessage: 'stopped; what had been done was undone', failure: null, input: null },
    });
    expect(diary).toEqual(['one#1', 'undo one#1']);
    expect(seen).toEqual([{ one: 'one done' }]);
  });

  test('in the last step undoes that, too, where it can be; else the Job is done', async () => {
    const diary: string[] = [];
    scene.onMoment = stopIn('last');
    const can = await scene.accept(workflow('can', [noted(diary, 'first', undefined, undone), noted(diary, 'last')]));
    expect(await scene.work(can)).toMatchObject({ state: 'STOPPED' });
    expect(diary).toEqual(['first#1', 'last#1', 'undo first#1']);
    const cannot = await scene.accept(workflow('cannot', [noted([], 'last')]));
    expect(await scene.work(cannot)).toMatchObject({ state: 'SUCCESS', statusMessage: 'done' });
  });

  test('in the last step keeps what that came to, for its undo and for the end', async () => {
    const seen: unknown[] = [];
    scene.onMoment = stopIn('last');
    const look = ({ results }: StepContext): StepOutcome => ({ done: seen.push(results) });
    const last = noted([], 'last', () => ({ done: 'i-1', affected: ['volumes/b'] }), look);
    expect(await scene.work(await scene.accept(workflow('kept', [last])))).toMatchObject({ state: 'STOPPED', affected: ['volumes/b'] });
    expect(seen).toEqual([{ last: 'i-1' }]);
  });

  test.each([
    ['before it was begun', 'stopped before anything was done', []],
    ['after steps that only looked', 'stopped before anything was done', [{ readOnly: true }]],
    ['after a step without an undo', /^stopped: the gateway goes on with it no more; nothing was undone/, [{}]],
    ['after one without an undo, behind one that only looked', /^stopped: .* nothing was undone/, [{ readOnly: true }, {}]],
  ])('%s says what had been done', async (_name, statusMessage, ran: Partial<Step>[]) => {
    const diary: string[] = [];
    const steps = [
      ...ran.map((more, index) => ({ ...noted([], `ran-${index}`), ...more })),
      noted(diary, 'next'),
      noted(diary, 'last', undefined, undone),
    ];
    const id = await scene.accept(workflow('said', steps));
    if (ran.length === 0) await scene.stop(id);
    else scene.onMoment = stopIn(`ran-${ran.length - 1}`);
    expect(await scene.work(id)).toMatchObject({ state: 'STOPPED', statusMessage: expect.stringMatching(statusMessage) as string });
    expect(diary).toEqual([]);
  });

  test('of an attempt that may have begun undoes its step', async () => {
    const diary: string[] = [];
    const id = await scene.accept(workflow('begun', [noted(diary, 'one', undefined, undone)]));
    await scene.steal(id);
    await scene.stop(id);
    scene.pass(60_000);
    expect(await scene.work(id)).toMatchObject({ state: 'STOPPED' });
    expect(diary).toEqual(['undo one#1']);
  });

  test('that comes while a step decides to wait is not put off by that wait', async () => {
    const id = await scene.accept(workflow('waiting', [noted([], 'one', () => ({ wait: 60_000 }), undone)]));
    scene.onMoment = stopIn('one');
    expect(await scene.work(id)).toMatchObject({ state: 'STOPPING', due: scene.now() });
    expect(scene.notified).toEqual([[id, 0]]);
    expect(await scene.work(id)).toMatchObject({ state: 'STOPPED' });
  });

  test('has words of its own, else those of a failure', async () => {
    scene.onMoment = stopIn('one');
    const one = [noted([], 'one', undefined, undone)];
    const failed = async ({ error }: { error: Error }) => ({ message: `failed: ${error.message}` });
    const stopped = async ({ left }: { left: readonly string[] }) => ({ message: `stopped, ${left.length} left` });
    expect(await scene.work(await scene.accept(workflow('own', one, { failed, stopped })))).toMatchObject({
      statusMessage: 'stopped, 0 left',
    });
    expect(await scene.work(await scene.accept(workflow('else', one, { failed })))).toMatchObject({
      statusMessage: 'failed: the job was stopped',
    });
  });

  test('names what could not be undone', async () => {
    scene.onMoment = stopIn('one');
    const row = await scene.work(await scene.accept(workflow('named', [noted([], 'one', undefined, refuse())])));
    expect(row).toMatchObject({ state: 'STOPPED', statusMessage: 'stopped; could not be undone: undoing: doing one: too many' });
  });

  test('of what is unstoppable is taken while it only looks', async () => {
    const diary: string[] = [];
    const steps = [{ ...noted(diary, 'look'), readOnly: true }, noted(diary, 'delete'), noted(diary, 'wait')];
    const early = await scene.accept(workflow('early', steps, { unstoppable: true }));
    scene.onMoment = stopIn('look');
    expect(await scene.work(early)).toMatchObject({ state: 'STOPPED', statusMessage: 'stopped before anything was done' });
    const late = await scene.accept(workflow('late', steps, { unstoppable: true }));
    scene.onMoment = stopIn('delete');
    expect(await scene.work(late)).toMatchObject({ state: 'SUCCESS' });
    expect(diary).toEqual(['look#1', 'look#1', 'delete#1', 'wait#1']);
  });

  test('of what is unstoppable is taken before it began, and not while its first change waits', async () => {
    const outcomes: StepOutcome[] = [{ wait: 0 }];
    const made = workflow('deletes', [noted([], 'delete', () => outcomes.shift() ?? { done: null })], { unstoppable: true });
    const waiting = await scene.accept(made);
    await scene.work(waiting);
    await scene.stop(waiting);
    expect(await scene.work(waiting)).toMatchObject({ state: 'SUCCESS' });
    const queued = await scene.accept(made);
    await scene.stop(queued);
    expect(await scene.work(queued)).toMatchObject({ state: 'STOPPED', statusMessage: 'stopped before anything was done' });
  });

  test('asked for of an ended or unknown Job changes nothing', async () => {
    const made = workflow('ended', [noted([], 'one')]);
    const id = await scene.accept(made);
    const ended = await scene.work(id);
    const queue = { notify: jest.fn() } as never;
    const ask = (job: string) => requestStop(scene.store, queue, job, createWorkflowRegistry([made]));
    expect(await ask(id)).toEqual(ended);
    expect(await ask('unknown')).toBeUndefined();
    expect(await ask(await scene.accept(made))).toMatchObject({ state: 'STOPPING', statusMessage: 'stop was asked for' });
  });
});
