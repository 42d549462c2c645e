import type { Disk, Extent } from './disk';
import { DiskError } from './error';
import { inOrder } from './in-order';
import { inflated } from './inflate';
import { HEADER_BYTES, parseQcow2Header, type Qcow2Header } from './qcow2-header';
import { allocatedIn, runsOf, type Run } from './qcow2-tables';
import { readAll, wholeSectors, type RandomAccess } from './raw';
import { MIB } from './zeros';

/** Reads at the same time. */
const WIDTH = 4;

/**
 * Disk of a qcow2 that can be read at any place. Its snapshots are passed over. Keeps one table of each level, or a part of it, and a
 * few MiB of clusters. Tables that use more than the file has (one cluster many times) are refused while they are read.
 * @param count second-level tables that are read at once, at most, to tell how much is allocated; absent: that is not told
 * @throws DiskError where the header is refused; while reading, where tables or clusters are
 */
export async function qcow2Disk(source: RandomAccess, count?: { tables: number }): Promise<Disk> {
  const head = await readAll(source, 0, Math.min(HEADER_BYTES, source.size));
  const header = parseQcow2Header(Buffer.from(head), source.size);
  async function* extents(from: number): AsyncGenerator<Extent> {
    for await (const extent of inOrder(reads(source, header, from), WIDTH)) yield* clipped(extent, from, header.size);
  }
  const allocated = count && (await allocatedIn(source, header, count.tables));
  return { size: wholeSectors(header.size), ...(allocated === undefined ? {} : { allocated }), rereadable: true, extents };
}

/** Work of reading one run after the other, and one compressed cluster after the other. */
async function* reads(source: RandomAccess, header: Qcow2Header, from: number): AsyncGenerator<() => Promise<Extent>> {
  for await (const run of runsOf(source, header, from)) {
    if (run.kind === 'zeros') yield () => Promise.resolve({ offset: run.offset, zeros: run.length });
    else if (run.kind === 'plain') yield async () => ({ offset: run.offset, data: await readClipped(source, run.at, run.length) });
    else yield* inflating(source, header, run);
  }
}

/** Compressed clusters that lie together are read at once, and inflated by themselves. */
function* inflating(source: RandomAccess, { cluster }: Qcow2Header, run: Run): Generator<() => Promise<Extent>> {
  let bytes: Promise<Uint8Array> | undefined;
  for (const [index, { at, length }] of run.packed.entries()) {
    const offset = run.offset + index * cluster;
    yield async () => {
      bytes ??= readClipped(source, run.at, run.end - run.at);
      const packed = (await bytes).subarray(at - run.at, at - run.at + length);
      const data = await inflated(packed, 'deflate', cluster, `The cluster at ${offset}`);
      if (data.length < cluster)
        throw new DiskError('malformed', `The qcow2 is not right: its cluster at ${offset} has ${data.length} bytes`);
      return { offset, data };
    };
  }
}

/** Reads at a place that may reach beyond the end of the file, where zeros are. */
async function readClipped(source: RandomAccess, at: number, length: number): Promise<Uint8Array> {
  const there = Math.min(length, source.size - at);
  if (there === length && length <= MIB) return readAll(source, at, length);
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < there; done += MIB) bytes.set(await readAll(source, at + done, Math.min(MIB, there - done)), done);
  return bytes;
}

/** Part of an extent that lies within the disk and from the offset on that was asked for, in pieces of at most a MiB. */
function* clipped(extent: Extent, from: number, size: number): Generator<Extent> {
  const length = 'data' in extent ? extent.data.length : extent.zeros;
  const begin = Math.max(extent.offset, from);
  const end = Math.min(extent.offset + length, size);
  if (!('data' in extent)) {
    if (begin < end) yield { offset: begin, zeros: end - begin };
    return;
  }
  for (let at = begin; at < end; at += MIB) {
    yield { offset: at, data: extent.data.subarray(at - extent.offset, Math.min(at + MIB, end) - extent.offset) };
  }
}
