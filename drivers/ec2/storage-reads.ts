import {
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type DescribeVolumesCommandInput,
  type DescribeSnapshotsCommandInput,
  type Snapshot,
  type Volume,
  type VolumeAttachment,
} from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { type ById, oneById, readByIds, type Wire } from './client';

/** Pages of volumes. */
export async function* volumePages(
  wire: Wire,
  Filters: DescribeVolumesCommandInput['Filters'],
  context: CallContext,
): AsyncIterable<readonly Volume[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeVolumesCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield volumesOf(wire, page.Volumes);
}

/** Pages of this account's snapshots. */
export async function* snapshotPages(
  wire: Wire,
  Filters: DescribeSnapshotsCommandInput['Filters'],
  context: CallContext,
): AsyncIterable<readonly Snapshot[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield snapshotsOf(wire, page.Snapshots);
}

/** Volumes by id. */
export async function volumesById(wire: Wire, ids: readonly string[], context: CallContext): Promise<ById<Volume>> {
  const read = async (VolumeIds: string[]) =>
    volumesOf(wire, (await wire.send(new DescribeVolumesCommand({ VolumeIds }), context)).Volumes);
  return readByIds('volume', ids, read, ({ VolumeId }) => VolumeId);
}

/**
 * Reads one volume.
 * @throws Gone
 */
export async function volumeById(wire: Wire, id: string, context: CallContext): Promise<Volume> {
  return oneById('volume', id, (ids) => volumesById(wire, ids, context));
}

/** Snapshots by id, whoever owns them: only those that are asked for are looked at. */
export async function snapshotsById(wire: Wire, ids: readonly string[], context: CallContext): Promise<ById<Snapshot>> {
  const read = async (SnapshotIds: string[]) =>
    snapshotsOf(wire, (await wire.send(new DescribeSnapshotsCommand({ SnapshotIds }), context)).Snapshots);
  return readByIds('snapshot', ids, read, ({ SnapshotId }) => SnapshotId);
}

const volumesOf = (wire: Wire, list: Volume[] | undefined): Volume[] => wire.keyed('volume', list, ({ VolumeId }) => VolumeId);
const snapshotsOf = (wire: Wire, list: Snapshot[] | undefined): Snapshot[] => wire.keyed('snapshot', list, ({ SnapshotId }) => SnapshotId);

/** Attachments that hold the volume, those that come and go included. */
export const attachmentsOf = (volume: Volume): VolumeAttachment[] =>
  (volume.Attachments ?? []).filter(({ State, InstanceId }) => State !== 'detached' && InstanceId !== undefined && InstanceId !== '');

/** The instance that deletes the volume with itself: such a volume is a Disk, every other one a Volume. */
export const ownerOf = (volume: Volume): VolumeAttachment | undefined =>
  attachmentsOf(volume).find(({ DeleteOnTermination }) => DeleteOnTermination === true);
