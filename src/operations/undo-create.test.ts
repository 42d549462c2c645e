import { FakeCloud } from '../../test/harness/fake-cloud';
import { JOB, openTurns, type Turns } from '../../test/harness/step-turn';
import { HandleForgotten } from '../clouds/errors';
import type { CreateResult } from '../jobs/idempotent-create';
import type { StepContext, StepOutcome } from '../jobs/workflow';
import { isThere, lateCreate, mayStillBe, undoCreate } from './undo-create';

type Context = StepContext<{ cloud: string; path: string }>;
const SETTLE_MS = 500;
const PATH = 'machines/a';
const MARKS = { tag: 'the-tag', token: 'the-token' };
const CERTAIN: CreateResult = { key: 'mine', found: false, attempts: 1, twins: [] };
const REPEATED: CreateResult = { key: 'mine', found: true, attempts: 2, twins: [] };
/** No longer within the time in which what was made may not show yet. */
const LATER = { elapsedMs: SETTLE_MS };

let fake: FakeCloud;
let turns: Turns;
beforeEach(async () => {
  fake = new FakeCloud({ settleMs: SETTLE_MS });
  turns = await openTurns(fake);
  await turns.insert(PATH, { providerKey: 'mine', values: { name: 'web' } });
});
afterEach(() => turns.remove());

const context = (more: Partial<Context> = {}): Context => turns.context({ cloud: 'fake', path: PATH }, more);
const undo = (made: CreateResult | undefined, more: Partial<Context> = {}) => undoCreate(context(more), 'machines', MARKS, made);
const put = (key: string, created?: string): void =>
  void fake.put('machines', { key, tag: MARKS.tag, values: { state: 'STARTED' }, ...(created === undefined ? {} : { created }) });
const now = (): string => new Date().toISOString();
const DAYS_AGO = new Date(Date.now() - 10 * 86_400_000).toISOString();
const left = (): string[] => [...fake.of('machines').keys()].sort();
const keyOfRow = async () => (await turns.store.resource(PATH))?.providerKey;

describe('what was recorded', () => {
  test('by its one and only attempt goes at once, and nothing is looked for', async () => {
    put('mine', now());
    put('another', now());
    const outcome = await undo(CERTAIN);
    await turns.apply(outcome);
    expect([left(), await keyOfRow(), fake.calls.filter((call) => call.endsWith('.find'))]).toEqual([['another'], null, []]);
    expect(outcome).not.toHaveProperty('note');
  });

  test('after attempts of unknown end goes with what they made besides, but not with what others copied', async () => {
    put('mine', now());
    put('twin', now());
    put('clone', DAYS_AGO);
    put('ageless');
    const waiting = await undo(REPEATED, { elapsedMs: 100 });
    expect(waiting).toEqual({ wait: SETTLE_MS - 100 });
    expect(left()).toEqual(['ageless', 'clone']);
    await turns.apply(await undo(REPEATED, LATER));
    expect(await keyOfRow()).toBe(null);
  });
});

describe('what was not recorded', () => {
  test('goes by its marks, with what the provider gives no age of', async () => {
    put('lost', now());
    put('clone', DAYS_AGO);
    put('ageless');
    expect(await undo(undefined, LATER)).toMatchObject({ done: null });
    expect(left()).toEqual(['clone']);
  });

  test('after calls that never answered it is looked for once more later, and said so', async () => {
    const outcome = await undo(undefined, { ...LATER, unanswered: { count: 1, spent: false } });
    expect(outcome).toMatchObject({
      done: null,
      note: `what was asked for without an answer may still come to be in cloud 'fake' named 'web' (tag the-tag, token the-token); it is looked for once more in 5 minutes and removed`,
    });
    await turns.apply(outcome);
    const [row, more] = await turns.store.jobs({});
    expect(more).toBeUndefined();
    expect(row).toMatchObject({ workflow: 'provider.lookAgain', target: PATH, input: { marks: MARKS, of: JOB } });
  });
});

describe('work that the create had begun', () => {
  const memory = { ongoing: { task: 't' } };
  const ends = (...answers: unknown[]): void => {
    fake.around = ({ name }, go) => {
      if (name !== 'poll') return go();
      const next = answers.shift();
      if (next instanceof Error) throw next;
      return next;
    };
  };

  test('is waited for, and what it made goes, whatever its age', async () => {
    ends({ ongoing: { task: 't' }, message: 'copying' }, { key: 'copied' });
    put('copied');
    expect(await undo(undefined, { memory })).toEqual({ wait: 250, message: 'undoing: waiting for what was begun' });
    expect(left()).toEqual(['copied']);
    expect(await undo(undefined, { memory, ...LATER })).toMatchObject({ done: null });
    expect(left()).toEqual([]);
  });

  test('is looked for by its marks where the provider has forgotten it', async () => {
    ends(new HandleForgotten('no such task'));
    put('copied', now());
    expect(await undo(undefined, { memory, ...LATER })).toMatchObject({ done: null });
    expect(left()).toEqual([]);
  });

  test('of the undo’s own deletes is not taken for it', async () => {
    ends(new Error('must not be asked'));
    put('mine', now());
    expect(await undo(CERTAIN, { memory: { ended: [], ongoing: { task: 'of the delete' } } })).toMatchObject({ done: null });
  });
});

describe('a create of a worker that lost its lease over it', () => {
  const late = async (outcome: StepOutcome | undefined) => {
    const apply = await lateCreate(context(), 'machines', MARKS, outcome);
    if (apply) await turns.store.transaction(apply);
    return (await turns.store.jobs({})).map(({ input, due }) => ({ ...(input as { keys?: string[]; handle?: object }), due }));
  };
  const soon = async (due: number) => due - (await turns.store.now()) <= 0;

  test('whose thing is the resource’s own needs no more, nor does a look', async () => {
    expect(await late({ done: CERTAIN as never })).toEqual([]);
    expect(await late({ wait: 500 })).toEqual([]);
  });

  test('which made another one has that one removed as soon as the Job has ended', async () => {
    const [job] = await late({ done: { ...CERTAIN, key: 'beside' } as never });
    expect(job).toMatchObject({ keys: ['beside'] });
    expect(await soon(job?.due ?? Infinity)).toBe(true);
  });

  test('which began work has it followed', async () => {
    const [job] = await late({ wait: 250, remember: { ongoing: { task: 't' } } });
    expect(job).toMatchObject({ handle: { task: 't' } });
  });

  test('which was never answered is looked for later', async () => {
    const [job] = await late(undefined);
    expect(job).not.toHaveProperty('keys');
    expect(await soon(job?.due ?? 0)).toBe(false);
  });
});

test('something may be there by its key, its work under way, what could not be undone, or what is looked for', () => {
  const row = (internal: object, providerKey: string | null = null) => ({ providerKey, internal: internal as never });
  expect([row({}), row({}, 'k'), row({ underWay: {} }), row({ left: [] }), row({ left: ['a disk'] })].map(isThere)).toEqual([
    ...[false, true, true, false, true],
  ]);
  expect([row({}), row({ lookedFor: now() }), row({}, 'k')].map(mayStillBe)).toEqual([false, true, true]);
});
