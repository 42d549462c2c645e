import { ByteReader } from './byte-reader';
import type { Disk, Extent } from './disk';
import { DiskError } from './error';
import { inOrder } from './in-order';
import { inflated } from './inflate';
import { once } from './raw';
import { checkDescriptor } from './vmdk-descriptor';
import { directorySectors, MARKER, parseHeader, SECTOR, TABLE_SECTORS, tablesOf, type StreamHeader } from './vmdk-header';
import { isZero } from './zeros';

/** Grains that are inflated at the same time. */
const WIDTH = 4;
/** Bytes before a grain's data: its sector number, and the length of the data. */
const GRAIN_HEADER = 12;
/** Sectors that are looked at together where directory and tables come first. */
const STRIDE = 128;

const refuse = (words: string): never => {
  throw new DiskError('malformed', `The VMDK is not right: ${words}`);
};

/**
 * Disk of a stream-optimized VMDK that comes once. Grains have to ascend. The tables are not needed: where they come first, the
 * grains are counted against them; where they come last, an end marker has to follow, so that nothing that was cut passes for whole.
 * The bytes are read to their end. Who opens a disk and does not read it ends the bytes himself.
 * @throws DiskError where the header or the descriptor is refused; while reading, where something else is
 */
export async function vmdkDisk(bytes: AsyncIterable<Uint8Array>): Promise<Disk> {
  const reader = new ByteReader(bytes);
  try {
    const header = parseHeader(await reader.take(SECTOR, 'the header'));
    const listed = await readOverhead(reader, header);
    return {
      size: header.capacity * SECTOR,
      allocated: listed === undefined ? undefined : Math.min(listed * header.grain, header.capacity) * SECTOR,
      rereadable: false,
      extents: once(() => inOrder(grains(reader, header, listed), WIDTH)),
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** Reads what comes before the first grain. @returns number of grains, where the tables tell it there */
async function readOverhead(reader: ByteReader, header: StreamHeader): Promise<number | undefined> {
  const descriptor = new Region(header.descriptor.at, header.descriptor.sectors);
  const directory = header.directory === undefined ? undefined : new Region(header.directory, directorySectors(tablesOf(header)));
  let tables: Tables | undefined;
  for (let at = 1; at < header.overhead;) {
    // The tables are counted from the sector on at which the directory is known.
    const stop = directory && at < directory.end ? Math.min(header.overhead, directory.end) : header.overhead;
    const sectors = Math.min(STRIDE, stop - at);
    const bytes = await reader.take(sectors * SECTOR, 'what comes before the first grain');
    descriptor.keep(bytes, at);
    directory?.keep(bytes, at);
    tables?.count(bytes, at);
    at += sectors;
    if (directory && at === directory.end) tables = new Tables(directory, header);
  }
  checkDescriptor(descriptor.bytes.toString('utf8').replace(/\0[^]*$/, ''), header.capacity);
  return tables?.grains;
}

/** Part of what comes before the first grain. */
class Region {
  readonly bytes: Buffer;
  readonly end: number;

  constructor(
    private readonly at: number,
    sectors: number,
  ) {
    this.bytes = Buffer.alloc(sectors * SECTOR);
    this.end = at + sectors;
  }

  keep(bytes: Buffer, at: number): void {
    const from = Math.max(at, this.at);
    const to = Math.min(at + bytes.length / SECTOR, this.end);
    if (from < to) bytes.copy(this.bytes, (from - this.at) * SECTOR, (from - at) * SECTOR, (to - at) * SECTOR);
  }
}

/** Grain tables that come before the grains, in the order of their places. */
class Tables {
  grains = 0;
  private readonly places: Uint32Array;
  private next = 0;

  constructor(
    directory: Region,
    private readonly header: StreamHeader,
  ) {
    const entries = Array.from({ length: tablesOf(header) }, (_, index) => directory.bytes.readUInt32LE(index * 4));
    this.places = Uint32Array.from(entries.filter((place) => place !== 0)).sort();
    let free = directory.end;
    for (const place of this.places) {
      if (place < free || place + TABLE_SECTORS > header.overhead) refuse(`a grain table at sector ${place}, upon another or outside`);
      free = place + TABLE_SECTORS;
    }
  }

  count(bytes: Buffer, at: number): void {
    for (let sector = at; sector < at + bytes.length / SECTOR; sector++) {
      if (sector >= (this.places[this.next] ?? Infinity) + TABLE_SECTORS) this.next++;
      if (sector < (this.places[this.next] ?? Infinity)) continue;
      for (let entry = 0; entry < SECTOR; entry += 4) {
        const place = bytes.readUInt32LE((sector - at) * SECTOR + entry);
        // 1 is a grain of zeros.
        if (place <= 1) continue;
        if (place < this.header.overhead) refuse(`a grain at sector ${place}, before the first`);
        this.grains++;
      }
    }
  }
}

/** Work of inflating one grain after the other. */
async function* grains(reader: ByteReader, header: StreamHeader, listed: number | undefined): AsyncGenerator<() => Promise<Extent>> {
  const marks = new Marks(header);
  let free = 0;
  let count = 0;
  try {
    while (!marks.ended && !(await reader.atEnd())) {
      const head = await reader.peek(GRAIN_HEADER);
      if (head.length < GRAIN_HEADER) throw new DiskError('cut', `The bytes end at ${reader.position + head.length}, within a grain`);
      const sector = Number(head.readBigUInt64LE(0));
      const length = head.readUInt32LE(8);
      if (length === 0) await marks.pass(reader);
      else {
        if (sector >= header.capacity || sector % header.grain !== 0) refuse(`a grain of sector ${sector}`);
        if (sector < free) refuse(`a grain of sector ${sector} after that of ${free - header.grain}: they have to ascend`);
        if (length > 2 * header.grain * SECTOR) refuse(`a grain of ${length} bytes`);
        const bytes = (await reader.take(GRAIN_HEADER + length, 'a grain')).subarray(GRAIN_HEADER);
        await skipToSector(reader);
        free = sector + header.grain;
        count++;
        yield () => grain(bytes, sector, header);
      }
    }
    if (listed === undefined && !marks.ended) throw new DiskError('cut', 'The VMDK ends without an end marker');
    if (listed !== undefined && listed !== count) throw new DiskError('cut', `The VMDK has ${count} of the ${listed} grains in its tables`);
    for await (const rest of reader.rest()) if (!isZero(rest)) refuse('bytes after its end');
  } finally {
    await reader.close();
  }
}

async function grain(bytes: Uint8Array, sector: number, header: StreamHeader): Promise<Extent> {
  const whole = header.grain * SECTOR;
  const needed = Math.min(whole, (header.capacity - sector) * SECTOR);
  const data = await inflated(bytes, 'zlib', whole, `The grain of sector ${sector}`);
  if (data.length < needed) refuse(`a grain of sector ${sector} with ${data.length} bytes`);
  return { offset: sector * SECTOR, data: data.subarray(0, needed) };
}

async function skipToSector(reader: ByteReader): Promise<void> {
  await reader.skip((SECTOR - (reader.position % SECTOR)) % SECTOR);
}

/** Markers between grains, and what they mark. */
class Marks {
  ended = false;
  private left: number;

  constructor(private readonly header: StreamHeader) {
    // Each table twice, two directories, a footer.
    this.left = 2 * tablesOf(header) + 8;
  }

  async pass(reader: ByteReader): Promise<void> {
    const marker = await reader.take(SECTOR, 'a marker');
    const sectors = Number(marker.readBigUInt64LE(0));
    const type = marker.readUInt32LE(GRAIN_HEADER);
    const most = [0, TABLE_SECTORS, directorySectors(tablesOf(this.header)) + STRIDE, 1][type];
    if (most === undefined || sectors > most || this.left-- === 0) return refuse(`a marker of type ${type} with ${sectors} sectors`);
    if (type === MARKER.endOfStream) this.ended = true;
    else if (type === MARKER.footer) this.checkFooter(await reader.take(SECTOR, 'the footer'));
    else for (let each = 0; each < sectors; each++) await reader.take(SECTOR, 'a grain table or directory');
  }

  /** Checks that header and footer speak of the same disk. */
  private checkFooter(sector: Buffer): void {
    const [capacity, grain] = [sector.readBigUInt64LE(12), sector.readBigUInt64LE(20)].map(Number);
    if (capacity !== this.header.capacity || grain !== this.header.grain) refuse('its footer says another size than its header');
  }
}
