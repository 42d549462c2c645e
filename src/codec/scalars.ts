import type { Value } from '../model/values';
import { BodyError, BoundError } from './codec';
import { integerOf, isDateTime, isDuration } from './lexical';
import type { Scalar } from './plan';
import type { DecodeContext } from './decode-context';
import { trimSpace, uncarriable } from './text';
import { internalUri, uriFault } from './uris';
import { shown } from '../model/shown';
import { turning } from '../model/shown';

/**
 * A scalar checked against its type, its list of values and its range.
 * @throws BodyError saying what is expected.
 */
export function scalarOf(node: Scalar, raw: unknown, at: string, context: DecodeContext): Value {
  switch (node.type) {
    case 'integer':
      return inRange(node, context.lexical && typeof raw === 'string' ? integerOf(trimSpace(raw)) : raw, at);
    case 'boolean':
      return truth(context.lexical && typeof raw === 'string' ? booleanOf(trimSpace(raw)) : raw, at);
    case 'uri':
      return oneOf(node, uri(node, raw, at, context.base), at);
    default:
      return text(node, raw, at);
  }
}

function inRange({ minimum, maximum }: Scalar, value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new BodyError(`must be an integer between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`, at);
  if (minimum !== undefined && value < minimum) throw new BodyError(`must be at least ${minimum}`, at);
  if (maximum !== undefined && value > maximum) throw new BodyError(`must be at most ${maximum}`, at);
  return value + 0;
}

function truth(value: unknown, at: string): boolean {
  if (typeof value !== 'boolean') throw new BodyError('must be true or false', at);
  return value;
}

/** Reads a boolean; of the forms of xs:boolean only these two are allowed (5.5.1). */
function booleanOf(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** The URI itself, or an object with it as href (D055, D083, D124). */
function uri({ longest }: Scalar, raw: unknown, at: string, base: string): string {
  const keys = typeof raw === 'object' && raw !== null ? Object.keys(raw) : [];
  const value: unknown = keys.length === 1 && keys[0] === 'href' ? (raw as { href: unknown }).href : raw;
  if (typeof value !== 'string') throw new BodyError('must be a URI', at);
  const fault = uriFault(fitting(value, longest, at));
  if (fault) throw new BodyError(`'${shown(value)}' ${fault}`, at);
  return internalUri(value, base);
}

function text(node: Scalar, raw: unknown, at: string): string {
  if (typeof raw !== 'string') throw new BodyError('must be a string', at);
  carried(raw, at);
  if (node.plain) mustBePlain(raw, at);
  if (node.type === 'bytes') mustFit(raw.length / 2, node.longest, at);
  else fitting(raw, node.longest, at);
  const value = node.synonyms && Object.hasOwn(node.synonyms, raw) ? (node.synonyms[raw] ?? raw) : raw;
  if (node.type === 'dateTime' && !isDateTime(value))
    throw new BodyError('must be an xs:dateTime, for instance 2012-05-25T13:30:15-05:00', at);
  if (node.type === 'duration' && !isDuration(value)) throw new BodyError('must be an xs:duration, for instance PT1H', at);
  if (node.type === 'bytes' && !/^(?:[0-9A-Fa-f]{2})*$/.test(value))
    throw new BodyError('must be hexadecimal digits, two for each byte', at);
  return oneOf(node, value, at);
}

function oneOf({ values }: Scalar, value: string, at: string): string {
  if (values && !values.has(value)) throw new BodyError(`'${shown(value)}' is none of ${[...values].join(', ')}`, at);
  return value;
}

/** @throws BodyError for a text of more bytes in UTF-8 than are taken. */
export function fitting(text: string, longest: number | undefined, at: string): string {
  // Counting is worth it only where it can matter: a character has three bytes at most for each unit of length.
  if (longest !== undefined && text.length * 3 > longest) mustFit(Buffer.byteLength(text), longest, at);
  return text;
}

function mustFit(bytes: number, longest: number | undefined, at: string): void {
  if (longest !== undefined && bytes > longest) throw new BoundError(`has ${bytes} bytes; at most ${longest} are allowed`, at);
}

/** @throws BodyError for controls, and for what turns the direction of the text after it. */
export function mustBePlain(text: string, at: string): void {
  const character = turning(text);
  if (character !== undefined)
    throw new BoundError(`holds the character ${character}, a control or an override of the text's direction; leave it out`, at);
}

/** @throws BodyError where the text could not be answered in XML. */
export function carried(text: string, at: string): string {
  const character = uncarriable(text);
  if (character !== undefined) throw new BodyError(`holds the character ${character}, which XML 1.0 can't carry`, at);
  return text;
}
