import type { Disk } from '../disks/disk';
import type { Extended, Marks, Naming } from './contract';

/** Point of an upload of a disk from which another call can go on, in another process; a type alias, so that it is a Value. */
export type UploadPoint = {
  /** Key of what was begun, as `find` shows it. */
  key: string;
  /** Offset up to which the provider has all of the disk, in bytes. */
  offset: number;
  /** Text of the driver's own, of at most 4 KiB. */
  state: string;
};

/** Bytes from elsewhere, checked and bounded by the core; the driver passes them on and keeps none of them. */
export interface UploadSource {
  /** Bytes in all, where the other side says so; a body of another length throws. */
  size?: number | undefined;
  /** The longest that reading them may take, ms: the guard's deadline for the call is this and its own together. */
  withinMs: number;
  /** The bytes from the beginning; called at most once. Throws where the other side fails. */
  open(): AsyncIterable<Uint8Array>;
  /**
   * The same contents as a disk, where the core can read them as one: for clouds that take blocks. Who reads it does not `open`;
   * without it `open` gives bytes whose format the driver has to tell. Where there is a disk, `open` gives it raw, zeros written out.
   */
  disk?: Disk | undefined;
  /**
   * Takes, for clouds that can go on with what was begun, how far the upload is, as often as the driver likes; `now` where it must not be
   * lost. What was begun then stays when the call fails in passing: another call follows, or it is found by its tag and deleted.
   */
  keep?(point: UploadPoint, now?: boolean): Promise<void>;
  /**
   * Point that an earlier call of this upload kept. Where what was begun is still there the driver goes on with `disk.extents` from its
   * offset; else, and where the driver cannot, the upload begins anew, and what was begun is deleted.
   */
  resume?: UploadPoint | undefined;
  /** Aborted when nobody wants the image any more; the signal of the call is then aborted, too. */
  signal?: AbortSignal | undefined;
}

/**
 * An image made of bytes. What they are (raw, qcow2, …) the driver tells from the first of them, and refuses as `invalid`
 * what the cloud does not take.
 */
export interface UploadImage extends Marks, Naming, Extended {
  source: UploadSource;
  /** CPU architecture of a machine image, in the words of Machine.cpuArch, where it is known. */
  cpuArch?: string | undefined;
  /** Tells of a volume image whether volumes made of it boot. */
  bootable?: boolean | undefined;
}
