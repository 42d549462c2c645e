/** Characters and how they are written: XML 1.0 productions 2 (Char), 10 and 14, and JSON strings (RFC 8259). */

const UNCARRIABLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
// A surrogate half takes the slow way too, which tells a pair from a lone one.
const TEXT = /[&<>\r\0-\x08\x0B\x0C\x0E-\x1F\uD800-\uDFFF\uFFFE\uFFFF]/;
const TEXT_ALL = /[&<>\r]|[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
const ATTRIBUTE = /[&<>"\0-\x1F\uD800-\uDFFF\uFFFE\uFFFF]/;
const ATTRIBUTE_ALL = /[&<>"\t\n\r]|[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
const JSON_SPECIAL = /["\\\0-\x1F\uD800-\uDFFF]/;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  // Everywhere, so that `]]>` cannot arise.
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const escape = (character: string): string => ENTITIES[character] ?? '\uFFFD';

/** Escapes character data; what XML 1.0 can't carry becomes U+FFFD. */
export function escapeText(text: string): string {
  return TEXT.test(text) ? text.replace(TEXT_ALL, escape) : text;
}

/** Escapes an attribute value to stand in double quotes, so that attribute-value normalization changes nothing. */
export function escapeAttribute(text: string): string {
  return ATTRIBUTE.test(text) ? text.replace(ATTRIBUTE_ALL, escape) : text;
}

/** A JSON string, quotes included. */
export function quote(text: string): string {
  return JSON_SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** The first code point that XML 1.0 can't carry, as `U+0000`; undefined when there is none. */
export function uncarriable(text: string): string | undefined {
  const found = UNCARRIABLE.exec(text)?.[0];
  return found === undefined ? undefined : `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Trims what XML calls white space, and nothing else. */
export function trimSpace(text: string): string {
  let from = 0;
  let to = text.length;
  // Beyond either end stands no white space, and of blanks alone nothing is left between.
  while (isSpace(text.charCodeAt(from))) from++;
  while (isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Trims white space at either end that holds a line break: a document's layout. Blanks alone belong to a text. */
export function trimLines(text: string): string {
  const trimmed = trimSpace(text);
  const start = text.indexOf(trimmed);
  const [before, after] = [text.slice(0, start), text.slice(start + trimmed.length)];
  return (/[\r\n]/.test(before) ? '' : before) + trimmed + (/[\r\n]/.test(after) ? '' : after);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

/** Tells whether a name may stand as an XML element name without prefix; the identifiers of 5.3 all may. */
export function isElementName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) && !/^xml/i.test(name);
}
