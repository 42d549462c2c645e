import { CompiledQuery, sql, type QueryResult, type RawBuilder } from 'kysely';
import type { SqlDialect } from './dialect';
import type { Session } from './session';

/**
 * Statements that are put together once for each database and then only given their values: building and compiling the
 * statements of a change takes longer than SQLite does to run them.
 */

/** Place of a value in a statement. */
class Parameter {
  constructor(readonly name: string) {}
}

const NOW = new Parameter('now');

/** Makes the place of a value, by its name. */
export type Place = <T>(name: string) => RawBuilder<T>;
const place: Place = <T>(name: string) => sql<T>`${sql.val(new Parameter(name))}`;

interface Text {
  sql: string;
  parameters: readonly unknown[];
}

const texts = new WeakMap<SqlDialect, Map<string, Text>>();
/** More than the program has: what is asked for under ever new names must not fill the memory. */
const MOST_TEXTS = 500;

type Build = (at: Place, dialect: SqlDialect) => { compile(): Text } | Text;

/** Runs a statement that was put together before, or puts it together now; see `statement`. */
export function prepared<R>(
  session: Session,
  name: string,
  values: Readonly<Record<string, unknown>>,
  build: Build,
): Promise<QueryResult<R>> {
  return session.db.executeQuery<R>(statement<R>(session, name, values, build));
}

/**
 * Makes a statement of a text that was put together before, or is now.
 * @param name stands for the statement: the same name, the same text but for the values
 * @param values of its places, as the database takes them
 * @param build puts it together, with the places of values and with a dialect whose `nowMs` is read each time it runs
 */
export function statement<R>(
  { dialect }: Pick<Session, 'dialect'>,
  name: string,
  values: Readonly<Record<string, unknown>>,
  build: Build,
): CompiledQuery<R> {
  const known = texts.get(dialect) ?? new Map<string, Text>();
  texts.set(dialect, known);
  let text = known.get(name);
  if (!text) {
    const built = build(place, timeless(dialect));
    text = 'compile' in built ? built.compile() : built;
    if (known.size >= MOST_TEXTS) known.clear();
    known.set(name, { sql: text.sql, parameters: text.parameters });
  }
  const parameters = text.parameters.map((parameter) => {
    if (!(parameter instanceof Parameter)) return parameter;
    return parameter === NOW ? dialect.clock?.() : values[parameter.name];
  });
  return CompiledQuery.raw(text.sql, parameters) as CompiledQuery<R>;
}

/** Makes places for the values of columns that have their names. */
export function placesOf<const C extends string>(at: Place, columns: readonly C[]): Record<C, RawBuilder<never>> {
  return Object.fromEntries(columns.map((column) => [column, at<never>(column)])) as Record<C, RawBuilder<never>>;
}

/** The dialect with the time as a place of its own, where the database has no clock. */
function timeless(dialect: SqlDialect): SqlDialect {
  return dialect.clock ? { ...dialect, nowMs: sql<number>`cast(${sql.val(NOW)} as integer)` } : dialect;
}
