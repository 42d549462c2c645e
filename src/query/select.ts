import type { Attributes } from '../model/define';

/** Name that `$select` knows beside attributes. */
const OPERATIONS = 'operations';

export interface CollectionSelection {
  /** Attributes of the collection itself: `id`, `count`, `operations`. */
  own: ReadonlySet<string>;
  /** Attributes of each item (`operations` among them); undefined: all of them; null: the items are left out. */
  items: ReadonlySet<string> | undefined | null;
}

/**
 * Returns the attributes of a resource that a `$select` leaves (4.1.6.3), also those that a partial PUT changes (4.2.1.3.1). Names
 * the type does not have are ignored.
 * @param names names as parsed, undefined where there is no `$select`
 * @returns undefined for all (no `$select`, or `*`); otherwise the names, with `operations` where it is listed
 */
export function selectResource(names: readonly string[] | undefined, attributes: Attributes): ReadonlySet<string> | undefined {
  if (!names || names.includes('*')) return undefined;
  return new Set(names.filter((name) => name === OPERATIONS || Object.hasOwn(attributes, name)));
}

/**
 * The same for a collection and its items. A bare name is the collection's own attribute where it has one, else the
 * items'; `<grouping name>/<attribute>` is always the items' (D098); the grouping name alone is whole items.
 * Bare `id` is the collection's; where the request is about items (it lists an item attribute, or chooses or orders
 * items), it is theirs as well, since clients look resources up by `$filter=name='x'&$select=id`.
 * @param groupings JSON names under which the collection lists its items; any of them is understood (D002)
 * @param choosing whether the request chooses among the items or orders them (`$filter`, `$first`, `$last`, `$orderby`)
 * @returns undefined where nothing is left out
 */
export function selectCollection(
  names: readonly string[] | undefined,
  groupings: readonly string[],
  attributes: Attributes,
  choosing: boolean,
): CollectionSelection | undefined {
  if (!names || names.includes('*')) return undefined;
  const own = new Set<string>(names.filter((name) => name === 'id' || name === 'count' || name === OPERATIONS));
  if (groupings.some((grouping) => names.includes(grouping) || names.includes(`${grouping}/*`))) return { own, items: undefined };
  const prefixes = groupings.map((grouping) => `${grouping}/`);
  const isItems = (name: string): boolean => name === OPERATIONS || Object.hasOwn(attributes, name);
  const items = new Set<string>();
  for (const name of names) {
    const prefix = prefixes.find((each) => name.startsWith(each));
    if (prefix !== undefined) {
      const inner = name.slice(prefix.length);
      if (isItems(inner)) items.add(inner);
    } else if (!own.has(name) && Object.hasOwn(attributes, name)) {
      items.add(name);
    }
  }
  if (own.has('id') && (choosing || items.size > 0)) items.add('id');
  return { own, items: items.size > 0 ? items : null };
}
