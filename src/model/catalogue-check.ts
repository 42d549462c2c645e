import type { Attribute, Attributes, Collection, ItemType, Resource } from './define';
import type { EventType } from './event-types';

/** Declarations that are checked: a catalogue, before it is handed out. */
export interface Declared {
  resources: readonly Resource[];
  collections: readonly Collection[];
  has(type: string): boolean;
  hasCollection(name: string): boolean;
  attributesOf(type: string): Attributes;
  eventTypes: readonly EventType[];
}

/** Identifiers of the model (5.3). */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Returns the faults in the declarations of a catalogue, in words; empty when there is none. Checks that every name referred to is
 * declared, that no name is declared twice, that identifiers follow 5.3 and that states named by actions exist.
 */
export function catalogueProblems(catalogue: Declared): string[] {
  const problems: string[] = [];
  const names = [...catalogue.resources, ...catalogue.collections].map(({ name }) => name);
  problems.push(...repeated(names).map((name) => `${name} is declared twice`));
  problems.push(...names.filter((name) => !IDENTIFIER.test(name)).map((name) => `${name} is no identifier`));
  const segments = [
    ...catalogue.collections.flatMap(({ entryPoint }) => entryPoint ?? []),
    ...catalogue.resources.flatMap(({ singleton }) => singleton ?? []),
  ];
  problems.push(...repeated(segments).map((segment) => `the path ${segment} is used twice`));
  const owned = catalogue.collections.flatMap(({ owner, ownerAttribute }) => (owner ? [`${owner}.${ownerAttribute}`] : []));
  problems.push(...repeated(owned).map((path) => `${path} leads to two collections`));
  for (const resource of catalogue.resources) {
    problems.push(...attributeProblems(catalogue, catalogue.attributesOf(resource.name), resource.name));
    problems.push(...resourceProblems(catalogue, resource));
  }
  for (const collection of catalogue.collections) problems.push(...collectionProblems(catalogue, collection));
  problems.push(...repeated(catalogue.eventTypes.map(({ uri }) => uri)).map((uri) => `the event type ${uri} is declared twice`));
  for (const { uri, content } of catalogue.eventTypes) problems.push(...attributeProblems(catalogue, content, uri));
  return problems;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function unknownTypes(catalogue: Declared, at: string, types: readonly (string | undefined)[]): string[] {
  const unknown = types.filter((type) => type !== undefined && type !== '*' && !catalogue.has(type));
  return unknown.map((type) => `${at} names the unknown type ${type}`);
}

function attributeProblems(catalogue: Declared, attributes: Attributes, at: string): string[] {
  const entries = Object.entries(attributes);
  const problems = repeated(entries.map(([name, attribute]) => attribute.jsonName ?? name)).map(
    (name) => `${at}.${name} is declared twice`,
  );
  for (const [name, attribute] of entries) {
    const path = `${at}.${name}`;
    if (!IDENTIFIER.test(name)) problems.push(`${path} is no identifier`);
    if (attribute.xmlSharedWith !== undefined && !Object.hasOwn(attributes, attribute.xmlSharedWith))
      problems.push(`${path} shares its element with the unknown ${attribute.xmlSharedWith}`);
    problems.push(...shapeProblems(catalogue, attribute, path));
  }
  return problems;
}

function shapeProblems(catalogue: Declared, attribute: Attribute | ItemType, at: string): string[] {
  switch (attribute.kind) {
    case 'ref':
      return unknownTypes(catalogue, at, [attribute.to, ...(attribute.inline ?? [])]);
    case 'collection':
      return catalogue.hasCollection(attribute.of) ? [] : [`${at} names the unknown collection ${attribute.of}`];
    case 'array':
      return shapeProblems(catalogue, attribute.item, at);
    case 'struct': {
      const problems = attributeProblems(catalogue, attribute.fields, at);
      if ('flattened' in attribute && attribute.flattened !== undefined && attribute.fields[attribute.flattened]?.kind !== 'ref')
        problems.push(`${at} is flattened around ${attribute.flattened}, which is no reference`);
      return problems;
    }
    default:
      return [];
  }
}

function resourceProblems(catalogue: Declared, resource: Resource): string[] {
  const { name, create, actions, capabilities, xmlOrder, attributes } = resource;
  const problems = [...unknownTypes(catalogue, name, [create?.template]), ...stateProblems(resource)];
  if (create && !catalogue.hasCollection(create.collection)) problems.push(`${name} is created in the unknown ${create.collection}`);
  for (const [actionName, action] of Object.entries(actions ?? {})) {
    const at = `${name}/${actionName}`;
    if (!action.uri.endsWith(`/${actionName}`)) problems.push(`${at} has the URI ${action.uri}`);
    if (action.performedOn !== undefined && !catalogue.hasCollection(action.performedOn))
      problems.push(`${at} links to the unknown ${action.performedOn}`);
    problems.push(...attributeProblems(catalogue, action.input ?? {}, at));
  }
  for (const [capability, { implies }] of Object.entries(capabilities ?? {}))
    if (implies !== undefined && !Object.hasOwn(capabilities ?? {}, implies))
      problems.push(`${name}/${capability} implies the unknown ${implies}`);
  const ordered = xmlOrder?.filter((entry) => entry !== 'operations').sort();
  if (ordered && ordered.join() !== Object.keys(attributes).sort().join())
    problems.push(`${name} has an XML order of other attributes than its own`);
  return problems;
}

function stateProblems({ name, states, actions }: Resource): string[] {
  const known = states?.states ?? [];
  const own = [...(states?.transitional ?? []), ...(states?.initial === undefined ? [] : [states.initial])];
  const named = Object.entries(actions ?? {}).flatMap(([action, { from = [], via = [], to }]) =>
    [...from, ...via, ...(to === undefined ? [] : [to])].map((state) => [`${name}/${action}`, state] as const),
  );
  return [...own.map((state) => [name, state] as const), ...named]
    .filter(([, state]) => !known.includes(state))
    .map(([at, state]) => `${at} names the unknown state ${state}`);
}

function collectionProblems(catalogue: Declared, collection: Collection): string[] {
  const { name, item, owner, ownerAttribute, addRequires, json, xml } = collection;
  const problems = unknownTypes(catalogue, name, [item, owner, addRequires]);
  problems.push(...[json, xml].filter((label) => !IDENTIFIER.test(label)).map((label) => `${name} uses ${label}, which is no identifier`));
  if ((owner === undefined) !== (ownerAttribute === undefined)) problems.push(`${name} needs both owner and ownerAttribute`);
  if (owner !== undefined && ownerAttribute !== undefined && catalogue.has(owner)) {
    const attribute = catalogue.attributesOf(owner)[ownerAttribute];
    if (attribute?.kind !== 'collection' || attribute.of !== name) problems.push(`${owner}.${ownerAttribute} does not lead to ${name}`);
  }
  for (const [actionName, action] of Object.entries(collection.actions ?? {}))
    problems.push(...attributeProblems(catalogue, action.input ?? {}, `${name}/${actionName}`));
  const parameters = Object.keys(collection.parameters ?? {}).filter((parameter) => !IDENTIFIER.test(parameter));
  problems.push(...parameters.map((parameter) => `${name} takes ${parameter}, which is no identifier`));
  return problems;
}
