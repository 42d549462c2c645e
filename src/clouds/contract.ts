import type { Value, Values } from '../model/values';
import type { Gone } from './errors';

/** Parts that every group of the Driver contract is made of; see driver.ts. */

/** Handed to every driver call. */
export interface CallContext {
  /** Aborted at the deadline or when nobody waits any more. */
  signal: AbortSignal;
  /**
   * An earlier attempt of this very call may have taken effect, or may still do so: the driver looks for what it began
   * (a task of the thing, by token, tag or name) before it sends anything again. `since`: when the first one was sent,
   * ms since the epoch by this process's clock.
   */
  repeated?: { since: number } | undefined;
}

/** Data by which a driver finds work under way again, in whichever process: plain JSON, no secrets. */
export type WorkHandle = { readonly [name: string]: Value | undefined };

/**
 * Work that the provider goes on with by itself. `Driver.poll` tells how far it is; nobody waits inside a call.
 */
export interface Ongoing {
  ongoing: WorkHandle;
  /** Percent, where the provider tells. */
  progress?: number | undefined;
  /** Progress in words. */
  message?: string | undefined;
}

/** Answer of a write: its result where it is done (or where the item's own state tells the rest), else a handle. */
export type Outcome<T = void> = T | Ongoing;

/** Tells whether a write is still under way at the provider. */
export function isOngoing(outcome: unknown): outcome is Ongoing {
  return typeof outcome === 'object' && outcome !== null && 'ongoing' in outcome;
}

/** Stands in an Item's values for a reference to another item of the same cloud; the core makes it an href. */
export interface ItemRef {
  item: { type: string; key: string };
}

/** Properties by which a machine configuration is weighed where figures choose one. One named by reference is never weighed. */
export interface Choice {
  /** Order among those that give the same figures: the lowest goes first. */
  rank: number;
  /** Kind of the configuration in words, for who asks why it was chosen: burstable, general purpose. */
  kind?: string | undefined;
  /** Reason why figures never choose it, in words that go after its name: `has GPUs`. */
  excluded?: string | undefined;
  /** Sizes of one family take each other's place: a machine that is resized stays in its own where it can. */
  family?: string | undefined;
  /** Architectures that it runs, in the words of Machine.cpuArch, where these are several or its values don't say. */
  architectures?: readonly string[] | undefined;
  /** Zones in which it is offered; absent: in all, as far as is known. */
  zones?: readonly string[] | undefined;
  /** Set where it is not offered in the place of machines that nobody places: whether they can go elsewhere by themselves. */
  elsewhere?: 'possible' | 'impossible' | undefined;
}

/** Properties on which configuration and image must agree beside the architecture, in words of the driver's own (boot modes, devices). */
export interface Fit {
  /** Each has to be among the other's `has`, where the other has any. */
  needs?: readonly string[] | undefined;
  has?: readonly string[] | undefined;
  /** Least memory, in KiB, and least first disk, in kB, of a configuration for this image. */
  memory?: number | undefined;
  disk?: number | undefined;
}

/** Thing at the provider, translated. */
export interface Item {
  /** The provider's key, unique for its type within the account; reversible into the resource's id. */
  key: string;
  /** Declared attributes of the CIMI type, by JSON name, without id; references as ItemRef. */
  values: Values;
  /** The identity tag found on it, as written by a create (see Marks.tag). */
  tag?: string | undefined;
  /** The token of the create that made it, where the provider shows it. */
  token?: string | undefined;
  /** The provider's own creation time, RFC 3339. */
  created?: string | undefined;
  /** Key of the owning item, for types that live in one (a Disk in a Machine); of an Address, the interface that has it. */
  owner?: string | undefined;
  /** Offered by the provider to everybody (a public image): every tenant of the account sees it. */
  public?: boolean | undefined;
  /** CPU architecture that an image needs, in the words of Machine.cpuArch; a configuration that is chosen by size has it. */
  cpuArch?: string | undefined;
  /** Digest of an image's contents that the cloud itself keeps, as disks/content-digest.ts writes it; absent where it tells none. */
  contentDigest?: string | undefined;
  /** Set where an image's contents are read of a copy that `readable` of its group makes, and not of the image itself. */
  contentsBy?: 'copy' | undefined;
  /** Choice: of a machine configuration, how it is weighed where figures choose; of a machine, only its family counts. */
  choice?: Choice | undefined;
  /** Needs that a configuration, an image and a machine have of one another. */
  fit?: Fit | undefined;
  /**
   * Configuration by which `resize` confirms, in any state, the size of a machine that the provider shows but wants confirmed. A
   * PUT of the figures shown asks for it.
   */
  unconfirmedSize?: string | undefined;
  /** Properties of an image in the provider's words (Glance's os_distro), by which a portable name may choose it; not shown. */
  labels?: Readonly<Record<string, string>> | undefined;
  /** Place among those of its owner, where the provider numbers them: the card that an interface is (since 1.7). Exports keep that order. */
  place?: number | undefined;
  /** Provider state that the state table does not know; `values.state` is then ERROR and the core logs and counts it. */
  unmappedState?: string | undefined;
  /** Actions and operations (edit, delete, release, start, …) this very item refuses although its state allows them, with the reason in words. */
  refuses?: Readonly<Record<string, string>> | undefined;
  /**
   * The provider ended it by itself and still knows why (a launch that failed after it was accepted): it counts as gone,
   * with the provider's words. Only getMany returns such items, list and find never do.
   */
  gone?: { reason: string } | undefined;
  /** The provider's own reason for the state it shows (EC2's state reason, Nova's fault), in its words. */
  reason?: string | undefined;
  /** An accepted write (its token) of which the provider later said that it failed (a restore); shown for some time after. */
  failure?: { token: string; reason: string } | undefined;
  /**
   * A create of several calls that has not come to its end, as `find` shows it: the same create, called again, goes on
   * with this very item; a delete takes it away.
   */
  unfinished?: boolean | undefined;
}

/** A page of a listing; the core always reads to the last. */
export type Pages = AsyncIterable<readonly Item[]>;

/** Identity that a create writes to the provider together with the thing itself. */
export interface Marks {
  /** Same on every attempt of one Job; at most 64 characters of [A-Za-z0-9-]. The provider's idempotency token. */
  token: string;
  /** Identity tag of the item, stored so that `find` finds it again; at most 200 ASCII characters. */
  tag: string;
}

/** Consumer-given attributes that most providers can keep. */
export interface Naming {
  name?: string | undefined;
  description?: string | undefined;
  properties?: { [key: string]: string } | undefined;
}

/** Extension attributes that a create may carry. */
export interface Extended {
  /** Values of attributes that the driver announced (Capabilities.extensions), by name; absent where none was given. */
  extensions?: Values | undefined;
}

/** The provider's key of what a create made; given as soon as the cloud has one. */
export interface Created {
  key: string;
}

export interface ReadGroup {
  /** Every item, page by page. No call per item. */
  list(context: CallContext): Pages;
  /**
   * Reads by key, in batches as large as the provider takes: for each key its item, or the proof that there is none.
   * A key with neither is unknown: readers are told so, and nothing is forgotten.
   */
  getMany(keys: readonly string[], context: CallContext): Promise<readonly (Item | Gone)[]>;
}

/** Configurations of machines. */
export interface SizedGroup extends ReadGroup {
  /**
   * A cloud without fixed sizes: the configuration of just these figures (memory in KiB, disks' capacity in kB), rounded
   * up to the provider's units, or why there cannot be one, in words. Its key is read back by getMany, listed or not.
   * Pure. Absent method: a listed configuration is chosen (`Item.choice`).
   */
  sized?(figures: Values): Item | { impossible: string };
}

/** Group that creates: it can find out whether a create whose answer was lost took effect. */
export interface FindGroup extends ReadGroup {
  /** Items that carry this identity tag (exactly; filters of providers are re-checked). Empty when none shows (yet). */
  find(marks: Marks, context: CallContext): Promise<Item[]>;
}

/** A group that may be able to make things; see Recoverable. */
export interface MakerGroup extends ReadGroup, Partial<Pick<FindGroup, 'find'>> {}

/**
 * A group of which a create whose answer was lost can be recovered: it has `find`, or none of the methods `M` that make
 * things.
 */
export type Recoverable<G extends MakerGroup, M extends keyof G> = G & ({ readonly [Making in M]?: undefined } | Pick<FindGroup, 'find'>);

/** Way in which an attribute of an existing thing changes: also back to the value that the provider gives by itself, or only to another. */
export type Change = 'resets' | 'sets';

export interface Updating {
  /**
   * Attributes that `update` takes, by name; null stands for the provider's own value where it `resets`. All else of what
   * exists is refused by the core. Absent: any, none is reset.
   */
  readonly changes?: Readonly<{ [attribute: string]: Change | undefined }>;
}

export interface NamingGroup {
  /**
   * Returns the part of a naming that the provider can hold; the core keeps the rest in its own row. Pure. `undefined` members cost
   * nothing. Absent method: it holds nothing.
   */
  holds?(naming: Naming): Naming;
  /** Writes name, description and properties (the held part; absent members are erased). Repeatable. */
  rename?(key: string, naming: Naming, context: CallContext): Promise<Outcome>;
}
