import { createHash, randomUUID } from 'node:crypto';
import { CompleteSnapshotCommand, PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import type { CallContext, UploadSource } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { beginningOf } from '../../src/disks/beginning';
import type { Extent } from '../../src/disks/disk';
import { DiskError } from '../../src/disks/error';
import { formatOf, HEAD_BYTES } from '../../src/disks/image-format';
import { openOnce } from '../../src/disks/open';
import { RunningSha256 } from '../../src/disks/running-sha256';
import { type Block, blocksOf } from './blocks';
import type { Wire } from './client';
import { BLOCK_BYTES, BLOCKS_AT_ONCE, type EbsDirect } from './ebs';
import { thing, unlessGone } from './gone';
import { tagList, type Tags } from './naming';
import { MAX_GIB } from './volume-types';
import { anySignal } from '../../src/model/any-signal';

const GIB = 2 ** 30;
/** Time limit of taking back, in ms; the call's own time may be over. */
const TAKE_BACK_MS = 10_000;
/** Time after which EBS itself gives up a snapshot to which nothing is written, in minutes: a long run of zeros may take an hour. */
const Timeout = 360;
const CHECKED = { ChecksumAlgorithm: 'SHA256' } as const;

/**
 * Makes a snapshot of a disk: blocks of zeros are left out, a few others are under way at the same time, and nothing is kept. Where
 * the source keeps points, a snapshot that fails in passing stays, and another call goes on with it; else what was begun and failed
 * is deleted, as well as that can be, or found by its tags.
 * @param begun snapshot to go on with, of `source.resume`
 * @returns the snapshot's id; EBS goes on with it for some time
 * @throws ProviderError
 */
export async function writeSnapshot(
  { wire, ebs }: { wire: Wire; ebs: EbsDirect },
  source: UploadSource,
  { tags, begun }: { tags: Tags; begun: string | undefined },
  context: CallContext,
): Promise<string> {
  const point = begun === undefined ? undefined : source.resume;
  const { size, extents } = await diskIn(source, point?.offset);
  const sizeGib = Math.ceil(size / GIB);
  if (sizeGib < 1 || sizeGib > MAX_GIB) throw invalid(`The disk has ${size} bytes; EBS takes 1 byte to ${MAX_GIB} GiB`);
  const id = begun ?? (await started({ wire, ebs }, sizeGib, tags, context));
  try {
    const sum = new BlockSum(point?.state);
    const keep = (offset: number, now?: boolean) => source.keep?.({ key: id, offset, state: sum.state() }, now);
    await putAll(ebs, { id, sum, keep }, blocksOf(told(extents)), context);
    // From here on EBS may have sealed it, and takes no block any more.
    await keep(size, true);
    await sealed(ebs, { id, sum, again: point !== undefined && point.offset >= size }, context);
    return id;
  } catch (error) {
    if (!isLeft(error, source)) await takeBack(wire, id);
    throw error;
  }
}

/**
 * Tells whether what was begun stays after a failure, for another call that goes on with it; so it does where its point could not be kept:
 * then another worker may be at it.
 */
export const isLeft = (error: unknown, { keep }: UploadSource): boolean =>
  keep !== undefined && (!(error instanceof ProviderError) || error.passing);

/** Completes a snapshot. @param of.again an earlier call may have done it, after which EBS refuses another time */
async function sealed(ebs: EbsDirect, of: { id: string; sum: BlockSum; again: boolean }, context: CallContext): Promise<void> {
  const { count, checksum } = of.sum;
  const Checksum = count === 0 ? {} : { ...CHECKED, Checksum: checksum, ChecksumAggregationMethod: 'LINEAR' as const };
  const command = { SnapshotId: of.id, ChangedBlocksCount: count, ...Checksum };
  let mayBe = of.again;
  try {
    await ebs.insist(
      () =>
        ebs.send(new CompleteSnapshotCommand(command), context).catch((error: unknown) => {
          mayBe ||= error instanceof ProviderError && error.maybeDone;
          throw error;
        }),
      context,
    );
  } catch (error) {
    const refused = error instanceof ProviderError && (error.kind === 'invalid' || error.kind === 'conflict');
    if (!mayBe || !refused) throw error;
  }
}

/** EBS's checksum over all blocks: that of their checksums one after the other. */
class BlockSum {
  count: number;
  private readonly hash: RunningSha256;

  /** @param state of another, to go on with */
  constructor(state?: string) {
    const [count = '0', hash] = state?.split(' ') ?? [];
    this.count = Number(count);
    this.hash = new RunningSha256(hash);
  }

  add(digest: Uint8Array): void {
    this.hash.update(digest);
    this.count += 1;
  }

  state(): string {
    return `${this.count} ${this.hash.state()}`;
  }

  get checksum(): string {
    return this.hash.digest().toString('base64');
  }
}

/** Deletes a snapshot that came to nothing; what remains is found by its tags, and the first failure is the one to tell. */
export async function takeBack(wire: Wire, SnapshotId: string): Promise<void> {
  const context = { signal: AbortSignal.timeout(TAKE_BACK_MS) };
  try {
    await unlessGone(thing('snapshot', SnapshotId), wire.send(new DeleteSnapshotCommand({ SnapshotId }), context));
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
  }
}

/** A token of its own each time: EBS would answer an earlier one's snapshot even where that was deleted. */
async function started(
  { wire, ebs }: { wire: Wire; ebs: EbsDirect },
  VolumeSize: number,
  tags: Tags,
  context: CallContext,
): Promise<string> {
  const [Tags = []] = wire.ownTags.outgoing({ TagSpecifications: [{ Tags: tagList(tags) }] }).TagSpecifications.map((each) => each.Tags);
  const { SnapshotId } = await ebs.send(new StartSnapshotCommand({ VolumeSize, Tags, Timeout, ClientToken: randomUUID() }), context);
  if (!SnapshotId) throw new ProviderError('unavailable', 'EBS answered StartSnapshot without a snapshot', { maybeDone: true });
  return SnapshotId;
}

/** A block on its way. */
interface Sent {
  index: number;
  digest: Buffer;
  done: boolean;
}

interface Target {
  id: string;
  /** Sum of the blocks up to which EBS has all. */
  sum: BlockSum;
  keep(offset: number, now?: boolean): Promise<void> | undefined;
}

/** Puts all blocks, and keeps from time to time up to where EBS has them. */
async function putAll(ebs: EbsDirect, { id, sum, keep }: Target, blocks: AsyncIterable<Block>, { signal }: CallContext): Promise<void> {
  const stop = new AbortController();
  const context = { signal: anySignal(signal, stop.signal) };
  const underWay = new Set<Promise<void>>();
  const sent: Sent[] = [];
  const failures: unknown[] = [];
  const put = async ({ index: BlockIndex, data: BlockData }: Block, Checksum: string): Promise<void> => {
    const block = { SnapshotId: id, BlockIndex, BlockData, DataLength: BlockData.length, ...CHECKED, Checksum };
    await ebs.insist(() => ebs.send(new PutSnapshotBlockCommand(block), context), context);
  };
  let end: number | undefined;
  const reach = async (now = false): Promise<void> => {
    const before = end;
    while (sent[0]?.done === true) {
      sum.add(sent[0].digest);
      end = (sent[0].index + 1) * BLOCK_BYTES;
      sent.shift();
    }
    if (end !== undefined && (now || end !== before)) await keep(end, now);
  };
  try {
    for await (const block of blocks) {
      const each = { index: block.index, digest: createHash('sha256').update(block.data).digest(), done: false };
      sent.push(each);
      const one: Promise<void> = put(block, each.digest.toString('base64'))
        .then(() => void (each.done = true))
        .catch((error: unknown) => {
          failures.push(error);
          stop.abort();
        })
        .finally(() => underWay.delete(one));
      underWay.add(one);
      if (underWay.size >= BLOCKS_AT_ONCE) await Promise.race(underWay);
      if (failures.length > 0) break;
      await reach();
    }
  } catch (error) {
    failures.push(error);
    stop.abort();
  }
  await Promise.all(underWay);
  // Whatever EBS has by now no other call need send again.
  await reach(failures.length > 0).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

interface SizedDisk {
  size: number;
  extents: AsyncIterable<Extent>;
}

/**
 * The disk that a source is, from an offset on. Bytes without one are raw, within gzip or not, or a stream-optimized VMDK; EBS wants to
 * know the size first.
 * @throws ProviderError (invalid) for what is none
 */
async function diskIn(source: UploadSource, from = 0): Promise<SizedDisk> {
  if (source.disk) return { size: source.disk.size, extents: source.disk.extents(from) };
  const { head, all, close } = await beginningOf(source.open(), HEAD_BYTES).catch((error: unknown) => {
    throw ofSource(error);
  });
  // The length that is told is that of the packed bytes.
  const size = formatOf(head).kind === 'packed' ? undefined : source.size;
  const disk = await openOnce(all, { size, limit: MAX_GIB * GIB }).catch(async (error: unknown) => {
    await close();
    throw ofSource(error);
  });
  if (disk.size !== undefined) return { size: disk.size, extents: disk.extents(0) };
  await close();
  throw invalid(
    'EC2 has to know the size of a disk beforehand, and raw bytes tell it by their length alone (Content-Length, not within gzip): ' +
      'give the disk as a stream-optimized VMDK, or unpacked',
  );
}

const invalid = (message: string): ProviderError => new ProviderError('invalid', message, { maybeDone: false });

async function* told(extents: AsyncIterable<Extent>): AsyncGenerator<Extent> {
  try {
    yield* extents;
  } catch (error) {
    throw ofSource(error);
  }
}

function ofSource(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof DiskError && error.reason !== 'cut') return invalid(`The image cannot be taken: ${error.message}`);
  return new ProviderError('unavailable', error instanceof Error ? error.message : String(error), { maybeDone: false });
}
