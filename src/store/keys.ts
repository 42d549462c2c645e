import type { LastingPurpose } from './cipher';

/** Number of values that are sealed with a key. */
export interface KeyUse {
  key: string;
  /** True where the configuration has it. */
  known: boolean;
  values: number;
}

/** Outcome of sealing everything anew. */
export interface Rotation {
  /** Values that were sealed anew. */
  sealed: number;
  /** Values, by their places, that no configured key opens; they stay as they are. At most 20 are named. */
  unreadable: { count: number; places: string[] };
  /** Values that are sealed with another configured key still: a process goes on writing with that. */
  left: number;
}

export interface RotateOptions {
  /** Rows that are changed in one transaction. Default 50. */
  batch?: number;
  /** Told after each transaction how many values were sealed anew until now. */
  onBatch?: (sealed: number) => Promise<void> | void;
}

export interface KeyStore {
  /** Counts what is sealed with each key, the one that is written with first. */
  use(): Promise<KeyUse[]>;
  /**
   * Seals everything with the key that is written with, some rows at a time: what has been done is not done again, so
   * that it may be broken off at any moment. Nobody else is kept from reading or writing. Versions and times of rows stay.
   */
  rotate(options?: RotateOptions): Promise<Rotation>;
  /** The key for a purpose, which no rotation changes. @throws NoKeyError */
  lasting(purpose: LastingPurpose): Buffer;
}
