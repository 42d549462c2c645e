import type { EventRecord } from '../store/event-record';
import type { Store } from '../store/store';

export interface ReadAuditParts {
  store: Pick<Store, 'transaction'>;
  log: { error(message: string, details?: object): void };
  /** Longest time for which an entry is held in memory, in ms; it is written earlier where there are many. */
  holdMs?: number;
  /** Entries in memory beyond which a read waits until there is room. */
  most?: number;
}

/** Entries of the audit for reads, which are written some at a time, apart from the answers. */
export interface ReadAudit {
  /**
   * Takes an entry, to be written soon; resolves at once as long as there is room.
   * @throws what the store says where there is none, since nothing can be written
   */
  note(entry: EventRecord): Promise<void>;
  /** Writes what is left. */
  close(): Promise<void>;
}

/** Entries of one transaction. */
const AT_ONCE = 500;

/** Keeps the audit of reads: no answer waits for a transaction of its own, and none is given of which there is no entry to come. */
export function createReadAudit({ store, log, holdMs = 1_000, most = 10_000 }: ReadAuditParts): ReadAudit {
  let waiting: EventRecord[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<Error | undefined> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const tenant = waiting[0]?.tenant ?? '';
      const batch = waiting.filter((entry) => entry.tenant === tenant).slice(0, AT_ONCE);
      await store.transaction((unit) => unit.recordEntries(tenant, batch));
      const written = new Set(batch);
      waiting = waiting.filter((entry) => !written.has(entry));
    }
  };
  /** Writes what there is, or tries to: then it is tried again after a while. @returns why it could not be written */
  const flush = async (): Promise<Error | undefined> => {
    clearTimeout(timer);
    timer = undefined;
    writing ??= writeAll()
      .then(() => undefined, failed)
      .finally(() => {
        writing = undefined;
      });
    return writing;
  };
  const later = (): void => {
    timer ??= setTimeout(() => void flush(), holdMs).unref();
  };
  const failed = (thrown: unknown): Error => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    log.error('entries of the audit for reads could not be written; they will be', { error: error.message, waiting: waiting.length });
    later();
    return error;
  };
  const mustFlush = async (): Promise<void> => {
    const error = await flush();
    if (error) throw error;
  };

  return {
    async note(entry) {
      if (waiting.length >= most) await mustFlush();
      waiting.push(entry);
      if (waiting.length >= AT_ONCE && !writing) void flush();
      else later();
    },
    close: mustFlush,
  };
}
