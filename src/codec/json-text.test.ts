import { BodyError } from './codec';
import { decodeText, DEFAULT_LIMITS, parsedJson, parseJson, scanned } from './json-text';

const limits = { depth: 3, items: 5 };
const parse = (text: string) => parseJson(text, limits);
const refusal = (text: string): BodyError => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof BodyError) return error;
    throw error;
  }
  throw new Error(`taken: ${text}`);
};

test('a byte order mark is no part of the text, and what is not UTF-8 is refused', () => {
  expect(decodeText(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toBe('a');
  expect(() => decodeText(new Uint8Array([0x61, 0xff]))).toThrow('the body is not valid UTF-8');
  expect(() => decodeText(new Uint8Array([0xff]))).toThrow(
    expect.objectContaining({ cause: expect.anything() as unknown, status: 400, at: '' }),
  );
});

test.each([
  '{"a":[1,{"b":2}]}',
  '[[["a"]]]',
  '{"a":"[[[[[{{{{{,,,,,,:::::"}',
  '[1,2,3]',
  '{"a":{"a":{"a":1}}}',
  '"a"',
  '{"a":"\\"","b":1}',
])('%s is within the limits and read as JSON.parse has it', (text) => {
  expect(parse(text)).toEqual(JSON.parse(text));
});

test('levels are counted, and left', () => {
  expect(refusal('[[[[1]]]]')).toMatchObject({ status: 413, at: '', message: 'the body is nested more than 3 levels deep' });
  expect(refusal('{"a":{"b":{"c":{}}}}').status).toBe(413);
  expect(parseJson('[[[]],[[]],[[]]]', { depth: 3, items: 50 })).toEqual([[[]], [[]], [[]]]);
});

test('values are counted: the whole, each object and list, and each after a comma', () => {
  expect(parse('[1,2,3,4]')).toEqual([1, 2, 3, 4]);
  expect(refusal('[1,2,3,4,5]')).toMatchObject({ status: 413, at: '', message: 'the body holds more than 5 values' });
  expect(refusal('[[],[],[[]]]').status).toBe(413);
  expect(refusal('{"a":1,"b":2,"c":3,"d":4,"e":5}').status).toBe(413);
});

test.each([
  ['{"a":1,"a":2}', '"a"'],
  ['{"a":1,"b":{"c":1},"a":2}', '"a"'],
  ['{"a":{"c":1,"c":2}}', '"c"'],
  ['[{"a":1,"\\u0061":2}]', '"a"'],
  ['{"\\n":1,"\\u000a":2}', '"\ufffd"'],
  ['{"\\"":1,"\\u0022":2}', '"""'],
  ['{"a\\\\":1,"a\\\\":2}', '"a\\"'],
  ['{"":1,"":2}', '""'],
])('a key that is given twice in one object is refused: %s', (text, key) => {
  expect(refusal(text)).toMatchObject({ status: 400, at: '', message: `the key ${key} is given twice in one object` });
});

test.each(['{"a":"a"}', '{"a":{"a":1}}', '[{"a":1},{"a":2}]', '["a","a"]', '{"a":["a","a"]}', '{"a\\\\":1,"a":2}', '{"a":"b","b":"a"}'])(
  'the same text elsewhere is no key given twice: %s',
  (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  },
);

test('what is no JSON is said to be none, with the place, and without the body’s own words', () => {
  for (const text of ['{"a":1,}', '{"pass\\qword":1}', '"secret', '', '{"a\u0001":1}', '{"\\":1', '}', '{"a":1}}'])
    expect([text, refusal(text).message]).toEqual([
      text,
      expect.stringMatching(/^the body is not JSON: (it ends too early|something else)/),
    ]);
  expect(() => parsedJson('{"a":secret}')).toThrow('the body is not JSON: something else is expected in line 1, column 6');
});

test('by default a body holds 50,000 values, 32 levels deep', () => {
  expect(DEFAULT_LIMITS).toEqual({ depth: 32, items: 50_000 });
});

test('others have their turn after each 32 KiB', () => {
  const turns = (length: number): number => [...scanned(' '.repeat(length), limits)].length;
  expect(turns(32 * 1024)).toBe(0);
  expect(turns(40 * 1024)).toBe(1);
  expect(turns(32 * 1024 * 4)).toBe(3);
  expect([...scanned(`"${'a'.repeat(100 * 1024)}"`, limits)]).toHaveLength(0);
});
