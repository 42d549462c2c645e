import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EngineContext } from './engine-context';
import { withTimeout } from './with-timeout';

const DUE_AT_ONCE = 200;
const EXPIRED_AT_ONCE = 500;
/** Pause between two removals of what has been kept for long enough, ms. */
const TIDY_MS = 60_000;
/** Batches of each kind at a time, so that due Jobs are looked for between. */
const BATCHES = 20;

/**
 * Looks every few seconds for due Jobs that no worker has leased, so that nothing depends on the queue's memory.
 * They are brought by the queue while it is well; while it isn't, this process works them itself.
 */
export class Sweep {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private sweeping: Promise<void> | undefined;
  private tidyAt = 0;
  private readonly working = new Map<string, Promise<void>>();

  constructor(
    private readonly engine: EngineContext,
    private readonly work: (jobId: string) => Promise<void>,
    private readonly raiseMark: () => Promise<void>,
  ) {}

  /** Sweeps now and every `sweepMs`. */
  start(): void {
    void this.once();
    this.timer = setInterval(() => void this.once(), this.engine.sweepMs);
    this.timer.unref();
  }

  /** One sweep; joins the one under way. Never rejects. */
  once(): Promise<void> {
    this.sweeping ??= this.look().finally(() => {
      this.sweeping = undefined;
    });
    return this.sweeping;
  }

  /** Stops looking and waits at most `graceMs` for what it works itself. */
  async close(graceMs: number): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    const rest = Promise.all([this.sweeping, ...this.working.values()]);
    await withTimeout(rest, graceMs).catch(() => this.engine.log.warn({}, 'jobs are still running; their leases will expire'));
  }

  private async look(): Promise<void> {
    const { store, log, refusedPerTenant } = this.engine;
    try {
      const due = await store.dueJobs(DUE_AT_ONCE);
      for (const { id } of due) if (!this.stopped) await this.bring(id);
      if (!this.stopped) await store.removeExpiredJobs(EXPIRED_AT_ONCE, refusedPerTenant);
      await this.tidy();
      if (!this.stopped) await this.raiseMark();
    } catch (error) {
      if (!this.stopped) log.warn({ err: error }, 'the sweep for due jobs failed');
    }
  }

  /** Lets go of what has been kept for long enough, in small batches. */
  private async tidy(): Promise<void> {
    const { store, retention } = this.engine;
    if (performance.now() < this.tidyAt) return;
    this.tidyAt = performance.now() + TIDY_MS;
    for (const batch of [
      () => store.removeEvents(retention.events, EXPIRED_AT_ONCE),
      () => store.removeEntries(retention.audit, EXPIRED_AT_ONCE),
      () => store.forgetRetired(retention.retired, EXPIRED_AT_ONCE),
    ]) {
      for (let more = true, n = 0; more && n < BATCHES && !this.stopped; n++) {
        more = (await batch()) > 0;
        await nextTurn();
      }
    }
    if (!this.stopped) await store.mergeCounts();
  }

  private async bring(id: string): Promise<void> {
    const { queue, concurrency } = this.engine;
    if (queue.trouble() === undefined) return queue.notify(id);
    if (this.working.has(id)) return;
    while (this.working.size >= concurrency) await Promise.race(this.working.values());
    const done = this.work(id).finally(() => this.working.delete(id));
    this.working.set(id, done);
  }
}
