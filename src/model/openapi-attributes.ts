import { CIMI, NO_CLAUSE } from './define';
import type { Attribute, Attributes, ItemType, Resource } from './define';
import type { Value, Values } from './values';
import { lengthsOf, toldPattern } from './lengths';

/** Clause of the attributes that nearly every resource has. */
export const COMMON_CLAUSE = '5.10.1';

/** Tells whether a request may carry it with effect: at creation, or in a change. */
export function isTaken({ consumer, onCreate, onUpdate }: Attribute): boolean {
  return !consumer.endsWith('read-only') || onCreate === true || onUpdate === true;
}

/** Returns the source of an attribute of a type: a clause of DSP0263, or ours. */
export function sourceOf(resource: Resource, name: string, attribute: Attribute): string {
  const namespace = namespaceOf(resource, name, attribute);
  if (namespace !== undefined) return `${NO_CLAUSE}, ${namespace}`;
  if (!Object.hasOwn(resource.attributes, name)) return COMMON_CLAUSE;
  return resource.table === undefined ? resource.clause : `${resource.clause}, Table ${resource.table}`;
}

/** The namespace of an attribute that the standard does not define: it was added to its type, or its type is no standard one. */
export function namespaceOf(resource: Resource, name: string, attribute: Attribute): string | undefined {
  if (attribute.namespace !== undefined) return attribute.namespace;
  return resource.namespace !== CIMI && Object.hasOwn(resource.attributes, name) ? resource.namespace : undefined;
}

/** A clause of DSP0263 as it is cited; of what it does not declare, that it is an extension. */
export function citationOf(clause: string): string {
  return clause === NO_CLAUSE ? NO_CLAUSE : `DSP0263 ${clause}`;
}

/** Unit, known values of an open list, special treatment and constraints of an attribute, in words. */
export function descriptionOf(attribute: Attribute, source?: string): string {
  return [
    ...(attribute.kind === 'integer' && attribute.unit !== undefined ? [`Unit: ${attribute.unit}.`] : []),
    ...(isOpenList(attribute) ? [`Other values than ${listed(attribute.values)} are possible.`] : []),
    ...(attribute.kind === 'duration' && attribute.synonyms ? [`Requests may also say ${listed(Object.keys(attribute.synonyms))}.`] : []),
    ...specialOf(attribute),
    `Consumer: ${attribute.consumer}; provider: ${attribute.provider}${source === undefined ? '' : ` (${source})`}.`,
  ].join(' ');
}

/** Describes what is taken from requests although the constraint says read-only, or kept with care. */
export function specialOf({ consumer, onCreate, onUpdate, confidential }: Attribute): string[] {
  const readOnly = consumer.endsWith('read-only');
  return [
    ...(readOnly && onCreate && onUpdate ? ['Taken from requests.'] : []),
    ...(readOnly && onCreate && !onUpdate ? ['Taken at creation only.'] : []),
    ...(readOnly && onUpdate && !onCreate ? ['Taken in changes only.'] : []),
    ...(confidential ? ['Encrypted at rest.'] : []),
  ];
}

type Listed = Extract<Attribute, { kind: 'string' | 'uri' }> & { values: readonly string[] };

function isOpenList(attribute: Attribute): attribute is Listed {
  return (attribute.kind === 'string' || attribute.kind === 'uri') && attribute.values !== undefined && attribute.valuesOpen === true;
}

const listed = (values: readonly string[]) => values.join(', ');

export type ScalarAttribute = Exclude<Attribute, { kind: 'array' | 'struct' | 'map' | 'ref' | 'collection' }>;

const SCALARS: Readonly<Record<ScalarAttribute['kind'], Values>> = {
  any: {},
  string: { type: 'string' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  dateTime: { type: 'string', format: 'date-time' },
  duration: { type: 'string', format: 'duration' },
  // xs:anyURI may be relative, and the id of a Job that was never stored is empty.
  uri: { type: 'string', format: 'uri-reference' },
  // xs:hexBinary (5.5.9).
  bytes: { type: 'string', contentEncoding: 'base16', pattern: '^([0-9A-Fa-f]{2})*$' },
};

/** JSON Schema of an array item that is no structure or reference. */
export const scalarItem = (item: Exclude<ItemType, { kind: 'struct' | 'ref' }>, input: boolean): Values => ({
  ...SCALARS[item.kind],
  ...(input ? lengthSchema(item) : {}),
});

/** JSON Schema of a scalar attribute; `input`: with the words that only requests may use. */
export function scalarSchema(attribute: ScalarAttribute, input: boolean): Values {
  const schema: Values = { ...SCALARS[attribute.kind], ...(input && isTaken(attribute) ? lengthSchema(attribute) : {}) };
  if ((attribute.kind === 'string' || attribute.kind === 'uri') && attribute.values)
    schema[attribute.valuesOpen ? 'examples' : 'enum'] = [...attribute.values];
  if (attribute.kind === 'integer') {
    const { minimum, maximum, unit } = attribute;
    return { ...schema, ...withoutUndefined({ minimum, maximum, 'x-unit': unit }) };
  }
  if (attribute.kind === 'duration' && attribute.synonyms && input) return { anyOf: [schema, { enum: Object.keys(attribute.synonyms) }] };
  return schema;
}

/** Bounds of a text, what has more characters having more bytes, too; and its pattern. */
function lengthSchema(declared: ScalarAttribute | Exclude<ItemType, { kind: 'struct' | 'ref' }>): Values {
  if (declared.kind !== 'string' && declared.kind !== 'uri' && declared.kind !== 'bytes') return {};
  const { maxLength } = lengthsOf(declared);
  if (maxLength === undefined || ('values' in declared && !declared.valuesOpen)) return {};
  return { maxLength: declared.kind === 'bytes' ? 2 * maxLength : maxLength, ...toldPattern(declared) };
}

/** Bounds of an array. */
export function listBounds(attribute: Attribute): Values {
  return withoutUndefined({ maxItems: lengthsOf(attribute).maxItems });
}

/** Bounds of a map. */
export function mapBounds(attribute: Attribute): Values {
  const { maxLength, maxKeyLength, maxItems } = lengthsOf(attribute);
  return withoutUndefined({
    additionalProperties: withoutUndefined({ type: 'string', maxLength }) as Value,
    propertyNames: withoutUndefined({ maxLength: maxKeyLength }) as Value,
    maxProperties: maxItems,
  });
}

/** The same schema, with null for what a request erases (4.2.1.3). */
export function nullable(schema: Values): Values {
  const { type, enum: values } = schema;
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return { ...schema, type: [type, 'null'], ...(Array.isArray(values) ? { enum: [...(values as readonly string[]), null] } : {}) };
}

/** Drops the members that are undefined. */
export function withoutUndefined(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Name and form in XML where they differ from what the JSON name tells. */
export function xmlObjectOf(name: string, attribute: Attribute): Values {
  const element = attribute.xmlName ?? name;
  const hint: Values = {
    ...(element === name ? {} : { name: element }),
    ...(attribute.xml === 'attribute' ? { attribute: true } : {}),
  };
  return Object.keys(hint).length === 0 ? {} : { xml: hint };
}

/** Attributes by their JSON names. */
export function byJsonName(attributes: Attributes): [name: string, key: string, attribute: Attribute][] {
  return Object.entries(attributes).map(([key, attribute]) => [attribute.jsonName ?? key, key, attribute]);
}
