import type { Ledger } from '../model/ledger';
import {
  isFinished,
  StaleError,
  type JobRow,
  type NewResourceRow,
  type ResourcePath,
  type ResourceQuery,
  type ResourceRow,
  type Store,
  type StoreReads,
  type UnitOfWork,
} from './store';

/**
 * Topics of the ledger: those that reads of the store note, and those that its writes change. A read or a write that is not told of here does not compile.
 */

/** Topics of one read by name; above so many the one of all of them is told. */
const MOST_NAMED = 64;

const ROW = (path: ResourcePath): string => `row ${path}`;
const KEY = (type: string, cloud: string, key: string): string => `key ${type} ${cloud} ${key}`;
const TYPE = (type: string): string => `type ${type}`;
const OWN = (type: string, tenant: string): string => `own ${type} ${tenant}`;
const HOLD = (path: ResourcePath): string => `hold ${path}`;
const JOB = (id: string): string => `job ${id}`;
const NESTED = (parent: string): string => `nested ${parent}`;
const [ROWS, HOLDS, JOBS] = ['rows', 'holds', 'jobs'];

/** Notes topics by name, or the one that stands for all. */
type Note = (names: readonly string[], topic: (name: string) => string, all: string) => void;

/** Notes of each read; null: nobody tells the changes of it. What is deleted, or comes back, changes everything: that needs no topic. */
const READS: { readonly [R in keyof StoreReads]: ((note: Note, ...args: Parameters<StoreReads[R]>) => void) | null } = {
  resource: (note, path) => note([path], ROW, ROWS),
  heldResource: (note, path) => {
    note([path], ROW, ROWS);
    note([path], HOLD, HOLDS);
  },
  resources: noteQuery,
  heldResources: (note, query) => {
    noteQuery(note, query);
    note(query.paths ?? [], HOLD, HOLDS);
  },
  countResources: noteQuery,
  resourcePlace: noteQuery,
  standings: (note, paths) => note(paths, ROW, ROWS),
  retired: () => undefined,
  retiredClouds: () => undefined,
  takenAway: () => undefined,
  job: (note, id) => note([id], JOB, JOBS),
  jobs: (note) => note([], JOB, JOBS),
  countJobs: (note) => note([], JOB, JOBS),
  jobPlace: (note) => note([], JOB, JOBS),
  jobByKey: (note) => note([], JOB, JOBS),
  jobStandings: (note, ids) => note(ids, JOB, JOBS),
  nestedJobs: (note, parents) => note(parents, NESTED, JOBS),
  holds: (note, paths = []) => note(paths, HOLD, HOLDS),
  ...{ referring: null, counts: null, dueJobs: null, recentEvents: null, now: null },
  ...{ eventList: null, countEvents: null, eventPlace: null, eventSummary: null, eventOfJob: null, lastEvent: null },
  ...{ samples: null, countSamples: null, samplePlace: null, newestSamples: null, series: null },
  ...{ agenda: null, nextOnAgenda: null, agendas: null },
};
const READ_NAMES = Object.keys(READS) as (keyof StoreReads)[];

function noteQuery(note: Note, { type, cloud, providerKeys, paths, tenants }: Omit<ResourceQuery, 'limit'>): void {
  const [tenant, ...others] = tenants ?? [];
  const all = tenant === undefined || others.length > 0 ? TYPE(type) : OWN(type, tenant);
  if (paths) note(paths, ROW, all);
  else if (providerKeys && typeof cloud === 'string') note(providerKeys, (key) => KEY(type, cloud, key), all);
  else note([], ROW, all);
}

/** Changes of one transaction, told once it has ended. */
class Changes {
  private readonly topics = new Set<string>();
  private readonly paths = new Set<ResourcePath>();
  private all = false;
  /** The same as `held`, as it is after this transaction; undefined for what has ended. */
  private readonly holding = new Map<string, readonly ResourcePath[] | undefined>();

  constructor(
    private readonly ledger: Ledger,
    /** Paths that unfinished Jobs hold, as far as this process has seen it. */
    private readonly held: Map<string, readonly ResourcePath[]>,
  ) {}

  everything(): void {
    this.all = true;
  }

  /** Takes back what Jobs hold: a transaction writes it yet, and has to know what they held. */
  notYet(): void {
    this.holding.clear();
  }

  row({ path, type, tenant, cloud, providerKey }: NewResourceRow): void {
    for (const topic of [ROWS, ROW(path), TYPE(type), OWN(type, tenant)]) this.topics.add(topic);
    if (cloud !== null && providerKey !== null) this.topics.add(KEY(type, cloud, providerKey));
    this.paths.add(path);
  }

  holds(paths: readonly ResourcePath[]): void {
    if (paths.length === 0) return;
    this.topics.add(HOLDS);
    for (const path of paths) {
      this.topics.add(HOLD(path));
      this.paths.add(path);
    }
  }

  /** @param row the Job as it is afterwards; what it held before is given back when it ends */
  job(row: JobRow): void {
    this.topics.add(JOBS).add(JOB(row.id));
    if (row.parent !== null) this.topics.add(NESTED(row.parent));
    const before = this.holding.get(row.id) ?? this.held.get(row.id);
    const now = isFinished(row) ? undefined : row.holds.map(({ path }) => path);
    if (!now && !before) this.everything();
    this.holds([...(before ?? []), ...(now ?? [])]);
    this.holding.set(row.id, now);
  }

  /** @param row a Job that was ended when it was made: it never held anything */
  bornEnded(row: JobRow): void {
    this.holding.set(row.id, []);
    this.job(row);
  }

  /** @param committed whether the transaction has ended well */
  tell(committed: boolean): void {
    if (this.all) this.ledger.changedAll();
    else {
      for (const topic of this.topics) this.ledger.changed(topic);
      for (const path of this.paths) this.ledger.changedAt(path);
    }
    if (!committed) return;
    for (const [job, paths] of this.holding) {
      if (paths) this.held.set(job, paths);
      else this.held.delete(job);
    }
  }
}

type Writes = { [W in keyof Omit<UnitOfWork, keyof StoreReads>]: UnitOfWork[W] };

/** The writes of a transaction, which note what they change. */
function writesOf(unit: UnitOfWork, changes: Changes): Writes {
  const everything = async <T>(work: Promise<T>): Promise<T> => {
    changes.everything();
    return work;
  };
  const job = async (work: Promise<JobRow>): Promise<JobRow> => {
    const row = await work;
    changes.job(row);
    return row;
  };
  const row = async (work: Promise<ResourceRow>): Promise<ResourceRow> => {
    const written = await work;
    changes.row(written);
    return written;
  };
  const { oneAtATime, keep, putSamples, trimSamples, removeSamples, putOnAgenda, dateOnAgenda, saveTask, wakeTask } = unit;
  const { putQuota, recordEvent, recordEntries, nameEvent, deleteEvent } = unit;
  return {
    insertResource: (given) => row(unit.insertResource(given)),
    updateResource: async (path, version, change) => {
      // It is found by another key, or in another place, from now on.
      if (change.providerKey !== undefined || change.cloud !== undefined) changes.everything();
      return row(unit.updateResource(path, version, change));
    },
    deleteResource: (path) => everything(unit.deleteResource(path)),
    takeAway: (path, others, version) => everything(unit.takeAway(path, others, version)),
    bringBack: (path, providerKey) => everything(unit.bringBack(path, providerKey)),
    insertJob: async (given) => {
      const inserted = await unit.insertJob(given);
      if (isFinished(inserted)) changes.bornEnded(inserted);
      else changes.job(inserted);
      return inserted;
    },
    updateJob: (id, change, states) => job(unit.updateJob(id, change, states)),
    advanceJob: (id, epoch, progress) => job(unit.advanceJob(id, epoch, progress)),
    deleteJob: (id) => everything(unit.deleteJob(id)),
    // Neither of these changes anything that a read of READS shows.
    ...{ oneAtATime, keep, putSamples, trimSamples, removeSamples, putOnAgenda, dateOnAgenda, saveTask, wakeTask },
    ...{ putQuota, recordEvent, recordEntries, nameEvent, deleteEvent },
  };
}

/**
 * A store that keeps a ledger: each read notes what it reads, each write what it changes, told once the write has ended, well or not,
 * and before its caller is told so. For a store that nobody else writes to.
 */
export function ledgerStore(store: Store, ledger: Ledger): Store {
  const held = new Map<string, readonly ResourcePath[]>();
  const told = async <T>(work: (changes: Changes) => Promise<T>): Promise<T> => {
    const changes = new Changes(ledger, held);
    let committed = false;
    try {
      const result = await work(changes);
      committed = true;
      return result;
    } finally {
      changes.tell(committed);
    }
  };
  const written = <R extends JobRow | undefined>(work: Promise<R>): Promise<R> =>
    told(async (changes) => {
      try {
        const row = await work;
        if (row) changes.job(row);
        return row;
      } catch (error) {
        // Of an outage nobody knows whether it was written.
        if (!(error instanceof StaleError)) changes.everything();
        throw error;
      }
    });
  const removing =
    <A extends readonly unknown[]>(remove: (...args: A) => Promise<number>) =>
    (...args: A): Promise<number> =>
      told(async (changes) => {
        try {
          const removed = await remove(...args);
          // Most sweeps find nothing, and leave everything as it was.
          if (removed > 0) changes.everything();
          return removed;
        } catch (error) {
          changes.everything();
          throw error;
        }
      });
  return {
    ...store,
    ...noting(store, ledger),
    recent: {
      mark: () => ledger.mark(),
      changed: (mark, type) => {
        ledger.read(TYPE(type));
        ledger.read(HOLDS);
        return ledger.changedSince(mark);
      },
    },
    transaction: (work) => {
      // What is read in a transaction is not noted.
      ledger.readUntold();
      return told((changes) => store.transaction((unit) => work({ ...unit, ...writesOf(unit, changes) })));
    },
    acceptAtOnce: (accepted) => {
      // What is read in a transaction is not noted.
      ledger.readUntold();
      return told(async (changes) => {
        const job = await store.acceptAtOnce(accepted).catch((error: unknown) => {
          // It may be done and have failed to say so.
          changes.everything();
          throw error;
        });
        if (!job) return undefined;
        for (const row of [...accepted.resources, ...accepted.claims]) changes.row(row);
        if (isFinished(job)) changes.bornEnded(job);
        else changes.job(job);
        return job;
      });
    },
    advanceAtOnce: (job, work, ready) => {
      ledger.readUntold();
      return told(async (changes) => {
        try {
          const row = await store.advanceAtOnce(job, (unit) => work({ ...unit, ...writesOf(unit, changes) }), ready);
          if (!row) changes.notYet();
          return row;
        } catch (error) {
          changes.everything();
          throw error;
        }
      });
    },
    leaseJob: (...args) => written(store.leaseJob(...args)),
    advanceJob: (...args) => written(store.advanceJob(...args)),
    removeExpiredJobs: removing(store.removeExpiredJobs),
    forgetRetired: removing(store.forgetRetired),
    doubtJobs: removing(store.doubtJobs),
  };
}

/** Names of what reads beside StoreReads: none of it is told. */
const MORE_READS = ['events', 'feedEnd', 'readNews', 'marks', 'hasKey', 'checkAudit', 'auditEntries', 'taskMemories', 'tenants'] as const;

/** The reads of the store, which note what they read. */
function noting(store: Store, ledger: Ledger): Partial<Store> {
  const note: Note = (names, topic, all) => {
    if (names.length === 0 || names.length > MOST_NAMED) ledger.read(all);
    else for (const name of names) ledger.read(topic(name));
  };
  type Read = (...args: never[]) => Promise<unknown>;
  const tells = READS as Readonly<Record<string, ((note: Note, ...args: never[]) => void) | null | undefined>>;
  const reads: Record<string, Read> = {};
  for (const name of [...READ_NAMES, ...MORE_READS]) {
    const read = store[name] as Read;
    const tell = tells[name];
    reads[name] = tell
      ? (...args) => {
          tell(note, ...args);
          return read(...args);
        }
      : (...args) => {
          ledger.readUntold();
          return read(...args);
        };
  }
  return reads;
}
