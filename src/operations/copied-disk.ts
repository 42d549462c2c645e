import { setTimeout as sleep } from 'node:timers/promises';
import type { UploadPoint } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { ContentDigest, type DigestPoint } from '../disks/content-digest';
import type { Disk, Extent } from '../disks/disk';

/** Time between two reports of how far a copy is, in ms. */
const REPORT_EVERY_MS = 2_000;
/** Time, and bytes that were read, after which it is kept how far a copy is at the latest. */
const KEEP_EVERY_MS = 10_000;
const KEEP_EVERY_BYTES = 32 * 2 ** 20;
/** Points of the digest that are kept in memory, and bytes of data between them: the taking side lags behind by some MiB. */
const POINTS = 64;
const POINT_BYTES = 2 ** 20;
/** Delays before a reading that broke off is taken up again, in ms, the later ones where no more came meanwhile; then it fails. */
const AGAIN_MS: readonly number[] = [100, 1_000, 5_000];
const SECTOR = 512;
const GIB = 2 ** 30;

/** Place from which another attempt goes on with a copy; a type alias, so that it is a Value. */
export type CopyPoint = {
  point: UploadPoint;
  /** Absent: all has to be read again for the digest, and only the rest is sent. */
  digest?: DigestPoint;
};

interface Progress {
  /** Share of the bytes that have been read. */
  share: number;
  message: string;
  /** Digest of all of them, at the end. */
  digest?: string;
  /** Point from which another attempt may go on. */
  reached?: CopyPoint;
}

interface CopyLimits {
  /** Time for which the taking side may stand still, in ms. */
  idleMs: number;
  /** Words for that. */
  stalled: string;
  /** Ends the copy on both sides. */
  giveUp(): void;
  /** Takes how far it is. */
  report(progress: Progress): Promise<void>;
  /** Opens the same contents once more, after a reading that broke off. Absent: they are not known again. */
  reopen?: (() => Promise<Disk>) | undefined;
  /** Aborted when nobody wants the copy any more. */
  signal: AbortSignal;
}

/**
 * Disk on its way from one cloud to another: passes its extents on, hashes them, reports how far it is, goes on where the reading
 * breaks off, and watches that whoever takes them does.
 */
export class CopiedDisk implements Disk {
  readonly size: number;
  readonly allocated: number | undefined;
  readonly rereadable: boolean;
  /** Error that the reading broke off with, whatever the taking side makes of it. */
  failure: unknown;
  private digest: ContentDigest;
  private at = 0;
  private data = 0;
  private keptData = 0;
  private pointedData = 0;
  private kept = performance.now();
  private reported = performance.now();
  private points: DigestPoint[];

  /** @param resume point of an earlier attempt, of the same contents */
  constructor(
    private disk: Disk,
    readonly limits: CopyLimits,
    resume?: CopyPoint,
  ) {
    this.size = disk.size;
    this.allocated = disk.allocated;
    this.rereadable = disk.rereadable;
    this.digest = new ContentDigest(this.size);
    this.points = resume?.digest ? [resume.digest] : [];
  }

  async *extents(from: number): AsyncGenerator<Extent> {
    this.failure = undefined;
    this.begin(from);
    let watch: NodeJS.Timeout | undefined;
    try {
      for await (const extent of this.unbroken()) {
        await this.took(extent);
        const wanted = partFrom(extent, from);
        if (!wanted) continue;
        watch = setTimeout(() => this.stalled(), this.limits.idleMs);
        yield wanted;
        clearTimeout(watch);
      }
      const digest = await this.digest.end();
      await this.limits.report({ share: 1, message: `Copied ${gib(this.size)} GiB`, digest });
    } catch (error) {
      this.failure ??= error;
      throw error;
    } finally {
      clearTimeout(watch);
    }
  }

  /** Keeps from time to time up to where the taking side has all. @param now keeps it in any case */
  async keep(point: UploadPoint, now = false): Promise<void> {
    const reached = this.points.filter(({ at }) => at <= point.offset);
    this.points.splice(0, reached.length - 1);
    const due = performance.now() - this.kept >= KEEP_EVERY_MS || this.data - this.keptData >= KEEP_EVERY_BYTES;
    if (!now && !due) return;
    [this.kept, this.keptData] = [performance.now(), this.data];
    const digest = reached.at(-1);
    await this.limits.report({ ...this.progress(), reached: { point, ...(digest ? { digest } : {}) } });
  }

  /** Goes back to the last point before an offset of which the digest is known: that is of all contents, wherever who takes them begins. */
  private begin(from: number): void {
    const point = this.points.findLast(({ at }) => at <= from);
    this.digest = new ContentDigest(this.size, point);
    this.points = point ? [point] : [];
    this.at = point?.at ?? 0;
    this.data = 0;
    this.keptData = 0;
    this.pointedData = 0;
  }

  /** Extents from where the digest is; a reading that breaks off is taken up again, of the same contents. */
  private async *unbroken(): AsyncGenerator<Extent> {
    const { reopen, signal } = this.limits;
    let fruitless = 0;
    for (let broken = false; ; broken = true) {
      const begun = this.at;
      try {
        if (broken && reopen) this.disk = await reopen();
        for await (const extent of this.disk.extents(begun - (begun % SECTOR))) {
          const rest = partFrom(extent, begun);
          if (rest) yield rest;
        }
        return;
      } catch (error) {
        fruitless = this.at > begun ? 0 : fruitless + 1;
        const delay = AGAIN_MS[fruitless];
        const goesOn = error instanceof ProviderError && error.passing && !signal.aborted && this.failure === undefined;
        // What has not begun yet costs nothing to begin again, for the Job.
        if (!goesOn || !reopen || delay === undefined || !this.rereadable || this.at === 0) throw error;
        await sleep(delay, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async took(extent: Extent): Promise<void> {
    await this.digest.add(extent);
    const length = 'data' in extent ? extent.data.byteLength : extent.zeros;
    this.at = extent.offset + length;
    if ('data' in extent) this.data += length;
    const { point } = this.digest;
    if (point && this.data - this.pointedData >= POINT_BYTES) {
      this.pointedData = this.data;
      this.points.push(point);
      if (this.points.length > POINTS) this.points.shift();
    }
    if (performance.now() - this.reported < REPORT_EVERY_MS) return;
    this.reported = performance.now();
    await this.limits.report(this.progress());
  }

  private progress(): Progress {
    const share = this.allocated === undefined ? this.at / this.size : this.data / Math.max(1, this.allocated);
    return { share: Math.min(1, share), message: `Copying the image: ${gib(this.at)} of ${gib(this.size)} GiB` };
  }

  private stalled(): void {
    this.failure = new ProviderError('timeout', this.limits.stalled, { maybeDone: true });
    this.limits.giveUp();
  }
}

/** The part of an extent from an offset on, if any. */
function partFrom(extent: Extent, from: number): Extent | undefined {
  const skip = from - extent.offset;
  if (skip <= 0) return extent;
  if ('data' in extent) return skip < extent.data.byteLength ? { offset: from, data: extent.data.subarray(skip) } : undefined;
  return skip < extent.zeros ? { offset: from, zeros: extent.zeros - skip } : undefined;
}

const gib = (bytes: number): string => (bytes / GIB).toFixed(2);
