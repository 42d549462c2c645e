import type { Kit } from './kit';
import { within } from './within';

const DUE_AT_ONCE = 200;
const EXPIRED_AT_ONCE = 500;

/**
 * Looks for due Jobs that nobody has in hand every few seconds, so that nothing depends on the queue's memory.
 * They are brought by the queue while it is well; while it isn't, this process works them itself.
 */
export class Sweep {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private running: Promise<void> | undefined;
  private readonly inHand = new Map<string, Promise<void>>();

  constructor(
    private readonly kit: Kit,
    private readonly work: (jobId: string) => Promise<void>,
    private readonly prove: () => Promise<void>,
  ) {}

  /** Sweeps now and every `sweepMs`. */
  start(): void {
    void this.once();
    this.timer = setInterval(() => void this.once(), this.kit.sweepMs);
    this.timer.unref();
  }

  /** One sweep; joins the one under way. Never rejects. */
  once(): Promise<void> {
    this.running ??= this.look().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Stops looking and waits at most `graceMs` for what it works itself. */
  async close(graceMs: number): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    const rest = Promise.all([this.running, ...this.inHand.values()]);
    await within(rest, graceMs).catch(() => this.kit.log.warn({}, 'jobs are still in hand; they are left to their leases'));
  }

  private async look(): Promise<void> {
    const { store, log, refusedPerTenant } = this.kit;
    try {
      const due = await store.dueJobs(DUE_AT_ONCE);
      for (const { id } of due) if (!this.stopped) await this.bring(id);
      if (!this.stopped) await store.removeExpiredJobs(EXPIRED_AT_ONCE, refusedPerTenant);
      if (!this.stopped) await this.prove();
    } catch (error) {
      if (!this.stopped) log.warn({ err: error }, 'the sweep for due jobs failed');
    }
  }

  private async bring(id: string): Promise<void> {
    const { queue, concurrency } = this.kit;
    if (queue.trouble() === undefined) return queue.tell(id);
    if (this.inHand.has(id)) return;
    while (this.inHand.size >= concurrency) await Promise.race(this.inHand.values());
    const done = this.work(id).finally(() => this.inHand.delete(id));
    this.inHand.set(id, done);
  }
}
