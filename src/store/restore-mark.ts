import { sql, type Kysely } from 'kysely';
import type { Tables } from './schema';
import { tablesOf, type Session } from './session';

/** Table that is there from the moment from which a store is filled by a restore until it is whole. */
export const RESTORE_MARK = 'cimi_restoring';

/** Error of a store that has it. */
export const notWhole = (): Error => new Error('a restore into this store did not come to its end: restore it again, with --replace');

/** Marks a store as one that is not whole; in the transaction in which its former tables are dropped, where there are any. */
export async function markRestoring(db: Kysely<Tables>): Promise<void> {
  await sql`create table if not exists ${sql.table(RESTORE_MARK)} (since text)`.execute(db);
}

export async function unmarkRestoring(db: Kysely<Tables>): Promise<void> {
  await sql`drop table ${sql.table(RESTORE_MARK)}`.execute(db);
}

/** @throws Error where a restore into the store was broken off */
export async function assertRestored(session: Session): Promise<void> {
  if ((await tablesOf(session)).has(RESTORE_MARK)) throw notWhole();
}
