import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DetachVolumeCommand,
} from '@aws-sdk/client-ec2';
import type { Ec2Account } from '../backends/ec2';

/** Storage made past the gateway, by EC2's own API; each answers the way to take it away again. */

type Undo = () => Promise<void>;

/** Volumes in the zone where moto puts instances. */
export async function makeVolumes({ direct }: Ec2Account, count: number, more: object = {}): Promise<string[]> {
  const order = { AvailabilityZone: 'us-east-1a', Size: 1, ...more };
  const made = await Promise.all(Array.from({ length: count }, () => direct.send(new CreateVolumeCommand(order))));
  return made.flatMap(({ VolumeId }) => VolumeId ?? []);
}

export async function dropVolumes({ direct }: Ec2Account, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((VolumeId) => direct.send(new DeleteVolumeCommand({ VolumeId }))));
}

async function volumes(account: Ec2Account, count: number): Promise<Undo> {
  const ids = await makeVolumes(account, count);
  return () => dropVolumes(account, ids);
}

async function snapshots(account: Ec2Account, count: number): Promise<Undo> {
  const [VolumeId] = await makeVolumes(account, 1);
  const made = await Promise.all(Array.from({ length: count }, () => account.direct.send(new CreateSnapshotCommand({ VolumeId }))));
  return async () => {
    await Promise.all(made.map(({ SnapshotId }) => account.direct.send(new DeleteSnapshotCommand({ SnapshotId }))));
    await dropVolumes(account, [VolumeId ?? '']);
  };
}

async function attachments(account: Ec2Account, count: number): Promise<Undo> {
  const [InstanceId] = await account.launch(1);
  const ids = await makeVolumes(account, count);
  for (const [n, VolumeId] of ids.entries()) {
    const Device = `/dev/xvdc${String.fromCharCode(97 + n)}`;
    await account.direct.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }));
  }
  return async () => {
    for (const VolumeId of ids) await account.direct.send(new DetachVolumeCommand({ VolumeId, InstanceId }));
    await dropVolumes(account, ids);
    await account.terminate([InstanceId ?? '']);
  };
}

async function disks(account: Ec2Account, count: number): Promise<Undo> {
  const ids = await account.launch(count);
  return () => account.terminate(ids);
}

/** Ways by which the account comes to hold things of a storage group. */
export const STORAGE_POPULATION: Readonly<Record<string, (account: Ec2Account, count: number) => Promise<Undo>>> = {
  volumes,
  volumeImages: snapshots,
  attachments,
  disks,
};
