import type { Value, Values } from '../model/values';
import type { NewJob, NewResourceRow, ResourcePath } from '../store/store';
import type { MadeGroup } from './carry-out';
import type { KeysToCome } from './create-keys';
import type { PackedDisk } from './packed-disk';

/** Version of the create workflows that new Jobs are given; see create-formerly.ts for those that older ones have. */
export const CREATE_VERSION = 2;
/** Names of the create workflows, by row of the table (create-table.ts). */
export const CREATES = {
  machine: 'machine.create',
  capture: 'machineImage.capture',
  upload: 'image.upload',
  copy: 'image.copy',
  other: 'provider.create',
} as const;

/** The making of one thing at a provider, the same for every type; what and how is in the Job's input. */
export interface CreateInput {
  cloud: string;
  group: MadeGroup;
  /** Driver method: `create` where absent. */
  method?: string;
  path: ResourcePath;
  /** Arguments of the method without the token, resolved before the first attempt. */
  request: Values;
  keys?: KeysToCome;
  /** Public key to import first, with the tag its provider copy is known by; `path` of the Credential it is of, if any. */
  credential?: { publicKey: string; tag: string; path: ResourcePath | null };
  /** URI from which the bytes of an image come. */
  uri?: string;
  /** Image of another cloud that is copied: its provider key there, its path, and the bytes that the caller has confirmed. */
  from?: {
    cloud: string;
    key: string;
    path: ResourcePath;
    confirmedBytes?: number;
    /** Copy that it is read by, and the nested Job that makes that. */
    by?: { path: ResourcePath; draft: Draft };
  };
  /** Form in which these hold the image's disk; absent: as the cloud takes it. */
  packed?: PackedDisk;
  /** States of which one ends the waiting; absent for what has no state. */
  goal?: readonly string[];
  /** The call that leads to the initial state, where the provider's own is another. */
  calls?: readonly { method: string; args: readonly Value[]; goal: readonly string[] }[];
  /** Parts that come with it, each with a row and a nested Job of its own. */
  parts?: MachineParts;
  /** Words for the Job's statusMessage: how it was chosen what is made (a size). */
  told?: string;
  /** Rows that come to be with it (associations). */
  insert?: readonly NewResourceRow[];
  /** Attributes that the gateway keeps of it from then on: each the value that another resource's kept attribute had until then. */
  inherit?: readonly { attribute: string; from: ResourcePath; of: string }[];
  /** Attributes that the gateway keeps of others from then on. */
  keep?: readonly { path: ResourcePath; values: Values }[];
}

/** A nested Job as a step makes it. */
export type Draft = Omit<NewJob, 'id' | 'parent' | 'tenant' | 'principal'>;

/** Parts that come with a machine when it is created: each is a nested Job with a row of its own (5.14.3). */
export interface MachineParts {
  /** Volumes made from templates, then all attachments. */
  volumes: readonly Draft[];
  attachments: readonly Draft[];
  /** Disks that it has beyond those of its size. */
  disks?: readonly Draft[];
  /** Interfaces of the machine, as planned. */
  interfaces: readonly PlannedInterface[];
}

/** Plan of an interface that came with its machine, in provider keys. */
export interface PlannedInterface {
  network: string;
  /** Port that the provider's create of machines takes. */
  networkPort?: string;
  /** Values that the provider's create of machines does not take: for the driver's `update` of interfaces. */
  update: Values;
  /** Addresses that it is bound to once it is there. */
  addresses: readonly string[];
  /** Addresses of its network that it has from its beginning; not keys, but the addresses themselves. */
  own?: readonly string[];
}
