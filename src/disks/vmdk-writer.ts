import { promisify } from 'node:util';
import { deflate, type InputType, type ZlibOptions } from 'node:zlib';
import type { Disk } from './disk';
import { DiskError } from './error';
import { blocksOf } from './extents';
import { inOrder } from './in-order';
import { descriptorText } from './vmdk-descriptor';
import {
  directorySectors,
  headerBytes,
  MARKER,
  markerBytes,
  SECTOR,
  TABLE_ENTRIES,
  TABLE_SECTORS,
  tablesOf,
  type StreamHeader,
} from './vmdk-header';

/** Sectors of a grain: 64 KiB, what all writers take. */
const GRAIN = 128;
/** Grains that are compressed at the same time. */
const WIDTH = 4;
/** Length of the chunks that go out, in bytes; larger where a grain is. */
const CHUNK = 65_536;
const MOST_SECTORS = 2 ** 32;

const compress = promisify<InputType, ZlibOptions, Buffer>(deflate);

/**
 * Stream-optimized VMDK of a disk, in one pass: grains as they come, each table after its grains, the directory and a footer last.
 * Grains of zeros are left out. The same contents give the same bytes. Keeps 4 bytes for every 32 MiB of the disk.
 * @throws DiskError where the disk is empty or the file would be larger than the format's 2 TiB; whatever its reading throws
 */
export async function* vmdkBytes(disk: Disk): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of partsOf(disk)) {
    parts.push(part);
    length += part.length;
    if (length < CHUNK) continue;
    yield parts.length === 1 ? part : Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(parts);
}

async function* partsOf(disk: Disk): AsyncGenerator<Uint8Array> {
  const header: StreamHeader = {
    ...{ capacity: Math.ceil(disk.size / SECTOR), grain: GRAIN, descriptor: { at: 1, sectors: 20 } },
    ...{ directory: undefined, overhead: GRAIN },
  };
  if (header.capacity === 0) throw new DiskError('unsupported', 'A disk of no bytes has no VMDK');
  const beginning = Buffer.alloc(header.overhead * SECTOR);
  headerBytes(header).copy(beginning);
  beginning.write(descriptorText(header.capacity), header.descriptor.at * SECTOR, 'utf8');
  yield beginning;

  const file = new Places(header);
  for await (const { index, bytes } of inOrder(compressed(disk), WIDTH)) {
    yield* file.tableBefore(index);
    yield file.grain(index, bytes);
  }
  yield* file.tableBefore(Infinity);
  const directory = file.directory();
  yield directory;
  yield markerBytes(MARKER.footer, 1);
  yield headerBytes({ ...header, directory: file.sector - directory.length / SECTOR + 1 });
  yield markerBytes(MARKER.endOfStream, 0);
}

async function* compressed(disk: Disk): AsyncGenerator<() => Promise<{ index: number; bytes: Buffer }>> {
  for await (const { index, data } of blocksOf(disk, GRAIN * SECTOR)) {
    yield async () => ({ index, bytes: await compress(data, { level: 1, chunkSize: 2 * GRAIN * SECTOR }) });
  }
}

/** Places of grains and tables in the file, as far as it is written. */
class Places {
  /** Sector at which the file goes on. */
  sector: number;
  private readonly tables: Uint32Array;
  private table = Buffer.alloc(TABLE_SECTORS * SECTOR);
  private current = -1;

  constructor(private readonly header: StreamHeader) {
    this.sector = header.overhead;
    this.tables = new Uint32Array(tablesOf(header));
  }

  /** A grain with what comes before it. */
  grain(index: number, data: Buffer): Buffer {
    this.current = Math.floor(index / TABLE_ENTRIES);
    const bytes = Buffer.alloc(Math.ceil((12 + data.length) / SECTOR) * SECTOR);
    bytes.writeBigUInt64LE(BigInt(index * this.header.grain), 0);
    bytes.writeUInt32LE(data.length, 8);
    data.copy(bytes, 12);
    this.table.writeUInt32LE(this.sector, (index % TABLE_ENTRIES) * 4);
    this.advance(bytes);
    return bytes;
  }

  /** The table of the grains before, where this grain is of another one. */
  *tableBefore(index: number): Generator<Buffer> {
    if (this.current < 0 || Math.floor(index / TABLE_ENTRIES) === this.current) return;
    const bytes = Buffer.concat([markerBytes(MARKER.table, TABLE_SECTORS), this.table]);
    this.tables[this.current] = this.sector + 1;
    this.table = Buffer.alloc(this.table.length);
    this.advance(bytes);
    yield bytes;
  }

  /** The directory, with its marker. */
  directory(): Buffer {
    const sectors = directorySectors(this.tables.length);
    const bytes = Buffer.alloc((1 + sectors) * SECTOR);
    markerBytes(MARKER.directory, sectors).copy(bytes);
    this.tables.forEach((place, index) => bytes.writeUInt32LE(place, SECTOR + index * 4));
    this.advance(bytes);
    return bytes;
  }

  private advance(bytes: Buffer): void {
    this.sector += bytes.length / SECTOR;
    if (this.sector >= MOST_SECTORS) throw new DiskError('unsupported', 'The disk compresses to more than 2 TiB, which VMDK can not hold');
  }
}
