/** Beginnings of regions' names, and the partition of AWS that they are in; the longest fits. */
const PARTITIONS: readonly (readonly [string, string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eu-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
];

/** The partition of AWS that a region is in, as ARNs name it. */
export const partition = (region: string): string => PARTITIONS.find(([begin]) => region.startsWith(begin))?.[1] ?? 'aws';

/** Region of each partition that every account has, where it can be asked which others are enabled. */
const ALWAYS: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-eusc': 'eusc-de-east-1',
};

/** A region of the same partition that is always enabled; undefined where none is known. */
export const alwaysEnabled = (region: string): string | undefined => ALWAYS[partition(region)];
