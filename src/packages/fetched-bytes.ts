import { ByteReader } from '../disks/byte-reader';
import { isProblem, NO_BYTES, type Fetcher, type Opened } from '../fetch/fetcher';
import { FetchBroken } from '../fetch/problem';
import { isVerifiable, type Version } from '../fetch/section';
import { fetchFailure } from '../operations/image-upload';
import type { ArchiveBytes } from '../ovf/tar';

/** Least number of bytes that are passed over by asking anew, where the other side sends sections. */
const LEAST_SKIP = 256 * 1024;

/**
 * Bytes of what the URL of an import names, read on from where one is; large gaps are not sent, where the other side can leave them out.
 * @throws StepFailure from every method where it cannot be had, ProviderError where the fetching was stopped
 */
export class FetchedBytes implements ArchiveBytes {
  /** Version of what is read; there once something was. */
  version: Version | undefined;
  private at = 0;
  private open: { opened: Opened; reader: ByteReader } | undefined;
  private sections = true;

  constructor(
    private readonly fetcher: Fetcher,
    private readonly source: string,
    private readonly signal: AbortSignal,
  ) {}

  get position(): number {
    return this.at;
  }

  /** Looks at the next bytes without taking them. */
  peek(length: number): Promise<Buffer> {
    return this.reading((reader) => reader.peek(length));
  }

  take(length: number): Promise<Buffer> {
    return this.reading(async (reader) => {
      const bytes = await reader.peek(length);
      await reader.skip(bytes.length);
      this.at += bytes.length;
      return bytes;
    });
  }

  async skip(length: number): Promise<number> {
    const { version } = this;
    if (length >= LEAST_SKIP && this.sections && version?.size !== undefined && isVerifiable(version)) {
      const passed = Math.min(length, version.size - this.at);
      await this.close();
      this.at += passed;
      return passed;
    }
    if (length === 0) return 0;
    return this.reading(async (reader) => {
      const before = reader.position;
      await reader.skip(length);
      this.at += reader.position - before;
      return reader.position - before;
    });
  }

  /** Lets go of the connection; reading opens another. */
  async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    await open?.reader.close();
    open?.opened.close();
  }

  private async reading<T>(read: (reader: ByteReader) => Promise<T>): Promise<T> {
    try {
      this.open ??= await this.opened();
      return await read(this.open.reader);
    } catch (error) {
      await this.close();
      throw error instanceof FetchBroken ? fetchFailure(error.problem, 'source') : error;
    }
  }

  private async opened(): Promise<{ opened: Opened; reader: ByteReader }> {
    const section = this.version && { from: this.at, of: this.version };
    // No section begins at the end.
    if (section && section.from === this.version?.size) return { opened: NO_BYTES, reader: new ByteReader(NO_BYTES.bytes()) };
    const opened = await this.fetcher.open(this.source, { signal: this.signal, ...(section ? { section } : {}) });
    if (isProblem(opened)) throw new FetchBroken(opened);
    this.version ??= opened.version;
    // Who says so need not do so: then all that follows is read through.
    this.sections &&= opened.sections;
    return { opened, reader: new ByteReader(opened.bytes()) };
  }
}
