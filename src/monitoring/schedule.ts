import type { JobLog } from '../jobs/engine-context';
import { KeptLease, LeaseLost } from '../jobs/lease';
import { withTimeout } from '../jobs/with-timeout';
import type { Value } from '../model/values';
import type { TaskRow } from '../store/monitoring';
import { StaleError, type Store, type UnitOfWork } from '../store/store';

/** Turn of recurring work. */
export interface Turn {
  /** Memory as the turn before left it; null before the first. */
  memory: Value | null;
  /** Aborted when the lease is lost or the process ends: come back soon, what was not saved is done again. */
  signal: AbortSignal;
  /**
   * Keeps the memory, and in the same transaction whatever `write` writes: both or none, and nothing once another process has the
   * work. May be called many times in a turn.
   * @throws LeaseLost
   */
  save(memory: Value, write?: (unit: UnitOfWork) => Promise<void>): Promise<void>;
  /** ms since the epoch by the database's clock. */
  now(): number;
}

/** Work that is done again and again, by one of all processes at a time. */
export interface RecurringWork {
  /** Name that is its own among all, the same in every process: `collect east`. */
  name: string;
  /** Distance of two turns from begin to begin, ms; a turn that takes longer is followed by the next at once. */
  everyMs: number;
  /**
   * Does one turn. What it throws is logged, and the next turn comes at its time.
   * @returns time in ms after which the next one is wanted, where that is sooner
   */
  run(...turn: [memory: Turn['memory'], signal: Turn['signal'], save: Turn['save'], now: Turn['now']]): Promise<number | void>;
}

export interface ScheduleOptions {
  store: Store;
  log: JobLog;
  /** Name of this process on its leases; unique among processes. */
  owner: string;
  /** Length of a lease, ms: a process that died is followed after that. */
  leaseMs: number;
  /** Pause between two looks for due work, ms. */
  lookMs: number;
}

/** Pieces of work that one process has in hand at once. */
const AT_ONCE = 4;

/**
 * Recurring work under leases: of many processes one does each turn, and one that dies is followed by another which goes on from
 * what was saved. Jobs are what somebody asked for once; this is what goes on by itself.
 */
export class Schedule {
  private readonly work = new Map<string, RecurringWork>();
  private readonly running = new Map<string, { done: Promise<void>; stop: () => void }>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private closed = false;
  private known = false;

  constructor(private readonly options: ScheduleOptions) {}

  /** Adds work, before the start. */
  add(work: RecurringWork): void {
    if (this.work.has(work.name)) throw new Error(`there are two recurring works named '${work.name}'`);
    this.work.set(work.name, work);
  }

  /** Looks for due work now and every `lookMs`. */
  start(): void {
    if (this.work.size === 0) return;
    void this.look();
    this.timer = setInterval(() => void this.look(), this.options.lookMs);
    this.timer.unref();
  }

  /** Makes work due now, in whatever process; within a transaction use its `wakeTask`. */
  async wake(name: string): Promise<void> {
    await this.options.store.transaction((unit) => unit.wakeTask(name));
  }

  /** Begins what is due; joins the look under way. Never rejects. */
  look(): Promise<void> {
    this.looking ??= this.begin().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /** Waits until nothing is in hand. */
  async idle(): Promise<void> {
    await Promise.all([...this.running.values()].map(({ done }) => done));
  }

  /** Begins nothing more, tells what is under way to come back, and waits for it at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.looking;
    for (const { stop } of this.running.values()) stop();
    await withTimeout(this.idle(), graceMs).catch(() =>
      this.options.log.warn({}, 'recurring work is still under way; its lease will expire'),
    );
  }

  private async begin(): Promise<void> {
    const { store, owner, leaseMs, log } = this.options;
    try {
      if (!this.known) await store.addTasks([...this.work.keys()]);
      this.known = true;
      while (!this.closed && this.running.size < AT_ONCE) {
        const row = await store.leaseTask(this.free(), owner, leaseMs);
        const work = row && this.work.get(row.name);
        if (!row || !work) return;
        this.run(work, row);
      }
    } catch (error) {
      if (!this.closed) log.warn({ err: error }, 'due recurring work could not be looked for');
    }
  }

  private free(): Map<string, number> {
    return new Map([...this.work.values()].flatMap(({ name, everyMs }) => (this.running.has(name) ? [] : [[name, everyMs] as const])));
  }

  private run(work: RecurringWork, row: TaskRow): void {
    const { store, leaseMs, log } = this.options;
    const { name, epoch, leaseUntil } = row;
    const what = `the recurring work ${name}`;
    const lease = new KeptLease(
      { what, fields: { work: name }, leaseUntil, renew: () => store.renewTask(name, epoch, leaseMs) },
      leaseMs,
      log,
    );
    const done = this.turn(work, row, lease).finally(() => {
      lease.end();
      this.running.delete(name);
    });
    this.running.set(name, { done, stop: () => lease.abort('the process is shutting down') });
  }

  private async turn(work: RecurringWork, { name, epoch, memory }: TaskRow, lease: KeptLease): Promise<void> {
    const { store, log } = this.options;
    const save: Turn['save'] = async (kept, write) => {
      if (lease.lost) throw new LeaseLost(`the recurring work ${name}`);
      await store.transaction(async (unit) => {
        await unit.saveTask(name, epoch, kept);
        await write?.(unit);
      });
    };
    let wanted: number | void = undefined;
    try {
      wanted = await work.run(memory, lease.signal, save, () => lease.now());
    } catch (error) {
      if (lease.lost || error instanceof StaleError) log.info({ work: name }, 'recurring work was taken over by another process');
      else if (!this.closed) log.warn({ work: name, err: error }, 'recurring work failed; it is done again at its time');
    }
    // A turn that was broken off is not over.
    await store
      .endTask(name, epoch, this.closed ? 0 : (wanted ?? undefined))
      .catch((error: unknown) => log.warn({ work: name, err: error }, 'recurring work was not given back'));
  }
}
