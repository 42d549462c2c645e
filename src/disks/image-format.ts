/** Formats of disk images, recognized by their beginning. */

interface Magic {
  readonly at: number;
  readonly bytes: string;
}

interface Known extends Magic {
  /** Name of the format. */
  readonly format: string;
  /** - `disk`: contents of a disk, in some layout; `packed`: anything, within; `other`: no disk */
  readonly kind: 'disk' | 'packed' | 'other';
  readonly words: string;
  /** Further bytes that have to be there, of which the bits of `mask` count. */
  readonly and?: { readonly at: number; readonly mask: number };
}

const KNOWN = [
  { format: 'qcow2', kind: 'disk', words: 'qcow2', at: 0, bytes: 'QFI\xfb' },
  // Bit 16 of the flags: compressed grains.
  { format: 'vmdk-stream', kind: 'disk', words: 'a stream-optimized VMDK', at: 0, bytes: 'KDMV', and: { at: 10, mask: 1 } },
  { format: 'vmdk-sparse', kind: 'disk', words: 'a sparse VMDK', at: 0, bytes: 'KDMV' },
  { format: 'vmdk-sparse', kind: 'disk', words: 'a sparse VMDK of ESX', at: 0, bytes: 'COWD' },
  {
    format: 'vmdk-descriptor',
    kind: 'disk',
    words: 'the descriptor of a VMDK, whose data are in other files',
    at: 0,
    bytes: '# Disk DescriptorFile',
  },
  { format: 'vhdx', kind: 'disk', words: 'VHDX', at: 0, bytes: 'vhdxfile' },
  { format: 'vhd', kind: 'disk', words: 'VHD', at: 0, bytes: 'conectix' },
  { format: 'vdi', kind: 'disk', words: 'VDI', at: 64, bytes: '\x7f\x10\xda\xbe' },
  { format: 'iso', kind: 'disk', words: 'an ISO image', at: 32_769, bytes: 'CD001' },
  { format: 'gzip', kind: 'packed', words: 'gzip', at: 0, bytes: '\x1f\x8b' },
  { format: 'xz', kind: 'packed', words: 'xz', at: 0, bytes: '\xfd7zXZ\x00' },
  { format: 'bzip2', kind: 'packed', words: 'bzip2', at: 0, bytes: 'BZh' },
  { format: 'zstd', kind: 'packed', words: 'zstd', at: 0, bytes: '\x28\xb5\x2f\xfd' },
  { format: 'zip', kind: 'packed', words: 'zip', at: 0, bytes: 'PK\x03\x04' },
  { format: 'html', kind: 'other', words: 'HTML', at: 0, bytes: '<!DOCTYPE' },
  { format: 'html', kind: 'other', words: 'HTML', at: 0, bytes: '<html' },
] as const satisfies readonly Known[];

/** Name of a format of disk images, or of what is met in their place. */
export type FormatName = (typeof KNOWN)[number]['format'] | 'raw';

/** Format that bytes are of. */
export interface Format {
  readonly format: FormatName;
  readonly kind: Known['kind'];
  /** Words for a message: "the bytes are …". */
  readonly words: string;
}

/** Number of bytes that suffice to recognize a format. */
export const HEAD_BYTES = 32_774;

const RAW: Format = { format: 'raw', kind: 'disk', words: 'raw, or of a format that is not known' };

/** Recognizes a format. @param head first bytes, as many as there are up to `HEAD_BYTES`; raw where nothing is known of them */
export function formatOf(head: Uint8Array): Format {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const found = (KNOWN as readonly Known[]).find(
    (each) => fits(bytes, each) && (each.and === undefined || ((bytes[each.and.at] ?? 0) & each.and.mask) !== 0),
  );
  return (found as Format | undefined) ?? RAW;
}

function fits(head: Buffer, { at, bytes }: Magic): boolean {
  const there = head.toString('latin1', at, at + bytes.length);
  return there.toLowerCase() === bytes.toLowerCase();
}

/** Recognizes what a cloud may be given, by Glance's names of formats, which tell one VMDK from another no further. */
export function diskFormat(head: Uint8Array): { format: string } | { refused: string } {
  if (head.length === 0) return { refused: 'There are no bytes' };
  const { format, kind, words } = formatOf(head);
  return kind === 'disk' ? { format: format.replace(/^vmdk-.*/, 'vmdk') } : { refused: `The bytes are ${words}, not a disk image` };
}
