import { create, gate, item, keys, setUp } from '../../test/clouds/guard-kit';
import { Gone, ProviderError } from './errors';
import { elapse, passing, settled, stopClock } from '../../test/harness/wait';

afterEach(() => void jest.useRealTimers());

describe('retries', () => {
  it('repeats a read after passing failures, as often as configured', async () => {
    const { cloud, machines, outcomes } = setUp();
    machines.failures = [new ProviderError('unavailable', 'x'), new ProviderError('throttled', 'x')];
    expect((await cloud.get('machines', 'a')).value?.key).toBe('a');
    expect(machines.calls).toHaveLength(3);
    expect(outcomes).toEqual(['machines.getMany unavailable', 'machines.getMany throttled', 'machines.getMany ok']);
    machines.failures = Array.from({ length: 9 }, () => new ProviderError('unavailable', 'down'));
    await expect(cloud.get('machines', 'b')).rejects.toMatchObject({ kind: 'unavailable', message: 'down' });
    expect(machines.calls).toHaveLength(3 + 4);
  });
  it('begins a list again that broke on a later page, and gives each item once', async () => {
    const { cloud, machines } = setUp();
    let pages = 0;
    machines.gate = async () => {
      pages += 1;
      if (pages === 2) throw new ProviderError('unavailable', 'x');
    };
    expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
    expect(machines.calls).toEqual(['list@0', 'list@2', 'list@0', 'list@2']);
  });
  it.each(['auth', 'forbidden', 'conflict', 'quota', 'invalid', 'unsupported'] as const)('does not repeat after %s', async (kind) => {
    const { cloud, machines } = setUp();
    machines.failures = [new ProviderError(kind, 'no')];
    await expect(cloud.write('machines', 'start', 'a')).rejects.toMatchObject({ kind });
    expect(machines.calls).toEqual(['start(a)']);
  });
  it('waits at least as long as the provider asks', async () => {
    const { cloud, machines } = setUp();
    machines.failures = [new ProviderError('throttled', 'slow down', { retryAfterMs: 300 })];
    stopClock();
    const list = cloud.list('machines');
    await passing(299);
    expect(machines.calls).toHaveLength(1);
    await passing(60_000);
    await list;
    expect(machines.calls.length).toBeGreaterThan(1);
  });
  it('does not wait where the provider asks for minutes', async () => {
    const { cloud, machines } = setUp();
    machines.failures = [new ProviderError('throttled', 'slow down', { retryAfterMs: 120_000 })];
    await expect(cloud.list('machines')).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 120_000 });
    expect(machines.calls).toHaveLength(1);
  });
  it('tells the driver of attempts that may have taken effect', async () => {
    const { cloud, machines } = setUp();
    machines.failures = [new ProviderError('throttled', 'x'), new ProviderError('timeout', 'x')];
    await cloud.write('machines', 'start', 'a');
    expect(machines.calls).toEqual(['start(a)', 'start(a)', 'start(a) again']);
    await cloud.repeat(Date.now() - 1000, 'machines', 'start', 'a');
    expect(machines.calls.at(-1)).toBe('start(a) again');
  });
  it('repeats what is repeatable and never what is to be sent once', async () => {
    const { cloud, machines } = setUp();
    machines.failures = [new ProviderError('unavailable', 'x', { maybeDone: true })];
    await cloud.write('machines', 'stop', 'a', { force: true });
    expect(machines.calls).toEqual(['stop(a,true)', 'stop(a,true)']);
    machines.failures = [new ProviderError('unavailable', 'x', { maybeDone: true })];
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ kind: 'unavailable', maybeDone: true });
    expect(machines.calls.filter((call) => call === 'create')).toHaveLength(1);
  });
});

describe('deadline', () => {
  it('ends a write as a timeout that may have happened, and aborts it', async () => {
    const { cloud, machines, outcomes } = setUp({ deadlineMs: 30 });
    machines.gate = () => new Promise(() => undefined);
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
    expect(machines.signals[0]?.aborted).toBe(true);
    expect(outcomes).toEqual(['machines.create timeout']);
  });
  it('is a timeout too when the driver throws something else once aborted', async () => {
    const { cloud, machines } = setUp({ deadlineMs: 30 });
    machines.gate = () =>
      new Promise((_, reject) => machines.signals[0]?.addEventListener('abort', () => reject(new ProviderError('unavailable', 'aborted'))));
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
  });
  it('of a list counts from page to page', async () => {
    const { cloud, machines } = setUp({ deadlineMs: 60, retries: 0 });
    machines.pageSize = 1;
    stopClock();
    machines.gate = () => passing(40);
    expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
    machines.gate = () => new Promise(() => undefined);
    const never = expect(cloud.list('machines', { maxAgeMs: 0 })).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
    await passing(61);
    await never;
    expect(machines.signals.at(-1)?.aborted).toBe(true);
  });
  it('does not count the time in line', async () => {
    const { cloud, machines } = setUp({ deadlineMs: 60, concurrency: 1, retries: 0 });
    stopClock();
    machines.gate = () => passing(40);
    await Promise.all(['a', 'b', 'c'].map((key) => cloud.write('machines', 'start', key)));
    expect(machines.calls).toHaveLength(3);
  });
});

describe('budget', () => {
  it('lets so many calls run at a time, and the others after them', async () => {
    const { cloud, machines } = setUp({ concurrency: 3 });
    machines.gate = () => elapse(2);
    await Promise.all(Array.from({ length: 20 }, (_, index) => cloud.write('machines', 'start', String(index))));
    expect(machines.calls).toHaveLength(20);
    expect(machines.mostRunning).toBe(3);
  });
  it('refuses what does not fit into the line, as not done', async () => {
    const { cloud, machines } = setUp({ concurrency: 1, queue: 1 });
    const { wait, open } = gate();
    machines.gate = wait;
    const accepted = [cloud.write('machines', 'create', create), cloud.write('machines', 'create', create)];
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ kind: 'unavailable', maybeDone: false });
    open();
    await Promise.all(accepted);
  });
});

describe('joining and batching', () => {
  it('joins equal lists in flight', async () => {
    const { cloud, machines } = setUp();
    const lists = await Promise.all([keys(cloud), keys(cloud), keys(cloud)]);
    expect(lists).toEqual(Array(3).fill(['a', 'b', 'c']));
    expect(machines.calls).toEqual(['list@0', 'list@2']);
  });
  it('does not join a call that began before a fresh answer was asked for', async () => {
    const { cloud, machines } = setUp();
    const { wait, open } = gate();
    machines.gate = wait;
    const early = keys(cloud);
    const read = cloud.get('machines', 'a');
    await settled();
    const late = keys(cloud, 0);
    const lateRead = cloud.get('machines', 'a', { maxAgeMs: 0 });
    await settled();
    machines.items.set('d', item('d'));
    open();
    await Promise.all([early, late, read, lateRead]);
    expect(machines.calls.filter((call) => call === 'list@0')).toHaveLength(2);
    expect(machines.calls.filter((call) => call === 'getMany(a)')).toHaveLength(2);
  });
  it('sends keys that are asked for together in one call, each once', async () => {
    const { cloud, machines } = setUp();
    const [a, b, none, both] = await Promise.all([
      cloud.get('machines', 'a', { maxAgeMs: 0 }),
      cloud.get('machines', 'b'),
      cloud.get('machines', 'none'),
      cloud.getMany('machines', ['b', 'c']),
    ]);
    expect(machines.calls).toEqual(['getMany(a,b,none,c)']);
    expect([a.value?.key, b.value?.key, none.value]).toEqual(['a', 'b', undefined]);
    expect([...both.value.keys()]).toEqual(['b', 'c']);
  });
  it('keeps a key that the provider refuses from spoiling the others', async () => {
    const { cloud, machines } = setUp();
    machines.gate = async () => {
      if (machines.calls.at(-1)?.includes('bad')) throw new ProviderError('invalid', 'malformed id');
    };
    const [a, bad] = await Promise.allSettled([cloud.get('machines', 'a'), cloud.get('machines', 'bad')]);
    expect(a).toMatchObject({ value: { value: { key: 'a' } } });
    expect(bad).toMatchObject({ reason: { kind: 'invalid' } });
  });
  it('takes nothing for gone but what the provider has proven', async () => {
    const { cloud, machines } = setUp();
    machines.silent.add('b');
    const { value } = await cloud.getMany('machines', ['a', 'b', 'none'], { maxAgeMs: 0 });
    expect([...value.keys()]).toEqual(['a']);
    expect([...value.unknown.keys()]).toEqual(['b']);
    await expect(cloud.get('machines', 'b')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('lab') as string,
    });
    expect((await cloud.get('machines', 'none')).value).toBeUndefined();
    // Not even its word on another thing.
    machines.failures = [Gone.told({ type: 'thing', key: 'other' }, { code: 'NoSuchThing', message: 'no other' })];
    await expect(cloud.get('machines', 'c', { maxAgeMs: 0 })).rejects.toMatchObject({ kind: 'unavailable' });
    machines.failures = [Gone.told({ type: 'thing', key: 'c' }, { code: 'NoSuchThing', message: 'no c' })];
    expect((await cloud.get('machines', 'c', { maxAgeMs: 0 })).value).toBeUndefined();
  });
  it('does not ask key by key where nobody may ask', async () => {
    const { cloud, machines } = setUp();
    machines.failures = [new ProviderError('auth', 'who are you?')];
    await expect(cloud.getMany('machines', ['a', 'b', 'c'])).rejects.toMatchObject({ kind: 'auth' });
    expect(machines.calls).toHaveLength(1);
  });
  it('asks nothing for no keys', async () => {
    const { cloud, machines } = setUp();
    expect((await cloud.getMany('machines', [])).value.size).toBe(0);
    expect(machines.calls).toEqual([]);
  });
});
