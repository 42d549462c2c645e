/** Prefixes of units: ISO 1000 and IEC 80000-13, as DSP0004 annex C lists them, as far as they make sense of bytes. */
const PREFIXES: readonly (readonly [prefix: string, base: bigint, exponent: bigint])[] = [
  ...(['kilo', 'mega', 'giga', 'tera', 'peta', 'exa'] as const).map((name, index) => [name, 10n, BigInt(3 * (index + 1))] as const),
  ...(['kibi', 'mebi', 'gibi', 'tebi', 'pebi', 'exbi'] as const).map((name, index) => [name, 2n, BigInt(10 * (index + 1))] as const),
];

/** Words of OVF 0.9 and of products: there a megabyte has 1,048,576 bytes. */
const WORDS: ReadonlyMap<string, bigint> = new Map([
  ['kilobytes', 1n << 10n],
  ['megabytes', 1n << 20n],
  ['gigabytes', 1n << 30n],
  ['terabytes', 1n << 40n],
  ['kb', 1n << 10n],
  ['mb', 1n << 20n],
  ['gb', 1n << 30n],
  ['tb', 1n << 40n],
]);

const MAX_FACTORS = 8;

/**
 * Number of bytes that a programmatic unit of DSP0004 (annex C) stands for: `byte * 2^20`, blanks anywhere, factors before or behind;
 * `MegaBytes` and its like as OVF 0.9 means them. Undefined for what is no unit of bytes, or does not come out as a whole number
 * of bytes up to 2^63.
 */
export function bytesOfUnit(unit: string): bigint | undefined {
  const text = unit.replace(/\s+/g, '').toLowerCase();
  if (text === '') return undefined;
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const factors = text.split('*');
  if (factors.length > MAX_FACTORS) return undefined;
  let bytes = 1n;
  let units = 0;
  for (const factor of factors) {
    const number = /^(\d{1,19})(?:\^\+?(\d{1,2}))?$/.exec(factor);
    const named = /^([a-z]*?)bytes?$/.exec(factor);
    if (number) bytes *= BigInt(number[1] as string) ** BigInt(number[2] ?? '1');
    else if (named) {
      const prefix = PREFIXES.find(([name]) => name === named[1]);
      if (named[1] !== '' && !prefix) return undefined;
      if (prefix) bytes *= prefix[1] ** prefix[2];
      units++;
    } else return undefined;
  }
  return units > 1 || bytes <= 0n || bytes > 1n << 63n ? undefined : bytes;
}
