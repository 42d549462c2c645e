import type { Attribute, Attributes } from '../model/define';
import { readable } from './filter';

/**
 * Attributes that `$expand` expands (4.1.6.4, D105): references, collections and arrays of references, each one level
 * deep. Other and unknown names are ignored.
 * @param names names as parsed, undefined where there is no `$expand`; `*` stands for all
 * @param attributes of the resource, or of a collection's items
 * @returns in the published order
 */
export function expandNames(names: readonly string[] | undefined, attributes: Attributes): readonly string[] {
  if (!names) return [];
  const all = names.includes('*');
  return Object.keys(attributes).filter((name) => (all || names.includes(name)) && refers(readable(attributes, name)));
}

function refers(attribute: Attribute | undefined): boolean {
  if (!attribute) return false;
  return attribute.kind === 'ref' || attribute.kind === 'collection' || (attribute.kind === 'array' && attribute.item.kind === 'ref');
}
