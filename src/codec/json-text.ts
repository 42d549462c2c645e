import { BodyError } from './codec';

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
export function decode(body: Uint8Array): string {
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
  scan(text, limits);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new BodyError(`the body is not JSON: ${words}`, ''), { cause });
  }
}

interface Level {
  /** Keys seen so far; undefined in arrays. */
  keys: Set<string> | undefined;
  /** Whether the next string is a key. */
  key: boolean;
}

/** Looks at structure only; whether it is JSON at all is left to JSON.parse. */
function scan(text: string, { depth, items }: Limits): void {
  const levels: Level[] = [];
  let count = 1;
  const counted = () => {
    if (++count > items) throw new BodyError(`the body holds more than ${items} values`, '', 413);
  };
  for (let at = 0; at < text.length; at++) {
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
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  return text.length - 1;
}

function addKey(keys: Set<string>, literal: string): void {
  const key = literal.includes('\\') ? unescaped(literal) : literal;
  if (keys.has(key)) throw new BodyError(`the key ${shortened(key)} is given twice in one object`, '');
  keys.add(key);
}

/** The literal with its escapes resolved, so that `"a"` and `"\u0061"` are one key; as it is where it is no JSON string. */
function unescaped(literal: string): string {
  if (!/^"(?:[^"\\\0-\x1F]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"$/.test(literal)) return literal;
  const value: unknown = JSON.parse(literal);
  return `"${String(value)}"`;
}

/** Foreign text for an error message: quoted by its writer, never longer than a line. */
export function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
