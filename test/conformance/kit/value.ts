export type Format = 'json' | 'xml';
export const FORMATS: readonly Format[] = ['json', 'xml'];

/** An operation that a representation offers. */
export interface Operation {
  rel: string;
  href: string;
}

/**
 * Part of a representation (a resource, an item, a structure, a reference), read the same way from JSON and XML. Names are those of
 * JSON; where XML has a name of its own (items of arrays), the reader is told.
 */
export interface Value {
  readonly format: Format;
  /** Type URI: `resourceURI`, in XML the namespace and name of the element (of a Collection its attribute). */
  readonly resourceURI: string | undefined;
  /** Names of what is there, in the document's order; XML arrays by their item's name. */
  names(): string[];
  has(name: string): boolean;
  /** A scalar as text; undefined where it is absent. */
  text(name: string): string | undefined;
  /** A structure, reference or expanded resource. */
  inner(name: string): Value | undefined;
  /** Returns where a reference leads, as it is written. */
  href(name: string): string | undefined;
  /** Items of an array of structures or references. `item`: their element in XML. */
  list(name: string, item: string): Value[];
  /** Items of an array of scalars. */
  texts(name: string, item: string): string[];
  /** Entries of a map. */
  map(name?: string, item?: string): Record<string, string>;
  operations(): Operation[];
  /** Members of a Collection. */
  items(): Value[];
  /** Name under which a Collection groups its items; undefined where it is empty. */
  grouping(): string | undefined;
  /** Returns this value's own text or scalar, for `any` content. */
  own(): string | undefined;
}

/** Text of an attribute that has to be there. @throws Error naming it. */
export function textOf(value: Value, name: string): string {
  const text = value.text(name);
  if (text === undefined) throw new Error(`${value.resourceURI ?? 'the value'} has no ${name}; it has ${value.names().join(', ')}`);
  return text;
}

/** Target of a reference that has to be there. @throws Error naming it. */
export function hrefOf(value: Value, name: string): string {
  const href = value.href(name);
  if (href === undefined)
    throw new Error(`${value.resourceURI ?? 'the value'} has no reference ${name}; it has ${value.names().join(', ')}`);
  return href;
}

/** Last part of a type, action or capability URI. */
export const shortName = (uri: string): string => uri.slice(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('#')) + 1);
