import { setTimeout as sleep } from 'node:timers/promises';
import type { StepContext } from '../../src/jobs/workflow';
import { house, noted, workflow, type House } from './harness';

let at: House;
beforeEach(async () => {
  at = await house();
});
afterEach(() => at.remove());

test('runs the steps in order, each with the input and the earlier results, and ends in SUCCESS', async () => {
  const diary: string[] = [];
  const seen: StepContext[] = [];
  const steps = ['one', 'two', 'three'].map((name) =>
    noted(diary, name, (context) => {
      seen.push(context);
      return { done: { from: name }, affected: [`machines/${name}`] };
    }),
  );
  const process = await at.process([workflow('plain', steps)]);
  const id = await at.accept('plain', { input: { a: 1 } });
  await process.tell([id]);
  const row = await process.waitFor(id, 5_000);
  expect(diary).toEqual(['one#1', 'two#1', 'three#1']);
  expect(seen.map((context) => context.input)).toEqual([{ a: 1 }, { a: 1 }, { a: 1 }]);
  expect(seen[2]?.results).toEqual({ one: { from: 'one' }, two: { from: 'two' } });
  expect(row).toMatchObject({ state: 'SUCCESS', returnCode: 0, progress: 100, input: null, results: null, memory: null, leaseOwner: null });
  expect(row?.affected).toEqual(['machines/one', 'machines/two', 'machines/three']);
  expect(row?.expires).toBeGreaterThan(Date.now());
});

test('writes what a step changes in the store, and the last words, in the transactions that record them', async () => {
  const row = {
    path: 'machines/a',
    type: 'Machine',
    tenant: 'acme',
    cloud: null,
    providerKey: null,
    owner: null,
    secrets: null,
    internal: {},
  };
  const steps = [
    noted([], 'make', () => ({
      done: 'k-1',
      apply: async (unit) => void (await unit.insertResource({ ...row, state: 'CREATING', values: {} })),
    })),
    noted([], 'name', () => ({ done: null })),
  ];
  const process = await at.process([
    workflow('make', steps, {
      succeeded: async ({ unit, results }) => {
        await unit.updateResource('machines/a', undefined, { state: 'STARTED', providerKey: String(results['make']) });
        return { message: 'the machine runs', affected: ['machines/a'] };
      },
    }),
  ]);
  const id = await at.accept('make');
  await process.tell([id]);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS', statusMessage: 'the machine runs', affected: ['machines/a'] });
  expect(await at.store.resource('machines/a')).toMatchObject({ state: 'STARTED', providerKey: 'k-1' });
});

test('a wait gives the slot up, keeps what the step remembers, and is no attempt without an end', async () => {
  const diary: string[] = [];
  const memories: unknown[] = [];
  const steps = [
    noted(diary, 'poll', ({ memory, elapsedMs }) => {
      memories.push(memory);
      if (memories.length === 3) return { done: elapsedMs };
      return { wait: 40, remember: { seen: memories.length }, message: `seen ${memories.length} times` };
    }),
  ];
  const process = await at.process([workflow('poll', steps)], { sweepMs: 60_000 });
  const id = await at.accept('poll');
  await process.tell([id]);
  while ((await at.job(id)).statusMessage !== 'seen 2 times') await sleep(5);
  expect(await at.job(id)).toMatchObject({ state: 'RUNNING', step: 'poll', attempts: 0, leaseOwner: null });
  expect(await at.end(id, 2_000)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['poll#1', 'poll#1', 'poll#1']);
  expect(memories).toEqual([null, { seen: 1 }, { seen: 2 }]);
});

test('elapsed time is counted from the first attempt of the step, not of the job', async () => {
  const elapsed: number[] = [];
  const steps = [
    noted([], 'slow', async () => {
      await sleep(150);
      return { done: null };
    }),
    noted([], 'poll', ({ elapsedMs }) => {
      elapsed.push(elapsedMs);
      return elapsed.length === 1 ? { wait: 80 } : { done: null };
    }),
  ];
  const process = await at.process([workflow('timed', steps)]);
  const id = await at.accept('timed');
  await process.tell([id]);
  await at.end(id);
  expect(elapsed[0]).toBeLessThan(100);
  expect(elapsed[1]).toBeGreaterThanOrEqual(78);
  expect(elapsed[1]).toBeLessThan(1_000);
});

test('the token is the same on every attempt, differs by job and step, and fits every provider', async () => {
  const tokens: string[] = [];
  const steps = [
    noted([], 'one', ({ token }) => {
      tokens.push(token());
      return tokens.length < 2 ? { wait: 1 } : { done: null };
    }),
    noted([], 'two', ({ token }) => {
      tokens.push(token(), token('one'));
      return { done: null };
    }),
  ];
  const process = await at.process([workflow('token', steps)]);
  const id = await at.accept('token');
  await process.tell([id]);
  await at.end(id);
  const [first, again, second, byName] = tokens;
  expect(again).toBe(first);
  expect(byName).toBe(first);
  expect(second).not.toBe(first);
  for (const token of tokens) expect(token).toMatch(/^[a-z0-9-]{1,64}$/);
});

test('a job that nobody was told of is found by the sweep', async () => {
  const id = await at.accept('plain');
  await at.process([workflow('plain', [noted([], 'one')])]);
  expect(await at.end(id, 2_000)).toMatchObject({ state: 'SUCCESS' });
});

test('waitFor answers at the end at once, and with the row as it is at the deadline', async () => {
  let finish: (() => void) | undefined;
  const steps = [noted([], 'long', () => new Promise((resolve) => (finish = () => resolve({ done: null }))))];
  const process = await at.process([workflow('long', steps)]);
  const id = await at.accept('long');
  await process.tell([id]);
  const begun = performance.now();
  expect(await process.waitFor(id, 120)).toMatchObject({ state: 'RUNNING' });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(115);
  const waiting = process.waitFor(id, 5_000);
  finish?.();
  expect(await waiting).toMatchObject({ state: 'SUCCESS' });
  await expect(process.waitFor('none', 100)).rejects.toThrow('there is no job none');
});

test('waitFor sees the end of a job that another process works', async () => {
  const steps = [
    noted([], 'long', async () => {
      await sleep(100);
      return { done: null };
    }),
  ];
  await at.process([workflow('long', steps)]);
  const other = await at.process([], { concurrency: 0, sweepMs: 60_000 });
  const id = await at.accept('long');
  expect(await other.waitFor(id, 3_000)).toMatchObject({ state: 'SUCCESS' });
});

test('a job of a workflow that this process does not know is left to others', async () => {
  const process = await at.process([]);
  const id = await at.accept('unknown');
  await process.work(id);
  expect(await at.job(id)).toMatchObject({ state: 'RUNNING', attempts: 0, leaseOwner: null });
  expect(process.log.lines.some((line) => line.level === 'error' && line.words.includes('no workflow'))).toBe(true);
});

test('a long step keeps its lease', async () => {
  const diary: string[] = [];
  const steps = [
    noted(diary, 'long', async () => {
      await sleep(700);
      return { done: null };
    }),
  ];
  await at.process([workflow('long', steps)], { leaseMs: 150 });
  await at.process([workflow('long', steps)], { leaseMs: 150 });
  const id = await at.accept('long');
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['long#1']);
});

test('close lets the step in flight be recorded and hands the job back to the next process', async () => {
  const diary: string[] = [];
  const steps = [
    noted(diary, 'one', async () => {
      await sleep(100);
      return { done: 1 };
    }),
    noted(diary, 'two'),
  ];
  const first = await at.process([workflow('two', steps)], { leaseMs: 60_000 });
  const id = await at.accept('two');
  await first.tell([id]);
  while (diary.length === 0) await sleep(2);
  await first.close(2_000);
  expect(await at.job(id)).toMatchObject({ state: 'RUNNING', step: 'two', attempts: 0, leaseOwner: null });
  await at.process([workflow('two', steps)]);
  expect(await at.end(id, 2_000)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['one#1', 'two#1']);
});

test('close tells steps by their signal, and an attempt broken off stays counted', async () => {
  const diary: string[] = [];
  const steps = [
    noted(diary, 'long', ({ attempt, signal }) => (attempt > 1 ? { done: null } : sleep(60_000, { done: null }, { signal, ref: false }))),
  ];
  const first = await at.process([workflow('long', steps)], { leaseMs: 60_000 });
  const id = await at.accept('long');
  await first.tell([id]);
  while (diary.length === 0) await sleep(2);
  await first.close(2_000);
  expect(await at.job(id)).toMatchObject({ state: 'RUNNING', attempts: 1, leaseOwner: null });
  await at.process([workflow('long', steps)]);
  expect(await at.end(id, 2_000)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['long#1', 'long#2']);
});

test('expired jobs are removed', async () => {
  await at.process([workflow('plain', [noted([], 'one')])], { retentionMs: 1 });
  const id = await at.accept('plain');
  await at.end(id);
  for (let left = 100; left > 0 && (await at.store.job(id)); left--) await sleep(20);
  expect(await at.store.job(id)).toBeUndefined();
});

test('one unrecordable moment of the store does not repeat what was done', async () => {
  const diary: string[] = [];
  let failures = 2;
  const steps = [
    noted(diary, 'one', () => ({
      done: 1,
      apply: async () => {
        if (failures-- > 0) throw new Error('database is locked');
      },
    })),
  ];
  await at.process([workflow('locked', steps)]);
  const id = await at.accept('locked');
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['one#1']);
});
