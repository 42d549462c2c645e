import type { StepContext, StepOutcome } from '../../src/jobs/workflow';
import { house, noted, undone, workflow, type House } from './harness';
import { waitUntil } from '../harness/wait';

let at: House;
beforeEach(async () => {
  at = await house();
});
afterEach(() => at.remove());

const child = (name: string, more = {}) => ({
  workflow: name,
  action: 'urn:start',
  target: `machines/${name}`,
  affected: [],
  statusMessage: 'queued',
  ...more,
});

/** A step that asks for children once and keeps how they ended. */
function parentStep(children: readonly ReturnType<typeof child>[], ends: StepContext['nested'][], diary: string[] = []) {
  return noted(
    diary,
    'fan',
    ({ nested }): StepOutcome => {
      if (!nested) return { nested: children };
      ends.push(nested);
      return { done: nested.map(({ state }) => state) };
    },
    undone,
  );
}

test('the parent waits outside its slot and is told as soon as the last child ends', async () => {
  const ends: StepContext['nested'][] = [];
  const diary: string[] = [];
  const failing = noted([], 'fail', () => {
    throw new Error('bug');
  });
  const process = await at.process(
    [
      workflow('parent', [parentStep([child('good', { input: { n: 1 } }), child('bad')], ends, diary)]),
      workflow('good', [noted([], 'wait', ({ elapsedMs }) => (elapsedMs < 100 ? { wait: 110 } : { done: null }))]),
      workflow('bad', [failing]),
    ],
    // Nothing else than being told gets it going again.
    { concurrency: 1, sweepMs: 3_600_000 },
  );
  const id = await at.accept('parent');
  await process.notify([id]);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(ends[0]?.map(({ state }) => state)).toEqual(['SUCCESS', 'FAILED']);
  const children = await at.store.jobs({ parent: id });
  expect(children.map(({ tenant, principal }) => [tenant, principal])).toEqual([
    ['acme', 'ann'],
    ['acme', 'ann'],
  ]);
  expect(new Set(children.map((row) => row.id))).toEqual(new Set(ends[0]?.map((end) => end.id)));
  expect(diary).toEqual(['fan#1', 'fan#1']);
});

test('no children at all: the step goes on at once', async () => {
  const ends: StepContext['nested'][] = [];
  await at.process([workflow('parent', [parentStep([], ends)])]);
  const id = await at.accept('parent');
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(ends).toEqual([[]]);
});

test('children are made once, also when the process dies right after', async () => {
  const ends: StepContext['nested'][] = [];
  const workflows = [
    workflow('parent', [parentStep([child('good'), child('good', { target: 'machines/b' })], ends)]),
    workflow('good', [noted([], 'one')]),
  ];
  let died = false;
  const victim = await at.process(workflows, {
    leaseMs: 100,
    onBoundary: async ({ moment, workflow: name }) => {
      if (name !== 'parent' || moment !== 'ran') return;
      victim.die();
      died = true;
    },
  });
  const id = await at.accept('parent');
  await victim.notify([id]);
  await waitUntil(() => died);
  await at.process(workflows);
  expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(await at.store.jobs({ parent: id })).toHaveLength(2);
});

test('a step that asks for children a second time is a bug, and its job fails', async () => {
  await at.process([workflow('parent', [noted([], 'fan', () => ({ nested: [child('good')] }))]), workflow('good', [noted([], 'one')])]);
  const id = await at.accept('parent');
  expect(await at.end(id)).toMatchObject({ state: 'FAILED', returnCode: 10011 });
});

test('a child whose resource is being changed fails the parent and makes no child', async () => {
  const ends: StepContext['nested'][] = [];
  await at.accept('other', { due: Date.now() + 3_600_000, holds: [{ path: 'machines/b', shows: null }] });
  const held = child('good', { holds: [{ path: 'machines/b', shows: 'STARTING' }] });
  await at.process([workflow('parent', [parentStep([child('good'), held], ends)]), workflow('good', [noted([], 'one')])]);
  const id = await at.accept('parent');
  const row = await at.end(id);
  expect(row).toMatchObject({ state: 'FAILED', returnCode: 10004 });
  expect(row.statusMessage).toContain('machines/b is being changed by job');
  expect(await at.store.jobs({ parent: id })).toEqual([]);
});

test('stopping the parent stops the children first, then undoes', async () => {
  const diary: string[] = [];
  const process = await at.process([
    workflow('parent', [parentStep([child('long'), child('long', { target: 'machines/b' })], [], diary)]),
    workflow('long', [noted(diary, 'wait', () => ({ wait: 3_600_000 }), undone)]),
  ]);
  const id = await at.accept('parent');
  await process.notify([id]);
  await waitUntil(() => diary.filter((line) => line === 'wait#1').length >= 2);
  await process.requestStop(id);
  expect(await at.end(id)).toMatchObject({ state: 'STOPPED' });
  expect((await at.store.jobs({ parent: id })).map(({ state }) => state)).toEqual(['STOPPED', 'STOPPED']);
  expect(diary.slice(-3)).toEqual(['undo wait#1', 'undo wait#1', 'undo fan#1']);
});
