import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool, types, type CustomTypesConfig } from 'pg';
import { acceptOnPostgres, connectedBy } from './at-once-postgres';
import type { Cipher } from './cipher';
import { postgresDialect } from './dialect';
import { TABLES } from './backup';
import { checkKey } from './key-check';
import { assertMigrated, FIRST_MIGRATION, migrate } from './migrations';
import { assertRestored, markRestoring, RESTORE_MARK } from './restore-mark';
import type { Tables } from './schema';
import { tablesOf, type Session } from './session';
import { sqlStore } from './sql-store';
import type { Store } from './store';
import { postgresOutages, tellingOutages, toldOutage } from './unavailable';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  cipher: Cipher;
  /** Connections of this process, at least 2: half for transactions, half for reads. Default 10. */
  poolSize?: number;
  /** Schema that holds the tables, made where absent: [a-z_][a-z0-9_]*. Default: the user's own search path. */
  schema?: string;
  /** Time for which a transaction may be open without a statement before the server ends it, in ms. Default 5,000. */
  silenceMs?: number;
  /** Time for which a connection stays that nobody uses, all but one of each pool, in ms. Default 10,000. */
  idleMs?: number;
  /** False for a command that only looks: tables of another version are refused then, where they are brought up to date by default. */
  migrates?: boolean;
  /** Told of connections that broke while idle; the next statement gets a new one. */
  onTrouble?: (error: Error) => void;
}

/** A statement that takes longer is ended by the server, ms. */
const STATEMENT_MS = 60_000;
/**
 * A transaction whose process fell silent is rolled back by the server, ms: a frozen process (a paused container) must not
 * hold the rows of its Jobs for longer than its leases keep others from taking these over.
 */
const SILENCE_MS = 5_000;
const IDLE_MS = 10_000;
const CONNECT_MS = 10_000;
const APPLICATION = 'cimi-gateway';
const INT8 = 20;
/** Numbers of eight bytes are numbers. */
const NUMBERS: CustomTypesConfig = {
  getTypeParser: (type, format) => (Number(type) === INT8 ? Number : (types.getTypeParser(type, format) as unknown)),
};

/**
 * Opens the store over PostgreSQL (13 or later); any number of processes may share the database.
 * @throws WrongKeyError; StoreUnavailable where the server can't be reached or refuses; Error where a restore into
 * it was broken off, or where its tables are of another version.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { poolSize = 10, schema, migrates = true } = options;
  let { cipher } = options;
  if (schema !== undefined && !/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new Error(`'${schema}' can't be the name of a schema`);
  // Pools apart: a transaction's callback may read outside of it, which must not wait for another transaction's end.
  const session = (pool: Pool): Session => ({
    db: new Kysely<Tables>({ dialect: tellingOutages(new PostgresDialect({ pool }), postgresOutages) }),
    dialect: postgresDialect,
    cipher,
  });
  const writing = createPool(options, Math.max(1, Math.ceil(poolSize / 2)));
  const writes = session(writing);
  const reads = session(createPool(options, Math.max(1, Math.floor(poolSize / 2))));
  const close = async (): Promise<void> => {
    await reads.db.destroy();
    await writes.db.destroy();
  };
  try {
    if (schema !== undefined && migrates) await createSchema(writes, schema);
    await assertRestored(writes);
    await (migrates ? migrate : assertMigrated)(writes.db, postgresDialect, schema);
    cipher = await checkKey(writes);
  } catch (error) {
    await close();
    throw error;
  }
  const connected = connectedBy(
    () => writing.connect(),
    (error) => toldOutage(error, postgresOutages),
  );
  return sqlStore({ ...writes, cipher }, { ...reads, cipher }, { accept: acceptOnPostgres({ ...writes, cipher }, connected) }, close);
}

/**
 * Opens the tables of a database as they are, over one connection that no limit of time ends; the caller ends the session's `db`.
 * @param use told to the server with the program's name
 */
export function postgresTables({ url, cipher, use }: { url: string; cipher: Cipher; use: string }): Session {
  const pool = new Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: `${APPLICATION} ${use}`,
    types: NUMBERS,
  });
  // What breaks between two statements is told by the next one.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    db: new Kysely<Tables>({ dialect: tellingOutages(new PostgresDialect({ pool }), postgresOutages) }),
    dialect: postgresDialect,
    cipher,
  };
}

/** Tells whether another process of a gateway has the database open. */
export async function isInUse({ db }: Session): Promise<boolean> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from pg_stat_activity where datname = current_database()
    and pid <> pg_backend_pid() and application_name like ${`${APPLICATION}%`}`.execute(db);
  return Number(rows[0]?.n) > 0;
}

/** Tables that migrations make. */
const OURS = [...Object.keys(TABLES), 'counts', 'marks', 'sessions'];
const MIGRATIONS = 'kysely_migration';
/** Names that an error tells. */
const SOME = 5;

/** @throws Error where tables of our names are there, or migrations, that are not ours */
export async function assertOurs(session: Session): Promise<void> {
  const there = await tablesOf(session);
  const query = sql<{ name: string }>`select name from ${sql.table(MIGRATIONS)}`;
  const migrations = there.has(MIGRATIONS) ? (await query.execute(session.db)).rows : [];
  if (migrations.some(({ name }) => name === FIRST_MIGRATION)) return;
  const found = OURS.filter((table) => there.has(table));
  if (migrations.length > 0) found.push(MIGRATIONS);
  if (found.length === 0) return;
  const names = found.slice(0, SOME).join(', ');
  throw new Error(`the database holds tables of another program (${names}): give the gateway a database of its own`);
}

/** Drops everything that migrations made, and marks the store as one that is being restored. @param session of a database that is ours */
export async function dropTables(session: Session): Promise<void> {
  await session.db.transaction().execute(async (unit) => {
    const there = await tablesOf({ ...session, db: unit });
    const tables = [...OURS, MIGRATIONS, `${MIGRATIONS}_lock`, RESTORE_MARK].filter((table) => there.has(table));
    if (tables.length > 0) await sql`drop table ${sql.join(tables.map((table) => sql.table(table)))} cascade`.execute(unit);
    const { rows } = await sql<{ name: string }>`select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = current_schema() and p.prorettype = 'trigger'::regtype and p.proname like 'counts\\_%'`.execute(unit);
    for (const { name } of rows) await sql`drop function ${sql.id(name)}() cascade`.execute(unit);
    await markRestoring(unit);
  });
}

function createPool({ url, schema, silenceMs = SILENCE_MS, idleMs = IDLE_MS, onTrouble }: PostgresStoreOptions, max: number): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    // One stays open however idle the gateway is: by it others see that the database is in use.
    min: 1,
    idleTimeoutMillis: idleMs,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: silenceMs,
    keepAlive: true,
    application_name: APPLICATION,
    ...(schema === undefined ? {} : { options: `-c search_path=${schema}` }),
    types: NUMBERS,
  });
  pool.on('error', (error) => onTrouble?.(error));
  // One that breaks between the statements of a transaction tells nobody but itself; the next statement fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Creates the schema; of several processes that start at once, `if not exists` can fail for all but one. */
async function createSchema({ db, dialect }: Session, schema: string): Promise<void> {
  try {
    await sql`create schema if not exists ${sql.id(schema)}`.execute(db);
  } catch (error) {
    if (!dialect.isDuplicate(error)) throw error;
  }
}
