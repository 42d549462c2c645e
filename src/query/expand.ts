import type { Attribute, Attributes } from '../model/define';
import { QueryError, quoted } from './errors';
import { readable } from './filter';

/** An attribute to expand, and what is to be expanded in what it leads to. */
export interface Expansion {
  name: string;
  /** Names and paths, as in a `$expand` of the target. */
  within: readonly string[];
}

/** Names of the longest path: each is a further round of reads. */
const LONGEST = 4;

/**
 * Attributes that `$expand` expands (4.1.6.4, D105): references, collections and arrays of references. A name is expanded one level
 * deep; a path goes on from there (`networkInterfaces/addresses/address`), through the items of collections, in the notation that
 * `$select` has for them (4.1.6.3). Other and unknown names are ignored.
 * @param names names and paths as parsed, undefined where there is no `$expand`; `*` stands for all
 * @param attributes of the resource, or of a collection's items
 * @returns in the published order
 * @throws QueryError for a path of more than four names
 */
export function expansionsOf(names: readonly string[] | undefined, attributes: Attributes): readonly Expansion[] {
  if (!names) return [];
  const within = new Map<string, string[]>();
  for (const path of names) {
    const [first = '', ...rest] = path.split('/').map((name) => name.trim());
    if (rest.length >= LONGEST) throw new QueryError(`${quoted(path)} has more than ${LONGEST} names`, '$expand');
    const known = within.get(first) ?? [];
    within.set(first, known);
    if (rest.length > 0) known.push(rest.join('/'));
  }
  const all = within.get('*');
  return Object.keys(attributes).flatMap((name) => {
    const paths = within.get(name);
    if ((!paths && !all) || !refers(readable(attributes, name))) return [];
    return [{ name, within: [...new Set([...(paths ?? []), ...(all ?? [])])] }];
  });
}

function refers(attribute: Attribute | undefined): boolean {
  if (!attribute) return false;
  return attribute.kind === 'ref' || attribute.kind === 'collection' || (attribute.kind === 'array' && attribute.item.kind === 'ref');
}
