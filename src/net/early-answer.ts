import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes that go at once: what is no longer costs no pause. */
const FIRST_BYTES = 16_384;
/** Time in which a server that refuses a body by its head can answer, in ms. */
const PAUSE_MS = 500;

/**
 * Passes the bytes of a body on, with a pause after the first of them: a server that refuses it does so by then, and is heard. Once it has
 * closed the connection on bytes that it never read, sending fails, and its answer is lost with that.
 */
export async function* awaitingRefusal(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = FIRST_BYTES;
  for await (const part of bytes) {
    if (part.byteLength <= left) {
      left -= part.byteLength;
      yield part;
      continue;
    }
    if (left > 0) yield part.subarray(0, left);
    if (left >= 0) await sleep(PAUSE_MS);
    yield left > 0 ? part.subarray(left) : part;
    left = -1;
  }
}
