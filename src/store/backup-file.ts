import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { isDeep, problemOf } from './json-text';

/**
 * The file of a backup, and that of a tenant: JSON lines, compressed (gzip). The first is the header, then come the rows, each `[table, row]`, and the last line tells
 * how many there are and the SHA-256 of all lines before it: a file that was cut or changed is known as such.
 */

export const FORMAT = 'cimi-gateway backup 1';

/** Longest line, characters: nothing that is stored comes near, and no more than this is held of a file that somebody made up. */
export const LONGEST_LINE = 64 * 1024 ** 2;
/** Levels that a line is nested; documents lie in it as texts. */
const DEEPEST_LINE = 16;
/** Name of a table, and how many there may be. */
const TABLE_NAME = /^[a-z][a-z_]{0,63}$/;
const MOST_TABLES = 100;

/** Kind of file: the format and the header that it has, and words for it. */
export interface FileKind {
  format: string;
  /** Schema of its header, with `format`. */
  header: z.ZodType;
  /** Word for one: `backup`. */
  noun: string;
  /** Words for what it is: `backup of this gateway`. */
  words: string;
}

const words = z.string().max(1_000);
/** Members of the header of any such file, but for its format. */
export const headerMembers = {
  created: words,
  version: words,
  store: z.enum(['sqlite', 'postgres']),
  schema: words,
};
const BACKUP: FileKind = {
  format: FORMAT,
  header: z.looseObject({ ...headerMembers, keys: z.array(words), keyCheck: words.nullable() }),
  noun: 'backup',
  words: 'backup of this gateway',
};

/** Header of any such file. */
export interface FileHeader {
  format: string;
  /** RFC 3339. */
  created: string;
  /** Version of the program that made it. */
  version: string;
  store: 'sqlite' | 'postgres';
  /** Name of the last migration. */
  schema: string;
}

export interface BackupHeader extends FileHeader {
  format: typeof FORMAT;
  /** Names of the keys that it needs. */
  keys: string[];
  /** Value by which a key is checked; null where the store had no key yet. */
  keyCheck: string | null;
}

export type BackupRow = Readonly<Record<string, unknown>>;
export type Counts = Readonly<Record<string, number>>;

interface Trailer {
  rows: Counts;
  sha256: string;
}

/** Error where a file is no backup, or not a whole one. */
export class BackupFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupFileError';
  }
}

/**
 * Writes a backup beside its name and, once it was read back whole, under its name. What is there already is kept, also what came there meanwhile.
 * @throws the system's error where it cannot be written; Error in words where another is being written, or one was broken off
 */
export async function writeBackup(
  file: string,
  header: FileHeader,
  rows: AsyncIterable<[table: string, row: BackupRow]>,
  kind: FileKind = BACKUP,
): Promise<Counts> {
  const draft = `${file}.part`;
  const counts: Record<string, number> = {};
  async function* lines(): AsyncIterable<string> {
    const hash = createHash('sha256');
    const line = (value: unknown): string => {
      const text = `${JSON.stringify(value)}\n`;
      hash.update(text);
      return text;
    };
    yield line(header);
    for await (const [table, row] of rows) {
      counts[table] = (counts[table] ?? 0) + 1;
      yield line([table, row]);
    }
    yield `${JSON.stringify({ rows: counts, sha256: hash.digest('hex') } satisfies Trailer)}\n`;
  }
  try {
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
  } catch (error) {
    if (isThere(error))
      throw new Error(`${draft} is there already: another ${kind.noun} is being written, or one was broken off; delete it where none is`, {
        cause: error,
      });
    await rm(draft, { force: true });
    throw error;
  }
  try {
    await verifyBackup(draft, kind);
    await nameAs(draft, file);
  } catch (error) {
    if (isThere(error)) throw new Error(`${file} is there already: ${kind.noun}s are never written over`, { cause: error });
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return counts;
}

const isThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';
/** Errors of file systems that have no second names for a file. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'];

/** Gives a file a second name, which a rename would take from another file. @throws the system's error: EEXIST where there is one of that name */
async function nameAs(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file);
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(draft, file, constants.COPYFILE_EXCL);
  }
}

/** Reads a backup from its beginning to its end. @returns header and numbers of rows @throws BackupFileError */
export async function verifyBackup<H extends FileHeader = BackupHeader>(
  file: string,
  kind: FileKind = BACKUP,
): Promise<{ header: H; rows: Counts }> {
  const reading = new BackupReading<H>(file, kind);
  const header = await reading.header();
  for await (const _row of reading.rows());
  return { header, rows: reading.counts };
}

/** A backup that is read once. */
export class BackupReading<H extends FileHeader = BackupHeader> {
  readonly counts: Record<string, number> = {};
  /** Number of the line that was read last; the header's is 1. */
  line = 0;
  private readonly lines: AsyncIterator<string>;
  private readonly hash: Hash = createHash('sha256');

  constructor(
    private readonly file: string,
    private readonly kind: FileKind = BACKUP,
  ) {
    const input = createReadStream(file);
    const unpacked = input.pipe(createGunzip());
    input.once('error', (error) => unpacked.destroy(error));
    this.lines = unpackedLines(unpacked);
  }

  /** @throws BackupFileError where it is no backup */
  async header(): Promise<H> {
    const line = await this.next();
    const header = parsed(line) as Partial<H> | null | undefined;
    if (line === undefined || header?.format !== this.kind.format) throw new BackupFileError(`${this.file} is no ${this.kind.words}`);
    const { error } = this.kind.header.safeParse(header);
    if (error) throw new BackupFileError(`line 1 of ${this.file} is no header of its kind, ${this.kind.words}: ${problemOf(error)}`);
    this.take(line);
    return header as H;
  }

  /** Yields the rows. @throws BackupFileError at its end where it is not whole */
  async *rows(): AsyncIterable<[table: string, row: BackupRow]> {
    for (;;) {
      const line = await this.next();
      const value = line === undefined ? undefined : parsed(line);
      if (line === undefined || value === undefined) throw this.damaged();
      if (isRow(value)) return this.end(value);
      if (!Array.isArray(value)) throw this.damaged();
      this.take(line);
      const [table, row] = value as unknown[];
      if (typeof table !== 'string' || !TABLE_NAME.test(table) || !isRow(row)) throw this.damaged();
      if (!Object.hasOwn(this.counts, table) && Object.keys(this.counts).length === MOST_TABLES) throw this.damaged();
      this.counts[table] = (this.counts[table] ?? 0) + 1;
      yield [table, row];
    }
  }

  private end({ rows = {}, sha256 }: Partial<Trailer>): void {
    const alike = JSON.stringify(Object.entries(rows).sort()) === JSON.stringify(Object.entries(this.counts).sort());
    if (!alike || sha256 !== this.hash.digest('hex')) throw this.damaged();
  }

  private async next(): Promise<string | undefined> {
    try {
      const { value, done } = await this.lines.next();
      this.line += 1;
      if (done === true) return undefined;
      if (isDeep(value, DEEPEST_LINE)) throw this.damaged(`line ${this.line} is nested more than ${DEEPEST_LINE} levels deep`);
      return value;
    } catch (error) {
      if (error instanceof LongLineError) throw this.damaged(`line ${this.line + 1} has more than ${LONGEST_LINE} characters`);
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code.startsWith('Z_') || code === 'ERR_BUFFER_OUT_OF_BOUNDS') throw this.damaged();
      throw error;
    }
  }

  private take(line: string): void {
    this.hash.update(`${line}\n`);
  }

  private damaged(why?: string): BackupFileError {
    return new BackupFileError(`${this.file} is damaged or was cut${why === undefined ? '' : ` (${why})`}: nothing of it is used`);
  }
}

class LongLineError extends Error {}

/** Lines that end with \n alone: Node's own reader of lines ends them at U+2028 and U+2029, too, which JSON has in its texts as they are. */
async function* unpackedLines(input: Readable): AsyncGenerator<string, undefined> {
  input.setEncoding('utf8');
  let rest = '';
  for await (const chunk of input as AsyncIterable<string>) {
    const [first = '', ...more] = chunk.split('\n');
    rest += first;
    for (const next of more) {
      yield rest;
      rest = next;
    }
    if (rest.length > LONGEST_LINE) throw new LongLineError();
  }
  if (rest !== '') yield rest;
  return undefined;
}

const isRow = (value: unknown): value is BackupRow => typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(line: string | undefined): unknown {
  try {
    return line === undefined ? undefined : (JSON.parse(line) as unknown);
  } catch {
    return undefined;
  }
}
