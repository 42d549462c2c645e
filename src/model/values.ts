import type { Attribute, Attributes, ItemType, Resource } from './define';

/**
 * A reference inside a value. `href` is relative to the base URI for what this gateway serves
 * (`machines/abc`, `machines/abc/disks/1`): rows and drivers never hold absolute URIs of ours.
 * Inline attributes (by value, or `$expand`) stand beside href.
 */
export type Ref = { href?: string } & { [attribute: string]: Value | undefined };

/** Any value of the model: what JSON can carry, with undefined for "not there". */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value | undefined };

/** A resource's attributes by their JSON names, without envelope (`resourceURI`, `operations`). */
export type Values = { [attribute: string]: Value | undefined };

/** An operation offered with a representation (4.2). */
export interface Operation {
  rel: string;
  /** Relative to the base URI. */
  href: string;
}

type ItemValue<I> = I extends { kind: 'struct'; fields: infer F extends Attributes }
  ? ValuesOf<F>
  : I extends { kind: 'ref' }
    ? Ref
    : I extends { kind: 'integer' }
      ? number
      : I extends { kind: 'boolean' }
        ? boolean
        : I extends { kind: 'any' }
          ? Value
          : string;

type ValueOf<T> = T extends { kind: 'string' | 'dateTime' | 'duration' | 'uri' | 'bytes' }
  ? T extends { values: readonly (infer V)[]; valuesOpen?: false }
    ? V
    : string
  : T extends { kind: 'integer' }
    ? number
    : T extends { kind: 'boolean' }
      ? boolean
      : T extends { kind: 'ref' | 'collection' }
        ? Ref
        : T extends { kind: 'array'; item: infer I extends ItemType }
          ? ItemValue<I>[]
          : T extends { kind: 'struct'; fields: infer F extends Attributes }
            ? ValuesOf<F>
            : T extends { kind: 'map' }
              ? { [key: string]: string }
              : Value;

/** TypeScript type of declared attributes: `ValuesOf<typeof machine.attributes>`. */
export type ValuesOf<A extends Readonly<Record<string, Attribute>>> = { -readonly [K in keyof A]?: ValueOf<A[K]> | undefined };

/** Common attributes as a type (5.10.1). */
export interface CommonValues {
  id?: string | undefined;
  name?: string | undefined;
  description?: string | undefined;
  created?: string | undefined;
  updated?: string | undefined;
  properties?: { [key: string]: string } | undefined;
}

/** TypeScript type of a resource's representation: `Representation<typeof machine>`. */
export type Representation<R extends Resource> = CommonValues & ValuesOf<R['attributes']>;
