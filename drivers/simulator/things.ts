import type { GivenFacts } from '../../src/clouds/image-facts';

/** Things that the provider knows, in its own words. */

/** A phase that begins at a time (ms since the epoch); the phase of a thing is the last that has begun. */
export interface PhaseStart {
  phase: string;
  from: number;
}

/** Phases that a thing has been in before those of its timeline, as far as they are remembered. */
interface Past {
  past?: PhaseStart[];
}

interface Named {
  id: string;
  label: string | null;
  note: string | null;
  labels: { [key: string]: string };
}

interface Marked {
  madeAt: number;
  tag: string | null;
  token: string | null;
}

export interface Instance extends Named, Past {
  kind: 'instance';
  shape: string;
  vcpus: number;
  memoryMiB: number;
  arch: string;
  /** Snapshot it was made from or last brought back to. */
  source: string;
  /** Id of its latest snapshot of kind `state`. */
  latest: string | null;
  keyPair: string | null;
  userData: string | null;
  /** Nets it was launched into. */
  nets: string[];
  timeline: PhaseStart[];
  launchedAt: number;
  tag: string | null;
  token: string | null;
}

/** Uploaded contents, as far as they are kept. */
export interface Content {
  bytes: number;
  /** Digest as src/disks/content-digest.ts writes it; absent of what was uploaded before it was. */
  digest?: string;
  /** Tells whether the bytes are kept, too: see account.ts. */
  kept?: boolean;
}

export interface Snapshot extends Named, Marked, Past {
  kind: 'snapshot';
  /** disk: the disks of a stopped instance; state: those of any, with the phase it was in. */
  holds: 'disk' | 'state';
  builtin: boolean;
  arch: string;
  parent: string | null;
  power: string | null;
  timeline: PhaseStart[];
  /** Uploaded content, where it was made by an upload. */
  content?: Content;
  /** Facts of the guest, and of the machine that it is for. */
  facts?: GivenFacts;
}

export interface Shape {
  kind: 'shape';
  id: string;
  label: string;
  vcpus: number;
  memoryMiB: number;
  disksGiB: number[];
  arch: string;
}

export interface KeyPair {
  kind: 'keyPair';
  id: string;
  publicKey: string;
}

/** Storage of an instance; goes when the instance goes. */
export interface Disk extends Marked {
  kind: 'disk';
  id: string;
  instance: string;
  sizeGiB: number;
  path: string;
  /** The one that the instance boots from. */
  boot: boolean;
}

/** Storage that lives by itself. */
export interface Volume extends Named, Marked, Past {
  kind: 'volume';
  sizeGiB: number;
  /** Type URI. */
  grade: string;
  format: string | null;
  bootable: boolean;
  /** Copy it began as. */
  copy: string | null;
  /** Instance that has it. */
  holder: string | null;
  timeline: PhaseStart[];
}

export interface VolumePlan {
  kind: 'volumePlan';
  id: string;
  label: string;
  note: string;
  sizeGiB: number;
  grade: string;
  format: string | null;
}

/** A volume as it was at one time. */
export interface Copy extends Named, Marked, Past {
  kind: 'copy';
  sizeGiB: number;
  grade: string;
  bootable: boolean;
  timeline: PhaseStart[];
  /** Uploaded content, where it was made by an upload. */
  content?: Content;
}

export interface Attachment extends Marked {
  kind: 'attachment';
  id: string;
  instance: string;
  volume: string;
  path: string;
}

export interface Net extends Named, Marked, Past {
  kind: 'net';
  builtin: boolean;
  reach: 'public' | 'private';
  /** Number from which its addresses are made. */
  block: number;
  /** Block of IPv4 addresses that it was asked to have. */
  cidr?: string;
  mtu: number;
  quality: string | null;
  /** Router that joins it to others. */
  router: string | null;
  timeline: PhaseStart[];
}

export interface NetPlan {
  kind: 'netPlan';
  id: string;
  label: string;
  note: string;
  reach: Net['reach'];
  mtu: number;
  quality: string;
}

export interface Port extends Named, Marked, Past {
  kind: 'port';
  net: string;
  mode: 'access' | 'trunk';
  quality: string;
  timeline: PhaseStart[];
}

export interface Nic extends Marked {
  kind: 'nic';
  id: string;
  instance: string;
  net: string;
  port: string | null;
  mode: 'active' | 'standby' | 'off';
  mac: string;
  mtu: number;
}

export interface Address extends Named, Marked {
  kind: 'address';
  ip: string;
  family: 4 | 6;
  net: string;
  /** Fixed: the customer's until he gives it back. Otherwise it goes with the nic it was made for. */
  fixed: boolean;
  host: string | null;
  mask: string;
  gateway: string;
  resolvers: string[];
  /** Id of the interface that has it. */
  nic: string | null;
  instance: string | null;
}

/** Joins the nets that name it. */
export interface Router extends Named, Marked {
  kind: 'router';
  builtin: boolean;
}

/** Something that the provider tells of by itself. */
export interface Notice {
  id: string;
  /** Time of the occurrence, ms since the epoch. */
  at: number;
  /** Thing that it is about; null: the whole account. */
  thing: { kind: Kind; id: string } | null;
  kind: 'alarm' | 'state' | 'model';
  code: string;
  text: string;
  severity?: 'critical' | 'high' | 'medium' | 'low' | undefined;
  /** Phase that the thing went into. */
  phase?: string | undefined;
  change?: 'create' | 'update' | 'delete' | undefined;
  /** Still to come, or still so: shown to who asks for the first time. */
  pending?: boolean | undefined;
}

export type Thing =
  Instance | Snapshot | Shape | KeyPair | Disk | Volume | VolumePlan | Copy | Attachment | Net | NetPlan | Port | Nic | Address | Router;
export type Kind = Thing['kind'];
export type Of<K extends Kind> = Extract<Thing, { kind: K }>;
/** Things with phases. */
export type Phased = Extract<Thing, { timeline: PhaseStart[] }>;
/** Things that customers name. */
export type Labelled = Extract<Thing, { labels: { [key: string]: string } }>;

/** The phase a timeline has reached. */
export function phaseAt(timeline: readonly PhaseStart[], now: number): string {
  let phase = timeline[0]?.phase ?? '';
  for (const start of timeline) if (start.from <= now) phase = start.phase;
  return phase;
}

/** `via` in equal parts over `ms`, then `to`. */
export function timelineOf(via: readonly string[], to: string, now: number, ms: number): PhaseStart[] {
  const starts = via.map((phase, index) => ({ phase, from: now + Math.round((ms * index) / via.length) }));
  return [...starts, { phase: to, from: now + ms }];
}
