import { sql, type RawBuilder, type Updateable } from 'kysely';
import { kept } from '../model/shown';
import type { SqlDialect } from './dialect';
import { readHoldsOf, releaseHolds, showHolds } from './holds';
import { encodeOptional, jobFromRow, sealJob, type StoredJob } from './job-rows';
import { placesOf, prepared, type Place } from './prepared';
import type { JobsTable } from './schema';
import { decodeColumn, encodeColumn, impossible, type Session } from './session';
import { isFinished, StaleError, type Hold, type JobProgress, type JobRow, type JobState } from './store';

/** Writes of a worker to the Jobs that it has: leases, and how far they are, each under its own epoch; those of many at a time. */

/** Assignment that changes nothing, of a column without an index: with one, every index of the table would be written anew. */
export const UNCHANGED = { epoch: sql<number>`jobs.epoch` };

/** Ways in which a new state is written. */
type StateForm = 'RUNNING' | 'other' | 'ending';
export const formOf = (state: JobState): StateForm => (state === 'RUNNING' ? state : isFinished({ state }) ? 'ending' : 'other');

/** A new state with all that comes with it. A stop request is not lost to a worker that still writes RUNNING. */
export function stateColumns(
  stamp: RawBuilder<string>,
  form: StateForm,
  state: RawBuilder<JobState>,
): { [C in keyof JobsTable]?: JobsTable[C] | RawBuilder<JobsTable[C]> } {
  const next = form === 'RUNNING' ? sql<JobState>`case when state = 'STOPPING' then state else 'RUNNING' end` : state;
  const changed = sql<string>`case when state = ${next} then changed else ${stamp} end`;
  if (form !== 'ending') return { state: next, changed };
  return { state: next, changed, done: 1, progress: 100, input: null, results: null, memory: null, lease_owner: null, lease_until: null };
}

/** A Job as a statement of this file returns it, with its holds as JSON. */
type Returned = StoredJob & { held: string };

function jobOf({ cipher }: Session, { held, ...row }: Returned, holds?: readonly Hold[]): JobRow {
  return jobFromRow(cipher, row, row.done === 1 ? [] : (holds ?? decodeColumn<Hold[]>(held)));
}

/** Progress of a Job under an epoch. */
export interface Advance {
  id: string;
  epoch: number;
  progress: JobProgress;
}

/** Columns that an advance sets to values of its own. */
type Columns = readonly (keyof JobsTable)[];

/** Form of an advance: all of one form have the same statement. */
interface Form {
  name: string;
  columns: Columns;
  stepBegins: boolean;
  release: boolean;
  dated: boolean;
  state: StateForm | undefined;
}

function formed({ cipher }: Session, { id, epoch, progress }: Advance): { form: Form; values: Readonly<Record<string, unknown>> } {
  const changed: Updateable<JobsTable> = {};
  if (progress.affected !== undefined) changed.affected = encodeColumn(progress.affected);
  if (progress.returnCode !== undefined) changed.return_code = progress.returnCode;
  if (progress.progress !== undefined) changed.progress = progress.progress;
  if (progress.statusMessage !== undefined) changed.status_message = kept(progress.statusMessage);
  if (progress.input !== undefined) changed.input = sealJob(cipher, id, 'input', progress.input);
  if (progress.results !== undefined) changed.results = sealJob(cipher, id, 'results', progress.results);
  if (progress.memory !== undefined) changed.memory = sealJob(cipher, id, 'memory', progress.memory);
  if (progress.step !== undefined) changed.step = progress.step;
  if (progress.undoing !== undefined) changed.undoing = progress.undoing ? 1 : 0;
  if (progress.attempts !== undefined) changed.attempts = progress.attempts;
  if (progress.failure !== undefined)
    changed.failure = encodeOptional(progress.failure && { ...progress.failure, message: kept(progress.failure.message) });
  if (progress.plan !== undefined) changed.plan = encodeColumn(progress.plan);
  if (progress.expires !== undefined) changed.expires = progress.expires;
  const { dueInMs, state, stepBegins = false, release = false } = progress;
  const columns = Object.keys(changed) as (keyof typeof changed)[];
  const form = { columns, stepBegins, release, dated: dueInMs !== undefined, state: state === undefined ? undefined : formOf(state) };
  const name = [...columns, stepBegins, release, form.dated, form.state ?? ''].join(' ');
  const values = { ...changed, id, epoch, state, dueInMs: dueInMs === undefined ? undefined : Math.round(dueInMs) };
  return { form: { name, ...form }, values };
}

/** Assignments of an advance. @param value its values by their names */
function assignments({ columns, stepBegins, release, dated, state }: Form, value: Place, { nowMs, stamp }: SqlDialect) {
  return {
    ...UNCHANGED,
    ...placesOf(value, columns),
    ...(stepBegins ? { step_since: nowMs } : {}),
    ...(dated ? { due: sql<number>`${nowMs} + ${value<number>('dueInMs')}` } : {}),
    ...(release ? { lease_owner: null, lease_until: null } : {}),
    ...(state === undefined ? {} : stateColumns(stamp, state, value<JobState>('state'))),
  };
}

/** Writes progress of one Job. @throws StaleError where the epoch is no longer this one, or the Job has ended */
export async function advanceJob(session: Session, id: string, epoch: number, progress: JobProgress): Promise<JobRow> {
  if (impossible(id)) throw new StaleError(`job ${id}`);
  const { form, values } = formed(session, { id, epoch, progress });
  const { rows } = await prepared<Returned>(session, `advance ${form.name}`, values, (at, dialect) =>
    session.db
      .updateTable('jobs')
      .set(assignments(form, at, dialect))
      .where('id', '=', at<string>('id'))
      .where('epoch', '=', at<number>('epoch'))
      .where('done', '=', 0)
      .returningAll()
      .returning(dialect.heldByJob.as('held')),
  );
  const [row] = rows;
  if (!row) throw new StaleError(`job ${id}`);
  if (form.state === 'ending') await releaseHolds(session, id);
  if (row.done === 1 || !progress.holds) return jobOf(session, row);
  await showHolds(session, id, progress.holds);
  return jobOf(session, row, (await readHoldsOf(session, [id])).get(id) ?? []);
}

/** SQL types of values that are no text. */
const NUMBERS: { readonly [name: string]: string } = {
  ...{ epoch: 'bigint', dueInMs: 'bigint', expires: 'bigint' },
  ...{ return_code: 'integer', progress: 'integer', undoing: 'integer', attempts: 'integer' },
};

/** Advances of one form: one statement writes them. */
interface Alike {
  form: Form;
  members: { advance: Advance; values: Readonly<Record<string, unknown>> }[];
}

/** Sorts advances by their forms. A statement writes no Job twice: a second advance of one comes in a later group. */
export function alike(session: Session, advances: readonly Advance[]): Alike[] {
  const byForm = new Map<string, Alike>();
  const [seen, again] = [new Set<string>(), [] as Advance[]];
  for (const advance of advances) {
    if (seen.has(advance.id)) {
      again.push(advance);
      continue;
    }
    seen.add(advance.id);
    const { form, values } = formed(session, advance);
    const group = byForm.get(form.name) ?? { form, members: [] };
    group.members.push({ advance, values });
    byForm.set(form.name, group);
  }
  return [...byForm.values(), ...(again.length > 0 ? alike(session, again) : [])];
}

/**
 * Writes progress of several Jobs, none of which changes what is held, each under its own epoch: a statement for each of the groups.
 * @returns those that were written; the others are not what they were expected to be
 */
export async function advanceGroups(session: Session, groups: readonly Alike[]): Promise<Map<Advance, JobRow>> {
  const written = new Map<Advance, JobRow>();
  for (const { form, members } of groups) {
    const values = members.map((member) => member.values);
    const rows = new Map((await advanceAlike(session, form, values)).map((row) => [`${row.id} ${row.epoch}`, row]));
    for (const { advance } of members) {
      const row = rows.get(`${advance.id} ${advance.epoch}`);
      if (row) written.set(advance, jobOf(session, row));
    }
  }
  return written;
}

/** The same by a statement for each, which costs next to nothing where no network is between: what is saved is their transactions. */
export async function advanceEach(session: Session, advances: readonly Advance[]): Promise<Map<Advance, JobRow>> {
  const written = new Map<Advance, JobRow>();
  for (const advance of advances) {
    try {
      written.set(advance, await advanceJob(session, advance.id, advance.epoch, advance.progress));
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
    }
  }
  return written;
}

/** One statement, which frees what is held by those that end. */
async function advanceAlike(session: Session, form: Form, values: readonly Readonly<Record<string, unknown>>[]): Promise<Returned[]> {
  const names = ['id', 'epoch', ...form.columns, ...(form.state ? ['state'] : []), ...(form.dated ? ['dueInMs'] : [])];
  const given = values.map((value) => Object.fromEntries(names.map((name) => [`new_${name}`, value[name]])));
  const { rows } = await prepared<Returned>(session, `advance all ${form.name}`, { given: JSON.stringify(given) }, (at, dialect) => {
    const of: Place = <T>(name: string) => sql<T>`${sql.ref(`given.new_${name}`)}`;
    const typed = sql.join(names.map((name) => sql`${sql.ref(`new_${name}`)} ${sql.raw(NUMBERS[name] ?? 'text')}`));
    const update = session.db
      .updateTable('jobs')
      .set(assignments(form, of, dialect))
      .from(sql`json_to_recordset(${at('given')}::json)`.as<'given'>(sql`given(${typed})`) as never)
      .where('jobs.id', '=', of<string>('id'))
      .where('jobs.epoch', '=', of<number>('epoch'))
      .where('jobs.done', '=', 0)
      .returningAll('jobs')
      .returning(dialect.heldByJob.as('held'));
    if (form.state !== 'ending') return update;
    return sql`with ended as (${update}), freed as (delete from holds where job in (select id from ended)) select * from ended`.compile(
      session.db,
    );
  });
  return rows;
}

/**
 * Leases those of the Jobs that are due and free, each with its own next epoch, in one statement.
 * @returns the leased ones by their ids
 */
export async function leaseJobs(session: Session, ids: readonly string[], owner: string, leaseMs: number): Promise<Map<string, JobRow>> {
  const possible = ids.filter((id) => !impossible(id));
  const values = { ids: session.dialect.list(possible), owner, leaseMs: Math.round(leaseMs) };
  const { rows } = await prepared<Returned>(session, 'lease', values, (at, { nowMs, stamp, isListed, locking, heldByJob }) => {
    // Rows are locked in the order of their ids, so that processes which lease the same ones never wait for each other in a circle.
    const wanted = sql`select id from jobs where ${isListed('id', at('ids'))} order by id ${locking}`;
    return sql`update jobs set
        taken_from = lease_owner, epoch = epoch + 1, attempts = attempts + 1, step_since = coalesce(step_since, ${nowMs}), lease_owner = ${at('owner')},
        lease_until = ${nowMs} + ${at('leaseMs')}, state = case when state = 'QUEUED' then 'RUNNING' else state end,
        changed = case when state = 'QUEUED' then ${stamp} else changed end
      where id in (${wanted}) and done = 0 and due <= ${nowMs} and (lease_until is null or lease_until <= ${nowMs})
      returning *, ${heldByJob} as held`.compile(session.db);
  });
  return new Map(rows.map((row) => [row.id, jobOf(session, row)]));
}
