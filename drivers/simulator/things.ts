/** A phase that begins at a time (ms since the epoch); the phase of a thing is the last that has begun. */
export interface PhaseStart {
  phase: string;
  from: number;
}

interface Named {
  id: string;
  label: string | null;
  note: string | null;
  labels: { [key: string]: string };
}

export interface Instance extends Named {
  kind: 'instance';
  shape: string;
  vcpus: number;
  memoryMiB: number;
  arch: string;
  /** Snapshot it was made from or last brought back to. */
  source: string;
  /** Its latest snapshot of kind `state`. */
  latest: string | null;
  keyPair: string | null;
  userData: string | null;
  nets: string[];
  timeline: PhaseStart[];
  launchedAt: number;
  tag: string | null;
  token: string | null;
}

export interface Snapshot extends Named {
  kind: 'snapshot';
  /** disk: the disks of a stopped instance; state: those of any, with the phase it was in. */
  holds: 'disk' | 'state';
  builtin: boolean;
  arch: string;
  parent: string | null;
  power: string | null;
  timeline: PhaseStart[];
  madeAt: number;
  tag: string | null;
  token: string | null;
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

export interface Net {
  kind: 'net';
  id: string;
  label: string;
  reach: 'public' | 'private';
}

export interface KeyPair {
  kind: 'keyPair';
  id: string;
  publicKey: string;
}

export type Thing = Instance | Snapshot | Shape | Net | KeyPair;
export type Kind = Thing['kind'];
export type Of<K extends Kind> = Extract<Thing, { kind: K }>;
