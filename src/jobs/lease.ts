import type { JobRow, Store } from '../store/store';
import { loggedJob, type JobLog } from './engine-context';

/** Thrown where another process has taken the work over: nothing more may be written. */
export class LeaseLost extends Error {
  /** @param what the work, in words: `job 5ga5` */
  constructor(what: string) {
    super(`the lease of ${what} was lost`);
    this.name = 'LeaseLost';
  }
}

/** Work that this process has leased. */
export interface Leased {
  /** Words for it in errors. */
  what: string;
  /** Fields that name it in the log. */
  fields: object;
  /** ms since the epoch by the database's clock, when it was leased. */
  leaseUntil: number;
  /** Extends the lease in the database. @returns false when it was lost */
  renew(): Promise<boolean>;
}

/**
 * A lease that this process has. Renews itself at a third of its length; once the database says it is lost, or
 * could not be asked for a whole length, `signal` aborts and `lost` stays true.
 */
export class KeptLease {
  private readonly aborter = new AbortController();
  private readonly leasedAt = performance.now();
  private readonly databaseNow: number;
  private timer: NodeJS.Timeout | undefined;
  private renewedAt = this.leasedAt;
  /** The same by the wall clock, which goes on while a machine is suspended. */
  private renewedOn = Date.now();
  lost = false;

  constructor(
    private readonly leased: Leased,
    private readonly leaseMs: number,
    private readonly log: Pick<JobLog, 'warn'>,
  ) {
    this.databaseNow = leased.leaseUntil - leaseMs;
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
    if (this.lost) throw new LeaseLost(this.leased.what);
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
    this.abort(`the lease of ${this.leased.what} was lost`);
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
      const kept = await this.leased.renew();
      if (this.timer === undefined) return;
      if (!kept) return this.lose();
      this.renewedAt = begun;
      this.renewedOn = on;
    } catch (error) {
      this.log.warn({ ...this.leased.fields, err: error }, 'the lease could not be renewed');
      if (performance.now() - this.renewedAt >= this.leaseMs) return this.lose();
    }
    if (this.timer !== undefined) this.schedule();
  }
}

/** The lease of a Job. */
export class Lease extends KeptLease {
  constructor(
    readonly row: JobRow,
    store: Store,
    leaseMs: number,
    log: Pick<JobLog, 'warn'>,
  ) {
    const leased = {
      what: `job ${row.id}`,
      fields: loggedJob(row),
      leaseUntil: row.leaseUntil ?? Date.now() + leaseMs,
      renew: () => store.renewLease(row.id, row.epoch, leaseMs),
    };
    super(leased, leaseMs, log);
  }
}
