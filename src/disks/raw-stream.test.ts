import fc from 'fast-check';
import type { Disk, Extent } from './disk';
import { rawBytes } from './raw-stream';

const disk = (size: number, extents: readonly Extent[]): Disk => ({
  size,
  rereadable: true,
  async *extents() {
    yield* await Promise.resolve(extents);
  },
});

async function written(of: Disk): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of rawBytes(of)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('rawBytes', () => {
  it('writes what extents hold at their offsets, and zeros everywhere else', async () => {
    const part = fc.record({ gap: fc.nat(2000), length: fc.integer({ min: 1, max: 2000 }), byte: fc.nat(255), zeros: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.nat(3000), async (parts, rest) => {
        const extents: Extent[] = [];
        let offset = 0;
        for (const { gap, length, byte, zeros } of parts) {
          offset += gap;
          extents.push(zeros ? { offset, zeros: length } : { offset, data: new Uint8Array(length).fill(byte) });
          offset += length;
        }
        const expected = Buffer.alloc(offset + rest);
        for (const extent of extents) if ('data' in extent) expected.set(extent.data, extent.offset);
        expect((await written(disk(offset + rest, extents))).equals(expected)).toBe(true);
      }),
    );
  });

  it('gives zeros in pieces of at most 1 MiB', async () => {
    const lengths: number[] = [];
    for await (const piece of rawBytes(disk(2 ** 21 + 512, []))) lengths.push(piece.byteLength);
    expect(lengths).toEqual([2 ** 20, 2 ** 20, 512]);
  });

  it.each([
    [
      'lie on one another',
      [
        { offset: 512, zeros: 512 },
        { offset: 512, zeros: 512 },
      ],
    ],
    ['go beyond the size', [{ offset: 1024, zeros: 1024 }]],
  ] as [string, Extent[]][])('throws where extents %s', async (_, extents) => {
    await expect(written(disk(1536, extents))).rejects.toThrow(RangeError);
  });
});
