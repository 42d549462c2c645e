import type { Attribute, Attributes } from '../model/define';
import type { Value, Values } from '../model/values';
import { quoted, QueryError } from './errors';
import { readable } from './filter';
import { durationSeconds, instantOf } from '../model/time';

/** Attribute of `$orderby`. */
export interface OrderKey {
  attribute: string;
  descending: boolean;
}

export type Comparator = (a: Values, b: Values) => number;

export type SortValue = number | string | undefined;

const PARAMETER = '$orderby';

/**
 * Reads `name[:asc|:desc],…` (4.1.6.6); empty entries are skipped.
 * @throws QueryError for a direction that is neither.
 */
export function parseOrder(text: string): OrderKey[] {
  const keys: OrderKey[] = [];
  let position = 1;
  for (const entry of text.split(',')) {
    const [name = '', direction, ...rest] = entry.trim().split(':');
    if (rest.length > 0 || (direction !== undefined && direction !== 'asc' && direction !== 'desc')) {
      throw new QueryError(`after ${quoted(name)} write :asc, :desc or nothing`, PARAMETER, position);
    }
    if (name) keys.push({ attribute: name, descending: direction === 'desc' });
    position += entry.length + 1;
  }
  return keys;
}

/** Order of items: some values of each, and how these compare. */
export interface Sorter {
  read(values: Values): readonly SortValue[];
  compare(a: readonly SortValue[], b: readonly SortValue[]): number;
}

/** The keys that order anything: unknown and write-only attributes do not, as unknown names elsewhere in 4.1.6. */
export function orderingKeys(keys: readonly OrderKey[], attributes: Attributes): OrderKey[] {
  return keys.filter(({ attribute }) => readable(attributes, attribute) !== undefined);
}

/**
 * Turns sort keys into a comparison of items, each key by its attribute's type: false before true, dates as instants,
 * durations by length, integers by value, text (and URIs) by code point; `desc` is the reverse. Items without a value
 * come last either way; equal items give 0, the caller's tie-break.
 * @throws QueryError for an attribute of a type that 4.1.6.6 does not sort.
 */
export function compileSorter(keys: readonly OrderKey[], attributes: Attributes): Sorter {
  const columns = orderingKeys(keys, attributes).map(({ attribute, descending }) => ({
    attribute,
    descending,
    read: readerFor(attribute, attributes[attribute] as Attribute),
  }));
  return {
    read: (values) => columns.map((column) => column.read(values[column.attribute])),
    compare(left, right) {
      for (const [index, { descending }] of columns.entries()) {
        const [x, y] = [left[index], right[index]];
        if (x === y) continue;
        if (x === undefined) return 1;
        if (y === undefined) return -1;
        const result = typeof x === 'number' ? x - Number(y) : compareText(x, String(y));
        return descending ? -result : result;
      }
      return 0;
    },
  };
}

/** The same as a comparison of items themselves; values are read once per item and comparator. @throws QueryError. */
export function compileOrder(keys: readonly OrderKey[], attributes: Attributes): Comparator {
  const { read, compare } = compileSorter(keys, attributes);
  const rows = new WeakMap<Values, readonly SortValue[]>();
  const rowOf = (values: Values): readonly SortValue[] => {
    const row = rows.get(values) ?? read(values);
    rows.set(values, row);
    return row;
  };
  return (a, b) => compare(rowOf(a), rowOf(b));
}

function readerFor(name: string, attribute: Attribute): (value: Value | undefined) => SortValue {
  switch (attribute.kind) {
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? Number(value) : undefined);
    case 'integer':
      return (value) => (typeof value === 'number' ? value : undefined);
    case 'dateTime':
      return (value) => (typeof value === 'string' ? instantOf(value) : undefined);
    case 'duration':
      return (value) => (typeof value === 'string' ? durationSeconds(value) : undefined);
    case 'string':
    case 'uri':
      return (value) => (typeof value === 'string' ? value : undefined);
    default:
      throw new QueryError(`${name} can't be sorted by: only booleans, dates, durations, integers and text are`, PARAMETER);
  }
}

/** Order by Unicode code point, which is also that of the UTF-8 bytes; JavaScript's own is by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return Math.sign(rank(x) - rank(y));
  }
  return Math.sign(a.length - b.length);
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
