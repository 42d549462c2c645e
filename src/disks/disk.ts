/** Piece of a disk's contents: bytes, or a number of zeros that nobody has to send. Offsets in bytes; at most 1 MiB of data at once. */
export type Extent = { readonly offset: number; readonly data: Uint8Array } | { readonly offset: number; readonly zeros: number };

/**
 * Contents of a disk as its machine would read them, whatever format they lie in: extents in ascending order, none on another;
 * what lies between two of them, and between the last and `size`, is zeros.
 */
export interface Disk {
  /** Virtual size in bytes. */
  readonly size: number;
  /** Bytes that are not known to be zeros, where that is told beforehand; an upper bound. */
  readonly allocated?: number | undefined;
  /**
   * Reads from an offset on (a multiple of 512 bytes). May be called again, after a reading broke off or ended, where `rereadable`.
   * An extent that lies across `from` begins there. Ends early, and lets go of what it holds, when the loop over it does.
   * @throws whatever the reading of the source throws
   */
  extents(from: number): AsyncIterable<Extent>;
  /** Tells whether it can be read more than once, and from any offset; else once, from 0. */
  readonly rereadable: boolean;
}
