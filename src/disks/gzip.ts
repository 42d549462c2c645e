import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DiskError } from './error';

/**
 * Bytes within gzip (RFC 1952), unpacked while they come. Any ratio is taken, but not more bytes than were expected.
 * @param most bytes that may come out
 * @throws DiskError where they are damaged, cut, or become more; what the packed bytes throw as it is
 */
export async function* gunzipped(packed: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: 65_536 });
  // An error of either side ends both, and is thrown by the loop.
  const source = Readable.from(packed, { objectMode: true, highWaterMark: 1 });
  pipeline(source, unzip, () => undefined);
  let length = 0;
  try {
    for await (const chunk of unzip as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > most) throw new DiskError('malformed', `The gzip's bytes are more than the ${most} that they should be`);
      yield chunk;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'Z_BUF_ERROR') throw new DiskError('cut', 'The gzip ends too early');
    if (code.startsWith('Z_')) throw new DiskError('malformed', `The gzip is damaged: ${(error as Error).message}`);
    throw error;
  } finally {
    if (!source.closed) await new Promise((resolve) => source.once('close', resolve));
  }
}
