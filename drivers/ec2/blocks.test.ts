import fc from 'fast-check';
import type { Extent } from '../../src/disks/disk';
import { type Block, blocksOf } from './blocks';

const BLOCK = 524_288;

async function* given(extents: readonly Extent[]): AsyncGenerator<Extent> {
  for (const extent of extents) yield await Promise.resolve(extent);
}

async function all(extents: readonly Extent[]): Promise<Block[]> {
  const found: Block[] = [];
  for await (const block of blocksOf(given(extents))) found.push(block);
  return found;
}

/** Ascending extents with gaps, some of them zeros, told or as data. */
const extents = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 3 * BLOCK }),
      length: fc.integer({ min: 1, max: 2 * BLOCK }),
      kind: fc.constantFrom('zeros', 'data of zeros', 'data'),
    }),
    { maxLength: 5 },
  )
  .map((runs) => {
    let offset = 0;
    return runs.map(({ gap, length, kind }): Extent => {
      const at = offset + gap;
      offset = at + length;
      return kind === 'zeros' ? { offset: at, zeros: length } : { offset: at, data: Buffer.alloc(length, kind === 'data' ? 7 : 0) };
    });
  });

test('blocks hold what the extents hold, ascending, whole, and none of zeros', async () => {
  const check = fc.asyncProperty(extents, async (disk) => {
    const blocks = await all(disk);
    const size = (blocks.at(-1)?.index ?? 0) * BLOCK + BLOCK;
    const end = disk.reduce((last, extent) => Math.max(last, extent.offset + ('data' in extent ? extent.data.length : extent.zeros)), size);
    const [wanted, found] = [Buffer.alloc(end), Buffer.alloc(end)];
    for (const extent of disk) if ('data' in extent) wanted.set(extent.data, extent.offset);
    for (const { index, data } of blocks) {
      expect(data).toHaveLength(BLOCK);
      expect(data.some((byte) => byte !== 0)).toBe(true);
      found.set(data.subarray(0, end - index * BLOCK), index * BLOCK);
    }
    expect(found.equals(wanted)).toBe(true);
    const indexes = blocks.map(({ index }) => index);
    expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
  });
  await fc.assert(check, { numRuns: 40 });
});
