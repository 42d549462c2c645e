import type { Catalogue } from './catalogue';
import { ACTION, EXTENSION } from './define';
import type { ActionDeclaration, Attribute, Attributes, ItemType, Resource } from './define';
import { CADF_EVENT } from './event-types';
import type { Value, Values } from './values';
import { toldLengths, toldPattern } from './lengths';
import { isTaken, namespaceOf } from './openapi-attributes';
import { mustBePresent } from './required';

/** Limits on the values of one attribute (5.11.1); `value`: a boolean that has to be so. */
export interface ValueConstraint {
  values?: readonly (string | number)[];
  ranges?: readonly { low: number; high: number }[];
  value?: boolean;
  required?: boolean;
}

/** Facts of one type here and now; the catalogue knows the rest. */
export interface TypeFacts {
  /** Capabilities of the type by name (Table 7). */
  capabilities?: Readonly<Record<string, boolean | number | string | readonly string[]>> | undefined;
  /** Optional attributes of the type that are supported; all when absent. Mandatory, common and our own always are. */
  attributes?: readonly string[] | undefined;
  constraints?: Readonly<Record<string, ValueConstraint>> | undefined;
  /** Names of the operations and actions on offer (`add`, `edit`, `delete`, `start`, …); all that are declared when absent. */
  actions?: readonly string[] | undefined;
}

const MESSAGE = 'application/json, application/xml';
const METHODS = { add: 'POST', edit: 'PUT', delete: 'DELETE' } as const;
const WORDS = { add: 'Creates', edit: 'Changes', delete: 'Deletes' } as const;
const TYPE_NAMES: Readonly<Record<string, string>> = { uri: 'URI', bytes: 'byte[]', struct: 'structure' };

/**
 * The ResourceMetadata of a resource type (5.11), as values without id. Types and namespaces are told of extension
 * attributes only (D044, D048), values of capabilities always (D046).
 * @throws Error when the facts name an attribute or capability that the type does not have.
 */
export function describeType(catalogue: Catalogue, type: string, facts: TypeFacts): Values {
  const resource = catalogue.resource(type);
  const described: Record<string, readonly Value[]> = {
    attributes: attributesOf(catalogue, resource, facts),
    capabilities: [...capabilitiesOf(resource, facts.capabilities ?? {}), ...parametersOf(catalogue, resource)],
    actions: actionsOf(catalogue, resource, facts.actions),
  };
  return {
    typeURI: resource.typeURI,
    name: resource.name,
    ...Object.fromEntries(Object.entries(described).filter(([, list]) => list.length > 0)),
  };
}

function attributesOf(catalogue: Catalogue, resource: Resource, facts: TypeFacts): Values[] {
  const all = catalogue.attributesOf(resource.name);
  const constraints = facts.constraints ?? {};
  for (const name of [...(facts.attributes ?? []), ...Object.keys(constraints)])
    if (!all[name]) throw new Error(`${resource.name} has no attribute ${name}`);
  const supported = ([name, attribute]: [string, Attribute]) =>
    (facts.attributes === undefined && attribute.ofClouds !== true) ||
    facts.attributes?.includes(name) === true ||
    (attribute.namespace !== undefined && attribute.ofClouds !== true) ||
    attribute.provider.startsWith('mandatory') ||
    (!Object.hasOwn(resource.attributes, name) && attribute.ofClouds !== true);
  return Object.entries(all)
    .filter(supported)
    .map(([name, attribute]) => ({
      name,
      ...announced(namespaceOf(resource, name, attribute), attribute),
      ...constraintOf(attribute, Object.hasOwn(constraints, name) ? constraints[name] : typesSaidBy(catalogue, all, name)),
    }));
}

/** Event types that an attribute may name, where it says what a sibling holds. */
function typesSaidBy({ eventTypes }: Catalogue, all: Attributes, name: string): ValueConstraint | undefined {
  const says = Object.values(all).some((attribute) => attribute.kind === 'any' && attribute.typedBy === name);
  return says ? { values: [...eventTypes.map(({ uri }) => uri), CADF_EVENT] } : undefined;
}

/** Namespace and type of an attribute that the standard does not define. */
function announced(namespace: string | undefined, attribute: Attribute): Values {
  return namespace === undefined ? {} : { namespace, type: typeName(attribute) };
}

/** The value space that the catalogue declares and readers hold requests to, as far as a narrower one is not given. */
function constraintOf(attribute: Attribute, given: ValueConstraint = {}): Values {
  const { required = mustBePresent(attribute) || undefined, value } = given;
  const narrowed = given.values !== undefined || given.ranges !== undefined;
  const values = narrowed ? given.values : publishedValues(attribute);
  const ranges = narrowed ? given.ranges : publishedRanges(attribute);
  return {
    ...(required === undefined ? {} : { required }),
    ...(values === undefined ? {} : { values: [...values] }),
    ...(ranges === undefined ? {} : { ranges: ranges.map(({ low, high }) => ({ low, high })) }),
    ...(value === undefined ? {} : { value }),
    ...(isTaken(attribute) ? { ...toldLengths(attribute), ...toldPattern(attribute) } : {}),
  };
}

function publishedValues(attribute: Attribute): readonly string[] | undefined {
  return (attribute.kind === 'string' || attribute.kind === 'uri') && !attribute.valuesOpen ? attribute.values : undefined;
}

function publishedRanges(attribute: Attribute): { low: number; high: number }[] | undefined {
  if (attribute.kind !== 'integer' || (attribute.minimum === undefined && attribute.maximum === undefined)) return undefined;
  return [{ low: attribute.minimum ?? Number.MIN_SAFE_INTEGER, high: attribute.maximum ?? Number.MAX_SAFE_INTEGER }];
}

function typeName(declared: Attribute | ItemType): string {
  return declared.kind === 'array' ? `${typeName(declared.item)}[]` : (TYPE_NAMES[declared.kind] ?? declared.kind);
}

function capabilitiesOf(resource: Resource, given: NonNullable<TypeFacts['capabilities']>): Values[] {
  const declared = resource.capabilities ?? {};
  const values = new Map(Object.entries(given));
  for (const name of values.keys()) if (!Object.hasOwn(declared, name)) throw new Error(`${resource.name} has no capability ${name}`);
  for (const [name, { implies }] of Object.entries(declared))
    if (implies !== undefined && values.get(name) === true) values.set(implies, true);
  return Object.entries(declared).flatMap(([name, { description }]) => {
    const value = values.get(name);
    return value === undefined ? [] : [{ name, uri: `${resource.namespace}/capability/${resource.name}/${name}`, description, value }];
  });
}

/** Capabilities of our own: the parameters that lists of the type take. */
function parametersOf(catalogue: Catalogue, { name: type }: Resource): Values[] {
  const declared = catalogue.collections.flatMap(({ item, parameters }) => (item === type ? Object.entries(parameters ?? {}) : []));
  return [...new Map(declared)].map(([parameter, { description }]) => {
    const name = `${parameter.charAt(0).toUpperCase()}${parameter.slice(1)}Parameter`;
    return { name, uri: `${EXTENSION}/capability/${type}/${name}`, description: `${parameter}: ${description}`, value: true };
  });
}

function actionsOf(catalogue: Catalogue, resource: Resource, offered: readonly string[] | undefined): Values[] {
  const collections = catalogue.collections.filter(({ item }) => item === resource.name);
  const adds = collections.some(({ add }) => add) ? (['add'] as const) : [];
  const declared: Values[] = [
    ...[...adds, ...resource.operations].map((rel) => ({
      name: rel,
      uri: `${ACTION}${rel}`,
      description: `${WORDS[rel]} a resource of type ${resource.name}.`,
      method: METHODS[rel],
      ...(rel === 'delete' ? {} : { inputMessage: MESSAGE }),
      outputMessage: MESSAGE,
    })),
    ...[resource, ...collections].flatMap(({ actions }) => Object.entries(actions ?? {}).map(([name, action]) => described(name, action))),
  ];
  return offered === undefined ? declared : declared.filter(({ name }) => typeof name === 'string' && offered.includes(name));
}

function described(name: string, { uri, description }: ActionDeclaration): Values {
  return { name, uri, description, method: 'POST', inputMessage: MESSAGE, outputMessage: MESSAGE };
}
