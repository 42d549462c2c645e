import { sql, type CompiledQuery, type RawBuilder, type Updateable } from 'kysely';
import type { Cipher } from './cipher';
import { jobFromRow, encodeOptional, jobToRow, type StoredJob } from './job-rows';
import { readHoldsOf, releaseHolds, takeHolds } from './holds';
import { placesOf, prepared, statement } from './prepared';
import type { JobsTable } from './schema';
import { encodeColumn, impossible, type Session } from './session';
import {
  DuplicateKeyError,
  isFinished,
  StaleError,
  type Hold,
  type JobLoad,
  type JobRow,
  type JobState,
  type NewJob,
  type UnitOfWork,
} from './store';
import { formOf, stateColumns, UNCHANGED } from './worked-jobs';
import { kept } from '../model/shown';

export async function readJob(session: Session, id: string): Promise<JobRow | undefined> {
  if (impossible(id)) return undefined;
  const { rows } = await prepared<StoredJob>(session, 'job', { id }, (at) =>
    session.db.selectFrom('jobs').selectAll().where('id', '=', at<string>('id')),
  );
  return complete(session, rows[0]);
}

export async function readJobByKey(session: Session, tenant: string, idempotencyKey: string): Promise<JobRow | undefined> {
  if (impossible(idempotencyKey)) return undefined;
  const select = session.db.selectFrom('jobs').selectAll().where('tenant', '=', tenant).where('idempotency_key', '=', idempotencyKey);
  return complete(session, await select.executeTakeFirst());
}

export async function readJobStandings({ db, dialect }: Session, ids: readonly string[]): ReturnType<UnitOfWork['jobStandings']> {
  if (ids.length === 0) return new Map();
  const possible = ids.filter((id) => !impossible(id));
  const rows = await db.selectFrom('jobs').select(['id', 'tenant', 'done']).where(dialect.isIn('id', possible)).execute();
  return new Map(rows.map(({ id, tenant, done }) => [id, { tenant, ended: done === 1 }]));
}

export async function readDueJobs({ db, dialect }: Session, limit: number): Promise<{ id: string }[]> {
  const now = sql<number>`(select ${dialect.nowMs})`;
  const select = db.selectFrom('jobs').select('id').where('done', '=', 0).where('due', '<=', now);
  return select
    .where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<=', now)]))
    .orderBy('due')
    .orderBy('created')
    .limit(limit)
    .execute();
}

export async function readJobLoad({ db, dialect }: Session): Promise<JobLoad[]> {
  const { rows } = await sql<{ workflow: string; running: number | string; jobs: number | string; oldest: string; now: string }>`select
      coalesce(workflow, 'none') as workflow, sum(case when lease_until > (select ${dialect.nowMs}) then 1 else 0 end) as running,
      count(*) as jobs, min(created) as oldest, (select ${dialect.stamp}) as now
    from jobs where done = 0 group by coalesce(workflow, 'none')`.execute(db);
  return rows.map(({ workflow, running, jobs, oldest, now }) => {
    const oldestMs = Math.max(0, Date.parse(now) - Date.parse(oldest));
    return { workflow, running: Number(running), waiting: Number(jobs) - Number(running), oldestMs };
  });
}

type Given = 'due' | 'created' | 'changed';
type NewJobRow = ReturnType<typeof jobToRow>;

/** Makes the statement that inserts a Job; it returns nothing where there is one of that id, or of that key. */
export function insertingJob(session: Session, row: NewJobRow, due: number | undefined): CompiledQuery<Pick<StoredJob, Given>> {
  const dated = due !== undefined;
  return statement(session, `new job ${dated}`, { ...row, due }, (at, { nowMs, stamp }) =>
    session.db
      .insertInto('jobs')
      .values({
        ...placesOf(at, Object.keys(row) as (keyof typeof row)[]),
        ...{ due: dated ? at<number>('due') : nowMs, created: stamp, changed: stamp },
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning(['due', 'created', 'changed']),
  );
}

/** A Job as it was inserted. @param holds that it has taken */
export function insertedJob(cipher: Cipher, job: NewJob, row: NewJobRow, given: Pick<StoredJob, Given>, holds: readonly Hold[]): JobRow {
  // What was just sealed need not be opened again.
  return { ...jobFromRow(cipher, { ...row, ...given, input: null }, holds), input: row.done === 1 ? null : (job.input ?? null) };
}

export async function insertJob(session: Session, job: NewJob): Promise<JobRow> {
  const { db, cipher } = session;
  const row = jobToRow(cipher, job);
  for (let attempt = 1; ; attempt++) {
    const { rows } = await db.executeQuery(insertingJob(session, row, job.due));
    const [given] = rows;
    if (given) {
      const holds = row.done === 1 ? [] : (job.holds ?? []);
      return insertedJob(cipher, job, row, given, await takeHolds(session, job.id, holds, job.parent ?? null));
    }
    const other = job.idempotencyKey ? await readJobByKey(session, job.tenant, job.idempotencyKey) : undefined;
    if (other) throw new DuplicateKeyError(other.id);
    // The Job that had the key may have been removed between the two statements.
    if (attempt === 3 || (await readJob(session, job.id))) throw new StaleError(`job ${job.id}`);
  }
}

export async function updateJob(session: Session, id: string, ...[change, states]: Tail<UnitOfWork['updateJob']>): Promise<JobRow> {
  const { db, dialect } = session;
  const changed: Updateable<JobsTable> = {};
  if (change.naming !== undefined) changed.naming = encodeColumn(change.naming);
  if (change.statusMessage !== undefined) changed.status_message = kept(change.statusMessage);
  if (change.answer !== undefined) changed.answer = encodeOptional(change.answer);
  const { state, dueInMs } = change;
  const update = db
    .updateTable('jobs')
    .set({
      ...UNCHANGED,
      ...changed,
      ...(state === undefined ? {} : stateColumns(dialect.stamp, formOf(state), sql<JobState>`${sql.val(state)}`)),
      ...dueColumn(session, dueInMs),
    })
    .where('id', '=', id)
    .$if(states !== undefined, (builder) => builder.where(dialect.isIn('state', states ?? [])))
    .$if(state !== undefined, (builder) => builder.where('done', '=', 0))
    .returningAll();
  return ended(session, id, state, await update.executeTakeFirst());
}

function dueColumn({ dialect }: Session, dueInMs: number | undefined): { due?: RawBuilder<number> } {
  return dueInMs === undefined ? {} : { due: inMs(dialect.nowMs, dueInMs) };
}

const inMs = (now: RawBuilder<number>, ms: number): RawBuilder<number> => sql<number>`${now} + ${Math.round(ms)}`;

async function ended(session: Session, id: string, state: JobState | undefined, row: StoredJob | undefined): Promise<JobRow> {
  if (!row) throw new StaleError(`job ${id}`);
  if (state !== undefined && isFinished({ state })) await releaseHolds(session, id);
  return (await complete(session, row)) ?? jobFromRow(session.cipher, row, []);
}

async function complete(session: Session, row: StoredJob | undefined): Promise<JobRow | undefined> {
  if (!row) return undefined;
  const holds = row.done === 1 ? [] : ((await readHoldsOf(session, [row.id])).get(row.id) ?? []);
  return jobFromRow(session.cipher, row, holds);
}

/** Removes a Job that has ended; absent is success. @throws StaleError while it is unfinished: its work would be orphaned. */
export async function deleteJob({ db }: Session, id: string): Promise<void> {
  if (impossible(id)) return;
  await db.deleteFrom('jobs').where('id', '=', id).where('done', '=', 1).execute();
  const left = await db.selectFrom('jobs').select('id').where('id', '=', id).executeTakeFirst();
  if (left) throw new StaleError(`job ${id}`);
}

export async function renewLease({ db, dialect }: Session, id: string, epoch: number, leaseMs: number): Promise<boolean> {
  const held = db
    .updateTable('jobs')
    .set({ lease_until: inMs(dialect.nowMs, leaseMs) })
    .where('id', '=', id)
    .where('epoch', '=', epoch);
  const { numUpdatedRows } = await held.where('done', '=', 0).where('lease_owner', 'is not', null).executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function releaseJob({ db, dialect }: Session, id: string, epoch: number, dueInMs: number): Promise<void> {
  const release = db.updateTable('jobs').set({ lease_owner: null, lease_until: null, due: inMs(dialect.nowMs, dueInMs) });
  await release.where('id', '=', id).where('epoch', '=', epoch).where('done', '=', 0).execute();
}

/**
 * Deletes expired Jobs. Nested Jobs stay until their parent, which reads how they ended, has ended itself. Refused Jobs were FAILED
 * from the beginning, so that no workflow ever stood behind them.
 */
export async function removeExpiredJobs({ db, dialect }: Session, limit: number, refusedPerTenant: number): Promise<number> {
  const expired = await sql`delete from jobs where id in (
      select id from jobs where done = 1 and expires <= (select ${dialect.nowMs})
        and (parent is null or not exists (select 1 from jobs p where p.id = jobs.parent and p.done = 0))
      order by expires limit ${limit})`.execute(db);
  const refused = await sql`delete from jobs where id in (
      select id from (
        select id, row_number() over (partition by tenant order by created desc, id desc) as place
        from jobs where workflow is null and state = 'FAILED'
      ) as refused where place > ${refusedPerTenant} limit ${limit})`.execute(db);
  return Number((expired.numAffectedRows ?? 0n) + (refused.numAffectedRows ?? 0n));
}

export async function capWaits({ db, dialect }: Session, ms: number): Promise<number> {
  const latest = inMs(dialect.nowMs, ms);
  const far = db.updateTable('jobs').where('done', '=', 0);
  const due = await far.set({ due: latest }).where('due', '>', latest).executeTakeFirst();
  const leased = await far.set({ lease_until: latest }).where('lease_until', '>', latest).executeTakeFirst();
  return Number(due.numUpdatedRows + leased.numUpdatedRows);
}

export async function doubtJobs({ db }: Session): Promise<number> {
  const { numUpdatedRows } = await db.updateTable('jobs').set({ doubtful: 1 }).where('done', '=', 0).executeTakeFirst();
  return Number(numUpdatedRows);
}

type Tail<F> = F extends (first: infer _First, ...rest: infer R) => unknown ? R : never;
