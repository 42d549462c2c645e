import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeAvailabilityZonesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  DetachVolumeCommand,
  ModifyVolumeCommand,
} from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import type { Wire } from './client';

/** A permission, what it is needed for, and a dry run of the call. */
export type Attempt = readonly [string, string, (wire: Wire, context: CallContext) => Promise<unknown>];

const DryRun = true;
/** Well-formed ids of nothing: a dry run asks for the permission alone. */
const VolumeId = 'vol-00000000000000000';
const InstanceId = 'i-00000000000000000';

/** Permissions for storage, and for finding a place for machines and volumes. */
export const STORAGE_ATTEMPTS: readonly Attempt[] = [
  ['DescribeVolumes', 'to list volumes and disks', (w, c) => w.send(new DescribeVolumesCommand({ DryRun, MaxResults: 5 }), c)],
  [
    'CreateVolume',
    'to create volumes',
    (w, c) => w.send(new CreateVolumeCommand({ DryRun, AvailabilityZone: `${w.options.region}a`, Size: 1 }), c),
  ],
  ['DeleteVolume', 'to delete volumes', (w, c) => w.send(new DeleteVolumeCommand({ DryRun, VolumeId }), c)],
  ['ModifyVolume', 'to grow volumes and disks', (w, c) => w.send(new ModifyVolumeCommand({ DryRun, VolumeId, Size: 1 }), c)],
  [
    'DescribeVolumesModifications',
    'to know whether a volume grows already',
    (w, c) => w.send(new DescribeVolumesModificationsCommand({ DryRun, MaxResults: 5 }), c),
  ],
  ['AttachVolume', 'to attach volumes', (w, c) => w.send(new AttachVolumeCommand({ DryRun, VolumeId, InstanceId, Device: '/dev/sdf' }), c)],
  ['DetachVolume', 'to detach volumes', (w, c) => w.send(new DetachVolumeCommand({ DryRun, VolumeId, InstanceId }), c)],
  ['CreateSnapshot', 'to create volume images', (w, c) => w.send(new CreateSnapshotCommand({ DryRun, VolumeId }), c)],
  [
    'DescribeSubnets',
    'to list networks, and to place machines and volumes',
    (w, c) => w.send(new DescribeSubnetsCommand({ DryRun, MaxResults: 5 }), c),
  ],
  ['DescribeAvailabilityZones', 'to place volumes', (w, c) => w.send(new DescribeAvailabilityZonesCommand({ DryRun }), c)],
];
