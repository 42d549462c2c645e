import { formatOf, negotiate } from './negotiate';

test.each([
  [undefined, undefined, 'json'],
  ['', undefined, 'json'],
  ['*/*', undefined, 'json'],
  ['application/*', undefined, 'json'],
  ['text/*', undefined, 'json'],
  ['application/xml', undefined, 'xml'],
  ['text/xml', undefined, 'xml'],
  ['application/json, application/xml', undefined, 'json'],
  ['application/xml, application/json', undefined, 'xml'],
  ['application/json;q=0.5, application/xml;q=0.9', undefined, 'xml'],
  ['application/xml;q=0.9, */*;q=0.8', undefined, 'xml'],
  ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', undefined, 'xml'],
  ['application/json;q=0, */*', undefined, 'xml'],
  ['application/vnd.dmtf.cimi+json', undefined, 'json'],
  ['text/plain', undefined, undefined],
  ['application/json;q=0', undefined, undefined],
  ['text/plain', 'XML', 'xml'],
  ['application/xml', 'JSON', 'json'],
  ['application/xml', 'yaml', 'xml'],
  ['text/plain', 'yaml', undefined],
])('Accept %p with $format %p gives %p (4.1.6.5)', (accept, format, expected) => {
  expect(negotiate(accept, format)).toBe(expected);
});

test.each([
  ['application/json', 'json'],
  ['Application/JSON; charset=UTF-8', 'json'],
  ['text/xml;charset="utf-8"', 'xml'],
  ['application/xml; charset=iso-8859-1', undefined],
  ['application/x-www-form-urlencoded', undefined],
  ['constructor', undefined],
  [undefined, undefined],
])('a body of type %p is read as %p', (type, expected) => {
  expect(formatOf(type)).toBe(expected);
});
