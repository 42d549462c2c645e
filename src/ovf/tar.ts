import { shown } from '../model/shown';
import { OvfError, quoted } from './error';
import { paddingOf } from './tar-writer';

/** Bytes of an archive, read on from where one is. */
export interface ArchiveBytes {
  /** Offset of the next byte. */
  readonly position: number;
  /** Takes the next bytes; fewer only where the archive ends. */
  take(length: number): Promise<Buffer>;
  /** Passes over the next bytes. @returns how many there were */
  skip(length: number): Promise<number>;
}

/** Entry of an archive: a header, and where its contents lie. */
export interface TarEntry {
  readonly name: string;
  /** `file` for a plain one. */
  readonly type: string;
  /** Offset of the contents in the archive. */
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;
/** Longest name or set of PAX records, bytes. */
const MAX_META = 1024 * 1024;
/** Headers for the whole archive that are passed over. */
const MAX_GLOBAL = 16;
const TYPES: Readonly<Record<string, string>> = {
  ...{ '': 'file', '0': 'file', '7': 'file', '1': 'link', '2': 'symlink', '3': 'character-device', '4': 'block-device' },
  ...{ '5': 'directory', '6': 'fifo', S: 'sparse' },
};
/** Types of headers that tell of the next entry. */
const META: Readonly<Record<string, 'pax' | 'name' | 'link'>> = { x: 'pax', L: 'name', K: 'link' };

interface Header {
  name: string;
  flag: string;
  size: number;
}

/** Tells whether bytes begin as an archive of tar does (POSIX 1003.1, ustar). */
export const isTar = (head: Uint8Array): boolean => Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar';

/** Reads the entries of a tar: ustar, with PAX records and GNU's long names and sizes. Contents are passed over unless asked for. */
export class TarReader {
  private current: TarEntry | undefined;
  private globals = 0;

  constructor(private readonly bytes: ArchiveBytes) {}

  /** The next entry; undefined at the end. @throws OvfError for what is no tar, and for one that ends in the middle */
  async next(): Promise<TarEntry | undefined> {
    await this.pass();
    const told = new Map<string, Buffer>();
    for (let header = await this.header(); header; header = await this.header()) {
      if (header.flag === 'g') await this.global(header);
      else {
        const kind = META[header.flag];
        if (kind === undefined) return (this.current = this.entry(header, told));
        if (told.has(kind)) throw unreadable(`two headers of the type ${header.flag} tell of one entry`);
        told.set(kind, await this.meta(header));
      }
    }
    if (told.size > 0) throw endsEarly('a header that tells of the next entry');
    return undefined;
  }

  /** Contents of the entry that was last. @throws OvfError for more bytes than `most` */
  async text(most: number): Promise<Buffer> {
    const { name = '', size = 0, offset = 0 } = this.current ?? {};
    if (size > most) throw new OvfError(`the entry ${quoted(name)}`, `is longer than ${most} bytes`);
    if (this.bytes.position !== offset) throw new Error('contents are read once');
    const text = await this.bytes.take(size);
    if (text.length < size) throw endsEarly(`the entry ${quoted(name)}`);
    return text;
  }

  /** Passes over what is left of the entry that was last. */
  private async pass(): Promise<void> {
    if (!this.current) return;
    const { name, offset, size } = this.current;
    const left = offset + size - this.bytes.position;
    if ((await this.bytes.skip(left)) < left) throw endsEarly(`the entry ${quoted(name)}`);
    await this.bytes.skip(paddingOf(size));
    this.current = undefined;
  }

  private async header(): Promise<Header | undefined> {
    const block = await this.bytes.take(BLOCK);
    if (block.length === 0) return undefined;
    if (block.length < BLOCK) throw endsEarly('a header');
    return block.every((byte) => byte === 0) ? undefined : headerOf(block);
  }

  /** Records for all entries: such as nothing hangs on are passed over. */
  private async global(header: Header): Promise<void> {
    const records = recordsOf(await this.meta(header));
    if ((this.globals += 1) > MAX_GLOBAL || ['path', 'size', 'linkpath'].some((key) => records.has(key)))
      throw unreadable('it has PAX records that name every entry alike');
  }

  private async meta({ flag, size }: Header): Promise<Buffer> {
    if (size > MAX_META) throw unreadable(`a header of the type ${flag} has ${size} bytes`);
    const contents = await this.bytes.take(size);
    if (contents.length < size) throw endsEarly(`a header of the type ${flag}`);
    await this.bytes.skip(paddingOf(size));
    return contents;
  }

  private entry({ name, flag, size }: Header, told: ReadonlyMap<string, Buffer>): TarEntry {
    const long = told.get('name');
    const records = recordsOf(told.get('pax') ?? Buffer.alloc(0));
    const sparse = [...records.keys()].some((key) => key.startsWith('GNU.sparse.'));
    return {
      name: records.get('path') ?? (long ? textOf(long) : name),
      type: sparse ? 'sparse' : (TYPES[flag] ?? flag),
      offset: this.bytes.position,
      size: sizeOf(records.get('size')) ?? size,
    };
  }
}

const unreadable = (why: string): OvfError => new OvfError('the archive', `is no tar that can be read: ${why}`);
const endsEarly = (where: string): OvfError => new OvfError('the archive', `ends in the middle, within ${where}`);

/** Text up to the first zero byte. */
function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Reads a header. @throws OvfError for a block that is none */
function headerOf(block: Buffer): Header {
  if (!isTar(block)) throw unreadable('a header is not of the form ustar');
  const sum = block.reduce((before, byte, at) => before + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== numberOf(block.subarray(148, 156))) throw unreadable('the checksum of a header is wrong');
  const name = textOf(block.subarray(0, 100));
  // GNU's own form has times where POSIX has the beginning of a name.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textOf(block.subarray(345, 500)) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    flag: textOf(block.subarray(156, 157)),
    size: numberOf(block.subarray(124, 136)),
  };
}

/** Number in digits of base 8, or in bytes where the first has its highest bit set. @throws OvfError */
function numberOf(field: Buffer): number {
  if (field[0] === 0x80) {
    const number = BigInt(`0x${field.subarray(1).toString('hex')}`);
    if (number <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(number);
  } else {
    const [, digits] = /^ *([0-7]{0,12})[ \0]*$/.exec(field.toString('latin1')) ?? [];
    if (digits !== undefined) return digits === '' ? 0 : Number.parseInt(digits, 8);
  }
  throw unreadable('a number of a header is none');
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw unreadable(`the size ${quoted(shown(text, 40))} is none`);
  return size;
}

/** Reads PAX records: `length key=value`, each ended by a line feed. @throws OvfError */
function recordsOf(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = bytes.toString('latin1', at, Math.max(at, Math.min(space, at + 8)));
    const end = at + Number(/^\d+$/.test(digits) ? digits : Number.NaN);
    const equals = bytes.indexOf(0x3d, space);
    if (!(end <= bytes.length) || bytes[end - 1] !== 0x0a || equals < space || equals >= end) throw unreadable('a PAX record is none');
    records.set(bytes.toString('utf8', space + 1, equals), bytes.toString('utf8', equals + 1, end - 1));
    at = end;
  }
  return records;
}
