import { Kysely, type Dialect } from 'kysely';
import { existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Unfit } from './at-once';
import { acceptOnSqlite } from './at-once-sqlite';
import type { Cipher } from './cipher';
import { codeOf, sqliteDialect } from './dialect';
import { advanceOnSqlite } from './draft-sqlite';
import { steadyClock } from './steady-clock';
import { checkKey } from './key-check';
import { assertMigrated, migrate } from './migrations';
import { assertRestored } from './restore-mark';
import type { Tables } from './schema';
import type { Session } from './session';
import { sqlStore } from './sql-store';
import { libsqlDialect, type Direct } from './sqlite-driver';
import type { Store } from './store';
import { sqliteOutages, tellingOutages, toldOutage } from './unavailable';

export interface SqliteStoreOptions {
  /** The database file; made (readable by the owner only) with its folder where absent. */
  file: string;
  cipher: Cipher;
  /** Time that a write waits for another process's transaction, in ms. Default 10,000. */
  patienceMs?: number;
  /** Time of due dates and leases, ms since the epoch. Default: this machine's clock, which never goes back here. */
  clock?: () => number;
  /** False for a command that only looks: tables of another version are refused then, where they are brought up to date by default. */
  migrates?: boolean;
}

const PATIENCE_MS = 10_000;

/**
 * Opens the embedded store: one SQLite file in WAL mode, every commit synced to the disk. Transactions use one
 * connection in turn; reads use another and never wait for them. A transaction begun inside the callback of another
 * (also by leaseJob and the like) would wait for itself: inside a callback write through the unit only.
 * @throws WrongKeyError; StoreUnavailable where the file can't be used; Error where a restore into it was broken off, or where its tables are of another version.
 */
export async function openSqliteStore({
  file,
  patienceMs = PATIENCE_MS,
  clock = steadyClock(),
  migrates = true,
  ...options
}: SqliteStoreOptions): Promise<Store> {
  if (!migrates && !existsSync(file)) throw new Error(`there is no store at ${file}`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await createPrivate(file);
  const dialect = sqliteDialect(clock);
  let { cipher } = options;
  const opened = (libsql: Dialect): Session => ({
    db: new Kysely<Tables>({ dialect: tellingOutages(libsql, sqliteOutages) }),
    dialect,
    cipher,
  });
  const writing = libsqlDialect({ file, readOnly: false, patienceMs });
  const writes = opened(writing);
  try {
    await assertRestored(writes);
    await (migrates ? migrate : assertMigrated)(writes.db, dialect);
    cipher = await checkKey(writes);
  } catch (error) {
    await writes.db.destroy();
    throw error;
  }
  const reads = opened(libsqlDialect({ file, readOnly: true, patienceMs }));
  const direct: Direct = {
    transact: async (work) => {
      try {
        return await writing.transact(work);
      } catch (error) {
        throw error instanceof Unfit ? error : toldOutage(error, sqliteOutages);
      }
    },
  };
  const session = { ...writes, cipher };
  const atOnce = { accept: acceptOnSqlite(session, direct), advance: advanceOnSqlite(session, direct) };
  return sqlStore(session, reads, atOnce, async () => {
    await reads.db.destroy();
    await writes.db.destroy();
  });
}

/** Opens the tables of a file as they are, without making or changing any; the caller ends the session's `db`. */
export function sqliteTables({ file, cipher, readOnly }: { file: string; cipher: Cipher; readOnly: boolean }): Session {
  const dialect = tellingOutages(libsqlDialect({ file, readOnly, patienceMs: PATIENCE_MS }), sqliteOutages);
  return { db: new Kysely<Tables>({ dialect }), dialect: sqliteDialect(steadyClock()), cipher };
}

/** Opens no file that exists: closing it would drop the locks that SQLite holds on it in this process. */
async function createPrivate(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
