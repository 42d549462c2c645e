import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An attribute as DSP0263 publishes it (test/facts/facts.json). */
export interface Fact {
  name: string;
  type: string;
  itemType?: string;
  itemName?: string;
  inlineType?: string;
  /** `element`, `attribute`, `href` (an element with href), `elements` (one per item), `content`. */
  xmlForm: string;
  /** Support and access for Consumers: `mandatory read-only`. */
  consumer?: string;
  jsonName?: string | string[];
  values?: string[];
  valuesOpen?: boolean;
  minimum?: number;
  maximum?: number;
  fields?: Fact[];
}

export interface TypeFacts {
  name: string;
  typeURI: string;
  operations: string[];
  /** True where it has the attributes that all resources share (5.10.1). */
  commonAttributes: boolean;
  attributes: Fact[];
}

export interface CollectionFacts {
  name: string;
  typeURI: string;
  itemType: string;
  jsonGroupName: string;
  xmlItemName: string;
  operations: string[];
}

interface Facts {
  commonAttributes: Fact[];
  types: TypeFacts[];
  collections: CollectionFacts[];
}

const facts = JSON.parse(readFileSync(join(__dirname, '../../facts/facts.json'), 'utf8')) as Facts;

/** A template of a Credential holds what the Credential is to hold (5.14.11). */
const SAME_ATTRIBUTES: Readonly<Record<string, string>> = { CredentialTemplate: 'Credential' };

/** 5.17.13.1 gives an Event operations that its pseudo-schemas lack. */
const OPERATIONS: Readonly<Record<string, string[]>> = { Event: ['edit', 'delete'] };

function found<T extends { name: string }>(all: T[], name: string): T {
  const one = all.find((each) => each.name === name);
  if (!one) throw new Error(`the standard has no ${name}`);
  return one;
}

/** A resource type with its common attributes first. @throws Error where the standard has none of this name. */
export function typeFacts(name: string): TypeFacts {
  const type = found(facts.types, name);
  const own = found(facts.types, SAME_ATTRIBUTES[name] ?? name).attributes;
  return {
    ...type,
    operations: OPERATIONS[name] ?? type.operations,
    attributes: type.commonAttributes ? [...facts.commonAttributes, ...own] : own,
  };
}

/** A type of Collection. @throws Error where the standard has none of this name. */
export const collectionFacts = (name: string): CollectionFacts => found(facts.collections, name);

const LEXICAL: Readonly<Record<string, RegExp>> = {
  integer: /^[+-]?\d+$/,
  boolean: /^(true|false)$/,
  dateTime: /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/,
  duration: /^-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/,
  'byte[]': /^([0-9a-fA-F]{2})+$/,
  URI: /^\S+$/,
};

/** Returns what is wrong with the text of a scalar, in words; undefined where nothing is. */
export function textProblem(fact: Fact, text: string): string | undefined {
  if (text === '') return 'is empty, and empty values are left out (5.5.14)';
  const pattern = LEXICAL[fact.type];
  if (pattern && !pattern.test(text)) return `is no ${fact.type}: ${text}`;
  if (fact.values && fact.valuesOpen !== true && !fact.values.includes(text)) return `is ${text}, not one of ${fact.values.join(', ')}`;
  const { minimum = -Infinity, maximum = Infinity } = fact;
  if (fact.type === 'integer' && (Number(text) < minimum || Number(text) > maximum)) return `is ${text}, out of ${minimum}..${maximum}`;
  return undefined;
}

/** Arrays of URIs that the pseudo-schemas write as references (D055). */
const AS_REFERENCES = ['associatedTo'];

/** The item of an array, as if it were an attribute of its own. */
export const itemFact = (fact: Fact): Fact => ({ ...fact, type: AS_REFERENCES.includes(fact.name) ? 'ref' : (fact.itemType ?? 'string') });

/** Name of a structure's field in JSON: what is flattened into the structure is `href` there (D005). */
export const jsonNames = ({ name, jsonName }: Fact): string[] => (jsonName === undefined ? [name] : [jsonName].flat());

/**
 * Tells whether a structure may hold more than its fields: the attributes of another resource, where a reference among its fields
 * may be given by value (D005); constraints of a provider's own (5.11: "any type-specific data", and so the published schema).
 */
export const holdsMore = (fields: Fact[]): boolean =>
  fields.some((field) => (field.jsonName === 'href' && field.inlineType !== undefined) || Array.isArray(field.jsonName));

/** Tells whether a provider may say more in a structure: additional metadata about attributes (5.11). */
export const takesMore = (fields: Fact[]): boolean => fields.some(({ name }) => name === 'valueConstraints');

/** The field that a member of a structure is; a component's template is named by its type (D036). */
export function fieldOf(fields: Fact[], name: string, names: (fact: Fact) => string[]): Fact | undefined {
  return fields.find((field) => names(field).includes(name)) ?? fields.find((field) => field.type === 'any' && /^\w+Template$/.test(name));
}
