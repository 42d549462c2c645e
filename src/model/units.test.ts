import fc from 'fast-check';
import facts from '../../test/facts/facts.json';
import {
  bytesReported,
  bytesToKb,
  gbToKb,
  gibToKb,
  gibToKib,
  kbToGb,
  kbToGib,
  kbToHold,
  kbToKib,
  kbToMib,
  kibToGib,
  kibToKb,
  kibToMib,
  mibToKb,
  mibToKib,
  roundDown,
  roundUp,
  UNITS,
} from './units';
import type { Unit } from './units';

test('the units are those of Table 4', () => {
  const published = { ...facts.units.decimal, ...facts.units.binary };
  const declared = Object.entries(UNITS).filter(([unit]) => unit !== 'byte');
  expect(Object.fromEntries(declared.map(([unit, bytes]) => [unit, Number(bytes)]))).toEqual(published);
});

test('requests round up, reports round down', () => {
  expect(kibToMib(1)).toBe(1);
  expect(kibToMib(1024)).toBe(1);
  expect(kibToMib(1025)).toBe(2);
  expect(mibToKib(3)).toBe(3072);
  expect(kbToGib(1)).toBe(1);
  expect(gibToKb(1)).toBe(1_073_741);
  expect(kbToGib(1_073_741)).toBe(1);
  expect(kbToGib(1_073_742)).toBe(2);
  expect(gbToKb(8)).toBe(8_000_000);
  expect(bytesToKb(1999)).toBe(1);
  // A disk of whole mebibytes that is made again is none larger on any cloud; others lose nothing.
  expect(kbToGib(kbToHold(2 ** 30))).toBe(1);
  expect(kbToKib(kbToHold(5 * 2 ** 20))).toBe(5 * 1024);
  expect(kbToHold(2 ** 30 + 512)).toBe(1_073_743);
});

const pairs: [string, (n: number) => number, (n: number) => number][] = [
  ['MiB of memory', mibToKib, kibToMib],
  ['GiB of memory', gibToKib, kibToGib],
  ['GiB of storage', gibToKb, kbToGib],
  ['GB of storage', gbToKb, kbToGb],
  ['MiB of storage', mibToKb, kbToMib],
  ['KiB of storage', kibToKb, kbToKib],
];

test.each(pairs)('asking for the reported amount of %s is no change', (_, report, request) => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (amount) => request(report(amount)) === amount));
});

test.each(pairs)('the provider gives at least what was asked for in %s, and less would not do', (_, report, request) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (asked) => report(request(asked)) >= asked && report(request(asked) - 1) < asked),
  );
});

test('any two units round to neighbours of each other', () => {
  const unit = fc.constantFrom(...(Object.keys(UNITS) as Unit[]).slice(0, 5));
  fc.assert(
    fc.property(fc.nat(9000), unit, unit, (amount, from, to) => {
      const low = roundDown(amount, from, to);
      const high = roundUp(amount, from, to);
      return high - low === (BigInt(amount) * UNITS[from] === BigInt(low) * UNITS[to] ? 0 : 1);
    }),
  );
});

test.each([-1, 1.5, NaN, 2 ** 53])('refuses %p', (amount) => {
  expect(() => kibToMib(amount)).toThrow(RangeError);
});

test('refuses results that a number cannot carry', () => {
  expect(() => roundDown(10_000, 'petabyte', 'byte')).toThrow(RangeError);
});

test('a reported capacity is the whole mebibytes that it stands for, and a disk of it is as large again', () => {
  for (const mib of [1, 1024, 5 * 1024, 2 ** 20]) {
    expect(bytesReported(mibToKb(mib))).toBe(mib * 2 ** 20);
    expect(kbToHold(bytesReported(mibToKb(mib)))).toBe(mibToKb(mib));
  }
  expect([bytesReported(1_000_000), bytesReported(0)]).toEqual([1_000_000_000, 0]);
});
