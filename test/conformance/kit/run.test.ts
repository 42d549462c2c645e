import { assert } from './assert';
import type { Context } from './context';
import { check, clause, type Check } from './define';
import { runCheck } from './run';
import type { Session } from './session';

/** A session that is asked for nothing: what counts is how a check ends. */
const session = { deadline: Number.POSITIVE_INFINITY, removeAll: () => Promise.resolve([]) } as unknown as Session;

const outcomeOf = async (run: Check['run']): Promise<{ outcome: string; reason: string | undefined }> => {
  const one = check('does', ['R4.1-01'], {}, run);
  const { outcome, reason } = await runCheck(session, clause('4.1', 'A clause', [one]), one, 'json');
  return { outcome, reason };
};

const each = (items: number[]) => (): Promise<void> => {
  for (const item of items) assert.equal(item, 1);
  return Promise.resolve();
};

describe('the outcome of a check', () => {
  it('is passed where something was asserted, and held', async () => {
    expect(await outcomeOf(each([1, 1]))).toEqual({ outcome: 'passed', reason: undefined });
  });

  it('is failed where an assertion does not hold', async () => {
    expect(await outcomeOf(each([1, 2]))).toMatchObject({ outcome: 'failed' });
  });

  it('is unproven where a loop had nothing to assert', async () => {
    expect(await outcomeOf(each([]))).toEqual({ outcome: 'unproven', reason: 'nothing was asserted' });
  });

  it('is unproven where the check says that its case did not occur, whatever it has asserted', async () => {
    const run = async (c: Context): Promise<void> => {
      await each([1])();
      c.some([], 'Collection that is empty');
    };
    expect(await outcomeOf(run)).toEqual({ outcome: 'unproven', reason: 'there is no Collection that is empty' });
  });

  it('counts for each of two checks at once what is its own', async () => {
    const slow = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const [one, other] = await Promise.all([outcomeOf(slow), outcomeOf(each([1]))]);
    expect([one.outcome, other.outcome]).toEqual(['unproven', 'passed']);
  });
});
