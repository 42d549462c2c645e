import { FakeCloud } from '../../test/harness/fake-cloud';
import { JOB, openTurns, type Turns } from '../../test/harness/step-turn';
import { HandleForgotten, ProviderError } from '../clouds/errors';
import type { StepContext, StepOutcome } from '../jobs/workflow';
import { lookAgain, lookForUnderWay, lookLater } from './look-again';

/** The Job that looks, some time later, for what another Job may have made without being told so. */
type Input = Parameters<(typeof lookAgain)['steps'][number]['run']>[0]['input'];
const MINUTE_MS = 60_000;
const SETTLE_MS = 500;
const PATH = 'machines/a';
const MARKS = { tag: 'the-tag', token: 'the-token' };

let fake: FakeCloud;
let turns: Turns;
let now: number;
let input: Input;
beforeEach(async () => {
  fake = new FakeCloud({ settleMs: SETTLE_MS });
  turns = await openTurns(fake);
  now = await turns.store.now();
  input = { cloud: 'fake', group: 'machines', path: PATH, marks: MARKS, of: 'j-1', from: at(-MINUTE_MS), to: at(0) };
  await turns.insert(PATH, { providerKey: 'kept' });
});
afterEach(() => turns.remove());

const at = (ms: number): string => new Date(now + ms).toISOString();
const put = (key: string, ms: number | undefined, tag = MARKS.tag): void =>
  void fake.put('machines', { key, tag, values: { state: 'STARTED' }, ...(ms === undefined ? {} : { created: at(ms) }) });
const run = (step: string, more: Partial<Input> = {}, context: Partial<StepContext<Input>> = {}): Promise<StepOutcome> =>
  turns.run(lookAgain, step, { ...input, ...more }, context);
const job = (state: string) =>
  turns.store.transaction(async (unit) => {
    const about = { tenant: 'acme', principal: 'ann', workflow: 'machine.create', action: 'urn:x', target: PATH, affected: [] };
    await unit.insertJob({ id: 'j-1', ...about, statusMessage: 'it was so' });
    await unit.updateJob('j-1', { state } as Parameters<typeof unit.updateJob>[1]);
  });

describe('when it looks', () => {
  test('not before its time, and not before the Job has ended', async () => {
    await job('RUNNING');
    const early = (await run('ended', { to: at(MINUTE_MS) })) as { wait: number };
    expect(early.wait).toBeGreaterThan(0);
    expect(early.wait).toBeLessThanOrEqual(MINUTE_MS);
    expect(await run('ended')).toEqual({ wait: 1_000 });
  });

  test('a Job of which there is no record any more has ended', async () => {
    expect(await run('ended')).toEqual({ done: null });
  });

  test('work that an attempt began is followed to its end, in whatever it ends', async () => {
    const ends = [
      { ongoing: { task: 't' }, message: 'copying' },
      { key: 'made-late' },
      new HandleForgotten('no such task'),
      new ProviderError('quota', 'no room'),
    ];
    fake.around = ({ name }, go) => {
      if (name !== 'poll') return go();
      const next = ends.shift();
      if (next instanceof Error) throw next;
      return next;
    };
    const handle = { task: 't' };
    expect(await run('followed', { handle })).toEqual({ wait: 250 });
    expect(await run('followed', { handle })).toEqual({ done: 'made-late' });
    expect(await run('followed', { handle })).toEqual({ done: null });
    expect(await run('followed', { handle })).toEqual({ done: null });
    expect(await run('followed')).toEqual({ done: null });
  });

  test('a provider that is away is asked again', async () => {
    fake.around = ({ name }, go) => {
      if (name === 'poll') throw new ProviderError('unavailable', 'away');
      return go();
    };
    await expect(run('followed', { handle: { task: 't' } })).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('what it finds', () => {
  test('its own is what was made within its attempts and is not what the resource became; the rest is only told of', async () => {
    put('kept', -30_000);
    put('late', -1_000);
    put('clone', -MINUTE_MS * 60);
    put('ageless', undefined);
    put('another’s', -1_000, 'the-tag-of-another');
    expect(await run('look')).toEqual({ done: { late: ['late'], others: ['clone', 'ageless'] } });
  });

  test('a key that an attempt was given is its own, whatever its age, once it shows', async () => {
    put('given', undefined);
    expect(await run('look', { keys: ['given'] })).toEqual({ done: { late: ['given'], others: [] } });
    expect(await run('look', {}, { results: { followed: 'given' } })).toEqual({ done: { late: ['given'], others: [] } });
    expect(await run('look', { keys: ['unseen'] }, { elapsedMs: 100 })).toEqual({ wait: SETTLE_MS - 100 });
    expect(await run('look', { keys: ['unseen'] }, { elapsedMs: SETTLE_MS })).toEqual({ done: { late: [], others: ['given'] } });
  });

  test('nothing where the create was left under way: its thing is the resource’s', async () => {
    await turns.insert('machines/b', { internal: { underWay: { of: 'j-1' } } });
    put('late', -1_000);
    expect(await run('look', { path: 'machines/b' })).toEqual({ done: { late: [], others: [] } });
  });
});

describe('what becomes of it', () => {
  const end = (late: string[], others: string[] = []) =>
    turns.store.transaction((unit) => {
      const { job: of } = turns.context(input);
      return (
        lookAgain.succeeded?.({ job: of, input, results: { look: { late, others } }, memory: null, unit }) ??
        Promise.reject(new Error('no end'))
      );
    });

  test('what was made late goes, and nothing else', async () => {
    for (const key of ['kept', 'late', 'later']) put(key, -1_000);
    expect(await run('remove', {}, { results: { look: { late: ['late', 'later'], others: ['kept'] } } })).toEqual({ done: null });
    expect([...fake.of('machines').keys()]).toEqual(['kept']);
  });

  test('it is told on this Job and on the one that made it', async () => {
    await job('FAILED');
    expect(await end(['late'], ['clone'])).toEqual({
      message: 'Removed what jobs/j-1 made late: late; left alone, for it was not made within its attempts: clone',
    });
    expect((await turns.store.job('j-1'))?.statusMessage).toBe('it was so; what it made late was removed: late');
  });

  test('nothing found is said, too, and what is gone is no affected resource', async () => {
    expect(await end([])).toEqual({ message: 'Nothing more has come of jobs/j-1' });
    input = { ...input, path: 'machines/gone' };
    expect(await end([])).toEqual({ message: 'Nothing more has come of jobs/j-1', affected: [] });
  });
});

describe('who starts it', () => {
  const of = { id: JOB, tenant: 'acme', principal: 'ann', created: '' };
  const jobs = () => turns.store.jobs({});

  test('once for each reason, due later; a row without a key knows that it is looked for', async () => {
    await turns.insert('machines/b');
    const unseen = { ...input, path: 'machines/b' };
    const [first, again] = await turns.store.transaction(async (unit) => [
      await lookLater(unit, of, unseen, { why: 'late answers' }),
      await lookLater(unit, of, unseen, { why: 'late answers' }),
    ]);
    expect(again?.id).toBe(first?.id);
    const [row, more] = await jobs();
    expect(more).toBeUndefined();
    expect(row).toMatchObject({ workflow: 'provider.lookAgain', target: 'machines/b', holds: [], state: 'QUEUED' });
    expect(row?.input).toMatchObject({ marks: MARKS, of: 'j-1', from: input.from, to: first?.at });
    expect(new Date(row?.due ?? 0).toISOString()).toBe(first?.at);
    expect((await turns.store.resource('machines/b'))?.internal.lookedFor).toBe(first?.at);
    await turns.store.transaction((unit) => lookLater(unit, of, unseen, { why: 'lost lease', inMs: 0 }));
    expect(await jobs()).toHaveLength(2);
  });

  test('a row that goes whose create was left under way, with its handle; no other row', async () => {
    const underWay = { ...input, path: 'machines/b', principal: 'ann', handle: { task: 't-9' } };
    await turns.insert('machines/b', { internal: { underWay: underWay as unknown as string } });
    for (const path of [PATH, 'machines/b']) {
      const row = await turns.store.resource(path);
      if (row) await turns.store.transaction((unit) => lookForUnderWay(unit, row));
    }
    expect((await jobs()).map(({ target, input: given }) => [target, (given as { handle?: unknown }).handle])).toEqual([
      ['machines/b', { task: 't-9' }],
    ]);
  });
});
