import type { ZodType } from 'zod';
import type { Value, Values } from '../model/values';

/**
 * The Driver contract: what a cloud offers, in CIMI's terms and units (memory in KiB, capacity in kB of 1000
 * bytes, durations in ms). A missing group is a resource the cloud does not offer, a missing method an operation
 * it does not offer. Drivers know no HTTP, JSON, XML, SQL or Redis, retry nothing and cache nothing: the guard
 * (guard.ts) does. Every method throws ProviderError and nothing else.
 */

/** Handed to every driver call. */
export interface CallContext {
  /** Aborted at the deadline or when nobody waits any more. */
  signal: AbortSignal;
}

/** Stands in an Item's values for a reference to another item of the same cloud; the core makes it an href. */
export interface ItemRef {
  item: { type: string; key: string };
}

/** One thing at the provider, translated. */
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
  /** Key of the owning item, for types that live in one (a Disk in a Machine). */
  owner?: string | undefined;
  /** Offered by the provider to everybody (a public image): every tenant of the account sees it. */
  public?: boolean | undefined;
  /** CPU architecture that an image needs, in the words of Machine.cpuArch; a configuration that is chosen by size has it. */
  cpuArch?: string | undefined;
  /** Provider state that the state table does not know; `values.state` is then ERROR and the core logs and counts it. */
  unmappedState?: string | undefined;
  /** Actions and operations (edit, delete, start, …) this very item refuses although its state allows them, with the reason in words. */
  refuses?: Readonly<Record<string, string>> | undefined;
  /**
   * The provider ended it by itself and still knows why (a launch that failed after it was accepted): it counts as gone,
   * with the provider's words. Only getMany returns such items, list and find never do.
   */
  gone?: { reason: string } | undefined;
  /** An accepted write (its token) of which the provider later said that it failed (a restore); shown for some time after. */
  failure?: { token: string; reason: string } | undefined;
}

/** A page of a listing; the core always reads to the last. */
export type Pages = AsyncIterable<readonly Item[]>;

/** Identity that a create writes to the provider together with the thing itself. */
export interface Marks {
  /** Same on every attempt of one Job; at most 64 characters of [A-Za-z0-9-]. The provider's idempotency token. */
  token: string;
  /** To be stored as the item's identity tag and found again by `find`; at most 200 ASCII characters. */
  tag: string;
}

/** Consumer-given attributes that most providers can keep. */
export interface Naming {
  name?: string | undefined;
  description?: string | undefined;
  properties?: { [key: string]: string } | undefined;
}

/** The provider's key of what a create made; given as soon as the cloud has one. */
export interface Created {
  key: string;
}

export interface ReadGroup {
  /** Every item, page by page. No call per item. */
  list(context: CallContext): Pages;
  /** Reads by key, in batches as large as the provider takes. Keys that are gone are missing from the answer. */
  getMany(keys: readonly string[], context: CallContext): Promise<Item[]>;
}

/** What any group that creates has: the way to find out whether a lost create took effect. */
export interface FindGroup extends ReadGroup {
  /** Items that carry this identity tag (exactly; filters of providers are re-checked). Empty when none shows (yet). */
  find(marks: Marks, context: CallContext): Promise<Item[]>;
}

export interface NamingGroup {
  /**
   * Which part of these the provider can hold; the core keeps the rest in its own row. Pure.
   * `undefined` members cost nothing. Absent method: it holds nothing.
   */
  holds?(naming: Naming): Naming;
  /** Writes name, description and properties (the held part; absent members are erased). Repeatable. */
  rename?(key: string, naming: Naming, context: CallContext): Promise<void>;
}

export interface CreateMachine extends Marks, Naming {
  /** Provider key of the machine configuration. */
  config: string;
  /** Provider key of the machine image. */
  image: string;
  /** Provider key of an imported credential. */
  credential?: string | undefined;
  /** Base64 text as given by the consumer (5.14.3). */
  userData?: string | undefined;
  /** Provider keys of networks to attach to, in order. */
  networks?: readonly string[] | undefined;
  /** Extension attributes of the create that the driver announced (its own namespace). */
  extensions?: Values | undefined;
}

export interface Machines extends FindGroup, NamingGroup {
  /** Once. Brings the machine into the provider's own initial state (see Capabilities DefaultInitialState). */
  create?(request: CreateMachine, context: CallContext): Promise<Created>;
  /** Repeatable: starting what is started is success. */
  start?(key: string, context: CallContext): Promise<void>;
  stop?(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void>;
  /** Once. From STARTED only; the core starts a STOPPED machine instead. */
  restart?(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void>;
  pause?(key: string, context: CallContext): Promise<void>;
  suspend?(key: string, context: CallContext): Promise<void>;
  /** Changes the size to that of another configuration (repeatable). */
  resize?(key: string, to: { config: string }, context: CallContext): Promise<void>;
  /** Once. Brings the machine back to an image; `image` is its provider key. */
  restore?(key: string, from: Marks & { image: string }, context: CallContext): Promise<void>;
  /** Repeatable; what is already gone is success. */
  delete?(key: string, context: CallContext): Promise<void>;
}

export interface CaptureMachine extends Marks, Naming {
  /** Provider key of the machine. */
  machine: string;
  /** IMAGE of a stopped machine, SNAPSHOT of any. */
  type: 'IMAGE' | 'SNAPSHOT';
}

export interface MachineImages extends FindGroup, NamingGroup {
  /** Once. */
  capture?(request: CaptureMachine, context: CallContext): Promise<Created>;
  /** Repeatable; what is already gone is success. */
  delete?(key: string, context: CallContext): Promise<void>;
}

export interface ImportCredential extends Marks {
  /** OpenSSH public key text. */
  publicKey: string;
}

/** Provider-side copies of the gateway's Credentials; never listed as resources. */
export interface Credentials {
  /** Repeatable: the provider key is derived from the tag, importing twice is success. */
  import(request: ImportCredential, context: CallContext): Promise<Created>;
  /** Repeatable; what is already gone is success. */
  delete(key: string, context: CallContext): Promise<void>;
}

/** The groups a driver may have; the key is the group's name, `GROUPS` says which type each carries. */
export interface Groups {
  machines?: Machines;
  machineConfigs?: ReadGroup;
  machineImages?: MachineImages;
  networks?: ReadGroup;
  credentials?: Credentials;
}
export type GroupName = keyof Groups;
/** Groups whose items are listed as resources. */
export type ListedGroup = Exclude<GroupName, 'credentials'>;

/** Resource type of each listed group. */
export const GROUPS: Readonly<Record<ListedGroup, string>> = {
  machines: 'Machine',
  machineConfigs: 'MachineConfiguration',
  machineImages: 'MachineImage',
  networks: 'Network',
};

/** Groups of configurations: kept by the hour, and an item that vanishes from later lists can still be read by key. */
export const LONG_LIVED_GROUPS: readonly ListedGroup[] = ['machineConfigs'];

/** Groups whose items show what a write in another group changes (a capture changes its Machine's latestSnapshot). */
export const SHOWN_IN: Readonly<Partial<Record<GroupName, readonly ListedGroup[]>>> = { machineImages: ['machines'] };

/** How a call may be repeated (read and repeatable are retried by the guard; once never). */
export type MethodKind = 'read' | 'repeatable' | 'once';
export const METHOD_KINDS: Readonly<Record<string, MethodKind>> = {
  list: 'read',
  getMany: 'read',
  find: 'read',
  create: 'once',
  capture: 'once',
  restart: 'once',
  restore: 'once',
  start: 'repeatable',
  stop: 'repeatable',
  pause: 'repeatable',
  suspend: 'repeatable',
  resize: 'repeatable',
  rename: 'repeatable',
  import: 'repeatable',
  delete: 'repeatable',
};

/** What is true of one resource type on this cloud, for ResourceMetadata and for checks before a call. */
export interface TypeCapabilities {
  /** Table 7 names and values. Booleans absent mean false. */
  capabilities?: Readonly<Record<string, boolean | number | string | readonly string[]>>;
  /** Optional attributes that this cloud fills (reports) or takes; absent from the list: not supported (5.2). */
  attributes?: readonly string[];
  /** Value constraints that this cloud puts on attributes. */
  constraints?: Readonly<Record<string, { values?: readonly (string | number)[]; ranges?: readonly { low: number; high: number }[] }>>;
}

export interface Capabilities {
  /** How long a write may stay invisible to reads, in ms. */
  settleMs: number;
  types: Readonly<Record<string, TypeCapabilities>>;
}

/** One finding of a driver's self-examination, in words an operator can act on. */
export interface Finding {
  ok: boolean;
  what: string;
  /** What is wrong and what to do, in words; the provider's own words included. */
  words?: string;
}

/** A connected account of one cloud. */
export interface Driver extends Groups {
  readonly capabilities: Capabilities;
  /** Tries the login and the permissions needed; never throws for what the provider answers. */
  check(context: CallContext): Promise<Finding[]>;
  close(): Promise<void>;
}

/** What the composition root lends to a driver. */
export interface DriverEnvironment {
  /** Folder for a driver's own files (the simulator's state); exists. */
  dataDir: string;
  /** Structured warnings; never secrets. */
  warn(message: string, details?: { [key: string]: Value | undefined }): void;
}

/** The only export a driver's folder owes the rest (drivers/<cloud>/index.ts). */
export interface DriverModule<O = unknown> {
  name: string;
  /** Schema of its options in the configuration file. */
  options: ZodType<O>;
  connect(options: O, environment: DriverEnvironment): Promise<Driver>;
}
