import { promisify } from 'node:util';
import { inflate, inflateRaw, type InputType, type ZlibOptions } from 'node:zlib';
import { DiskError } from './error';

type Inflate = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>;
const ways: Readonly<Record<'zlib' | 'deflate', Inflate>> = { zlib: promisify(inflate), deflate: promisify(inflateRaw) };

/**
 * Inflates bytes, off the process's own thread; what follows their end is ignored.
 * @param way `zlib` with a header (RFC 1950), or bare `deflate` (RFC 1951)
 * @param most bytes that may come out
 * @param what name of what they are, for the error
 * @throws DiskError where they are damaged or would become more
 */
export async function inflated(bytes: Uint8Array, way: 'zlib' | 'deflate', most: number, what: string): Promise<Buffer> {
  try {
    // Room for one byte more, so that one turn of zlib sees the end.
    return await ways[way](bytes, { maxOutputLength: most, chunkSize: most + 64 });
  } catch (error) {
    const larger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const why = larger ? `it holds more than ${most} bytes` : error instanceof Error ? error.message : String(error);
    throw new DiskError('malformed', `${what} can't be inflated: ${why}`);
  }
}
