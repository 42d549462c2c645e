import { blockOf, maskOf, nextFree, textOf } from './net-blocks';

const block = (text: string) => {
  const read = blockOf(text);
  if (!read) throw new Error(text);
  return read;
};
const next = (range: string, bits: number, taken: readonly string[]) => {
  const found = nextFree(block(range), bits, taken.map(block));
  return found && textOf(found);
};

describe('blocks of addresses', () => {
  test('are read and written; what is none is none', () => {
    expect(textOf(block('10.1.2.3/24'))).toBe('10.1.2.0/24');
    expect(textOf(block('255.255.255.255/32'))).toBe('255.255.255.255/32');
    for (const wrong of ['10.1.2/24', '10.1.2.256/24', '10.1.2.0/33', 'fd00::/64', '']) expect(blockOf(wrong)).toBeUndefined();
    expect([maskOf(24), maskOf(20), maskOf(32), maskOf(0)]).toEqual(['255.255.255.0', '255.255.240.0', '255.255.255.255', '0.0.0.0']);
  });
  test('the next free one overlaps nothing that is taken, however large or small', () => {
    expect(next('10.0.0.0/8', 24, [])).toBe('10.0.0.0/24');
    expect(next('10.0.0.0/8', 24, ['10.0.0.0/24', '10.0.1.128/25'])).toBe('10.0.2.0/24');
    expect(next('10.0.0.0/8', 24, ['10.0.0.0/16', '192.168.0.0/24'])).toBe('10.1.0.0/24');
    expect(next('10.0.0.0/8', 24, ['0.0.0.0/5', '10.0.0.0/30'])).toBe('10.0.1.0/24');
  });
  test('a full range has none', () => {
    expect(next('10.0.0.0/23', 24, ['10.0.0.0/24', '10.0.1.7/32'])).toBeUndefined();
    expect(next('10.0.0.0/25', 24, [])).toBeUndefined();
  });
});
