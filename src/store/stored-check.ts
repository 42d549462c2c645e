import Database from 'libsql';
import { existsSync } from 'node:fs';
import type { Cipher } from './cipher';
import { openKeyCheck } from './key-check';
import { notWhole, RESTORE_MARK } from './restore-mark';

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
    const there = (names: string): string => `(select count(*) from sqlite_master where name in (${names}))`;
    return await checkStored(`select ${there("'meta', 'principals'")} as found, ${there(`'${RESTORE_MARK}'`)} as mark`, cipher, ask);
  } finally {
    database.close();
  }
}

/**
 * @param there query for how many of the two tables there are (`found`), and marks of a restore (`mark`)
 * @throws WrongKeyError; Error where a restore was broken off
 */
export async function checkStored(there: string, cipher: Cipher, ask: AskRow): Promise<StoredCheck> {
  const { found, mark } = (await ask(there)) ?? {};
  if (Number(mark) > 0) throw notWhole();
  if (Number(found) < 2) return { users: undefined };
  const kept = await ask("select value from meta where name = 'key-check'");
  if (cipher.keyed && kept) openKeyCheck(String(kept['value']), cipher);
  return { users: Number((await ask('select count(*) as users from principals'))?.['users']) };
}
