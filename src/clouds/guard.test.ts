import type { CallLimits, GuardHooks } from './call';
import type { Cloud, CloudSettings } from './cloud';
import type { CallContext, Driver, Item, Machines, ReadGroup } from './driver';
import { Gone, ProviderError } from './errors';
import type { GuardOptions } from './guard';
import { guardCloud } from './guard';

const settings: CloudSettings = { key: 'lab', name: 'Lab', driver: 'fake', tenants: ['acme'], discoveredTenant: 'acme', mode: 'manage' };
const OPTIONS: GuardOptions & CallLimits = {
  ...{ deadlineMs: 1000, concurrency: 4, retries: 3, cacheMs: 5000, configCacheMs: 3_600_000, firstDelayMs: 10 },
};
const item = (key: string, more: Partial<Item> = {}): Item => ({ key, values: { name: key, state: 'STARTED', memory: 1024 }, ...more });
const marks = { token: 't', tag: 'a:b' };

/** Calls that wait until the test lets them go, or answer at once. */
class FakeGroup {
  items = new Map<string, Item>([item('a'), item('b'), item('c')].map((each) => [each.key, each]));
  calls: string[] = [];
  /** Thrown by the next calls, one each. */
  failures: Error[] = [];
  pageSize = 2;
  /** Awaited by each call; the test replaces it. */
  gate: () => Promise<void> = () => Promise.resolve();
  running = 0;
  mostRunning = 0;
  signals: AbortSignal[] = [];

  async enter(call: string, { signal }: CallContext): Promise<void> {
    this.calls.push(call);
    this.signals.push(signal);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.gate();
    } finally {
      this.running -= 1;
    }
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  reads(): ReadGroup {
    return { list: (context) => this.pages(context), getMany: (keys, context) => this.some(keys, context) };
  }

  private async *pages(context: CallContext): AsyncGenerator<Item[]> {
    const all = [...this.items.values()];
    for (let at = 0; at < Math.max(all.length, 1); at += this.pageSize) {
      await this.enter(`list@${at}`, context);
      yield all.slice(at, at + this.pageSize);
    }
  }

  /** Keys of which the provider says nothing at all. */
  silent = new Set<string>();

  private async some(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    await this.enter(`getMany(${[...keys].join()})`, context);
    const asked = keys.filter((key) => !this.silent.has(key));
    return asked.map((key) => this.items.get(key) ?? Gone.told({ type: 'thing', key }, { code: 'NoSuchThing', message: `no ${key}` }));
  }
}

function setUp(options: Partial<GuardOptions> = {}, mode: CloudSettings['mode'] = 'manage') {
  const machines = new FakeGroup();
  const configs = new FakeGroup();
  const logged: string[] = [];
  const outcomes: string[] = [];
  const unmapped: string[] = [];
  const hooks: GuardHooks = {
    log: {
      warn: (message, details) => logged.push(`${message} ${JSON.stringify(details)}`),
      error: (message, details) => logged.push(`${message} ${JSON.stringify(details)}`),
    },
    metrics: {
      onCall: ({ group, method, outcome }) => outcomes.push(`${group}.${method} ${outcome}`),
      onUnmappedState: ({ state }) => unmapped.push(state),
    },
  };
  const group: Machines = {
    ...machines.reads(),
    async find({ tag }, context) {
      await machines.enter('find', context);
      return [...machines.items.values()].filter((each) => each.tag?.startsWith(tag));
    },
    holds: ({ name }) => (name === undefined ? {} : { name }),
    async create(request, context) {
      await machines.enter('create', context);
      machines.items.set('new', item('new', { tag: request.tag }));
      return { key: 'new' };
    },
    start: (key, context) => machines.enter(`start(${key})${context.repeated ? ' again' : ''}`, context),
    stop: (key, { force }, context) => machines.enter(`stop(${key},${force})`, context),
  };
  const driver: Driver = {
    capabilities: { settleMs: 0, types: {} },
    machines: group,
    machineConfigs: configs.reads(),
    check: () => Promise.reject(new Error('no check today')),
    close: () => Promise.resolve(),
  };
  const cloud = guardCloud({ ...settings, mode }, driver, { ...OPTIONS, ...options }, hooks);
  return { cloud, machines, configs, logged, outcomes, unmapped };
}

const keys = async (cloud: Cloud, maxAgeMs?: number) =>
  (await cloud.list('machines', maxAgeMs === undefined ? undefined : { maxAgeMs })).value.map(({ key }) => key);
const create = { config: 'c', image: 'i', ...marks };

/** A gate that is opened by hand. */
function gate() {
  let open: () => void = () => undefined;
  const shut = new Promise<void>((resolve) => (open = resolve));
  return { wait: () => shut, open };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

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
    const began = performance.now();
    await cloud.list('machines');
    expect(performance.now() - began).toBeGreaterThanOrEqual(295);
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
    machines.gate = () => new Promise((resolve) => setTimeout(resolve, 30));
    expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
    machines.gate = () => new Promise(() => undefined);
    await expect(cloud.list('machines', { maxAgeMs: 0 })).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
    expect(machines.signals.at(-1)?.aborted).toBe(true);
  });
  it('does not count the time in line', async () => {
    const { cloud, machines } = setUp({ deadlineMs: 60, concurrency: 1, retries: 0 });
    machines.gate = () => new Promise((resolve) => setTimeout(resolve, 40));
    await Promise.all(['a', 'b', 'c'].map((key) => cloud.write('machines', 'start', key)));
    expect(machines.calls).toHaveLength(3);
  });
});

describe('budget', () => {
  it('lets so many calls run at a time, and the others after them', async () => {
    const { cloud, machines } = setUp({ concurrency: 3 });
    machines.gate = () => new Promise((resolve) => setTimeout(resolve, 2));
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
    await settle();
    const late = keys(cloud, 0);
    const lateRead = cloud.get('machines', 'a', { maxAgeMs: 0 });
    await settle();
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

describe('cache', () => {
  it('keeps answers for the configured age, and tells when they were made', async () => {
    const { cloud, machines } = setUp({ cacheMs: 60 });
    const before = Date.now();
    const first = await cloud.list('machines');
    expect(first.at).toBeGreaterThanOrEqual(before);
    expect(first.at).toBeLessThanOrEqual(Date.now());
    expect((await cloud.list('machines')).at).toBe(first.at);
    expect((await cloud.get('machines', 'a')).at).toBe(first.at);
    expect(machines.calls).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect((await cloud.list('machines')).at).toBeGreaterThan(first.at);
    expect(machines.calls).toHaveLength(4);
  });
  it('answers anew where a younger answer is asked for', async () => {
    const { cloud, machines } = setUp();
    await cloud.get('machines', 'a');
    await cloud.get('machines', 'a');
    expect(machines.calls).toHaveLength(1);
    await cloud.get('machines', 'a', { maxAgeMs: 0 });
    expect(machines.calls).toHaveLength(2);
  });
  it('forgets a group’s answers at a write, also at one that failed', async () => {
    const { cloud, machines } = setUp();
    await keys(cloud);
    await cloud.write('machines', 'create', create);
    expect(await keys(cloud)).toContain('new');
    machines.items.set('other', item('other'));
    machines.failures = [new ProviderError('timeout', 'lost')];
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ kind: 'timeout' });
    expect(await keys(cloud)).toContain('other');
  });
  it('is not filled by a read that began before a write or during it', async () => {
    const { cloud, machines } = setUp();
    const { wait, open } = gate();
    machines.gate = wait;
    const before = keys(cloud);
    const readBefore = cloud.get('machines', 'new');
    await settle();
    const write = cloud.write('machines', 'create', create);
    await settle();
    const during = keys(cloud);
    await settle();
    expect(machines.calls.filter((call) => call === 'list@0')).toHaveLength(2);
    open();
    await Promise.all([before, readBefore, write, during]);
    machines.calls = [];
    expect(await keys(cloud)).toContain('new');
    expect((await cloud.get('machines', 'new')).value?.key).toBe('new');
    expect(machines.calls).toEqual(['list@0', 'list@2']);
  });
  it('holds configurations by the hour, and those that were retired by key', async () => {
    const { cloud, configs } = setUp({ cacheMs: 0 });
    await cloud.list('machineConfigs');
    await cloud.list('machineConfigs');
    expect(configs.calls).toEqual(['list@0', 'list@2']);
    configs.items.delete('b');
    expect((await cloud.list('machineConfigs', { maxAgeMs: 0 })).value.map(({ key }) => key)).toEqual(['a', 'c']);
    expect((await cloud.get('machineConfigs', 'b')).value?.key).toBe('b');
    expect((await cloud.get('machineConfigs', 'never')).value).toBeUndefined();
  });
  it('is never asked for a tag, and tags are compared exactly', async () => {
    const { cloud, machines } = setUp();
    machines.items.set('x', item('x', { tag: 'a:b' })).set('y', item('y', { tag: 'a:bc' }));
    await keys(cloud);
    expect((await cloud.find('machines', marks)).map(({ key }) => key)).toEqual(['x']);
    expect((await cloud.find('machines', marks)).map(({ key }) => key)).toEqual(['x']);
    expect(machines.calls.filter((call) => call === 'find')).toHaveLength(2);
  });
});

describe('what is offered', () => {
  it('is what the driver has', async () => {
    const { cloud } = setUp();
    expect([cloud.has('machines'), cloud.has('networks')]).toEqual([true, false]);
    expect([cloud.offers('machines', 'create'), cloud.offers('machines', 'pause'), cloud.offers('networks', 'list')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([cloud.offers('machines', 'constructor'), cloud.offers('machines', 'holds')]).toEqual([false, false]);
    await expect(cloud.write('machines', 'pause', 'a')).rejects.toMatchObject({ kind: 'unsupported' });
    await expect(cloud.list('networks')).rejects.toMatchObject({ kind: 'unsupported' });
    expect(cloud.holds('machines', { name: 'n', description: 'd' })).toEqual({ name: 'n' });
    expect(cloud.holds('machineConfigs', { name: 'n' })).toEqual({});
  });
  it('is reads only where the cloud is observed', async () => {
    const { cloud, machines } = setUp({}, 'observe');
    expect([cloud.offers('machines', 'create'), cloud.offers('machines', 'stop'), cloud.offers('machines', 'list')]).toEqual([
      false,
      false,
      true,
    ]);
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('observe') as string,
    });
    expect(machines.calls).toEqual([]);
    expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
  });
});

describe('what a driver should not do', () => {
  it('is turned into a ProviderError and logged with its stack', async () => {
    const { cloud, machines, logged } = setUp({ retries: 0 });
    const bug = new TypeError('x is not a function');
    machines.failures = [bug];
    const error = await cloud.write('machines', 'create', create).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'unavailable', maybeDone: true, cause: bug });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('guard.test.ts');
    expect(await cloud.check()).toEqual([expect.objectContaining({ ok: false, words: 'no check today' })]);
  });
  it('is counted and named once where a state is unknown', async () => {
    const { cloud, machines, logged, unmapped } = setUp();
    machines.items.set('d', item('d', { unmappedState: 'levitating' }));
    await keys(cloud, 0);
    await keys(cloud, 0);
    expect(unmapped).toEqual(['levitating', 'levitating']);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('levitating');
  });
});
