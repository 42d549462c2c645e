import {
  type CallContext,
  type CreateMachine,
  GROUPS,
  type Groups,
  isOngoing,
  type Driver,
  type DriverModule,
  type Item,
  type ListedGroup,
  type Machines,
  type Ongoing,
  type SeriesQuery,
} from '../../src/clouds/driver';
import { Gone, type ErrorKind } from '../../src/clouds/errors';
import type { Need, Shape } from './contract/needs';
import { eventually, PATIENCE_MS, waitUntil } from '../harness/wait';

/** Counterpart that a driver's test lends to the contract suite: a provider, real or simulated, and a driver connected to it. */
export interface Counterpart {
  driver: Driver;
  module: DriverModule;
  /** Options that the module's schema accepts. */
  options: { [option: string]: unknown };
  fixtures: Fixtures;
  /** Items in one page of a listing in this set-up, of each group that the driver offers. */
  pageSize: Partial<Record<ListedGroup, number>>;
  /** Sees to it that the account holds at least `count` items of the group; the answer takes them away again. */
  populate(group: ListedGroup, count: number): Promise<() => Promise<void>>;
  /** Requests that the provider (or the proxy before it) has received so far, whatever they were. */
  calls(): Promise<number>;
  /** The next create of a machine takes effect, but its answer is lost on the way. Of drivers that make machines. */
  loseAnswer?(method: 'machines.create'): Promise<void>;
  /** The next listing of machines fails at the provider with what this kind is made from. */
  failNextRead(kind: ErrorKind): Promise<void>;
  /** Kinds that failNextRead can bring about. */
  provokes: readonly ErrorKind[];
  /** Puts a machine into a state that the driver's table does not know. */
  strangeState(machine: string): Promise<void>;
  /** The driver's conversions between CIMI's units and the provider's. Of drivers that make machines. */
  units?: readonly UnitRule[];
  /** Hooks for drivers that have the groups meters and events. */
  monitoring?: Monitoring;
  /** Words for each thing at the provider that the tests made and that is still there. */
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Hooks by which measured values and events come about. */
export interface Monitoring {
  /**
   * Sees to it that the provider has three points or more of some aspect of the machine, at the distance that is offered, six or more
   * where a coarser distance begins later; answers the window that they are in, in ms since the epoch.
   */
  measured?(machine: string): Promise<{ after: number; upTo: number }>;
  /** Most requests that these questions may cost at the provider, by its documented limits. */
  calls?(queries: readonly SeriesQuery[]): number;
  /** Sees to it that the provider tells an event of the machine; answers the code that the driver gives it. */
  tell?(machine: string): Promise<{ code: string }>;
}

/** Keys that tests begin with; what machines are made from is needed of drivers that make machines alone. */
export interface Fixtures {
  /** Key of a small machine configuration, and of another of the same architecture. */
  config: string;
  otherConfig: string;
  /** Key of an image that runs on both. */
  image: string;
  /** Well-formed keys that belong to nothing; of a group without one that of `machines` is taken. */
  missing: Readonly<Partial<Record<ListedGroup, string>> & Record<'machines', string>>;
  /** An OpenSSH public key. */
  publicKey: string;
  /** Attributes beyond the standard with which a machine is made whose images are read by a copy; of drivers that have `machineImages.readable`. */
  readByCopy?: NonNullable<CreateMachine['extensions']>;
  /** Key of the network that static addresses are of, where they cannot be of any. */
  addressNetwork?: string;
}

export interface UnitRule {
  name: string;
  /** CIMI value of a request → provider value; rounds up. */
  request(cimi: number): number;
  /** Provider value → CIMI value of a report; rounds down. */
  report(provider: number): number;
  /** Provider values that occur. */
  range: { min: number; max: number };
}

/**
 * A test that does not hold although the driver offers what it needs, and why. Printed with every run. What a driver does not
 * offer needs no such line: see needs.ts.
 */
export interface Skip {
  /** Name of the test as the suite prints it. */
  test: string;
  reason: string;
  /** Source of the expectation at the provider (or in a decision of this project): an address, or a path in this repository. */
  documented: string;
}

export interface Subject {
  start(): Promise<Counterpart>;
  /** The driver with nothing behind it (see `shapeOf`): what it offers chooses the tests. Closed at the end. */
  shape: Driver;
  skips?: readonly Skip[];
  /** Parts that are run; absent: all. A counterpart that takes long has a file for each. */
  parts?: readonly Part[];
}

/** Part of the suite. */
export type Part = 'machines' | 'infrastructure';

/**
 * A module's driver with nothing behind it, since connecting asks no provider anything.
 * @throws Error where the module connects by a Promise: the tests are chosen before anything can be waited for
 */
export function shapeOf<O>(module: DriverModule<O>, options: object, dataDir = ''): Driver {
  const driver = module.connect(module.options.parse(options), { dataDir, warn: () => undefined });
  if (driver instanceof Promise) throw new Error(`the driver ${module.name} connects by a Promise; return the driver itself`);
  return driver;
}

/** Bench that the parts of the suite share. */
export interface Bench {
  /** Shape of what the driver offers. */
  shape: Shape;
  /** Registers a test, or its skip where the driver does not offer what it needs. */
  test(name: string, needs: readonly Need[], run: (counterpart: Counterpart) => Promise<void>): void;
}

export const context = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });

let sequence = 0;
/** Marks that no other test uses. */
export function marks(prefix = 'contract'): { token: string; tag: string } {
  sequence += 1;
  const unique = `${prefix}-${process.pid}-${Date.now().toString(36)}-${sequence}`;
  return { token: `token-${unique}`, tag: `${unique}:mac` };
}

/** A method as one call that comes back when the provider's work has ended. */
export type Ended<F> = F extends (...args: infer A) => Promise<infer R> ? (...args: A) => Promise<Exclude<R, Ongoing>> : F;

/** Polls what a write answered until the provider's work has ended. */
export async function ended<T>(driver: Driver, outcome: T): Promise<Exclude<T, Ongoing>> {
  if (!isOngoing(outcome)) return outcome as Exclude<T, Ongoing>;
  let handle = outcome.ongoing;
  const { end } = await eventually(async () => {
    // Through JSON, as a Job remembers it.
    const seen = await driver.poll?.(JSON.parse(JSON.stringify(handle)) as Ongoing['ongoing'], context());
    if (!isOngoing(seen)) return { end: seen as unknown };
    handle = seen.ongoing;
    return undefined;
  });
  return end as Exclude<T, Ongoing>;
}

/** A method of one of the driver's groups, called to its end. */
export function toTheEnd<F>(driver: Driver, owner: object, found: F): Ended<NonNullable<F>> {
  const call = (found as (...args: unknown[]) => unknown).bind(owner);
  return ((...args: unknown[]) => {
    const answer = call(...args);
    return answer instanceof Promise ? answer.then((outcome) => ended(driver, outcome)) : answer;
  }) as Ended<NonNullable<F>>;
}

/** A driver whose methods come back when the provider's work has ended, and whose reads by key tell items alone. */
export type EndedDriver = Omit<Driver, keyof Groups> & {
  [G in keyof Groups]: {
    [M in keyof NonNullable<Groups[G]>]: M extends 'getMany'
      ? (keys: readonly string[], at: CallContext) => Promise<Item[]>
      : Ended<NonNullable<Groups[G]>[M]>;
  };
};

/** The driver as tests like it where neither handles nor proofs are what they are about. */
export function endedDriver(driver: Driver): EndedDriver {
  const wrap = (owner: object): object =>
    new Proxy(owner, {
      get(target, name) {
        const found: unknown = Reflect.get(target, name);
        if (typeof found !== 'function' || name === 'list') return typeof found === 'function' ? found.bind(target) : found;
        const call = toTheEnd(driver, target, found as (...args: unknown[]) => Promise<unknown>);
        return name === 'getMany' ? async (...args: unknown[]) => itemsOf((await call(...args)) as (Item | Gone)[]) : call;
      },
    });
  return new Proxy(driver, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      return Object.hasOwn(GROUPS, name) && typeof found === 'object' && found !== null ? wrap(found) : found;
    },
  }) as unknown as EndedDriver;
}

/** A method of the machines group; a test that calls it names it among its needs. */
export function machinesMethod<M extends keyof Machines>(driver: Driver, method: M): Ended<NonNullable<Machines[M]>> {
  const found = driver.machines?.[method];
  if (!driver.machines || !found) throw new Error(`machines.${method} is not offered: name it among the needs of this test`);
  return toTheEnd(driver, driver.machines, found);
}

/** All pages of a group. */
export async function pagesOf(driver: Driver, group: ListedGroup): Promise<(readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  const offered = driver[group];
  if (!offered) throw new Error(`the group ${group} is not offered: name it among the needs of this test`);
  for await (const page of offered.list(context())) pages.push(page);
  return pages;
}

export async function read(driver: Driver, group: ListedGroup, key: string): Promise<Item | undefined> {
  const answers = (await driver[group]?.getMany([key], context())) ?? [];
  const found = answers.find((answer) => answer.key === key);
  if (!found) throw new Error(`the driver answered without a word on ${group} ${key}`);
  return found instanceof Gone ? undefined : found;
}

/** The items among the answers of a driver's getMany. */
export const itemsOf = (answers: readonly (Item | Gone)[] | undefined): Item[] =>
  (answers ?? []).flatMap((answer) => (answer instanceof Gone ? [] : answer));

/** Reads until `done` holds; fails with the last item read. */
export async function until(
  driver: Driver,
  group: ListedGroup,
  key: string,
  done: (item: Item | undefined) => boolean,
): Promise<Item | undefined> {
  let item: Item | undefined;
  await waitUntil(
    async () => done((item = await read(driver, group, key))),
    () => item,
  );
  return item;
}

export async function reaches(driver: Driver, key: string, state: string): Promise<Item> {
  const item = await until(driver, 'machines', key, (seen) => seen?.values['state'] === state);
  if (!item) throw new Error(`${key} is gone`);
  return item;
}

/** Tells whether the driver makes machines, and deletes them. */
export const makesMachines = ({ machines }: Shape): boolean => machines?.create !== undefined && machines.delete !== undefined;

/** Machines that are STARTED: new ones where the driver makes machines, else such as are there. `end` takes them away again. */
export async function startedMachines(counterpart: Counterpart, count: number): Promise<{ keys: string[]; end: () => Promise<void> }> {
  const { driver, populate } = counterpart;
  if (!makesMachines(driver)) {
    const end = await populate('machines', count);
    const started = (await pagesOf(driver, 'machines')).flat().filter(({ values }) => values['state'] === 'STARTED');
    if (started.length < count) throw new Error(`the account holds ${started.length} machines that are STARTED, not ${count}`);
    return { keys: started.slice(0, count).map(({ key }) => key), end };
  }
  const keys: string[] = [];
  for (let made = 0; made < count; made += 1) keys.push((await makeMachine(counterpart)).key);
  return {
    keys,
    end: async () => {
      for (const key of keys) await dropMachine(counterpart, key);
    },
  };
}

/** Creates a machine with the fixtures and waits for the provider's initial state. */
export async function makeMachine(
  { driver, fixtures }: Counterpart,
  given: {
    name?: string;
    tag?: string;
    token?: string;
    config?: string;
    image?: string;
    extensions?: CreateMachine['extensions'];
    properties?: { [key: string]: string };
    description?: string;
  } = {},
): Promise<{ key: string; token: string; tag: string; item: Item }> {
  const own = marks();
  const request = { config: fixtures.config, image: fixtures.image, ...own, ...given };
  const { key } = await machinesMethod(driver, 'create')(request, context());
  const initial = String(driver.capabilities.types['Machine']?.capabilities?.['DefaultInitialState']);
  return { key, token: request.token, tag: request.tag, item: await reaches(driver, key, initial) };
}

/** Deletes and waits until it is gone. */
export async function dropMachine({ driver }: Counterpart, key: string): Promise<void> {
  await machinesMethod(driver, 'delete')(key, context());
  await until(driver, 'machines', key, (item) => item === undefined);
}

/** The keys of which a driver's getMany proves that there is nothing. */
export const provenGone = (answers: readonly (Item | Gone)[] | undefined): string[] =>
  (answers ?? []).flatMap((answer) => (answer instanceof Gone ? answer.key : []));
