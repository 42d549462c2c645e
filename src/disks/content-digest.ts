import { createHash, type Hash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Disk, Extent } from './disk';
import { numbered, RunningSha256 } from './running-sha256';
import { isZero, ZEROS } from './zeros';

/** Size up to which all of a disk is hashed, zeros too, in bytes: hashing 64 GiB of zeros takes a minute and more. */
const WHOLE_UP_TO = 4 * 2 ** 30;
/** Block of larger disks, in bytes: small, for scattered data are hashed with the zeros of their blocks. */
const BLOCK = 65_536;
/** Longest run of zeros that is hashed without a pause, in bytes. */
const PAUSE = 2 ** 20;

/** State of a digest of blocks: of a disk up to an offset. A type alias, so that it is a Value. */
export type DigestPoint = {
  /** Offset in bytes, a multiple of 64 KiB: the next extent begins there. */
  at: number;
  state: string;
};

/**
 * Digest of a disk's contents, the same however they are cut into extents; its form follows from the size alone, so that it is the
 * same on both sides of a copy. Up to 4 GiB `sha256:` and the SHA-256 of all its bytes, as of a raw image; above that `sha256-list:` and
 * the SHA-256 of its size and, for each block of 64 KiB that is not all zeros, of the block's number and SHA-256. Numbers are 8
 * bytes. That of a list can be gone on with in another process.
 */
export class ContentDigest {
  private readonly whole: Hash | undefined;
  private readonly list: RunningSha256;
  /** Data of the block that is not whole yet; empty where all is hashed. */
  private readonly block: Buffer;
  private at: number;

  /**
   * @param size of the disk, bytes; where it is not known, all bytes that come are hashed
   * @param from point of another of the same disk, to go on from
   */
  constructor(
    private readonly size?: number,
    from?: DigestPoint,
  ) {
    this.whole = size === undefined || size <= WHOLE_UP_TO ? createHash('sha256') : undefined;
    this.block = Buffer.alloc(this.whole ? 0 : BLOCK);
    this.at = this.whole ? 0 : (from?.at ?? 0);
    this.list = new RunningSha256(from?.state);
    if (!from) this.list.update(numbered(size ?? 0));
  }

  /** Point up to which nothing has to be read again; undefined where everything would have to be. */
  get point(): DigestPoint | undefined {
    return this.whole ? undefined : { at: this.at - (this.at % BLOCK), state: this.list.state() };
  }

  /** Takes the next extent, in ascending order from the beginning of the disk. Lets others have their turn meanwhile. */
  async add(extent: Extent): Promise<void> {
    await this.zeros(extent.offset - this.at);
    if ('zeros' in extent) return this.zeros(extent.zeros);
    this.data(extent.data);
    await turn();
  }

  /** Returns the digest; what has not come is zeros. May be called once. */
  async end(): Promise<string> {
    await this.zeros((this.size ?? this.at) - this.at);
    if (!this.whole && this.at % BLOCK > 0) this.endBlock(this.block);
    return this.whole ? `sha256:${this.whole.digest('hex')}` : `sha256-list:${this.list.digest().toString('hex')}`;
  }

  private data(bytes: Uint8Array): void {
    if (this.whole) {
      this.whole.update(bytes);
      this.at += bytes.byteLength;
      return;
    }
    for (let from = 0; from < bytes.byteLength;) {
      const part = bytes.subarray(from, from + BLOCK - (this.at % BLOCK));
      const whole = part.byteLength === BLOCK;
      if (!whole) this.block.set(part, this.at % BLOCK);
      this.at += part.byteLength;
      from += part.byteLength;
      if (this.at % BLOCK === 0) this.endBlock(whole ? part : this.block);
    }
  }

  private async zeros(count: number): Promise<void> {
    let left = count;
    while (left > 0 && (this.whole || this.at % BLOCK !== 0)) {
      const part = Math.min(left, this.whole ? PAUSE : BLOCK - (this.at % BLOCK));
      this.data(ZEROS.subarray(0, part));
      left -= part;
      if (this.whole) await turn();
    }
    this.at += left - (left % BLOCK);
    if (left % BLOCK > 0) this.data(ZEROS.subarray(0, left % BLOCK));
  }

  private endBlock(bytes: Uint8Array): void {
    const number = Math.floor((this.at - 1) / BLOCK);
    const block = bytes.subarray(0, this.at - number * BLOCK);
    if (isZero(block)) return;
    this.list.update(numbered(number)).update(createHash('sha256').update(block).digest());
  }
}

/** Reads a disk to its end. @returns its digest @throws whatever reading it throws */
export async function digestOf(disk: Disk): Promise<string> {
  const digest = new ContentDigest(disk.size);
  for await (const extent of disk.extents(0)) await digest.add(extent);
  return digest.end();
}
