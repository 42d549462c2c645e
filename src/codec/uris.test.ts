import * as fc from 'fast-check';
import { absolute, internalHref, internalUri, isComponent, quoteUri, uriFault } from './uris';

const base = 'http://cimi.example.com/cimi/';

test('a component of a SystemTemplate is # and a name (5.13.3)', () => {
  expect(['#newVolume', '#a/b'].map(isComponent)).toEqual([true, true]);
  expect(['#', '##a', '#a#b', 'a#b', 'newVolume', ''].map(isComponent)).toEqual([false, false, false, false, false, false]);
});

test('on the wire a URI of ours is appended to the base (5.5.10); others and components stay', () => {
  expect(absolute('machines/1', base)).toBe(`${base}machines/1`);
  expect(absolute('machines/a:b', base)).toBe(`${base}machines/a:b`);
  for (const uri of ['http://far.example/a', 'urn:x:y', 'a1+-.:x', '#newVolume']) expect(absolute(uri, base)).toBe(uri);
  for (const uri of ['1a:x', '-a:x', 'a_b:x', 'a#b']) expect(absolute(uri, base)).toBe(base + uri);
});

test('a URI as a JSON string is its wire form as JSON has it (RFC 8259 7), whatever stands in it and in the base', () => {
  const uri = fc.oneof(
    fc.string(),
    fc.webPath(),
    fc.constantFrom('', '#newVolume', 'urn:x:y', 'machines/a?b=c&d', 'a"b', 'a\\b', '\u2028'),
  );
  fc.assert(
    fc.property(uri, fc.constantFrom(base, 'http://other.example/"quoted"/'), (path, around) => {
      expect(JSON.parse(quoteUri(path, around))).toBe(absolute(path, around));
    }),
  );
});

test.each([
  ['', 'is empty'],
  ['a b', 'percent-encoded'],
  ['a"b', 'percent-encoded'],
  ['é', 'percent-encoded'],
  ['a%2', 'percent-encoded'],
  ['a%zz', 'percent-encoded'],
  ['%4', 'percent-encoded'],
  ['a\\b', 'percent-encoded'],
  ['/machines/1', 'leading slash'],
])('%j is no URI that is taken (RFC 3986): it %s', (uri, words) => {
  expect(uriFault(uri)).toContain(words);
});

test('every character that RFC 3986 allows is taken', () => {
  for (const uri of ["a-._~:?#[]@!$&'()*+,;=b/Z09", 'a%2Fb%c3%A9', 'http://far.example/a?b#c']) expect(uriFault(uri)).toBeUndefined();
});

test.each([
  ['below the base', `${base}machines/1`, 'machines/1'],
  ['relative', 'machines/1', 'machines/1'],
  ['with dots (5.2.4)', 'x/../machines/./1', 'machines/1'],
  ['dots at the end (5.2.4)', 'machines/1/x/..', 'machines/1/'],
  ['escapes of unreserved characters (6.2.2.2)', 'machines/%31%2D%2e%5f%7E%61%5A', 'machines/1-._~aZ'],
  ['other escapes, in upper case (6.2.2.1)', 'machines/a%2fb%c3', 'machines/a%2Fb%C3'],
  ['the host in upper case (6.2.2.1)', 'HTTP://CIMI.EXAMPLE.COM/cimi/machines/1', 'machines/1'],
  ['the default port (6.2.3)', 'http://cimi.example.com:80/cimi/machines/1', 'machines/1'],
])('%s it is the same reference', (_, uri, path) => {
  expect(internalHref(uri, base, false)).toEqual({ href: path });
  expect(internalUri(uri, base)).toBe(path);
});

test.each([
  [base, 'base URI, not to a resource'],
  ['machines/1?a=b', 'query'],
  [`${base}machines/1?a=b`, 'query'],
  ['machines/1#a', 'fragment'],
  ['machines//1', 'empty path segment'],
  [`${base}/machines`, 'empty path segment'],
  ['http://cimi.example.com/other/1', `is not below the base URI ${base}`],
  ['../x', `is not below the base URI ${base}`],
  ['', 'is empty'],
  ['a b', 'percent-encoded'],
])('%j is no reference: it %s', (uri, words) => {
  for (const foreign of [false, true]) {
    const answer = internalHref(uri, base, foreign);
    expect('fault' in answer ? answer.fault : answer).toContain(words);
  }
});

test.each([
  ['another host', 'http://far.example/cimi/machines/1'],
  ['another scheme', 'https://cimi.example.com/cimi/machines/1'],
  ['another port', 'http://cimi.example.com:8080/cimi/machines/1'],
  ['a user', 'http://who@cimi.example.com/cimi/machines/1'],
  ['a password', 'http://:secret@cimi.example.com/cimi/machines/1'],
  ['no hierarchy', 'urn:x:y'],
  ['no host that can be', 'http://[x/'],
])('%s: it leads elsewhere, which only some references may', (_, uri) => {
  expect(internalHref(uri, base, false)).toEqual({
    fault: `refers to another host; references lead to resources below ${base}`,
  });
  expect(internalHref(uri, base, true)).toEqual({ href: uri });
  expect(internalUri(uri, base)).toBe(uri);
});

test('a URI that is no plain path below the base stays as it is', () => {
  for (const uri of [base, `${base}machines/1?a=b`, `${base}machines/1#a`, `${base}machines//1`, 'http://cimi.example.com/other'])
    expect(internalUri(uri, base)).toBe(uri);
});

test('a component stays a component, whatever is allowed', () => {
  expect(internalHref('#newVolume', base, false)).toEqual({ href: '#newVolume' });
});

test('with a base of no origin of its own nothing lies below it but what is written below it', () => {
  expect(internalHref('urn:y', 'urn:x', true)).toEqual({ href: 'urn:y' });
});
