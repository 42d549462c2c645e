import type { Values } from '../model/values';
import type { Capabilities, Finding, Groups, Handle, Item, ListedGroup, Marks, Naming, Ongoing } from './driver';
import type { ProviderError } from './errors';

/** What the configuration says of one cloud, whatever its driver. */
export interface CloudSettings {
  /** Set once, survives a rename; part of every discovered id: [a-z][a-z0-9-]{0,31}. */
  key: string;
  /** Name shown to people. */
  name: string;
  driver: string;
  /** Tenants that may use it. */
  tenants: readonly string[];
  /** Tenant to which what was not made by the gateway belongs. */
  discoveredTenant: string;
  /** observe: no operation is shown and none accepted. */
  mode: 'manage' | 'observe';
  /** How long a Job waits for work that the provider still goes on with, in ms; absent: until the provider ends it. */
  waitAtMostMs?: number | undefined;
}

/** Values of one moment; `at` is when the provider was asked (ms since the epoch). */
export interface Seen<T> {
  value: T;
  at: number;
}

/** Items by key. A key that is in none of the parts was proven to be gone by the provider. */
export interface Answers extends ReadonlyMap<string, Item> {
  /** Keys of which nothing is known now, with the reason; what was known of them stays. */
  readonly unknown: ReadonlyMap<string, ProviderError>;
}

/** How old an answer may be, in ms; 0 asks the provider (calls already in flight are not joined). Default: the cloud's cache age. */
export interface Freshness {
  maxAgeMs?: number;
}

/** Writes by group and method, as the guard lets them through. */
export type WriteGroups = Required<Omit<Groups, 'machineConfigs' | 'volumeConfigs' | 'networkConfigs'>>;

type Method<G, M extends keyof G> = NonNullable<G[M]> extends (...args: infer A) => Promise<infer R> ? { args: A; result: R } : never;
type WithoutContext<A extends readonly unknown[]> = A extends readonly [...infer H, { signal: AbortSignal }] ? H : A;

/** A driver behind its guard: what everything above src/clouds sees of a cloud. */
export interface Cloud extends CloudSettings {
  readonly capabilities: Capabilities;
  /** Whether the group exists (the type is offered at all). */
  has(group: keyof Groups): boolean;
  /** Whether the group offers this method; false for every write while mode is observe. */
  offers(group: keyof Groups, method: string): boolean;
  /** All pages of a group. Equal calls in flight are joined; answers are kept for the cache age. */
  list(group: ListedGroup, freshness?: Freshness): Promise<Seen<readonly Item[]>>;
  /** One item, or undefined when the provider has proven it gone. Keys asked for at the same time travel in one call. */
  get(group: ListedGroup, key: string, freshness?: Freshness): Promise<Seen<Item | undefined>>;
  getMany(group: ListedGroup, keys: readonly string[], freshness?: Freshness): Promise<Seen<Answers>>;
  /** Items with this tag; never from the cache. Empty where the group has no `find`. */
  find(group: ListedGroup, marks: Marks): Promise<readonly Item[]>;
  /** The part of a naming that the provider holds; everything undefined when it holds nothing. Pure. */
  holds(group: ListedGroup, naming: Naming): Naming;
  /** Provider key of the credential that was imported under a tag, if it was; undefined where imports leave nothing. Pure. */
  importedUnder(tag: string): string | undefined;
  /** The machine configuration of just these figures, or why there is none, on a cloud without fixed sizes; undefined elsewhere. Pure. */
  sized(figures: Values): Item | { impossible: string } | undefined;
  /** A write. Drops cached answers of the group afterwards. Throws ProviderError, `unsupported` where not offered. */
  write<G extends keyof WriteGroups, M extends keyof WriteGroups[G] & string>(
    group: G,
    method: M,
    ...args: WithoutContext<Method<WriteGroups[G], M>['args']>
  ): Promise<Method<WriteGroups[G], M>['result']>;
  /** The same write once more, after an attempt (the first one at `since`, ms since the epoch) whose end is unknown. */
  repeat<G extends keyof WriteGroups, M extends keyof WriteGroups[G] & string>(
    since: number,
    group: G,
    method: M,
    ...args: WithoutContext<Method<WriteGroups[G], M>['args']>
  ): Promise<Method<WriteGroups[G], M>['result']>;
  /** How far work under way is that a write of the group answered by a handle. Drops cached answers of the group. */
  poll(group: keyof WriteGroups, handle: Handle): Promise<Ongoing | { key: string } | undefined>;
  check(): Promise<Finding[]>;
  close(): Promise<void>;
}

/** The configured clouds, in the order of the configuration. */
export interface Clouds {
  all(): readonly Cloud[];
  byKey(key: string): Cloud | undefined;
  /** Those the tenant may use. */
  forTenant(tenant: string): readonly Cloud[];
}
