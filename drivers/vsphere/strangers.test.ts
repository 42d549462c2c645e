import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ProviderError } from '../../src/clouds/errors';
import { decoded, notOurs } from './strangers';

const head = { status: 200, retryAfter: undefined, location: undefined };

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const)('%s is decoded although nobody asked for it', (encoding, compress) => {
  expect(decoded(compress(Buffer.from('<a>é</a>')), encoding, head)).toBe('<a>é</a>');
});

test('codings are undone from the last to the first; plain is plain', () => {
  expect(decoded(gzipSync(deflateSync(Buffer.from('twice'))), 'deflate, gzip', head)).toBe('twice');
  for (const encoding of [undefined, '', 'identity']) expect(decoded(Buffer.from('plain'), encoding, head)).toBe('plain');
});

test('what cannot be decoded is unavailable', () => {
  const thrown = (body: Buffer, encoding: string): unknown => {
    try {
      return decoded(body, encoding, head);
    } catch (error) {
      return error;
    }
  };
  expect(thrown(Buffer.from('not gzip'), 'gzip')).toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('gzip') as string,
  });
  expect(thrown(Buffer.from('x'), 'zstd')).toBeInstanceOf(ProviderError);
});

test.each([
  [200, 'unavailable', true],
  [302, 'unavailable', false],
  [401, 'unavailable', false],
  [403, 'unavailable', false],
  [404, 'unavailable', false],
  [407, 'unavailable', false],
  [429, 'throttled', false],
  [502, 'unavailable', true],
  [503, 'unavailable', false],
  [504, 'unavailable', true],
] as const)('HTTP %d of a stranger is %s, maybe done: %s', (status, kind, maybeDone) => {
  const error = notOurs({ status, retryAfter: status === 429 ? '7' : undefined, location: 'https://login.example.org/?secret=1' }, 'oddly');
  expect(error).toMatchObject({ name: 'ProviderError', kind, maybeDone, retryAfterMs: status === 429 ? 7000 : undefined });
  expect(error.message).toContain(String(status));
  expect(error.message).not.toContain('secret');
});
