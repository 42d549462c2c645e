import { noted, undone, workflow } from '../../test/jobs/harness';
import { runnerScene } from '../../test/jobs/runner-scene';
import { ProviderError } from '../clouds/errors';
import { childId } from './job-run';
import { LeftUnderWay, type EndContext, type StepContext, type StepOutcome } from './workflow';

const scene = runnerScene();
const child = (name: string, more = {}) => ({
  ...{ workflow: name, action: 'urn:start', target: `machines/${name}`, affected: [], statusMessage: 'queued' },
  ...more,
});

/** A step that asks for these children, and keeps how they ended. */
function fan(children: readonly ReturnType<typeof child>[], diary: string[] = [], seen: StepContext['nested'][] = []) {
  const run = ({ nested }: StepContext): StepOutcome => {
    if (!nested) return { nested: children };
    seen.push(nested);
    return { done: nested.map(({ state }) => state) };
  };
  return noted(diary, 'fan', run, undone);
}

/** The workflows of children are known to the scene from here on. */
async function knowChildren(): Promise<void> {
  await scene.accept(workflow('good', [noted([], 'one')]));
  await scene.accept(workflow('bad', [noted([], 'one', () => Promise.reject(new ProviderError('quota', 'no room')))]));
  await scene.accept(workflow('left', [noted([], 'one', () => Promise.reject(new LeftUnderWay('limit')))]));
}

test('children are made in the transaction that releases the parent, once, with ids that follow from it', async () => {
  const diary: string[] = [];
  await knowChildren();
  const id = await scene.accept(workflow('parent', [fan([child('good', { input: { n: 1 } }), child('bad')], diary)]));
  const ids = [childId(id, 'fan', false, 0), childId(id, 'fan', false, 1)];
  expect(await scene.work(id)).toMatchObject({
    ...{ state: 'RUNNING', step: 'fan', attempts: 0, statusMessage: 'doing fan', leaseOwner: null, due: scene.now() + 2_000 },
    memory: { own: null, children: ids },
  });
  expect(scene.notified).toEqual([
    [id, 2_005],
    [ids[0], 0],
    [ids[1], 0],
  ]);
  expect(await scene.row(ids[0] ?? '')).toMatchObject({ parent: id, tenant: 'acme', principal: 'ann', input: { n: 1 }, state: 'QUEUED' });
  expect(await scene.workWhenDue(id)).toMatchObject({ attempts: 0, due: scene.now() + 2_000 });
  expect(diary).toEqual(['fan#1']);
  expect((await scene.store.jobs({ parent: id })).map(({ state }) => state)).toEqual(['QUEUED', 'QUEUED']);
});

test('the step runs again with how each child ended; the last one to end makes the parent due', async () => {
  const seen: StepContext['nested'][] = [];
  await knowChildren();
  const id = await scene.accept(workflow('parent', [fan([child('good'), child('bad')], [], seen)]));
  await scene.work(id);
  const [good = '', bad = ''] = [0, 1].map((index) => childId(id, 'fan', false, index));
  scene.notified.length = 0;
  await scene.work(good);
  expect(scene.notified).toEqual([]);
  expect(await scene.work(id)).toBeUndefined();
  await scene.work(bad);
  expect(scene.notified).toEqual([[id, 0]]);
  expect(await scene.work(id)).toMatchObject({ state: 'SUCCESS' });
  expect(seen).toEqual([
    [
      { id: good, state: 'SUCCESS', statusMessage: 'done' },
      { id: bad, state: 'FAILED', statusMessage: 'doing one: no room', kind: 'quota' },
    ],
  ]);
});

test('no children at all: the step runs again at once', async () => {
  const seen: StepContext['nested'][] = [];
  const id = await scene.accept(workflow('none', [fan([], [], seen)]));
  expect(await scene.work(id)).toMatchObject({ due: scene.now(), memory: { children: [] } });
  expect(await scene.work(id)).toMatchObject({ state: 'SUCCESS' });
  expect(seen).toEqual([[]]);
});

test('a child that was removed before its end was read counts as failed', async () => {
  const seen: StepContext['nested'][] = [];
  await knowChildren();
  const id = await scene.accept(workflow('removed', [fan([child('good')], [], seen)]));
  await scene.work(id);
  const only = childId(id, 'fan', false, 0);
  await scene.work(only);
  await scene.store.transaction((unit) => unit.deleteJob(only));
  await scene.work(id);
  expect(seen).toEqual([[{ id: only, state: 'FAILED', statusMessage: 'the job was removed before its end was read' }]]);
});

test('a step that asks a second time is a bug: its Job fails, and no more children are made', async () => {
  await knowChildren();
  const id = await scene.accept(workflow('twice', [noted([], 'fan', () => ({ nested: [child('good')] }))]));
  await scene.work(id);
  await scene.work(childId(id, 'fan', false, 0));
  expect(await scene.work(id)).toMatchObject({ state: 'FAILED', returnCode: 10011 });
  expect(scene.log.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
    err: new Error('the step fan asked for nested jobs a second time'),
  });
  expect(await scene.store.jobs({ parent: id })).toHaveLength(1);
});

test('a child whose resource is being changed fails the step, and none is made', async () => {
  const holds = [{ path: 'machines/busy', shows: null }];
  await scene.accept(workflow('holder', [noted([], 'one')]), { holds });
  const ends: EndContext[] = [];
  const failed = async (context: EndContext) => ({ note: `ends: ${ends.push(context)}` });
  const id = await scene.accept(workflow('held', [fan([child('good'), child('bad', { holds })])], { failed }));
  expect(await scene.work(id)).toMatchObject({
    ...{ state: 'FAILED', returnCode: 10004, statusMessage: expect.stringMatching(/^machines\/busy is being changed by job /) as string },
  });
  expect(ends.map(({ results }) => Object.keys(results))).toEqual([[]]);
  expect(await scene.store.jobs({ parent: id })).toEqual([]);
});

test.each<[string, () => Promise<StepOutcome>, RegExp]>([
  [
    'a failure in words',
    () => Promise.reject(new ProviderError('quota', 'a part failed')),
    /^doing fan: a part failed; nothing was undone$/,
  ],
  ['a bug', () => Promise.reject(new TypeError('x is not a function')), /; nothing was undone$/],
  ['a store write of its own', async () => ({ done: null, apply: () => Promise.reject(new RangeError('no')) }), /; nothing was undone$/],
])('a parent that fails by %s beside a child left under way is left, too', async (_by, fails, words) => {
  const diary: string[] = [];
  await knowChildren();
  const spread = noted(diary, 'fan', ({ nested }) => (nested ? fails() : { nested: [child('left'), child('good')] }), undone);
  const id = await scene.accept(workflow('leaving', [spread]));
  await scene.work(id);
  for (const index of [0, 1]) await scene.work(childId(id, 'fan', false, index));
  expect(await scene.work(id)).toMatchObject({
    state: 'FAILED',
    statusMessage: expect.stringMatching(words) as string,
    failure: { left: true },
  });
  expect(diary).toEqual(['fan#1', 'fan#1']);
});

test('a stop goes to the children that have not ended; the parent waits for them, then undoes', async () => {
  const diary: string[] = [];
  await knowChildren();
  const id = await scene.accept(workflow('stopped', [fan([child('good'), child('good')], diary)]));
  await scene.work(id);
  const [first = '', second = ''] = [0, 1].map((index) => childId(id, 'fan', false, index));
  await scene.work(first);
  await scene.stop(id);
  expect(await scene.work(id)).toMatchObject({ state: 'STOPPING', due: scene.now() + 2_000, undoing: false });
  expect(await scene.row(first)).toMatchObject({ state: 'SUCCESS' });
  expect(await scene.work(second)).toMatchObject({ state: 'STOPPED' });
  expect(await scene.work(id)).toMatchObject({ state: 'STOPPED' });
  expect(diary).toEqual(['fan#1', 'undo fan#1']);
});

test('an undo has children of its own, with ids of their own', async () => {
  await knowChildren();
  const undo = ({ nested }: StepContext): StepOutcome => (nested ? { done: null } : { nested: [child('good')] });
  const id = await scene.accept(workflow('undo', [noted([], 'fan', () => Promise.reject(new ProviderError('quota', 'no')), undo)]));
  expect(await scene.work(id)).toMatchObject({ undoing: true, memory: { children: [childId(id, 'fan', true, 0)] } });
  await scene.work(childId(id, 'fan', true, 0));
  expect(await scene.work(id)).toMatchObject({ state: 'FAILED', statusMessage: 'doing fan: no' });
  expect(childId(id, 'fan', true, 0)).not.toBe(childId(id, 'fan', false, 0));
});

test('a parent that cannot be notified is no trouble of the child', async () => {
  await knowChildren();
  const id = await scene.accept(workflow('unreachable', [fan([child('good')])]));
  await scene.work(id);
  scene.queueError = new Error('no Redis');
  const only = childId(id, 'fan', false, 0);
  expect(await scene.work(only)).toMatchObject({ state: 'SUCCESS' });
  expect(scene.log.lines.at(-1)).toMatchObject({
    level: 'warn',
    words: 'notifying the parent job failed; the sweep will pick it up',
    fields: { job: only, parent: id },
  });
});
