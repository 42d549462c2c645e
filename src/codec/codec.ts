import type { Operation, Values } from '../model/values';

export type Format = 'json' | 'xml';

export interface WriteOptions {
  /** Absolute base URI with a trailing slash; relative hrefs and ids are appended to it (5.5.10). */
  base: string;
}

/** What the protocol hands to a writer for one resource. */
export interface Document {
  /** Resource type name. */
  type: string;
  /** Attributes by JSON name; `id` relative. Attributes that are not there are not written: `$select` is done before. */
  values: Values;
  operations?: readonly Operation[];
}

/** What the protocol hands to a writer for a collection. */
export interface CollectionDocument {
  /** Collection type name. */
  type: string;
  /** Relative; absent where `$select` left it out, as is count. */
  id?: string | undefined;
  count?: number | undefined;
  items: readonly Document[];
  operations?: readonly Operation[];
  /** Extension attributes of the collection (names of clouds that did not answer). */
  extensions?: Values;
}

/** Turns values into bytes. Empty strings, maps, arrays are omitted (5.5.14), write-only attributes never written. */
export interface Writer {
  format: Format;
  mediaType: string;
  document(document: Document, options: WriteOptions): Uint8Array;
  /** Written in slices of some hundred items, letting other work run between slices. */
  collection(document: CollectionDocument, options: WriteOptions): Promise<Uint8Array[]>;
}

/** What a request body may be; the reader answers which of them it was. */
export type Shape =
  /** The representation of a resource type. `create`: attributes marked onCreate are kept. */
  | { kind: 'resource'; type: string; purpose: 'create' | 'update' }
  /** The `<Type>Create` envelope with its template (4.2.1.1). */
  | { kind: 'create'; type: string }
  /** An Action body; its parameters are those of the resource type's declared actions. */
  | { kind: 'action'; type: string };

export interface Body {
  shape: Shape;
  /**
   * Attributes by JSON name, validated; null where the consumer erases (JSON null, empty XML element).
   * Read-only attributes are left out unchecked (4.2.1.3). hrefs below the base are relative. Maps have no prototype.
   */
  values: Values;
}

export interface ReadOptions {
  base: string;
  limits?: { depth?: number; items?: number };
}

/** Turns bytes into values. @throws BodyError. */
export type Reader = (body: Uint8Array, shapes: readonly Shape[], options: ReadOptions) => Body;

/** A request body that can't be taken, in words a client can act on. */
export class BodyError extends Error {
  constructor(
    message: string,
    /** Where in the body: `machineTemplate.volumes[0].href`. */
    readonly at: string,
    readonly status: 400 | 413 | 415 = 400,
  ) {
    super(at ? `${message} (at ${at})` : message);
    this.name = 'BodyError';
  }
}
