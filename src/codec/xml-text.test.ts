import { BodyError } from './codec';
import { parsedXml, parseXml } from './xml-text';

const limits = { depth: 3, items: 6 };
const parse = (text: string) => parseXml(text, limits);
const refusal = (text: string, allowed = limits): BodyError => {
  try {
    parseXml(text, allowed);
  } catch (error) {
    if (error instanceof BodyError) return error;
    throw error;
  }
  throw new Error(`taken: ${text}`);
};
const plain = { uri: '', attributes: [], children: [], text: '', preserve: false };

test('elements have their names resolved (Namespaces in XML 1.0), and all text directly inside them', () => {
  expect(parse('<p:a xmlns:p="urn:p" xmlns="urn:d" p:b="1" c="2">x<d/>y<![CDATA[<z>]]></p:a>')).toEqual({
    name: 'a',
    uri: 'urn:p',
    attributes: [
      { name: 'b', uri: 'urn:p', value: '1' },
      { name: 'c', uri: '', value: '2' },
    ],
    children: [{ ...plain, name: 'd', uri: 'urn:d' }],
    text: 'xy<z>',
    preserve: false,
  });
});

test('what stands between elements belongs to their parent', () => {
  const root = parse('<a>1<b>2</b>3<c>4</c>5</a>');
  expect([root.text, ...root.children.map(({ text }) => text)]).toEqual(['135', '2', '4']);
});

test('xml:space is inherited, and ended by "default" (2.10)', () => {
  const root = parse('<a xml:lang="en" xml:space="preserve"><b/><c xml:space="default"/></a>');
  expect([root.preserve, ...root.children.map(({ preserve }) => preserve)]).toEqual([true, true, false]);
  expect(root.attributes).toEqual([]);
  expect(parse('<a space="preserve"/>')).toMatchObject({ preserve: false, attributes: [{ name: 'space', value: 'preserve' }] });
});

test.each(['UTF-8', 'utf-8', 'utf8', 'US-ASCII'])('a declaration of %s is taken', (encoding) => {
  expect(parse(`<?xml version="1.0" encoding="${encoding}"?><a/>`).name).toBe('a');
  expect(parse('<?xml version="1.0"?><a/>').name).toBe('a');
});

test.each(['ISO-8859-1', 'xUTF-8', 'UTF-8x', 'UTF-16'])('a declaration of %s is refused: 415', (encoding) => {
  expect(refusal(`<?xml version="1.0" encoding="${encoding}"?><a/>`)).toMatchObject({
    status: 415,
    at: '',
    message: `the XML declaration names the encoding ${encoding}; only UTF-8 is read`,
  });
});

test('a document is read as XML 1.0, whatever version it names', () => {
  expect(refusal('<?xml version="1.1"?><a>&#1;</a>').message).toContain('not well-formed');
  expect(parse('<?xml version="1.1"?><a>b</a>').text).toBe('b');
});

test('a long document is one document', () => {
  const text = 'é'.repeat(100 * 1024);
  expect(parse(`<a><b/>${text}</a>`).text).toBe(text);
});

test('document types are refused', () => {
  expect(refusal('<!DOCTYPE a><a/>')).toMatchObject({
    status: 400,
    at: '',
    message: 'the body holds a document type declaration, which is refused',
  });
});

test.each([
  ['<a><b></a>', 'line 1, column 10'],
  ['<a>\n  &secret;</a>', 'line 2, column 10'],
  ['', 'line 1, column 0'],
  [`${'\n'.repeat(12)}<a>`, 'line 13, column 3'],
  ['<a/><b/>', 'line 1, column'],
])('what is not well-formed is told by its kind and place, never by its words: %j', (text, place) => {
  const { status, at, message } = refusal(text);
  expect({ status, at }).toEqual({ status: 400, at: '' });
  expect(message).toMatch(/^the body is not well-formed XML: [a-z].* in line \d+, column \d+$/);
  expect(message).toContain(place);
  expect(message).not.toContain('secret');
});

test('levels, elements and attributes are counted', () => {
  expect(parse('<a><b><c/></b><b><c/></b></a>').children).toHaveLength(2);
  expect(refusal('<a><b><c><d/></c></b></a>')).toMatchObject({
    status: 413,
    at: '',
    message: 'the body is nested more than 3 levels deep',
  });
  expect(parse('<a b="1" c="2"><d/><e/><f/></a>').children).toHaveLength(3);
  expect(refusal('<a b="1" c="2"><d/><e/><f/><g/></a>')).toMatchObject({
    status: 413,
    at: '',
    message: 'the body holds more than 6 elements and attributes',
  });
});

test('one element takes 64 attributes, and so does the next', () => {
  const many = (count: number): string => Array.from({ length: count }, (_, index) => `a${index}="1"`).join(' ');
  const wide = { depth: 3, items: 1000 };
  expect(parseXml(`<a ${many(64)}><b ${many(64)}/></a>`, wide).attributes).toHaveLength(64);
  expect(refusal(`<a><b ${many(65)}/></a>`, wide)).toMatchObject({ status: 413, message: 'an element has more than 64 attributes' });
});

test('others have their turn after each 32 KiB', () => {
  const turns = (length: number): number => [...parsedXml(`<a>${' '.repeat(length - 7)}</a>`, limits)].length;
  expect(turns(32 * 1024)).toBe(0);
  expect(turns(32 * 1024 + 1)).toBe(1);
  expect(turns(32 * 1024 * 3)).toBe(2);
});
