import type { VolumeType } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../src/clouds/errors';
import { isUsualVolume, USUAL_VOLUMES } from '../../src/model/volume';

/** EBS volume types, the default first. */
const EBS_TYPES: readonly VolumeType[] = ['gp3', 'gp2', 'io2', 'io1', 'st1', 'sc1', 'standard'];
const BASE = 'http://cimi-gateway.org/volume-type/ec2/';

/** Largest EBS volume, in GiB. */
export const MAX_GIB = 65_536;

/** Type URIs that a volume can be created with. */
export const VOLUME_TYPE_URIS: readonly string[] = [...EBS_TYPES.map((type) => BASE + type), ...USUAL_VOLUMES];

/** CIMI type of a volume; EC2's later types keep their name. */
export const typeUri = (type: string | undefined): string => BASE + (type ?? 'standard');

/** EBS type for a type URI; absent: general purpose. @throws ProviderError invalid, naming those that there are */
export function ebsType(uri: string | undefined): VolumeType {
  if (uri === undefined || isUsualVolume(uri)) return 'gp3';
  const found = EBS_TYPES.find((type) => BASE + type === uri);
  if (found) return found;
  throw new ProviderError('invalid', `type: EC2 has no volumes of type ${uri}; there are ${VOLUME_TYPE_URIS.join(', ')}`);
}
