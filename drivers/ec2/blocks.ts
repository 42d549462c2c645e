import type { Extent } from '../../src/disks/disk';
import { BLOCK_BYTES } from './ebs';

/** Block of a snapshot. */
export interface Block {
  index: number;
  /** Whole, zeros included. */
  data: Buffer;
}

const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** The blocks of a disk that are not all zeros, in order; the last is filled up. Pure but for its source. */
export async function* blocksOf(extents: AsyncIterable<Extent>): AsyncGenerator<Block> {
  let open: Block | undefined;
  const ended = (block: Block | undefined): Block[] => (block === undefined || block.data.equals(ZEROS) ? [] : [block]);
  for await (const extent of extents) {
    if (!('data' in extent)) continue;
    for (let at = 0; at < extent.data.length;) {
      const offset = extent.offset + at;
      const index = Math.floor(offset / BLOCK_BYTES);
      if (open?.index !== index) {
        yield* ended(open);
        open = { index, data: Buffer.alloc(BLOCK_BYTES) };
      }
      const piece = extent.data.subarray(at, at + BLOCK_BYTES - (offset % BLOCK_BYTES));
      open.data.set(piece, offset % BLOCK_BYTES);
      at += piece.length;
    }
  }
  yield* ended(open);
}
