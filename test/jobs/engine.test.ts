import type { StepContext } from '../../src/jobs/workflow';
import { house, noted, undone, workflow, type House } from './harness';
import { PATIENCE_MS, elapse, takesAtLeast, waitUntil } from '../harness/wait';

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
  await process.notify([id]);
  const row = await process.waitFor(id, PATIENCE_MS);
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
  await process.notify([id]);
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
  await process.notify([id]);
  await waitUntil(async () => (await at.job(id)).statusMessage === 'seen 2 times');
  expect(await at.job(id)).toMatchObject({ state: 'RUNNING', step: 'poll', attempts: 0, leaseOwner: null });
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['poll#1', 'poll#1', 'poll#1']);
  expect(memories).toEqual([null, { seen: 1 }, { seen: 2 }]);
});

test('elapsed time is counted from the first attempt of the step, not of the job', async () => {
  const elapsed: number[] = [];
  const sinceSlow: number[] = [];
  let slowEnded = 0;
  const steps = [
    noted([], 'slow', async () => {
      await elapse(150);
      slowEnded = Date.now();
      return { done: null };
    }),
    noted([], 'poll', ({ elapsedMs }) => {
      elapsed.push(elapsedMs);
      sinceSlow.push(Date.now() - slowEnded);
      return elapsed.length === 1 ? { wait: 80 } : { done: null };
    }),
  ];
  const process = await at.process([workflow('timed', steps)]);
  const id = await at.accept('timed');
  await process.notify([id]);
  await at.end(id);
  // Of the slow step's 150 ms nothing counts, however long the rest may take.
  for (const [index, since] of sinceSlow.entries()) expect(elapsed[index]).toBeLessThan(since + 50);
  expect(elapsed[1]).toBeGreaterThanOrEqual(78);
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
  await process.notify([id]);
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
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
});

test('the sweep lets go of events, and of what is remembered of what is gone, after their time', async () => {
  await at.store.transaction(async (unit) => {
    for (let n = 0; n < 3; n++) {
      const what = { resource: `machines/${n}`, resourceType: 'Machine', type: 'http://events.example/state' };
      await unit.recordEvent({ tenant: 't', ...what, content: {}, outcome: 'Success' });
    }
    const row = { path: 'machines/gone', type: 'Machine', tenant: 't', cloud: 'c', providerKey: 'k', owner: null, state: null };
    await unit.insertResource({ ...row, values: {}, secrets: null, internal: {} });
    await unit.deleteResource('machines/gone');
  });
  const kept = {
    events: { keepMs: 60_000, perTenant: 2 },
    audit: { keepMs: 60_000, perTenant: 2 },
    retired: { remainsMs: 60_000, idMs: 60_000 },
  };
  const process = await at.process([], { retention: kept });
  await process.sweep();
  expect((await at.store.events({ tenant: 't', limit: 10 })).map(({ resource }) => resource)).toEqual(['machines/2', 'machines/1']);
  expect((await at.store.retired(['machines/gone'])).size).toBe(1);
  // A minute yet to come.
  const late = await at.process([], { retention: { ...kept, retired: { remainsMs: -60_000, idMs: -60_000 } } });
  await late.sweep();
  expect((await at.store.retired(['machines/gone'])).size).toBe(0);
});

test('while the last write of a Job is on its way the next one has its place; one whose writes are not known beforehand keeps it', async () => {
  const diary: string[] = [];
  const gates: (() => void)[] = [];
  const held = () => new Promise<void>((resolve) => gates.push(resolve));
  const store: typeof at.store = {
    ...at.store,
    advanceJob: async (...args) => {
      await held();
      return at.store.advanceJob(...args);
    },
    advanceAtOnce: async (...args) => {
      const row = await at.store.advanceAtOnce(...args);
      if (row) await held();
      return row;
    },
    transaction: async (work) => {
      await held();
      return at.store.transaction(work);
    },
  };
  const plain = workflow('plain', [noted(diary, 'plain')]);
  const spoken = workflow('spoken', [noted(diary, 'spoken')], { succeeded: async () => ({ message: 'well' }) });
  const turns = workflow('turns', [noted(diary, 'turns')], {
    succeeded: async ({ unit }) => {
      await unit.oneAtATime('acme');
      return {};
    },
  });
  for (const first of ['plain', 'spoken']) {
    const process = await at.process([plain, spoken, turns], { store, concurrency: 1, sweepMs: 60_000, leaseMs: 60_000 });
    gates.length = diary.length = 0;
    const jobs = [await at.accept(first), await at.accept('turns'), await at.accept('plain')];
    await process.notify(jobs);
    await waitUntil(() => gates.length === 2);
    expect(diary).toEqual([`${first}#1`, 'turns#1']);
    expect([process.running(), (await at.job(jobs[2] ?? '')).state]).toEqual([2, 'QUEUED']);
    gates[0]?.();
    expect(await at.end(jobs[0] ?? '')).toMatchObject({ state: 'SUCCESS', attempts: 1 });
    expect([gates.length, (await at.job(jobs[2] ?? '')).state]).toEqual([2, 'QUEUED']);
    gates[1]?.();
    await waitUntil(() => gates.length === 3);
    gates[2]?.();
    for (const id of jobs) expect(await at.end(id)).toMatchObject({ state: 'SUCCESS', attempts: 1 });
    expect(diary).toEqual([`${first}#1`, 'turns#1', 'plain#1']);
    await process.close(2_000);
  }
});

test('waitFor answers at the end at once, and with the row as it is at the deadline', async () => {
  let finish: (() => void) | undefined;
  const steps = [noted([], 'long', () => new Promise((resolve) => (finish = () => resolve({ done: null }))))];
  const process = await at.process([workflow('long', steps)]);
  const id = await at.accept('long');
  await process.notify([id]);
  await takesAtLeast(120, async () => expect(await process.waitFor(id, 120)).toMatchObject({ state: 'RUNNING' }));
  const waiting = process.waitFor(id, PATIENCE_MS);
  finish?.();
  expect(await waiting).toMatchObject({ state: 'SUCCESS' });
  await expect(process.waitFor('none', 100)).rejects.toThrow('there is no job none');
});

test('waitFor sees the end of a job that another process works', async () => {
  const steps = [
    noted([], 'long', async () => {
      await elapse(100);
      return { done: null };
    }),
  ];
  await at.process([workflow('long', steps)]);
  const other = await at.process([], { concurrency: 0, sweepMs: 60_000 });
  const id = await at.accept('long');
  expect(await other.waitFor(id, PATIENCE_MS)).toMatchObject({ state: 'SUCCESS' });
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
      await elapse(1_500);
      return { done: null };
    }),
  ];
  await at.process([workflow('long', steps)], { leaseMs: 500 });
  await at.process([workflow('long', steps)], { leaseMs: 500 });
  const id = await at.accept('long');
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['long#1']);
});

test('close lets the step in flight be recorded and hands the job back to the next process', async () => {
  const diary: string[] = [];
  const steps = [
    noted(diary, 'one', async () => {
      await elapse(100);
      return { done: 1 };
    }),
    noted(diary, 'two'),
  ];
  const first = await at.process([workflow('two', steps)], { leaseMs: 60_000 });
  const id = await at.accept('two');
  await first.notify([id]);
  await waitUntil(() => diary.length !== 0);
  await first.close(60_000);
  expect(await at.job(id)).toMatchObject({ state: 'RUNNING', step: 'two', attempts: 0, leaseOwner: null });
  await at.process([workflow('two', steps)]);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['one#1', 'two#1']);
});

test('close tells steps by their signal, and an attempt broken off stays counted', async () => {
  const diary: string[] = [];
  const steps = [noted(diary, 'long', ({ attempt, signal }) => (attempt > 1 ? { done: null } : elapse(3_600_000, signal).then(undone)))];
  const first = await at.process([workflow('long', steps)], { leaseMs: 60_000 });
  const id = await at.accept('long');
  await first.notify([id]);
  await waitUntil(() => diary.length !== 0);
  await first.close(2_000);
  expect(await at.job(id)).toMatchObject({ state: 'RUNNING', attempts: 1, leaseOwner: null });
  await at.process([workflow('long', steps)]);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(diary).toEqual(['long#1', 'long#2']);
});

test('expired jobs are removed', async () => {
  await at.process([workflow('plain', [noted([], 'one')])], { retentionMs: 1 });
  const id = await at.accept('plain');
  await at.end(id);
  await waitUntil(async () => !(await at.store.job(id)));
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

test('shows what a step reports while it runs, in one transaction with what it changes, and never goes back', async () => {
  const seen: unknown[] = [];
  let id = '';
  const look = async () => {
    const { progress, statusMessage } = await at.job(id);
    seen.push([progress, statusMessage]);
  };
  const row = { path: 'machines/a', type: 'Machine', tenant: 'acme', cloud: null, providerKey: null, owner: null, secrets: null };
  const copies = noted([], 'copy', async ({ report }) => {
    await report({ progress: 80, message: 'eighty' });
    await look();
    await report({
      ...{ progress: 40, message: 'less' },
      apply: async (unit) => void (await unit.insertResource({ ...row, state: null, values: {}, internal: {} })),
    });
    await look();
    await report({ progress: 400, message: 'more than all' });
    await look();
    expect(await at.store.resource('machines/a')).toBeDefined();
    return { done: null };
  });
  const rests = noted([], 'rest', async () => {
    await look();
    return { done: null };
  });
  const process = await at.process([workflow('reporting', [copies, rests])]);
  id = await at.accept('reporting');
  await process.notify([id]);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS', progress: 100 });
  expect(seen).toEqual([
    [80, 'eighty'],
    [80, 'less'],
    [99, 'more than all'],
    [99, 'doing rest'],
  ]);
});
