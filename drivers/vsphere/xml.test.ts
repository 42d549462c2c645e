import { child, escape, isXmlText, parse } from './xml';

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

describe('escape', () => {
  test('what means something in XML comes back as it was', () => {
    const text = `a <b> & "c" 'd' ]]> é 漢字 \u{1F600} line\nother\ttab\r`;
    expect(parse(`<a>${escape(text)}</a>`).text).toBe(text);
  });

  test.each(['\u0000', '\u0008', '\ud800', '\ufffe'])('a character that XML cannot carry is refused: %j', (character) => {
    expect(isXmlText(character)).toBe(false);
    expect(() => escape(`a${character}b`)).toThrow(expect.objectContaining({ kind: 'invalid' }) as Error);
  });
});

describe('parse', () => {
  test('xsi:type is known by its namespace, whatever its prefix; type is another attribute', () => {
    const node = parse('<a xmlns:q="http://www.w3.org/2001/XMLSchema-instance" q:type="vim:VirtualDisk" type="VirtualMachine">vm-1</a>');
    expect(node).toMatchObject({ name: 'a', xsiType: 'VirtualDisk', type: 'VirtualMachine', text: 'vm-1' });
    expect(parse('<a xmlns:xsi="urn:other" xsi:type="x"/>').xsiType).toBeUndefined();
  });

  test('children in order, text put together around CDATA and entities', () => {
    const node = parse(`<a ${XSI}><b>1&lt;<![CDATA[<2>]]></b><c/><b>3</b></a>`);
    expect(node.children.map(({ name, text }) => [name, text])).toEqual([
      ['b', '1<<2>'],
      ['c', ''],
      ['b', '3'],
    ]);
    expect(child(node, 'c')?.children).toEqual([]);
    expect(child(node, 'd')).toBeUndefined();
  });

  test.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['an unknown entity', '<a>&x;</a>'],
    ['an element left open', '<a><b></a>'],
    ['an unbound prefix', '<p:a/>'],
    ['nothing', ''],
    ['no XML', 'Service unavailable'],
    ['depth without end', '<a>'.repeat(500)],
  ])('%s is refused', (_what, text) => {
    expect(() => parse(text)).toThrow(Error);
  });
});

test('characters that are none of XML, raw or escaped, are replaced one by one and hide nothing else', () => {
  const annotation = (text: string) => parse(`<a>${text}</a>`).text;
  expect(annotation('one&#x1f;two\u0007three')).toBe('one\ufffdtwo\ufffdthree');
  expect(annotation('&#31;&#0;&#xFFFF;&#xd800;&#99999999;')).toBe('\ufffd'.repeat(5));
  expect(annotation('&#x41;&#66;&#x1F600;&#13;&amp;#x1f;')).toBe('AB😀\r&#x1f;');
});
