import type { Item, ItemRef } from '../clouds/driver';
import type { Found } from '../operations/resource-handler';
import { itemRefsOf, type Parts, type PathOfItem } from './merge';
import type { Readable } from './policy';

interface Known {
  found: Readable<Found>;
  parts: Parts;
  refs: readonly ItemRef[];
  paths: readonly (string | undefined)[];
}

/**
 * Memoizes merges per provider item, for as long as the item itself is kept: the same input gives the very same object, so that
 * what is made of it (its view, its bytes) can be kept by identity too. Nothing here may be changed.
 */
export class MergeCache {
  private readonly known = new WeakMap<Item, Known>();

  get(parts: Readable<Parts>, pathOfItem: PathOfItem, make: () => Readable<Found>): Readable<Found> {
    const { item } = parts;
    if (!item) return make();
    const known = this.known.get(item);
    const refs = known?.refs ?? itemRefsOf(item);
    const paths = refs.map(({ item: { type, key } }) => (parts.cloud ? pathOfItem(parts.cloud, type, key) : undefined));
    if (known && isSame(known.parts, parts) && paths.every((path, index) => path === known.paths[index])) return known.found;
    const found = make();
    this.known.set(item, { found, parts, refs, paths });
    return found;
  }
}

/** Rows are read anew each time: every write raises the version, and a row made again has another beginning. */
function isSame(a: Parts, b: Parts): boolean {
  return (
    a.path === b.path &&
    a.type === b.type &&
    a.tenant === b.tenant &&
    a.cloud === b.cloud &&
    a.at === b.at &&
    a.held?.job === b.held?.job &&
    a.held?.shows === b.held?.shows &&
    a.row?.version === b.row?.version &&
    a.row?.created === b.row?.created
  );
}
