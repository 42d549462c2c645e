import type { JobRow, Store } from '../store/store';
import { isStoreAway } from './failure';
import { isFinished } from './stop';

const LOOK_EVERY_MS = 50;

/** Lets an answer wait for a Job: told at once when this process ends it, else by looking gently. */
export class Completion {
  private readonly waiting = new Map<string, Set<(row: JobRow) => void>>();

  constructor(private readonly store: Store) {}

  /** Tells everyone who waits for this Job. */
  ended(row: JobRow): void {
    for (const tell of this.waiting.get(row.id) ?? []) tell(row);
  }

  /**
   * @param ms how long to wait at most.
   * @param here whether this process has the Job in hand, so that the store need not be asked.
   * @returns the Job as it ended, or as it is at the deadline; undefined where the store can't tell by then.
   * @throws Error when there is no such Job.
   */
  async waitFor(jobId: string, ms: number, here: () => boolean): Promise<JobRow | undefined> {
    const deadline = performance.now() + ms;
    const end = this.listen(jobId);
    try {
      for (let first = true; ; first = false) {
        const left = deadline - performance.now();
        const look = first || left <= 0 || !here();
        const row = end.row ?? (look ? await this.look(jobId) : undefined);
        if (row && (isFinished(row) || left <= 0)) return row;
        if (left <= 0) return undefined;
        await end.within(Math.min(LOOK_EVERY_MS, deadline - performance.now()));
      }
    } finally {
      end.stop();
    }
  }

  /** What was accepted stays accepted while the store is away: nothing is known of it then. */
  private async look(jobId: string): Promise<JobRow | undefined> {
    try {
      return found(await this.store.job(jobId), jobId);
    } catch (error) {
      if (isStoreAway(error)) return undefined;
      throw error;
    }
  }

  private listen(jobId: string): { row: JobRow | undefined; within(ms: number): Promise<void>; stop(): void } {
    const listeners = this.waiting.get(jobId) ?? new Set();
    this.waiting.set(jobId, listeners);
    let wake: (() => void) | undefined;
    const tell = (row: JobRow): void => {
      end.row = row;
      wake?.();
    };
    const end = {
      row: undefined as JobRow | undefined,
      within: (ms: number) =>
        new Promise<void>((resolve) => {
          if (end.row) return resolve();
          const timer = setTimeout(resolve, Math.max(0, ms));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        }),
      stop: () => {
        listeners.delete(tell);
        if (listeners.size === 0) this.waiting.delete(jobId);
      },
    };
    listeners.add(tell);
    return end;
  }
}

function found(row: JobRow | undefined, jobId: string): JobRow {
  if (!row) throw new Error(`there is no job ${jobId}`);
  return row;
}
