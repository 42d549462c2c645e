import { KnownQuotas, leftOf, type Quota } from './quotas';

const quotas: Quota[] = [{ of: 'machines', limit: 10, used: 3 }];

/** Quotas of an account under a clock, and how often it was asked. */
function account() {
  const answers: (() => Promise<readonly Quota[]>)[] = [];
  const seen = { now: 0, asked: 0 };
  const known = new KnownQuotas(
    () => {
      seen.asked += 1;
      return answers.shift()?.() ?? Promise.resolve(quotas);
    },
    () => seen.now,
  );
  return { answers, seen, known };
}

test('a quota leaves what is not used, and never less than nothing', () => {
  expect([leftOf({ of: 'cpus', limit: 5, used: 2 }), leftOf({ of: 'cpus', limit: 2, used: 5 })]).toEqual([3, 0]);
});

describe('known quotas', () => {
  it('are read behind the back of who looks, once in some minutes', async () => {
    const { known, seen } = account();
    expect(known.get('UP')).toEqual([]);
    await Promise.resolve();
    expect([known.get('UP'), known.get('DEGRADED'), seen.asked]).toEqual([quotas, quotas, 1]);
    seen.now += 300_001;
    expect([known.get('UP'), seen.asked]).toEqual([quotas, 2]);
  });

  it('are neither read nor shown while the cloud is away, or has not answered anything', () => {
    const { known, seen } = account();
    expect([known.get('UNKNOWN'), known.get('DOWN'), seen.asked]).toEqual([[], [], 0]);
  });

  it('are not shown where they cannot be read, and not tried again at once', async () => {
    const { known, seen, answers } = account();
    known.get('UP');
    await Promise.resolve();
    answers.push(() => Promise.reject(new Error('down')));
    seen.now += 300_001;
    known.get('UP');
    await Promise.resolve();
    await Promise.resolve();
    expect([known.get('UP'), seen.asked]).toEqual([[], 2]);
  });
});
