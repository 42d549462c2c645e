import type { Item, ItemRef } from '../clouds/driver';
import type { Found } from '../operations/family';
import type { Parts, PathOfItem } from './visible';
import { itemRefsOf } from './visible';

interface Known {
  found: Found;
  parts: Parts;
  refs: readonly ItemRef[];
  paths: readonly (string | undefined)[];
}

/**
 * What was put together of a provider's item, for as long as the item itself is kept: an equal question gets the very
 * same object, so that what is made of it (its view, its bytes) can be kept by identity too. Nothing here may be changed.
 */
export class Assembled {
  private readonly known = new WeakMap<Item, Known>();

  get(parts: Parts, pathOfItem: PathOfItem, make: () => Found): Found {
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
