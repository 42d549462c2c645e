import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';

/**
 * The file of a backup, and that of a tenant: JSON lines, compressed (gzip). The first is the header, then come the rows, each `[table, row]`, and the last line tells
 * how many there are and the SHA-256 of all lines before it: a file that was cut or changed is known as such.
 */

export const FORMAT = 'cimi-gateway backup 1';

/** Kind of file: the format that its header names, and words for it. */
export interface FileKind {
  format: string;
  /** Word for one: `backup`. */
  noun: string;
  /** Words for what it is: `backup of this gateway`. */
  words: string;
}

const BACKUP: FileKind = { format: FORMAT, noun: 'backup', words: 'backup of this gateway' };

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
 * Writes a backup beside its name and, once it was read back whole, under its name. What is there already is kept.
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
    await verifyBackup(draft, kind);
    await rename(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new Error(`${draft} is there already: another ${kind.noun} is being written, or one was broken off; delete it where none is`, {
        cause: error,
      });
    await rm(draft, { force: true });
    throw error;
  }
  return counts;
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
    const header = parsed(line) as Partial<H> | undefined;
    if (line === undefined || header?.format !== this.kind.format) throw new BackupFileError(`${this.file} is no ${this.kind.words}`);
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
      if (typeof table !== 'string' || !isRow(row)) throw this.damaged();
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
      return done === true ? undefined : value;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code.startsWith('Z_') || code === 'ERR_BUFFER_OUT_OF_BOUNDS') throw this.damaged();
      throw error;
    }
  }

  private take(line: string): void {
    this.hash.update(`${line}\n`);
  }

  private damaged(): BackupFileError {
    return new BackupFileError(`${this.file} is damaged or was cut: nothing of it is used`);
  }
}

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
