import { sql, type RawBuilder } from 'kysely';
import type { SqlDialect } from './dialect';
import type { ColumnComparison, Condition, ListQuery } from './listing';

/** Columns that lists of one table are made of: columns by the fields that conditions name. */
export interface Listed {
  fields: Readonly<Record<string, RawBuilder<unknown>>>;
  /** Column of the moment that orders lists; that of creation where absent. */
  moment?: string;
  /** Column that orders what is of one moment. */
  key: string;
  /** Prefix that stands before the key in a path; null: the path is a number. */
  prefix: string | null;
  /** Column of what conditions look for a text in. */
  document?: string;
  /**
   * Column of whole numbers that is in the order of time, and no two rows of the list have in common, each of so many `ms`
   * since the epoch. Rows stand for the `step` of numbers that ends at or after theirs.
   */
  time?: { column: RawBuilder<unknown>; ms: number; step: number };
}

/** Conditions and order of a list as SQL, the same for both databases. */
export interface Narrowed {
  where: RawBuilder<boolean>;
  order: readonly RawBuilder<unknown>[];
}

/** @param fromEnd the list read backwards */
export function narrowed(dialect: SqlDialect, listed: Listed, query: ListQuery, fromEnd = false): Narrowed {
  if (listed.time) return narrowedByTime(dialect, listed, listed.time, query, fromEnd);
  const created = sql.ref(listed.moment ?? 'created');
  const idOf = (path: string) => (listed.prefix === null ? Number(path) : path.slice(listed.prefix.length));
  const key = sql.ref(listed.key);
  const { descending = false } = query;
  const terms: RawBuilder<boolean>[] = [];
  if (query.where) terms.push(conditionOf(dialect, listed, query.where));
  if (query.after) {
    const { created: at, path } = query.after;
    const id = idOf(path);
    terms.push(
      descending
        ? sql<boolean>`${created} <= ${at} and (${created} < ${at} or ${key} > ${id})`
        : sql<boolean>`(${created}, ${key}) > (${at}, ${id})`,
    );
  }
  if (query.upTo) {
    const { created: at, path } = query.upTo;
    const id = idOf(path);
    terms.push(
      descending
        ? sql<boolean>`${created} >= ${at} and (${created} > ${at} or ${key} <= ${id})`
        : sql<boolean>`(${created}, ${key}) <= (${at}, ${id})`,
    );
  }
  const direction = (down: boolean) => (down ? sql`desc` : sql`asc`);
  return {
    where: joined(terms, 'and'),
    order: [sql`${created} ${direction(descending !== fromEnd)}`, sql`${key} ${direction(fromEnd)}`],
  };
}

/** The same where the time alone gives the order. */
function narrowedByTime(
  dialect: SqlDialect,
  listed: Listed,
  { column, ms, step }: NonNullable<Listed['time']>,
  { where, after, upTo, descending = false }: ListQuery,
  fromEnd: boolean,
): Narrowed {
  const terms: RawBuilder<boolean>[] = [];
  if (where) terms.push(conditionOf(dialect, listed, where));
  if (after) terms.push(stepped(column, descending ? '<' : '>', Date.parse(after.created) / ms, step));
  if (upTo) terms.push(stepped(column, descending ? '>=' : '<=', Date.parse(upTo.created) / ms, step));
  return { where: joined(terms, 'and'), order: [sql`${column} ${sql.raw(descending === fromEnd ? 'asc' : 'desc')}`] };
}

function joined(terms: readonly RawBuilder<boolean>[], word: 'and' | 'or'): RawBuilder<boolean> {
  if (terms.length === 0) return word === 'and' ? sql<boolean>`1 = 1` : sql<boolean>`1 = 0`;
  return sql<boolean>`(${sql.join(terms, word === 'and' ? sql` and ` : sql` or `)})`;
}

function conditionOf(dialect: SqlDialect, listed: Listed, condition: Condition): RawBuilder<boolean> {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return joined(
        condition.terms.map((term) => conditionOf(dialect, listed, term)),
        condition.kind,
      );
    case 'holds':
      if (listed.document === undefined) throw new Error('no list of these is narrowed by a text');
      return dialect.holds(listed.document, condition.text);
    case 'ordered':
      return ordered(columnOf(listed, condition.field), condition);
    case 'moment':
      return listed.time
        ? stepped(columnOf(listed, condition.field), condition.operator, condition.value / listed.time.ms, listed.time.step)
        : stamped(columnOf(listed, condition.field), condition);
    case 'among':
      return among(columnOf(listed, condition.field), condition);
    case 'text':
      return text(columnOf(listed, condition.field), condition);
  }
}

function columnOf({ fields }: Listed, field: string): RawBuilder<unknown> {
  const column = fields[field];
  if (!column) throw new Error(`no list is narrowed by '${field}'`);
  return column;
}

/** Written so that an index of the column can be used. */
function text(column: RawBuilder<unknown>, { equal, value }: { equal: boolean; value: string }): RawBuilder<boolean> {
  if (value === '') return equal ? sql<boolean>`(${column} is null or ${column} = '')` : sql<boolean>`${column} <> ''`;
  return equal ? sql<boolean>`${column} = ${value}` : sql<boolean>`(${column} is null or ${column} <> ${value})`;
}

function among(column: RawBuilder<unknown>, { equal, values }: { equal: boolean; values: readonly string[] }): RawBuilder<boolean> {
  const each = values.map((value) => (equal ? sql<boolean>`${column} = ${value}` : sql<boolean>`${column} <> ${value}`));
  return equal ? joined(each, 'or') : joined([sql<boolean>`${column} is not null`, ...each], 'and');
}

function ordered(column: RawBuilder<unknown>, { operator, value }: Extract<Condition, { kind: 'ordered' }>): RawBuilder<boolean> {
  // As a double: the number may be beyond what the column can hold.
  return sql<boolean>`cast(${column} as double precision) ${signOf(operator)} cast(${value} as double precision)`;
}

const signOf = (operator: ColumnComparison): RawBuilder<unknown> => sql.raw(operator === '!=' ? '<>' : operator);

const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Compares RFC 3339 with milliseconds with a moment that may be finer; years of more than four digits are after all that is stored. */
function stamped(column: RawBuilder<unknown>, { operator, value }: Extract<Condition, { kind: 'moment' }>): RawBuilder<boolean> {
  const between = !Number.isInteger(value);
  if (between && operator === '=') return sql<boolean>`1 = 0`;
  if (between && operator === '!=') return sql<boolean>`${column} is not null`;
  const whole = operator === '>' || operator === '<=' ? Math.floor(value) : Math.ceil(value);
  return sql<boolean>`${column} ${signOf(operator)} ${whole > LAST ? ':' : new Date(whole).toISOString()}`;
}

/** Compares ends of steps of whole numbers with a moment that may lie between two of them, so that an index of the column can be used. */
function stepped(column: RawBuilder<unknown>, operator: ColumnComparison, moment: number, step: number): RawBuilder<boolean> {
  const last = Math.floor(moment / step) * step;
  const next = Math.ceil(moment / step) * step;
  switch (operator) {
    case '>':
      return sql<boolean>`${column} > ${last}`;
    case '>=':
      return sql<boolean>`${column} > ${next - step}`;
    case '<':
      return sql<boolean>`${column} <= ${next - step}`;
    case '<=':
      return sql<boolean>`${column} <= ${last}`;
    case '=':
      return last === next ? sql<boolean>`(${column} > ${last - step} and ${column} <= ${last})` : sql<boolean>`1 = 0`;
    case '!=':
      return last === next ? sql<boolean>`(${column} <= ${last - step} or ${column} > ${last})` : sql<boolean>`1 = 1`;
  }
}
