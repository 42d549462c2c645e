import { sql, type Kysely, type RawBuilder } from 'kysely';
import { FORMAT, writeBackup, type BackupHeader, type BackupRow, type Counts, type FileHeader } from './backup-file';
import { knowsMigration } from './migrations';
import { assertRestored } from './restore-mark';
import { readUse } from './sealed-places';
import { tablesOf, type Session } from './session';
import type { Tables } from './schema';

/**
 * Tables of a backup, in the order in which they can be filled, with their keys. Not among them: counts, which triggers make anew; marks, by which
 * a store would be taken for the newest; sessions of browsers.
 */
export const TABLES = {
  meta: ['name'],
  principals: ['name'],
  tokens: ['id'],
  quotas: ['tenant', 'quota'],
  resources: ['path'],
  refs: ['source', 'target'],
  retired: ['path'],
  jobs: ['id'],
  holds: ['path'],
  events: ['seq'],
  audit_chains: ['tenant', 'lane'],
  series: ['id'],
  samples: ['meter', 't'],
  shares: ['meter', 't'],
  tasks: ['name'],
  agenda: ['path', 'work'],
} as const satisfies { readonly [T in keyof Tables]?: readonly (keyof Tables[T])[] };

/** Columns that a database gives by itself. */
const OWN_COLUMNS = ['xact'];
/** Schema from which on everything that is sealed lies where it does now. */
const OLDEST = '0004';
/** Rows that are read at once. */
const SOME = 1_000;

/**
 * Writes a backup of everything as it is at one moment, while others go on reading and writing.
 * @param session of which nothing else uses the connection
 * @throws Error in words where there is nothing, what is there was written by a newer version, or a restore into it was broken off
 */
export async function backUp(session: Session, file: string, version: string): Promise<{ header: BackupHeader; rows: Counts }> {
  return session.db.connection().execute(async (db) => {
    await session.dialect.snapshot.execute(db);
    try {
      const header = await headerOf({ ...session, db }, version);
      return { header, rows: await writeBackup(file, header, rowsOf({ ...session, db })) };
    } finally {
      await sql`rollback`.execute(db);
    }
  });
}

/**
 * Makes the beginning of a header of what is written now.
 * @param noun word for what is written: `backup`
 * @throws Error in words where there is nothing, what is there was written by a newer version, or a restore into it was broken off
 */
export async function fileHeader(session: Session, version: string, noun: string): Promise<Omit<FileHeader, 'format'>> {
  const { db, dialect } = session;
  await assertRestored(session);
  const there = await tablesOf(session);
  if (!there.has('kysely_migration')) throw new Error(`the store is empty: there is nothing to make a ${noun} of`);
  const schema = await schemaOf(db);
  if (!knowsMigration(schema))
    throw new Error(`the store was written by a newer version of the gateway (${schema}): make the ${noun} with that version`);
  return { created: new Date().toISOString(), version, store: dialect.alone ? 'sqlite' : 'postgres', schema };
}

/** Returns the name of the last migration of a store. */
export async function schemaOf(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name desc limit 1`.execute(db);
  return rows[0]?.name ?? '';
}

async function headerOf(session: Session, version: string): Promise<BackupHeader> {
  const { db } = session;
  const header = await fileHeader(session, version, 'backup');
  const { schema } = header;
  if (schema < OLDEST) throw new Error('the store is older than backups: start this version over it once, then back it up');
  const kept = await db.selectFrom('meta').select('value').where('name', '=', 'key-check').executeTakeFirst();
  const keyCheck = kept?.value ?? null;
  const keys = new Set(keyCheck === null ? [] : [keyCheck.split('.')[1] ?? '']);
  for (const [key, values] of await readUse(session)) if (values > 0) keys.add(key);
  return { format: FORMAT, ...header, keys: [...keys].sort(), keyCheck };
}

async function* rowsOf(session: Session): AsyncIterable<[table: string, row: BackupRow]> {
  const there = await tablesOf(session);
  for (const table of Object.keys(TABLES) as (keyof typeof TABLES)[]) {
    if (!there.has(table)) continue;
    for await (const row of rowsOfTable(session, table)) yield [table, row];
  }
}

/** Reads the rows of a table in the order of their key, page by page, without columns that the database gives by itself. */
export async function* rowsOfTable(
  { db }: Session,
  table: keyof typeof TABLES,
  only: RawBuilder<boolean> = sql<boolean>`1 = 1`,
): AsyncIterable<BackupRow> {
  const key: readonly string[] = TABLES[table];
  const columns = sql.join(key.map((column) => sql.ref(column)));
  for (let last: BackupRow | undefined; ;) {
    const after = last;
    const where = after ? sql`(${columns}) > (${sql.join(key.map((column) => after[column]))}) and` : sql``;
    const query = sql<BackupRow>`select * from ${sql.table(table)} where ${where} ${only} order by ${columns} limit ${SOME}`;
    const { rows } = await query.execute(db);
    for (const row of rows) yield withoutOwn(row);
    if (rows.length < SOME) return;
    last = rows.at(-1);
  }
}

function withoutOwn(row: BackupRow): BackupRow {
  return OWN_COLUMNS.some((column) => column in row)
    ? Object.fromEntries(Object.entries(row).filter(([column]) => !OWN_COLUMNS.includes(column)))
    : row;
}
