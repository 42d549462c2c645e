import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { HeldColumns, ResourcesTable } from './schema';

/** Differences between the two databases; all other SQL is written once. */
export interface SqlDialect {
  /** ms since the epoch by the database's clock, at the moment of evaluation (SQLite: when it is asked for). */
  readonly nowMs: RawBuilder<number>;
  /** This process's clock, ms since the epoch, where the database has none of its own. */
  readonly clock?: () => number;
  /** The same moment as RFC 3339 text, UTC, ms. */
  readonly stamp: RawBuilder<string>;
  /** Column type for text that sorts by code point. */
  readonly text: RawBuilder<unknown>;
  /** Column type of an ascending number given by the database, as primary key. */
  readonly serial: RawBuilder<unknown>;
  /** Suffix of a table whose rows are kept in its primary key itself, where the database can do that. */
  readonly keyed: RawBuilder<unknown>;
  /** Way of counting: in place, or by adding up rows (counts.ts). */
  readonly counting: 'in place' | 'added up';
  /** Statement that takes every limit of time off the transaction: tables may be large when they are changed. */
  readonly patience: RawBuilder<unknown> | undefined;
  /** Text of the `name` in the column `document`, where no character of that is escaped. */
  readonly nameInDocument: RawBuilder<string | null>;
  /** Reads a resource by its path, its one parameter, with the hold on it (`holder`, `held_as`). */
  readonly heldResource: string;
  /** Rows of `resources` with the holds on them (`holder`, `held_as`): by the index, one path after the other, however many others are held. */
  readonly heldResources: RawBuilder<Selectable<ResourcesTable> & HeldColumns>;
  /** Holds of the row of `jobs` that a statement returns, as JSON, in the order of their paths. */
  readonly heldByJob: RawBuilder<string>;
  /** Select of the holds on the paths of a list: by the index, one path after the other, however many others are held. */
  heldAmong(list: RawBuilder<unknown>): RawBuilder<unknown>;
  /** Order in which a feed of events has them: by their numbers, or by their transactions before that (feed.ts). */
  readonly feeds: 'by number' | 'by transaction';
  /** True where no two transactions write at the same time. */
  readonly alone: boolean;
  /** Suffix of a select that keeps the rows from being deleted until the transaction ends. */
  readonly keeping: RawBuilder<unknown>;
  /** Names of the tables, of PostgreSQL those of the schema in which tables are made. */
  readonly tables: RawBuilder<{ name: string }>;
  /** Begins a transaction that reads everything as it is at one moment, and keeps nobody from writing. */
  readonly snapshot: RawBuilder<unknown>;
  /** Words of an insert that gives numbers which the database would give. */
  readonly givenNumbers: RawBuilder<unknown>;
  /** Statement that has a database go on after the greatest number of a column, where it must be told to. */
  goOnCounting(table: string, column: string): RawBuilder<unknown> | undefined;
  /** Text of a member of the JSON in a column; its characters must not be escaped. */
  member(column: string, name: string): RawBuilder<string | null>;
  /** Number of chains that the audit of a tenant has: as many transactions write to it at once (audit.ts). */
  readonly lanes: number;
  /** Takes the first chain of a tenant, its one parameter, that no other transaction has. */
  readonly freeLane: string;
  /** Takes a chain, by tenant and lane, as soon as it can be had. */
  readonly oneLane: string;
  /** True where the column is one of the values; one parameter, however many values. */
  isIn(column: string, values: readonly string[]): RawBuilder<boolean>;
  /** The values as the one parameter that `isListed` takes. */
  list(values: readonly string[]): unknown;
  /** True where the column is one of the values of a list. */
  isListed(column: string, list: RawBuilder<unknown>): RawBuilder<boolean>;
  /** Suffix of a select that lets no other transaction change the rows until this one ends. */
  readonly locking: RawBuilder<unknown>;
  /** True where the column's text has this text in it. */
  holds(column: string, text: string): RawBuilder<boolean>;
  /** Statement that lets transactions which run it with this text come one after the other; undefined where all do. */
  turn(text: string): RawBuilder<unknown> | undefined;
  /** Tells whether the error says that a unique index already has the value. */
  isDuplicate(error: unknown): boolean;
  /** Tells whether the database gave up the transaction in favour of another, so that it may be tried again. */
  isVictim(error: unknown): boolean;
}

/** Reads resources with the holds on them, up to its condition. */
export const HELD_RESOURCE = 'select r.*, h.job as holder, h.shows as held_as from resources r left join holds h on h.path = r.path';
const heldResource = (parameter: string): string => `${HELD_RESOURCE} where r.path = ${parameter}`;

/** End of a chain of the audit, with the time. */
const lane = (now: string, where: string): string =>
  `select tenant, lane, link, mac, ${now} as now from audit_chains where tenant = ${where}`;
const SQLITE_STAMP = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
/** Time of PostgreSQL's clock, ms since the epoch. */
export const POSTGRES_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
/** The same moment as RFC 3339 text. */
export const POSTGRES_STAMP = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const sqlite: Omit<SqlDialect, 'nowMs'> = {
  stamp: sql.raw<string>(SQLITE_STAMP),
  text: sql`text`,
  keyed: sql`without rowid`,
  counting: 'in place',
  patience: undefined,
  nameInDocument: sql<string | null>`json_extract(document, '$.name')`,
  heldResource: heldResource('?'),
  heldResources: sql`(${sql.raw(HELD_RESOURCE)})`,
  heldByJob: sql<string>`(select json_group_array(json_object('path', path, 'shows', shows)) from
    (select path, shows from holds where holds.job = jobs.id order by path))`,
  heldAmong: (list) => sql`select path, job, shows from holds where path in (select value from json_each(${list}))`,
  feeds: 'by number',
  alone: true,
  keeping: sql``,
  member: (column, name) => sql<string | null>`json_extract(${sql.ref(column)}, ${sql.lit(`$.${name}`)})`,
  tables: sql<{ name: string }>`select name from sqlite_master where type = 'table'`,
  snapshot: sql`begin`,
  givenNumbers: sql``,
  goOnCounting: () => undefined,
  lanes: 1,
  freeLane: lane(SQLITE_STAMP, '?'),
  oneLane: lane(SQLITE_STAMP, '? and lane = ?'),
  serial: sql`integer primary key autoincrement`,
  list: (values) => JSON.stringify(values),
  isListed: (column, list) => sql<boolean>`${sql.ref(column)} in (select value from json_each(${list}))`,
  locking: sql``,
  isIn: (column, values) => sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`,
  holds: (column, text) => sql<boolean>`instr(${sql.ref(column)}, ${text}) > 0`,
  isDuplicate: (error) => ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'].includes(codeOf(error)),
  turn: () => undefined,
  isVictim: () => false,
};

/**
 * SQLite has no clock of its own but this machine's, which may be set back: what waits must not wait for that time again.
 * @param clock ms since the epoch, asked once for each statement that needs the time
 */
export function sqliteDialect(clock: () => number): SqlDialect {
  const rounded = (): number => Math.round(clock());
  return {
    ...sqlite,
    clock: rounded,
    get nowMs() {
      return sql<number>`cast(${rounded()} as integer)`;
    },
  };
}

export const postgresDialect: SqlDialect = {
  nowMs: sql.raw<number>(POSTGRES_MS),
  stamp: sql.raw<string>(POSTGRES_STAMP),
  text: sql`text collate "C"`,
  keyed: sql``,
  counting: 'added up',
  patience: sql`set local statement_timeout = 0`,
  nameInDocument: sql<string | null>`document::json ->> 'name'`,
  heldResource: heldResource('$1'),
  // By a join it goes through all holds for the rows of a list, as below.
  heldResources: sql`(select r.*, h.job as holder, h.shows as held_as from resources r
    left join lateral (select job, shows from holds where holds.path = r.path limit 1) h on true)`,
  heldByJob: sql<string>`(select coalesce(json_agg(json_build_object('path', path, 'shows', shows) order by path), '[]')::text
    from holds where holds.job = jobs.id)`,
  // By `= any` it goes through all of ten thousand holds for a hundred paths: it takes an index for dearer than it is.
  heldAmong: (list) => sql`select h.path, h.job, h.shows from unnest(${list}::text[]) as wanted (path)
    cross join lateral (select * from holds where holds.path = wanted.path limit 1) h`,
  feeds: 'by transaction',
  alone: false,
  keeping: sql`for key share`,
  member: (column, name) => sql<string | null>`(${sql.ref(column)}::json ->> ${sql.lit(name)})`,
  tables: sql<{ name: string }>`select tablename as name from pg_tables where schemaname = current_schema()`,
  snapshot: sql`begin isolation level repeatable read read only`,
  givenNumbers: sql`overriding system value`,
  goOnCounting: (table, column) =>
    sql`select setval(pg_get_serial_sequence(${table}, ${column}), (select coalesce(max(${sql.ref(column)}), 0) + 1 from ${sql.table(table)}), false)`,
  lanes: 16,
  freeLane: `${lane(POSTGRES_STAMP, '$1')} order by lane limit 1 for update skip locked`,
  oneLane: `${lane(POSTGRES_STAMP, '$1 and lane = $2')} for update`,
  serial: sql`bigint generated always as identity primary key`,
  list: (values) => values,
  isListed: (column, list) => sql<boolean>`${sql.ref(column)} = any(${list}::text[])`,
  locking: sql`for update`,
  isIn: (column, values) => sql<boolean>`${sql.ref(column)} = any(${values}::text[])`,
  holds: (column, text) => sql<boolean>`strpos(${sql.ref(column)}, ${text}) > 0`,
  turn: (text) => sql`select pg_advisory_xact_lock(hashtextextended(${text}, 0))`,
  isDuplicate: (error) => codeOf(error) === '23505',
  isVictim: (error) => ['40P01', '40001'].includes(codeOf(error)),
};

/** The `code` that both database libraries put on their errors; empty where there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}
