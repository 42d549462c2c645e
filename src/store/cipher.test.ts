import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createCipher, DamagedError, deriveKey, NoKeyError, parseKey, WrongKeyError } from './cipher';
import { loadOrCreateKey } from './key-file';

const key = randomBytes(32);
const cipher = createCipher(key);

test('what was sealed opens in its place, and never looks the same twice', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
      expect(cipher.open(cipher.seal(text, place), place)).toBe(text);
    }),
  );
  expect(cipher.seal('x', 'p')).not.toBe(cipher.seal('x', 'p'));
});

test('it opens nowhere else, nor when a single bit was changed, nor cut', () => {
  const sealed = cipher.seal('secret', 'resources/a/secrets');
  expect(() => cipher.open(sealed, 'resources/b/secrets')).toThrow(DamagedError);
  const [format, id, body = ''] = sealed.split('.');
  const bytes = Buffer.from(body, 'base64');
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(() => cipher.open(`${format}.${id}.${altered.toString('base64')}`, 'resources/a/secrets')).toThrow(DamagedError);
    expect(() => cipher.open(`${format}.${id}.${bytes.subarray(0, at).toString('base64')}`, 'resources/a/secrets')).toThrow(DamagedError);
  }
  expect(() => cipher.open('plain', 'p')).toThrow(DamagedError);
  expect(() => cipher.open(`v2.${id}.${body}`, 'resources/a/secrets')).toThrow(DamagedError);
});

test('another key is told as such, no key too', () => {
  const sealed = cipher.seal('secret', 'p');
  expect(() => createCipher(randomBytes(32)).open(sealed, 'p')).toThrow(WrongKeyError);
  expect(() => createCipher(undefined).open(sealed, 'p')).toThrow(NoKeyError);
  expect(() => createCipher(undefined).seal('secret', 'p')).toThrow(/no encryption key is configured: p holds/);
  expect(() => createCipher(randomBytes(16))).toThrow(/32 bytes, not 16/);
});

test('keys are read in base64, base64url and hex, and nothing else', () => {
  const texts = [key.toString('base64'), key.toString('base64url'), key.toString('hex'), ` ${key.toString('hex').toUpperCase()}\n`];
  for (const text of texts) expect(parseKey(text)).toEqual(key);
  const bad = ['', 'password', key.toString('hex').slice(2), key.toString('base64').slice(4), `${key.toString('base64')}!`];
  for (const text of bad) expect(() => parseKey(text)).toThrow(/must be 32 bytes in base64 or hex/);
});

test('derived keys differ by purpose and key, and stay the same', () => {
  expect(deriveKey(key, 'a')).toEqual(deriveKey(key, 'a'));
  expect(deriveKey(key, 'a')).not.toEqual(deriveKey(key, 'b'));
  expect(deriveKey(randomBytes(32), 'a')).not.toEqual(deriveKey(key, 'a'));
  expect(deriveKey(key, 'a')).toHaveLength(32);
});

describe('a key file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cimi-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is made once, for its owner only, the same for all who ask at once', async () => {
    const file = join(folder, 'data', 'key');
    const keys = await Promise.all([1, 2, 3, 4].map(() => loadOrCreateKey(file)));
    for (const each of keys) expect(each).toEqual(keys[0]);
    expect(await loadOrCreateKey(file)).toEqual(keys[0]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'data'))).toEqual(['key']);
  });

  test('that holds no key is refused in words and left alone', async () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'oops');
    await expect(loadOrCreateKey(file)).rejects.toThrow(/key file .* can't be used: .*32 bytes/);
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe('oops');
  });
});
