import type { ZodType } from 'zod';
import type { Value } from '../model/values';
import type {
  CallContext,
  Created,
  Extended,
  Item,
  WorkHandle,
  MakerGroup,
  Marks,
  Naming,
  NamingGroup,
  Outcome,
  Pages,
  ReadGroup,
  Recoverable,
  SizedGroup,
} from './contract';
import type {
  Addresses,
  Attachments,
  Disks,
  ForwardingGroups,
  Interfaces,
  NetworkPorts,
  Networks,
  VolumeImages,
  Volumes,
} from './infrastructure';
import type { Events, Meters } from './monitoring';
import type { DownloadedImage, ReadableImage } from './download';
import type { ImageChoice } from './portable';
import type { Quota } from './quotas';
import type { UploadImage } from './upload';

/**
 * The Driver contract: what a cloud offers, in CIMI's terms and units (memory in KiB, capacity in kB of 1000
 * bytes, durations in ms). No call waits for the provider's work: what takes time is answered by a handle or told by the
 * item's own state. A missing group is a resource the cloud does not offer, a missing method an operation
 * it does not offer. Drivers know no HTTP, JSON, XML, SQL or Redis, retry nothing and cache nothing: the guard
 * (guard.ts) does. Every method throws ProviderError and nothing else.
 */

/**
 * Version of this contract, major.minor: raised by what is added, and by what is changed of what there was. A driver in a package
 * of its own says which it is written for.
 */
export const CONTRACT_VERSION = '1.7';

export type {
  CallContext,
  Change,
  Choice,
  Created,
  Extended,
  FindGroup,
  Fit,
  WorkHandle,
  Item,
  ItemRef,
  Marks,
  Naming,
  NamingGroup,
  Ongoing,
  Outcome,
  Pages,
  ReadGroup,
  Recoverable,
  SizedGroup,
  Updating,
} from './contract';
export { isOngoing } from './contract';
export type { Events, MeterOffer, Meters, ProviderEvent, Series, SeriesQuery } from './monitoring';
export { ASPECT_UNITS } from './monitoring';
export type { DownloadedImage, ReadableImage } from './download';
export type { ImageChoice } from './portable';
export type { UploadImage, UploadPoint, UploadSource } from './upload';

export interface CreateMachine extends Marks, Naming, Extended {
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
  /**
   * Ports that its interfaces are to be, each in the network at its place; null: one of its own. Given only where
   * Capabilities.portsAtCreate says so.
   */
  networkPorts?: readonly (string | null)[] | undefined;
  /**
   * Addresses of its networks that its interfaces are to have, those of each at its place, the main one first; none: the provider
   * chooses. Given only where Capabilities.addressesAtCreate says so, and for no interface that a port is given for (since 1.6).
   */
  addresses?: readonly (readonly string[])[] | undefined;
}

export interface Machines extends MakerGroup, NamingGroup {
  /** Creates the machine in the provider's own initial state, see Capabilities DefaultInitialState (once). */
  create?(request: CreateMachine, context: CallContext): Promise<Outcome<Created>>;
  /** Repeatable: starting what is started is success. */
  start?(key: string, context: CallContext): Promise<Outcome>;
  stop?(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<Outcome>;
  /** Restarts the machine from STARTED; the core starts a STOPPED machine instead (once). */
  restart?(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<Outcome>;
  pause?(key: string, context: CallContext): Promise<Outcome>;
  suspend?(key: string, context: CallContext): Promise<Outcome>;
  /** Changes the size to that of another configuration (repeatable). */
  resize?(key: string, to: { config: string }, context: CallContext): Promise<Outcome>;
  /** Brings the machine back to an image; `image` is its provider key (once). */
  restore?(key: string, from: Marks & { image: string }, context: CallContext): Promise<Outcome>;
  /** Repeatable; what is already gone is success. */
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CaptureMachine extends Marks, Naming {
  /** Provider key of the machine. */
  machine: string;
  /** IMAGE of a stopped machine, SNAPSHOT of any. */
  type: 'IMAGE' | 'SNAPSHOT';
  /** True where it is made to be read: `download` has to give its contents. Given only to a group that has `readable`. */
  contents?: boolean | undefined;
}

export interface MachineImages extends MakerGroup, NamingGroup {
  /** Makes an image of the machine (once). */
  capture?(request: CaptureMachine, context: CallContext): Promise<Outcome<Created>>;
  /**
   * Makes an image of bytes (once): it shows as CREATING until they are all there, and carries its marks from its beginning.
   * Resolves when the provider has them all. Where it cannot go on (the source throws, the signal is aborted) it takes back what it
   * began as well as it can and throws; what a killed process leaves half done is found by its tag and deleted.
   */
  upload?(request: UploadImage, context: CallContext): Promise<Outcome<Created>>;
  /**
   * Opens an image's contents for reading, and reads as little of them as it can for that. `refuses.download` of an Item tells
   * why its cloud does not give them.
   */
  download?(key: string, context: CallContext): Promise<DownloadedImage>;
  /**
   * Makes a copy of an image that says `contentsBy: 'copy'`, of which `download` gives the contents (once). The copy is an item of the
   * group, and whoever asked for it deletes it; what was made on the way goes before it is done, and shows in `find` until then.
   */
  readable?(request: ReadableImage, context: CallContext): Promise<Outcome<Created>>;
  /** Lists the images of an owner, whether or not `list` shows them, narrowed down as far as the provider can. */
  named?(choice: ImageChoice & { owner: string }, context: CallContext): Promise<readonly Item[]>;
  /** Repeatable; what is already gone is success. */
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface ImportCredential extends Marks {
  /** OpenSSH public key text. */
  publicKey: string;
}

/** Provider-side copies of the gateway's Credentials; never listed as resources. */
export interface Credentials {
  /** Repeatable: the provider key is derived from the tag, importing twice is success. */
  import(request: ImportCredential, context: CallContext): Promise<Created>;
  /** Provider key that an import under this tag gives. Pure. Absent where an import leaves nothing at the provider. */
  keyOf?(tag: string): string;
  /** Repeatable; what is already gone is success. */
  delete(key: string, context: CallContext): Promise<void>;
}

/**
 * The groups a driver may have; the key is the group's name, `GROUPS` says which type each carries. A group that makes
 * things finds them again, which the type asks for.
 */
export interface Groups {
  machines?: Recoverable<Machines, 'create'>;
  machineConfigs?: SizedGroup;
  machineImages?: Recoverable<MachineImages, 'capture' | 'upload' | 'readable'>;
  disks?: Recoverable<Disks, 'create'>;
  attachments?: Recoverable<Attachments, 'create'>;
  interfaces?: Recoverable<Interfaces, 'create'>;
  volumes?: Recoverable<Volumes, 'create'>;
  volumeConfigs?: ReadGroup;
  volumeImages?: Recoverable<VolumeImages, 'create' | 'upload' | 'readable'>;
  networks?: Recoverable<Networks, 'create'>;
  networkConfigs?: ReadGroup;
  networkPorts?: Recoverable<NetworkPorts, 'create'>;
  addresses?: Recoverable<Addresses, 'create'>;
  forwardingGroups?: Recoverable<ForwardingGroups, 'create'>;
  credentials?: Credentials;
  meters?: Meters;
  events?: Events;
}
export type GroupName = keyof Groups;
/** A group as a driver has it that offers it. */
export type Offered<G extends GroupName> = NonNullable<Groups[G]>;
/** Groups whose items are listed as resources. */
export type ListedGroup = Exclude<GroupName, 'credentials' | 'meters' | 'events'>;
/** The same with what the guard makes of a driver's other groups: its MeterConfigurations, of what `meters` offers. */
export type ReadableGroup = ListedGroup | 'meterConfigs';

/** Resource type of each listed group. */
export const GROUPS: Readonly<Record<ListedGroup, string>> = {
  machines: 'Machine',
  machineConfigs: 'MachineConfiguration',
  machineImages: 'MachineImage',
  disks: 'Disk',
  attachments: 'MachineVolume',
  interfaces: 'MachineNetworkInterface',
  volumes: 'Volume',
  volumeConfigs: 'VolumeConfiguration',
  volumeImages: 'VolumeImage',
  networks: 'Network',
  networkConfigs: 'NetworkConfiguration',
  networkPorts: 'NetworkPort',
  addresses: 'Address',
  forwardingGroups: 'ForwardingGroup',
};

/** Groups of configurations: kept by the hour, and an item that vanishes from later lists can still be read by key. */
export const LONG_LIVED_GROUPS: readonly ListedGroup[] = ['machineConfigs', 'volumeConfigs', 'networkConfigs'];

/** Groups whose items show what a write in another group changes (a capture changes its Machine's latestSnapshot). */
export const SHOWN_IN: Readonly<Partial<Record<GroupName, readonly ListedGroup[]>>> = {
  machines: ['disks', 'attachments', 'volumes', 'interfaces', 'addresses'],
  machineImages: ['machines'],
  attachments: ['volumes'],
  volumeImages: ['volumes'],
  interfaces: ['addresses'],
  forwardingGroups: ['networks'],
};

/** Kind of a method by which its calls may be repeated (read and repeatable are retried by the guard; once never). */
export type MethodKind = 'read' | 'repeatable' | 'once';

/** Methods of a group that ask the provider something; all others are pure. */
type AskingOf<G> = { [M in keyof G]-?: NonNullable<G[M]> extends (...args: never[]) => Promise<unknown> | Pages ? M : never }[keyof G];
/** Name of any method of the contract that asks the provider something. */
export type MethodName = { [G in GroupName]: AskingOf<Offered<G>> }[GroupName] | 'poll' | 'quotas';

/** Kind of every method by its name; a method that the contract gets later has no type without one. */
export const METHOD_KINDS: Readonly<Record<string, MethodKind>> = {
  list: 'read',
  getMany: 'read',
  find: 'read',
  named: 'read',
  sample: 'read',
  since: 'read',
  of: 'read',
  download: 'read',
  quotas: 'read',
  create: 'once',
  capture: 'once',
  upload: 'once',
  readable: 'once',
  restart: 'once',
  restore: 'once',
  start: 'repeatable',
  stop: 'repeatable',
  pause: 'repeatable',
  suspend: 'repeatable',
  resize: 'repeatable',
  update: 'repeatable',
  bind: 'repeatable',
  release: 'repeatable',
  rename: 'repeatable',
  import: 'repeatable',
  delete: 'repeatable',
  poll: 'repeatable',
} satisfies Record<MethodName, MethodKind>;

/** Methods that change the item whose key they are given, and no other of its group; more may change in what shows it (SHOWN_IN). */
export const ONE_ITEM: readonly string[] = [
  'restart',
  'start',
  'stop',
  'pause',
  'suspend',
  'resize',
  'rename',
  'update',
] satisfies MethodName[];

/**
 * Capabilities of one resource type on this cloud, for ResourceMetadata and for checks before a call. What follows from the
 * driver's methods (derived-capabilities.ts) need not be said; what is said goes over it.
 */
export interface TypeCapabilities {
  /** Table 7 names and values. Booleans absent mean false. */
  capabilities?: Readonly<Record<string, boolean | number | string | readonly string[]>>;
  /** Optional attributes that this cloud fills (reports) or takes; absent from the list: not supported (5.2). */
  attributes?: readonly string[];
  /** Value constraints that this cloud puts on attributes. */
  constraints?: Readonly<Record<string, { values?: readonly (string | number)[]; ranges?: readonly { low: number; high: number }[] }>>;
}

/**
 * An attribute in the gateway's own namespace that a driver brings for what it creates, placement mostly (5.2). It is
 * taken beside the name in a create, or in the template; it is announced in ResourceMetadata of this cloud. Drivers
 * get it in `extensions` of the create request and may report it in an Item's values. Clouds that share a name share its kind.
 */
export interface DriverExtension {
  /** lowerCamelCase, the same in JSON and XML; that of `strings` ends in s (its items in XML are named without it). */
  name: string;
  /** Resource types it belongs to (Machine, Volume, …); their templates get it too. */
  types: readonly string[];
  kind: 'string' | 'strings' | 'integer' | 'boolean';
  /**
   * Demand on a configuration that figures choose: to be offered in the zone that it names, to have a feature (`Fit.has`) where it
   * is true; `atMost`: it is the bound itself, read by the core alone.
   */
  choosing?: 'zone' | 'atMost' | { needs: string };
}

export interface Capabilities {
  /** Longest time for which a write may stay invisible to reads, in ms. */
  settleMs: number;
  /** Machines take the ports of their interfaces when they are created; else an interface gets its port by `update`. */
  portsAtCreate?: boolean;
  /** Most addresses of its network that an interface may be given when its machine is created. Absent: none (since 1.6). */
  addressesAtCreate?: number;
  /** Set where interfaces are neither made nor listed in an order that is sure to be that of the guest (since 1.6). */
  interfaceOrder?: 'bestEffort';
  /** States of a Machine in which `resize` may work; its Item refuses it in words where it does not. Absent: STOPPED. */
  resizesIn?: readonly string[];
  extensions?: readonly DriverExtension[];
  /** Place that the provider names for all that the account sees here: a region, a datacenter (since 1.5). */
  region?: string;
  /** Sizes by figures: how many times of what was asked a chosen size may have of anything. Absent: twice. */
  sizes?: { atMost: number };
  /** Needs of guests that come from other kinds of clouds. */
  guestNeeds?: readonly GuestNeed[];
  types: Readonly<Record<string, TypeCapabilities>>;
}

/** Need of a guest that comes from elsewhere, in words that go after `its guest`. */
export interface GuestNeed {
  /** Kind of guest that has it: `linux`, `windows`, `unknown`. Absent: any. */
  guestOs?: string;
  /** Kind of hardware with which it has it (image-facts.ts). Absent: with any. */
  hardware?: string;
  words: string;
}

/** Finding of a driver's self-examination, in words that an operator can act on. */
export interface Finding {
  ok: boolean;
  what: string;
  /** Fault and remedy in words; the provider's own words included. */
  message?: string;
}

/** A connected account of one cloud. */
export interface Driver extends Groups {
  readonly capabilities: Capabilities;
  /**
   * Looks how far work under way is, by the handle that a write (or an earlier poll) answered, in whichever process: answers
   * another handle while it goes on, else what the write would have answered. Where the work has several parts, it begins the next
   * one. Repeatable. Needed where any method answers a handle.
   * @throws ProviderError with the provider's reason where the work has failed
   */
  poll?(handle: WorkHandle, context: CallContext): Promise<Outcome<Created | void>>;
  /** Reads the account's bounds, those that there are; absent where the provider tells none (since 1.7). */
  quotas?(context: CallContext): Promise<readonly Quota[]>;
  /** Tries the login and the permissions needed; never throws for what the provider answers. */
  check(context: CallContext): Promise<Finding[]>;
  close(): Promise<void>;
}

/** Services that the composition root lends to a driver. */
export interface DriverEnvironment {
  /** Folder for a driver's own files (the simulator's state); exists. */
  dataDir: string;
  /** Structured warnings; never secrets. */
  warn(message: string, details?: { [key: string]: Value | undefined }): void;
}

/** The only export a driver's folder owes the rest (drivers/<cloud>/index.ts). */
export interface DriverModule<O = unknown> {
  name: string;
  /** Schema of its options in the configuration file; strict, so that a misspelt option is told and not ignored. */
  options: ZodType<O>;
  /** Images that publishers call by a stable name, by portable name: what `default` stands for in the configuration. */
  imageNames?: Readonly<Record<string, ImageChoice>>;
  /**
   * Makes the driver of one account. Asks the provider nothing, which may be down just now; a driver that is made at once
   * (no Promise) lets the contract's tests see what it offers before they start a provider.
   * @throws Error in words for the operator, where the options cannot work
   */
  connect(options: O, environment: DriverEnvironment): Driver | Promise<Driver>;
}

/** Exports of a driver in a package of its own: `driver: "@scope/package"` in the configuration of a cloud names it. */
export interface DriverPackage {
  /** The CONTRACT_VERSION that it was written for, as text of its own: `'1.0'`. */
  contractVersion: string;
  driver: DriverModule;
}
