import type { Disk } from '../disks/disk';
import type { Marks, Naming } from './contract';

export type { Disk, Extent } from '../disks/disk';

/** Contents of an image as its cloud gives them, for as long as the signal of the call that answered it is not aborted. */
export interface DownloadedImage {
  disk: Disk;
  /**
   * Text by which the same contents are known again, after days and in another process (a digest, the id of what never changes):
   * who goes on from the middle checks that it is the same. Absent: nothing tells.
   */
  version?: string | undefined;
}

/** Copy of an image that is made to be read. */
export interface ReadableImage extends Marks, Naming {
  /** Provider key of the image. */
  image: string;
}
