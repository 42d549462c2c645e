/** Most data of one extent, in bytes. */
export const MIB = 2 ** 20;

/** Shared zeros, 1 MiB: only to be read. */
export const ZEROS: Uint8Array = Buffer.alloc(MIB);

/** Tells whether there are only zeros. The comparison ends at the first other byte. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += MIB) {
    const part = bytes.subarray(at, at + MIB);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}
