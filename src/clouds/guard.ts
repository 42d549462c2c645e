import type { CallLimits, GuardHooks } from './call';
import { Caller } from './call';
import type { Cloud, CloudSettings } from './cloud';
import type { CallContext, Driver, Finding, GroupName, Handle, Item, ListedGroup, Marks, Naming, UploadImage } from './driver';
import { GROUPS, LONG_LIVED_GROUPS, METHOD_KINDS, SHOWN_IN } from './driver';
import { ProviderError } from './errors';
import { GroupReads } from './reads';

export interface GuardOptions extends CallLimits {
  /** Age up to which an answer is good enough, in ms. */
  cacheMs: number;
  /** The same for groups of configurations. */
  configCacheMs: number;
}

/** Values for what the configuration does not say. */
export const GUARD_DEFAULTS: GuardOptions = { deadlineMs: 30_000, concurrency: 16, retries: 4, cacheMs: 5_000, configCacheMs: 3_600_000 };

type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * Puts the guard around a driver: deadline, retries with jitter, a budget of calls per account, joining of equal
 * reads, a short cache, metrics. Nothing above src/clouds sees a driver without it.
 */
export function guardCloud(settings: CloudSettings, driver: Driver, options: Partial<GuardOptions>, hooks: GuardHooks): Cloud {
  const guard = { ...GUARD_DEFAULTS, ...options };
  const caller = new Caller(settings.key, guard, hooks);
  const reads = readsOf(settings, driver, guard, caller, hooks);
  const words = (group: string, method: string) => `The cloud ${settings.key} does not offer ${group}.${method}`;

  const read = (group: ListedGroup): GroupReads => {
    const found = reads.get(group);
    if (!found) throw new ProviderError('unsupported', `The cloud ${settings.key} does not offer ${group}`);
    return found;
  };
  const method = (group: GroupName, name: string): Method | undefined => {
    const owner: object | undefined = driver[group];
    const found: unknown = owner && Object.hasOwn(METHOD_KINDS, name) ? Reflect.get(owner, name) : undefined;
    return typeof found === 'function' ? (...args) => Reflect.apply(found, owner, args) as Promise<unknown> : undefined;
  };
  const isWrite = (name: string) => METHOD_KINDS[name] !== 'read';
  const invalidate = (group: GroupName): void => {
    for (const shown of [group, ...(SHOWN_IN[group] ?? [])]) reads.get(shown)?.invalidate();
  };
  const sent = async (group: GroupName, name: string, args: readonly unknown[], run: Method, since?: number): Promise<unknown> => {
    if (settings.mode === 'observe') {
      throw new ProviderError(
        'forbidden',
        `The cloud ${settings.key} is only observed (mode: observe); ${group}.${name} was not sent to it`,
      );
    }
    invalidate(group);
    try {
      const more = { ms: sourceMs(args), ...(since === undefined ? {} : { since }) };
      return await caller.call({ group, method: name }, (context: CallContext) => run(...args, context), more);
    } finally {
      invalidate(group);
    }
  };
  const write = async (group: GroupName, name: string, args: readonly unknown[], since?: number): Promise<unknown> => {
    const run = method(group, name);
    if (!run || !isWrite(name)) throw new ProviderError('unsupported', words(group, name));
    return sent(group, name, args, run, since);
  };
  const poll = async (group: GroupName, handle: Handle): Promise<unknown> => {
    const { poll: run } = driver;
    if (!run) throw new ProviderError('unsupported', words(group, 'poll'));
    return sent(group, 'poll', [handle], (...args) => Reflect.apply(run, driver, args) as Promise<unknown>);
  };
  const offers = (group: GroupName, name: string): boolean =>
    method(group, name) !== undefined && !(settings.mode === 'observe' && isWrite(name));

  return {
    ...settings,
    capabilities: driver.capabilities,
    has: (group) => driver[group] !== undefined,
    offers,
    list: async (group, freshness) => read(group).list(freshness),
    async get(group, key, freshness) {
      const { value, at } = await read(group).getMany([key], freshness);
      const unknown = value.unknown.get(key);
      if (unknown) throw unknown;
      return { value: value.get(key), at };
    },
    getMany: async (group, keys, freshness) => read(group).getMany(keys, freshness),
    async find(group: ListedGroup, marks: Marks): Promise<readonly Item[]> {
      const owner = driver[group];
      if (!owner) throw new ProviderError('unsupported', words(group, 'find'));
      if (!('find' in owner) || !owner.find) return [];
      const find = owner.find.bind(owner);
      const items = await caller.call({ group, method: 'find' }, (context) => find(marks, context));
      return items.filter((item) => item.tag === marks.tag);
    },
    holds: (group, naming) => holds(driver, group, naming),
    importedUnder: (tag) => driver.credentials?.keyOf?.(tag),
    sized: (figures) => driver.machineConfigs?.sized?.(figures),
    // The contract's types hold for the caller; inside, a write is a method found by its name.
    write: (async (group: GroupName, name: string, ...args: unknown[]) => write(group, name, args)) as Cloud['write'],
    repeat: (async (since: number, group: GroupName, name: string, ...args: unknown[]) =>
      write(group, name, args, since)) as Cloud['repeat'],
    poll: (async (group: GroupName, handle: Handle) => poll(group, handle)) as Cloud['poll'],
    check: () => check(settings, driver, guard.deadlineMs),
    close: () => driver.close(),
  };
}

/** How long what a write passes on may take to come, ms: see UploadSource. */
function sourceMs([request]: readonly unknown[]): number {
  const { source } = (request ?? {}) as Partial<UploadImage>;
  return source?.withinMs ?? 0;
}

function readsOf(settings: CloudSettings, driver: Driver, guard: GuardOptions, caller: Caller, hooks: GuardHooks) {
  const reads = new Map<string, GroupReads>();
  for (const [group, type] of Object.entries(GROUPS) as [ListedGroup, string][]) {
    const owner = driver[group];
    if (!owner) continue;
    const outlives = LONG_LIVED_GROUPS.includes(group);
    const cacheMs = outlives ? guard.configCacheMs : guard.cacheMs;
    reads.set(group, new GroupReads({ cloud: settings.key, group, type, cacheMs, outlives }, owner, caller, hooks));
  }
  return reads;
}

function holds(driver: Driver, group: ListedGroup, naming: Naming): Naming {
  const owner = driver[group];
  return owner && 'holds' in owner && owner.holds ? owner.holds(naming) : {};
}

/** A driver's check throws nothing by contract; one that does must not take the `check` command with it. */
async function check(settings: CloudSettings, driver: Driver, deadlineMs: number): Promise<Finding[]> {
  try {
    return await driver.check({ signal: AbortSignal.timeout(deadlineMs) });
  } catch (error) {
    return [{ ok: false, what: `the self-examination of ${settings.key}`, words: error instanceof Error ? error.message : String(error) }];
  }
}
