import { withTimeout } from './with-timeout';

/**
 * Works a Job that was handed out. Never rejects.
 * @param letGo called once at most a last write of the Job is to come: another may be handed out in its place
 */
export type Work = (jobId: string, letGo: () => void) => Promise<void>;

/**
 * Brings Jobs to workers. The Job row is the truth: a queue may lose, repeat or delay messages, and whatever it loses
 * is found by the sweep. Messages carry the Job id and nothing else.
 */
export interface JobQueue {
  /** Makes a Job known to a worker, not before `delayMs`. Repeating an id is harmless and never ignored for good. */
  notify(jobId: string, delayMs?: number): Promise<void>;
  /**
   * Starts handing ids to `work`, at most `concurrency` at once in this process; as many more may be at their last write.
   */
  start(work: Work, concurrency: number): Promise<void>;
  /** True while a worker of this process has been handed the id just now, or works on it. */
  hasHandedOut(jobId: string): boolean;
  /** Stops handing out, waits for the Jobs being worked at most `graceMs`, then lets go. */
  close(graceMs?: number): Promise<void>;
  /** Describes what is wrong with the queue; undefined when it is well. */
  trouble(): string | undefined;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The queue without a server: it brings Jobs to workers of this process only. An id notified while it is ready is not
 * queued twice; notified while a worker has it, it is handed out again afterwards.
 */
export class EmbeddedQueue implements JobQueue {
  private readonly ready = new Set<string>();
  private readonly inHand = new Map<string, Promise<void>>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private work: Work | undefined;
  private concurrency = 0;
  /** Count of those in hand that have not been let go. */
  private busy = 0;
  private closed = false;

  notify(jobId: string, delayMs = 0): Promise<void> {
    if (!this.closed) {
      if (delayMs > 0) this.later(jobId, performance.now() + delayMs);
      else this.now(jobId);
    }
    return Promise.resolve();
  }

  start(work: Work, concurrency: number): Promise<void> {
    this.work = work;
    this.concurrency = concurrency;
    this.handOut();
    return Promise.resolve();
  }

  hasHandedOut(jobId: string): boolean {
    return this.inHand.has(jobId);
  }

  async close(graceMs = 0): Promise<void> {
    this.closed = true;
    this.ready.clear();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    await withTimeout(Promise.all(this.inHand.values()), graceMs).catch(() => this.inHand.clear());
  }

  trouble(): string | undefined {
    return undefined;
  }

  /** Timers may fire a little early and hold no more than 24 days, so the time is looked at again. */
  private later(jobId: string, at: number): void {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        if (performance.now() < at) this.later(jobId, at);
        else this.now(jobId);
      },
      Math.min(LONGEST_TIMER_MS, Math.ceil(at - performance.now())),
    );
    timer.unref();
    this.timers.add(timer);
  }

  private now(jobId: string): void {
    this.ready.add(jobId);
    this.handOut();
  }

  private handOut(): void {
    const { work } = this;
    if (!work) return;
    for (const jobId of this.ready) {
      if (this.closed || this.busy >= this.concurrency || this.inHand.size >= 2 * this.concurrency) return;
      if (this.inHand.has(jobId)) continue;
      this.ready.delete(jobId);
      this.inHand.set(jobId, this.hand(jobId, work));
    }
  }

  /** Begun in a later turn of the event loop, so that `notify` returns before any work. */
  private async hand(jobId: string, work: Work): Promise<void> {
    let gone = false;
    const letGo = (): void => {
      if (gone) return;
      gone = true;
      this.busy -= 1;
      this.handOut();
    };
    this.busy += 1;
    await new Promise(setImmediate);
    try {
      await work(jobId, letGo);
    } finally {
      this.inHand.delete(jobId);
      letGo();
      this.handOut();
    }
  }
}
