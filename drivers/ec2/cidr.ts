import { isIPv4 } from 'node:net';

/** Blocks of IPv4 addresses as EC2 writes them (`10.0.0.0/16`): enough to find one that is free. */

interface Block {
  first: number;
  /** The first address behind it. */
  end: number;
  prefix: number;
}

const sizeOf = (prefix: number): number => 2 ** (32 - prefix);

/** A block, or undefined for a text that is none. */
export function blockOf(cidr: string): Block | undefined {
  const [ip = '', length = '', ...more] = cidr.split('/');
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : 33;
  if (more.length > 0 || !isIPv4(ip) || prefix > 32) return undefined;
  const address = ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = sizeOf(prefix);
  const first = Math.floor(address / size) * size;
  return { first, end: first + size, prefix };
}

function textOf(first: number, prefix: number): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${parts.join('.')}/${prefix}`;
}

const blocksOf = (cidrs: readonly string[]): Block[] => cidrs.flatMap((cidr) => blockOf(cidr) ?? []);

/** Prefix of a network in a VPC's block: a sixteenth of it, but no more than 256 addresses and no fewer than EC2's 16. */
export function networkPrefix(vpcPrefix: number): number {
  return Math.min(28, Math.max(24, vpcPrefix + 4));
}

/**
 * Free blocks, lowest first.
 * @param pools where to look
 * @param taken what is in use
 * @param prefixIn prefix of the blocks wanted in a pool of that prefix
 */
export function* freeBlocks(
  pools: readonly string[],
  taken: readonly string[],
  prefixIn: (poolPrefix: number) => number,
): Generator<string, void, undefined> {
  const used = blocksOf(taken);
  for (const pool of blocksOf(pools)) {
    const prefix = Math.max(pool.prefix, prefixIn(pool.prefix));
    const size = sizeOf(prefix);
    let first = pool.first;
    while (first + size <= pool.end) {
      const end = first + size;
      const hit = used.find((block) => block.first < end && first < block.end);
      if (!hit) yield textOf(first, prefix);
      first = hit ? Math.ceil(Math.max(hit.end, end) / size) * size : end;
    }
  }
}
