import { USUAL_VOLUMES } from '../../src/model/volume';

/** Type URIs of the volumes to be had. */
export const VOLUME_TYPES: readonly string[] = USUAL_VOLUMES;
/** Size limit of disks and volumes. */
export const MAX_GIB = 16_384;
