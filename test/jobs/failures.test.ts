import { Gone, ProviderError } from '../../src/clouds/errors';
import { StepFailure, type EndContext, type StepOutcome, type Workflow } from '../../src/jobs/workflow';
import { house, noted, undone, workflow, type House } from './harness';
import { eventually } from '../harness/wait';

let at: House;
beforeEach(async () => {
  at = await house();
});
afterEach(() => at.remove());

const fail = (error: Error) => (): StepOutcome => {
  throw error;
};

async function run(made: Workflow, input?: { [name: string]: string | { [name: string]: string } }) {
  const process = await at.process([made], { random: () => 0, secretNames: new Set(['password', 'userData']) });
  const id = await at.accept(made.name, input === undefined ? {} : { input });
  await process.notify([id]);
  return { row: await at.end(id), log: process.log };
}

test('a provider that throttles is tried again no sooner than it asks, with words meanwhile', async () => {
  const diary: string[] = [];
  const times: number[] = [];
  const steps = [
    noted(diary, 'call', () => {
      times.push(Date.now());
      if (times.length === 1)
        throw new ProviderError('throttled', 'Rate exceeded', { retryAfterMs: 1_500, code: 'Throttling', requestId: 'r-1' });
      return { done: null };
    }),
  ];
  const process = await at.process([workflow('throttled', steps)], { random: () => 0 });
  const id = await at.accept('throttled');
  await process.notify([id]);
  const between = await eventually(async () => {
    const row = await at.job(id);
    return times.length > 0 && row.leaseOwner === null ? row : undefined;
  });
  expect(between.state).toBe('RUNNING');
  expect(between.statusMessage).toMatch(
    /^doing call: the cloud asks to be called less often: Rate exceeded \(Throttling, request id r-1\); tried again at \d{4}-.*Z$/,
  );
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_495);
  expect(diary).toEqual(['call#1', 'call#1']);
});

test('patience runs out: FAILED with the words, code and request id of the provider', async () => {
  const diary: string[] = [];
  const error = new ProviderError('unavailable', 'Service is down', { requestId: 'r-9' });
  const steps = [noted(diary, 'call', fail(error), undone)];
  const { row } = await run(workflow('patience', steps, { patienceMs: 700 }));
  expect(row).toMatchObject({ state: 'FAILED', returnCode: 10008, failure: { kind: 'unavailable', requestId: 'r-9' } });
  expect(row.statusMessage).toMatch(/given up after \d+ s: Service is down \(request id r-9\)$/);
  expect(diary.at(-1)).toBe('undo call#1');
  expect(diary.length).toBeGreaterThanOrEqual(3);
});

test('a provider that asks for more time than there is patience ends the job at once', async () => {
  const diary: string[] = [];
  await run(workflow('long', [noted(diary, 'call', fail(new ProviderError('throttled', 'wait', { retryAfterMs: 3_600_000 })))]));
  expect(diary).toEqual(['call#1']);
});

test('patience is counted from the first trouble in a row, not from the begin of a long step', async () => {
  let calls = 0;
  const steps = [
    noted([], 'poll', () => {
      calls++;
      if (calls === 1) return { wait: 600 };
      if (calls === 2) throw new ProviderError('throttled', 'slow down');
      return { done: null };
    }),
  ];
  expect((await run(workflow('late', steps, { patienceMs: 550 }))).row).toMatchObject({ state: 'SUCCESS' });
});

test.each([
  [new ProviderError('auth', 'bad login'), 10001],
  [new ProviderError('forbidden', 'not for you'), 10002],
  [Gone.told({ type: 'image', key: 'i-1' }, { code: 'NoSuchImage', message: 'no such image' }), 10003],
  [new ProviderError('conflict', 'in use'), 10004],
  [new ProviderError('quota', 'vCPU limit reached'), 10005],
  [new ProviderError('invalid', 'bad size'), 10007],
  [new ProviderError('unsupported', 'no pause here'), 10010],
  [new StepFailure('the image is gone', 'notFound'), 10003],
  [new StepFailure('odd', 'some-kind'), 10007],
])('%s ends the job at its first attempt with return code %i', async (error, code) => {
  const diary: string[] = [];
  const { row } = await run(workflow('kinds', [noted(diary, 'call', fail(error))]));
  expect(row).toMatchObject({ state: 'FAILED', returnCode: code, input: null });
  expect(row.statusMessage).toContain(error.message);
  expect(diary).toEqual(['call#1']);
});

test('undoes newest first, the failed step included; what cannot be undone is told in words', async () => {
  const diary: string[] = [];
  const ends: (EndContext & { left: readonly string[] })[] = [];
  let tries = 0;
  const steps = [
    noted(diary, 'one', undefined, undone),
    noted(diary, 'none'),
    noted(diary, 'two', undefined, fail(new ProviderError('forbidden', 'may not delete i-2', { requestId: 'r-2' }))),
    noted(diary, 'three', undefined, () => {
      if (tries++ === 0) throw new ProviderError('unavailable', 'away');
      return tries === 2 ? { wait: 1 } : { done: null };
    }),
    noted(diary, 'four', fail(new ProviderError('quota', 'too many')), undone),
    noted(diary, 'five', undefined, undone),
  ];
  const made = workflow('undo', steps, {
    failed: async (context) => {
      ends.push(context);
      return { affected: [] };
    },
  });
  const { row } = await run(made, { name: 'x' });
  expect(diary).toEqual([
    ...['one#1', 'none#1', 'two#1', 'three#1', 'four#1'],
    ...['undo four#1', 'undo three#1', 'undo three#1', 'undo three#1', 'undo two#1', 'undo one#1'],
  ]);
  expect(row).toMatchObject({ state: 'FAILED', returnCode: 10005, affected: [] });
  expect(row.statusMessage).toBe('doing four: too many; could not be undone: undoing: doing two: may not delete i-2 (request id r-2)');
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ input: { name: 'x' }, results: { one: 'one done', three: 'three done' } });
  expect(ends[0]?.left).toEqual(['undoing: doing two: may not delete i-2 (request id r-2)']);
});

test('the result of a step whose store changes fail is there for its undo, and the step is not run again', async () => {
  const diary: string[] = [];
  let undoneWith: unknown;
  const steps = [
    noted(
      diary,
      'make',
      () => ({
        done: 'i-1',
        apply: async () => {
          throw new StepFailure('the resource is gone', 'notFound');
        },
      }),
      ({ results }) => {
        undoneWith = results['make'];
        return { done: null };
      },
    ),
  ];
  const { row } = await run(workflow('apply', steps));
  expect(row).toMatchObject({ state: 'FAILED', returnCode: 10003, statusMessage: 'the resource is gone' });
  expect(undoneWith).toBe('i-1');
  expect(diary).toEqual(['make#1', 'undo make#1']);
});

test('a bug ends the job with a reference into the log and none of its words', async () => {
  const diary: string[] = [];
  const steps = [noted(diary, 'call', fail(new TypeError("cannot read 'x' of hunter2")), undone)];
  const { row, log } = await run(workflow('bug', steps));
  expect(row).toMatchObject({ state: 'FAILED', returnCode: 10011 });
  const reference = /^internal error \(reference ([0-9a-f]{8})\)$/.exec(row.statusMessage)?.[1];
  expect(reference).toBeDefined();
  const line = log.lines.find((kept) => kept.level === 'error');
  expect(line?.fields).toMatchObject({ reference, step: 'call' });
  expect((line?.fields as { err: Error }).err.stack).toContain('failures.test');
  expect(diary).toEqual(['call#1', 'undo call#1']);
});

test('last words that fail do not keep the job from its end', async () => {
  const made = workflow('words', [noted([], 'call', fail(new ProviderError('quota', 'too many')))], {
    failed: async () => {
      throw new TypeError('oops');
    },
  });
  expect((await run(made)).row).toMatchObject({ state: 'FAILED', returnCode: 10005, statusMessage: 'doing call: too many' });
});

test('a success that cannot be written is undone', async () => {
  const diary: string[] = [];
  const made = workflow('success', [noted(diary, 'call', undefined, undone)], {
    succeeded: async () => {
      throw new TypeError('oops');
    },
  });
  expect((await run(made)).row).toMatchObject({ state: 'FAILED', returnCode: 10011 });
  expect(diary).toEqual(['call#1', 'undo call#1']);
});

test('no secret of the input is in any word, as given or decoded, nor in the log', async () => {
  const secret = 'hunter2-hunter2';
  const userData = Buffer.from('#!/bin/sh export KEY=abc').toString('base64');
  const echo = new ProviderError('invalid', `bad value '${secret}' near "#!/bin/sh export KEY=abc" (${userData})`);
  const passing = new ProviderError('throttled', `slow down, ${secret}`);
  const words: string[] = [];
  let calls = 0;
  const steps = [
    noted([], 'call', () => {
      if (calls++ === 0) throw passing;
      throw echo;
    }),
  ];
  const made = workflow('secret', steps, {
    failed: async ({ error, unit, job }) => {
      words.push(error.message, (await unit.job(job.id))?.statusMessage ?? '');
      return {};
    },
  });
  const { row, log } = await run(made, { credential: { password: secret }, userData });
  expect(row.statusMessage).toBe(`doing call: bad value '[secret]' near "[secret]" ([secret])`);
  expect(JSON.stringify([row, log.lines, words])).not.toMatch(/hunter2|KEY=abc/);
});
