import type { Attribute, ItemType } from './define';
import { PLAIN_TEXT } from './shown';

/** Limits of lengths in requests. Texts are measured in bytes of UTF-8, byte[] in bytes. */
export interface Lengths {
  /** Longest text, URI or byte[]; also each value of a map, and each text in an array. */
  maxLength?: number;
  /** Longest key of a map. */
  maxKeyLength?: number;
  /** Items of an array, entries of a map. */
  maxItems?: number;
}

const TEXT = 1_024;
const URI = 2_048;
const BYTES = 16_384;
/** Longest JSON text of what has no declared form. */
const ANY = 65_536;
const ITEMS = 1_000;
const KEY = 255;
const VALUE = 16_384;

/** Bounds of an attribute or of the items of one: its own where it declares them, else those of its kind; a reference's are of its href. */
export function lengthsOf(declared: Attribute | ItemType): Lengths {
  switch (declared.kind) {
    case 'string':
      return { maxLength: own(declared, TEXT) };
    case 'uri':
    case 'ref':
      return { maxLength: own(declared, URI) };
    case 'bytes':
      return { maxLength: own(declared, BYTES) };
    case 'any':
      return { maxLength: ANY };
    case 'array':
      return { ...lengthsOf(declared.item), maxItems: ITEMS };
    case 'map':
      return { maxLength: VALUE, maxKeyLength: KEY, maxItems: ITEMS };
    default:
      return {};
  }
}

/** Lengths that are worth telling: a closed list of values bounds itself, and what only answers hold has no bound. */
export function toldLengths(declared: Attribute): Lengths {
  const closed = (declared.kind === 'string' || declared.kind === 'uri') && declared.values !== undefined && declared.valuesOpen !== true;
  return closed || declared.kind === 'ref' || declared.kind === 'any' ? {} : lengthsOf(declared);
}

/** The regular expression (ECMA-262) that a text has to match, where there is one. */
export function toldPattern(declared: Attribute | ItemType): { pattern?: string } {
  return declared.kind === 'string' && 'plain' in declared && declared.plain === true ? { pattern: PLAIN_TEXT } : {};
}

const own = (declared: { maxLength?: number | undefined } | object, otherwise: number): number =>
  ('maxLength' in declared ? declared.maxLength : undefined) ?? otherwise;
