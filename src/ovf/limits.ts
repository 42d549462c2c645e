/** Limits of a package: what is read is refused beyond them, and what is written keeps to them. */

/** Most machines, and collections. */
export const MOST_SYSTEMS = 64;
/** Most collections within one another. */
export const MOST_LEVELS = 8;
/** Most disks of one machine, and of the whole package. */
export const MOST_DISKS_EACH = 64;
export const MOST_DISKS = MOST_SYSTEMS * MOST_DISKS_EACH;
export const MOST_NETWORKS = 256;
export const MOST_FILES = 128;
