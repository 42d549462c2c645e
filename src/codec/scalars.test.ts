import { base, json, refusal, xml } from '../../test/codec/toy-reader';

describe('scalars in JSON (5.5)', () => {
  test.each<[string, unknown, unknown]>([
    ['label', 'a', 'a'],
    ['note', '1234567890', '1234567890'],
    ['note', 'a\u202eb', 'a\u202eb'],
    ['mode', 'OFF', 'OFF'],
    ['size', 1, 1],
    ['size', 9, 9],
    ['left', -0, 0],
    ['left', Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    ['lit', false, false],
    ['since', '2012-05-25T13:30:15-05:00', '2012-05-25T13:30:15-05:00'],
    ['span', 'PT5M', 'PT5M'],
    ['span', 'hourly', 'PT1H'],
    ['link', 'http://far.example/a', 'http://far.example/a'],
    ['link', { href: `${base}machines/1` }, 'machines/1'],
    ['role', 'http://a/y', 'http://a/y'],
    ['code', '00fF', '00fF'],
    ['label', '', null],
    ['size', null, null],
    ['disks', { href: 'x' }, undefined],
  ])('%s: %j is %j', (name, raw, value) => {
    expect(json({ [name]: raw })).toEqual(value === undefined ? {} : { [name]: value });
  });

  test.each<[string, unknown, string]>([
    ['label', 7, 'must be a string'],
    ['label', 'a\u202eb', "holds the character U+202E, a control or an override of the text's direction; leave it out"],
    ['note', '12345678901', 'has 11 bytes; at most 10 are allowed'],
    ['note', 'éééééx', 'has 11 bytes; at most 10 are allowed'],
    ['note', '\u0001', "holds the character U+0001, which XML 1.0 can't carry"],
    ['mode', 'on', "'on' is none of ON, OFF"],
    ['size', 0, 'must be at least 1'],
    ['size', 10, 'must be at most 9'],
    ['size', '5', 'must be an integer between -9007199254740991 and 9007199254740991'],
    ['size', 1.5, 'must be an integer between -9007199254740991 and 9007199254740991'],
    ['left', 2 ** 53, 'must be an integer between -9007199254740991 and 9007199254740991'],
    ['lit', 'true', 'must be true or false'],
    ['lit', 0, 'must be true or false'],
    ['since', '2012-02-30T00:00:00Z', 'must be an xs:dateTime, for instance 2012-05-25T13:30:15-05:00'],
    ['span', 'weekly', 'must be an xs:duration, for instance PT1H'],
    ['span', 'constructor', 'must be an xs:duration, for instance PT1H'],
    ['link', 5, 'must be a URI'],
    ['link', { href: 'a', more: 1 }, 'must be a URI'],
    ['link', { uri: 'a' }, 'must be a URI'],
    ['link', { href: 5 }, 'must be a URI'],
    ['link', 'a b', "'a b' is not a URI: it holds characters that must be percent-encoded (RFC 3986)"],
    ['role', 'http://a/z', "'http://a/z' is none of http://a/x, http://a/y"],
    ['code', '0', 'must be hexadecimal digits, two for each byte'],
    ['code', '0g', 'must be hexadecimal digits, two for each byte'],
    ['code', 'x00', 'must be hexadecimal digits, two for each byte'],
    ['code', '00x', 'must be hexadecimal digits, two for each byte'],
  ])('%s: %j is refused: it %s', (name, raw, words) => {
    expect(refusal(() => json({ [name]: raw }))).toMatchObject({ at: name, status: 400, message: `${name}: ${words}` });
  });

  test('bytes are measured, not digits', () => {
    expect(json({ code: 'ab'.repeat(16_384) })).toEqual({ code: 'ab'.repeat(16_384) });
    expect(refusal(() => json({ code: 'ab'.repeat(16_385) })).message).toContain('has 16385 bytes; at most 16384 are allowed');
  });
});

describe('scalars in XML (5.5)', () => {
  test.each<[string, unknown]>([
    ['<size> 7 </size>', { size: 7 }],
    ['<left>-3</left>', { left: -3 }],
    ['<lit> true </lit>', { lit: true }],
    ['<lit>false</lit>', { lit: false }],
    ['<mode> ON </mode>', { mode: 'ON' }],
    ['<label> a </label>', { label: ' a ' }],
    ['<since> 2012-05-25T13:30:15Z </since>', { since: '2012-05-25T13:30:15Z' }],
    ['<link href=" machines/1 "/>', { link: 'machines/1' }],
    ['<link> machines/1 </link>', { link: 'machines/1' }],
    ['<size/>', { size: null }],
  ])('%s', (inside, values) => {
    expect(xml(inside)).toEqual(values);
  });

  test.each([
    ['<lit>1</lit>', 'lit', 'must be true or false'],
    ['<lit>TRUE</lit>', 'lit', 'must be true or false'],
    ['<size>1.0</size>', 'size', 'must be an integer'],
    ['<size>x</size>', 'size', 'must be an integer'],
    ['<size>10</size>', 'size', 'must be at most 9'],
    ['<size a="1">5</size>', 'size', "<size> takes text and no attribute 'a'"],
    ['<link href="a" b="c"/>', 'link', "<link> takes text and no attribute 'href'"],
    ['<link href="a">b</link>', 'link', "<link> takes text and no attribute 'href'"],
    ['<link href="a"><b/></link>', 'link', "<link> takes text and no attribute 'href'"],
    ['<size><b/></size>', 'size', '<size> takes text, not elements'],
    ['<size>1</size><size>2</size>', 'size', '<size> is given twice'],
  ])('%s is refused', (inside, at, words) => {
    const error = refusal(() => xml(inside));
    expect([error.at, error.status]).toEqual([at, 400]);
    expect(error.message).toContain(words);
  });
});
