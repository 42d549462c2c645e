import { DiskError } from './error';
import { inOrder } from './in-order';
import type { Qcow2Header } from './qcow2-header';
import { readAll, type RandomAccess } from './raw';
import { MIB } from './zeros';

/** Tables of qcow2: where in the file the clusters of the disk lie. */

/** Bytes of the first-level table that are kept at a time. */
const SLICE = 65_536;
const COMPRESSED = 1 << 30;
const ZEROS = 1;
const WORD = 2 ** 32;

const refuse = (words: string): never => {
  throw new DiskError('malformed', `The qcow2 is not right: ${words}`);
};

/** Part of the disk that lies in one piece: clusters next to each other in the disk and in the file, a MiB of the file or one cluster. */
export interface Run {
  readonly kind: 'plain' | 'compressed' | 'zeros';
  /** Offset in the disk. */
  readonly offset: number;
  /** Length in the disk. */
  length: number;
  /** Offset in the file. */
  readonly at: number;
  /** Offset of its end in the file, which may lie behind the file's. */
  end: number;
  /** Places in the file of compressed clusters, one each. */
  readonly packed: { readonly at: number; readonly length: number }[];
}

/** Runs of a disk from the cluster on in which an offset lies. @throws DiskError where a table is not right */
export async function* runsOf(source: RandomAccess, header: Qcow2Header, from: number): AsyncGenerator<Run> {
  const tables = new Tables(source, header);
  for (let index = Math.floor(from / tables.span); index < header.l1.entries; index++) {
    const offset = index * tables.span;
    const table = await tables.second(index);
    if (table) yield* joined(tables.clusters(table, offset, from));
    else yield runOf('zeros', offset, tables.span, 0, 0);
  }
}

/** Tables whose reading may be under way at the same time, to count what they hold. */
const COUNTED_AT_ONCE = 4;

/**
 * Counts the bytes of a disk that its tables do not tell as zeros.
 * @param most second-level tables that are read for it
 * @returns undefined where there are more of them, or very many entries in the first
 * @throws DiskError where a table is not right
 */
export async function allocatedIn(source: RandomAccess, header: Qcow2Header, most: number): Promise<number | undefined> {
  if (header.l1.entries > SLICE) return undefined;
  const tables = new Tables(source, header);
  const used: number[] = [];
  for (let index = 0; index < header.l1.entries && used.length <= most; index++) if ((await tables.place(index)) !== 0) used.push(index);
  if (used.length > most) return undefined;
  const reads = used.map((index) => async () => ({ offset: index * tables.span, table: await tables.second(index) }));
  let bytes = 0;
  for await (const { offset, table } of inOrder(reads, COUNTED_AT_ONCE)) {
    if (!table) continue;
    for (const { kind, offset: at, length } of tables.clusters(table, offset, 0))
      if (kind !== 'zeros') bytes += Math.max(0, Math.min(length, header.size - at));
  }
  return bytes;
}

function* joined(runs: Iterable<Run>): Generator<Run> {
  let run: Run | undefined;
  for (const next of runs) {
    if (run && joins(run, next)) {
      run.length += next.length;
      run.end = Math.max(run.end, next.end);
      run.packed.push(...next.packed);
    } else {
      if (run) yield run;
      run = next;
    }
  }
  if (run) yield run;
}

const runOf = (kind: Run['kind'], offset: number, length: number, at: number, end: number): Run => ({
  ...{ kind, offset, length, at, end },
  packed: kind === 'compressed' ? [{ at, length: end - at }] : [],
});

function joins(run: Run, next: Run): boolean {
  if (run.kind !== next.kind) return false;
  if (run.kind === 'zeros') return true;
  if (next.end - run.at > MIB) return false;
  // Compressed clusters begin where the one before ends, somewhere within its last sector.
  return run.kind === 'plain' ? next.at === run.end : next.at > run.at && next.at <= run.end;
}

class Tables {
  /** Bytes of the disk that one second-level table is about. */
  readonly span: number;
  private slice: { readonly index: number; readonly bytes: Buffer } = { index: -1, bytes: Buffer.alloc(0) };
  /** Bytes of the file that nothing has used yet; the last cluster may reach beyond its end. */
  private left: number;

  constructor(
    private readonly source: RandomAccess,
    private readonly header: Qcow2Header,
  ) {
    this.span = header.cluster * (header.cluster / 8);
    this.left = source.size + header.cluster;
  }

  /** Reads where in the file a second-level table is; 0 where it would be empty. */
  async place(index: number): Promise<number> {
    const { l1 } = this.header;
    const slice = Math.floor((index * 8) / SLICE);
    if (slice !== this.slice.index) {
      const length = Math.min(SLICE, l1.entries * 8 - slice * SLICE);
      this.slice = { index: slice, bytes: bufferOf(await readAll(this.source, l1.at + slice * SLICE, length)) };
    }
    return placeOf(this.slice.bytes, (index * 8) % SLICE);
  }

  /** Reads a second-level table; none where it would be empty. */
  async second(index: number): Promise<Buffer | undefined> {
    const { cluster, l1 } = this.header;
    const at = await this.place(index);
    if (at === 0) return undefined;
    const upon = at < l1.at + l1.entries * 8 && at + cluster > l1.at;
    if (at % cluster !== 0 || at + cluster > this.source.size || upon) refuse(`a second-level table at ${at}, outside or upon the first`);
    this.use(cluster);
    const parts: Uint8Array[] = [];
    for (let done = 0; done < cluster; done += MIB) parts.push(await readAll(this.source, at + done, Math.min(MIB, cluster - done)));
    return parts.length === 1 && parts[0] ? bufferOf(parts[0]) : Buffer.concat(parts);
  }

  /** Clusters of a table, from the one on in which an offset lies. @param offset of the table's first, in the disk */
  *clusters(table: Buffer, offset: number, from: number): Generator<Run> {
    const { cluster, size } = this.header;
    const count = Math.min(cluster / 8, Math.ceil((size - offset) / cluster));
    for (let entry = Math.max(0, Math.floor((from - offset) / cluster)); entry < count; entry++) {
      yield* this.cluster(table, entry, offset + entry * cluster);
    }
  }

  /** A cluster of the disk, as a run or as several where it is longer than a MiB. */
  private *cluster(table: Buffer, entry: number, offset: number): Generator<Run> {
    const { version, cluster } = this.header;
    const high = table.readUInt32BE(entry * 8);
    if ((high & COMPRESSED) !== 0) return yield this.compressed(high, table.readUInt32BE(entry * 8 + 4), offset);
    const at = placeOf(table, entry * 8);
    const zeros = (table.readUInt32BE(entry * 8 + 4) & ZEROS) !== 0;
    if (zeros && version === 2) refuse(`the cluster at ${offset} is told as zeros, which version 2 does not know`);
    if (zeros || at === 0) return yield runOf('zeros', offset, cluster, 0, 0);
    if (at % cluster !== 0 || at >= this.source.size) refuse(`the cluster at ${offset} lies at ${at}, outside the file`);
    this.use(cluster);
    const piece = Math.min(cluster, MIB);
    for (let part = 0; part < cluster; part += piece) {
      // A file may end within its last cluster.
      if (at + part < this.source.size) yield runOf('plain', offset + part, piece, at + part, at + part + piece);
    }
  }

  private compressed(high: number, low: number, offset: number): Run {
    // The offset takes 70 bits less those of a cluster's length, the number of sectors after the first takes the rest.
    const bits = 38 - Math.log2(this.header.cluster);
    const at = (high & (2 ** bits - 1)) * WORD + low;
    const sectors = ((high & (COMPRESSED - 1)) >>> bits) + 1;
    const length = sectors * 512 - (at % 512);
    if (at < 512 || at >= this.source.size) refuse(`the cluster at ${offset} lies at ${at}, outside the file`);
    // Its last sector may be the next one's first.
    this.use(Math.max(1, length - 511));
    return runOf('compressed', offset, this.header.cluster, at, at + length);
  }

  private use(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) refuse('its tables use more than the file has: something is used twice');
  }
}

/** Place in the file that an entry of a table tells: bits 9 to 55. */
function placeOf(table: Buffer, at: number): number {
  const low = table.readUInt32BE(at + 4);
  return (table.readUInt32BE(at) & 0xff_ffff) * WORD + (low - (low % 512));
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
