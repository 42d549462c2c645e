import { Gone, ProviderError, type FailureKind } from './errors';
import { HealthWatch } from './health';

/** A watch whose clock is moved by hand, with what it told. */
function watch() {
  const clock = { now: 1_000 };
  const told: string[] = [];
  const health = new HealthWatch(
    (after, before) => told.push(`${before} ${after.state}`),
    () => (clock.now += 1),
  );
  const fail = (group: string, times: number, kind: FailureKind = 'unavailable', words = 'no route to host') => {
    for (let index = 0; index < times; index += 1) health.ended(group, new ProviderError(kind, words));
  };
  return { clock, told, health, fail };
}

test('a cloud is UNKNOWN until a call has ended, then UP', () => {
  const { health, told } = watch();
  expect(health.health).toEqual({ state: 'UNKNOWN' });
  health.ended('machines');
  expect(health.health).toEqual({ state: 'UP', since: 1_001 });
  expect(told).toEqual(['UNKNOWN UP']);
});

test('it is DOWN once a group fails three times in a row and none answers, since then, with the reason', () => {
  const { health, told, fail } = watch();
  health.ended('machines');
  fail('machines', 2);
  expect(health.health.state).toBe('UP');
  fail('machines', 1, 'timeout', 'no answer within 30 s');
  expect(health.health).toEqual({ state: 'DOWN', since: 1_004, reason: 'no answer within 30 s' });
  fail('machines', 5);
  expect(health.health).toEqual({ state: 'DOWN', since: 1_004, reason: 'no route to host' });
  health.ended('machines');
  expect(health.health).toEqual({ state: 'UP', since: 1_010 });
  expect(told).toEqual(['UNKNOWN UP', 'UP DOWN', 'DOWN UP']);
});

test('an answer between failures proves a hiccup', () => {
  const { health, fail } = watch();
  for (let index = 0; index < 4; index += 1) {
    fail('machines', 2);
    health.ended('machines');
  }
  expect(health.health.state).toBe('UP');
});

test('it is DEGRADED while one group is silent and another answers', () => {
  const { health, told, fail } = watch();
  fail('volumes', 3);
  health.ended('machines');
  expect(health.health).toMatchObject({ state: 'DEGRADED', reason: 'no route to host' });
  fail('machines', 3);
  expect(health.health.state).toBe('DEGRADED');
  health.ended('volumes');
  health.ended('machines');
  expect(health.health).toEqual({ state: 'UP', since: expect.any(Number) as number });
  expect(told).toEqual(['UNKNOWN DOWN', 'DOWN DEGRADED', 'DEGRADED UP']);
});

test('the silence of a group that nobody asks any more is forgotten while others answer', () => {
  const { clock, health, fail } = watch();
  fail('meters', 3);
  health.ended('machines');
  clock.now += 600_000;
  health.ended('machines');
  expect(health.health.state).toBe('UP');
});

test('refusals of what was asked are answers', () => {
  const { health } = watch();
  for (const kind of ['invalid', 'conflict', 'quota', 'forbidden', 'unsupported'] as const)
    for (let index = 0; index < 3; index += 1) health.ended(kind, new ProviderError(kind, 'no'));
  for (let index = 0; index < 3; index += 1) health.ended('machines', Gone.impossible({ type: 'Machine', key: 'x' }));
  expect(health.health.state).toBe('UP');
});

test.each(['unavailable', 'timeout', 'auth', 'throttled'] as const)('%s is no answer', (kind) => {
  const { health, fail } = watch();
  fail('machines', 3, kind);
  expect(health.health.state).toBe('DOWN');
});
