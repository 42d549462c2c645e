import * as fc from 'fast-check';
import { escapeAttribute, escapeText, isElementName, quote, trimLines, trimSpace, uncarriable } from './text';

/** One code point at each end of what XML 1.0 can carry (production 2, Char), and its neighbours outside. */
const CARRIED = ['\t', '\n', '\r', ' ', '\ud7ff', '\ue000', '\ufffd', '\u{10000}', '\u{10ffff}'];
const NOT_CARRIED = ['\0', '\u0008', '\u000b', '\u000c', '\u000e', '\u001f', '\ud800', '\udbff', '\udc00', '\udfff', '\ufffe', '\uffff'];
/** Code points as a test's name can show them. */
const named = (characters: readonly string[]): [string, string][] =>
  characters.map((one) => [`U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`, one]);

test.each(named(CARRIED))('XML 1.0 carries %s', (_, character) => {
  expect(uncarriable(`a${character}b`)).toBeUndefined();
});

test.each(named(NOT_CARRIED))('XML 1.0 does not carry %s: it is named, and written as U+FFFD', (name, character) => {
  expect(uncarriable(`a${character}b`)).toBe(name);
  expect(escapeText(`a${character}b`)).toBe('a\ufffdb');
  expect(escapeAttribute(`a${character}b`)).toBe('a\ufffdb');
});

test('the first that is not carried is named', () => {
  expect(uncarriable('\ufffe\0')).toBe('U+FFFE');
});

test('markup is escaped, and in attributes what their normalization would change (3.3.3)', () => {
  expect(escapeText('a&b<c>d"e\tf\ng\rh')).toBe('a&amp;b&lt;c&gt;d"e\tf\ng&#13;h');
  expect(escapeAttribute('a&b<c>d"e\tf\ng\rh')).toBe('a&amp;b&lt;c&gt;d&quot;e&#9;f&#10;g&#13;h');
  for (const one of ['&', '<', '>', '\r']) expect(escapeText(one)).not.toBe(one);
  for (const one of ['&', '<', '>', '"', '\t', '\n', '\r']) expect(escapeAttribute(one)).toMatch(/^&.*;$/);
});

test('what needs no escape stays, pairs of surrogates too', () => {
  for (const one of ['plain', "it's é 中", '\u{1f600}', 'a\u{10000}b\u{10ffff}']) {
    expect(escapeText(one)).toBe(one);
    expect(escapeAttribute(one)).toBe(one);
  }
});

test('a JSON string is read back as it was (RFC 8259, 7)', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\u001f', '\0', '\n', '\ud800', '\udfff')), (text) => {
      expect(JSON.parse(quote(text))).toBe(text);
    }),
  );
  expect(quote('\ud800')).toBe('"\\ud800"');
  expect(quote('a"b\\c\nd')).toBe('"a\\"b\\\\c\\nd"');
  expect(quote('\u001f')).toBe('"\\u001f"');
});

test('white space of XML is trimmed (production 3), and no other', () => {
  expect(trimSpace(' \t\n\ra b\r\n\t ')).toBe('a b');
  expect(trimSpace('a')).toBe('a');
  expect(trimSpace('a ')).toBe('a');
  expect(trimSpace(' a')).toBe('a');
  expect(trimSpace(' \t ')).toBe('');
  expect(trimSpace('')).toBe('');
  expect(trimSpace('\u00a0a\u000b\ufeff')).toBe('\u00a0a\u000b\ufeff');
});

test('only white space with a line break in it is a document’s layout', () => {
  expect(trimLines('\n  a b\t\r')).toBe('a b');
  expect(trimLines('  a\n')).toBe('  a');
  expect(trimLines('\ra  ')).toBe('a  ');
  expect(trimLines('\t\ra')).toBe('a');
  expect(trimLines(' a ')).toBe(' a ');
  expect(trimLines('a')).toBe('a');
});

test('names that stand as an element name without prefix (production 5), but for those kept for XML', () => {
  for (const name of ['a', 'A1', '_a', 'a-b.c_d', 'z9', 'axml']) expect([name, isElementName(name)]).toEqual([name, true]);
  for (const name of ['', '1a', '-a', '.a', 'a b', 'a:b', 'é', 'a<', ' a', 'a ', 'xml', 'XMLa', 'xmlSpace'])
    expect([name, isElementName(name)]).toEqual([name, false]);
});
