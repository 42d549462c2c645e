import { BLOCK_VOLUME } from '../../src/model/volume';

/** Type URIs of the volumes to be had. */
export const VOLUME_TYPES: readonly string[] = [BLOCK_VOLUME, 'http://schemas.dmtf.org/cimi/1/mapped'];
/** Size limit of disks and volumes. */
export const MAX_GIB = 16_384;
