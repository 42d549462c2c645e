import * as fc from 'fast-check';
import { OvfError } from './error';
import { readManifest, writeManifest } from './manifest';
import type { Digest } from './manifest';

const SHA1 = 'a'.repeat(40);
const SHA256 = '0123456789abcdef'.repeat(4);
const SHA512 = SHA256 + SHA256;
const read = (text: string): Record<string, Digest> => Object.fromEntries(readManifest(Buffer.from(text)));

test.each([
  ['of DSP0243', `SHA1(a.ovf)= ${SHA1}\n`, 'sha1', SHA1],
  ['of sha256sum --tag', `SHA256 (a.ovf) = ${SHA256}\n`, 'sha256', SHA256],
  ['of openssl 3', `SHA2-256(a.ovf)= ${SHA256}\r\n`, 'sha256', SHA256],
  ['with a hyphen and capitals', `SHA-512(a.ovf)=${SHA512.toUpperCase()}`, 'sha512', SHA512],
])('the spelling %s is read', (_, text, algorithm, hex) => expect(read(text)).toEqual({ 'a.ovf': { algorithm, hex } }));

test('names may have brackets and blanks', () => {
  expect(Object.keys(read(`SHA1(my disk (1).vmdk)= ${SHA1}\n\nSHA1(b)= ${SHA1}\n`))).toEqual(['my disk (1).vmdk', 'b']);
});

test.each([
  ['a name that climbs', `SHA1(../a)= ${SHA1}`, /line 1 of the manifest: .*leads into another folder/],
  ['a name twice, but for case', `SHA1(a)= ${SHA1}\nSHA256(A)= ${SHA256}`, /line 2 .*twice/],
  ['a digest that is cut', `SHA256(a)= ${SHA1}`, /40 digits; sha256 has 64/],
  ['an algorithm that breaks', `MD5(a)= ${SHA1}`, /is no digest/],
  ['something else', '<html>', /is no digest/],
  ['nothing', '\n', /names no file/],
  ['more than 4 MiB', `SHA1(a)= ${SHA1}\n${' '.repeat(4 * 1024 * 1024)}`, /longer than/],
])('%s is refused', (_, text, words) => {
  expect(() => read(text)).toThrow(words);
  expect(() => read(text)).toThrow(OvfError);
});

test('what is written has no blank before the bracket, and is read the same', () => {
  expect(writeManifest([['a.ovf', { algorithm: 'sha256', hex: SHA256 }]])).toBe(`SHA256(a.ovf)= ${SHA256}\n`);
  const digest = fc.constantFrom<Digest>(
    { algorithm: 'sha1', hex: SHA1 },
    { algorithm: 'sha256', hex: SHA256 },
    { algorithm: 'sha512', hex: SHA512 },
  );
  const names = fc.uniqueArray(
    fc.stringMatching(/^[a-z0-9() .=-]{1,20}[a-z]$/).map((name) => `x${name}`),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(
      names.chain((all) => fc.tuple(...all.map((name) => fc.tuple(fc.constant(name), digest)))),
      (entries) => expect([...readManifest(Buffer.from(writeManifest(entries)))]).toEqual(entries),
    ),
  );
});
