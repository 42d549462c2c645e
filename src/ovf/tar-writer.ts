const BLOCK = 512;
/** Largest size that has a place in digits of base 8. */
const LARGEST_OCTAL = 8 ** 11 - 1;
/** End of an archive: two blocks of zeros. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** Bytes that fill the last block of a file's contents. */
export const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/** Bytes that a file of a size takes in an archive, with its header. */
export const tarred = (size: number): number => BLOCK + size + paddingOf(size);

/**
 * Header of a plain file in an archive (POSIX 1003.1, ustar); from 8 GiB on its size is in bytes, as every tar reads it. The same for
 * the same file: it has no time.
 * @param name of at most 100 bytes
 */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(name) > 100) throw new Error(`the name ${name} is too long for a header`);
  header.write(name);
  const octal = (value: number, at: number, digits: number): number => header.write(value.toString(8).padStart(digits, '0'), at);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  if (size <= LARGEST_OCTAL) octal(size, 124, 11);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(0, 136, 11);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  header.write(' '.repeat(8), 148);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  header[154] = 0;
  return header;
}
