import { DiskError } from './error';

/** Header of qcow2 (QEMU's docs/interop/qcow2.txt), versions 2 and 3; all numbers big-endian. */

export const HEADER_BYTES = 112;
/** Largest disk in bytes: 64 TiB. */
const MOST_BYTES = 2 ** 46;
/** Longest first-level table, QEMU's own limit (QCOW_MAX_L1_SIZE). */
const MOST_L1_BYTES = 2 ** 25;

export interface Qcow2Header {
  readonly version: number;
  /** Virtual size in bytes. */
  readonly size: number;
  /** Length of a cluster in bytes. */
  readonly cluster: number;
  readonly l1: { readonly at: number; readonly entries: number };
}

/** Incompatible features by their bit. What is not here is not known, and refused. */
const FEATURES: readonly { bit: number; refused?: string }[] = [
  // Only the counts of references may be wrong.
  { bit: 0 },
  { bit: 1, refused: 'it is marked as corrupt: qemu-img check -r may mend it' },
  { bit: 2, refused: 'its data are in another file' },
  { bit: 3 },
  { bit: 4, refused: 'it has subclusters (extended_l2=on): convert it' },
];

const unsupported = (words: string): never => {
  throw new DiskError('unsupported', `The qcow2 is not read: ${words}`);
};
const malformed = (words: string): never => {
  throw new DiskError('malformed', `The qcow2's header is not right: ${words}`);
};

/**
 * Reads a header.
 * @param head first bytes of the file, 112 where it has so many
 * @param file length of the file in bytes
 * @throws DiskError where it contradicts itself, or the disk's contents are not all in this file, in the clear
 */
export function parseQcow2Header(head: Buffer, file: number): Qcow2Header {
  if (head.length < 72) throw new DiskError('cut', 'The qcow2 ends within its header');
  if (head.toString('latin1', 0, 4) !== 'QFI\xfb') malformed('it begins with other bytes');
  const number64 = (at: number) => Number(head.readBigUInt64BE(at));
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) unsupported(`it is of version ${version}`);
  if (number64(8) !== 0) unsupported('it has a backing file, and holds only what differs from that: convert it');
  if (head.readUInt32BE(32) !== 0) unsupported('it is encrypted');
  const bits = head.readUInt32BE(20);
  if (bits < 9 || bits > 21) malformed(`clusters of 2^${bits} bytes`);
  if (version === 3) checkFeatures(head);
  const cluster = 2 ** bits;
  const size = number64(24);
  if (size === 0 || size > MOST_BYTES) malformed(`a disk of ${size} bytes`);
  const entries = Math.ceil(size / (cluster * (cluster / 8)));
  const l1 = { at: number64(40), entries };
  if (head.readUInt32BE(36) < entries) malformed(`a first-level table of ${head.readUInt32BE(36)} entries, ${entries} are needed`);
  if (entries * 8 > MOST_L1_BYTES) malformed(`a first-level table of ${entries} entries`);
  if (l1.at === 0 || l1.at % cluster !== 0 || l1.at + entries * 8 > file) malformed(`a first-level table at ${l1.at}, outside the file`);
  return { version, size, cluster, l1 };
}

function checkFeatures(head: Buffer): void {
  if (head.length < 104) throw new DiskError('cut', 'The qcow2 ends within its header');
  let features = head.readBigUInt64BE(72);
  for (const { bit, refused } of FEATURES) {
    if ((features & (1n << BigInt(bit))) === 0n) continue;
    if (refused !== undefined) unsupported(refused);
    features &= ~(1n << BigInt(bit));
  }
  if (features !== 0n) unsupported(`it needs features that are not known (${features.toString(16)})`);
  const length = head.readUInt32BE(100);
  if (length < 104) malformed(`a header of ${length} bytes`);
  if (length > 104 && head.length > 104 && head[104] !== 0) unsupported('it is compressed with zstd: convert it, or compress it with zlib');
}
