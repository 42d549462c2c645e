import { sql, type SelectQueryBuilder } from 'kysely';
import { readHoldsOf } from './holds';
import { jobFromRow } from './job-rows';
import type { ListPlace, PlaceQuery } from './listing';
import { narrowed, type Listed } from './narrow';
import type { Tables } from './schema';
import { oneOf, type Session } from './session';
import type { JobQuery, JobRow } from './store';

/** Lists of Jobs: what belongs to a tenant, narrowed and ordered by the database. */

const PREFIX = 'jobs/';

const JOBS: Listed = {
  key: 'id',
  prefix: PREFIX,
  document: 'naming',
  fields: {
    id: sql.ref('id'),
    state: sql.ref('state'),
    target: sql.ref('target'),
    parent: sql.ref('parent'),
    action: sql.ref('action'),
    returnCode: sql.ref('return_code'),
    // As Jobs are shown: one that has ended is wholly done.
    progress: sql`case when done = 1 then 100 else progress end`,
    statusMessage: sql.ref('status_message'),
    created: sql.ref('created'),
    changed: sql.ref('changed'),
  },
};

export async function readJobs(session: Session, query: JobQuery): Promise<JobRow[]> {
  const { where, order } = narrowed(session.dialect, JOBS, query);
  let select = matching(session, session.db.selectFrom('jobs'), query).where(where).selectAll();
  for (const by of order) select = select.orderBy(by);
  if (query.limit !== undefined) select = select.limit(query.limit);
  const rows = await select.execute();
  const unfinished = rows.filter((row) => row.done === 0).map((row) => row.id);
  const holds = await readHoldsOf(session, unfinished);
  return rows.map((row) => jobFromRow(session.cipher, row, holds.get(row.id) ?? []));
}

export async function countJobs(session: Session, query: JobQuery): Promise<number> {
  const { where } = narrowed(session.dialect, JOBS, query);
  const counted = matching(session, session.db.selectFrom('jobs'), query).where(where);
  return (await counted.select(({ fn }) => fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n;
}

export async function jobPlace(session: Session, query: JobQuery & PlaceQuery): Promise<ListPlace | undefined> {
  const { where, order } = narrowed(session.dialect, JOBS, query, query.fromEnd);
  let select = matching(session, session.db.selectFrom('jobs'), query).where(where).select(['created', 'id']);
  for (const by of order) select = select.orderBy(by);
  const row = await select.offset(query.offset).limit(1).executeTakeFirst();
  return row && { created: row.created, path: PREFIX + row.id };
}

/** Ids of nested Jobs by that of their parent. */
export async function readNested({ db, dialect }: Session, parents: readonly string[]): Promise<Map<string, string[]>> {
  const nested = new Map<string, string[]>();
  if (parents.length === 0) return nested;
  const select = db
    .selectFrom('jobs')
    .select(['id', 'parent'])
    .where(oneOf(dialect, 'parent', parents));
  for (const { id, parent } of await select.orderBy('created').orderBy('id').execute()) {
    const ids = nested.get(parent ?? '') ?? [];
    ids.push(id);
    nested.set(parent ?? '', ids);
  }
  return nested;
}

function matching<O>({ dialect }: Session, select: SelectQueryBuilder<Tables, 'jobs', O>, query: JobQuery) {
  let chosen = select;
  if (query.tenants) chosen = chosen.where(oneOf(dialect, 'tenant', query.tenants));
  if (query.states) chosen = chosen.where(oneOf(dialect, 'state', query.states));
  if (query.parent !== undefined) chosen = chosen.where('parent', '=', query.parent);
  if (query.ids) chosen = chosen.where(oneOf(dialect, 'id', query.ids));
  return chosen;
}
