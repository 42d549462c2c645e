import type { Extended, Marks, Naming } from './contract';

/** Bytes from elsewhere, checked and bounded by the core; the driver passes them on and keeps none of them. */
export interface UploadSource {
  /** Bytes in all, where the other side says so; a body of another length throws. */
  size?: number | undefined;
  /** The longest that reading them may take, ms: the guard's deadline for the call is this and its own together. */
  withinMs: number;
  /** The bytes from the beginning; called at most once. Throws where the other side fails. */
  open(): AsyncIterable<Uint8Array>;
}

/**
 * An image made of bytes. What they are (raw, qcow2, …) the driver tells from the first of them, and refuses as `invalid`
 * what the cloud does not take.
 */
export interface UploadImage extends Marks, Naming, Extended {
  source: UploadSource;
  /** Of volume images. */
  bootable?: boolean | undefined;
}
