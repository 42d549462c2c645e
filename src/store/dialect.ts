import { sql, type RawBuilder } from 'kysely';

/** Everything in which the two databases differ; all other SQL is written once. */
export interface SqlDialect {
  /** ms since the epoch by the database's clock, at the moment of evaluation (SQLite: when it is asked for). */
  readonly nowMs: RawBuilder<number>;
  /** The same moment as RFC 3339 text, UTC, ms. */
  readonly stamp: RawBuilder<string>;
  /** Column type for text that sorts by code point. */
  readonly text: RawBuilder<unknown>;
  /** Column type of an ascending number given by the database, as primary key. */
  readonly serial: RawBuilder<unknown>;
  /** Reads a resource by its path, its one parameter, with the hold on it (`holder`, `held_as`). */
  readonly heldResource: string;
  /** True where the column is one of the values; one parameter, however many values. */
  isIn(column: string, values: readonly string[]): RawBuilder<boolean>;
  /** Whether the error says that a unique index already has the value. */
  isDuplicate(error: unknown): boolean;
  /** Whether the database gave up the transaction in favour of another, so that it may be tried again. */
  isVictim(error: unknown): boolean;
}

const heldResource = (parameter: string): string =>
  `select r.*, h.job as holder, h.shows as held_as from resources r left join holds h on h.path = r.path where r.path = ${parameter}`;

const sqlite: Omit<SqlDialect, 'nowMs'> = {
  stamp: sql<string>`strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
  text: sql`text`,
  heldResource: heldResource('?'),
  serial: sql`integer primary key autoincrement`,
  isIn: (column, values) => sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`,
  isDuplicate: (error) => ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'].includes(codeOf(error)),
  isVictim: () => false,
};

/**
 * SQLite has no clock of its own but this machine's, which may be set back: what waits must not wait for that time again.
 * @param clock ms since the epoch, asked once for each statement that needs the time
 */
export function sqliteDialect(clock: () => number): SqlDialect {
  return {
    ...sqlite,
    get nowMs() {
      return sql<number>`cast(${Math.round(clock())} as integer)`;
    },
  };
}

export const postgresDialect: SqlDialect = {
  nowMs: sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
  stamp: sql<string>`to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  text: sql`text collate "C"`,
  heldResource: heldResource('$1'),
  serial: sql`bigint generated always as identity primary key`,
  isIn: (column, values) => sql<boolean>`${sql.ref(column)} = any(${values}::text[])`,
  isDuplicate: (error) => codeOf(error) === '23505',
  isVictim: (error) => ['40P01', '40001'].includes(codeOf(error)),
};

/** The `code` that both database libraries put on their errors; empty where there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}
