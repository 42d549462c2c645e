import { createHash } from 'node:crypto';
import { GetSnapshotBlockCommand, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand, type Snapshot } from '@aws-sdk/client-ec2';
import type { CallContext, DownloadedImage } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Disk, Extent } from '../../src/disks/disk';
import { oneById, type Wire } from './client';
import { BLOCK_BYTES, BLOCKS_AT_ONCE, type EbsDirect } from './ebs';
import { snapshotsById } from './storage-reads';
import { anySignal } from '../../src/model/any-signal';

const GIB = 2 ** 30;
/** Blocks told in one page of a listing. */
const PAGE = 1000;

/** A block that was written: its place, and what EBS wants to see of who reads it. */
interface Written {
  index: number;
  token: string;
}

/**
 * Opens a snapshot of one's own for reading: the blocks that were written, each held against its checksum.
 * @throws ProviderError (conflict) where it cannot be read; Gone
 */
export async function readSnapshot(
  { wire, ebs }: { wire: Wire; ebs: EbsDirect },
  id: string,
  context: CallContext,
): Promise<DownloadedImage> {
  const snapshot = await oneById('snapshot', id, (ids) => snapshotsById(wire, ids, context));
  const why = (await isOwn(wire, id, context))
    ? whyUnread(snapshot)
    : `The snapshot ${id} belongs to another account: copy it to your own first`;
  const size = (snapshot.VolumeSize ?? 0) * GIB;
  if (why !== undefined || size === 0)
    throw new ProviderError('conflict', why ?? `EC2 does not tell the size of the snapshot ${id}`, { maybeDone: false });
  const allocated = snapshot.FullSnapshotSizeInBytes;
  const disk: Disk = {
    size,
    ...(allocated === undefined ? {} : { allocated: Math.min(size, allocated) }),
    rereadable: true,
    extents: (from) => extentsOf(ebs, { id, size, from }, context),
  };
  return { disk, version: id };
}

/** Returns in words why a snapshot's blocks cannot be read now; undefined where they can. */
export function whyUnread({ SnapshotId = '', State, StorageTier }: Snapshot): string | undefined {
  if (State !== 'completed') return `The snapshot ${SnapshotId} is ${State ?? 'in no state'}: only a completed one can be read`;
  return StorageTier === 'archive' ? `The snapshot ${SnapshotId} is archived: restore it from the archive first` : undefined;
}

/** Tells whether it is the account's own; of others EC2 shows those that are public or shared. */
async function isOwn(wire: Wire, id: string, context: CallContext): Promise<boolean> {
  const Filters = [{ Name: 'snapshot-id', Values: [id] }];
  const answer = await wire.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }), context);
  return answer.Snapshots?.some(({ SnapshotId }) => SnapshotId === id) === true;
}

/** Reads in order, a few blocks ahead. */
async function* extentsOf(ebs: EbsDirect, of: { id: string; size: number; from: number }, context: CallContext): AsyncGenerator<Extent> {
  const stop = new AbortController();
  const own = { signal: anySignal(context.signal, stop.signal) };
  const ahead: { index: number; data: Promise<Uint8Array> }[] = [];
  const next = async (): Promise<Extent> => {
    const { index, data } = ahead.shift() ?? { index: 0, data: Promise.resolve(new Uint8Array()) };
    return cut({ offset: index * BLOCK_BYTES, data: await data }, of);
  };
  try {
    for await (const block of blocksFrom(ebs, of, own)) {
      const data = ebs.insist(() => blockOf(ebs, of.id, block, own), own);
      // Who waits for an earlier one hears of this one later, if at all.
      data.catch(() => undefined);
      ahead.push({ index: block.index, data });
      if (ahead.length >= BLOCKS_AT_ONCE) yield await next();
    }
    while (ahead.length > 0) yield await next();
  } finally {
    stop.abort();
  }
}

/** The part of a block that was asked for and that the disk has. */
function cut({ offset, data }: { offset: number; data: Uint8Array }, { from, size }: { from: number; size: number }): Extent {
  const skip = Math.max(0, from - offset);
  return { offset: offset + skip, data: data.subarray(skip, Math.max(skip, size - offset)) };
}

/**
 * Blocks that were written, from the one that holds an offset on. Each page is asked for by the block at which it begins: tokens of
 * pages end after an hour, and who reads may be slower.
 */
async function* blocksFrom(ebs: EbsDirect, { id, from }: { id: string; from: number }, context: CallContext): AsyncGenerator<Written> {
  let StartingBlockIndex = Math.floor(from / BLOCK_BYTES);
  let NextToken: string | undefined;
  do {
    const input = { SnapshotId: id, StartingBlockIndex, MaxResults: PAGE, NextToken };
    const {
      Blocks = [],
      BlockSize,
      NextToken: more,
    } = await ebs.insist(() => ebs.send(new ListSnapshotBlocksCommand(input), context), context);
    if (BlockSize !== BLOCK_BYTES) throw strange(`blocks of ${BlockSize ?? 'no'} bytes of the snapshot ${id}`);
    for (const { BlockIndex: index, BlockToken: token } of Blocks) {
      if (index === undefined || token === undefined) throw strange(`a block without its place of the snapshot ${id}`);
      if (index < StartingBlockIndex) throw strange(`blocks of the snapshot ${id} out of their order`);
      yield { index, token };
      StartingBlockIndex = index + 1;
    }
    const again = more !== undefined && more === NextToken;
    if (again) throw strange(`the same page again and again of the snapshot ${id}`);
    NextToken = Blocks.length > 0 ? undefined : more;
    if (more === undefined || more === '') return;
  } while (true);
}

async function blockOf(ebs: EbsDirect, id: string, { index, token }: Written, context: CallContext): Promise<Uint8Array> {
  const { BlockData, Checksum } = await ebs.send(
    new GetSnapshotBlockCommand({ SnapshotId: id, BlockIndex: index, BlockToken: token }),
    context,
  );
  const data = (await BlockData?.transformToByteArray()) ?? new Uint8Array();
  if (data.length !== BLOCK_BYTES) throw strange(`${data.length} bytes as the block ${index} of the snapshot ${id}`);
  if (createHash('sha256').update(data).digest('base64') !== Checksum)
    throw strange(`bytes that are not those of their checksum as the block ${index} of the snapshot ${id}`);
  return data;
}

const strange = (what: string): ProviderError => new ProviderError('unavailable', `EBS told ${what}`, { maybeDone: false });
