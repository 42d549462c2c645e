import { isObject, isPresent, itemsOf, operationsOf, textOf } from './value-guards';

test('an object is neither an array, nor a scalar, nor nothing', () => {
  expect(isObject({})).toBe(true);
  for (const value of [[], 'a', 1, true, null, undefined]) expect(isObject(value)).toBe(false);
});

test('null and undefined are not present, all else is', () => {
  for (const value of ['', 0, false, [], {}]) expect(isPresent(value)).toBe(true);
  for (const value of [null, undefined]) expect(isPresent(value)).toBe(false);
});

test('only an array has items', () => {
  expect(itemsOf(['a', 1])).toEqual(['a', 1]);
  for (const value of [{ 0: 'a' }, 'ab', undefined, null]) expect(itemsOf(value)).toEqual([]);
});

test('the text of a scalar is the scalar, of anything else its JSON', () => {
  expect(['a', 1, false, { a: 1 }, ['a'], null].map(textOf)).toEqual(['a', '1', 'false', '{"a":1}', '["a"]', 'null']);
});

test('operations are what has both a rel and an href', () => {
  const operations = [
    { rel: 'edit', href: 'a', more: 1 },
    { rel: 'edit' },
    { href: 'a' },
    { rel: 1, href: 'a' },
    { rel: 'a', href: 1 },
    'edit',
  ];
  expect(operationsOf({ operations })).toEqual([{ rel: 'edit', href: 'a' }]);
  expect(operationsOf({})).toEqual([]);
});
