import type { WrittenItem } from '../codec/codec';
import { RecentlyUsed } from './recently-used';
import type { View } from './view';

/** An encoded answer. */
export interface Encoded {
  body: readonly Uint8Array[];
  tag: string;
}

interface EncodedList extends Encoded {
  views: readonly View[];
  bytes: number;
}

/** Bytes of encoded lists kept at most; the longest unused give way. One list may have half of them: 10,000 machines have 20 MB in XML. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Bytes that a list takes beside its body and its key, about, and each thing it was chosen from: a filter may leave none of very many. */
const OWN_BYTES = 1_024;
const VIEW_BYTES = 64;
/** Shapes (format, query) of one resource that are remembered: a few are asked for again and again, and queries have no end. */
const MOST_SHAPES = 4;
/** Shapes of one resource among the items of lists. */
const MOST_AS_ITEM = 2;

/**
 * Encoded answers, kept by the identity of what they show: a view stands for one state of one resource (see
 * Assembled), so nothing has to be told when a resource changes. What shows anything else ($expand) is never kept.
 */
export class Encodings {
  private readonly ones = new WeakMap<View, Map<string, Encoded>>();
  private readonly items = new WeakMap<View, Map<string, WrittenItem>>();
  private readonly lists = new RecentlyUsed<EncodedList>(MAX_BYTES);

  /** Encodes one resource, remembered by what shapes it beside itself (format, query). */
  one(view: View, shape: string, encode: () => Encoded): Encoded {
    const shapes = this.ones.get(view) ?? new Map<string, Encoded>();
    const known = shapes.get(shape);
    if (known) return known;
    const encoded = encode();
    if (shapes.size < MOST_SHAPES) this.ones.set(view, shapes.set(shape, encoded));
    return encoded;
  }

  /** Writes one resource as an item of lists, remembered in a few shapes. */
  item(view: View, shape: string, write: () => WrittenItem): WrittenItem {
    const shapes = this.items.get(view);
    const known = shapes?.get(shape);
    if (known) return known;
    const written = write();
    if (!shapes) this.items.set(view, new Map([[shape, written]]));
    else if (shapes.size < MOST_AS_ITEM) shapes.set(shape, written);
    return written;
  }

  /** A list of exactly these views, by caller, path, format and query. */
  list(key: string, views: readonly View[]): Encoded | undefined {
    const known = this.lists.peek(key);
    if (!known || known.views.length !== views.length) return undefined;
    for (let index = 0; index < views.length; index += 1) if (known.views[index] !== views[index]) return undefined;
    return this.lists.get(key);
  }

  /** Body of the list as it was last kept, whatever views it is of. */
  former(key: string): readonly Uint8Array[] | undefined {
    return this.lists.peek(key)?.body;
  }

  keep(key: string, views: readonly View[], encoded: Encoded): void {
    const own = OWN_BYTES + 2 * key.length + VIEW_BYTES * views.length;
    const bytes = encoded.body.reduce((sum, part) => sum + part.byteLength, own);
    this.lists.set(key, { ...encoded, views, bytes });
  }
}
