import type { Value, Values } from '../model/values';
import type {
  Capabilities,
  Change,
  DownloadedImage,
  Finding,
  GroupName,
  Groups,
  WorkHandle,
  Item,
  ListedGroup,
  Marks,
  ReadableGroup,
  Naming,
  Ongoing,
} from './driver';
import type { ProviderError } from './errors';
import type { CloudHealth } from './health';
import type { ImageChoice, PortableNames } from './portable';
import type { MeterOffer, ProviderEvent, Series, SeriesQuery } from './monitoring';
import type { Quota } from './quotas';
import type { TransferRate } from './rate';

/** Settings of one cloud, whatever its driver. */
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
  /** Time that a Job waits for work that the provider still goes on with, in ms; absent: until the provider ends it. */
  waitAtMostMs?: number | undefined;
  /** Names that mean the same on every cloud, and what they stand for in this one. */
  names?: PortableNames | undefined;
  /** Rate of what is passed into it and out of it together; absent: as fast as it goes. What is read out of it keeps to it by itself. */
  rate?: TransferRate | undefined;
}

/** Values of one moment; `at` is when the provider was asked (ms since the epoch). */
export interface Seen<T> {
  value: T;
  at: number;
}

/** A list, and the moments of those of its items that were read by themselves after it (ms since the epoch), by key. */
export interface SeenList extends Seen<readonly Item[]> {
  later?: ReadonlyMap<string, number>;
}

/** Items by key. A key that is in none of the parts was proven to be gone by the provider. */
export interface Answers extends ReadonlyMap<string, Item> {
  /** Keys of which nothing is known now, with the reason; what was known of them stays. */
  readonly unknown: ReadonlyMap<string, ProviderError>;
}

/** Largest age of an answer, in ms; 0 asks the provider (calls already in flight are not joined). Default: the cloud's cache age. */
export interface Freshness {
  maxAgeMs?: number;
}

/** Writes by group and method, as the guard lets them through. */
export type WriteGroups = Required<Omit<Groups, 'machineConfigs' | 'volumeConfigs' | 'networkConfigs' | 'meters' | 'events'>>;

/** Groups of images. */
export type ImageGroup = 'machineImages' | 'volumeImages';

type Method<G, M extends keyof G> = NonNullable<G[M]> extends (...args: infer A) => Promise<infer R> ? { args: A; result: R } : never;
type WithoutContext<A extends readonly unknown[]> = A extends readonly [...infer H, { signal: AbortSignal }] ? H : A;

/** A driver behind its guard: what everything above src/clouds sees of a cloud. */
export interface Cloud extends CloudSettings {
  readonly capabilities: Capabilities;
  /** Tells how it is, as the calls to it from this process show. Asks nothing. */
  health(): CloudHealth;
  /** Tells whether the group exists (the type is offered at all). */
  has(group: GroupName | ReadableGroup): boolean;
  /** Tells whether the group offers this method; false for every write while mode is observe. */
  offers(group: GroupName | ReadableGroup, method: string): boolean;
  /** Tells in which way `update` of the group changes an attribute; undefined where it does not, or is not offered. Pure. */
  changes(group: ListedGroup, attribute: string): Change | undefined;
  /** All pages of a group. Equal calls in flight are joined; answers are kept for the cache age. */
  list(group: ReadableGroup, freshness?: Freshness): Promise<SeenList>;
  /** Reads one item; undefined when the provider has proven it gone. Keys asked for at the same time travel in one call. */
  get(group: ReadableGroup, key: string, freshness?: Freshness): Promise<Seen<Item | undefined>>;
  getMany(group: ReadableGroup, keys: readonly string[], freshness?: Freshness): Promise<Seen<Answers>>;
  /** Items with this tag; never from the cache. Empty where the group has no `find`. */
  find(group: ReadableGroup, marks: Marks): Promise<readonly Item[]>;
  /** Lists images of an owner that portable names may stand for; kept as long as configurations. @throws ProviderError */
  imagesOf(choice: ImageChoice & { owner: string }): Promise<readonly Item[]>;
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
  /**
   * Opens an image's contents. Reading them throws ProviderErrors: `timeout` where nothing comes for `idleMs`.
   * @param until.signal aborted by the caller when it is done with them, whatever came of it
   * @throws ProviderError, `unsupported` where not offered
   */
  download(group: ImageGroup, key: string, until: { signal: AbortSignal; idleMs: number }): Promise<DownloadedImage>;
  /** Looks how far the work is that a write of the group answered by a handle. Drops cached answers of the group. */
  poll(group: keyof WriteGroups, handle: WorkHandle): Promise<Ongoing | { key: string } | undefined>;
  /** Pairs of type and aspect that it measures; none where it has no such service. Pure. */
  meterOffers(): readonly MeterOffer[];
  /** Reads points of many resources. @throws ProviderError, `unsupported` where it measures nothing */
  sample(queries: readonly SeriesQuery[]): Promise<readonly Series[]>;
  /** Reads the provider's own events after a cursor. @throws ProviderError, `unsupported` where it tells none */
  eventsSince(cursor: Value | undefined): Promise<{ events: readonly ProviderEvent[]; cursor: Value }>;
  /** Reads those of one resource; none where the provider does not tell them apart. */
  eventsOf(type: string, key: string): Promise<readonly ProviderEvent[]>;
  /** Reads the account's bounds; none where the provider tells none. @throws ProviderError */
  quotas(): Promise<readonly Quota[]>;
  /** Tells them as they were some minutes ago, without waiting: none where they are not known, or the cloud is away. */
  knownQuotas(): readonly Quota[];
  check(): Promise<Finding[]>;
  close(): Promise<void>;
}

/** The configured clouds, in the order of the configuration. */
export interface Clouds {
  all(): readonly Cloud[];
  byKey(key: string): Cloud | undefined;
  /** Returns the clouds that the tenant may use. */
  forTenant(tenant: string): readonly Cloud[];
}
