/** Type URI of a volume that is a block device (DSP0263 defines none). */
export const BLOCK = 'http://cimi-gateway.org/volume-type/block';
/** Type URIs of the volumes to be had. */
export const GRADES: readonly string[] = [BLOCK, 'http://schemas.dmtf.org/cimi/1/mapped'];
/** Size limit of disks and volumes. */
export const MAX_GIB = 16_384;
