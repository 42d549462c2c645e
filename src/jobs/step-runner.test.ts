import { ProviderError } from '../clouds/errors';
import { LEASE_MS, RETENTION_MS, runnerScene } from '../../test/jobs/runner-scene';
import { noted, workflow } from '../../test/jobs/harness';
import type { JobRow, UnitOfWork } from '../store/store';
import { tokenOf } from './job-run';
import type { Step, StepContext, StepOutcome } from './workflow';

/** One attempt of a step and its record, by the runner alone: what a crash test proves from outside, with each part named. */
const scene = runnerScene();
const insert = async (unit: UnitOfWork, id: string): Promise<void> => {
  await unit.insertJob({ id, tenant: 'acme', principal: 'ann', action: 'urn:x', target: 't', affected: [], statusMessage: 'look' });
};
const timeout = () => new ProviderError('timeout', 'no answer');

describe('a workflow that succeeds', () => {
  test('each attempt is recorded before its call, each result with the beginning of the next step', async () => {
    const rows: JobRow[] = [];
    const look = async ({ job }: StepContext) => {
      rows.push(await scene.row(job.id));
      return { done: rows.length };
    };
    const id = await scene.accept(workflow('three', [noted([], 'one', look), noted([], 'two', look), noted([], 'three', look)]));
    scene.onMoment = () => scene.pass(1_000);
    await scene.work(id);
    expect(rows).toMatchObject([
      { state: 'RUNNING', step: null, attempts: 1, results: null, progress: 0, statusMessage: 'queued', leaseOwner: 'worker-1' },
      { step: 'two', attempts: 1, results: { one: 1 }, progress: 33, statusMessage: 'doing two', memory: null },
      { step: 'three', attempts: 1, results: { one: 1, two: 2 }, progress: 66, statusMessage: 'doing three' },
    ]);
    expect(rows[2]?.stepSince).toBe((rows[1]?.stepSince ?? 0) + 3_000);
  });

  test('passes its moments in order, ends in one write, and is told of', async () => {
    const made = workflow('two', [noted([], 'one'), noted([], 'two')], { succeeded: async () => ({ message: 'all is well' }) });
    const id = await scene.accept(made);
    const ended = await scene.work(id);
    expect(scene.moments).toEqual([
      ...['/leased', 'one/before', 'one/ran', 'one/recorded'],
      ...['two/before', 'two/ran', 'two/ending', 'two/ended'],
    ]);
    expect(ended).toMatchObject({
      ...{ state: 'SUCCESS', returnCode: 0, progress: 100, statusMessage: 'all is well', expires: scene.now() + RETENTION_MS },
      ...{ leaseOwner: null, input: null, results: null, memory: null },
    });
    expect(scene.ended).toEqual([id]);
    const whose = { job: id, tenant: 'acme', principal: 'ann', workflow: 'two', target: 'machines/a' };
    expect(scene.log.lines).toEqual([{ level: 'info', words: 'all is well', fields: { ...whose, state: 'SUCCESS', returnCode: 0 } }]);
    expect(scene.notified).toEqual([]);
  });

  test('collects notes and affected resources of its steps; its last words may replace the latter', async () => {
    const steps = [
      noted([], 'one', () => ({ done: null, affected: ['machines/a', 'volumes/b'], note: 'a note' })),
      noted([], 'two', () => ({ done: null, affected: ['volumes/b', 'volumes/c'], note: 'another' })),
    ];
    const affected = ['machines/a'];
    const plain = await scene.work(await scene.accept(workflow('plain', steps), { affected }));
    expect(plain).toMatchObject({ statusMessage: 'done; a note; another', affected: ['machines/a', 'volumes/b', 'volumes/c'] });
    const succeeded = async () => ({ affected: [], note: 'the last' });
    const spoken = await scene.work(await scene.accept(workflow('spoken', steps, { succeeded }), { affected }));
    expect(spoken).toMatchObject({ statusMessage: 'done; a note; another; the last', affected: [] });
  });

  test('shows the held resource in the state that a finished step names', async () => {
    const shown: unknown[] = [];
    const steps = [
      noted([], 'one', () => ({ done: null, holds: [{ path: 'machines/d', shows: 'STARTING' }] })),
      noted([], 'two', async ({ job }) => ({ done: shown.push((await scene.row(job.id)).holds) })),
    ];
    await scene.work(await scene.accept(workflow('shows', steps), { holds: [{ path: 'machines/d', shows: 'CREATING' }] }));
    expect(shown).toEqual([[{ path: 'machines/d', shows: 'STARTING' }]]);
  });

  test('takes one transaction for each of its steps; the last one ends the Job, too', async () => {
    const written = scene.counted();
    await scene.work(await scene.accept(workflow('few', [noted([], 'one'), noted([], 'two')])));
    expect(written()).toBe(2);
    const apply = async () => undefined;
    await scene.work(await scene.accept(workflow('applied', [noted([], 'one', () => ({ done: null, apply })), noted([], 'two')])));
    expect(written()).toBe(2 + 2);
    await scene.work(await scene.accept(workflow('spoken', [noted([], 'one')], { succeeded: async () => ({}) })));
    expect(written()).toBe(2 + 2 + 1);
  });

  test('passes over steps that have nothing to do, without a record, wherever they stand; only undoing comes to them', async () => {
    const log: string[] = [];
    const idle = ({ results }: Parameters<NonNullable<Step['idle']>>[0]) => results.two !== 'more';
    const steps = ['zero', 'one', 'three', 'four'].map((name) => ({ ...noted(log, name), idle }));
    const [zero, one, three, four] = steps as [Step, Step, Step, Step];
    const written = scene.counted();
    const two = (done: string): Step => noted(log, 'two', () => ({ done }));
    const little = workflow('little', [zero, one, two('all'), three, four]);
    expect(await scene.work(await scene.accept(little))).toMatchObject({ state: 'SUCCESS', progress: 100 });
    expect(written()).toBe(1);
    expect(scene.moments).toEqual(['/leased', 'two/before', 'two/ran', 'two/ending', 'two/ended']);
    await scene.work(await scene.accept(workflow('much', [zero, one, two('more'), three, four])));
    expect(log).toEqual(['two#1', 'two#1', 'three#1', 'four#1']);
    await scene.work(await scene.accept(workflow('nothing', [zero, one])));
    expect(log.slice(4)).toEqual(['one#1']);
  });

  test('undoes what may have begun after a crash, where the steps before it were passed over', async () => {
    const log: string[] = [];
    const undo = (name: string) => ({ undo: () => Promise.resolve({ done: log.push(`undo ${name}`) }) });
    const first = { ...noted(log, 'first'), ...undo('first'), idle: () => true };
    const second = { ...noted(log, 'second'), ...undo('second') };
    const id = await scene.accept(workflow('cut off', [first, second, noted(log, 'third')]));
    // Another worker died in the second step, of which nothing is recorded.
    await scene.steal(id);
    scene.pass(LEASE_MS);
    await scene.stop(id);
    await scene.workWhenDue(id);
    expect(log).toEqual(['undo second', 'undo first']);
  });

  test('gives a step the facts of its Job, earlier results, its own token and memory', async () => {
    const contexts: StepContext[] = [];
    const steps = [
      noted([], 'one', () => ({ done: { key: 'i-1' } })),
      noted([], 'two', (context) => {
        contexts.push(context);
        return contexts.length === 1 ? { wait: 1_000, remember: { page: 2 } } : { done: null };
      }),
    ];
    const id = await scene.accept(workflow('context', steps), { input: { size: 3 } });
    await scene.work(id);
    await scene.workWhenDue(id);
    const { created } = await scene.row(id);
    expect(contexts).toMatchObject([
      {
        job: { id, tenant: 'acme', principal: 'ann', created },
        input: { size: 3 },
        results: { one: { key: 'i-1' } },
        memory: null,
        elapsedMs: 0,
      },
      { attempt: 1, memory: { page: 2 }, elapsedMs: 1_000 },
    ]);
    expect(contexts.map((context) => [context.token(), context.token('one')])).toEqual(
      Array(2).fill([tokenOf(id, 'two'), tokenOf(id, 'one')]),
    );
    expect(contexts[0]).not.toHaveProperty('unanswered');
    expect(contexts[0]).not.toHaveProperty('nested');
  });

  test('writes what its steps change in the store with their record, the last words with the end', async () => {
    const made = workflow('hooks', [noted([], 'one', () => ({ done: 1, apply: (unit) => insert(unit, 'of-step') }))], {
      succeeded: async ({ unit, results, memory }) => {
        await insert(unit, 'of-end');
        return { message: JSON.stringify([results, memory]) };
      },
    });
    expect(await scene.work(await scene.accept(made))).toMatchObject({ statusMessage: '[{"one":1},null]' });
    expect([await scene.row('of-step'), await scene.row('of-end')]).toMatchObject([{ state: 'QUEUED' }, { state: 'QUEUED' }]);
  });

  test('a step that its workflow does not have ends the Job with a reference into the log', async () => {
    const id = await scene.accept(workflow('changed', [noted([], 'one', () => ({ wait: 0 }))]));
    await scene.work(id);
    await scene.accept(workflow('changed', [noted([], 'renamed')]));
    const row = await scene.workWhenDue(id);
    expect(row).toMatchObject({
      state: 'FAILED',
      returnCode: 10011,
      statusMessage: expect.stringMatching(/^internal error \(reference [0-9a-f]{8}\)$/) as string,
    });
    expect(scene.log.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
      ...{ step: 'one', workflow: 'changed', err: new Error('the workflow has no such step') },
    });
  });
});

describe('a wait', () => {
  test('releases the Job until it is due, keeps what the step remembers, and takes the attempt back', async () => {
    const id = await scene.accept(
      workflow('wait', [noted([], 'one', () => ({ wait: 1_000.4, remember: { page: 2 }, message: 'half of it' }))]),
    );
    const row = await scene.work(id);
    expect(row).toMatchObject({
      state: 'RUNNING',
      step: 'one',
      attempts: 0,
      statusMessage: 'half of it',
      leaseOwner: null,
      leaseUntil: null,
    });
    expect(row).toMatchObject({ memory: { own: { page: 2 } }, due: scene.now() + 1_000 });
    expect(scene.notified).toEqual([[id, 1_006]]);
    expect(scene.moments.at(-1)).toBe('one/recorded');
    expect(await scene.work(id)).toBeUndefined();
  });

  test('without words of its own has those of the step; one below zero is none', async () => {
    const id = await scene.accept(workflow('now', [noted([], 'one', () => ({ wait: -5 }))]));
    expect(await scene.work(id)).toMatchObject({ statusMessage: 'doing one', due: scene.now(), memory: null });
    expect(scene.notified).toEqual([[id, 0]]);
  });

  test('keeps what was remembered before where it says nothing of it', async () => {
    const memories: unknown[] = [];
    const one = noted([], 'one', ({ memory }) => {
      memories.push(memory);
      return memories.length === 1 ? { wait: 1, remember: 'a' } : { wait: 1 };
    });
    const id = await scene.accept(workflow('kept', [one]));
    for (let turn = 0; turn < 3; turn++) await scene.workWhenDue(id);
    expect(memories).toEqual([null, 'a', 'a']);
  });

  test.each([
    [0, 0],
    [50, 25],
    [100, 50],
    [250, 50],
    [-10, 0],
  ])('%i percent of the first of two steps are %i of the Job', async (progress, share) => {
    const id = await scene.accept(workflow('share', [noted([], 'one', () => ({ wait: 1, progress })), noted([], 'two')]));
    expect((await scene.work(id))?.progress).toBe(share);
  });

  test('progress never goes back, and is 100 only at the end', async () => {
    const shown = [80, 40, 100];
    const id = await scene.accept(workflow('back', [noted([], 'one', () => ({ wait: 1, progress: shown.shift() ?? 0 }))]));
    const seen: number[] = [];
    for (let turn = 0; turn < 3; turn++) seen.push((await scene.workWhenDue(id)).progress);
    expect(seen).toEqual([80, 80, 99]);
  });

  test('ends a row of passing errors, which are waited out twice as long each time, unless it is part of trying again', async () => {
    const away = () => new ProviderError('unavailable', 'away');
    const outcomes: (() => StepOutcome | Promise<StepOutcome>)[] = [
      () => Promise.reject(away()),
      () => Promise.reject(away()),
      () => Promise.reject(away()),
      () => ({ wait: 0 }),
      () => Promise.reject(away()),
      () => ({ wait: 7, retrying: true }),
      () => Promise.reject(away()),
    ];
    const id = await scene.accept(workflow('row', [noted([], 'one', () => outcomes.shift()?.() ?? { done: null })]));
    const pauses: number[] = [];
    for (let turn = 0; turn < 7; turn++) pauses.push((await scene.workWhenDue(id)).due - scene.now());
    expect(pauses).toEqual([250, 500, 1_000, 0, 250, 7, 500]);
  });

  test('shows the held resource in the state that it names', async () => {
    const id = await scene.accept(
      workflow('holds', [noted([], 'one', () => ({ wait: 1, holds: [{ path: 'machines/h', shows: 'STARTING' }] }))]),
      { target: 'machines/h', holds: [{ path: 'machines/h', shows: 'CREATING' }] },
    );
    expect((await scene.work(id))?.holds).toEqual([{ path: 'machines/h', shows: 'STARTING' }]);
  });

  test('for what cannot be followed any more leaves the attempt counted, as one that never answered', async () => {
    const contexts: StepContext[] = [];
    const one = noted([], 'one', (context) => {
      contexts.push(context);
      return contexts.length < 3 ? { wait: 10, unanswered: true } : { done: null };
    });
    const id = await scene.accept(workflow('forgotten', [one]));
    for (let turn = 0; turn < 3; turn++) await scene.workWhenDue(id);
    expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(contexts.map(({ unanswered }) => unanswered)).toEqual([undefined, { count: 1, spent: false }, { count: 2, spent: false }]);
  });
});

describe('an attempt of unknown outcome', () => {
  test('of a process that died before its record: the next one knows that there was another, and since when', async () => {
    const contexts: StepContext[] = [];
    const id = await scene.accept(workflow('killed', [noted([], 'one', (context) => ({ done: contexts.push(context) }))]));
    scene.onMoment = (_step, moment) => {
      if (moment === 'ran' && contexts.length === 1) throw new Error('killed');
    };
    await expect(scene.work(id)).rejects.toThrow('killed');
    expect(await scene.work(id)).toBeUndefined();
    scene.pass(LEASE_MS);
    expect(await scene.work(id)).toMatchObject({ state: 'SUCCESS' });
    expect(contexts.map(({ attempt, elapsedMs }) => [attempt, elapsedMs])).toEqual([
      [1, 0],
      [2, LEASE_MS],
    ]);
  });

  test('of a store that may be older than what was done: one more in each step', async () => {
    const diary: string[] = [];
    const id = await scene.accept(workflow('doubtful', [noted(diary, 'one'), noted(diary, 'two')]));
    await scene.store.doubtJobs();
    await scene.work(id);
    expect(diary).toEqual(['one#2', 'two#2']);
  });

  test.each([
    [9_750, false],
    [9_751, true],
  ])('is spent once the patience of 10 s is over, however many waits lie between: %i ms later %s', async (wait, expected) => {
    const seen: StepContext['unanswered'][] = [];
    const one = noted([], 'one', ({ unanswered }) => {
      seen.push(unanswered);
      if (seen.length === 1) throw timeout();
      return seen.length === 2 ? { wait } : { done: null };
    });
    const id = await scene.accept(workflow('patience', [one], { patienceMs: 10_000 }));
    for (let turn = 0; turn < 3; turn++) await scene.workWhenDue(id);
    expect(seen).toEqual([undefined, { count: 1, spent: false }, { count: 1, spent: expected }]);
  });

  test('is spent after a hundred attempts, too', async () => {
    const seen: StepContext['unanswered'][] = [];
    const id = await scene.accept(workflow('hundred', [noted([], 'one', ({ unanswered }) => ({ done: seen.push(unanswered) }))]));
    for (let attempt = 0; attempt < 100; attempt++) {
      await scene.store.leaseJob(id, 'worker-0', 1);
      scene.pass(1);
    }
    await scene.work(id);
    expect(seen).toEqual([{ count: 100, spent: true }]);
  });
});
