import { jsonFault } from './json-fault';

describe('jsonFault', () => {
  it.each([
    ['{"a":1,}', 'line 1, column 8'],
    ['{"a":1 "b":2}', 'line 1, column 8'],
    ['{\n  "a": x\n}', 'line 2, column 8'],
    ['{"a":"b"c"}', 'line 1, column 9'],
    ['{"a":"\\q"}', 'line 1, column 6'],
    ['{"a":01}', 'line 1, column 7'],
    ['[1,2}', 'line 1, column 5'],
    ['{"a":[1,{"b":[]}],}', 'line 1, column 19'],
    ['{} {}', 'line 1, column 4'],
    ['nul', 'line 1, column 1'],
    ["{'a':1}", 'line 1, column 2'],
    ['[1.25, -0.5e+10, 10E5, 2e-75, 0, true, false, null, x]', 'line 1, column 53'],
    ['["\\u00e9b", "a\\nbc", "\\"\\\\\\/\\b\\f\\r\\t", x]', 'line 1, column 40'],
    ['[1.x]', 'line 1, column 3'],
    ['[1ex]', 'line 1, column 3'],
    ['["\\u00g0"]', 'line 1, column 2'],
  ])('names the place in %s', (text, place) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(jsonFault(text)).toBe(`something else is expected in ${place}`);
  });

  it.each(['', '  ', '{', '{"a"', '{"a":', '{"a":1', '[1,', '[[1]'])('says that %s ends too early', (text) => {
    expect(jsonFault(text)).toBe('it ends too early');
  });

  it('takes a megabyte without being slow to give up or running out of stack', () => {
    const text = `{"a":"${'\\n'.repeat(500_000)}","b":[${'[1],'.repeat(100_000)}`;
    expect(jsonFault(text)).toBe('it ends too early');
  });
});
