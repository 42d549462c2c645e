import { ByteReader } from './byte-reader';

/**
 * Reads the first bytes of a source.
 * @param length number of bytes wanted; fewer where there are no more
 * @returns them, and all bytes from the first on, to be read once; who reads none of them closes
 * @throws whatever the source throws
 */
export async function beginningOf(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ head: Buffer; all: AsyncIterable<Uint8Array>; close(): Promise<void> }> {
  const reader = new ByteReader(source);
  return { head: await reader.peek(length), all: reader.rest(), close: () => reader.close() };
}
