import { FakeCloud } from '../../test/harness/fake-cloud';
import { openTurns, type Turns } from '../../test/harness/step-turn';
import { HandleForgotten, ProviderError } from '../clouds/errors';
import type { StepContext } from '../jobs/workflow';
import { carryOutAll, pollAt, polled, type Call } from './carry-out';

let fake: FakeCloud;
let turns: Turns;
/** Calls that change something, with their key and whether the driver was told that it may have happened before. */
let sent: string[];
beforeEach(async () => {
  fake = new FakeCloud();
  for (const key of ['a', 'b']) fake.put('volumes', { key, values: { state: 'AVAILABLE' } });
  sent = [];
  turns = await openTurns(fake);
});
afterEach(() => turns.remove());

type Context = StepContext<{ cloud: string }>;
const DELETES: Call[] = ['a', 'b'].map((key) => ({ group: 'volumes', method: 'delete', args: [key] }));
const carry = (more: Partial<Context> = {}, calls: readonly Call[] = DELETES) => carryOutAll(turns.context({ cloud: 'fake' }, more), calls);

/** Answers of the provider to its calls by name, each once; after them it does as it is told. */
function answers(...given: [name: string, answer: unknown][]): void {
  fake.around = ({ name, args }, go) => {
    sent.push([name, ...args].join(' '));
    const at = given.findIndex(([of]) => of === name);
    if (at < 0) return go();
    const [[, answer] = []] = given.splice(at, 1);
    if (answer instanceof Error) throw answer;
    return answer;
  };
}
const UNDER_WAY = { ongoing: { task: 't-1' }, message: 'detaching', progress: 30 };

test('one after the other, in their order; the last result is the step’s', async () => {
  answers(['volumes.delete', undefined]);
  expect(await carry()).toEqual({ done: null });
  expect(sent).toEqual(['volumes.delete a', 'volumes.delete b']);
  expect(await carry({}, [])).toEqual({ done: null });
});

test('work under way is remembered, polled and never sent again; the next call comes after it', async () => {
  answers(['volumes.delete', UNDER_WAY], ['poll', UNDER_WAY], ['poll', undefined]);
  const first = await carry();
  expect(first).toMatchObject({ wait: 250, message: 'detaching', progress: 30, remember: { ended: [], ongoing: { task: 't-1' } } });
  const { remember = null } = first as { remember?: Context['memory'] };
  expect(await carry({ memory: remember, elapsedMs: 10_000 })).toMatchObject({ wait: 2_000, remember });
  expect(sent).not.toContain('volumes.delete b');
  expect(await carry({ memory: remember, elapsedMs: 12_000 })).toEqual({ done: null });
  expect(sent.map((call) => call.replace(/ \[.*/, ''))).toEqual(['volumes.delete a', 'poll', 'poll', 'volumes.delete b']);
});

test('what has ended is not sent again by a later attempt, whatever else that asks for', async () => {
  answers();
  const { remember = null } = (await (async () => {
    answers(['volumes.delete', undefined], ['volumes.delete', UNDER_WAY]);
    return carry();
  })()) as { remember?: Context['memory'] };
  sent = [];
  answers(['poll', undefined]);
  expect(await carry({ memory: remember, attempt: 2 }, [...DELETES].reverse())).toEqual({ done: null });
  expect(sent).toEqual([expect.stringMatching(/^poll/)]);
});

test('work that the provider has forgotten counts as never answered, and is sent again at once', async () => {
  answers(['poll', new HandleForgotten('no task t-1')]);
  const current = (await under()).remember;
  const forgotten = await carry({ memory: current });
  expect(forgotten).toMatchObject({ wait: 0, retrying: true, unanswered: true, message: 'no task t-1' });
  const { remember = null } = forgotten as { remember?: Context['memory'] };
  expect(remember).not.toHaveProperty('ongoing');
  sent = [];
  expect(await carry({ memory: remember })).toEqual({ done: null });
  expect(sent).toEqual(['volumes.delete a', 'volumes.delete b']);
});

test('once the patience with calls that never answered is spent, nothing is sent any more', async () => {
  answers(['poll', new HandleForgotten('no task t-1')]);
  const { remember = null } = (await carry({ memory: (await under()).remember })) as { remember?: Context['memory'] };
  sent = [];
  await expect(carry({ memory: remember, unanswered: { count: 3, spent: true } })).rejects.toThrow(/^given up: 3 calls never answered/);
  expect(sent).toEqual([]);
});

test('an operator’s limit ends the wait for work under way', async () => {
  await turns.remove();
  turns = await openTurns(fake, { waitAtMostMs: 500 });
  answers(['volumes.delete', UNDER_WAY]);
  await expect(carry({ elapsedMs: 500 })).rejects.toMatchObject({
    name: 'LeftUnderWay',
    message: expect.stringMatching(/detaching/) as string,
  });
});

describe('asking how far work is', () => {
  const cloud = () => turns.context({ cloud: 'fake' }).clouds.byKey('fake') as Parameters<typeof polled>[0];

  test('changes nothing: where no answer comes, nothing was done by it', async () => {
    answers(['poll', new ProviderError('timeout', 'no answer', { maybeDone: true })]);
    await expect(polled(cloud(), 'volumes', { task: 't' })).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
  });

  test('tells forgotten work as such: it may have been done', async () => {
    await expect(polled(cloud(), 'volumes', { task: 't' })).rejects.toBeInstanceOf(HandleForgotten);
  });

  test('a create whose work ended without a key may have made something', async () => {
    answers(['poll', undefined]);
    await expect(pollAt(turns.context({ cloud: 'fake' }), 'volumes', { task: 't' })).rejects.toMatchObject({ maybeDone: true });
    answers(['poll', { key: 'v-1' }]);
    expect(await pollAt(turns.context({ cloud: 'fake' }), 'volumes', { task: 't' })).toEqual({ key: 'v-1' });
  });
});

/** The memory of a step whose first call is under way. */
async function under(): Promise<{ remember: Context['memory'] }> {
  const { around } = fake;
  fake.around = () => UNDER_WAY;
  const outcome = (await carry()) as { remember?: Context['memory'] };
  fake.around = around;
  return { remember: outcome.remember ?? null };
}
