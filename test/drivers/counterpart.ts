import {
  type CallContext,
  GROUPS,
  type Groups,
  isOngoing,
  type Driver,
  type DriverModule,
  type Item,
  type ListedGroup,
  type Machines,
  type Ongoing,
} from '../../src/clouds/driver';
import { Gone, type ErrorKind } from '../../src/clouds/errors';

/** What a driver's test lends to the contract suite: a provider, real or simulated, and a driver connected to it. */
export interface Counterpart {
  driver: Driver;
  module: DriverModule;
  /** Options that the module's schema accepts. */
  options: { [option: string]: unknown };
  fixtures: Fixtures;
  /** Items in one page of a listing in this set-up; a group that is absent never has pages (name it in `skips`). */
  pageSize: Partial<Record<ListedGroup, number>>;
  /** Sees to it that the account holds at least `count` items of the group; the answer takes them away again. */
  populate(group: ListedGroup, count: number): Promise<() => Promise<void>>;
  /** Requests that the provider (or the proxy before it) has received so far, whatever they were. */
  calls(): Promise<number>;
  /** The next call of this method takes effect, but its answer is lost on the way. */
  loseAnswer?(method: 'machines.create'): Promise<void>;
  /** The next read fails at the provider with what this kind is made from. */
  failNextRead?(kind: ErrorKind): Promise<void>;
  /** Kinds that failNextRead can bring about. */
  provokes?: readonly ErrorKind[];
  /** Puts a machine into a state that the driver's table does not know. */
  strangeState?(machine: string): Promise<void>;
  /** Every state the provider documents for machines, with what the driver's table makes of it. */
  machineStates: Readonly<Record<string, string | undefined>>;
  /** The same for the other types with states, by name of the type. */
  otherStates?: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  /** The driver's conversions between CIMI's units and the provider's. */
  units: readonly UnitRule[];
  /** Words for each thing at the provider that the tests made and that is still there. */
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface Fixtures {
  /** Key of a small machine configuration, and of another of the same architecture. */
  config: string;
  otherConfig: string;
  /** Key of an image that runs on both. */
  image: string;
  /** Well-formed keys that belong to nothing. */
  missing: Readonly<Record<'machines' | 'machineConfigs' | 'machineImages', string> & Partial<Record<ListedGroup, string>>>;
  /** An OpenSSH public key. */
  publicKey: string;
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

/** A test that does not hold for a driver, and why. Printed with every run. */
export interface Skip {
  /** Name of the test as the suite prints it. */
  test: string;
  reason: string;
}

export type UploadGroup = 'machineImages' | 'volumeImages';

export interface Subject {
  start(): Promise<Counterpart>;
  /** The groups that the driver offers; nothing is tested of others, and a test compares them with the driver. */
  groups: readonly ListedGroup[];
  /** Groups that take images as bytes; likewise. Default none. */
  uploads?: readonly UploadGroup[];
  skips?: readonly Skip[];
  /** How long a machine may take to get from one state to the next, in ms. Default 10,000. */
  patienceMs?: number;
}

/** What the parts of the suite share. */
export interface Bench {
  counterpart(): Counterpart;
  /** The groups offered. */
  groups: readonly ListedGroup[];
  /** Those that take images as bytes. */
  uploads: readonly UploadGroup[];
  /** Registers a test, or its skip. */
  test(name: string, run: (counterpart: Counterpart) => Promise<void>): void;
  patienceMs: number;
}

export const context = () => ({ signal: AbortSignal.timeout(60_000) });

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
  let seen: unknown = outcome;
  while (isOngoing(seen)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    // Through JSON, as a Job remembers it.
    seen = await driver.poll?.(JSON.parse(JSON.stringify(seen.ongoing)) as Ongoing['ongoing'], context());
  }
  return seen as Exclude<T, Ongoing>;
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

/** A method of the machines group; a test that calls it without the driver offering it must be skipped by name. */
export function machinesMethod<M extends keyof Machines>(driver: Driver, method: M): Ended<NonNullable<Machines[M]>> {
  const found = driver.machines?.[method];
  if (!driver.machines || !found) throw new Error(`machines.${method} is not offered: skip this test by name, with the reason`);
  return toTheEnd(driver, driver.machines, found);
}

/** All pages of a group. */
export async function pagesOf(driver: Driver, group: ListedGroup): Promise<(readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  const offered = driver[group];
  if (!offered) throw new Error(`the group ${group} is not offered: skip this test by name, with the reason`);
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
  patienceMs: number,
): Promise<Item | undefined> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const item = await read(driver, group, key);
    if (done(item)) return item;
    if (Date.now() > end) throw new Error(`waited ${patienceMs} ms in vain; last seen: ${JSON.stringify(item)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function reaches(driver: Driver, key: string, state: string, patienceMs: number): Promise<Item> {
  const item = await until(driver, 'machines', key, (seen) => seen?.values['state'] === state, patienceMs);
  if (!item) throw new Error(`${key} is gone`);
  return item;
}

/** Creates a machine with the fixtures and waits for the provider's initial state. */
export async function makeMachine(
  { driver, fixtures }: Counterpart,
  patienceMs: number,
  given: {
    name?: string;
    tag?: string;
    token?: string;
    config?: string;
    properties?: { [key: string]: string };
    description?: string;
  } = {},
): Promise<{ key: string; token: string; tag: string; item: Item }> {
  const own = marks();
  const request = { config: fixtures.config, image: fixtures.image, ...own, ...given };
  const { key } = await machinesMethod(driver, 'create')(request, context());
  const initial = String(driver.capabilities.types['Machine']?.capabilities?.['DefaultInitialState']);
  return { key, token: request.token, tag: request.tag, item: await reaches(driver, key, initial, patienceMs) };
}

/** Deletes and waits until it is gone. */
export async function dropMachine({ driver }: Counterpart, key: string, patienceMs: number): Promise<void> {
  await machinesMethod(driver, 'delete')(key, context());
  await until(driver, 'machines', key, (item) => item === undefined, patienceMs);
}

/** The keys of which a driver's getMany proves that there is nothing. */
export const provenGone = (answers: readonly (Item | Gone)[] | undefined): string[] =>
  (answers ?? []).flatMap((answer) => (answer instanceof Gone ? answer.key : []));
