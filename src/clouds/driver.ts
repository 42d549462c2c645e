import type { ZodType } from 'zod';
import type { Value } from '../model/values';
import type {
  CallContext,
  Created,
  Extended,
  FindGroup,
  Handle,
  Marks,
  Naming,
  NamingGroup,
  Outcome,
  ReadGroup,
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
import type { UploadImage } from './upload';

/**
 * The Driver contract: what a cloud offers, in CIMI's terms and units (memory in KiB, capacity in kB of 1000
 * bytes, durations in ms). No call waits for the provider's work: what takes time is answered by a handle or told by the
 * item's own state. A missing group is a resource the cloud does not offer, a missing method an operation
 * it does not offer. Drivers know no HTTP, JSON, XML, SQL or Redis, retry nothing and cache nothing: the guard
 * (guard.ts) does. Every method throws ProviderError and nothing else.
 */

export type {
  CallContext,
  Choice,
  Created,
  Extended,
  FindGroup,
  Fit,
  Handle,
  Item,
  ItemRef,
  Marks,
  Naming,
  NamingGroup,
  Ongoing,
  Outcome,
  Pages,
  ReadGroup,
  SizedGroup,
} from './contract';
export { isOngoing } from './contract';
export type { UploadImage, UploadSource } from './upload';

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
}

export interface Machines extends FindGroup, NamingGroup {
  /** Once. Brings the machine into the provider's own initial state (see Capabilities DefaultInitialState). */
  create?(request: CreateMachine, context: CallContext): Promise<Outcome<Created>>;
  /** Repeatable: starting what is started is success. */
  start?(key: string, context: CallContext): Promise<Outcome>;
  stop?(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<Outcome>;
  /** Once. From STARTED only; the core starts a STOPPED machine instead. */
  restart?(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<Outcome>;
  pause?(key: string, context: CallContext): Promise<Outcome>;
  suspend?(key: string, context: CallContext): Promise<Outcome>;
  /** Changes the size to that of another configuration (repeatable). */
  resize?(key: string, to: { config: string }, context: CallContext): Promise<Outcome>;
  /** Once. Brings the machine back to an image; `image` is its provider key. */
  restore?(key: string, from: Marks & { image: string }, context: CallContext): Promise<Outcome>;
  /** Repeatable; what is already gone is success. */
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CaptureMachine extends Marks, Naming {
  /** Provider key of the machine. */
  machine: string;
  /** IMAGE of a stopped machine, SNAPSHOT of any. */
  type: 'IMAGE' | 'SNAPSHOT';
}

export interface MachineImages extends FindGroup, NamingGroup {
  /** Once. */
  capture?(request: CaptureMachine, context: CallContext): Promise<Outcome<Created>>;
  /**
   * Once. Makes an image of bytes: it shows as CREATING until they are all there, and carries its marks from its beginning.
   * Resolves when the provider has them all. Where it cannot go on (the source throws, the signal is aborted) it takes back
   * what it began as well as it can and throws; what a killed process leaves half done is found by its tag and deleted.
   */
  upload?(request: UploadImage, context: CallContext): Promise<Outcome<Created>>;
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

/** The groups a driver may have; the key is the group's name, `GROUPS` says which type each carries. */
export interface Groups {
  machines?: Machines;
  machineConfigs?: SizedGroup;
  machineImages?: MachineImages;
  disks?: Disks;
  attachments?: Attachments;
  interfaces?: Interfaces;
  volumes?: Volumes;
  volumeConfigs?: ReadGroup;
  volumeImages?: VolumeImages;
  networks?: Networks;
  networkConfigs?: ReadGroup;
  networkPorts?: NetworkPorts;
  addresses?: Addresses;
  forwardingGroups?: ForwardingGroups;
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

/** How a call may be repeated (read and repeatable are retried by the guard; once never). */
export type MethodKind = 'read' | 'repeatable' | 'once';
export const METHOD_KINDS: Readonly<Record<string, MethodKind>> = {
  list: 'read',
  getMany: 'read',
  find: 'read',
  create: 'once',
  capture: 'once',
  upload: 'once',
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
   * What it asks of a configuration that figures choose: to be offered in the zone that it names, to have a feature
   * (`Fit.has`) where it is true; `atMost`: it is the bound itself, read by the core alone.
   */
  choosing?: 'zone' | 'atMost' | { needs: string };
}

export interface Capabilities {
  /** How long a write may stay invisible to reads, in ms. */
  settleMs: number;
  /** Machines take the ports of their interfaces when they are created; else an interface gets its port by `update`. */
  portsAtCreate?: boolean;
  /** States of a Machine in which `resize` may work; its Item refuses it in words where it does not. Absent: STOPPED. */
  resizesIn?: readonly string[];
  extensions?: readonly DriverExtension[];
  /** Sizes by figures: how many times of what was asked a chosen size may have of anything. Absent: twice. */
  sizes?: { atMost: number };
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
  /**
   * How far work under way is, by the handle that a write (or an earlier poll) answered, in whichever process: another
   * handle while it goes on, else what the write would have answered. Where the work has several parts, it begins the
   * next one. Repeatable. Needed where any method answers a handle.
   * @throws ProviderError with the provider's reason where the work has failed
   */
  poll?(handle: Handle, context: CallContext): Promise<Outcome<Created | void>>;
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
