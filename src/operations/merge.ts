import type { Ref, Value, Values } from '../model/values';

/** Common attributes describe the template itself, not what is made from it. */
const OF_THE_TEMPLATE = ['id', 'name', 'description', 'created', 'updated', 'properties', 'resourceURI', 'operations'];

/**
 * Template attributes with the overrides of one request laid over them, whole attribute by whole attribute;
 * null erases (DSP0263 4.2.1.1). Common attributes of the referenced template are left out: they are its own.
 */
export function mergeTemplate(template: Values, overrides: Values): Values {
  const merged: Values = {};
  for (const [name, value] of Object.entries(template)) if (!OF_THE_TEMPLATE.includes(name)) merged[name] = value;
  for (const [name, value] of Object.entries(overrides)) {
    if (name === 'href') continue;
    if (value === null) delete merged[name];
    else if (value !== undefined) merged[name] = value;
  }
  return merged;
}

/** A reference's own attributes (by value, or overrides beside href), without href; undefined when there are none. */
export function inlineOf(ref: Ref): Values | undefined {
  const { href: _href, ...inline } = ref;
  return Object.keys(inline).length > 0 ? inline : undefined;
}

/** A value as a reference object, or undefined. */
export function asRef(value: Value | undefined): Ref | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Ref) : undefined;
}
