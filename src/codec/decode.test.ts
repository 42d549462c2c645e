import { json, read, refusal, xml } from '../../test/codec/toy-reader';
import { CIMI, EXTENSION } from '../model/define';
import { BodyError, BoundError } from './codec';

describe('maps and arrays (5.5.11)', () => {
  test('alike in both formats', () => {
    const values = { pairs: { a: '1', b: ' 2 ' }, words: ['x', 'y'], hosts: [{ href: 'machines/1' }, { href: 'machines/2' }] };
    expect(json(values)).toEqual(values);
    expect(
      xml(
        '<property key="a">1</property><property key="b"> 2 </property><word>x</word><word>y</word><host href="machines/1"/><host><host href="machines/2"/></host>',
      ),
    ).toEqual(values);
    expect(json({ hosts: [{ host: { href: 'machines/1' } }, 'machines/2'] })).toEqual({ hosts: values.hosts });
  });

  test('empty ones erase (5.5.14), and an empty element among others says nothing', () => {
    expect(json({ pairs: {}, words: [], hosts: null })).toEqual({ pairs: null, words: null, hosts: null });
    expect(xml('<property/><word/><host/>')).toEqual({ pairs: null, words: null, hosts: null });
    expect(xml('<word>a</word><word/><property key="a">1</property><property/>')).toEqual({ words: ['a'], pairs: { a: '1' } });
    expect(xml('<word/><word>a</word>')).toEqual({ words: ['a'] });
  });

  test.each<[object, string, string]>([
    [{ words: 'a' }, 'words', 'must be an array'],
    [{ words: ['a', ''] }, 'words[1]', 'is empty: an array cannot have empty items'],
    [{ words: [null] }, 'words[0]', 'is empty: an array cannot have empty items'],
    [{ words: ['a', 1] }, 'words[1]', 'must be a string'],
    [{ hosts: [{ host: 'machines/1' }] }, 'hosts[0].host', "'host' is no attribute of"],
    [{ hosts: [{ host: { href: 'a' }, href: 'b' }] }, 'hosts[0].host', "'host' is no attribute of"],
    [{ pairs: [] }, 'pairs', 'must be an object'],
    [{ pairs: 'a' }, 'pairs', 'must be an object'],
    [{ pairs: { a: 1 } }, 'pairs.a', 'must be a string'],
    [{ pairs: { 'a\u202e': 'b' } }, 'pairs["a\ufffd"]', 'holds the character U+202E'],
    [{ pairs: { 'a\u0001': 'b' } }, 'pairs["a\ufffd"]', "holds the character U+0001, which XML 1.0 can't carry"],
    [{ pairs: { a: '\u0001' } }, 'pairs.a', "holds the character U+0001, which XML 1.0 can't carry"],
    [{ pairs: { ['k'.repeat(256)]: 'b' } }, `pairs["${'k'.repeat(79)}…"]`, 'its key has 256 bytes; at most 255 are allowed'],
  ])('%j is refused', (values, at, words) => {
    const error = refusal(() => json(values));
    expect(error.at).toBe(at);
    expect(error.message).toContain(words);
  });

  test.each([
    ['<property>a</property>', 'pairs', '<property> takes the attribute key and no other'],
    ['<property key="a" b="c">1</property>', 'pairs', '<property> takes the attribute key and no other'],
    ['<property name="a">1</property>', 'pairs', '<property> takes the attribute key and no other'],
    ['<property key="a">1</property><property key="a">1</property>', 'pairs', "the key 'a' is given twice"],
    ['<property key="a"><b/></property>', 'pairs', '<property> takes text, not elements'],
    ['<word>a</word><word><b/></word>', 'words[1]', '<word> takes text, not elements'],
  ])('%s is refused', (inside, at, words) => {
    const error = refusal(() => xml(inside));
    expect([error.at, error.message]).toEqual([at, `${at}: ${words}`]);
  });
});

describe('bounds', () => {
  const words = (count: number): object => ({ words: Array.from({ length: count }, () => 'a') });
  const pairs = (count: number): object => ({ pairs: Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v'])) });

  test('a list holds 1,000 items, a map as many entries with keys of 255 bytes', () => {
    for (const values of [words(1000), pairs(1000), { pairs: { ['é'.repeat(127) + 'x']: 'v' } }]) expect(json(values)).toEqual(values);
    expect(refusal(() => json(words(1001)))).toMatchObject({ at: 'words', message: 'words: has 1001 items; at most 1000 are allowed' });
    expect(refusal(() => json(pairs(1001)))).toMatchObject({ at: 'pairs', message: 'pairs: has 1001 entries; at most 1000 are allowed' });
    expect(refusal(() => json({ pairs: { ['é'.repeat(128)]: 'v' } }))).toBeInstanceOf(BoundError);
    for (const values of [words(1001), pairs(1001)]) expect(refusal(() => json(values))).toBeInstanceOf(BoundError);
  });
});

describe('references (5.5.10)', () => {
  test.each<[object, object]>([
    [{ image: 'machineImages/1' }, { image: { href: 'machineImages/1' } }],
    [{ image: { href: 'machineImages/1', name: 'echo', operations: [], id: 'x' } }, { image: { href: 'machineImages/1' } }],
    [{ image: '' }, { image: null }],
    [{ target: { href: 'http://far.example/a' } }, { target: { href: 'http://far.example/a' } }],
    [{ target: { href: 'machines/1', anything: 1 } }, { target: { href: 'machines/1' } }],
    [{ config: { href: 'machineConfigs/1', cpu: 2 } }, { config: { href: 'machineConfigs/1', cpu: 2 } }],
    [{ config: { cpu: 2 } }, { config: { cpu: 2 } }],
    [{ config: {} }, { config: {} }],
    [{ config: { href: null, cpu: 2 } }, { config: { cpu: 2 } }],
    [{ config: { resourceURI: 'x', cpu: null } }, { config: { cpu: null } }],
  ])('%j is %j', (raw, values) => {
    expect(json(raw)).toEqual(values);
  });

  test.each<[object, string, string]>([
    [{ image: 5 }, 'image', 'must be an object'],
    [{ image: {} }, 'image', 'must be a reference: href is missing'],
    [{ image: { href: null } }, 'image', 'must be a reference: href is missing'],
    [{ image: { name: 'x' } }, 'image', 'must be a reference: href is missing'],
    [{ image: { href: 5 } }, 'image.href', 'must be a string'],
    [{ image: { href: 'a', nmae: 'x' } }, 'image.nmae', "'nmae' is no attribute of MachineImage; did you mean 'name'?"],
    [{ image: { href: 'http://far.example/a' } }, 'image.href', 'refers to another host'],
    [
      { image: { href: '#mine' } },
      'image.href',
      "the reference '#mine' is a fragment only, which is allowed in component descriptors alone",
    ],
    [{ image: '#mine' }, 'image', "the reference '#mine' is a fragment only, which is allowed in component descriptors alone"],
    [{ config: { cpus: 2 } }, 'config.cpus', "'cpus' is no attribute of MachineConfiguration; did you mean 'cpu'?"],
    [{ config: { cpu: 'x' } }, 'config.cpu', 'must be an integer'],
    [{ image: { href: 'x'.repeat(2049) } }, 'image.href', 'has 2049 bytes; at most 2048 are allowed'],
  ])('%j is refused', (values, at, words) => {
    const error = refusal(() => json(values));
    expect(error.at).toBe(at);
    expect(error.message).toContain(words);
  });

  test('in XML an href is an attribute, or the text', () => {
    expect(xml('<image href=" machineImages/1 "/>')).toEqual({ image: { href: 'machineImages/1' } });
    expect(xml('<image> machineImages/1 </image>')).toEqual({ image: { href: 'machineImages/1' } });
    expect(xml('<image href="machineImages/1" resourceURI="x"><name>echo</name><operation rel="edit" href="x"/></image>')).toEqual({
      image: { href: 'machineImages/1' },
    });
    expect(xml('<target href="http://far.example/a"/>')).toEqual({ target: { href: 'http://far.example/a' } });
    expect(xml('<config href="machineConfigs/1"><cpu>2</cpu></config>')).toEqual({ config: { href: 'machineConfigs/1', cpu: 2 } });
    expect(refusal(() => xml('<target href="a" b="c"/>'))).toMatchObject({
      at: 'target',
      message: "target: <target> takes href and no attribute 'b'",
    });
    expect(refusal(() => xml('<image href="a" b="c"/>')).message).toContain("'b' is no attribute of MachineImage");
  });
});

describe('structures', () => {
  test('alike in both formats, and replaced as a whole (5.4)', () => {
    const values = { part: { first: 1, second: 'x', inner: { href: 'machines/1' } }, parts: [{ first: 2 }, { first: 3, second: 'y' }] };
    expect(json(values)).toEqual(values);
    expect(
      xml(
        '<part><first>1</first><second>x</second><inner href="machines/1"/></part><one><first>2</first></one><one><first>3</first><second>y</second></one>',
      ),
    ).toEqual(values);
    expect(json({ part: { first: 1, second: null } })).toEqual({ part: { first: 1 } });
    expect(xml('<part><first>1</first><second/></part>')).toEqual({ part: { first: 1 } });
    expect(json({ part: null })).toEqual({ part: null });
    expect(xml('<part/>')).toEqual({ part: null });
  });

  test.each<[object, string, string]>([
    [{ part: 'a' }, 'part', 'must be an object'],
    [{ part: [] }, 'part', 'must be an object'],
    [{ part: {} }, 'part.first', 'is missing: it is mandatory (5.4, 5.5.14)'],
    [{ part: { first: '' } }, 'part.first', 'is missing: it is mandatory (5.4, 5.5.14)'],
    [{ part: { first: 1, id: 'x' } }, 'part.id', "'id' is no attribute of part"],
    [
      { part: { first: 1, inner: { href: '#mine' } } },
      'part.inner.href',
      'is a fragment only, which is allowed in component descriptors alone',
    ],
    [{ parts: [{ first: 1 }, { second: 'x' }] }, 'parts[1].first', 'is missing'],
  ])('%j is refused', (values, at, words) => {
    const error = refusal(() => json(values));
    expect(error.at).toBe(at);
    expect(error.message).toContain(words);
  });
});

describe('attributes (5.2, 5.4)', () => {
  test('what only the provider says is left out unread; a few may be said in a create, or in an update', () => {
    const all = { state: 7, born: 'a', moved: 'b', secret: 's' };
    expect(json(all)).toEqual({ moved: 'b', secret: 's' });
    expect(read('json', JSON.stringify(all), 'create')).toEqual({ born: 'a', secret: 's' });
    const elements = '<state><x/></state><born>a</born><moved>b</moved><secret>s</secret>';
    expect(xml(elements)).toEqual({ moved: 'b', secret: 's' });
    expect(read('xml', `<Toy>${elements}</Toy>`, 'create')).toEqual({ born: 'a', secret: 's' });
  });

  test('what surrounds every resource is never read', () => {
    expect(json({ resourceURI: `${CIMI}/Toy`, id: 5, count: 'x', operations: 'x', label: 'a' })).toEqual({ label: 'a' });
    expect(json({ image: { href: 'a', id: 'x', count: 1, operations: [], resourceURI: 'y' } })).toEqual({ image: { href: 'a' } });
    expect(json({ config: { id: 'x', count: 1, operations: [], resourceURI: 'y' } })).toEqual({ config: {} });
    expect(xml('<id>5</id><count>x</count><operation rel="edit" href="x"/><label>a</label>')).toEqual({ label: 'a' });
  });

  test('an unknown one is refused, with the nearest that is known', () => {
    expect(refusal(() => json({ lable: 'a' }))).toMatchObject({
      at: 'lable',
      message: "lable: 'lable' is no attribute of Toy; did you mean 'label'?",
    });
    expect(refusal(() => json({ zzzzzz: 'a' })).message).toBe("zzzzzz: 'zzzzzz' is no attribute of Toy");
    expect(refusal(() => xml('<lable>a</lable>')).message).toContain("did you mean 'label'?");
    expect(refusal(() => xml('<lable><b/></lable>')).at).toBe('lable');
  });

  test('namespaces are the standard’s, or our own for what is ours (5.2)', () => {
    expect(xml('<label xmlns="">a</label>')).toEqual({ label: 'a' });
    expect(read('xml', '<Toy><label>a</label></Toy>')).toEqual({ label: 'a' });
    expect(refusal(() => xml('<label xmlns="urn:x">a</label>'))).toMatchObject({
      at: 'label',
      message: 'label: <label> is in the namespace urn:x, which Toy does not have',
    });
    expect(refusal(() => xml(`<label xmlns="${EXTENSION}">a</label>`)).message).toContain(
      `is in the namespace ${CIMI}, not in ${EXTENSION}`,
    );
    expect(refusal(() => xml('<label xmlns:x="urn:x" x:a="b">c</label>')).message).toContain(
      "the attribute 'a' on <label> is in a namespace that label does not have",
    );
    expect(xml('<label xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="t">c</label>')).toEqual({ label: 'c' });
    expect(xml('<label xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>')).toEqual({ label: null });
  });

  test('text where elements are expected is refused', () => {
    expect(refusal(() => xml(' x '))).toMatchObject({ at: '', message: "holds text where elements are expected: 'x'" });
    expect(refusal(() => xml('<part>x<first>a</first></part>')).at).toBe('part');
  });
});

describe('values of any type (5.5.13)', () => {
  test('are allowed as they are in JSON, and by their form in XML', () => {
    const free = { a: [1, true, null, { b: 'c' }], d: 'e' };
    expect(json({ free })).toEqual({ free });
    expect(Object.getPrototypeOf(json({ free })['free'])).toBeNull();
    expect(xml('<free> x </free>')).toEqual({ free: 'x' });
    expect(xml('<free href="y"><a>1</a><a>2</a><a>3</a><b><c/></b></free>')).toEqual({
      free: { href: 'y', a: ['1', '2', '3'], b: { c: '' } },
    });
    expect(json({ free: false })).toEqual({ free: false });
  });

  test.each<[object, string, string]>([
    [{ free: 'a\u0001' }, 'free', 'U+0001'],
    [{ free: [{ b: '\u0001' }] }, 'free[0].b', 'U+0001'],
    [{ free: { 'a\u0001': 1 } }, 'free', 'U+0001'],
    [{ free: 'x'.repeat(65_535) }, 'free', 'has 65537 bytes; at most 65536 are allowed'],
  ])('%# is refused', (values, at, words) => {
    const error = refusal(() => json(values));
    expect(error.at).toBe(at);
    expect(error.message).toContain(words);
  });

  test('text between elements is refused', () => {
    expect(refusal(() => xml('<free>x<a/></free>'))).toMatchObject({ at: 'free', message: 'free: holds text between elements' });
    expect(refusal(() => xml('<free><b>x<a/></b></free>')).at).toBe('free.b');
  });
});

describe('what the resource says now', () => {
  const long = 'x'.repeat(11);
  test('may be sent back as it is, though it would not be taken today', () => {
    expect(json({ note: long }, { note: long })).toEqual({ note: long });
    const pairs = { a: 'x'.repeat(20_000), b: '1' };
    expect(json({ pairs: { b: '1', a: pairs.a } }, { pairs })).toEqual({ pairs });
  });
  test('is no reason to take another, nor anything else that is wrong', () => {
    expect(refusal(() => json({ note: `${long}y` }, { note: long }))).toBeInstanceOf(BoundError);
    expect(refusal(() => json({ note: long }, { label: long }))).toBeInstanceOf(BoundError);
    expect(refusal(() => json({ size: 10 }, { size: 10 })).message).toContain('must be at most 9');
    expect(refusal(() => json({ part: { first: 1, second: 5 } }, { part: { first: 1, second: 5 } })).at).toBe('part.second');
  });
});

test('an error says what is wrong and where, at most so long', () => {
  expect(new BodyError('is wrong', '')).toMatchObject({ name: 'BodyError', status: 400, at: '', message: 'is wrong' });
  expect(new BodyError('is wrong', 'a.b', 413)).toMatchObject({ status: 413, at: 'a.b', message: 'a.b: is wrong' });
  expect(new BodyError('is wrong', 'x'.repeat(1000)).message.length).toBeLessThan(330);
});
