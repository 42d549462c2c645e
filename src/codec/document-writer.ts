import type { CollectionDocument, Document } from './codec';

/** Writer of a format, as text; `createWriter` makes bytes of it. */
export interface DocumentWriter {
  document(document: Document, base: string): string;
  /** A collection up to its items (`some`: there are any), one item, what stands between items, and what follows them. */
  open(document: CollectionDocument, base: string, some: boolean): string;
  item(item: Document, base: string): string;
  separator: string;
  close(document: CollectionDocument, base: string, some: boolean): string;
}
