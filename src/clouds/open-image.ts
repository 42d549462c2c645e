import type { Disk, Extent } from '../disks/disk';
import type { CallRunner, GuardHooks } from './call';
import type { ImageGroup } from './cloud';
import type { DownloadedImage } from './download';
import type { CallContext } from './driver';
import { ProviderError } from './errors';
import { pacedDisk, type TransferRate } from './rate';
import { anySignal } from '../model/any-signal';

/** Names an image for words and the log. */
interface ImageName {
  cloud: string;
  group: ImageGroup;
  key: string;
}

interface Until {
  signal: AbortSignal;
  idleMs: number;
}

/** Longest piece of data of an extent, in bytes; see Disk. */
const LONGEST = 2 ** 20;

/**
 * Opens an image as the guard does: with deadline and retries until it is open, and an idle limit on each piece from then on. What the driver
 * throws, and pieces that contradict one another, come out as ProviderErrors.
 * @param run the driver's method
 * @throws ProviderError
 */
export async function openImage(
  name: ImageName,
  run: ((...args: unknown[]) => Promise<unknown>) | undefined,
  { caller, hooks, rate }: { caller: CallRunner; hooks: GuardHooks; rate?: TransferRate | undefined },
  until: Until,
): Promise<DownloadedImage> {
  const { cloud, group, key } = name;
  if (!run) throw new ProviderError('unsupported', `The cloud ${cloud} does not offer ${group}.download`);
  const attempt = async (context: CallContext) => {
    if (until.signal.aborted) throw givenUp(name);
    // The guard's own signal ends with the call; what is opened is read after it.
    const reading = new AbortController();
    const end = () => reading.abort();
    context.signal.addEventListener('abort', end, { once: true });
    try {
      const image = (await run(key, { ...context, signal: anySignal(reading.signal, until.signal) })) as DownloadedImage;
      return { image, end };
    } catch (error) {
      end();
      throw error;
    } finally {
      context.signal.removeEventListener('abort', end);
    }
  };
  try {
    const { image, end } = await caller.call({ group, method: 'download' }, attempt);
    const disk = new GuardedDisk(image.disk, name, until, end, hooks.log);
    return { ...image, disk: pacedDisk(disk, rate, until.signal) };
  } catch (error) {
    throw until.signal.aborted ? givenUp(name) : error;
  }
}

class GuardedDisk implements Disk {
  readonly size: number;
  readonly allocated: number | undefined;
  readonly rereadable: boolean;

  constructor(
    private readonly disk: Disk,
    private readonly name: ImageName,
    private readonly until: Until,
    private readonly end: () => void,
    private readonly log: GuardHooks['log'],
  ) {
    this.size = disk.size;
    this.allocated = disk.allocated;
    this.rereadable = disk.rereadable;
  }

  async *extents(from: number): AsyncGenerator<Extent> {
    const iterator = this.disk.extents(from)[Symbol.asyncIterator]();
    let asked = false;
    let at = from;
    try {
      for (;;) {
        asked = true;
        const next = await this.soon(iterator.next());
        asked = false;
        if (next.done) return;
        at = this.checked(next.value, at);
        yield next.value;
      }
    } catch (error) {
      this.end();
      throw this.translated(error);
    } finally {
      // What still waits for its next piece would not come to its end.
      const ending = Promise.resolve(iterator.return?.()).catch(() => undefined);
      if (!asked) await ending;
    }
  }

  /** @throws ProviderError where nothing comes for too long, or nobody wants it any more */
  private async soon<T>(next: Promise<T>): Promise<T> {
    const { signal, idleMs } = this.until;
    let timer: NodeJS.Timeout | undefined;
    let stop: (() => void) | undefined;
    const never = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(this.failure('timeout', `gave nothing more for ${idleMs} ms`)), idleMs);
      stop = () => reject(givenUp(this.name));
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
    try {
      return await Promise.race([next, never]);
    } finally {
      clearTimeout(timer);
      if (stop) signal.removeEventListener('abort', stop);
    }
  }

  /** Returns where an extent ends. @throws ProviderError where it can't follow on what was there before */
  private checked(extent: Extent, at: number): number {
    const length = 'data' in extent ? extent.data.byteLength : extent.zeros;
    const end = extent.offset + length;
    if (extent.offset >= at && end <= this.size && ('zeros' in extent || length <= LONGEST)) return end;
    throw this.failure('unavailable', `gave ${length} bytes for offset ${extent.offset} where ${at} of ${this.size} were read`);
  }

  private translated(thrown: unknown): ProviderError {
    if (thrown instanceof ProviderError) return thrown;
    const { cloud, group, key } = this.name;
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.log.error('a driver threw an error other than ProviderError while an image was read', {
      ...{ cloud, group, key, error: cause.message, stack: cause.stack },
    });
    return this.failure('unavailable', `broke off: ${cause.message}`, cause);
  }

  private failure(kind: 'timeout' | 'unavailable', words: string, cause?: unknown): ProviderError {
    const { cloud, group, key } = this.name;
    return new ProviderError(kind, `The contents of ${group} ${key} of the cloud ${cloud} ${words}`, { maybeDone: false, cause });
  }
}

const givenUp = ({ cloud, group, key }: ImageName): ProviderError =>
  new ProviderError('unavailable', `Reading ${group} ${key} of the cloud ${cloud} was given up`, { maybeDone: false });
