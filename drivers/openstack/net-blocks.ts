/** Blocks of IPv4 addresses in CIDR notation: just enough to find one that is free. */

export interface Block {
  /** First address as a number. */
  first: number;
  /** Bits of the network part. */
  bits: number;
}

/** @returns undefined for what is no IPv4 block */
export function blockOf(text: string): Block | undefined {
  const [, address = '', bitText = ''] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(text) ?? [];
  const parts = address.split('.').map(Number);
  const bits = Number(bitText);
  if (address === '' || parts.some((part) => part > 255) || bits > 32) return undefined;
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  return { first: number - (number % sizeOf(bits)), bits };
}

const sizeOf = (bits: number): number => 2 ** (32 - bits);

export function textOf({ first, bits }: Block): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
}

/** Netmask of so many bits, dotted. */
export const maskOf = (bits: number): string => textOf({ first: 2 ** 32 - sizeOf(bits), bits }).split('/')[0] ?? '';

const overlap = (a: Block, b: Block): boolean => a.first < b.first + sizeOf(b.bits) && b.first < a.first + sizeOf(a.bits);

/**
 * The first block of `bits` within `range` that overlaps none of `taken`.
 * @returns undefined where the range is full
 */
export function nextFree(range: Block, bits: number, taken: readonly Block[]): Block | undefined {
  const end = range.first + sizeOf(range.bits);
  let block: Block = { first: range.first, bits };
  while (block.first + sizeOf(bits) <= end) {
    const current = block;
    const other = taken.find((each) => overlap(each, current));
    if (!other) return block;
    // On to the first block behind the one in the way.
    const after = Math.max(other.first + sizeOf(other.bits), block.first + sizeOf(bits));
    block = { first: Math.ceil(after / sizeOf(bits)) * sizeOf(bits), bits };
  }
  return undefined;
}
