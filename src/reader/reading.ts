import type { Cloud, SeenList } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import type { ProviderError } from '../clouds/errors';
import type { Location } from '../model/catalogue';
import type { Values } from '../model/values';
import { Refusal, type EnrichContext, type Found, type ResourceHandler } from '../operations/resource-handler';
import type { Condition } from '../store/listing';
import type { EventRow } from '../store/event-record';
import type { JobRow, ResourcePath, ResourceRow } from '../store/store';
import type { ReaderContext } from './context';
import type { Parts, PathOfItem } from './merge';
import type { Readable } from './policy';
import type { Sight } from './sight';
import type { Retirement } from './retirement';

/** A resource that its reader may read. */
export type ReadableFound = Readable<Found>;

export interface ReadOptions {
  /** Largest age of a provider's answer, in ms; default: the cloud's cache age. */
  maxAgeMs?: number;
  /** Leaves out what a portable name stands for on each cloud: no cloud is asked for it. */
  unplaced?: boolean;
}

export interface ListScope {
  /** Key of the only cloud to list; undefined: every cloud the tenant may use. */
  cloudKey?: string | undefined;
  /** Path of the owner, for items of a nested collection that are rows. */
  owner?: string | undefined;
  /** Test that the values (with id) of a listed resource pass: of rows no more than a page of others is held in memory at once. */
  matches?: ((values: Values) => boolean) | undefined;
  /** The same of what lives in no cloud, as far as the database can tell. */
  where?: Condition | undefined;
}

export interface Listing {
  founds: readonly ReadableFound[];
  /** Clouds that did not answer, with the reason. */
  unavailable: readonly { cloud: string; message: string; error: ProviderError }[];
}

/** A collection that lives in another resource. */
export interface OwnedList {
  /** Path of the collection. */
  collection: string;
  owner: ReadableFound;
}

/** Reads resources as somebody of a tenant sees them. What may not be read is not there. */
export interface ResourceReader {
  readonly tenant: string;
  /** True where the entries of the tenant's audit are there for who asks. */
  readonly seesAudit: boolean;
  /** Sight of who asks, of what is about other things; absent where no rule narrows it. */
  readonly sight: Sight | undefined;
  /** Reads one resource. @throws ProviderError when the provider cannot be asked. @returns undefined for what is not there */
  one(path: ResourcePath, options?: ReadOptions): Promise<ReadableFound | undefined>;
  /** Lists every resource of a type. @throws Refusal 503 above the configured number of items */
  list(type: string, scope?: ListScope): Promise<Listing>;
  /**
   * Lists what lives in several owners, each owner's in its place; what they have in common is read once.
   * @throws ProviderError
   */
  nested(type: string, asked: readonly OwnedList[]): Promise<readonly (readonly ReadableFound[])[]>;
  /** Tells whether items of the collection or item at a place follow from their owner's provider or from other resources, not from rows alone. */
  isInOwner(location: Location): boolean;
  /** Shows rows of a type that live in no cloud, in their order, with one query for all that holds them. */
  rows(type: string, rows: readonly ResourceRow[]): Promise<readonly ReadableFound[]>;
  /** Shows events of a log; entries of the audit only to who may read them. */
  events(log: ReadableFound, rows: readonly EventRow[]): readonly ReadableFound[];
  /** Reads one Job's row. */
  job(id: string): Promise<Readable<JobRow> | undefined>;
  /** Reads the row of the tenant's Job that a request with an Idempotency-Key left. */
  jobByKey(key: string): Promise<Readable<JobRow> | undefined>;
}

/** A cloud's list that is asked for. */
export interface CloudListAsked {
  type: string;
  cloud: Cloud;
  /** Provider's answer, as it is now. */
  seen: SeenList;
}

/** Lists as they were last put together. */
export interface Snapshots {
  /** Returns what a list is now, by what it was; undefined where it has to be put together. */
  current(reading: Reading, asked: CloudListAsked): Promise<readonly ReadableFound[] | undefined>;
  /**
   * Keeps a list of a provider's items, each under the path of its row or of its key, and of rows for which nothing was made yet.
   * @param mark set before any of it was read
   */
  add(reading: Reading, asked: CloudListAsked, mark: number, founds: readonly ReadableFound[]): void;
}

/** A tenant's reading as its strategies see it: what is read, and how what was read becomes a resource. */
export interface Reading extends ResourceReader {
  readonly context: ReaderContext;
  readonly retirement: Retirement;
  readonly snapshots: Snapshots;
  /** Lookups for computed attributes; each type is listed once at most. */
  readonly lookups: EnrichContext;
  /**
   * Puts what is known of a resource together, if the tenant may read it.
   * @param owner of what lives in another resource
   */
  show(parts: Parts, pathOfItem: PathOfItem, owner?: ReadableFound): ReadableFound | undefined;
  /** Shows a single resource as `show` does: looks up what it refers to. */
  showOne(parts: Parts, owner?: ReadableFound): Promise<ReadableFound | undefined>;
  /** Looks up the paths of what items of a type refer to. */
  pathsOf(cloud: Cloud | null, type: string, items: readonly Item[]): Promise<PathOfItem>;
}

/** One item as a path names it. */
export interface ItemAt {
  path: ResourcePath;
  id: string;
  /** Path of the collection that it is in. */
  collection: string;
  handler: ResourceHandler;
  owner: ReadableFound | undefined;
}

/** A way of reading that resources of one kind have in common. */
export interface ReadStrategy {
  one(reading: Reading, at: ItemAt, options: ReadOptions): Promise<ReadableFound | undefined>;
}

/** Refuses a list of too many items. */
export function tooMany(count: number, limit: number): Refusal {
  return new Refusal(
    503,
    `the collection has at least ${count} items, more than the ${limit} that this gateway lists at once: narrow it down by the entry point of one cloud`,
  );
}
