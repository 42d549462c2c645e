import type { Moment } from '../../src/jobs/engine-context';
import { requestStop } from '../../src/jobs/stop';
import { createWorkflowRegistry, type Step, type Workflow } from '../../src/jobs/workflow';
import { house, noted, undone, workflow, type House, type Process } from './harness';
import { waitUntil } from '../harness/wait';

let at: House;
beforeEach(async () => {
  at = await house();
});
afterEach(() => at.remove());

const all = ['one', 'two', 'three'];

async function stoppedAt(step: string, moment: Moment) {
  const diary: string[] = [];
  const steps = all.map((name) => noted(diary, name, undefined, undone));
  const made = workflow('stop', steps, {
    stopped: async ({ results }) => ({ message: `stopped after ${Object.keys(results).join(' ')}` }),
  });
  let asked = false;
  const onBoundary = async (point: { job: string; step: string; moment: Moment }) => {
    if (asked || point.step !== step || point.moment !== moment) return;
    asked = true;
    await process.requestStop(point.job);
  };
  const process: Process = await at.process([made], { onBoundary });
  const id = await at.accept('stop');
  await process.notify([id]);
  return { row: await at.end(id), diary };
}

test.each(all)(
  'a stop asked for while %s runs takes effect after its recording; all that was begun is undone, newest first',
  async (step) => {
    const { row, diary } = await stoppedAt(step, 'before');
    const begun = all.slice(0, all.indexOf(step) + 1);
    expect(diary).toEqual([...begun.map((name) => `${name}#1`), ...begun.toReversed().map((name) => `undo ${name}#1`)]);
    expect(row).toMatchObject({
      state: 'STOPPED',
      returnCode: 10012,
      statusMessage: `stopped after ${begun.join(' ')}`,
      input: null,
      leaseOwner: null,
    });
  },
);

test('a stop that comes between the last step and its recording is honoured too', async () => {
  const { row, diary } = await stoppedAt('three', 'ran');
  expect(row.state).toBe('STOPPED');
  expect(diary.slice(3)).toEqual(['undo three#1', 'undo two#1', 'undo one#1']);
});

test('a stop during the last step of what cannot be undone changes nothing any more', async () => {
  const made = workflow('delete', [noted([], 'delete')]);
  const process: Process = await at.process([made], {
    onBoundary: async ({ job, moment }) => void (moment === 'ran' && (await process.requestStop(job))),
  });
  const id = await at.accept('delete');
  await process.notify([id]);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
});

test('a job that never began is stopped without running or undoing anything', async () => {
  const diary: string[] = [];
  const id = await at.accept('stop', { holds: [{ path: 'machines/a', shows: 'STARTING' }] });
  const process = await at.process([workflow('stop', [noted(diary, 'one', undefined, undone)])], { concurrency: 0, sweepMs: 60_000 });
  expect(await process.requestStop(id)).toMatchObject({ state: 'STOPPING' });
  await process.work(id);
  expect(await at.job(id)).toMatchObject({ state: 'STOPPED' });
  expect(diary).toEqual([]);
  expect((await at.store.holds()).size).toBe(0);
});

test('a waiting job is stopped at once, not at its due time', async () => {
  const diary: string[] = [];
  const process = await at.process([workflow('wait', [noted(diary, 'poll', () => ({ wait: 3_600_000 }), undone)])]);
  const id = await at.accept('wait');
  await process.notify([id]);
  await waitUntil(async () => diary.length !== 0 && (await at.job(id)).leaseOwner === null);
  await process.requestStop(id);
  expect(await at.end(id)).toMatchObject({ state: 'STOPPED', statusMessage: 'stopped; what had been done was undone' });
  expect(diary).toEqual(['poll#1', 'undo poll#1']);
});

test('a stop asked for while the step decides to wait is not put off by that wait', async () => {
  const made = workflow('wait', [noted([], 'poll', () => ({ wait: 3_600_000 }))]);
  const process: Process = await at.process([made], {
    onBoundary: async ({ job, moment }) => void (moment === 'ran' && (await process.requestStop(job))),
  });
  const id = await at.accept('wait');
  await process.notify([id]);
  expect(await at.end(id)).toMatchObject({ state: 'STOPPED' });
});

test('without words of its own for a stop, the workflow speaks as for a failure', async () => {
  const kinds: string[] = [];
  const made = workflow('wait', [noted([], 'poll', () => ({ wait: 3_600_000 }))], {
    failed: async ({ error }) => {
      kinds.push('kind' in error ? error.kind : error.name);
      return { message: 'not any more' };
    },
  });
  const process = await at.process([made]);
  const id = await at.accept('wait');
  await process.requestStop(id);
  expect(await at.end(id)).toMatchObject({ state: 'STOPPED', statusMessage: 'not any more' });
  expect(kinds).toEqual(['stopped']);
});

test('stopping twice, after the end, or what does not exist, changes nothing', async () => {
  const process = await at.process([workflow('plain', [noted([], 'one')])]);
  const id = await at.accept('plain');
  await process.notify([id]);
  const ended = await at.end(id);
  expect(await requestStop(at.store, process.queue, id, createWorkflowRegistry([]))).toEqual(ended);
  expect(await requestStop(at.store, process.queue, 'none', createWorkflowRegistry([]))).toBeUndefined();
});

describe('words of a stopped job', () => {
  const words = async (id: string) => (await at.end(id)).statusMessage;
  const waiting = () => ({ wait: 3_600_000 });
  const looking = { ...noted([], 'look', waiting), readOnly: true };

  async function stoppedIn(steps: Step[], more: Partial<Workflow> = {}): Promise<string> {
    const process = await at.process([workflow('words', steps, more)]);
    const id = await at.accept('words');
    await process.notify([id]);
    // It waits for an hour.
    await waitUntil(async () => (await at.job(id)).due - Date.now() >= 1_800_000);
    await process.requestStop(id);
    return words(id);
  }

  test('only looks so far: nothing was done', async () => {
    expect(await stoppedIn([looking, noted([], 'call')])).toBe('stopped before anything was done');
  });

  test('no step has an undo: what was asked for may still happen', async () => {
    const steps = [noted([], 'call'), { ...noted([], 'reached', waiting), readOnly: true }];
    expect(await stoppedIn(steps)).toMatch(
      /^stopped: .*nothing was undone: what the provider was asked for has happened or may still happen$/,
    );
  });

  test('undone is said only where an undo ran', async () => {
    expect(await stoppedIn([noted([], 'make', undefined, undone), noted([], 'wait', waiting)])).toBe(
      'stopped; what had been done was undone',
    );
  });

  test('what an undo leaves to be told is told', async () => {
    const undo = () => ({ done: null, note: 'one more may come' });
    const made = [noted([], 'first', undefined, undone), noted([], 'make', undefined, undo), noted([], 'wait', waiting)];
    expect(await stoppedIn(made)).toBe('stopped; what had been done was undone; one more may come');
  });

  test.each(['row', 'stop'])('what endures goes on once it has begun (asked by %s)', async (how) => {
    const diary: string[] = [];
    let ready = false;
    const steps = [
      { ...noted(diary, 'look'), readOnly: true },
      noted(diary, 'delete'),
      noted(diary, 'gone', () => (ready ? { done: null } : { wait: 20 })),
      noted(diary, 'parts'),
    ];
    const process = await at.process([workflow('delete', steps, { unstoppable: true })]);
    const id = await at.accept('delete');
    await process.notify([id]);
    await waitUntil(() => diary.includes('gone#1'));
    const row = await at.job(id);
    expect(process.mayStop(row)).toBe(false);
    if (how === 'stop') expect(await process.requestStop(id)).toMatchObject({ state: 'RUNNING' });
    else await at.store.transaction((unit) => unit.updateJob(id, { state: 'STOPPING' }));
    ready = true;
    expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
    expect(diary.at(-1)).toBe('parts#1');
  });

  test('what is unstoppable is stopped as long as it only looks', async () => {
    const diary: string[] = [];
    const process = await at.process([workflow('delete', [looking, noted(diary, 'delete')], { unstoppable: true })]);
    const id = await at.accept('delete');
    await process.notify([id]);
    await waitUntil(async () => (await at.job(id)).step === 'look' && (await at.job(id)).leaseOwner === null);
    expect(process.mayStop(await at.job(id))).toBe(true);
    await process.requestStop(id);
    expect(await at.end(id)).toMatchObject({ state: 'STOPPED', statusMessage: 'stopped before anything was done' });
    expect(diary).toEqual([]);
  });
});
