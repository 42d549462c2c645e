import type { JobRow, Store } from '../store/store';
import type { JobLog } from './kit';

/** Thrown inside the engine when another worker has taken the Job: nothing more may be written. */
export class LeaseLost extends Error {
  constructor(job: string) {
    super(`the lease of job ${job} was lost`);
    this.name = 'LeaseLost';
  }
}

/**
 * A Job in hand. Renews itself at a third of its length; once the database says it is lost, or could not be asked
 * for a whole length, `signal` aborts and `lost` stays true.
 */
export class Lease {
  private readonly aborter = new AbortController();
  private readonly leasedAt = performance.now();
  private readonly databaseNow: number;
  private timer: NodeJS.Timeout | undefined;
  private renewedAt = this.leasedAt;
  /** The same by the wall clock, which goes on while a machine is suspended. */
  private renewedOn = Date.now();
  lost = false;

  constructor(
    readonly row: JobRow,
    private readonly store: Store,
    private readonly leaseMs: number,
    private readonly log: JobLog,
  ) {
    this.databaseNow = (row.leaseUntil ?? Date.now() + leaseMs) - leaseMs;
    this.schedule();
  }

  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  /** The database's clock, ms since the epoch, carried on by this process's steady clock since the lease. */
  now(): number {
    return Math.round(this.databaseNow + performance.now() - this.leasedAt);
  }

  /** Tells steps in progress to come back soon (shutdown). */
  abort(reason: string): void {
    this.aborter.abort(new Error(reason));
  }

  /**
   * Makes sure that the lease is still this process's where it may have slept past it: nothing may then reach a
   * provider that another worker does, too. @throws LeaseLost
   */
  async assure(): Promise<void> {
    const age = Math.max(performance.now() - this.renewedAt, Date.now() - this.renewedOn);
    if (!this.lost && age >= this.leaseMs) await this.renew();
    if (this.lost) throw new LeaseLost(this.row.id);
  }

  /** Ends renewal; the lease itself is given back by the last write. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Marks the lease as lost, for good. */
  lose(): void {
    if (this.lost) return;
    this.lost = true;
    this.end();
    this.abort(`the lease of job ${this.row.id} was lost`);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.renew(), this.leaseMs / 3);
    this.timer.unref();
  }

  private async renew(): Promise<void> {
    const begun = performance.now();
    const on = Date.now();
    try {
      const kept = await this.store.renewLease(this.row.id, this.row.epoch, this.leaseMs);
      if (this.timer === undefined) return;
      if (!kept) return this.lose();
      this.renewedAt = begun;
      this.renewedOn = on;
    } catch (error) {
      this.log.warn({ job: this.row.id, err: error }, 'the lease could not be renewed');
      if (performance.now() - this.renewedAt >= this.leaseMs) return this.lose();
    }
    if (this.timer !== undefined) this.schedule();
  }
}
