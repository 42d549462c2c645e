import type { Kysely } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessReads, accessWrites } from './access';
import { advanceGroups, alike, isOneStatement } from './advances';
import * as agenda from './agenda';
import { removeEntries } from './audit';
import { checkAudit } from './audit-check';
import { inBatches, type BatchOptions } from './batches';
import { mergeCounts, putQuota, readCounts, readTenants } from './counts';
import { draft } from './draft';
import type { EventRow } from './event-record';
import * as events from './events';
import { feedEnd, readNews } from './feed';
import { hasKey } from './key-check';
import { keyStore } from './key-store';
import { readHolds } from './holds';
import * as jobLists from './job-lists';
import * as jobs from './jobs';
import { mark, readMarks } from './marks';
import { recentEvents } from './recent-events';
import * as resourceLists from './resource-lists';
import * as resources from './resources';
import { bringBack, readTakenAway, takeAway } from './retired';
import { forgetRetired, removeEvents } from './retention';
import * as samples from './samples';
import { impossible, readNow, type Session } from './session';
import type { Tables } from './schema';
import { StaleError, type AcceptAtOnce, type JobRow, type ResourceRow, type Store, type StoreReads, type UnitOfWork } from './store';
import * as tasks from './tasks';
import { together } from './together';
import { isPassing, StoreUnavailable } from './unavailable';
import * as workedJobs from './worked-jobs';
import type { Advance } from './worked-jobs';

/** Number of times a transaction that the database gave up in favour of another is begun. */
const ATTEMPTS = 5;
/** Delay before a read is tried once more, in ms. */
const AGAIN_MS = 50;
/** Options of batches. One that fails by the fault of a statement has no effect; of an outage nobody knows. */
const BATCHES: BatchOptions = { atOnce: 2, mayBeOnes: (error) => !(error instanceof StoreUnavailable) };

/** Ways of a database to write what is known beforehand. */
export interface AtOnce {
  accept: AcceptAtOnce;
  /** Writes advances as one transaction. Default: a statement for those that are alike. @returns those that were written */
  advance?: (advances: readonly Advance[]) => Promise<ReadonlyMap<Advance, JobRow>>;
}

/**
 * The store over one SQL database.
 * @param writes session for transactions
 * @param reads session for everything else: never the connection of a transaction, so that neither waits for the other
 * @param atOnce the database's ways
 * @param close lets go of both
 */
export function sqlStore(writes: Session, reads: Session, atOnce: AtOnce, close: () => Promise<void>): Store {
  const perform = async <T>(single: boolean, work: (session: Session) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      let begun = false;
      const since = performance.now();
      try {
        const session = (db: Kysely<Tables>): Promise<T> => {
          begun = true;
          return work({ ...writes, db });
        };
        return await (single ? writes.db.connection().execute(session) : writes.db.transaction().execute(session));
      } catch (error) {
        // Whether what has begun was committed may not be known: that is never done again by itself.
        const untouched = attempt === 1 && !begun && isPassing(error, since);
        if (attempt === ATTEMPTS || !(untouched || writes.dialect.isVictim(error))) throw error;
        if (untouched) await sleep(AGAIN_MS);
      }
    }
  };
  const write = <T>(work: (session: Session) => Promise<T>): Promise<T> => perform(false, work);
  const { alone } = writes.dialect;
  // A statement is a transaction by itself. Several are one, too: a batch takes effect as a whole or not at all.
  const leases = new Map<string, (id: string) => Promise<JobRow | undefined>>();
  const advanceAlike = (all: readonly Advance[]): Promise<ReadonlyMap<Advance, JobRow>> => {
    const groups = alike(writes, all);
    return perform(isOneStatement(groups), (session) => advanceGroups(session, groups));
  };
  const advances = inBatches(atOnce.advance ?? advanceAlike, BATCHES);
  const beside = twice(reads.dialect.alone ? readsOf(reads) : joined(reads, readsOf(reads)));
  const members = Object.keys(unitOf(reads));
  return {
    ...beside,
    transaction: (work) => write((session) => work(unitOf(session))),
    acceptAtOnce: atOnce.accept,
    async advanceAtOnce(job, work, ready) {
      if (impossible(job.id)) return undefined;
      const made = await draft({ ...writes, db: reads.db }, beside, members, job, work);
      if (!made) return undefined;
      ready?.(made.planned);
      const { progress, drafted } = made;
      try {
        return await advances({ id: job.id, epoch: job.epoch, progress, drafted });
      } catch (error) {
        // The database refuses it, with nothing written: a transaction finds out what, and tells it.
        if (error instanceof StoreUnavailable) throw error;
        return undefined;
      }
    },
    leaseJob(id, owner, leaseMs) {
      const whose = JSON.stringify([owner, leaseMs]);
      const lease =
        leases.get(whose) ??
        inBatches((ids: readonly string[]) => perform(!alone, (session) => workedJobs.leaseJobs(session, ids, owner, leaseMs)), BATCHES);
      leases.set(whose, lease);
      return lease(id);
    },
    async advanceJob(id, epoch, progress) {
      const advance = { id, epoch, progress };
      // What may be refused by itself, or spoil the statement of others, is written alone.
      if (progress.holds || impossible(id)) return write((session) => workedJobs.advanceJob(session, id, epoch, progress));
      const row = await advances(advance);
      if (!row) throw new StaleError(`job ${id}`);
      return row;
    },
    jobLoad: () => jobs.readJobLoad(reads),
    renewLease: (id, epoch, leaseMs) => write((session) => jobs.renewLease(session, id, epoch, leaseMs)),
    releaseJob: (id, epoch, dueInMs) => write((session) => jobs.releaseJob(session, id, epoch, dueInMs)),
    removeExpiredJobs: (limit, refusedPerTenant) => write((session) => jobs.removeExpiredJobs(session, limit, refusedPerTenant)),
    removeEvents: (keep, limit) => write((session) => removeEvents(session, keep, limit)),
    forgetRetired: (keep, limit) => write((session) => forgetRetired(session, keep, limit)),
    capWaits: (ms) =>
      write(
        async (session) => (await jobs.capWaits(session, ms)) + (await tasks.capTasks(session, ms)) + (await agenda.capAgenda(session, ms)),
      ),
    addTasks: (names) => write((session) => tasks.addTasks(session, names)),
    async leaseTask(work, owner, leaseMs) {
      // Read beside the writers: most looks find nothing.
      const name = await tasks.dueTask(reads, [...work.keys()]);
      const everyMs = name === undefined ? undefined : work.get(name);
      if (name === undefined || everyMs === undefined) return undefined;
      return write((session) => tasks.leaseTask(session, name, everyMs, owner, leaseMs));
    },
    taskMemories: (names) => tasks.readTaskMemories(reads, names),
    renewTask: (name, epoch, leaseMs) => write((session) => tasks.renewTask(session, name, epoch, leaseMs)),
    endTask: (name, epoch, dueInMs) => write((session) => tasks.endTask(session, name, epoch, dueInMs)),
    feedEnd: (tenant) => feedEnd(reads, tenant),
    readNews: (query, after, limit) => readNews(reads, query, after, limit),
    removeEntries: (keep, limit) => write((session) => removeEntries(session, keep, limit)),
    checkAudit: (remembered) => checkAudit(reads, remembered),
    auditEntries: (tenant, limit) => events.readEntries(reads, tenant, limit),
    mark: (instance) => write((session) => mark(session, instance)),
    marks: () => readMarks(reads),
    doubtJobs: () => write((session) => jobs.doubtJobs(session)),
    tenants: () => readTenants(reads),
    mergeCounts: () => write((session) => mergeCounts(session)),
    events: (query) => events.readEvents(reads, query),
    hasKey: () => hasKey(reads),
    keys: keyStore(write, reads),
    access: { ...accessWrites(write), ...twice(accessReads(reads)) },
    accessTold: (entryOf) => ({ ...accessWrites(write, entryOf), ...twice(accessReads(reads)) }),
    close,
  };
}

/** Reads that are tried once more: connections of a pool may break together, and the next one is a new one. */
function twice<R extends object>(reads: R): R {
  const again = ([name, read]: [string, (...args: never[]) => Promise<unknown>]) => [
    name,
    async (...args: never[]): Promise<unknown> => {
      const since = performance.now();
      try {
        return await read(...args);
      } catch (error) {
        if (!isPassing(error, since)) throw error;
        await sleep(AGAIN_MS);
        return read(...args);
      }
    },
  ];
  return Object.fromEntries(Object.entries(reads).map(again)) as unknown as R;
}

function readsOf(session: Session): StoreReads {
  return {
    resource: (path) => resources.readResource(session, path),
    heldResource: (path) => resources.readHeldResource(session, path),
    resources: (query) => resourceLists.readResources(session, query),
    heldResources: (query) => resourceLists.readHeldList(session, query),
    countResources: (query) => resourceLists.countResources(session, query),
    resourcePlace: (query) => resourceLists.resourcePlace(session, query),
    counts: (tenant) => readCounts(session, tenant),
    referring: (paths) => resources.referring(session, paths),
    retired: (paths) => resources.readRetired(session, paths),
    retiredClouds: (paths) => resources.readRetiredClouds(session, paths),
    standings: (paths) => resources.readStandings(session, paths),
    jobStandings: (ids) => jobs.readJobStandings(session, ids),
    takenAway: (query) => readTakenAway(session, query),
    job: (id) => jobs.readJob(session, id),
    jobs: (query) => jobLists.readJobs(session, query),
    countJobs: (query) => jobLists.countJobs(session, query),
    jobPlace: (query) => jobLists.jobPlace(session, query),
    nestedJobs: (parents) => jobLists.readNested(session, parents),
    jobByKey: (tenant, idempotencyKey) => jobs.readJobByKey(session, tenant, idempotencyKey),
    eventList: (query) => events.listEvents(session, query),
    countEvents: (query) => events.countEvents(session, query),
    eventPlace: (query) => events.eventPlace(session, query),
    eventSummary: (view) => events.summarize(session, view),
    async eventOfJob(about) {
      return impossible(about.job) ? undefined : newest(await events.readEventsOfJobs(session, [about.job]), about);
    },
    lastEvent: (tenant) => events.lastEvent(session, tenant),
    holds: (paths, most) => readHolds(session, paths, most),
    dueJobs: (limit) => jobs.readDueJobs(session, limit),
    recentEvents: (query) => recentEvents(session, query),
    now: () => readNow(session),
    samples: (query) => samples.readSamples(session, query),
    countSamples: (query) => samples.countSamples(session, query),
    samplePlace: (query) => samples.samplePlace(session, query),
    newestSamples: (meters) => samples.newestSamples(session, meters),
    series: (meters) => samples.readSeries(session, meters),
    agenda: (query) => agenda.readAgenda(session, query),
    nextOnAgenda: (work) => agenda.nextOnAgenda(session, work),
    agendas: () => agenda.readAgendas(session),
  };
}

/**
 * The same where a statement goes over the network: those that a GET sends travel together with those of others in the same turn of
 * the event loop.
 */
function joined(session: Session, alone: StoreReads): StoreReads {
  const held = together((paths) => resources.readHeldResources(session, paths));
  const byPlace = new Map<string, (key: string) => Promise<ResourceRow | undefined>>();
  const keyed = (type: string, cloud: string): ((key: string) => Promise<ResourceRow | undefined>) => {
    const place = `${type} ${cloud}`;
    const known = byPlace.get(place);
    if (known) return known;
    const read = together(async (providerKeys) => {
      const rows = await resourceLists.readResources(session, { type, cloud, providerKeys });
      return new Map(rows.map((row) => [row.providerKey ?? '', row]));
    });
    byPlace.set(place, read);
    return read;
  };
  const ofJobs = together(async (jobs) => grouped(await events.readEventsOfJobs(session, jobs), ({ job }) => job));
  const referring = together((targets) => resources.readReferring(session, targets));
  const now = together(async (asked) => {
    const ms = await readNow(session);
    return new Map(asked.map((each) => [each, ms]));
  });
  return {
    ...alone,
    heldResource: (path) => (impossible(path) ? Promise.resolve(undefined) : held(path)),
    async eventOfJob(about) {
      return impossible(about.job) ? undefined : newest((await ofJobs(about.job)) ?? [], about);
    },
    async referring(paths) {
      const [only, ...others] = paths;
      return only === undefined || others.length > 0 || impossible(only) ? alone.referring(paths) : ((await referring(only)) ?? []);
    },
    now: async () => (await now('')) ?? Number.NaN,
    async resources(query) {
      const { type, cloud, providerKeys: [key, ...others] = [], ...more } = query;
      if (key === undefined || others.length > 0 || typeof cloud !== 'string' || Object.keys(more).length > 0)
        return alone.resources(query);
      // What no row can hold must not spoil the statement for others.
      const row = impossible(key) ? undefined : await keyed(type, cloud)(key);
      return row ? [row] : [];
    },
  };
}

function newest(rows: readonly EventRow[], { tenant, resource }: { tenant: string; resource: string }): EventRow | undefined {
  return rows.findLast((row) => row.tenant === tenant && row.resource === resource);
}

function grouped<R>(rows: readonly R[], keyOf: (row: R) => string | undefined): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const key = keyOf(row) ?? '';
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

function unitOf(session: Session): UnitOfWork {
  return {
    ...readsOf(session),
    oneAtATime: async (tenant) => {
      await session.dialect.turn(tenant)?.execute(session.db);
    },
    insertResource: (row) => resources.insertResource(session, row),
    updateResource: (path, version, change) => resources.updateResource(session, path, version, change),
    keep: (path) => resources.keepResource(session, path),
    deleteResource: (path) => resources.deleteResource(session, path),
    takeAway: (path, others, version) => takeAway(session, path, others, version),
    bringBack: (path, providerKey) => bringBack(session, path, providerKey),
    insertJob: (job) => jobs.insertJob(session, job),
    updateJob: (id, change, states) => jobs.updateJob(session, id, change, states),
    advanceJob: (id, epoch, progress) => workedJobs.advanceJob(session, id, epoch, progress),
    deleteJob: (id) => jobs.deleteJob(session, id),
    putSamples: (batches) => samples.putSamples(session, batches),
    trimSamples: (keep, after) => samples.trimSamples(session, keep, after),
    removeSamples: (meter) => samples.removeSamples(session, meter),
    saveTask: (name, epoch, memory) => tasks.saveTask(session, name, epoch, memory),
    putOnAgenda: (path, work) => agenda.putOnAgenda(session, path, work),
    dateOnAgenda: (work, entries) => agenda.dateOnAgenda(session, work, entries),
    wakeTask: (name) => tasks.wakeTask(session, name),
    putQuota: (tenant, quota, most) => putQuota(session, tenant, quota, most),
    recordEvent: (event) => events.recordEvent(session, event),
    recordEntries: (tenant, entries) => events.recordEntryEvents(session, tenant, entries),
    nameEvent: (tenant, id, naming) => events.nameEvent(session, tenant, id, naming),
    deleteEvent: (tenant, id) => events.deleteEvent(session, tenant, id),
  };
}
