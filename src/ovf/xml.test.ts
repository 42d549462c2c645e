import { OvfError } from './error';
import { parseXml } from './xml';

const refusal = (text: string | Uint8Array): string => {
  try {
    parseXml(typeof text === 'string' ? Buffer.from(text) : text);
  } catch (error) {
    if (error instanceof OvfError) return error.message;
    throw error;
  }
  throw new Error('it was read');
};

test.each([
  ['a document type', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', /document type/],
  ['an external one', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', /document type/],
  ['an entity that nobody declares', '<a>&e;</a>', /not well-formed/],
  ['33 levels', `${'<a>'.repeat(33)}${'</a>'.repeat(33)}`, /more than 32 levels/],
  ['50,001 elements', `<a>${'<b/>'.repeat(50_000)}</a>`, /more than 50000 elements/],
  ['an attribute above 64 KiB', `<a b="${'x'.repeat(65_537)}"/>`, /'b' is longer than 65536/],
  ['one above it in bytes', `<a b="${'ü'.repeat(32_769)}"/>`, /'b' is longer than 65536/],
  ['65 attributes', `<a ${Array.from({ length: 65 }, (_, n) => `b${n}=""`).join(' ')}/>`, /more than 64 attributes/],
  ['4 MiB and a byte', `<a>${' '.repeat(4 * 1024 * 1024 - 6)}</a>`, /longer than 4194304/],
  ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><a/>', /'UTF-16'; only UTF-8/],
  ['bytes that are not UTF-8', Uint8Array.of(0x3c, 0x61, 0xff), /not UTF-8/],
  ['an element with a prefix that nothing declares', '<x:a/>', /prefix 'x'/],
  ['nothing', '', /not well-formed/],
  ['half of it', '<a><b>', /not well-formed/],
])('%s is refused', (_, text, words) => expect(refusal(text)).toMatch(words));

test('what is at the bounds is read', () => {
  expect(parseXml(Buffer.from(`<a>${'<b/>'.repeat(49_999)}</a>`)).children).toHaveLength(49_999);
  expect(parseXml(Buffer.from(`${'<a>'.repeat(32)}${'</a>'.repeat(32)}`)).name).toBe('a');
  expect(parseXml(Buffer.from(`<a b="${'x'.repeat(65_536)}"/>`)).name).toBe('a');
});

test('a prefix that nothing declares is borne on attributes, which then mean nothing', () => {
  const root = parseXml(Buffer.from('<a b="1" y:b="2" xmlns:o="http://schemas.dmtf.org/ovf/envelope/1" o:c="3" c="4"/>'));
  expect(Object.fromEntries(root.attributes)).toEqual({ b: '1', c: '3' });
});
