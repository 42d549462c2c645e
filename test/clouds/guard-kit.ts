import type { CallLimits, GuardHooks } from '../../src/clouds/call';
import type { Cloud, CloudSettings } from '../../src/clouds/cloud';
import type { CallContext, Driver, Item, Offered, ReadGroup } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import type { GuardOptions } from '../../src/clouds/guard';
import { guardCloud } from '../../src/clouds/guard';

const settings: CloudSettings = { key: 'lab', name: 'Lab', driver: 'fake', tenants: ['acme'], discoveredTenant: 'acme', mode: 'manage' };
const OPTIONS: GuardOptions & CallLimits = {
  ...{ deadlineMs: 1000, concurrency: 4, retries: 3, cacheMs: 5000, configCacheMs: 3_600_000, firstDelayMs: 10 },
};
export const item = (key: string, more: Partial<Item> = {}): Item => ({
  key,
  values: { name: key, state: 'STARTED', memory: 1024 },
  ...more,
});
export const marks = { token: 't', tag: 'a:b' };

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

/** A guarded cloud over a driver that the test directs, with what was called, logged and counted. */
export function setUp(options: Partial<GuardOptions> = {}, mode: CloudSettings['mode'] = 'manage') {
  const machines = new FakeGroup();
  const configs = new FakeGroup();
  const logged: string[] = [];
  const outcomes: string[] = [];
  const unmapped: string[] = [];
  const refusing: boolean[] = [];
  const hooks: GuardHooks = {
    log: {
      warn: (message, details) => logged.push(`${message} ${JSON.stringify(details)}`),
      error: (message, details) => logged.push(`${message} ${JSON.stringify(details)}`),
    },
    metrics: {
      onCall: ({ group, method, outcome }) => outcomes.push(`${group}.${method} ${outcome}`),
      onUnmappedState: ({ state }) => unmapped.push(state),
      onRefusing: (seen) => refusing.push(seen.refusing),
    },
  };
  const group: Offered<'machines'> = {
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
  return { cloud, machines, configs, logged, outcomes, unmapped, refusing };
}

export const keys = async (cloud: Cloud, maxAgeMs?: number) =>
  (await cloud.list('machines', maxAgeMs === undefined ? undefined : { maxAgeMs })).value.map(({ key }) => key);
export const create = { config: 'c', image: 'i', ...marks };

/** A gate that is opened by hand. */
export function gate() {
  let open: () => void = () => undefined;
  const shut = new Promise<void>((resolve) => (open = resolve));
  return { wait: () => shut, open };
}
