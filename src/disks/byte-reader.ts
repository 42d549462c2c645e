import { DiskError } from './error';

/** Reads what comes in chunks by lengths of its own. Holds what was peeked at and the rest of a chunk, no more. */
export class ByteReader {
  /** Offset of the next byte. */
  position = 0;
  private readonly source: AsyncIterator<Uint8Array>;
  private held: Uint8Array[] = [];
  private length = 0;
  private ended = false;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.source = bytes[Symbol.asyncIterator]();
  }

  /** Looks at the next bytes without taking them; fewer where the source ends. */
  async peek(length: number): Promise<Buffer> {
    await this.fill(length);
    const [first] = this.held;
    if (this.held.length > 1 && first && first.length < length) this.held = [Buffer.concat(this.held)];
    return bufferOf(this.held[0]?.subarray(0, length));
  }

  /** Takes bytes. @param what name of what they are, for the error. @throws DiskError `cut` where there are fewer */
  async take(length: number, what: string): Promise<Buffer> {
    const bytes = await this.peek(length);
    if (bytes.length < length) throw new DiskError('cut', `The bytes end at ${this.position + this.length}, within ${what}`);
    this.drop(length);
    return bytes;
  }

  /** Passes over bytes, as many as there are. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0 && (await this.fill(1));) {
      const part = Math.min(left, this.length);
      this.drop(part);
      left -= part;
    }
  }

  /** Tells whether nothing is left. */
  async atEnd(): Promise<boolean> {
    return !(await this.fill(1));
  }

  /** All that is left; ends the source when the loop over it ends. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      while (await this.fill(1)) {
        const [first] = this.held;
        if (!first) continue;
        this.drop(first.length);
        yield first;
      }
    } finally {
      await this.close();
    }
  }

  /** Ends the source. */
  async close(): Promise<void> {
    this.held = [];
    this.length = 0;
    if (this.ended) return;
    this.ended = true;
    await this.source.return?.();
  }

  private async fill(length: number): Promise<boolean> {
    while (this.length < length && !this.ended) {
      const next = await this.source.next();
      if (next.done === true) this.ended = true;
      else if (next.value.length > 0) {
        this.held.push(next.value);
        this.length += next.value.length;
      }
    }
    return this.length >= length;
  }

  /** Lets go of bytes that are held. */
  private drop(length: number): void {
    this.position += length;
    this.length -= length;
    for (let left = length; left > 0;) {
      const [first] = this.held;
      if (!first) return;
      if (first.length > left) this.held[0] = first.subarray(left);
      else this.held.shift();
      left -= first.length;
    }
  }
}

function bufferOf(bytes: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
