import type { Catalogue } from './catalogue';
import { ACTION, CAPABILITY, EXTENSION } from './define';
import type { ActionDeclaration, Attribute, ItemType, Resource } from './define';
import type { Value, Values } from './values';

/** Limits on the values of one attribute (5.11.1); `value`: a boolean that has to be so. */
export interface ValueConstraint {
  values?: readonly (string | number)[];
  ranges?: readonly { low: number; high: number }[];
  value?: boolean;
  required?: boolean;
}

/** What is true of one type here and now; the catalogue knows the rest. */
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
    capabilities: capabilitiesOf(resource, facts.capabilities ?? {}),
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
    (attribute.extension === true && attribute.ofClouds !== true) ||
    attribute.provider.startsWith('mandatory') ||
    (!Object.hasOwn(resource.attributes, name) && attribute.ofClouds !== true);
  return Object.entries(all)
    .filter(supported)
    .map(([name, attribute]) => ({
      name,
      ...(attribute.extension ? { namespace: EXTENSION, type: typeName(attribute) } : {}),
      ...constraintOf(attribute, Object.hasOwn(constraints, name) ? constraints[name] : undefined),
    }));
}

/** The published constraint, as far as a narrower one is not given. */
function constraintOf(attribute: Attribute, given: ValueConstraint = {}): Values {
  const { required, value } = given;
  const narrowed = given.values !== undefined || given.ranges !== undefined;
  const values = narrowed ? given.values : publishedValues(attribute);
  const ranges = narrowed ? given.ranges : publishedRanges(attribute);
  return {
    ...(required === undefined ? {} : { required }),
    ...(values === undefined ? {} : { values: [...values] }),
    ...(ranges === undefined ? {} : { ranges: ranges.map(({ low, high }) => ({ low, high })) }),
    ...(value === undefined ? {} : { value }),
  };
}

function publishedValues(attribute: Attribute): readonly string[] | undefined {
  return (attribute.kind === 'string' || attribute.kind === 'uri') && !attribute.valuesOpen ? attribute.values : undefined;
}

function publishedRanges(attribute: Attribute): { low: number; high: number }[] | undefined {
  if (attribute.kind !== 'integer' || attribute.minimum === undefined || attribute.maximum === undefined) return undefined;
  return [{ low: attribute.minimum, high: attribute.maximum }];
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
    return value === undefined ? [] : [{ name, uri: `${CAPABILITY}${resource.name}/${name}`, description, value }];
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
