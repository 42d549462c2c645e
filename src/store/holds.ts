import { sql, type CompiledQuery } from 'kysely';
import { placesOf, prepared, statement } from './prepared';
import type { HoldsTable } from './schema';
import { impossible, type Session } from './session';
import { HeldError, type Hold, type ResourcePath, type StoreReads } from './store';

/** Reads which unfinished Job holds which resource: one row per resource, so that the primary key decides. */

export async function readHolds(session: Session, paths?: readonly ResourcePath[], most?: number): ReturnType<StoreReads['holds']> {
  const { db, dialect } = session;
  const name = `holds ${paths !== undefined} ${most !== undefined}`;
  const possible = paths?.filter((path) => !impossible(path));
  const { rows } =
    possible?.length === 0
      ? { rows: [] }
      : await prepared<HoldsTable>(session, name, { paths: possible && dialect.list(possible), most }, (at, { heldAmong }) => {
          const all = paths ? heldAmong(at('paths')) : sql`select path, job, shows from holds`;
          return (most === undefined ? all : sql`${all} limit ${at('most')}`).compile(db);
        });
  return new Map(rows.map(({ path, job, shows }) => [path, { job, shows }]));
}

/** Holds by Job, in path order. */
export async function readHoldsOf(session: Session, jobs: readonly string[]): Promise<Map<string, Hold[]>> {
  const { db, dialect } = session;
  const found = new Map<string, Hold[]>();
  if (jobs.length === 0) return found;
  const [only, ...others] = jobs;
  const { rows } =
    others.length === 0
      ? await prepared<HoldsTable>(session, 'holds of', { job: only }, (at) =>
          db.selectFrom('holds').selectAll().where('job', '=', at<string>('job')).orderBy('path'),
        )
      : { rows: await db.selectFrom('holds').selectAll().where(dialect.isIn('job', jobs)).orderBy('path').execute() };
  for (const { job, path, shows } of rows) {
    const holds = found.get(job) ?? [];
    holds.push({ path, shows });
    found.set(job, holds);
  }
  return found;
}

/**
 * Takes all holds of a new Job in path order (so that two takers can't wait for each other), or takes none and
 * removes the Job again. What its parent holds passes to a nested Job. @throws HeldError.
 */
export async function takeHolds(session: Session, job: string, wanted: readonly Hold[], parent: string | null = null): Promise<Hold[]> {
  const holds = inOrder(wanted);
  for (const hold of holds) {
    const holder = await take(session, job, hold, parent);
    if (holder === job) continue;
    await session.db.deleteFrom('jobs').where('id', '=', job).execute();
    throw new HeldError(hold.path, holder);
  }
  return holds;
}

/** Changes what held resources show and takes those not held yet; gives none back. @throws HeldError. */
export async function showHolds(session: Session, job: string, wanted: readonly Hold[]): Promise<void> {
  for (const hold of inOrder(wanted)) {
    const holder = await take(session, job, hold);
    if (holder !== job) throw new HeldError(hold.path, holder);
  }
}

export async function releaseHolds(session: Session, job: string): Promise<void> {
  await session.db.executeQuery(releasingHolds(session, job));
}

/** Makes the statement that gives back all that a Job holds. */
export function releasingHolds(session: Session, job: string): CompiledQuery<unknown> {
  return statement(session, 'release holds', { job }, (at) => session.db.deleteFrom('holds').where('job', '=', at<string>('job')));
}

/** @returns the Job that holds the path now: this one or another. */
async function take(session: Session, job: string, { path, shows }: Hold, parent: string | null = null): Promise<string> {
  const { db } = session;
  const from = { job, parent: parent ?? job };
  for (;;) {
    const { rows } = await db.executeQuery(takingHold(session, { path, shows, ...from }));
    const [taken] = rows;
    if (taken) return taken.job;
    const other = await db.selectFrom('holds').select('job').where('path', '=', path).executeTakeFirst();
    // Absent: released between the two statements.
    if (other) return other.job;
  }
}

/** Makes the statement that takes a hold, also from the parent; it returns nothing where another Job has it. */
export function takingHold(session: Session, taker: HoldsTable & { parent: string }): CompiledQuery<{ job: string }> {
  return statement(session, 'take hold', { ...taker }, (at) =>
    session.db
      .insertInto('holds')
      .values(placesOf(at, ['path', 'job', 'shows']))
      .onConflict((conflict) =>
        conflict
          .column('path')
          .doUpdateSet(placesOf(at, ['job', 'shows']))
          .where((where) => where.or([where('holds.job', '=', at<string>('job')), where('holds.job', '=', at<string>('parent'))])),
      )
      .returning('job'),
  );
}

/** Each path once, in path order. */
export function inOrder(holds: readonly Hold[]): Hold[] {
  const byPath = new Map(holds.map((hold) => [hold.path, hold]));
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
