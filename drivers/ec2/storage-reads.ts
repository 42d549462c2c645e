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
import { batches, type Wire } from './client';

const VOLUME_ID = /^vol-[0-9a-f]+$/;
const SNAPSHOT_ID = /^snap-[0-9a-f]+$/;
/** Values that EC2 takes in one filter. */
const FILTER_VALUES = 200;

/** Pages of volumes. */
export async function* volumePages(
  wire: Wire,
  Filters: DescribeVolumesCommandInput['Filters'],
  context: CallContext,
): AsyncIterable<readonly Volume[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeVolumesCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield page.Volumes ?? [];
}

/** Pages of snapshots. */
export async function* snapshotPages(
  wire: Wire,
  input: Pick<DescribeSnapshotsCommandInput, 'Filters' | 'OwnerIds'>,
  context: CallContext,
): AsyncIterable<readonly Snapshot[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeSnapshotsCommand({ ...input, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield page.Snapshots ?? [];
}

/** Volumes by id, without those that are gone. By filter: an id that is gone makes EC2 refuse a whole call by id. */
export async function volumesById(wire: Wire, ids: readonly string[], context: CallContext): Promise<Volume[]> {
  return byId(ids, VOLUME_ID, (Values) => volumePages(wire, [{ Name: 'volume-id', Values }], context));
}

/** Snapshots by id, whoever owns them, without those that are gone. */
export async function snapshotsById(wire: Wire, ids: readonly string[], context: CallContext): Promise<Snapshot[]> {
  return byId(ids, SNAPSHOT_ID, (Values) => snapshotPages(wire, { Filters: [{ Name: 'snapshot-id', Values }] }, context));
}

async function byId<T>(ids: readonly string[], shape: RegExp, pages: (ids: string[]) => AsyncIterable<readonly T[]>): Promise<T[]> {
  const wanted = [...new Set(ids)].filter((id) => shape.test(id));
  const found: T[] = [];
  for (const some of batches(wanted, FILTER_VALUES)) for await (const page of pages(some)) found.push(...page);
  return found;
}

/** Attachments that hold the volume, those that come and go included. */
export const attachmentsOf = (volume: Volume): VolumeAttachment[] => (volume.Attachments ?? []).filter(({ State }) => State !== 'detached');

/** The instance that deletes the volume with itself: such a volume is a Disk, every other one a Volume. */
export const ownerOf = (volume: Volume): VolumeAttachment | undefined =>
  attachmentsOf(volume).find(({ DeleteOnTermination }) => DeleteOnTermination === true);
