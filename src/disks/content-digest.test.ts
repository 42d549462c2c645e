import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { ContentDigest, type DigestPoint, digestOf } from './content-digest';
import type { Disk, Extent } from './disk';

const TIB = 2 ** 40;
const MIB = 2 ** 20;

const disk = (size: number, extents: readonly Extent[]): Disk => ({
  size,
  rereadable: true,
  async *extents() {
    yield* await Promise.resolve(extents);
  },
});

/** Bytes as extents, cut at the given places; a run of zeros is told as such, left out or sent, as `how` says. */
function cut(bytes: Buffer, at: readonly number[], how: readonly number[], base = 0): Extent[] {
  const places = [...new Set([0, ...at.map((place) => place % bytes.length), bytes.length])].sort((a, b) => a - b);
  return places.slice(0, -1).flatMap((from, index): Extent[] => {
    const data = bytes.subarray(from, places[index + 1]);
    const way = how[index % how.length];
    if (way === 0 || data.some((byte) => byte !== 0)) return [{ offset: base + from, data }];
    return way === 1 ? [] : [{ offset: base + from, zeros: data.length }];
  });
}

const parts = fc.tuple(
  fc.array(fc.record({ zero: fc.boolean(), length: fc.integer({ min: 1, max: 900 }) }), { minLength: 1, maxLength: 6 }),
  fc.array(fc.nat(5000), { maxLength: 6 }),
  fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
);
const bytesOf = (runs: readonly { zero: boolean; length: number }[]) =>
  Buffer.concat(runs.map(({ zero, length }) => Buffer.alloc(length, zero ? 0 : 7)));

describe('ContentDigest', () => {
  it('is the SHA-256 of the raw image, however that is cut', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async ([runs, at, how]) => {
        const bytes = bytesOf(runs);
        expect(await digestOf(disk(bytes.length, cut(bytes, at, how)))).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
      }),
    );
  });

  it('of a disk too large for that is the same however it is cut, and another for another place of a byte', async () => {
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 0, max: 3 * MIB }), async ([runs, at, how], base) => {
        const bytes = bytesOf([{ zero: false, length: 1 }, ...runs]);
        const whole = await digestOf(disk(TIB, cut(bytes, [], [0], base)));
        expect(whole).toMatch(/^sha256-list:[0-9a-f]{64}$/);
        expect(await digestOf(disk(TIB, cut(bytes, at, how, base)))).toBe(whole);
        expect(await digestOf(disk(TIB, cut(bytes, at, how, base + 1)))).not.toBe(whole);
        expect(await digestOf(disk(TIB + 512, cut(bytes, at, how, base)))).not.toBe(whole);
      }),
      { numRuns: 25 },
    );
  });

  it('sees a byte that fills a block across extents', async () => {
    const [one, two] = [Buffer.alloc(MIB, 1), Buffer.alloc(MIB, 1)];
    two[MIB - 1] = 2;
    const [first, second] = await Promise.all([one, two].map((data) => digestOf(disk(TIB, [{ offset: 512, data }]))));
    expect(first).not.toBe(second);
  });

  it('of a disk too large to be hashed whole is gone on with from any of its points', async () => {
    await fc.assert(
      fc.asyncProperty(
        parts,
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 }),
        async ([runs, at, how], places) => {
          const extents = [...new Set(places)].sort((a, b) => a - b).flatMap((place) => cut(bytesOf(runs), at, how, place * 300_000));
          const points: DigestPoint[] = [];
          const digest = new ContentDigest(TIB);
          for (const extent of extents) {
            await digest.add(extent);
            if (digest.point) points.push(digest.point);
          }
          const whole = await digest.end();
          expect(points).toHaveLength(extents.length);
          for (const point of points) {
            const again = new ContentDigest(TIB, point);
            for (const extent of extents) {
              const skip = Math.max(0, point.at - extent.offset);
              const length = 'data' in extent ? extent.data.length : extent.zeros;
              if (skip >= length) continue;
              const offset = extent.offset + skip;
              await again.add('data' in extent ? { offset, data: extent.data.subarray(skip) } : { offset, zeros: length - skip });
            }
            expect(await again.end()).toBe(whole);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('hashes 4 GiB whole, and a larger disk by the list of its blocks', async () => {
    const [first, last] = [Buffer.alloc(100_000, 1), Buffer.alloc(512, 2)];
    const size = 4 * 2 ** 30 + 512;
    const number = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt(value));
      return bytes;
    };
    const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
    const list = Buffer.concat([
      number(size),
      number(0),
      sha256(first.subarray(0, 65_536)),
      number(1),
      sha256(Buffer.concat([first.subarray(65_536), Buffer.alloc(31_072)])),
      number(65_536),
      sha256(last),
    ]);
    const extents = [
      { offset: 0, data: first },
      { offset: size - 512, data: last },
    ];
    expect(await digestOf(disk(size, extents))).toBe(`sha256-list:${sha256(list).toString('hex')}`);
    expect(new ContentDigest(size - 512).point).toBeUndefined();
  });
});
