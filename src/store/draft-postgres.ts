import { sql, type RawBuilder } from 'kysely';
import type { Drafted, DraftedChange } from './draft';
import { prepared, type Place } from './prepared';
import { deleteTree } from './resources';
import type { Session } from './session';
import { advancingAll, type Form, type Returned } from './worked-jobs';
import { EVENTS, numbers, REFS, RESOURCES, texts, type Columns } from './columns';

/**
 * Drafts of many Jobs on PostgreSQL: one statement locks the rows that they change as they were read, advances the Jobs of which
 * everything is still so, each under its epoch, and writes of these what else there is.
 */

/** A draft with its Job. */
interface OfJob {
  job: string;
  drafted: Drafted;
}

const SEEN: Columns = [['job', 'text'], ['path', 'text'], ...numbers('version'), ['writes', 'boolean']];
const OWNED: Columns = [...texts('job', 'owner', 'type'), ['paths', 'text[]']];
const REFERRED: Columns = [...texts('job', 'target'), ['sources', 'text[]']];
/** Advances Jobs of one form with their drafts. @returns the rows of those that were written */
export async function writeDrafts(
  session: Session,
  form: Form,
  values: readonly Readonly<Record<string, unknown>>[],
  drafts: readonly OfJob[],
): Promise<Returned[]> {
  const all = rowsOf(drafts);
  const sets = bySet(drafts);
  const parts = (Object.keys(all) as Part[]).filter((part) => all[part].length > 0);
  const { given, typed, update } = advancingAll(form);
  const lists: Record<string, string> = { given: given(values) };
  for (const part of parts) lists[part] = JSON.stringify(all[part]);
  for (const [index, [, changes]] of sets.entries()) lists[`changed${index}`] = JSON.stringify(changes);
  const name = `drafts ${form.name} ${parts.join(' ')} ${sets.map(([set]) => set).join(' ')}`;
  const { rows } = await prepared<Returned>(session, name, lists, (at, dialect) => {
    const has = (part: Part): boolean => parts.includes(part);
    const stamp = dialect.stamp;
    const given = sql`given as (select * from json_to_recordset(${at('given')}::json) as given(${typed}))`;
    const fits = [
      ...(has('seen') ? [ARE_SEEN, ARE_LOCKED] : []),
      ...(has('owned') ? [OWN_NO_MORE] : []),
      ...(has('referred') ? [REFERRED_BY_NO_MORE] : []),
    ];
    const lists = [
      given,
      ...(has('seen') ? [listed(at, 'seen', SEEN), LOCKED] : []),
      ...(has('owned') ? [listed(at, 'owned', OWNED)] : []),
      ...(has('referred') ? [listed(at, 'referred', REFERRED)] : []),
      sql`fit as (select * from given${fits.length > 0 ? sql` where ${sql.join(fits, sql` and `)}` : sql``})`,
      sql`ended as (${update(session, sql`(select * from fit)`, dialect)})`,
      ...(form.state === 'ending' ? [sql`freed as (delete from holds where job in (select id from ended))`] : []),
      ...sets.map(([set], index) => changing(at, set, index, stamp)),
      ...(has('unreferred')
        ? [
            sql`unreferred as (delete from refs using ${source(at, 'unreferred', REFS)}, ended
              where ended.id = x.job and refs.source = x.source and refs.target = x.target)`,
          ]
        : []),
      ...(has('refs') ? [inserted(at, 'refs', 'refs', REFS, names(REFS, 'x'))] : []),
      ...(has('made')
        ? [inserted(at, 'made', 'resources', RESOURCES, names(RESOURCES, 'x', { created: sql`coalesce(x.created, ${stamp})` }))]
        : []),
      ...(has('retired')
        ? [
            sql`retired_now as (insert into retired (path, at, cloud) select x.path, ${stamp}, x.cloud
              from ${source(at, 'retired', texts('path', 'cloud'))} join ended on ended.id = x.job on conflict do nothing)`,
          ]
        : []),
      ...(has('events')
        ? [
            sql`told as (insert into events (${names(EVENTS)}, recorded) select
              ${names(EVENTS, 'x', { timestamp: sql`coalesce(x.timestamp, ${stamp})` })}, ${stamp}
              from ${source(at, 'events', [...numbers('place'), ...EVENTS])} join ended on ended.id = x.of_job order by x.place)`,
          ]
        : []),
    ];
    return sql`with ${sql.join(lists)} select * from ended`.compile(session.db);
  });
  await deleteGone(session, drafts, new Set(rows.map(({ id }) => id)));
  return rows;
}

const ARE_SEEN = sql`not exists (select 1 from seen s left join resources r on r.path = s.path
  where s.job = given.new_id and r.version is distinct from s.version)`;
const ARE_LOCKED = sql`(select count(*) from seen s where s.job = given.new_id and s.writes) =
  (select count(*) from locked l where l.job = given.new_id)`;
const OWN_NO_MORE = sql`not exists (select 1 from owned o join resources r on r.owner = o.owner and r.type = o.type
  where o.job = given.new_id and r.path <> all (o.paths))`;
const REFERRED_BY_NO_MORE = sql`not exists (select 1 from referred t join refs f on f.target = t.target
  where t.job = given.new_id and f.source <> all (t.sources))`;
/** Rows to be changed, as they were read; whoever changes one at this moment is waited for. In order of their paths, as all who take several. */
const LOCKED = sql`locked as (select s.job, r.path from resources r join seen s on r.path = s.path and r.version = s.version
  where s.writes order by r.path for update of r)`;

type Part = 'seen' | 'owned' | 'referred' | 'unreferred' | 'refs' | 'made' | 'retired' | 'events';

function rowsOf(drafts: readonly OfJob[]): Record<Part, readonly object[]> {
  const each = (of: (drafted: Drafted, job: string) => readonly object[]): readonly object[] =>
    drafts.flatMap(({ job, drafted }) => of(drafted, job).map((row) => ({ ...row, of_job: job })));
  const ofJob = (rows: readonly object[]): readonly object[] => rows.map((row) => ({ ...row, job: (row as { of_job: string }).of_job }));
  return {
    seen: ofJob(
      each(({ seen, changed, gone }) => {
        const writes = new Set([...changed, ...gone].map(({ path }) => path));
        return [...seen].map(([path, version]) => ({ path, version, writes: version !== null && writes.has(path) }));
      }),
    ),
    owned: ofJob(each(({ owned }) => owned)),
    referred: ofJob(each(({ referred }) => referred)),
    unreferred: ofJob(each(({ refs }) => refs.gone)),
    refs: ofJob(each(({ refs }) => refs.made)),
    made: ofJob(each(({ made }) => made.map(({ values, created }) => ({ ...values, created })))),
    retired: ofJob(each(({ gone }) => gone.filter(({ cloud }) => cloud !== null))),
    // An event has a Job that it is about.
    events: each(({ events }) => events.map(({ row, at }) => ({ ...row, timestamp: at }))).map((row, place) => ({ ...row, place })),
  };
}

/** Changes by the columns that they set. */
function bySet(drafts: readonly OfJob[]): [set: string, changes: readonly object[]][] {
  const sets = new Map<string, object[]>();
  for (const { job, drafted } of drafts) {
    for (const { path, columns, raises, explicit } of drafted.changed) {
      const set = [...Object.keys(columns).sort(), ...(explicit ? ['updated'] : [])].join(',');
      sets.set(set, [...(sets.get(set) ?? []), { job, path, raises, ...columns }]);
    }
  }
  return [...sets].sort(([a], [b]) => (a < b ? -1 : 1));
}

function changing(at: Place, set: string, index: number, stamp: RawBuilder<string>): RawBuilder<unknown> {
  const columns = set.split(',').filter((column) => column !== '' && column !== 'updated') as (keyof DraftedChange['columns'])[];
  const typed: Columns = columns.map((column) => [column, column === 'events_after' ? 'bigint' : 'text']);
  const assigned = [
    sql`version = resources.version + x.raises`,
    ...columns.map((column) => sql`${sql.ref(column)} = ${sql.ref(`x.${column}`)}`),
    ...(set.split(',').includes('updated') ? [sql`updated = ${stamp}`] : []),
  ];
  return sql`${sql.ref(`changed${index}`)} as (update resources set ${sql.join(assigned)}
    from ${source(at, `changed${index}`, [...texts('path'), ...numbers('raises'), ...typed])}, ended
    where ended.id = x.job and resources.path = x.path)`;
}

/** A list that is given, as `x`, each row with its Job. */
function source(at: Place, name: string, columns: Columns): RawBuilder<unknown> {
  const job = columns.some(([column]) => column === 'job') ? 'of_job' : 'job';
  return sql`json_to_recordset(${at(name)}::json) as x(${sql.ref(job)} text, ${typedOf(columns)})`;
}

function listed(at: Place, name: string, columns: Columns): RawBuilder<unknown> {
  return sql`${sql.ref(name)} as materialized (select * from json_to_recordset(${at(name)}::json) as x(${typedOf(columns)}))`;
}

function inserted(at: Place, name: Part, table: string, columns: Columns, values: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`${sql.ref(`${name}_now`)} as (insert into ${sql.table(table)} (${names(columns)}) select ${values}
    from ${source(at, name, columns)} join ended on ended.id = x.job)`;
}

function typedOf(columns: Columns): RawBuilder<unknown> {
  return sql.join(columns.map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`));
}

function names(columns: Columns, of?: string, but: Readonly<Record<string, RawBuilder<unknown>>> = {}): RawBuilder<unknown> {
  return sql.join(columns.map(([name]) => but[name] ?? sql.ref(of === undefined ? name : `${of}.${name}`)));
}

/** Deletes what goes with the Jobs that were written, and all that it owns. */
async function deleteGone(session: Session, drafts: readonly OfJob[], written: ReadonlySet<string>): Promise<void> {
  const paths = drafts.flatMap(({ job, drafted }) => (written.has(job) ? drafted.gone.map(({ path }) => path) : []));
  if (paths.length === 0) return;
  const { dialect } = session;
  await deleteTree(session, sql`${dialect.isIn('path', paths)} or ${dialect.isIn('owner', paths)}`);
}
