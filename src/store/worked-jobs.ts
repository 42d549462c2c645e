import { sql, type CompiledQuery, type RawBuilder, type Updateable } from 'kysely';
import { kept } from '../model/shown';
import type { Drafted } from './draft';
import type { SqlDialect } from './dialect';
import { readHoldsOf, releaseHolds, showHolds } from './holds';
import { encodeOptional, jobFromRow, sealJob, type StoredJob } from './job-rows';
import { placesOf, prepared, statement, type Place } from './prepared';
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
export type Returned = StoredJob & { held: string };

export function jobOf({ cipher }: Session, { held, ...row }: Returned, holds?: readonly Hold[]): JobRow {
  return jobFromRow(cipher, row, row.done === 1 ? [] : (holds ?? decodeColumn<Hold[]>(held)));
}

/** Progress of a Job under an epoch. */
export interface Advance {
  id: string;
  epoch: number;
  progress: JobProgress;
  /** Changes that go with it. */
  drafted?: Drafted;
}

/** Columns that an advance sets to values of its own. */
type Columns = readonly (keyof JobsTable)[];

/** Form of an advance: all of one form have the same statement. */
export interface Form {
  name: string;
  columns: Columns;
  stepBegins: boolean;
  release: boolean;
  dated: boolean;
  state: StateForm | undefined;
  /** True where it must still be in a state. */
  was: boolean;
}

export function formed(
  { cipher }: Session,
  { id, epoch, progress, drafted }: Advance,
): { form: Form; values: Readonly<Record<string, unknown>> } {
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
  const was = drafted?.was;
  const form = {
    ...{ columns, stepBegins, release, dated: dueInMs !== undefined, was: was !== undefined },
    state: state === undefined ? undefined : formOf(state),
  };
  const name = [...columns, stepBegins, release, form.dated, form.state ?? '', form.was].join(' ');
  const values = { ...changed, id, epoch, state, was, dueInMs: dueInMs === undefined ? undefined : Math.round(dueInMs) };
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
  const { rows } = await session.db.executeQuery(advancing(session, { id, epoch, progress }));
  const [row] = rows;
  if (!row) throw new StaleError(`job ${id}`);
  if (row.done === 1) await releaseHolds(session, id);
  if (row.done === 1 || !progress.holds) return jobOf(session, row);
  await showHolds(session, id, progress.holds);
  return jobOf(session, row, (await readHoldsOf(session, [id])).get(id) ?? []);
}

/** Makes the statement that writes progress of one Job; it returns nothing where the Job is not as it is expected to be. */
export function advancing(session: Session, advance: Advance): CompiledQuery<Returned> {
  const { form, values } = formed(session, advance);
  return statement(session, `advance ${form.name}`, values, (at, dialect) =>
    session.db
      .updateTable('jobs')
      .set(assignments(form, at, dialect))
      .where('id', '=', at<string>('id'))
      .where('epoch', '=', at<number>('epoch'))
      .where('done', '=', 0)
      .$if(form.was, (update) => update.where('state', '=', at<JobState>('was')))
      .returningAll()
      .returning(dialect.heldByJob.as('held')),
  );
}

/** SQL types of values that are no text. */
const NUMBERS: { readonly [name: string]: string } = {
  ...{ epoch: 'bigint', dueInMs: 'bigint', expires: 'bigint' },
  ...{ return_code: 'integer', progress: 'integer', undoing: 'integer', attempts: 'integer' },
};

/** Parts of a statement that writes many advances of a form: what it is given, and the update of their rows. */
export function advancingAll(form: Form): {
  given(values: readonly Readonly<Record<string, unknown>>[]): string;
  /** Columns of what is given, with their types. */
  typed: RawBuilder<unknown>;
  update(session: Session, from: RawBuilder<unknown>, dialect: SqlDialect): RawBuilder<Returned>;
} {
  const names = [
    ...['id', 'epoch', ...form.columns],
    ...[...(form.state ? ['state'] : []), ...(form.dated ? ['dueInMs'] : []), ...(form.was ? ['was'] : [])],
  ];
  const of: Place = <T>(name: string) => sql<T>`${sql.ref(`given.new_${name}`)}`;
  return {
    given: (values) => JSON.stringify(values.map((value) => Object.fromEntries(names.map((name) => [`new_${name}`, value[name]])))),
    typed: sql.join(names.map((name) => sql`${sql.ref(`new_${name}`)} ${sql.raw(NUMBERS[name] ?? 'text')}`)),
    update: (session, from, dialect) => {
      const update = session.db
        .updateTable('jobs')
        .set(assignments(form, of, dialect))
        .from(from.as('given') as never)
        .where('jobs.id', '=', of<string>('id'))
        .where('jobs.epoch', '=', of<number>('epoch'))
        .where('jobs.done', '=', 0)
        .$if(form.was, (updated) => updated.where('jobs.state', '=', of<JobState>('was')))
        .returningAll('jobs')
        .returning(dialect.heldByJob.as('held'));
      return sql<Returned>`${update}`;
    },
  };
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
