import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Cipher } from './cipher';
import type { SqlDialect } from './dialect';
import type { Tables } from './schema';

/** Context of every statement: a connection (or the transaction it belongs to), the dialect and the cipher. */
export interface Session {
  db: Kysely<Tables>;
  dialect: SqlDialect;
  cipher: Cipher;
}

/** True for text that no row can hold: neither database stores NUL, so it is answered as absent without asking. */
export function impossible(text: string): boolean {
  return text.includes('\0');
}

export function encodeColumn(value: unknown): string {
  return JSON.stringify(value);
}

export function decodeColumn<T>(text: string): T {
  return JSON.parse(text) as T;
}

/** Seals a value as JSON for `table/row/column`; null stays null. */
export function seal(cipher: Cipher, value: unknown, place: string): string | null {
  return value === null ? null : cipher.seal(JSON.stringify(value), place);
}

export function unseal<T>(cipher: Cipher, envelope: string | null, place: string): T | null {
  return envelope === null ? null : (JSON.parse(cipher.open(envelope, place)) as T);
}

/** True where the column is one of the values. One value is compared by itself, so that an index can give the order too. */
export function oneOf(dialect: SqlDialect, column: string, values: readonly string[]): RawBuilder<boolean> {
  return values.length === 1 ? sql<boolean>`${sql.ref(column)} = ${values[0]}` : dialect.isIn(column, values);
}

/** ms since the epoch by the database's clock. */
export async function readNow({ db, dialect }: Session): Promise<number> {
  const { rows } = await sql<{ now: number }>`select ${dialect.nowMs} as now`.execute(db);
  return rows[0]?.now ?? Number.NaN;
}

/** Names of the tables that there are. */
export async function tablesOf({ db, dialect }: Session): Promise<Set<string>> {
  const { rows } = await dialect.tables.execute(db);
  return new Set(rows.map(({ name }) => name));
}
