import { sql } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessStore } from './access';
import { readHolds } from './holds';
import * as jobs from './jobs';
import { mark, readMarks } from './marks';
import * as resources from './resources';
import { bringBack, readTakenAway, takeAway } from './retired';
import { decode, encode, type Session } from './session';
import type { EventRecord, Store, StoreReads, UnitOfWork } from './store';
import { StoreUnavailable } from './unavailable';

/** How often a transaction that the database gave up in favour of another is begun again. */
const ATTEMPTS = 5;
/** When a read is tried once more, ms. */
const AGAIN_MS = 50;

/**
 * The store over one SQL database.
 * @param writes session for transactions
 * @param reads session for everything else: never the connection of a transaction, so that neither waits for the other
 * @param close lets go of both
 */
export function sqlStore(writes: Session, reads: Session, close: () => Promise<void>): Store {
  const write = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await writes.db.transaction().execute((db) => work({ ...writes, db }));
      } catch (error) {
        if (attempt === ATTEMPTS || !writes.dialect.isVictim(error)) throw error;
      }
    }
  };
  return {
    ...twice(readsOf(reads)),
    transaction: (work) => write((session) => work(unitOf(session))),
    leaseJob: (id, owner, leaseMs) => write((session) => jobs.leaseJob(session, id, owner, leaseMs)),
    renewLease: (id, epoch, leaseMs) => write((session) => jobs.renewLease(session, id, epoch, leaseMs)),
    releaseJob: (id, epoch, dueInMs) => write((session) => jobs.releaseJob(session, id, epoch, dueInMs)),
    removeExpiredJobs: (limit, refusedPerTenant) => write((session) => jobs.removeExpiredJobs(session, limit, refusedPerTenant)),
    capWaits: (ms) => write((session) => jobs.capWaits(session, ms)),
    mark: (instance) => write((session) => mark(session, instance)),
    marks: () => readMarks(reads),
    doubtJobs: () => write((session) => jobs.doubtJobs(session)),
    events: (query) => readEvents(reads, query),
    access: accessStore(reads, write),
    close,
  };
}

/** Reads that are tried once more: connections of a pool may break together, and the next one is a new one. */
function twice(reads: StoreReads): StoreReads {
  const again = ([name, read]: [string, (...args: never[]) => Promise<unknown>]) => [
    name,
    async (...args: never[]): Promise<unknown> => {
      try {
        return await read(...args);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await sleep(AGAIN_MS);
        return read(...args);
      }
    },
  ];
  return Object.fromEntries(Object.entries(reads).map(again)) as unknown as StoreReads;
}

function readsOf(session: Session): StoreReads {
  return {
    resource: (path) => resources.readResource(session, path),
    heldResource: (path) => resources.readHeldResource(session, path),
    resources: (query) => resources.readResources(session, query),
    countResources: (query) => resources.countResources(session, query),
    referring: (paths) => resources.referring(session, paths),
    retired: (paths) => resources.readRetired(session, paths),
    takenAway: (query) => readTakenAway(session, query),
    job: (id) => jobs.readJob(session, id),
    jobs: (query) => jobs.readJobs(session, query),
    jobByKey: (tenant, idempotencyKey) => jobs.readJobByKey(session, tenant, idempotencyKey),
    holds: (paths) => readHolds(session, paths),
    dueJobs: (limit) => jobs.readDueJobs(session, limit),
    now: () => readNow(session),
  };
}

function unitOf(session: Session): UnitOfWork {
  return {
    ...readsOf(session),
    insertResource: (row) => resources.insertResource(session, row),
    updateResource: (path, version, change) => resources.updateResource(session, path, version, change),
    deleteResource: (path) => resources.deleteResource(session, path),
    takeAway: (path, others) => takeAway(session, path, others),
    bringBack: (path, providerKey) => bringBack(session, path, providerKey),
    insertJob: (job) => jobs.insertJob(session, job),
    updateJob: (id, change, states) => jobs.updateJob(session, id, change, states),
    advanceJob: (id, epoch, progress) => jobs.advanceJob(session, id, epoch, progress),
    deleteJob: (id) => jobs.deleteJob(session, id),
    recordEvent: (event) => recordEvent(session, event),
  };
}

async function readNow({ db, dialect }: Session): Promise<number> {
  const { rows } = await sql<{ now: number }>`select ${dialect.nowMs} as now`.execute(db);
  return rows[0]?.now ?? Number.NaN;
}

async function recordEvent({ db, dialect }: Session, event: EventRecord): Promise<void> {
  const row = {
    timestamp: dialect.stamp,
    tenant: event.tenant,
    resource: event.resource,
    resource_type: event.resourceType,
    type: event.type,
    content: encode(event.content),
    outcome: event.outcome,
    severity: event.severity ?? null,
  };
  await db.insertInto('events').values(row).execute();
}

/** Newest first. */
async function readEvents({ db }: Session, { tenant, resource, limit }: Parameters<Store['events']>[0]): ReturnType<Store['events']> {
  let select = db.selectFrom('events').selectAll().where('tenant', '=', tenant).orderBy('seq', 'desc').limit(limit);
  if (resource !== undefined) select = select.where('resource', '=', resource);
  return (await select.execute()).map((row) => ({
    id: String(row.seq),
    timestamp: row.timestamp,
    tenant: row.tenant,
    resource: row.resource,
    resourceType: row.resource_type,
    type: row.type,
    content: decode(row.content),
    outcome: row.outcome,
    ...(row.severity === null ? {} : { severity: row.severity }),
  }));
}
