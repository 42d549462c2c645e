/**
 * Units of quantity (Table 4) and the conversions that drivers need. Requests round up to the provider's unit,
 * reports round down to CIMI's (memory in kibibytes, capacity in kilobytes of 1000 bytes), so that what was
 * reported, asked for again, is no change.
 */

/** Bytes in each unit. */
export const UNITS = {
  byte: 1n,
  kilobyte: 10n ** 3n,
  megabyte: 10n ** 6n,
  gigabyte: 10n ** 9n,
  terabyte: 10n ** 12n,
  petabyte: 10n ** 15n,
  exabyte: 10n ** 18n,
  zettabyte: 10n ** 21n,
  yottabyte: 10n ** 24n,
  kibibyte: 2n ** 10n,
  mebibyte: 2n ** 20n,
  gibibyte: 2n ** 30n,
  tebibyte: 2n ** 40n,
  pebibyte: 2n ** 50n,
  exbibyte: 2n ** 60n,
  zebibyte: 2n ** 70n,
  yobibyte: 2n ** 80n,
} as const;
export type Unit = keyof typeof UNITS;
/** Bytes in the units of CIMI's memory and capacity. */
export const [BYTES_PER_KIB, BYTES_PER_KB] = [Number(UNITS.kibibyte), Number(UNITS.kilobyte)] as const;

/**
 * The smallest whole amount of `to` that holds `amount` of `from`.
 * @throws RangeError unless both are whole, not negative and at most 2^53 - 1.
 */
export function roundUp(amount: number, from: Unit, to: Unit): number {
  return whole((bytesOf(amount, from) + UNITS[to] - 1n) / UNITS[to], amount, from);
}

/** The largest whole amount of `to` that fits into `amount` of `from`. @throws RangeError as roundUp. */
export function roundDown(amount: number, from: Unit, to: Unit): number {
  return whole(bytesOf(amount, from) / UNITS[to], amount, from);
}

function bytesOf(amount: number, unit: Unit): bigint {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError(`${amount} is no amount in ${unit}s`);
  return BigInt(amount) * UNITS[unit];
}

function whole(value: bigint, amount: number, from: Unit): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${amount} ${from}s are too many to convert`);
  return Number(value);
}

/** Memory asked for, in whole mebibytes. */
export const kibToMib = (kib: number): number => roundUp(kib, 'kibibyte', 'mebibyte');
/** Memory reported in mebibytes, in kibibytes. */
export const mibToKib = (mib: number): number => roundDown(mib, 'mebibyte', 'kibibyte');
/** Memory asked for, in whole gibibytes. */
export const kibToGib = (kib: number): number => roundUp(kib, 'kibibyte', 'gibibyte');
/** Memory reported in gibibytes, in kibibytes. */
export const gibToKib = (gib: number): number => roundDown(gib, 'gibibyte', 'kibibyte');
/** Capacity asked for, in whole gibibytes. */
export const kbToGib = (kb: number): number => roundUp(kb, 'kilobyte', 'gibibyte');
/** Capacity reported in gibibytes, in kilobytes. */
export const gibToKb = (gib: number): number => roundDown(gib, 'gibibyte', 'kilobyte');
/** Capacity asked for, in whole gigabytes. */
export const kbToGb = (kb: number): number => roundUp(kb, 'kilobyte', 'gigabyte');
/** Capacity reported in gigabytes, in kilobytes. */
export const gbToKb = (gb: number): number => roundDown(gb, 'gigabyte', 'kilobyte');
/** Capacity asked for, in whole mebibytes. */
export const kbToMib = (kb: number): number => roundUp(kb, 'kilobyte', 'mebibyte');
/** Capacity reported in mebibytes, in kilobytes. */
export const mibToKb = (mib: number): number => roundDown(mib, 'mebibyte', 'kilobyte');
/** Capacity asked for, in whole kibibytes. */
export const kbToKib = (kb: number): number => roundUp(kb, 'kilobyte', 'kibibyte');
/** Capacity reported in kibibytes, in kilobytes. */
export const kibToKb = (kib: number): number => roundDown(kib, 'kibibyte', 'kilobyte');
/** Capacity reported in bytes, in kilobytes. */
export const bytesToKb = (bytes: number): number => roundDown(bytes, 'byte', 'kilobyte');
/**
 * Capacity of a disk that is to be made again, in kilobytes: of whole mebibytes what a cloud would report, so that it gets no larger on
 * its way; of others what holds it.
 */
export const kbToHold = (bytes: number): number =>
  bytes % Number(UNITS.mebibyte) === 0 ? bytesToKb(bytes) : roundUp(bytes, 'byte', 'kilobyte');
/**
 * Bytes of a capacity that a cloud reports, in kilobytes: the whole mebibytes that are reported so, where there are any, so that a disk
 * of them is not one of the next larger size; else what was reported.
 */
export function bytesReported(kb: number): number {
  const bytes = kbToMib(kb) * Number(UNITS.mebibyte);
  return bytesToKb(bytes) === kb ? bytes : kb * BYTES_PER_KB;
}
