import type { OwnParameters } from '../model/define';
import { quoted, QueryError } from './errors';
import { type Filter, parseFilter } from './grammar';
import { type OrderKey, parseOrder } from './order';

/** The query parameters of a request (4.1.6), read but not yet bound to a resource type. */
export interface Query {
  /** All `$filter` joined by and. */
  filter?: Filter;
  orderBy: readonly OrderKey[];
  /** Ordinal positions from 1; any integer, also out of bounds. */
  first?: number;
  last?: number;
  /** Names once each; an empty list selects nothing. Absent: no `$select`. */
  select?: readonly string[];
  /** Names once each, `*` where no name is given. Absent: no `$expand`. */
  expand?: readonly string[];
  /** The first `$format`, in lower case; whether it is known is for content negotiation. */
  format?: string;
  /** Values of the collection's own parameters, by name. */
  own?: Readonly<Record<string, number>>;
}

/**
 * Reads the parameters that the standard defines and ignores all others. `$filter`, `$orderby`, `$first` and `$last`
 * speak of collections; on a request for one resource they are unsupported, so ignored even where they are wrong.
 * Of several `$first` or `$last` the first counts, as of those of the collection's own; several `$orderby` make one list.
 * @param query parameters in order, decoded
 * @param target what the request reads or changes
 * @param parameters those that the collection takes beside them
 * @throws QueryError
 */
export function parseQuery(
  query: readonly (readonly [name: string, value: string])[],
  target: 'collection' | 'resource' = 'collection',
  parameters: OwnParameters = {},
): Query {
  const values = (name: string): string[] => query.flatMap(([key, value]) => (key === name ? [value] : []));
  const result: Query = { orderBy: [] };
  const [format] = values('$format');
  if (format !== undefined) result.format = format.trim().toLowerCase();
  const select = values('$select');
  if (select.length > 0) result.select = names(select);
  const expand = values('$expand');
  // "No attribute name list at all" means all (4.1.6.4), also beside another $expand with names.
  if (expand.length > 0) result.expand = expand.some((value) => names([value]).length === 0) ? ['*'] : names(expand);
  if (target === 'resource') return result;

  const filters = values('$filter').map(parseFilter);
  const [filter] = filters;
  if (filter) result.filter = filters.length === 1 ? filter : { kind: 'and', terms: filters };
  result.orderBy = values('$orderby').flatMap(parseOrder);
  const first = position('$first', values('$first')[0]);
  if (first !== undefined) result.first = first;
  const last = position('$last', values('$last')[0]);
  if (last !== undefined) result.last = last;
  for (const name of Object.keys(parameters)) {
    const [text] = values(name);
    if (text !== undefined) result.own = { ...result.own, [name]: bounded(name, text, parameters) };
  }
  return result;
}

/** @throws QueryError for what is not within the parameter's bounds. */
function bounded(name: string, text: string, parameters: OwnParameters): number {
  const { unit, minimum = 0, maximum = 0 } = parameters[name] ?? {};
  const value = /^\s*\+?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new QueryError(`${quoted(text)} is no whole number from ${minimum} to ${maximum} (${unit}s)`, name);
}

/**
 * The items from `$first` to `$last` (4.1.6.2). Positions out of bounds are no fault: what lies within is returned,
 * and nothing where first is larger than last.
 */
export function subset<T>(items: readonly T[], { first = 1, last = items.length }: Pick<Query, 'first' | 'last'>): readonly T[] {
  const from = Math.max(first, 1) - 1;
  const to = Math.min(last, items.length);
  return from === 0 && to === items.length ? items : items.slice(from, Math.max(from, to));
}

function names(values: readonly string[]): string[] {
  const all = values.flatMap((value) => value.split(',').map((name) => name.trim()));
  return [...new Set(all.filter((name) => name !== ''))];
}

function position(parameter: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new QueryError(`${quoted(text)} is no whole number`, parameter);
  return Number(text);
}
