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

describe('calls to what is silent', () => {
  function circuit(shutAfterMs = 10_000) {
    const clock = { now: 0 };
    const told: string[] = [];
    const health = new HealthWatch(
      () => undefined,
      () => clock.now,
      { shutAfterMs, changed: (refusing, reason) => told.push(refusing ? `refused: ${String(reason)}` : 'let through') },
    );
    const fail = (group: string, times: number, kind: FailureKind = 'unavailable') => {
      for (let index = 0; index < times; index += 1) health.ended(group, new ProviderError(kind, 'gone'));
    };
    /** Lets a group be silent for as long as it takes. */
    const silence = (group: string) => {
      fail(group, 1);
      clock.now += shutAfterMs;
      fail(group, 2);
    };
    return { clock, told, health, fail, silence };
  }

  test('are let through while a blip may be over, and refused once it lasts', () => {
    const { clock, health, fail, told } = circuit();
    fail('machines', 20);
    expect(health.admit('machines')).toEqual({ way: 'open' });
    clock.now += 9_999;
    fail('machines', 1);
    expect(health.admit('machines')).toEqual({ way: 'open' });
    clock.now += 1;
    fail('machines', 1);
    expect(health.admit('machines')).toEqual({ way: 'shut', again: { reason: 'gone', inMs: 5_000 } });
    expect(told).toEqual(['refused: gone']);
  });

  test('that took their time count from their beginning', () => {
    const { health } = circuit();
    for (let index = 0; index < 3; index += 1) health.ended('machines', new ProviderError('timeout', 'slow'), 30_000);
    expect(health.admit('machines').way).toBe('shut');
  });

  test('are tried once after each pause, which doubles up to a minute, until one is answered', () => {
    const { clock, health, fail, silence, told } = circuit();
    silence('machines');
    const pauses: number[] = [];
    for (let probes = 0; probes < 6; probes += 1) {
      const admission = health.admit('machines');
      if (admission.way !== 'shut') throw new Error('not refused');
      pauses.push(admission.again.inMs);
      clock.now += admission.again.inMs;
      expect(health.admit('machines').way).toBe('probe');
      expect(health.admit('machines').way).toBe('shut');
      fail('machines', 1);
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    health.ended('machines');
    expect(health.admit('machines')).toEqual({ way: 'open' });
    expect(health.refuses('machines')).toBeUndefined();
    expect(told).toEqual(['refused: gone', 'let through']);
  });

  test('of a group that answers go on beside one that is silent; of a cloud that is DOWN all are refused, asked before or not', () => {
    const { clock, health, silence } = circuit();
    health.ended('networks');
    clock.now += 1;
    silence('volumes');
    expect([health.admit('volumes').way, health.admit('images').way]).toEqual(['shut', 'shut']);
    health.ended('machines');
    expect(health.health.state).toBe('DEGRADED');
    expect([health.admit('volumes').way, health.admit('images').way, health.admit('machines').way]).toEqual(['shut', 'open', 'open']);
  });

  test.each(['auth', 'throttled', 'conflict'] as const)('that are refused by the cloud itself (%s) are no reason', (kind) => {
    const { clock, health, fail, silence } = circuit();
    fail('machines', 5, kind);
    clock.now += 60_000;
    fail('machines', 5, kind);
    expect(health.admit('machines')).toEqual({ way: 'open' });
    silence('machines');
    fail('machines', 1, kind);
    expect(health.admit('machines')).toEqual({ way: 'open' });
  });

  test('that pass on what comes from elsewhere are no reason either; nothing is refused where that is turned off', () => {
    const { clock, health } = circuit();
    for (let index = 0; index < 5; index += 1) {
      clock.now += 60_000;
      health.ended('machineImages', new ProviderError('unavailable', 'the other cloud broke off'), 60_000, true);
    }
    expect(health.admit('machineImages')).toEqual({ way: 'open' });
    const off = circuit(0);
    off.clock.now += 600_000;
    off.fail('machines', 50);
    expect(off.health.admit('machines')).toEqual({ way: 'open' });
  });
});
