import { commonAttributes } from '../model/common';
import type { Ref, Value, Values } from '../model/values';
import { isSame } from './value-equality';

/** Attributes that a template or configuration says of itself, and not of what is made with it. */
const OWN_ATTRIBUTES: readonly string[] = [...Object.keys(commonAttributes(true)), 'resourceURI', 'operations'];

/** Attributes that say the same in two forms: who overrides one overrides the other. */
const TWINS: Readonly<Record<string, string>> = { key: 'publicKey', publicKey: 'key' };

/**
 * Template attributes with the overrides of one request laid over them, whole attribute by whole attribute; null erases
 * (DSP0263 4.2.1.1). Common attributes, of the template as of the overrides, are the template's own: they are left out, as
 * name, description and properties of what is made stand beside the template.
 */
export function mergeTemplate(template: Values, overrides: Values): Values {
  const merged: Values = {};
  const twinsOf = Object.keys(overrides).map((name) => TWINS[name]);
  const kept = Object.entries(template).filter(([name]) => !twinsOf.includes(name));
  for (const [name, value] of [...kept, ...Object.entries(overrides)]) {
    if (name === 'href' || OWN_ATTRIBUTES.includes(name)) continue;
    if (value === null) delete merged[name];
    else if (value !== undefined) merged[name] = value;
  }
  return merged;
}

/**
 * Attributes that a reference says itself (by value, or overriding), without href and common attributes.
 * @param referred what it refers to: an echo of that (of `$expand`) overrides nothing
 * @returns undefined where it says nothing
 */
export function inlineOf(ref: Ref, referred: Values = {}): Values | undefined {
  const inline = Object.entries(ref).filter(([name]) => name !== 'href' && !OWN_ATTRIBUTES.includes(name));
  return inline.every(([name, value]) => isSame(value, referred[name])) ? undefined : Object.fromEntries(inline);
}

/** A value as a reference object, or undefined. */
export function asRef(value: Value | undefined): Ref | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Ref) : undefined;
}
