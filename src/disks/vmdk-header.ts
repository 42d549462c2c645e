import { DiskError } from './error';

/** Header, descriptor and markers of stream-optimized VMDK (VMware's "Virtual Disk Format 5.0"); all numbers little-endian, in sectors. */

export const SECTOR = 512;
/** Entries of a grain table, always. */
export const TABLE_ENTRIES = 512;
/** Sectors of a grain table. */
export const TABLE_SECTORS = (TABLE_ENTRIES * 4) / SECTOR;
/** Directory offset of a file whose directory comes at the end. */
const AT_END = 2n ** 64n - 1n;
const MAGIC = 'KDMV';
const COMPRESSED = 1 << 16;
const MARKERS = 1 << 17;
const DEFLATE = 1;
/** Largest disk in sectors: 64 TiB; vSphere ends before. */
const MOST_SECTORS = 2 ** 46 / SECTOR;
/** Most grain tables: 32 TiB at the usual 64 KiB a grain. Their directory is 4 MiB. */
const MOST_TABLES = 2 ** 20;
const MOST_DESCRIPTOR_SECTORS = 256;

export const MARKER = { endOfStream: 0, table: 1, directory: 2, footer: 3 } as const;

export interface StreamHeader {
  /** Virtual size. */
  readonly capacity: number;
  /** Sectors of a grain, a power of two. */
  readonly grain: number;
  readonly descriptor: { readonly at: number; readonly sectors: number };
  /** Place of the grain directory where it comes first; else it is at the end. */
  readonly directory: number | undefined;
  /** Place of the first grain. */
  readonly overhead: number;
}

const refuse = (words: string): never => {
  throw new DiskError('malformed', `The VMDK's header is not right: ${words}`);
};

/** Number of grain tables that so many sectors have. */
export function tablesOf({ capacity, grain }: Pick<StreamHeader, 'capacity' | 'grain'>): number {
  return Math.ceil(capacity / (grain * TABLE_ENTRIES));
}

/** Sectors of a directory of so many tables. */
export function directorySectors(tables: number): number {
  return Math.ceil((tables * 4) / SECTOR);
}

/** Reads a header. @param sector its 512 bytes. @throws DiskError where it is none, contradicts itself or is of another kind of VMDK */
export function parseHeader(sector: Buffer): StreamHeader {
  const number64 = (at: number) => Number(sector.readBigUInt64LE(at));
  if (sector.toString('latin1', 0, 4) !== MAGIC)
    throw new DiskError('malformed', 'The bytes do not begin with the header of a sparse VMDK');
  const version = sector.readUInt32LE(4);
  const flags = sector.readUInt32LE(8);
  if (version < 1 || version > 3) throw new DiskError('unsupported', `VMDK of version ${version} is not read, only 1 to 3`);
  if ((flags & COMPRESSED) === 0 || (flags & MARKERS) === 0 || sector.readUInt16LE(77) !== DEFLATE) {
    throw new DiskError('unsupported', 'VMDK is read as streamOptimized only (compressed grains with markers): convert it');
  }
  if ((flags & 1) !== 0 && sector.toString('latin1', 73, 77) !== '\n \r\n') refuse('its line ends were changed on the way (text mode)');
  const capacity = number64(12);
  const grain = number64(20);
  const descriptor = { at: number64(28), sectors: number64(36) };
  const directoryAt = sector.readBigUInt64LE(56);
  const overhead = number64(64);
  if (capacity === 0 || capacity > MOST_SECTORS) refuse(`a capacity of ${capacity} sectors`);
  if (grain < 8 || grain > 2048 || (grain & (grain - 1)) !== 0) refuse(`grains of ${grain} sectors`);
  if (sector.readUInt32LE(44) !== TABLE_ENTRIES) refuse(`grain tables of ${sector.readUInt32LE(44)} entries`);
  const tables = tablesOf({ capacity, grain });
  if (tables > MOST_TABLES) refuse(`${tables} grain tables`);
  const listed = directorySectors(tables);
  // Two directories with their tables, a descriptor, and what aligns them.
  if (overhead < 1 || overhead > 2 * (listed + tables * TABLE_SECTORS) + 4096) refuse(`the first grain at sector ${overhead}`);
  if (descriptor.sectors < 1 || descriptor.sectors > MOST_DESCRIPTOR_SECTORS) refuse(`a descriptor of ${descriptor.sectors} sectors`);
  if (descriptor.at < 1 || descriptor.at + descriptor.sectors > overhead) refuse(`the descriptor at sector ${descriptor.at}`);
  const directory = directoryAt === AT_END ? undefined : Number(directoryAt);
  if (directory !== undefined && (directory < 1 || directory + listed > overhead)) refuse(`the grain directory at sector ${directory}`);
  return { capacity, grain, descriptor, directory, overhead };
}

/** Bytes of a header (or footer). @param place all but the place of a redundant directory, which there is none of */
export function headerBytes({ capacity, grain, descriptor, directory, overhead }: StreamHeader): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector.write(MAGIC, 0, 'latin1');
  sector.writeUInt32LE(3, 4);
  sector.writeUInt32LE(COMPRESSED | MARKERS | 1, 8);
  [capacity, grain, descriptor.at, descriptor.sectors].forEach((value, index) => sector.writeBigUInt64LE(BigInt(value), 12 + 8 * index));
  sector.writeUInt32LE(TABLE_ENTRIES, 44);
  sector.writeBigUInt64LE(directory === undefined ? AT_END : BigInt(directory), 56);
  sector.writeBigUInt64LE(BigInt(overhead), 64);
  sector.write('\n \r\n', 73, 'latin1');
  sector.writeUInt16LE(DEFLATE, 77);
  return sector;
}

/** Bytes of a marker, before what it marks. @param sectors of what it marks */
export function markerBytes(type: number, sectors: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(type, 12);
  return bytes;
}
