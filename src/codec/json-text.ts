import { BodyError } from './codec';
import { jsonFault } from './json-fault';
import { shown } from '../model/shown';

export interface Limits {
  /** Objects, arrays or elements inside each other. */
  depth: number;
  /** Values, or elements and attributes, in the whole body. */
  items: number;
}

export const DEFAULT_LIMITS: Limits = { depth: 32, items: 50_000 };

/**
 * The text of a body: UTF-8, a byte order mark tolerated.
 * @throws BodyError when it is not UTF-8.
 */
export function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw Object.assign(new BodyError('the body is not valid UTF-8', ''), { cause });
  }
}

/**
 * Parses JSON strictly. Limits are checked before anything is built, in one pass over the text.
 * @throws BodyError for bad syntax, a key given twice, and more depth or values than allowed.
 */
export function parseJson(text: string, limits: Limits): unknown {
  for (const _ of scanned(text, limits));
  return parsedJson(text);
}

/** @throws BodyError for bad syntax */
export function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new BodyError(`the body is not JSON: ${jsonFault(text)}`, '');
  }
}

interface Level {
  /** Keys seen so far; undefined in arrays. */
  keys: Set<string> | undefined;
  /** True where the next string is a key. */
  key: boolean;
}

/** Characters that are looked at before others may have their turn. */
const PIECE = 32 * 1024;

/**
 * Looks at structure only, in pieces; whether it is JSON at all is left to JSON.parse.
 * @throws BodyError for a key given twice, and more depth or values than allowed
 */
export function* scanned(text: string, { depth, items }: Limits): Generator<void, void> {
  const levels: Level[] = [];
  let count = 1;
  const counted = () => {
    if (++count > items) throw new BodyError(`the body holds more than ${items} values`, '', 413);
  };
  let piece = PIECE;
  for (let at = 0; at < text.length; at++) {
    if (at > piece) {
      piece = at + PIECE;
      yield;
    }
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const end = stringEnd(text, at);
      const level = levels.at(-1);
      if (level?.keys && level.key) addKey(level.keys, text.slice(at, end + 1));
      at = end;
    } else if (code === 0x7b || code === 0x5b) {
      levels.push({ keys: code === 0x7b ? new Set() : undefined, key: true });
      if (levels.length > depth) throw new BodyError(`the body is nested more than ${depth} levels deep`, '', 413);
      counted();
    } else if (code === 0x7d || code === 0x5d) {
      levels.pop();
    } else if (code === 0x2c || code === 0x3a) {
      const level = levels.at(-1);
      if (level) level.key = code === 0x2c;
      if (code === 0x2c) counted();
    }
  }
}

/** Index of the quote that ends the string beginning at `from`; the text's last index where none does. */
function stringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let escapes = quote;
    while (text.charCodeAt(escapes - 1) === 0x5c) escapes--;
    if ((quote - escapes) % 2 === 0) return quote;
  }
  return text.length - 1;
}

function addKey(keys: Set<string>, literal: string): void {
  const key = literal.includes('\\') ? unescaped(literal) : literal;
  if (keys.has(key)) throw new BodyError(`the key ${shown(key)} is given twice in one object`, '');
  keys.add(key);
}

/** The literal with its escapes resolved, so that `"a"` and `"\u0061"` are one key; as it is where it is no JSON string. */
function unescaped(literal: string): string {
  if (!/^"(?:[^"\\\0-\x1F]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"$/.test(literal)) return literal;
  const value: unknown = JSON.parse(literal);
  return `"${String(value)}"`;
}
