import type { CollectionDocument, Document } from './codec';

/** What a format knows to write, as text; `createWriter` makes bytes of it. */
export interface DocumentWriter {
  document(document: Document, base: string): string;
  /** A collection up to its items, one item, what stands between items, and what follows them. */
  open(document: CollectionDocument, base: string): string;
  item(item: Document, base: string): string;
  separator: string;
  close(document: CollectionDocument, base: string): string;
}
