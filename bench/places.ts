import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { Client } from 'pg';
import { createCipher } from '../src/store/cipher';
import { openPostgresStore } from '../src/store/postgres';
import { openSqliteStore } from '../src/store/sqlite';
import type { Store } from '../src/store/store';
import { processorTime } from './processor';

/** Databases of gateways under measurement, filled before these are started. */
export interface Place {
  name: 'SQLite' | 'PostgreSQL';
  /** Folder of the gateway's data. */
  folder: string;
  /** Sections of the gateway's configuration. */
  config: { secrets: { key: string }; store?: { kind: 'postgres'; url: string } };
  /** Opens the store with its tables, for what is written as the gateway writes it. */
  open(): Promise<Store>;
  /** Runs one statement without the triggers that count where that can be; `recount` makes up for it. */
  run(statement: string): Promise<void>;
  /** Brings counts and what the planner knows up to date after rows were written by statements. */
  recount(): Promise<void>;
  /** Bytes of the database with its indexes. */
  bytes(): Promise<number>;
  /** Processor time of the server's processes that work for this database, in ms, by process; SQLite works in the gateway's own. */
  spent(): Promise<ReadonlyMap<number, number>>;
  close(): Promise<void>;
}

export async function sqlitePlace(): Promise<Place> {
  const { folder, key, secrets } = await made();
  const file = join(folder, 'cimi.db');
  const withDatabase = (work: (database: Database.Database) => void): Promise<void> => {
    const database = new Database(file);
    try {
      database.pragma('busy_timeout = 60000');
      work(database);
      database.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
    return Promise.resolve();
  };
  return {
    ...{ name: 'SQLite', folder, config: { secrets } },
    open: () => openSqliteStore({ file, cipher: createCipher(key) }),
    run: (statement) => withDatabase((database) => database.exec(statement)),
    // Its triggers have counted.
    recount: () => Promise.resolve(),
    async bytes() {
      await withDatabase(() => undefined);
      return statSync(file).size;
    },
    spent: () => Promise.resolve(new Map()),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** @param server URL of a database of the server, of whose others this is to be one by itself */
export async function postgresPlace(server: string): Promise<Place> {
  const { folder, key, secrets } = await made();
  const name = `bench_${randomBytes(6).toString('hex')}`;
  const all = await connected(server);
  await all.query(`create database ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const withClient = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const client = await connected(url);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    ...{ name: 'PostgreSQL', folder, config: { secrets, store: { kind: 'postgres', url } } },
    open: () => openPostgresStore({ url, cipher: createCipher(key) }),
    run: (statement) =>
      withClient(async (client) => {
        await client.query('set session_replication_role = replica');
        await client.query(statement);
      }),
    recount: () =>
      withClient(async (client) => {
        await client.query(
          "delete from counts where kind = 'Bytes/resources' or kind like 'Resource/%' or kind like 'Job/%' or kind like 'Event/%'",
        );
        await client.query(`insert into counts (tenant, kind, n) select tenant, 'Resource/' || type, count(*) from resources
          where cloud is null and owner is null group by tenant, type`);
        await client.query(`insert into counts (tenant, kind, n) select tenant, 'Bytes/resources',
          sum(octet_length(document) + coalesce(octet_length(secrets), 0) + octet_length(internal)) from resources group by tenant`);
        await client.query(
          "insert into counts (tenant, kind, n) select tenant, 'Job/' || state, count(*) from jobs group by tenant, state",
        );
        await client.query(`insert into counts (tenant, kind, n) select tenant, 'Event/' || coalesce(severity, ''), count(*) from events
          where lane is null group by tenant, severity`);
        await client.query('vacuum analyze');
      }),
    async bytes() {
      const { rows } = await all.query<{ n: string }>('select pg_database_size($1) as n', [name]);
      return Number(rows[0]?.n);
    },
    async spent() {
      const { rows } = await all.query<{ pid: number }>('select pid from pg_stat_activity where datname = $1', [name]);
      return new Map(rows.flatMap(({ pid }) => timeOf(pid)));
    },
    async close() {
      await all.query(`drop database if exists ${name} with (force)`);
      await all.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** None where the process has ended meanwhile. */
function timeOf(pid: number): [[number, number]] | [] {
  try {
    return [[pid, processorTime(pid)]];
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

async function made() {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-bench-'));
  const key = randomBytes(32);
  return { folder, key, secrets: { key: key.toString('hex') } };
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
