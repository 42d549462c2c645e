/**
 * The vocabulary in which the standard is declared: resources, their attributes, collections and actions.
 * Everything else (readers, writers, filters, metadata, operations) is derived from values of these types.
 */

/** Provider side of Table constraints (DSP0263 5.4). */
export type ProviderConstraint = `${'mandatory' | 'optional'} ${'mutable' | 'immutable'}`;
/** Consumer side of Table constraints (DSP0263 5.4). */
export type ConsumerConstraint = `${'mandatory' | 'optional'} ${'read-only' | 'read-write' | 'write-only'}`;

/** Form of an attribute in XML: child element(s), attribute of its parent element, or the parent's text. */
export type XmlForm = 'element' | 'attribute' | 'content';

export interface AttributeOptions {
  provider: ProviderConstraint;
  consumer: ConsumerConstraint;
  /** Form in XML; `element` when absent. Collections and refs stand as `<name href="…"/>` in element form. */
  xml?: XmlForm;
  /** Name in JSON (and in values) where the published one differs from the table's. */
  jsonName?: string;
  /** Name in XML where it differs from the JSON name (arrays use `itemName` instead). */
  xmlName?: string;
  /**
   * The nested XML element that carries it in attribute form (D004: `<Sample><sample timestamp="…" value="…"/></Sample>`);
   * attributes with the same xmlParent share one element.
   */
  xmlParent?: string;
  /** Written under the same XML element name as this sibling; a reader gives such elements to the sibling (5.11.1). */
  xmlSharedWith?: string;
  /** Accepted in a create request although consumers may not change it later (decisions D012, D013, D018, D021, D099). */
  onCreate?: boolean;
  /** Read from updates too although read-only: the operation decides what it may change (decisions D013, D014, D021). */
  onUpdate?: boolean;
  /**
   * A create may leave it out although it is mandatory: the gateway or the cloud has a value of its own for it, or it is
   * known otherwise (D029, D036, D044, D046, D063, D064, D158).
   */
  omissible?: boolean;
  /** The value it goes back to where an update removes it (decisions D026, D027, D028). */
  initial?: string;
  /** True: it may be read, but holds secrets often enough to be encrypted at rest (userData). */
  confidential?: boolean;
  /** Namespace of an attribute that was added to its type: carried in it, and announced by ResourceMetadata (5.2). */
  namespace?: string;
  /** True: what is made with a template keeps the template's value, whatever becomes of the template. */
  ofTemplate?: boolean;
  /** An extension that a driver brings (placement): announced and taken only where the cloud behind has it. */
  ofClouds?: boolean;
}

export interface StringAttribute extends AttributeOptions {
  kind: 'string';
  /** Longest text that is taken from a request, bytes in UTF-8; that of its kind when absent (lengths.ts). */
  maxLength?: number;
  /** Names one thing on one line: no controls, and nothing that turns the direction of what follows. */
  plain?: boolean;
  values?: readonly string[];
  /** True where the text says "include": a provider may know more values than the list. */
  valuesOpen?: boolean;
}
export interface IntegerAttribute extends AttributeOptions {
  kind: 'integer';
  /** kibibyte (1024 bytes), kilobyte (1000 bytes), megahertz, minute, … as printed in the table. */
  unit?: string;
  minimum?: number;
  maximum?: number;
}
export interface PlainAttribute extends AttributeOptions {
  kind: 'boolean' | 'dateTime' | 'bytes';
}
export interface AnyAttribute extends AttributeOptions {
  kind: 'any';
  /** Sibling whose value is the URI of the event type that says what this holds (5.17.13). */
  typedBy?: string;
}
export interface UriAttribute extends AttributeOptions {
  kind: 'uri';
  /** Longest one that is taken from a request, bytes; that of its kind when absent (lengths.ts). */
  maxLength?: number;
  values?: readonly string[];
  valuesOpen?: boolean;
}
export interface DurationAttribute extends AttributeOptions {
  kind: 'duration';
  /** Words accepted on input in place of an xs:duration, with their translation (D059). */
  synonyms?: Readonly<Record<string, string>>;
}
export interface RefAttribute extends AttributeOptions {
  kind: 'ref';
  /** Resource type referred to; `*` for any. */
  to: string;
  /** Resource types whose attributes may stand inline beside or instead of href (by value, 4.2.1.1). */
  inline?: readonly string[];
  /** True: its JSON form is the URI itself instead of `{ href }` (D083: image of restore); both forms are read. */
  bare?: boolean;
}
export interface CollectionAttribute extends AttributeOptions {
  kind: 'collection';
  /** The collection type, for instance `MachineCollection`. */
  of: string;
}
export interface ArrayAttribute extends AttributeOptions {
  kind: 'array';
  /** Element name of one item in XML (5.5.11). */
  itemName: string;
  item: ItemType;
}
export interface StructAttribute extends AttributeOptions {
  kind: 'struct';
  fields: Attributes;
}
export interface MapAttribute extends AttributeOptions {
  kind: 'map';
  /** Element name of one entry in XML: `<property key="…">`. */
  itemName: string;
  keyName: string;
}

export type Attribute =
  | StringAttribute
  | IntegerAttribute
  | PlainAttribute
  | AnyAttribute
  | UriAttribute
  | DurationAttribute
  | RefAttribute
  | CollectionAttribute
  | ArrayAttribute
  | StructAttribute
  | MapAttribute;

/** Type of an array's items: a structure, a reference or a scalar; constraints are the array's. */
export type ItemType =
  | {
      kind: 'struct';
      fields: Attributes;
      /** Item flattened around this ref field: its `href` (and inline attributes) stand in the item itself (D005). */
      flattened?: string;
    }
  | { kind: 'ref'; to: string; inline?: readonly string[] }
  | { kind: 'string' | 'integer' | 'boolean' | 'any' }
  /** `href`: written as `{ href }` and `<name href="…"/>` though no reference (D055); plain strings are read too. */
  | { kind: 'uri'; href?: boolean };

/** Declared attributes; the order is the published order of serialization. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** An operation with a body of its own, or an advertised link (capture, snapshot). */
export interface ActionDeclaration {
  /** `action`: POST of an Action body to the resource. `link`: advertised here, performed on another collection. */
  kind: 'action' | 'link';
  /** Full rel URI (`http://schemas.dmtf.org/cimi/1/action/start`). */
  uri: string;
  clause: string;
  /** Description for people, in ResourceMetadata. */
  description: string;
  /** States from which it may be invoked (5.8; D079, D156); absent: any. */
  from?: readonly string[];
  /** State shown while it runs, in order where there are several (restart). */
  via?: readonly string[];
  /** State at the end; absent: decided by the operation (restore). */
  to?: string;
  /** Parameters of the Action body besides `action` and `properties`. */
  input?: Attributes;
  /** Collection type that takes the request, for links. */
  performedOn?: string;
}

/** The life of a resource that has a `state` (5.8). */
export interface StateMachine {
  states: readonly string[];
  transitional: readonly string[];
  /** State after creation unless something else decides. */
  initial?: string;
}

export interface CapabilityDeclaration {
  type: 'boolean' | 'integer' | 'string' | 'string[]';
  /** Description for people, in ResourceMetadata. */
  description: string;
  /** Capability of the same resource that is true whenever this one is (Table 7, D052). */
  implies?: string;
  unit?: string;
  values?: readonly string[];
}

export interface CreateDeclaration {
  /** Collection type whose `add` takes the request. */
  collection: string;
  /** Template type required; absent: created by its own representation (5.5.12.1). */
  template?: string;
}

export interface ResourceDeclaration<A extends Attributes = Attributes> {
  clause: string;
  /** Number of the attribute table; absent where the text has none (NetworkNetworkPort, our own types). */
  table?: number;
  /** Primary resources are items of Cloud Entry Point collections (5.10.1). */
  primary: boolean;
  /** False for ResourceMetadata, which has no common attributes. */
  common?: boolean;
  /** Path of its only instance, for what is in no collection (the Cloud Entry Point). */
  singleton?: string;
  attributes: A;
  /** XML order of its own attributes where it differs from the JSON order; `operations` may say where the operations stand. */
  xmlOrder?: readonly string[];
  /** Bare rels published for the resource: edit, delete. */
  operations: readonly ('edit' | 'delete')[];
  actions?: Readonly<Record<string, ActionDeclaration>>;
  states?: StateMachine;
  capabilities?: Readonly<Record<string, CapabilityDeclaration>>;
  create?: CreateDeclaration;
}

export interface Resource<A extends Attributes = Attributes> extends ResourceDeclaration<A> {
  name: string;
  /** The namespace of its name, its own attributes, actions and capabilities: the standard's, or that of an extension. */
  namespace: string;
  typeURI: string;
}

/** A query parameter of our own (5.2), beside those of 4.1.6: a whole number. */
export interface ParameterDeclaration {
  /** Description for people, in OpenAPI and ResourceMetadata. */
  description: string;
  unit: string;
  minimum: number;
  maximum: number;
}

/** Parameters by their names in the query. */
export type OwnParameters = Readonly<Record<string, ParameterDeclaration>>;

export interface CollectionDeclaration {
  clause: string;
  /** Item resource type. */
  item: string;
  /** Grouping name in JSON. */
  json: string;
  /** Grouping name that clients in the field read where the published one is out of line (D002). */
  jsonInField?: string;
  /** Element name of an item in XML. */
  xml: string;
  /** Attribute of the Cloud Entry Point that leads here; also its path segment. */
  entryPoint?: string;
  /** Owning resource type and its attribute, for nested collections. */
  owner?: string;
  ownerAttribute?: string;
  /** True where the standard offers `add` at all. */
  add: boolean;
  /** Template type that `add` requires. */
  addRequires?: string;
  /** Actions on the collection itself (import). */
  actions?: Readonly<Record<string, ActionDeclaration>>;
  /** Parameters of our own that its list takes. */
  parameters?: OwnParameters;
  /** True where a client can wait for what is new in it, and read that as it comes, as text/event-stream. */
  watched?: boolean;
}

export interface Collection extends CollectionDeclaration {
  name: string;
  /** The namespace of the type of its items. */
  namespace: string;
  typeURI: string;
}

/** Namespace of the standard (Table 1). */
export const CIMI = 'http://schemas.dmtf.org/cimi/1';
/** Prefix of published action URIs. */
export const ACTION = `${CIMI}/action/`;
/** Clause of what the standard does not declare. */
export const NO_CLAUSE = 'extension';
/** Namespace of the gateway's own extension attributes (5.2). */
export const EXTENSION = 'http://cimi-gateway.org/extension/1';

type Typed<K extends Attribute['kind']> = Extract<Attribute, { kind: K }>;
type Options<K extends Attribute['kind']> = Omit<Typed<K>, 'kind'>;

export const string = <const O extends Options<'string'>>(o: O) => ({ kind: 'string' as const, ...o });
export const integer = <const O extends Options<'integer'>>(o: O) => ({ kind: 'integer' as const, ...o });
export const boolean = <const O extends AttributeOptions>(o: O) => ({ kind: 'boolean' as const, ...o });
export const dateTime = <const O extends AttributeOptions>(o: O) => ({ kind: 'dateTime' as const, ...o });
export const duration = <const O extends Options<'duration'>>(o: O) => ({ kind: 'duration' as const, ...o });
export const uri = <const O extends Options<'uri'>>(o: O) => ({ kind: 'uri' as const, ...o });
export const bytes = <const O extends AttributeOptions>(o: O) => ({ kind: 'bytes' as const, ...o });
export const any = <const O extends Options<'any'>>(o: O) => ({ kind: 'any' as const, ...o });
export const ref = <const T extends string, const O extends Omit<Options<'ref'>, 'to'>>(to: T, o: O) => ({
  kind: 'ref' as const,
  to,
  ...o,
});
export const collection = <const C extends string, const O extends Omit<Options<'collection'>, 'of'>>(of: C, o: O) => ({
  kind: 'collection' as const,
  of,
  ...o,
});
export const array = <const N extends string, const I extends ItemType, const O extends AttributeOptions>(itemName: N, item: I, o: O) => ({
  kind: 'array' as const,
  itemName,
  item,
  ...o,
});
export const struct = <const F extends Attributes, const O extends AttributeOptions>(fields: F, o: O) => ({
  kind: 'struct' as const,
  fields,
  ...o,
});
export const map = <const O extends AttributeOptions>(o: O) => ({ kind: 'map' as const, itemName: 'property', keyName: 'key', ...o });

/** Declares a resource type; its typeURI is the namespace, a slash and the name (4.1.4). */
export function resource<const A extends Attributes>(
  name: string,
  declaration: ResourceDeclaration<A> & Partial<Pick<Resource, 'namespace' | 'typeURI'>>,
): Resource<A> {
  return { name, namespace: CIMI, typeURI: `${CIMI}/${name}`, ...declaration };
}

/** Declares a collection type (5.5.12). */
export function collectionType(
  name: string,
  declaration: CollectionDeclaration & Partial<Pick<Collection, 'namespace' | 'typeURI'>>,
): Collection {
  return { name, namespace: CIMI, typeURI: `${CIMI}/${name}`, ...declaration };
}
