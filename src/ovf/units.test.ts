import { bytesOfUnit } from './units';

describe('programmatic units of bytes (DSP0004 annex C)', () => {
  test.each([
    ['byte', 1],
    ['byte * 2^20', 2 ** 20],
    ['byte * 2 ^ 30', 2 ** 30],
    ['byte*2^30', 2 ** 30],
    ['byte*1024*1024', 2 ** 20],
    ['2^10 * byte', 1024],
    ['1048576', 2 ** 20],
    ['kilobyte', 1000],
    ['Kibibytes', 1024],
    ['gigabyte * 2', 2e9],
    // OVF 0.9 (and DSP0243 1.0's examples) mean 2^20.
    ['MegaBytes', 2 ** 20],
    ['GB', 2 ** 30],
  ])('%s is %d', (unit, bytes) => expect(bytesOfUnit(unit)).toBe(BigInt(bytes)));

  test.each([
    '',
    'hertz * 10^6',
    'byte * byte',
    'byte / 2',
    'byte * 2^-1',
    'byte * 2^99',
    'byte * 0',
    'furlong',
    'yottabyte',
    'byte * 1.5',
  ])('%s is none', (unit) => expect(bytesOfUnit(unit)).toBeUndefined());
});
