import * as fc from 'fast-check';
import { blockOf, freeBlocks, networkPrefix } from './cidr';

const first = (pools: string[], taken: string[], prefix = 24) => freeBlocks(pools, taken, () => prefix).next().value;

test('a block is read with its host bits cut off; what is none is told', () => {
  expect(blockOf('10.0.0.0/16')).toEqual({ first: 10 * 2 ** 24, end: 10 * 2 ** 24 + 65_536, prefix: 16 });
  expect(blockOf('10.0.200.7/16')).toEqual(blockOf('10.0.0.0/16'));
  expect(blockOf('255.255.255.255/32')?.end).toBe(2 ** 32);
  for (const wrong of ['', '10.0.0.0', '10.0.0/16', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/1/2', '2001:db8::/32', '10.0.0.256/24'])
    expect(blockOf(wrong)).toBeUndefined();
});

test('the lowest free block is taken, past those in use of any size', () => {
  expect(first(['10.0.0.0/16'], [])).toBe('10.0.0.0/24');
  expect(first(['10.0.0.0/16'], ['10.0.0.0/24'])).toBe('10.0.1.0/24');
  expect(first(['10.0.0.0/16'], ['10.0.0.64/26'])).toBe('10.0.1.0/24');
  expect(first(['172.31.0.0/16'], ['172.31.0.0/20', '172.31.16.0/20', '172.31.48.0/20'])).toBe('172.31.32.0/24');
  expect(first(['10.0.0.0/24'], ['10.0.0.0/25'])).toBeUndefined();
  expect(first(['10.0.0.0/24', '10.9.0.0/16'], ['10.0.0.0/25'])).toBe('10.9.0.0/24');
  expect(first(['10.0.0.0/28'], [], 24)).toBe('10.0.0.0/28');
  expect([...freeBlocks(['10.0.0.0/22'], ['10.0.1.0/24'], () => 24)]).toEqual(['10.0.0.0/24', '10.0.2.0/24', '10.0.3.0/24']);
});

test('what is said to be free lies in the pool and touches nothing in use', () => {
  const inPool = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 18, max: 28 }));
  fc.assert(
    fc.property(fc.array(inPool, { maxLength: 12 }), fc.integer({ min: 20, max: 28 }), (some, prefix) => {
      const taken = some.map(([c, d, length]) => `10.1.${c}.${d}/${length}`);
      for (const cidr of [...freeBlocks(['10.1.0.0/16'], taken, () => prefix)].slice(0, 5)) {
        const block = blockOf(cidr);
        expect(block && block.first >= 10 * 2 ** 24 + 2 ** 16 && block.end <= 10 * 2 ** 24 + 2 ** 17).toBe(true);
        for (const other of taken) {
          const used = blockOf(other);
          expect(used && block && used.first < block.end && block.first < used.end).toBe(false);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('a network is a sixteenth of its VPC, within EC2’s limits', () => {
  expect([16, 20, 22, 24, 28].map(networkPrefix)).toEqual([24, 24, 26, 28, 28]);
});
