/** What an image's bytes are, told by their beginning. */

interface Magic {
  format: string;
  at: number;
  bytes: string;
}

/** Disk formats of Glance, and where which bytes stand. */
const FORMATS: readonly Magic[] = [
  { format: 'qcow2', at: 0, bytes: 'QFI\xfb' },
  { format: 'vmdk', at: 0, bytes: 'KDMV' },
  { format: 'vmdk', at: 0, bytes: '# Disk DescriptorFile' },
  { format: 'vhdx', at: 0, bytes: 'vhdxfile' },
  { format: 'vhd', at: 0, bytes: 'conectix' },
  { format: 'vdi', at: 64, bytes: '\x7f\x10\xda\xbe' },
  { format: 'iso', at: 32_769, bytes: 'CD001' },
];

/** Bytes that no cloud takes as they are. */
const PACKED: readonly Magic[] = [
  { format: 'gzip', at: 0, bytes: '\x1f\x8b' },
  { format: 'xz', at: 0, bytes: '\xfd7zXZ\x00' },
  { format: 'bzip2', at: 0, bytes: 'BZh' },
  { format: 'zstd', at: 0, bytes: '\x28\xb5\x2f\xfd' },
  { format: 'zip', at: 0, bytes: 'PK\x03\x04' },
  { format: 'HTML', at: 0, bytes: '<!DOCTYPE' },
  { format: 'HTML', at: 0, bytes: '<html' },
];

/** So many bytes are enough to tell. */
export const HEAD_BYTES = 32_774;

const fits = (head: Buffer, { at, bytes }: Magic): boolean =>
  head
    .subarray(at, at + bytes.length)
    .toString('latin1')
    .toLowerCase() === bytes.toLowerCase();

/** Glance's disk_format of bytes that begin so; `raw` where nothing is known of them. */
export function diskFormat(head: Buffer): { format: string } | { refused: string } {
  const packed = PACKED.find((magic) => fits(head, magic));
  if (packed) return { refused: `The bytes are ${packed.format}, not a disk image` };
  if (head.length === 0) return { refused: 'There are no bytes' };
  return { format: FORMATS.find((magic) => fits(head, magic))?.format ?? 'raw' };
}
