import { sql, type CompiledQuery, type Kysely } from 'kysely';
import type { TenantQuota } from '../model/tenant-quotas';
import type { SqlDialect } from './dialect';
import { statement } from './prepared';
import type { Session } from './session';
import type { Counts } from './store';

/**
 * Numbers of Jobs (by state), stored resources (by type) and events (by severity) of each tenant, kept by triggers in the very transaction that changes
 * them, so that no list need be counted. SQLite has one row for each count. On PostgreSQL every change adds a row of its own, since
 * writers must not wait for each other; the sweep sums these up.
 */

const JOB = 'Job/';
const RESOURCE = 'Resource/';
const BYTES = 'Bytes/';
const EVENT = 'Event/';
const METERS = 'Meters/all';
/** Events that are entries of the audit, which not everybody sees. */
const ENTRY = 'Entry/';
/** Quotas that are stored, read with what they bound. */
const QUOTA = 'Quota/';
/** Rows of one count that are put together. */
const MANY = 50;
const AT_ONCE = 100;
/** Tenant of entries about nobody known. */
const STRANGERS = '';

export async function readCounts(session: Session, tenant: string): Promise<Counts> {
  return countsOf((await session.db.executeQuery(readingCounts(session, tenant))).rows);
}

interface Count {
  kind: string;
  n: number;
}

/** Makes the statement that reads the counts of a tenant, and its stored quotas, as of one moment. */
export function readingCounts(session: Session, tenant: string): CompiledQuery<Count> {
  return statement(session, 'counts', { tenant }, (at) =>
    session.db
      .selectFrom('counts')
      .where('tenant', '=', at<string>('tenant'))
      .groupBy('kind')
      .select(['kind', sql<number>`cast(sum(n) as bigint)`.as('n')])
      .unionAll(
        session.db
          .selectFrom('quotas')
          .where('tenant', '=', at<string>('tenant'))
          .select([sql<string>`${sql.lit(QUOTA)} || quota`.as('kind'), 'most as n']),
      ),
  );
}

/** Puts counts together from their rows, one for each kind. */
export function countsOf(rows: readonly Count[]): Counts {
  const found: Record<string, Map<string, number>> = {};
  for (const { kind, n } of rows) {
    const after = kind.indexOf('/') + 1;
    (found[kind.slice(0, after)] ??= new Map()).set(kind.slice(after), n);
  }
  const of = (prefix: string) => found[prefix] ?? new Map<string, number>();
  const one = (kind: string) => rows.find((row) => row.kind === kind)?.n ?? 0;
  return {
    ...{ jobs: of(JOB), resources: of(RESOURCE), events: of(EVENT), entries: of(ENTRY) },
    ...{ meters: one(METERS), bytes: one(`${BYTES}resources`), quotas: of(QUOTA) as ReadonlyMap<TenantQuota, number> },
  };
}

/** Sets a stored quota of a tenant, or takes it away (null). */
export async function putQuota({ db }: Session, tenant: string, quota: TenantQuota, most: number | null): Promise<void> {
  if (most === null) await db.deleteFrom('quotas').where('tenant', '=', tenant).where('quota', '=', quota).execute();
  else {
    const insert = db.insertInto('quotas').values({ tenant, quota, most });
    await insert.onConflict((conflict) => conflict.columns(['tenant', 'quota']).doUpdateSet({ most })).execute();
  }
}

/** Reads the names of all tenants of which anything is stored. */
export async function readTenants({ db }: Session): Promise<string[]> {
  const counted = db.selectFrom('counts').select('tenant').where('tenant', '<>', STRANGERS);
  const rows = await counted.union(db.selectFrom('principals').select('tenant')).union(db.selectFrom('quotas').select('tenant')).execute();
  return rows.map(({ tenant }) => tenant).sort();
}

export async function mergeCounts({ db, dialect }: Session): Promise<void> {
  if (dialect.counting === 'in place') return;
  await sql`with many as (select tenant, kind from counts group by tenant, kind having count(*) > ${MANY} limit ${AT_ONCE}),
      gone as (delete from counts using many where counts.tenant = many.tenant and counts.kind = many.kind
        returning counts.tenant, counts.kind, counts.n)
    insert into counts (tenant, kind, n) select tenant, kind, sum(n) from gone group by tenant, kind`.execute(db);
}

/** Makes the table with its triggers and counts what there is. */
export async function createCounts(db: Kysely<unknown>, { text, counting }: SqlDialect): Promise<void> {
  await sql`create table counts (tenant ${text} not null, kind ${text} not null, n bigint not null)`.execute(db);
  const unique = sql.raw(counting === 'in place' ? 'unique' : '');
  await sql`create ${unique} index counts_kind on counts (tenant, kind)`.execute(db);
  for (const statement of counting === 'in place' ? IN_PLACE : ADDED_UP) await sql.raw(statement).execute(db);
  await sql`insert into counts (tenant, kind, n) select tenant, ${sql.lit(JOB)} || state, count(*) from jobs group by tenant, state`.execute(
    db,
  );
  await sql`insert into counts (tenant, kind, n)
    select tenant, ${sql.lit(RESOURCE)} || type, count(*) from resources where cloud is null and owner is null group by tenant, type`.execute(
    db,
  );
}

const job = (row: 'old' | 'new') => `${row}.tenant, '${JOB}' || ${row}.state`;
const resource = (row: 'old' | 'new') => `${row}.tenant, '${RESOURCE}' || ${row}.type`;
const own = (row: 'old' | 'new') => `${row}.cloud is null and ${row}.owner is null`;

const counted = (what: string, n: number | string) =>
  `insert into counts (tenant, kind, n) values (${what}, ${n}) on conflict (tenant, kind) do update set n = n + excluded.n;`;
const trigger = (name: string, when: string, then: string) => `create trigger ${name} after ${when} begin ${then} end`;

const IN_PLACE = [
  trigger('counts_job_new', 'insert on jobs', counted(job('new'), 1)),
  trigger('counts_job_gone', 'delete on jobs', counted(job('old'), -1)),
  trigger('counts_job_state', 'update of state on jobs when old.state <> new.state', counted(job('old'), -1) + counted(job('new'), 1)),
  trigger('counts_resource_new', `insert on resources when ${own('new')}`, counted(resource('new'), 1)),
  trigger('counts_resource_gone', `delete on resources when ${own('old')}`, counted(resource('old'), -1)),
  trigger(
    'counts_resource_placed',
    `update of cloud on resources when ${own('old')} and not (${own('new')})`,
    counted(resource('old'), -1),
  ),
  trigger('counts_resource_freed', `update of cloud on resources when ${own('new')} and not (${own('old')})`, counted(resource('new'), 1)),
];

const added = (what: string, n: number | string) => `insert into counts (tenant, kind, n) values (${what}, ${n});`;
const procedure = (name: string, then: string) =>
  `create function ${name}() returns trigger language plpgsql set search_path from current as $$ begin ${then} return null; end $$`;
const calling = (name: string, when: string) => `create trigger ${name} after ${when} execute function ${name}()`;

const ADDED_UP = [
  procedure('counts_job_new', added(job('new'), 1)),
  procedure('counts_job_gone', added(job('old'), -1)),
  procedure('counts_job_state', added(job('old'), -1) + added(job('new'), 1)),
  procedure('counts_resource_new', added(resource('new'), 1)),
  procedure('counts_resource_gone', added(resource('old'), -1)),
  calling('counts_job_new', 'insert on jobs for each row'),
  calling('counts_job_gone', 'delete on jobs for each row'),
  calling('counts_job_state', 'update of state on jobs for each row when (old.state <> new.state)'),
  calling('counts_resource_new', `insert on resources for each row when (${own('new')})`),
  calling('counts_resource_gone', `delete on resources for each row when (${own('old')})`),
  `create trigger counts_resource_placed after update of cloud on resources for each row
     when (${own('old')} and not (${own('new')})) execute function counts_resource_gone()`,
  `create trigger counts_resource_freed after update of cloud on resources for each row
     when (${own('new')} and not (${own('old')})) execute function counts_resource_new()`,
];

/** Bytes that a tenant's resources take, wherever these live. */
export async function countBytes(db: Kysely<unknown>, { counting }: SqlDialect): Promise<void> {
  const inPlace = counting === 'in place';
  const of = (row: string) => {
    const length = (column: string) => (inPlace ? `length(cast(${row}.${column} as blob))` : `octet_length(${row}.${column})`);
    return `(${length('document')} + coalesce(${length('secrets')}, 0) + ${length('internal')})`;
  };
  const kind = (row: string) => `${row}.tenant, '${BYTES}resources'`;
  const [more, less] = [`${of('new')} - ${of('old')}`, `-${of('old')}`];
  const changed = 'update of document, secrets, internal on resources';
  const statements = inPlace
    ? [
        trigger('counts_bytes_new', 'insert on resources', counted(kind('new'), of('new'))),
        trigger('counts_bytes_gone', 'delete on resources', counted(kind('old'), less)),
        trigger('counts_bytes_changed', `${changed} when ${of('old')} <> ${of('new')}`, counted(kind('new'), more)),
      ]
    : [
        procedure('counts_bytes_new', added(kind('new'), of('new'))),
        procedure('counts_bytes_gone', added(kind('old'), less)),
        procedure('counts_bytes_changed', added(kind('new'), more)),
        calling('counts_bytes_new', 'insert on resources for each row'),
        calling('counts_bytes_gone', 'delete on resources for each row'),
        calling('counts_bytes_changed', `${changed} for each row when (${of('old')} <> ${of('new')})`),
      ];
  for (const statement of statements) await sql.raw(statement).execute(db);
  const all = sql.raw(`insert into counts (tenant, kind, n)
    select tenant, '${BYTES}resources', sum(${of('resources')}) from resources group by tenant`);
  await all.execute(db);
}

/** Events by severity, as logs of everything sum them up. */
export async function countEvents(db: Kysely<unknown>, { counting }: SqlDialect): Promise<void> {
  const kindOf = (row: string) => `case when ${row}.lane is null then '${EVENT}' else '${ENTRY}' end || coalesce(${row}.severity, '')`;
  const event = (row: string) => `${row}.tenant, ${kindOf(row)}`;
  const statements =
    counting === 'in place'
      ? [
          trigger('counts_event_new', 'insert on events', counted(event('new'), 1)),
          trigger('counts_event_gone', 'delete on events', counted(event('old'), -1)),
        ]
      : [
          procedure('counts_event_new', added(event('new'), 1)),
          procedure('counts_event_gone', added(event('old'), -1)),
          calling('counts_event_new', 'insert on events for each row'),
          calling('counts_event_gone', 'delete on events for each row'),
        ];
  for (const statement of statements) await sql.raw(statement).execute(db);
  const kind = sql.raw(kindOf('events'));
  await sql`insert into counts (tenant, kind, n) select tenant, ${kind}, count(*) from events group by tenant, ${kind}`.execute(db);
}

/** Meters of a tenant, whatever owns them. */
export async function countMeters(db: Kysely<unknown>, { counting }: SqlDialect): Promise<void> {
  const kind = (row: string) => `${row}.tenant, '${METERS}'`;
  const statements =
    counting === 'in place'
      ? [
          trigger('counts_meter_new', "insert on resources when new.type = 'Meter'", counted(kind('new'), 1)),
          trigger('counts_meter_gone', "delete on resources when old.type = 'Meter'", counted(kind('old'), -1)),
        ]
      : [
          procedure('counts_meter_new', added(kind('new'), 1)),
          procedure('counts_meter_gone', added(kind('old'), -1)),
          calling('counts_meter_new', "insert on resources for each row when (new.type = 'Meter')"),
          calling('counts_meter_gone', "delete on resources for each row when (old.type = 'Meter')"),
        ];
  for (const statement of statements) await sql.raw(statement).execute(db);
  await sql`insert into counts (tenant, kind, n)
    select tenant, ${sql.lit(METERS)}, count(*) from resources where type = 'Meter' group by tenant`.execute(db);
}
