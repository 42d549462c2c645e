import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Store } from './store';

/** A mark of another instance that is no older tells that the store is in use, not just restored, ms. */
const FRESH_MS = 30_000;

type Mark = { instance: string; count: number };

/**
 * Tells a store that is the newest there is from a backup that was restored: such a one does not know of what was done
 * since, and a create that it shows as waiting may have been made. A count is kept in the store and in a file beside it,
 * and both are raised while Jobs are worked: a store that is behind the file is older than what was done.
 */
export class RestoreDetector {
  private known: Mark | undefined;

  /** @param file in the data folder of this process */
  constructor(
    private readonly store: Store,
    private readonly file: string,
    private readonly log: { warn(fields: object, message: string): void },
  ) {}

  /**
   * Looks at the start, before any Job is worked, whether the store is the newest: where that can't be shown, every unfinished Job
   * in it is made doubtful, so that each of its steps looks before it does anything.
   */
  async begin(): Promise<void> {
    const kept = this.read();
    const marks = await this.store.marks();
    const own = marks.find(({ instance }) => instance === kept?.instance);
    const proven = (kept && own && own.count >= kept.count) || marks.some((mark) => mark !== own && mark.ageMs < FRESH_MS);
    this.known = kept ?? { instance: randomUUID(), count: 0 };
    if (!proven) {
      const jobs = await this.store.doubtJobs();
      if (jobs > 0)
        this.log.warn({ jobs }, 'the store may be a restored backup: unfinished jobs look at the clouds before they do anything');
    }
    await this.raise();
  }

  /** Raises the marks after Jobs were worked. The store goes first: a file that is behind proves as much. */
  async raise(): Promise<void> {
    const instance = this.known?.instance ?? randomUUID();
    this.known = { instance, count: await this.store.mark(instance) };
    const next = `${this.file}.next`;
    writeFileSync(next, `${JSON.stringify(this.known)}\n`);
    renameSync(next, this.file);
  }

  private read(): Mark | undefined {
    if (!existsSync(this.file)) return undefined;
    try {
      const { instance, count } = JSON.parse(readFileSync(this.file, 'utf8')) as Partial<Mark>;
      return typeof instance === 'string' && typeof count === 'number' ? { instance, count } : undefined;
    } catch (error) {
      this.log.warn({ err: error, file: this.file }, 'the mark beside the store cannot be read; the store counts as restored');
      return undefined;
    }
  }
}
