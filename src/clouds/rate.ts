import { setTimeout as sleep } from 'node:timers/promises';
import type { Disk, Extent } from '../disks/disk';
import { ProviderError } from './errors';

/** Time whose bytes may pass at once after a rest, in ms. */
const BURST_MS = 1_000;

/**
 * Rate limit of what one process passes into a cloud and out of it together: a bucket of tokens, one for each byte of data. Zeros that
 * nobody sends cost none.
 */
export class TransferRate {
  /** Time until which the bucket is empty, by the clock. */
  private emptyUntil = -Infinity;

  /** @param clock tells a time in ms that never goes back */
  constructor(
    readonly bytesPerSecond: number,
    private readonly clock = () => performance.now(),
    private readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown> = (ms, signal) => sleep(ms, undefined, { signal }),
  ) {}

  /** Waits until so many bytes may pass, behind those that came before. @throws ProviderError where the signal is aborted meanwhile */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.clock();
    this.emptyUntil = Math.max(this.emptyUntil, now - BURST_MS) + (1000 * bytes) / this.bytesPerSecond;
    const ms = this.emptyUntil - now;
    if (ms <= 0) return;
    try {
      await this.wait(ms, signal);
    } catch (cause) {
      throw new ProviderError('unavailable', 'A transfer was given up while it waited for its turn', { maybeDone: false, cause });
    }
  }
}

/** The disk, read no faster than the rate allows. */
export function pacedDisk(disk: Disk, rate: TransferRate | undefined, signal: AbortSignal): Disk {
  if (!rate) return disk;
  const { size, allocated, rereadable } = disk;
  async function* extents(from: number): AsyncGenerator<Extent> {
    for await (const extent of disk.extents(from)) {
      if ('data' in extent) await (rate as TransferRate).pass(extent.data.byteLength, signal);
      yield extent;
    }
  }
  return { size, allocated, rereadable, extents };
}

/** The bytes, passed on no faster than the rate allows. */
export async function* pacedBytes(
  bytes: AsyncIterable<Uint8Array>,
  rate: TransferRate | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const part of bytes) {
    if (rate) await rate.pass(part.byteLength, signal);
    yield part;
  }
}

/** Copies of one way whose rate is remembered. */
const REMEMBERED = 5;

/** Rates of the last copies from cloud to cloud, as this process saw them. */
export class TransferRates {
  private readonly last = new Map<string, { bytes: number; ms: number }[]>();

  /** Remembers a copy that came to its end. */
  note(from: string, to: string, copied: { bytes: number; ms: number }): void {
    const way = `${from} ${to}`;
    this.last.set(way, [...(this.last.get(way) ?? []), copied].slice(-REMEMBERED));
  }

  /** Returns the bytes per second of the last copies of a way together; undefined where there were none. */
  of(from: string, to: string): number | undefined {
    const copies = this.last.get(`${from} ${to}`) ?? [];
    const ms = copies.reduce((sum, copy) => sum + copy.ms, 0);
    return ms === 0 ? undefined : (copies.reduce((sum, { bytes }) => sum + bytes, 0) * 1000) / ms;
  }
}
