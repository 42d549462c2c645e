import Database from 'libsql';
import { existsSync } from 'node:fs';
import type { Cipher } from './cipher';
import { openKeyCheck } from './key-check';

/** Tells what a start would find in the store, found without changing anything there. */
export interface StoredCheck {
  /** Users who may log in; undefined where nothing was stored yet. */
  users: number | undefined;
}

/** Runs a query for one row; undefined where there is none. */
export type AskRow = (sql: string) => Promise<Record<string, unknown> | undefined>;

/**
 * Looks into an SQLite store as `serve` would at its start. A gateway that runs over it is not disturbed.
 * @throws WrongKeyError; the library's error where the file can't be read
 */
export async function checkSqlite(file: string, cipher: Cipher): Promise<StoredCheck> {
  if (!existsSync(file)) return { users: undefined };
  const database = new Database(file, { readonly: true });
  try {
    const ask: AskRow = (sql) => Promise.resolve(database.prepare(sql).get() as Record<string, unknown> | undefined);
    const { found } = (await ask("select count(*) as found from sqlite_master where name in ('meta', 'principals')")) ?? {};
    return await checkStored(Number(found), cipher, ask);
  } finally {
    database.close();
  }
}

/** @param tables how many of the two tables there are @throws WrongKeyError */
export async function checkStored(tables: number, cipher: Cipher, ask: AskRow): Promise<StoredCheck> {
  if (tables < 2) return { users: undefined };
  const kept = await ask("select value from meta where name = 'key-check'");
  if (cipher.keyed && kept) openKeyCheck(String(kept['value']), cipher);
  return { users: Number((await ask('select count(*) as users from principals'))?.['users']) };
}
