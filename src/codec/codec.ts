import type { Operation, Values } from '../model/values';
import { placed } from '../model/place';
import { spoken } from '../model/shown';

export type Format = 'json' | 'xml';

export interface WriteOptions {
  /** Absolute base URI with a trailing slash; relative hrefs and ids are appended to it (5.5.10). */
  base: string;
}

export interface ListOptions extends WriteOptions {
  /** Longest whole collection, in bytes. Default: no bound. */
  maxBytes?: number;
  /** Body of the list as this writer wrote it before: slices that are the same are taken from there. */
  former?: readonly Uint8Array[] | undefined;
}

/** A collection has become longer than its bound; nothing more of it was read or written. */
export class TooManyBytes extends Error {
  constructor(readonly maxBytes: number) {
    super(`the collection is longer than ${maxBytes} bytes`);
    this.name = 'TooManyBytes';
  }
}

/** Resource that the protocol hands to a writer. */
export interface Document {
  /** Resource type name. */
  type: string;
  /** Attributes by JSON name; `id` relative. Attributes that are not there are not written: `$select` is done before. */
  values: Values;
  operations?: readonly Operation[];
}

/** An item of a collection as it stands among the others in one format: whoever knows that it will not change may keep it and give it again. */
export class WrittenItem {
  constructor(
    /** Bytes of it, after those that part it from the item before it. */
    readonly bytes: Uint8Array,
    /** Digest of these bytes. */
    readonly digest: string,
  ) {}
}

/** A collection as it is sent. */
export interface WrittenCollection {
  body: Uint8Array[];
  /** Digest of the body, made of those of its parts: equal ones mean equal bytes. */
  digest: string;
}

/** Item of a collection: to be written, or written before by the same writer. */
export type CollectionItem = Document | WrittenItem;

/** Collection that the protocol hands to a writer. */
export interface CollectionDocument {
  /** Collection type name. */
  type: string;
  /** Relative; absent where `$select` left it out, as is count. */
  id?: string | undefined;
  count?: number | undefined;
  /** All at once, or page by page as they are read. */
  items: readonly CollectionItem[] | AsyncIterable<readonly CollectionItem[]>;
  operations?: readonly Operation[];
  /** Extension attributes of the collection (names of clouds that did not answer). */
  extensions?: Values;
}

/** Turns values into bytes. Empty strings, maps, arrays are omitted (5.5.14), write-only attributes never written. */
export interface Writer {
  format: Format;
  mediaType: string;
  document(document: Document, options: WriteOptions): Uint8Array;
  /** Writes an item of a collection. */
  item(document: Document, options: WriteOptions): WrittenItem;
  /** Written in slices, letting other work run after some hundred items. @throws TooManyBytes. */
  collection(document: CollectionDocument, options: ListOptions): Promise<WrittenCollection>;
}

/** Forms that a request body may have; the reader answers which of them it was. */
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

export interface BodyOptions {
  base: string;
  limits?: { depth?: number; items?: number };
  /** Values that the resource says now: longer than is taken today, it may be sent back as it is. */
  former?: Values;
}

/** Turns bytes into values. @throws BodyError. */
export type BodyReader = (body: Uint8Array, shapes: readonly Shape[], options: BodyOptions) => Body;

/** A request body that can't be taken, in words a client can act on. */
export class BodyError extends Error {
  constructor(
    message: string,
    /** Place in the body: `machineTemplate.volumes[0].href`. */
    readonly at: string,
    readonly status: 400 | 413 | 415 = 400,
  ) {
    super(spoken(placed(at, message)));
    this.name = 'BodyError';
  }
}

/** Texts that are well-formed and longer, or of other characters, than is taken. */
export class BoundError extends BodyError {}
