import { isFinished, type JobRow, type Store } from '../store/store';
import { isStoreAway } from './failure';

/** The first pauses between two looks, ms; they grow with the wait, up to the longest. */
const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** A look is this share of the wait late at most. */
const SHARE = 0.1;
/** All that wait together look at the store at most once in so many ms. */
const BETWEEN_LOOKS_MS = 4;

export interface WaitOptions {
  /** Longest wait, ms. */
  ms: number;
  /** True while this process works the Job, so that the store need not be asked. */
  here: () => boolean;
  /** Ends the wait early. */
  signal?: AbortSignal | undefined;
}

/** Lets answers wait for a Job: woken at once when this process ends it, else by looking, the longer the gentler. */
export class JobWaiters {
  private readonly waiting = new Map<string, Set<(row: JobRow) => void>>();

  constructor(private readonly store: Store) {}

  /** Wakes everyone who waits for this Job. */
  ended(row: JobRow): void {
    for (const tell of this.waiting.get(row.id) ?? []) tell(row);
  }

  /**
   * Waits for a Job to end.
   * @returns the Job as it ended, or as it is at the end of the wait; undefined where the store can't tell by then, or it
   * was removed meanwhile.
   * @throws Error when there is no such Job.
   */
  async waitFor(jobId: string, { ms, here, signal }: WaitOptions): Promise<JobRow | undefined> {
    const began = performance.now();
    const end = this.listen(jobId, signal);
    try {
      for (let first = true; ; first = false) {
        const spent = performance.now() - began;
        const isOver = spent >= ms || signal?.aborted === true;
        const look = first || isOver || !here();
        const row = end.row ?? (look ? await this.look(jobId, first) : undefined);
        if (row === 'removed') return undefined;
        if (row && (isFinished(row) || isOver)) return row;
        if (isOver) return undefined;
        await end.within(Math.min(this.pause(spent), ms - spent));
      }
    } finally {
      end.stop();
    }
  }

  private pause(spent: number): number {
    return Math.max(this.waiting.size * BETWEEN_LOOKS_MS, Math.min(LONGEST_PAUSE_MS, Math.max(PAUSE_MS, spent * SHARE)));
  }

  /** Undefined while the store is away: an accepted Job stays accepted then. */
  private async look(jobId: string, first: boolean): Promise<JobRow | 'removed' | undefined> {
    try {
      const row = await this.store.job(jobId);
      if (!row && first) throw new Error(`there is no job ${jobId}`);
      return row ?? 'removed';
    } catch (error) {
      if (isStoreAway(error)) return undefined;
      throw error;
    }
  }

  private listen(
    jobId: string,
    signal: AbortSignal | undefined,
  ): { row: JobRow | undefined; within(ms: number): Promise<void>; stop(): void } {
    const listeners = this.waiting.get(jobId) ?? new Set();
    this.waiting.set(jobId, listeners);
    let wake: (() => void) | undefined;
    const wakeUp = (): void => wake?.();
    signal?.addEventListener('abort', wakeUp, { once: true });
    const tell = (row: JobRow): void => {
      end.row = row;
      wake?.();
    };
    const end = {
      row: undefined as JobRow | undefined,
      within: (ms: number) =>
        new Promise<void>((resolve) => {
          if (end.row ?? signal?.aborted) return resolve();
          const timer = setTimeout(resolve, Math.max(0, ms));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        }),
      stop: () => {
        signal?.removeEventListener('abort', wakeUp);
        listeners.delete(tell);
        if (listeners.size === 0) this.waiting.delete(jobId);
      },
    };
    listeners.add(tell);
    return end;
  }
}
