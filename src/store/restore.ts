import { sql, type Kysely, type RawBuilder } from 'kysely';
import { TABLES } from './backup';
import { BackupReading, type BackupHeader, type BackupRow, type Counts } from './backup-file';
import { WrongKeyError, type Cipher } from './cipher';
import { openKeyCheck } from './key-check';
import { knowsMigration, migrate, migrateTo } from './migrations';
import { markRestoring, unmarkRestoring } from './restore-mark';
import type { Tables } from './schema';
import { tablesOf, type Session } from './session';

/** Rows that are written by one statement. */
const SOME = 200;
/** Columns whose numbers the database goes on counting. */
const SERIAL = { events: 'seq', series: 'id' } as const;
/** Work that remembers places in a feed, which are others in another database. */
const FEEDERS = 'webhook %';

/**
 * Fills a store that has no tables with a backup. A store that was left in the midst of it is refused by every start until it is
 * filled anew.
 * @param file was verified before
 * @throws Error in words where the backup does not fit: its schema is newer, its keys are not configured
 */
export async function fillFrom(session: Session, file: string): Promise<Counts> {
  const { db, dialect } = session;
  const reading = new BackupReading(file);
  const header = await reading.header();
  assertFits(header, session.cipher);
  await markRestoring(db);
  await migrateTo(db, dialect, header.schema);
  let [table, rows]: [string, BackupRow[]] = ['', []];
  const write = async (): Promise<void> => {
    if (rows.length > 0) await insertRows(session, table, rows);
    rows = [];
  };
  for await (const [name, row] of reading.rows()) {
    if (name !== table || rows.length === SOME) await write();
    table = name;
    rows.push(row);
  }
  await write();
  for (const [name, column] of Object.entries(SERIAL)) await dialect.goOnCounting(name, column)?.execute(db);
  await migrate(db, dialect);
  await db.deleteFrom('tasks').where('name', 'like', FEEDERS).execute();
  // What was done since the backup is not known here: each step looks before it does anything.
  await db.updateTable('jobs').set({ doubtful: 1 }).where('done', '=', 0).execute();
  await assertWhole(db, reading.counts);
  await unmarkRestoring(db);
  return reading.counts;
}

/** @throws Error in words where the backup cannot be used with this version and these keys */
export function assertFits({ schema, keys, keyCheck, version }: BackupHeader, cipher: Cipher): void {
  if (!knowsMigration(schema))
    throw new Error(
      `the backup was made by version ${version}, whose schema (${schema}) is newer: restore it with that version or a later one`,
    );
  if (keyCheck === null) return;
  openKeyCheck(keyCheck, cipher);
  const missing = keys.find((key) => !cipher.keys.includes(key));
  if (missing !== undefined) throw new WrongKeyError(missing, cipher.keys);
}

/**
 * Inserts rows that have the same columns.
 * @param tail words after them: what is done with those that are there already, and what is returned
 * @throws Error in words for a table that no backup has
 */
export async function insertRows(
  { db, dialect }: Session,
  table: string,
  rows: readonly BackupRow[],
  tail: RawBuilder<unknown> = sql``,
): Promise<BackupRow[]> {
  if (!Object.hasOwn(TABLES, table)) throw new Error(`the backup holds a table that this version does not know: ${table.slice(0, 40)}`);
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const insert = sql<BackupRow>`insert into ${sql.table(table)} (${names}) ${dialect.givenNumbers} values ${sql.join(values)} ${tail}`;
  return (await insert.execute(db)).rows;
}

async function assertWhole(db: Kysely<Tables>, counts: Counts): Promise<void> {
  for (const [table, count] of Object.entries(counts)) {
    // Rows of work and of the store itself were changed on purpose.
    if (table === 'tasks' || table === 'meta') continue;
    const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(db);
    const found = Number(rows[0]?.n);
    if (found !== count) throw new Error(`${found} of ${count} rows of ${table} came into the store: it is not to be used`);
  }
}

/** True where nobody has stored anything yet. */
export async function isEmpty(session: Session): Promise<boolean> {
  const { db } = session;
  const there = await tablesOf(session);
  for (const table of ['principals', 'resources', 'jobs', 'events'] as const) {
    if (there.has(table) && (await db.selectFrom(table).selectAll().limit(1).executeTakeFirst())) return false;
  }
  return true;
}
