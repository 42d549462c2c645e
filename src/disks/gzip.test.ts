import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { all, chunks, contents, lengths, noise } from '../../test/disks/layout';
import { gunzipped } from './gzip';

test('what was packed comes out, however it comes', async () => {
  await fc.assert(
    fc.asyncProperty(contents, lengths, async (bytes, split) => {
      const out = Buffer.concat(await all(gunzipped(chunks(gzipSync(bytes, { level: 1 }), ...split), bytes.length)));
      expect(out.equals(bytes)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('files that were packed apart and put together come out as one (RFC 1952, 2.2)', async () => {
  const both = Buffer.concat([gzipSync('one '), gzipSync('two')]);
  expect(Buffer.concat(await all(gunzipped(chunks(both, 7), 100))).toString()).toBe('one two');
});

const packed = gzipSync(noise(100_000, 1));
const damaged = Buffer.from(packed);
damaged[50_000] = (damaged[50_000] ?? 0) ^ 0xff;
test.each([
  ['more bytes than expected', gzipSync(Buffer.alloc(2 ** 24)), { reason: 'malformed' }],
  ['an end that is missing', packed.subarray(0, 60_000), { reason: 'cut' }],
  ['a flipped byte', damaged, { reason: 'malformed' }],
  ['other bytes', noise(1_000, 2), { reason: 'malformed' }],
])('%s: refused', async (_, bytes, error) => {
  await expect(all(gunzipped(chunks(bytes, 100), 200_000))).rejects.toMatchObject({ name: 'DiskError', ...error });
});

test('an error of the source comes through as it is', async () => {
  async function* source() {
    yield await Promise.resolve(packed.subarray(0, 10_000));
    throw new RangeError('away');
  }
  await expect(all(gunzipped(source(), 200_000))).rejects.toThrow(new RangeError('away'));
});

test('who stops reading ends the source, and nothing is read far ahead of him', async () => {
  const many = gzipSync(noise(2 ** 24, 3), { level: 1 });
  let given = 0;
  let ended = false;
  async function* source() {
    try {
      for (; given < many.length; given += 10_000) yield await Promise.resolve(many.subarray(given, given + 10_000));
    } finally {
      ended = true;
    }
  }
  for await (const _ of gunzipped(source(), 2 ** 24)) break;
  expect(ended).toBe(true);
  expect(given).toBeLessThan(2 ** 21);
});
