import type { Attribute, Attributes } from './define';
import type { Value, Values } from './values';

/** Types whose values may be empty, and are then left out (DSP0263 5.5.14); a byte[] is a list of bytes (5.5.9). */
const MAY_BE_EMPTY: readonly Attribute['kind'][] = ['string', 'bytes', 'map', 'array', 'collection'];

/**
 * Tells whether a Consumer has to give it: mandatory, writable, and of a type that is never empty (5.4, 5.5.14). An `omissible` one
 * may be left out of a create.
 */
export function isRequired({ kind, consumer }: Attribute): boolean {
  return consumer.startsWith('mandatory') && !consumer.endsWith('read-only') && !MAY_BE_EMPTY.includes(kind);
}

/** Tells whether its resource has to have it, from the create on: it is required and not known otherwise. */
export const mustBePresent = (attribute: Attribute): boolean => isRequired(attribute) && attribute.omissible !== true;

/** Names (as in values) of what a new resource or structure would lack: mandatory attributes that were not given. */
export function missingFrom(declared: Attributes, given: Values): string[] {
  return Object.entries(declared).flatMap(([key, attribute]) => {
    const name = attribute.jsonName ?? key;
    return mustBePresent(attribute) && isAbsent(given[name]) ? [name] : [];
  });
}

const isAbsent = (value: Value | undefined): boolean => value === undefined || value === null;
