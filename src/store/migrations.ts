import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import type { SqlDialect } from './dialect';
import type { Tables } from './schema';

/**
 * Brings the tables up to date; several processes may do so at once (PostgreSQL: an advisory lock; SQLite: one
 * immediate transaction).
 * @param schema PostgreSQL schema that holds the tables.
 * @throws Error when the data was written by a newer version or a migration fails; nothing is half done.
 */
export async function migrate(db: Kysely<Tables>, dialect: SqlDialect, schema?: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations(dialect)) },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error instanceof Error ? error : new Error(String(error));
}

/** All migrations by name; never changed once released, only added to. */
function migrations(dialect: SqlDialect): Record<string, Migration> {
  return {
    '0001-first': { up: (db) => first(db, dialect) },
    '0002-retired': { up: (db) => retired(db, dialect) },
    '0003-doubt': { up: (db) => doubt(db, dialect) },
    '0004-found-again': { up: (db) => foundAgain(db, dialect) },
  };
}

async function doubt(db: Kysely<unknown>, { text }: SqlDialect): Promise<void> {
  await sql`alter table jobs add column doubtful integer not null default 0`.execute(db);
  await sql`create table marks (instance ${text} primary key, count bigint not null, at bigint not null)`.execute(db);
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
