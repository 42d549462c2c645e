/** Constants of SHA-256 (FIPS 180-4, 4.2.2), and its beginning (5.3.3): fractions of roots of the first primes. */
const PRIMES = primes(64);
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32);
const K = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const BEGINNING = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

const CHUNK = 64;

/**
 * SHA-256 whose state can be kept and gone on with in another process, which Node's own cannot. For some bytes for each block
 * of a disk, not for its contents: it is slow.
 */
export class RunningSha256 {
  private readonly words: Uint32Array;
  private rest: Buffer;
  private length: number;

  /** @param state of another, as `state` told it; absent: of no bytes */
  constructor(state?: string) {
    const given = state === undefined ? undefined : Buffer.from(state, 'base64');
    if (given && (given.length < 40 || given.length !== 40 + (Number(given.readBigUInt64BE(32)) % CHUNK)))
      throw new RangeError('This is no state of a SHA-256');
    this.words = Uint32Array.from(given ? BEGINNING.map((_, index) => given.readUInt32BE(4 * index)) : BEGINNING);
    this.length = given ? Number(given.readBigUInt64BE(32)) : 0;
    this.rest = given ? given.subarray(40) : Buffer.alloc(0);
  }

  update(bytes: Uint8Array): this {
    const all = Buffer.concat([this.rest, bytes]);
    const end = all.length - (all.length % CHUNK);
    for (let at = 0; at < end; at += CHUNK) this.chunk(all, at);
    this.rest = Buffer.from(all.subarray(end));
    this.length += bytes.byteLength;
    return this;
  }

  /** Text from which another goes on, of at most 140 characters. */
  state(): string {
    return Buffer.concat([this.hash(), numbered(this.length), this.rest]).toString('base64');
  }

  /** Digest of all bytes so far; more may follow. */
  digest(): Buffer {
    const padding = Buffer.alloc(CHUNK - ((this.length + 8) % CHUNK));
    padding[0] = 0x80;
    return new RunningSha256(this.state()).update(Buffer.concat([padding, numbered(8 * this.length)])).hash();
  }

  private hash(): Buffer {
    const bytes = Buffer.alloc(32);
    this.words.forEach((word, index) => bytes.writeUInt32BE(word, 4 * index));
    return bytes;
  }

  private chunk(bytes: Buffer, at: number): void {
    const w = new Uint32Array(64);
    for (let t = 0; t < 16; t++) w[t] = bytes.readUInt32BE(at + 4 * t);
    for (let t = 16; t < 64; t++) {
      const [a, b] = [w[t - 15] ?? 0, w[t - 2] ?? 0];
      w[t] = (w[t - 16] ?? 0) + (turned(a, 7) ^ turned(a, 18) ^ (a >>> 3)) + (w[t - 7] ?? 0) + (turned(b, 17) ^ turned(b, 19) ^ (b >>> 10));
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = this.words;
    for (let t = 0; t < 64; t++) {
      const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + (K[t] ?? 0) + (w[t] ?? 0)) | 0;
      const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => (this.words[index] = (this.words[index] ?? 0) + word));
  }
}

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** A number as 8 bytes, the greatest first. */
export function numbered(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let each = 2; found.length < count; each++) if (found.every((prime) => each % prime !== 0)) found.push(each);
  return found;
}
