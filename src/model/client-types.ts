import type { Catalogue } from './catalogue';
import type { ActionDeclaration, Attribute, Attributes, ItemType, RefAttribute, Resource } from './define';
import { byJsonName, isTaken } from './openapi-attributes';
import { mustBePresent } from './required';

const HEAD = `// Made from src/model by scripts/make-client-types.cjs; do not edit.

/** Time, as xs:dateTime. */
export type DateTime = string;
/** Operation that would work now for this caller (DSP0263 4.2). */
export interface Operation {
  readonly rel: string;
  readonly href: string;
}
/** Texts of a consumer's own, by key. */
export type Properties = Readonly<Record<string, string>>;
/** Members of every action's request. */
export interface ActionInput {
  readonly properties?: Properties;
}
/** Reference to a resource; with $expand, or where it was given by value, its attributes stand beside href. */
export type Ref<K extends TypeName> = { readonly href: string } & Partial<Types[K]['data']>;
/** Reference to a resource of any type. */
export interface AnyRef {
  readonly href: string;
}
/** Reference to a collection; with $expand its items stand beside href. */
export type CollectionRef<K extends TypeName, Group extends string> = { readonly href: string; readonly count?: number } & {
  readonly [G in Group]?: readonly Types[K]['data'][];
};
/** Comparison of a filter; several are joined by and() and or(). */
export interface Condition {
  and(other: Condition): Condition;
  or(other: Condition): Condition;
  toString(): string;
}
/** Attribute that a filter compares for equality. */
export interface Equal<T> {
  eq(value: T): Condition;
  ne(value: T): Condition;
  in(first: T, ...others: readonly T[]): Condition;
}
/** Attribute that a filter also puts in order. */
export interface Ordered<T> extends Equal<T> {
  lt(value: T): Condition;
  le(value: T): Condition;
  gt(value: T): Condition;
  ge(value: T): Condition;
}
`;

/** Texts of a type that may hold others beside those known. */
const OPEN = '(string & Record<never, never>)';
const REFERENCE = 'string | AnyRef';

/**
 * The types of the client library (sdk/), as TypeScript source that is not formatted yet: for each resource type what answers hold,
 * what requests may hold, what makes one, what a filter may compare and its actions; and the collections of the entry point.
 */
export function clientTypes(catalogue: Catalogue): string {
  const types = catalogue.resources.map((resource) => typesOf(catalogue, resource));
  const names = catalogue.resources.map(({ name }) => name);
  const registry = names.map((name) => {
    const parts = ['data', 'input', 'create', 'filter', 'actions', 'collectionActions', 'parameters'].map(
      (part) => `${part}: ${name}${part === 'data' ? '' : part.charAt(0).toUpperCase() + part.slice(1)};`,
    );
    return `${name}: { ${parts.join(' ')} };`;
  });
  const entries = [...catalogue.entryPoints()].map(([name, { item }]) => `${name}: '${item}';`);
  return [
    HEAD,
    ...types,
    `/** Everything known of each resource type, by its name. */\nexport interface Types { ${registry.join('\n')} }`,
    '/** Name of a resource type. */\nexport type TypeName = keyof Types;',
    `/** Collections of the Cloud Entry Point, each with the type of its items. */\nexport interface EntryPoints { ${entries.join('\n')} }`,
    '',
  ].join('\n\n');
}

function typesOf(catalogue: Catalogue, resource: Resource): string {
  const { name, typeURI, states } = resource;
  const all = catalogue.attributesOf(name);
  const collections = catalogue.collections.filter(({ item }) => item === name);
  const data = members(all, (attribute, key) => ({
    optional: key !== 'id' && !(key === 'state' && states !== undefined),
    type: readType(catalogue, attribute),
  }));
  const parameters = collections.flatMap((collection) => Object.entries(collection.parameters ?? {}));
  const own = [...new Map(parameters)].map(([key, { description, unit }]) => `/** ${description} Unit: ${unit}. */ ${key}?: number;`);
  const actsOnAll = collections.flatMap(({ actions }) => Object.entries(actions ?? {}));
  return [
    `/** ${name} (${resource.clause}). */\nexport interface ${name} { readonly resourceURI: '${typeURI}';\n${data}\nreadonly operations?: readonly Operation[]; }`,
    `/** Attributes of a ${name} that requests may give; null erases. */\nexport interface ${name}Input { readonly resourceURI?: string;\n${inputMembers(all)} }`,
    `/** Request that makes a ${name}. */\nexport ${creation(catalogue, resource)}`,
    `/** Attributes of a ${name} that a filter may compare. */\nexport interface ${name}Filter { ${filterMembers(all)} }`,
    `/** Actions of a ${name} with their parameters. */\nexport interface ${name}Actions { ${actionMembers(catalogue, Object.entries(resource.actions ?? {}))} }`,
    `/** Actions of a collection of ${name}. */\nexport interface ${name}CollectionActions { ${actionMembers(catalogue, [...new Map(actsOnAll)])} }`,
    `/** Parameters of our own that lists of ${name} take. */\nexport interface ${name}Parameters { ${own.join('\n')} }`,
  ].join('\n');
}

interface Member {
  optional: boolean;
  type: string | undefined;
}

/** Members of an interface, one for each attribute that the function has a type for. */
function members(attributes: Attributes, member: (attribute: Attribute, key: string) => Member): string {
  return byJsonName(attributes)
    .flatMap(([name, key, attribute]) => {
      const { optional, type } = member(attribute, key);
      return type === undefined ? [] : [`${unitOf(attribute)}readonly ${name}${optional ? '?' : ''}: ${type};`];
    })
    .join('\n');
}

const unitOf = (attribute: Attribute): string =>
  attribute.kind === 'integer' && attribute.unit !== undefined ? `/** Unit: ${attribute.unit}. */ ` : '';

/** Type of an attribute in an answer; undefined where answers do not hold it. */
function readType(catalogue: Catalogue, attribute: Attribute): string | undefined {
  if (attribute.consumer.endsWith('write-only')) return undefined;
  switch (attribute.kind) {
    case 'ref':
      return attribute.bare ? 'string' : refType(attribute);
    case 'collection': {
      const { item, json } = catalogue.collection(attribute.of);
      return `CollectionRef<'${item}', '${json}'>`;
    }
    case 'array':
      return `readonly (${readItem(catalogue, attribute.item)})[]`;
    case 'struct':
      return `{ ${structMembers(catalogue, attribute.fields)} }`;
    default:
      return scalar(attribute);
  }
}

const refType = ({ to }: Pick<RefAttribute, 'to'>): string => (to === '*' ? 'AnyRef' : `Ref<'${to}'>`);

function readItem(catalogue: Catalogue, item: ItemType): string {
  if (item.kind === 'ref') return refType(item);
  if (item.kind === 'uri') return item.href ? 'AnyRef' : 'string';
  if (item.kind !== 'struct') return scalarOf(item.kind);
  const flattened = item.flattened === undefined ? undefined : item.fields[item.flattened];
  const own = `{ ${structMembers(catalogue, without(item.fields, flattened && item.flattened))} }`;
  return flattened?.kind === 'ref' ? `${refType(flattened)} & ${own}` : own;
}

const structMembers = (catalogue: Catalogue, fields: Attributes): string =>
  members(fields, (attribute) => ({ optional: true, type: readType(catalogue, attribute) }));

const without = (fields: Attributes, name: string | undefined): Attributes =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));

function scalar(attribute: Attribute): string {
  if ((attribute.kind === 'string' || attribute.kind === 'uri') && attribute.values) {
    const known = attribute.values.map((value) => `'${value}'`).join(' | ');
    return attribute.valuesOpen ? `${known} | ${OPEN}` : known;
  }
  return scalarOf(attribute.kind);
}

function scalarOf(kind: string): string {
  const named: Readonly<Record<string, string>> = {
    integer: 'number',
    boolean: 'boolean',
    dateTime: 'DateTime',
    any: 'unknown',
    map: 'Properties',
  };
  return named[kind] ?? 'string';
}

function inputMembers(attributes: Attributes): string {
  return members(attributes, (attribute) => ({
    optional: true,
    type: isTaken(attribute) ? nullable(inputType(attribute)) : undefined,
  }));
}

const nullable = (type: string | undefined): string | undefined => (type === undefined ? undefined : `${type} | null`);

/** Type of an attribute in a request; undefined where requests do not hold it. */
function inputType(attribute: Attribute): string | undefined {
  switch (attribute.kind) {
    case 'ref':
      return attribute.bare ? REFERENCE : refInput(attribute);
    case 'collection':
      return undefined;
    case 'array':
      return `readonly (${inputItem(attribute.item)})[]`;
    case 'struct':
      return `{ ${inputMembers(attribute.fields)} }`;
    case 'map':
      return 'Readonly<Record<string, string | null>>';
    case 'duration':
      return attribute.synonyms ? `${listed(Object.keys(attribute.synonyms))} | ${OPEN}` : 'string';
    default:
      return scalar(attribute);
  }
}

const listed = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(' | ');

function refInput({ inline = [] }: Pick<RefAttribute, 'inline'>): string {
  if (inline.length === 0) return 'AnyRef';
  return `{ readonly href?: string } & (${inline.map((type) => `${type}Input`).join(' | ')})`;
}

function inputItem(item: ItemType): string {
  if (item.kind === 'ref') return refInput(item);
  if (item.kind === 'uri') return item.href ? REFERENCE : 'string';
  if (item.kind !== 'struct') return scalarOf(item.kind);
  const flattened = item.flattened === undefined ? undefined : item.fields[item.flattened];
  const own = `{ ${inputMembers(without(item.fields, flattened && item.flattened))} }`;
  return flattened?.kind === 'ref' ? `${refInput(flattened)} & ${own}` : own;
}

/** Declaration of what makes a resource of a type: the envelope around its template, or its own representation. */
function creation(catalogue: Catalogue, { name, create }: Resource): string {
  if (!create && !catalogue.collections.some(({ item, add }) => item === name && add)) return `type ${name}Create = never;`;
  const template = catalogue.templateAttribute(name);
  const declared = template === undefined ? catalogue.attributesOf(name) : catalogue.envelopeOf(name);
  const needed = Object.entries(declared).filter(([key, attribute]) => key === template || mustBePresent(attribute));
  const required = needed.map(([key, attribute]) => `readonly ${attribute.jsonName ?? key}: ${inputType(attribute) ?? 'never'};`);
  if (template === undefined) return `type ${name}Create = ${name}Input${required.length > 0 ? ` & { ${required.join(' ')} }` : ''};`;
  return `interface ${name}Create { readonly resourceURI?: string;\n${required.join('\n')}\n${inputMembers(without(declared, template))} }`;
}

function filterMembers(attributes: Attributes): string {
  const fields = byJsonName(attributes).flatMap(([name, , attribute]) => {
    const type = attribute.consumer.endsWith('write-only') ? undefined : filterType(attribute);
    return type === undefined ? [] : [`readonly ${name}: ${type};`];
  });
  const hasProperties = Object.values(attributes).some(({ kind }) => kind === 'map');
  return [...fields, ...(hasProperties ? ['property(key: string): Equal<string>;'] : [])].join('\n');
}

function filterType(attribute: Attribute): string | undefined {
  switch (attribute.kind) {
    case 'integer':
      return 'Ordered<number>';
    case 'dateTime':
      return 'Ordered<Date | DateTime>';
    case 'any':
      return 'Ordered<Date | number | string | boolean>';
    case 'ref':
    case 'collection':
      return `Equal<${REFERENCE}>`;
    case 'array':
    case 'struct':
    case 'map':
      return undefined;
    default:
      return `Equal<${scalar(attribute)}>`;
  }
}

/** Actions with their parameters; one that another collection performs takes what makes an item there. */
function actionMembers(catalogue: Catalogue, actions: readonly (readonly [string, ActionDeclaration])[]): string {
  return actions
    .map(([name, { kind, description, input = {}, performedOn }]) => {
      const made = kind === 'link' && performedOn !== undefined ? catalogue.collection(performedOn).item : undefined;
      return `/** ${description} */ readonly ${name}: ${made === undefined ? `ActionInput & { ${parameterMembers(input)} }` : `${made}Input`};`;
    })
    .join('\n');
}

const parameterMembers = (input: Attributes): string =>
  members(input, (attribute) => ({ optional: !attribute.consumer.startsWith('mandatory'), type: inputType(attribute) }));
