import type { CallLimits, GuardHooks } from './call';
import { CallRunner } from './call';
import type { Cloud, CloudSettings } from './cloud';
import type {
  CallContext,
  Change,
  Driver,
  Finding,
  GroupName,
  WorkHandle,
  Item,
  ListedGroup,
  Marks,
  Naming,
  ReadableGroup,
  Updating,
  UploadImage,
} from './driver';
import { capabilitiesOf } from './derived-capabilities';
import { GROUPS, LONG_LIVED_GROUPS, METHOD_KINDS, ONE_ITEM, SHOWN_IN } from './driver';
import { ProviderError } from './errors';
import { meterConfigReads } from './meter-configs';
import { openImage } from './open-image';
import { keptFor } from './kept';
import { KnownQuotas } from './quotas';
import { GroupReads } from './reads';
import { anySignal } from '../model/any-signal';

export interface GuardOptions extends CallLimits {
  /** Age up to which an answer is good enough, in ms. */
  cacheMs: number;
  /** The same for groups of configurations. */
  configCacheMs: number;
}

/** Values for what the configuration does not say. */
export const GUARD_DEFAULTS: GuardOptions = {
  ...{ deadlineMs: 30_000, concurrency: 16, retries: 4, shutAfterMs: 10_000, cacheMs: 5_000, configCacheMs: 3_600_000 },
};

/** A cloud as its guard made it: another may take its place. */
export interface GuardedCloud extends Cloud {
  /** Groups and methods that its driver has, and its capabilities, as text: whoever has the same offers the same. */
  shape: string;
  /**
   * Tells that what was read of it may not be so any more, and closes the driver when nothing uses it. What its calls under way come to
   * says nothing of the cloud any more.
   */
  retire(): Promise<void>;
}

type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * Puts the guard around a driver: deadline, retries with jitter, a budget of calls per account, joining of equal
 * reads, a short cache, metrics. Nothing above src/clouds sees a driver without it.
 */
export function guardCloud(settings: CloudSettings, driver: Driver, options: Partial<GuardOptions>, hooks: GuardHooks): GuardedCloud {
  const guard = { ...GUARD_DEFAULTS, ...options };
  const caller = new CallRunner(settings.key, settings.driver, guard, hooks);
  const reads = readsOf(settings, driver, guard, caller, hooks);
  const words = (group: string, method: string) => `The cloud ${settings.key} does not offer ${group}.${method}`;

  const configs = driver.meters && meterConfigReads(driver.meters);
  const read = (group: ReadableGroup): Pick<GroupReads, 'list' | 'getMany'> => {
    const found = group === 'meterConfigs' ? configs : reads.get(group);
    if (!found) throw new ProviderError('unsupported', `The cloud ${settings.key} does not offer ${group}`);
    return found;
  };
  const method = (group: GroupName, name: string): Method | undefined => {
    const owner: object | undefined = driver[group];
    const found: unknown = owner && Object.hasOwn(METHOD_KINDS, name) ? Reflect.get(owner, name) : undefined;
    return typeof found === 'function' ? (...args) => Reflect.apply(found, owner, args) as Promise<unknown> : undefined;
  };
  const ask = async <G, T>(group: GroupName, name: string, owner: G | undefined, run: (owner: G, context: CallContext) => Promise<T>) => {
    if (!owner) throw new ProviderError('unsupported', words(group, name));
    return caller.call({ group, method: name }, (context) => run(owner, context));
  };
  const imagesOf: Cloud['imagesOf'] = keptFor(guard.configCacheMs, (choice) =>
    ask('machineImages', 'named', driver.machineImages, async (images, context) => (await images.named?.(choice, context)) ?? []),
  );
  const isWrite = (name: string) => METHOD_KINDS[name] !== 'read';
  const invalidate = (group: GroupName, name: string, [key]: readonly unknown[]): void => {
    if (ONE_ITEM.includes(name) && typeof key === 'string') reads.get(group)?.touch(key);
    else reads.get(group)?.invalidate();
    for (const shown of SHOWN_IN[group] ?? []) reads.get(shown)?.invalidate();
  };
  const sent = async (group: GroupName, name: string, args: readonly unknown[], run: Method, since?: number): Promise<unknown> => {
    if (settings.mode === 'observe') {
      throw new ProviderError(
        'forbidden',
        `The cloud ${settings.key} is only observed (mode: observe); ${group}.${name} was not sent to it`,
      );
    }
    invalidate(group, name, args);
    try {
      const more = { ms: sourceMs(args), ...(since === undefined ? {} : { since }) };
      return await caller.call({ group, method: name }, (context: CallContext) => run(...args, wanted(args, context)), more);
    } finally {
      invalidate(group, name, args);
    }
  };
  const write = async (group: GroupName, name: string, args: readonly unknown[], since?: number): Promise<unknown> => {
    const run = method(group, name);
    if (!run || !isWrite(name)) throw new ProviderError('unsupported', words(group, name));
    return sent(group, name, args, run, since);
  };
  const poll = async (group: GroupName, handle: WorkHandle): Promise<unknown> => {
    const { poll: run } = driver;
    if (!run) throw new ProviderError('unsupported', words(group, 'poll'));
    return sent(group, 'poll', [handle], (...args) => Reflect.apply(run, driver, args) as Promise<unknown>);
  };
  const offers = (group: GroupName | ReadableGroup, name: string): boolean =>
    group !== 'meterConfigs' && method(group, name) !== undefined && !(settings.mode === 'observe' && isWrite(name));

  const quotas: Cloud['quotas'] = () =>
    caller.call({ group: 'quotas', method: 'quotas' }, async (context) => (await driver.quotas?.(context)) ?? []);
  const known = driver.quotas && new KnownQuotas(quotas);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= driver.close());

  return {
    ...settings,
    capabilities: capabilitiesOf(driver),
    health: () => {
      hooks.ledger?.readUntold();
      return caller.watch.health;
    },
    has: (group) => (group === 'meterConfigs' ? configs : driver[group]) !== undefined,
    offers,
    changes: (group, attribute) => (offers(group, 'update') ? changes(driver, group, attribute) : undefined),
    list: async (group, freshness) => read(group).list(freshness),
    async get(group, key, freshness) {
      const { value, at } = await read(group).getMany([key], freshness);
      const unknown = value.unknown.get(key);
      if (unknown) throw unknown;
      return { value: value.get(key), at };
    },
    getMany: async (group, keys, freshness) => read(group).getMany(keys, freshness),
    async find(group: ReadableGroup, marks: Marks): Promise<readonly Item[]> {
      if (group === 'meterConfigs') return [];
      const owner = driver[group];
      if (!owner) throw new ProviderError('unsupported', words(group, 'find'));
      if (!('find' in owner) || !owner.find) return [];
      const find = owner.find.bind(owner);
      const items = await caller.call({ group, method: 'find' }, (context) => find(marks, context));
      return items.filter((item) => item.tag === marks.tag);
    },
    imagesOf: (choice) => {
      hooks.ledger?.readUntold();
      return imagesOf(choice);
    },
    holds: (group, naming) => holds(driver, group, naming),
    importedUnder: (tag) => driver.credentials?.keyOf?.(tag),
    sized: (figures) => driver.machineConfigs?.sized?.(figures),
    // The contract's types hold for the caller; inside, a write is a method found by its name.
    write: (async (group: GroupName, name: string, ...args: unknown[]) => write(group, name, args)) as Cloud['write'],
    repeat: (async (since: number, group: GroupName, name: string, ...args: unknown[]) =>
      write(group, name, args, since)) as Cloud['repeat'],
    download: (group, key, until) => {
      // Its contents are read until the caller says that it is done with them.
      const leave = caller.uses.enter();
      if (until.signal.aborted) leave();
      else until.signal.addEventListener('abort', leave, { once: true });
      return openImage({ cloud: settings.key, group, key }, method(group, 'download'), { caller, hooks, rate: settings.rate }, until);
    },
    poll: (async (group: GroupName, handle: WorkHandle) => poll(group, handle)) as Cloud['poll'],
    meterOffers: () => driver.meters?.offers() ?? [],
    sample: (queries) => ask('meters', 'sample', driver.meters, (meters, context) => meters.sample(queries, context)),
    eventsSince: (cursor) => ask('events', 'since', driver.events, (events, context) => events.since(cursor, context)),
    eventsOf: async (type, key) =>
      driver.events?.of
        ? ask('events', 'of', driver.events, async (events, context) => (await events.of?.({ type, key }, context)) ?? [])
        : [],
    quotas,
    knownQuotas: () => {
      hooks.ledger?.readUntold();
      return known?.get(caller.watch.health.state) ?? [];
    },
    check: () => check(settings, driver, guard.deadlineMs),
    close,
    shape: shapeOf(driver),
    async retire() {
      caller.retire();
      for (const group of reads.values()) group.invalidate();
      await caller.uses.none();
      await close();
    },
  };
}

function shapeOf(driver: Driver): string {
  const methods = Object.entries(driver).map(([name, value]) => [
    name,
    typeof value === 'object' && name !== 'capabilities'
      ? Object.keys(METHOD_KINDS).filter((method) => typeof Reflect.get(value as object, method) === 'function')
      : [],
  ]);
  return JSON.stringify([capabilitiesOf(driver), methods]);
}

/** A driver that does not say which attributes its `update` takes is asked for any. */
function changes(driver: Driver, group: ListedGroup, attribute: string): Change | undefined {
  const known = Reflect.get(driver[group] ?? {}, 'changes') as Updating['changes'];
  return known === undefined ? 'sets' : known[attribute];
}

/** Returns the time that the content which a write passes on may take, in ms: see UploadSource. */
function sourceMs([request]: readonly unknown[]): number {
  const { source } = (request ?? {}) as Partial<UploadImage>;
  return source?.withinMs ?? 0;
}

/** The context of a call whose content may be given up by who has it. */
function wanted([request]: readonly unknown[], context: CallContext): CallContext {
  const { signal } = ((request ?? {}) as Partial<UploadImage>).source ?? {};
  return signal ? { ...context, signal: anySignal(context.signal, signal) } : context;
}

function readsOf(settings: CloudSettings, driver: Driver, guard: GuardOptions, caller: CallRunner, hooks: GuardHooks) {
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
    return [
      { ok: false, what: `the self-examination of ${settings.key}`, message: error instanceof Error ? error.message : String(error) },
    ];
  }
}
