import { create, gate, keys, setUp } from '../../test/clouds/guard-kit';
import { passing, settled, stopClock } from '../../test/harness/wait';
import { ProviderError } from './errors';

/** A cloud that has been silent for long enough, with a clock that stands still. */
async function silenced() {
  const made = setUp({ retries: 0, cacheMs: 0, shutAfterMs: 10_000, deadlineMs: 60_000, concurrency: 2 });
  const { cloud, machines } = made;
  stopClock();
  const lose = () => expect(cloud.list('machines')).rejects.toMatchObject({ message: 'no route' });
  const lost = () => new ProviderError('unavailable', 'no route');
  machines.failures = [lost(), lost(), lost()];
  await lose();
  await passing(10_000);
  await lose();
  await lose();
  machines.calls = [];
  return { ...made, lost };
}

afterEach(() => void jest.useRealTimers());

const REFUSED = { kind: 'unavailable', maybeDone: false, message: expect.stringMatching(/lab does not answer.*no route/) as string };

it('refuses calls to a silent cloud without sending them, says until when, and tells the operator', async () => {
  const { cloud, machines, logged } = await silenced();
  await expect(cloud.list('machines')).rejects.toMatchObject({ ...REFUSED, retryAfterMs: 5_000 });
  await expect(cloud.get('machines', 'a')).rejects.toMatchObject(REFUSED);
  await expect(cloud.list('machineConfigs')).rejects.toMatchObject(REFUSED);
  await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject(REFUSED);
  expect(machines.calls).toEqual([]);
  expect(cloud.health()).toMatchObject({ state: 'DOWN', reason: 'no route' });
  expect(logged).toContainEqual(expect.stringContaining('calls to a cloud are refused until it answers again'));
});

it('an answer after a pause lets everything through again', async () => {
  const { cloud, machines } = await silenced();
  await passing(5_000);
  expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
  await cloud.write('machines', 'create', create);
  expect(machines.calls.at(-1)).toBe('create');
  expect(cloud.health().state).toBe('UP');
});

it('who comes after a pause waits a second at most for a cloud that is still silent; a late answer opens the way all the same', async () => {
  const { cloud, machines } = await silenced();
  const late = gate();
  machines.gate = late.wait;
  await passing(5_000);
  const probe = expect(cloud.get('machines', 'a')).rejects.toMatchObject(REFUSED);
  await settled();
  expect(machines.running).toBe(1);
  await expect(cloud.get('machines', 'b')).rejects.toMatchObject(REFUSED);
  await passing(1_000);
  await probe;
  late.open();
  await settled();
  machines.gate = () => Promise.resolve();
  expect((await cloud.get('machines', 'b')).value?.key).toBe('b');
});

it('a write that comes first after a pause is sent, and waited for', async () => {
  const { cloud, machines, lost } = await silenced();
  await passing(5_000);
  machines.failures = [lost()];
  await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ message: 'no route' });
  await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ ...REFUSED, retryAfterMs: 10_000 });
  expect(machines.calls).toEqual(['create']);
});

it('calls that stand in line when a cloud falls silent are refused, not sent one after the other', async () => {
  const { cloud, machines } = setUp({ retries: 0, cacheMs: 0, shutAfterMs: 1, deadlineMs: 1_000, concurrency: 3 });
  stopClock();
  machines.gate = () => new Promise(() => undefined);
  const all = Array.from({ length: 20 }, (_, index) => cloud.write('machines', 'start', String(index)).catch((error: Error) => error.name));
  await passing(1_000);
  await passing(1_000);
  // Two took the places of the first two before the third made it three in a row.
  expect(await Promise.all(all)).toEqual([...Array(5).fill('ProviderError'), ...Array(15).fill('SilentCloud')] as string[]);
  expect(machines.calls).toHaveLength(5);
});

it('a read that hung for one deadline is not tried again', async () => {
  const { cloud, machines } = setUp({ retries: 4, deadlineMs: 1_000 });
  stopClock();
  machines.gate = () => new Promise(() => undefined);
  const list = expect(cloud.list('machines')).rejects.toMatchObject({ kind: 'timeout' });
  await passing(60_000);
  await list;
  expect(machines.calls).toHaveLength(1);
});

describe('a Job that tries again for minutes', () => {
  /** One tries again at the told moment, the others look now and then. @returns what the others met, and the last state */
  async function others(fault: () => ProviderError, way: 'write' | 'read') {
    const { cloud, machines } = setUp({ retries: 0, cacheMs: 0, configCacheMs: 0, shutAfterMs: 10_000 });
    stopClock();
    await cloud.list('machineConfigs');
    const met: string[] = [];
    let [jobAt, looksAt] = [1_000, 20_000];
    for (let at = 0; at < 300_000; at += 500) {
      if (at >= jobAt) {
        machines.failures = [fault()];
        const asked = way === 'write' ? cloud.write('machines', 'start', 'a') : cloud.list('machines');
        const error = await asked.then(
          () => undefined,
          (failed: unknown) => failed as ProviderError,
        );
        machines.failures = [];
        jobAt = at + Math.max(error?.retryAfterMs ?? 0, 1_000);
      }
      if (at >= looksAt) {
        for (const group of ['machineConfigs', ...(way === 'write' ? (['machines'] as const) : [])] as const) {
          met.push(
            await cloud.list(group).then(
              () => 'answered',
              (failed: unknown) => (failed as Error).name,
            ),
          );
        }
        looksAt += 20_000;
      }
      await passing(500);
    }
    return { met: [...new Set(met)], state: cloud.health().state };
  }

  it.each([
    ['a thing is busy', () => new ProviderError('unavailable', 'busy', { code: '409 Conflict', maybeDone: false })],
    ['there is no room', () => new ProviderError('unavailable', 'no room', { code: 'InsufficientInstanceCapacity', lasting: true })],
    ['changes are not answered', () => new ProviderError('timeout', 'no answer', { maybeDone: true })],
  ])('shuts the way for nobody who reads, where %s', async (_what, fault) => {
    expect((await others(fault, 'write')).met).toEqual(['answered']);
  });
  it('shuts the way to no group that would answer, where another does not', async () => {
    const { met, state } = await others(() => new ProviderError('unavailable', 'no', { code: 'ECONNREFUSED', maybeDone: false }), 'read');
    expect(met.slice(-1)).toEqual(['answered']);
    expect(state).toBe('DEGRADED');
  });
});

it('a long list that is throttled late is tried again', async () => {
  const { cloud, machines } = setUp({ retries: 4, deadlineMs: 1_000, firstDelayMs: 10 });
  stopClock();
  for (let n = 0; n < 20; n += 1) machines.items.set(`more-${n}`, { key: `more-${n}`, values: {} });
  let pages = 0;
  machines.gate = () => {
    jest.setSystemTime(Date.now() + 200);
    pages += 1;
    return pages === 9 ? Promise.reject(new ProviderError('throttled', 'slow down')) : Promise.resolve();
  };
  const list = keys(cloud);
  await passing(20_000);
  expect(await list).toHaveLength(23);
});

it('a clock that is set back refuses nothing for longer than the longest pause', async () => {
  const { cloud } = await silenced();
  jest.setSystemTime(Date.now() - 3_600_000);
  expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
});

it('a connection that is replaced refuses no calls any more', async () => {
  const { cloud, machines, refusing } = await silenced();
  await cloud.retire();
  expect(refusing).toEqual([true, false]);
  await passing(5_000);
  machines.failures = [];
  await cloud.list('machines');
  expect(refusing).toEqual([true, false]);
});

it('what the calls of a replaced connection come to is not told of the cloud', async () => {
  const { cloud, machines, logged } = setUp({ retries: 0 });
  const late = gate();
  machines.gate = late.wait;
  machines.failures = [1, 2, 3].map(() => new ProviderError('auth', 'the password is another'));
  const calls = machines.failures.map(() => cloud.write('machines', 'create', create));
  await settled();
  const retired = cloud.retire();
  late.open();
  expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await retired;
  expect(cloud.health().state).toBe('DOWN');
  expect(logged).toEqual([]);
});
