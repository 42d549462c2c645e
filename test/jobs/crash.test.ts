import { randomUUID } from 'node:crypto';
import type { BoundaryPoint, Moment } from '../../src/jobs/engine-context';
import { createOnce, splitDuplicates, type CreateResult } from '../../src/jobs/idempotent-create';
import { ProviderError } from '../../src/clouds/errors';
import type { Workflow } from '../../src/jobs/workflow';
import { forever, house, noted, undone, workflow, type House, type Process } from './harness';
import { elapse, waitUntil } from '../harness/wait';

/** A provider that ignores tokens as such, shows what was made only after a while, and can lose answers. */
class Provider {
  readonly machines: { key: string; token: string; created: string; shown: boolean }[] = [];
  delayMs = 0;
  loseAnswers = 0;
  calls = 0;

  create(token: string): { key: string } {
    this.calls++;
    const key = randomUUID();
    const machine = { key, token, created: new Date().toISOString(), shown: this.delayMs === 0 };
    this.machines.push(machine);
    if (!machine.shown) void elapse(this.delayMs).then(() => (machine.shown = true));
    if (this.loseAnswers-- > 0) throw new ProviderError('timeout', 'no answer');
    return { key };
  }
  find(token: string): { key: string; created: string }[] {
    return this.machines.filter((machine) => machine.token === token && machine.shown);
  }
  delete(key: string): void {
    const index = this.machines.findIndex((machine) => machine.key === key);
    if (index >= 0) this.machines.splice(index, 1);
  }
}

/** A create as operations write it: parameters resolved, made once, reached. */
function creating(provider: Provider, settleMs: number): Workflow {
  return workflow('create', [
    noted([], 'resolve', () => ({ done: { image: 'i-1' } })),
    noted(
      [],
      'create',
      (context) =>
        createOnce(context, {
          settleMs,
          find: async () => provider.find(context.token()),
          create: async () => provider.create(context.token()),
          poll: async () => Promise.reject(new Error('this provider has no work under way')),
        }),
      (context) => {
        for (const found of provider.find(context.token())) provider.delete(found.key);
        return undone();
      },
    ),
    noted([], 'reach', ({ elapsedMs }) => (elapsedMs < 20 ? { wait: 20 } : { done: null })),
  ]);
}

let at: House;
beforeEach(async () => {
  at = await house();
});
afterEach(() => at.remove());

const moments: [string, Moment][] = [
  ['', 'leased'],
  ['resolve', 'before'],
  ['resolve', 'ran'],
  ['resolve', 'recorded'],
  ['create', 'before'],
  ['create', 'ran'],
  ['create', 'recorded'],
  ['reach', 'before'],
  ['reach', 'ran'],
  ['reach', 'recorded'],
  ['reach', 'ending'],
  ['reach', 'ended'],
];

describe.each([
  { name: 'a well-behaved provider', delayMs: 0, lose: 0 },
  { name: 'delayed visibility', delayMs: 150, lose: 0 },
  { name: 'a lost answer and delayed visibility', delayMs: 150, lose: 1 },
])('killed in the middle, with $name', ({ delayMs, lose }) => {
  test.each(moments)('at %s/%s: the job is finished and exactly one thing made', async (step, moment) => {
    const provider = new Provider();
    provider.delayMs = delayMs;
    provider.loseAnswers = lose;
    const steps = [creating(provider, delayMs + 50)];
    let died = false;
    const onBoundary = async (point: BoundaryPoint) => {
      if (point.step !== step || point.moment !== moment) return;
      died = true;
      victim.die();
    };
    const victim: Process = await at.process(steps, { onBoundary, leaseMs: 150 });
    const id = await at.accept('create');
    await victim.notify([id]);
    await waitUntil(() => died);
    await at.process(steps, { leaseMs: 150 });
    expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
    expect(provider.machines).toHaveLength(1);
  });
});

test('what a lost lease left in flight cannot be written any more', async () => {
  const release: (() => void)[] = [];
  const diary: string[] = [];
  const steps = [
    noted(diary, 'one', ({ attempt }) =>
      attempt > 1
        ? { done: 'second' }
        : new Promise((resolve) => release.push(() => resolve({ done: 'first', affected: ['machines/first'] }))),
    ),
    noted(diary, 'two', ({ results }) => ({ done: null, affected: [`machines/${String(results['one'])}`] })),
  ];
  const slow = await at.process([workflow('race', steps)], { leaseMs: 60_000, sweepMs: 60_000 });
  const id = await at.accept('race');
  await slow.notify([id]);
  await waitUntil(() => release.length !== 0);
  // As if the first process had slept past its lease.
  await at.store.releaseJob(id, (await at.job(id)).epoch, 0);
  await at.process([workflow('race', steps)]);
  const row = await at.end(id);
  release[0]?.();
  await waitUntil(() => slow.running() === 0);
  expect(await at.job(id)).toEqual(row);
  expect(row.affected).toEqual(['machines/second']);
  expect(diary).toEqual(['one#1', 'one#2', 'two#1']);
  expect(slow.log.lines.filter((line) => line.level === 'error')).toEqual([]);
  expect(slow.log.lines.some((line) => line.words === 'the lease was lost: another worker has the job')).toBe(true);
});

test('a process that notices its lost lease aborts the step in flight', async () => {
  let aborted = false;
  const steps = [
    noted([], 'one', ({ attempt, signal }) => {
      if (attempt > 1) return { done: null };
      signal.addEventListener('abort', () => (aborted = true));
      return forever();
    }),
  ];
  const slow = await at.process([workflow('race', steps)], { leaseMs: 90, sweepMs: 60_000 });
  const id = await at.accept('race');
  await slow.notify([id]);
  await waitUntil(async () => (await at.job(id)).leaseOwner !== null);
  const { epoch } = await at.job(id);
  await at.store.releaseJob(id, epoch, 0);
  const other = await at.process([workflow('race', steps)]);
  await other.work(id);
  await at.end(id);
  await waitUntil(() => aborted);
});

test('a Job whose worker died is taken over, and the log and the count say from whom', async () => {
  const taken: string[] = [];
  const one = await at.process([workflow('over', [noted([], 'a', () => Promise.resolve({ done: null }))])], {
    sweepMs: 3_600_000,
    onTakenOver: ({ id, takenFrom }) => taken.push(`${id} from ${String(takenFrom)}`),
  });
  const untaken = await at.accept('over');
  await one.work(untaken);
  const id = await at.accept('over', { requestId: 'r-1' });
  await at.store.leaseJob(id, 'lost', -1);
  await one.work(id);
  await at.end(id);
  expect(taken).toEqual([`${id} from lost`]);
  expect(one.log.lines).toContainEqual({
    level: 'warn',
    words: 'a lease ran out: this process takes the job over',
    fields: { job: id, tenant: 'acme', principal: 'ann', requestId: 'r-1', from: 'lost', owner: expect.any(String) as string },
  });
});

test('two processes, one job: each step runs in one of them', async () => {
  let running = 0;
  let most = 0;
  const steps = ['a', 'b', 'c'].map((name) =>
    noted([], name, async () => {
      most = Math.max(most, ++running);
      await elapse(5);
      running--;
      return { done: null };
    }),
  );
  const one = await at.process([workflow('both', steps)]);
  const two = await at.process([workflow('both', steps)]);
  const id = await at.accept('both');
  await Promise.all([one.work(id), two.work(id), one.work(id), two.work(id)]);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(most).toBe(1);
});

test('attempts without an end stay counted through clean waits', async () => {
  const diary: string[] = [];
  const steps = [
    noted(diary, 'one', async ({ attempt, memory }) => {
      if (attempt === 1) throw new ProviderError('timeout', 'no answer');
      return memory === null ? { wait: 1, remember: 'looked' } : { done: null };
    }),
  ];
  await at.process([workflow('count', steps)], { random: () => 0 });
  const id = await at.accept('count');
  await at.end(id);
  expect(diary).toEqual(['one#1', 'one#2', 'one#2']);
});

test('undoing goes on after a crash, newest first, and a step is not undone twice once that is recorded', async () => {
  const diary: string[] = [];
  const steps = [
    noted(diary, 'one', undefined, undone),
    noted(diary, 'two', undefined, undone),
    noted(
      diary,
      'three',
      () => {
        throw new ProviderError('quota', 'too many');
      },
      undone,
    ),
  ];
  const onBoundary = async (point: BoundaryPoint) => {
    if (point.step === 'two' && point.moment === 'undone') victim.die();
  };
  const victim: Process = await at.process([workflow('undo', steps)], { onBoundary, leaseMs: 100 });
  const id = await at.accept('undo');
  await victim.notify([id]);
  await waitUntil(() => diary.includes('undo two#1'));
  await at.process([workflow('undo', steps)]);
  expect(await at.end(id)).toMatchObject({ state: 'FAILED', returnCode: 10005 });
  expect(diary).toEqual(['one#1', 'two#1', 'three#1', 'undo three#1', 'undo two#1', 'undo two#2', 'undo one#1']);
});

test('duplicates are told by their provider time', () => {
  const twins: CreateResult['twins'] = [
    { key: 'ours', created: '2026-01-01T00:00:10Z' },
    { key: 'cloned', created: '2026-01-02T00:00:00Z' },
    { key: 'ageless', created: null },
  ];
  expect(splitDuplicates(twins, '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z')).toEqual({
    ours: ['ours'],
    foreign: ['cloned', 'ageless'],
  });
});
