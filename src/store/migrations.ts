import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { countBytes, countEvents, countMeters, createCounts } from './counts';
import { createFeed } from './feed';
import { postgresDialect, type SqlDialect } from './dialect';
import { storableName } from './resources';
import type { Tables } from './schema';
import { decodeColumn } from './session';

/**
 * Brings the tables up to date; several processes may do so at once (PostgreSQL: an advisory lock; SQLite: one
 * immediate transaction).
 * @param schema PostgreSQL schema that holds the tables.
 * @throws Error when the data was written by a newer version or a migration fails; nothing is half done.
 */
export async function migrate(db: Kysely<Tables>, dialect: SqlDialect, schema?: string): Promise<void> {
  const { error } = await migratorOf(db, dialect, schema).migrateToLatest();
  if (error) throw error instanceof Error ? error : new Error(String(error));
}

/**
 * Looks whether the tables are those of this version, and changes nothing.
 * @throws Error in words where they are of an earlier or a later one
 */
export async function assertMigrated(db: Kysely<Tables>, dialect: SqlDialect, schema?: string): Promise<void> {
  const known = await migratorOf(db, dialect, schema).getMigrations();
  const missing = known.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
  if (missing.length > 0)
    throw new Error(
      `the store is of an earlier version (${missing.join(', ')} not done yet), and this command changes nothing: start a gateway of this version first`,
    );
  const made = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const later = made.rows.map(({ name }) => name).filter((name) => !knowsMigration(name));
  if (later.length > 0) throw new Error(`the store is of a later version (${later.join(', ')}): use that version's command`);
}

/** Makes the tables as they were after one migration, where there are none. @throws Error when a migration fails */
export async function migrateTo(db: Kysely<Tables>, dialect: SqlDialect, name: string): Promise<void> {
  const { error } = await migratorOf(db, dialect).migrateTo(name);
  if (error) throw error instanceof Error ? error : new Error(String(error));
}

/** Tells whether this version knows the migration of this name. */
export function knowsMigration(name: string): boolean {
  return Object.hasOwn(migrations(postgresDialect), name);
}

function migratorOf(db: Kysely<Tables>, dialect: SqlDialect, schema?: string): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations(dialect)) },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
}

/** Name by which a database is known as one of this program. */
export const FIRST_MIGRATION = '0001-first';

/** All migrations by name; never changed once released, only added to. */
function migrations(dialect: SqlDialect): Record<string, Migration> {
  return {
    [FIRST_MIGRATION]: { up: (db) => first(db, dialect) },
    '0002-retired': { up: (db) => retired(db, dialect) },
    '0003-doubt': { up: (db) => doubt(db, dialect) },
    '0004-found-again': { up: (db) => foundAgain(db, dialect) },
    '0005-lists': { up: (db) => lists(db, dialect) },
    '0006-bytes': { up: (db) => bytes(db, dialect) },
    '0007-retention': { up: (db) => retention(db, dialect) },
    '0008-monitoring': { up: (db) => monitoring(db, dialect) },
    '0009-events': { up: (db) => events(db, dialect) },
    '0012-logs': { up: (db) => logs(db, dialect) },
    '0013-audit': { up: (db) => audit(db, dialect) },
    '0014-feed': { up: (db) => createFeed(db, dialect) },
    '0015-events-found': { up: (db) => eventsFound(db, dialect) },
    '0016-events-counted': { up: (db) => eventsCounted(db, dialect) },
    '0017-agenda': { up: (db) => agenda(db, dialect) },
    '0018-meters': { up: (db) => meters(db, dialect) },
    '0019-shares': { up: (db) => shares(db, dialect) },
    '0020-events-shown': { up: (db) => eventsShown(db, dialect) },
    '0021-plans': { up: (db) => plans(db, dialect) },
    '0022-sessions': { up: (db) => sessions(db, dialect) },
    '0023-fewer-pages': { up: (db) => fewerPages(db, dialect) },
    '0024-origins': { up: (db) => origins(db, dialect) },
    '0025-named-tokens': { up: (db) => namedTokens(db, dialect) },
    '0026-traces': { up: (db) => traces(db, dialect) },
    '0027-scopes': { up: (db) => scopes(db, dialect) },
    '0028-own-in-clouds': { up: (db) => ownInClouds(db, dialect) },
    '0029-quotas': { up: (db) => quotas(db, dialect) },
    '0030-sessions-of-issuers': { up: (db) => sessionsOfIssuers(db, dialect) },
  };
}

/** Sessions of users of an issuer, too, who have no row: the rows of others go with their user by removePrincipal. */
async function sessionsOfIssuers(db: Kysely<unknown>, { patience, text }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`create table sessions_of_all (
    hash ${text} primary key, principal ${text} not null, proof ${text} not null, created ${text} not null, used ${text} not null)`.execute(
    db,
  );
  await sql`insert into sessions_of_all select hash, principal, proof, created, used from sessions`.execute(db);
  await sql`drop table sessions`.execute(db);
  await sql`alter table sessions_of_all rename to sessions`.execute(db);
  await sql`create index sessions_principal on sessions (principal)`.execute(db);
}

/** Quotas that are set at runtime. */
async function quotas(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`create table quotas (tenant ${text} not null, quota ${text} not null, most bigint not null, primary key (tenant, quota))`.execute(
    db,
  );
}

/** Sessions of browsers, which go with their user. */
async function sessions(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`create table sessions (
    hash ${text} primary key, principal ${text} not null references principals (name) on delete cascade,
    proof ${text} not null, created ${text} not null, used ${text} not null)`.execute(db);
  await sql`create index sessions_principal on sessions (principal)`.execute(db);
}

/** Index by which a list of one cloud finds the tenant's rows there, whatever the tenant has in other clouds. */
async function ownInClouds(db: Kysely<unknown>, { patience }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`create index resources_own on resources (type, tenant, cloud, created, path) where cloud is not null`.execute(db);
}

/**
 * Fewer pages for every change to write: no index that nothing is looked up by (all lists are of one tenant), none of what has no
 * owner, and holds in their key itself.
 */
async function fewerPages(db: Kysely<unknown>, { patience, text, keyed, alone }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  for (const index of ['resources_page', 'jobs_page', 'resources_owner']) await sql`drop index ${sql.ref(index)}`.execute(db);
  await sql`create index resources_owner on resources (owner, type, created, path) where owner is not null`.execute(db);
  if (!alone) return;
  await sql`create table holds_keyed (
    path ${text} primary key, job ${text} not null references jobs (id) on delete cascade, shows ${text}) ${keyed}`.execute(db);
  await sql`insert into holds_keyed (path, job, shows) select path, job, shows from holds`.execute(db);
  await sql`drop table holds`.execute(db);
  await sql`alter table holds_keyed rename to holds`.execute(db);
  await sql`create index holds_job on holds (job)`.execute(db);
}

/** Samples of Meters, which go with them, and recurring work. */
async function monitoring(db: Kysely<unknown>, { text, serial, keyed }: SqlDialect): Promise<void> {
  await sql`create table series (
    id ${serial}, path ${text} not null unique references resources (path) on delete cascade,
    reached bigint not null, ageing integer not null, memory ${text})`.execute(db);
  await sql`create table samples (
    meter bigint not null references series (id) on delete cascade, t bigint not null, v double precision not null, covered ${text},
    primary key (meter, t)) ${keyed}`.execute(db);
  await sql`create table tasks (
    name ${text} primary key, due bigint not null, lease_owner ${text}, lease_until bigint, epoch bigint not null,
    memory ${text})`.execute(db);
}

/** Agendas of recurring work, with the Meters that there are. */
async function agenda(db: Kysely<unknown>, { patience, text, keyed, member }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`create table agenda (
    path ${text} not null references resources (path) on delete cascade, work ${text} not null, due bigint not null,
    epoch bigint not null, primary key (path, work)) ${keyed}`.execute(db);
  await sql`create index agenda_due on agenda (work, due, path)`.execute(db);
  await sql`insert into agenda (path, work, due, epoch)
    select path, coalesce('collect ' || ${member('internal', 'cloud')}, 'collect'), 0, 0 from resources where type = 'Meter'`.execute(db);
  await sql`insert into agenda (path, work, due, epoch) select path, 'alarms', 0, 0 from resources where type = 'Meter'`.execute(db);
}

/** Numbers of Meters, which quotas go by. */
async function meters(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  if (dialect.patience) await dialect.patience.execute(db);
  await countMeters(db, dialect);
}

/** Events as a log shows them: when they happened beside when they were recorded, whose Job and which provider's event it was. */
async function events(db: Kysely<unknown>, { patience, text }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  for (const column of ['recorded', 'contact', 'job', 'cloud', 'provider_event', 'naming', 'updated'])
    await sql`alter table events add column ${sql.ref(column)} ${text}`.execute(db);
  await sql`update events set recorded = timestamp`.execute(db);
  await sql`drop index events_resource`.execute(db);
  await sql`create index events_time on events (tenant, timestamp, seq)`.execute(db);
  await sql`create index events_about on events (resource, tenant, timestamp, seq)`.execute(db);
  await sql`create index events_severity on events (tenant, severity, seq) where severity is not null`.execute(db);
  await sql`create unique index events_told on events (tenant, cloud, provider_event) where provider_event is not null`.execute(db);
}

/** Indexes by which a log of very many events finds those of a severity, in their order, and those of a Job. */
async function eventsFound(db: Kysely<unknown>, { patience }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`drop index events_severity`.execute(db);
  await sql`create index events_severity on events (tenant, severity, timestamp, seq) where severity is not null`.execute(db);
  await sql`create index events_job on events (job) where job is not null`.execute(db);
}

/** Counts that the summary of a log of everything is made of. */
async function eventsCounted(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  if (dialect.patience) await dialect.patience.execute(db);
  await countEvents(db, dialect);
}

/** Shares of members apart from the samples, of which most have none. */
async function shares(db: Kysely<unknown>, { patience, text, keyed }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`create table shares (
    meter bigint not null references series (id) on delete cascade, t bigint not null, covered ${text} not null,
    primary key (meter, t)) ${keyed}`.execute(db);
  await sql`insert into shares (meter, t, covered) select meter, t, covered from samples where covered is not null`.execute(db);
  await sql`alter table samples drop column covered`.execute(db);
}

/** Indexes that tell entries of the audit from other events by themselves: a log is counted without them for who may not read them. */
async function eventsShown(db: Kysely<unknown>, { patience }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`drop index events_time`.execute(db);
  await sql`create index events_time on events (tenant, timestamp, seq, lane)`.execute(db);
  await sql`drop index events_severity`.execute(db);
  await sql`create index events_severity on events (tenant, severity, timestamp, seq, lane) where severity is not null`.execute(db);
}

/** The log of a resource, and the number of the last event that its former log had. */
async function logs(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`alter table resources add column event_log ${text}`.execute(db);
  await sql`alter table resources add column events_after bigint`.execute(db);
}

/** Chains of the audit, and the order in which what is no entry of it goes. */
async function audit(db: Kysely<unknown>, { patience, text }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`alter table events add column lane integer`.execute(db);
  await sql`alter table events add column link bigint`.execute(db);
  await sql`alter table events add column mac ${text}`.execute(db);
  await sql`create unique index events_chain on events (tenant, lane, link) where lane is not null`.execute(db);
  await sql`create index events_plain on events (tenant, seq) where lane is null`.execute(db);
  await sql`create table audit_chains (
    tenant ${text} not null, lane integer not null, link bigint not null, mac ${text} not null,
    gone_link bigint not null, gone_mac ${text} not null, seal ${text} not null, primary key (tenant, lane))`.execute(db);
}

async function retention(db: Kysely<unknown>, { patience }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`create index retired_at on retired (at)`.execute(db);
  await sql`create index retired_remains on retired (at) where remains is not null`.execute(db);
}

/** Indexes and counters that lists are narrowed, ordered and counted by. Tables may be large: each is gone through once. */
async function lists(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  if (dialect.patience) await dialect.patience.execute(db);
  await sql`alter table resources add column name ${dialect.text}`.execute(db);
  await nameRows(db, dialect);
  await sql`create index resources_name on resources (type, tenant, name, created, path)`.execute(db);
  await sql`create index jobs_state on jobs (tenant, state, created, id)`.execute(db);
  await sql`create index jobs_target on jobs (tenant, target, created, id)`.execute(db);
  await sql`drop index jobs_parent`.execute(db);
  await sql`create index jobs_parent on jobs (parent, tenant, created, id) where parent is not null`.execute(db);
  await createCounts(db, dialect);
}

/** Documents with escaped characters are read here: among these are some that PostgreSQL's JSON does not take. */
async function nameRows(db: Kysely<unknown>, { holds, nameInDocument }: SqlDialect): Promise<void> {
  const escaped = holds('document', '\\u');
  await sql`update resources set name = ${nameInDocument} where not ${escaped}`.execute(db);
  for (let after = ''; ;) {
    const { rows } = await sql<{ path: string; document: string }>`select path, document from resources
      where ${escaped} and path > ${after} order by path limit 500`.execute(db);
    for (const { path, document } of rows)
      await sql`update resources set name = ${storableName(decodeColumn(document))} where path = ${path}`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    after = last.path;
  }
}

/** Counts that quotas go by. */
async function bytes(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  if (dialect.patience) await dialect.patience.execute(db);
  await countBytes(db, dialect);
}

async function doubt(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`alter table jobs add column doubtful integer not null default 0`.execute(db);
  await sql`create table marks (instance ${text} primary key, count bigint not null, at bigint not null)`.execute(db);
}

/** Findings of Jobs that only plan. */
async function plans(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`alter table jobs add column plan ${text}`.execute(db);
}

/** Origin of a Job: the request that asked for it, and the process that its lease ran out on. */
async function origins(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  for (const column of ['request_id', 'taken_from']) await sql`alter table jobs add column ${sql.ref(column)} ${text}`.execute(db);
}

/** Places of Jobs in traces. */
async function traces(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`alter table jobs add column trace ${text}`.execute(db);
}

/** Names of tokens, what they are good for at most, and when they were last used. */
async function namedTokens(db: Kysely<unknown>, { patience, text }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  for (const column of ['name', 'role', 'used']) await sql`alter table tokens add column ${sql.ref(column)} ${text}`.execute(db);
  await sql`create unique index tokens_name on tokens (principal, name) where name is not null`.execute(db);
}

/** Scopes of tokens. */
async function scopes(db: Kysely<unknown>, { patience, text }: SqlDialect): Promise<void> {
  if (patience) await patience.execute(db);
  await sql`alter table tokens add column scope ${text}`.execute(db);
}

async function retired(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`create table retired (path ${text} primary key, at ${text} not null)`.execute(db);
}

async function foundAgain(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  for (const column of ['type', 'cloud', 'provider_key', 'remains'])
    await sql`alter table retired add column ${sql.ref(column)} ${text}`.execute(db);
  await sql`create index retired_key on retired (cloud, type, provider_key) where remains is not null`.execute(db);
}

async function first(db: Kysely<unknown>, { text, serial }: SqlDialect): Promise<void> {
  const statements = [
    sql`create table meta (name ${text} primary key, value ${text} not null)`,
    sql`create table resources (
      path ${text} primary key, type ${text} not null, tenant ${text} not null, cloud ${text}, provider_key ${text}, owner ${text},
      state ${text}, created ${text} not null, updated ${text}, version bigint not null,
      document ${text} not null, secrets ${text}, internal ${text} not null)`,
    sql`create unique index resources_key on resources (cloud, type, provider_key) where provider_key is not null`,
    sql`create index resources_type on resources (type, tenant, created, path)`,
    sql`create index resources_page on resources (type, created, path)`,
    sql`create index resources_owner on resources (owner, type, created, path)`,
    sql`create table refs (
      source ${text} not null references resources (path) on delete cascade, target ${text} not null, primary key (source, target))`,
    sql`create index refs_target on refs (target)`,
    sql`create table jobs (
      id ${text} primary key, tenant ${text} not null, principal ${text} not null, workflow ${text}, workflow_version integer not null,
      naming ${text} not null, state ${text} not null, done integer not null, action ${text} not null, target ${text} not null,
      affected ${text} not null, return_code integer not null, progress integer not null, status_message ${text} not null,
      created ${text} not null, changed ${text} not null, parent ${text}, input ${text}, results ${text}, memory ${text},
      step ${text}, undoing integer not null, attempts integer not null, step_since bigint, due bigint not null,
      lease_owner ${text}, lease_until bigint, epoch bigint not null, failure ${text},
      idempotency_key ${text}, request_hash ${text}, answer ${text}, expires bigint)`,
    sql`create unique index jobs_key on jobs (tenant, idempotency_key) where idempotency_key is not null`,
    sql`create index jobs_due on jobs (done, due)`,
    sql`create index jobs_page on jobs (created, id)`,
    sql`create index jobs_tenant on jobs (tenant, created, id)`,
    sql`create index jobs_parent on jobs (parent) where parent is not null`,
    sql`create index jobs_expires on jobs (expires) where expires is not null`,
    sql`create index jobs_refused on jobs (tenant, created, id) where workflow is null and state = 'FAILED'`,
    sql`create table holds (path ${text} primary key, job ${text} not null references jobs (id) on delete cascade, shows ${text})`,
    sql`create index holds_job on holds (job)`,
    sql`create table events (
      seq ${serial}, timestamp ${text} not null, tenant ${text} not null, resource ${text} not null, resource_type ${text} not null,
      type ${text} not null, content ${text} not null, outcome ${text} not null, severity ${text})`,
    sql`create index events_tenant on events (tenant, seq)`,
    sql`create index events_resource on events (resource, seq)`,
    sql`create table principals (
      name ${text} primary key, tenant ${text} not null, role ${text} not null, password_hash ${text}, created ${text} not null)`,
    sql`create table tokens (
      id ${text} primary key, principal ${text} not null references principals (name) on delete cascade,
      hash ${text} not null unique, created ${text} not null, expires ${text})`,
    sql`create index tokens_principal on tokens (principal)`,
  ];
  for (const statement of statements) await statement.execute(db);
}
